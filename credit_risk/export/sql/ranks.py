"""Reason codes: the greatest positive shortfalls, the first of equal ones, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from credit_risk.export.program import Rank
from credit_risk.export.program.terms import FALSE
from credit_risk.export.sql.cases import comment, lined
from credit_risk.export.sql.terms import Printer

Add = Callable[[str, list[str], str], str]
"""Gives an expression (lines) a column: the start of its name, the lines, words; returns the column."""


Told = tuple[list[str], set[str]]
"""An expression (lines) and the columns that it reads."""


def ranked(one: Rank, p: Printer, add: Add) -> list[Told]:
    """The expressions of the reason codes, in order. Shortfalls, greatest ones and their places get columns."""
    zero = p.number(0.0)
    short = []
    for name, baseline, characteristic in zip(one.inputs, one.baselines, one.characteristics, strict=True):
        text = f"{p.number(baseline)} - {p.column(name)}"
        short.append(add("short", [text], f"shortfall of {characteristic}"))
    places: list[str] = []
    for _ in range(one.maximum):
        left = [_unless(places, str(k), value, zero, p) for k, value in enumerate(short, start=1)]
        greatest = p.extreme("maximum", left)
        if places:
            p.used.update(places)
            greatest = f"CASE WHEN {places[-1]} IS NOT NULL THEN {greatest} END"
        elif one.failed != FALSE:
            greatest = f"CASE WHEN NOT ({p.condition(one.failed)}) THEN {greatest} END"
        top = add("top", [greatest], "")
        p.used.update({top, *short, *places})
        # a place that was taken is passed over: its shortfall may equal the next
        cases = [(f"{value} = {top}{_not_taken(places, k)}", str(k), "") for k, value in enumerate(short, start=1)]
        place = lined([(f"{top} <= {zero} OR {top} IS NULL", "NULL", ""), *cases], ("NULL", ""))
        places.append(add("place", place, ""))
    found = [_code(one, place, p) for place in places]
    return [*found, _inquiry(one, short, places, p, add)] if one.inquiries else found


def _unless(places: Sequence[str], k: str, value: str, zero: str, p: Printer) -> str:
    p.used.update({value, *places})
    if not places:
        return value
    taken = " OR ".join(f"{place} = {k}" for place in places)
    return f"CASE WHEN {taken} THEN {zero} ELSE {value} END"


def _not_taken(places: Sequence[str], k: int) -> str:
    return "".join(f" AND {place} <> {k}" for place in places)


def _code(one: Rank, place: str, p: Printer) -> Told:
    cases = [
        (str(k), p.dialect.string(code), "" if code == words else words)
        for k, (code, words) in enumerate(zip(one.codes, one.characteristics, strict=True), start=1)
    ]
    return lined(cases, ("NULL", ""), f"CASE {place}"), {place}


def _inquiry(one: Rank, short: Sequence[str], places: Sequence[str], p: Printer, add: Add) -> Told:
    """One reason more: the greatest shortfall among the inquiries, where none of them is told."""
    asked = [short[k] for k in one.inquiries]
    p.used.update(asked)
    greatest = p.extreme("maximum", asked)
    if one.failed != FALSE:
        greatest = f"CASE WHEN NOT ({p.condition(one.failed)}) THEN {greatest} END"
    top = add("asked", [greatest], comment("greatest shortfall of inquiries"))
    numbers = ", ".join(str(k + 1) for k in one.inquiries)
    told = " OR ".join(f"{place} IN ({numbers})" for place in places)
    zero = p.number(0.0)
    cases = [(f"{top} <= {zero} OR {top} IS NULL OR {told}", "NULL", "")]
    cases += [(f"{short[k]} = {top}", p.dialect.string(one.codes[k]), one.characteristics[k]) for k in one.inquiries]
    return lined(cases, ("NULL", "")), {top, *asked, *places}
