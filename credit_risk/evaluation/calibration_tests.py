"""Tests of calibration: Hosmer-Lemeshow, Spiegelhalter, binomial, Jeffreys, and calibration slope and intercept."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from credit_risk.evaluation._arrays import Arguments, Floats, check_confidence
from credit_risk.evaluation._groups import class_numbers, quantile_edges
from credit_risk.evaluation.intervals import normal_quantile


@dataclass(frozen=True, slots=True)
class ChiSquareTest:
    """`statistic` with `degrees` of freedom over `groups` groups; NaN p-value where degrees < 1."""

    statistic: float
    degrees: int
    p_value: float
    groups: int


@dataclass(frozen=True, slots=True)
class NormalTest:
    """z statistic and p-value; both NaN where the variance is zero."""

    statistic: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Coefficient:
    """An estimate with its standard error and Wald bounds; all NaN where `converged` is False."""

    estimate: float
    standard_error: float
    lower: float
    upper: float
    converged: bool


_NOT_ESTIMABLE = Coefficient(math.nan, math.nan, math.nan, math.nan, False)


def probability_groups(probability: ArrayLike, groups: int = 10, weights: ArrayLike | None = None) -> np.ndarray:
    """Group 0, 1, ... of each row by (weighted) quantiles of probability, ties together, (n,): `groups` or fewer."""
    arguments = Arguments()
    p, w = arguments.probabilities(probability), arguments.weights(weights)
    arguments.require(groups >= 2, "groups", "too few groups", "range", found=repr(groups), allowed="2 or more")
    arguments.raise_if_any()
    return class_numbers(p, quantile_edges(p, groups, w))


def hosmer_lemeshow(
    y: ArrayLike, probability: ArrayLike, *, fitted: bool, groups: int = 10, weights: ArrayLike | None = None
) -> ChiSquareTest:
    """Sum over groups of (O - E)^2 / (E (1 - E/n)), against chi-square.

    Hosmer and Lemeshow (1980), Communications in Statistics A9, 1043-1069. Groups are quantiles of
    probability with ties kept together. `fitted`: True for the sample on which the model was fitted,
    degrees G - 2; False for any other, degrees G. With weights (n,) groups, bad rates and mean probabilities are
    weighted, and n of a group is Kish's effective size. y may have one class. Raises CreditRiskError on other outcomes,
    probabilities outside [0, 1] or weights that are not positive.
    """
    arguments = Arguments()
    y_, p = arguments.outcome(y, both_classes=False), arguments.probabilities(probability)
    w = arguments.weights(weights)
    arguments.raise_if_any()
    group = probability_groups(p, groups, w)
    if w is None:
        count = np.bincount(group).astype(np.float64)
        return _chi_square(count, np.bincount(group, y_).astype(float), np.bincount(group, p) / count, fitted)
    mass = np.bincount(group, w)
    count = mass * mass / np.bincount(group, w * w)
    return _chi_square(count, np.bincount(group, w * y_) / mass * count, np.bincount(group, w * p) / mass, fitted)


def hosmer_lemeshow_of_grades(
    count: ArrayLike, bad: ArrayLike, probability: ArrayLike, *, fitted: bool
) -> ChiSquareTest:
    """`hosmer_lemeshow` from rows, bads and the one probability of each grade, shapes (k,)."""
    arguments = Arguments()
    n, d = arguments.numbers("count", count), arguments.numbers("bad", bad)
    p = arguments.probabilities(probability)
    if len(n) == len(d):
        arguments.require(bool(np.all((d >= 0) & (d <= n) & (n > 0))), "bad", "not 0 <= bad <= count > 0", "range")
    arguments.raise_if_any()
    return _chi_square(n, d, p, fitted)


def spiegelhalter(y: ArrayLike, probability: ArrayLike, weights: ArrayLike | None = None) -> NormalTest:
    """z = sum w (y - p)(1 - 2p) / sqrt(sum w^2 (1 - 2p)^2 p (1 - p)), two-sided; weights w (n,), 1 without.

    Spiegelhalter (1986), Statistics in Medicine 5, 421-433: the standardised difference of the Brier score
    from its expectation under calibration; weights are fixed, outcomes random. Raises CreditRiskError as
    `hosmer_lemeshow` does.
    """
    arguments = Arguments()
    y_, p = arguments.outcome(y, both_classes=False), arguments.probabilities(probability)
    w = arguments.weights(weights)
    arguments.raise_if_any()
    tilt = (1.0 - 2.0 * p) if w is None else w * (1.0 - 2.0 * p)
    return _two_sided(math.fsum((y_ - p) * tilt), math.fsum(tilt * tilt * p * (1.0 - p)))


def binomial_p_value(bad: float, count: float, probability: float) -> float:
    """P(X >= bad) for X binomial(count, probability): small where more bads occurred than predicted (BCBS WP14)."""
    check_grade(bad, count, probability)
    return float(at_least(bad, count, np.float64(probability)))


def at_least(bad: float, count: float, probability: Floats | np.float64) -> Floats:
    """P(X >= bad) of a binomial, (m,), as an incomplete beta function: also of counts at an effective size."""
    if bad <= 0:
        return np.ones(np.shape(probability))
    return np.asarray(special.betainc(bad, count - bad + 1.0, probability), np.float64)


def jeffreys_p_value(bad: float, count: float, probability: float) -> float:
    """P(PD <= probability) under the posterior Beta(bad + 1/2, count - bad + 1/2): small where PD is too low.

    ECB, Instructions for reporting the validation results of internal models, section 2.5.3.1: the null
    hypothesis is that the predicted PD is not below the true one.
    """
    check_grade(bad, count, probability)
    return float(special.betainc(bad + 0.5, count - bad + 0.5, probability))


def normal_p_value(bad: float, count: float, probability: float) -> float:
    """P(Z >= (bad - n p)/sqrt(n p (1 - p))): normal approximation of `binomial_p_value`; NaN at probability 0 or 1."""
    check_grade(bad, count, probability)
    variance = count * probability * (1.0 - probability)
    return float(special.ndtr((count * probability - bad) / math.sqrt(variance))) if variance > 0 else math.nan


def calibration_slope(
    y: ArrayLike, probability: ArrayLike, confidence: float = 0.95, weights: ArrayLike | None = None
) -> Coefficient:
    """b of logit P(bad) = a + b logit(p), by maximum likelihood; 1 under calibration (Cox 1958, Biometrika 45).

    Below 1: predictions are too extreme. With weights w (n,) the weighted likelihood is maximised, and the covariance
    is A^-1 B A^-1 with A = sum w p (1 - p) x x', B = sum w^2 p (1 - p) x x': the unit of the weights does not matter.
    Not estimable (NaN, `converged` False) where a probability is 0 or 1, all are equal, or goods and bads are
    separated. Raises CreditRiskError on one class, probabilities outside [0, 1] or weights that are not positive.
    """
    linear, y_, w = _logits(y, probability, confidence, weights)
    if linear is None or np.ptp(linear) == 0.0:
        return _NOT_ESTIMABLE
    spread = float(linear.std())
    design = np.column_stack([np.ones(len(y_)), (linear - linear.mean()) / spread])
    start = np.array([float(linear.mean()), spread])
    return _logistic(y_, design, np.zeros(len(y_)), start, confidence, 1.0 / spread, w)


def calibration_intercept(
    y: ArrayLike, probability: ArrayLike, confidence: float = 0.95, weights: ArrayLike | None = None
) -> Coefficient:
    """a of logit P(bad) = a + logit(p), slope fixed at 1: calibration in the large, 0 under calibration.

    Positive: more bads than predicted. Not estimable where a probability is 0 or 1. Weights and errors as in
    `calibration_slope`.
    """
    linear, y_, w = _logits(y, probability, confidence, weights)
    if linear is None:
        return _NOT_ESTIMABLE
    return _logistic(y_, np.ones((len(y_), 1)), linear, np.zeros(1), confidence, 1.0, w)


def _logits(
    y: ArrayLike, probability: ArrayLike, confidence: float, weights: ArrayLike | None
) -> tuple[Floats | None, Floats, Floats | None]:
    """Log-odds (None where infinite), outcome, and weights with mean 1."""
    arguments = Arguments()
    check_confidence(arguments, confidence)
    y_, p = arguments.outcome(y), arguments.probabilities(probability)
    w = arguments.weights(weights)
    arguments.raise_if_any()
    linear = None if p.min() == 0.0 or p.max() == 1.0 else special.logit(p)
    return linear, y_, None if w is None else w * (len(w) / w.sum())


def _logistic(
    y: Floats,
    design: Floats,
    offset: Floats,
    start: Floats,
    confidence: float,
    unit: float,
    weights: Floats | None,
) -> Coefficient:
    """The last coefficient times `unit`, by Newton's method with step halving on the (weighted) log-likelihood."""
    w = np.ones(len(y)) if weights is None else weights
    beta, value = start, _log_likelihood(y, offset + design @ start, w)
    for _ in range(100):
        p = special.expit(offset + design @ beta)
        information = design.T @ (design * (w * p * (1.0 - p))[:, None])
        score = design.T @ (w * (y - p))
        if not np.all(np.isfinite(information)) or np.linalg.cond(information) > 1e12:
            return _NOT_ESTIMABLE
        step = np.linalg.solve(information, score)
        if float(score @ step) < 1e-18 * len(y):  # Newton decrement
            covariance = np.linalg.inv(information)
            if weights is not None:
                covariance = covariance @ (design.T @ (design * (w * w * p * (1.0 - p))[:, None])) @ covariance
            error = math.sqrt(covariance[-1, -1]) * unit
            estimate, half = float(beta[-1]) * unit, normal_quantile(confidence) * error
            return Coefficient(estimate, error, estimate - half, estimate + half, True)
        for halving in range(40):
            trial = beta + step * 0.5**halving
            trial_value = _log_likelihood(y, offset + design @ trial, w)
            if trial_value >= value - 1e-13 * abs(value):
                break
        beta, value = trial, trial_value
    return _NOT_ESTIMABLE


def _log_likelihood(y: Floats, linear: Floats, weights: Floats) -> float:
    return float(-(weights * np.logaddexp(0.0, np.where(y == 1.0, -linear, linear))).sum())


def _chi_square(count: Floats, bad: Floats, probability: Floats, fitted: bool) -> ChiSquareTest:
    expected = count * probability
    variance = expected * (1.0 - probability)
    excess = (bad - expected) ** 2
    certain = variance <= 0.0  # all predicted 0, or all 1
    terms = np.where(certain, np.where(excess > 0.0, np.inf, 0.0), excess / np.where(certain, 1.0, variance))
    statistic, groups = float(terms.sum()), len(count)
    degrees = groups - 2 if fitted else groups
    p_value = float(special.chdtrc(degrees, statistic)) if degrees >= 1 else math.nan
    return ChiSquareTest(statistic, degrees, p_value, groups)


def _two_sided(total: float, variance: float) -> NormalTest:
    if variance <= 0.0:
        return NormalTest(math.nan, math.nan)
    z = total / math.sqrt(variance)
    return NormalTest(z, float(2.0 * special.ndtr(-abs(z))))


def check_grade(bad: float, count: float, probability: float) -> None:
    """Raise CreditRiskError unless 0 <= bad <= count, count > 0 and 0 <= probability <= 1."""
    arguments = Arguments()
    given = {"bad": bad, "count": count, "probability": probability}
    ok = count > 0 and 0 <= bad <= count and 0.0 <= probability <= 1.0
    allowed = "0 <= bad <= count, count > 0, 0 <= probability <= 1"
    arguments.require(ok, "grade", "counts and probability do not fit", "range", found=str(given), allowed=allowed)
    arguments.raise_if_any()
