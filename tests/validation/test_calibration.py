"""The validator's tests of calibration and bounds of KS against the modelling package and by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special

from credit_risk.evaluation.calibration_tests import (
    calibration_intercept,
    calibration_slope,
    hosmer_lemeshow,
    probability_groups,
)
from credit_risk.evaluation.clustered import clustered_ks
from validation.rebuild import calibration

seeds = st.integers(0, 2**32 - 1)


def world(seed: int, n: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    linear = random.normal(-1.0, 1.0, n).round(1)
    y = (random.random(n) < special.expit(linear)).astype(float)
    y[:2] = [0.0, 1.0]
    return y, linear, np.exp(random.uniform(-1, 1, n)) if seed % 2 else np.ones(n)


@settings(max_examples=40)
@given(seeds)
def test_groups_and_their_test_are_the_same(seed: int) -> None:
    y, linear, w = world(seed)
    p = special.expit(linear)
    np.testing.assert_array_equal(calibration.quantile_groups(p, w), probability_groups(p, 10, w))
    for fitted in (True, False):
        other = hosmer_lemeshow(y, p, fitted=fitted, weights=w)
        own = calibration.hosmer_lemeshow(y, p, w, fitted=fitted)
        assert own == pytest.approx((other.statistic, other.p_value), rel=1e-9)


@settings(max_examples=25)
@given(seeds)
def test_bounds_of_slope_and_intercept_are_the_same(seed: int) -> None:
    y, linear, w = world(seed)
    p = special.expit(linear)
    a = calibration.intercept(y, linear, w)
    root = optimize.brentq(lambda value: np.sum(w * (y - special.expit(value + linear))), -9, 9, xtol=1e-13)
    assert a == pytest.approx(root, abs=1e-9)
    other = calibration_intercept(y, p, 0.9, w)
    own = calibration.regression_bounds(y, linear, w, np.array([a]), 0.9, slope=False)
    assert own == pytest.approx((other.lower, other.upper), abs=1e-8)
    slope = calibration_slope(y, p, 0.9, w)
    if slope.converged:
        start = optimize.brentq(
            lambda value: np.sum(w * (y - special.expit(value + slope.estimate * linear))), -9, 9, xtol=1e-13
        )
        coefficient = np.array([start, slope.estimate])
        own = calibration.regression_bounds(y, linear, w, coefficient, 0.9, slope=True)
        assert own == pytest.approx((slope.lower, slope.upper), abs=1e-6)


@settings(max_examples=40)
@given(seeds, st.booleans())
def test_bounds_of_the_largest_distance_are_the_same(seed: int, repeated: bool) -> None:
    y, linear, w = world(seed)
    risk = linear * (seed % 3 > 0) + np.random.default_rng(seed).normal(size=len(y)).round(1)
    clusters = np.arange(len(y)) // (3 if repeated else 1)
    other = clustered_ks(y, risk, clusters, 0.9, w)
    own = calibration.distance_bounds(y, risk, w, clusters, 0.9)
    assert own == pytest.approx((other.lower, other.upper), rel=1e-9, abs=1e-12)


def test_certain_predictions() -> None:
    y, w = np.array([0.0, 1.0, 1.0, 0.0]), np.ones(4)
    assert np.isnan(calibration.hosmer_lemeshow(y, np.array([0.0, 0.0, 1.0, 1.0]), w, fitted=False)[0])
