"""The contract of the data: every breach in every column, told together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from credit_risk._core.characters import fits_xml
from credit_risk._core.errors import Fault, IntakeError
from credit_risk.sampling.column_types import CATEGORICAL, DATE, NUMERIC, Reading, TypedColumn
from credit_risk.sampling.date_formats import dates_in_formats, not_dates
from credit_risk.sampling.doubtful import Doubt
from credit_risk.sampling.notation import in_other_notation
from credit_risk.sampling.source import RawColumn
from credit_risk.sampling.spec import Code, ColumnSpec
from credit_risk.scoring.steps import text_of_number

FAILURE_COLUMNS = ("column", "rule", "rows", "examples")
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Failure:
    """One rule that one column breaks in `rows` rows; `examples` are keys or row numbers (`first_row`, 1-based)."""

    column: str
    rule: str
    message: str
    path: str
    rows: int = 0
    examples: tuple[str, ...] = ()
    first_row: int | None = None
    found: str | None = None
    allowed: str | None = None
    remedy: str | None = None

    def fault(self, file: str) -> Fault:
        """The failure as a fault of the source `file`."""
        found = self.found
        if self.rows:
            where = f"{self.rows:,} row{'s' if self.rows != 1 else ''}, with key {', '.join(self.examples)}"
            where += ", …" if self.rows > len(self.examples) else ""
            found = f"{found} in {where}" if found else where
        row, path = self.first_row, self.path
        return Fault(self.message, self.rule, file, path, row, found, self.allowed, self.remedy)


class DataContractError(IntakeError):
    """The data break the contract; `failures` lists column, rule, rows and example keys."""

    def __init__(self, faults: Sequence[Fault], failures: Sequence[Failure] = ()):
        super().__init__(faults)
        self._failures = tuple(failures)

    @property
    def failures(self) -> pd.DataFrame:
        """One row a broken rule: column, rule, rows, examples (keys)."""
        rows = [(f.column, f.rule, f.rows, ", ".join(f.examples)) for f in self._failures]
        return pd.DataFrame(rows, columns=list(FAILURE_COLUMNS))

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:  # type: ignore[override]
        return type(self), (self.faults, self._failures)


@dataclass(frozen=True, slots=True)
class Examples:
    """Where failing rows are: their keys, or row numbers where there is no key."""

    keys: np.ndarray

    def of(self, mask: np.ndarray) -> dict[str, Any]:
        """Count, first keys and first row of the rows of `mask`."""
        places = np.flatnonzero(mask)
        keys = tuple(str(key) for key in self.keys[places[:SHOWN]])
        return {"rows": len(places), "examples": keys, "first_row": int(places[0]) + 1}


def special_codes(specials: Mapping[str, str], kind: str) -> dict[Code, str]:
    """Codes as the typed column holds them (floats in a numeric column), each with its meaning."""
    if kind != NUMERIC:
        return {code: meaning for code, meaning in specials.items()}  # noqa: C416 - of another type
    return {number: meaning for code, meaning in specials.items() if (number := _float(code)) is not None}


def type_failures(
    name: str, raw: RawColumn, reading: Reading, kind: str, path: str, examples: Examples
) -> list[Failure]:
    """Values that are no number (no finite one) in a column that the plan or the file says is numeric."""
    failures = []
    words = reading.missing_word | reading.blank
    other = in_other_notation(raw, reading.not_number & ~reading.infinite, words, 0.0)
    remedy = "correct the data, declare the column categorical, or leave the type open"
    if other is not None:
        remedy = f"declare data.columns.{name}: {other.remedy}; or type: categorical to keep the texts"
    for mask, rule, message in (
        (reading.not_number & ~reading.infinite, "type", f"{name!r} is {kind}, and some of its values are not numbers"),
        (reading.infinite, "not_finite", f"{name!r} holds infinite values"),
    ):
        rows = np.append(mask, False)[raw.codes]
        if rows.any():
            shown = ", ".join(repr(level) for level in raw.levels[np.unique(raw.codes[rows])][:SHOWN])
            told = remedy if rule == "type" else "correct the data, or leave the type open"
            allowed = "finite numbers" + (f" in the notation {reading.words}" if reading.words else "")
            failures.append(
                Failure(name, rule, message, path, found=shown, allowed=allowed, remedy=told, **examples.of(rows))
            )
    return failures


def value_failures(name: str, column: TypedColumn, spec: ColumnSpec, examples: Examples) -> list[Failure]:
    """Breaches of `range`, `allowed`, `missing` and special codes that the type cannot hold."""
    path = f"data.columns.{name}"
    failures: list[Failure] = []
    if not spec.missing and column.missing.any():
        message = f"{name!r} may not be missing"
        failures.append(Failure(name, "missing", message, f"{path}.missing", **examples.of(column.missing)))
    special = _special_levels(column, spec)
    for code in spec.specials if column.type == NUMERIC else ():
        if _float(code) is None:
            message = f"{name!r} is numeric, so its special codes are numbers"
            failures.append(Failure(name, "special", message, f"{path}.specials.{code}", found=repr(code)))
    if column.type != NUMERIC and spec.range is not None:
        message = f"a range is declared, but the values of {name!r} are not numbers"
        remedy = "declare type: numeric to see which values are not, or leave the range out"
        failures.append(Failure(name, "type", message, f"{path}.range", remedy=remedy))
    elif spec.range is not None:
        low, high = (np.inf * sign if bound is None else bound for bound, sign in zip(spec.range, (-1, 1), strict=True))
        outside = ~special & ((column.levels < low) | (column.levels > high))
        allowed = " to ".join("open" if bound is None else text_of_number(bound) for bound in spec.range)
        failures += _outside(name, column, outside, "range", f"{path}.range", allowed, examples)
    if spec.allowed is not None:
        allowed_here = np.array([any(same_code(code, level) for code in spec.allowed) for level in column.levels], bool)
        allowed = ", ".join(map(str, spec.allowed))
        failures += _outside(name, column, ~special & ~allowed_here, "allowed", f"{path}.allowed", allowed, examples)
    if spec.order is not None:
        failures += order_failures(name, column, spec.order, spec.specials, path, examples)
    return failures


def order_failures(
    name: str, column: TypedColumn, order: Sequence[Code], specials: Mapping[str, str], path: str, examples: Examples
) -> list[Failure]:
    """Categories of a column that have no place in the declared order and are no special codes."""
    codes = special_codes(specials, column.type)
    lost = [level not in codes and not any(same_code(code, level) for code in order) for level in column.levels]
    allowed = ", ".join(map(str, order))
    remedy = "add them to the order, declare them as special codes, or correct the data"
    message = f"{name!r} holds categories that have no place in the declared order"
    return [
        replace(failure, message=message, remedy=remedy)
        for failure in _outside(name, column, np.array(lost, bool), "order", f"{path}.order", allowed, examples)
    ]


def _special_levels(column: TypedColumn, spec: ColumnSpec) -> np.ndarray:
    codes = special_codes(spec.specials, column.type)
    return np.array([level in codes for level in column.levels], bool)


def _outside(
    name: str, column: TypedColumn, levels: np.ndarray, rule: str, path: str, allowed: str, examples: Examples
) -> list[Failure]:
    rows = np.append(levels, False)[column.codes]
    if not rows.any():
        return []
    found = ", ".join(_code(level) for level in column.levels[levels][:SHOWN])
    message = f"{name!r} holds values that the plan does not allow"
    remedy = "correct the data, declare the value as a special code, or widen the contract"
    return [Failure(name, rule, message, path, found=found, allowed=allowed, remedy=remedy, **examples.of(rows))]


def constant_failure(name: str, column: TypedColumn, path: str) -> Failure | None:
    """A column that the plan names and that tells nothing."""
    present = int(np.count_nonzero(column.codes >= 0))
    remedy = "take the column out of the plan, or correct the data"
    if present == 0:
        return Failure(name, "entirely_missing", f"{name!r} has no value at all", path, remedy=remedy)
    if present == len(column.codes) and np.count_nonzero(column.counts) == 1:
        found = _code(column.levels[column.codes[0]])
        return Failure(name, "constant", f"{name!r} has one value only", path, found=found, remedy=remedy)
    return None


def date_failure(name: str, raw: RawColumn, spec: ColumnSpec, path: str, examples: Examples) -> Failure:
    """A column that the plan says is a date, whose values are not dates of one format: the rows that differ."""
    formats = {} if spec.date_format else dates_in_formats(raw, 0.5)
    pattern = spec.date_format or next(iter(formats), None)
    differ = np.ones(len(raw.levels), bool) if pattern is None else not_dates(raw, pattern, spec.first_year)
    rows = np.append(differ, False)[raw.codes]
    found = ", ".join(repr(str(level)) for level in raw.levels[np.unique(raw.codes[rows])][:SHOWN])
    if pattern is None:
        message = f"{name!r} is a {DATE}, and its values are not dates of one format"
        allowed = "dates such as 2026-11-20, 11/20/2026 or 20.11.2026, all alike"
        remedy = "write all dates alike, or name another column"
    else:
        message = f"{name!r} is a {DATE}, and some of its values are not dates in the format {pattern}"
        allowed = f"dates in the format {pattern}" + ("" if spec.date_format else ", as most rows have")
        remedy = "write these rows as the others"
        remedy += "" if spec.date_format else f", or declare the format in data.columns.{name}.date_format"
    return Failure(name, "type", message, path, found=found, allowed=allowed, remedy=remedy, **examples.of(rows))


def doubt_failure(name: str, doubt: Doubt, raw: RawColumn, path: str, examples: Examples) -> Failure:
    """A column that the plan uses and that cannot be read for certain."""
    where = examples.of(np.append(doubt.levels, False)[raw.codes])
    message, remedy = f"{name!r} {doubt.message}", doubt.remedy(name)
    return Failure(name, "format", message, path, found=doubt.found, remedy=remedy, **where)


def character_failure(name: str, column: TypedColumn, path: str, examples: Examples) -> Failure | None:
    """Categories with a character that XML, and so PMML, cannot hold; None where there is none."""
    if column.type != CATEGORICAL:
        return None
    wrong = np.array([not fits_xml(level) for level in column.levels], bool)
    rows = np.append(wrong, False)[column.codes]
    if not rows.any():
        return None
    found = ", ".join(repr(level) for level in column.levels[wrong][:SHOWN])
    message = f"{name!r} holds control characters, which PMML cannot hold"
    remedy = "take the characters out of the data, forbid the column (data.forbidden), or write exports: []"
    return Failure(name, "control_character", message, path, found=found, remedy=remedy, **examples.of(rows))


def same_code(code: Code, level: float | str) -> bool:
    """Whether a value written in a plan is this value of a column."""
    if isinstance(code, bool):
        return isinstance(level, str) and level.casefold() == str(code).casefold()
    if isinstance(level, str):
        return level == code or (not isinstance(code, str) and level == text_of_number(code))
    number = _float(code)
    return number is not None and number == level


def _float(code: Code) -> float | None:
    try:
        return float(code)
    except ValueError:
        return None


def _code(level: float | str) -> str:
    return repr(level) if isinstance(level, str) else text_of_number(level)
