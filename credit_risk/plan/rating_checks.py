"""What must hold between the rating scale and the rest of a plan. Works on plain values, as `checks` does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk._core.yaml_document import Path
from credit_risk.plan.outcome_checks import MEASURES

Found = Iterator[tuple[Path, Fault]]
KEY = "rating_scale"


def rating_faults(plan: dict[str, Any]) -> Found:
    """A scale is of probabilities; a long-run rate needs dates."""
    scale = plan.get(KEY)
    if not isinstance(scale, Mapping):
        return
    outcome = plan.get("outcome")
    outcome = outcome if isinstance(outcome, Mapping) else {}
    if outcome.get("type") in MEASURES:
        message = "grades are of a probability, and the outcome is an amount or a fraction"
        yield (KEY,), Fault(message, "rating_scale", remedy="leave rating_scale out")
    data, windows = plan.get("data"), outcome.get("windows")
    dated = isinstance(data, Mapping) and data.get("date") is not None
    dated |= isinstance(windows, Mapping) and any(windows.get(key) is not None for key in ("observed_at", "rolling"))
    if scale.get("probability") == "long_run" and not dated:
        message = "a long-run rate is a mean over years, and nothing dates the rows"
        remedy = "name data.date, or take another probability"
        yield (KEY, "probability"), Fault(message, "missing_key", found="long_run", remedy=remedy)
