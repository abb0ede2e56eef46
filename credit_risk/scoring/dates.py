"""Dates in expressions: ISO 8601 text of the Gregorian calendar (SPECIFICATION section 3.1)."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Days:
    """Days of n rows: number of the day, year, month, day of the month (n,), and masks (n,)."""

    ordinal: Floats
    year: Floats
    month: Floats
    day: Floats
    ends_month: Mask
    valid: Mask


def parse_date(text: str) -> date | None:
    """The day that `text` names, or None: `YYYY-MM-DD`, a time of day after it passed over. Years 0001 to 9999."""
    found = PATTERN.fullmatch(text)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def days_between(a: Days, b: Days) -> Floats:
    """Days from `a` to `b`, negative where `b` is the earlier, (n,)."""
    return b.ordinal - a.ordinal


def months_between(a: Days, b: Days) -> Floats:
    """Whole months from `a` to `b`, negative where `b` is the earlier, (n,)."""
    return np.where(b.ordinal < a.ordinal, -_whole_months(b, a), _whole_months(a, b))


def _whole_months(a: Days, b: Days) -> Floats:
    """Whole months from `a` to a later `b`; the last day of a month completes a month."""
    complete = (b.day >= a.day) | b.ends_month
    return 12 * (b.year - a.year) + b.month - a.month - np.where(complete, 0.0, 1.0)


DATE_OPERATIONS: dict[str, Callable[..., Floats]] = {
    "days_between": days_between,
    "months_between": months_between,
    "year": lambda a: a.year,
    "month": lambda a: a.month,
}


def evaluate_dates(op: str, texts: Sequence[Texts], missing: Mask) -> tuple[Floats, Mask]:
    """Result of a date operation, and where it is missing: also where a text is no date, (n,) each."""
    days = [read_days(text, missing) for text in texts]
    return DATE_OPERATIONS[op](*days), missing | np.logical_or.reduce([~one.valid for one in days])


def read_days(texts: Texts, missing: Mask) -> Days:
    """The days of texts, each distinct text read once."""
    there = texts.astype(object)
    there[missing] = None
    codes, levels = pd.factorize(there)
    table = np.array([_parts(parse_date(level)) for level in levels] + [_parts(None)], dtype=np.float64)
    ordinal, year, month, day, ends_month, valid = table[codes].T
    return Days(ordinal, year, month, day, ends_month == 1, valid == 1)


def _parts(day: date | None) -> tuple[float, ...]:
    if day is None:
        return (0.0,) * 6
    ends_month = day.day == monthrange(day.year, day.month)[1]
    return (day.toordinal(), day.year, day.month, day.day, ends_month, True)
