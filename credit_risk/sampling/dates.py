"""Dates in columns of text, also where some of the values are none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pandas as pd

from credit_risk.sampling.date_formats import DATE_FORMATS, is_date

MOSTLY = 0.95
TRIED, PARSED = 40, 0.75


def mostly_dates(values: pd.Series) -> pd.Series | None:
    """ISO 8601 dates of text (n,), None where a value is missing or no date; None where fewer than 95 % are dates.

    One format for all: the one in which most rows are dates, the first of equals.
    """
    if pd.api.types.is_numeric_dtype(values) or not values.notna().any():
        return None
    codes, levels = pd.factorize(values.to_numpy(object))
    texts = [str(level) for level in levels]
    known = codes[codes >= 0]
    counts = np.bincount(known, minlength=len(texts))
    best, share = None, 0.0
    for pattern in _plausible([texts[code] for code in known[:: max(1, len(known) // TRIED)]]):
        rows = sum(int(n) for text, n in zip(texts, counts, strict=True) if is_date(text, pattern))
        if rows / counts.sum() > share:
            best, share = pattern, rows / float(counts.sum())
    if best is None or share < MOSTLY:
        return None
    iso = [_iso(text, best) for text in texts]
    return pd.Series(np.append(np.array(iso, object), np.array([None], object))[codes], dtype=object)


def _plausible(tried: Sequence[str]) -> list[str]:
    """Formats in which most of some values, spread over the rows, are dates."""
    return [p for p in DATE_FORMATS if sum(is_date(text, p) for text in tried) >= PARSED * len(tried)]


def _iso(text: str, pattern: str) -> str | None:
    if not is_date(text, pattern):
        return None
    return datetime.strptime(text, pattern).date().isoformat()  # noqa: DTZ007 - a date without a zone
