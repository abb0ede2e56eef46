"""Beta regression by Fisher scoring (Ferrari & Cribari-Neto 2004), and the squeeze of values at 0 and 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln, logit, polygamma

from credit_risk._core.errors import Fault, ModelError
from credit_risk.models.links import Link

Floats = NDArray[np.float64]
MOST_STEPS = 200


@dataclass(frozen=True, slots=True)
class BetaFit:
    """coef (k,); precision φ of variance mu(1 − mu)/(1 + φ); inverse_information (k+1, k+1) and scores (n, k+1) are of

    the coefficients and ln φ.
    """

    coef: Floats
    precision: float
    inverse_information: Floats
    scores: Floats
    log_likelihood: float
    iterations: int


def squeeze(y: Floats, rows: int) -> Floats:
    """(y·(n − 1) + ½)/n: takes [0, 1] into (0, 1) (Smithson & Verkuilen 2006, section 4). rows: n of development.

    A change of the data: it is made only where it is asked for, and the result depends on n.
    """
    return (y * (rows - 1) + 0.5) / rows


def fit_beta(design: Floats, y: Floats, link: Link, weights: Floats, offset: Floats) -> BetaFit:
    """Maximum likelihood of g(mu) = design·b + offset and one precision. design (n, k), y (n,) in (0, 1), weights (n,).

    Each step is the expected information's, halved until the likelihood does not fall. Raises ModelError where it does
    not end.
    """
    theta = _start(design, y, link, weights, offset)
    value, steps = _log_likelihood(theta, design, y, link, weights, offset), 1
    for _ in range(MOST_STEPS):
        scores, information = _derivatives(theta, design, y, link, weights, offset)
        move = np.linalg.solve(information, scores.sum(axis=0))
        theta, gained, value = _climb(theta, move, value, design, y, link, weights, offset)
        if gained <= 1e-13 * abs(value) and np.max(np.abs(move)) <= 1e-9 * max(1.0, float(np.max(np.abs(theta)))):
            break
        steps += 1
    else:
        raise ModelError(Fault("beta regression did not converge", code="not_converged", remedy="exclude a term"))
    scores, information = _derivatives(theta, design, y, link, weights, offset)
    return BetaFit(
        theta[:-1], float(np.exp(theta[-1])), np.asarray(np.linalg.inv(information), float), scores, value, steps
    )


def _climb(
    theta: Floats, move: Floats, value: float, design: Floats, y: Floats, link: Link, weights: Floats, offset: Floats
) -> tuple[Floats, float, float]:
    """The new point, what was gained (0 where no part of the step gains), and the likelihood there."""
    for halvings in range(40):
        there = theta + move * 0.5**halvings
        reached = _log_likelihood(there, design, y, link, weights, offset)
        if reached >= value - 1e-12 * abs(value):
            return there, max(reached - value, 0.0), reached
    return theta, 0.0, value


def _start(design: Floats, y: Floats, link: Link, weights: Floats, offset: Floats) -> Floats:
    """Least squares of the link of y, and the precision of its residuals (Ferrari & Cribari-Neto 2004, section 2)."""
    root = np.sqrt(weights)
    target = link.forward(y) - offset
    coef = np.linalg.lstsq(design * root[:, None], target * root, rcond=None)[0]
    mu = link.inverse(design @ coef + offset)
    spread = float(np.sum(weights * (y - mu) ** 2) / np.sum(weights))
    level = float(np.sum(weights * mu * (1 - mu)) / np.sum(weights))
    return np.append(coef, np.log(max(level / spread - 1, 0.1)))


def _log_likelihood(theta: Floats, design: Floats, y: Floats, link: Link, weights: Floats, offset: Floats) -> float:
    phi, mu = float(np.exp(theta[-1])), link.inverse(design @ theta[:-1] + offset)
    if not (np.isfinite(phi) and np.all((mu > 0) & (mu < 1))):
        return -np.inf
    a, b = mu * phi, (1 - mu) * phi
    parts = gammaln(phi) - gammaln(a) - gammaln(b) + (a - 1) * np.log(y) + (b - 1) * np.log1p(-y)
    return float(np.sum(weights * parts))


def _derivatives(
    theta: Floats, design: Floats, y: Floats, link: Link, weights: Floats, offset: Floats
) -> tuple[Floats, Floats]:
    """Score of each row (n, k+1) and expected information (k+1, k+1), for the coefficients and ln φ."""
    eta = design @ theta[:-1] + offset
    phi, mu, slope = float(np.exp(theta[-1])), link.inverse(eta), link.slope(eta)
    a, b = mu * phi, (1 - mu) * phi
    expected = digamma(a) - digamma(b)
    to_mean = weights * phi * (logit(y) - expected) * slope
    to_phi = weights * phi * (mu * (logit(y) - expected) + np.log1p(-y) - digamma(b) + digamma(phi))
    curve_a, curve_b = polygamma(1, a), polygamma(1, b)
    mean_mean = weights * phi**2 * (curve_a + curve_b) * slope**2
    mean_phi = weights * phi**2 * (curve_a * mu - curve_b * (1 - mu)) * slope
    phi_phi = weights * phi**2 * (curve_a * mu**2 + curve_b * (1 - mu) ** 2 - polygamma(1, phi))
    scores = np.column_stack([design * to_mean[:, None], to_phi])
    cross = design.T @ mean_phi
    information = np.block([[design.T @ (design * mean_mean[:, None]), cross[:, None]], [cross, phi_phi.sum()]])
    return scores, information
