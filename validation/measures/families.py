"""Families of generalised linear models by their scores: our own derivatives, densities and distribution functions.

McCullagh and Nelder (1989), chapters 2 and 9; Joergensen (1997), chapter 4; Ferrari and Cribari-Neto (2004).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

Floats = NDArray[np.float64]
WIDTH = 12.0
"""Standard deviations of the number of amounts that a density adds up on either side of the likeliest number."""
MAXIMUM_TERMS = 200_000_000


@dataclass(frozen=True, slots=True)
class Family:
    """name: tweedie, gamma, fractional or beta; link: log, logit or probit; power of tweedie, 2 for gamma, else NaN."""

    name: str
    link: str
    power: float

    def mean(self, eta: Floats) -> Floats:
        """Return the inverse of the link."""
        if self.link == "log":
            return np.exp(eta)
        return special.ndtr(eta) if self.link == "probit" else 1.0 / (1.0 + np.exp(-eta))

    def slope(self, eta: Floats) -> Floats:
        """Return the derivative of the mean by the linear predictor."""
        mu = self.mean(eta)
        if self.link == "log":
            return mu
        return stats.norm.pdf(eta) if self.link == "probit" else mu * (1.0 - mu)

    def variance(self, mu: Floats) -> Floats:
        """Return the variance function."""
        return mu**self.power if self.link == "log" else mu * (1.0 - mu)

    def deviance(self, y: Floats, mu: Floats) -> Floats:
        """Return the unit deviance, from the quasi-likelihood at y and at mu."""
        return 2.0 * (self._quasi(y, y) - self._quasi(y, mu))

    def _quasi(self, y: Floats, mu: Floats) -> Floats:
        if self.link != "log":
            return special.xlogy(y, mu) + special.xlog1py(1.0 - y, -mu)
        if self.name == "gamma":
            return -y / mu - np.log(mu)
        first = np.where(y > 0, y * np.where(mu > 0, mu, 1.0) ** (1.0 - self.power), 0.0) / (1.0 - self.power)
        return first - mu ** (2.0 - self.power) / (2.0 - self.power)


def family(name: str, link: str, power: float | None) -> Family:
    """Return a family; raises ValueError where its parts do not belong together."""
    links = {"tweedie": ("log",), "gamma": ("log",), "fractional": ("logit", "probit"), "beta": ("logit", "probit")}
    if link not in links.get(name, ()):
        raise ValueError(f"no family {name} with the link {link}")
    if name == "tweedie":
        if power is None or not 1.0 < power < 2.0:
            raise ValueError(f"tweedie with the variance power {power}")
        return Family(name, link, power)
    return Family(name, link, 2.0 if name == "gamma" else float("nan"))


def log_density(one: Family, y: Floats, mu: Floats, dispersion: Floats) -> Floats:
    """Return the log density (log probability at a Tweedie zero); ValueError for fractional or too many terms."""
    if one.name == "gamma":
        return stats.gamma.logpdf(y, 1.0 / dispersion, scale=mu * dispersion)
    if one.name == "beta":
        precision = 1.0 / dispersion - 1.0
        return stats.beta.logpdf(y, mu * precision, (1.0 - mu) * precision)
    if one.name == "tweedie":
        return _tweedie(y, mu, dispersion, one.power)
    raise ValueError("a quasi-likelihood has no density")


def _tweedie(y: Floats, mu: Floats, dispersion: Floats, power: float) -> Floats:
    """Poisson number of gamma amounts: ln Σ_j P(N = j)·f(y | j amounts), over the numbers that matter for y."""
    rate = mu ** (2.0 - power) / (dispersion * (2.0 - power))
    shape = (2.0 - power) / (power - 1.0)
    scale = dispersion * (power - 1.0) * mu ** (power - 1.0)
    result = -rate
    rows = np.flatnonzero(y > 0)
    likeliest = y[rows] ** (2.0 - power) / (dispersion[rows] * (2.0 - power))
    reach = np.ceil(WIDTH * np.sqrt((likeliest + 1.0) * (power - 1.0))) + 25.0
    first, last = np.maximum(np.floor(likeliest - reach), 1.0), np.ceil(likeliest + reach)
    width = last - first + 1.0
    if float(width.sum()) > MAXIMUM_TERMS:
        raise ValueError("the density has too many terms")
    order = np.argsort(width, kind="stable")
    for part in np.array_split(order, max(1, len(order) // 256)):
        if not len(part):
            continue
        j = first[part][:, None] + np.arange(int(width[part].max()))[None, :]
        row = rows[part]
        count = special.xlogy(j, rate[row][:, None]) - rate[row][:, None] - special.gammaln(j + 1.0)
        amount = y[row][:, None] / scale[row][:, None]
        size = special.xlogy(j * shape, amount) - amount - special.gammaln(j * shape) - np.log(y[row])[:, None]
        result[row] = special.logsumexp(count + size, axis=1)
    return result


def distribution(one: Family, y: Floats, mu: Floats, dispersion: Floats) -> Floats:
    """Return P(Y ≤ y) of gamma and beta."""
    if one.name == "gamma":
        return stats.gamma.cdf(y, 1.0 / dispersion, scale=mu * dispersion)
    precision = 1.0 / dispersion - 1.0
    return stats.beta.cdf(y, mu * precision, (1.0 - mu) * precision)
