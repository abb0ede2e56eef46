"""The Tweedie distribution of variance power 1 < p < 2: density by its series, distribution function, draws.

With N ~ Poisson(λ) and gamma amounts, Y = X₁ + … + X_N has mean mu and variance φ·mu^p for λ = mu^(2−p)/(φ(2−p)),
shape α = (2−p)/(p−1), scale φ(p−1)mu^(p−1). Its density at y > 0 is a(y, φ)·exp((y·mu^(1−p)/(1−p) −
mu^(2−p)/(2−p))/φ), where a is a sum over the number of amounts (Dunn & Smyth 2005, Statistics and Computing 15).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc, gammaln, pdtr, xlogy

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
NEGLIGIBLE = 40.0
"""Terms below exp(−40) of the greatest are left out of the series: under 1e-15 of the sum in all."""
CHUNK = 2_000_000
MOST_TERMS = 20_000
"""A density that needs more terms than this is taken by the saddlepoint; its relative error is then below 1e-6."""


def poisson_mean(mu: Floats, dispersion: Floats | float, power: float) -> Floats:
    """λ (n,): expected number of amounts."""
    return mu ** (2 - power) / (np.asarray(dispersion, float) * (2 - power))


def log_density(y: Floats, mu: Floats, dispersion: Floats | float, power: float) -> Floats:
    """Log density (n,) at y > 0 and log probability at y = 0. y (n,) ≥ 0, mu (n,) > 0, dispersion (n,) or a number.

    Exact by the series, where it has at most MOST_TERMS terms; otherwise the saddlepoint approximation
    (Dunn & Smyth 2005, sections 3 and 5).
    """
    y, mu = np.asarray(y, float), np.asarray(mu, float)
    phi = np.broadcast_to(np.asarray(dispersion, float), y.shape)
    result = -poisson_mean(mu, phi, power)
    some = y > 0
    ys, mus, phis = y[some], mu[some], phi[some]
    kernel = (ys * mus ** (1 - power) / (1 - power) - mus ** (2 - power) / (2 - power)) / phis
    result[some] = kernel + _log_sum(ys, phis, power) - np.log(ys)
    many = some.copy()
    many[some] = _terms_needed(ys, phis, power) > MOST_TERMS
    if many.any():
        result[many] = _saddlepoint(y[many], mu[many], phi[many], power)
    return result


def _saddlepoint(y: Floats, mu: Floats, phi: Floats, power: float) -> Floats:
    deviance = 2 * (
        y ** (2 - power) / ((1 - power) * (2 - power))
        - y * mu ** (1 - power) / (1 - power)
        + mu ** (2 - power) / (2 - power)
    )
    return -0.5 * (np.log(2 * np.pi * phi) + power * np.log(y) + deviance / phi)


def _greatest_term(y: Floats, phi: Floats, power: float) -> Floats:
    """Real j at which the terms are near their greatest (Dunn & Smyth 2005, section 4)."""
    return y ** (2 - power) / (phi * (2 - power))


def _terms_needed(y: Floats, phi: Floats, power: float) -> Floats:
    """About how many terms count: the terms fall as a normal density of variance j(p − 1) around the greatest."""
    return 2 * np.sqrt(2 * NEGLIGIBLE * (_greatest_term(y, phi, power) + 1) * (power - 1)) + 10


def _log_sum(y: Floats, phi: Floats, power: float) -> Floats:
    """ln Σ_j z^j / (j!·Γ(jα)) (n,), 0 where the saddlepoint stands in its place."""
    alpha = (2 - power) / (power - 1)
    log_z = alpha * (np.log(y) - np.log(power - 1)) - (1 + alpha) * np.log(phi) - np.log(2 - power)
    result = np.zeros(len(y))
    rows = np.flatnonzero(_terms_needed(y, phi, power) <= MOST_TERMS)
    first, last = _window(log_z[rows], _greatest_term(y[rows], phi[rows], power), alpha)
    for part in _parts(last - first + 1):
        terms, starts = _ragged(first[part], last[part])
        width = last[part] - first[part] + 1
        weights = terms * np.repeat(log_z[rows[part]], width) - _log_gammas(terms, alpha)
        most = np.maximum.reduceat(weights, starts)
        total = np.add.reduceat(np.exp(weights - np.repeat(most, width)), starts)
        result[rows[part]] = most + np.log(total)
    return result


def _log_gammas(j: Floats, alpha: float) -> Floats:
    """ln Γ(1 + j) + ln Γ(jα), by a table where the j lie close together."""
    low, high = int(j.min()), int(j.max())
    if high - low > 4 * len(j):
        return gammaln(1 + j) + gammaln(alpha * j)
    table = np.arange(low, high + 1, dtype=float)
    return (gammaln(1 + table) + gammaln(alpha * table))[(j - low).astype(np.int64)]


def _window(log_z: Floats, peak: Floats, alpha: float) -> tuple[Counts, Counts]:
    """First and last j (n,) of the terms that count, found by stepping outwards from the greatest."""

    def term(j: Floats) -> Floats:
        return j * log_z - gammaln(1 + j) - gammaln(alpha * j)

    centre = np.maximum(np.round(peak), 1.0)
    top = term(centre)
    step = np.sqrt(2 * NEGLIGIBLE * centre / (1 + alpha)) + 2
    first, last = np.maximum(centre - step, 1.0), centre + step
    for _ in range(200):
        low, high = (first > 1) & (term(first) > top - NEGLIGIBLE), term(last) > top - NEGLIGIBLE
        if not (low.any() or high.any()):
            break
        first = np.where(low, np.maximum(first - step, 1.0), first)
        last = np.where(high, last + step, last)
    return np.floor(first).astype(np.int64), np.ceil(last).astype(np.int64)


def _parts(widths: Counts) -> Iterator[slice]:
    """Slices of rows with about CHUNK terms each, or one row where it has more."""
    if len(widths) == 0:
        return
    ends = np.cumsum(widths)
    cuts = np.unique(np.searchsorted(ends, np.arange(CHUNK, ends[-1], CHUNK), side="right")).tolist()
    for start, stop in pairwise([0, *cuts, len(widths)]):
        if stop > start:
            yield slice(start, stop)


def _ragged(first: Counts, last: Counts) -> tuple[Floats, Counts]:
    """first..last of every row, one after the other, and where each row begins."""
    width = last - first + 1
    starts = np.cumsum(width) - width
    return (np.arange(int(width.sum())) - np.repeat(starts - first, width)).astype(float), starts


def distribution(y: Floats, mu: Floats, dispersion: Floats | float, power: float) -> Floats:
    """P(Y ≤ y) (n,): Σ_j P(N = j)·P(gamma(jα) ≤ y/scale), over the j that hold all but 1e-16 of N."""
    y, mu = np.asarray(y, float), np.asarray(mu, float)
    phi = np.broadcast_to(np.asarray(dispersion, float), y.shape)
    mean, alpha = poisson_mean(mu, phi, power), (2 - power) / (power - 1)
    scaled = y / (phi * (power - 1) * mu ** (power - 1))
    spread = 9 * np.sqrt(mean) + 20
    first = np.maximum(np.floor(mean - spread), 1).astype(np.int64)
    last = np.ceil(mean + spread).astype(np.int64)
    result = np.exp(-mean) + (pdtr(first - 1.0, mean) - np.exp(-mean)) * (y > 0)
    for part in _parts(last - first + 1):
        j, starts = _ragged(first[part], last[part])
        width = last[part] - first[part] + 1
        rate = np.repeat(mean[part], width)
        weight = np.exp(xlogy(j, rate) - rate - gammaln(1 + j))
        result[part] += np.add.reduceat(weight * gammainc(alpha * j, np.repeat(scaled[part], width)), starts)
    return np.minimum(result, 1.0)


def draw(mu: Floats, dispersion: Floats | float, power: float, generator: np.random.Generator) -> Floats:
    """Random outcomes (n,): a Poisson number of gamma amounts, added up."""
    phi = np.broadcast_to(np.asarray(dispersion, float), np.shape(mu))
    number = generator.poisson(poisson_mean(np.asarray(mu, float), phi, power))
    shape, scale = number * (2 - power) / (power - 1), phi * (power - 1) * np.asarray(mu, float) ** (power - 1)
    return np.where(number > 0, generator.gamma(np.maximum(shape, 1e-300), scale), 0.0)
