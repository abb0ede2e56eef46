"""Gini of the fine classes of a characteristic, counted from its rows (SPECIFICATION 3.7)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def fine_opens(rows: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Places of the distinct values at which a fine class opens, the first left out. rows (m,): of each, in order.

    Every value where there are at most `most`, else those that hold the rows ⌊kn/most⌋, from 0, of the n in order.
    """
    if len(rows) <= most:
        return np.arange(1, len(rows), dtype=np.int64)
    before = np.cumsum(rows)
    places = np.unique(np.searchsorted(before, np.arange(1, most) * int(before[-1]) // most, side="right"))
    return places[places > 0].astype(np.int64)


def fine_gini(rows: NDArray[np.int64], good: Floats, bad: Floats, most: int) -> float:
    """|Gini| of the fine classes, put in order by their bad rate; 0 where goods or bads are lacking.

    rows, good, bad (m,): rows of each distinct ordinary value, in order, and their weights of goods and bads.
    """
    if not len(rows) or not (good.sum() > 0 and bad.sum() > 0):
        return 0.0
    starts = np.concatenate([[0], fine_opens(rows, most)]).astype(np.int64)
    g, b = np.add.reduceat(good, starts), np.add.reduceat(bad, starts)
    rate = np.divide(b, g + b, out=np.zeros(len(g)), where=g + b > 0)
    worse = np.sign(rate[:, None] - rate[None, :])  # of a bad in a row, over a good in a column
    return float(abs(np.sum(b[:, None] * g[None, :] * worse)) / (g.sum() * b.sum()))
