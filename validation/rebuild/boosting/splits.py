"""The best split of nodes from their histograms.

Each bin of each feature is tried as the last one on the left, missing values going right; and, where a node has missing
values of the feature, as the first one on the right, missing values going left. A split must leave the least hessian on
both sides. Of equal gains the lower feature wins; within a feature the split that is tried first: missing right before
missing left, the former from the lowest bin up, the latter from the highest down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from validation.rebuild.boosting.bounds import Limits, allowed, in_direction
from validation.rebuild.boosting.cuts import Binned
from validation.rebuild.boosting.gain import gains, weights
from validation.rebuild.boosting.settings import Floats, Settings, Single

LEAST_CHANGE = np.float32(1e-6)
_NONE = np.float32(-np.inf)


@dataclass(frozen=True, slots=True)
class Split:
    """A split of a node; left, right (2,): sums of slopes and curvatures of its sides."""

    gain: np.float32
    feature: int
    threshold: np.float32
    default_left: bool
    left: Floats
    right: Floats


@dataclass(frozen=True, slots=True)
class Open:
    """A node that may be split: sums (2,) of its gradients, what it is worth as a leaf, and its limits."""

    sums: Floats
    gain: np.float32
    limits: Limits


def best_splits(nodes: Sequence[Open], histograms: Floats, binned: Binned, settings: Settings) -> list[Split | None]:
    """Return the split of greatest gain of each node, None where none gains; histograms (nodes, 2, total)."""
    sums = np.array([node.sums for node in nodes])[:, :, None]
    low_to_high = _running(histograms, binned, backward=False)
    rising = _changes(nodes, low_to_high, sums - low_to_high, binned, settings)
    ends = low_to_high[:, :, binned.first[1:] - 1]
    missing = np.any(ends != sums, axis=1)
    best_rising = np.maximum.reduceat(rising, binned.first[:-1], axis=1)
    high_to_low = falling = None
    best = best_rising
    if missing.any():
        high_to_low = _running(histograms, binned, backward=True)
        falling = _changes(nodes, sums - high_to_low, high_to_low, binned, settings)
        falling[~missing[:, binned.owner]] = _NONE
        best = np.maximum(best_rising, np.maximum.reduceat(falling, binned.first[:-1], axis=1))
    found: list[Split | None] = []
    for place, feature in enumerate(np.argmax(best, axis=1).tolist()):
        gain = best[place, feature]
        if not gain > 0:
            found.append(None)
            continue
        own = slice(int(binned.first[feature]), int(binned.first[feature + 1]))
        total = sums[place, :, 0]
        if gain == best_rising[place, feature]:
            at = own.start + int(np.argmax(rising[place, own]))
            left = low_to_high[place, :, at]
            found.append(Split(gain, feature, binned.above[at], False, left, total - left))
        else:
            assert falling is not None
            assert high_to_low is not None
            at = own.stop - 1 - int(np.argmax(falling[place, own][::-1]))
            right = high_to_low[place, :, at]
            found.append(Split(gain, feature, binned.below[at], True, total - right, right))
    return found


def _running(histograms: Floats, binned: Binned, *, backward: bool) -> Floats:
    """Running sums within each feature, from its lowest bin up or from its highest down."""
    nodes, place = len(histograms), binned.place
    grid = np.zeros((nodes, 2, len(binned.first) - 1, binned.width))
    grid.reshape(nodes, 2, -1)[:, :, place] = histograms
    if backward:
        grid[..., ::-1] = np.cumsum(grid[..., ::-1], axis=-1)
    else:
        np.cumsum(grid, axis=-1, out=grid)
    return grid.reshape(nodes, 2, -1)[:, :, place]


def _changes(nodes: Sequence[Open], left: Floats, right: Floats, binned: Binned, settings: Settings) -> Single:
    """What each split of each node (nodes, total) gains over the node as a leaf; −inf where it is not allowed."""
    least = np.float64(np.float32(settings.least_hessian))
    able = (left[:, 1] >= least) & (right[:, 1] >= least)
    for number, node in enumerate(nodes):
        features = allowed(node.limits, len(binned.first) - 1, settings)
        if features is not None:
            able[number] &= features[binned.owner]
    place = np.flatnonzero(able)
    within, at = place // binned.total, place % binned.total
    low, high, own = np.array([(one.limits.low, one.limits.high, one.gain) for one in nodes], np.float32).T
    one, two = ([side[:, k].reshape(-1).take(place) for k in range(2)] for side in (left, right))
    w_left, w_right = (weights(g, h, low.take(within), high.take(within), settings) for g, h in (one, two))
    gain = gains(one[0], one[1], w_left, settings) + gains(two[0], two[1], w_right, settings)
    change = gain - own.take(within)
    if settings.directions is not None and settings.bounded:
        direction = np.asarray(settings.directions)[binned.owner].take(at)
        change = np.where(in_direction(w_left, w_right, direction), change, _NONE)
    found = np.full(able.shape, _NONE)
    found.reshape(-1)[place] = np.where(np.isfinite(change), change, _NONE)
    return found
