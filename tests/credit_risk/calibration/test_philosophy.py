"""Rating philosophy against statsmodels, and on models of which the philosophy is known."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from credit_risk.calibration.philosophy import line_with_errors, philosophy_table

BIG = np.full(12, 1e9)


def years(seed: int, count: int = 12) -> np.ndarray:
    return special.expit(-3.0 + 0.4 * np.random.default_rng(seed).normal(size=count))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 9999), st.integers(0, 4), st.integers(3, 15))
def test_regression_is_that_of_statsmodels(seed: int, lags: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=size), rng.normal(size=size)
    used = min(lags, size - 1)
    options = {"maxlags": used, "use_correction": True}
    fit = sm.OLS(y, sm.add_constant(x)).fit(cov_type="HAC", cov_kwds=options)
    found = line_with_errors(x, y, used)
    assert (found.intercept, found.slope) == pytest.approx(tuple(fit.params), rel=1e-8, abs=1e-10)
    assert (found.intercept_error, found.slope_error) == pytest.approx(tuple(fit.bse), rel=1e-5, abs=1e-8)
    assert found.determination == pytest.approx(fit.rsquared, rel=1e-8, abs=1e-10)


def test_a_point_in_time_model_follows_wholly_and_one_through_the_cycle_not_at_all() -> None:
    r = years(1)
    table = philosophy_table(r, r, BIG).set_index("quantity")["value"]
    assert table[["following", "following_log_odds", "slope"]].tolist() == pytest.approx([1.0, 1.0, 1.0])
    assert table["intercept"] == pytest.approx(0.0, abs=1e-12)
    table = philosophy_table(r, np.full(12, r.mean()), BIG).set_index("quantity")["value"]
    assert table["following"] == pytest.approx(0.0, abs=1e-12)
    assert np.isnan(table["slope"])
    half = special.expit(0.5 * special.logit(r) - 1.5)
    table = philosophy_table(r, half, BIG).set_index("quantity")["value"]
    assert table["following_log_odds"] == pytest.approx(0.5)


def test_chance_pulls_following_to_nothing_and_the_correction_takes_it_back() -> None:
    rng, n = np.random.default_rng(2), 400
    found, corrected = [], []
    for seed in range(300):
        p = years(seed, 30)
        table = philosophy_table(rng.binomial(n, p) / n, p, np.full(30, float(n))).set_index("quantity")["value"]
        found.append(table["following"])
        corrected.append(table["following_less_sampling"])
    assert np.mean(found) < 0.85
    assert np.median(corrected) == pytest.approx(1.0, abs=0.07)


def test_the_multi_period_test_is_one_of_means() -> None:
    r, p = years(5), years(6)
    table = philosophy_table(r, p, BIG, lags=0).set_index("quantity")
    t = stats.ttest_1samp(r - p, 0.0)
    assert table.loc["multi_period_z", "value"] == pytest.approx(t.statistic)
    assert table.loc["multi_period_z", "p_value"] == pytest.approx(stats.norm.sf(t.statistic))
    interval = t.confidence_interval(0.95)
    assert table.loc["bias", ["lower", "upper"]].tolist() == pytest.approx([interval.low, interval.high])


def test_two_cohorts_tell_no_slope() -> None:
    table = philosophy_table([0.1, 0.2], [0.1, 0.15], [1e3, 1e3]).set_index("quantity")
    assert table.loc[["following", "slope", "sampling_share"], "value"].isna().all()
    assert np.isfinite(table.loc["bias", "value"])
