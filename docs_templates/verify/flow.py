"""Holds the text of a PDF against a document whose pages need not fall alike: where the evidence is not what it was."""

from __future__ import annotations

import re
from collections.abc import Sequence

from docs_templates.verify.compare import altered_values
from docs_templates.verify.places import Unit, squeezed
from docs_templates.verify.report import Alteration
from docs_templates.verify.stream import Range, Stream, align

NOT_THE_EVIDENCE = "not what the evidence says"
NOT_FOUND = "not found where it should stand"
FIGURES = re.compile(r"\d")


def compare_flow(units: Sequence[Unit], stream: Stream) -> list[Alteration]:
    """What the pages say otherwise than the units, in order; texts that the renderer makes are passed over."""
    ranges = align(units, stream)
    found: list[Alteration] = []
    fixed = [k for k, unit in enumerate(units) if not unit.free and unit.text]
    position = 0
    while position < len(fixed):
        if ranges[fixed[position]] is not None:
            position += 1
            continue
        end = position
        while end < len(fixed) and ranges[fixed[end]] is None:
            end += 1
        before = ranges[fixed[position - 1]] if position else (0, 0)
        after = ranges[fixed[end]] if end < len(fixed) else (len(stream.text), len(stream.text))
        found += _gap([units[k] for k in fixed[position:end]], before, after, stream)
        position = end
    return found


def compare_values(units: Sequence[Unit], stream: Stream) -> tuple[list[Alteration], int]:
    """Values of texts that the pages word as the units do, with other values; and how many of the units' cited values
    stand in texts that the pages do not have. For a document of other templates, whose texts and layout may differ."""
    told: list[Alteration] = []
    left = 0
    for one in compare_flow(units, stream):
        if one.message == NOT_THE_EVIDENCE or (one.message == NOT_FOUND and one.kind == "value" and _as_long(one)):
            told.append(one)
        else:
            left += one.kind == "value"
    return told, left


def _as_long(one: Alteration) -> bool:
    """Whether the pages have a text of the same form, digits apart, where values are not found."""
    return FIGURES.sub("0", squeezed(one.evidence or "")) in FIGURES.sub("0", one.printed or "")


def _gap(several: Sequence[Unit], before: Range | None, after: Range | None, stream: Stream) -> list[Alteration]:
    start, end = (before or (0, 0))[1], (after or (0, 0))[0]
    printed = stream.text[start:end]
    page = stream.page_of(start)
    wanted = "".join(unit.text for unit in several)
    parted = len(several) > 1 and any(start < one < end for one in stream.page_starts)
    if parted and sorted(printed) == sorted(wanted):  # the cells of a row that a page break parts
        return []
    if len(several) == 1:
        (unit,) = several
        values = altered_values(unit, printed)
        told = [Alteration("value", NOT_THE_EVIDENCE, page, unit.place, *value) for value in values]
        return told or [Alteration("text", "not what the package gives", page, unit.place, printed, unit.shown)]
    found = []
    for unit in several:
        source = unit.values[0].source if unit.values else None
        kind = "value" if unit.values else "text"
        found.append(Alteration(kind, NOT_FOUND, page, unit.place, printed, unit.shown, source))
    return found
