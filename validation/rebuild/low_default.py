"""Bounds of Pluto and Tasche over several years with correlated factors, by a sequence of our own in place of theirs.

Rows are obligors at the start. Given the factors of the years an obligor survives year t with 1 − Φ((Φ⁻¹(p) − √ρ·z_t)/
√(1 − ρ)); the factors of two years correlate by θ to the power of their distance. The integral is a mean over a
scrambled Sobol sequence; the stated bounds rest on random paths and are read within the range that those allow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

Floats = NDArray[np.float64]
POINTS, ERRORS = 13, 5.0


@dataclass(frozen=True, slots=True)
class Span:
    """Our value, and the least and the greatest that simulated paths would give."""

    value: float
    low: float
    high: float

    def settled(self, stated: float | None) -> float:
        """Return the stated value where it is within the span, else ours."""
        return stated if stated is not None and self.low <= stated <= self.high else self.value


@dataclass(frozen=True, slots=True)
class Years:
    """Level, asset correlation ρ, years, correlation θ of the factor, and the number of simulated paths."""

    level: float
    correlation: float
    years: int
    lasting: float
    draws: int

    def factors(self) -> Floats:
        """Factors (m, years), their covariance θ^|s − t| by its Cholesky root."""
        sequence = stats.qmc.Sobol(self.years, scramble=True, seed=20_261_126).random_base2(POINTS)
        distance = np.abs(np.subtract.outer(np.arange(self.years), np.arange(self.years)))
        root = np.linalg.cholesky(self.lasting**distance)
        return np.asarray(special.ndtri(np.clip(sequence, 1e-15, 1.0 - 1e-15)) @ root.T)


def default_within(p: float, asked: Years, factors: Floats) -> Floats:
    """Return the probabilities (m,) of default within all years, given the factors (m, years)."""
    pull = special.ndtri(p) - np.sqrt(asked.correlation) * factors
    return np.asarray(-np.expm1(np.sum(special.log_ndtr(-pull / np.sqrt(1.0 - asked.correlation)), axis=1)))


def bound(bads: float, rows: float, asked: Years, factors: Floats) -> Span:
    """Return the p of one year at which at most so many bads have the probability 1 − level."""
    if bads >= rows:
        return Span(1.0, 1.0, 1.0)
    few = 1.0 - asked.level

    def told(z: float) -> Floats:
        return np.asarray(stats.binom.cdf(bads, rows, default_within(float(special.ndtr(z)), asked, factors)))

    def solved(wanted: float) -> float:
        if wanted <= 0.0 or wanted >= 1.0:
            return 1.0 if wanted <= 0.0 else 0.0
        if float(np.mean(told(7.0))) > wanted:
            return 1.0
        return float(special.ndtr(optimize.brentq(lambda z: float(np.mean(told(z))) - wanted, -10.0, 7.0, xtol=1e-12)))

    value = solved(few)
    error = ERRORS * float(np.std(told(float(special.ndtri(value))))) / np.sqrt(asked.draws / 2.0)
    return Span(value, solved(few + error), solved(few - error))


def window(p: float, asked: Years, factors: Floats) -> Span:
    """Return the probability of default within all years, where that of one year is p."""
    if p >= 1.0:
        return Span(1.0, 1.0, 1.0)
    given = default_within(p, asked, factors)
    value, error = float(np.mean(given)), ERRORS * float(np.std(given)) / np.sqrt(asked.draws / 2.0)
    return Span(value, value - error, value + error)
