"""Dates in expressions: ISO 8601 text of the Gregorian calendar (SPECIFICATION section 3.1)."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

PATTERN = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
Texts = NDArray[np.object_]
Floats = NDArray[np.float64]


def parse_date(text: str) -> date | None:
    """The day that `text` names, or None: `YYYY-MM-DD`, a time of day after it passed over. Years 0001 to 9999."""
    found = PATTERN.fullmatch(text)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def days_between(a: date, b: date) -> int:
    """Days from `a` to `b`, negative where `b` is the earlier."""
    return b.toordinal() - a.toordinal()


def months_between(a: date, b: date) -> int:
    """Whole months from `a` to `b`, negative where `b` is the earlier; the last day of a month completes a month."""
    if b < a:
        return -months_between(b, a)
    months = 12 * (b.year - a.year) + b.month - a.month
    complete = b.day >= a.day or b.day == monthrange(b.year, b.month)[1]
    return months if complete else months - 1


DATE_OPERATIONS: dict[str, Callable[..., int]] = {
    "days_between": days_between,
    "months_between": months_between,
    "year": lambda a: a.year,
    "month": lambda a: a.month,
}


def evaluate_dates(op: str, texts: Sequence[Texts], missing: NDArray[np.bool_]) -> tuple[Floats, NDArray[np.bool_]]:
    """Result of a date operation, NaN where missing, and where it is missing: also where a text is no date, (n,) each.

    Each pair of dates that occurs is computed once.
    """
    coded = [_coded(text, missing) for text in texts]
    missing = missing | np.logical_or.reduce([codes < 0 for codes, _ in coded])
    result = np.full(len(missing), np.nan)
    there = np.flatnonzero(~missing)
    if len(there):
        pairs, inverse = np.unique(np.column_stack([codes[there] for codes, _ in coded]), axis=0, return_inverse=True)
        known = [
            DATE_OPERATIONS[op](*(days[code] for code, (_, days) in zip(pair, coded, strict=True))) for pair in pairs
        ]
        result[there] = np.array(known, dtype=np.float64)[inverse.ravel()]
    return result, missing


def _coded(texts: Texts, missing: NDArray[np.bool_]) -> tuple[NDArray[np.int64], list[date | None]]:
    """Place of each row's date in the list of dates (−1 where there is none), and that list."""
    codes, levels = pd.factorize(np.where(missing, None, texts))
    days = [parse_date(level) for level in levels]
    invalid = np.array([*(day is None for day in days), False], dtype=bool)
    return np.where(invalid[codes], -1, codes).astype(np.int64), days
