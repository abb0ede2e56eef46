"""A column of values while a model runs: the data, which rows are missing and which rows are in error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

NUMBER, STRING, FLAG, BIN, REASONS = "number", "string", "flag", "bin", "reason list"


@dataclass(frozen=True, slots=True)
class Column:
    """Values of one name over n rows.

    `data` is float64 (number), object (string), bool (flag), int64 (bin) or object (n, maximum) (reason list).
    `missing` and `error` are bool (n,); `data` is meaningful only where both are false.
    """

    kind: str
    data: np.ndarray
    missing: np.ndarray
    error: np.ndarray

    def array(self) -> np.ndarray:
        """Values as users see them: NaN for a missing number, None for missing text or flag."""
        absent = self.missing | self.error
        if self.kind == NUMBER:
            return np.where(absent, np.nan, self.data)
        if self.kind in (STRING, FLAG) and (self.kind == STRING or absent.any()):
            result = self.data.astype(object)
            result[absent] = None
            return result
        return self.data


@dataclass(slots=True)
class Run:
    """State of one evaluation: number of rows, the columns so far, and why rows are in error."""

    rows: int
    columns: dict[str, Column]
    causes: list[tuple[str, str, np.ndarray]] = field(default_factory=list)

    def blame(self, step: str, reason: str, mask: np.ndarray) -> None:
        """Remember that `step` put the rows of `mask` in error, and why."""
        if mask.any():
            self.causes.append((step, reason, mask))


def make_number(data: np.ndarray, missing: np.ndarray, error: np.ndarray) -> Column:
    """A number column; NaN where missing or in error."""
    return Column(NUMBER, np.where(missing | error, np.nan, data), missing & ~error, error)


def any_error(columns: Sequence[Column], rows: int) -> np.ndarray:
    """Rows where at least one column is in error, shape (rows,)."""
    return np.logical_or.reduce([c.error for c in columns]) if columns else np.zeros(rows, bool)


def any_missing(columns: Sequence[Column], rows: int) -> np.ndarray:
    """Rows where at least one column is missing, shape (rows,)."""
    return np.logical_or.reduce([c.missing for c in columns]) if columns else np.zeros(rows, bool)
