"""Metrics against brute force over all pairs and against other libraries."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sk
from statsmodels.stats.proportion import proportion_confint

from credit_risk.evaluation.area_under_curve import delong_interval
from credit_risk.evaluation.clustered import clustered_auc_interval
from validation.rebuild import clustered, metrics
from validation.rebuild.binning import weight_of_evidence

cases = st.integers(0, 2**32 - 1)


def rows(seed: int, size: int = 120, ties: int = 12) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    y = (random.random(size) < 0.3).astype(float)
    y[:3], y[3:6] = 1.0, 0.0
    return y, np.round(random.normal(size=size) + y, 1) if ties else random.normal(size=size) + y


def kernel(y: np.ndarray, risk: np.ndarray) -> np.ndarray:
    difference = risk[y == 1][:, None] - risk[y == 0][None, :]
    return (difference > 0) + 0.5 * (difference == 0)


@settings(max_examples=40, deadline=None)
@given(cases)
def test_auc_and_delong_by_brute_force(seed: int) -> None:
    y, risk = rows(seed)
    pairs = kernel(y, risk)
    found = metrics.auc(y, risk)
    assert found.auc == pytest.approx(pairs.mean(), abs=1e-14)
    variance = np.var(pairs.mean(axis=1), ddof=1) / pairs.shape[0] + np.var(pairs.mean(axis=0), ddof=1) / pairs.shape[1]
    assert found.standard_error == pytest.approx(math.sqrt(variance), rel=1e-10)


@settings(max_examples=20, deadline=None)
@given(cases)
def test_auc_difference_by_brute_force(seed: int) -> None:
    y, first = rows(seed)
    second = first + np.random.default_rng(seed).normal(size=len(y))
    contrast = kernel(y, second) - kernel(y, first)
    variance = np.var(contrast.mean(axis=1), ddof=1) / contrast.shape[0]
    variance += np.var(contrast.mean(axis=0), ddof=1) / contrast.shape[1]
    difference, error, p_value = metrics.auc_difference(y, first, second)
    assert difference == pytest.approx(contrast.mean(), abs=1e-13)
    assert error == pytest.approx(math.sqrt(variance), rel=1e-9)
    assert p_value == pytest.approx(2 * stats.norm.sf(abs(difference) / error), rel=1e-9)


def test_delong_error_agrees_with_bootstrap() -> None:
    y, risk = rows(5, 400)
    random = np.random.default_rng(8)
    drawn = []
    bad, good = np.flatnonzero(y == 1), np.flatnonzero(y == 0)
    for _ in range(800):
        chosen = np.concatenate([random.choice(bad, len(bad)), random.choice(good, len(good))])
        drawn.append(metrics.auc(y[chosen], risk[chosen]).auc)
    assert metrics.auc(y, risk).standard_error == pytest.approx(np.std(drawn), rel=0.12)


@settings(max_examples=40, deadline=None)
@given(cases)
def test_kolmogorov_smirnov_agrees_with_scipy(seed: int) -> None:
    y, risk = rows(seed)
    expected = stats.ks_2samp(risk[y == 1], risk[y == 0], method="asymp").statistic
    assert metrics.kolmogorov_smirnov(y, risk) == pytest.approx(expected, abs=1e-14)


def test_brier_and_log_loss_agree_with_sklearn() -> None:
    y, risk = rows(9)
    p = 1 / (1 + np.exp(-risk))
    assert metrics.brier(y, p) == pytest.approx(sk.brier_score_loss(y, p), rel=1e-12)
    assert metrics.log_loss(y, p) == pytest.approx(sk.log_loss(y, p), rel=1e-12)


@pytest.mark.parametrize(("events", "trials"), [(0, 10), (3, 10), (10, 10), (221, 1000)])
def test_wilson_agrees_with_statsmodels(events: int, trials: int) -> None:
    np.testing.assert_allclose(
        metrics.wilson(events, trials), proportion_confint(events, trials, method="wilson"), atol=1e-12
    )


def test_spiegelhalter_is_standard_normal_under_calibration() -> None:
    random = np.random.default_rng(2)
    p = random.uniform(0.05, 0.6, 2000)
    drawn = [metrics.spiegelhalter((random.random(2000) < p).astype(float), p)[0] for _ in range(500)]
    assert stats.kstest(drawn, "norm").pvalue > 0.001


def test_population_stability_of_a_known_shift() -> None:
    expected, actual = np.array([50.0, 50.0]), np.array([30.0, 70.0])
    value = (0.3 - 0.5) * math.log(0.3 / 0.5) + (0.7 - 0.5) * math.log(0.7 / 0.5)
    assert metrics.population_stability(expected, actual).psi == pytest.approx(value, rel=1e-14)
    found = metrics.population_stability(np.array([50.0, 50.0, 0.0, 0.0]), np.array([30.0, 60.0, 10.0, 0.0]))
    shares = [(50.5 / 101.5, 30.5 / 101.5), (50.5 / 101.5, 60.5 / 101.5), (0.5 / 101.5, 10.5 / 101.5)]
    assert found.psi == pytest.approx(sum((a - e) * math.log(a / e) for e, a in shares), rel=1e-13)
    assert (found.bins, found.empty_cells) == (3, 1)


def test_chance_level_is_the_95th_percentile() -> None:
    random = np.random.default_rng(4)
    shares = np.full(8, 1 / 8)
    drawn = [
        metrics.population_stability(random.multinomial(4000, shares), random.multinomial(2000, shares))
        for _ in range(2000)
    ]
    beyond = np.mean([item.psi > item.chance_level for item in drawn])
    assert 0.035 < beyond < 0.065


def test_weight_of_evidence_by_hand() -> None:
    woe, value, rule = weight_of_evidence(np.array([90.0, 10.0, 0.0, 5.0]), np.array([5.0, 5.0, 0.0, 0.0]))
    assert rule == ("empirical", "empirical", "neutral", "zero_cell_adjusted")
    expected = [
        math.log((90 / 105) / (5 / 10)),
        math.log((10 / 105) / (5 / 10)),
        0.0,
        math.log((5.5 / 105) / (0.5 / 10)),
    ]
    np.testing.assert_allclose(woe, expected, rtol=1e-15)
    assert value[0] == pytest.approx((90 / 105 - 0.5) * expected[0], rel=1e-15)
    assert value[3] == pytest.approx((5.5 / 105 - 0.5 / 10) * expected[3], rel=1e-12)
    assert value[2] == 0.0


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_bounds_of_a_perfect_order_are_those_of_the_modelling_package(sign: float) -> None:
    """Without a variance: Newcombe's score interval, of effective rows, and of clusters where they repeat."""
    y = np.repeat([0.0, 1.0], [40, 12])
    risk, weights = sign * y, np.linspace(0.5, 3.0, 52)
    for w in (None, weights):
        other, own = delong_interval(y, risk, w, 0.9), metrics.auc(y, risk, w, 0.9)
        assert own.auc == other.auc == (sign + 1) / 2
        assert (own.lower, own.upper) == pytest.approx((other.lower, other.upper), rel=1e-12, abs=1e-15)
        groups = np.arange(52) // 3
        other, own = clustered_auc_interval(y, risk, groups, w, 0.9), clustered.auc(y, risk, groups, w, 0.9)
        assert (own.lower, own.upper) == pytest.approx((other.lower, other.upper), rel=1e-12, abs=1e-15)
