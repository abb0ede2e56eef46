"""Asset correlation of finite cohorts by maximum likelihood, our own way: trapezoids over the factor, score equations.

Defaults of a cohort of n rows with bad rate r are binomial given a standard normal factor z, with the probability
Φ(a − b·z); ρ = b²/(1 + b²) and the probability of an average year is Φ(a/√(1 + b²)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

Floats = NDArray[np.float64]
POINTS, REACH = 301, 10.0
STARTS = (0.001, 0.003, 0.006, 0.01, 0.015, 0.02, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.45, 0.7, 1.0, 1.6, 3.0, 6.0)


@dataclass(frozen=True, slots=True)
class Likely:
    """Asset correlation, its error (None where the correlation is 0), and the probability of an average year."""

    correlation: float
    error: float | None
    probability: float


def most_likely(rates: Floats, sizes: Floats) -> Likely | None:
    """Return the estimate of rates (T,) of cohorts of sizes (T,); None without a maximum, a bad, a good or two."""
    pooled = float(np.sum(rates * sizes) / np.sum(sizes))
    if len(rates) < 2 or not 0.0 < pooled < 1.0:
        return None
    first = float(special.ndtri(pooled))
    none, small = (_log(np.array([first, b]), rates, sizes) for b in (0.0, 1e-3))
    tried = [np.array([first * np.sqrt(1.0 + b * b), b]) for b in STARTS]
    values = [_log(point, rates, sizes) for point in tried]
    if max(small, *values) <= none and _turns_down(first, rates, sizes):
        return Likely(0.0, None, pooled)
    order = np.argsort(values)[::-1]
    for start in (tried[k] for k in order):
        given = {"xtol": 1e-13, "factor": 0.1}
        found = optimize.root(_score, start, args=(rates, sizes), method="hybr", options=given)
        a, b = float(found.x[0]), abs(float(found.x[1]))
        if b < 1e-5 or _log(np.array([a, b]), rates, sizes) < max(none, *values) - 1e-9:
            continue
        return _told(np.array([a, b]), rates, sizes)
    return None


def _told(point: Floats, rates: Floats, sizes: Floats) -> Likely | None:
    """Error by the observed information, its second derivatives by central differences of the score."""
    step = 1e-4 * np.maximum(np.abs(point), 1e-2)
    columns = []
    for k in range(2):
        moved = np.zeros(2)
        moved[k] = step[k]
        near, far = (
            (_score(point + m * moved, rates, sizes) - _score(point - m * moved, rates, sizes)) / (2.0 * m * step[k])
            for m in (1.0, 2.0)
        )
        columns.append((4.0 * near - far) / 3.0)
    information = -np.array(columns)
    information = (information + information.T) / 2.0
    if not np.all(np.linalg.eigvalsh(information) > 0):
        return None
    a, b = (float(value) for value in point)
    pull = 2.0 * b / (1.0 + b * b) ** 2
    error = pull * float(np.sqrt(np.linalg.inv(information)[1, 1]))
    return Likely(b * b / (1.0 + b * b), error, float(special.ndtr(a / np.sqrt(1.0 + b * b))))


def _turns_down(first: float, rates: Floats, sizes: Floats) -> bool:
    """Say whether the likelihood falls from b = 0 on, by its second derivative in b there."""
    density = np.exp(-(first**2) / 2.0) / np.sqrt(2.0 * np.pi)
    p = special.ndtr(first)
    bads, goods = rates * sizes, (1.0 - rates) * sizes
    slope = density * (bads / p - goods / (1.0 - p))
    bend = -first * slope - density**2 * (bads / p**2 + goods / (1.0 - p) ** 2)
    return float(np.sum(bend + slope**2)) <= 0.0


def _terms(point: Floats, rates: Floats, sizes: Floats) -> tuple[Floats, Floats, Floats]:
    """Factors (T, m) about the peak of each cohort, the argument of Φ there, and the logarithm of the integrand."""
    a, b = float(point[0]), float(point[1])

    def log_integrand(z: Floats) -> Floats:
        eta = a - b * z
        bads, goods = (rates * sizes)[:, None], ((1.0 - rates) * sizes)[:, None]
        log = bads * special.log_ndtr(eta) + goods * special.log_ndtr(-eta) - z**2 / 2.0
        return np.asarray(log - 0.5 * np.log(2.0 * np.pi))

    low, high = np.full(len(rates), -40.0), np.full(len(rates), 40.0)
    for _ in range(60):  # golden-section search of each peak: the integrand is log-concave
        left, right = high - 0.6180339887498949 * (high - low), low + 0.6180339887498949 * (high - low)
        rises = log_integrand(left[:, None])[:, 0] < log_integrand(right[:, None])[:, 0]
        low, high = np.where(rises, left, low), np.where(rises, high, right)
    peak = (low + high) / 2.0
    probed = np.column_stack([peak - 1e-3, peak, peak + 1e-3])
    top = log_integrand(probed)
    bend = -(top[:, 0] - 2.0 * top[:, 1] + top[:, 2]) / 1e-6
    spread = 1.0 / np.sqrt(np.maximum(bend, 1.0))
    z = peak[:, None] + spread[:, None] * np.linspace(-REACH, REACH, POINTS)
    step = np.log(spread * 2.0 * REACH / (POINTS - 1))
    return z, a - b * z, log_integrand(z) + step[:, None]


def _log(point: Floats, rates: Floats, sizes: Floats) -> float:
    return float(np.sum(special.logsumexp(_terms(point, rates, sizes)[2], axis=1)))


def _score(point: Floats, rates: Floats, sizes: Floats) -> Floats:
    """Derivatives of the log-likelihood by a and b: means over the factor given the defaults."""
    z, eta, log = _terms(point, rates, sizes)
    mass = np.exp(log - special.logsumexp(log, axis=1)[:, None])
    density = -(eta**2) / 2.0 - 0.5 * np.log(2.0 * np.pi)
    bads, goods = (rates * sizes)[:, None], ((1.0 - rates) * sizes)[:, None]
    by_bads, by_goods = (np.exp(density - special.log_ndtr(side)) for side in (eta, -eta))
    slope = mass * (bads * by_bads - goods * by_goods)
    return np.array([float(np.sum(slope)), float(np.sum(-z * slope))])
