"""Labels with states, the clock of months against another library's calendar, and faults that are told."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from credit_risk._core.errors import CreditRiskError, IntakeError
from credit_risk.monitoring.frames import FAULT_COLUMNS
from credit_risk.monitoring.performance.labels import label_outcomes, labels_of_months
from credit_risk.monitoring.performance.month_clock import days_of, months_by_anniversary

DATES = st.dates(dt.date(1999, 1, 1), dt.date(2031, 12, 31))


def day(*texts: str | None) -> pd.Series:
    return pd.Series(pd.to_datetime(list(texts), utc=True))


@given(start=DATES, months=st.integers(0, 60), extra=st.integers(0, 27))
def test_whole_months_are_those_of_dateutil(start: dt.date, months: int, extra: int) -> None:
    exact = start + relativedelta(months=months)
    after, following = exact + dt.timedelta(days=extra), start + relativedelta(months=months + 1)
    found = months_by_anniversary(*(np.array([one] * 2, "datetime64[D]") for one in (start, exact)))
    assert found.tolist() == [months, months]
    between = months_by_anniversary(np.array([start], "datetime64[D]"), np.array([after], "datetime64[D]"))[0]
    assert months <= between
    assert (between < months + 1) == (after < following)


@given(start=DATES, days=st.lists(st.integers(0, 2000), min_size=2, max_size=6))
def test_months_rise_with_the_date(start: dt.date, days: list[int]) -> None:
    ends = np.array([start + dt.timedelta(days=one) for one in sorted(set(days))], "datetime64[D]")
    found = months_by_anniversary(np.full(len(ends), start, "datetime64[D]"), ends)
    assert np.all(np.diff(found) > 0)


def test_states_and_months_at_the_window() -> None:
    decided = day(*["2025-01-31 23:30"] * 7)
    bad = day("2025-02-28", None, None, "2026-02-01", "2026-01-31", None, "2025-01-31")
    until = day("2025-12-31", "2026-01-31", "2026-01-30", "2026-03-01", "2026-01-31", None, "2025-06-01")
    labels, faults = label_outcomes(decided, bad, until, 12)
    assert labels.state.tolist() == ["bad", "good", "not yet", "good", "bad", "unobserved", "bad"]
    assert labels.time[:3] == pytest.approx([1.0, 12.0, 12 - 1 / 31])
    assert labels.time[-1] == 0.0
    assert np.isnan(labels.time[5])
    assert faults.empty
    assert labels.at(14).state.tolist()[1:4] == ["not yet", "not yet", "bad"]


def test_what_cannot_be_is_a_fault_and_stays_among_the_rows() -> None:
    decided = day(None, *["2025-03-10"] * 7)
    bad = day(None, "2025-03-09", None, "2025-09-02", "2025-05-01", None, None, None)
    until = day("2025-09-01", "2025-09-01", "2025-03-01", "2025-09-01", None, "2025-08-01", "2025-09-01", "2025-09-01")
    before = day(None, None, None, None, None, "2025-08-02", "2025-08-02", "2025-08-02")
    was_bad = day(None, None, None, None, None, None, "2025-04-01", None)
    labels, faults = label_outcomes(
        decided, bad, until, 12, previous_observed_until=before, previous_bad_date=was_bad, partition="2025-09.parquet"
    )
    assert labels.state.tolist() == ["fault"] * 7 + ["not yet"]
    assert list(faults.columns) == FAULT_COLUMNS
    assert faults["rows"].sum() == faults["left_out"].sum() == 7
    assert sorted(faults["code"]) == [
        "bad_without_observed_until",
        "clock_backwards",
        "no_decision_time",
        "observed_before_decision",
        "outcome_after_observation",
        "outcome_before_decision",
        "outcome_withdrawn",
    ]
    assert set(faults["partition"]) == {"2025-09.parquet"}
    assert faults.set_index("code").loc["clock_backwards", "period"] == "2025-03"
    assert faults.set_index("code").loc["no_decision_time", "period"] == ""


def test_a_zone_is_read_as_utc_and_text_is_refused() -> None:
    paris = pd.Series(pd.to_datetime(["2025-03-01 00:30"])).dt.tz_localize("Europe/Paris")
    assert days_of(paris, "x").astype(str).tolist() == ["2025-02-28"]
    assert days_of([dt.date(2025, 3, 1), None], "x").astype(str).tolist() == ["2025-03-01", "NaT"]
    with pytest.raises(IntakeError, match="not dates"):
        days_of(["2025-03-01"], "bad_date")
    with pytest.raises(IntakeError, match="not dates"):
        days_of([20250301], "bad_date")


def test_calendar_months_count_once_they_have_ended() -> None:
    decided = day(*["2025-01-20"] * 4)
    bad = day("2025-04-02", "2025-04-02", None, None)
    until = day("2025-04-30", "2025-04-29", "2025-04-30", "2025-01-30")
    labels, _ = label_outcomes(decided, bad, until, 3, clock="calendar")
    assert labels.time.tolist() == [3.0, 2.0, 3.0, -1.0]
    assert labels.event.tolist() == [True, False, False, False]
    assert labels.state.tolist() == ["bad", "not yet", "good", "not yet"]
    assert labels.postponed == 1


def test_arguments_are_refused() -> None:
    one = day("2025-01-20")
    for change in ({"window": 0}, {"window": float("nan")}, {"clock": "sidereal"}):
        with pytest.raises(CreditRiskError):
            label_outcomes(one, one, one, **{"window": 12, **change})  # type: ignore[arg-type]
    with pytest.raises(CreditRiskError, match="lengths differ"):
        label_outcomes(one, day("2025-02-01", None), one, 12)
    with pytest.raises(CreditRiskError, match="not follow-up"):
        labels_of_months([1.0, np.nan], np.array([True, False]), 12)
