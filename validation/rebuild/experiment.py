"""Boundaries and sizes of a test with several looks, computed our own way: a dense grid and Boole's rule."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

Floats = NDArray[np.float64]
LEAST_PARTS, MOST_PARTS = 480, 600_000
"""Parts of the grid: twelve in the spread of the smaller of the steps before and after a look."""
FAR, GREATEST, NOTHING = 38.0, 37.0, 1e-300
"""Spreads beyond which a double tells nothing, the boundary of a look that may spend less than that, and how much."""


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
    for place, (time, used) in enumerate(zip(times, gone, strict=True)):
        wanted = used - before

        def excess(z: float, time: float = float(time), wanted: float = wanted) -> float:
            return math.log(max(walk.leaves(time, z), NOTHING) / wanted)

        out = wanted <= max(walk.leaves(float(time), GREATEST), NOTHING)
        found.append(GREATEST if out else float(optimize.brentq(excess, 0.0, GREATEST, xtol=1e-10)))
        if place < len(times) - 1:
            walk.go(float(time), found[-1], float(times[place + 1]))
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
        over = special.ndtr((mean - bound) / math.sqrt(step)) + special.ndtr((-bound - mean) / math.sqrt(step))
        return float(np.sum(self.mass * over))

    def go(self, time: float, z: float, then: float) -> None:
        """Carry the density to `time`, between ±z; `then`: the time of the look after it."""
        step, bound = time - self.time, z * math.sqrt(time)
        mean, spread = self.where + self.drift * step, math.sqrt(step)
        low, high = max(-bound, mean[0] - FAR * spread), min(bound, mean[-1] + FAR * spread)
        parts = 12.0 * (high - low) / min(spread, math.sqrt(then - time))
        fours = math.ceil(min(max(parts, LEAST_PARTS), MOST_PARTS) / 4.0)
        grid = np.linspace(low, high, 4 * fours + 1)
        weight = np.tile([14.0, 32.0, 12.0, 32.0], fours + 1)[: len(grid)]
        weight[[0, -1]] = 7.0
        weight *= (high - low) / (4 * fours) * 2.0 / 45.0
        self.where, self.mass, self.time = grid, weight * _spread_out(grid, mean, self.mass, spread), time


def _spread_out(grid: Floats, mean: Floats, mass: Floats, spread: float) -> Floats:
    """Return the density on the grid of masses at ascending means; a run of the grid sees the means that are near."""
    pieces = []
    size = max(16, min(400, 2_000_000 // len(mean)))
    for run in np.array_split(grid, math.ceil(len(grid) / size)):
        near = slice(*np.searchsorted(mean, [run[0] - FAR * spread, run[-1] + FAR * spread]).tolist())
        pieces.append(np.exp(-(((run[:, None] - mean[near]) / spread) ** 2) / 2.0) @ mass[near])
    return np.concatenate(pieces) / (spread * math.sqrt(2.0 * math.pi))


def crossings(times: Floats, z: Floats, drift: float) -> Floats:
    """Return the probability (K,) to stop at each look."""
    walk, found = Walk(drift), []
    for place, (time, bound) in enumerate(zip(times, z, strict=True)):
        found.append(walk.leaves(float(time), float(bound)))
        if place < len(times) - 1:
            walk.go(float(time), float(bound), float(times[place + 1]))
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
