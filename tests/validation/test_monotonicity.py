"""The validator's proof of monotonicity against brute force: every pair of grid points that differ in one feature."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from validation.rebuild.monotonicity import leaf_pairs, prove
from validation.steps.trees import leaves

GRID = (0.5, 1.5, 2.5, 3.5)


def random_tree(seed: int, features: int = 3, depth: int = 4) -> dict[str, list[Any]]:
    rng = np.random.default_rng(seed)
    tree: dict[str, list[Any]] = {k: [] for k in ("feature", "threshold", "left", "right", "default_left", "value")}

    def grow(level: int) -> int:
        node, leaf = len(tree["left"]), level == depth or rng.random() < 0.2
        tree["feature"].append(-1 if leaf else int(rng.integers(features)))
        tree["threshold"].append(None if leaf else float(rng.integers(1, 4)))
        tree["default_left"].append(bool(rng.random() < 0.5) and not leaf)
        tree["value"].append(float(rng.integers(-2, 3)) if leaf else 0.0)
        tree["left"].append(-1)
        tree["right"].append(-1)
        if not leaf:
            tree["left"][node], tree["right"][node] = grow(level + 1), grow(level + 1)
        return node

    grow(0)
    return tree


def brute_pairs(tree: dict[str, list[Any]], feature: int, features: int = 3) -> set[tuple[int, int]]:
    """Leaves of all pairs of grid points, missing among the other features, that differ in the feature alone."""
    found = set()
    others = [i for i in range(features) if i != feature]
    for rest in itertools.product([*GRID, np.nan], repeat=len(others)):
        points = np.empty((len(GRID), features))
        points[:, others], points[:, feature] = rest, GRID
        ends = leaves(tree, points)
        found |= {(int(a), int(b)) for a, b in itertools.combinations(ends, 2) if a != b}
    return found


@given(st.integers(0, 1_000_000), st.integers(0, 2))
@settings(max_examples=150, deadline=None)
def test_pairs_of_leaves_are_those_that_grid_points_reach(seed: int, feature: int) -> None:
    tree = random_tree(seed)
    walked = list(leaf_pairs(tree, feature))
    assert len(set(walked)) == len(walked)
    assert set(walked) == brute_pairs(tree, feature)


@given(st.lists(st.integers(0, 1_000_000), min_size=1, max_size=4), st.sampled_from([1, -1]))
@settings(max_examples=60, deadline=None)
def test_proof_counts_what_brute_force_counts(seeds: list[int], sign: int) -> None:
    trees = [random_tree(seed) for seed in seeds]
    proof = prove({"trees": trees}, 1, sign)
    drops = [sign * (t["value"][a] - t["value"][b]) for t in trees for a, b in brute_pairs(t, 1)]
    assert proof.pairs == len(drops)
    assert proof.violations == sum(drop > 0 for drop in drops)
    assert proof.largest == max([0.0, *drops])
    used = {t for tree in trees for f, t in zip(tree["feature"], tree["threshold"], strict=True) if f == 1}
    assert proof.thresholds == len(used)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_sum_of_monotone_trees_is_monotone_as_it_is_computed(sign: int) -> None:
    rng = np.random.default_rng(sign + 5)
    proved = []
    for seed in itertools.count():
        tree = random_tree(seed, depth=2)
        tree["value"] = [v * float(rng.random()) for v in tree["value"]]
        if 0 in tree["feature"] and prove({"trees": [tree]}, 0, sign).violations == 0:
            proved.append(tree)
        if len(proved) == 40:
            break
    for rest in itertools.product([*GRID, np.nan], repeat=2):
        points = np.array([[value, *rest] for value in GRID])
        total = np.full(len(GRID), 0.1)
        for tree in proved:
            total = total + np.asarray(tree["value"])[leaves(tree, points)]
        assert (sign * np.diff(total) >= 0).all()
