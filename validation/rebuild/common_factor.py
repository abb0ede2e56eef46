"""p-values where all rows share one standard normal factor, by Gauss-Legendre panels; our own code."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import interpolate, special, stats

from validation.rebuild.calibration import grouped

Floats = NDArray[np.float64]
REACH, PANELS, NODES, KNOTS = 8.5, 850, 8, 121


def panels(count: int = PANELS) -> tuple[Floats, Floats]:
    """Return factors and their probabilities, which sum to 1 but for the tails beyond 8.5."""
    nodes, mass = np.polynomial.legendre.leggauss(NODES)
    edges = np.linspace(-REACH, REACH, count + 1)
    half = np.diff(edges)[:, None] / 2.0
    factor = (edges[:-1, None] + half * (1.0 + nodes)).ravel()
    density = np.exp(-(factor**2) / 2.0) / np.sqrt(2.0 * np.pi)
    return factor, (half * mass).ravel() * density


def given_factor(p: Floats | float, correlation: float, factor: Floats | float) -> Floats:
    """Return the probability of bad given the factor: a low factor is a bad year (Vasicek 2002)."""
    pull = np.sqrt(correlation) * np.asarray(factor)
    return np.asarray(special.ndtr((special.ndtri(p) - pull) / np.sqrt(1.0 - correlation)), np.float64)


def at_least(bad: float, count: float, p: float, correlation: float) -> float:
    """Return P(X ≥ bad): the mean over the factor of 1 − F(bad − 1), F as an incomplete beta function."""
    factor, mass = panels()
    if bad <= 0:
        return 1.0
    return float(np.sum(mass * special.betainc(bad, count - bad + 1.0, given_factor(p, correlation, factor))))


def jeffreys(bad: float, count: float, p: float, correlation: float) -> float:
    """Return the mean over the factor of the posterior probability that the rate lies below the PD given it."""
    factor, mass = panels()
    posterior = stats.beta(bad + 0.5, count - bad + 0.5)
    return float(np.sum(mass * posterior.cdf(given_factor(p, correlation, factor))))


def spiegelhalter(y: Floats, p: Floats, weight: Floats, correlation: float) -> float:
    """Return twice the smaller tail of Σw(y − p)(1 − 2p), normal given the factor; moments by splines of it."""
    tilt = weight * (1.0 - 2.0 * p)
    total = float(np.sum(tilt * (y - p)))
    values, place = np.unique(p, return_inverse=True)
    one, two = (np.bincount(place, part) for part in (tilt, tilt**2))
    knots = np.linspace(-REACH, REACH, KNOTS)
    moments = np.empty((KNOTS, 2))
    for number, z in enumerate(knots):
        rate = given_factor(values, correlation, float(z))
        moments[number] = one @ (rate - values), two @ (rate * (1.0 - rate))
    factor, mass = panels()
    mean, variance = interpolate.make_interp_spline(knots, moments, k=7)(factor).T
    least = 1e-12 * float(moments[:, 1].max())
    above = float(np.sum(mass * special.ndtr((mean - total) / np.sqrt(np.maximum(variance, least)))))
    return min(1.0, 2.0 * min(above, 1.0 - above))


def hosmer_lemeshow(y: Floats, p: Floats, weight: Floats, correlation: float) -> float:
    """Return the p-value over 10 groups: given the factor a sum of noncentral chi-squares, by four cumulants.

    Liu, Tang and Zhang (2009), Computational Statistics & Data Analysis 53, 853-856.
    """
    parts = grouped(p, y, p, weight)
    size, mean, rate = parts["size"], parts["mean"], parts["rate"]
    spread = mean * (1.0 - mean)
    if np.any(spread <= 0):
        return 0.0 if np.any((spread <= 0) & (rate != mean)) else np.nan
    statistic = float(np.sum(size * (rate - mean) ** 2 / spread))
    factor, mass = panels(PANELS // 2)
    return float(np.sum(mass * _tails(statistic, size, mean, given_factor(mean, correlation, factor[:, None]))))


def _tails(value: float, size: Floats, mean: Floats, rate: Floats) -> Floats:
    """Upper tails (m,) at `value`, of rates (m, k) given the factors."""
    spread = np.maximum(rate * (1.0 - rate), 1e-300)
    scale, shift = spread / (mean * (1.0 - mean)), size * (rate - mean) ** 2 / spread
    c = [np.sum(scale**r + r * scale**r * shift, axis=1) for r in (1, 2, 3, 4)]
    first, second = c[2] / c[1] ** 1.5, c[3] / c[1] ** 2
    beyond = first**2 - second
    central = beyond <= 1e-18 * first**2
    a = 1.0 / (first - np.sqrt(np.where(central, 0.0, beyond)))
    away = np.where(central, 0.0, first * a**3 - a**2)
    degrees = a**2 - 2.0 * away
    at = np.maximum(0.0, (value - c[0]) / np.sqrt(c[1]) * a + degrees + away)
    noncentral = stats.ncx2.sf(at, degrees, np.where(central, 1.0, away))
    return np.asarray(np.where(central, stats.chi2.sf(at, degrees), noncentral), np.float64)
