"""Quasi-moment matching against sums over all pairs and a world whose map is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from credit_risk._core.errors import CalibrationError
from credit_risk.calibration import implied_auc, match_quasi_moments
from credit_risk.evaluation import auc


def by_pairs(q: np.ndarray, w: np.ndarray) -> float:
    bad, good = w * q, w * (1 - q)
    wins = (q[:, None] > q[None, :]) + 0.5 * (q[:, None] == q[None, :])
    return float(bad @ wins @ good / (bad.sum() * good.sum()))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.005, 0.3), st.floats(0.55, 0.85), st.sampled_from([1, 6]))
def test_both_moments_are_matched(seed: int, rate: float, area: float, digits: int) -> None:
    random = np.random.default_rng(seed)
    s = np.round(random.normal(-1.0, 1.0, 80), digits)
    w = random.integers(1, 4, 80).astype(float)
    fit = match_quasi_moments(s, rate, area, w)
    q = fit.map.probability(s)
    assert np.average(q, weights=w) == pytest.approx(rate, rel=1e-9)
    assert by_pairs(q, w) == pytest.approx(area, abs=1e-9)
    assert implied_auc(q, w) == pytest.approx(area, abs=1e-9)
    assert fit.map.order_kept() == "strictly_increasing"
    other = match_quasi_moments(np.repeat(s, w.astype(int)), rate, area)
    assert other.map.slope == pytest.approx(fit.map.slope, rel=1e-6)


def test_a_true_logistic_map_is_found_from_its_moments() -> None:
    random = np.random.default_rng(1)
    s = random.normal(-2.0, 1.3, 100_000)
    y = random.random(len(s)) < expit(0.7 * s - 1.2)
    fit = match_quasi_moments(s, float(y.mean()), auc(y, s))
    assert fit.map.slope == pytest.approx(0.7, abs=0.03)
    assert fit.map.intercept == pytest.approx(-1.2, abs=0.06)


def test_what_cannot_be_matched_is_refused() -> None:
    s = np.repeat([-2.0, -1.0, 0.0], [50, 30, 20])
    with pytest.raises(CalibrationError, match=r"not reached by any slope(.|\n)*allowed: 0.5"):
        match_quasi_moments(s, 0.05, 0.95)
    with pytest.raises(CalibrationError, match="not reached by any slope"):
        match_quasi_moments(s, 0.05, 0.4)
    with pytest.raises(CalibrationError, match="target_rate: not a rate"):
        match_quasi_moments(s, 0.0, 0.7)
    with pytest.raises(CalibrationError, match="the score is constant"):
        match_quasi_moments(np.zeros(5), 0.1, 0.7)
    with pytest.raises(CalibrationError, match="all rows are certain"):
        implied_auc([0.0, 0.0])
