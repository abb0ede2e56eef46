"""A column of numbers in ascending order: exact counts of goods and bads between any two values, from one sort.

Sorting the values, and the values of the bads, gives the rows and the bads below any number by bisection; no class
ids are computed for rows. What is read from it depends on the values alone, not on the order of the rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SortedColumn:
    """A column in ascending order. A place (0..n) is a number of rows from the left.

    values: (n,) all, ascending; bads: (m,) those of the bads, ascending. below_good, below_bad: (n+1,) weights of goods
    and bads left of each place; None where every row weighs 1.
    """

    values: Floats
    bads: Floats
    below_good: Floats | None = None
    below_bad: Floats | None = None

    def counts(self, edges: Floats) -> tuple[Floats, Floats]:
        """Weights of goods and bads (k+1,) of the classes that ascending edges (k,) make; an edge opens its class."""
        places = np.concatenate([[0], np.searchsorted(self.values, edges), [len(self.values)]])
        bads = np.concatenate([[0], np.searchsorted(self.bads, edges), [len(self.bads)]])
        good, bad = self.below(places, bads)
        return np.diff(good), np.diff(bad)

    def below(self, places: Places, bads: Places) -> tuple[Floats, Floats]:
        """Weights of goods and bads left of the places; bads: number of bads left of them."""
        if self.below_good is not None and self.below_bad is not None:
            return self.below_good[places], self.below_bad[places]
        return (places - bads).astype(np.float64), bads.astype(np.float64)

    def distinct(self, most: int) -> Floats | None:
        """The distinct values, ascending, where there are at most `most`; otherwise None."""
        opens = self.values[1:] != self.values[:-1]
        if np.count_nonzero(opens) >= most:
            return None
        return self.values[np.concatenate([[0], np.flatnonzero(opens) + 1])]

    def edges_at(self, places: Places) -> Floats:
        """The values at places, ascending and distinct, without the least value, which opens no class of its own."""
        edges = np.unique(self.values[places[places < len(self.values)]])
        return edges[edges > self.values[0]]

    def after(self, places: Places, weight: float | Floats) -> Places:
        """Nearest places to the right from which a class back to each place has the weight; n where there is none."""
        if self.below_good is None or self.below_bad is None:
            reached = np.minimum(places + np.ceil(weight).astype(np.int64), len(self.values))
        else:
            below = self.below_good + self.below_bad
            reached = np.minimum(np.searchsorted(below, below[places] + weight), len(self.values))
        return np.searchsorted(self.values, self.values[np.maximum(reached - 1, 0)], side="right")

    def before(self, places: Places, weight: float) -> Places:
        """Nearest places to the left from which a class up to each place has the weight; 0 where there is none."""
        if self.below_good is None or self.below_bad is None:
            return np.maximum(places - int(np.ceil(weight)), 0)
        below = self.below_good + self.below_bad
        return np.maximum(np.searchsorted(below, below[places] - weight, side="right") - 1, 0)

    def least_good(self) -> float:
        """No class that has goods has less of them; with weights half of the least, for the rounding of sums."""
        if self.below_good is None:
            return 1.0
        steps = np.diff(self.below_good)
        return float(steps[steps > 0].min(initial=np.inf)) / 2

    def openings_from(self, weights: Floats) -> Places:
        """First places at which a value opens with no less than each weight below; n where there is none."""
        return self.after(np.zeros(len(weights), np.int64), weights)

    def openings_to(self, weights: Floats) -> Places:
        """Last places at which a value opens, or the end, with no more than each weight below."""
        if self.below_good is None or self.below_bad is None:
            places = np.floor(weights).astype(np.int64)
        else:
            places = np.searchsorted(self.below_good + self.below_bad, weights, side="right") - 1
        inside = (places > 0) & (places < len(self.values))
        found = np.clip(places, 0, len(self.values))
        found[inside] = np.searchsorted(self.values, self.values[places[inside]])
        return found


def sorted_column(values: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None) -> SortedColumn:
    """Sort a column. values (n,) finite; y (n,) 0/1, 1 is bad; weights (n,) finite, not negative, or None for 1 each.

    Time n log n by numpy's vectorised sort, memory one copy of the column and one of the values of the bads (with
    weights three more). With weights the sums over equal values follow the order of the rows within rounding (1e-15
    relative). Raises ValueError where the values or weights break this.
    """
    x = np.asarray(values, np.float64) + 0.0  # a copy, in which −0.0 is 0.0
    is_bad = np.asarray(y) == 1
    if x.ndim != 1 or x.shape != is_bad.shape or len(x) == 0:
        raise ValueError(f"values and y need one equal length of 1 or more, found {x.shape} and {is_bad.shape}")
    if weights is None:
        bads = np.sort(x[is_bad])
        x.sort()
        return _finite(SortedColumn(x, bads))
    w = np.asarray(weights, np.float64)
    if w.shape != x.shape or not (np.isfinite(w).all() and (w >= 0).all()):
        raise ValueError("weights need the length of the values, and must be finite and not negative")
    order = np.argsort(x)
    return _finite(weighted_column(x[order], is_bad[order], w[order]))


def weighted_column(ordered: Floats, is_bad: NDArray[np.bool_], weights: Floats) -> SortedColumn:
    """A column from rows in the order of their values; all (n,)."""
    good, bad = _cumulated(np.where(is_bad, 0.0, weights)), _cumulated(np.where(is_bad, weights, 0.0))
    return SortedColumn(ordered, ordered[is_bad], good, bad)


def _finite(column: SortedColumn) -> SortedColumn:
    """The column, after a look at both ends, where a sort leaves what is infinite or missing."""
    if not (np.isfinite(column.values[0]) and np.isfinite(column.values[-1])):
        raise ValueError("values must be finite; missing and infinite ones are classed apart")
    return column


def _cumulated(weights: Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(weights)])
