"""The programme of the bound: the greatest value of a chain of points on hulls, an upper bound of information value.

It is the dynamic programme of classing with points of hulls in place of places of the path. Of the limits, those on the
number and the least weight of bins are kept; a chain may use fewer cuts than there must be.

A classing becomes a chain by moving its cuts, of which none lowers the value: to the hulls, and along them to points of
the programme. Where two neighbouring bins come to have one bad rate on the way, the cut between them is worth nothing
and may be left out, so that the trend holds all along. On one hull the bad rates of a chain are in order by themselves;
so only the first and the last cut are held to the trend, unless all are to be. What a chain by a given point is worth
at most (`through`) is told without the trend, since with it the cut at that point might be left out.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from credit_risk.binning.envelope import SAME_RATE, SAME_WEIGHT
from credit_risk.binning.limits import Limits, TrendName
from credit_risk.binning.programme import solve_bins
from credit_risk.binning.transitions import Bins

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Frame:
    """What the chains keep. total, bads: weight of the column; totals: goods and bads that shares refer to; least:
    weight of a bin; most: bins; fixed: (f,) weights below the cuts that must be; woe: least and greatest weight of
    evidence that a bin with goods and bads can have; visit: a part in which a chain must have a point, if not None."""

    total: float
    bads: float
    totals: tuple[float, float]
    least: float
    most: int
    fixed: Floats
    woe: tuple[float, float]
    trend: TrendName
    visit: int | None = None


@dataclass(frozen=True, slots=True)
class States:
    """Points at which a chain may turn, ordered by part, then count. All (m,).

    count, bad, sign, part: as of `Piece`; a cut that must be has sign 0. low, high: weights between which the cut that
    the point stands for may lie; place: place of the column at the point, −1 where there is none.
    """

    count: Floats
    bad: Floats
    sign: Places
    part: Places
    low: Floats
    high: Floats
    place: Places

    def take(self, index: NDArray[np.int64] | Flags) -> States:
        """Some of the states."""
        return States(*(getattr(self, field.name)[index] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Chain:
    """value: the greatest; states: (k−1,) its points, indices; through: (m,) what no chain by a state exceeds."""

    value: float
    states: Places
    through: Floats


def best_chain(states: States, frame: Frame) -> Chain:
    """The chain of greatest value from the start to the end of the column."""
    value, first, last = _steps(states, frame)
    opening, closing, inner = value[:-1, 0], value[-1, 1:], value[:-1, 1:]
    forward, ended = [opening], [np.where(first[-1] & last[:, 0], opening, -np.inf)]
    free, backward = [opening], [closing]
    inner_first, inner_last = (np.where(rule, inner, -np.inf) for rule in (first[:-1], last[:, 1:]))
    for k in range(2, frame.most):
        into = inner_first if k == 2 else inner
        out = np.where(last[:, 1:], inner_first, -np.inf) if k == 2 else inner_last
        ended.append((out + forward[-1]).max(axis=1, initial=-np.inf))
        forward.append((into + forward[-1]).max(axis=1, initial=-np.inf))
        free.append((inner + free[-1]).max(axis=1, initial=-np.inf))
        backward.append((inner + backward[-1][:, None]).max(axis=0, initial=-np.inf))
    values = [float(value[-1, 0]), *(float((e + closing).max(initial=-np.inf)) for e in ended[: frame.most - 1])]
    cuts = int(np.argmax(values))
    chosen = [int(np.argmax(ended[cuts - 1] + closing))] if cuts else []
    for k in range(cuts - 1, 0, -1):
        at = chosen[-1]
        keep = first[at] if k == 1 else np.ones(len(opening), bool)
        keep = keep & last[at, 1:] if len(chosen) == 1 else keep
        chosen.append(int(np.argmax(np.where(keep, inner[at] + forward[k - 1], -np.inf))))
    return Chain(max(values), np.array(chosen[::-1], np.int64), _through(free, backward, frame.most))


def _through(forward: list[Floats], backward: list[Floats], most: int) -> Floats:
    """Greatest value of a chain of at most `most` bins by each state, from those of its two halves by bins."""
    rest = np.maximum.accumulate(np.stack(backward), axis=0)
    found = np.full(len(forward[0]), -np.inf)
    for k, part in enumerate(forward, start=1):
        if k < most:
            np.maximum(found, part + rest[min(most - k, len(rest)) - 1], out=found)
    return found


def strict_chain(states: States, frame: Frame) -> tuple[float, Places]:
    """Value and points of the best chain all of whose cuts keep the trend; −∞ where there is none.

    Any cut may have been left out on the way, so that no part needs to be visited.
    """
    value, rate = _bins(states, replace(frame, visit=None))
    nothing = np.zeros(value.shape)
    found = solve_bins(Bins(value, rate, nothing, nothing), (frame.trend,), Limits(max_bins=frame.most))[frame.trend]
    if found.cuts is None:
        return -np.inf, np.empty(0, np.int64)
    return found.information_value, np.array(found.cuts, np.int64) - 1


def _steps(states: States, frame: Frame) -> tuple[Floats, Flags, Flags]:
    """Values [to, from] of bins; whether a bin may follow the first one, [to, from without the start]; and whether it
    may come before the last one, [to without the end, from]. Cuts that must be, and those in the part that must be
    visited, are not held to the trend.
    """
    value, rate = _bins(states, frame)
    if frame.trend == "none":
        return value, np.ones((len(value), len(states.count)), bool), np.ones((len(states.count), len(value)), bool)
    held = states.sign if frame.visit is None else np.where(states.part == frame.visit, 0, states.sign)
    sign = held.astype(np.float64)
    with np.errstate(invalid="ignore"):
        first = sign[None, :] * (rate[:, 1:] - rate[None, :-1, 0]) >= -SAME_RATE
        last = sign[:, None] * (rate[-1, 1:, None] - rate[:-1, :]) >= -SAME_RATE
    return value, first, last


def _bins(states: States, frame: Frame) -> tuple[Floats, Floats]:
    """Values and bad rates [to, from] of the bins between points: the start is the first from, the end the last to.

    Where a bin is not allowed its value is −∞, and its rate +∞.
    """
    count = np.concatenate([[0.0], states.count, [frame.total]])
    bad = np.concatenate([[0.0], states.bad, [frame.bads]])
    wide = np.concatenate([states.high, [frame.total]])[:, None] - np.concatenate([[0.0], states.low])[None, :]
    size = count[1:, None] - count[None, :-1]
    ok = np.tri(len(size), dtype=bool) & (wide >= frame.least - SAME_WEIGHT * frame.total) & (size > 0)
    if frame.visit is not None:
        ok[np.ix_(np.append(states.part > frame.visit, True), np.append(True, states.part < frame.visit))] = False
    for cut in frame.fixed:
        ok[np.ix_(count[1:] > cut, count[:-1] < cut)] = False
    held = np.flatnonzero(ok)
    size_held = size.ravel()[held]
    bad_held = (bad[1:, None] - bad[None, :-1]).ravel()[held]
    value = np.full(size.shape, -np.inf)
    value.ravel()[held] = _divergence((size_held - bad_held) / frame.totals[0], bad_held / frame.totals[1], frame.woe)
    rate = np.full(size.shape, np.inf)
    rate.ravel()[held] = bad_held / size_held
    return value, rate


def _divergence(good: Floats, bad: Floats, woe: tuple[float, float]) -> Floats:
    """Information value of bins from shares of goods and bads; beyond the given weights of evidence, the tangent.

    The value is the greatest of its tangents, g(w + 1 − e^−w) + b(1 − w − e^w) over w = ln(g/b). Those of weights of
    evidence that no bin can have are left out, so that it stays finite, and convex, where goods or bads vanish.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        w = np.log(good / bad)
    inside = (w >= woe[0]) & (w <= woe[1])
    if inside.all():
        return (good - bad) * w
    w = np.where(bad <= 0, woe[1], np.where(good <= 0, woe[0], np.clip(w, *woe)))
    return np.where(inside, (good - bad) * w, good * (w + 1 - np.exp(-w)) + bad * (1 - w - np.exp(w)))
