"""Boosted trees: do they keep the directions that the plan declares, in every tree and over every threshold?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import special

from validation.comparisons.boosting_categories import compare_categories
from validation.comparisons.boosting_effects import compare_choice, compare_interactions, compare_missing
from validation.comparisons.boosting_trained import compare_trained
from validation.findings import Finding, Outcome
from validation.rebuild import metrics
from validation.rebuild.directions import SIGNS, declared_trends
from validation.rebuild.monotonicity import prove
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.steps.values import as_number
from validation.structure import own_trees, steps_of

Step = Mapping[str, Any]
Rows = list[dict[str, Any]]
MINED = "mined"
_AREA = {"auc": "auc", "auc_lower": "interval", "auc_upper": "interval", "p_value": "p_value"}


def compare_boosting(space: Workspace) -> None:
    """Compare directions, their proof and the trees themselves with our own, for every model of trees."""
    for model_id, model in space.package.models.items():
        name = space.package.candidate_ids[model_id]
        for step in own_trees(model):
            bound = _compare_constraints(space, model_id, name, step)
            _compare_monotonicity(space, name, step, bound)
            compare_categories(space, model_id, name, step)
            compare_interactions(space, name, step)
            compare_missing(space, model_id, name, step)
            compare_choice(space, model_id, name, step)
    compare_trained(space)


def _compare_constraints(space: Workspace, model_id: str, name: str, step: Step) -> dict[str, str]:
    """Compare stated directions with the plan's; returns the direction by feature."""
    area = f"boosting.constraints.{name}"
    table = space.package.rows_of(area)
    if table is None:
        space.ledger.not_evaluable(area, "the package states no directions of the features")
        return {}
    used = [row for row in table if row["used"]]
    features = [row["feature"] for row in used]
    space.ledger.words(area, "features", features, list(step["features"]), "feature", [area])
    ours = _declared(space, model_id, used)
    stated = [row["direction"] if str(row["source"]).startswith("plan") else None for row in used]
    space.ledger.words(area, "directions that the plan declares", stated, ours, features, [area])
    known = [row for row in used if row["auc"] is not None and row["feature"] in step["features"]]
    rows = space.known(DEVELOPMENT)
    own = [_auc(space, model_id, row, rows) for row in known]
    names = [row["feature"] for row in known]
    for column, rule in _AREA.items():
        space.ledger.numbers(area, column, rule, [row[column] for row in known], [one[column] for one in own], names)
    _tell_mined(space, area, name, used)
    return {row["feature"]: row["direction"] for row in used}


def _declared(space: Workspace, model_id: str, used: Rows) -> list[str | None]:
    """Directions that the plan declares, for the values of a characteristic: its first feature that is no WoE."""
    declared = declared_trends(space.package.plan)
    weights_of_evidence = {step["output_woe"] for step in steps_of(space.package.models[model_id], "classing")}
    found: list[str | None] = []
    seen: set[str] = set()
    for row in used:
        is_value = row["feature"] not in weights_of_evidence and row["characteristic"] not in seen
        seen.add(row["characteristic"])
        trend = declared.get(row["characteristic"]) if is_value else None
        found.append(trend if trend is None or trend in SIGNS else "none")
    return found


def _auc(space: Workspace, model_id: str, row: Mapping[str, Any], rows: np.ndarray) -> dict[str, float]:
    """AUC of a feature's present values in its direction, else in the one suggested; bounds, p-value against 0.5."""
    direction = row["direction"] if row["direction"] in SIGNS else row["suggestion"]
    values = as_number(space.scored[model_id][row["feature"]]).data[rows]
    present = ~np.isnan(values)
    y, x, w = space.outcome[rows][present], values[present], space.weight[rows][present]
    found = dict.fromkeys(_AREA, np.nan)
    if len(np.unique(y)) < 2:
        return found
    area = metrics.auc(y, x * SIGNS.get(direction or "ascending", 1), w, space.confidence)
    if not area.standard_error > 0:
        return found | {"auc": area.auc}
    p_value = 2.0 * float(special.ndtr(-abs(area.auc - 0.5) / area.standard_error))
    return {"auc": area.auc, "auc_lower": area.lower, "auc_upper": area.upper, "p_value": p_value}


def _tell_mined(space: Workspace, area: str, name: str, used: Rows) -> None:
    mined = [row["feature"] for row in used if row["source"] == MINED and row["direction"] in SIGNS]
    test = f"{area}: directions are declared"
    finding = None
    if mined:
        finding = Finding(
            test=test,
            severity=space.policy.checks["mined_direction"],
            quantity="directions without a rationale",
            developer_value=len(mined),
            validator_value=0,
            tolerance=None,
            statement=f"{name} keeps directions that were found in its own development rows: {', '.join(mined)}.",
            remedy="Declare them (data.columns.*.expected_trend) and say why, or set constraints: declared.",
            evidence=(area,),
        )
    space.ledger.check(Outcome(test, "fail" if mined else "pass", len(used), "none mined", None, finding))


def _compare_monotonicity(space: Workspace, name: str, step: Step, bound: Mapping[str, str]) -> None:
    area = f"boosting.monotonicity.{name}"
    table = space.package.rows_of(area)
    if table is None:
        space.ledger.not_evaluable(area, "the package states no proof of monotonicity")
        return
    stated = {row["feature"]: row for row in table if row["feature"] in step["features"]}
    wanted = [feature for feature, direction in bound.items() if direction in SIGNS]
    names = list(dict.fromkeys([*wanted, *stated]))
    told = [stated[feature]["constraint"] if feature in stated else None for feature in names]
    space.ledger.words(area, "features bound", told, [bound.get(n, told[i]) for i, n in enumerate(names)], names)
    labels = [feature for feature in stated if stated[feature]["constraint"] in SIGNS]
    if not labels:
        space.ledger.not_evaluable(area, "no feature of the trees is bound to a direction")
        return
    proofs = [prove(step, list(step["features"]).index(n), SIGNS[stated[n]["constraint"]]) for n in labels]
    own = [float(proof.violations) for proof in proofs]
    space.ledger.numbers(area, "violations of the stated direction", "monotone", [0.0] * len(own), own, labels, [area])
    for column, rule, values in (
        ("violations", "monotone", own),
        ("largest_violation", "monotone", [proof.largest for proof in proofs]),
        ("thresholds", "rows", [float(proof.thresholds) for proof in proofs]),
        ("leaf_pairs", "rows", [float(proof.pairs) for proof in proofs]),
    ):
        space.ledger.numbers(area, column, rule, [stated[n][column] for n in labels], values, labels, [area])
