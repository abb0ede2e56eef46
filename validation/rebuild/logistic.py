"""Logistic regression by Newton's method with step halving; standard errors from our own Hessian and scores.

McCullagh and Nelder (1989), Generalized Linear Models, 2nd edition, sections 2.5 and 4.4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize, special

from validation.rebuild.clusters import Integers
from validation.rebuild.covariance import covariance

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
MAXIMUM_STEPS = 100
INVISIBLE_GAIN = 1e-13
SEPARATION = 30.0


@dataclass(frozen=True, slots=True)
class LogisticFit:
    """Maximum likelihood estimates of k terms.

    coefficient, standard_error, z, p_value, lower, upper (k,) and covariance (k, k) of the kind asked for;
    independent_error (k,) were rows independent; log_likelihood and null_log_likelihood (intercept
    only); `converged` where the largest score per unit of information fell below the tolerance; `separated` where a
    linear predictor left ±30, the sign of separation; `maximum_score` is what remained of the score; held (k,): terms
    held at zero by a bound, with NaN for error, test and interval.
    """

    coefficient: Floats
    standard_error: Floats
    z: Floats
    p_value: Floats
    lower: Floats
    upper: Floats
    covariance: Floats
    independent_error: Floats
    log_likelihood: float
    null_log_likelihood: float
    steps: int
    converged: bool
    separated: bool
    maximum_score: float
    held: Booleans | None = None

    @property
    def free(self) -> Booleans:
        """(k,) terms that no bound holds at zero."""
        return np.ones(len(self.coefficient), dtype=bool) if self.held is None else ~self.held

    @property
    def parameters(self) -> int:
        """How many terms are estimated."""
        return int(np.count_nonzero(self.free))


def fit_logistic(
    x: Floats,
    y: Floats,
    weight: Floats,
    confidence: float = 0.95,
    kind: str = "nonrobust",
    clusters: Integers | None = None,
    offset: Floats | None = None,
    start: Floats | None = None,
) -> LogisticFit:
    """Fit P(y = 1) = 1 / (1 + exp(−o − x·b)): x (n, k) with its column of ones, y (n,) 0 or 1, weight (n,) ≥ 0.

    o is an offset (n,) or 0; Newton's method begins at `start` (k,) or at 0.
    z = coefficient / standard error; p two-sided from the normal upper tail (not 1 − cdf); Wald intervals; `kind` of
    the covariance and clusters (n,) as in `covariance.py`. Raises numpy.linalg.LinAlgError where the information is
    singular (collinear columns), ValueError where the covariance cannot be estimated.
    """
    shift = np.zeros(len(y)) if offset is None else offset
    beta = np.zeros(x.shape[1]) if start is None else start
    value = log_likelihood(x, y, weight, beta, shift)
    steps, converged, score = 0, False, np.zeros(0)
    for number in range(1, MAXIMUM_STEPS + 1):
        steps = number
        score, information = _derivatives(x, y, weight, beta, shift)
        direction = linalg.cho_solve(linalg.cho_factor(information), score)
        if _small(direction, information):
            beta = beta + direction
            converged = True
            break
        if float(score @ direction) < INVISIBLE_GAIN * max(1.0, abs(value)):
            # the gain is below the rounding of the likelihood, which can no longer judge the step: take it whole
            beta = beta + direction
            value = log_likelihood(x, y, weight, beta, shift)
            continue
        beta, value, moved = _halve((x, y, weight, shift), beta, direction, value)
        if not moved:
            converged = bool(np.max(np.abs(score)) < 1e-6 * max(1.0, float(np.sum(weight))))
            break
    score, information = _derivatives(x, y, weight, beta, shift)
    scores = x * (weight * (y - special.expit(shift + x @ beta)))[:, None]
    matrix = covariance(kind, information, scores, np.arange(len(y)) if clusters is None else clusters)
    error = np.sqrt(np.diag(matrix))
    z = beta / error
    half = special.ndtri(0.5 + confidence / 2.0) * error
    return LogisticFit(
        coefficient=beta,
        standard_error=error,
        z=z,
        p_value=2.0 * special.ndtr(-np.abs(z)),
        lower=beta - half,
        upper=beta + half,
        covariance=matrix,
        independent_error=np.sqrt(np.diag(linalg.inv(information))),
        log_likelihood=log_likelihood(x, y, weight, beta, shift),
        null_log_likelihood=_null(y, weight, offset),
        steps=steps,
        converged=converged,
        separated=bool(np.max(np.abs(shift + x @ beta)) > SEPARATION),
        maximum_score=float(np.max(np.abs(score))),
    )


def _null(y: Floats, weight: Floats, offset: Floats | None) -> float:
    """Log-likelihood of the constant alone, beside the offset."""
    if offset is None:
        total, bad = float(np.sum(weight)), float(weight @ y)
        return float(special.xlogy(bad, bad / total) + special.xlogy(total - bad, 1.0 - bad / total))
    ones = np.ones((len(y), 1))

    def score(a: float) -> float:
        return float(weight @ (y - special.expit(offset + a)))

    constant = optimize.brentq(score, -60.0, 60.0, xtol=1e-14)
    return log_likelihood(ones, y, weight, np.array([constant]), offset)


def log_likelihood(x: Floats, y: Floats, weight: Floats, beta: Floats, offset: Floats | float = 0.0) -> float:
    """Return Σ w·(y·η − ln(1 + exp η)), η = offset + x·beta."""
    eta = offset + x @ beta
    return float(np.sum(weight * (y * eta - np.logaddexp(0.0, eta))))


def variance_inflation(x: Floats, weight: Floats | None = None) -> Floats:
    """Return 1 / (1 − R²) of each column of x (n, k), without ones, on the others and a constant; inf if collinear.

    The regressions are by least squares weighted with `weight` (n,).
    """
    w = np.ones(len(x)) if weight is None else weight
    centred = (x - np.average(x, axis=0, weights=w)) * np.sqrt(w)[:, None]
    result = np.ones(x.shape[1])
    for column in range(x.shape[1]):
        rest = np.delete(centred, column, axis=1)
        if rest.shape[1] == 0:
            continue
        target = centred[:, column]
        solution = np.linalg.lstsq(rest, target, rcond=None)[0]
        left, total = float(np.sum((target - rest @ solution) ** 2)), float(np.sum(target**2))
        result[column] = total / left if left > 0 else np.inf
    return result


def correlation(x: Floats, weight: Floats) -> Floats:
    """Return the correlations (k, k) of the columns of x (n, k), rows weighted."""
    centred = (x - np.average(x, axis=0, weights=weight)) * np.sqrt(weight)[:, None]
    scaled = centred / np.sqrt(np.sum(centred**2, axis=0))
    return scaled.T @ scaled


def _derivatives(x: Floats, y: Floats, weight: Floats, beta: Floats, shift: Floats) -> tuple[Floats, Floats]:
    p = special.expit(shift + x @ beta)
    return x.T @ (weight * (y - p)), (x * (weight * p * (1.0 - p))[:, None]).T @ x


def _small(direction: Floats, information: Floats) -> bool:
    """Say whether the step is far below the standard errors: the estimates cannot move any further."""
    return bool(np.max(np.abs(direction) * np.sqrt(np.diag(information))) < 1e-9)


def _halve(
    data: tuple[Floats, Floats, Floats, Floats], beta: Floats, direction: Floats, value: float
) -> tuple[Floats, float, bool]:
    """Shorten the step until the likelihood does not fall."""
    x, y, weight, shift = data
    for power in range(40):
        trial = beta + direction * 0.5**power
        found = log_likelihood(x, y, weight, trial, shift)
        if found >= value:
            return trial, found, True
    return beta, value, False
