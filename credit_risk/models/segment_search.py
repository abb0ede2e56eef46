"""Segments found by a tree that maximises the gain of separate models over one, and refused where there is none.

The rows of development are halved by cluster: divisions are searched on one half, by folds within it, and each division
that is chosen is judged on the other half, which no search has seen: in parts, each by models of all rows but its own.
So the p-value of a division is that of one test, however many were tried; a division that fails is not made, and
nothing is divided below it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from credit_risk.models.segment_gain import BINS, Gain, GainRows, crossed_gain, fold_of, quantile_cuts
from credit_risk.models.segment_rules import Division, Leaf, Rule, Tree, Value, Variable, segment_names

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]
FEW_LEVELS = 5
JUDGING = 5
FOUND, REFUSED, NO_GAIN, NO_SPLIT = "made", "refused", "no division gains on the folds", "no division is allowed"


@dataclass(frozen=True, slots=True)
class SearchRules:
    """What divisions are allowed. min_share: of the weight of development in a segment; min_bads, min_goods: weighted
    counts in it; folds: within the half that is searched; level: of the test."""

    max_segments: int = 4
    max_depth: int = 3
    min_share: float = 0.1
    min_bads: float = 100.0
    min_goods: float = 100.0
    folds: int = 3
    level: float = 0.05


@dataclass(frozen=True, slots=True)
class Tried:
    """One division that was tried at a node. gain: on the folds of the searched half, None where it cannot be measured;
    chosen: the best of its node; decision, test: of the chosen one, on the half that was kept."""

    node: str
    rule: Rule
    rows: tuple[int, int]
    bads: tuple[float, float]
    gain: float | None
    chosen: bool = False
    decision: str = ""
    test: Gain | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """tree: the segments, one leaf where none are made; tried: every division; searched (n,): rows of the search."""

    tree: Tree
    tried: tuple[Tried, ...]
    searched: Mask

    @property
    def found(self) -> bool:
        """Whether there is more than one segment."""
        return len(segment_names(self.tree)) > 1


@dataclass(slots=True, eq=False)
class _Node:
    """A leaf that may be divided: its rows (n,), what holds in it, its depth, and the best division with its place."""

    rows: Mask
    words: tuple[str, ...]
    depth: int
    best: int | None = None
    rule: Rule | None = None
    left: _Node | None = None
    right: _Node | None = None

    @property
    def name(self) -> str:
        return " & ".join(self.words) or "all"

    def tree(self) -> Tree:
        if self.left is None or self.right is None or self.rule is None:
            return Leaf(self.name)
        return Division(self.rule, self.left.tree(), self.right.tree())


def search_half(rows: GainRows, seed: int) -> Mask:
    """(n,) rows of development that are searched; the others judge."""
    return fold_of(rows.clusters, seed, 2, "half") == 0


def judging_parts(rows: GainRows, seed: int) -> Integers:
    """(n,) which of JUDGING parts a row that judges stands in; -1 for rows that are searched, which only teach."""
    return np.where(search_half(rows, seed), -1, fold_of(rows.clusters, seed, JUDGING, "judge"))


def search_segments(
    rows: GainRows,
    variables: Sequence[Variable],
    rules: SearchRules,
    *,
    seed: int = 0,
    weights: Floats | None = None,
    report: Callable[[str], None] | None = None,
) -> Found:
    """The tree of segments of rows (n,) by `variables` (values (n,)).

    weights (n,): as declared, for shares and counts; by default 1 each. The division of greatest gain is made first,
    until there are `max_segments`. report: takes words on how far the search is.
    """
    w = np.ones(len(rows.y)) if weights is None else weights
    searched, judges = search_half(rows, seed), judging_parts(rows, seed)
    folds = fold_of(rows.clusters, seed, rules.folds, "fold")
    known = {variable.name: variable for variable in variables}
    root = _Node(np.ones(len(rows.y), dtype=bool), (), 0)
    tried: list[Tried] = []
    leaves = 1
    open_nodes = [root]
    _try(root, rows, known, rules, w, searched, folds, tried, report)
    while leaves < rules.max_segments:
        ready = [node for node in open_nodes if node.best is not None]
        if not ready:
            break
        node = max(ready, key=lambda n: tried[n.best or 0].gain or 0.0)
        open_nodes.remove(node)
        assert node.best is not None
        one = tried[node.best]
        side = np.where(node.rows, one.rule.place(known[one.rule.variable]), -1)
        test = crossed_gain(rows, side, judges)
        made = test is not None and test.p_value <= rules.level
        tried[node.best] = _judged(one, test, FOUND if made else REFUSED)
        if not made:
            continue
        node.rule = one.rule
        node.left = _Node(side == 0, (*node.words, one.rule.words("left")), node.depth + 1)
        node.right = _Node(side == 1, (*node.words, one.rule.words("right")), node.depth + 1)
        leaves += 1
        for child in (node.left, node.right):
            open_nodes.append(child)
            if child.depth < rules.max_depth and leaves < rules.max_segments:
                _try(child, rows, known, rules, w, searched, folds, tried, report)
    return Found(root.tree(), tuple(tried), searched)


def _judged(one: Tried, test: Gain | None, decision: str) -> Tried:
    return Tried(one.node, one.rule, one.rows, one.bads, one.gain, True, decision, test)


def _try(
    node: _Node,
    rows: GainRows,
    known: Mapping[str, Variable],
    rules: SearchRules,
    weights: Floats,
    searched: Mask,
    folds: Integers,
    tried: list[Tried],
    report: Callable[[str], None] | None,
) -> None:
    """Add every allowed division of a node to `tried`, and its place of the best where that gains."""
    best, most = None, 0.0
    part = np.where(searched, folds, -1)
    for variable in known.values():
        if report is not None:
            report(f"{len(tried)} divisions tried, now {variable.name} in {node.name}")
        for rule in candidate_rules(variable, node.rows, rules, weights):
            side = np.where(node.rows, rule.place(variable), -1)
            sizes = _sizes(side, rows.y, weights, rules)
            if sizes is None:
                continue
            gain = _folded(rows, side, part)
            tried.append(Tried(node.name, rule, sizes[0], sizes[1], gain))
            if gain is not None and gain > most:
                best, most = len(tried) - 1, gain
    node.best = best


def _folded(rows: GainRows, side: Integers, part: Integers) -> float | None:
    """Gain on the folds of the searched half: rows of part -1 take no part."""
    gain = crossed_gain(rows, np.where(part >= 0, side, -1), part)
    return None if gain is None else gain.gain


def _sizes(
    side: Integers, y: Floats, weights: Floats, rules: SearchRules
) -> tuple[tuple[int, int], tuple[float, float]] | None:
    """Rows and weighted bads of the two sides; None where one is smaller than the rules allow."""
    inside = side >= 0
    total = np.bincount(side[inside], weights[inside], 2)
    bads = np.bincount(side[inside], (weights * y)[inside], 2)
    if np.min(total) < rules.min_share * weights.sum():
        return None
    if np.min(bads) < rules.min_bads or np.min(total - bads) < rules.min_goods:
        return None
    counts = np.bincount(side[inside], minlength=2)
    return (int(counts[0]), int(counts[1])), (float(bads[0]), float(bads[1]))


def candidate_rules(variable: Variable, rows: Mask, rules: SearchRules, weights: Floats) -> Iterator[Rule]:
    """Divisions of the rows (n,) by one variable: cuts at the edges of its bins of the whole (n,), or categories.

    A cut within a bin would let a segment tell apart what the one model cannot.
    Of categories: every division of at most FEW_LEVELS of them, else each of those of `min_share` against the others.
    Rows without a value go with the left, then with the right side, where there are any.
    """
    without = variable.without
    sides: tuple[str | None, ...] = ("left", "right") if bool(np.any(without & rows)) else (None,)
    held = variable.values[rows & ~without]
    if len(held) == 0:
        return
    if variable.kind == "numeric":
        known = np.asarray(variable.values[~without], np.float64)
        for cut in quantile_cuts(known, BINS):
            if np.min(held) < cut <= np.max(held):
                for side in sides:
                    yield Rule(variable.name, "numeric", float(cut), without=side, codes=variable.codes)
        return
    levels = sorted(set(held.tolist()))
    for left in _divisions(levels, held, rules, weights[rows & ~without]):
        right = tuple(level for level in levels if level not in left)
        for side in sides:
            yield Rule(variable.name, "categorical", None, left, right, side, variable.codes)


def _divisions(
    levels: list[Value], held: NDArray[np.object_], rules: SearchRules, weights: Floats
) -> Iterator[tuple[Value, ...]]:
    if len(levels) < 2:
        return
    if len(levels) <= FEW_LEVELS:
        first, rest = levels[0], levels[1:]
        for size in range(len(rest)):
            for others in combinations(rest, size):
                yield (first, *others)
        return
    total = float(weights.sum())
    for level in levels:
        if float(weights[held == level].sum()) >= rules.min_share * total:
            yield (level,)
