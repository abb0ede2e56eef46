"""Boosting: our trees against xgboost's own, independence of row order and threads, offsets, guards."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk._core.errors import ModelError
from credit_risk.models import boosting
from credit_risk.models.boosting import Bounds, fit_boosting, parameter_items, training_parameters
from credit_risk.models.boosting_rows import boosting_rows, prebin
from credit_risk.models.interactions import path_features
from credit_risk.models.spec import MonotoneBoostingSpec
from credit_risk.scoring.steps import evaluate_trees, tree_leaves

SPEC = MonotoneBoostingSpec(id="boosting", type="monotone_boosting", trees=30)
Data = tuple[pd.DataFrame, np.ndarray]


def spec(**settings: object) -> MonotoneBoostingSpec:
    return MonotoneBoostingSpec(id="boosting", type="monotone_boosting", **{"trees": 30, **settings})


@pytest.fixture(scope="module")
def data() -> Data:
    rng = np.random.default_rng(5)
    n = 4000
    frame = pd.DataFrame({"a": rng.normal(size=n), "b": rng.integers(0, 12, n).astype(float), "c": rng.random(n)})
    frame.loc[rng.random(n) < 0.1, "a"] = np.nan
    z = frame["a"].fillna(0.7) - 0.2 * frame["b"] + np.sin(6 * frame["c"])
    return frame, (rng.random(n) < 1 / (1 + np.exp(1 - z))).astype(float)


@pytest.mark.parametrize("options", [{}, {"leaves": 5, "depth": 6}, {"depth": 1, "gamma": 3.0, "reg_lambda": 7.0}])
def test_trees_equal_xgboost(data: Data, options: dict[str, object]) -> None:
    frame, y = data
    asked = spec(**options)
    fit = fit_boosting(frame, y, [1, -1, 0], asked)
    rows = boosting_rows(frame, y)
    params = training_parameters(asked, Bounds((1, -1, 0)), fit.base_score, 1)
    booster = xgboost.train(params, xgboost.DMatrix(rows.x, label=rows.y), asked.trees)
    assert len(fit.trees) == booster.num_boosted_rounds() == asked.trees
    raw = xgboost.DMatrix(frame.to_numpy().astype(np.float32))
    ours = evaluate_trees(fit.step(), frame.to_numpy())
    np.testing.assert_allclose(ours, booster.predict(raw, output_margin=True), atol=5e-6)
    np.testing.assert_array_equal(tree_leaves(fit.step(), frame.to_numpy()), booster.predict(raw, pred_leaf=True))


@pytest.fixture(scope="module")
def weights(data: Data) -> np.ndarray:
    return np.random.default_rng(2).lognormal(0, 1.5, len(data[1]))


@pytest.mark.parametrize("threads", range(1, 9))
@pytest.mark.parametrize("weighted", [False, True])
def test_threads_and_row_order_do_not_matter(data: Data, weights: np.ndarray, threads: int, weighted: bool) -> None:
    frame, y = data
    w = weights if weighted else None
    order = np.random.default_rng(threads).permutation(len(y))
    one = fit_boosting(frame, y, [1, -1, 0], SPEC, weights=w)
    shuffled = None if w is None else w[order]
    other = fit_boosting(frame.iloc[order], y[order], [1, -1, 0], SPEC, weights=shuffled, threads=threads)
    assert one.trees == other.trees
    assert one.base_margin == other.base_margin


@given(st.integers(0, 2**32), st.booleans(), st.integers(2, 256))
@settings(max_examples=15, deadline=None)
def test_any_order_of_any_rows_gives_the_same_trees(seed: int, weighted: bool, max_bin: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(300, 900))
    frame = pd.DataFrame({"x": rng.normal(size=n), "k": rng.integers(0, 5, n).astype(float)})
    frame.loc[rng.random(n) < rng.random() / 2, "x"] = np.nan
    y = (rng.random(n) < 0.2 + 0.6 * (frame["k"] > 2)).astype(float)
    w = rng.gamma(0.5, size=n) + 1e-3 if weighted else None
    small = spec(trees=5, max_bin=max_bin, min_child_weight=1.0)
    order = rng.permutation(n)
    one = fit_boosting(frame, y, [1, 0], small, weights=w)
    other = fit_boosting(frame.iloc[order], y[order], [1, 0], small, weights=None if w is None else w[order])
    assert one.trees == other.trees


def test_what_xgboost_itself_makes_of_row_order(data: Data) -> None:
    """Why values are pre-binned: with more distinct values than bins, xgboost's own cuts depend on the order."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60_000, 1))
    y = (rng.random(60_000) < 1 / (1 + np.exp(-x[:, 0]))).astype(float)
    params = training_parameters(spec(trees=3), Bounds((1,)), 0.5, 1)

    def dumped(order: np.ndarray) -> list[str]:
        return xgboost.train(params, xgboost.DMatrix(x[order], label=y[order]), 3).get_dump()

    order = rng.permutation(len(y))
    assert dumped(np.arange(len(y))) != dumped(order)
    frame = pd.DataFrame({"x": x[:, 0]})
    ours = [fit_boosting(frame.iloc[o], y[o], [1], spec(trees=3)).trees for o in (np.arange(len(y)), order)]
    assert ours[0] == ours[1]


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


def test_values_beyond_float32_are_counted(data: Data) -> None:
    frame, y = data
    large = frame.assign(c=np.where(np.arange(len(y)) < 7, 1e300, frame["c"]))
    items = parameter_items(fit_boosting(large, y, [1, -1, 0], SPEC))
    assert items["values beyond float32, trained as the greatest float32"] == "7"


def test_weights_count_like_repeated_rows(data: Data) -> None:
    frame, y = data
    times = np.random.default_rng(1).integers(1, 4, len(y))
    weighted = fit_boosting(frame, y, [1, -1, 0], spec(max_bin=8, trees=8), weights=times.astype(float))
    x = np.column_stack([prebin(frame[c].to_numpy(), 8) for c in frame])
    repeated = pd.DataFrame(np.repeat(x, times, axis=0).astype(float), columns=frame.columns)
    again = fit_boosting(repeated, np.repeat(y, times), [1, -1, 0], spec(trees=8))
    assert [t["threshold"] for t in weighted.trees] == [t["threshold"] for t in again.trees]
    for one, other in zip(weighted.trees, again.trees, strict=True):
        np.testing.assert_allclose(one["value"], other["value"], atol=1e-6)


# ------------------------------------------------------------------------------------------------ interactions
def test_interaction_groups_hold_in_every_path(data: Data) -> None:
    frame, y = data
    free = fit_boosting(frame, y, [0, 0, 0], SPEC)
    bound = fit_boosting(frame, y, [0, 0, 0], SPEC, groups=[(0, 2), (1,)])
    allowed = [{0, 2}, {1}]
    assert any(len(used) > 1 for tree in bound.trees for used in path_features(tree))
    assert all(any(used <= group for group in allowed) for tree in bound.trees for used in path_features(tree))
    assert not all(any(used <= group for group in allowed) for tree in free.trees for used in path_features(tree))
    assert parameter_items(bound)["interaction_constraints"] == "a, c; b"


# ------------------------------------------------------------------------------------------------------ offset
def test_trees_start_from_the_offset_of_each_row(data: Data) -> None:
    frame, y = data
    offset = np.round(np.random.default_rng(3).normal(-1, 0.5, len(y)), 3).astype(np.float32).astype(float)
    fit = fit_boosting(frame, y, [1, -1, 0], SPEC, offset=offset)
    rows = boosting_rows(frame, y, offset=offset)
    matrix = xgboost.DMatrix(rows.x, label=rows.y, base_margin=rows.offset)
    booster = xgboost.train(training_parameters(SPEC, Bounds((1, -1, 0)), fit.base_score, 1), matrix, SPEC.trees)
    theirs = booster.predict(matrix, output_margin=True)
    ours = evaluate_trees(fit.step(offset="first"), frame.to_numpy(), offset)[rows.source]
    np.testing.assert_allclose(ours, theirs, atol=5e-6)
    assert fit.base_margin == 0.0
    assert "base_score" not in parameter_items(fit)


def test_an_offset_is_needed_where_it_was_fitted_and_only_there(data: Data) -> None:
    frame, y = data
    with_offset = fit_boosting(frame, y, [1, -1, 0], spec(trees=2), offset=np.zeros(len(y)))
    with pytest.raises(ValueError, match="fitted with an offset"):
        with_offset.step()
    with pytest.raises(ValueError, match="fitted without an offset"):
        fit_boosting(frame, y, [1, -1, 0], spec(trees=2)).step(offset="first")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_offset_that_is_not_a_number_is_refused(data: Data, value: float) -> None:
    frame, y = data
    offset = np.zeros(len(y))
    offset[[17, 40]] = value
    with pytest.raises(ModelError, match="in 2 of 4,000 rows") as caught:
        fit_boosting(frame, y, [1, -1, 0], SPEC, offset=offset)
    assert caught.value.faults[0].row == 18


def test_one_class_is_refused(data: Data) -> None:
    frame, y = data
    with pytest.raises(ModelError, match="goods and bads"):
        fit_boosting(frame, np.zeros(len(y)), [1, -1, 0], SPEC)


# ----------------------------------------------------------------------------------- known defects of xgboost
def root_gain(constraints: tuple[int, ...] | None, alpha: float) -> float:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(3000, 1)).round(1)
    y = (rng.random(3000) < 1 / (1 + np.exp(-2 * x[:, 0]))).astype(float)
    params = {"objective": "binary:logistic", "tree_method": "hist", "max_depth": 1, "alpha": alpha, "base_score": 0.5}
    if constraints is not None:
        params["monotone_constraints"] = constraints
    booster = xgboost.train({**params, "nthread": 1, "verbosity": 0}, xgboost.DMatrix(x, label=y), 1)
    return float(booster.trees_to_dataframe()["Gain"].iloc[0])


def test_alpha_distorts_gains_where_the_guard_says_so() -> None:
    """The gain of a split cannot depend on a constraint that does not bind; up to 3.3 it does where alpha counts."""
    assert root_gain((1,), 0.0) == pytest.approx(root_gain(None, 0.0), rel=1e-5)
    distorted = abs(root_gain((1,), 50.0) / root_gain(None, 50.0) - 1) > 1e-3
    guarded = boosting._release(xgboost.__version__) < boosting.ALPHA_FROM
    assert distorted == guarded


@pytest.mark.parametrize(("version", "refused"), [("3.2.0", True), ("3.3.1", True), ("3.4.0", False), ("4.0", False)])
def test_alpha_is_refused_before_the_version_that_is_right(
    data: Data, monkeypatch: pytest.MonkeyPatch, version: str, refused: bool
) -> None:
    monkeypatch.setattr(xgboost, "__version__", version)
    frame, y = data
    if refused:
        with pytest.raises(ModelError, match=r"reg_alpha.*monotone") as caught:
            fit_boosting(frame, y, [1, -1, 0], spec(reg_alpha=1.0, trees=1))
        assert caught.value.faults[0].path == "models.boosting.reg_alpha"
        assert fit_boosting(frame, y, [1, -1, 0], spec(trees=1)).trees
    else:
        assert len(fit_boosting(frame, y, [1, -1, 0], spec(reg_alpha=1.0, trees=1)).trees) == 1


def test_neighbouring_float32_values_with_missing_are_told_apart() -> None:
    """`exact` sends both one way (and is not offered); ours tells them apart."""
    values = np.array([20_000_000.0, 20_000_002.0, np.nan])
    x = np.repeat(values, [400, 400, 200])
    y = np.concatenate([np.arange(400) < 64, np.arange(400) < 240, np.ones(200)]).astype(float)
    fit = fit_boosting(pd.DataFrame({"x": x}), y, [1], spec(trees=1, depth=1, min_child_weight=0.0))
    low, high = evaluate_trees(fit.step(), values[:2, None])
    assert low < high
    params = {"tree_method": "exact", "objective": "binary:logistic", "max_depth": 1, "min_child_weight": 0}
    exact = xgboost.train(params | {"nthread": 1}, xgboost.DMatrix(x[:, None], label=y), 1)
    theirs = exact.predict(xgboost.DMatrix(values[:2, None]))
    assert theirs[0] == theirs[1], "xgboost tells them apart now: the defect that the guard is for is gone"
    with pytest.raises(ValueError, match="tree_method"):
        spec(tree_method="exact")
