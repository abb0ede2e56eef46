"""Generalised linear models by Newton's method on the (quasi-)likelihood, or by its score equations for beta."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize, special

from validation.measures.families import Family, log_density
from validation.rebuild.clusters import Integers
from validation.rebuild.covariance import covariance

Floats = NDArray[np.float64]
MAXIMUM_STEPS = 200


@dataclass(frozen=True, slots=True)
class GlmFit:
    """Estimates of k terms, the constant first. Vectors (k,); mu and eta (n,); degrees of Student's t, NaN if normal.

    dispersion: Pearson's, of beta 1/(1 + precision); likely_dispersion and log_likelihood NaN for a quasi-likelihood.
    """

    coefficient: Floats
    standard_error: Floats
    statistic: Floats
    p_value: Floats
    lower: Floats
    upper: Floats
    eta: Floats
    mu: Floats
    dispersion: float
    likely_dispersion: float
    log_likelihood: float
    deviance: float
    null_deviance: float
    pearson: float
    precision_error: float
    degrees: float
    converged: bool


def fit_glm(
    x: Floats,
    y: Floats,
    weight: Floats,
    offset: Floats,
    one: Family,
    *,
    kind: str,
    clusters: Integers,
    confidence: float,
    likelihood: bool = True,
) -> GlmFit:
    """Fit g(mu) = x·b + offset: x (n, k) with its column of ones; y, weight (prior weights), offset (n,).

    kind: of the covariance. Raises numpy.linalg.LinAlgError where the information is singular, ValueError where the
    covariance or the density cannot be had.
    """
    if one.name == "beta":
        return _beta(x, y, weight, offset, one, kind, clusters, confidence)
    coefficient, converged = estimate(x, y, weight, offset, one)
    eta = x @ coefficient + offset
    mu, slope = one.mean(eta), one.slope(eta)
    variance = one.variance(mu)
    scores = x * (weight * (y - mu) * slope / variance)[:, None]
    information = x.T @ (x * (weight * slope**2 / variance)[:, None])
    pearson = float(np.sum(weight * (y - mu) ** 2 / variance))
    degrees = float(len(y) - x.shape[1])
    dispersion = pearson / degrees
    plain = kind == "nonrobust"
    matrix = linalg.inv(information) * dispersion if plain else covariance(kind, information, scores, clusters)
    likely, total = np.nan, np.nan
    if likelihood and one.name != "fractional":
        likely, total = likely_dispersion(one, y, mu, weight, dispersion)
    null, _ = estimate(np.ones((len(y), 1)), y, weight, offset, one)
    return GlmFit(
        coefficient,
        *_inference(coefficient, matrix, degrees if plain else np.nan, confidence),
        eta,
        mu,
        dispersion,
        likely,
        total,
        float(np.sum(weight * one.deviance(y, mu))),
        float(np.sum(weight * one.deviance(y, one.mean(null[0] + offset)))),
        pearson,
        np.nan,
        degrees if plain else np.nan,
        converged,
    )


def _inference(
    coefficient: Floats, matrix: Floats, degrees: float, confidence: float
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return standard errors, ratios, p-values and bounds."""
    error = np.sqrt(np.diag(matrix))
    ratio = coefficient / error
    if np.isnan(degrees):
        p, reach = 2.0 * special.ndtr(-np.abs(ratio)), -special.ndtri((1.0 - confidence) / 2.0)
    else:
        p = 2.0 * special.stdtr(degrees, -np.abs(ratio))
        reach = -special.stdtrit(degrees, (1.0 - confidence) / 2.0)
    return error, ratio, p, coefficient - reach * error, coefficient + reach * error


def estimate(x: Floats, y: Floats, weight: Floats, offset: Floats, one: Family) -> tuple[Floats, bool]:
    """Return the coefficients and whether the score vanished, by Newton's steps halved until the deviance falls.

    The Hessian is that of the quasi-likelihood itself (for probit its expectation), not the weights of least squares.
    """
    level = float(np.sum(weight * y) / np.sum(weight))
    start = (
        np.log(level) if one.link == "log" else special.logit(level) if one.link == "logit" else special.ndtri(level)
    )
    coefficient = np.zeros(x.shape[1])
    coefficient[0] = start - float(np.sum(weight * offset) / np.sum(weight))
    value = _deviance(coefficient, x, y, weight, offset, one)
    for _ in range(MAXIMUM_STEPS):
        first, second = _derivatives(coefficient, x, y, weight, offset, one)
        score, hessian = x.T @ first, x.T @ (x * second[:, None])
        step = linalg.solve(hessian, score, assume_a="sym")
        part = 1.0
        while part > 1e-8:
            there = coefficient + part * step
            reached = _deviance(there, x, y, weight, offset, one)
            if np.isfinite(reached) and reached <= value * (1.0 + 1e-13) + 1e-300:
                break
            part *= 0.5
        coefficient, value = there, reached
        if float(np.max(np.abs(part * step))) <= 1e-12 * max(1.0, float(np.max(np.abs(coefficient)))):
            break
    first, _ = _derivatives(coefficient, x, y, weight, offset, one)
    eta = x @ coefficient + offset
    scale = np.abs(x).T @ (weight * (y + one.mean(eta)) * one.slope(eta) / one.variance(one.mean(eta)))
    return coefficient, bool(np.all(np.abs(x.T @ first) <= 1e-8 * scale))


def _deviance(coefficient: Floats, x: Floats, y: Floats, weight: Floats, offset: Floats, one: Family) -> float:
    with np.errstate(all="ignore"):
        mu = one.mean(x @ coefficient + offset)
        inside = np.all(mu > 0) and np.all(np.isfinite(mu)) and (one.link == "log" or np.all(mu < 1))
        return float(np.sum(weight * one.deviance(y, mu))) if inside else np.inf


def _derivatives(
    coefficient: Floats, x: Floats, y: Floats, weight: Floats, offset: Floats, one: Family
) -> tuple[Floats, Floats]:
    """Return the first and the negative second derivative (n,) of the quasi-likelihood by the linear predictor."""
    eta = x @ coefficient + offset
    mu = one.mean(eta)
    if one.link == "log":
        power = one.power
        first = (y - mu) * mu ** (1.0 - power)
        second = mu ** (2.0 - power) - (1.0 - power) * (y - mu) * mu ** (1.0 - power)
        if float(np.min(second)) < 0:  # far from the solution the curve may bend the other way
            second = mu ** (2.0 - power)
    elif one.link == "logit":
        first, second = y - mu, mu * (1.0 - mu)
    else:
        slope = one.slope(eta)
        first, second = (y - mu) * slope / one.variance(mu), slope**2 / one.variance(mu)
    return weight * first, weight * second


def likely_dispersion(one: Family, y: Floats, mu: Floats, weight: Floats, start: float) -> tuple[float, float]:
    """Return the dispersion of greatest likelihood at given means, and that log likelihood."""

    def loss(log_dispersion: float) -> float:
        return -float(np.sum(log_density(one, y, mu, np.exp(log_dispersion) / weight)))

    found = optimize.minimize_scalar(loss, bracket=(np.log(start), np.log(start) + 0.1), method="brent", tol=1e-10)
    return float(np.exp(found.x)), -float(found.fun)


def _beta(
    x: Floats,
    y: Floats,
    weight: Floats,
    offset: Floats,
    one: Family,
    kind: str,
    clusters: Integers,
    confidence: float,
) -> GlmFit:
    """Solve the score equations of the coefficients and ln φ; the information is the variance of the scores."""
    theta, converged = _solve(x, y, weight, offset, one)
    null, _ = _solve(x[:, :1], y, weight, offset, one)
    precision, eta = float(np.exp(theta[-1])), x @ theta[:-1] + offset
    mu = one.mean(eta)
    scores = _beta_scores(theta, x, y, weight, offset, one)
    matrix = covariance(kind, _beta_information(theta, x, weight, offset, one), scores, clusters)
    terms = x.shape[1]
    dispersion = 1.0 / (1.0 + precision)
    total = float(np.sum(weight * log_density(one, y, mu, np.full(len(y), dispersion))))
    return GlmFit(
        theta[:-1],
        *_inference(theta[:-1], matrix[:terms, :terms], np.nan, confidence),
        eta,
        mu,
        dispersion,
        dispersion,
        total,
        float(np.sum(weight * one.deviance(y, mu))),
        float(np.sum(weight * one.deviance(y, one.mean(null[0] + offset)))),
        float(np.sum(weight * (y - mu) ** 2 / one.variance(mu))),
        float(np.sqrt(matrix[-1, -1]) * precision),
        np.nan,
        converged,
    )


def _solve(x: Floats, y: Floats, weight: Floats, offset: Floats, one: Family) -> tuple[Floats, bool]:
    start, _ = estimate(x, y, weight, offset, Family("fractional", one.link, np.nan))
    mu = one.mean(x @ start + offset)
    ratio = float(np.sum(weight * mu * (1.0 - mu)) / np.sum(weight * (y - mu) ** 2))
    theta = np.append(start, np.log(max(ratio - 1.0, 0.1)))
    whole = float(np.sum(weight))

    def equations(at: Floats) -> Floats:
        return _beta_scores(at, x, y, weight, offset, one).sum(axis=0) / whole

    found = optimize.root(equations, theta, method="hybr", options={"xtol": 1e-13, "maxfev": 5000})
    return found.x, bool(np.max(np.abs(equations(found.x))) <= 1e-9)


def _beta_scores(theta: Floats, x: Floats, y: Floats, weight: Floats, offset: Floats, one: Family) -> Floats:
    """Return the score of each row (n, k + 1) for the coefficients and ln φ."""
    eta, precision = x @ theta[:-1] + offset, np.exp(theta[-1])
    mu = one.mean(eta)
    log_odds = np.log(y) - np.log1p(-y)
    gap = log_odds - (special.psi(mu * precision) - special.psi((1.0 - mu) * precision))
    level = special.psi(precision) - special.psi((1.0 - mu) * precision) + np.log1p(-y)
    return np.column_stack(
        [x * (weight * precision * one.slope(eta) * gap)[:, None], weight * precision * (mu * gap + level)]
    )


def _beta_information(theta: Floats, x: Floats, weight: Floats, offset: Floats, one: Family) -> Floats:
    """Return the variance of the scores, from the variances of ln y and ln(1 − y) and their covariance."""
    eta, precision = x @ theta[:-1] + offset, np.exp(theta[-1])
    mu = one.mean(eta)
    shared = special.polygamma(1, precision)
    of_log, of_rest = (special.polygamma(1, part * precision) - shared for part in (mu, 1.0 - mu))
    of_odds = of_log + of_rest + 2.0 * shared
    odds_and_level = mu * of_odds - (of_rest + shared)
    level = mu**2 * of_odds - 2.0 * mu * (of_rest + shared) + of_rest
    move = one.slope(eta)
    cross = x.T @ (weight * precision**2 * move * odds_and_level)
    top = x.T @ (x * (weight * precision**2 * move**2 * of_odds)[:, None])
    last = float(np.sum(weight * precision**2 * level))
    return np.block([[top, cross[:, None]], [cross[None, :], np.array([[last]])]])
