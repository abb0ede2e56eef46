"""Two forests side by side: the trees of a package and those trained again, walked from the root, node for node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from validation.rebuild.boosting.settings import Single, Tree

LOWEST = -float(np.finfo(np.float64).max)
_OVERFLOW = 2.0**128 - 2.0**103


@dataclass(frozen=True, slots=True)
class Pair:
    """A node in both forests: where it stands, what it is in each, in words, and its leaf values (None: not a leaf).

    nodes: how many nodes it stands for: more than 1 where trees part there, so that what follows cannot be compared.
    """

    place: str
    stated: str
    own: str
    values: tuple[float, float] | None = None
    nodes: int = 1

    @property
    def same(self) -> bool:
        """Whether both split alike, or neither does; values of leaves are compared apart."""
        return self.stated == self.own


def boundary(threshold: Single) -> np.ndarray:
    """Return the smallest double T (n,) with float32(x) < t ⇔ x < T, t (n,) float32; of −∞ the lowest double.

    T is the middle between t and the float32 before it where that rounds to t (ties go to the even one), else the next
    double. Below the lowest double there is no number, as there is none below −∞.
    """
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        before = np.nextafter(threshold, np.float32(-np.inf)).astype(np.float64)
        middle = np.where(np.isinf(before), -_OVERFLOW, (before + threshold.astype(np.float64)) / 2.0)
        found = np.where(middle.astype(np.float32) == threshold, middle, np.nextafter(middle, np.inf))
    return np.where(np.isneginf(threshold), LOWEST, found)


def as_stated(tree: Tree) -> dict[str, list[Any]]:
    """Return a tree as a trees step holds it: columns by node, thresholds as doubles (SPECIFICATION 3.2)."""
    leaf = (tree.left < 0).tolist()
    thresholds, values = boundary(tree.threshold).tolist(), tree.value.astype(np.float64).tolist()
    return {
        "feature": tree.feature.tolist(),
        "threshold": [None if own else value for own, value in zip(leaf, thresholds, strict=True)],
        "left": tree.left.tolist(),
        "right": tree.right.tolist(),
        "default_left": tree.default_left.tolist(),
        "value": values,
    }


def pairs(stated: Sequence[Mapping[str, Any]], own: Sequence[Tree], features: Sequence[str]) -> list[Pair]:
    """Return the nodes of both forests in pairs, tree by tree, parents first; features: names by number.

    Trees beyond the shorter forest are left out: their number is compared elsewhere.
    """
    found: list[Pair] = []
    for number, (one, two) in enumerate(zip(stated, own, strict=False), start=1):
        found += _pairs_of(number, one, two, features)
    return found


def _pairs_of(number: int, stated: Mapping[str, Any], own: Tree, features: Sequence[str]) -> list[Pair]:
    thresholds = boundary(own.threshold).tolist()
    columns = own.left.tolist(), own.right.tolist(), own.feature.tolist(), own.default_left.tolist()
    left, right, feature, default_left = columns
    found: list[Pair] = []
    waiting = [(0, 0, "root")]
    while waiting:
        i, j, where = waiting.pop(0)
        place = f"tree {number}, {where}"
        if stated["left"][i] < 0 and left[j] < 0:
            found.append(Pair(place, "leaf", "leaf", (float(stated["value"][i]), float(own.value[j]))))
            continue
        one = _words(
            stated["left"][i], stated["feature"][i], stated["threshold"][i], stated["default_left"][i], features
        )
        two = _words(left[j], feature[j], thresholds[j], default_left[j], features)
        parted = one.partition(", missing")[0] != two.partition(", missing")[0]
        nodes = max(_below(stated["left"], stated["right"], i), _below(left, right, j)) if parted else 1
        found.append(Pair(place, one, two, None, nodes))
        if not parted:
            start = "" if where == "root" else f"{where}, "
            waiting.append((stated["left"][i], left[j], f"{start}left"))
            waiting.append((stated["right"][i], right[j], f"{start}right"))
    return found


def _words(left: int, feature: int, threshold: float, default_left: bool, features: Sequence[str]) -> str:
    if left < 0:
        return "leaf"
    return f"{features[feature]} below {threshold!r}, missing {'left' if default_left else 'right'}"


def _below(left: Sequence[int], right: Sequence[int], node: int) -> int:
    """How many nodes a node and all below it are."""
    count, waiting = 0, [node]
    while waiting:
        here = waiting.pop()
        count += 1
        if left[here] >= 0:
            waiting += [left[here], right[here]]
    return count


def importance(trees: Sequence[Tree], features: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of splits of each feature (k,) and its share of the gain of all splits (k,)."""
    feature = np.concatenate([tree.feature for tree in trees])
    gain = np.concatenate([tree.gain for tree in trees]).astype(np.float64)
    inner = feature >= 0
    splits = np.bincount(feature[inner], minlength=features)
    total = np.bincount(feature[inner], weights=gain[inner], minlength=features)
    return splits, total / total.sum() if total.sum() > 0 else total
