"""Trees and their thresholds against xgboost itself."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.scoring import boundary_double
from credit_risk.scoring.steps import evaluate_trees, tree_leaves

SINGLES = st.floats(width=32, allow_nan=False, allow_infinity=False)


def _single(x: float) -> np.float32:
    with np.errstate(over="ignore"):
        return np.float32(x)


@given(SINGLES)
def test_boundary_branches_as_float32_does(t: float) -> None:
    boundary = boundary_double(t)
    with np.errstate(over="ignore"):
        below = float(np.nextafter(np.float32(t), np.float32(-np.inf)))
    middle = below + (t - below) / 2 if np.isfinite(below) else -(2.0**128)
    around = [t, below, middle, boundary, 0.0, -0.0, 1e308, -1e308]
    around += [float(np.nextafter(x, d)) for x in around for d in (-np.inf, np.inf) if np.isfinite(x)]
    for x in around:
        if np.isfinite(x):
            assert (_single(x) < np.float32(t)) == (x < boundary), (t, x, boundary)
    # the smallest such double: one step below, float32 is on the other side
    assert _single(float(np.nextafter(boundary, -np.inf))) < np.float32(t)
    assert not _single(boundary) < np.float32(t)


@pytest.mark.parametrize(
    "t", [0.0, -0.0, 1e-45, -1e-45, 1.1754944e-38, 3.4028235e38, -3.4028235e38, 1.0, -1.0, 2.0**24]
)
def test_boundary_at_awkward_thresholds(t: float) -> None:
    test_boundary_branches_as_float32_does.hypothesis.inner_test(float(np.float32(t)))


def test_boundary_takes_arrays_and_refuses_what_is_not_float32() -> None:
    values = np.array([0.5, -3.25, 1e-3], dtype=np.float32)
    assert boundary_double(values).tolist() == [boundary_double(float(v)) for v in values]
    for bad in (0.1, np.nan, np.inf, 1e39):
        with pytest.raises(ValueError, match="float32"):
            boundary_double(bad)


@pytest.fixture(scope="module")
def trained() -> tuple[Any, dict[str, Any], np.ndarray]:
    """An xgboost model on data with ties and missing values, its `trees` step, and its data."""
    xgboost = pytest.importorskip("xgboost", reason="needs the extra `model`")
    rng = np.random.default_rng(7)
    x = np.column_stack([rng.normal(size=3000), rng.integers(0, 40, 3000) / 10, np.round(rng.exponential(50, 3000), 2)])
    x[rng.random(x.shape) < 0.1] = np.nan
    logit = np.nan_to_num(x[:, 0]) + np.nan_to_num(x[:, 1], nan=2.0) - np.nan_to_num(x[:, 2]) / 50
    y = (rng.random(3000) < 1 / (1 + np.exp(-logit))).astype(float)
    settings = {
        "objective": "binary:logistic",
        "max_depth": 4,
        "eta": 0.3,
        "tree_method": "hist",
        "nthread": 1,
        "seed": 1,
    }
    settings |= {"monotone_constraints": "(1,0,-1)", "gamma": 0.5}
    booster = xgboost.train(settings, xgboost.DMatrix(x, y), num_boost_round=40)
    learner = json.loads(booster.save_raw("json"))["learner"]
    base = float(np.ravel(json.loads(learner["learner_model_param"]["base_score"]))[0])
    trees = [_tree(raw) for raw in learner["gradient_booster"]["model"]["trees"]]
    return booster, {"base_margin": float(np.log(base / (1 - base))), "features": ["a", "b", "c"], "trees": trees}, x


def _tree(raw: dict[str, Any]) -> dict[str, Any]:
    leaf = [left == -1 for left in raw["left_children"]]
    conditions = raw["split_conditions"]
    return {
        "left": raw["left_children"],
        "right": raw["right_children"],
        "feature": [-1 if end else f for end, f in zip(leaf, raw["split_indices"], strict=True)],
        "threshold": [None if end else boundary_double(np.float32(t)) for end, t in zip(leaf, conditions, strict=True)],
        "default_left": [bool(d) for d in raw["default_left"]],
        "value": [float(np.float32(v)) if end else 0.0 for end, v in zip(leaf, conditions, strict=True)],
    }


def _adversarial(step: dict[str, Any], x: np.ndarray) -> np.ndarray:
    """Rows of `x` with one feature moved to a threshold, its float32 value, and neighbours in either precision."""
    rows = []
    for tree in step["trees"]:
        for feature, edge in zip(tree["feature"], tree["threshold"], strict=True):
            if feature < 0:
                continue
            single = np.float32(edge)
            near = [float(single), *(float(np.nextafter(single, np.float32(d))) for d in (-np.inf, np.inf))]
            near += [edge, *(float(np.nextafter(v, d)) for v in (edge, float(single)) for d in (-np.inf, np.inf))]
            for value in near:
                row = x[len(rows) % len(x)].copy()
                row[feature] = value
                rows.append(row)
    return np.array(rows)


def test_leaves_are_those_of_xgboost_on_data_and_on_boundaries(trained: tuple[Any, dict[str, Any], np.ndarray]) -> None:
    import xgboost

    booster, step, x = trained
    for rows in (x, _adversarial(step, x)):
        expected = booster.predict(xgboost.DMatrix(rows), pred_leaf=True).astype(int)
        assert len(rows) > 1000
        np.testing.assert_array_equal(tree_leaves(step, rows), expected)


def test_raw_score_is_xgboosts_up_to_its_float32_sums(trained: tuple[Any, dict[str, Any], np.ndarray]) -> None:
    import xgboost

    booster, step, x = trained
    margin = booster.predict(xgboost.DMatrix(x), output_margin=True)
    np.testing.assert_allclose(evaluate_trees(step, x), margin, atol=1e-5)
    literal = np.full(len(x), step["base_margin"])
    for k, tree in enumerate(step["trees"]):
        literal = (
            literal + np.array(tree["value"])[booster.predict(xgboost.DMatrix(x), pred_leaf=True).astype(int)[:, k]]
        )
    np.testing.assert_array_equal(evaluate_trees(step, x), literal)


def test_offset_comes_before_the_leaves(trained: tuple[Any, dict[str, Any], np.ndarray]) -> None:
    _, step, x = trained
    offset = np.linspace(-1e15, 1e15, len(x))
    expected = step["base_margin"] + offset
    for k, leaves in enumerate(tree_leaves(step, x).T):
        expected = expected + np.array(step["trees"][k]["value"])[leaves]
    np.testing.assert_array_equal(evaluate_trees(step, x, offset), expected)
