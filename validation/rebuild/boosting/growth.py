"""One tree: which node is split next, where its rows go, and when it ends."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from validation.rebuild.boosting.bounds import Limits, below
from validation.rebuild.boosting.gain import gains, weights
from validation.rebuild.boosting.settings import Floats, Settings, Single, Tree
from validation.rebuild.boosting.splits import LEAST_CHANGE, Open, Split

Rows = NDArray[np.intp]


@dataclass(slots=True)
class Node:
    """A node in growth: its number, depth and rows, sums (2,) of their gradients, value and worth as a leaf.

    split: the best one found, None where it is not looked for or there is none; left, right: numbers of its children,
    −1 while it is a leaf; histogram (2, total): kept where children may be had from it by subtraction.
    """

    number: int
    depth: int
    rows: Rows
    sums: Floats
    weight: np.float32
    gain: np.float32
    limits: Limits
    split: Split | None = None
    left: int = -1
    right: int = -1
    histogram: Floats | None = None

    @property
    def open(self) -> Open:
        """What is needed to look for its split."""
        return Open(self.sums, self.gain, self.limits)


Family = tuple[Node | None, list[Node]]
Finder = Callable[[Sequence[Family]], None]
"""Looks for the splits of nodes, and writes them into them: the root alone, or children with their parents."""


def grow(x: Single, gradient: Floats, settings: Settings, find: Finder) -> list[Node]:
    """Return the nodes of a tree by number; x (n, k), gradient (n, 2).

    Level by level, or, with a limit of leaves, always the leaf whose split gains most (the lower number of two). No
    node is split at the greatest depth, none whose gain is at most 1e-6; with histograms none below the least gain and
    none with a side without hessian.
    """
    every = np.arange(len(x), dtype=np.intp)
    nodes = _nodes(0, 0, [every], gradient.sum(axis=0)[None, :], Limits(), settings)
    find([(None, nodes)])
    waiting = [_rank(nodes[0], settings)] if _gains(nodes[0]) else []
    leaves = 1
    while waiting:
        families: list[Family] = []
        while waiting and not (families and settings.leaves is not None):
            node = nodes[heapq.heappop(waiting)[-1]]
            if not _worth_it(node, settings) or leaves == settings.leaves:
                if settings.leaves is not None:
                    return nodes
                continue
            leaves += 1
            children = _split(node, len(nodes), x, gradient, settings)
            nodes += children
            families.append((node, children))
        if families and families[0][1][0].depth < settings.depth and leaves != settings.leaves:
            find(families)
        for parent, children in families:
            assert parent is not None
            parent.histogram = None
            for child in children:
                if _gains(child):
                    heapq.heappush(waiting, _rank(child, settings))
    return nodes


def _rank(node: Node, settings: Settings) -> tuple[float, int]:
    """What is split first: by gain with a limit of leaves, else by number, which rises level by level."""
    assert node.split is not None
    return (0.0 if settings.leaves is None else -float(node.split.gain), node.number)


def _gains(node: Node) -> bool:
    return node.split is not None and bool(node.split.gain > LEAST_CHANGE)


def _worth_it(node: Node, settings: Settings) -> bool:
    assert node.split is not None
    if settings.method == "exact":
        return True
    sides = node.split.left[1] != 0 and node.split.right[1] != 0
    return bool(sides and node.split.gain >= np.float32(settings.least_gain))


def _split(node: Node, number: int, x: Single, gradient: Floats, settings: Settings) -> list[Node]:
    """Send the rows of a node to two new ones. Children are worth what the bounds of their parent allow."""
    split = node.split
    assert split is not None
    values = x[:, split.feature][node.rows]
    goes_left = values < split.threshold
    if split.default_left:
        goes_left |= np.isnan(values)
    sides = node.rows[goes_left], node.rows[~goes_left]
    sums = [split.left, split.right]
    if settings.method == "exact":
        sums = [gradient[rows].sum(axis=0) for rows in sides]
    made = _nodes(number, node.depth + 1, sides, np.array(sums), node.limits, settings)
    limits = below(node.limits, split.feature, made[0].weight, made[1].weight, settings)
    for child, own in zip(made, limits, strict=True):
        child.limits = own
    node.left, node.right = number, number + 1
    return made


def _nodes(
    number: int, depth: int, sides: Sequence[Rows], sums: Floats, bounds: Limits, settings: Settings
) -> list[Node]:
    """Nodes numbered from `number` on, by the rows of each and the sums (nodes, 2); worth what `bounds` allow."""
    low, high = np.full(len(sides), bounds.low), np.full(len(sides), bounds.high)
    weight = weights(sums[:, 0], sums[:, 1], low, high, settings)
    gain = gains(sums[:, 0], sums[:, 1], weight, settings)
    return [Node(number + k, depth, rows, sums[k], weight[k], gain[k], bounds) for k, rows in enumerate(sides)]


def as_tree(nodes: Sequence[Node], settings: Settings) -> Tree:
    """Return nodes as columns; the value of a leaf is its weight times the learning rate, in single precision."""
    rate, none = np.float32(settings.learning_rate), np.float32(0)
    leaf = [node.left < 0 for node in nodes]
    splits = [None if is_leaf else node.split for node, is_leaf in zip(nodes, leaf, strict=True)]
    return Tree(
        left=np.array([node.left for node in nodes]),
        right=np.array([node.right for node in nodes]),
        feature=np.array([-1 if split is None else split.feature for split in splits]),
        threshold=np.array([none if split is None else split.threshold for split in splits], np.float32),
        default_left=np.array([split is not None and split.default_left for split in splits]),
        gain=np.array([none if split is None else split.gain for split in splits], np.float32),
        cover=np.array([node.sums[1] for node in nodes], np.float32),
        weight=np.array([node.weight for node in nodes], np.float32),
        value=np.array(
            [node.weight * rate if own else none for node, own in zip(nodes, leaf, strict=True)], np.float32
        ),
    )
