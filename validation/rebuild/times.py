"""Which column of the snapshot places rows in time, by the plan."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

ROLLING = "observation_point"
ISO = re.compile(r"[0-9]{4}-[0-9]{2}")


def time_column(plan: Mapping[str, Any]) -> str | None:
    """Return the observation point (that which rolling points make, or that of the plan), else the date, or None."""
    windows = (plan.get("outcome") or {}).get("windows") or {}
    if windows.get("rolling") is not None:
        return ROLLING
    name = windows.get("observed_at") or (plan.get("data") or {}).get("date")
    return name if isinstance(name, str) else None


def dated_column(plan: Mapping[str, Any], frame: pd.DataFrame) -> str | None:
    """Return the same where the snapshot's values are dates, else the plan's date; None where it has none."""
    name = time_column(plan)
    if name in frame.columns:
        first = frame[name].dropna().head(1).tolist()
        if first and isinstance(first[0], str) and ISO.match(first[0]):
            return name
    date = (plan.get("data") or {}).get("date")
    return date if date in frame.columns else None
