"""Aggregates over monthly columns, the most recent first (SPECIFICATION section 3.1); missing ones are passed over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Aggregate = Callable[[Sequence[Floats], Sequence[Mask]], tuple[Floats, Mask]]


def count_present(present: Sequence[Mask]) -> Floats:
    """How many values of each row are there, (n,)."""
    return reduce(np.add, [mask.astype(np.float64) for mask in present])


def total(values: Sequence[Floats], present: Sequence[Mask]) -> tuple[Floats, Mask]:
    """Sum of the values that are there, left to right; missing where none is."""
    result = np.zeros(len(values[0]))
    for value, there in zip(values, present, strict=True):
        result = np.where(there, result + value, result)
    return result, _none(present)


def average(values: Sequence[Floats], present: Sequence[Mask]) -> tuple[Floats, Mask]:
    """`total` divided by the count of the values that are there."""
    result, missing = total(values, present)
    return result / np.where(missing, 1.0, count_present(present)), missing


def lowest(values: Sequence[Floats], present: Sequence[Mask]) -> tuple[Floats, Mask]:
    """Least of the values that are there; missing where none is."""
    return _extreme(np.minimum, np.inf, values, present)


def highest(values: Sequence[Floats], present: Sequence[Mask]) -> tuple[Floats, Mask]:
    """Greatest of the values that are there; missing where none is."""
    return _extreme(np.maximum, -np.inf, values, present)


def count_at_least(values: Sequence[Floats], present: Sequence[Mask]) -> tuple[Floats, Mask]:
    """How many of `values[1:]` are at least `values[0]`; missing where that is, or where none is there."""
    return _count(np.greater_equal, values, present)


def count_at_most(values: Sequence[Floats], present: Sequence[Mask]) -> tuple[Floats, Mask]:
    """How many of `values[1:]` are at most `values[0]`; missing where that is, or where none is there."""
    return _count(np.less_equal, values, present)


def months_since(values: Sequence[Floats], present: Sequence[Mask]) -> tuple[Floats, Mask]:
    """Place (from 0) of the first of `values[1:]` that is at least `values[0]`; their number where none reaches it."""
    threshold, months = values[0], values[1:]
    result = np.full(len(threshold), float(len(months)))
    for place in range(len(months) - 1, -1, -1):
        result = np.where(present[place + 1] & (months[place] >= threshold), float(place), result)
    return result, ~present[0] | _none(present[1:])


def trend(values: Sequence[Floats], present: Sequence[Mask]) -> tuple[Floats, Mask]:
    """Least-squares slope a month, positive where the values rise towards the most recent; needs two values.

    With m values there, t = 0, −1, −2 … the months and T the sum of their t: w = m·t − T, slope = m·Σ w·y / Σ w².
    """
    count = count_present(present)
    places = reduce(np.add, [np.where(there, -float(k), 0.0) for k, there in enumerate(present)])
    above, below = np.zeros(len(count)), np.zeros(len(count))
    for k, (value, there) in enumerate(zip(values, present, strict=True)):
        weight = count * -float(k) - places
        above = np.where(there, above + weight * value, above)
        below = np.where(there, below + weight * weight, below)
    missing = count < 2
    return count * above / np.where(missing, 1.0, below), missing


def _none(present: Sequence[Mask]) -> Mask:
    return ~np.logical_or.reduce(present)


def _extreme(
    function: Callable[[Floats, Floats], Floats], empty: float, values: Sequence[Floats], present: Sequence[Mask]
) -> tuple[Floats, Mask]:
    filled = [np.where(there, value, empty) for value, there in zip(values, present, strict=True)]
    return reduce(function, filled), _none(present)


def _count(
    function: Callable[[Floats, Floats], Mask], values: Sequence[Floats], present: Sequence[Mask]
) -> tuple[Floats, Mask]:
    hits = [there & function(value, values[0]) for value, there in zip(values[1:], present[1:], strict=True)]
    return count_present(hits), ~present[0] | _none(present[1:])


AGGREGATES: dict[str, Aggregate] = {
    "total": total,
    "average": average,
    "lowest": lowest,
    "highest": highest,
    "count_at_least": count_at_least,
    "count_at_most": count_at_most,
    "months_since": months_since,
    "trend": trend,
}
