"""Which calibration method was chosen, and by which losses: folds and fits made again."""

from __future__ import annotations

from typing import Any

import numpy as np

from validation.comparisons.calibration import missing_table
from validation.rebuild.calibration_choice import OwnChoice, dealt_folds, own_choice
from validation.rebuild.calibration_plan import calibrated_on, methods_of
from validation.rebuild.calibration_weights import calibration_space
from validation.rebuild.workspace import Workspace

CHOICE, FOLDS, METHOD = "calibration.choice", "calibration.folds", "calibration.method"
RULE = "calibrated_probability"
Rows = list[dict[str, Any]]


def compare_calibration_choice(space: Workspace) -> None:
    """Compare losses by method and fold, their means and errors, and the method that each model has."""
    sample = calibrated_on(space.package.plan)
    if sample is None or len(methods_of(space.package.plan)) < 2:
        return
    tables = {area: space.package.rows_of(area) for area in (CHOICE, FOLDS, METHOD)}
    for area, table in tables.items():
        if table is None:
            if area != METHOD:  # the comparison of calibrations tells of it
                missing_table(space, area)
            return
    space = calibration_space(space)
    for model_id, name in space.package.candidate_ids.items():
        own = _own(space, model_id, sample)
        if own is None:
            space.ledger.not_evaluable(f"{CHOICE}: {name}", f"no linear score, or no row in the sample {sample}")
            continue
        mine = {area: [row for row in table or [] if row["model"] == name] for area, table in tables.items()}
        _compare_means(space, name, mine[CHOICE], own)
        _compare_folds(space, name, mine[FOLDS], own)
        stated = [row["method"] for row in mine[METHOD]]
        space.ledger.words(METHOD, f"method chosen for {name}", stated, [own.chosen], ["method"], [CHOICE])


def _own(space: Workspace, model_id: str, sample: str) -> OwnChoice | None:
    score, rows = space.output(model_id, "linear_score"), space.judged(model_id, sample)
    if score is None or not len(rows):
        return None
    plan = space.package.plan
    folds, seed = int((plan["calibration"]).get("folds", 5)), int((plan.get("samples") or {})["seed"])
    fold = dealt_folds(space.outcome, space.cluster, rows, folds, seed)
    return own_choice(plan, score.data[rows], space.outcome[rows], space.weight[rows], fold)


def _compare_means(space: Workspace, name: str, table: Rows, own: OwnChoice) -> None:
    stated = [row["method"] for row in table]
    space.ledger.words(CHOICE, f"methods of {name}", stated, list(own.methods), "method", [CHOICE])
    if stated != list(own.methods):
        return
    labels = [f"{name} {method}" for method in own.methods]
    columns = {
        "mean": own.mean,
        "standard_error": own.standard_error,
        "difference": own.difference,
        "difference_standard_error": own.difference_error,
    }
    for column, values in columns.items():
        space.ledger.numbers(CHOICE, column, RULE, [row[column] for row in table], values, labels, [CHOICE])
    chosen = [method == own.chosen for method in own.methods]
    space.ledger.words(CHOICE, "chosen", [row["chosen"] for row in table], chosen, labels, [CHOICE])


def _compare_folds(space: Workspace, name: str, table: Rows, own: OwnChoice) -> None:
    keys = [(method, fold + 1) for method in own.methods for fold in range(len(own.rows))]
    stated = [(row["method"], row["fold"]) for row in table]
    space.ledger.words(FOLDS, f"methods and folds of {name}", stated, keys, "fold", [FOLDS])
    if stated != keys:
        return
    labels, many = [f"{name} {method} fold {fold}" for method, fold in keys], len(own.methods)
    columns = {
        "rows": ("rows", np.tile(own.rows.astype(np.float64), many)),
        "bads": ("count", np.tile(own.bads, many)),
        "value": (RULE, own.value.ravel()),
    }
    for column, (rule, values) in columns.items():
        space.ledger.numbers(FOLDS, column, rule, [row[column] for row in table], values, labels, [FOLDS])
    refused = np.isnan(own.value).ravel().tolist()
    said = [row["refused"] is not None for row in table]
    space.ledger.words(FOLDS, "refused", said, refused, labels, [FOLDS])
