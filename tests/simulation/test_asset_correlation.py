"""Size of the likelihood-ratio test of an asset correlation on finite cohorts, in worlds where it is true."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from credit_risk.calibration import cohort_log_likelihood, correlation_of_cohorts
from tests.credit_risk.calibration.test_asset_correlation import cohorts


@pytest.mark.parametrize("worlds", [80, pytest.param(1500, marks=pytest.mark.slow)])
def test_the_likelihood_ratio_keeps_its_level(worlds: int) -> None:
    """20 cohorts of 80 rows, five in a hundred bad: the infinite cohorts' likelihood would be far off there."""
    p, rho, n = 0.05, 0.08, 80
    sizes, over = np.full(20, float(n)), 0
    for rates in cohorts(worlds, 20, p, rho, n, seed=12):
        found = correlation_of_cohorts(rates, sizes)
        top = cohort_log_likelihood(rates, sizes, found.probability, found.correlation)

        def held(h: float, rates: np.ndarray = rates) -> float:
            return -cohort_log_likelihood(rates, sizes, float(stats.norm.cdf(h)), rho)

        least = optimize.minimize_scalar(held, bounds=(-3.2, -0.6), method="bounded", options={"xatol": 1e-4}).fun
        over += 2.0 * (top + least) > stats.chi2.ppf(0.95, 1)
    low, high = stats.binom.ppf([1e-4, 1.0 - 1e-4], worlds, 0.06)  # the χ² limit is approached from above
    assert low <= over <= high
