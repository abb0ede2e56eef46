"""Shapley values of trees against a background, exactly and at a cost that does not grow with the background.

For one row x and one background row z, a leaf is reached by the coalition S (the players that take x's values, the
others z's) if and only if S holds every player whose conditions on the path only x meets (A of them) and none of those
whose conditions only z meets (B of them); it is never reached where some player's conditions neither meets. The Shapley
value of that game is closed: each of the A players has (A − 1)!·B!/(A + B)! of the leaf's value, each of the B players
−A!·(B − 1)!/(A + B)!. What x adds therefore hangs only on which players' conditions x meets, so that the mean over the
background is one small table a leaf.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Step = Mapping[str, Any]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MOST_CODED_NODES = 10
MOST_TABLED_PLAYERS = 8
CHUNK = 8192


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf's value, the players on its path, and for each the conditions on the path: (inner node, goes left)."""

    value: float
    players: tuple[int, ...]
    conditions: tuple[tuple[tuple[int, bool], ...], ...]

    def met(self, sides: NDArray[np.bool_]) -> Ints:
        """Which players' conditions each row meets, as bits (n,), of the sides (inner nodes, n) that it goes to."""
        mask = np.zeros(sides.shape[1], dtype=np.int64)
        for place, conditions in enumerate(self.conditions):
            holds = np.ones(sides.shape[1], dtype=bool)
            for node, left in conditions:
                holds &= sides[node] if left else ~sides[node]
            mask |= holds.astype(np.int64) << place
        return mask


@dataclass(frozen=True, slots=True)
class TreeGame:
    """One tree: the split of each inner node (place in `feature`, `threshold`, `default_left`), and its leaves."""

    feature: Ints
    threshold: Floats
    default_left: NDArray[np.bool_]
    leaves: tuple[Leaf, ...]

    def sides(self, matrix: Floats) -> NDArray[np.bool_]:
        """Whether each row of `matrix` (n, features) goes left at each inner node: (inner nodes, n)."""
        result = np.empty((len(self.feature), len(matrix)), dtype=bool)
        for node, (column, threshold) in enumerate(zip(self.feature, self.threshold, strict=True)):
            x = matrix[:, column]
            np.less(x, threshold, out=result[node])
            if self.default_left[node]:
                result[node] |= np.isnan(x)
        return result


def tree_game(tree: Step, player_of: Sequence[int]) -> TreeGame:
    """The game of one tree of a `trees` step; `player_of` names the player of each feature."""
    inner = [node for node, left in enumerate(tree["left"]) if left >= 0]
    place = {node: k for k, node in enumerate(inner)}
    leaves: list[Leaf] = []

    def visit(node: int, path: tuple[tuple[int, int, bool], ...]) -> None:
        if tree["left"][node] < 0:
            players = tuple(dict.fromkeys(player for player, _, _ in path))
            conditions = tuple(tuple((k, left) for p, k, left in path if p == player) for player in players)
            leaves.append(Leaf(float(tree["value"][node]), players, conditions))
            return
        player, k = int(player_of[tree["feature"][node]]), place[node]
        visit(tree["left"][node], (*path, (player, k, True)))
        visit(tree["right"][node], (*path, (player, k, False)))

    visit(0, ())
    return TreeGame(
        np.array([tree["feature"][node] for node in inner], dtype=np.int64),
        np.array([tree["threshold"][node] for node in inner], dtype=np.float64),
        np.array([tree["default_left"][node] for node in inner], dtype=bool),
        tuple(leaves),
    )


def bits(masks: Ints, players: int) -> NDArray[np.bool_]:
    """Masks (m,) as columns of flags (m, players)."""
    return (masks[:, None] >> np.arange(players)[None, :] & 1).astype(bool)


def shares(players: int) -> tuple[Floats, Floats]:
    """`(A − 1)!·B!/(A + B)!` and `A!·(B − 1)!/(A + B)!` by A and B (players + 1, players + 1); 0 where not defined."""
    f = [float(math.factorial(k)) for k in range(2 * players + 1)]
    size = players + 1
    x_share, z_share = np.zeros((size, size)), np.zeros((size, size))
    for a in range(size):
        for b in range(size):
            x_share[a, b] = f[a - 1] * f[b] / f[a + b] if a else 0.0
            z_share[a, b] = f[a] * f[b - 1] / f[a + b] if b else 0.0
    return x_share, z_share


def leaf_table(leaf: Leaf, masks: Ints, background: Ints, weights: Floats) -> Floats:
    """Mean Shapley values (masks, players) of a leaf for what x meets (`masks`) over what the background meets.

    background, weights (m,): what each background row meets, as bits, and its weight (they add up to 1).
    """
    count = len(leaf.players)
    if count == 0:
        return np.zeros((len(masks), 0))
    met, place = np.unique(background, return_inverse=True)
    share = np.bincount(place.reshape(-1), weights=weights, minlength=len(met))
    full = (1 << count) - 1
    x_share, z_share = shares(count)
    result = np.zeros((len(masks), count))
    for z, weight in zip(met.tolist(), share.tolist(), strict=True):
        reached = (masks | z) == full
        only_x, only_z = bits(masks & ~z, count), bits(~masks & z & full, count)
        a, b = only_x.sum(axis=1), only_z.sum(axis=1)
        part = only_x * x_share[a, b][:, None] - only_z * z_share[a, b][:, None]
        result += np.where(reached[:, None], (leaf.value * weight) * part, 0.0)
    return result


@dataclass(frozen=True, slots=True)
class PackedTree:
    """A tree game with its tables: one by code of all inner nodes where they are few, else one a leaf.

    players: those of the tree, in the order of the table's columns. tables: (2^players, players), or None where they
    are too many to write out; then `background` holds what the background rows meet.
    """

    game: TreeGame
    players: tuple[int, ...]
    coded: Floats | None
    tables: tuple[Floats | None, ...]
    background: tuple[Ints, ...]


@dataclass(frozen=True, slots=True)
class PackedAttribution:
    """A `trees` step with its background made ready: Shapley values of `players` players; `base` the mean output."""

    trees: tuple[PackedTree, ...]
    features: tuple[str, ...]
    players: int
    base: float
    weights: Floats


def pack_attribution(
    step: Step, players: Sequence[Sequence[int]], background: Floats, weights: Floats | None = None
) -> PackedAttribution:
    """Make a `trees` step ready to attribute.

    players: features (places in the step) of each player, every feature with exactly one; background: (m, features),
    NaN missing; weights (m,), positive, or None for equal ones. `base` is the weighted mean over the background of the
    sum of leaves and base margin, without an offset. Raises ValueError where a feature has no player or two.
    """
    features = len(step["features"])
    player_of = np.full(features, -1, dtype=np.int64)
    for number, places in enumerate(players):
        for feature in places:
            if player_of[feature] != -1:
                raise ValueError(f"feature {feature} has two players")
            player_of[feature] = number
    if (player_of < 0).any():
        raise ValueError(f"feature {int(np.flatnonzero(player_of < 0)[0])} has no player")
    given = np.full(len(background), 1.0) if weights is None else np.asarray(weights, dtype=np.float64)
    share = given / np.sum(given)
    rows = np.asarray(background, dtype=np.float64)
    packed, base = [], float(step["base_margin"])
    for tree in step["trees"]:
        game = tree_game(tree, player_of.tolist())
        sides = game.sides(rows)
        met = [leaf.met(sides) for leaf in game.leaves]
        for leaf, mask in zip(game.leaves, met, strict=True):
            base += leaf.value * float(np.sum(share[mask == (1 << len(leaf.players)) - 1]))
        packed.append(_pack_tree(game, met, share))
    return PackedAttribution(tuple(packed), tuple(step["features"]), len(players), base, share)


def pack_step(step: Step, trees: Step) -> PackedAttribution:
    """Make an `attribution` step ready; `trees` is the step that it names."""
    place = {name: k for k, name in enumerate(trees["features"])}
    players = [[place[name] for name in part["features"]] for part in step["characteristics"]]
    rows = np.array(step["background"]["rows"], dtype=np.float64)
    return pack_attribution(trees, players, rows, np.array(step["background"]["weights"], dtype=np.float64))


def _pack_tree(game: TreeGame, met: Sequence[Ints], share: Floats) -> PackedTree:
    players = tuple(dict.fromkeys(player for leaf in game.leaves for player in leaf.players))
    tables: list[Floats | None] = []
    for leaf, mask in zip(game.leaves, met, strict=True):
        count = len(leaf.players)
        every = np.arange(1 << count, dtype=np.int64) if count <= MOST_TABLED_PLAYERS else None
        tables.append(None if every is None else leaf_table(leaf, every, mask, share))
    coded = None
    if len(game.feature) <= MOST_CODED_NODES:
        nodes = len(game.feature)
        codes = bits(np.arange(1 << nodes, dtype=np.int64), nodes).T if nodes else np.zeros((0, 1), dtype=bool)
        coded = np.zeros((codes.shape[1], len(players)))
        _add_leaves(coded.T, game, tables, met, share, codes, {player: k for k, player in enumerate(players)})
    return PackedTree(game, players, coded, tuple(tables), tuple(met))


def _add_leaves(
    total: Floats,
    game: TreeGame,
    tables: Sequence[Floats | None],
    background: Sequence[Ints],
    share: Floats,
    sides: NDArray[np.bool_],
    row_of: Mapping[int, int],
) -> None:
    """Add the values of every leaf to `total` (rows by player, n); `row_of`: the row of each player."""
    for leaf, table, met in zip(game.leaves, tables, background, strict=True):
        mask = leaf.met(sides)
        if table is None:
            mask_values, place = np.unique(mask, return_inverse=True)
            table, mask = leaf_table(leaf, mask_values, met, share), place.reshape(-1)
        for column, player in enumerate(leaf.players):
            total[row_of[player]] += table[mask, column]


def evaluate_attribution(packed: PackedAttribution, matrix: Floats) -> Floats:
    """Shapley values (n, players) of the rows of `matrix` (n, features; NaN missing).

    With `base` they add up to the margin without an offset: sum of leaves and base margin.
    """
    x = np.asarray(matrix, dtype=np.float64)
    total = np.zeros((packed.players, len(x)))
    everyone = {player: player for player in range(packed.players)}
    for start in range(0, len(x), CHUNK):
        rows = np.asfortranarray(x[start : start + CHUNK])
        part = total[:, start : start + CHUNK]
        for tree in packed.trees:
            sides = tree.game.sides(rows)
            if tree.coded is None:
                _add_leaves(part, tree.game, tree.tables, tree.background, packed.weights, sides, everyone)
                continue
            code = np.zeros(len(rows), dtype=np.int64)
            for node in range(len(sides)):
                code |= sides[node].astype(np.int64) << node
            for column, player in enumerate(tree.players):
                part[player] += tree.coded[:, column].take(code)
    return np.ascontiguousarray(total.T)
