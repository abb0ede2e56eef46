"""Shapley values of trees by their definition: all coalitions of characteristics, tree by tree, over the background."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.steps import values
from validation.steps.values import Value

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
MOST_EVALUATIONS = 2e7
MOST_CODED_NODES = 16


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


@dataclass(frozen=True, slots=True)
class Ways:
    """How rows go through one tree: `mine` the distinct ways of the applicants and `mine_of` whose is which; `theirs`

    and `weights` the same of the background; `players` the characteristics on the tree's splits, `player_of` by node.
    """

    inner: list[int]
    players: list[int]
    player_of: list[int]
    mine: Flags
    mine_of: NDArray[np.int64]
    theirs: Flags
    weights: Floats


def ways_of(
    tree: Mapping[str, Any], owners: list[int], matrix: Floats, background: Floats, share: Floats
) -> Ways | None:
    """Return the ways of rows and background through a tree; None where it has no split."""
    inner = [node for node, left in enumerate(tree["left"]) if left != -1]
    if not inner:
        return None
    mine, mine_of = _distinct(_ways(tree, inner, matrix))
    theirs, theirs_of = _distinct(_ways(tree, inner, background))
    weights = np.bincount(theirs_of, weights=share, minlength=len(theirs)).astype(np.float64)
    players = sorted({owners[tree["feature"][node]] for node in inner})
    player_of = [players.index(owners[tree["feature"][node]]) for node in inner]
    return Ways(inner, players, player_of, mine, mine_of, theirs, weights)


def _distinct(flags: Flags) -> tuple[Flags, NDArray[np.int64]]:
    """The distinct rows of `flags`, and which of them each row is."""
    if flags.shape[1] > 62:
        found, place = np.unique(flags, axis=0, return_inverse=True)
        return found, place.reshape(-1)
    code = flags @ (np.int64(1) << np.arange(flags.shape[1], dtype=np.int64))
    _, first, place = np.unique(code, return_index=True, return_inverse=True)
    return flags[first], place.reshape(-1)


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
        ways = ways_of(tree, owners, matrix, background, share)
        if ways is None:
            continue
        count = len(ways.players)
        if affordable(ways):
            found = _all_coalitions(tree, ways)
        else:
            found = _leaf_by_leaf(tree, ways.inner, ways.player_of, count, ways.mine, ways.theirs, ways.weights)
        result[:, ways.players] += found[ways.mine_of]
    return result


def affordable(ways: Ways) -> bool:
    """Whether all coalitions of a tree can be written out."""
    return 2.0 ** len(ways.players) * len(ways.mine) * len(ways.theirs) <= MOST_EVALUATIONS


def interaction_indices(
    trees: Mapping[str, Any], owners: list[int], matrix: Floats, background: Floats, share: Floats
) -> Floats | None:
    """Return the Shapley interaction indices (n, characteristics, characteristics), zero on the diagonal.

    The index of two is the mean, over coalitions S of the others weighted by |S|!·(K − |S| − 2)!/(K − 1)!, of what they
    add together beyond what each adds. None where the coalitions of a tree are too many to write out.
    """
    size = max(owners) + 1
    result = np.zeros((len(matrix), size, size))
    for tree in trees["trees"]:
        ways = ways_of(tree, owners, matrix, background, share)
        if ways is None:
            continue
        if not affordable(ways):
            return None
        worth, count = _worth(tree, ways), len(ways.players)
        for one in range(count):
            for other in range(one):
                total = np.zeros(len(ways.mine))
                pair = 1 << one | 1 << other
                for coalition in range(1 << count):
                    if coalition & pair == 0:
                        s = coalition.bit_count()
                        chance = math.factorial(s) * math.factorial(count - s - 2) / math.factorial(count - 1)
                        alone = worth[coalition | 1 << one] + worth[coalition | 1 << other]
                        total += chance * (worth[coalition | pair] - alone + worth[coalition])
                a, b = ways.players[one], ways.players[other]
                result[:, a, b] += total[ways.mine_of]
                result[:, b, a] += total[ways.mine_of]
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


def _worth(tree: Mapping[str, Any], ways: Ways) -> Floats:
    """Mean output (coalitions, distinct ways) of every coalition; its bits say who takes the applicant's values."""
    worth = np.empty((1 << len(ways.players), len(ways.mine)))
    if len(ways.inner) <= MOST_CODED_NODES:
        return _worth_by_code(tree, ways, worth)
    bit = np.array([1 << player for player in ways.player_of])
    for coalition in range(1 << len(ways.players)):
        joined = (coalition & bit) != 0
        mixed = np.where(joined[None, None, :], ways.mine[:, None, :], ways.theirs[None, :, :])
        worth[coalition] = _output(tree, ways.inner, mixed) @ ways.weights
    return worth


def _worth_by_code(tree: Mapping[str, Any], ways: Ways, worth: Floats) -> Floats:
    """The same with each way written as a number whose bits are its nodes, and every output looked up."""
    places = np.arange(len(ways.inner), dtype=np.int64)
    every = (np.arange(1 << len(ways.inner), dtype=np.int64)[:, None] >> places & 1).astype(bool)
    outputs = _output(tree, ways.inner, every)
    mine, theirs = (flags @ (np.int64(1) << places) for flags in (ways.mine, ways.theirs))
    for coalition in range(len(worth)):
        joined = np.int64(sum(1 << int(k) for k in places if coalition >> ways.player_of[int(k)] & 1))
        mixed = (mine & joined)[:, None] | (theirs & ~joined)[None, :]
        worth[coalition] = outputs[mixed] @ ways.weights
    return worth


def _all_coalitions(tree: Mapping[str, Any], ways: Ways) -> Floats:
    """The Shapley sum (distinct ways, players) over all coalitions."""
    worth, players = _worth(tree, ways), len(ways.players)
    result = np.zeros((len(ways.mine), players))
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
