"""Columns of named values: numbers, strings, bins, flags, reason lists, with missing and error kept apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Value:
    """One named value over n rows.

    `kind` is `number` (float64, missing NaN), `string` (object, missing None), `bin` (int64), `flag` (int8: 1, 0,
    missing -1) or `reason list` (object, tuples of codes). `error` (n,) marks rows where the value has no result.
    """

    kind: str
    data: NDArray
    error: Mask

    def missing(self) -> Mask:
        """(n,) where the value is missing; an error is not missing."""
        if self.kind == "number":
            return np.isnan(self.data) & ~self.error
        if self.kind == "flag":
            return (self.data < 0) & ~self.error
        if self.kind == "string":
            return np.array([item is None for item in self.data], dtype=bool) & ~self.error
        return np.zeros(len(self.data), dtype=bool)


def number(data: NDArray, error: Mask, missing: Mask | None = None) -> Value:
    """Return a number; where it is neither missing nor finite it becomes an error (SPECIFICATION section 3)."""
    data = np.array(data, dtype=np.float64)
    absent = np.zeros(len(data), dtype=bool) if missing is None else missing & ~error
    failed = error | (~np.isfinite(data) & ~absent)
    data[absent | failed] = np.nan
    return Value("number", data, failed)


def flag(data: NDArray, error: Mask) -> Value:
    """Return a flag from int8 codes 1, 0, -1."""
    codes = np.asarray(data).astype(np.int8)
    return Value("flag", np.where(error, np.int8(-1), codes), error)


def string(data: NDArray, error: Mask) -> Value:
    """Return a string; the empty string is missing."""
    data = np.array(data, dtype=object)
    data[np.equal(data, "") | error] = None
    return Value("string", data, error)


def of_kind(kind: str, data: NDArray, error: Mask) -> Value:
    """Return a value of the given kind, keeping what is missing."""
    if kind == "number":
        return number(data, error, np.isnan(np.asarray(data, dtype=np.float64)))
    if kind == "flag":
        return flag(data, error)
    if kind == "string":
        return string(data, error)
    return Value(kind, data, error)


def as_number(value: Value) -> Value:
    """Return a bin or a flag as a number; a number as it is."""
    if value.kind == "bin":
        return number(value.data.astype(np.float64), value.error)
    if value.kind == "flag":
        data = np.where(value.data < 0, np.nan, value.data.astype(np.float64))
        return number(data, value.error, value.missing())
    return value


def constant(content: object, rows: int) -> Value:
    """Return a constant over all rows; null is a missing number."""
    error = np.zeros(rows, dtype=bool)
    if content is None:
        return number(np.full(rows, np.nan), error, np.ones(rows, dtype=bool))
    if isinstance(content, bool):
        return flag(np.full(rows, int(content), dtype=np.int8), error)
    if isinstance(content, str):
        return string(np.full(rows, content, dtype=object), error)
    return number(np.full(rows, content, dtype=np.float64), error)


def text_of_number(value: float) -> str:
    """Return a number as text: integral without decimal point, others in shortest round-trip form."""
    return str(int(value)) if value == int(value) else repr(float(value))
