"""Shapley values of trees in PMML: what each characteristic adds, as a sum of small trees whose scores are constants.

What a leaf gives a characteristic depends only on which characteristics' conditions on its path the row meets, so that
the mean over the background is one number for each of these cases (`credit_risk.scoring.attribution`). The cases of
the two leaves of one last split are one tree, which asks the splits of their path.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from credit_risk.scoring.attribution import Leaf, TreeGame, leaf_table, tree_game

Step = Mapping[str, Any]
MOST_CONSTANTS = 120_000
"""Constants of all attributions of a model, above which a document is written without reasons: about 30 MB."""


class TooLarge(Exception):
    """More constants than a document should hold."""


@dataclass(slots=True)
class PartTrees:
    """What one characteristic adds to the trees: a constant, and trees (column arrays as in model.json)."""

    constant: float = 0.0
    trees: list[dict[str, list[Any]]] = field(default_factory=list)

    @property
    def constants(self) -> int:
        """Numbers that the trees hold."""
        return sum(tree["left"].count(-1) for tree in self.trees)


def attribution_trees(step: Step, trees: Step, room: int = MOST_CONSTANTS) -> dict[str, PartTrees]:
    """By output of an `attribution` step: trees over the features of `trees` whose sum is the output / multiplier.

    Raises TooLarge where they may hold more than `room` constants (`most_constants_of`).
    """
    place = {name: k for k, name in enumerate(trees["features"])}
    player_of = np.zeros(len(place), dtype=np.int64)
    for number, part in enumerate(step["characteristics"]):
        player_of[[place[name] for name in part["features"]]] = number
    rows = np.array(step["background"]["rows"], dtype=np.float64)
    weights = np.array(step["background"]["weights"], dtype=np.float64)
    share = weights / np.sum(weights)
    games = [tree_game(tree, player_of.tolist()) for tree in trees["trees"]]
    if sum(_cases_of(game) for game in games) > room:
        raise TooLarge
    parts = [PartTrees() for _ in step["characteristics"]]
    for game in games:
        _add_tree(game, player_of, rows, share, parts)
    return {part["output"]: found for part, found in zip(step["characteristics"], parts, strict=True)}


def most_constants_of(step: Step, trees: Step) -> int:
    """How many constants the trees of an `attribution` step hold at most: one a case, before cases alike are joined."""
    player = {name: k for k, part in enumerate(step["characteristics"]) for name in part["features"]}
    return sum(_cases_of(tree_game(tree, [player[name] for name in trees["features"]])) for tree in trees["trees"])


def _cases_of(game: TreeGame) -> int:
    """Cases of all characteristics on each path of a unit: a side at every split of it."""
    firsts = [leaves[0] for leaves in _units(game)]
    return sum(len(leaf.players) << len(_path(leaf)) for leaf in firsts)


def _add_tree(
    game: TreeGame, player_of: np.ndarray, rows: np.ndarray, share: np.ndarray, parts: list[PartTrees]
) -> None:
    """Put the trees of one tree of the model to the characteristics."""
    sides = game.sides(rows)
    for leaves in _units(game):
        unit = _unit(game, leaves, player_of, sides, share)
        for player in dict.fromkeys(player for leaf in leaves for player in leaf.players):
            built = _case_tree(unit, player)
            if len(built["left"]) == 1:
                parts[player].constant += built["value"][0]
                continue
            parts[player].trees.append(built)


def _path(leaf: Leaf) -> dict[int, bool]:
    """The splits that lead to a leaf, from the root, and the side it is on."""
    return dict(sorted(condition for conditions in leaf.conditions for condition in conditions))


def _units(game: TreeGame) -> Iterator[tuple[Leaf, ...]]:
    """Leaves in pairs that part at their last split, others alone. Inner nodes are numbered from the root on."""
    waiting: Leaf | None = None
    for leaf in game.leaves:
        if waiting is not None and list(_path(waiting)) == list(_path(leaf)):
            yield waiting, leaf
            waiting = None
            continue
        if waiting is not None:
            yield (waiting,)
        waiting = leaf
    if waiting is not None:
        yield (waiting,)


@dataclass(frozen=True, slots=True)
class _Unit:
    """Leaves with one path of splits: feature, threshold and default of each, players and tables of the leaves."""

    leaves: tuple[Leaf, ...]
    wanted: tuple[dict[int, bool], ...]
    splits: dict[int, tuple[int, float, bool]]
    player: dict[int, int]
    tables: tuple[np.ndarray, ...]


def _unit(
    game: TreeGame, leaves: tuple[Leaf, ...], player_of: np.ndarray, sides: np.ndarray, share: np.ndarray
) -> _Unit:
    wanted = tuple(_path(leaf) for leaf in leaves)
    splits = {
        k: (int(game.feature[k]), float(game.threshold[k]), bool(game.default_left[k])) for path in wanted for k in path
    }
    tables = [leaf_table(leaf, np.arange(1 << len(leaf.players)), leaf.met(sides), share) for leaf in leaves]
    return _Unit(leaves, wanted, splits, {k: int(player_of[f]) for k, (f, _, _) in splits.items()}, tuple(tables))


@dataclass(frozen=True, slots=True)
class _Reach:
    """Values of a feature that are still possible: present ones in `[low, high)`, and missing."""

    low: float = -np.inf
    high: float = np.inf
    missing: bool = True

    def side(self, threshold: float, default_left: bool, left: bool) -> _Reach | None:
        """What is possible on one side of a split; None where nothing is."""
        low = self.low if left else max(self.low, threshold)
        high = min(self.high, threshold) if left else self.high
        missing = self.missing and default_left == left
        return _Reach(low, high, missing) if low < high or missing else None


def _case_tree(unit: _Unit, player: int) -> dict[str, list[Any]]:
    """The tree that gives `player` its part of the leaves of a unit, by the splits of their path."""
    tree: dict[str, list[Any]] = {key: [] for key in ("feature", "threshold", "left", "right", "default_left", "value")}

    def add(feature: int, threshold: float | None, default_left: bool, value: float) -> int:
        row = (feature, threshold, -1, -1, default_left, value)
        for key, cell in zip(tree, row, strict=True):
            tree[key].append(cell)
        return len(tree["left"]) - 1

    def write(node: Any) -> int:
        if isinstance(node, float):
            return add(-1, None, False, node)
        (feature, threshold, default_left), left, right = node
        here = add(feature, threshold, default_left, 0.0)
        tree["left"][here] = write(left)
        tree["right"][here] = write(right)
        return here

    write(_cases(unit, player, {}, {}))
    return tree


def _cases(unit: _Unit, player: int, known: dict[int, bool], reach: Mapping[int, _Reach]) -> Any:
    """A number, or (split, cases on the left, cases on the right); a split that changes nothing is left out."""
    open_leaves = [k for k, path in enumerate(unit.wanted) if not _gives_nothing(unit, k, player, known)]
    if not open_leaves:
        return 0.0
    for node, (feature, threshold, default_left) in unit.splits.items():
        if node in known or not any(_asked(unit, k, node, known) for k in open_leaves):
            continue
        before = reach.get(feature, _Reach())
        sides = [before.side(threshold, default_left, left) for left in (True, False)]
        found = [
            None if side is None else _cases(unit, player, {**known, node: left}, {**reach, feature: side})
            for left, side in zip((True, False), sides, strict=True)
        ]
        if None in found or found[0] == found[1]:
            return found[1] if found[0] is None else found[0]
        return (feature, threshold, default_left), found[0], found[1]
    return float(sum(_value(unit, k, player, known) for k in open_leaves))


def _failed(unit: _Unit, leaf: int, known: Mapping[int, bool]) -> set[int]:
    """Players of whose conditions on the path to a leaf one is not met."""
    return {unit.player[k] for k, left in unit.wanted[leaf].items() if k in known and known[k] != left}


def _asked(unit: _Unit, leaf: int, node: int, known: Mapping[int, bool]) -> bool:
    """Whether a leaf still depends on a split: that of a player who has failed does not matter."""
    return node in unit.wanted[leaf] and unit.player[node] not in _failed(unit, leaf, known)


def _gives_nothing(unit: _Unit, leaf: int, player: int, known: Mapping[int, bool]) -> bool:
    """Whether the player has no part of a leaf, whatever the open splits say."""
    players = unit.leaves[leaf].players
    if player not in players:
        return True
    failed = sum(1 << players.index(one) for one in _failed(unit, leaf, known))
    table = unit.tables[leaf][:, players.index(player)]
    return not table[[mask for mask in range(len(table)) if not mask & failed]].any()


def _value(unit: _Unit, leaf: int, player: int, known: Mapping[int, bool]) -> float:
    players, failed = unit.leaves[leaf].players, _failed(unit, leaf, known)
    mask = sum(1 << k for k, one in enumerate(players) if one not in failed)
    return float(unit.tables[leaf][mask, players.index(player)])


def reads(trees: Step, parts: Sequence[PartTrees]) -> list[str]:
    """Features that the trees of the parts ask, in the order of the step."""
    asked = {f for part in parts for tree in part.trees for f in tree["feature"] if f >= 0}
    return [name for k, name in enumerate(trees["features"]) if k in asked]
