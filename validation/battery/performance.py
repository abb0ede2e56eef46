"""Performance judged: discrimination and its loss on test rows, calibration in the large, stability of the score."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from validation.battery.cuts import Place, judge
from validation.battery.rows import absent
from validation.rebuild import clustered, metrics
from validation.rebuild.calibration_plan import moves_level
from validation.rebuild.recount import effective_counts
from validation.rebuild.workspace import DEVELOPMENT, Workspace

BINS = 10


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
            check_index(space, model_id, sample)


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
    factor = space.policy.cuts["auc_drop_standard_errors"].value
    if drop <= factor * error:
        drop = min(drop, 0.0)
    judge(
        space,
        test,
        "AUC",
        drop,
        place=place,
        fail="auc_drop_fail",
        review="auc_drop_review",
        statement=f"The AUC falls by {drop:.4f} (standard error {error:.4f}) from development to {sample}.",
        remedy="Explain the loss; simplify the model if it is overfitted.",
        evidence=("performance.discrimination",),
    )


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
    """z = (bads − Σp) / its standard error: binomial, or of sums over clusters where rows of one obligor repeat."""
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
    z = abs(clustered.calibration_z(y, p, space.cluster[rows], w))
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


def check_index(space: Workspace, model_id: str, sample: str) -> None:
    """PSI of the linear score on deciles of development, with its chance level (Yurdakul 2018)."""
    value = space.output(model_id, "linear_score")
    assert value is not None
    pair = [space.rows[name][np.isfinite(value.data[space.rows[name]])] for name in (DEVELOPMENT, sample)]
    if not all(len(rows) for rows in pair):
        absent(space.ledger, "stability", "stability of the score", sample, "no scored row")
        return
    edges = np.unique(np.quantile(value.data[pair[0]], np.arange(1, BINS) / BINS))
    places = [np.searchsorted(edges, value.data[rows], side="right") for rows in pair]
    counts = [effective_counts(at, space.weight[rows], len(edges) + 1) for at, rows in zip(places, pair, strict=True)]
    found = metrics.population_stability(*counts)
    p_value = metrics.stability_tests(found.psi, found.bins, sum(1.0 / float(one.sum()) for one in counts))[0]
    judge(
        space,
        f"battery: stability of the score ({sample})",
        "PSI",
        found.psi,
        place=Place("stability", "stability of the score", sample, p_value=p_value),
        fail="psi_fail",
        review="psi_review",
        statement=f"The PSI of the score on {sample} is {found.psi:.4f}; an unchanged population stays below "
        f"{found.chance_level:.4f} in 19 of 20 draws.",
        remedy="Find what shifted before the model is used.",
        evidence=("stability.psi",),
    )
