"""Applicants of a plan as strategy counts them: rows by sample with score, outcome, weight, cluster and profit."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.lifecycle.performance import Scored
from credit_risk.plan import Plan
from credit_risk.sampling import Intake
from credit_risk.strategy.applicants import Applicants
from credit_risk.strategy.spec import ProductSpec

Floats = NDArray[np.float64]
ALL = "all"


def amounts(plan: Plan, frame: pd.DataFrame) -> tuple[Floats | None, Floats | None]:
    """What each row (n,) earns if it is good and loses if it is bad; None where the plan declares nothing."""
    profit = plan.strategy.profit
    if profit is None:
        return None, None
    return _amount(profit.good, frame), _amount(profit.bad, frame)


def _amount(amount: float | ProductSpec, frame: pd.DataFrame) -> Floats:
    if not isinstance(amount, ProductSpec):
        return np.full(len(frame), float(amount))
    values = np.ones(len(frame))
    for name in amount.columns:
        values = values * frame[name].to_numpy(float)
    return values * amount.rate


def applicants(plan: Plan, intake: Intake, scored: Scored, model: str) -> dict[str, Applicants]:
    """By sample, and of all rows where outcomes are unknown in some: rows with the score of a model."""
    score = scored.predictions[model]["score"].to_numpy(float)
    rows = groups_of_rows(scored, score)
    return {name: group_of(plan, intake, scored, score, inside, name) for name, inside in rows.items()}


def group_of(
    plan: Plan, intake: Intake, scored: Scored, score: Floats, inside: NDArray[np.bool_], name: str
) -> Applicants:
    """The rows `inside` (n,) of one group with a score (n,); profit where the plan declares amounts."""
    good, bad = (None, None) if name == ALL else amounts(plan, intake.frame)
    return Applicants(
        score[inside],
        scored.y[inside],
        _part(scored.weights, inside),
        good=_part(good, inside),
        bad=_part(bad, inside),
        clusters=scored.clusters[inside],
    )


def groups_of_rows(scored: Scored, score: Floats) -> dict[str, NDArray[np.bool_]]:
    """Rows (n,) with a score of each sample, and of all where the outcome of some is not known."""
    groups = {name: scored.rows(name) for name in scored.samples}
    there = np.isfinite(score)
    if scored.weights is not None:
        there &= np.isfinite(scored.weights) & (scored.weights > 0)
    if np.any(np.isnan(scored.y[there])):
        groups[ALL] = there
    return groups


def _part(values: Floats | None, rows: NDArray[np.bool_]) -> Floats | None:
    return None if values is None else values[rows]
