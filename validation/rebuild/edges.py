"""The edges of a numeric classing put to the test: does another place of a single edge give more information value?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
EQUAL_RATES = 1e-12


@dataclass(frozen=True, slots=True)
class Column:
    """Distinct ordinary values (m,), ascending, with the weight of goods and bads at each; totals of all rows."""

    values: Floats
    good: Floats
    bad: Floats
    totals: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Move:
    """An edge, where it would better be, and the information value of the ordinary bins with it there."""

    edge: float
    place: float
    information_value: float


def column(values: Floats, outcome: Floats, weight: Floats, ordinary: NDArray[np.bool_]) -> Column:
    """Count the distinct ordinary values: values, outcome (1 bad, 0 good) and weight (n,), ordinary (n,)."""
    distinct, place = np.unique(values[ordinary], return_inverse=True)
    good, bad = (_sums(place, np.where(outcome == kind, weight, 0.0)[ordinary], len(distinct)) for kind in (0, 1))
    totals = float(np.sum(weight[outcome == 0])), float(np.sum(weight[outcome == 1]))
    return Column(distinct, good, bad, totals)


def information_value(of: Column, edges: Sequence[float]) -> float:
    """Return the information value of the bins between ascending edges; NaN where one lacks goods or bads."""
    return _total(*_bins(of, edges), of.totals)


def better_place(
    of: Column, edges: Sequence[float], trend: str, least: float, movable: Sequence[bool], more_than: float
) -> Move | None:
    """Find the best single move of an edge between its neighbours that gives more than a value; None if there is none.

    All distinct values are tried. The bins keep the trend of the bad rate, both classes, and the least weight.
    """
    found: Move | None = None
    for number, edge in enumerate(edges):
        least_value = more_than if found is None else found.information_value
        for value, place in _moves(of, edges, number, trend, least, least_value) if movable[number] else ():
            found = Move(float(edge), place, value)
            break
    return found


def _moves(
    of: Column, edges: Sequence[float], number: int, trend: str, least: float, more_than: float
) -> Iterator[tuple[float, float]]:
    """Moves of one edge that give more than a value, best first: the value and the place."""
    bounds = np.concatenate([[0], np.searchsorted(of.values, np.asarray(edges, dtype=np.float64)), [len(of.values)]])
    start, end = int(bounds[number]), int(bounds[number + 2])
    cuts = np.arange(start + 1, end)
    below = [np.concatenate([[0.0], np.cumsum(part)]) for part in (of.good, of.bad)]
    left, right = [part[cuts] - part[start] for part in below], [part[end] - part[cuts] for part in below]
    others = [np.delete(part, [number, number + 1]) for part in _bins(of, edges)]
    value = sum(_terms(good, bad, of.totals) for good, bad in (left, right)) + _total(others[0], others[1], of.totals)
    light = np.minimum(left[0] + left[1], right[0] + right[1]) < least
    value = np.where(light | np.isnan(value), -np.inf, value)
    for at in np.argsort(-value, kind="stable"):
        if value[at] <= more_than:
            return
        moved = zip(others, left, right, strict=True)
        good, bad = (np.insert(other, number, [one[at], two[at]]) for other, one, two in moved)
        if holds(bad / (good + bad), trend):
            yield float(value[at]), float(of.values[cuts[at]])


def holds(rates: Floats, trend: str) -> bool:
    """Tell whether bad rates follow a trend; equal neighbours keep every one."""
    steps = np.diff(rates)
    steps = np.sign(np.where(np.abs(steps) < EQUAL_RATES, 0.0, steps))
    if trend in ("ascending", "descending"):
        return bool(np.all(steps >= 0) if trend == "ascending" else np.all(steps <= 0))
    if trend in ("peak", "valley"):
        turns = steps[steps != 0] * (-1 if trend == "peak" else 1)
        return bool(np.all(np.diff(turns) >= 0))
    return True


def _bins(of: Column, edges: Sequence[float]) -> tuple[Floats, Floats]:
    place = np.searchsorted(np.asarray(edges, dtype=np.float64), of.values, side="right")
    return _sums(place, of.good, len(edges) + 1), _sums(place, of.bad, len(edges) + 1)


def _sums(place: NDArray[np.int64], weight: Floats, size: int) -> Floats:
    return np.bincount(place, weight, size).astype(np.float64)


def _total(good: Floats, bad: Floats, totals: tuple[float, float]) -> float:
    return float(np.sum(_terms(good, bad, totals)))


def _terms(good: Floats, bad: Floats, totals: tuple[float, float]) -> Floats:
    """Information value of each bin, NaN where goods or bads are lacking."""
    with np.errstate(divide="ignore", invalid="ignore"):
        p, q = good / totals[0], bad / totals[1]
        value = (p - q) * np.log(p / q)
    return np.where((good > 0) & (bad > 0), value, np.nan)
