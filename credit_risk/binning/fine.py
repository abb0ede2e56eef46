"""Fine classing: at most a given number of classes of a sorted column, whose edges are where cuts may pay.

Let G and B be the shares of goods and bads below a value. The values trace a path from (0, 0) to (1, 1) in the plane
of G and B, and the information value of a classing depends on the points of the path at its cuts. As a function of one
such point it is convex (IV is an f-divergence), so that, as long as no limit binds, a best cut is an extreme point of
the path between its neighbours. Such turning points lie next to bads, they are few, and they are found by
splitting the path again and again where it is farthest from its chord (Ramer 1972; Douglas and Peucker 1973). Where
the least weight of a bin binds, cuts lie that weight from another cut or from an end. Both kinds are edges here, and
quantiles besides.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from credit_risk.binning.sorted_column import SortedColumn

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
MOST_BADS = 131_072
"""Bads beside which places are looked at; where there are more, so many of them, evenly by rank."""
MOST_PLACES = 16_384
"""Places kept of these."""
SURROUNDINGS = 4
"""Blocks of places on either side that make the surroundings of a block."""
MOST_BADS_CLOSE = 512
"""As MOST_BADS, in a window."""
NO_TURN = 1e-12
"""Distance from a chord, in shares, that counts as none."""


@dataclass(frozen=True, slots=True)
class FineClasses:
    """edges (k−1,) ascending data values, each opening its class; good, bad (k,) weights; every_value: whether each
    distinct value is a class of its own, so that nothing can be lost."""

    edges: Floats
    good: Floats
    bad: Floats
    every_value: bool


def fine_classes(path: Path, most: int, *, min_count: float = 0.0, max_bins: int | None = None) -> FineClasses:
    """At most `most` classes: every distinct value where there are few, otherwise the edges described above.

    One edge in eight is at a quantile; a value that fills more than one class of the quantiles stands in a class of its
    own. One in eight lies the least weight of a bin, min_count, from one of the foremost turning points, and up to
    2·(max_bins − 1), at most one in eight, whole multiples of it from the ends. The others are turning points.
    """
    column = path.column
    distinct = column.distinct(most)
    if distinct is not None:
        return FineClasses(distinct[1:], *column.counts(distinct[1:]), every_value=True)
    part = max(most // 8, 1)
    from_ends = _tight_from_ends(column, min_count, min(max_bins or most, part // 2 + 1))
    foremost = part // 2 if min_count > 0 else 0
    left = max(most - 1 - len(from_ends) - 2 * foremost - part, 1)
    turning = turning_places(path, np.array([[0, len(column.values)]]), left.bit_length() + 1)[:left]
    tight = tight_places(column, turning[:foremost], min_count)
    edges = column.edges_at(np.concatenate([turning, from_ends, tight, _quantile_places(column, part)]))
    return FineClasses(edges, *column.counts(edges), every_value=False)


@dataclass(frozen=True, slots=True)
class Path:
    """The path of a column at the places beside its bads. places, bads: (p,) ascending, with the bads left of each.

    thinned: whether only some of the places are in it.
    """

    column: SortedColumn
    places: Places
    bads: Places
    thinned: bool

    def within(self, low: int, high: int, *, close: bool = False) -> tuple[Places, Places]:
        """Places from low to high with both, and the bads left of each; close: looked up anew where thinned."""
        if close and self.thinned:
            return beside_bads(self.column, low, high, MOST_BADS_CLOSE)
        a, b = int(self.places.searchsorted(low, "right")), int(self.places.searchsorted(high))
        ends = bads_left(self.column, np.array([low, high]))
        places = np.concatenate([[low], self.places[a:b], [high]])
        return places, np.concatenate([ends[:1], self.bads[a:b], ends[1:]])


def path_of(column: SortedColumn) -> Path:
    """The path of a column; of very many places those that stand out most from their surroundings, on either side."""
    places, bads = beside_bads(column, 0, len(column.values), MOST_BADS)
    if len(places) <= MOST_PLACES:
        return Path(column, places, bads, len(column.bads) > MOST_BADS)
    kept = _outstanding(*column.below(places, bads), -(-2 * len(places) // MOST_PLACES))
    return Path(column, places[kept], bads[kept], True)


def _outstanding(good: Floats, bad: Floats, block: int) -> Places:
    """Indices, ascending, of the points farthest above and below the chord of the surroundings, in blocks of a path."""
    blocks = len(good) // block
    starts = np.arange(blocks + 1) * block
    starts[-1] = len(good) - 1
    number = np.arange(blocks)
    first, last = starts[np.maximum(number - SURROUNDINGS, 0)], starts[np.minimum(number + SURROUNDINGS + 1, blocks)]
    dx, dy = (good[last] - good[first])[:, None], (bad[last] - bad[first])[:, None]
    inside = blocks * block
    away = bad[:inside].reshape(blocks, block) * dx - good[:inside].reshape(blocks, block) * dy
    found = [[0, len(good) - 1], number * block + away.argmax(axis=1), number * block + away.argmin(axis=1)]
    return np.unique(np.concatenate([*found, np.arange(inside, len(good))]))


def turning_places(path: Path, windows: Places, levels: int, *, close: bool = False) -> Places:
    """Places at which the path turns within windows, the sharpest first; at most 2^levels − 1 of each window.

    windows: (w, 2) places (low, high); they may overlap.
    """
    column = path.column
    parts = [path.within(int(low), int(high), close=close) for low, high in windows]
    places, bads = (np.concatenate(part) for part in zip(*parts, strict=True))
    ends = np.cumsum([len(part[0]) for part in parts])
    starts = ends - [len(part[0]) for part in parts]
    good, bad = column.below(places, bads)
    whole = column.below(np.array([len(column.values)]), np.array([len(column.bads)]))
    scale = [max(float(total[0]), 1e-300) for total in whole]
    turns = _farthest_from_chords(good / scale[0], bad / scale[1], np.column_stack([starts, ends - 1]), levels)
    return places[turns]


def beside_bads(column: SortedColumn, low: int, high: int, most: int) -> tuple[Places, Places]:
    """Places left and right of the values of bads among the places low..high, with these two; bads left of each."""
    first, last = (int(i) for i in bads_left(column, np.array([low, high])))
    ranks = evenly(first, last, most)
    values = column.bads[ranks]
    opens = np.diff(values, prepend=-np.inf) > 0
    values, ranks = values[opens], ranks[opens]
    places, bads = np.empty(2 * len(values) + 2, np.int64), np.empty(2 * len(values) + 2, np.int64)
    places[0], places[-1], bads[0], bads[-1] = low, high, first, last
    places[1:-1:2] = column.values.searchsorted(values)
    places[2:-1:2] = _after(column.values, values, places[1:-1:2])
    bads[1:-1:2] = ranks if last - first <= most else column.bads.searchsorted(values)
    bads[2:-1:2] = _after(column.bads, values, bads[1:-1:2])
    return places, bads


def _after(ordered: Floats, values: Floats, places: Places) -> Places:
    """Places right of values that are at the given places of an ascending array: mostly the next, if not, looked up."""
    after = places + 1
    repeated = np.flatnonzero(ordered.take(after, mode="clip") == values)
    repeated = repeated[after[repeated] < len(ordered)]
    after[repeated] = ordered.searchsorted(values[repeated], "right")
    return after


def _farthest_from_chords(x: Floats, y: Floats, segments: Places, levels: int) -> Places:
    """Indices at which segments (s, 2) of a path are split where they are farthest from their chord, level by level.

    Sharpest first: by the distance from the chord, no turn being sharper than the one that made its segment.
    """
    found, sharpness = [np.empty(0, np.int64)], [np.empty(0)]
    start, end = segments[:, 0], segments[:, 1]
    above = np.full(len(start), np.inf)
    for _ in range(levels):
        inner = end - start - 1
        held = inner > 0
        start, end, above, inner = start[held], end[held], above[held], inner[held]
        if not len(start):
            break
        first = np.cumsum(inner) - inner
        owner = np.repeat(np.arange(len(start)), inner)
        points = np.arange(len(owner)) + (start + 1 - first)[owner]
        dx, dy = x[end] - x[start], y[end] - y[start]
        length = np.maximum(np.hypot(dx, dy), 1e-300)
        away = np.abs(
            y[points] * (dx / length)[owner]
            - x[points] * (dy / length)[owner]
            - ((y[start] * dx - x[start] * dy) / length)[owner]
        )
        most = np.maximum.reduceat(away, first)
        hits = np.flatnonzero(away == most[owner])
        hits = hits[np.diff(owner[hits], prepend=-1) > 0]
        turn, above = points[hits], np.minimum(most, above)
        bent = above > NO_TURN
        turn, above, start, end = turn[bent], above[bent], start[bent], end[bent]
        found.append(turn)
        sharpness.append(above)
        start, end, above = np.concatenate([start, turn]), np.concatenate([turn, end]), np.concatenate([above, above])
    return np.concatenate(found)[np.argsort(-np.concatenate(sharpness), kind="stable")]


def best_places(path: Path, cuts: Places, min_count: float, top: int) -> Places:
    """For each cut alone, the others held, the `top` places between its neighbours of greatest information value.

    cuts: (k,) places, ascending. A place leaves both bins goods, bads and the least weight, and their bad rates in
    the order in which they and the bins beside them are now (so that a trend that holds is kept). Shares of goods and
    bads refer to the column.
    """
    column = path.column
    ends = np.concatenate([[0], cuts, [len(column.values)]])
    good, bad = column.below(ends, bads_left(column, ends))
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = np.diff(bad) / (np.diff(good) + np.diff(bad))
    found = [np.empty(0, np.int64)]
    for i in range(1, len(ends) - 1):
        places, bads = path.within(int(ends[i - 1]), int(ends[i + 1]))
        g, b = column.below(places, bads)
        left, right = (g - g[0], b - b[0]), (g[-1] - g, b[-1] - b)
        with np.errstate(divide="ignore", invalid="ignore"):
            value = _divergence(*left, good[-1], bad[-1]) + _divergence(*right, good[-1], bad[-1])
            now = [left[1] / (left[0] + left[1]), right[1] / (right[0] + right[1])]
        keeps = (left[0] + left[1] >= min_count) & (right[0] + right[1] >= min_count) & np.isfinite(value)
        beside = [rates[i - 2] if i > 1 else None, *now, rates[i + 1] if i + 1 < len(rates) else None]
        for j, (a, c) in enumerate(pairwise(beside)):
            if a is not None and c is not None:
                keeps &= np.sign(c - a) * np.sign(rates[i - 1 + j] - rates[i - 2 + j]) >= 0
        worth = np.where(keeps, value, -np.inf)
        best = np.argpartition(worth, -min(top, len(worth)))[-min(top, len(worth)) :]
        found.append(places[best[worth[best] > -np.inf]])
    return np.concatenate(found)


def bads_left(column: SortedColumn, places: Places) -> Places:
    """Number of bads left of places that open a value, or of the end."""
    inside = places < len(column.values)
    bads = np.full(len(places), len(column.bads))
    bads[inside] = np.searchsorted(column.bads, column.values[places[inside]])
    return bads


def _divergence(good: Floats, bad: Floats, total_good: float, total_bad: float) -> Floats:
    """Information value of one bin, from its counts."""
    return (good / total_good - bad / total_bad) * np.log((good / total_good) / (bad / total_bad))


def tight_places(column: SortedColumn, places: Places, weight: float) -> Places:
    """Places from which, back or forth, a class to one of the given places has just the weight."""
    if weight <= 0 or len(places) == 0:
        return np.empty(0, np.int64)
    return np.concatenate([column.before(places, weight), column.after(places, weight)])


def _tight_from_ends(column: SortedColumn, weight: float, steps: int) -> Places:
    """Places at which bins of just the weight end, counted from the left and from the right."""
    if weight <= 0:
        return np.empty(0, np.int64)
    left, right = np.array([0]), np.array([len(column.values)])
    found = []
    for _ in range(1, steps):
        left, right = column.after(left, weight), column.before(right, weight)
        found += [left, right]
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)


def _quantile_places(column: SortedColumn, most: int) -> Places:
    """At most `most` places of quantiles; a value that fills more than one class is followed by an edge."""
    values = column.values[evenly(0, len(column.values), most)]
    heavy = np.unique(values[1:][values[1:] == values[:-1]])
    places = np.searchsorted(column.values, np.unique(values))
    return np.concatenate([places, np.searchsorted(column.values, heavy, side="right")])


def evenly(low: int, high: int, most: int) -> Places:
    """At most `most` of the places low..high−1, evenly spread; all where there are no more."""
    count = high - low
    if count <= most:
        return np.arange(low, high)
    return low + (np.arange(most) * count) // most
