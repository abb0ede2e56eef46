"""Order of categories for classing, from their counts: rare ones pooled, then ascending bad rate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def ordered_levels(names: Sequence[str], good: ArrayLike, bad: ArrayLike, rare: float) -> list[list[int]]:
    """Positions of the categories, in groups that are classed as one, in ascending order of bad rate.

    names, good, bad: (m,) text and weighted counts. Those with less weight than `rare` stand as one group, so that the
    order is not fitted to categories of a few rows. Ties of rate go by the least text of the group. Categories without
    weight belong to no group.
    """
    g, b = np.asarray(good, float), np.asarray(bad, float)
    count = g + b
    groups = [[int(i)] for i in np.flatnonzero((count >= rare) & (count > 0))]
    pooled = sorted(np.flatnonzero((count < rare) & (count > 0)).tolist(), key=lambda i: names[i])
    groups += [pooled] if pooled else []
    rates = [float(b[group].sum() / count[group].sum()) for group in groups]
    order = sorted(range(len(groups)), key=lambda k: (rates[k], names[groups[k][0]]))
    return [groups[k] for k in order]
