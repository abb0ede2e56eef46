"""Design of a live test as evidence: rows, duration and the schedule of looks, from what a held-out sample tells."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.evidence import Evidence, absent, table
from credit_risk.evaluation.area_under_curve import AreaUnderCurve, delong_interval
from credit_risk.evaluation.clustered import clustered_auc_interval
from credit_risk.lifecycle.applicants import ALL
from credit_risk.lifecycle.performance import Scored, input_files
from credit_risk.plan import Plan
from credit_risk.strategy.always_valid import ALWAYS_VALID
from credit_risk.strategy.applicants import Applicants
from credit_risk.strategy.comparison import compared_ranking
from credit_risk.strategy.experiment import (
    LOOK_COLUMNS,
    Design,
    design,
    rows_for_mean,
    rows_for_rates,
    variance_of_arms,
)
from credit_risk.strategy.spec import ExperimentSpec

EXPERIMENT_IDS = ("strategy.experiment", "strategy.experiment_looks")
EXPERIMENT_COLUMNS = [
    *("measure", "sample", "sample_rows", "baseline", "variance", "difference", "significance", "power"),
    *("challenger_share", "spending", "looks", "fixed_rows", "inflation", "rows", "rows_champion", "rows_challenger"),
    *("intake_months", "months"),
]
NO_EXPERIMENT = "the plan designs no live test (strategy.experiment)"
NO_PEEKING = "the looks are those of the table; at any other time nothing is looked at, or the error is not kept"
AT_ANY_TIME = "the boundary may be looked at at any time, also between the looks of the table and after them"
BOTH = "the boundary at any time would hold in place of that of the looks; both together do not keep the error"
EVERYBODY = "the acceptance rate is of all applicants with a score, of whichever outcome"
Floats = NDArray[np.float64]
HALF = 1.959963984540054


def experiment_evidence(plan: Plan, scored: Scored, groups: Mapping[str, Applicants]) -> list[Evidence]:
    """The design and its looks; `groups`: applicants with the champion's score by sample."""
    spec = plan.strategy.experiment
    if spec is None:
        return [absent(identifier, "not_applicable", NO_EXPERIMENT) for identifier in EXPERIMENT_IDS]
    if spec.sample not in groups:
        reason = f"the sample {spec.sample} has no rows"
        return [absent(identifier, "not_applicable", reason) for identifier in EXPERIMENT_IDS]
    basis = ALL if spec.measure == "acceptance_rate" and ALL in groups else spec.sample
    one, inputs = groups[basis], input_files(scored, list(scored.predictions), plan.champion.id)
    told = _measured(plan, scored, spec, one)
    if told is None:
        reason = f"not evaluable: {spec.measure} does not vary among the rows of {spec.sample} that count"
        return [absent(identifier, "not_applicable", reason) for identifier in EXPERIMENT_IDS]
    count, baseline, variance, fixed = told
    found = design(
        fixed,
        looks=spec.looks,
        spending=spec.spending,
        significance=spec.significance,
        power=spec.power,
        share=spec.challenger_share,
        rows_per_month=spec.rows_per_month,
        performance_months=spec.performance_months,
    )
    row = {**_row(spec, count, baseline, variance, found), "sample": basis}
    frame = pd.DataFrame([row], columns=EXPERIMENT_COLUMNS)
    peeking = (AT_ANY_TIME,) if spec.spending == ALWAYS_VALID else (NO_PEEKING,)
    of_all, beside = (EVERYBODY,) if basis == ALL else (), () if spec.spending == ALWAYS_VALID else (BOTH,)
    return [
        table(EXPERIMENT_IDS[0], frame, inputs=("plan.json", *inputs), notes=(*peeking, *of_all)),
        table(EXPERIMENT_IDS[1], found.looks[LOOK_COLUMNS], inputs=("plan.json", *inputs), notes=(*peeking, *beside)),
    ]


def _row(spec: ExperimentSpec, count: int, baseline: float, variance: float, found: Design) -> dict[str, object]:
    asked = {name: getattr(spec, name) for name in EXPERIMENT_COLUMNS if hasattr(spec, name)}
    made = {name: getattr(found, name) for name in EXPERIMENT_COLUMNS if hasattr(found, name) and name != "looks"}
    return {**asked, **made, "sample_rows": count, "baseline": baseline, "variance": variance}


def _measured(
    plan: Plan, scored: Scored, spec: ExperimentSpec, one: Applicants
) -> tuple[int, float, float, float] | None:
    """Rows counted, baseline, variance of a row (AUC: rows times that of the difference), fixed rows."""
    cut_off = plan.strategy.cut_off
    taken = np.ones(len(one), bool) if cut_off is None else one.score >= cut_off
    if spec.measure in ("auc", "auc_unpaired"):
        return _of_auc(plan, scored, spec, one)
    if spec.measure == "acceptance_rate":
        return _of_rate(spec, taken.astype(float), one.weights, len(one))
    w = one.weights * (taken if spec.measure == "bad_rate" else 1.0)
    if not w.sum() > 0:
        return None
    if spec.measure == "bad_rate":
        return _of_rate(spec, one.y, w, int(taken.sum()))
    assert one.profit is not None
    earned = np.where(taken, one.profit, 0.0)
    mean = float(w @ earned) / float(w.sum())
    variance = float(w @ (earned - mean) ** 2) / float(w.sum())
    if not variance > 0:
        return None
    arms = variance_of_arms(variance, variance, spec.challenger_share)
    return len(one), mean, variance, rows_for_mean(arms, spec.difference, spec.significance, spec.power)


def _of_rate(spec: ExperimentSpec, events: Floats, w: Floats, count: int) -> tuple[int, float, float, float] | None:
    rate = float(w @ events) / float(w.sum())
    if not (0 < rate < 1 and 0 < rate + spec.difference < 1):
        return None
    fixed = rows_for_rates(rate, spec.difference, spec.challenger_share, spec.significance, spec.power)
    return count, rate, rate * (1 - rate), fixed


def _of_auc(
    plan: Plan, scored: Scored, spec: ExperimentSpec, one: Applicants
) -> tuple[int, float, float, float] | None:
    other = scored.scored_samples(spec.challenger or plan.challengers[0].id)[spec.sample].score
    if spec.measure == "auc":
        told = compared_ranking(one, other)
        error = (float(told["auc_upper"]) - float(told["auc_lower"])) / (2 * HALF)  # type: ignore[arg-type]
        baseline, variance = float(told["auc_base"]), error**2 * len(one)  # type: ignore[arg-type]
    else:
        if len(np.unique(one.y)) < 2:
            return None
        arms = [_auc(one, risk) for risk in (-one.score, -other)]
        baseline, parts = arms[0].auc, [arm.standard_error**2 * len(one) for arm in arms]
        variance = variance_of_arms(parts[0], parts[1], spec.challenger_share)
    if not variance > 0:
        return None
    return len(one), baseline, variance, rows_for_mean(variance, spec.difference, spec.significance, spec.power)


def _auc(one: Applicants, risk: Floats) -> AreaUnderCurve:
    if one.clusters is None:
        return delong_interval(one.y, risk, one.weights)
    return clustered_auc_interval(one.y, risk, one.clusters, one.weights)
