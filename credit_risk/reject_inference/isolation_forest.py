"""Isolation forest (Liu, Ting and Zhou 2008, ICDM, 413-422): how easily a row is set apart from those it is fitted on.

Own code, so that a validator can grow the same trees: numbers come from the raw 64-bit stream of a stage, as
u = (raw >> 11) / 2⁵³. TREES trees grow together. First each draws its rows: with m rows of weight w, tree by tree and
row by row one u, and the min(SUBSAMPLE, m) rows of the least −ln(1 − u)/w are its rows, in their order (of the least u
where all weights are alike; all rows, without a draw, where m ≤ SUBSAMPLE). Then level by level, up to ⌈log₂ of
the rows⌉ levels: a node whose rows are not all alike splits; of two draws (nodes in the order of trees, then of
numbers; children of node i are 2i and 2i + 1) the first picks one of its c columns that vary, ⌊u·c⌋ from the left, the
second where between their least value a and greatest b: a + u·(b − a), or a where rounding gives b. Rows up to there go
to 2i, the others to 2i + 1. A row's path is the depth of its leaf plus c(rows in it), where
c(n) = 2 Σ_{i<n} 1/i − 2(n − 1)/n and c(1) = 0; its anomaly score is 2^(−mean path / c(rows of a tree)).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_risk._core.randomness import stage_generator

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
TREES = 100
SUBSAMPLE = 256
_CHUNK = 16_384


@dataclass(frozen=True, slots=True)
class IsolationForest:
    """By tree and node number (TREES, 2^(levels + 1)): column, threshold (infinite in a leaf), first child or itself.

    path: of the leaves; usual: c of the rows of a tree.
    """

    column: Places
    threshold: Floats
    child: Places
    path: Floats
    levels: int
    usual: float

    def score(self, x: Floats) -> Floats:
        """Anomaly scores (n,) in (0, 1) of rows (n, k): high where a row is set apart early."""
        rows = np.ascontiguousarray(x, dtype=np.float64)
        total = np.empty(len(rows))
        for start in range(0, len(rows), _CHUNK):
            part = rows[start : start + _CHUNK]
            flat, base = part.ravel(), np.arange(len(part)) * part.shape[1]
            paths = np.zeros(len(part))
            for column, threshold, child, path in zip(self.column, self.threshold, self.child, self.path, strict=True):
                node = np.ones(len(part), dtype=np.int64)
                for _ in range(self.levels):
                    node = child[node] + (flat[base + column[node]] > threshold[node])
                paths += path[node]
            total[start : start + _CHUNK] = paths
        return np.asarray(2.0 ** (-total / len(self.column) / self.usual), dtype=np.float64)


def usual_path(rows: NDArray[np.int64]) -> Floats:
    """c(n) of the numbers of rows (m,): the mean path of an unsuccessful search in a binary tree of n."""
    n = np.asarray(rows, dtype=np.int64)
    harmonic = np.concatenate([[0.0, 0.0], np.cumsum(1.0 / np.arange(1, max(int(n.max(initial=2)), 2)))])
    size = np.maximum(n, 1).astype(np.float64)
    return np.asarray(np.where(n > 1, 2.0 * harmonic[np.maximum(n, 1)] - 2.0 * (size - 1.0) / size, 0.0))


def grow_forest(x: Floats, weights: Floats, *, seed: int, stage: str) -> IsolationForest:
    """The forest of the rows (m, k), m >= 2; see the module's docstring."""
    bits = stage_generator(seed, stage).bit_generator

    def uniform(count: int) -> Floats:
        return np.asarray((bits.random_raw(count) >> np.uint64(11)) * 2.0**-53, dtype=np.float64)

    taken = _subsamples(weights, uniform)
    size = taken.shape[1]
    levels = math.ceil(math.log2(size))
    nodes = 2 ** (levels + 1)
    column, threshold = np.zeros((TREES, nodes), dtype=np.int64), np.full((TREES, nodes), np.inf)
    child = np.tile(np.arange(nodes), (TREES, 1))
    values = x[taken.ravel()]
    at = np.repeat(np.arange(TREES) * nodes, size) + 1  # node of each row, numbered through all trees
    for _ in range(levels):
        order = np.argsort(at, kind="stable")
        here, first = np.unique(at[order], return_index=True)
        least = np.minimum.reduceat(values[order], first, axis=0)
        most = np.maximum.reduceat(values[order], first, axis=0)
        varies = least < most  # a node that does so splits at its level: none is above it
        chosen = np.flatnonzero(varies.any(axis=1))
        if len(chosen) == 0:
            break
        drawn = uniform(2 * len(chosen)).reshape(-1, 2)
        count = varies[chosen].sum(axis=1)
        rank = np.minimum((drawn[:, 0] * count).astype(np.int64), count - 1)
        picked = np.argmax(np.cumsum(varies[chosen], axis=1) > rank[:, None], axis=1)
        low, high = least[chosen, picked], most[chosen, picked]
        cut = low + drawn[:, 1] * (high - low)
        cut = np.where(cut < high, cut, low)
        node = here[chosen]
        column.ravel()[node], threshold.ravel()[node] = picked, cut
        child.ravel()[node] = 2 * (node % nodes)
        moving = np.flatnonzero(np.isfinite(threshold.ravel()[at]))
        tree_base = at[moving] // nodes * nodes
        right = values[moving, column.ravel()[at[moving]]] > threshold.ravel()[at[moving]]
        at[moving] = tree_base + child.ravel()[at[moving]] + right
    counts = np.bincount(at, minlength=TREES * nodes)
    depth = np.floor(np.log2(np.maximum(np.arange(nodes), 1)))
    path = np.tile(depth, TREES) + usual_path(counts)
    usual = float(usual_path(np.array([size]))[0])
    return IsolationForest(column, threshold, child, path.reshape(TREES, nodes), levels, usual)


def _subsamples(weights: Floats, uniform: Callable[[int], Floats]) -> Places:
    """Places (TREES, rows of a tree), ascending."""
    m = len(weights)
    if m <= SUBSAMPLE:
        return np.tile(np.arange(m), (TREES, 1))
    alike = bool(np.all(weights == weights[0]))
    taken = np.empty((TREES, SUBSAMPLE), dtype=np.int64)
    for tree in range(TREES):
        keys = uniform(m) if alike else -np.log1p(-uniform(m)) / weights
        taken[tree] = np.sort(np.argpartition(keys, SUBSAMPLE - 1)[:SUBSAMPLE])
    return taken
