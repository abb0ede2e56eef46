"""The level of the calibrated probability: the anchor solved again, and whether the published mean reaches it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from validation.comparisons.long_run import averages_of, cohorts_of_package
from validation.rebuild.calibration_anchor import OwnLevel, own_level
from validation.rebuild.calibration_weights import as_planned
from validation.rebuild.workspace import Workspace

ANCHOR = "calibration.anchor"
RULE = "calibrated_probability"
Integers = NDArray[np.int64]


def target_of(space: Workspace) -> float | None:
    """Return the rate that the plan aims at, a long-run average by our own mean of cohorts; None without one."""
    given = (space.package.plan.get("calibration") or {}).get("target")
    if given != "long_run_average":
        return None if given is None else float(given)
    found = cohorts_of_package(space)
    averages = None if found is None else averages_of(space, found[0], found[1])
    if averages is None:
        return None
    return float((averages.get("adjusted") or averages["mean_of_cohorts"])["value"])


def _weights(space: Workspace) -> NDArray[np.float64]:
    """Return the weights (n,) that a level is of: the plan's for the long-run average, a rate of observed outcomes."""
    observed = (space.package.plan.get("calibration") or {}).get("target") == "long_run_average"
    return (as_planned(space) if observed else space).weight


def level_of(space: Workspace, log_odds: NDArray[np.float64], rows: Integers) -> OwnLevel | None:
    """Return the level that the plan gives rows of the sample, by its target or by Bayes' rule; None without one.

    log_odds: of these rows, by the map before.
    """
    spec, w = space.package.plan.get("calibration") or {}, _weights(space)[rows]
    if spec.get("target") is not None:
        target = target_of(as_planned(space))
        return None if target is None else own_level(log_odds, w, target, None)
    if spec.get("resampling") is None:
        return None
    rate = float(w @ space.outcome[rows] / np.sum(w))
    return own_level(log_odds, w, float(spec["resampling"]["population_rate"]), rate)


def compare_levels(space: Workspace, levels: Mapping[str, tuple[str, Integers, OwnLevel]]) -> None:
    """Compare target, shifts and means of each model, and the published mean with the target that was solved for."""
    if not levels:
        return
    table = space.package.rows_of(ANCHOR)
    if table is None:
        space.ledger.not_evaluable(ANCHOR, "the package holds no such table")
        return
    stated = {row["model"]: row for row in table}
    space.ledger.words(ANCHOR, "models", sorted(map(str, stated)), sorted(levels), "model", [ANCHOR])
    names = [name for name in levels if name in stated]
    rules = {
        "target": RULE,
        "shift": "coefficient",
        "mean_before": RULE,
        "mean_after": RULE,
        "odds_shift": "coefficient",
        "mean_by_odds_shift": RULE,
    }
    for column, rule in rules.items():
        own = [getattr(levels[name][2], column) for name in names]
        space.ledger.numbers(ANCHOR, column, rule, [stated[n][column] for n in names], own, names, [ANCHOR])
    for name, (model_id, rows, level) in levels.items():
        value = space.output(model_id, "probability")
        if value is not None:
            w = _weights(space)[rows]
            mean = float(w @ value.data[rows] / np.sum(w))
            given, own = [mean], [level.mean_after]
            space.ledger.numbers(ANCHOR, "published mean of the probability", RULE, given, own, [name], [ANCHOR])
