"""Calibration of a whole portfolio: its level, several periods together, and grades capped at what was observed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from credit_risk.evaluation._arrays import Arguments, Floats, check_confidence
from credit_risk.evaluation.calibration_tests import NormalTest
from credit_risk.evaluation.intervals import wilson_interval


@dataclass(frozen=True, slots=True)
class Level:
    """Calibration in the large: observed rate with Wilson's bounds, mean prediction, their difference and ratio."""

    observed: float
    lower: float
    upper: float
    expected: float
    difference: float
    ratio: float


def calibration_in_the_large(
    y: ArrayLike, probability: ArrayLike, confidence: float = 0.95, weights: ArrayLike | None = None
) -> Level:
    """Observed bad rate beside mean probability, (n,) each; bounds at Kish's effective size where rows have weights.

    `ratio` is observed over expected, above 1 where there are more bads than predicted; NaN where nothing is expected.
    Raises CreditRiskError on other outcomes, probabilities outside [0, 1] or weights that are not positive.
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    y_, p = arguments.outcome(y, both_classes=False), arguments.probabilities(probability)
    given = arguments.weights(weights)
    arguments.raise_if_any()
    w = np.ones(len(y_)) if given is None else given
    whole = math.fsum(w)
    size = whole**2 / math.fsum(w * w)
    observed, expected = math.fsum(w * y_) / whole, math.fsum(w * p) / whole
    lower, upper = wilson_interval([min(observed * size, size)], [size], confidence)
    ratio = observed / expected if expected > 0 else math.nan
    return Level(observed, float(lower[0]), float(upper[0]), expected, observed - expected, ratio)


def multi_period_normal_test(default_rate: ArrayLike, probability: ArrayLike) -> NormalTest:
    """Σ(DR − PD)/(√T·τ) over T periods (T,), and its one-sided p-value: small where PDs are too low.

    Basel Committee, Working Paper 14 (2005): τ² = (Σ(DR − PD)² − (Σ(DR − PD))²/T)/(T − 1), which allows for dependence
    within a period, none between periods. NaN where all differences are alike. Raises CreditRiskError on
    rates outside [0, 1] or fewer than 2 periods.
    """
    arguments = Arguments()
    rate, p = arguments.probabilities(default_rate, "default_rate"), arguments.probabilities(probability)
    found = f"{len(rate)} periods"
    arguments.require(len(rate) >= 2, "default_rate", "too few periods", "range", found=found, allowed="2 or more")
    arguments.raise_if_any()
    gap = rate - p
    periods, total = len(gap), math.fsum(gap)
    variance = math.fsum((gap - total / periods) ** 2) / (periods - 1)
    if variance <= 1e-30:
        return NormalTest(math.nan, math.nan)
    z = total / math.sqrt(periods * variance)
    return NormalTest(z, float(special.ndtr(-z)))


def portfolio_normal_test(count: ArrayLike, bad: ArrayLike, probability: ArrayLike) -> NormalTest:
    """z of the bad rate of all grades (k,) against their mean PD, variance PD(1 − PD)/n; one-sided p-value.

    Small where PDs are too low. NaN where the mean PD is 0 or 1. Raises CreditRiskError unless 0 <= bad <= count > 0
    and probabilities are within [0, 1].
    """
    n, d, p = _grades(count, bad, probability)
    whole = math.fsum(n)
    mean = math.fsum(n * p) / whole
    if not 0.0 < mean < 1.0:
        return NormalTest(math.nan, math.nan)
    z = (math.fsum(d) / whole - mean) / math.sqrt(mean * (1.0 - mean) / whole)
    return NormalTest(z, float(special.ndtr(-z)))


def capped_probability(count: ArrayLike, bad: ArrayLike, probability: ArrayLike) -> Floats:
    """The lower of PD and observed rate of each grade, (k,): grades that are too careful cannot make up for others.

    `hosmer_lemeshow_of_grades` and `portfolio_normal_test` of these see PDs that are too low only. Raises
    CreditRiskError as `portfolio_normal_test` does.
    """
    n, d, p = _grades(count, bad, probability)
    return np.minimum(p, d / n)


def _grades(count: ArrayLike, bad: ArrayLike, probability: ArrayLike) -> tuple[Floats, Floats, Floats]:
    arguments = Arguments()
    n, d = arguments.numbers("count", count), arguments.numbers("bad", bad)
    p = arguments.probabilities(probability)
    if len(n) == len(d):
        arguments.require(bool(np.all((d >= 0) & (d <= n) & (n > 0))), "bad", "not 0 <= bad <= count > 0", "range")
    arguments.raise_if_any()
    return n, d, p
