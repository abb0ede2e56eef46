"""Correlated defaults: limits at correlation 0, Monte-Carlo, closed forms, invariants; refusals."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation import calibration_tests as alone
from credit_risk.evaluation.common_factor import (
    conditional_probability,
    correlated_binomial_p_value,
    correlated_hosmer_lemeshow,
    correlated_jeffreys_p_value,
    correlated_spiegelhalter,
    mixed_chi_square,
    vasicek_quantile,
)


def sample(rows: int, seed: int = 2) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    p = 1 / (1 + np.exp(3.4 - random.normal(size=rows)))
    return (random.random(rows) < p).astype(float), p


@pytest.mark.parametrize(("bad", "count", "p"), [(7, 200, 0.025), (0, 50, 0.01), (5100, 100_000, 0.05), (3, 3, 0.4)])
def test_correlation_of_zero_is_independence(bad: int, count: int, p: float) -> None:
    found = correlated_binomial_p_value(bad, count, p, 0.0), correlated_jeffreys_p_value(bad, count, p, 0.0)
    expected = alone.binomial_p_value(bad, count, p), alone.jeffreys_p_value(bad, count, p)
    assert found == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("weighted", [False, True])
def test_rows_at_correlation_of_zero(weighted: bool) -> None:
    y, p = sample(4000)
    w = np.random.default_rng(8).uniform(0.5, 3, len(y)) if weighted else None
    found, expected = correlated_spiegelhalter(y, p, 0.0, w), alone.spiegelhalter(y, p, w)
    assert (found.statistic, found.p_value) == pytest.approx((expected.statistic, expected.p_value), rel=1e-9)
    grouped = correlated_hosmer_lemeshow(y, p, 0.0, weights=w)
    other = alone.hosmer_lemeshow(y, p, fitted=False, weights=w)
    assert (grouped.statistic, grouped.p_value) == pytest.approx((other.statistic, other.p_value), rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 400), st.floats(0.005, 0.5), st.floats(0.0, 0.4))
def test_p_values_fall_as_bads_rise(count: int, p: float, correlation: float) -> None:
    bads = sorted({0, count // 3, count // 2, count})
    for one in (correlated_binomial_p_value, correlated_jeffreys_p_value):
        values = [one(bad, count, p, correlation) for bad in bads]
        assert all(0.0 <= value <= 1.0 for value in values)
        assert all(a >= b - 1e-12 for a, b in pairwise(values))
    assert correlated_binomial_p_value(0, count, p, correlation) == pytest.approx(1.0)


@pytest.mark.parametrize("correlation", [0.01, 0.12])
def test_against_simulated_grades(correlation: float) -> None:
    random, worlds = np.random.default_rng(5), 400_000
    factor = random.standard_normal(worlds)
    bads = random.binomial(300, conditional_probability(0.03, correlation, factor))
    for bad in (9, 15, 30):
        upper, beyond = np.mean(bads >= bad), np.mean(bads > bad)
        error = 4 * np.sqrt(upper / worlds)
        assert correlated_binomial_p_value(bad, 300, 0.03, correlation) == pytest.approx(upper, abs=error)
        mid = correlated_jeffreys_p_value(bad, 300, 0.03, correlation)
        assert beyond - error < mid < upper + error


def test_quantile_is_the_rate_of_a_very_large_grade() -> None:
    assert vasicek_quantile(0.01, 0.12, 0.999)[0] == pytest.approx(0.0903, abs=5e-5)
    assert vasicek_quantile([0.02, 0.05], 0.0, 0.99) == pytest.approx([0.02, 0.05])
    level = vasicek_quantile(0.02, 0.12, 0.95)[0]
    assert correlated_binomial_p_value(round(level * 1e6), 1_000_000, 0.02, 0.12) == pytest.approx(0.05, abs=2e-4)


@pytest.mark.parametrize("correlation", [0.01, 0.1])
def test_groups_against_simulation(correlation: float) -> None:
    random, worlds = np.random.default_rng(6), 200_000
    count, p = np.full(10, 1000), np.geomspace(0.004, 0.15, 10)
    factor = random.standard_normal(worlds)
    bads = random.binomial(count[:, None], conditional_probability(p[:, None], correlation, factor))
    values = np.sum((bads - (count * p)[:, None]) ** 2 / (count * p * (1 - p))[:, None], axis=0)
    for level in (0.5, 0.9, 0.99):
        place = int(np.argsort(values)[int(level * worlds)])
        found = mixed_chi_square(count, bads[:, place], p, correlation)
        assert found.statistic == pytest.approx(values[place])
        assert found.p_value == pytest.approx(1 - level, abs=0.006)


def test_rows_against_simulation() -> None:
    _, p = sample(3000)
    random, worlds, correlation = np.random.default_rng(9), 4000, 0.05
    tilt = 1 - 2 * p
    draws = np.array(
        [
            ((random.random(len(p)) < conditional_probability(p, correlation, z)) - p) @ tilt
            for z in random.standard_normal(worlds)
        ]
    )
    for shift in (1.0, 1.3, 1.8):
        bad = (random.random(len(p)) < p * shift).astype(float)
        total = (bad - p) @ tilt
        simulated = 2 * min(np.mean(draws >= total), np.mean(draws <= total))
        found = correlated_spiegelhalter(bad, p, correlation).p_value
        assert found == pytest.approx(simulated, abs=5 * np.sqrt(max(simulated, 0.01) / worlds))


def test_certain_predictions() -> None:
    assert np.isnan(mixed_chi_square([5, 5], [0, 2], [0.0, 0.4], 0.1).p_value)
    assert mixed_chi_square([5, 5], [1, 2], [0.0, 0.4], 0.1).p_value == 0.0
    assert np.isnan(correlated_spiegelhalter([0, 1], [0.0, 1.0], 0.1).p_value)


@pytest.mark.parametrize("correlation", [-0.1, 1.0, float("nan"), True, "0.1"])
def test_refusals(correlation: object) -> None:
    y, p = sample(50)
    calls = (
        lambda: vasicek_quantile(0.1, correlation, 0.9),  # type: ignore[arg-type]
        lambda: correlated_binomial_p_value(1, 10, 0.1, correlation),  # type: ignore[arg-type]
        lambda: correlated_spiegelhalter(y, p, correlation),  # type: ignore[arg-type]
        lambda: correlated_hosmer_lemeshow(y, p, correlation),  # type: ignore[arg-type]
        lambda: mixed_chi_square([5], [1], [0.1], correlation),  # type: ignore[arg-type]
    )
    for call in calls:
        with pytest.raises(CreditRiskError, match="not an asset correlation"):
            call()
    with pytest.raises(CreditRiskError, match=r"outside \[0, 1\]"):
        correlated_spiegelhalter(y, p + 1, 0.1)
    with pytest.raises(CreditRiskError, match="zero or negative"):
        correlated_hosmer_lemeshow(y, p, 0.1, weights=np.zeros(50))
    with pytest.raises(CreditRiskError, match="do not fit"):
        correlated_binomial_p_value(11, 10, 0.1, 0.1)


def test_normal_tail_far_out_joins_the_exact_one() -> None:
    """The tail of noncentral chi-square at 1e4 and beyond (normal approximation) continues the exact one."""
    from credit_risk.evaluation.common_factor import _noncentral

    at = 1.2e4 + np.array([-300.0, 0.0, 300.0, 600.0])
    exact = stats.ncx2.sf(at, 7.0, 1.2e4)
    assert _noncentral(at, np.full(4, 7.0), np.full(4, 1.2e4)) == pytest.approx(exact, rel=1e-4)
