"""Drift against development, our own way: the index with its tests, many tests at once, persistence, distances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Index:
    """PSI with its 1 − level point and p-value under no change, and both under an own index of `tolerance`."""

    psi: float
    chance_level: float
    p_value: float
    critical_value: float
    tolerance_p_value: float
    bins: int
    empty_cells: int
    contributions: Floats


def index(expected: Floats, actual: Floats, rule: str | float, level: float, tolerance: float) -> Index:
    """PSI = Σ (a − e)·ln(a/e) over shares of counts (k,); PSI/(1/n + 1/m) is about χ²(K − 1), noncentral with
    tolerance/(1/n + 1/m) where the populations' own index is `tolerance` (Yurdakul and Naranjo 2020).

    rule of empty cells: half_everywhere, add_half (where one is empty), or the share that stands for an empty one.
    """
    used = (expected > 0) | (actual > 0)
    e, a = expected[used], actual[used]
    bins, empty = len(e), int(np.sum(e == 0) + np.sum(a == 0))
    none = np.zeros(len(expected))
    if not a.sum() > 0:
        return Index(NAN, NAN, NAN, NAN, NAN, bins, empty, none)
    unit = 1.0 / e.sum() + 1.0 / a.sum()
    if isinstance(rule, float):
        first, second = (np.where(c == 0, rule, c / c.sum()) for c in (e, a))
    else:
        more = 0.5 if rule == "half_everywhere" or empty else 0.0
        first, second = ((c + more) / np.sum(c + more) for c in (e, a))
    parts = none.copy()
    parts[used] = (second - first) * (np.log(second) - np.log(first))
    psi = float(np.sum(parts))
    if bins < 2:
        return Index(psi, 0.0, 1.0, 0.0, 1.0, bins, empty, parts)
    plain, moved = stats.chi2(bins - 1), stats.ncx2(bins - 1, tolerance / unit)
    return Index(
        psi,
        float(plain.isf(level)) * unit,
        float(plain.sf(psi / unit)),
        float(moved.ppf(1.0 - level)) * unit,
        float(moved.sf(psi / unit)),
        bins,
        empty,
        parts,
    )


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values: the least of m·p/rank from each one's own rank upwards, at most 1; NaN is not counted."""
    known = [k for k, p in enumerate(p_values) if p == p]
    ranked = sorted(known, key=lambda k: p_values[k], reverse=True)
    found, least = list(p_values), 1.0
    for place, k in enumerate(ranked):
        least = min(least, p_values[k] * len(known) / (len(known) - place))
        found[k] = least
    return found


def recent(over: Sequence[bool], evaluable: Sequence[bool], of: int) -> list[tuple[int, int]]:
    """Of the last `of` evaluable periods up to each: how many there are, and how many are over; (0, 0) where the period
    is not evaluable itself."""
    found, window = [], list[bool]()
    for beyond, known in zip(over, evaluable, strict=True):
        if not known:
            found.append((0, 0))
            continue
        window = [*window, beyond][-of:]
        found.append((len(window), sum(window)))
    return found


@dataclass(frozen=True, slots=True)
class Distances:
    """Largest distance of the distribution functions with its p-value, and the area between them, over the spread of
    the first sample as well."""

    ks: float
    p_value: float
    wasserstein: float
    standardised: float


def distances(first: Floats, weight: Floats, second: Floats, least: float) -> Distances:
    """Of values second (m,) from first (n,) with weights (n,); the p-value is Kolmogorov's at nm/(n + m) rows, NaN
    where a sample has fewer than `least`."""
    values = np.unique(np.concatenate([first, second]))
    order = np.argsort(first, kind="stable")
    running = np.concatenate([[0.0], np.cumsum(weight[order])])
    one = running[np.searchsorted(first[order], values, "right")] / running[-1]
    other = np.searchsorted(np.sort(second), values, "right") / len(second)
    ks = float(np.max(np.abs(one - other)))
    n, m = float(weight.sum()), float(len(second))
    p_value = float(stats.kstwo.sf(ks, round(n * m / (n + m)))) if min(n, m) >= least else NAN
    area = float(stats.wasserstein_distance(first, second, u_weights=weight))
    mean = float(np.average(first, weights=weight))
    spread = float(np.sqrt(np.average((first - mean) ** 2, weights=weight)))
    return Distances(ks, p_value, area, area / spread if spread > 0 else NAN)
