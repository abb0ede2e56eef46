"""Values of an input as SQL reads them: as the rules of intake do, or marked, so that those rules look at the row.

A marked row is read by the rules of intake themselves (`PartWork`), which say why it is refused. Where they would take
it, SQL is told not to read it alike, and the run is refused: a row is never scored from another reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from credit_risk.export.sql.dialects import GREATEST_DOUBLE, Dialect
from credit_risk.sampling.column_types import EXACT, MISSING_WORDS
from credit_risk.serving.source import DATE, DECIMAL, INTEGER, NOTHING, OTHER, REAL, SINGLE, TEXT, TRUTH

DIGITS = 200
"""Longer texts of numbers, and exponents of three digits, are marked: engines raise where they leave the range."""
PLAIN_NUMBER = "[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})?"
MOST_WORDS = 2_000
"""Texts of one column that may be written otherwise than they stand."""
NUMBERS = frozenset((INTEGER, REAL, SINGLE, DECIMAL, NOTHING))


@dataclass(frozen=True, slots=True)
class Reading:
    """An expression for the value of an input (NULL where it is missing or marked), and a condition that marks rows.

    The condition is over the column and that of the value; empty where no row can be marked.
    """

    value: str
    marked: str = ""


def number(d: Dialect, x: str, value: str, kinds: frozenset[str]) -> Reading | str:
    """How a column `x` of these kinds is read as a number, into the column `value`; in words, why it cannot be."""
    if kinds == {TEXT}:
        return _number_of_text(d, x, value)
    if kinds == {SINGLE} and d.key == "postgres":  # sent as its shortest decimal, which the rules of intake read
        y = d.number.format(x=f"CAST({x} AS TEXT)")
    elif kinds <= NUMBERS:
        y = d.number.format(x=x)
    elif kinds <= {TRUTH, DATE}:  # no numbers for the rules of intake: every value is marked
        return Reading(d.null_number, f"{x} IS NOT NULL")
    else:
        return _unlike(kinds)
    most = d.literal(float(EXACT) if kinds == {INTEGER} else GREATEST_DOUBLE)
    return Reading(f"CASE WHEN ABS({y}) <= {most} THEN {y} END", f"{y} IS NOT NULL AND {value} IS NULL")


def text(d: Dialect, x: str, value: str, kinds: frozenset[str], words: Mapping[str, str]) -> Reading | str:
    """How a column `x` of these kinds is read as text, into the column `value`; in words, why it cannot be.

    words: how each distinct text of a column of texts is written.
    """
    if kinds == {TEXT}:
        changed = {level: written for level, written in words.items() if written != level}
        if len(changed) > MOST_WORDS:
            return f"{len(changed):,} distinct numbers in text are written as codes, more than {MOST_WORDS:,}"
        cases = " ".join(f"WHEN {d.string(a)} THEN {d.string(b)}" for a, b in sorted(changed.items()))
        plain = _as_text(d, x)
        return Reading(f"CASE {plain} {cases} ELSE {plain} END" if changed else plain)
    if kinds in ({INTEGER}, {TRUTH}, {NOTHING}):
        return Reading(_as_text(d, x))
    if kinds == {DATE}:
        inside = f"{x} BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'"
        return Reading(f"CASE WHEN {inside} THEN {_as_text(d, x)} END", f"{x} IS NOT NULL AND NOT ({inside})")
    if kinds <= {INTEGER, REAL, SINGLE}:  # codes that stand as doubles, since some are missing
        y = d.number.format(x=x)
        whole = f"CASE WHEN ABS({y}) <= {d.literal(float(EXACT))} AND FLOOR({y}) = {y} THEN"
        code = f"{whole} {_as_text(d, f'CAST({y} AS BIGINT)')} END"
        return Reading(code, f"{y} IS NOT NULL AND {value} IS NULL")
    return _unlike(kinds)


def _number_of_text(d: Dialect, x: str, value: str) -> Reading:
    """A plain number, a word for no value or blanks; anything else is marked."""
    form = f"^({PLAIN_NUMBER}){d.ending}" if d.ending else PLAIN_NUMBER
    trimmed = {"duckdb": "TRIM({x}, {c})", "postgres": "BTRIM({x}, {c})", "spark": "TRIM(BOTH {c} FROM {x})"}[d.key]
    word = trimmed.format(x=_as_text(d, x), c=d.string(" "))
    plain = f"{d.length.format(x=word)} <= {DIGITS} AND {d.matches.format(x=word, pattern=d.string(form))}"
    kind = "DOUBLE PRECISION" if d.key == "postgres" else "DOUBLE"
    unsigned = f"CASE WHEN {word} LIKE {d.string('+%')} THEN SUBSTR({word}, 2) ELSE {word} END"  # DuckDB refuses +5
    missing = ", ".join(d.string(one) for one in ("", *sorted(MISSING_WORDS)))
    found = f"CASE WHEN {plain} THEN CAST({unsigned} AS {kind}) END"
    return Reading(found, f"{x} IS NOT NULL AND {value} IS NULL AND {word} NOT IN ({missing})")


def _as_text(d: Dialect, x: str) -> str:
    return f"CAST({x} AS {d.text_type})"


def _unlike(kinds: frozenset[str]) -> str:
    known = "times, wide decimals or other values that SQL does not write alike"
    return f"holds {' and '.join(sorted(kind if kind != OTHER else known for kind in kinds))}"
