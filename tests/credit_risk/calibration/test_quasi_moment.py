"""Quasi-moment matching against sums over all pairs and a world whose map is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from credit_risk._core.errors import CalibrationError
from credit_risk.calibration import implied_auc, match_quasi_moments, moments_frame
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
    with pytest.raises(CalibrationError, match=r"makes rows certain(.|\n)*within ±30"):
        match_quasi_moments(np.linspace(-3.0, 3.0, 400), 0.5, 0.9999)
    with pytest.raises(CalibrationError, match="target_rate: not a rate"):
        match_quasi_moments(s, 0.0, 0.7)
    with pytest.raises(CalibrationError, match="the score is constant"):
        match_quasi_moments(np.zeros(5), 0.1, 0.7)
    with pytest.raises(CalibrationError, match="all rows are certain"):
        implied_auc([0.0, 0.0])


def test_the_frame_tells_targets_what_was_reached_and_what_was_observed() -> None:
    random = np.random.default_rng(4)
    s, w = np.round(random.normal(-1.0, 1.0, 60), 1), random.uniform(0.5, 2.0, 60)
    y = (random.random(60) < expit(s)).astype(float)
    row = moments_frame(match_quasi_moments(s, 0.1, 0.7, w), y, s, w).iloc[0]
    wins = (s[:, None] > s[None, :]) + 0.5 * (s[:, None] == s[None, :])
    bad, good = w * y, w * (1 - y)
    assert row["observed_auc"] == pytest.approx(bad @ wins @ good / (bad.sum() * good.sum()), abs=1e-12)
    assert row["auc_before"] == pytest.approx(by_pairs(expit(s), w), abs=1e-12)
    assert row["bad_rate"] == pytest.approx(np.average(y, weights=w))
    assert (row["target_rate"], row["target_auc"]) == (0.1, 0.7)
    assert row[["mean_after", "auc_after"]].tolist() == pytest.approx([0.1, 0.7], abs=1e-9)
    none = moments_frame(match_quasi_moments(s, 0.1, 0.7), np.zeros(60), s).iloc[0]
    assert np.isnan(none["observed_auc"])
    assert none["bad_rate"] == 0.0
