"""The best partition under a limit on the sum of squared shares, which no single grade keeps or breaks: by labels.

A partial scale is kept while no other with the same last two bounds has both a smaller sum and a greater worth, and
while the least sum of what is left may still keep the limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class _Labels:
    """Partial scales that end at one bound, the smaller sums first: sum, worth, bound before, and their place.

    back: place in the labels of the bound before, of the layer before.
    """

    total: Floats
    worth: Floats
    before: Integers
    back: Integers


EMPTY = _Labels(np.zeros(0), np.zeros(0), np.zeros(0, np.int64), np.zeros(0, np.int64))


def best_within(
    share: Floats, worth: Floats, pairs: Sequence[Flags], most: int, limit: float
) -> dict[int, tuple[int, ...]]:
    """By number of grades up to `most`, the bounds 0 ... m of the partition of greatest worth that keeps the limit.

    share, worth (m + 1, m + 1) of the interval from bound i to bound j, worth −∞ where it may not be a grade; pairs[j]
    (j, m − j): whether (i, j) may stand before (j, k). Numbers of grades without one are left out.
    """
    m = share.shape[0] - 1
    allowed = np.isfinite(worth)
    square = np.square(share)
    rest = _least_rest(square, allowed)
    first = [_first(square, worth, allowed, k, rest, limit) for k in range(m + 1)]
    layers = [first]
    found: dict[int, tuple[int, ...]] = {}
    for grades in range(1, most + 1):
        if grades > 1:
            layers.append(_next(layers[-1], square, worth, allowed, pairs, rest, limit))
        ends = layers[-1][m]
        if len(ends.worth):
            found[grades] = _followed(layers, m, int(ends.worth.argmax()))
    return found


def _least_rest(square: Floats, allowed: Flags) -> Floats:
    """The least sum of squares of grades from each bound to the last, whatever their order of rates."""
    m = square.shape[0] - 1
    rest = np.full(m + 1, np.inf)
    rest[m] = 0.0
    for i in range(m - 1, -1, -1):
        rest[i] = float(np.min(np.where(allowed[i, i + 1 :], square[i, i + 1 :] + rest[i + 1 :], np.inf)))
    return rest


def _first(square: Floats, worth: Floats, allowed: Flags, k: int, rest: Floats, limit: float) -> _Labels:
    if not allowed[0, k] or square[0, k] + rest[k] > limit + ROUNDING:
        return EMPTY
    zero = np.zeros(1, np.int64)
    return _Labels(square[0, [k]], worth[0, [k]], zero, zero)


def _next(
    last: Sequence[_Labels],
    square: Floats,
    worth: Floats,
    allowed: Flags,
    pairs: Sequence[Flags],
    rest: Floats,
    limit: float,
) -> list[_Labels]:
    """The labels of one grade more, by their last bound."""
    m = square.shape[0] - 1
    parts: list[list[_Labels]] = [[] for _ in range(m + 1)]
    for j in range(1, m):
        held = last[j]
        if not len(held.total):
            continue
        for k in (np.flatnonzero(allowed[j, j + 1 :]) + j + 1).tolist():
            total = held.total + square[j, k]
            used = np.flatnonzero(pairs[j][held.before, k - j - 1] & (total + rest[k] <= limit + ROUNDING))
            used = used[_undominated(held.worth[used])]
            if len(used):
                before = np.full(len(used), j, dtype=np.int64)
                parts[k].append(_Labels(total[used], held.worth[used] + worth[j, k], before, used))
    return [_merged(some) for some in parts]


def _merged(parts: Sequence[_Labels]) -> _Labels:
    """Labels of one bound, the smaller sums first; labels of other bounds before do not dominate each other."""
    if not parts:
        return EMPTY
    total, worth, before, back = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("total", "worth", "before", "back")
    )
    order = np.lexsort((before, -worth, total))
    return _Labels(total[order], worth[order], before[order], back[order])


def _undominated(worth: Floats) -> Flags:
    """Of labels with ascending sums, those worth more than every one before."""
    return worth > np.concatenate([[-np.inf], np.maximum.accumulate(worth)[:-1]])


def _followed(layers: Sequence[Sequence[_Labels]], end: int, place: int) -> tuple[int, ...]:
    bounds = [end]
    for layer in reversed(layers):
        label = layer[bounds[-1]]
        bounds.append(int(label.before[place]))
        place = int(label.back[place])
    return tuple(reversed(bounds))
