"""Days in ISO 8601, some months or days later."""

from __future__ import annotations

import calendar
from datetime import date, timedelta


def day_of(text: str) -> date:
    """The day of an ISO text, a day or a moment. Raises ValueError where it is none."""
    return date.fromisoformat(text[:10])


def months_after(day: str, months: int) -> str:
    """The same day of the month, `months` later; the last of the month where there is no such day."""
    start = day_of(day)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(start.day, last)).isoformat()


def days_after(day: str, days: int) -> str:
    """`days` days later."""
    return (day_of(day) + timedelta(days=days)).isoformat()
