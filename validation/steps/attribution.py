"""Shapley values of trees by their definition: all coalitions of characteristics, tree by tree, over the background."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.steps import values
from validation.steps.values import Value

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
MOST_EVALUATIONS = 2e7


def attribution(step: Mapping[str, Any], trees: Mapping[str, Any], names: Mapping[str, Value]) -> dict[str, Value]:
    """Return the attributions of an `attribution` step; `trees` is the step that it names (SPECIFICATION 3.2)."""
    features = [values.as_number(names[name]) for name in trees["features"]]
    matrix = np.column_stack([item.data for item in features])
    error = np.logical_or.reduce([item.error for item in features])
    found = shapley_values(trees, owners_of(step, trees), matrix, *background_of(step))
    return {
        item["output"]: values.number(float(step["multiplier"]) * found[:, number], error)
        for number, item in enumerate(step["characteristics"])
    }


def owners_of(step: Mapping[str, Any], trees: Mapping[str, Any]) -> list[int]:
    """Return, for each feature of the trees, the number of the characteristic that it belongs to."""
    owner = {name: number for number, item in enumerate(step["characteristics"]) for name in item["features"]}
    return [owner[name] for name in trees["features"]]


def background_of(step: Mapping[str, Any]) -> tuple[Floats, Floats]:
    """Return the background rows (m, features), NaN missing, and their shares (m,), which add up to one."""
    rows = np.array(step["background"]["rows"], dtype=np.float64)
    weights = np.array(step["background"]["weights"], dtype=np.float64)
    return rows, weights / weights.sum()


def shapley_values(
    trees: Mapping[str, Any], owners: list[int], matrix: Floats, background: Floats, share: Floats
) -> Floats:
    """Return the Shapley values (n, characteristics) of the rows of `matrix` (n, features) in log-odds.

    A tree sees only which way a row goes at each of its nodes, so rows that go the same ways are taken once. Where the
    coalitions of a tree are too many to write out, its leaves are taken one by one: in each, only the characteristics
    on its path play.
    """
    result = np.zeros((len(matrix), max(owners) + 1))
    for tree in trees["trees"]:
        inner = [node for node, left in enumerate(tree["left"]) if left != -1]
        if not inner:
            continue
        mine, mine_of = np.unique(_ways(tree, inner, matrix), axis=0, return_inverse=True)
        theirs, theirs_of = np.unique(_ways(tree, inner, background), axis=0, return_inverse=True)
        weights = np.bincount(theirs_of.reshape(-1), weights=share, minlength=len(theirs)).astype(np.float64)
        players = sorted({owners[tree["feature"][node]] for node in inner})
        player_of = [players.index(owners[tree["feature"][node]]) for node in inner]
        if 2.0 ** len(players) * len(mine) * len(theirs) <= MOST_EVALUATIONS:
            found = _all_coalitions(tree, inner, player_of, len(players), mine, theirs, weights)
        else:
            found = _leaf_by_leaf(tree, inner, player_of, len(players), mine, theirs, weights)
        result[:, players] += found[mine_of.reshape(-1)]
    return result


def _ways(tree: Mapping[str, Any], inner: list[int], matrix: Floats) -> Flags:
    """Whether each row goes left at each inner node: (n, inner nodes)."""
    x = matrix[:, [tree["feature"][node] for node in inner]]
    limit = np.array([tree["threshold"][node] for node in inner], dtype=np.float64)
    default = np.array([tree["default_left"][node] for node in inner])
    return np.asarray(np.where(np.isnan(x), default[None, :], x < limit[None, :]), dtype=bool)


def _output(tree: Mapping[str, Any], inner: list[int], ways: Flags) -> Floats:
    """The leaf values (…,) where the last axis of `ways` tells the way at each inner node."""
    place = {node: number for number, node in enumerate(inner)}

    def below(node: int) -> Floats | float:
        if tree["left"][node] == -1:
            return float(tree["value"][node])
        return np.where(ways[..., place[node]], below(tree["left"][node]), below(tree["right"][node]))

    return np.broadcast_to(np.asarray(below(0), dtype=np.float64), ways.shape[:-1])


def _all_coalitions(
    tree: Mapping[str, Any],
    inner: list[int],
    player_of: list[int],
    players: int,
    mine: Flags,
    theirs: Flags,
    weights: Floats,
) -> Floats:
    """Mean output of every coalition (bits: who takes the applicant's values), then the Shapley sum."""
    worth = np.empty((1 << players, len(mine)))
    bit = np.array([1 << player for player in player_of])
    for coalition in range(1 << players):
        joined = (coalition & bit) != 0
        mixed = np.where(joined[None, None, :], mine[:, None, :], theirs[None, :, :])
        worth[coalition] = _output(tree, inner, mixed) @ weights
    result = np.zeros((len(mine), players))
    for coalition in range(1 << players):
        size = coalition.bit_count()
        for player in range(players):
            if not coalition >> player & 1:
                chance = math.factorial(size) * math.factorial(players - size - 1) / math.factorial(players)
                result[:, player] += chance * (worth[coalition | 1 << player] - worth[coalition])
    return result


def _leaf_by_leaf(
    tree: Mapping[str, Any],
    inner: list[int],
    player_of: list[int],
    players: int,
    mine: Flags,
    theirs: Flags,
    weights: Floats,
) -> Floats:
    """The same with each leaf a tree of its own, whose players are those on its path."""
    result = np.zeros((len(mine), players))
    for leaf, path in _paths(tree, inner):
        here = sorted({player_of[place] for place, _ in path})
        own = np.column_stack([_meets(mine, path, player_of, player) for player in here])
        other = np.column_stack([_meets(theirs, path, player_of, player) for player in here])
        own, own_of = np.unique(own, axis=0, return_inverse=True)
        other, other_of = np.unique(other, axis=0, return_inverse=True)
        chance = np.bincount(other_of.reshape(-1), weights=weights, minlength=len(other))
        value = float(tree["value"][leaf])
        part = np.zeros((len(own), len(here)))
        for row, flags in enumerate(own):
            for flag, probability in zip(other, chance, strict=True):
                if (flags | flag).all():
                    only_own, only_other = flags & ~flag, flag & ~flags
                    a, b = int(only_own.sum()), int(only_other.sum())
                    if a:
                        gain = math.factorial(a - 1) * math.factorial(b) / math.factorial(a + b)
                        part[row, only_own] += probability * value * gain
                    if b:
                        loss = math.factorial(a) * math.factorial(b - 1) / math.factorial(a + b)
                        part[row, only_other] -= probability * value * loss
        result[:, here] += part[own_of.reshape(-1)]
    return result


def _paths(tree: Mapping[str, Any], inner: list[int]) -> list[tuple[int, list[tuple[int, bool]]]]:
    """Every leaf with its path: (place of the inner node, goes left)."""
    place = {node: number for number, node in enumerate(inner)}
    found: list[tuple[int, list[tuple[int, bool]]]] = []
    stack: list[tuple[int, list[tuple[int, bool]]]] = [(0, [])]
    while stack:
        node, path = stack.pop()
        if tree["left"][node] == -1:
            found.append((node, path))
            continue
        stack.append((tree["left"][node], [*path, (place[node], True)]))
        stack.append((tree["right"][node], [*path, (place[node], False)]))
    return found


def _meets(ways: Flags, path: list[tuple[int, bool]], player_of: list[int], player: int) -> Flags:
    """Whether each row (n,) goes the path's way at every node of one player."""
    conditions = [ways[:, place] == left for place, left in path if player_of[place] == player]
    return np.logical_and.reduce(conditions)
