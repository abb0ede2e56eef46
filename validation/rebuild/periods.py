"""Months, quarters and years of ISO dates, and the rule that chooses among them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

FORMS = {"month": r"[0-9]{4}-[0-9]{2}", "quarter": r"[0-9]{4}-Q[1-4]", "year": r"[0-9]{4}"}
TOLD_SHARE = 0.8


def unit_of(label: str) -> str | None:
    """Return the length of the period that a label names, or None."""
    return next((unit for unit, form in FORMS.items() if re.fullmatch(form, label)), None)


def period_of(dates: Sequence[Any], unit: str) -> list[str | None]:
    """Return the period of each ISO date, None where it is missing."""
    found: list[str | None] = []
    for date in dates:
        if not isinstance(date, str):
            found.append(None)
        elif unit == "quarter":
            found.append(f"{date[:4]}-Q{(int(date[5:7]) + 2) // 3}")
        else:
            found.append(date[:7] if unit == "month" else date[:4])
    return found


def choose_unit(dates: Sequence[Any], outcome: Sequence[float], least: int) -> str:
    """Return the shortest length for which four fifths of the dated rows lie in periods with enough bads and goods."""
    for unit in ("month", "quarter"):
        labels = period_of(dates, unit)
        counts = Counter((label, y == 1) for label, y in zip(labels, outcome, strict=True) if label is not None)
        enough = {label for label, _ in counts if min(counts[label, True], counts[label, False]) >= least}
        told = sum(counts[label, bad] for label, bad in counts if label in enough)
        if told >= TOLD_SHARE * max(1, sum(counts.values())):
            return unit
    return "year"
