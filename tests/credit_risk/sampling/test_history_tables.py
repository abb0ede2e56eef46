"""Roll rates, vintages and maturity: against plain counting, on random histories and on the cards."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk._core import evidence
from credit_risk.evaluation.intervals import wilson_interval
from credit_risk.sampling import History, bad_rate_maturity, read_history, roll_rate_matrix, vintage_curves
from credit_risk.sampling.history_spec import DefinitionSpec, HistorySpec, MaturitySpec
from credit_risk.sampling.history_tables import VINTAGE_CHART, cohort_width
from credit_risk.sampling.maturity import MATURITY_CHART, recommended_window

SPEC = HistorySpec(source="x", key="key", month="month", days_past_due="dpd", gaps="accept")
STATES = {"0": 1, "1": 30, "2": 60, "3": 90, "4": 120, "5": 150, "C": 0, "X": None}
CARDS = HistorySpec(source="x", key="ID", month="MONTHS_BALANCE", state="STATUS", states=STATES)
Rows = dict[int, dict[int, int]]


@st.composite
def histories(draw: st.DrawFn) -> Rows:
    found: Rows = {}
    for key in range(draw(st.integers(1, 12))):
        first, length = draw(st.integers(0, 8)), draw(st.integers(1, 10))
        kept = [m for m in range(first, first + length) if m == first or draw(st.integers(0, 11))]
        found[key] = {month: draw(st.sampled_from([0, 0, 0, 10, 45, 95, 200])) for month in kept}
    return found


def history_of(rows: Rows) -> History:
    frame = pd.DataFrame([(k, m, d) for k, months in rows.items() for m, d in months.items()])
    return read_history(frame.set_axis(["key", "month", "dpd"], axis=1), SPEC)


def state(days: int) -> str:
    cuts = [(1, "0"), (30, "1-29"), (60, "30-59"), (90, "60-89"), (120, "90-119"), (150, "120-149")]
    return next((name for cut, name in cuts if days < cut), "150+")


@settings(max_examples=60)
@given(histories(), st.integers(1, 3))
def test_roll_rates_are_plain_counts(rows: Rows, step: int) -> None:
    history = history_of(rows)
    counts: Counter[tuple[str, str]] = Counter()
    for months in rows.values():
        for month, days in months.items():
            if month + step in months:
                counts[(state(days), state(months[month + step]))] += 1
            elif max(months) < month + step <= history.until:
                counts[(state(days), "history ended")] += 1
    matrix = roll_rate_matrix(history, months=step)
    assert {(r.from_state, r.to_state): r.accounts for r in matrix.itertuples()} == dict(counts)
    assert matrix.groupby("from_state")["share"].sum().tolist() == pytest.approx([1.0] * matrix["from_state"].nunique())
    evidence.table("outcome.roll_rates", matrix)


@settings(max_examples=60)
@given(histories(), st.sampled_from([1, 3, 12]))
def test_vintages_are_plain_counts(rows: Rows, width: int) -> None:
    history = history_of(rows)
    start = min(min(months) for months in rows.values())
    curves = vintage_curves(history, cohort_months=width)
    evidence.table("outcome.vintages", curves, chart=dict(VINTAGE_CHART))
    cohorts: dict[int, list[tuple[int, int | None]]] = {}
    for months in rows.values():
        first = min(months)
        event = min((m for m, days in months.items() if days >= 90), default=None)
        cohorts.setdefault((first - start) // width, []).append((first, event))
    assert curves["cohort"].nunique() == len(cohorts)
    for name, number in zip(curves["cohort"].drop_duplicates(), sorted(cohorts), strict=True):
        accounts = cohorts[number]
        for row in curves[curves["cohort"] == name].itertuples():
            reached = [(f, e) for f, e in accounts if f + row.month_on_book <= history.until]
            bad = [f for f, e in reached if e is not None and e - f <= row.month_on_book]
            assert (row.opened, row.accounts, row.bad) == (len(accounts), len(reached), len(bad))
            assert row.bad_rate == len(bad) / len(reached)
            assert row.complete == (len(reached) == len(accounts))
            lower, upper = wilson_interval([len(bad)], [len(reached)])
            assert (row.bad_rate_lower, row.bad_rate_upper) == (lower[0], upper[0])


@settings(max_examples=60)
@given(histories())
def test_maturity_is_the_product_limit(rows: Rows) -> None:
    history = history_of(rows)
    curve = bad_rate_maturity(history, MaturitySpec(months=2, share=0.3, min_accounts=1)).table
    evidence.table("outcome.maturity", curve, chart=dict(MATURITY_CHART))
    survival = 1.0
    for row in curve.itertuples():
        k, at_risk, events = row.month_on_book, 0, 0
        for months in rows.values():
            first = min(months)
            event = min((m for m, days in months.items() if days >= 90), default=10**6)
            if first + k <= history.until and event - first >= k:
                at_risk, events = at_risk + 1, events + (event - first == k)
        survival *= 1 - events / at_risk
        assert (row.at_risk, row.bad) == (at_risk, events)
        assert row.bad_rate == pytest.approx(1 - survival, abs=1e-15)


def test_without_censoring_maturity_is_the_share_of_bads() -> None:
    """100 accounts opened together; events in months 1 (4), 2 (3), 3 (2), 4 (1), 7 (10): worked by hand."""
    when = [1] * 4 + [2] * 3 + [3] * 2 + [4] + [7] * 10
    rows = {key: {m: 95 if key < len(when) and m == when[key] else 0 for m in range(13)} for key in range(100)}
    spec = MaturitySpec(months=2, share=0.1, min_accounts=1)
    found = bad_rate_maturity(history_of(rows), spec)
    assert found.table["bad_rate"].tolist() == pytest.approx(
        [0, 0.04, 0.07, 0.09, 0.10, 0.10, 0.10, 0.20, 0.20, 0.20, 0.20, 0.20, 0.20], abs=1e-14
    )
    assert found.table["increment_share"].tolist()[:3] == pytest.approx([math.nan, 1.25, 3 / 7], nan_ok=True)
    assert found.months == 7  # the steepest rise is the one to month 7; month 3 comes before it
    early = {key: months for key, months in rows.items() if key < 10 or key >= 20}
    assert bad_rate_maturity(history_of(early), MaturitySpec(months=2, share=0.15, min_accounts=1)).months == 3
    # without its last 5 months the curve ends at month 7, with nothing after it that would show it to be flat
    unsettled = bad_rate_maturity(history_of(rows), MaturitySpec(months=5, share=0.1, min_accounts=1))
    assert unsettled.months is None
    assert "the curve to month 12 gives month 7, without its last 5 months none" in unsettled.reason
    assert found.reason.endswith("the curve ends at month 12")


def test_no_window_is_recommended_where_none_is_mature() -> None:
    rows = {key: {m: 95 if m == key % 5 + 1 else 0 for m in range(6)} for key in range(50)}
    rising = bad_rate_maturity(history_of(rows), MaturitySpec(months=1, share=0.01, min_accounts=1))
    assert rising.months is None
    assert "still rises" in rising.reason
    never = bad_rate_maturity(history_of({1: {0: 0, 1: 0}}), MaturitySpec(min_accounts=1))
    assert (never.months, never.reason) == (None, "not reached: no account has an event, or too few are at risk")


def window(rates: np.ndarray, **settings_: float) -> int | None:
    return recommended_window(np.arange(len(rates)), rates, MaturitySpec(**settings_))[0]


@pytest.mark.parametrize("months", [36, 60, 120, 240])
def test_a_curve_that_never_flattens_has_no_window_however_long_it_is(months: int) -> None:
    k = np.arange(months)
    assert window(0.002 * k) is None
    months_, reason = recommended_window(k, 0.002 * k, MaturitySpec())
    assert months_ is None
    assert reason.startswith(f"not reached: the curve still rises at its end, month {months - 1}")


def test_the_window_does_not_depend_on_how_long_the_curve_is() -> None:
    """Bads come at an exponential rate, mean 8 months: at 20 months 6 more bring less than a twentieth."""
    curve = 0.1 * (1 - np.exp(-np.arange(240) / 8))
    expected = next(k for k in range(240) if curve[k + 6] - curve[k] < 0.05 * curve[k])
    assert expected == 20
    assert {window(curve[:length]) for length in (34, 48, 60, 120, 240)} == {expected}
    assert window(curve[:31]) is None  # flat for 6 months only: later months may move it
    assert window(curve[:24]) is None


def test_a_lull_is_no_window() -> None:
    """Flat from month 10 to 20, then as steep as before."""
    steps = np.r_[np.full(10, 0.01), np.zeros(10), np.full(30, 0.01)]
    assert window(np.r_[0.0, np.cumsum(steps)]) is None
    assert window(np.r_[0.0, np.cumsum(np.r_[steps[:10], np.zeros(40)])]) == 10


def test_windows_of_samples_of_a_curve_are_near_its_own_and_constant_hazard_has_none() -> None:
    rng = np.random.default_rng(3)
    flat, constant = [], []
    for _ in range(200):
        when = np.where(rng.random(2000) < 0.1, np.ceil(rng.exponential(8, 2000)), 10**6)
        flat.append(window(np.array([np.mean(when <= k) for k in range(61)])))
        when = np.ceil(rng.exponential(400, 2000))
        constant.append(window(np.array([np.mean(when <= k) for k in range(61)])))
    assert constant == [None] * 200
    found = [month for month in flat if month is not None]
    assert len(found) >= 195
    assert (np.percentile(found, 5), np.percentile(found, 95)) == pytest.approx((20, 20), abs=4)


def test_the_cards(test_data: Path) -> None:
    """Against pandas on 1,048,575 rows: ever-bads, moves out of 60-89 days, and the vintage of 2 years before."""
    history = read_history(test_data / "cards_monthly_status.csv.gz", CARDS, DefinitionSpec(days_past_due=60))
    frame = pd.read_csv(test_data / "cards_monthly_status.csv.gz").sort_values(["ID", "MONTHS_BALANCE"])
    frame["next"] = frame.groupby("ID")["STATUS"].shift(-1)
    moves = frame[frame["STATUS"] == "2"]["next"].value_counts()
    matrix = roll_rate_matrix(history).set_index(["from_state", "to_state"])["accounts"]
    for code, name in {"C": "0", "0": "1-29", "1": "30-59", "2": "60-89", "3": "90-119", "X": "no exposure"}.items():
        assert matrix[("60-89", name)] == moves[code]
    first = frame.groupby("ID")["MONTHS_BALANCE"].min()
    worse = frame[frame["STATUS"].isin(list("2345"))].groupby("ID")["MONTHS_BALANCE"].min()
    opened = first[first == -24].index
    age = worse.reindex(opened) + 24
    curve = vintage_curves(history, cohort_months=1)
    curve = curve[curve["cohort"] == "-24"]
    assert curve["bad"].tolist() == [int((age <= k).sum()) for k in range(25)]
    assert set(curve["accounts"]) == {len(opened)}
    whole = vintage_curves(history, cohort_months=240)
    assert whole["opened"].iloc[0] == 45_985
    assert cohort_width(history) == 12


def test_names_of_cohorts() -> None:
    spec = HistorySpec(source="x", key="key", date="day", days_past_due="dpd")
    for spread, names in ((3, ["2023-11", "2023-12", "2024-01"]), (12, ["2023 Q4", "2024 Q1", "2024 Q2", "2024 Q3"])):
        days = pd.period_range("2023-11", periods=spread, freq="M").strftime("%Y-%m").tolist()
        frame = pd.DataFrame({"key": range(spread), "day": days, "dpd": 0})
        assert list(dict.fromkeys(vintage_curves(read_history(frame, spec))["cohort"]))[:4] == names
    days = pd.period_range("2010-02", periods=70, freq="M").strftime("%Y-%m").tolist()
    curves = vintage_curves(read_history(pd.DataFrame({"key": range(70), "day": days, "dpd": 0}), spec))
    assert list(dict.fromkeys(curves["cohort"])) == ["2010", "2011", "2012", "2013", "2014", "2015"]
