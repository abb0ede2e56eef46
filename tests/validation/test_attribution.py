"""The validator's attributions of trees against the definition: every coalition written out, each tree walked here."""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from validation.steps import attribution


def random_tree(rng: np.random.Generator, features: int, depth: int) -> dict[str, list[Any]]:
    tree: dict[str, list[Any]] = {key: [] for key in ("feature", "threshold", "left", "right", "default_left", "value")}

    def add(level: int) -> int:
        node = len(tree["left"])
        is_leaf = level == depth or (level > 0 and rng.random() < 0.2)
        row = (-1, None, -1, -1, False, float(rng.normal()))
        if not is_leaf:
            row = (int(rng.integers(features)), float(rng.normal()), 0, 0, bool(rng.integers(2)), 0.0)
        for key, value in zip(tree, row, strict=True):
            tree[key].append(value)
        if not is_leaf:
            tree["left"][node], tree["right"][node] = add(level + 1), add(level + 1)
        return node

    add(0)
    return tree


def walked(trees: list[dict[str, Any]], row: np.ndarray) -> float:
    """Sum of the leaves that one row ends in, node by node."""
    total = 0.0
    for tree in trees:
        node = 0
        while tree["left"][node] != -1:
            x = row[tree["feature"][node]]
            left = tree["default_left"][node] if math.isnan(x) else x < tree["threshold"][node]
            node = tree["left"][node] if left else tree["right"][node]
        total += tree["value"][node]
    return total


class Game:
    """What coalitions of characteristics are worth for one row against a weighted background."""

    def __init__(self, trees: list[dict[str, Any]], owners: list[int], row: np.ndarray, others: np.ndarray, share: Any):
        self.trees, self.owners, self.row, self.others, self.share = trees, np.array(owners), row, others, share
        self.players = max(owners) + 1
        self.known: dict[tuple[int, ...], float] = {}

    def worth(self, coalition: tuple[int, ...]) -> float:
        key = tuple(sorted(coalition))
        if key not in self.known:
            joined = np.isin(self.owners, key)
            mixed = [walked(self.trees, np.where(joined, self.row, other)) for other in self.others]
            self.known[key] = float(np.dot(self.share, mixed))
        return self.known[key]

    def shapley(self) -> list[float]:
        k, found = self.players, []
        for one in range(k):
            rest = [p for p in range(k) if p != one]
            found.append(
                sum(
                    math.factorial(len(s)) * math.factorial(k - len(s) - 1) / math.factorial(k)
                    * (self.worth((*s, one)) - self.worth(s))
                    for size in range(k)
                    for s in combinations(rest, size)
                )
            )  # fmt: skip
        return found

    def interaction(self, one: int, two: int) -> float:
        k, rest = self.players, [p for p in range(self.players) if p not in (one, two)]
        return sum(
            math.factorial(len(s)) * math.factorial(k - len(s) - 2) / math.factorial(k - 1)
            * (self.worth((*s, one, two)) - self.worth((*s, one)) - self.worth((*s, two)) + self.worth(s))
            for size in range(k - 1)
            for s in combinations(rest, size)
        )  # fmt: skip


def case(
    features: int, trees: int, depth: int, seed: int
) -> tuple[dict[str, Any], list[int], np.ndarray, np.ndarray, Any]:
    """Trees on features of which the first two are one characteristic; missing values; a weighted background."""
    rng = np.random.default_rng(seed)
    step = {"trees": [random_tree(rng, features, depth) for _ in range(trees)]}
    owners = [0, *range(features - 1)]
    rows, others = rng.normal(size=(4, features)), rng.normal(size=(6, features))
    rows[rng.random(rows.shape) < 0.2] = np.nan
    others[rng.random(others.shape) < 0.2] = np.nan
    weight = rng.gamma(2.0, 1.0, len(others))
    return step, owners, rows, others, weight / weight.sum()


@pytest.mark.parametrize("most", [attribution.MOST_EVALUATIONS, 0.0], ids=["coalitions", "leaf by leaf"])
@pytest.mark.parametrize(("features", "trees", "depth"), [(3, 3, 3), (5, 2, 4), (6, 3, 5)])
def test_attributions_are_shapley_values_by_definition(
    features: int, trees: int, depth: int, most: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attribution, "MOST_EVALUATIONS", most)
    step, owners, rows, others, share = case(features, trees, depth, features)
    found = attribution.shapley_values(step, owners, rows, others, share)
    for row, values in zip(rows, found, strict=True):
        game = Game(step["trees"], owners, row, others, share)
        assert values == pytest.approx(game.shapley(), abs=1e-12)
        every = tuple(range(game.players))
        assert values.sum() == pytest.approx(game.worth(every) - game.worth(()), abs=1e-12)


@pytest.mark.parametrize("features", [3, 5])
def test_interactions_are_those_of_the_definition(features: int) -> None:
    step, owners, rows, others, share = case(features, 3, 4, 40 + features)
    found = attribution.interaction_indices(step, owners, rows, others, share)
    assert found is not None
    for row, values in zip(rows, found, strict=True):
        game = Game(step["trees"], owners, row, others, share)
        for one, two in combinations(range(game.players), 2):
            assert values[one, two] == pytest.approx(game.interaction(one, two), abs=1e-12)
            assert values[two, one] == values[one, two]


def test_a_characteristic_on_no_split_has_nothing() -> None:
    step, owners, rows, others, share = case(4, 2, 3, 1)
    unused = {owners[f] for f in range(4)} - {owners[f] for tree in step["trees"] for f in tree["feature"] if f >= 0}
    found = attribution.shapley_values(step, [*owners, 3], np.c_[rows, rows[:, 0]], np.c_[others, others[:, 0]], share)
    assert not found[:, sorted({*unused, 3})].any()
