"""Attributions of trees as small tables: what a part of a tree adds, by the intervals in which its features lie.

What a leaf adds depends only on which characteristics' conditions on its path the applicant meets
(`credit_risk.scoring.attribution`), so the mean over the background is one number for each of these cases. Leaves are
taken together by subtrees of few splits: a unit is a subtree with the splits that lead to it, and a cell of it one
interval (or missing) for each feature that these ask. A printer finds the cell once and reads what it adds to each
characteristic.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_risk.export.program.statements import Attribution, Tree
from credit_risk.scoring.attribution import Leaf, TreeGame, leaf_table, tree_game

Floats = NDArray[np.float64]
HEIGHT = 2
"""Splits on the longest way through the subtree of a unit: with three of them and one above there are 16 cells."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A feature of a unit: its level counts the ascending `thresholds` that it reaches; `missing` is that of missing.

    step: what one level more adds to the number of the cell. levels: how many there are.
    """

    feature: int
    thresholds: tuple[float, ...]
    missing: int
    step: int
    levels: int


@dataclass(frozen=True, slots=True)
class Unit:
    """A part of a tree: the cell Σ level·step over `axes` adds `values[cell, k]` to the characteristic `players[k]`.

    values: (cells, players), without the multiplier; characteristics to which no cell adds anything are left out.
    """

    axes: tuple[Axis, ...]
    players: tuple[int, ...]
    values: Floats


@dataclass(frozen=True, slots=True)
class Split:
    """A threshold of an axis: from it on the number of the cell is greater by `step`, where missing by `missing`."""

    feature: int
    threshold: float
    step: int
    missing: int


def splits_of(unit: Unit) -> list[Split]:
    """The thresholds of a unit; the sum of what they add is the number of the cell."""
    return [
        Split(axis.feature, threshold, axis.step, axis.missing * axis.step if k == 0 else 0)
        for axis in unit.axes
        for k, threshold in enumerate(axis.thresholds)
    ]


def players_of(one: Attribution) -> list[int]:
    """The place of each feature's characteristic."""
    found = [0] * len(one.features)
    for k, group in enumerate(one.groups):
        for place in group:
            found[place] = k
    return found


def units(one: Attribution, trees: Mapping[str, Tree]) -> Iterator[tuple[Unit, ...]]:
    """The units of each tree of an attribution, in order; those that add nothing are left out."""
    players = players_of(one)
    background = np.array([[np.nan if v is None else v for v in row] for row in one.background], dtype=float)
    weights = np.array(one.weights, dtype=float) / np.sum(one.weights)
    for name in one.trees:
        game = tree_game(_step(trees[name]), players)
        sides = game.sides(background)
        made = (_unit(game, leaves, sides, weights) for leaves in _subtrees(trees[name], game))
        yield tuple(unit for unit in made if unit.players)


def most_constants(one: Attribution, trees: Mapping[str, Tree], enough: int) -> int:
    """How many numbers the tables of an attribution hold at most; no more are counted beyond `enough`."""
    players = players_of(one)
    total = 0
    for name in one.trees:
        game = tree_game(_step(trees[name]), players)
        for leaves in _subtrees(trees[name], game):
            cells = 1
            for axis in _axes(game, leaves):
                cells *= axis.levels
            total += cells * len({player for leaf in leaves for player in leaf.players})
        if total > enough:
            break
    return total


def _step(tree: Tree) -> dict[str, tuple[object, ...]]:
    return {key: getattr(tree, key) for key in ("feature", "threshold", "left", "right", "default_left", "value")}


def _subtrees(tree: Tree, game: TreeGame) -> list[tuple[Leaf, ...]]:
    """The leaves of each greatest subtree of at most HEIGHT splits on a way. Leaves stand in the order of the tree."""
    height = [0] * len(tree.left)
    for node in range(len(tree.left) - 1, -1, -1):
        if tree.left[node] >= 0:
            height[node] = 1 + max(height[tree.left[node]], height[tree.right[node]])
    leaves, found = iter(game.leaves), []

    def taken(node: int) -> Iterator[Leaf]:
        if tree.left[node] < 0:
            yield next(leaves)
            return
        yield from taken(tree.left[node])
        yield from taken(tree.right[node])

    def visit(node: int) -> None:
        if height[node] <= HEIGHT:
            found.append(tuple(taken(node)))
            return
        visit(tree.left[node])
        visit(tree.right[node])

    visit(0)
    return found


def _splits(leaves: Iterable[Leaf]) -> list[int]:
    """The inner nodes on the paths to leaves."""
    return sorted({node for leaf in leaves for conditions in leaf.conditions for node, _ in conditions})


def _axes(game: TreeGame, leaves: tuple[Leaf, ...]) -> tuple[Axis, ...]:
    by_feature: dict[int, list[int]] = {}
    for node in _splits(leaves):
        by_feature.setdefault(int(game.feature[node]), []).append(node)
    axes, step = [], 1
    for feature, nodes in by_feature.items():
        cuts = sorted({float(game.threshold[node]) for node in nodes})
        missing = _missing_level(game, nodes, cuts)
        levels = max(len(cuts), missing) + 1
        axes.append(Axis(feature, tuple(cuts), missing, step, levels))
        step *= levels
    return tuple(axes)


def _missing_level(game: TreeGame, nodes: list[int], cuts: list[float]) -> int:
    """The interval whose sides are those of missing at all nodes, else a level of its own."""
    for level in range(len(cuts) + 1):
        below = set(cuts[level:])
        if all(bool(game.default_left[node]) == (float(game.threshold[node]) in below) for node in nodes):
            return level
    return len(cuts) + 1


def _unit(game: TreeGame, leaves: tuple[Leaf, ...], background: NDArray[np.bool_], weights: Floats) -> Unit:
    axes = _axes(game, leaves)
    cells = axes[-1].step * axes[-1].levels if axes else 1
    sides = np.zeros((len(game.feature), cells), dtype=bool)
    axis_of = {axis.feature: axis for axis in axes}
    number = np.arange(cells)
    for node in _splits(leaves):
        axis = axis_of[int(game.feature[node])]
        level = number // axis.step % axis.levels
        left = level <= axis.thresholds.index(float(game.threshold[node]))
        own = axis.missing > len(axis.thresholds)
        sides[node] = np.where(level == axis.missing, game.default_left[node], left) if own else left
    players = tuple(dict.fromkeys(player for leaf in leaves for player in leaf.players))
    values = np.zeros((cells, len(players)))
    for leaf in leaves:
        if not leaf.players:
            continue
        masks, place = np.unique(leaf.met(sides), return_inverse=True)
        table = leaf_table(leaf, masks, leaf.met(background), weights)[place.reshape(-1)]
        for column, player in enumerate(leaf.players):
            values[:, players.index(player)] += table[:, column]
    kept = [k for k in range(len(players)) if values[:, k].any()]
    return Unit(axes, tuple(players[k] for k in kept), np.ascontiguousarray(values[:, kept]))
