"""Holds the text of a PDF against a document whose pages need not fall alike: where the evidence is not what it was."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate, pairwise

from docs_templates.verify.compare import altered_values
from docs_templates.verify.places import Unit
from docs_templates.verify.report import Alteration
from docs_templates.verify.stream import Range, Stream, align

NOT_THE_EVIDENCE = "not what the evidence says"
NOT_FOUND = "not found where it should stand"
FIGURES = re.compile(r"\d")
WHOLE = re.compile(r"(?<![\d.,])\d+(?:,\d{3})*(?!\d)")
CONTEXT = 16
"""Characters that must be as expected on either side of a value of other templates."""


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
    """Values that the pages have otherwise, and how many cited values could not be compared. For a document of other
    templates, whose texts and layout may differ: a value is called altered only where the text on both sides of it is
    that of the units, the heads of its table are too, and what is printed has its form with other digits."""
    ranges = align(units, stream)
    fixed = [k for k, unit in enumerate(units) if not unit.free and unit.text]
    heads = _heads(units, ranges)
    told: list[Alteration] = []
    left = position = 0
    while position < len(fixed):
        end = position
        while end < len(fixed) and ranges[fixed[end]] is None:
            end += 1
        if end == position:
            position += 1
            continue
        several = [units[k] for k in fixed[position:end]]
        found: list[Alteration] | None = None
        if all(heads.get((one.section, one.item), not one.head) for one in several):
            before, after = _known(fixed[:position][::-1], ranges, 1), _known(fixed[end:], ranges, 0)
            if before is not None and after is not None and before <= after:
                found = _other_digits(several, before, stream.text[before:after], stream)
        told += found or []
        left += sum(len(one.values) for one in several) if found is None else 0
        position = end
    return told, left


def _heads(units: Sequence[Unit], ranges: Sequence[Range | None]) -> dict[tuple[str, str], bool]:
    """For each table whether all heads of its columns stand on the pages side by side."""
    places: dict[tuple[str, str], list[Range | None]] = {}
    for unit, place in zip(units, ranges, strict=True):
        if unit.part.startswith("head “") and unit.text:
            places.setdefault((unit.section, unit.item), []).append(place)
    return {
        table: all(a is not None and b is not None and a[1] == b[0] for a, b in pairwise(several))
        and several[0] is not None
        for table, several in places.items()
    }


def _known(onward: Sequence[int], ranges: Sequence[Range | None], edge: int) -> int | None:
    """The edge of the text beside a gap, where enough of it follows without a break as the units say; else None."""
    length, last = 0, None
    for index in onward:
        place = ranges[index]
        if place is None or (last is not None and place[edge] != last[1 - edge]):
            return None
        length, last = length + place[1] - place[0], place
        if length >= CONTEXT:
            return _edge(onward[0], ranges, edge)
    return None


def _edge(index: int, ranges: Sequence[Range | None], edge: int) -> int | None:
    place = ranges[index]
    return None if place is None else place[edge]


def _other_digits(several: Sequence[Unit], start: int, printed: str, stream: Stream) -> list[Alteration] | None:
    """The altered values of a gap, where it says what the units say with other digits; None where it does not."""
    page, found = stream.page_of(start), []
    if len(several) == 1:
        texts = [(several[0], printed)]
    elif FIGURES.sub("0", printed) == FIGURES.sub("0", "".join(one.text for one in several)):
        ends = list(accumulate(len(one.text) for one in several))
        texts = [(one, printed[end - len(one.text) : end]) for one, end in zip(several, ends, strict=True)]
    else:
        return None
    for unit, text in texts:
        match = re.fullmatch(_pattern(unit), text)
        if match is None:
            return None
        for value, got in zip(unit.values, match.groups(), strict=True):
            wanted = unit.text[value.start : value.end]
            if _form(got) != _form(wanted):
                return None
            if got != wanted:
                found.append(Alteration("value", NOT_THE_EVIDENCE, page, unit.place, got, value.printed, value.source))
    return found


def _pattern(unit: Unit) -> str:
    """The text of a unit with anything where its values stand."""
    parts, last = [], 0
    for value in unit.values:
        parts += [re.escape(unit.text[last : value.start]), "(.+?)"]
        last = value.end
    return "".join(parts) + re.escape(unit.text[last:])


def _form(text: str) -> str:
    """A text without the digits of its numbers: as many decimals, a whole part of any length."""
    return FIGURES.sub("0", WHOLE.sub("0", text))


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
