"""Quasi-moments: slope and intercept solved again, and mean and AUC of the published probabilities."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from validation.rebuild import metrics
from validation.rebuild.calibration_moments import OwnMoments, match_moments, own_implied_auc
from validation.rebuild.workspace import Workspace

MOMENTS = "calibration.quasi_moments"
RULE = "calibrated_probability"
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
COLUMNS = {
    "rows": "rows",
    "target_rate": RULE,
    "mean_before": RULE,
    "mean_after": RULE,
    "bad_rate": "share",
    "target_auc": "auc",
    "auc_before": "auc",
    "auc_after": "auc",
    "observed_auc": "auc",
    "slope": "coefficient",
    "intercept": "coefficient",
}


def moments_of(space: Workspace, score: Floats, rows: Integers) -> OwnMoments | None:
    """Return our match on rows of the linear score of all rows; None where the plan asks for none. Raises NotFitted."""
    spec = (space.package.plan.get("calibration") or {}).get("quasi_moments")
    return None if spec is None else match_moments(spec, score[rows], space.weight[rows])


def compare_moments(space: Workspace, matched: Mapping[str, tuple[str, Integers, OwnMoments]]) -> None:
    """Compare the row of each model, and the published mean and AUC with those that were solved for.

    matched: by name of the model its id, its rows and our match.
    """
    if not matched:
        return
    table = space.package.rows_of(MOMENTS)
    if table is None:
        space.ledger.not_evaluable(MOMENTS, "the package holds no such table")
    stated = {row["model"]: row for row in table or []}
    if table is not None:
        space.ledger.words(MOMENTS, "models", sorted(map(str, stated)), sorted(matched), "model", [MOMENTS])
    names = [name for name in matched if name in stated]
    own = {name: {**one.row, **_observed(space, model, rows)} for name, (model, rows, one) in matched.items()}
    for column, rule in COLUMNS.items():
        mine = [own[name][column] for name in names]
        space.ledger.numbers(MOMENTS, column, rule, [stated[n][column] for n in names], mine, names, [MOMENTS])
    for name, (model, rows, one) in matched.items():
        _compare_published(space, name, model, rows, one)


def _observed(space: Workspace, model: str, rows: Integers) -> dict[str, float | None]:
    score, y, w = space.output(model, "linear_score"), space.outcome[rows], space.weight[rows]
    assert score is not None  # it was matched on
    both = bool(y.min() < y.max())
    area = metrics.auc(y, score.data[rows], w).auc if both else None
    return {"bad_rate": float(w @ y / np.sum(w)), "observed_auc": area}


def _compare_published(space: Workspace, name: str, model: str, rows: Integers, one: OwnMoments) -> None:
    """The probabilities that the package publishes have the plan's mean and imply the plan's AUC."""
    value, score = space.output(model, "probability"), space.output(model, "linear_score")
    if value is None or score is None:
        space.ledger.not_evaluable(f"{MOMENTS}: {name}", "the model publishes no probability")
        return
    p, w = value.data[rows], space.weight[rows]
    means, areas = [float(w @ p / np.sum(w))], [own_implied_auc(score.data[rows], p, w)]
    space.ledger.numbers(MOMENTS, "published mean", RULE, means, [one.row["target_rate"]], [name], [MOMENTS])
    space.ledger.numbers(MOMENTS, "published implied AUC", "auc", areas, [one.row["target_auc"]], [name], [MOMENTS])
