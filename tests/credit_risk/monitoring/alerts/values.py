"""Tables of values for the rules of alerts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from credit_risk.monitoring.metrics import VALUE_COLUMNS
from credit_risk.monitoring.spec import MonitoringSpec

MODEL, PACKAGE = "card", "ab" * 32


def months(count: int, year: int = 2026) -> list[str]:
    """The first `count` months from January of a year."""
    return [f"{year + at // 12}-{at % 12 + 1:02d}" for at in range(count)]


def table(numbers: Sequence[float | None], metric: str = "score_psi", **more: Any) -> pd.DataFrame:
    """A value a month from January 2026; None is not evaluable."""
    rows = [
        {
            "period": period,
            "segment": "all",
            "metric": metric,
            "subject": "score",
            "value": number,
            "lower": None,
            "upper": None,
            "rows": 1000,
            "evaluable": number is not None,
            "reason": None if number is not None else "too few rows",
            "beyond_chance": None,
            **more,
        }
        for period, number in zip(months(len(numbers)), numbers, strict=True)
    ]
    return pd.DataFrame(rows, columns=VALUE_COLUMNS).astype({"value": "float64"})


def monitoring(*rules: dict[str, Any], **more: Any) -> MonitoringSpec:
    """A plan's section with the rules."""
    return MonitoringSpec.model_validate({"metrics": list(rules), **more})
