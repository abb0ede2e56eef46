"""Features on the paths of trees, followed from each leaf up to the root, and areas of partial sums of trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.steps.trees import leaves

Floats = NDArray[np.float64]


def paths(tree: Mapping[str, Any]) -> list[frozenset[int]]:
    """Return the features that the path to each leaf splits on."""
    parent = {}
    for node, left in enumerate(tree["left"]):
        if left >= 0:
            parent[left] = parent[tree["right"][node]] = node
    found = []
    for leaf, left in enumerate(tree["left"]):
        if left < 0:
            used, node = set(), leaf
            while node in parent:
                node = parent[node]
                used.add(int(tree["feature"][node]))
            found.append(frozenset(used))
    return found


def size(trees: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Return the number of leaves of all trees and of features that they split on."""
    count = sum(1 for tree in trees for left in tree["left"] if left < 0)
    return count, len({f for tree in trees for f in tree["feature"] if f >= 0})


def partial_margins(
    step: Mapping[str, Any], matrix: Floats, offset: Floats | None, stages: set[int]
) -> dict[int, Floats]:
    """Return the margin (n,) after each number of trees in `stages`."""
    total = np.full(len(matrix), float(step["base_margin"]))
    total = total if offset is None else total + offset
    found = {}
    for number, tree in enumerate(step["trees"], start=1):
        total = total + np.asarray(tree["value"], dtype=np.float64)[leaves(tree, matrix)]
        if number in stages:
            found[number] = total
    return found


def weighted_auc(outcome: Floats, risk: Floats, weight: Floats) -> float:
    """Return the weighted share of pairs of a bad and a good in which the bad is riskier, ties counting one half."""
    order = np.argsort(risk, kind="stable")
    x, bad, w = risk[order], outcome[order] == 1, weight[order]
    _, start = np.unique(x, return_index=True)
    goods = np.add.reduceat(np.where(bad, 0.0, w), start)
    bads = np.add.reduceat(np.where(bad, w, 0.0), start)
    below = np.cumsum(goods) - goods
    return float(np.sum(bads * (below + 0.5 * goods)) / (np.sum(bads) * np.sum(goods)))
