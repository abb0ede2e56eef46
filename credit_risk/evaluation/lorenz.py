"""Ordered Lorenz curve and Gini index of an amount or a fraction, ordered by what a model expects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LorenzCurve:
    """base, outcome (g+1,): cumulative shares of the base and of the outcome, from (0, 0) to (1, 1), lowest rank first.

    Rows of one rank are one step, so that ties are not ordered. gini is 1 − 2·area under the curve.
    """

    base: Floats
    outcome: Floats

    @property
    def gini(self) -> float:
        """1 − 2·area under the curve: positive where the outcome lies with the high ranks, 0 at random."""
        return float(1 - np.sum(np.diff(self.base) * (self.outcome[1:] + self.outcome[:-1])))


def ordered_lorenz(rank: Floats, outcome: Floats, base: Floats) -> LorenzCurve:
    """Curve of outcome (n,) ≥ 0 over base (n,) > 0, in the order of rank (n,) (Frees, Meyers & Cummings 2011, JASA).

    outcome and base come with their weights. Raises ValueError where the outcomes add up to nothing.
    """
    groups = rank_groups(rank)
    return lorenz_of_groups(np.bincount(groups, outcome), np.bincount(groups, base))


def rank_groups(rank: Floats) -> NDArray[np.int64]:
    """Numbers (n,) of the distinct ranks, ascending from 0."""
    return np.unique(rank, return_inverse=True)[1].astype(np.int64)


def lorenz_of_groups(outcome: ArrayLike, base: ArrayLike) -> LorenzCurve:
    """Curve of sums (g,) of groups in their order."""
    total, whole = float(np.sum(outcome)), float(np.sum(base))
    if total <= 0 or whole <= 0:
        raise ValueError("the outcomes add up to nothing")
    return LorenzCurve(*(np.append(0.0, np.cumsum(part) / sum_) for part, sum_ in ((base, whole), (outcome, total))))


def gini(rank: Floats, outcome: Floats, base: Floats) -> float:
    """Gini index of the ordered Lorenz curve."""
    return ordered_lorenz(rank, outcome, base).gini


def greatest_gini(outcome: Floats, base: Floats) -> float:
    """Gini index where the rows are ordered by the outcome per unit of base: no ordering has a greater one."""
    return gini(outcome / base, outcome, base)
