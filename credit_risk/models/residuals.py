"""Residuals of generalised linear models: response, Pearson, deviance and randomised quantile residuals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincc, gammainc, gammaincc, ndtri
from scipy.stats import norm

from credit_risk.models import tweedie
from credit_risk.models.families import Family, beta_shapes

Floats = NDArray[np.float64]
SHOWN = 1_000
QUANTILES = 200


@dataclass(frozen=True, slots=True)
class Residuals:
    """Residuals (n,) of rows, not divided by the dispersion but for quantile, which is standard normal if the model

    holds; None for a family without a distribution.
    """

    response: Floats
    pearson: Floats
    deviance: Floats
    quantile: Floats | None


def residuals(
    family: Family,
    y: Floats,
    mu: Floats,
    dispersion: float,
    *,
    weights: Floats | None = None,
    uniform: Floats | None = None,
) -> Residuals:
    """Residuals (n,) of outcomes y at means mu; weights (n,) as in the fit.

    Pearson √w(y − mu)/√V(mu); deviance sign(y − mu)√(w·d) (McCullagh & Nelder 1989, section 2.4); quantile Φ⁻¹(F(y)),
    and at a Tweedie zero Φ⁻¹(u·P(Y = 0)) with the row's number of `uniform` (n,) in (0, 1), which is needed there
    (Dunn & Smyth 1996).
    """
    w = np.ones(len(y)) if weights is None else weights
    gap = y - mu
    quantile = None
    if family.has_density:
        quantile = _quantile(
            family, y, mu, dispersion / w if family.name != "beta" else np.full(len(y), dispersion), uniform
        )
    return Residuals(
        gap,
        np.sqrt(w) * gap / np.sqrt(family.variance(mu)),
        np.sign(gap) * np.sqrt(w * family.deviance(y, mu)),
        quantile,
    )


def _quantile(family: Family, y: Floats, mu: Floats, dispersion: Floats, uniform: Floats | None) -> Floats:
    if family.name == "gamma":
        below, above = gammainc(1 / dispersion, y / (mu * dispersion)), gammaincc(1 / dispersion, y / (mu * dispersion))
        return _from_tails(below, above)
    if family.name == "beta":
        a, b = beta_shapes(mu, dispersion)
        return _from_tails(betainc(a, b, y), betaincc(a, b, y))
    below = tweedie.distribution(y, mu, dispersion, float(family.variance_power or 0.0))
    if np.any(y == 0):
        if uniform is None:
            raise ValueError("quantile residuals of zeros are randomised: give uniform")
        below = np.where(y == 0, uniform * below, below)
    return _from_tails(below, 1 - below)


def _from_tails(below: Floats, above: Floats) -> Floats:
    """Φ⁻¹ from the smaller tail, and at most 8.2 in size: beyond, the tail is below the smallest that doubles tell."""
    least = float(norm.sf(8.2))
    low, high = np.maximum(below, least), np.maximum(above, least)
    return np.where(below < above, ndtri(low), -ndtri(high))
