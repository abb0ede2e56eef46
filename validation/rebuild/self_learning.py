"""Bias-aware self-learning, grown again by the format (SPECIFICATION 5.1): forest, lots, rounds and Bayesian AUC.

Trees are built node by node from lists of rows, and paths are followed by parting the rows: another way to the same
numbers than arrays of nodes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from validation.rebuild.logistic import fit_logistic

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
LOTS, FOREST, BAYES = (f"reject_inference/{name}" for name in ("self_learning", "self_learning/forest", "bayesian"))
TREES, PER_TREE, DRAWS = 100, 256, 100
SLACK = 1e-12
DEFAULTS: Mapping[str, Any] = {
    "filter": (0.01, 0.99),
    "label_share": 0.1,
    "imbalance": 2.0,
    "sampling": 0.8,
    "rounds": 5,
    "holdout": 0.1,
}


@dataclass(frozen=True, slots=True)
class LearnedRound:
    """One round: rejects taken, labelled bad, labelled good, left; Bayesian AUC over the draws (d,)."""

    taken: int
    bad: int
    good: int
    left: int
    areas: Floats


@dataclass(frozen=True, slots=True)
class Learned:
    """labels (n,): 1 bad, 0 good, NaN none given; thresholds of bad and of good; rounds from 0."""

    labels: Floats
    bad_from: float
    good_to: float
    rounds: tuple[LearnedRound, ...]


@dataclass(slots=True)
class _Node:
    """A node of a tree: its rows, and where it splits, the column, the threshold and both children."""

    rows: Places
    depth: int
    column: int = -1
    threshold: float = np.nan
    children: list[_Node] = field(default_factory=list)


def self_learned(
    x: Floats, outcome: Floats, rejected: NDArray[np.bool_], weight: Floats, settings: Mapping[str, Any], seed: int
) -> Learned:
    """Labels of rejects: x (n, k) weights of evidence, outcome (n,) NaN where not known, weight (n,) of sampling."""
    told = {**DEFAULTS, **settings}
    stream = _stream(seed, LOTS)
    known, turned_down = np.flatnonzero(~np.isnan(outcome)), np.flatnonzero(rejected)
    held = [np.sort(_lots(stream, p)[: _half_up(told["holdout"] * len(p))]) for p in (known, turned_down)]
    train = known[~np.isin(known, held[0])]
    left = turned_down[~np.isin(turned_down, held[1])]
    anomaly = _anomaly(_forest(x[train], weight[train], seed), x[left], min(PER_TREE, len(train)))
    low, high = (_quantile(anomaly, weight[left], share) for share in told["filter"])
    left = left[(anomaly >= low) & (anomaly <= high)]
    return _rounds(_Sample(x, outcome, weight, train, np.concatenate(held), seed), left, told, stream)


@dataclass(slots=True)
class _Sample:
    x: Floats
    outcome: Floats
    weight: Floats
    train: Places
    held: Places
    seed: int
    prior: Floats | None = None

    def fitted(self, labels: Floats) -> Floats:
        """Probability (n,) by the regression on known outcomes that are left and on labels."""
        centre, spread = self.x[self.train].mean(axis=0), self.x[self.train].std(axis=0)
        scaled = (self.x - centre) / spread
        y = np.where(np.isnan(labels), self.outcome, labels)
        rows = np.concatenate([self.train, np.flatnonzero(~np.isnan(labels))])
        fit = fit_logistic(np.column_stack([np.ones(len(rows)), scaled[rows]]), y[rows], self.weight[rows])
        linear = np.full(len(y), fit.coefficient[0])
        for j in range(self.x.shape[1]):
            linear = linear + scaled[:, j] * fit.coefficient[1 + j]
        return np.asarray(special.expit(linear), dtype=np.float64)

    def areas(self, probability: Floats) -> Floats:
        """AUC (d,) on what is held out, outcomes of rejects drawn from the probabilities of the first call."""
        if self.prior is None:
            self.prior = probability[self.held]
        y, w = self.outcome[self.held], self.weight[self.held]
        open_ = np.flatnonzero(np.isnan(y))
        _, group = np.unique(probability[self.held], return_inverse=True)
        stream, found = _stream(self.seed, BAYES), np.empty(DRAWS)
        for draw in range(DRAWS):
            label = y.copy()
            label[open_] = _uniform(stream, len(open_)) < self.prior[open_]
            bad, good = (np.bincount(group, w * side) for side in (label, 1.0 - label))
            below = np.cumsum(good) - good / 2.0
            found[draw] = float(bad @ below) / float(bad.sum() * good.sum())
        return found


def _rounds(sample: _Sample, left: Places, told: Mapping[str, Any], stream: np.random.PCG64) -> Learned:
    labels = np.full(len(sample.outcome), np.nan)
    p = sample.fitted(labels)
    rounds = [LearnedRound(0, 0, 0, len(left), sample.areas(p))]
    bad_from = good_to = np.nan
    for number in range(1, int(told["rounds"]) + 1):
        taken = _lots(stream, left)[: _half_up(told["sampling"] * len(left))]
        w = sample.weight[taken]
        most = told["label_share"] * float(np.sum(w))
        if number == 1:
            bad_from = -_last(-p[taken], w, most)
            good_to = _last(p[taken], w, most / told["imbalance"])
        bad = _as_far(taken[p[taken] >= bad_from], sample.weight, most)
        good = _as_far(taken[p[taken] <= good_to], sample.weight, most / told["imbalance"])
        if not len(bad) and not len(good):
            break
        labels[bad], labels[good] = 1.0, 0.0
        left = left[np.isnan(labels[left])]
        p = sample.fitted(labels)
        rounds.append(LearnedRound(len(taken), len(bad), len(good), len(left), sample.areas(p)))
        if not len(left) or float(np.mean(rounds[-1].areas)) <= float(np.mean(rounds[-2].areas)):
            break
    return Learned(labels, float(bad_from), float(good_to), tuple(rounds))


def _forest(x: Floats, weight: Floats, seed: int) -> list[_Node]:
    """Roots of the trees on x (m, k), split level by level through all of them."""
    stream, trees = _stream(seed, FOREST), []
    alike = float(np.ptp(weight)) == 0.0
    for _ in range(TREES):
        rows = np.arange(len(x))
        if len(x) > PER_TREE:
            u = _uniform(stream, len(x))
            rows = np.sort(np.argsort(u if alike else -np.log1p(-u) / weight, kind="stable")[:PER_TREE])
        trees.append(_Node(rows, 0))
    level = trees
    for _ in range(int(np.ceil(np.log2(min(len(x), PER_TREE))))):
        level = [child for node in level for child in _parted(node, x, stream)]
    return trees


def _parted(node: _Node, x: Floats, stream: np.random.PCG64) -> list[_Node]:
    """Split a node in place where its rows differ; its children."""
    values = x[node.rows]
    least, greatest = values.min(axis=0), values.max(axis=0)
    varying = np.flatnonzero(greatest > least)
    if not len(varying):
        return []
    first, second = _uniform(stream, 2).tolist()
    node.column = int(varying[int(first * len(varying))])
    a, b = float(least[node.column]), float(greatest[node.column])
    node.threshold = a + second * (b - a)
    if node.threshold >= b:
        node.threshold = a
    right = values[:, node.column] > node.threshold
    node.children = [_Node(node.rows[side], node.depth + 1) for side in (~right, right)]
    return node.children


def _anomaly(trees: list[_Node], x: Floats, rows_of_tree: int) -> Floats:
    """(n,) 2 to the power of minus the mean path over the usual one."""
    total = np.zeros(len(x))
    for root in trees:
        open_: list[tuple[_Node, Places]] = [(root, np.arange(len(x)))]
        while open_:
            node, here = open_.pop()
            if not node.children:
                total[here] += node.depth + _usual(len(node.rows))
                continue
            right = x[here, node.column] > node.threshold
            open_ += [(node.children[0], here[~right]), (node.children[1], here[right])]
    return np.asarray(2.0 ** (-total / TREES / _usual(rows_of_tree)), dtype=np.float64)


def _usual(n: int) -> float:
    return 0.0 if n < 2 else 2.0 * sum(1.0 / i for i in range(1, n)) - 2.0 * (n - 1.0) / n


def _quantile(values: Floats, weight: Floats, share: float) -> float:
    """The least value up to which `share` of the weight lies."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order])
    enough = np.flatnonzero(reached >= share * reached[-1] * (1.0 - SLACK))
    return float(values[order[enough[0]]])


def _last(values: Floats, weight: Floats, most: float) -> float:
    """The last value, ascending, as far as `most` of the weight; minus infinity where none is."""
    order = np.argsort(values, kind="stable")
    count = len(_as_far(order, weight, most))
    return float(values[order[count - 1]]) if count else -np.inf


def _as_far(rows: Places, weight: Floats, most: float) -> Places:
    """Rows in their order while the weight up to them, half of their own included, is at most `most`."""
    own = weight[rows]
    beyond = np.flatnonzero(np.cumsum(own) - own / 2.0 > most)
    return rows[: beyond[0]] if len(beyond) else rows


def _half_up(number: float) -> int:
    return int(np.floor(number + 0.5))


def _stream(seed: int, stage: str) -> np.random.PCG64:
    return np.random.PCG64(int(hashlib.sha256(f"{seed}/{stage}".encode()).hexdigest()[:8], 16))


def _uniform(stream: np.random.PCG64, count: int) -> Floats:
    return np.asarray((stream.random_raw(count) >> np.uint64(11)) / 2.0**53, dtype=np.float64)


def _lots(stream: np.random.PCG64, rows: Places) -> Places:
    """Rows by ascending raw number, one drawn for each in the order given."""
    return rows[np.argsort(stream.random_raw(len(rows)), kind="stable")]
