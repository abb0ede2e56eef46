"""Registers that people keep in the plan: overlays and limitations, each with its owner and its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from credit_risk._core.evidence import Evidence, absent, table
from credit_risk.plan import Plan

OVERLAYS, LIMITATIONS = "judgement.overlays", "limitations.register"
OVERLAY_COLUMNS = (
    *("overlay", "scope", "kind", "size", "reason", "owner", "approved_by", "date", "expiry", "expired"),
)
LIMITATION_COLUMNS = (
    *("limitation", "text", "significance", "mitigant", "owner", "author", "date", "expiry", "expired"),
)


def expired(expiry: str | None, as_of: str | None) -> bool | None:
    """Whether something has ended by a date, after its last day; None where one of the dates is not declared."""
    return None if expiry is None or as_of is None else expiry < as_of


def register_evidence(plan: Plan) -> list[Evidence]:
    """Evidence `judgement.overlays` and `limitations.register`."""
    return [_overlays(plan), _limitations(plan)]


def _overlays(plan: Plan) -> Evidence:
    if plan.overlays is None:
        return absent(OVERLAYS, "not_applicable", "the plan does not say whether overlays are in use (overlays)")
    if not plan.overlays:
        return absent(OVERLAYS, "not_applicable", "the plan declares that no overlay is in use")
    rows = [
        {**one.model_dump(), "overlay": one.id, "expired": expired(one.expiry, plan.model.as_of)}
        for one in plan.overlays
    ]
    notes = ("overlays are made outside the model: no score or probability of the package holds them",)
    return _told(OVERLAYS, rows, OVERLAY_COLUMNS, plan, notes)


def _limitations(plan: Plan) -> Evidence:
    if not plan.model.limitations:
        return absent(LIMITATIONS, "not_applicable", "the plan states no limitation (model.limitations)")
    rows = [
        {**one.model_dump(), "limitation": place + 1, "expired": expired(one.expiry, plan.model.as_of)}
        for place, one in enumerate(plan.model.limitations)
    ]
    return _told(LIMITATIONS, rows, LIMITATION_COLUMNS, plan, ())


def _told(
    identifier: str, rows: Sequence[dict[str, Any]], columns: Sequence[str], plan: Plan, notes: tuple[str, ...]
) -> Evidence:
    frame = pd.DataFrame([[row[name] for name in columns] for row in rows], columns=list(columns))
    when = plan.model.as_of
    if when is not None:
        notes = (*notes, f"expired as of {when} (model.as_of)")
    elif any(row["expiry"] is not None for row in rows):
        notes = (*notes, "whether something has expired is not told: the plan declares no date (model.as_of)")
    return table(identifier, frame, inputs=("plan.json",), notes=notes)
