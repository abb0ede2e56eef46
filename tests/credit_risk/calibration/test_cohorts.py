"""Cohorts: counted by hand, by pandas, and over random tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from credit_risk import CreditRiskError
from credit_risk.calibration.cohorts import CohortRules, cohort_table, month_numbers

EASY = CohortRules(min_rows=2)


def dated(years: dict[str, int]) -> np.ndarray:
    return np.array([date for date, count in years.items() for _ in range(count)], dtype=object)


def test_months_are_read_in_every_form() -> None:
    found = month_numbers(np.array(["2019-03-31", "2019-03", "201903", 201903, 201903.0, None, np.nan], dtype=object))
    assert found is not None
    assert found.tolist() == [2019 * 12 + 2] * 5 + [-1, -1]
    for wrong in ("2019-13", "March", "12", 7):
        assert month_numbers(np.array(["2019-03", wrong], dtype=object)) is None


def test_rates_and_intervals_are_those_of_jeffreys() -> None:
    dates = dated({"2019-01-15": 40, "2020-06-30": 60})
    y = np.r_[np.ones(4), np.zeros(36), np.ones(9), np.zeros(51)]
    found = cohort_table(y, dates, probability=np.full(100, 0.1), rules=EASY)
    assert found["cohort"].tolist() == ["2019", "2020"]
    assert found["bad_rate"].tolist() == [0.1, 0.15]
    for row in found.itertuples():
        beta = stats.beta(row.bads + 0.5, row.rows - row.bads + 0.5)
        assert (row.bad_rate_lower, row.bad_rate_upper) == pytest.approx((beta.ppf(0.025), beta.ppf(0.975)), rel=1e-12)
    assert found["mean_probability"].tolist() == pytest.approx([0.1, 0.1])


def test_a_year_may_start_in_another_month() -> None:
    dates = dated({"2019-06-30": 5, "2019-07-01": 6, "2020-06-30": 7, "2020-07-01": 8})
    found = cohort_table(np.zeros(26), dates, rules=CohortRules(year_starts=7, min_rows=1, min_months=1))
    assert found["cohort"].tolist() == ["2018-07 to 2019-06", "2019-07 to 2020-06", "2020-07 to 2021-06"]
    assert found["rows"].tolist() == [5, 13, 8]


def test_windows_of_observation_points_overlap_where_they_are_closer_than_the_window() -> None:
    dates = dated({"2019-03": 5, "2019-06": 5, "2020-06": 5, "2022-06": 5})
    rules = CohortRules(by="observation_point", window_months=12, min_rows=1)
    assert cohort_table(np.zeros(20), dates, rules=rules)["overlaps"].tolist() == [False, True, False, False]
    unknown = cohort_table(np.zeros(20), dates, rules=CohortRules(by="observation_point", min_rows=1))
    assert unknown["overlaps"].tolist() == [None] * 4


def test_calendar_years_followed_into_the_next_overlap() -> None:
    dates = dated({"2019-03": 5, "2020-06": 5})
    found = cohort_table(np.zeros(10), dates, rules=CohortRules(window_months=12, min_rows=1))
    assert found["overlaps"].tolist() == [False, True]
    found = cohort_table(np.zeros(10), dates, rules=CohortRules(window_months=1, min_rows=1))
    assert found["overlaps"].tolist() == [False, False]


def test_what_does_not_count_says_why() -> None:
    months = [f"2019-{m:02d}" for m in range(1, 13)]
    dates = np.array([*months * 10, *months[:6], "2020-01", "2020-02", "2021-01", *["2022-01"] * 100], dtype=object)
    y = np.zeros(len(dates))
    y[dates == "2021-01"] = np.nan
    rules = CohortRules(min_rows=50, leave_out={"2019": "a merger"})
    found = cohort_table(y, dates, rules=rules).set_index("cohort")
    assert not found["counted"].any()
    assert found["reason"].tolist() == [
        "left out by the plan: a merger",
        "not evaluable: fewer than 50 rows",
        "no outcome is known",
        "part of a year: rows in 1 months, 12 are asked for",
    ]
    assert np.isnan(found.loc["2020", "bad_rate"])
    assert found.loc["2022", "bad_rate"] == 0.0
    assert found.loc["2021", "unknown"] == 1


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(CreditRiskError) as caught:
        cohort_table([0, 2.0], ["soon", "2019-01"], probability=[0.5, 1.5], weights=[1.0, -1.0])
    assert {fault.path for fault in caught.value.faults} == {"y", "dates", "probability", "weights"}
    with pytest.raises(CreditRiskError, match="no outcome is known"):
        cohort_table([np.nan], ["2019-01"])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 12))
def test_cohorts_are_the_groups_of_pandas(seed: int, starts: int) -> None:
    rng = np.random.default_rng(seed)
    size = 200
    stamps = pd.to_datetime("2015-01-01") + pd.to_timedelta(rng.integers(0, 1500, size), "D")
    y = rng.choice([0.0, 1.0, np.nan], size, p=[0.6, 0.3, 0.1])
    w, p = rng.uniform(0.2, 3.0, size), rng.uniform(0.0, 1.0, size)
    rules = CohortRules(year_starts=starts, min_rows=1, min_months=1)
    found = cohort_table(y, stamps.strftime("%Y-%m-%d"), probability=p, rules=rules, weights=w)
    moved = (stamps - pd.DateOffset(months=starts - 1)).year
    known = np.isfinite(y)
    frame = pd.DataFrame({"g": moved[known], "w": w[known], "wy": (w * y)[known], "wp": (w * p)[known]})
    sums = frame.groupby("g").sum()
    told = found[found["rows"] > 0]
    assert told["rows"].tolist() == frame.groupby("g").size().tolist()
    np.testing.assert_allclose(told["bad_rate"], sums["wy"] / sums["w"], rtol=1e-12)
    np.testing.assert_allclose(told["mean_probability"], sums["wp"] / sums["w"], rtol=1e-12)
    assert found["weight_share"].sum() == pytest.approx(1.0)
    assert found["unknown"].sum() == np.count_nonzero(~known)
    again = cohort_table(y, stamps.strftime("%Y-%m-%d"), probability=p, rules=rules, weights=7.0 * w)
    columns = ["bad_rate", "bad_rate_lower", "bad_rate_upper", "effective_rows"]
    np.testing.assert_allclose(again[columns].to_numpy(float), found[columns].to_numpy(float), rtol=1e-9)
