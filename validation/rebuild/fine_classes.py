"""Fine classes of the validator's own: what a classing is solved anew from, with the bins that a package states."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from validation.rebuild.edges import Column

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
AT_RANKS = 24
"""Fine classes by rank: half of them hold equal weights, half equal weights of bads."""
MOST = 40
"""Fine classes of a column beyond which candidates of the plan are thinned."""


@dataclass(frozen=True, slots=True)
class FineClasses:
    """good, bad (n,): weights of ordinary values in order. name: how the edge reads that opens a fine class (1..n−1).

    held: (n,) bin of the package that each fine class lies in. fixed: fine classes that the plan lets open a bin.
    whole: whether every value is a fine class of its own, or every one at which the plan lets a bin open.
    """

    good: Floats
    bad: Floats
    held: Places
    fixed: tuple[int, ...]
    whole: bool
    name: Callable[[int], str]


def of_numbers(
    of: Column, edges: Sequence[float], fixed: Sequence[float], candidates: Sequence[float] | None
) -> FineClasses:
    """Fine classes of a column of numbers: its distinct values where they are few, the candidates where the plan gives
    them, else values at ranks; the edges of the package and the fixed ones are always among them."""
    must = _inside(of, [*edges, *fixed])
    if candidates is not None:
        every, whole = _inside(of, candidates), True
    else:
        every, whole = np.arange(1, len(of.values)), True
    if len(np.union1d(must, every)) >= MOST if candidates is not None else len(every) >= AT_RANKS + len(must):
        every, whole = (_ranks(of) if candidates is None else every[:: 1 + len(every) // (MOST - len(must))]), False
    opens = np.union1d(must, every)
    starts = np.concatenate([[0], opens]).astype(np.int64)
    good, bad = np.add.reduceat(of.good, starts), np.add.reduceat(of.bad, starts)
    held = np.searchsorted(np.asarray(edges, np.float64), of.values[starts], side="right")
    at = tuple(int(place) for place in np.searchsorted(starts, _inside(of, fixed)))
    return FineClasses(good, bad, held.astype(np.int64), at, whole, lambda place: repr(float(of.values[starts[place]])))


def _inside(of: Column, edges: Sequence[float]) -> Places:
    """Places of distinct values at which edges part rows."""
    places = np.unique(np.searchsorted(of.values, np.asarray(edges, np.float64)))
    return places[(places > 0) & (places < len(of.values))].astype(np.int64)


def _ranks(of: Column) -> Places:
    """Places that part the rows, and the bads, into parts of nearly equal weight."""
    found = []
    for part in (of.good + of.bad, of.bad):
        below = np.cumsum(part)
        found.append(np.searchsorted(below, below[-1] * np.arange(1, AT_RANKS // 2 + 1) / (AT_RANKS // 2 + 1)) + 1)
    places = np.unique(np.concatenate(found))
    return places[places < len(of.values)].astype(np.int64)


def of_groups(
    groups: Sequence[Sequence[str]],
    counts: dict[str, tuple[float, float]],
    bins: Sequence[Sequence[str]],
    fixed: Sequence[str] = (),
    candidates: Sequence[str] | None = None,
) -> FineClasses:
    """Fine classes of categories in order: groups that stay together, those between which the plan lets no bin open
    joined. counts: goods and bads by category; bins: categories of each bin; fixed, candidates: what may open a bin."""
    bin_of = {value: number for number, values in enumerate(bins) for value in values}
    runs: list[list[str]] = []
    allowed = None if candidates is None else {*candidates, *fixed}
    for group in groups:
        if allowed is not None and runs and not allowed & set(group):
            runs[-1] += list(group)
        else:
            runs.append(list(group))
    good, bad = (np.array([sum(counts[v][side] for v in run if v in counts) for run in runs]) for side in (0, 1))
    held = np.array([next((bin_of[v] for v in run if v in bin_of), -1) for run in runs], dtype=np.int64)
    at = tuple(number for number, run in enumerate(runs) if number and set(fixed) & set(run))
    return FineClasses(good, bad, held, at, True, lambda place: runs[place][0])


def order_of(
    counts: dict[str, tuple[float, float]], rare: float, given: Sequence[Sequence[str]]
) -> list[tuple[str, ...]]:
    """Categories without an order by ascending bad rate, ties by text. counts: goods and bads by category.

    given: groups that stand as they are. Of the others, those with less weight than `rare` stand as one group.
    """
    named = {value for group in given for value in group}
    free = {value: sum(pair) for value, pair in counts.items() if value not in named and sum(pair) > 0}
    groups: list[tuple[str, ...]] = [(value,) for value, size in free.items() if size >= rare]
    pooled = tuple(sorted(value for value, size in free.items() if size < rare))
    held = [tuple(v for v in group if sum(counts.get(v, (0, 0))) > 0) for group in given]
    groups += [group for group in ([pooled] if pooled else []) + held if group]

    def place(group: tuple[str, ...]) -> tuple[float, str]:
        good, bad = (sum(counts[value][side] for value in group) for side in (0, 1))
        return bad / (good + bad), min(group)

    return sorted(groups, key=place)
