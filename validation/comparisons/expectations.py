"""The expert's trends against the data: the area under the curve of the value itself, in the declared direction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import special

from validation.comparisons.placing import ordered_by
from validation.rebuild import metrics
from validation.rebuild.directions import SIGNS, declared_trends
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import steps_of

AREA = "classing.expectations"
_COLUMNS = {"auc": "auc", "auc_lower": "interval", "auc_upper": "interval", "p_value": "p_value"}
NEITHER = "neither confirmed nor contradicted"


def compare_expectations(space: Workspace) -> None:
    """Compare the trends stated with those of the plan, and what our own AUC says of each."""
    table = space.package.rows_of(AREA)
    if table is None:
        space.ledger.not_evaluable(AREA, "the package holds no such table")
        return
    declared = declared_trends(space.package.plan)
    names = [row["characteristic"] for row in table]
    wanted = [declared.get(name) for name in names]
    space.ledger.words(AREA, "trends of the plan", [row["expected_trend"] for row in table], wanted, names)
    kept, own = [], []
    for row in table:
        values = _values(space, row["characteristic"])
        if values is not None and row["expected_trend"] in SIGNS:
            kept.append(row)
            own.append(_judged(space, values * SIGNS[row["expected_trend"]]))
    labels = [row["characteristic"] for row in kept]
    for column, rule in _COLUMNS.items():
        stated = [row[column] for row in kept]
        space.ledger.numbers(AREA, column, rule, stated, [found[column] for found in own], labels)
    stated_words = [row["verdict"].split(":")[0] for row in kept]
    space.ledger.words(AREA, "verdict", stated_words, [found["verdict"] for found in own], labels)
    if len(kept) < len(table):
        space.ledger.not_evaluable(
            f"{AREA}: values", "columns that the snapshot does not hold, or that no model derives"
        )


def against_trend(space: Workspace, name: str, sign: int) -> tuple[float, float] | None:
    """Return AUC in the declared direction (sign 1 of ascending) and its p-value against one half; None unknown."""
    values = _values(space, name)
    if values is None:
        return None
    found = _judged(space, values * sign)
    return None if np.isnan(found["p_value"]) else (found["auc"], found["p_value"])


def _judged(space: Workspace, x: np.ndarray) -> dict[str, Any]:
    """AUC of x (n,) over the development rows where it is known, bounds, p-value against one half, verdict."""
    rows = space.known(DEVELOPMENT)
    rows = rows[np.isfinite(x[rows])]
    y, found = space.outcome[rows], dict.fromkeys(_COLUMNS, np.nan)
    if len(np.unique(y)) < 2 or np.min(x[rows]) == np.max(x[rows]):
        return found | {"verdict": "not evaluable"}
    area = metrics.auc(y, x[rows], space.weight[rows], space.confidence)
    if not area.standard_error > 0:
        return found | {"auc": area.auc, "verdict": "not evaluable"}
    p_value = 2.0 * float(special.ndtr(-abs(area.auc - 0.5) / area.standard_error))
    words = "confirmed" if area.lower > 0.5 else "contradicted by the data" if area.upper < 0.5 else NEITHER
    numbers = {"auc": area.auc, "auc_lower": area.lower, "auc_upper": area.upper, "p_value": p_value}
    return found | numbers | {"verdict": words}


def _values(space: Workspace, name: str) -> np.ndarray | None:
    """Ordinary values (n,) as numbers, NaN for missing and special codes; None where they are not at hand."""
    data = _column(space, name)
    if data is None:
        return None
    order = ordered_by(space, name)
    if order:
        return np.array([order.index(value) if value in order else np.nan for value in data.tolist()], dtype=np.float64)
    if data.dtype.kind not in "fiu":
        return None
    numbers = data.astype(np.float64)
    return np.where(np.isin(numbers, _codes(space, name)), np.nan, numbers)


def _column(space: Workspace, name: str) -> np.ndarray | None:
    """Values (n,) of a characteristic as a model reads or derives it, else as the snapshot has it."""
    for scored in space.scored.values():
        if name in scored and scored[name].kind in ("number", "string"):
            return scored[name].data
    return space.frame[name].to_numpy() if name in space.frame.columns else None


def _codes(space: Workspace, name: str) -> list[float]:
    """Special codes: those of the bins of some model, else those of the plan."""
    for model in space.package.models.values():
        for step in steps_of(model, "classing"):
            if step["input"] == name and step["kind"] == "numeric":
                return [float(code) for item in step["bins"] for code in item.get("codes", [])]
    plan = space.package.plan
    told: Any = ((plan.get("data") or {}).get("columns") or {}).get(name) or (plan.get("derive") or {}).get(name)
    return [float(code) for code in (told.get("specials") or {})] if isinstance(told, Mapping) else []
