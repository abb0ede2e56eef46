"""Grades of a rating scale, our own way: counts, tests by grade and as a portfolio, order, halves, concentration."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from validation.rebuild import common_factor
from validation.rebuild.metrics import effective_size

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Rules:
    """What the plan sets: cuts of p-values, what is small, the asset correlation, the largest share, the level."""

    review: float
    fail: float
    min_rows: float
    min_expected: float
    correlation: float
    max_share: float
    confidence: float

    def small(self, size: float, probability: float) -> bool:
        """Say whether a cell is too small for a pass."""
        return size < self.min_rows or size * probability < self.min_expected

    def verdict(self, p_value: float, small: bool) -> str:
        """Return fail, review, pass, or not evaluable."""
        if not math.isnan(p_value):
            for word, cut in (("fail", self.fail), ("review", self.review)):
                if p_value <= cut:
                    return word
        return "not evaluable" if small or math.isnan(p_value) else "pass"


@dataclass(frozen=True, slots=True)
class Cell:
    """Rows of one grade: counted rows and bads, weight, weighted bad rate, Kish's size, mean probability."""

    rows: int
    bad: int
    weight: float
    rate: float
    size: float
    mean: float


def cell(y: Floats, p: Floats, w: Floats) -> Cell:
    """Count rows y, p, w (n,); rate and mean are NaN without a row."""
    total = float(np.sum(w))
    if not len(y):
        return Cell(0, 0, 0.0, NAN, 0.0, NAN)
    bad = int(np.count_nonzero(y == 1))
    rate = 1.0 if bad == len(y) else float(np.sum(w * y)) / total
    return Cell(len(y), bad, total, rate, effective_size(total, float(np.sum(w**2))), float(np.sum(w * p)) / total)


def cells(place: Integers, y: Floats, p: Floats, w: Floats, grades: int) -> list[Cell]:
    """Count every grade 0 ... grades - 1."""
    return [cell(y[place == k], p[place == k], w[place == k]) for k in range(grades)]


def jeffreys(rate: float, size: float, probability: float) -> float:
    """Posterior probability that the rate is at most `probability`, prior Beta(½, ½)."""
    return float(stats.beta.cdf(probability, rate * size + 0.5, (1.0 - rate) * size + 0.5)) if size > 0 else NAN


def jeffreys_bounds(rate: float, size: float, confidence: float) -> tuple[float, float]:
    """Equal-tailed bounds of the same posterior; 0 without a bad, 1 where all are."""
    if size <= 0:
        return NAN, NAN
    posterior = stats.beta(rate * size + 0.5, (1.0 - rate) * size + 0.5)
    tail = (1.0 - confidence) / 2.0
    low, high = float(posterior.ppf(tail)), float(posterior.isf(tail))
    return (0.0 if rate == 0.0 else low), (1.0 if rate == 1.0 else high)


def binomial(rate: float, size: float, probability: float) -> float:
    """P(X ≥ bads) by the beta distribution, which holds between whole numbers too."""
    if size <= 0:
        return NAN
    bads = rate * size
    return 1.0 if bads <= 0 else float(stats.beta.cdf(probability, bads, (1.0 - rate) * size + 1.0))


def correlated(rate: float, size: float, probability: float, correlation: float) -> float:
    """The Jeffreys p-value averaged over one normal factor, by Gauss-Legendre panels: exact in its far tails too."""
    if size <= 0:
        return NAN
    if correlation == 0.0 or probability in (0.0, 1.0):
        return jeffreys(rate, size, probability)
    return common_factor.jeffreys(rate * size, size, probability, correlation)


def proportions(one: Cell, other: Cell) -> tuple[float, float]:
    """z of two proportions with pooled variance and its two-sided p-value; NaN where nothing varies."""
    if min(one.size, other.size) <= 0:
        return NAN, NAN
    common = (one.size * one.rate + other.size * other.rate) / (one.size + other.size)
    variance = common * (1.0 - common) * (1.0 / one.size + 1.0 / other.size)
    if variance <= 0:
        return NAN, NAN
    z = (other.rate - one.rate) / math.sqrt(variance)
    return z, float(2.0 * stats.norm.sf(abs(z)))


def reversal(one: Cell, other: Cell) -> float:
    """Fisher's exact one-sided p-value that the riskier grade has the lower rate, from logarithms of factorials."""
    if not (one.rows and other.rows):
        return NAN
    bads, rows = one.bad + other.bad, one.rows + other.rows
    low = max(0, bads - one.rows)
    k = np.arange(low, other.bad + 1, dtype=np.float64)

    def chosen(n: float, r: Floats | float) -> Floats:
        return np.asarray(
            special.gammaln(n + 1.0) - special.gammaln(np.asarray(r) + 1.0) - special.gammaln(n - r + 1.0)
        )

    terms = chosen(other.rows, k) + chosen(one.rows, bads - k) - chosen(rows, bads)
    return float(min(1.0, np.sum(np.exp(terms))))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values: the greatest of (m − rank)·p up to each one's own rank, at most 1."""
    held = sorted((p, k) for k, p in enumerate(p_values) if not math.isnan(p))
    found, last = [NAN] * len(p_values), 0.0
    for rank, (p, k) in enumerate(held):
        last = max(last, (len(held) - rank) * p)
        found[k] = min(1.0, last)
    return found


def halves(y: Floats, p: Floats, w: Floats) -> tuple[float, Cell, Cell]:
    """Split rows at the least value below which half of the weight lies; NaN, all in the second part, without one."""
    order = np.argsort(p, kind="stable")
    sorted_p, held = p[order], np.cumsum(w[order]) if len(p) else np.zeros(0)
    starts = np.flatnonzero(np.diff(sorted_p) > 0) + 1
    if not len(starts):
        return NAN, cell(y[:0], p[:0], w[:0]), cell(y, p, w)
    enough = starts[held[starts - 1] >= held[-1] * (0.5 - 1e-9)]
    split = float(sorted_p[enough[0] if len(enough) else starts[-1]])
    upper = p >= split
    return split, cell(y[~upper], p[~upper], w[~upper]), cell(y[upper], p[upper], w[upper])


def spread(shares: Floats) -> tuple[float, float, float]:
    """Herfindahl index, coefficient of variation and logarithmic index of shares (k,)."""
    k, index = len(shares), float(np.sum(shares**2))
    variation = math.sqrt(max(k * index - 1.0, 0.0))
    return index, variation, 1.0 + math.log(index) / math.log(k)


def risen(first: float, second: float, grades: int) -> tuple[float, float]:
    """z of a coefficient of variation against the first one, which counts as known, and its upper tail."""
    if second == 0.0:
        return NAN, NAN
    z = math.sqrt(grades - 1.0) * (second - first) / (second * math.sqrt(0.5 + second**2))
    return z, float(stats.norm.sf(z))


def lack_of_fit(found: Sequence[Cell], probabilities: Sequence[float], *, fitted: bool) -> tuple[float, int, float]:
    """Hosmer-Lemeshow over occupied grades: statistic, degrees and p-value (NaN without a degree)."""
    held = [(one, p) for one, p in zip(found, probabilities, strict=True) if one.rows]
    terms = [one.size * (one.rate - p) ** 2 / (p * (1.0 - p)) if 0 < p < 1 else _certain(one, p) for one, p in held]
    statistic, degrees = math.fsum(terms), len(held) - (2 if fitted else 0)
    return statistic, degrees, float(stats.chi2.sf(statistic, degrees)) if degrees > 0 else NAN


def _certain(one: Cell, p: float) -> float:
    return 0.0 if one.rate == p else math.inf


def most_prudent(rows: Sequence[float], bads: Sequence[float], level: float, correlation: float) -> list[float]:
    """Return the bounds of Pluto and Tasche, grades from the safest: the p at which so few bads are rare, by halving.

    Each grade is taken together with all riskier ones; where a safer grade has the higher bound, it is kept.
    """
    found: list[float] = []
    for k in range(len(rows)):
        n, d = float(np.sum(rows[k:])), float(np.sum(bads[k:]))
        low, high = 0.0, 1.0
        while high - low > 1e-15 * high and 0.5 * (low + high) not in (low, high):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if _at_most(d, n, middle, correlation) > 1.0 - level else (low, middle)
        found.append(max([1.0 if d == n else high, *found[-1:]]))
    return found


def _at_most(bads: float, rows: float, p: float, correlation: float) -> float:
    """Return P(at most so many bads), over a common normal factor where there is a correlation (Simpson's rule)."""
    if correlation == 0.0:
        return float(stats.binom.cdf(bads, rows, p))
    factor = np.linspace(-9.0, 9.0, 6001)
    weight = stats.norm.pdf(factor) * np.where(np.arange(6001) % 2, 4.0, 2.0)
    weight[[0, -1]] /= 2.0
    given = stats.norm.cdf((stats.norm.ppf(p) - np.sqrt(correlation) * factor) / np.sqrt(1.0 - correlation))
    return float(np.sum(stats.binom.cdf(bads, rows, given) * weight) / np.sum(weight))
