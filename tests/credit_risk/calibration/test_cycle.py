"""Coverage of the cycle: years, shares and the reweighted average, by hand and on cohorts that cover it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from credit_risk import ModelError
from credit_risk.calibration.cohorts import CohortRules, cohort_table
from credit_risk.calibration.cycle import (
    CycleYear,
    cohort_years,
    coverage_told,
    cycle_table,
    cycle_years_table,
    reweighted_average,
)

REFERENCE = [CycleYear(year, year in (2009, 2010), float(value)) for year, value in zip(range(2006, 2014), range(8))]


def cohorts(rates: dict[int, float]) -> pd.DataFrame:
    dates = np.repeat([f"{year}-06-30" for year in rates], 200)
    y = np.concatenate([(np.arange(200) < 200 * rate).astype(float) for rate in rates.values()])
    return cohort_table(y, dates)


def told(rates: dict[int, float]) -> pd.DataFrame:
    return cycle_table(cycle_years_table(cohorts(rates), REFERENCE, "calendar_year", None))


def test_shares_are_of_years_and_the_average_is_reweighted() -> None:
    table = told({2008: 0.02, 2009: 0.08, 2010: 0.10, 2014: 0.03})
    value = dict(zip(table["quantity"], table["value"], strict=True))
    assert (value["reference_years"], value["observed_years"], value["years_outside_reference"]) == (8, 3, 1)
    assert value["reference_downturn_share"] == 0.25
    assert value["observed_downturn_share"] == pytest.approx(2 / 3)
    assert value["reweighted_average"] == pytest.approx(0.25 * 0.09 + 0.75 * 0.02)
    assert value["indicator_range_covered"] == pytest.approx(2 / 7)
    assert value["indicator_correlation"] == pytest.approx(np.corrcoef([0.02, 0.08, 0.10], [2, 3, 4])[0, 1])
    assert "over-represented" in coverage_told(table)


def test_cohorts_that_cover_the_cycle_are_not_changed_by_reweighting() -> None:
    rates = {one.year: 0.09 if one.downturn else 0.03 for one in REFERENCE}
    table = told(rates)
    assert reweighted_average(table) == pytest.approx(np.mean(list(rates.values())))
    assert "as in the reference period" in coverage_told(table)


def test_a_kind_of_year_that_was_not_observed_is_told_and_refused() -> None:
    table = told({2006: 0.02, 2007: 0.03})
    assert "no downturn was observed" in coverage_told(table)
    with pytest.raises(ModelError, match="no cohort stands for one kind of year"):
        reweighted_average(table)
    assert "no cohort falls" in coverage_told(told({2020: 0.02}))


def test_the_year_of_an_observation_point_is_that_of_the_middle_of_its_window() -> None:
    rules = CohortRules(by="observation_point", window_months=12, min_rows=1)
    dates = np.array(["2018-12", "2019-06", "2019-07", "2020-01"], dtype=object)
    found = cohort_table(np.zeros(4), dates, rules=rules)
    assert cohort_years(found, "observation_point", 12) == [2019, 2019, 2020, 2020]
    assert cohort_years(found, "observation_point", None) == [2018, 2019, 2019, 2020]
