"""Confidence intervals of a proportion: Wilson's score interval and Jeffreys' equal-tailed interval."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from credit_risk.evaluation._arrays import Arguments, Floats, check_confidence


def normal_quantile(confidence: float) -> float:
    """z with P(|N(0, 1)| <= z) = confidence."""
    return float(-special.ndtri((1.0 - confidence) / 2.0))


def effective_rows(weights: Floats) -> float:
    """Kish's effective sample size (sum w)^2 / sum w^2 (Kish 1965, Survey Sampling, section 11.7)."""
    return math.fsum(weights) ** 2 / math.fsum(weights * weights)


def wilson_interval(events: ArrayLike, count: ArrayLike, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Lower and upper bounds of events/count, shapes (k,); NaN where count is 0.

    Wilson (1927), JASA 22, 209-212; no continuity correction. `events` may be fractional (weighted counts
    over an effective size). Raises CreditRiskError where events < 0, events > count or count < 0.
    """
    d, n = _counts(events, count, confidence)
    z2 = normal_quantile(confidence) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        p = d / n
        centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n)
        half = np.sqrt(z2 * (p * (1.0 - p) / n + z2 / (4.0 * n * n))) / (1.0 + z2 / n)
    lower = np.where(d == 0, 0.0, np.maximum(centre - half, 0.0))
    upper = np.where(d == n, 1.0, np.minimum(centre + half, 1.0))
    return np.where(n > 0, lower, np.nan), np.where(n > 0, upper, np.nan)


def jeffreys_interval(events: ArrayLike, count: ArrayLike, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Equal-tailed quantiles of Beta(events + 1/2, count - events + 1/2), shapes (k,); NaN where count is 0.

    Brown, Cai and DasGupta (2001), Statistical Science 16, 101-133: the lower bound is 0 at no event, the
    upper 1 where all are events. Raises CreditRiskError as `wilson_interval` does.
    """
    d, n = _counts(events, count, confidence)
    tail = (1.0 - confidence) / 2.0
    lower = np.where(d == 0, 0.0, special.betaincinv(d + 0.5, n - d + 0.5, tail))
    upper = np.where(d == n, 1.0, special.betainccinv(d + 0.5, n - d + 0.5, tail))
    return np.where(n > 0, lower, np.nan), np.where(n > 0, upper, np.nan)


def _counts(events: ArrayLike, count: ArrayLike, confidence: float) -> tuple[Floats, Floats]:
    arguments = Arguments()
    check_confidence(arguments, confidence)
    d = arguments.numbers("events", np.atleast_1d(np.asarray(events)))
    n = arguments.numbers("count", np.atleast_1d(np.asarray(count)))
    if len(d) == len(n):
        possible = bool(np.all((d >= 0) & (d <= n)))
        arguments.require(possible, "events", "events below 0 or above the count", "range", allowed="0 to count")
    arguments.raise_if_any()
    return d, n
