"""Discrimination, calibration and stability, computed our own way: ranks, sorted cumulative sums, exact formulae."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Auc:
    """Area under the ROC curve, its DeLong standard error (NaN with fewer than two bads or goods), logit bounds."""

    auc: float
    standard_error: float
    lower: float
    upper: float


def auc(outcome: Floats, risk: Floats, weight: Floats | None = None, confidence: float = 0.95) -> Auc:
    """P(risk of a bad > that of a good) + P(equal)/2 by midranks; outcome (n,) 1 bad, risk (n,) higher is riskier.

    Variance: DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44, from the structural components (Sun and Xu 2014);
    with weights (n,) each component counts with its squared share of the weight. Bounds on the logit scale (Pepe 2003,
    section 5.2); where the AUC is 0 or 1 those of `perfect_bounds`, at Kish's effective sizes; without width where the
    variance is zero otherwise.
    """
    bads, goods, w = *components(outcome, risk, weight), _weights(outcome, weight)
    area = weighted_mean(bads, w[outcome == 1])
    if area in (0.0, 1.0):
        sides = [w[outcome == 1], w[outcome != 1]]
        sizes = [effective_size(float(np.sum(side)), float(np.sum(side**2))) for side in sides]
        return Auc(area, 0.0, *perfect_bounds(area, sizes[0], sizes[1], confidence))
    if min(len(bads), len(goods)) < 2:
        return Auc(area, np.nan, np.nan, np.nan)
    error = float(np.sqrt(_mean_variance(bads, w[outcome == 1]) + _mean_variance(goods, w[outcome != 1])))
    if error == 0:
        return Auc(area, error, area, area)
    half = special.ndtri(0.5 + confidence / 2.0) * error / (area * (1.0 - area))
    centre = special.logit(area)
    return Auc(area, error, float(special.expit(centre - half)), float(special.expit(centre + half)))


def perfect_bounds(area: float, bads: float, goods: float, confidence: float) -> tuple[float, float]:
    """Return bounds of an AUC of 0 or 1: method 5 of Newcombe (2006), Statistics in Medicine 25, 559-573.

    The θ with (area − θ)² = z²·V(θ), V(θ) = θ(1 − θ)(1 + N(1 − θ)/(2 − θ) + Nθ/(1 + θ))/(bads·goods),
    N = (bads + goods)/2 − 1: the variance of Hanley and McNeil at θ, their sizes averaged.
    """
    z, more = float(special.ndtri(0.5 + confidence / 2.0)), (bads + goods) / 2.0 - 1.0

    def beyond(theta: float) -> float:
        spread = 1.0 + more * ((1.0 - theta) / (2.0 - theta) + theta / (1.0 + theta))
        return (1.0 - theta) * bads * goods - z * z * theta * spread

    reach = float(optimize.bisect(beyond, 0.0, 1.0, xtol=1e-15, rtol=1e-15))
    return (reach, 1.0) if area == 1.0 else (0.0, 1.0 - reach)


def components(outcome: Floats, risk: Floats, weight: Floats | None = None) -> tuple[Floats, Floats]:
    """Return the structural components of the bads (m,) and of the goods (n,): the (weighted) share of the other class

    that each is ranked above (a bad) or below (a good), ties half.
    """
    bad, w = outcome == 1, _weights(outcome, weight)
    of_bads = _share_below(risk[bad], risk[~bad], w[~bad])
    of_goods = 1.0 - _share_below(risk[~bad], risk[bad], w[bad])
    return of_bads, of_goods


def _share_below(values: Floats, others: Floats, weight: Floats) -> Floats:
    """Weighted share of `others` below each of `values`, those equal to it half."""
    order = np.argsort(others, kind="stable")
    running = np.concatenate([[0.0], np.cumsum(weight[order])])
    ranked = others[order]
    both = running[np.searchsorted(ranked, values, "left")] + running[np.searchsorted(ranked, values, "right")]
    return np.asarray(both / (2.0 * running[-1]), dtype=np.float64)


def _weights(outcome: Floats, weight: Floats | None) -> Floats:
    return np.ones(len(outcome)) if weight is None else weight


def weighted_mean(values: Floats, weight: Floats) -> float:
    """Return Σwx/Σw."""
    return float(np.sum(weight * values) / np.sum(weight))


def _mean_variance(values: Floats, weight: Floats) -> float:
    """Variance of a weighted mean, Σ s²(u − ū)²·k/(k − 1) with s the shares of the weight."""
    share = weight / np.sum(weight)
    k = len(values)
    return float(np.sum(share**2 * (values - np.sum(share * values)) ** 2) * k / (k - 1))


def auc_difference(
    outcome: Floats, first: Floats, second: Floats, weight: Floats | None = None
) -> tuple[float, float, float]:
    """Return AUC(second) − AUC(first), its paired DeLong standard error and two-sided p-value (NaN if no variance)."""
    w = _weights(outcome, weight)
    bads_a, goods_a = components(outcome, first, weight)
    bads_b, goods_b = components(outcome, second, weight)
    difference = weighted_mean(bads_b, w[outcome == 1]) - weighted_mean(bads_a, w[outcome == 1])
    if min(len(bads_a), len(goods_a)) < 2:
        return difference, np.nan, np.nan
    variance = _mean_variance(bads_b - bads_a, w[outcome == 1]) + _mean_variance(goods_b - goods_a, w[outcome != 1])
    error = float(np.sqrt(variance))
    p_value = 2.0 * float(special.ndtr(-abs(difference) / error)) if error > 0 else np.nan
    return difference, error, p_value


def kolmogorov_smirnov(outcome: Floats, risk: Floats, weight: Floats | None = None) -> float:
    """Return the largest distance between the distribution functions of goods and bads over all distinct values."""
    order = np.argsort(risk, kind="stable")
    sorted_risk, bad, w = risk[order], outcome[order] == 1, _weights(outcome, weight)[order]
    last = np.append(sorted_risk[1:] != sorted_risk[:-1], True)
    bads, goods = np.cumsum(np.where(bad, w, 0.0))[last], np.cumsum(np.where(bad, 0.0, w))[last]
    return float(np.max(np.abs(bads / bads[-1] - goods / goods[-1])))


def brier(outcome: Floats, probability: Floats, weight: Floats | None = None) -> float:
    """Return the (weighted) mean squared difference of probability and outcome (Brier 1950)."""
    return weighted_mean((probability - outcome) ** 2, _weights(outcome, weight))


def log_loss(outcome: Floats, probability: Floats, weight: Floats | None = None) -> float:
    """Return −mean(y·ln p + (1 − y)·ln(1 − p)), weighted; infinite where a certain prediction was wrong."""
    loss = special.xlogy(outcome, probability) + special.xlog1py(1.0 - outcome, -probability)
    return -weighted_mean(loss, _weights(outcome, weight))


def spiegelhalter(outcome: Floats, probability: Floats, weight: Floats | None = None) -> tuple[float, float]:
    """Return Spiegelhalter's z (1986, Statistics in Medicine 5, 421-433) and its two-sided p-value.

    Σ w(y − p)(1 − 2p) / sqrt(Σ w²(1 − 2p)²p(1 − p)): the weights are fixed, the outcomes random.
    """
    tilt = _weights(outcome, weight) * (1.0 - 2.0 * probability)
    variance = float(np.sum(tilt**2 * probability * (1.0 - probability)))
    if variance <= 0:
        return np.nan, np.nan
    z = float(np.sum((outcome - probability) * tilt) / np.sqrt(variance))
    return z, 2.0 * float(special.ndtr(-abs(z)))


def effective_size(total: float, squared: float) -> float:
    """Return Kish's effective number of rows (Σw)²/Σw² from both sums; 0 without rows."""
    return total * total / squared if squared > 0 else 0.0


def wilson(events: float, trials: float, confidence: float = 0.95) -> tuple[float, float]:
    """Return the Wilson score interval of a proportion (Wilson 1927)."""
    if trials <= 0:
        return np.nan, np.nan
    z = float(special.ndtri(0.5 + confidence / 2.0))
    share = events / trials
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z * np.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials)) / (1 + z * z / trials)
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


@dataclass(frozen=True, slots=True)
class Stability:
    """Population stability index, its 95 % point under no change, the bins used, and the empty cells among them."""

    psi: float
    chance_level: float
    bins: int
    empty_cells: int


def population_stability(expected: Floats, actual: Floats) -> Stability:
    """PSI = Σ (a − e)·ln(a / e) over the shares of counts (k,) (Siddiqi 2017, chapter 15).

    A bin that is empty on both sides is left out. Where one count is empty, 0.5 is added to every count of both. An
    unchanged population gives about χ²(K − 1)·(1/n + 1/m) (Yurdakul and Naranjo 2020).
    """
    used = (expected > 0) | (actual > 0)
    e, a = expected[used].astype(np.float64), actual[used].astype(np.float64)
    bins, empty = len(e), int(np.count_nonzero(e == 0) + np.count_nonzero(a == 0))
    chance = float(stats.chi2.isf(0.05, bins - 1)) * (1.0 / e.sum() + 1.0 / a.sum()) if bins > 1 else 0.0
    if empty:
        e, a = e + 0.5, a + 0.5
    e, a = e / e.sum(), a / a.sum()
    return Stability(float(np.sum((a - e) * np.log(a / e))), chance, bins, empty)


def stability_tests(psi: float, bins: int, unit: float, tolerance: float = 0.1) -> tuple[float, float, float]:
    """Return the p-value of no change, the 95 % point where the populations' own index is `tolerance`, and its p-value.

    PSI/unit, unit = 1/n + 1/m, is about χ²(K − 1), noncentral with tolerance/unit under the tolerance.
    """
    if bins < 2:
        return 1.0, 0.0, 1.0
    shifted = stats.ncx2(bins - 1, tolerance / unit)
    alone = float(stats.chi2.sf(psi / unit, bins - 1))
    return alone, float(shifted.isf(0.05)) * unit, float(shifted.sf(psi / unit))


def chi_square(first: Floats, second: Floats) -> tuple[float, int]:
    """Return Pearson's statistic of two sets of counts (k,) and its degrees of freedom, without bins empty in both.

    Σ(n·a − m·b)²/(n·m·(a + b)) over the bins, with m and n the sums of the counts a and b.
    """
    used = first + second > 0
    a, b = first[used], second[used]
    m, n = float(np.sum(a)), float(np.sum(b))
    if len(a) < 2:
        return 0.0, 0
    return float(np.sum((n * a - m * b) ** 2 / (a + b))) / (m * n), len(a) - 1
