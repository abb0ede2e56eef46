"""Boosting: our trees against xgboost's own, independence of row order and threads, the exact monotone check."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.models.boosting import fit_boosting, parameter_items, prebin, training_parameters
from credit_risk.models.monotonicity import leaf_regions, monotonicity_frame, violations_of
from credit_risk.models.spec import MonotoneBoostingSpec
from credit_risk.scoring.steps import evaluate_trees, tree_leaves

SPEC = MonotoneBoostingSpec(id="boosting", type="monotone_boosting", trees=30)


@pytest.fixture(scope="module")
def data() -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(5)
    n = 4000
    frame = pd.DataFrame({"a": rng.normal(size=n), "b": rng.integers(0, 12, n).astype(float), "c": rng.random(n)})
    frame.loc[rng.random(n) < 0.1, "a"] = np.nan
    z = frame["a"].fillna(0.7) - 0.2 * frame["b"] + np.sin(6 * frame["c"])
    return frame, (rng.random(n) < 1 / (1 + np.exp(1 - z))).astype(float)


def test_trees_equal_xgboost(data: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = data
    fit = fit_boosting(frame, y, [1, -1, 0], SPEC)
    x = np.column_stack([prebin(frame[c].to_numpy(), SPEC.max_bin) for c in frame])
    params = training_parameters(SPEC, [1, -1, 0], fit.base_score, 1)
    booster = xgboost.train(params, xgboost.DMatrix(x, label=y), SPEC.trees)
    raw = xgboost.DMatrix(frame.to_numpy().astype(np.float32))
    margin = booster.predict(raw, output_margin=True)
    ours = evaluate_trees(fit.step(), frame.to_numpy())
    np.testing.assert_allclose(ours, margin, atol=5e-6)
    leaves = tree_leaves(fit.step(), frame.to_numpy())
    np.testing.assert_array_equal(leaves, booster.predict(raw, pred_leaf=True))


@pytest.mark.parametrize("threads", [2, 4, 8])
def test_threads_and_row_order_do_not_matter(data: tuple[pd.DataFrame, np.ndarray], threads: int) -> None:
    frame, y = data
    order = np.random.default_rng(threads).permutation(len(y))
    one = fit_boosting(frame, y, [1, -1, 0], SPEC)
    other = fit_boosting(frame.iloc[order], y[order], [1, -1, 0], SPEC, threads=threads)
    assert one.trees == other.trees


def test_constraints_hold_and_their_absence_is_found(data: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = data
    bound = fit_boosting(frame, y, [1, -1, 0], SPEC)
    table = monotonicity_frame(bound.trees, bound.features, bound.constraints)
    assert list(table["feature"]) == ["a", "b"]
    assert (table["violations"] == 0).all()
    assert (table["leaf_pairs"] > 0).all()
    free = fit_boosting(frame, y, [0, 0, 0], SPEC)
    assert monotonicity_frame(free.trees, free.features, [1, 1, 1])["violations"].min() > 0


def random_tree(seed: int, features: int = 3, depth: int = 3) -> dict[str, list]:
    rng = np.random.default_rng(seed)
    tree: dict[str, list] = {k: [] for k in ("feature", "threshold", "left", "right", "default_left", "value")}

    def grow(level: int) -> int:
        node = len(tree["left"])
        leaf = level == depth or rng.random() < 0.2
        row = {
            "feature": -1 if leaf else int(rng.integers(features)),
            "threshold": None if leaf else float(rng.integers(1, 4)),
            "left": -1,
            "right": -1,
            "default_left": bool(rng.random() < 0.5) and not leaf,
            "value": float(rng.integers(-2, 3)) if leaf else 0.0,
        }
        for key, value in row.items():
            tree[key].append(value)
        if not leaf:
            tree["left"][node] = grow(level + 1)
            tree["right"][node] = grow(level + 1)
        return node

    grow(0)
    return tree


def walk(tree: dict[str, list], x: tuple[float, ...]) -> float:
    node = 0
    while tree["left"][node] >= 0:
        value = x[tree["feature"][node]]
        left = tree["default_left"][node] if np.isnan(value) else value < tree["threshold"][node]
        node = tree["left"][node] if left else tree["right"][node]
    return tree["value"][node]


@given(st.integers(0, 100_000), st.sampled_from([1, -1]))
@settings(max_examples=150, deadline=None)
def test_exact_check_agrees_with_a_full_grid(seed: int, direction: int) -> None:
    tree = random_tree(seed)
    grid = [0.5, 1.5, 2.5, 3.5]
    broken = False
    for others in itertools.product([*grid, float("nan")], repeat=2):
        path = [walk(tree, (value, *others)) for value in grid]
        broken |= bool(np.any(direction * np.diff(path) < 0))
    pairs, violations, _ = violations_of(leaf_regions(tree, 3), 0, direction)
    assert (violations > 0) == broken
    assert violations <= pairs


@given(
    st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=600), st.integers(2, 40)
)
@settings(max_examples=60, deadline=None)
def test_prebinned_values_route_like_the_originals(values: list[float], maximum: int) -> None:
    x = np.array(values)
    binned = prebin(x, maximum)
    edges = np.unique(binned)
    assert len(edges) <= maximum
    for edge in edges:
        np.testing.assert_array_equal(binned < edge, x.astype(np.float32) < edge)


def test_values_beyond_float32_are_counted(data: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = data
    large = frame.assign(c=np.where(np.arange(len(y)) < 7, 1e300, frame["c"]))
    items = parameter_items(fit_boosting(large, y, [1, -1, 0], SPEC))
    assert items["values beyond float32, trained as the greatest float32"] == "7"
