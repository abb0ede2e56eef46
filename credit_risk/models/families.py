"""Families of generalised linear models for amounts and fractions: link, variance, deviance, density."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, xlogy

from credit_risk.models.links import LINKS, Link
from credit_risk.models.tweedie import log_density as tweedie_log_density

Floats = NDArray[np.float64]
LINKS_OF = MappingProxyType(
    {"tweedie": ("log",), "gamma": ("log",), "fractional": ("logit", "probit"), "beta": ("logit", "probit")}
)
"""Links that each family admits, the usual one first: those whose inverse gives what the outcome can be."""
OUTCOMES_OF = MappingProxyType({"tweedie": "amount", "gamma": "amount", "fractional": "fraction", "beta": "fraction"})
"""Type of outcome that each family is for."""


@dataclass(frozen=True, slots=True)
class Family:
    """A family with its link. variance_power is that of Tweedie, V(mu) = mu^p with 1 < p < 2, else None.

    tweedie: sums of gamma amounts, zero with a probability of its own (Joergensen 1987); gamma: positive amounts of
    constant coefficient of variation; fractional: quasi-likelihood for 0 ≤ y ≤ 1 that assumes the mean alone (Papke &
    Wooldridge 1996); beta: 0 < y < 1 with density B(mu·phi, (1 − mu)·phi) (Ferrari & Cribari-Neto 2004).
    """

    name: str
    link: Link
    variance_power: float | None = None

    @property
    def label(self) -> str:
        """Name in words, with the variance power."""
        return self.name if self.variance_power is None else f"Tweedie, variance power {self.variance_power!r}"

    @property
    def has_density(self) -> bool:
        """Whether the family is a distribution: fractional is not, it states mean and variance only."""
        return self.name != "fractional"

    def variance(self, mu: Floats) -> Floats:
        """V(mu) (n,): variance of an outcome of weight 1, up to the dispersion."""
        if self.name == "tweedie":
            return mu ** float(self.variance_power or 0.0)
        return mu**2 if self.name == "gamma" else mu * (1 - mu)

    def deviance(self, y: Floats, mu: Floats) -> Floats:
        """Unit deviance (n,), 2∫ (y − t)/V(t) dt from mu to y; of the mean model alone for beta (that of fractional).

        McCullagh & Nelder (1989), table 2.1; Joergensen (1997), section 4.2.
        """
        if self.name == "gamma":
            return 2 * ((y - mu) / mu - np.log(y / mu))
        if self.name == "tweedie":
            p = float(self.variance_power or 0.0)
            parts = y ** (2 - p) / ((1 - p) * (2 - p)) - y * mu ** (1 - p) / (1 - p) + mu ** (2 - p) / (2 - p)
            return 2 * np.maximum(parts, 0.0)
        return 2 * np.maximum(xlogy(y, y / mu) + xlogy(1 - y, (1 - y) / (1 - mu)), 0.0)

    def log_density(self, y: Floats, mu: Floats, dispersion: Floats | float) -> Floats:
        """Log density (n,) of y; at a Tweedie zero the log probability. Raises ValueError for fractional.

        dispersion: φ of a GLM's variance φ·V(mu); of beta 1/(1 + precision), so that its variance is φ·mu(1 − mu).
        """
        if self.name == "tweedie":
            return tweedie_log_density(y, mu, dispersion, float(self.variance_power or 0.0))
        if self.name == "gamma":
            shape = 1 / np.asarray(dispersion, float)
            return xlogy(shape, shape * y / mu) - shape * y / mu - np.log(y) - gammaln(shape)
        if self.name == "beta":
            a, b = beta_shapes(mu, dispersion)
            return gammaln(a + b) - gammaln(a) - gammaln(b) + xlogy(a - 1, y) + xlogy(b - 1, 1 - y)
        raise ValueError("fractional logit has no density: it states mean and variance only")


def beta_shapes(mu: Floats, dispersion: Floats | float) -> tuple[Floats, Floats]:
    """Shapes a, b (n,) of the beta distribution of mean mu and variance dispersion·mu(1 − mu)."""
    precision = 1 / np.asarray(dispersion, float) - 1
    return mu * precision, (1 - mu) * precision


def family_of(name: str, *, link: str | None = None, variance_power: float | None = None) -> Family:
    """The family of that name with its usual link, or with `link` where the family admits it.

    Raises ValueError on an unknown family, a link that it does not admit, or a variance power outside (1, 2).
    """
    if name not in LINKS_OF:
        raise ValueError(f"unknown family {name!r}, allowed: {', '.join(LINKS_OF)}")
    chosen = link or LINKS_OF[name][0]
    if chosen not in LINKS_OF[name]:
        raise ValueError(f"the family {name} has no link {chosen!r}, allowed: {', '.join(LINKS_OF[name])}")
    if name != "tweedie":
        return Family(name, LINKS[chosen])
    power = 1.5 if variance_power is None else float(variance_power)
    if not 1 < power < 2:
        raise ValueError(f"variance power {power!r}, allowed: above 1 and below 2")
    return Family(name, LINKS[chosen], power)
