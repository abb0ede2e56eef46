"""Standard errors from numerical second derivatives, as a check of those from formulas.

The derivative of the score is had by central differences at two step widths and Richardson's extrapolation of them,
(4·D(h/2) − D(h))/3, whose error is of the fourth order in h. The documented errors come from the expected information:
the score is linear in statistics of the outcome (y itself; ln y and ln(1 − y) for beta), and with their expectations at
the estimates in place of them, its derivative there is minus the expected information (Wedderburn 1974 for
quasi-likelihoods). With canonical links it is the observed one too.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import special

from validation.measures.families import Family
from validation.rebuild.clusters import dense
from validation.rebuild.covariance import factor
from validation.rebuild.linear_models import LinearModel

Floats = NDArray[np.float64]
QUANTITY = "standard errors by numerical second derivatives"
STEP = 2e-3
"""Width of a step in units of the scale of a parameter (what moves the linear predictor by 1 at its largest)."""

SINGULAR = 1e13
"""Condition of the information, scaled to a unit diagonal, beyond which it has no inverse worth the name."""


def jacobian(function: Callable[[Floats], Floats], at: Floats, steps: Floats) -> Floats:
    """(m, k) derivatives of a function of k parameters with m values, by central differences, extrapolated."""

    def central(place: int, width: float) -> Floats:
        move = np.zeros(len(at))
        move[place] = width
        return (function(at + move) - function(at - move)) / (2.0 * width)

    columns = [(4.0 * central(j, h / 2.0) - central(j, h)) / 3.0 for j, h in enumerate(steps)]
    return np.column_stack(columns)


def gradient(function: Callable[[Floats], float], at: Floats, steps: Floats) -> Floats:
    """(k,) derivatives of a function of k parameters, in the same way."""
    found: Floats = jacobian(lambda point: np.array([function(point)]), at, steps)[0]
    return found


def standard_errors(model: LinearModel) -> Floats:
    """(k,) standard errors of a model's coefficients at the validator's estimates, of the kind that it asks for.

    Raises numpy.linalg.LinAlgError where the information is singular, ValueError where the kind has no value.
    """
    if model.family == "beta":
        return _beta_errors(model)
    at, one = model.own_coefficient, _family(model)
    mu = one.mean(model.x @ at + model.offset)

    def score(beta: Floats) -> Floats:
        result: Floats = model.x.T @ _slopes(model, one, beta, mu)
        return result

    information = _symmetric(-jacobian(score, at, _steps(model.x)))
    scores = model.x * _slopes(model, one, at, model.y)[:, None]
    dispersion = 1.0
    if model.family != "logistic":
        pearson = float(np.sum(model.weight * (model.y - mu) ** 2 / one.variance(mu)))
        dispersion = pearson / (len(model.y) - len(at))
    return np.sqrt(np.diag(_covariance(model, information, scores, dispersion)))


def _family(model: LinearModel) -> Family:
    """The family of the score; a logistic regression has that of fractions."""
    return Family("fractional" if model.family == "logistic" else model.family, model.link, model.power)


def _slopes(model: LinearModel, one: Family, beta: Floats, y: Floats) -> Floats:
    """(n,) derivative of the (quasi-)likelihood of each row by its linear predictor."""
    eta = model.x @ beta + model.offset
    mu = one.mean(eta)
    slope: Floats = model.weight * (y - mu) * one.slope(eta) / one.variance(mu)
    return slope


def _steps(x: Floats) -> Floats:
    return STEP / np.maximum(np.max(np.abs(x), axis=0), 1e-300)


def _symmetric(matrix: Floats) -> Floats:
    return (matrix + matrix.T) / 2.0


def _covariance(model: LinearModel, information: Floats, scores: Floats, dispersion: float) -> Floats:
    """The covariance of the kind asked for, from a numerical information."""
    bread = _inverse(information)
    if model.covariance == "nonrobust":
        return bread * dispersion
    rows, terms = scores.shape
    numbers, count = dense(model.clusters)
    if model.covariance == "cluster":
        sums = np.zeros((count, terms))
        np.add.at(sums, numbers, scores)
        scores = sums
    result: Floats = factor(model.covariance, rows, terms, count) * bread @ (scores.T @ scores) @ bread
    return result


def _inverse(information: Floats) -> Floats:
    """The inverse, by way of a unit diagonal; numpy.linalg.LinAlgError where it would hold nothing but rounding."""
    diagonal = np.diag(information)
    if not np.all(diagonal > 0):
        raise np.linalg.LinAlgError("the information is singular")
    scale = 1.0 / np.sqrt(diagonal)
    unit = information * np.outer(scale, scale)
    if np.linalg.cond(unit) > SINGULAR:
        raise np.linalg.LinAlgError("the information is singular")
    result: Floats = np.linalg.inv(unit) * np.outer(scale, scale)
    return result


def _beta_errors(model: LinearModel) -> Floats:
    """Of beta regression: coefficients and ln φ together, ln φ where its score is zero at the coefficients."""
    one, k = _family(model), model.x.shape[1]
    log_odds, log_rest = np.log(model.y) - np.log1p(-model.y), np.log1p(-model.y)
    theta = np.append(model.own_coefficient, _log_precision(model, one, log_odds, log_rest))
    mu, precision = one.mean(model.x @ theta[:k] + model.offset), float(np.exp(theta[-1]))
    expected_rest = special.psi((1.0 - mu) * precision) - special.psi(precision)
    expected_odds = special.psi(mu * precision) - special.psi((1.0 - mu) * precision)

    def total(at: Floats) -> Floats:
        found: Floats = _beta_scores(model, one, at, expected_odds, expected_rest).sum(axis=0)
        return found

    steps = np.append(_steps(model.x), STEP)
    information = _symmetric(-jacobian(total, theta, steps))
    scores = _beta_scores(model, one, theta, log_odds, log_rest)
    return np.sqrt(np.diag(_covariance(model, information, scores, 1.0)))[:k]


def _beta_scores(model: LinearModel, one: Family, theta: Floats, log_odds: Floats, log_rest: Floats) -> Floats:
    """(n, k + 1) scores of the coefficients and ln φ from ln(y/(1 − y)) and ln(1 − y)."""
    eta, precision = model.x @ theta[:-1] + model.offset, float(np.exp(theta[-1]))
    mu = one.mean(eta)
    gap = log_odds - special.psi(mu * precision) + special.psi((1.0 - mu) * precision)
    level = mu * gap + special.psi(precision) - special.psi((1.0 - mu) * precision) + log_rest
    of_terms = model.x * (model.weight * precision * one.slope(eta) * gap)[:, None]
    return np.column_stack([of_terms, model.weight * precision * level])


def _log_precision(model: LinearModel, one: Family, log_odds: Floats, log_rest: Floats) -> float:
    """ln φ at which its score is zero, by bisection."""

    def score(level: float) -> float:
        theta = np.append(model.own_coefficient, level)
        return float(_beta_scores(model, one, theta, log_odds, log_rest)[:, -1].sum())

    low, high = -15.0, 25.0
    for _ in range(90):
        middle = (low + high) / 2.0
        low, high = (middle, high) if score(middle) > 0 else (low, middle)
    return (low + high) / 2.0
