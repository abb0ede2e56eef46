"""The asset correlation of Vasicek's one-factor model that yearly default rates imply."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from credit_risk.evaluation._arrays import Arguments

HIGHEST = 1.0 - 1e-9


@dataclass(frozen=True, slots=True)
class LikelyCorrelation:
    """Asset correlation with its standard error, and the central default probability; NaN where not estimable."""

    correlation: float
    standard_error: float
    probability: float


def both_default(probability: float, correlation: float) -> float:
    """P(two obligors default): the bivariate normal distribution at (h, h), h the quantile of `probability`.

    N(h) - 2 T(h, sqrt((1 - rho)/(1 + rho))), T of Owen (1956), Annals of Mathematical Statistics 27.
    """
    h = float(special.ndtri(probability))
    return probability - 2.0 * float(special.owens_t(h, math.sqrt((1.0 - correlation) / (1.0 + correlation))))


def correlation_by_moments(rates: ArrayLike, effective_rows: ArrayLike) -> float:
    """The rho at which the variance of Vasicek's conditional probability is that of the default rates, without chance.

    rates, effective_rows (T,). The variance is (s^2 - m p(1 - p)) / (1 - m), p the mean rate, m the mean of 1/n: Gordy
    (2000), Journal of Banking and Finance 24, appendix C. 0 where chance explains the whole variance; NaN for T < 2, or
    a mean rate of 0 or 1. With few years it is too low on average, and as uncertain as the variance it comes from.
    Raises CreditRiskError on rates outside [0, 1] and rows that are not positive.
    """
    arguments = Arguments()
    r, n = arguments.probabilities(rates, "rates"), arguments.weights(effective_rows, "effective_rows")
    arguments.raise_if_any()
    size = np.ones(len(r)) if n is None else n
    p, share = float(r.mean()), float(np.mean(1.0 / size))
    if len(r) < 2 or not 0.0 < p < 1.0 or share >= 1.0:
        return math.nan
    wanted = (float(np.var(r, ddof=1)) - share * p * (1.0 - p)) / (1.0 - share)
    if wanted <= 0.0:
        return 0.0
    if both_default(p, HIGHEST) - p * p <= wanted:
        return 1.0
    return float(optimize.brentq(lambda rho: both_default(p, rho) - p * p - wanted, 0.0, HIGHEST, xtol=1e-14))


def correlation_by_likelihood(rates: ArrayLike) -> LikelyCorrelation:
    """Maximum likelihood in Vasicek's distribution of the default rate of an infinite cohort; rates (T,).

    With x = quantiles of the rates and v their variance (divisor T): rho = v/(1 + v), probability = N(mean x/sqrt(1 +
    v)), standard error rho (1 - rho) sqrt(2/T). Cohorts are taken as infinitely large, so that chance within a cohort
    counts as correlation, and as independent of each other. NaN where a rate is 0 or 1, or T < 2.
    """
    arguments = Arguments()
    r = arguments.probabilities(rates, "rates")
    arguments.raise_if_any()
    if len(r) < 2 or r.min() <= 0.0 or r.max() >= 1.0:
        return LikelyCorrelation(math.nan, math.nan, math.nan)
    x = special.ndtri(r)
    v = float(np.var(x))
    rho = v / (1.0 + v)
    error = rho * (1.0 - rho) * math.sqrt(2.0 / len(r))
    return LikelyCorrelation(rho, error, float(special.ndtr(float(x.mean()) / math.sqrt(1.0 + v))))
