"""Rates, ratios and differences of groups, our own way: normal and score bounds, influence, step-down p-values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from validation.rebuild import metrics
from validation.rebuild.clusters import Integers, dense, repeat

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Share:
    """Rows and events counted, the share of the weight with Wilson bounds at Kish's effective size."""

    rows: int
    events: int
    value: float
    lower: float
    upper: float
    size: float


def share(event: Booleans, weight: Floats, confidence: float) -> Share:
    """Return the share of `event` (n,) in rows of weight (n,)."""
    if not len(event):
        return Share(0, 0, np.nan, np.nan, np.nan, 0.0)
    value = float(np.sum(weight[event]) / np.sum(weight))
    size = metrics.effective_size(float(np.sum(weight)), float(np.sum(weight**2)))
    lower, upper = metrics.wilson(value * size, size, confidence)
    return Share(len(event), int(np.count_nonzero(event)), value, lower, upper, size)


def newcombe(own: Share, base: Share) -> tuple[float, float, float]:
    """Return own − base with bounds squared and added from the single ones (Newcombe 1998, method 10)."""
    gap = own.value - base.value
    down = (own.value - own.lower) ** 2 + (base.upper - base.value) ** 2
    up = (own.upper - own.value) ** 2 + (base.value - base.lower) ** 2
    return gap, gap - float(np.sqrt(down)), gap + float(np.sqrt(up))


def katz(p: float, n: float, q: float, m: float, confidence: float) -> tuple[float, float, float]:
    """Return p/q and its bounds on the scale of ln (Katz et al. 1978); NaN where one of them is 0."""
    if q == 0:
        return np.nan, np.nan, np.nan
    if p == 0:
        return 0.0, np.nan, np.nan
    error = np.sqrt(max((1.0 - p) / (n * p) + (1.0 - q) / (m * q), 0.0))
    half = float(special.ndtri(0.5 + confidence / 2.0)) * error
    return p / q, float(p / q * np.exp(-half)), float(p / q * np.exp(half))


def score_bounds(p: float, n: float, q: float, m: float, confidence: float) -> tuple[float, float]:
    """Return the bounds of p/q by the score test with Miettinen and Nurminen's factor; 0 where p is, NaN where both."""
    if p == 0 and q == 0:
        return np.nan, np.nan
    cut = float(special.ndtri(0.5 + confidence / 2.0))

    def excess(log_ratio: float, wanted: float) -> float:
        ratio = float(np.exp(log_ratio))
        a, b, c = (n + m) * ratio, (n + m * q) * ratio + m + n * p, n * p + m * q
        other = min(c / (b / 2.0 + np.sqrt(max(b * b / 4.0 - a * c, 0.0))), 1.0, 1.0 / ratio)
        own = min(1.0, ratio * other)
        variance = (own * (1.0 - own) / n + ratio**2 * other * (1.0 - other) / m) / (1.0 - 1.0 / (n + m))
        gap = p - ratio * q
        return float(gap / np.sqrt(variance) if variance > 0 else np.sign(gap) * 1e9) - wanted

    far = 40.0
    lower = 0.0 if p == 0 else float(np.exp(optimize.bisect(excess, -far, far, (cut,), xtol=1e-12, maxiter=200)))
    upper = np.inf if q == 0 else float(np.exp(optimize.bisect(excess, -far, far, (-cut,), xtol=1e-12, maxiter=200)))
    return lower, upper


def mean_difference(
    score: Floats, inside: Booleans, weight: Floats, clusters: Integers, confidence: float
) -> tuple[float, float, float]:
    """Return the mean of the group less that of the rest in standard deviations of all, with bounds by linearisation.

    With a, b the means of both sides, m, v mean and variance of all: the gradient of (a − b)/√v by the moments, times
    the residual of each row in them.
    """
    if inside.all() or not inside.any() or np.ptp(score) == 0:
        return np.nan, np.nan, np.nan
    whole = metrics.weighted_mean(score, weight)
    variance = metrics.weighted_mean((score - whole) ** 2, weight)
    sides = [metrics.weighted_mean(score[part], weight[part]) for part in (inside, ~inside)]
    value = (sides[0] - sides[1]) / float(np.sqrt(variance))
    half = float(special.ndtri(0.5 + confidence / 2.0)) * length(mean_pull(score, inside, weight), clusters)
    return value, value - half, value + half


def mean_pull(score: Floats, inside: Booleans, weight: Floats) -> Floats:
    """Return the linear term (n,) of each row in the difference of means in standard deviations of all."""
    whole = metrics.weighted_mean(score, weight)
    variance = metrics.weighted_mean((score - whole) ** 2, weight)
    sides = [metrics.weighted_mean(score[part], weight[part]) for part in (inside, ~inside)]
    value = (sides[0] - sides[1]) / float(np.sqrt(variance))
    pull = np.zeros(len(score))
    for sign, part, mean in ((1.0, inside, sides[0]), (-1.0, ~inside, sides[1])):
        pull[part] += sign * weight[part] / np.sum(weight[part]) * (score[part] - mean) / np.sqrt(variance)
    return pull - 0.5 * value / variance * weight / float(np.sum(weight)) * ((score - whole) ** 2 - variance)


def calibration_gap(
    y: Floats, p: Floats, weight: Floats, clusters: Integers, confidence: float
) -> tuple[float, float, float]:
    """Return the weighted mean of y − p with normal bounds from its squared residuals, summed over clusters."""
    residual = y - p
    value = metrics.weighted_mean(residual, weight)
    half = float(special.ndtri(0.5 + confidence / 2.0)) * length(weight * (residual - value), clusters)
    half /= float(np.sum(weight))
    return value, value - half, value + half


def length(pull: Floats, clusters: Integers) -> float:
    """Return the root of the sum of squares of the pulls (n,), added up within clusters."""
    if repeat(clusters):
        numbers, count = dense(clusters)
        sums = np.zeros(count)
        np.add.at(sums, numbers, pull)
        pull = sums
    return float(np.sqrt(np.sum(pull**2)))


def step_down(p_values: Floats) -> Floats:
    """Return p-values (k,) adjusted by Holm (1979): each the greatest, among those as small, of p times those left."""
    known = ~np.isnan(p_values)
    found = np.full(len(p_values), np.nan)
    kept = p_values[known]
    left = np.array([np.count_nonzero(kept > p) + np.count_nonzero(kept == p) for p in kept])
    found[known] = [min(1.0, float(np.max((kept * left)[kept <= p]))) for p in kept]
    return found
