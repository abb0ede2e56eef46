"""Applicants of METHODS section 1: normal characteristics, probit outcome and decision; every outcome known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from credit_risk.models.logistic import fit_logistic
from credit_risk.reject_inference import Decided

NAMES = ("x1", "x2", "x3", "x4")


@dataclass(frozen=True)
class World:
    """x (n, 4), instrument (n,), bad (n,) of everyone, accepted (n,)."""

    x: NDArray[np.float64]
    instrument: NDArray[np.float64]
    bad: NDArray[np.float64]
    accepted: NDArray[np.bool_]

    @property
    def y(self) -> NDArray[np.float64]:
        """Outcome as the lender sees it."""
        return np.where(self.accepted, self.bad, np.nan)

    def decided(self, weights: NDArray[np.float64] | None = None) -> Decided:
        """The applicants as the methods take them."""
        return Decided(self.y, self.accepted, weights)


def world(rows: int, seed: int, *, rho: float = 0.0, square: bool = False, instrument: bool = False) -> World:
    """Acceptance about 55 %; rho: correlation of the unobserved parts; square: a term that no model here has."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, 4))
    iv = random.normal(size=rows)
    u = random.normal(size=rows)
    e = rho * u + np.sqrt(1 - rho**2) * random.normal(size=rows)
    f = -1.0 + 0.6 * x[:, 0] - 0.4 * x[:, 1] + 0.3 * x[:, 2] + (0.35 * (x[:, 0] ** 2 - 1) if square else 0.0)
    z = 0.2 - 0.8 * x[:, 0] + 0.5 * x[:, 1] - 0.4 * x[:, 3] + (0.7 * iv if instrument else 0.0)
    return World(x, iv, (f + e > 0).astype(float), z + u > 0)


def known_outcomes_model(one: World, weights: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Probability of bad (n,) by a logistic regression on the known outcomes."""
    a = one.accepted
    fit = fit_logistic(one.x[a], one.bad[a], NAMES, weights=None if weights is None else weights[a])
    return special.expit(fit.intercept + one.x @ fit.coef[1:])


def decision_model(one: World, weights: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Probability of acceptance (n,) by a logistic regression of the decision."""
    fit = fit_logistic(one.x, one.accepted.astype(float), NAMES, weights=weights)
    return special.expit(fit.intercept + one.x @ fit.coef[1:])
