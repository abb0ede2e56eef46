"""Asset correlations: joint probabilities against SciPy, both estimates against simulated cohorts of Vasicek."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from credit_risk.calibration.asset_correlation import both_default, correlation_by_likelihood, correlation_by_moments


@settings(max_examples=40, deadline=None)
@given(st.floats(0.001, 0.9), st.floats(0.0, 0.95))
def test_joint_default_is_the_bivariate_normal(p: float, rho: float) -> None:
    h = stats.norm.ppf(p)
    expected = stats.multivariate_normal([0, 0], [[1, rho], [rho, 1]]).cdf([h, h])
    assert both_default(p, rho) == pytest.approx(expected, abs=2e-8)


def cohorts(worlds: int, years: int, p: float, rho: float, n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(worlds, years))
    conditional = stats.norm.cdf((stats.norm.ppf(p) - np.sqrt(rho) * z) / np.sqrt(1 - rho))
    return rng.binomial(n, conditional) / n


def test_estimates_find_the_correlation_of_many_years() -> None:
    rates = cohorts(1, 4000, 0.03, 0.1, 2000, seed=3)[0]
    assert correlation_by_moments(rates, np.full(len(rates), 2000.0)) == pytest.approx(0.1, abs=0.012)
    rates = cohorts(1, 4000, 0.03, 0.1, 200_000, seed=4)[0]
    likely = correlation_by_likelihood(rates)
    assert likely.correlation == pytest.approx(0.1, abs=3 * likely.standard_error)
    assert likely.probability == pytest.approx(0.03, abs=0.001)


def test_the_likelihood_is_at_its_maximum() -> None:
    rates = cohorts(1, 12, 0.05, 0.08, 50_000, seed=5)[0]
    x = stats.norm.ppf(rates)

    def negative(parameters: np.ndarray) -> float:
        rho, h = 1.0 / (1.0 + np.exp(-parameters[0])), parameters[1]
        scaled = (np.sqrt(1.0 - rho) * x - h) / np.sqrt(rho)
        return -float(np.sum(0.5 * np.log((1.0 - rho) / rho) + 0.5 * x**2 - 0.5 * scaled**2))

    best = optimize.minimize(negative, [-2.0, -1.5], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12})
    likely = correlation_by_likelihood(rates)
    assert likely.correlation == pytest.approx(1.0 / (1.0 + np.exp(-best.x[0])), rel=1e-5)
    assert likely.probability == pytest.approx(stats.norm.cdf(best.x[1]), rel=1e-5)


def test_few_years_understate_it_on_average_and_small_cohorts_overstate_the_likelihood() -> None:
    rates = cohorts(400, 7, 0.03, 0.1, 5000, seed=6)
    mean = np.mean([correlation_by_moments(r, np.full(7, 5000.0)) for r in rates])
    assert 0.06 < mean < 0.095
    small = cohorts(400, 30, 0.1, 0.02, 150, seed=7)
    small = small[(small > 0).all(axis=1)]
    assert np.mean([correlation_by_likelihood(r).correlation for r in small]) > 0.03
    assert np.mean([correlation_by_moments(r, np.full(30, 150.0)) for r in small]) == pytest.approx(0.02, abs=0.004)


def test_what_cannot_be_estimated() -> None:
    assert correlation_by_moments([0.1, 0.1, 0.1], [50.0] * 3) == 0.0
    assert np.isnan(correlation_by_moments([0.0, 0.0], [50.0] * 2))
    assert np.isnan(correlation_by_likelihood([0.0, 0.1]).correlation)
    assert correlation_by_moments([0.0, 1.0, 0.0, 1.0], [1e9] * 4) == 1.0
