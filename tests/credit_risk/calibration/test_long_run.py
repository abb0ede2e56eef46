"""The long-run average against statsmodels' Newey-West errors, closed forms and simulated years."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from credit_risk import CreditRiskError, ModelError
from credit_risk.calibration.cohorts import CohortRules, cohort_table
from credit_risk.calibration.long_run import (
    average_table,
    cohort_mean,
    default_lags,
    long_run_target,
    newey_west_error,
    overlap_of,
    years_of,
)

rates_of = st.lists(st.floats(0.001, 0.5), min_size=3, max_size=25)


@settings(max_examples=60, deadline=None)
@given(rates_of, st.integers(0, 6))
def test_errors_are_those_of_statsmodels(rates: list[float], lags: int) -> None:
    r = np.array(rates)
    used = min(lags, len(r) - 1)
    options = {"maxlags": used, "use_correction": True}
    fit = sm.OLS(r, np.ones((len(r), 1))).fit(cov_type="HAC", cov_kwds=options)
    found = cohort_mean(r, lags=lags)
    assert found.value == pytest.approx(r.mean(), rel=1e-12)
    assert found.standard_error == pytest.approx(float(fit.bse[0]), rel=1e-8, abs=1e-12)


def test_without_lags_it_is_the_error_of_a_mean_with_bounds_by_t() -> None:
    r = np.array([0.02, 0.03, 0.05, 0.04, 0.025])
    found = cohort_mean(r, lags=0, confidence=0.9)
    assert found.standard_error == pytest.approx(stats.sem(r), rel=1e-12)
    assert (found.lower, found.upper) == pytest.approx(stats.t(4, r.mean(), stats.sem(r)).interval(0.9), rel=1e-12)


def test_lags_cover_the_overlap() -> None:
    assert [default_lags(n) for n in (2, 5, 10, 30, 100)] == [0, 2, 2, 3, 4]
    assert default_lags(30, overlap=11) == 11
    assert default_lags(4, overlap=11) == 2
    assert np.isnan(newey_west_error([0.1], 0))


@settings(max_examples=40, deadline=None)
@given(rates_of, st.floats(0.1, 9.0))
def test_weights_are_shares(rates: list[float], unit: float) -> None:
    w = np.linspace(1.0, 3.0, len(rates))
    one, other = cohort_mean(rates, weights=w), cohort_mean(rates, weights=unit * w)
    assert one.value == pytest.approx(np.average(rates, weights=w), rel=1e-12)
    assert (one.value, one.standard_error) == pytest.approx((other.value, other.standard_error), rel=1e-9)
    alike = cohort_mean(rates, weights=np.full(len(rates), unit))
    assert alike.standard_error == pytest.approx(cohort_mean(rates).standard_error, rel=1e-9, abs=1e-15)


def quarterly(rates: list[float], rows: int = 400) -> pd.DataFrame:
    dates = np.repeat([f"{2010 + q // 4}-{q % 4 * 3 + 3:02d}" for q in range(len(rates))], rows)
    y = np.concatenate([(np.arange(rows) < round(rate * rows)).astype(float) for rate in rates])
    return cohort_table(y, dates, rules=CohortRules(by="observation_point", window_months=12))


def test_overlapping_cohorts_are_few_years() -> None:
    cohorts = quarterly([0.02, 0.03, 0.04, 0.05, 0.06, 0.05, 0.04, 0.03, 0.02])
    assert years_of(cohorts) == 3
    assert overlap_of(cohorts, 12) == 3
    table = average_table(cohorts, window_months=12).set_index("estimate")
    assert table.loc["mean_of_cohorts", ["lags", "degrees", "cohorts", "years"]].tolist() == [3, 2, 9, 3]
    assert table.loc["mean_of_cohorts", "value"] == pytest.approx(0.34 / 9)
    assert table.loc["sampling_error_alone", "standard_error"] < table.loc["mean_of_cohorts", "standard_error"]
    by_hand = np.sqrt(sum(r * (1 - r) / 400 for r in cohorts["bad_rate"])) / 9
    assert table.loc["sampling_error_alone", "standard_error"] == pytest.approx(by_hand, rel=1e-12)


def test_the_target_is_the_adjusted_average_where_there_is_one() -> None:
    cohorts = quarterly([0.02, 0.03, 0.04, 0.05, 0.06])
    plain = average_table(cohorts)
    assert long_run_target(plain) == pytest.approx(0.04)
    table = average_table(cohorts, adjustment=(0.05, "declared"))
    assert long_run_target(table) == 0.05
    mean, adjusted = (table.set_index("estimate").loc[name] for name in ("mean_of_cohorts", "adjusted"))
    assert adjusted["standard_error"] / mean["standard_error"] == pytest.approx(1.25)
    with pytest.raises(ModelError, match="no probability can be calibrated"):
        long_run_target(average_table(quarterly([0.0, 0.0, 0.0])))


def test_errors_allow_for_years_that_go_together() -> None:
    """Years of an autoregressive factor: the naive error is far too small, that over cohorts near the true spread."""
    rng = np.random.default_rng(11)
    worlds, years = 800, 40
    factor = np.zeros((worlds, years))
    shocks = rng.normal(size=(worlds, years))
    factor[:, 0] = shocks[:, 0]
    for year in range(1, years):
        factor[:, year] = 0.5 * factor[:, year - 1] + np.sqrt(0.75) * shocks[:, year]
    rho, h = 0.05, stats.norm.ppf(0.03)
    rates = stats.norm.cdf((h + np.sqrt(rho) * factor) / np.sqrt(1 - rho))
    true = rates.mean(axis=1).std()
    found = np.array([[cohort_mean(r).standard_error, cohort_mean(r, lags=0).standard_error] for r in rates])
    close, naive = found.mean(axis=0) / true
    assert naive < 0.7
    assert 0.75 < close < 1.02


def test_wrong_rates_are_refused() -> None:
    with pytest.raises(CreditRiskError) as caught:
        cohort_mean([0.1, 1.2], weights=[1.0, 0.0], confidence=1.0)
    assert {fault.path for fault in caught.value.faults} == {"rates", "weights", "confidence"}
