"""The greatest information value that a trend and limits allow, as an integer programme of bins put end to end.

A bin of the fine classes start..end−1 is a variable, 1 where it is in the classing. The chosen bins follow one another
from the first fine class to the last, as the arcs of a path: at every place between two fine classes as many bins end
as begin. The trend is held there too: of the bins that end at a place, those with a bad rate of at least r are no more
than the bins that begin there and may follow such a rate. Peak and valley have three kinds of bins: on the way to
the extreme, at it, and after it. HiGHS solves it, without whole numbers first: without a limit on the number of bins,
paths and these rows have whole corners (a transport between nested sets at every place), and with one they often do.
Where they do not, branch and bound follows. Few fine classes are all enumerated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, stats
from scipy.optimize import Bounds, LinearConstraint, milp

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]
EQUAL_RATES = 1e-12
ENUMERATED = 7
"""Fine classes up to which every classing is tried."""
MOST_CLASSES = 60
"""Fine classes beyond which the programme is not built."""
MOST_NODES = 2_000
"""Nodes of branch and bound after which the search is given up; a number, since a time would not be repeatable."""
OPTIMAL, INFEASIBLE, UNSOLVED, NO_MORE = "optimal", "infeasible", "unsolved", "no more"
WHOLE = 1e-7
"""Distance from a whole number that counts as none."""

LINEAR, INTEGER = "linear programme", "integer programme"
OPTIONS: Final = {"node_limit": MOST_NODES, "mip_rel_gap": 1e-10}

# Kinds of bins by trend: (kinds before, kinds after, sign of the step of the bad rate) at every place; where the first
# and the last bin may be of.
Kinds = tuple[tuple[int, ...], tuple[int, ...]]
Turn = tuple[tuple[int, ...], tuple[int, ...], int]
ONE_WAY: Final[dict[str, int]] = {"ascending": 1, "descending": -1, "none": 0}
TURNING: Final[dict[str, int]] = {"peak": 1, "valley": -1}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a classing keeps. Counts are weights; least, most: of a bin; difference: least step of the bad rate.

    max_p_value: of the pooled two-proportion z-test of neighbours, whose counts are multiplied by scale (Kish).
    fixed: fine classes (1..n−1) that must open a bin.
    """

    min_bins: int = 1
    max_bins: int | None = None
    least: float = 0.0
    most: float = math.inf
    min_good: float = 0.0
    min_bad: float = 0.0
    difference: float = 0.0
    max_p_value: float | None = None
    scale: float = 1.0
    fixed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Best:
    """cuts: fine classes (1..n−1) that open a bin; method: how. information_value: of the classing; where the status is
    `no more` a bound of it, NaN where it is infeasible or unsolved."""

    cuts: tuple[int, ...]
    information_value: float
    status: str
    method: str


@dataclass(frozen=True, slots=True)
class Bins:
    """The bins that the limits allow, one entry each (m,): fine classes start..end−1; count and bad are weights."""

    start: Places
    end: Places
    value: Floats
    rate: Floats
    count: Floats
    bad: Floats


def best_classing(
    good: Floats, bad: Floats, totals: tuple[float, float], trend: str, limits: Limits, above: float = -math.inf
) -> Best:
    """Merge fine classes (n,) of weights of goods and bads for the greatest information value.

    totals: goods and bads that shares refer to. trend: ascending, descending, peak, valley or none, of the bad rate;
    equal neighbours keep each, and a one-way trend is also a peak and a valley. No bin lacks goods or bads. above:
    where it is proved that no classing has more than this, no more is sought (status `no more`).
    """
    return _solved(good.tobytes(), bad.tobytes(), totals, trend, limits, above)


@lru_cache(maxsize=4096)
def _solved(good: bytes, bad: bytes, totals: tuple[float, float], trend: str, limits: Limits, above: float) -> Best:
    g, b = np.frombuffer(good), np.frombuffer(bad)
    bins = bins_of(g, b, totals, limits)
    if len(g) <= ENUMERATED:
        return _enumerated(bins, len(g), trend, limits)
    if len(g) > MOST_CLASSES:
        return Best((), math.nan, UNSOLVED, f"{len(g)} fine classes, at most {MOST_CLASSES} are solved")
    return _programme(bins, len(g), trend, limits, above)


def bins_of(good: Floats, bad: Floats, totals: tuple[float, float], limits: Limits) -> Bins:
    """Every run of fine classes (n,) that the limits on single bins and the fixed cuts allow."""
    n = len(good)
    start, end = (part.astype(np.int64) for part in np.triu_indices(n))
    end = end + 1
    below_good, below_bad = (np.concatenate([[0.0], np.cumsum(part)]) for part in (good, bad))
    g, b = below_good[end] - below_good[start], below_bad[end] - below_bad[start]
    count = g + b
    slack = 0.0 if np.all(np.mod(np.concatenate([good, bad]), 1.0) == 0) else 1e-9
    allowed = (g > 0) & (b > 0) & (count >= limits.least * (1 + slack)) & (count <= limits.most * (1 - slack))
    allowed &= (g >= limits.min_good * (1 + slack)) & (b >= limits.min_bad * (1 + slack))
    for cut in limits.fixed:
        allowed &= (start >= cut) | (end <= cut)
    start, end, g, b, count = start[allowed], end[allowed], g[allowed], b[allowed], count[allowed]
    p, q = g / totals[0], b / totals[1]
    return Bins(start, end, (p - q) * np.log(p / q), b / count, count, b)


def may_follow(bins: Bins, before: Places, after: Places, sign: int, limits: Limits) -> Flags:
    """(before, after) whether neighbours keep the step of the bad rate (sign 0: either way) and pass the test."""
    step = bins.rate[after][None, :] - bins.rate[before][:, None]
    moved = sign * step if sign else np.abs(step)
    allowed = np.ones(step.shape, bool)
    if sign or limits.difference > 0:
        allowed = moved >= limits.difference - EQUAL_RATES
    if limits.max_p_value is not None and limits.max_p_value < 1:
        one, other = bins.count[before][:, None], bins.count[after][None, :]
        pooled = (bins.bad[before][:, None] + bins.bad[after][None, :]) / (one + other)
        spread = np.sqrt(pooled * (1 - pooled) * (1 / one + 1 / other) / limits.scale)
        allowed &= np.abs(step) >= float(stats.norm.isf(limits.max_p_value / 2)) * spread
    return allowed


def _enumerated(bins: Bins, n: int, trend: str, limits: Limits) -> Best:
    """The best of all classings of few fine classes."""
    place = {(int(a), int(z)): k for k, (a, z) in enumerate(zip(bins.start, bins.end, strict=True))}
    every = np.arange(len(bins.start))
    steps = {sign: may_follow(bins, every, every, sign, limits) for sign in (-1, 0, 1)}
    found: tuple[float, tuple[int, ...]] | None = None
    for count in range(limits.min_bins, min(limits.max_bins or n, n) + 1):
        for cuts in combinations(range(1, n), count - 1):
            chosen = [place.get(pair) for pair in pairwise((0, *cuts, n))]
            if None in chosen or not _in_order([int(k or 0) for k in chosen], trend, steps):
                continue
            value = float(np.sum(bins.value[[int(k or 0) for k in chosen]]))
            if found is None or value > found[0]:
                found = value, cuts
    if found is None:
        return Best((), math.nan, INFEASIBLE, "enumeration")
    return Best(found[1], found[0], OPTIMAL, "enumeration")


def _in_order(chosen: Sequence[int], trend: str, steps: dict[int, Flags]) -> bool:
    """Whether neighbours keep a trend; peak and valley turn at some bin."""
    neighbours = list(pairwise(chosen))
    if trend in ONE_WAY:
        return all(bool(steps[ONE_WAY[trend]][pair]) for pair in neighbours)
    sign = TURNING[trend]
    early = [bool(steps[sign][pair]) for pair in neighbours]
    late = [bool(steps[-sign][pair]) for pair in neighbours]
    return any(all(early[:turn]) and all(late[turn:]) for turn in range(len(chosen)))


def _turns(trend: str) -> tuple[tuple[Turn, ...], tuple[int, ...], tuple[int, ...]]:
    """The steps at every place by kinds of bins, and the kinds of the first and of the last bin."""
    if trend in ONE_WAY:
        return (((0,), (0,), ONE_WAY[trend]),), (0,), (0,)
    sign = TURNING[trend]
    return (((0,), (0, 1), sign), ((1, 2), (2,), -sign)), (0, 1), (1, 2)


class _Rows:
    """Rows of the programme's constraints, as they are found."""

    def __init__(self) -> None:
        self.row: list[Places] = []
        self.column: list[Places] = []
        self.entry: list[Floats] = []
        self.low: list[float] = []
        self.high: list[float] = []

    def add(self, plus: Places, minus: Places, low: float, high: float) -> None:
        """Add low ≤ sum of `plus` − sum of `minus` ≤ high."""
        self.row.append(np.full(len(plus) + len(minus), len(self.low), np.int64))
        self.column += [plus, minus]
        self.entry += [np.ones(len(plus)), -np.ones(len(minus))]
        self.low.append(low)
        self.high.append(high)

    def constraint(self, columns: int) -> LinearConstraint:
        """All rows over so many variables."""
        entries, place = np.concatenate(self.entry), (np.concatenate(self.row), np.concatenate(self.column))
        matrix = sparse.csr_array((entries, place), shape=(len(self.low), columns))
        return LinearConstraint(matrix, np.array(self.low), np.array(self.high))


def _programme(bins: Bins, n: int, trend: str, limits: Limits, above: float) -> Best:
    """The answer of HiGHS: of the linear programme where its corner is whole or its value is enough, else of the
    integer programme."""
    _, first, last = _turns(trend)
    count = len(bins.start)
    if not np.any(bins.start == 0) or not np.any(bins.end == n):
        return Best((), math.nan, INFEASIBLE, LINEAR)
    rows, kinds = _rows(bins, n, trend, limits)
    bound = np.ones((kinds, count))
    for kind in range(kinds):
        bound[kind, (bins.start == 0) & (kind not in first) | (bins.end == n) & (kind not in last)] = 0.0
    constraint, value = rows.constraint(kinds * count), -np.tile(bins.value, kinds)
    limited = Bounds(np.zeros(kinds * count), bound.ravel())
    for method, whole in ((LINEAR, 0), (INTEGER, 1)):
        integrality = np.full(kinds * count, whole)
        answer = milp(value, integrality=integrality, bounds=limited, constraints=constraint, options=OPTIONS)
        if answer.status == 2:
            return Best((), math.nan, INFEASIBLE, method)
        if answer.status != 0:
            return Best((), math.nan, UNSOLVED, f"{method}, given up after {MOST_NODES} nodes")
        if whole or np.all(np.minimum(answer.x, 1 - answer.x) < WHOLE):
            break
        if -answer.fun <= above:
            return Best((), float(-answer.fun), NO_MORE, method)
    chosen = np.flatnonzero(answer.x > 0.5) % count
    chosen = chosen[np.argsort(bins.start[chosen])]
    cuts = tuple(int(place) for place in bins.start[chosen][1:])
    return Best(cuts, float(np.sum(bins.value[chosen])), OPTIMAL, method)


def _rows(bins: Bins, n: int, trend: str, limits: Limits) -> tuple[_Rows, int]:
    """The constraints over kinds × bins, and how many kinds there are."""
    turns, first, _ = _turns(trend)
    count, nothing, rows = len(bins.start), np.zeros(0, np.int64), _Rows()
    kinds = 1 + max(max(after) for _, after, _ in turns)
    opening = np.flatnonzero(bins.start == 0)
    rows.add(np.concatenate([opening + kind * count for kind in first]), nothing, 1.0, 1.0)
    if limits.min_bins > 1 or (limits.max_bins or n) < n:
        rows.add(np.arange(kinds * count), nothing, float(limits.min_bins), float(limits.max_bins or n))
    for place in range(1, n):
        ends, begins = np.flatnonzero(bins.end == place), np.flatnonzero(bins.start == place)
        for before, after, sign in turns:
            allowed = may_follow(bins, ends, begins, sign, limits)
            _join(rows, ends, begins, (before, after), count, allowed)
    return rows, kinds


def _join(
    rows: _Rows,
    ends: Places,
    begins: Places,
    kinds: tuple[tuple[int, ...], tuple[int, ...]],
    count: int,
    allowed: Flags,
) -> None:
    """What ends at a place goes on there, and in order.

    Bins that end here and whose followers are all among those of one bin are no more than its followers.
    """
    plus = np.concatenate([ends + kind * count for kind in kinds[0]])
    minus = np.concatenate([begins + kind * count for kind in kinds[1]])
    if not len(plus) and not len(minus):
        return
    rows.add(plus, minus, 0.0, 0.0)
    for pattern in {row.tobytes(): row for row in allowed}.values():
        if pattern.all():
            continue
        within = ~np.any(allowed & ~pattern, axis=1)
        held = np.concatenate([ends[within] + kind * count for kind in kinds[0]])
        onward = np.concatenate([begins[pattern] + kind * count for kind in kinds[1]])
        rows.add(held, onward, -np.inf, 0.0)


__all__ = ["INFEASIBLE", "NO_MORE", "OPTIMAL", "UNSOLVED", "Best", "Limits", "best_classing", "bins_of", "may_follow"]
