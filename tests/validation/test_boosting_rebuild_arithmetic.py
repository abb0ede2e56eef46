"""Single precision, gains, cuts and bounds of the validator's own boosting, each against something else."""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.scoring.thresholds import boundary_double
from tests.validation.boosted_tables import differing
from tests.validation.freeze_boosting import CASES, FROZEN, settings_of, small_table
from validation.rebuild.boosting.bounds import Limits, allowed, below
from validation.rebuild.boosting.cuts import bin_features, in_few_values
from validation.rebuild.boosting.differences import LOWEST, boundary
from validation.rebuild.boosting.gain import LARGEST, gains, weights
from validation.rebuild.boosting.gradients import gradients, probability, start_margin
from validation.rebuild.boosting.histograms import Summing
from validation.rebuild.boosting.numbers32 import exp32, log32
from validation.rebuild.boosting.remembered import trained
from validation.rebuild.boosting.settings import Settings
from validation.rebuild.boosting.stated import directions_of, groups_of
from validation.rebuild.boosting.stated import settings_of as read_settings
from validation.rebuild.boosting.training import train

FREE = Settings(rounds=1, learning_rate=0.3, depth=3, l2=1.5, l1=0.5)
RNG = np.random.default_rng(11)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("of", [(3, 2), (3, 3), (3, 4)])
def test_trees_of_each_arithmetic_as_frozen(of: tuple[int, int], name: str) -> None:
    """xgboost 3.2, 3.3 (−∞ as a threshold) and 3.4 (gains in double precision), whatever is installed."""
    text = (FROZEN / f"xgboost_{of[0]}_{of[1]}.json").read_text("utf-8").replace('"-inf"', "-Infinity")
    x, y = small_table()
    share = float(np.float32(np.mean(y)))
    found, nodes = differing(json.loads(text)[name], train(x, y, settings_of(name, of), share=share))
    assert found == []
    assert nodes > 20


def library(name: str) -> ctypes._CFuncPtr:
    path = ctypes.util.find_library("m")
    if path is None or "libm.so" not in path:
        pytest.xfail("the C library of Linux is what single precision is held against")
    function = getattr(ctypes.CDLL(path), name)
    function.restype, function.argtypes = ctypes.c_float, [ctypes.c_float]
    return function


def test_exp_and_ln_are_those_of_the_c_library() -> None:
    x = np.concatenate([RNG.normal(0.0, 3.0, 60_000), RNG.uniform(-87.0, 88.7, 20_000)]).astype(np.float32)
    expf, logf = library("expf"), library("logf")
    assert np.array_equal(exp32(x), np.array([expf(v) for v in x.tolist()], np.float32))
    positive = np.exp(RNG.uniform(-40.0, 40.0, 20_000)).astype(np.float32)
    assert [log32(v) for v in positive] == [np.float32(logf(v)) for v in positive.tolist()]


def test_exp_and_ln_are_right_to_a_rounding() -> None:
    x = RNG.normal(0.0, 5.0, 20_000).astype(np.float32)
    assert np.max(np.abs(exp32(x) / np.exp(x.astype(np.float64)) - 1.0)) < 2.0**-23.9
    for v in np.exp(RNG.uniform(-30.0, 30.0, 2_000)).astype(np.float32):
        assert abs(float(log32(v)) - np.log(float(v))) <= 2.0**-23.5 * max(abs(np.log(float(v))), 0.1)


def test_gradients_are_derivatives_of_the_log_loss() -> None:
    margin, y = RNG.normal(0.0, 2.0, 200).astype(np.float32), RNG.integers(0, 2, 200).astype(np.float32)
    w = RNG.gamma(2.0, 1.0, 200).astype(np.float32)
    m, h = margin.astype(np.float64), 1e-4
    loss = [w * (np.logaddexp(0.0, m + k * h) - y * (m + k * h)) for k in (-1, 0, 1)]
    found = gradients(margin, y, w)
    assert np.allclose(found[:, 0], (loss[2] - loss[0]) / (2.0 * h), atol=1e-5)
    assert np.allclose(found[:, 1], (loss[2] - 2.0 * loss[1] + loss[0]) / h**2, atol=1e-5)
    assert np.array_equal(probability(np.array([-200.0, 200.0], np.float32)) > 0.5, [False, True])
    assert abs(start_margin(0.2) - np.log(0.25)) < 1e-6


@pytest.mark.parametrize("version", [(3, 2), (3, 4)])
def test_weight_and_gain_are_the_best_of_the_penalised_loss(version: tuple[int, int]) -> None:
    settings = Settings(rounds=1, learning_rate=0.3, depth=3, l2=1.5, l1=0.5, version=version)
    slope, curvature = RNG.normal(0.0, 5.0, 50), RNG.gamma(3.0, 2.0, 50) + 1.0
    none = np.full(50, -LARGEST), np.full(50, LARGEST)
    found = weights(slope, curvature, *none, settings)
    grid = np.linspace(-8.0, 8.0, 400_001)
    for g, h, w, gain in zip(slope, curvature, found, gains(slope, curvature, found, settings), strict=True):
        loss = g * grid + 0.5 * (h + 1.5) * grid**2 + 0.5 * np.abs(grid)
        assert abs(grid[np.argmin(loss)] - w) < 1e-4
        assert abs(-2.0 * loss.min() - gain) < 1e-4 * max(1.0, gain)


def test_weights_keep_bounds_steps_and_the_least_hessian() -> None:
    slope, curvature = np.array([-9.0, 9.0, -9.0, -9.0]), np.array([2.0, 2.0, 0.5, 0.0])
    low, high = np.full(4, -0.5, np.float32), np.full(4, 0.25, np.float32)
    bounded = Settings(rounds=1, learning_rate=1.0, depth=1, directions=(0,), largest_step=0.4)
    assert np.array_equal(weights(slope, curvature, low, high, bounded), np.float32([0.25, -0.4, 0.0, 0.0]))
    later = Settings(rounds=1, learning_rate=1.0, depth=1, directions=(0,), largest_step=0.4, version=(3, 4))
    assert np.array_equal(weights(slope, curvature, low, high, later), np.float32([0.25, -0.4, 0.25, 0.0]))


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_boundaries_are_those_of_the_format(values: list[float]) -> None:
    thresholds = np.array(values, np.float32)
    assert np.array_equal(boundary(thresholds), np.atleast_1d(boundary_double(thresholds)))
    assert boundary(np.array([-np.inf], np.float32))[0] == LOWEST


def test_values_become_lower_edges_of_bins_of_equal_frequency() -> None:
    column = np.array([5.0, 1.0, 1.0, 2.0, 3.0, 4.0, np.nan, 6.0, 7.0])
    found = in_few_values(column, 4)
    assert np.array_equal(found, np.float32([4, 1, 1, 2, 2, 4, np.nan, 6, 6]), equal_nan=True)
    assert np.array_equal(in_few_values(column, 7), column.astype(np.float32), equal_nan=True)


def test_sums_by_bin_are_those_of_counting() -> None:
    x = np.round(RNG.normal(size=(300, 3)), 1).astype(np.float32)
    x[RNG.random(x.shape) < 0.2] = np.nan
    binned = bin_features(x)
    rows, gradient = np.flatnonzero(RNG.random(300) < 0.4), RNG.normal(size=(300, 2)).astype(np.float32).astype(float)
    found = Summing(binned).of(rows, gradient)
    for place in range(binned.total):
        feature = binned.owner[place]
        inside = rows[(x[rows, feature] < binned.above[place])]
        lower = binned.first[feature]
        assert np.array_equal(found[:, lower : place + 1].sum(axis=1), gradient[inside].sum(axis=0))


def test_bounds_of_children_and_features_that_may_follow() -> None:
    settings = Settings(rounds=1, learning_rate=1.0, depth=2, directions=(1, -1, 0), groups=((0, 1), (2,)))
    left, right = below(Limits(), 0, np.float32(-1), np.float32(3), settings)
    assert (left.high, right.low, left.low, right.high) == (1.0, 1.0, -LARGEST, LARGEST)
    left, right = below(left, 1, np.float32(1), np.float32(-2), settings)
    assert (left.low, right.high) == (-0.5, -0.5)
    assert allowed(Limits(), 3, settings) is None
    assert np.array_equal(allowed(left, 3, settings), [True, True, False])


def test_stated_settings_are_read_with_commas_in_names() -> None:
    names = ["a", "a, b", "special(x, -2)"]
    assert directions_of("a none, a, b ascending, special(x, -2) descending", names) == (0, 1, -1)
    assert groups_of("a, b, special(x, -2); a", names) == ((1, 2), (0,))
    with pytest.raises(ValueError, match="no direction of a, b"):
        directions_of("a none, special(x, -2) descending", names)
    with pytest.raises(ValueError, match="does not state"):
        read_settings({"objective": "binary:logistic"}, names, {"xgboost": "3.2.0"})


def test_training_is_remembered_by_all_that_it_depends_on(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = small_table()
    calls = []
    own = train
    module = importlib.import_module("validation.rebuild.boosting.remembered")
    monkeypatch.setattr(module, "train", lambda *a, **k: calls.append(1) or own(*a, **k))
    given = {"share": 0.4, "weight": np.full(len(y), 1.25)}
    first = trained(x, y, FREE, **given)
    assert trained(x.copy(), y, FREE, **given) is first
    trained(x, y, FREE, **{**given, "share": 0.41})
    trained(x + 1.0, y, FREE, **given)
    trained(x, y, FREE, **given, offset=np.zeros(len(y)))
    assert len(calls) == 4
