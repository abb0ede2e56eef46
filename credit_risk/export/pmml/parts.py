"""What every PMML document has: header, data dictionary, output fields, verification rows, refused characters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from credit_risk._core.characters import fits_xml
from credit_risk._core.errors import Fault, PackageError
from credit_risk.export.pmml.xml import Element, to_bytes

PRECISION = "1e-9"
NUMBERS = ("score", "linear_score", "probability", "probability_with_margin", "expected_value")
PUBLISHED = (*NUMBERS, "grade")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def document(
    model: Mapping[str, Any], package_hash: str, inputs: Mapping[str, str], body: Element, notes: Sequence[str] = ()
) -> bytes:
    """The bytes of a document whose one model is `body`; inputs: data fields that it reads, by name their type.

    Raises PackageError where XML cannot hold a character of a name or a category.
    """
    parts = [_header(model, package_hash, notes), _dictionary(inputs), body]
    root = Element("PMML", {"xmlns": "http://www.dmg.org/PMML-4_4", "version": "4.4"}, parts)
    written = to_bytes(root)
    if _FORBIDDEN.search(written.decode("utf-8", "surrogatepass")):
        _refuse_characters(root)
    return written


def _header(model: Mapping[str, Any], package_hash: str, notes: Sequence[str]) -> Element:
    about = model["model"]
    words = f"{about['name']} ({about['id']} {about['version']}), from model package {package_hash}"
    attributes = {"description": words, "modelVersion": about["version"]}
    extension = Element("Extension", {"name": "package_hash", "value": package_hash})
    told = [Element("Annotation", text=note) for note in notes]
    return Element("Header", attributes, [extension, Element("Application", {"name": "credit-risk-lifecycle"}), *told])


def _dictionary(inputs: Mapping[str, str]) -> Element:
    missing = Element("Value", {"value": "NaN", "property": "missing"})
    fields = [
        Element("DataField", {"name": name, "optype": "continuous", "dataType": "double"}, [missing])
        if kind == "number"
        else Element("DataField", {"name": name, "optype": "categorical", "dataType": "string"})
        for name, kind in inputs.items()
    ]
    return Element("DataDictionary", {"numberOfFields": str(len(fields))}, fields)


def mining_schema(inputs: Mapping[str, str]) -> Element:
    """The schema of the model of a document: what it reads, taken as it comes."""
    fields = [Element("MiningField", {"name": name, "invalidValueTreatment": "asIs"}) for name in inputs]
    return Element("MiningSchema", {}, fields)


def output(
    name: str, kind: str, value: Element | None = None, *, feature: str = "transformedValue", rank: int | None = None
) -> Element:
    """An output field: an expression, or what the model itself gives (`feature`); raw reason codes are no results."""
    attributes = {
        "name": name,
        "optype": "categorical" if kind == "string" else "continuous",
        "dataType": kind,
        "feature": feature,
        "rank": None if rank is None else str(rank),
        "isFinalResult": "false" if name.endswith("_raw") else None,
    }
    return Element("OutputField", attributes, [] if value is None else [value])


def verification(
    inputs: Mapping[str, str], published: Sequence[tuple[str, str, bool]], rows: pd.DataFrame | None
) -> list[Element]:
    """Boundary rows with what the model gives for them; an engine that verifies refuses other results.

    published: output field, column of verification.csv, and whether it is a number.
    """
    if rows is None or not len(rows):
        return []
    columns: list[tuple[str, str, str | None]] = [(name, f"in:{name}", None) for name in inputs]
    columns += [(name, source, PRECISION if is_number else None) for name, source, is_number in published]
    fields, tags = [], []
    for k, (name, source, precision) in enumerate(columns):
        tags.append((f"c{k + 1}", source))
        given = {"field": name, "column": f"c{k + 1}", "precision": precision, "zeroThreshold": precision}
        fields.append(Element("VerificationField", given))
    records = []
    for record in rows[[source for _, source, _ in columns]].itertuples(index=False, name=None):
        cells = [Element(tag, text=_cell(v)) for (tag, _), v in zip(tags, record, strict=True) if not pd.isna(v)]
        records.append(Element("row", {}, cells))
    counts = {"recordCount": str(len(records)), "fieldCount": str(len(fields))}
    inside = [Element("VerificationFields", {}, fields), Element("InlineTable", {}, records)]
    return [Element("ModelVerification", counts, inside)]


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else number_text(value)


def number_text(value: float) -> str:
    """A double in shortest round-trip form."""
    return repr(float(value))


def unused(name: str, taken: set[str]) -> str:
    """The name, with `model_` before it as often as something else has it; `taken` grows by it."""
    while name in taken:
        name = f"model_{name}"
    taken.add(name)
    return name


def _refuse_characters(element: Element) -> None:
    """Raise PackageError naming every text that XML cannot hold."""
    faults: list[Fault] = []

    def visit(one: Element) -> None:
        for value in (*one.attributes.values(), one.text):
            if value is not None and not fits_xml(value):
                faults.append(
                    Fault(
                        "XML cannot hold a control character of this text",
                        code="export_unsupported",
                        found=repr(value),
                        remedy="take the character out of the data, or write exports: [] in the plan",
                    )
                )
        for child in one.children:
            visit(child)

    visit(element)
    if faults:
        raise PackageError(list(dict.fromkeys(faults)))
