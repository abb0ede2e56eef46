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
NOTES = (STABLE_HAZARDS, "amounts are declared, not observed; profit = earned - lost - review_cost")


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
        costs = Costs(int(np.sum(seen[places] == 1)), float(amounts.review), amounts.currency)
        totals, expected = {}, {}
        for name, (of_good, of_bad) in parts.items():
            totals[name] = _total(labels.part(inside), of_good[inside], of_bad[inside], rules, confidence)
            if p is not None:
                expected[name] = math.fsum((1.0 - p[inside]) * of_good[inside] + p[inside] * of_bad[inside])
        found += profit_rows((month, segment), len(inside), totals, expected, costs)
    frame = pd.DataFrame(found, columns=PROFIT_COLUMNS)
    frame.attrs["notes"] = NOTES
    return frame


@dataclass(frozen=True, slots=True)
class Costs:
    """reviewed: rows reviewed by hand; review: cost of each."""

    reviewed: int
    review: float
    currency: str | None

    @property
    def whole(self) -> float:
        """Of all reviews."""
        return self.reviewed * self.review


@dataclass(frozen=True, slots=True)
class Total:
    """Of booked rows: bads known, share followed, total with half its interval, and a row's share of it."""

    bads: int
    followed: float
    total: float
    half: float
    mean: float
    status: str
    reason: str | None


def profit_rows(
    head: tuple[str, str], rows: int, totals: Mapping[str, Total], expected: Mapping[str, float], costs: Costs
) -> list[tuple[Any, ...]]:
    """PROFIT_COLUMNS of a group; head: period, segment; rows: booked with a follow-up; totals of earned, lost and
    profit before the cost of review; expected: the same by the probabilities, empty where there are none."""
    cost = costs.whole
    found: list[tuple[Any, ...]] = []
    for name in MEASURES:
        if name == REVIEW_COST:
            mean = cost / rows if rows else math.nan
            told = (costs.reviewed, 0, math.nan, cost, cost, cost, mean, cost, costs.currency, EVALUABLE, None)
            found.append((*head, name, *told))
            continue
        own, less = totals[name], cost if name == PROFIT else 0.0
        bounds = (own.total - less, own.total - own.half - less, own.total + own.half - less)
        per = own.mean - (less / rows if rows else 0.0)
        likely = expected[name] - less if name in expected else math.nan
        rest = (likely, costs.currency, own.status, own.reason)
        found.append((*head, name, rows, own.bads, own.followed, *bounds, per, *rest))
    return found


def unknown_total(bads: int, followed: float, horizon: float, rows: int, least: Least) -> Total | None:
    """What is told where no row is known, or too few are followed; None where a total can be told."""
    if not rows:
        return Total(0, 0.0, *(math.nan,) * 3, NOT_EVALUABLE, "no outcome is known")
    if followed < least.followed:
        reason = f"immature: {followed:.1%} of rows are under observation up to month {horizon:g}"
        return Total(bads, followed, *(math.nan,) * 3, NOT_EVALUABLE, reason)
    return None


def _total(labels: Labels, of_good: Floats, of_bad: Floats, least: Least, confidence: float) -> Total:
    follow = follow_up(labels) if len(labels) else None
    bads, followed = (0, 0.0) if follow is None else (int(follow.bad.sum()), follow.followed)
    unknown = unknown_total(bads, followed, labels.window, len(labels), least)
    if follow is None or unknown is not None:
        assert unknown is not None
        return unknown
    w = follow.weight
    amount = np.where(follow.bad, of_bad, np.where(follow.good, of_good, 0.0))
    whole, rows = float(w.sum()), len(labels)
    mean = float(w @ amount) / whole
    error = error_of(follow.influence(w * (amount - mean) / whole), follow.cluster)
    half = normal_quantile(confidence) * error * rows
    return Total(bads, followed, rows * mean, half, mean, EVALUABLE, None)


def _amount(arguments: Arguments, name: str, value: ArrayLike | float, rows: int) -> Floats:
    found = arguments.numbers(name, np.full(rows, float(np.asarray(value))) if np.ndim(value) == 0 else value)
    negative = f"{np.count_nonzero(found < 0)} of {len(found)} rows"
    arguments.require(bool(np.all(found >= 0)), name, "amounts below 0", "range", found=negative, allowed="0 or more")
    return found
