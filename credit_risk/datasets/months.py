"""Months as YYYY-MM, as whole numbers and as dates, and how many applications each month brings."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from credit_risk.datasets.draws import Draws, Integers

_MONTH = re.compile(r"(?:19|20|21)\d\d-(?:0[1-9]|1[0-2])\Z")
REPEAT_WINDOW_MONTHS = 6


def is_month(value: object) -> bool:
    """Whether `value` is a text such as 2018-01, from 1900 to 2199."""
    return isinstance(value, str) and _MONTH.match(value) is not None


def month_number(text: str) -> int:
    """Months since 1970-01."""
    return (int(text[:4]) - 1970) * 12 + int(text[5:7]) - 1


def month_text(number: int) -> str:
    """Month of a number since 1970-01, as YYYY-MM."""
    return f"{1970 + number // 12:04d}-{number % 12 + 1:02d}"


def dates(start: str, months: NDArray[np.int64]) -> NDArray[np.datetime64]:
    """First day of each month, as datetime64[us]; months count from `start`."""
    whole = (months + month_number(start)).astype("datetime64[M]")
    return whole.astype("datetime64[us]")


def application_months(applicants: int, months: int) -> Integers:
    """(n,) month of each row, ascending. Volume of month m is in proportion to 1 + 0.1·sin(2πm/12)."""
    volume = 1.0 + 0.1 * np.sin(2.0 * np.pi * np.arange(months) / 12.0)
    edges = np.cumsum(volume)
    position = (np.arange(applicants) + 0.5) * (edges[-1] / applicants)
    return np.minimum(np.searchsorted(edges, position, side="right"), months - 1).astype(np.int64)


def origins(draws: Draws, applicants: int, months: int, repeat_share: float) -> Integers:
    """(n,) row of the first application of each row's person; the row itself for all but about `repeat_share`.

    A repeat draws its first application evenly from the rows of the six months before it; where that row is a repeat
    itself the row stays a first application, so the realised share is about repeat_share·(1 − repeat_share).
    """
    row = np.arange(applicants, dtype=np.int64)
    wanted = draws.uniform("repeat/flag", 0, applicants) < repeat_share
    wanted[:1] = False
    window = np.minimum(row, -(-REPEAT_WINDOW_MONTHS * applicants // months))
    back = np.floor(draws.uniform("repeat/lag", 0, applicants) * window).astype(np.int64) + 1
    candidate = np.maximum(row - back, 0)
    return np.where(wanted & ~wanted[candidate], candidate, row)
