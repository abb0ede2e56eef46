"""Anchors: the shift of the log-odds that gives a portfolio a declared mean, and the odds shift of resampling.

The two differ. A long-run anchor asks that the *mean of the probabilities* be the long-run default rate; since that
mean is not linear in the log-odds, the shift is solved for (`anchor_shift`). The odds shift logit π₁ − logit π₀ is
Bayes' rule for a sample whose goods and bads were drawn at other rates than the population's (King and Zeng 2001); used
as an anchor it misses the target: with a mean of .0789 and a target of .04 it is −.720 in place of −.784, and the mean
becomes .0424.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import expit

from credit_risk._core.errors import CalibrationError, Fault
from credit_risk.calibration._arrays import checked_rate, refuse
from credit_risk.calibration.maps import AnchoredMap, CalibrationMap, IdentityMap
from credit_risk.evaluation._arrays import Arguments

Floats = NDArray[np.float64]
MEAN_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Anchor:
    """A solved anchor: map with the shift, shift in log-odds, mean probability before and after, the target.

    odds_shift: logit(target) − logit(mean_before), which does not reach the target, and the mean_by_odds_shift it
    would give; both told so that the difference is seen.
    """

    map: AnchoredMap
    shift: float
    target: float
    mean_before: float
    mean_after: float
    odds_shift: float
    mean_by_odds_shift: float

    @property
    def method(self) -> str:
        """Name of the method of the map that is anchored."""
        return self.map.method


def anchor_shift(log_odds: ArrayLike, target: float, weights: ArrayLike | None = None) -> float:
    """δ with weighted mean of sigmoid(log_odds + δ) = target, log-odds of bad (n,).

    CalibrationError: a target of 0 or 1 (or beyond), log-odds that are not finite, weights of zero or less.
    """
    goal = checked_rate(target, "target")
    arguments = Arguments()
    given = arguments.numbers("log_odds", log_odds)
    w = arguments.weights(weights)
    refuse(arguments)
    w = np.ones(len(given)) if w is None else w

    def gap(shift: float) -> float:
        return float(w @ expit(given + shift) / w.sum()) - goal

    aim = math.log(goal / (1.0 - goal))
    low, high = aim - float(given.max()), aim - float(given.min())
    if gap(low) >= 0.0 or gap(high) <= 0.0:  # one value of log-odds, to rounding
        return low if abs(gap(low)) <= abs(gap(high)) else high
    return float(brentq(gap, low, high, xtol=1e-14, rtol=1e-15, maxiter=500))


def anchor_map(
    calibration: CalibrationMap | None,
    linear_score: ArrayLike,
    target: float,
    weights: ArrayLike | None = None,
) -> Anchor:
    """Shift a map (None: the linear score as it is) so that the mean probability of a portfolio is `target`.

    linear_score (n,): log-odds of bad of the rows whose mean is meant, such as the booked accounts of one date.
    CalibrationError as in `anchor_shift`.
    """
    first = IdentityMap() if calibration is None else calibration
    before = first.probability(linear_score)
    shift = anchor_shift(_log_odds_of(first, before, linear_score), target, weights)
    anchored = AnchoredMap(first, shift)
    after = anchored.probability(linear_score)
    w = np.ones(len(before)) if weights is None else np.asarray(weights, dtype=np.float64)
    mean_before, mean_after = (float(np.average(p, weights=w)) for p in (before, after))
    if abs(mean_after - target) > MEAN_TOLERANCE:
        message = "the mean of the anchored map is not the target"
        raise CalibrationError(Fault(message, "anchor", path="target", found=repr(mean_after), allowed=repr(target)))
    odds_shift = bayes_odds_shift(mean_before, target)
    by_odds = AnchoredMap(first, odds_shift).probability(linear_score)
    return Anchor(
        map=anchored,
        shift=shift,
        target=float(target),
        mean_before=mean_before,
        mean_after=mean_after,
        odds_shift=odds_shift,
        mean_by_odds_shift=float(np.average(by_odds, weights=w)),
    )


def _log_odds_of(first: CalibrationMap, probability: Floats, linear_score: ArrayLike) -> Floats:
    if isinstance(first, IdentityMap):
        return np.asarray(linear_score, dtype=np.float64)
    with np.errstate(divide="ignore"):
        given: Floats = np.log(probability / (1.0 - probability))
    return given


def bayes_odds_shift(sample_rate: float, population_rate: float) -> float:
    """logit(population_rate) − logit(sample_rate): for samples drawn at another share of bads than the population's.

    Only for that: where goods (or bads) were drawn at random at a known rate, each row's log-odds move by exactly this
    (King and Zeng 2001, prior correction; Anderson 1972). It is no anchor to a long-run default rate: shifted by it,
    the mean probability is not population_rate unless all rows have one probability. Use `anchor_map` for that.
    CalibrationError on a rate of 0 or 1.
    """
    sample, population = checked_rate(sample_rate, "sample_rate"), checked_rate(population_rate, "population_rate")
    return math.log(population / (1.0 - population)) - math.log(sample / (1.0 - sample))
