"""Level of a portfolio, several periods, capped grades: by hand, by simulation; refusals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation.intervals import wilson_interval
from credit_risk.evaluation.portfolio_tests import (
    calibration_in_the_large,
    capped_probability,
    multi_period_normal_test,
    portfolio_normal_test,
)


def test_calibration_in_the_large() -> None:
    y, p = np.array([1.0, 0, 0, 0]), np.array([0.2, 0.1, 0.05, 0.05])
    found = calibration_in_the_large(y, p)
    assert (found.observed, found.expected, found.ratio) == pytest.approx((0.25, 0.1, 2.5))
    assert (found.lower, found.upper) == pytest.approx([float(end[0]) for end in wilson_interval([1], [4])])
    weighted = calibration_in_the_large(y, p, weights=[3, 1, 1, 1])
    assert weighted.observed == 0.5
    assert weighted.expected == pytest.approx(0.8 / 6)
    assert np.isnan(calibration_in_the_large([0, 0], [0, 0]).ratio)


def test_multi_period_by_hand() -> None:
    rate, p = np.array([0.03, 0.05, 0.02, 0.04]), np.full(4, 0.03)
    gap = rate - p
    z = gap.sum() / (2 * gap.std(ddof=1))
    found = multi_period_normal_test(rate, p)
    assert (found.statistic, found.p_value) == pytest.approx((z, stats.norm.sf(z)))
    assert found.statistic == pytest.approx(stats.ttest_1samp(gap, 0).statistic)
    assert np.isnan(multi_period_normal_test([0.02, 0.02], [0.01, 0.01]).p_value)


def test_multi_period_keeps_its_size_under_correlation_within_periods() -> None:
    random, worlds, periods = np.random.default_rng(7), 4000, 20
    drift = stats.norm.cdf((stats.norm.ppf(0.03) - 0.2 * random.standard_normal((worlds, periods))) / np.sqrt(0.96))
    rates = random.binomial(2000, drift) / 2000
    beyond = np.mean([multi_period_normal_test(one, np.full(periods, 0.03)).p_value < 0.05 for one in rates])
    assert 0.03 < beyond < 0.075


def test_capped_grades_see_low_probabilities_only() -> None:
    count, bad, p = [100, 100], [2, 20], [0.05, 0.1]
    capped = capped_probability(count, bad, p)
    assert capped.tolist() == [0.02, 0.1]
    assert portfolio_normal_test(count, bad, capped).p_value < portfolio_normal_test(count, bad, p).p_value


def test_refusals() -> None:
    with pytest.raises(CreditRiskError, match="too few periods"):
        multi_period_normal_test([0.1], [0.1])
    with pytest.raises(CreditRiskError, match=r"outside \[0, 1\]"):
        multi_period_normal_test([0.1, 1.2], [0.1, 0.2])
    with pytest.raises(CreditRiskError, match="not 0 <= bad"):
        portfolio_normal_test([10], [11], [0.1])
    with pytest.raises(CreditRiskError, match="zero or negative"):
        calibration_in_the_large([0, 1], [0.1, 0.2], weights=[0, 1])
    assert np.isnan(portfolio_normal_test([10], [0], [0.0]).p_value)
