"""Boundaries and sizes of a test with several looks, computed our own way: a dense grid and Simpson's rule."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

Floats = NDArray[np.float64]
POINTS = 1601


def spent(times: Floats, significance: float, spending: str) -> Floats:
    """Return the two-sided error that may have been spent at each share of the information (Lan and DeMets 1983)."""
    if spending == "pocock":
        return np.asarray(significance * np.log(1.0 + (math.e - 1.0) * times), dtype=np.float64)
    quantile = float(stats.norm.isf(significance / 4.0))
    return np.asarray(4.0 * stats.norm.sf(quantile / np.sqrt(times)), dtype=np.float64)


def _mixture(significance: float) -> tuple[float, float]:
    """Return -2 ln(significance) and the variance of the mixture that is tightest at full information."""
    log_level = -2.0 * math.log(significance)
    best = log_level
    for _ in range(200):
        best = log_level + math.log(1.0 + best)  # a contraction: its slope is below 1/(1 + log_level)
    return log_level, best


def at_any_time(times: Floats, significance: float) -> Floats:
    """Return |z| (K,) of the normal mixture test that may be looked at whenever, tightest at full information."""
    log_level, best = _mixture(significance)

    def bound(time: float) -> float:
        return (1.0 + best * time) / (best * time) * (log_level + math.log(1.0 + best * time))

    return np.sqrt(np.array([bound(float(time)) for time in times]))


def valid_p_values(z: Floats, times: Floats, significance: float) -> Floats:
    """Return the p-values (K,) of that test: the least inverse of the mixture of likelihood ratios so far, or 1."""
    _, best = _mixture(significance)
    found, least = [], 1.0
    for statistic, time in zip(z, times, strict=True):
        spread = 1.0 + best * float(time)
        least = min(least, math.sqrt(spread) * math.exp(-(float(statistic) ** 2) * best * float(time) / (2.0 * spread)))
        found.append(least)
    return np.array(found)


def boundaries(times: Floats, gone: Floats) -> Floats:
    """Return |z| (K,) at which each look spends what it may of the error (K,), one after the other."""
    walk, found, before = Walk(0.0), [], 0.0
    for time, used in zip(times, gone, strict=True):
        wanted = used - before

        def excess(z: float, time: float = float(time), wanted: float = wanted) -> float:
            return walk.leaves(time, z) - wanted

        found.append(12.0 if excess(12.0) > 0 else float(optimize.brentq(excess, 0.0, 12.0, xtol=1e-10)))
        walk.go(float(time), found[-1])
        before = float(used)
    return np.array(found)


class Walk:
    """The density of the score between the boundaries, carried from look to look on a grid."""

    def __init__(self, drift: float):
        self.drift = drift
        self.where, self.mass, self.time = np.zeros(1), np.ones(1), 0.0

    def leaves(self, time: float, z: float) -> float:
        """Return the probability to be beyond ±z for the first time at `time`."""
        step, bound = time - self.time, z * math.sqrt(time)
        mean = self.where + self.drift * step
        over = stats.norm.sf((bound - mean) / math.sqrt(step)) + stats.norm.cdf((-bound - mean) / math.sqrt(step))
        return float(np.sum(self.mass * over))

    def go(self, time: float, z: float) -> None:
        """Carry the density to `time`, between ±z."""
        step, bound = time - self.time, z * math.sqrt(time)
        mean, spread = self.where + self.drift * step, math.sqrt(step)
        low, high = max(-bound, mean.min() - 9.0 * spread), min(bound, mean.max() + 9.0 * spread)
        grid = np.linspace(low, high, POINTS)
        weight = np.ones(POINTS)
        weight[1:-1:2], weight[2:-1:2] = 4.0, 2.0
        weight *= (high - low) / (POINTS - 1) / 3.0
        density = stats.norm.pdf((grid[:, None] - mean[None, :]) / spread) @ self.mass / spread
        self.where, self.mass, self.time = grid, weight * density, time


def crossings(times: Floats, z: Floats, drift: float) -> Floats:
    """Return the probability (K,) to stop at each look."""
    walk, found = Walk(drift), []
    for place, (time, bound) in enumerate(zip(times, z, strict=True)):
        found.append(walk.leaves(float(time), float(bound)))
        if place < len(times) - 1:
            walk.go(float(time), float(bound))
    return np.array(found)


def drift_of(times: Floats, z: Floats, power: float) -> float:
    """Return the drift at which the boundaries z (K,) are reached with `power`."""
    return float(optimize.brentq(lambda d: float(np.sum(crossings(times, z, d))) - power, 0.0, 20.0, xtol=1e-8))


def rows_of_rates(base: float, other: float, share: float, significance: float, power: float) -> float:
    """Return the rows of both arms for two proportions (Fleiss, Levin and Paik 2003, section 4.2)."""
    middle = base + share * (other - base)
    variance = middle * (1.0 - middle) / (share * (1.0 - share))
    own = base * (1.0 - base) / (1.0 - share) + other * (1.0 - other) / share
    a, b = float(stats.norm.isf(significance / 2.0)), float(special.ndtri(power))
    return ((a * math.sqrt(variance) + b * math.sqrt(own)) / (other - base)) ** 2
