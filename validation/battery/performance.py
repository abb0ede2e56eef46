"""Performance judged: discrimination and its loss on test rows, calibration in the large, stability of the score."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from validation.battery.cuts import Place, judge
from validation.battery.fitted_level import level_effect
from validation.battery.rows import absent
from validation.battery.stability import check_score
from validation.policy import Policy
from validation.rebuild import clustered, metrics
from validation.rebuild.calibration_plan import moves_level
from validation.rebuild.workspace import DEVELOPMENT, Workspace


def check_performance(space: Workspace) -> None:
    """Judge the champion on every sample."""
    model_id = space.package.champion_id
    if space.output(model_id, "linear_score") is None:
        space.ledger.not_evaluable("battery: performance", "the champion publishes no linear score")
        return
    areas = {sample: _area(space, model_id, sample) for sample in space.rows}
    for sample, area in areas.items():
        _check_area(space, sample, area)
        _check_calibration(space, model_id, sample)
        if sample != DEVELOPMENT:
            _check_drop(space, sample, areas.get(DEVELOPMENT), area)
            check_score(space, model_id, sample)


def _area(space: Workspace, model_id: str, sample: str) -> metrics.Auc | None:
    rows = space.judged(model_id, sample)
    y = space.outcome[rows]
    bad = int(np.count_nonzero(y == 1))
    if min(bad, len(rows) - bad) < space.policy.cuts["minimum_bads"].value:
        return None
    value = space.output(model_id, "linear_score")
    assert value is not None
    return clustered.auc(y, value.data[rows], space.cluster[rows], space.weight[rows])


def _too_few(space: Workspace) -> str:
    return f"fewer than {space.policy.cuts['minimum_bads'].value:g} bads or goods"


def _check_area(space: Workspace, sample: str, area: metrics.Auc | None) -> None:
    test = f"battery: discrimination ({sample})"
    if area is None:
        absent(space.ledger, "auc_initial", "discrimination", sample, _too_few(space))
        return
    judge(
        space,
        test,
        "AUC",
        area.auc,
        place=Place("auc_initial", "discrimination", sample, lower=area.lower, upper=area.upper),
        fail="auc_minimum",
        below=True,
        statement=f"The AUC on {sample} is {area.auc:.4f}.",
        remedy="Do not use the model; find characteristics that rank.",
        evidence=("performance.discrimination",),
    )


def _check_drop(space: Workspace, sample: str, first: metrics.Auc | None, second: metrics.Auc | None) -> None:
    """The fall from development to test; within the policy's number of standard errors it is chance."""
    test = f"battery: loss of AUC from development ({sample})"
    if first is None or second is None:
        absent(space.ledger, "auc_difference", "loss of AUC from development", sample, _too_few(space))
        return
    drop = first.auc - second.auc
    error = math.hypot(first.standard_error, second.standard_error)
    place = _lost(space, sample, drop, error)
    judge(
        space,
        test,
        "AUC",
        beyond_chance(space.policy, drop, error, "auc_drop_fail"),
        place=place,
        fail="auc_drop_fail",
        review="auc_drop_review",
        statement=f"The AUC falls by {drop:.4f} (standard error {error:.4f}) from development to {sample}.",
        remedy="Explain the loss; simplify the model if it is overfitted.",
        evidence=("performance.discrimination",),
    )


def beyond_chance(policy: Policy, drop: float, error: float, fail: str) -> float:
    """Return what is judged of a loss: nothing within the policy's standard errors, no fail within those of a fail."""
    if drop <= policy.cuts["auc_drop_standard_errors"].value * error:
        return min(drop, 0.0)
    if drop <= policy.cuts["auc_drop_standard_errors_fail"].value * error:
        return min(drop, policy.cuts[fail].value)
    return drop


def _lost(space: Workspace, sample: str, drop: float, error: float) -> Place:
    """A loss with its bounds; the p-value is one-sided, of two independent samples."""
    half = float(special.ndtri(0.5 + space.confidence / 2.0)) * error
    p_value = float(special.ndtr(-drop / error)) if error > 0 else math.nan
    return Place(
        "auc_difference",
        "loss of AUC from development",
        sample,
        "AUC of development less that of the sample",
        drop,
        p_value,
        drop - half,
        drop + half,
    )


def _check_calibration(space: Workspace, model_id: str, sample: str) -> None:
    """z = (bads − Σp) / its standard error: binomial, or of sums over clusters where rows of one obligor repeat.

    With the error of the level, by the rows on which it was fitted.
    """
    test = f"battery: calibration in the large ({sample})"
    value = space.output(model_id, "probability")
    rows = space.judged(model_id, sample)
    if value is None or not len(rows):
        absent(space.ledger, "calibration", "calibration in the large", sample, "no probability or no row")
        return
    if moves_level(space.package.plan):
        keys = "calibration.target, resampling, external, quasi_moments"
        reason = f"the plan sets the level of the probability ({keys}), not that of the sample"
        absent(space.ledger, "calibration", "calibration in the large", sample, reason)
        return
    p, y, w = value.data[rows], space.outcome[rows], space.weight[rows]
    z = abs(clustered.calibration_z(y, p, space.cluster[rows], w)) / math.sqrt(level_effect(space, model_id, sample))
    rate, mean = (float(np.sum(w * item) / np.sum(w)) for item in (y, p))
    judge(
        space,
        test,
        "z",
        z,
        place=Place("calibration", "calibration in the large", sample, p_value=2.0 * float(special.ndtr(-z))),
        fail="calibration_z_fail",
        review="calibration_z_review",
        statement=f"On {sample} the bad rate is {rate:.4f}, the mean probability {mean:.4f} (z {z:.2f}).",
        remedy="Recalibrate the model.",
        evidence=("performance.calibration",),
    )
