"""Likelihood of finite cohorts against brute-force integration, a search without derivatives, and simulated cohorts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from credit_risk import CreditRiskError
from credit_risk.calibration import cohort_log_likelihood, correlation_by_likelihood, correlation_of_cohorts
from tests.credit_risk.calibration.test_asset_correlation import cohorts
from validation.rebuild.cohort_likelihood import most_likely


def by_force(rates: np.ndarray, sizes: np.ndarray, p: float, rho: float, points: int = 200_001) -> float:
    """Rectangles over so many values of the factor."""
    z = np.linspace(-9.0, 9.0, points)
    given = stats.norm.cdf((stats.norm.ppf(p) - np.sqrt(rho) * z) / np.sqrt(1.0 - rho))
    total = 0.0
    for r, n in zip(rates, sizes, strict=True):
        log = n * (r * np.log(given) + (1.0 - r) * np.log1p(-given)) + stats.norm.logpdf(z)
        total += log.max() + np.log(np.sum(np.exp(log - log.max())) * (z[1] - z[0]))
    return float(total)


@pytest.mark.parametrize(("years", "n", "p", "rho"), [(6, 20, 0.05, 0.3), (8, 150, 0.1, 0.05), (9, 200_000, 0.05, 0.4)])
def test_the_likelihood_is_the_integral_over_the_factor(years: int, n: int, p: float, rho: float) -> None:
    rates, sizes = cohorts(1, years, p, rho, n, seed=n)[0], np.full(years, float(n))
    for at in ((p, rho), (2.0 * p, 0.5 * rho)):
        assert cohort_log_likelihood(rates, sizes, *at) == pytest.approx(by_force(rates, sizes, *at), abs=1e-8)


def test_the_estimate_is_at_the_maximum_with_the_curvature_there() -> None:
    rates, sizes = cohorts(1, 12, 0.06, 0.1, 60, seed=8)[0], np.linspace(40.0, 80.5, 12)
    found = correlation_of_cohorts(rates, sizes)

    def negative(point: np.ndarray) -> float:
        return -by_force(rates, sizes, stats.norm.cdf(point[0]), 1.0 / (1.0 + np.exp(-point[1])), 2001)

    best = optimize.minimize(negative, [-1.5, -2.0], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-11})
    rho = 1.0 / (1.0 + np.exp(-best.x[1]))
    assert found.correlation == pytest.approx(rho, rel=1e-5)
    assert found.probability == pytest.approx(stats.norm.cdf(best.x[0]), rel=1e-5)
    h, step = best.x[0], 1e-3

    def at(dh: float, dr: float) -> float:
        return by_force(rates, sizes, stats.norm.cdf(h + dh), rho + dr, 2001)

    cross = (at(step, step) - at(step, -step) - at(-step, step) + at(-step, -step)) / (4 * step**2)
    bends = [(at(*d) - 2 * at(0, 0) + at(*(-x for x in d))) / step**2 for d in ((step, 0.0), (0.0, step))]
    error = np.sqrt(np.linalg.inv(-np.array([[bends[0], cross], [cross, bends[1]]]))[1, 1])
    assert found.standard_error == pytest.approx(error, rel=1e-3)


def test_chance_within_small_cohorts_is_not_taken_for_correlation() -> None:
    """Beside the estimate that takes cohorts as infinitely large; cohorts without a default count."""
    worlds = cohorts(150, 30, 0.1, 0.02, 150, seed=7)
    sizes = np.full(30, 150.0)
    finite = np.mean([correlation_of_cohorts(r, sizes).correlation for r in worlds])
    large = np.nanmean([correlation_by_likelihood(r).correlation for r in worlds])
    assert finite == pytest.approx(0.02, abs=0.004)
    assert large > 0.03
    empty = np.array([0.0, 0.0, 0.1, 0.02, 0.0, 0.0, 0.05])
    assert np.isnan(correlation_by_likelihood(empty).correlation)
    assert correlation_of_cohorts(empty, np.full(7, 50.0)).correlation > 0.05
    huge = cohorts(1, 20, 0.05, 0.1, 10_000_000, seed=2)[0]
    limit = correlation_by_likelihood(huge)
    found = correlation_of_cohorts(huge, np.full(20, 1e7))
    assert found.correlation == pytest.approx(limit.correlation, rel=1e-4)
    assert found.standard_error == pytest.approx(limit.standard_error, rel=0.05)


def test_the_validator_finds_the_same_from_no_correlation_to_a_strong_one() -> None:
    rng = np.random.default_rng(4)
    bounded = 0
    for world in range(24):
        years, rho = int(rng.integers(3, 20)), (0.0, 0.002, 0.05, 0.3)[world % 4]
        sizes = rng.uniform(20.0, 5000.0, years)
        rates = cohorts(1, years, float(rng.uniform(0.01, 0.3)), rho, 400, seed=world)[0]
        one, other = correlation_of_cohorts(rates, sizes), most_likely(rates, sizes)
        assert other is not None
        assert one.correlation == pytest.approx(other.correlation, rel=1e-7, abs=1e-9)
        assert one.probability == pytest.approx(other.probability, abs=1e-9)
        if other.error is None:
            bounded += 1
            assert (one.correlation, np.isnan(one.standard_error)) == (0.0, True)
        else:
            assert one.standard_error == pytest.approx(other.error, rel=1e-6)
    assert bounded > 0


def test_what_cannot_be_estimated() -> None:
    for rates in ([0.1], [0.0, 0.0], [1.0, 1.0]):
        assert np.isnan(correlation_of_cohorts(rates, np.full(len(rates), 10.0)).correlation)
        assert most_likely(np.array(rates), np.full(len(rates), 10.0)) is None
    with pytest.raises(CreditRiskError, match="effective_rows"):
        correlation_of_cohorts([0.1, 0.2], [10.0, 0.0])
    with pytest.raises(CreditRiskError, match=r"probability(.|\n)*correlation"):
        cohort_log_likelihood([0.1, 0.2], [10.0, 10.0], 1.0, 1.0)
