"""Months, quarters and years of dates, against pandas' own periods; the rule that chooses among them."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk._core.errors import CreditRiskError
from credit_risk.sampling.periods import choose_unit, period_labels

dates = st.lists(st.dates(dt.date(1800, 1, 1), dt.date(2200, 12, 31)), min_size=1, max_size=20)


@given(dates)
def test_labels_are_pandas_periods_and_sort_in_time(days: list[dt.date]) -> None:
    texts = [day.isoformat() for day in days]
    index = pd.PeriodIndex([f"{day.year:04d}-{day.month:02d}" for day in days], freq="M")
    assert period_labels(texts, "month").tolist() == [str(one) for one in index]
    quarters = period_labels(np.array(texts, object), "quarter").tolist()
    assert quarters == [f"{day.year}-Q{(day.month + 2) // 3}" for day in days]
    assert period_labels(pd.to_datetime(texts), "year").tolist() == [str(day.year) for day in days]
    assert sorted(quarters) == [label for _, label in sorted(zip(days, quarters, strict=True), key=lambda p: p[0])]


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("month", ["2024-01", "2024-03", "2024-04", "2024-12", None]),
        ("quarter", ["2024-Q1", "2024-Q1", "2024-Q2", "2024-Q4", None]),
        ("year", ["2024", "2024", "2024", "2024", None]),
    ],
)
def test_months_and_times_are_dates_too(unit: str, expected: list[str | None]) -> None:
    days = np.array(["2024-01-31", "2024-03", "2024-04-01T09:30:00", "2024-12-31", None], object)
    assert period_labels(days, unit).tolist() == expected  # type: ignore[arg-type]


def test_missing_dates_have_no_period() -> None:
    assert period_labels(["2004-01-31", None], "month").tolist() == ["2004-01", None]
    assert period_labels(pd.Series(pd.to_datetime(["2004-01-31", None])), "year").tolist() == ["2004", None]


@pytest.mark.parametrize(
    ("values", "unit", "part"),
    [(["31/01/2004"], "month", "1 values are no dates"), (["2004-01-31"], "week", "no such unit")],
)
def test_what_is_no_date_is_refused(values: list[str], unit: str, part: str) -> None:
    with pytest.raises(CreditRiskError, match=part):
        period_labels(values, unit)  # type: ignore[arg-type]


@pytest.mark.parametrize(("months", "unit"), [(5, "month"), (15, "quarter"), (40, "year"), (400, "year")])
def test_shortest_period_with_enough_bads(months: int, unit: str) -> None:
    """300 rows, half of them bad, spread over months: 60, 20, 7.5 and 0.75 rows a month; 15 of each are wanted."""
    days = [f"{2000 + (i % months) // 12}-{1 + (i % months) % 12:02d}-01" for i in range(300)]
    y = np.arange(300) < 150
    assert choose_unit(days, y, 15) == unit
    assert choose_unit([*days, None, "1990-01-01"], [*y, 1.0, np.nan], 15) == unit  # neither of the two counts
