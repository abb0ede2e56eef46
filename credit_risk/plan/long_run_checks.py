"""What must hold between `long_run` and the other parts of a plan. Works on plain values, as `cross_faults` does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk._core.yaml_document import Path
from credit_risk.plan.outcome_checks import MEASURES

Found = Iterator[tuple[Path, Fault]]


def long_run_faults(plan: dict[str, Any]) -> Found:
    """Faults of `long_run`: what it asks for needs a binary outcome, dates, and one window."""
    asked = plan.get("long_run")
    if not isinstance(asked, dict):
        return
    outcome = plan.get("outcome")
    outcome = outcome if isinstance(outcome, dict) else {}
    adjustment = asked.get("adjustment")
    wanted = [key for key in ("cycle", "leave_out", "window_months", "lags") if asked.get(key)]
    if isinstance(adjustment, dict) and adjustment.get("method", "none") != "none":
        wanted.append("adjustment")
    for key in wanted:
        if outcome.get("type", "binary") in MEASURES:
            message = f"long-run averages are of a binary outcome, and this one is of type {outcome['type']}"
            yield ("long_run", key), Fault(message, "outcome", remedy=f"take {key} out")
        elif not _dated(plan, outcome):
            message = "rows have no date, so that they stand in no cohort"
            yield ("long_run", key), Fault(message, "no_date", remedy="name data.date, or observation points")
    if asked.get("window_months") is not None and isinstance(outcome.get("history"), dict):
        message = "the window of an outcome built from history is outcome.windows.performance_months"
        yield ("long_run", "window_months"), Fault(message, "window", remedy="take it out")


def margin_faults(plan: dict[str, Any]) -> Found:
    """Faults of `margin_of_conservatism`: margins are of probabilities."""
    margins, outcome = plan.get("margin_of_conservatism"), plan.get("outcome")
    kind = outcome.get("type", "binary") if isinstance(outcome, dict) else "binary"
    if isinstance(margins, list | tuple) and margins and kind in MEASURES:
        message = f"margins are of probabilities, and the outcome is of type {kind}"
        yield ("margin_of_conservatism",), Fault(message, "outcome", remedy="take them out")


def _dated(plan: dict[str, Any], outcome: dict[str, Any]) -> bool:
    data, windows = plan.get("data"), outcome.get("windows")
    windows = windows if isinstance(windows, dict) else {}
    return bool((isinstance(data, dict) and data.get("date")) or windows.get("rolling") or windows.get("observed_at"))
