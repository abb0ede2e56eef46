"""Shapley values against brute force over all coalitions, against another library, and against their axioms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.explanation.shapley import (
    linear_shapley,
    path_dependent_shapley,
    tree_interactions,
    tree_shapley,
)
from credit_risk.scoring import attribution
from credit_risk.scoring.attribution import pack_attribution
from credit_risk.scoring.steps import evaluate_trees
from tests.credit_risk.explanation import games


def each(features: int) -> dict[str, list[int]]:
    return {f"f{k}": [k] for k in range(features)}


@pytest.mark.parametrize(("features", "trees", "depth"), [(1, 3, 2), (4, 6, 3), (8, 12, 3), (10, 4, 6)])
def test_interventional_values_are_those_of_brute_force(features: int, trees: int, depth: int) -> None:
    rng = np.random.default_rng(features)
    step = games.random_step(rng, features, trees, depth)
    rows, background = games.random_rows(rng, 3, features), games.random_rows(rng, 7, features)
    found = tree_shapley(step, each(features), rows, background)
    players = [[k] for k in range(features)]
    for x, values in zip(rows, found.values, strict=True):
        expected = games.shapley(games.interventional(step, players, x, background), features)
        assert values == pytest.approx(expected, abs=1e-12)
    assert found.margin() == pytest.approx(evaluate_trees(step, rows), abs=1e-12)
    assert found.base == pytest.approx(np.mean(evaluate_trees(step, background)), abs=1e-12)


def test_a_group_is_one_player() -> None:
    """Its members change together: the value of a group is not the sum of its members' values."""
    rng = np.random.default_rng(3)
    step = games.random_step(rng, 6, 10, 4)
    rows, background = games.random_rows(rng, 4, 6), games.random_rows(rng, 5, 6)
    players = {"one": [0, 3], "two": [1], "three": [2, 4, 5]}
    found = tree_shapley(step, players, rows, background)
    for x, values in zip(rows, found.values, strict=True):
        game = games.interventional(step, list(players.values()), x, background)
        assert values == pytest.approx(games.shapley(game, 3), abs=1e-12)
    alone = tree_shapley(step, each(6), rows, background).values
    assert not np.allclose(found.values[:, 0], alone[:, 0] + alone[:, 3])


def test_trees_too_large_for_tables_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    step = games.random_step(rng, 9, 5, 5)
    rows, background = games.random_rows(rng, 50, 9), games.random_rows(rng, 20, 9)
    expected = tree_shapley(step, each(9), rows, background).values
    monkeypatch.setattr(attribution, "MOST_CODED_NODES", 0)
    by_leaf = tree_shapley(step, each(9), rows, background).values
    monkeypatch.setattr(attribution, "MOST_TABLED_PLAYERS", 1)
    by_mask = tree_shapley(step, each(9), rows, background).values
    assert by_leaf == pytest.approx(expected, abs=1e-13)
    assert by_mask == pytest.approx(expected, abs=1e-13)


def test_weights_are_repetitions() -> None:
    rng = np.random.default_rng(6)
    step = games.random_step(rng, 4, 5, 3)
    rows, background = games.random_rows(rng, 10, 4), games.random_rows(rng, 3, 4)
    weighted = tree_shapley(step, each(4), rows, background, np.array([1.0, 2.0, 3.0]))
    repeated = tree_shapley(step, each(4), rows, background[[0, 1, 1, 2, 2, 2]])
    assert weighted.values == pytest.approx(repeated.values, abs=1e-14)
    assert weighted.base == pytest.approx(repeated.base, abs=1e-14)


def test_values_of_another_library() -> None:
    """shap's TreeExplainer on the same trees; it holds thresholds in single precision, so no row stands on one."""
    shap = pytest.importorskip("shap")
    rng = np.random.default_rng(7)
    step = games.random_step(rng, 5, 8, 2, repeated=False)
    rows, background = rng.normal(size=(30, 5)), rng.normal(size=(500, 5))
    rows[rng.random(rows.shape) < 0.15] = background[rng.random(background.shape) < 0.15] = np.nan
    theirs = shap.TreeExplainer(_theirs(step, background), background[:50], feature_perturbation="interventional")
    ours = tree_shapley(step, each(5), rows, background[:50])
    assert ours.values == pytest.approx(theirs.shap_values(rows, check_additivity=False), abs=1e-6)
    theirs = shap.TreeExplainer(_theirs(step, background), feature_perturbation="tree_path_dependent")
    ours = path_dependent_shapley(step, each(5), rows, background)
    assert ours.values == pytest.approx(theirs.shap_values(rows, check_additivity=False), abs=1e-12)


def _theirs(step: dict[str, Any], sample: np.ndarray) -> dict[str, Any]:
    """The trees as shap takes them, with the rows of the sample that reach each node (it changes its input)."""
    trees = []
    for tree in step["trees"]:
        reached = [float(np.sum(_reach(tree, sample, node))) for node in range(len(tree["left"]))]
        assert min(reached) > 0
        trees.append(
            {
                "children_left": np.array(tree["left"]),
                "children_right": np.array(tree["right"]),
                "children_default": np.where(tree["default_left"], tree["left"], tree["right"]),
                "features": np.array(tree["feature"]),
                "thresholds": np.array([0.0 if t is None else t for t in tree["threshold"]]),
                "values": np.array(tree["value"], dtype=float)[:, None],
                "node_sample_weight": np.array(reached),
            }
        )
    return {"trees": trees, "base_offset": step["base_margin"]}


def _reach(tree: dict[str, list[float]], rows: np.ndarray, target: int) -> np.ndarray:
    """Rows (bool, (n,)) that pass through a node."""
    node, passed = np.zeros(len(rows), dtype=int), np.zeros(len(rows), dtype=bool)
    for _ in range(len(tree["left"])):
        passed |= node == target
        for i, at in enumerate(node):
            if tree["left"][at] >= 0:
                x = rows[i, tree["feature"][at]]
                left = tree["default_left"][at] if np.isnan(x) else x < tree["threshold"][at]
                node[i] = tree["left"][at] if left else tree["right"][at]
    return passed | (node == target)


def test_path_dependent_values_add_up() -> None:
    rng = np.random.default_rng(8)
    step = games.random_step(rng, 6, 5, 4)
    rows, sample = games.random_rows(rng, 20, 6), games.random_rows(rng, 60, 6)
    found = path_dependent_shapley(step, each(6), rows, sample)
    assert found.margin() == pytest.approx(evaluate_trees(step, rows), abs=1e-12)
    assert found.base == pytest.approx(np.mean(evaluate_trees(step, sample)), abs=1e-12)
    assert "path-dependent" in found.method


@pytest.mark.parametrize("features", [2, 5])
def test_interactions_are_those_of_brute_force(features: int) -> None:
    rng = np.random.default_rng(features)
    step = games.random_step(rng, features, 6, 4)
    rows, background = games.random_rows(rng, 3, features), games.random_rows(rng, 4, features)
    found = tree_interactions(step, each(features), rows, background)
    players = [[k] for k in range(features)]
    for x, values in zip(rows, found, strict=True):
        expected = games.interactions(games.interventional(step, players, x, background), features)
        assert values == pytest.approx(expected, abs=1e-12)


def test_linear_values_are_those_of_brute_force() -> None:
    rng = np.random.default_rng(9)
    b, x, background = rng.normal(size=4), rng.normal(size=(3, 4)), rng.normal(size=(50, 4))
    found = linear_shapley(("a", "b", "c", "d"), 0.3, b, x, background.mean(axis=0))
    for row, values in zip(x, found.values, strict=True):

        def value(coalition: frozenset[int], row: np.ndarray = row) -> float:
            mixed = background.copy()
            mixed[:, sorted(coalition)] = row[sorted(coalition)]
            return float(np.mean(0.3 + mixed @ b))

        assert values == pytest.approx(games.shapley(value, 4), abs=1e-12)
    assert found.margin() == pytest.approx(0.3 + x @ b, abs=1e-12)


@given(seed=st.integers(0, 10_000))
def test_axioms(seed: int) -> None:
    """Additivity; a feature without splits has nothing; a row against itself has nothing; swapping changes the sign."""
    rng = np.random.default_rng(seed)
    step = games.random_step(rng, 4, 3, 3)
    for tree in step["trees"]:
        tree["feature"] = [min(f, 2) for f in tree["feature"]]
    x, z = games.random_rows(rng, 1, 4), games.random_rows(rng, 1, 4)
    there, back = tree_shapley(step, each(4), x, z), tree_shapley(step, each(4), z, x)
    assert there.margin() == pytest.approx(evaluate_trees(step, x), abs=1e-9)
    assert (there.values[:, 3] == 0).all()
    assert there.values == pytest.approx(-back.values, abs=1e-12)
    assert tree_shapley(step, each(4), x, x).values == pytest.approx(0.0, abs=1e-15)


def test_every_feature_has_one_player() -> None:
    step = games.random_step(np.random.default_rng(1), 3, 1, 1)
    rows = np.zeros((1, 3))
    with pytest.raises(ValueError, match="feature 2 has no player"):
        pack_attribution(step, [[0], [1]], rows)
    with pytest.raises(ValueError, match="feature 1 has two players"):
        pack_attribution(step, [[0, 1], [1, 2]], rows)
    with pytest.raises(ValueError, match="exactly one player"):
        path_dependent_shapley(step, {"a": [0]}, rows, rows)
