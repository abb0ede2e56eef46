"""The best split of nodes from sorted values: a threshold lies in the middle between two neighbours.

Features without a missing value in all rows are scanned from the highest value down only; the others up, with missing
values going right, and then down, with missing values going left; the last place of a scan parts all present values
from the missing ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from validation.rebuild.boosting.bounds import allowed, in_direction
from validation.rebuild.boosting.gain import gains, weights
from validation.rebuild.boosting.growth import Family, Finder, Node
from validation.rebuild.boosting.settings import Floats, Settings, Single
from validation.rebuild.boosting.splits import Split

_GAP, _HALF = np.float32(1e-6), np.float32(0.5)


@dataclass(frozen=True, slots=True)
class _Scan:
    """Places of one scan: thresholds (m,), sums (m, 2) of the left and of the right side."""

    feature: int
    threshold: Single
    default_left: bool
    left: Floats
    right: Floats


def by_sorted_values(x: Single, gradient: Floats, settings: Settings) -> Finder:
    """Return what looks for splits; x (n, k), gradient (n, 2) of one tree."""
    dense = [not np.isnan(column).any() for column in x.T]

    def find(families: Sequence[Family]) -> None:
        for node in (node for _, nodes in families for node in nodes):
            may = allowed(node.limits, x.shape[1], settings)
            for feature in range(x.shape[1]):
                if may is not None and not may[feature]:
                    continue
                for scan in _scans(x[:, feature], dense[feature], feature, node, gradient):
                    node.split = _better(node, scan, settings)

    return find


def _scans(column: Single, dense: bool, feature: int, node: Node, gradient: Floats) -> Iterator[_Scan]:
    values = column[node.rows]
    present = node.rows[~np.isnan(values)]
    present = present[np.argsort(column[present], kind="stable")]
    if not len(present):
        return
    for upward in (False,) if dense else (True, False):
        order = present if upward else present[::-1]
        v, seen = column[order], np.cumsum(gradient[order], axis=0)
        ends = np.append(np.flatnonzero(v[1:] != v[:-1]), len(v) - 1)
        last, following = v[ends[:-1]], v[ends[:-1] + 1]
        middle = ((following + last) * _HALF).astype(np.float32)
        between = np.where(middle == following, last, middle)
        gap = np.float32(np.abs(v[-1]) + _GAP)
        threshold = np.append(between, np.float32(v[-1] + (gap if upward else -gap))).astype(np.float32)
        passed, rest = seen[ends], node.sums - seen[ends]
        yield _Scan(feature, threshold, not upward, *((passed, rest) if upward else (rest, passed)))


def _better(node: Node, scan: _Scan, settings: Settings) -> Split | None:
    """The split that stands, or the first of the scan that gains more."""
    least = np.float64(np.float32(settings.least_hessian))
    able = np.flatnonzero((scan.left[:, 1] >= least) & (scan.right[:, 1] >= least))
    if not len(able):
        return node.split
    low, high = (np.full(len(able), value, np.float32) for value in (node.limits.low, node.limits.high))
    sides = scan.left[able], scan.right[able]
    w_left, w_right = (weights(s[:, 0], s[:, 1], low, high, settings) for s in sides)
    parts = (gains(s[:, 0], s[:, 1], w, settings) for s, w in zip(sides, (w_left, w_right), strict=True))
    change = sum(parts, np.float32(0)) - node.gain
    if settings.directions is not None and settings.bounded:
        kept = in_direction(w_left, w_right, np.full(len(able), settings.directions[scan.feature]))
        change = np.where(kept, change, -np.inf)
    change = np.where(np.isfinite(change), change, -np.inf).astype(np.float32)
    best = int(np.argmax(change))
    if not change[best] > (np.float32(0) if node.split is None else node.split.gain):
        return node.split
    at = able[best]
    return Split(change[best], scan.feature, scan.threshold[at], scan.default_left, scan.left[at], scan.right[at])
