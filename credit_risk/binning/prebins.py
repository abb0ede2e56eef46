"""Fine classing: at most a given number of prebins, from data values, in a way that depends on the values alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_risk.binning.woe import weighted_counts

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Prebins:
    """cuts (k−1,) ascending edges of `[a, b)` prebins; good, bad (k,) weighted counts."""

    cuts: Floats
    good: Floats
    bad: Floats


def quantile_cuts(values: Floats, maximum: int) -> Floats:
    """Edges of at most `maximum` prebins: every distinct value where there are few, otherwise data values at quantiles.

    values: (n,) finite. An edge is a data value and opens its prebin.
    """
    distinct = np.unique(values)
    if len(distinct) <= maximum:
        return distinct[1:]
    ordered = np.sort(values)
    positions = (np.arange(1, maximum) * len(ordered)) // maximum
    cuts = np.unique(ordered[positions])
    return cuts[cuts > distinct[0]]


def fine_gini(values: Floats, y: Floats, weights: Floats, cuts: Floats) -> float:
    """|2·AUC − 1| of the fine classes ordered by their bad rate, from weighted counts; 0 where one class is absent."""
    index = np.searchsorted(cuts, values, side="right")
    good = weighted_counts(index, weights * (y == 0), len(cuts) + 1)
    bad = weighted_counts(index, weights * (y == 1), len(cuts) + 1)
    if good.sum() == 0 or bad.sum() == 0:
        return 0.0
    size = good + bad
    order = np.argsort(np.where(size > 0, bad / np.where(size > 0, size, 1.0), 0.0), kind="stable")
    good, bad = good[order], bad[order]
    below = np.concatenate([[0.0], np.cumsum(good)[:-1]])
    return float(abs(2 * np.sum(bad * (below + good / 2)) / (good.sum() * bad.sum()) - 1))


def count_prebins(values: Floats, y: Floats, weights: Floats, cuts: Floats) -> Prebins:
    """Weighted goods and bads of each prebin; prebins without goods or without bads are merged into a neighbour.

    The merge is to the left, or to the right for the first, so that every prebin has both classes (rates and
    divergences exist for every bin made of them).
    """
    index = np.searchsorted(cuts, values, side="right")
    good = weighted_counts(index, weights * (y == 0), len(cuts) + 1)
    bad = weighted_counts(index, weights * (y == 1), len(cuts) + 1)
    edges, goods, bads = list(cuts), list(good), list(bad)
    i = 0
    while len(goods) > 1 and i < len(goods):
        if goods[i] > 0 and bads[i] > 0:
            i += 1
            continue
        into = i - 1 if i > 0 else 1
        goods[into] += goods[i]
        bads[into] += bads[i]
        del goods[i], bads[i], edges[min(i, into)]
        i = max(into - 1, 0) if into > i else into
    return Prebins(np.asarray(edges, float), np.asarray(goods, float), np.asarray(bads, float))
