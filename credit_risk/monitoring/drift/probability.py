"""How much each characteristic moved the mean probability of bad, with what that leaves unexplained.

The mean probability is the mean of a curve g of the linear score, so it depends on the whole distribution of the score
and not on its mean alone. Counts of single characteristics do not tell that distribution. What is told here, with M the
mean of g(linear score):

- location: development moved as a whole by the shift d of its mean linear score. M changes by exactly
  M(scores + d) - M(scores), and along the straight path from 0 to d a characteristic has the Aumann-Shapley share
  d(j) x integral of M' (Aumann and Shapley 1974, Values of Non-Atomic Games, chapter III; the integrated gradients of
  Sundararajan, Taly and Yan 2017), which is d(j)/d of the change: the weights that Yun (2004, Economics Letters 82,
  275-280) derives for differences of a first moment in a model that is not linear. Counts suffice.
- spread (rows needed): development moved and stretched about its mean to the variance of the period. The variance is
  the sum over characteristics of cov(contribution, linear score), so its change has a share for each, and dependence
  between characteristics enters by it.
- remainder: what is observed less these. It is shape beyond mean and variance, and with counts the spread as well; and
  a change of the curve itself, which no distribution explains.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Arguments, Floats

Link = Callable[[Floats], Floats]
STEP = 0.01
"""Of a standard deviation: where the shifts cancel, the slope of M is taken over so long a path about development."""


@dataclass(frozen=True, slots=True)
class MeanProbability:
    """Development's linear scores (n,) with rows (n,), and the map from linear score to probability (vectorised)."""

    scores: Floats
    rows: Floats
    link: Link

    def __post_init__(self) -> None:
        arguments = Arguments()
        arguments.numbers("scores", self.scores)
        rows = arguments.numbers("rows", self.rows)
        positive = bool(np.all(rows >= 0) and rows.sum() > 0)
        arguments.require(positive, "rows", "negative counts or no rows", "range", allowed="0 or more, some above")
        arguments.raise_if_any()

    def mean(self, move: float = 0.0, stretch: float = 1.0) -> float:
        """Mean probability where every score is moved, and stretched about its mean."""
        share = self.rows / self.rows.sum()
        centre = float(share @ self.scores)
        found = np.asarray(self.link(centre + move + stretch * (self.scores - centre)), np.float64)
        return float(share @ found)

    @property
    def deviation(self) -> float:
        """Standard deviation of the scores."""
        share = self.rows / self.rows.sum()
        return float(np.sqrt(share @ np.square(self.scores - share @ self.scores)))

    def of_shifts(self, shifts: ArrayLike) -> Floats:
        """Location part of each characteristic, (g, k), of shifts of the mean linear score (g, k).

        Rows sum to M(d) - M(0) with d the sum of the row, but where d is within STEP/2 standard deviations of 0, where
        the slope is that over such a path about development. A row with an unknown shift is unknown.
        """
        own = np.atleast_2d(np.asarray(shifts, np.float64))
        total = own.sum(axis=1)
        known = ~np.isnan(total)
        slopes = np.full(len(own), np.nan)
        slopes[known] = [self._slope(float(d)) for d in total[known]]
        return own * slopes[:, None]

    def _slope(self, total: float) -> float:
        least = STEP * (self.deviation or 1.0)
        if abs(total) >= least / 2.0:
            return (self.mean(total) - self.mean()) / total
        return (self.mean(least / 2.0) - self.mean(-least / 2.0)) / least


@dataclass(frozen=True, slots=True)
class ProbabilityShift:
    """location, spread (k,) by characteristic; observed: the change of the mean probability; remainder: observed less
    all of these."""

    location: Floats
    spread: Floats
    observed: float
    remainder: float


def probability_of_rows(
    development: ArrayLike,
    period: ArrayLike,
    constant: float,
    link: Link,
    *,
    period_link: Link | None = None,
    development_weights: ArrayLike | None = None,
) -> ProbabilityShift:
    """Change of the mean probability from contributions of rows, development (n, k) and period (m, k).

    constant + sum of a row is its linear score; link: linear score to probability; period_link: that of the period,
    where the model was recalibrated since (its effect is then part of the remainder); development_weights (n,). Raises
    CreditRiskError where the shapes do not fit.
    """
    first, second = np.asarray(development, np.float64), np.asarray(period, np.float64)
    if first.ndim != 2 or second.ndim != 2 or first.shape[1] != second.shape[1] or min(len(first), len(second)) < 2:
        found = f"{first.shape} and {second.shape}"
        raise CreditRiskError(Fault("no two matrices of the same columns", "shape", path="period", found=found))
    scores, other = constant + first.sum(axis=1), constant + second.sum(axis=1)
    weights = np.ones(len(scores)) if development_weights is None else np.asarray(development_weights, np.float64)
    base = MeanProbability(scores, weights, link)
    shifts = second.mean(axis=0) - np.average(first, axis=0, weights=weights)
    location = base.of_shifts(shifts)[0]
    change = _covariances(second, other, np.ones(len(other))) - _covariances(first, scores, weights)
    spread = change * _spread_slope(base, float(shifts.sum()), float(change.sum()))
    observed = float(np.mean((period_link or link)(other)) - base.mean())
    return ProbabilityShift(location, spread, observed, observed - float(location.sum() + spread.sum()))


def _covariances(contributions: Floats, scores: Floats, weights: Floats) -> Floats:
    share = weights / weights.sum()
    centred = scores - share @ scores
    return np.asarray((contributions - share @ contributions).T @ (share * centred), np.float64)


def _spread_slope(base: MeanProbability, move: float, change: float) -> float:
    """Change of the mean probability per unit of variance, along the stretch from development's variance."""
    variance = base.deviation**2
    if variance <= 0.0:
        return 0.0
    start = variance if abs(change) >= STEP * variance else variance * (1.0 - STEP / 2.0)
    end = variance + change if abs(change) >= STEP * variance else variance * (1.0 + STEP / 2.0)
    first, second = (base.mean(move, float(np.sqrt(max(v, 0.0) / variance))) for v in (start, end))
    return (second - first) / (end - start)
