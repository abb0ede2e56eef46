"""Order of categories for classing, from their counts: rare ones pooled, then ascending bad rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True)
class Levels:
    """groups: positions of the categories, in groups that are classed as one, in ascending order of bad rate; pooled:
    positions of those that stand as one group because they are rare, by text."""

    groups: list[list[int]]
    pooled: list[int]


def ordered_levels(
    names: Sequence[str], good: ArrayLike, bad: ArrayLike, rare: float, given: Sequence[Sequence[int]] = ()
) -> Levels:
    """Groups of categories that are classed as one, in ascending order of bad rate.

    names, good, bad: (m,) text and weighted counts. given: groups that stand as they are. Of the other categories
    those with less weight than `rare` stand as one group, so that the order is not fitted to categories of a few rows.
    Ties of rate go by the least text of the group. Categories without weight belong to no group but a given one.
    """
    g, b = np.asarray(good, float), np.asarray(bad, float)
    count = g + b
    free = count > 0
    for group in given:
        free[list(group)] = False
    groups = [[int(i)] for i in np.flatnonzero(free & (count >= rare))]
    pooled = sorted(np.flatnonzero(free & (count < rare)).tolist(), key=lambda i: names[i])
    groups += [*([pooled] if pooled else []), *(list(group) for group in given)]
    rates = [float(b[group].sum() / count[group].sum()) for group in groups]
    order = sorted(range(len(groups)), key=lambda k: (rates[k], min(names[i] for i in groups[k])))
    return Levels([groups[k] for k in order], pooled)
