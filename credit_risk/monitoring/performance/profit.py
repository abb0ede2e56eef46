"""Profit, loss and cost of review of whom was approved, from declared amounts, under censoring weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk.evaluation._arrays import Arguments, Floats, check_confidence
from credit_risk.evaluation.intervals import normal_quantile
from credit_risk.monitoring.performance.censoring import STABLE_HAZARDS, error_of, follow_up
from credit_risk.monitoring.performance.groups import NO_SEGMENTS, groups_of
from credit_risk.monitoring.performance.labels import Labels
from credit_risk.monitoring.performance.vintages import EVALUABLE, NOT_EVALUABLE, Least

PROFIT_COLUMNS = [
    *("period", "segment", "measure", "rows", "bad", "followed", "total", "total_lower", "total_upper", "per_account"),
    *("expected_total", "currency", "status", "reason"),
]
"""A row each period, segment and measure (earned, lost, review_cost, profit).

total: over all booked rows of the group with a follow-up, those whose outcome is not yet known through their censoring
weights; expected_total: by the probabilities. profit = earned - lost - review_cost. Of review_cost rows are those that
were reviewed, booked or not, and its total is known. per_account: over booked rows with a follow-up.
"""
EARNED, LOST, REVIEW_COST, PROFIT = "earned", "lost", "review_cost", "profit"
MEASURES = (EARNED, LOST, REVIEW_COST, PROFIT)


@dataclass(frozen=True, slots=True)
class Amounts:
    """Declared amounts, each a number or (n,), 0 or more: earned on a good, lost on a bad; and of a review by hand."""

    good: ArrayLike | float
    bad: ArrayLike | float
    review: float = 0.0
    currency: str | None = None


def profit_table(
    labels: Labels,
    amounts: Amounts,
    probability: ArrayLike | None = None,
    reviewed: ArrayLike | None = None,
    period: ArrayLike | None = None,
    segments: Mapping[str, ArrayLike] = NO_SEGMENTS,
    *,
    booked: ArrayLike | None = None,
    least: Least | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """PROFIT_COLUMNS of the rows of `labels`, at its window.

    probability (n,) of bad, for what was expected; reviewed (n,) true or 1 of those reviewed by hand, None: nobody;
    booked (n,) true or 1 of those that earn and lose, None: everyone. A total is the number of booked rows with a
    follow-up times their weighted mean, with the normal interval from the influence of each row (of each applicant
    where labels have clusters). Not evaluable where too few rows are followed through the window. Raises
    CreditRiskError with all faults.
    """
    rules = least or Least()
    arguments = Arguments()
    check_confidence(arguments, confidence)
    arguments.length = rows = len(labels)
    p = None if probability is None else arguments.probabilities(probability)
    good, bad = (_amount(arguments, n, getattr(amounts, n), rows) for n in ("good", "bad"))
    seen = np.zeros(rows) if reviewed is None else arguments.numbers("reviewed", np.asarray(reviewed, float))
    own = np.ones(rows) if booked is None else arguments.numbers("booked", np.asarray(booked, float))
    right = bool(np.isfinite(amounts.review) and amounts.review >= 0)
    arguments.require(right, "review", "not a cost", "range", found=repr(amounts.review), allowed="0 or more")
    arguments.raise_if_any()
    nothing = np.zeros(rows)
    parts = {EARNED: (good, nothing), LOST: (nothing, bad), PROFIT: (good, -bad)}
    found: list[tuple[Any, ...]] = []
    for month, segment, places in groups_of(rows, period, segments):
        inside = places[labels.usable[places] & (own[places] == 1)]
        count = int(np.sum(seen[places] == 1))
        cost = count * float(amounts.review)
        mean = cost / len(inside) if len(inside) else math.nan
        review = (count, 0, math.nan, cost, cost, cost, mean, cost, amounts.currency, EVALUABLE, None)
        told: dict[str, tuple[Any, ...]] = {REVIEW_COST: review}
        for name, (of_good, of_bad) in parts.items():
            bads, followed, *totals, per, status, reason = _total(
                labels.part(inside), of_good[inside], of_bad[inside], rules, confidence
            )
            less = cost if name == PROFIT else 0.0
            expected = math.nan
            if p is not None:
                expected = math.fsum((1.0 - p[inside]) * of_good[inside] + p[inside] * of_bad[inside]) - less
            per -= less / len(inside) if len(inside) else 0.0
            head = (len(inside), bads, followed, *(one - less for one in totals), per)
            told[name] = (*head, expected, amounts.currency, status, reason)
        found += [(month, segment, name, *told[name]) for name in MEASURES]
    frame = pd.DataFrame(found, columns=PROFIT_COLUMNS)
    frame.attrs["notes"] = (STABLE_HAZARDS, "amounts are declared, not observed; profit = earned - lost - review_cost")
    return frame


def _total(
    labels: Labels, of_good: Floats, of_bad: Floats, least: Least, confidence: float
) -> tuple[int, float, float, float, float, float, str, str | None]:
    """bad, followed, total with bounds, per account, status, reason."""
    nothing = (math.nan,) * 4
    if not len(labels):
        return (0, 0.0, *nothing, NOT_EVALUABLE, "no outcome is known")
    follow = follow_up(labels)
    bads = int(follow.bad.sum())
    if follow.followed < least.followed:
        reason = f"immature: {follow.followed:.1%} of rows are under observation up to month {follow.horizon:g}"
        return (bads, follow.followed, *nothing, NOT_EVALUABLE, reason)
    w = follow.weight
    amount = np.where(follow.bad, of_bad, np.where(follow.good, of_good, 0.0))
    whole, rows = float(w.sum()), len(labels)
    mean = float(w @ amount) / whole
    half = normal_quantile(confidence) * error_of(follow.influence(w * (amount - mean) / whole), follow.cluster) * rows
    return (bads, follow.followed, rows * mean, rows * mean - half, rows * mean + half, mean, EVALUABLE, None)


def _amount(arguments: Arguments, name: str, value: ArrayLike | float, rows: int) -> Floats:
    found = arguments.numbers(name, np.full(rows, float(np.asarray(value))) if np.ndim(value) == 0 else value)
    negative = f"{np.count_nonzero(found < 0)} of {len(found)} rows"
    arguments.require(bool(np.all(found >= 0)), name, "amounts below 0", "range", found=negative, allowed="0 or more")
    return found
