"""Exact proof that each tree is monotone in a feature: one tree walked twice, side by side, over all its thresholds.

Two rows that agree in every feature but one, where the first lies lower, walk down together. What they share is kept as
one range; what they differ in, as two. Each pair of leaves that such rows can end in is compared; nothing is sampled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Range = tuple[float, float, bool]
ANY: Range = (float("-inf"), float("inf"), True)


@dataclass(frozen=True, slots=True)
class Proof:
    """Of all trees together: distinct thresholds, pairs of leaves compared, pairs that break the direction, worst."""

    thresholds: int
    pairs: int
    violations: int
    largest: float


@dataclass(frozen=True, slots=True)
class _Walk:
    """Where two rows are: nodes, range of the feature for each, ranges of the other features, the same for both."""

    low: int
    high: int
    of_low: Range
    of_high: Range
    shared: Mapping[int, Range]


def prove(step: Mapping[str, Any], feature: int, sign: int) -> Proof:
    """Prove all trees of a step in one feature; `sign` 1: the value may not fall as the feature rises, −1: not rise.

    Where every tree is monotone, so is the margin as it is computed: rounding a sum keeps the order of its terms.
    """
    thresholds: set[float] = set()
    pairs = violations = 0
    largest = 0.0
    for tree in step["trees"]:
        if feature not in tree["feature"]:
            continue
        thresholds |= {t for number, t in zip(tree["feature"], tree["threshold"], strict=True) if number == feature}
        for low, high in leaf_pairs(tree, feature):
            pairs += 1
            drop = sign * (float(tree["value"][low]) - float(tree["value"][high]))
            if drop > 0:
                violations += 1
                largest = max(largest, drop)
    return Proof(len(thresholds), pairs, violations, largest)


def leaf_pairs(tree: Mapping[str, Any], feature: int) -> Iterator[tuple[int, int]]:
    """Yield the distinct leaves (lower, higher) that two rows which differ in this feature alone can end in."""
    moves = _moves(tree, feature)
    stack = [_Walk(0, 0, ANY, ANY, {})]
    while stack:
        walk = stack.pop()
        if walk.low == walk.high:
            stack.extend(_step_together(tree, walk, feature) if moves[walk.low] else ())
        elif tree["left"][walk.low] >= 0:
            stack.extend(_step_low(tree, walk, feature))
        elif tree["left"][walk.high] >= 0:
            stack.extend(_step_high(tree, walk, feature))
        else:
            yield walk.low, walk.high


def _moves(tree: Mapping[str, Any], feature: int) -> list[bool]:
    """Whether the subtree of each node splits on the feature; children stand after their parents."""
    found = [number == feature for number in tree["feature"]]
    for node in reversed(range(len(found))):
        if tree["left"][node] >= 0:
            found[node] = found[node] or found[tree["left"][node]] or found[tree["right"][node]]
    return found


def _step_together(tree: Mapping[str, Any], walk: _Walk, feature: int) -> Iterator[_Walk]:
    """Two rows at one node: they part only where it splits on the feature, the lower to the left."""
    number, node = tree["feature"][walk.low], walk.low
    known = walk.of_low if number == feature else walk.shared.get(number, ANY)
    parts = list(_parts(tree, node, known))
    if number != feature:
        for child, part in parts:
            if part[0] < part[1] or part[2]:
                yield _Walk(child, child, walk.of_low, walk.of_high, {**walk.shared, number: part})
        return
    open_parts = [(child, part) for child, part in parts if part[0] < part[1]]
    for child, part in open_parts:
        yield _Walk(child, child, part, part, walk.shared)
    if len(open_parts) == 2:
        (left, low), (right, high) = open_parts
        yield _Walk(left, right, low, high, walk.shared)


def _step_low(tree: Mapping[str, Any], walk: _Walk, feature: int) -> Iterator[_Walk]:
    number = tree["feature"][walk.low]
    for child, part in _parts(tree, walk.low, walk.of_low if number == feature else walk.shared.get(number, ANY)):
        if number == feature:
            if part[0] < part[1] and part[0] < walk.of_high[1]:
                yield _Walk(child, walk.high, part, walk.of_high, walk.shared)
        elif part[0] < part[1] or part[2]:
            yield _Walk(child, walk.high, walk.of_low, walk.of_high, {**walk.shared, number: part})


def _step_high(tree: Mapping[str, Any], walk: _Walk, feature: int) -> Iterator[_Walk]:
    number = tree["feature"][walk.high]
    for child, part in _parts(tree, walk.high, walk.of_high if number == feature else walk.shared.get(number, ANY)):
        if number == feature:
            if part[0] < part[1] and walk.of_low[0] < part[1]:
                yield _Walk(walk.low, child, walk.of_low, part, walk.shared)
        elif part[0] < part[1] or part[2]:
            yield _Walk(walk.low, child, walk.of_low, walk.of_high, {**walk.shared, number: part})


def _parts(tree: Mapping[str, Any], node: int, known: Range) -> Iterator[tuple[int, Range]]:
    """Yield each child of a node with what is left of the range of the node's feature; missing as it is sent."""
    threshold, missing_left = float(tree["threshold"][node]), bool(tree["default_left"][node])
    low, high, missing = known
    yield tree["left"][node], (low, min(high, threshold), missing and missing_left)
    yield tree["right"][node], (max(low, threshold), high, missing and not missing_left)
