"""Boosted trees: is the margin monotone where the plan promised it, on real rows and over every threshold?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from validation.rebuild.monotonicity import largest_violation
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.steps.values import as_number
from validation.structure import steps_of

_SIGNS = {"ascending": 1, "increasing": 1, "1": 1, "+1": 1, "descending": -1, "decreasing": -1, "-1": -1}


def compare_monotonicity(space: Workspace) -> None:
    """Trace every constrained feature of every model of trees; a violation beyond rounding is a finding."""
    for model_id, model in space.package.models.items():
        trees = steps_of(model, "trees")
        if not trees:
            continue
        area = f"boosting.monotonicity.{space.package.candidate_ids[model_id]}"
        table = space.package.rows_of(area)
        if table is None:
            space.ledger.not_evaluable(area, "the package states no constraints")
            continue
        for step in trees:
            _trace(space, area, model_id, step, table)


def _trace(space: Workspace, area: str, model_id: str, step: Mapping[str, Any], table: list[dict[str, Any]]) -> None:
    rows = space.rows[DEVELOPMENT]
    wanted = int(space.policy.cuts["monotonicity_rows"].value)
    chosen = rows[np.linspace(0, len(rows) - 1, min(wanted, len(rows))).astype(np.int64)]
    scored = space.scored[model_id]
    matrix = np.column_stack([as_number(scored[name]).data[chosen] for name in step["features"]])
    stated, own, labels = [], [], []
    for row in table:
        sign = _SIGNS.get(str(row["constraint"]).lower())
        if sign is None or row["feature"] not in step["features"]:
            continue
        count, _ = largest_violation(step, matrix, step["features"].index(row["feature"]), sign)
        stated.append(row["violations"])
        own.append(float(count))
        labels.append(row["feature"])
    if labels:
        space.ledger.numbers(area, "violations of the stated trend", "monotone", [0.0] * len(own), own, labels, [area])
        space.ledger.numbers(
            area, "violations stated by the developer", "monotone", stated, [0.0] * len(own), labels, [area]
        )
    else:
        space.ledger.not_evaluable(area, "no feature of the trees has a stated constraint")
