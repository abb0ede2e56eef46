"""Where cuts may lie: the path of a column, its feasible stretches, and their hulls.

Let c be the weight of the rows below a value and b that of the bads among them. The values trace a path in the plane of
c and b, and a classing is a chain of points of the path. Information value is an f-divergence: convex in the points of
the chain, all together. At a cut where the bad rate rises, a point nearer to the c axis only adds to it; where the rate
falls, one farther away. So no cut of the first kind is worth more than a point, at the same c, of the lower hull of the
places where it may lie, and none of the second more than one of the upper hull. Along an edge of a hull the value is
convex again and greatest at an end of the edge, unless a limit on the weight of bins holds the cut. The ends of the
edges are places of the path. They are few, and without such limits an optimal monotone classing cuts nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from credit_risk.binning.fine import bads_left, beside_bads
from credit_risk.binning.limits import Limits
from credit_risk.binning.programme import COUNT_TOLERANCE
from credit_risk.binning.sorted_column import SortedColumn

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
SAME_RATE = 1e-12
"""Difference of bad rates that counts as none."""
SAME_WEIGHT = 1e-12
"""Share of a weight below which a difference counts as none."""


@dataclass(frozen=True, slots=True)
class Points:
    """Points of the path. places: (p,) where values open, ascending; count, bad: (p,) weight of rows and bads below."""

    places: Places
    count: Floats
    bad: Floats

    def take(self, index: Any) -> Points:
        """Some of the points."""
        return Points(self.places[index], self.count[index], self.bad[index])

    def between(self, low: float, high: float) -> Points:
        """The points with no less weight below than low and no more than high."""
        slack = SAME_WEIGHT * abs(high)
        return self.take(slice(self.count.searchsorted(low - slack), self.count.searchsorted(high + slack, "right")))

    def hull(self, sign: int) -> Points:
        """Those at which the hull turns, with both ends: the lower hull for sign 1, the upper for −1.

        The slopes of a hull are the isotonic regression of the slopes of the path.
        """
        if len(self.count) < 3:
            return self
        steps = np.diff(self.count)
        return self.take(isotonic_regression(np.diff(self.bad) / steps, weights=steps, increasing=sign > 0).blocks)


@dataclass(frozen=True, slots=True)
class Piece:
    """Where cuts of one kind may lie. sign: 1 where the bad rate rises at the cuts, −1 where it falls; part: its place
    in the order of the phases of a trend; turns: the points of the hull of `points`."""

    points: Points
    sign: int
    part: int
    turns: Points

    def within(self, column: SortedColumn, low: float, high: float) -> list[Piece]:
        """The piece from the first place with no less weight below than low to the last with no more than high."""
        low, high = max(low, float(self.points.count[0])), min(high, float(self.points.count[-1]))
        ends = [column.openings_from(np.array([low])), column.openings_to(np.array([high]))]
        first, last = (at_places(column, places) for places in ends)
        inner = self.points.take((self.points.count > first.count) & (self.points.count < last.count))
        if first.count > last.count:
            return []
        return [piece(joined([first, inner, last]), self.sign, self.part)]

    def split(self, column: SortedColumn, count: float) -> list[Piece]:
        """The pieces on either side of a weight."""
        return [*self.within(column, -np.inf, count), *self.within(column, count, np.inf)]


def piece(points: Points, sign: int, part: int) -> Piece:
    """A piece with its hull."""
    return Piece(points, sign, part, points.hull(sign))


def joined(parts: Sequence[Points]) -> Points:
    """Points one after another, without repetition."""
    places, count, bad = (np.concatenate([getattr(p, name) for p in parts]) for name in ("places", "count", "bad"))
    moves = np.diff(count, prepend=-1.0) > 0
    return Points(places[moves], count[moves], bad[moves])


def at_places(column: SortedColumn, places: Places) -> Points:
    """The points of places at which values open, or of the end."""
    good, bad = column.below(places, bads_left(column, places))
    return Points(places, good + bad, bad)


def path_points(column: SortedColumn) -> Points:
    """The path beside its bads, with both ends."""
    places, bads = beside_bads(column, 0, len(column.values), len(column.bads) + 1)
    good, bad = column.below(places, bads)
    return joined([Points(places, good + bad, bad)])


def with_marks(column: SortedColumn, path: Points, marks: Floats) -> Points:
    """The path with the places nearest to marks (weights below), from either side."""
    places = np.unique(np.concatenate([column.openings_from(marks), column.openings_to(marks)]))
    extra, at = at_places(column, places), path.places.searchsorted(places)
    count, bad = np.insert(path.count, at, extra.count), np.insert(path.bad, at, extra.bad)
    return joined([Points(np.insert(path.places, at, extra.places), count, bad)])


def edges_of_stretch(path: Points, limits: Limits, least: float) -> Floats:
    """Weights next to which the places lie that leave just enough on either side: of all rows, and of the goods.

    Where bads are just enough there is a point of the path.
    """
    total, good = float(path.count[-1]), path.count - path.bad
    wanted = _least(limits.min_good, float(good[-1]))
    low = int(good.searchsorted(wanted)) - 1
    high = int((good[-1] - good < wanted).argmax())
    return np.array(
        [
            least,
            total - least,
            max(path.count[low] + wanted - good[low], np.nextafter(path.count[low], np.inf)),
            min(path.count[high] - wanted + good[-1] - good[high], np.nextafter(path.count[high], 0.0)),
        ]
    )


def stretch(path: Points, limits: Limits, least: float) -> Points:
    """Where a cut leaves the least weight of a bin, goods and bads on either side."""
    total, bads = float(path.count[-1]), float(path.bad[-1])
    good = path.count - path.bad
    wanted = _least(limits.min_good, total - bads), _least(limits.min_bad, bads)
    inside = (path.bad >= wanted[1]) & (bads - path.bad >= wanted[1])
    inside &= (good >= wanted[0]) & (total - bads - good >= wanted[0])
    return path.take(inside).between(least, total - least)


def _least(wanted: float, total: float) -> float:
    """A weight that must be, less what rounding may take, and more than none."""
    return max(wanted - COUNT_TOLERANCE * total, float(np.nextafter(0.0, 1.0)))


def extreme_woe(path: Points, totals: tuple[float, float], least_good: float) -> tuple[float, float]:
    """Bounds of the weight of evidence of bins that hold goods and bads. path: all of it; least_good: of a class.

    A bin has a bad group (a good one) with what stands between its neighbours of the kind; the greatest of their ratios
    is not exceeded by their sum (mediant).
    """
    good, bad = path.count - path.bad, path.bad
    most_good = _between(good, np.diff(bad) > 0) / _steps(bad)
    least = np.where(np.diff(bad) > 0, np.diff(good), least_good)
    most_bad = _between(bad, np.diff(good) > 0) / least[np.diff(good) > 0]
    scale = float(np.log(totals[1] / totals[0]))
    return scale - float(np.log(most_bad.max())), scale + float(np.log(most_good.max()))


def _between(below: Floats, steps: NDArray[np.bool_]) -> Floats:
    """For each marked step of the path, what is below the next one but not below the end of the one before."""
    at = np.flatnonzero(steps)
    return np.append(below[at[1:]], below[-1]) - np.concatenate([[0.0], below[at[:-1] + 1]])


def _steps(below: Floats) -> Floats:
    steps = np.diff(below)
    return steps[steps > 0]


def on_side(points: Points, sign: int, total: float, bads: float) -> Points:
    """Those at which the bad rate below differs from that of all rows as a monotone trend demands of its cuts."""
    return points.take(_widened(sign * (points.bad / points.count - bads / total) <= SAME_RATE))


def _widened(flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Flags, with the points before and after: values that open between two points are not among the points."""
    wide = flags.copy()
    wide[1:] |= flags[:-1]
    wide[:-1] |= flags[1:]
    return wide
