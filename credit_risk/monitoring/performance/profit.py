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

total: over all rows of the group, those whose outcome is not yet known through their censoring weights; expected_total:
by the probabilities. profit = earned - lost - review_cost.
"""


@dataclass(frozen=True, slots=True)
class Amounts:
    """Declared amounts of an account, each a number or (n,), 0 or more: of a good, of a bad, of a review by hand."""

    good: ArrayLike | float
    bad: ArrayLike | float
    review: ArrayLike | float = 0.0
    currency: str | None = None


def profit_table(
    labels: Labels,
    amounts: Amounts,
    probability: ArrayLike | None = None,
    reviewed: ArrayLike | None = None,
    period: ArrayLike | None = None,
    segments: Mapping[str, ArrayLike] = NO_SEGMENTS,
    *,
    least: Least | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """PROFIT_COLUMNS of approved accounts, the rows of `labels`, at its window.

    probability (n,) of bad, for what was expected; reviewed (n,) true or 1 of those reviewed by hand, None: nobody. A
    total is the number of rows with a follow-up times the weighted mean, with the normal interval from the influence of
    each row. Not evaluable where too few rows are followed through the window.
    """
    rules = least or Least()
    arguments = Arguments()
    check_confidence(arguments, confidence)
    arguments.length = rows = len(labels)
    p = None if probability is None else arguments.probabilities(probability)
    good, bad, cost = (_amount(arguments, n, getattr(amounts, n), rows) for n in ("good", "bad", "review"))
    seen = np.zeros(rows) if reviewed is None else arguments.numbers("reviewed", np.asarray(reviewed, float))
    arguments.raise_if_any()
    parts = {"earned": (good, 0.0 * bad), "lost": (0.0 * good, bad), "review_cost": (seen * cost, seen * cost)}
    parts["profit"] = (good - seen * cost, -bad - seen * cost)
    found: list[tuple[Any, ...]] = []
    for month, segment, places in groups_of(rows, period, segments):
        inside = places[labels.usable[places]]
        for name, (of_good, of_bad) in parts.items():
            told = _total(labels.part(inside), of_good[inside], of_bad[inside], rules, confidence)
            expected = math.nan
            if p is not None:
                expected = math.fsum((1.0 - p[inside]) * of_good[inside] + p[inside] * of_bad[inside])
            found.append((month, segment, name, len(inside), *told[:-2], expected, amounts.currency, *told[-2:]))
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
    half = normal_quantile(confidence) * error_of(follow.influence(w * (amount - mean) / whole)) * rows
    return (bads, follow.followed, rows * mean, rows * mean - half, rows * mean + half, mean, EVALUABLE, None)


def _amount(arguments: Arguments, name: str, value: ArrayLike | float, rows: int) -> Floats:
    found = arguments.numbers(name, np.full(rows, float(np.asarray(value))) if np.ndim(value) == 0 else value)
    negative = f"{np.count_nonzero(found < 0)} of {len(found)} rows"
    arguments.require(bool(np.all(found >= 0)), name, "amounts below 0", "range", found=negative, allowed="0 or more")
    return found
