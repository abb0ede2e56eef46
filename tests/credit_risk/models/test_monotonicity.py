"""The exact check of monotonicity: against full grids of random trees, and of models that xgboost trained."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.models.boosting import BoostingFit, fit_boosting
from credit_risk.models.monotonicity import leaf_regions, monotonicity_frame, violations_of
from credit_risk.models.spec import MonotoneBoostingSpec
from credit_risk.scoring.steps import evaluate_trees


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


def fitted(seed: int, constraints: list[int], **options: object) -> tuple[BoostingFit, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    n = 400
    frame = pd.DataFrame(
        {"a": rng.normal(size=n).round(1), "b": rng.integers(0, 6, n).astype(float), "c": rng.random(n)}
    )
    frame = frame.mask(rng.random((n, 3)) < 0.15)
    risk = np.sin(2 * frame["a"].fillna(1)) + 0.3 * frame["b"].fillna(3) * (frame["c"].fillna(0.5) > 0.5) - 1
    y = (rng.random(n) < 1 / (1 + np.exp(-risk))).astype(float)
    settings = {"trees": 12, "min_child_weight": 0.5, "max_bin": 12, **options}
    spec = MonotoneBoostingSpec(id="b", type="monotone_boosting", **settings)
    weights = rng.random(n) + 0.5 if seed % 2 else None
    return fit_boosting(frame, y, constraints, spec, weights=weights), frame


def every_interval(fit: BoostingFit) -> list[np.ndarray]:
    """For each feature a value in every gap between its thresholds, over all trees."""
    found = []
    for feature in range(len(fit.features)):
        pairs = (zip(t["feature"], t["threshold"], strict=True) for t in fit.trees)
        thresholds = np.unique([t for tree in pairs for f, t in tree if f == feature])
        lowest = [np.nextafter(thresholds[0], -np.inf)] if len(thresholds) else [0.0]
        found.append(np.concatenate([lowest, thresholds]))
    return found


@given(
    st.integers(0, 10_000),
    st.lists(st.sampled_from([-1, 0, 1]), min_size=3, max_size=3),
    st.sampled_from([{}, {"depth": 1}, {"depth": 4, "leaves": 6}, {"reg_lambda": 0.0, "gamma": 0.1}]),
)
@settings(max_examples=12, deadline=None)
def test_trained_trees_keep_their_directions_in_every_interval(
    seed: int, constraints: list[int], options: dict
) -> None:
    fit, _ = fitted(seed, constraints, **options)
    table = monotonicity_frame(fit.trees, fit.features, fit.constraints)
    assert (table["violations"] == 0).all()
    grids = every_interval(fit)
    assert table["thresholds"].tolist() == [
        len(grid) - 1 for grid, direction in zip(grids, constraints, strict=True) if direction
    ]
    for feature, direction in enumerate(constraints):
        if direction == 0:
            continue
        others = [[*grids[i], np.nan] for i in range(3) if i != feature]
        points = np.array(list(itertools.product(*others)))
        margins = []
        for value in grids[feature]:
            matrix = np.insert(points, feature, value, axis=1)
            margins.append(evaluate_trees(fit.step(), matrix))
        assert (direction * np.diff(np.array(margins), axis=0) >= 0).all()


def test_unbound_trees_break_directions_and_by_how_much_is_told() -> None:
    fit, _ = fitted(4, [0, 0, 0])
    table = monotonicity_frame(fit.trees, fit.features, [1, 1, 1])
    assert table["violations"].min() > 0
    assert (table["violations"] <= table["leaf_pairs"]).all()
    assert table["largest_violation"].min() > 0.01


def test_a_sum_may_be_monotone_though_a_tree_is_not() -> None:
    """Why the check is sufficient and not necessary; xgboost's constraints bind each tree, so that it never shows."""
    stump = {"feature": [0, -1, -1], "threshold": [1.0, None, None], "left": [1, -1, -1], "right": [2, -1, -1]}
    stump["default_left"] = [True, False, False]
    up, down = {**stump, "value": [0.0, 0.0, 2.0]}, {**stump, "value": [0.0, 1.0, 0.0]}
    step = {"features": ["a"], "base_margin": 0.0, "offset": None, "trees": [up, down]}
    assert np.diff(evaluate_trees(step, np.array([[0.0], [2.0]])))[0] > 0
    assert monotonicity_frame([up, down], ["a"], [1])["violations"].tolist() == [1]
