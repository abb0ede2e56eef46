"""Logistic regression over and over on resampled rows: Newton's method from a warm start, no inference."""

from __future__ import annotations

import numpy as np
from scipy import special

from credit_risk.reject_inference.rows import Floats

STEPS = 30
SMALL = 1e-9
WILD = 60.0
"""Beyond this linear predictor the classes are taken for separated."""


def with_constant(x: Floats) -> Floats:
    """Columns x (n, k) after a column of ones."""
    return np.column_stack([np.ones(len(x)), x])


def weighted_logit(design: Floats, y: Floats, weights: Floats, start: Floats) -> Floats | None:
    """Coefficients (k,) of greatest likelihood; None where it has no maximum: collinear columns, separated classes.

    design (n, k) with its constant, y (n,) 0/1, weights (n,) positive, start (k,).
    """
    coef = start.copy()
    for _ in range(STEPS):
        eta = design @ coef
        if not np.isfinite(eta).all() or np.abs(eta).max() > WILD:
            return weighted_logit(design, y, weights, np.zeros(len(start))) if start.any() else None
        p = special.expit(eta)
        information = (design * (weights * p * (1 - p))[:, None]).T @ design
        try:
            step = np.linalg.solve(information, design.T @ (weights * (y - p)))
        except np.linalg.LinAlgError:
            return None
        coef = coef + step
        if np.abs(step).max() < SMALL:
            return coef
    return None


def naive_errors(design: Floats, weights: Floats, coef: Floats) -> Floats:
    """Standard errors (k,) as if every weighted row were so many independent applicants with that outcome."""
    p = special.expit(design @ coef)
    return np.sqrt(np.diag(np.linalg.inv((design * (weights * p * (1 - p))[:, None]).T @ design)))
