"""Dates of expressions (SPECIFICATION 3.1), counted with whole numbers: no calendar of another program is asked."""

from __future__ import annotations

from functools import reduce

import numpy as np

from validation.steps import values
from validation.steps.values import Value

OPERATIONS = ("days_between", "months_between", "year", "month")
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DIGITS = frozenset("0123456789")


def dates(operation: str, arguments: list[Value]) -> Value:
    """Return a date operation over text arguments, a number; what is no date is missing."""
    error = reduce(np.logical_or, (item.error for item in arguments))
    absent = reduce(np.logical_or, (item.missing() for item in arguments))
    read = [_columns(item, error | absent) for item in arguments]
    absent = absent | reduce(np.logical_or, (~known for known, _ in read))
    parts = [days for _, days in read]
    if operation == "year":
        result = parts[0][:, 0]
    elif operation == "month":
        result = parts[0][:, 1]
    elif operation == "days_between":
        result = _day_number(parts[1]) - _day_number(parts[0])
    else:
        result = _whole_months(*parts)
    return values.number(result, error, absent)


def day_of(text: str) -> tuple[int, int, int] | None:
    """Return year, month and day of an ISO 8601 text, or None; a time of day after the date is not used."""
    digits, marks = text[0:4] + text[5:7] + text[8:10], text[4:5] + text[7:8]
    if len(digits) != 8 or not _DIGITS.issuperset(digits) or marks != "--" or not _is_time(text[10:]):
        return None
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:])
    if year < 1 or not 1 <= month <= 12 or not 1 <= day <= _length(year, month):
        return None
    return year, month, day


def _is_time(rest: str) -> bool:
    """Whether `rest` is empty or `T` or a space, HH:MM, perhaps :SS and a fraction, perhaps Z or +HH:MM."""
    if rest == "":
        return True
    if rest[0] not in "T " or not _clock(rest[1:6]):
        return False
    rest = rest[6:]
    if rest.startswith(":"):
        if not (_number(rest[1:3], 2) and rest[1] < "6"):
            return False
        rest = rest[3:]
        if rest.startswith("."):
            tail = rest[1:].lstrip("0123456789")
            if len(tail) == len(rest) - 1:
                return False
            rest = tail
    if rest in ("", "Z"):
        return True
    return rest[0] in "+-" and len(rest) == 6 and rest[3] == ":" and _number(rest[1:3] + rest[4:6], 4)


def _clock(text: str) -> bool:
    return len(text) == 5 and text[2] == ":" and _number(text[:2] + text[3:], 4) and text[:2] < "24" and text[3] < "6"


def _number(text: str, length: int) -> bool:
    return len(text) == length and _DIGITS.issuperset(text)


def _length(year: int, month: int) -> int:
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return _LENGTHS[month - 1] + leap


def _columns(item: Value, skip: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which rows hold a date, (n,), and year, month, day and the length of the month, (n, 4)."""
    known: dict[object, tuple[int, int, int, int] | None] = {}
    found = np.ones((len(skip), 4), dtype=np.int64)
    valid = np.zeros(len(skip), dtype=bool)
    for row in np.flatnonzero(~skip):
        text = item.data[row]
        if text not in known:
            day = day_of(text)
            known[text] = None if day is None else (*day, _length(day[0], day[1]))
        entry = known[text]
        if entry is not None:
            found[row], valid[row] = entry, True
    return valid, found


def _day_number(days: np.ndarray) -> np.ndarray:
    """Days since 1 March of year 0, by the year that begins in March."""
    year, month, day = days[:, 0], days[:, 1], days[:, 2]
    year = year - (month < 3)
    month = (month + 9) % 12
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + day - 1


def _whole_months(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Whole months from the earlier to the later, negative where `b` is the earlier."""
    backward = _day_number(b) < _day_number(a)
    first, last = np.where(backward[:, None], b, a), np.where(backward[:, None], a, b)
    months = 12 * (last[:, 0] - first[:, 0]) + last[:, 1] - first[:, 1]
    months = months - ((last[:, 2] < first[:, 2]) & (last[:, 2] != last[:, 3]))
    return np.where(backward, -months, months)
