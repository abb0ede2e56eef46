"""The value map of a document: each cited value with its evidence, selector, printed text, section and page."""

from __future__ import annotations

from typing import Any

from docs_templates.document import Document
from docs_templates.verify.places import units
from docs_templates.verify.reading import read_pdf
from docs_templates.verify.stream import align, read_stream


def value_map(document: Document, data: bytes) -> dict[str, Any]:
    """The map of a document and the PDF that was rendered of it. A page is null where a page break parts the text."""
    every = units(document)
    with read_pdf(data) as reading:
        stream = read_stream(reading.views())
    places = align(every, stream)
    rows = []
    for unit, place in zip(every, places, strict=True):
        for value in unit.values:
            page = stream.page_of(place[0] + value.start) if place is not None else None
            rows.append(
                {
                    "evidence": value.evidence,
                    "page": page,
                    "place": unit.place,
                    "printed": value.printed,
                    "selector": value.source,
                }
            )
    return {
        "format": "credit-risk-document-values",
        "format_version": "0.1",
        "document": document.name,
        "package_hash": document.package_hash,
        "values": rows,
    }
