"""Maximum likelihood under bounds on the sign of the coefficients.

max ln L(a, b) subject to b_j ≤ 0 is a concave problem with one maximum, told by its conditions (Karush 1939; Kuhn and
Tucker 1951): the score of a coefficient below zero is zero, that of one held at zero is not negative. Each step solves
the quadratic problem of Newton's method under the bounds (Stark and Parker 1995) and is halved until ln L rises.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear
from scipy.special import expit

from credit_risk._core.errors import Fault, ModelError

Floats = NDArray[np.float64]
STEPS = 100
HALVINGS = 40


def log_likelihood(design: Floats, y: Floats, weights: Floats, offset: Floats, coefficients: Floats) -> float:
    """Σ w·(y·η − ln(1 + exp η)), η = offset + design·coefficients. design (n, k); the others (n,), (k,)."""
    eta = offset + design @ coefficients
    return float(np.sum(weights * (y * eta - np.logaddexp(0.0, eta))))


def scores(design: Floats, y: Floats, weights: Floats, offset: Floats, coefficients: Floats) -> Floats:
    """Derivatives (k,) of ln L by the coefficients."""
    return np.asarray(design.T @ (weights * (y - expit(offset + design @ coefficients))), float)


def held_at_zero(x: Floats, y: Floats, weights: Floats, offset: Floats) -> NDArray[np.bool_]:
    """Which of the coefficients (k,) of the columns of x (n, k) are zero where the likelihood with all ≤ 0 is greatest.

    y, weights, offset (n,); the constant is free. Raises ModelError where it does not converge.
    """
    design = np.column_stack([np.ones(len(y)), x])
    rate = float(np.sum(weights * y) / np.sum(weights))
    b = np.zeros(design.shape[1])
    b[0] = np.log(rate / (1.0 - rate)) - float(np.average(offset, weights=weights))
    upper = np.r_[np.inf, np.zeros(x.shape[1])]
    value = log_likelihood(design, y, weights, offset, b)
    for _ in range(STEPS):
        p = expit(offset + design @ b)
        gradient = design.T @ (weights * (y - p))
        information = (design * (weights * p * (1.0 - p))[:, None]).T @ design
        root = np.linalg.cholesky(information).T
        target = root @ b + np.linalg.solve(root.T, gradient)
        found = lsq_linear(root, target, bounds=(-np.inf, upper), method="bvls", tol=1e-14)
        step = np.minimum(found.x, upper) - b
        if float(np.max(np.abs(step) * np.sqrt(np.diag(information)))) < 1e-8:
            return np.asarray((b + step)[1:] >= 0.0)
        b, value = _halved(b, step, value, lambda c: log_likelihood(design, y, weights, offset, c))
    raise ModelError(Fault("the fit under bounds on the coefficients did not converge", code="not_converged"))


def _halved(b: Floats, step: Floats, value: float, likelihood: Callable[[Floats], float]) -> tuple[Floats, float]:
    for power in range(HALVINGS):
        trial = b + step * 0.5**power
        found = likelihood(trial)
        if found >= value - 1e-12 * abs(value):
            return trial, found
    return b, value
