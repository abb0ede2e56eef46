"""Asset correlation by maximum likelihood for cohorts of finite size: binomial defaults, mixed over the common factor.

Given the factor z of its year, the defaults of a cohort of n rows are binomial with the probability Φ(a − b·z) (Vasicek
2002), b = √(ρ/(1 − ρ)), a = Φ⁻¹(p)·√(1 + b²); cohorts are independent of each other (Gordy and Heitfield 2002). Chance
within a cohort is then not taken for correlation, and a cohort without a default counts too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from credit_risk.calibration.asset_correlation import LikelyCorrelation, correlation_by_moments
from credit_risk.evaluation._arrays import Arguments

Floats = NDArray[np.float64]
NODES, MASSES = np.polynomial.hermite_e.hermegauss(120)
STEPS, PATIENCE = 200, 25
GREATEST = 1e6
UNKNOWN = LikelyCorrelation(math.nan, math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class _Found:
    """Log-likelihood at (a, b), its gradient (2,) and its Hessian (2, 2)."""

    value: float
    gradient: Floats
    hessian: Floats


def cohort_log_likelihood(rates: ArrayLike, effective_rows: ArrayLike, probability: float, correlation: float) -> float:
    """Log-likelihood of the rates (T,) of cohorts of so many effective rows (T,), without binomial coefficients.

    CreditRiskError: rates outside [0, 1], rows that are not positive, a probability not within (0, 1), a correlation
    not within [0, 1).
    """
    arguments = Arguments()
    r, n = arguments.probabilities(rates, "rates"), arguments.weights(effective_rows, "effective_rows")
    arguments.require(0.0 < probability < 1.0, "probability", "not within (0, 1)", "range", found=f"{probability!r}")
    arguments.require(0.0 <= correlation < 1.0, "correlation", "not within [0, 1)", "range", found=f"{correlation!r}")
    arguments.raise_if_any()
    b = math.sqrt(correlation / (1.0 - correlation))
    a = float(special.ndtri(probability)) * math.sqrt(1.0 + b * b)
    return _at(np.array([a, b]), r, np.ones(len(r)) if n is None else n).value


def correlation_of_cohorts(rates: ArrayLike, effective_rows: ArrayLike) -> LikelyCorrelation:
    """Maximum likelihood for finite cohorts; rates, effective_rows (T,), which need not be whole (weights).

    The standard error is of the observed information, by the delta method. Where the likelihood falls from ρ = 0 on,
    the correlation is 0 and has no standard error. NaN for T < 2, and where no row or every row is bad. Raises
    CreditRiskError on rates outside [0, 1] and rows that are not positive.
    """
    arguments = Arguments()
    r, given = arguments.probabilities(rates, "rates"), arguments.weights(effective_rows, "effective_rows")
    arguments.raise_if_any()
    n = np.ones(len(r)) if given is None else given
    pooled = float(n @ r / n.sum())
    if len(r) < 2 or not 0.0 < pooled < 1.0:
        return UNKNOWN
    middle = float(special.ndtri(pooled))
    first, second = _slopes(np.full((len(r), 1), middle), r[:, None], n[:, None])
    if float(np.sum(second + np.square(first))) <= 0.0:  # of b at b = 0, where the likelihood is even in b
        return LikelyCorrelation(0.0, math.nan, pooled)
    best = _maximum(r, n, middle)
    if best is None:
        return UNKNOWN
    a, b = (float(value) for value in best)
    covariance = np.linalg.inv(-_at(best, r, n).hessian)
    turn = 2.0 * b / (1.0 + b * b) ** 2
    error = abs(turn) * math.sqrt(max(0.0, float(covariance[1, 1])))
    return LikelyCorrelation(b * b / (1.0 + b * b), error, float(special.ndtr(a / math.sqrt(1.0 + b * b))))


def _maximum(r: Floats, n: Floats, middle: float) -> Floats | None:
    """(a, b) of the greatest likelihood, by Newton's method on (a, b²) with halved steps; None where it runs away.

    The likelihood is even in b, so that in b² it is smooth down to 0.
    """
    rho = min(max(float(np.nan_to_num(correlation_by_moments(r, n))), 1e-4), 0.9)
    square = rho / (1.0 - rho)
    point = np.array([middle * math.sqrt(1.0 + square), square])
    found = _at(_rooted(point), r, n)
    for number in range(STEPS):
        gradient, hessian = _in_square(found, math.sqrt(point[1]))
        spectrum, axes = np.linalg.eigh(hessian)
        step = axes @ ((axes.T @ gradient) / np.maximum(np.abs(spectrum), 1e-300))
        gain = float(gradient @ step)  # twice that of the step; in the end rounding of large cohorts is left
        if gain <= 1e-20 or (number >= PATIENCE and gain <= 1e-8):
            done = bool(np.all(spectrum < 0.0)) and point[1] < GREATEST
            return _rooted(point + step) if done else None
        step = step * min(1.0, 0.8 * point[1] / max(-step[1], 1e-300))
        moved = _at(_rooted(point + step), r, n)
        while moved.value < found.value - 1e-12 * abs(found.value) and float(np.max(np.abs(step))) > 1e-14:
            step = step / 2.0
            moved = _at(_rooted(point + step), r, n)
        point, found = point + step, moved
    return None


def _rooted(point: Floats) -> Floats:
    return np.array([point[0], math.sqrt(point[1])])


def _in_square(found: _Found, b: float) -> tuple[Floats, Floats]:
    """Gradient and Hessian by a and b², from those by a and b."""
    by_a, by_b = found.gradient
    turned = np.array([[1.0, 0.0], [0.0, 0.5 / b]])
    hessian = turned @ found.hessian @ turned
    hessian[1, 1] -= by_b / (4.0 * b**3)
    return np.array([by_a, by_b / (2.0 * b)]), hessian


def _slopes(eta: Floats, r: Floats, n: Floats) -> tuple[Floats, Floats]:
    """First and second derivative of n(r log Φ(η) + (1 − r) log Φ(−η)) by η."""
    density = -0.5 * np.square(eta) - 0.5 * math.log(2.0 * math.pi)
    up, down = np.exp(density - special.log_ndtr(eta)), np.exp(density - special.log_ndtr(-eta))
    return n * (r * up - (1.0 - r) * down), -n * (r * up * (eta + up) + (1.0 - r) * down * (down - eta))


def _modes(a: float, b: float, r: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Where the integrand of each cohort is greatest over the factor, and its curvature there; it is log-concave."""
    z = np.zeros(len(r))
    for _ in range(STEPS):
        first, second = _slopes(a - b * z, r, n)
        curvature = 1.0 - b * b * second
        step = (-b * first - z) / curvature
        z = z + np.clip(step, -1.0, 1.0)
        if float(np.max(np.abs(step))) < 1e-10:
            break
    return z, 1.0 - b * b * _slopes(a - b * z, r, n)[1]


def _at(point: Floats, r: Floats, n: Floats) -> _Found:
    """Adaptive Gauss-Hermite quadrature about the mode of each cohort; derivatives as means over the factor."""
    a, b = float(point[0]), float(point[1])
    mode, curvature = _modes(a, b, r, n)
    spread = 1.0 / np.sqrt(curvature)
    z = mode[:, None] + spread[:, None] * NODES
    eta, share, size = a - b * z, r[:, None], n[:, None]
    log = size * (share * special.log_ndtr(eta) + (1.0 - share) * special.log_ndtr(-eta)) - 0.5 * np.square(z)
    log += np.log(MASSES) + 0.5 * np.square(NODES) + np.log(spread)[:, None] - 0.5 * math.log(2.0 * math.pi)
    each = special.logsumexp(log, axis=1)
    mass = np.exp(log - each[:, None])
    first, second = _slopes(eta, share, size)
    pull = np.stack([first, -z * first], axis=2)
    mean = np.einsum("tk,tki->ti", mass, pull)
    turns = np.stack([np.ones_like(z), -z], axis=2)
    hessian = np.einsum("tk,tki,tkj->ij", mass * second, turns, turns)
    hessian += np.einsum("tk,tki,tkj->ij", mass, pull, pull) - mean.T @ mean
    return _Found(float(each.sum()), mean.sum(axis=0), hessian)
