"""Tests of calibration and of the largest distance, our own way: regressions, groups, bounds; rows with weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from validation.rebuild import metrics
from validation.rebuild.calibration_anchor import solved_shift
from validation.rebuild.clusters import dense, repeat

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
GROUPS = 10
PARABOLIC = 0.996193
"""Mean of the greatest value of two-sided Brownian motion less t² (Groeneboom 1989, PTRF 81, 79-109)."""


def quantile_groups(values: Floats, weight: Floats, count: int = GROUPS) -> Integers:
    """Return the group (n,) of each row: edges are values that occur, each next to a share k/count of the weight."""
    distinct, place = np.unique(values, return_inverse=True)
    mass = np.bincount(place, weight, len(distinct))
    before = np.cumsum(mass) - mass
    edges = set()
    for k in range(1, count):
        gaps = np.abs(before - k * (mass.sum() / count))
        edges.add(len(gaps) - 1 - int(np.argmin(gaps[::-1])))
    return np.searchsorted(np.array(sorted(edges - {0}), dtype=np.int64), place, side="right").astype(np.int64)


def grouped(values: Floats, y: Floats, p: Floats, weight: Floats, count: int = GROUPS) -> dict[str, Floats]:
    """Return, by quantile group (k,): Kish's effective rows, weighted bad rate and mean probability."""
    group = quantile_groups(values, weight, count)
    mass = np.bincount(group, weight)
    size = mass**2 / np.bincount(group, weight**2)
    return {"size": size, "rate": np.bincount(group, weight * y) / mass, "mean": np.bincount(group, weight * p) / mass}


def hosmer_lemeshow(y: Floats, p: Floats, weight: Floats, *, fitted: bool, count: int = GROUPS) -> tuple[float, float]:
    """Return Σ n(o − e)²/(e(1 − e)) over quantile groups and its p-value, G − 2 degrees where fitted, else G."""
    parts = grouped(p, y, p, weight, count)
    gap, spread = (parts["rate"] - parts["mean"]) ** 2, parts["mean"] * (1.0 - parts["mean"])
    if np.any((spread <= 0) & (gap > 0)):
        return np.nan, 0.0
    held = spread > 0
    statistic = float(np.sum(parts["size"][held] * gap[held] / spread[held]))
    degrees = len(gap) - (2 if fitted else 0)
    return statistic, float(stats.chi2.sf(statistic, degrees)) if degrees > 0 else np.nan


def regression_bounds(
    y: Floats, linear: Floats, weight: Floats, coefficient: Floats, confidence: float, *, slope: bool
) -> tuple[float, float]:
    """Return bounds of a slope, or of an intercept beside slope 1, at the fitted `coefficient` (1 or 2,).

    The variance is A⁻¹BA⁻¹ with A = Σ wp(1 − p)xx' and B = Σ w²p(1 − p)xx': weights are fixed, outcomes random.
    """
    x = np.column_stack([np.ones(len(y)), linear]) if slope else np.ones((len(y), 1))
    p = special.expit(x @ coefficient + (0.0 if slope else linear))
    a, b = (x.T @ (x * (w * p * (1.0 - p))[:, None]) for w in (weight, weight**2))
    inverse = np.linalg.inv(a)
    half = float(special.ndtri(0.5 + confidence / 2.0) * np.sqrt((inverse @ b @ inverse)[-1, -1]))
    return float(coefficient[-1]) - half, float(coefficient[-1]) + half


def intercept(y: Floats, linear: Floats, weight: Floats) -> float:
    """Return a of logit P(bad) = a + linear, the root of Σ w(y − p) = 0; NaN where all rows are of one class."""
    rate = float(np.sum(weight * y) / np.sum(weight))
    return solved_shift(linear, rate, weight) if 0.0 < rate < 1.0 else np.nan


def distance_bounds(
    outcome: Floats, risk: Floats, weight: Floats, clusters: Integers, confidence: float
) -> tuple[float, float]:
    """Return bounds of the largest distance between the distributions of goods and bads.

    At the place of the maximum it is a difference of two shares: their normal interval at Kish's effective sizes, the
    lower end less the mean excess of a maximum, 0 where the distance is not significant. Where
    clusters repeat, the variance of sums over clusters over that of rows divides the sizes.
    """
    bad = outcome == 1
    values = np.unique(risk)
    place = np.searchsorted(values, risk)
    shares = np.where(bad, weight / weight[bad].sum(), weight / weight[~bad].sum())
    steps = [np.cumsum(np.bincount(place[side], weight[side], len(values))) for side in (bad, ~bad)]
    gap = np.abs(steps[0] * steps[1][-1] - steps[1] * steps[0][-1])
    gap[-1] = 0.0
    top = int(np.argmax(gap))
    first, second = (float(step[top] / step[-1]) for step in steps)
    sizes = [metrics.effective_size(float(w.sum()), float(np.sum(w**2))) for w in (weight[bad], weight[~bad])]
    variance = first * (1.0 - first) / sizes[0] + second * (1.0 - second) / sizes[1]
    effect = _design_effect(bad, place <= top, shares, clusters) if repeat(clusters) else 1.0
    error, (m, n) = np.sqrt(max(effect * variance, 0.0)), (size / max(effect, 1.0) for size in sizes)
    distance, z = abs(first - second), float(special.ndtri(0.5 + confidence / 2.0))
    chance = float(special.kolmogorov(distance * np.sqrt(m * n / (m + n))))
    lower = 0.0 if chance >= 1.0 - confidence else max(0.0, distance - excess_of_maximum(distance, m, n) - z * error)
    return float(lower), float(min(1.0, distance + z * error))


def _design_effect(bad: NDArray[np.bool_], below: NDArray[np.bool_], shares: Floats, clusters: Integers) -> float:
    """Variance of the difference of both shares by sums over clusters, over that by rows."""
    inside = below.astype(np.float64)
    mean = np.where(bad, np.sum((shares * inside)[bad]), np.sum((shares * inside)[~bad]))
    pull = np.where(bad, -1.0, 1.0) * shares * (inside - mean)
    numbers, count = dense(clusters)
    alone = float(np.sum(pull**2))
    return float(np.sum(np.bincount(numbers, pull, count) ** 2)) / alone if alone > 0 else 1.0


def excess_of_maximum(distance: float, m: float, n: float) -> float:
    """Mean excess of the maximum: 0.996·(s⁴/κ)^⅓ for a parabola of curvature κ with noise of rate s².

    Those of two normal distributions; at most √(π/2)·ln 2·√(1/m + 1/n), the mean of the maximum of equal distributions.
    """
    noise = 1.0 / m + 1.0 / n
    most = np.sqrt(np.pi / 2.0) * np.log(2.0) * np.sqrt(noise)
    apart = 2.0 * float(special.ndtri((1.0 + min(distance, 1.0)) / 2.0))
    if apart == 0.0 or np.isinf(apart):
        return float(most) if apart == 0.0 else 0.0
    density = float(stats.norm.pdf(apart / 2.0))
    return float(min(PARABOLIC * (density * noise) ** (2.0 / 3.0) / (apart * density) ** (1.0 / 3.0), most))
