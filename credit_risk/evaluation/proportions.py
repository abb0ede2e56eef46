"""Tests of one and of two proportions on counts, arrays at once, and Holm's correction for many of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from credit_risk.evaluation._arrays import Arguments, Floats


def two_proportions(
    rate: ArrayLike, size: ArrayLike, other_rate: ArrayLike, other_size: ArrayLike
) -> tuple[Floats, Floats]:
    """z of `other_rate` less `rate` with pooled variance, and its two-sided p-value; shapes broadcast.

    Sizes are rows, or effective rows. NaN and 1 where a size is 0 or the pooled variance is.
    """
    a, n, b, m = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (rate, size, other_rate, other_size)))
    held = (n > 0) & (m > 0)
    n, m = np.where(held, n, 1.0), np.where(held, m, 1.0)
    common = (n * a + m * b) / (n + m)
    variance = np.where(held, np.maximum(common * (1.0 - common), 0.0) * (1.0 / n + 1.0 / m), 0.0)
    varies = variance > 0
    z = np.where(varies, (b - a) / np.sqrt(np.where(varies, variance, 1.0)), np.nan)
    return z, np.where(varies, 2.0 * special.ndtr(-np.abs(z)), 1.0)


def binomial_tail(events: ArrayLike, count: ArrayLike, probability: ArrayLike) -> Floats:
    """P(X >= events), X binomial(count, probability), (k,); NaN where count is 0.

    By the incomplete beta function, which continues the tail between whole numbers (effective rows of weighted ones).
    """
    d, n, p = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (events, count, probability)))
    inner = special.betainc(np.where(d > 0, d, 1.0), np.maximum(n - d, 0.0) + 1.0, p)
    return np.where(n > 0, np.where(d > 0, inner, 1.0), np.nan)


def jeffreys_tail(events: ArrayLike, count: ArrayLike, probability: ArrayLike) -> Floats:
    """`jeffreys_p_value` of each grade (k,); NaN where count is 0."""
    d, n, p = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (events, count, probability)))
    found = special.betainc(d + 0.5, np.maximum(n - d, 0.0) + 0.5, p)
    return np.where(n > 0, found, np.nan)


def fewer_bads(bad: ArrayLike, rows: ArrayLike, next_bad: ArrayLike, next_rows: ArrayLike) -> Floats:
    """P(X <= next_bad), X hypergeometric: Fisher's exact one-sided test that a grade has a lower rate than the one

    before it; whole counts (k,). Small where the order of the two is significantly reversed; NaN where one is empty.
    """
    d, n, e, m = (np.asarray(v, dtype=np.float64) for v in (bad, rows, next_bad, next_rows))
    found = stats.hypergeom.cdf(e, n + m, d + e, m)
    return np.where((n > 0) & (m > 0), found, np.nan)


def holm(p_values: ArrayLike) -> Floats:
    """Holm's (1979, Scandinavian Journal of Statistics 6, 65-70) adjusted p-values (k,); missing ones stay missing.

    The i-th smallest of m times m - i + 1, never below the one before it nor above 1. Raises CreditRiskError outside
    [0, 1].
    """
    given = np.asarray(p_values, dtype=np.float64)
    arguments = Arguments()
    arguments.require(
        bool(np.all(np.isnan(given) | ((given >= 0) & (given <= 1)))), "p_values", "not p-values", "range"
    )
    arguments.raise_if_any()
    places = np.flatnonzero(~np.isnan(given))
    order = places[np.argsort(given[places], kind="stable")]
    found = np.full(len(given), np.nan)
    steps = given[order] * np.arange(len(order), 0, -1)
    found[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(order) else steps
    return found
