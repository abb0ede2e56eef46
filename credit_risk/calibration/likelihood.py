"""Weighted logistic likelihood of a few columns, with lower bounds on coefficients: the projected Newton method.

Maximises Σ w·(t·η − ln(1 + exp η)), η = offset + X·β, t in [0, 1] (labels, or labels that are smoothed). The
likelihood is concave, so a stationary point under bounds is the maximum (Bertsekas 1982).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from credit_risk._core.errors import CalibrationError, Fault

Floats = NDArray[np.float64]
STEPS = 200
TOLERANCE = 1e-10


@dataclass(frozen=True, slots=True)
class LikelihoodFit:
    """Coefficients (k,) with standard errors from the information, and from the sandwich of squared weights (robust).

    Both are NaN at a bound (at_bound, (k,)); log_likelihood; the number of iterations.
    """

    coefficients: Floats
    standard_errors: Floats
    robust_standard_errors: Floats
    at_bound: NDArray[np.bool_]
    log_likelihood: float
    iterations: int


@dataclass(frozen=True, slots=True)
class _Problem:
    design: Floats
    target: Floats
    weights: Floats
    offset: Floats
    lower: Floats

    def probability(self, beta: Floats) -> Floats:
        p: Floats = expit(self.offset + self.design @ beta)
        return p

    def value(self, beta: Floats) -> float:
        eta = self.offset + self.design @ beta
        return float(self.weights @ (self.target * eta - np.logaddexp(0.0, eta)))


def maximise(
    design: Floats,
    target: Floats,
    weights: Floats,
    lower: Floats,
    start: Floats,
    offset: Floats | float = 0.0,
) -> LikelihoodFit:
    """The maximum over β ≥ lower (k,), −∞ where free; design (n, k). CalibrationError where none is reached."""
    problem = _Problem(design, target, weights, np.broadcast_to(np.asarray(offset, float), target.shape), lower)
    beta = np.maximum(start, lower)
    value, scale = problem.value(beta), float(weights.sum())
    for iteration in range(STEPS):
        p = problem.probability(beta)
        gradient = design.T @ (weights * (target - p))
        information = (design * (weights * p * (1.0 - p))[:, None]).T @ design
        bound = (beta <= lower) & (gradient <= 0.0)
        free = ~bound
        direction = np.zeros_like(beta)
        direction[free] = _solve(information[np.ix_(free, free)], gradient[free])
        gain = float(gradient @ direction)
        if gain <= TOLERANCE * scale:
            beta = _polished(problem, beta, free)
            if not _is_stationary(problem, beta, free):
                break
            return _told(problem, beta, bound, iteration)
        moved, risen = _line_search(problem, beta, direction, value, gradient)
        if moved is None:
            break
        beta, value = moved, risen
    remedy = "Use label smoothing, more rows, or method none with a long-run anchor."
    message = "the likelihood of the calibration has no maximum that could be reached"
    raise CalibrationError(Fault(message, "not_converged", path="calibration", found=f"at {beta}", remedy=remedy))


def _solve(information: Floats, gradient: Floats) -> Floats:
    if not len(gradient):
        return gradient
    scale = 1.0 / np.sqrt(np.maximum(np.diag(information), np.finfo(float).tiny))
    solved: Floats = scale * np.linalg.lstsq(information * np.outer(scale, scale), scale * gradient, rcond=1e-13)[0]
    return solved


def _line_search(
    problem: _Problem, beta: Floats, direction: Floats, value: float, gradient: Floats
) -> tuple[Floats | None, float]:
    """The first halved step along the projected direction that rises enough (Armijo's rule)."""
    length = 1.0
    for _ in range(60):
        moved = np.maximum(beta + length * direction, problem.lower)
        risen = problem.value(moved)
        if risen > value and risen >= value + 1e-4 * float(gradient @ (moved - beta)):
            return moved, risen
        length /= 2.0
    return None, value


def _polished(problem: _Problem, beta: Floats, free: NDArray[np.bool_]) -> Floats:
    """Newton steps for as long as the gradient falls: the likelihood itself is flat to rounding before β is exact."""
    columns, least = problem.design[:, free], np.inf
    trial = beta
    for _ in range(10):
        p = problem.probability(trial)
        gradient = columns.T @ (problem.weights * (problem.target - p))
        size = float(np.abs(gradient).max(initial=0.0))
        if size >= least or np.any(trial < problem.lower):
            break
        beta, least = trial, size
        information = (columns * (problem.weights * p * (1.0 - p))[:, None]).T @ columns
        trial = beta.copy()
        trial[free] += _solve(information, gradient)
    return beta


def _is_stationary(problem: _Problem, beta: Floats, free: NDArray[np.bool_]) -> bool:
    """Whether the gradient is nil against what it is made of; not so where all probabilities are 0 or 1 as doubles."""
    columns = problem.design[:, free]
    left = problem.weights * (problem.target - problem.probability(beta))
    return bool(np.all(np.abs(columns.T @ left) <= 1e-7 * (np.abs(columns).T @ problem.weights)))


def _told(problem: _Problem, beta: Floats, bound: NDArray[np.bool_], iterations: int) -> LikelihoodFit:
    p = problem.probability(beta)
    free = np.flatnonzero(~bound)
    columns = problem.design[:, free]
    inverse = np.linalg.pinv((columns * (problem.weights * p * (1.0 - p))[:, None]).T @ columns)
    scores = columns * (problem.weights * (problem.target - p))[:, None]
    robust = inverse @ (scores.T @ scores) @ inverse
    errors, robust_errors = np.full(len(beta), np.nan), np.full(len(beta), np.nan)
    errors[free], robust_errors[free] = np.sqrt(np.diag(inverse)), np.sqrt(np.diag(robust))
    return LikelihoodFit(beta, errors, robust_errors, bound.copy(), problem.value(beta), iterations)
