"""Level and ranking of amounts and fractions, computed our own way: sorted sums, trapezoids, linearised errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one sample (n,): outcome, what is expected of it, weight, exposure, cluster."""

    y: Floats
    expected: Floats
    weight: Floats
    exposure: Floats
    cluster: Integers

    @property
    def rate(self) -> Floats:
        """Return what is expected per unit of exposure (n,)."""
        return self.expected / self.exposure


def gini(rank: Floats, outcome: Floats, base: Floats) -> float:
    """Return 1 − 2·area under the ordered Lorenz curve; rows of one rank are one step. All (n,)."""
    order = np.argsort(rank, kind="stable")
    last = np.append(np.diff(rank[order]) > 0, True)
    x = np.concatenate([[0.0], np.cumsum(base[order])[last]])
    y = np.concatenate([[0.0], np.cumsum(outcome[order])[last]])
    return float(1.0 - 2.0 * np.trapezoid(y / y[-1], x / x[-1]))


def gini_pair(rows: Rows, weight: Floats | None = None) -> tuple[float, float]:
    """Return the Gini index of the ranking and the greatest possible one; weight (n,) stands in place of the rows'."""
    w = rows.weight if weight is None else weight
    kept = w > 0
    w, y, exposure = w[kept], rows.y[kept], rows.exposure[kept]
    return gini(rows.rate[kept], w * y, w * exposure), gini(y / exposure, w * y, w * exposure)


def resampled_bounds(rows: Rows, draws: int, confidence: float, seed: int) -> tuple[Floats, Floats, float]:
    """Return bounds of the Gini index and of its share of the greatest, and the standard error of the share.

    Clusters are drawn with replacement, by a generator of our own.
    """
    generator = np.random.default_rng(seed)
    codes = np.unique(rows.cluster, return_inverse=True)[1]
    count = int(codes.max()) + 1
    found = []
    for _ in range(draws):
        times = generator.multinomial(count, np.full(count, 1.0 / count))[codes]
        weight = rows.weight * times
        if np.sum(weight * rows.y) > 0:
            mine, most = gini_pair(rows, weight)
            found.append((mine, mine / most if most > 0 else np.nan))
    both = np.array(found).T
    ends = [(1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0]
    return np.nanquantile(both[0], ends), np.nanquantile(both[1], ends), float(np.nanstd(both[1], ddof=1))


def ratio(outcome: Floats, base: Floats, cluster: Integers) -> tuple[float, float]:
    """Return the ratio of two sums and its linearised standard error over clusters (Cochran 1977, section 6.4)."""
    value = float(outcome.sum() / base.sum())
    codes = np.unique(cluster, return_inverse=True)[1]
    sums = np.bincount(codes, outcome - value * base)
    count = len(sums)
    if count < 2:
        return value, float("nan")
    return value, float(np.sqrt(count / (count - 1.0) * np.sum(sums**2)) / base.sum())


def positive_bounds(value: float, error: float, confidence: float) -> tuple[float, float]:
    """Return bounds on the scale of ln; NaN without a value or an error."""
    if not (value > 0 and error > 0):
        return float("nan"), float("nan")
    half = float(-special.ndtri((1.0 - confidence) / 2.0)) * error / value
    return float(np.exp(np.log(value) - half)), float(np.exp(np.log(value) + half))


def rank_correlation(
    x: Floats, y: Floats, confidence: float, weight: Floats | None = None
) -> tuple[float, float, float]:
    """Return Spearman's coefficient and its bounds (Bonett and Wright 2000); NaN where x or y is constant.

    With weights (n,) ranks are the weight up to each value, ties halved, and n is Kish's effective number of rows.
    """
    if len(x) < 2 or len(np.unique(x)) < 2 or len(np.unique(y)) < 2:
        return float("nan"), float("nan"), float("nan")
    w = np.ones(len(x)) if weight is None else weight
    first, second = (_centred_ranks(item, w) for item in (x, y))
    value = float((w * first) @ second / np.sqrt(((w * first) @ first) * ((w * second) @ second)))
    size = float(np.sum(w)) ** 2 / float(np.sum(w**2))
    if size < 4 or abs(value) >= 1:
        return value, float("nan"), float("nan")
    half = float(-special.ndtri((1.0 - confidence) / 2.0)) * np.sqrt((1.0 + value**2 / 2.0) / (size - 3.0))
    z = 0.5 * np.log((1.0 + value) / (1.0 - value))
    return value, float(np.tanh(z - half)), float(np.tanh(z + half))


def _centred_ranks(values: Floats, weight: Floats) -> Floats:
    """Weight of what is less, and half of that of what is equal, less its weighted mean, half of all (n,)."""
    order = np.argsort(values, kind="stable")
    total = np.concatenate([[0.0], np.cumsum(weight[order])])
    first, last = (np.searchsorted(values[order], values, side=side) for side in ("left", "right"))
    return np.asarray((total[first] + total[last]) / 2.0 - total[-1] / 2.0, dtype=np.float64)
