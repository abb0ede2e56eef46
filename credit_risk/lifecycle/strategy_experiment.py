"""Design of a live test as evidence: rows, duration and the schedule of looks, from what a held-out sample tells."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from credit_risk._core.evidence import Evidence, absent, table
from credit_risk.lifecycle.performance import Scored, input_files
from credit_risk.plan import Plan
from credit_risk.strategy.applicants import Applicants
from credit_risk.strategy.comparison import compared_ranking
from credit_risk.strategy.experiment import LOOK_COLUMNS, Design, design, rows_for_mean, rows_for_rates
from credit_risk.strategy.spec import ExperimentSpec

EXPERIMENT_IDS = ("strategy.experiment", "strategy.experiment_looks")
EXPERIMENT_COLUMNS = [
    *("measure", "sample", "sample_rows", "baseline", "variance", "difference", "significance", "power"),
    *("challenger_share", "spending", "looks", "fixed_rows", "inflation", "rows", "rows_champion", "rows_challenger"),
    *("intake_months", "months"),
]
NO_EXPERIMENT = "the plan designs no live test (strategy.experiment)"
NO_PEEKING = "the looks are those of the table; at any other time nothing is looked at, or the error is not kept"
HALF = 1.959963984540054


def experiment_evidence(plan: Plan, scored: Scored, groups: Mapping[str, Applicants]) -> list[Evidence]:
    """The design and its looks; `groups`: applicants with the champion's score by sample."""
    spec = plan.strategy.experiment
    if spec is None:
        return [absent(identifier, "not_applicable", NO_EXPERIMENT) for identifier in EXPERIMENT_IDS]
    if spec.sample not in groups:
        reason = f"the sample {spec.sample} has no rows"
        return [absent(identifier, "not_applicable", reason) for identifier in EXPERIMENT_IDS]
    one, inputs = groups[spec.sample], input_files(scored, list(scored.predictions), plan.champion.id)
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
    frame = pd.DataFrame([_row(spec, count, baseline, variance, found)], columns=EXPERIMENT_COLUMNS)
    return [
        table(EXPERIMENT_IDS[0], frame, inputs=("plan.json", *inputs), notes=(NO_PEEKING,)),
        table(EXPERIMENT_IDS[1], found.looks[LOOK_COLUMNS], inputs=("plan.json", *inputs), notes=(NO_PEEKING,)),
    ]


def _row(spec: ExperimentSpec, count: int, baseline: float, variance: float, found: Design) -> dict[str, object]:
    asked = {name: getattr(spec, name) for name in EXPERIMENT_COLUMNS if hasattr(spec, name)}
    made = {name: getattr(found, name) for name in EXPERIMENT_COLUMNS if hasattr(found, name) and name != "looks"}
    return {**asked, **made, "sample_rows": count, "baseline": baseline, "variance": variance}


def _measured(
    plan: Plan, scored: Scored, spec: ExperimentSpec, one: Applicants
) -> tuple[int, float, float, float] | None:
    """Rows counted, baseline, variance of a row (AUC: rows times the variance of the paired difference), fixed rows."""
    cut_off = plan.strategy.cut_off
    taken = np.ones(len(one), bool) if cut_off is None else one.score >= cut_off
    share = spec.challenger_share
    if spec.measure == "auc":
        name = spec.challenger or plan.challengers[0].id
        other = scored.scored_samples(name)[spec.sample].score
        told = compared_ranking(one, other)
        error = (float(told["auc_upper"]) - float(told["auc_lower"])) / (2 * HALF)  # type: ignore[arg-type]
        variance = error**2 * len(one)
        if not variance > 0:
            return None
        fixed = rows_for_mean(variance, spec.difference, spec.significance, spec.power)
        return len(one), float(told["auc_base"]), variance, fixed  # type: ignore[arg-type]
    w = one.weights * (taken if spec.measure == "bad_rate" else 1.0)
    if not w.sum() > 0:
        return None
    if spec.measure == "bad_rate":
        rate = float(w @ one.y) / float(w.sum())
        if not (0 < rate < 1 and 0 < rate + spec.difference < 1):
            return None
        fixed = rows_for_rates(rate, spec.difference, share, spec.significance, spec.power)
        return int(taken.sum()), rate, rate * (1 - rate), fixed
    assert one.profit is not None
    earned = np.where(taken, one.profit, 0.0)
    mean = float(w @ earned) / float(w.sum())
    variance = float(w @ (earned - mean) ** 2) / float(w.sum())
    if not variance > 0:
        return None
    arms = variance / (share * (1 - share))
    return len(one), mean, variance, rows_for_mean(arms, spec.difference, spec.significance, spec.power)
