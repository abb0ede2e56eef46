"""Rows ranked by risk and counted by distinct value: one sort, from which every measure of discrimination follows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_risk.evaluation._arrays import Floats


@dataclass(frozen=True, slots=True)
class Ranked:
    """Goods and bads by distinct risk, ascending, shapes (k,).

    values: the distinct risks; good, bad: sums of weights; good_squared, bad_squared: sums of squared weights; goods,
    bads: rows; place (n,): the number of each row's value, None unless it was asked for. Without weights all sums are
    whole numbers.
    """

    values: Floats
    good: Floats
    bad: Floats
    good_squared: Floats
    bad_squared: Floats
    goods: int
    bads: int
    place: NDArray[np.int64] | None = None

    @property
    def total_good(self) -> float:
        """Weight of all goods."""
        return float(self.good.sum())

    @property
    def total_bad(self) -> float:
        """Weight of all bads."""
        return float(self.bad.sum())

    @property
    def effective(self) -> tuple[float, float]:
        """Kish's effective numbers of bads and of goods."""
        return (
            self.total_bad**2 / float(self.bad_squared.sum()),
            self.total_good**2 / float(self.good_squared.sum()),
        )


def rank(bad: NDArray[np.bool_], risk: Floats, weights: Floats | None = None, *, places: bool = False) -> Ranked:
    """Count rows by distinct risk: O(n log n), a few vectors of n doubles; arrays as checked.

    Without weights and places two sorts of numbers do (of all, and of the bads); with them one stable sort of rows, so
    that sums of weights do not depend on the machine.
    """
    bads = int(np.count_nonzero(bad))
    goods = len(risk) - bads
    if weights is None and not places:
        ordered = np.sort(risk)
        last = _last_of_each(ordered)
        values = ordered[last]
        every = np.diff(last, prepend=-1).astype(np.float64)
        up_to = np.searchsorted(np.sort(risk[bad]), values, side="right")
        of_bads = np.diff(up_to, prepend=0).astype(np.float64)
        of_goods = every - of_bads
        return Ranked(values, of_goods, of_bads, of_goods, of_bads, goods, bads)
    order = np.argsort(risk, kind="stable")
    ordered = risk[order]
    last = _last_of_each(ordered)
    number = np.empty(len(risk), dtype=np.int64)
    number[order] = np.repeat(np.arange(len(last)), np.diff(last, prepend=-1))
    w = np.ones(len(risk)) if weights is None else weights
    good, bad_, good2, bad2 = (
        np.bincount(number[side], mass[side], len(last)).astype(np.float64)
        for mass in (w, w * w)
        for side in (~bad, bad)
    )
    return Ranked(ordered[last], good, bad_, good2, bad2, goods, bads, number if places else None)


def _last_of_each(ordered: Floats) -> NDArray[np.int64]:
    """Places (k,) of the last row of each distinct value of a sorted vector."""
    return np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), len(ordered) - 1)


def mean_variance(weight: Floats, squared: Floats, component: Floats, rows: int) -> float:
    """Variance of the weighted mean of a component (k,) from sums of weights and of squared weights."""
    total = float(weight.sum())
    about = component - float(weight @ component) / total
    return float(squared @ (about * about)) / total**2 * rows / (rows - 1.0)
