"""Tests of calibration where defaults are correlated: the one-factor model of Vasicek, by numerical integration."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import ArrayLike
from scipy import special, stats

from credit_risk.evaluation._arrays import Arguments, Floats
from credit_risk.evaluation.calibration_tests import NormalTest, at_least, check_grade, probability_groups

REACH = 9.0
POINTS = 16_385
GROUP_POINTS = 4_097
DEGREE = 48


@dataclass(frozen=True, slots=True)
class MixedChiSquare:
    """`statistic` over `groups` groups, and its p-value where all groups share one factor."""

    statistic: float
    p_value: float
    groups: int


def vasicek_quantile(probability: ArrayLike, correlation: float, level: ArrayLike) -> Floats:
    """Default rate of a very large grade that is not exceeded with probability `level`, shapes (k,).

    Φ((√ρ·Φ⁻¹(level) + Φ⁻¹(PD))/√(1 − ρ)): Tasche (2003), A traffic lights approach to PD validation. Raises
    CreditRiskError on probabilities or levels outside [0, 1] and a correlation outside [0, 1).
    """
    arguments = Arguments()
    pair = np.broadcast_arrays(np.atleast_1d(np.asarray(probability, float)), np.asarray(level, float))
    p, q = arguments.probabilities(pair[0]), arguments.probabilities(pair[1], "level")
    _check_correlation(arguments, correlation)
    arguments.raise_if_any()
    return conditional_probability(p, correlation, -special.ndtri(q))


def conditional_probability(probability: ArrayLike, correlation: float, factor: ArrayLike) -> Floats:
    """Φ((Φ⁻¹(PD) − √ρ·z)/√(1 − ρ)) of PD and standard normal factor z, broadcast: low z is a bad year."""
    drift = special.ndtri(probability) - math.sqrt(correlation) * np.asarray(factor)
    return np.asarray(special.ndtr(drift / math.sqrt(1.0 - correlation)), np.float64)


def correlated_binomial_p_value(bad: float, count: float, probability: float, correlation: float) -> float:
    """P(X >= bad), X binomial given the factor: `binomial_p_value` at correlation 0. Small where PD is too low."""
    _check(bad, count, probability, correlation)
    factor, mass = _grid(POINTS)
    tail = at_least(bad, count, conditional_probability(probability, correlation, factor))
    return _whole(mass, tail)


def correlated_jeffreys_p_value(bad: float, count: float, probability: float, correlation: float) -> float:
    """Mean over the factor of F(PD given it), F of Beta(bad + ½, count − bad + ½): `jeffreys_p_value` at 0.

    The posterior of the rate of this year against the distribution of such rates about a long-run PD: small where PD is
    too low. Close to the mid-p-value of `correlated_binomial_p_value`, as Jeffreys' is to the binomial's.
    """
    _check(bad, count, probability, correlation)
    factor, mass = _grid(POINTS)
    below = special.betainc(bad + 0.5, count - bad + 0.5, conditional_probability(probability, correlation, factor))
    return _whole(mass, below)


def correlated_spiegelhalter(
    y: ArrayLike, probability: ArrayLike, correlation: float, weights: ArrayLike | None = None
) -> NormalTest:
    """Spiegelhalter's z, and twice its smaller tail where all rows share one factor; weights w (n,), 1 without.

    Given the factor the sum is normal with mean Σw(p(z) − p)(1 − 2p) and variance Σw²(1 − 2p)²p(z)(1 − p(z)); both are
    polynomials in z (Chebyshev, degree 48) for the integral. The statistic is that of independent rows: it is the
    p-value that allows for the factor. Raises CreditRiskError as `spiegelhalter` does.
    """
    arguments = Arguments()
    y_, p = arguments.outcome(y, both_classes=False), arguments.probabilities(probability)
    w = arguments.weights(weights)
    _check_correlation(arguments, correlation)
    arguments.raise_if_any()
    tilt = (1.0 - 2.0 * p) if w is None else w * (1.0 - 2.0 * p)
    total, alone = math.fsum((y_ - p) * tilt), math.fsum(tilt * tilt * p * (1.0 - p))
    if alone <= 0.0:
        return NormalTest(math.nan, math.nan)
    values, place = np.unique(p, return_inverse=True)
    first, second = (np.bincount(place, part, len(values)).astype(float) for part in (tilt, tilt * tilt))
    factor, mass = _grid(POINTS)
    mean, variance = _moments(values, first, second, correlation, factor)
    upper = _whole(mass, special.ndtr((mean - total) / np.sqrt(variance)))
    return NormalTest(total / math.sqrt(alone), min(1.0, 2.0 * min(upper, 1.0 - upper)))


def correlated_hosmer_lemeshow(
    y: ArrayLike, probability: ArrayLike, correlation: float, *, groups: int = 10, weights: ArrayLike | None = None
) -> MixedChiSquare:
    """`hosmer_lemeshow` of a sample on which nothing was fitted, its p-value where all rows share one factor.

    Given the factor the statistic is a sum of noncentral chi-squares, one a group (`mixed_chi_square`). Raises
    CreditRiskError as `hosmer_lemeshow` does.
    """
    arguments = Arguments()
    y_, p = arguments.outcome(y, both_classes=False), arguments.probabilities(probability)
    w = arguments.weights(weights)
    _check_correlation(arguments, correlation)
    arguments.raise_if_any()
    group = probability_groups(p, groups, w)
    mass = np.bincount(group).astype(float) if w is None else np.bincount(group, w)
    count = mass if w is None else mass * mass / np.bincount(group, w * w)
    own = np.ones(len(p)) if w is None else w
    rate, mean = (np.bincount(group, own * part) / mass for part in (y_, p))
    return mixed_chi_square(count, rate * count, mean, correlation)


def mixed_chi_square(count: ArrayLike, bad: ArrayLike, probability: ArrayLike, correlation: float) -> MixedChiSquare:
    """Σ(O − E)²/(E(1 − E/n)) of grades (k,), and its p-value where all grades share one factor.

    Given the factor, term k is λ_k times a noncentral chi-square with one degree, λ_k = p_k(z)(1 − p_k(z))/(p_k(1 −
    p_k)); their sum has the four-cumulant approximation of Liu, Tang and Zhang (2009), Computational Statistics & Data
    Analysis 53, 853-856, and the p-value is its mean over the factor. At correlation 0 it is chi-square with k degrees.
    NaN where a probability is 0 or 1 beside an outcome that it allows; 0 where it does not allow it.
    """
    arguments = Arguments()
    n, d = arguments.numbers("count", count), arguments.numbers("bad", bad)
    p = arguments.probabilities(probability)
    _check_correlation(arguments, correlation)
    if len(n) == len(d):
        arguments.require(bool(np.all((d >= 0) & (d <= n) & (n > 0))), "bad", "not 0 <= bad <= count > 0", "range")
    arguments.raise_if_any()
    variance = p * (1.0 - p)
    if (variance <= 0.0).any():
        wrong = bool(np.any((variance <= 0.0) & (d != n * p)))
        return MixedChiSquare(math.inf if wrong else math.nan, 0.0 if wrong else math.nan, len(n))
    statistic = float(np.sum((d - n * p) ** 2 / (n * variance)))
    factor, mass = _grid(GROUP_POINTS)
    given = conditional_probability(p[:, None], correlation, factor[None, :])
    spread = np.maximum(given * (1.0 - given), 1e-300)
    scale = spread / variance[:, None]
    shift = n[:, None] * (given - p[:, None]) ** 2 / spread
    return MixedChiSquare(statistic, _whole(mass, _tail(statistic, scale, shift)), len(n))


def _tail(value: float, scale: Floats, shift: Floats) -> Floats:
    """P(Σ scale·χ'²₁(shift) > value), (m,), of scale and shift (k, m), by four cumulants."""
    c1, c2, c3, c4 = (np.sum(scale**r * (1.0 + r * shift), axis=0) for r in (1, 2, 3, 4))
    first, second = c3 / c2**1.5, c4 / c2**2
    root = np.sqrt(np.maximum(first**2 - second, 0.0))
    apart = root > 1e-9 * first
    a = np.where(apart, 1.0 / np.where(apart, first - root, 1.0), 1.0 / first)
    centre = np.where(apart, first * a**3 - a**2, 0.0)
    degrees = np.where(apart, a**2 - 2.0 * centre, 1.0 / first**2)
    at = (value - c1) / np.sqrt(2.0 * c2) * np.sqrt(2.0) * a + degrees + centre
    return np.asarray(_noncentral(np.maximum(at, 0.0), degrees, centre), np.float64)


def _noncentral(at: Floats, degrees: Floats, centre: Floats) -> Floats:
    """Upper tail of noncentral chi-square; far out (1e4) by its normal approximation of the cube root (Sankaran)."""
    small = centre < 1e4
    found = np.empty(len(at))
    found[small] = np.where(
        centre[small] > 0,
        stats.ncx2.sf(at[small], degrees[small], np.maximum(centre[small], 1e-300)),
        special.chdtrc(degrees[small], at[small]),
    )
    f, c, x = degrees[~small], centre[~small], at[~small]
    h = 1.0 - 2.0 / 3.0 * (f + c) * (f + 3.0 * c) / (f + 2.0 * c) ** 2
    p = (f + 2.0 * c) / (f + c) ** 2
    m = (h - 1.0) * (1.0 - 3.0 * h)
    mean, spread = 1.0 + h * p * (h - 1.0 - 0.5 * (2.0 - h) * m * p), h * np.sqrt(2.0 * p) * (1.0 + 0.5 * m * p)
    found[~small] = special.ndtr(-((x / (f + c)) ** h - mean) / spread)
    return found


def _moments(
    values: Floats, tilt: Floats, squared: Floats, correlation: float, factor: Floats
) -> tuple[Floats, Floats]:
    """Mean and variance of the sum given each factor, (m,), from sums by distinct probability."""
    nodes = REACH * np.cos(np.pi * (np.arange(DEGREE + 1) + 0.5) / (DEGREE + 1))
    moments = np.empty((DEGREE + 1, 2))
    for place, z in enumerate(nodes):
        given = conditional_probability(values, correlation, z)
        moments[place] = np.dot(tilt, given - values), np.dot(squared, given * (1.0 - given))
    terms = chebyshev.chebfit(nodes / REACH, moments, DEGREE)
    mean, variance = chebyshev.chebval(factor / REACH, terms)
    return mean, np.maximum(variance, 1e-12 * float(moments[:, 1].max()))


def _grid(points: int) -> tuple[Floats, Floats]:
    """Factors from −9 to 9 and their normal weights: the trapezoidal rule, exact to rounding for smooth functions."""
    factor = np.linspace(-REACH, REACH, points)
    mass = np.exp(-0.5 * factor**2)
    return factor, mass / mass.sum()


def _whole(mass: Floats, values: Floats) -> float:
    return float(min(1.0, max(0.0, np.dot(mass, values))))


def _check_correlation(arguments: Arguments, correlation: float) -> None:
    good = isinstance(correlation, (int, float)) and not isinstance(correlation, bool) and 0.0 <= correlation < 1.0
    text = "not an asset correlation"
    arguments.require(good, "correlation", text, "range", found=repr(correlation), allowed="0 to below 1")


def _check(bad: float, count: float, probability: float, correlation: float) -> None:
    check_grade(bad, count, probability)
    arguments = Arguments()
    _check_correlation(arguments, correlation)
    arguments.raise_if_any()
