"""Ratio of two proportions: score interval, and exact test by the mid-p-value."""

from __future__ import annotations

import math

import numpy as np
from scipy import optimize, stats

from credit_risk.evaluation._arrays import Arguments, check_confidence

FARTHEST = 512.0


def ratio_score_interval(
    events: float, size: float, other_events: float, other_size: float, confidence: float = 0.95
) -> tuple[float, float]:
    """Bounds of (events/size)/(other_events/other_size) by inverting the score test.

    Those ratios θ at which (p − θq)²/[v·N/(N − 1)] is the quantile of χ² with one degree of freedom, p and q the two
    rates, v = p̃(1 − p̃)/size + θ²q̃(1 − q̃)/other_size at the rates that maximise the likelihood under p̃ = θq̃ (Koopman
    1984, Biometrics 40, 513-517), N = size + other_size (Miettinen and Nurminen 1985, Statistics in Medicine 4,
    213-226). Sizes may be effective rows, and events no whole numbers. Without events the lower bound is 0; without
    other events the upper one is infinite, and where neither occurs nothing is told: both are NaN. Raises
    CreditRiskError unless 0 <= events <= size and size > 0 for both.
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    for name, part, whole in (("events", events, size), ("other_events", other_events, other_size)):
        possible = 0 <= part <= whole and whole > 0
        found = f"{part:g} of {whole:g}"
        arguments.require(possible, name, "counts do not fit", "range", found=found, allowed="0 <= events <= size")
    arguments.raise_if_any()
    if events == 0 and other_events == 0:
        return math.nan, math.nan
    cut = math.sqrt(float(stats.chi2.isf(1.0 - confidence, 1)))
    counts = (float(events), float(size), float(other_events), float(other_size))
    lower = 0.0 if events == 0 else _root(counts, cut)
    upper = math.inf if other_events == 0 else _root(counts, -cut)
    return lower, upper


def ratio_score(counts: tuple[float, float, float, float], ratio: float) -> float:
    """Signed root of the score statistic at a ratio: positive where the rates' own ratio is above it."""
    x, n, y, m = counts
    gap = x / n - ratio * y / m
    other = _constrained(counts, ratio)
    one = min(ratio * other, 1.0)
    variance = one * (1.0 - one) / n + ratio * ratio * other * (1.0 - other) / m
    variance *= (n + m) / (n + m - 1.0)
    if variance <= 0.0:
        return 0.0 if gap == 0.0 else math.copysign(math.inf, gap)
    return gap / math.sqrt(variance)


def _constrained(counts: tuple[float, float, float, float], ratio: float) -> float:
    """The other rate q̃ that maximises the likelihood of both where the first rate is `ratio` times it."""
    x, n, y, m = counts
    a, b, c = (n + m) * ratio, ratio * (n + y) + x + m, x + y
    return min(2.0 * c / (b + math.sqrt(max(b * b - 4.0 * a * c, 0.0))), 1.0, 1.0 / ratio)


def _root(counts: tuple[float, float, float, float], level: float) -> float:
    """The ratio at which the signed root of the score statistic, which falls in it, is `level`."""
    x, n, y, m = counts
    centre = math.log(max(x, 0.5) / n) - math.log(max(y, 0.5) / m)

    def gap(log_ratio: float) -> float:
        return float(np.clip(ratio_score(counts, math.exp(log_ratio)), -1e6, 1e6)) - level

    step = 1.0 if level < 0 else -1.0
    end = centre + step
    while gap(end) * step > 0:
        end, step = end + step, 2.0 * step
        if abs(step) > FARTHEST:
            return math.inf if level < 0 else 0.0
    low, high = sorted((centre, end))
    return math.exp(float(optimize.brentq(gap, low, high, xtol=1e-13, rtol=1e-14)))


def mid_p_value(events: int, size: int, other_events: int, other_size: int) -> float:
    """Two-sided mid-p-value of Fisher's exact test: twice the smaller tail, of whose first term half counts.

    Less conservative than the exact test, whose size stays below its level (Lancaster 1961, JASA 56, 223-234).
    Whole counts, 0 <= events <= size for both.
    """
    total, drawn = size + other_size, events + other_events
    at = float(stats.hypergeom.pmf(events, total, drawn, size))
    above = float(stats.hypergeom.sf(events, total, drawn, size))
    below = float(stats.hypergeom.cdf(events - 1, total, drawn, size))
    return min(1.0, 2.0 * (min(above, below) + 0.5 * at))
