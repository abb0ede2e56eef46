"""Intervals of the profile likelihood (Venzon and Moolgavkar 1988, Applied Statistics 37, 87-94).

The bounds of coefficient j are the two values at which the log-likelihood, greatest over all the others, has fallen by
half the quantile of chi-square with one degree of freedom: Newton's method on the system

    ln L(b) = ln L(maximum) − ½·χ²₁(confidence),    ∂ ln L / ∂b_i = 0 for all i ≠ j.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import chi2

from credit_risk._core.errors import Fault, ModelError
from credit_risk.models.bounded import log_likelihood

Floats = NDArray[np.float64]
STEPS = 60


def profile_intervals(
    design: Floats,
    y: Floats,
    coefficients: Floats,
    names: tuple[str, ...],
    *,
    weights: Floats,
    offset: Floats,
    confidence: float,
) -> tuple[Floats, Floats]:
    """Lower and upper bounds (k,) of the coefficients (k,) at the maximum. design (n, k); y, weights, offset (n,).

    Raises ModelError, naming each coefficient whose bound is not found.
    """
    data = (design, y, weights, offset)
    goal = log_likelihood(*data, coefficients) - 0.5 * float(chi2.ppf(confidence, 1))
    _, information = _derivatives(data, coefficients)
    error = np.sqrt(np.diag(np.linalg.inv(information)))
    half = np.sqrt(chi2.ppf(confidence, 1)) * error
    bounds = np.empty((2, len(coefficients)))
    faults = []
    for j, name in enumerate(names):
        for side, sign in enumerate((-1.0, 1.0)):
            try:
                bounds[side, j] = _bound(data, coefficients, j, sign * half[j], goal)
            except ArithmeticError:
                text = f"the profile likelihood of {name} has no bound that can be found"
                faults.append(Fault(text, code="no_profile", path=name, remedy="write interval: wald"))
    if faults:
        raise ModelError(faults)
    return bounds[0], bounds[1]


Data = tuple[Floats, Floats, Floats, Floats]


def _derivatives(data: Data, b: Floats) -> tuple[Floats, Floats]:
    design, y, weights, offset = data
    p = expit(offset + design @ b)
    return design.T @ (weights * (y - p)), (design * (weights * p * (1.0 - p))[:, None]).T @ design


def _bound(data: Data, maximum: Floats, j: int, start: float, goal: float) -> float:
    """The bound on the side of `start`, its distance by Wald. Raises ArithmeticError where none is found."""
    rest = np.arange(len(maximum)) != j
    _, information = _derivatives(data, maximum)
    b = maximum.copy()
    b[j] += start
    if rest.any():
        b[rest] -= start * np.linalg.solve(information[np.ix_(rest, rest)], information[rest, j])
    for _ in range(STEPS):
        gradient, information = _derivatives(data, b)
        short = log_likelihood(*data, b) - goal
        # ln L is the first equation, the scores of the others are the rest
        jacobian = -information
        jacobian[j] = gradient
        target = gradient.copy()
        target[j] = short
        step = -np.linalg.solve(jacobian, target)
        limit = 2.0 * abs(start)
        step *= min(1.0, limit / max(abs(step[j]), 1e-300))
        b = b + step
        if not np.all(np.isfinite(b)) or (b[j] - maximum[j]) * start <= 0:
            raise ArithmeticError
        if float(np.max(np.abs(step))) < 1e-11 * (1.0 + float(np.max(np.abs(b)))):
            return float(b[j])
    raise ArithmeticError
