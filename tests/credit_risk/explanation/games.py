"""Brute force: Shapley values and interaction indices by their definition, and random trees to try them on."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np

from credit_risk.scoring.steps import evaluate_trees

Value = Callable[[frozenset[int]], float]


def shapley(value: Value, players: int) -> np.ndarray:
    """Shapley values (players,) by all coalitions."""
    result = np.zeros(players)
    for player in range(players):
        others = [p for p in range(players) if p != player]
        for size in range(players):
            weight = math.factorial(size) * math.factorial(players - 1 - size) / math.factorial(players)
            for chosen in combinations(others, size):
                result[player] += weight * (value(frozenset((*chosen, player))) - value(frozenset(chosen)))
    return result


def interactions(value: Value, players: int) -> np.ndarray:
    """Shapley interaction indices (players, players) by all coalitions."""
    result = np.zeros((players, players))
    for i, j in combinations(range(players), 2):
        others = [p for p in range(players) if p not in (i, j)]
        for size in range(players - 1):
            weight = math.factorial(size) * math.factorial(players - 2 - size) / math.factorial(players - 1)
            for chosen in combinations(others, size):
                s = frozenset(chosen)
                gain = value(s | {i, j}) - value(s | {i}) - value(s | {j}) + value(s)
                result[i, j] += weight * gain
                result[j, i] = result[i, j]
    return result


def interventional(step: dict[str, Any], players: list[list[int]], x: np.ndarray, background: np.ndarray) -> Value:
    """Mean output over the background rows (m, features) that take a coalition's features from x."""
    known: dict[frozenset[int], float] = {}

    def value(coalition: frozenset[int]) -> float:
        if coalition not in known:
            rows = background.copy()
            for player in coalition:
                rows[:, players[player]] = x[players[player]]
            known[coalition] = float(np.mean(evaluate_trees(step, rows)))
        return known[coalition]

    return value


def random_step(
    rng: np.random.Generator, features: int, trees: int, depth: int, repeated: bool = True
) -> dict[str, Any]:
    """A `trees` step of random trees: leaves at several depths, missing either way, features repeated or not."""
    made = [_tree(rng, features, depth, repeated) for _ in range(trees)]
    names = [f"f{k}" for k in range(features)]
    return {"features": names, "base_margin": float(rng.normal()), "offset": None, "trees": made}


def _tree(rng: np.random.Generator, features: int, depth: int, repeated: bool) -> dict[str, list[Any]]:
    tree: dict[str, list[Any]] = {
        name: [] for name in ("feature", "threshold", "left", "right", "default_left", "value")
    }

    def node(left: int, path: tuple[int, ...] = ()) -> int:
        number = len(tree["left"])
        leaf = left == 0 or rng.random() < 0.15
        row = {"feature": -1, "threshold": None, "left": -1, "right": -1, "default_left": False, "value": 0.0}
        if leaf:
            row["value"] = float(rng.normal())
        else:
            free = [f for f in range(features) if repeated or f not in path]
            row |= {"feature": int(rng.choice(free)), "threshold": round(float(rng.normal()), 1)}
            row["default_left"] = bool(rng.random() < 0.5)
        for name, entry in row.items():
            tree[name].append(entry)
        if not leaf:
            tree["left"][number] = node(left - 1, (*path, row["feature"]))
            tree["right"][number] = node(left - 1, (*path, row["feature"]))
        return number

    node(depth)
    return tree


def random_rows(rng: np.random.Generator, rows: int, features: int) -> np.ndarray:
    """Rows that hit thresholds and hold missing values."""
    x = np.round(rng.normal(size=(rows, features)), 1)
    x[rng.random(x.shape) < 0.15] = np.nan
    return x
