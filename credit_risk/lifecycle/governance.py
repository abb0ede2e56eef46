"""Governance of a model beside a run of monitoring: findings and dates of the inventory that are overdue."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from credit_risk._core.clock import Clock

COLUMNS = [
    *("indicator", "as_of", "model", "version", "item", "title", "severity", "status", "owner", "due", "days_overdue"),
]
FINDING = "finding"
NO_INVENTORY = "no inventory was named (--inventory)"
GRAVE = ("critical", "high")
AREA = "governance"


def overdue_frame(place: str, model: str, clock: Clock) -> pd.DataFrame | str:
    """COLUMNS of what was due before the day of the clock, the longest due first, or that nothing is.

    indicator: `finding`, or the kind of a date of the model (`review`, `monitoring`, ...). Raises InventoryError where
    there is no inventory, or it does not know the model.
    """
    from credit_risk.inventory import open_inventory
    from credit_risk.inventory.gates import PolicyGatekeeper

    day = clock().strftime("%Y-%m-%d")
    with open_inventory(place, PolicyGatekeeper(), clock=clock) as inventory:
        inventory.models.get(model)
        findings = [one for one in inventory.findings.overdue(day) if one.model == model]
        dates = [one for one in inventory.models.overdue(day) if one.model == model]
    rows: list[tuple[Any, ...]] = [
        (FINDING, day, model, one.version, one.id, one.title, one.severity, one.status, one.owner, one.due)
        for one in findings
    ]
    rows += [(one.kind, day, model, None, None, f"next {one.kind}", None, None, None, one.due) for one in dates]
    if not rows:
        return f"no finding and no date of the model is overdue on {day}"
    made = [(*row, (date.fromisoformat(day) - date.fromisoformat(str(row[-1]))).days) for row in rows]
    return pd.DataFrame(made, columns=COLUMNS).sort_values(["due", "indicator"], kind="stable").reset_index(drop=True)


def verdict_row(frame: pd.DataFrame | str, day: str) -> dict[str, str]:
    """Row of `monitoring.verdict`: red where a critical or high finding is overdue, amber where anything else is."""
    if isinstance(frame, str):
        return {"area": AREA, "period": day[:7], "verdict": "green", "reason": frame}
    findings = int((frame["indicator"] == FINDING).sum())
    grave = frame["severity"].isin(GRAVE).any()
    told = f"{findings} findings and {len(frame) - findings} dates are overdue"
    return {"area": AREA, "period": day[:7], "verdict": "red" if grave else "amber", "reason": told}


def anchor_text(place: str) -> str:
    """The head of the audit trail of an inventory, in one line, for manifests. Raises InventoryError."""
    from credit_risk.inventory import open_inventory

    with open_inventory(place) as inventory:
        return inventory.trail.head().text()
