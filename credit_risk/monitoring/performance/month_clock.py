"""Months between dates: by anniversaries of a decision, in fractions, or by whole calendar months."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, IntakeError

Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]
ANNIVERSARY, CALENDAR = "anniversary", "calendar"
MONTH = "datetime64[M]"


def days_of(values: Any, name: str) -> Days:
    """UTC days (n,), datetime64[D], NaT where missing: of timestamps (without a zone they are UTC) or of dates.

    The time of day is left off: outcomes are told by day. Raises IntakeError on text or numbers.
    """
    column = pd.Series(values).reset_index(drop=True)
    if column.dtype == object or column.dtype.name.startswith(("string", "str")):
        held = column[column.notna()]
        odd = [place for place, one in held.items() if not isinstance(one, dt.date)]  # a datetime is a date too
        if odd:
            found = f"{len(odd)} of {len(column)} rows, first {held[odd[0]]!r} in row {int(str(odd[0])) + 1}"
            remedy = "read the column as dates or timestamps"
            raise IntakeError(Fault("not dates", "type", path=name, found=found, remedy=remedy))
        column = pd.to_datetime(column, utc=True)
    elif isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert("UTC")
    elif isinstance(column.dtype, pd.ArrowDtype):
        column = pd.to_datetime(column, utc=True)
    elif column.dtype.kind != "M":
        found = str(column.dtype)
        raise IntakeError(Fault("not dates", "type", path=name, found=found, allowed="dates or timestamps"))
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_localize(None)
    return column.to_numpy().astype("datetime64[D]")


def anniversary(start: Days, months: NDArray[np.int64]) -> Days:
    """The day (n,) so many months after `start`; in a month without that day its last."""
    first = start.astype(MONTH)
    month = first + months
    length = (month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")
    day = start - first.astype("datetime64[D]")
    return np.asarray(month.astype("datetime64[D]") + np.minimum(day, length - np.timedelta64(1, "D")))


def months_by_anniversary(start: Days, end: Days) -> Floats:
    """Months (n,) from start to end: whole ones by anniversary and the share of the days of the one that runs.

    The k-th anniversary is exactly k. Rises with `end`, so that what lies before what is kept. NaN where one is
    missing.
    """
    known = ~(np.isnat(start) | np.isnat(end))
    found = np.full(len(start), np.nan)
    first, last = start[known], end[known]
    whole = (last.astype(MONTH) - first.astype(MONTH)).astype(np.int64)
    whole = whole - (anniversary(first, whole) > last)
    before, after = anniversary(first, whole), anniversary(first, whole + 1)
    found[known] = whole + (last - before).astype(np.int64) / (after - before).astype(np.int64)
    return found


def months_by_calendar(start: Days, end: Days) -> Floats:
    """Calendar months (n,) from the month of start to that of end, whole; NaN where one is missing."""
    known = ~(np.isnat(start) | np.isnat(end))
    found = np.full(len(start), np.nan)
    found[known] = (end[known].astype(MONTH) - start[known].astype(MONTH)).astype(np.float64)
    return found


def complete_calendar_months(start: Days, until: Days) -> Floats:
    """The last calendar month (n,), counted from that of start, which has ended by the close of `until`; -1: none."""
    return months_by_calendar(start, until + np.timedelta64(1, "D")) - 1.0
