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
    Of texts that were read as such, `levels` are the distinct ones, then None, and `codes` (n,) their places, −1 where
    missing.
    """

    kind: str
    data: np.ndarray
    missing: np.ndarray
    error: np.ndarray
    codes: np.ndarray | None = None
    levels: np.ndarray | None = None

    def array(self) -> np.ndarray:
        """Values as users see them: NaN for a missing number, None for missing text or flag."""
        absent = self.missing | self.error
        if self.kind == NUMBER and not absent.any():
            return self.data
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
    wanted: frozenset[str] | None = None
    none: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        """The mask of no row, which columns share."""
        self.none = np.zeros(self.rows, dtype=bool)

    def wants(self, name: str) -> bool:
        """Whether a value is wanted: every one, unless `wanted` names those that are."""
        return self.wanted is None or name in self.wanted

    def blame(self, step: str, reason: str, mask: np.ndarray) -> None:
        """Remember that `step` put the rows of `mask` in error, and why."""
        if mask.any():
            self.causes.append((step, reason, mask))


def make_number(data: np.ndarray, missing: np.ndarray, error: np.ndarray) -> Column:
    """A number column; NaN where missing or in error."""
    absent = missing | error
    if not absent.any():
        return Column(NUMBER, data, missing, error)
    return Column(NUMBER, np.where(absent, np.nan, data), missing & ~error, error)


def any_error(columns: Sequence[Column], rows: int) -> np.ndarray:
    """Rows where at least one column is in error, shape (rows,)."""
    return _either([c.error for c in columns], rows)


def any_missing(columns: Sequence[Column], rows: int) -> np.ndarray:
    """Rows where at least one column is missing, shape (rows,)."""
    return _either([c.missing for c in columns], rows)


def _either(masks: Sequence[np.ndarray], rows: int) -> np.ndarray:
    """Rows of any of the masks; many columns share one mask, which is looked at once."""
    found = np.zeros(rows, bool)
    for mask in {id(mask): mask for mask in masks}.values():
        found |= mask
    return found
