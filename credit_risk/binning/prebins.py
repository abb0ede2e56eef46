"""Fine classing: at most a given number of prebins, from data values, in a way that depends on the values alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_risk.binning.sorted_column import SortedColumn

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Prebins:
    """cuts (k−1,) ascending edges of `[a, b)` prebins; good, bad (k,) weighted counts."""

    cuts: Floats
    good: Floats
    bad: Floats


def quantile_cuts(ordered: Floats, maximum: int) -> Floats:
    """Edges of at most `maximum` prebins: every distinct value where there are few, otherwise data values at quantiles.

    ordered: (n,) finite, ascending. An edge is a data value and opens its prebin.
    """
    opens = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    if len(opens) < maximum:
        return ordered[opens]
    cuts = np.unique(ordered[(np.arange(1, maximum) * len(ordered)) // maximum])
    return cuts[cuts > ordered[0]]


def gini_of_classes(good: Floats, bad: Floats) -> float:
    """|2·AUC − 1| of classes ordered by their bad rate, from weighted counts (k,); 0 where goods or bads are absent."""
    if good.sum() == 0 or bad.sum() == 0:
        return 0.0
    size = good + bad
    order = np.argsort(np.where(size > 0, bad / np.where(size > 0, size, 1.0), 0.0), kind="stable")
    good, bad = good[order], bad[order]
    below = np.concatenate([[0.0], np.cumsum(good)[:-1]])
    return float(abs(2 * np.sum(bad * (below + good / 2)) / (good.sum() * bad.sum()) - 1))


def count_prebins(column: SortedColumn, cuts: Floats, fixed: Floats | None = None) -> Prebins:
    """Weighted goods and bads of each prebin; prebins without goods or without bads are merged into a neighbour.

    The merge is to the left, or to the right for the first, so that every prebin has both classes (rates and
    divergences exist for every bin made of them). It never takes a `fixed` cut away: a prebin between two of them
    stays as it is.
    """
    kept = set() if fixed is None else set(fixed.tolist())
    good, bad = column.counts(cuts)
    edges, goods, bads = list(cuts), list(good), list(bad)
    i = 0
    while len(goods) > 1 and i < len(goods):
        if goods[i] > 0 and bads[i] > 0:
            i += 1
            continue
        left, right = i > 0 and edges[i - 1] not in kept, i + 1 < len(goods) and edges[i] not in kept
        if not left and not right:
            i += 1
            continue
        into = i - 1 if left else i + 1
        goods[into] += goods[i]
        bads[into] += bads[i]
        del goods[i], bads[i], edges[min(i, into)]
        i = max(into - 1, 0) if into > i else into
    return Prebins(np.asarray(edges, float), np.asarray(goods, float), np.asarray(bads, float))
