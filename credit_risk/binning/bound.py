"""What no classing can exceed: an upper bound of the information value over all distinct values of a column.

The bound is the value of the best chain of points on the hulls of the path (`envelope`, `relaxed`). Where all points of
that chain are places of the path it is a classing itself, and so the optimum. Otherwise some cut is held in between by
the least weight of a bin: then the hull is parted there, so that it follows the path more closely, and the bound falls.

A peak or valley is looked at for each place in which its turning bin may lie: every bin has a point in a grid as wide
as the least bin. Cuts before that point are of one kind, cuts after it of the other.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from credit_risk.binning.envelope import (
    SAME_WEIGHT,
    Piece,
    Points,
    at_places,
    edges_of_stretch,
    extreme_woe,
    joined,
    on_side,
    piece,
    stretch,
    with_marks,
)
from credit_risk.binning.limits import Limits, TrendName
from credit_risk.binning.programme import COUNT_TOLERANCE, solve
from credit_risk.binning.relaxed import Chain, Frame, States, best_chain, strict_chain
from credit_risk.binning.sorted_column import SortedColumn

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
PROVED = 1e-9
"""Share of information value below which a difference is that of rounding: the bound is reached."""
GRID = 40
"""Most points of the grid for the turning bin; where the least bin is narrower, intervals between them."""
CANDIDATES = 48
"""Places of hulls that are handed to the programme of classing, those first by which the best chains go."""
MOST_STATES = 500
"""Most points of chains. Where there would be more, stretches without a cut worth having are left out first."""
MOST_SPLITS = 16
"""How often a world is divided."""
SIGNS: dict[str, int] = {"ascending": 1, "descending": -1}


@dataclass(frozen=True, slots=True)
class Bound:
    """value: no classing with the trend, the most bins, the least weight of a bin and the fixed cuts has more
    information value; reached: that of the best one found; places: candidates, with its cuts among them; splits: how
    often a world was divided."""

    value: float
    reached: float
    places: Places
    splits: int


@dataclass(frozen=True, slots=True)
class _World:
    """Pieces in which cuts lie; ranges: (parts, 2) weights between which each part lies; visit: a part in which there
    must be a cut, if not None."""

    pieces: tuple[Piece, ...]
    ranges: Floats
    visit: int | None = None

    @property
    def turns(self) -> int:
        """Number of points of the hulls."""
        return sum(len(one.turns.count) for one in self.pieces)

    @property
    def length(self) -> float:
        """Weight over which the pieces reach."""
        return float(sum(one.turns.count[-1] - one.turns.count[0] for one in self.pieces))


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a world. coarse, chain: states at the turns of its hulls, each of which stands for the edges
    beside it, and their best chain; grain: longest edge that one stands for; value: the bound; best: states of the
    chain of that value; fine: whether they keep the least weight of bins; strict: whether all its cuts keep the trend.
    """

    world: _World
    coarse: States
    chain: Chain
    grain: float
    value: float
    best: States
    fine: States | None = None
    strict: bool = False

    @property
    def tied(self) -> Floats:
        """Weights at which the best chain is between places."""
        return self.best.count[self.best.place < 0]


@dataclass(frozen=True, slots=True)
class _Task:
    """What stays the same: the column, its trend and limits, the frame of chains, and the cuts that must be."""

    column: SortedColumn
    trend: TrendName
    limits: Limits
    frame: Frame
    fixed: Points


def upper_bound(
    column: SortedColumn,
    path: Points,
    trend: TrendName,
    limits: Limits,
    totals: tuple[float, float],
    fixed: Floats,
    known: Places | None = None,
) -> Bound | None:
    """The bound under one trend. path: of the column; totals: goods and bads that shares refer to; fixed: (f,) values
    that must open a bin; known: places of a classing that is good already, which saves work.

    None where bins may lack goods or bads (zero_cell), where the column itself does, and where a hull has too many
    turns, as only made-up data have.
    """
    total, bads = float(path.count[-1]), float(path.bad[-1])
    if limits.zero_cell is not None or bads <= 0 or total <= bads:
        return None
    least = max(limits.min_count - COUNT_TOLERANCE * sum(totals), 0.0)
    least = float(np.ceil(least)) if column.below_good is None else least
    places = np.unique(np.searchsorted(column.values, fixed))
    must = at_places(column, places[(places > 0) & (places < len(column.values))])
    most = min(
        limits.max_bins or len(column.values), len(column.values), max(int(total / least), 1) if least > 0 else 2**31
    )
    caps = extreme_woe(path, totals, column.least_good())
    frame = Frame(total, bads, totals, least, most, must.count, caps, trend)
    core = Limits(max_bins=limits.max_bins, min_count=limits.min_count)
    worlds = _worlds(column, path, limits, frame)
    if max(world.turns for world in worlds) > MOST_STATES:
        return None
    start = np.empty(0, np.int64) if known is None else known
    return _descend(_Task(column, trend, core, frame, must), worlds, start)


def _descend(task: _Task, worlds: list[_World], start: Places) -> Bound:
    """Bounds of all worlds, lowered until the best classing found reaches the greatest, or nothing is left to try."""
    known = [_coarse(task, world, np.inf) for world in worlds]
    places, splits = np.union1d(start, _foremost(known)), 0
    reached = _reached(task, places)
    known = [_fine(task, one, reached) for one in known]
    while known and splits < MOST_SPLITS:
        number = int(np.argmax([one.value for one in known]))
        worst = known.pop(number)
        parts = _divided(task, worst, reached) if worst.value > reached * (1 + PROVED) else []
        if not parts:
            known.append(worst)
            break
        splits += 1
        places = np.union1d(places, np.concatenate([worst.best.place[worst.best.place >= 0], _foremost(parts)]))
        reached = max(reached, _reached(task, places))
        known = [_fine(task, one, reached) for one in [*known, *parts]]
    return Bound(max([reached, *(one.value for one in known)]), reached, places, splits)


def _divided(task: _Task, worst: _Known, reached: float) -> list[_Known]:
    """Worlds in place of one, whose bound is lower; none where there is nothing left to try."""
    if worst.fine is None:
        world = _contracted(task.column, worst, reached)
        grain = max(min(worst.grain, 2 * task.frame.least) / 4, world.length / max(MOST_STATES - world.turns, 1))
        return [_coarse(task, world, grain)] if grain < worst.grain and world.turns < MOST_STATES else []
    if len(worst.tied):
        return [_coarse(task, _parted(task.column, worst), worst.grain)]
    apart = _without_empty_bin(task.column, worst)
    if apart:
        return [_coarse(task, world, worst.grain) for world in apart]
    if worst.strict or len(task.fixed.count):
        return []
    return [_strict(task, worst)]


def _reached(task: _Task, places: Places) -> float:
    """Greatest information value of a classing whose cuts are among places; −∞ where there is none."""
    column, must = task.column, task.fixed.places
    edges = column.edges_at(np.union1d(places, must))
    good, bad = column.counts(edges)
    cuts = tuple(int(i) + 1 for i in np.searchsorted(edges, column.values[must]))
    limits = replace(task.limits, fixed_cuts=cuts)
    found = solve(good, bad, (task.trend,), limits, task.frame.totals)[task.trend]
    return found.information_value if found.cuts is not None else -np.inf


def _foremost(known: list[_Known]) -> Places:
    """Places by which the best chains go."""
    place = np.concatenate([one.coarse.place for one in known])
    through = np.concatenate([one.chain.through for one in known])
    through[place < 0] = -np.inf
    order = np.argsort(-through, kind="stable")[: 4 * CANDIDATES]
    first = np.sort(np.unique(place[order], return_index=True)[1])[:CANDIDATES]
    chosen = place[order][first]
    return np.unique(chosen[chosen >= 0])


# ------------------------------------------------------------------------------------------------------ worlds
def _worlds(column: SortedColumn, path: Points, limits: Limits, frame: Frame) -> list[_World]:
    """Worlds such that the cuts of every classing lie in the pieces of one of them."""
    total, least, trend = frame.total, frame.least, frame.trend
    width = max(least, total / GRID)
    joints = np.arange(1, int(np.ceil(total / width))) * width
    edges = np.concatenate([[0.0], joints, [total]])
    marks = edges_of_stretch(path, limits, least)
    path = with_marks(column, path, marks if trend in SIGNS else np.concatenate([marks, joints]))
    inside = stretch(path, limits, least)
    whole = np.array([[0.0, total]])
    if trend in SIGNS:
        points = on_side(inside, SIGNS[trend], total, frame.bads)
        return [_World((piece(points, SIGNS[trend], 0),) if len(points.count) else (), whole)]
    blocks = [inside.between(a, b) for a, b in pairwise(edges)]
    if trend == "none":
        pieces = [piece(b, s, i) for i, b in enumerate(blocks) for s in (1, -1) if len(b.count)]
        return [_World(tuple(pieces), np.column_stack([edges[:-1], edges[1:]]))]
    sign = 1 if trend == "peak" else -1
    hulls = {s: [block.hull(s) for block in blocks] for s in (1, -1)}
    return [_turning(inside, hulls, edges, i, sign, width > least) for i in range(1, len(edges))]


def _turning(inside: Points, hulls: dict[int, list[Points]], edges: Floats, i: int, sign: int, narrow: bool) -> _World:
    """The world in which the turning bin opens in the block before edge i, or at the start of the column for the first.

    Cuts up to that opening are of the first sign, the others of the other. Where bins are at least as wide as blocks,
    the turning bin does not close in the block in which it opens.
    """
    rest = i - 1 if narrow else i
    sides = (hulls[sign][: i - 1], hulls[sign][i - 1 : i], hulls[-sign][rest:])
    ranges = np.array([[0.0, edges[i - 1]], [edges[i - 1], edges[i]], [edges[rest], edges[-1]]])
    pieces = []
    for part, (side, s) in enumerate(zip(sides, (sign, sign, -sign), strict=True)):
        if any(len(block.count) for block in side):
            points = inside.between(float(ranges[part, 0]), float(ranges[part, 1]))
            pieces.append(Piece(points, s, part, joined(side).hull(s)))
    return _World(tuple(pieces), ranges, None if i == 1 else 1)


def _parted(column: SortedColumn, known: _Known) -> _World:
    """The world with its hulls parted at the weights at which the best chain is between places."""
    pieces = list(known.world.pieces)
    for count in known.tied:
        found: list[Piece] = []
        for one in pieces:
            inside = one.turns.count[0] < count < one.turns.count[-1]
            found += one.split(column, float(count)) if inside else [one]
        pieces = found
    return replace(known.world, pieces=tuple(pieces))


def _without_empty_bin(column: SortedColumn, known: _Known) -> list[_World]:
    """The world, where a bin of its best chain lacks goods or bads, as two in which that bin cannot be.

    Of the places between which there are no bads (no goods), a classing has a cut at one at most; so either the cut at
    the left of the bin or that at its right is at none of them.
    """
    points = at_places(column, known.best.place)
    for of_bads in (True, False):
        below = _level(points, of_bads)
        for i in np.flatnonzero(np.diff(below) <= 0):
            signs = known.best.sign[i : i + 2]
            middle = float(np.mean(points.count[i : i + 2]))
            whole = (-np.inf, np.inf)
            ranges = [(-np.inf, middle), (middle, np.inf)] if signs[0] == signs[1] else [whole, whole]
            return [
                _excluding(column, known.world, int(sign), of_bads, float(below[i]), between)
                for sign, between in zip(signs, ranges, strict=True)
            ]
    return []


def _excluding(
    column: SortedColumn, world: _World, sign: int, of_bads: bool, level: float, between: tuple[float, float]
) -> _World:
    """The world without cuts of a sign, between two weights, at the places below which there is that weight of bads, or
    of goods."""
    pieces: list[Piece] = []
    for one in world.pieces:
        inside = one.within(column, *between)
        struck = [_level(part.points, of_bads) == level for part in inside]
        if one.sign != sign or not any(flags.any() for flags in struck):
            pieces.append(one)
            continue
        counts = inside[0].points.count[struck[0]]
        before, after = np.nextafter(counts[0], -np.inf), np.nextafter(counts[-1], np.inf)
        pieces += one.within(column, -np.inf, between[0]) if np.isfinite(between[0]) else []
        pieces += [*inside[0].within(column, -np.inf, before), *inside[0].within(column, after, np.inf)]
        pieces += one.within(column, between[1], np.inf) if np.isfinite(between[1]) else []
    return replace(world, pieces=tuple(pieces))


def _level(points: Points, of_bads: bool) -> Floats:
    return points.bad if of_bads else points.count - points.bad


def _contracted(column: SortedColumn, known: _Known, reached: float) -> _World:
    """The world without the stretches of its hulls in which no chain that exceeds what is reached has a cut."""
    pieces = []
    for one in known.world.pieces:
        own = np.flatnonzero((known.coarse.part == one.part) & (known.coarse.sign == one.sign))
        own = own[(known.coarse.count[own] >= one.turns.count[0]) & (known.coarse.count[own] <= one.turns.count[-1])]
        count, good = known.coarse.count[own], known.chain.through[own] > reached
        keep = good[1:] | good[:-1] if len(own) > 1 else good
        edges = np.flatnonzero(np.diff(np.concatenate([[False], keep, [False]])))
        for first, last in edges.reshape(-1, 2):
            pieces += one.within(column, float(count[first]), float(count[min(last, len(count) - 1)]))
    return replace(known.world, pieces=tuple(pieces))


# ------------------------------------------------------------------------------------------------------ states
def _coarse(task: _Task, world: _World, grain: float) -> _Known:
    """The world with states at the turns of its hulls, and so many between that none stands for more than a grain.

    Each stands for the edges beside it: the least weight of bins is taken less strictly.
    """
    parts = [_fixed_states(task, world)]
    for one in world.pieces:
        count, place = one.turns.count, one.turns.places
        if np.isfinite(grain) and len(count) > 1:
            more = np.ceil(np.diff(count) / grain).astype(int)
            share = np.concatenate([np.arange(m) / m for m in more])
            start = np.repeat(np.arange(len(more)), more)
            inner = count[start] + share * np.repeat(np.diff(count), more)
            place = np.append(np.where(share == 0, place[start], -1), place[-1])
            count = np.append(inner, count[-1])
        bad, size = np.interp(count, one.turns.count, one.turns.bad), len(count)
        low, high = count[np.maximum(np.arange(size) - 1, 0)], count[np.minimum(np.arange(1, size + 1), size - 1)]
        parts.append(_states(one, count, bad, low, high, place))
    states = _ordered(parts)
    chain = best_chain(states, replace(task.frame, visit=world.visit))
    return _Known(world, states, chain, grain, chain.value, states.take(chain.states))


def _fine(task: _Task, known: _Known, reached: float) -> _Known:
    """The bound with the least weight of bins kept: cuts at turns, or at whole multiples of that weight from them.

    Turns by which no chain exceeds what is reached already are left out.
    """
    if known.fine is not None or known.value <= reached * (1 + PROVED):
        return known
    keep = ((known.chain.through > reached) & (known.coarse.place >= 0)) | (known.coarse.sign == 0)
    anchors = known.coarse.take(keep)
    steps = np.arange(-(task.frame.most - 2), task.frame.most - 1) * task.frame.least
    steps = steps[(np.abs(steps) < task.frame.total) & (steps != 0)]
    ties = np.unique((anchors.count[:, None] + steps[None, :]).ravel())
    parts = [anchors]
    for one in known.world.pieces:
        turns, slack = one.turns, SAME_WEIGHT * task.frame.total
        here = ties[(ties >= turns.count[0] - slack) & (ties <= turns.count[-1] + slack)]
        beside = turns.count.searchsorted(here - slack)
        same = turns.count[np.minimum(beside, len(turns.count) - 1)] <= here + slack
        place = np.where(same, turns.places[np.minimum(beside, len(turns.count) - 1)], -1)
        own = np.isin(place, anchors.place[(anchors.part == one.part) & (anchors.sign == one.sign)])
        here, place = here[~own], place[~own]
        parts.append(_states(one, here, np.interp(here, turns.count, turns.bad), here, here, place))
    states = _ordered(parts)
    if len(states.count) > MOST_STATES:
        return known
    states = replace(states, low=states.count, high=states.count)
    chain = best_chain(states, replace(task.frame, visit=known.world.visit))
    value = min(max(chain.value, reached), known.value)
    return replace(known, value=value, best=states.take(chain.states), fine=states)


def _strict(task: _Task, known: _Known) -> _Known:
    """The bound with every cut held to the trend."""
    if known.fine is None:
        return known
    value, chosen = strict_chain(known.fine, replace(task.frame, visit=known.world.visit))
    return replace(known, value=min(value, known.value), best=known.fine.take(chosen), strict=True)


def _states(one: Piece, count: Floats, bad: Floats, low: Floats, high: Floats, place: Places) -> States:
    sign, part = np.full(len(count), one.sign), np.full(len(count), one.part)
    return States(count, bad, sign, part, low, high, place)


def _fixed_states(task: _Task, world: _World) -> States:
    """The cuts that must be, in each part in which they may lie."""
    fixed = task.fixed
    at, part = np.nonzero(
        (fixed.count[:, None] >= world.ranges[None, :, 0]) & (fixed.count[:, None] <= world.ranges[None, :, 1])
    )
    count, zero = fixed.count[at], np.zeros(len(at), np.int64)
    return States(count, fixed.bad[at], zero, part, count, count, fixed.places[at])


def _ordered(parts: list[States]) -> States:
    """States of all parts together, in order."""
    joined_up = States(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(States)))
    return joined_up.take(np.lexsort((joined_up.count, joined_up.part)))
