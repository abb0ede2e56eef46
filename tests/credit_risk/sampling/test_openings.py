"""Vintages and maturity counted from the date of opening: literal counting, and the simulator's own truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.datasets import simulate_portfolio
from credit_risk.sampling import bad_rate_maturity, date_openings, read_history, take_in, vintage_curves
from credit_risk.sampling.history_spec import HistorySpec, MaturitySpec
from credit_risk.sampling.openings import opening_note
from credit_risk.sampling.spec import DataSpec, OutcomeSpec
from credit_risk.sampling.table_source import source_of_frame

SPEC = HistorySpec(source="x", key="key", date="month", days_past_due="dpd", gaps="accept")
START = 2020 * 12
Rows = dict[int, dict[int, int]]


def text(month: int) -> str:
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def history_of(rows: Rows) -> Any:
    found = [(k, text(START + m), d) for k, months in rows.items() for m, d in months.items()]
    return read_history(pd.DataFrame(found, columns=["key", "month", "dpd"]), SPEC)


@st.composite
def portfolios(draw: st.DrawFn) -> tuple[Rows, dict[int, int | None]]:
    """Histories in months 0 to 14, and openings from month −6 on; some unknown, some after the first record."""
    rows: Rows = {}
    opened: dict[int, int | None] = {}
    for key in range(draw(st.integers(2, 12))):
        first, length = draw(st.integers(0, 7)), draw(st.integers(1, 8))
        rows[key] = {m: draw(st.sampled_from([0, 0, 0, 20, 95])) for m in range(first, first + length)}
        opened[key] = draw(st.sampled_from([None, first, first, first - 1, first - 2, first - 6, first + 1]))
    rows[99] = dict.fromkeys(range(15), 0)
    opened[99] = 0
    return rows, opened


def facts(rows: Rows, opened: dict[int, int | None]) -> list[tuple[int, int, int]]:
    """(opening, entry, first event or 10**6) of every dated account, months from START."""
    start = min(min(months) for months in rows.values())
    found = []
    for key, months in rows.items():
        if opened[key] is None:
            continue
        opening = min(opened[key], min(months))
        event = min((m for m, days in months.items() if days >= 90), default=10**6)
        found.append((opening, max(opening, start), event))
    return found


@settings(max_examples=60)
@given(portfolios())
def test_curves_are_counted_from_the_opening(portfolio: tuple[Rows, dict[int, int | None]]) -> None:
    rows, opened = portfolio
    history = history_of(rows)
    months = [None if opened[key] is None else START + opened[key] for key in rows]
    told = date_openings(history, list(rows), months)
    accounts, until = facts(rows, opened), 14
    start = min(min(m) for m in rows.values())
    assert told["accounts with a date of opening"] == len(accounts)
    assert told["accounts opened before the history begins"] == sum(o < start for o, _, _ in accounts)
    curve = bad_rate_maturity(history, MaturitySpec(months=2, min_accounts=1)).table
    survival = 1.0
    for row in curve.itertuples():
        k = row.month_on_book
        here = [
            (o, e) for o, entry, e in accounts
            if o + k <= until and entry <= o + k and e >= o + k and not (o < start and e <= start)
        ]  # fmt: skip
        bad = sum(e == o + k for o, e in here)
        survival *= 1 - bad / len(here)
        assert (row.at_risk, row.bad) == (len(here), bad)
        assert row.bad_rate == pytest.approx(1 - survival, abs=1e-14)
    vintages = vintage_curves(history, cohort_months=1)
    for row in vintages.itertuples():
        year, month = map(int, row.cohort.split("-"))
        cohort = year * 12 + month - 1 - START
        mine = [e for o, _, e in accounts if o == cohort and o >= start]
        seen = [e for e in mine if cohort + row.month_on_book <= until]
        assert (row.opened, row.accounts) == (len(mine), len(seen))
        assert row.bad == sum(e <= cohort + row.month_on_book for e in seen)
    assert opening_note(history).startswith("month 0 is the month of opening (data.date)")


def test_the_vintages_of_the_simulator_are_its_truth() -> None:
    """Default within k months on book, counted by the simulator, is the vintage's bad rate at month k."""
    made = simulate_portfolio(applicants=6000, months=12, history_months=24, follow_up=24, seed=5, start="2020-01")
    history = read_history(
        made.history.assign(month=made.history["month"].dt.strftime("%Y-%m")),
        HistorySpec(source="x", key="application_id", date="month", days_past_due="days_past_due"),
    )
    booked = made.outcomes
    opened = booked["booking_date"].dt.year * 12 + booked["booking_date"].dt.month - 1
    told = date_openings(history, booked["application_id"].tolist(), opened.tolist())
    # the first month of application has no record: the history begins a month later
    assert told["accounts opened before the history begins"] == int((opened == 2020 * 12).sum())
    default = booked.merge(made.losses, how="left")["default_month_on_book"].to_numpy(float)
    vintages = vintage_curves(history, cohort_months=1).set_index(["cohort", "month_on_book"])
    for month in ("2020-03", "2020-11"):
        cohort = (booked["booking_date"].dt.strftime("%Y-%m") == month).to_numpy()
        for k in (0, 4, 9, 12):
            row = vintages.loc[(month, k)]
            assert row["opened"] == cohort.sum()
            assert row["bad_rate"] == np.mean(default[cohort] <= k)
    first = read_history(
        made.history.assign(month=made.history["month"].dt.strftime("%Y-%m")),
        HistorySpec(source="x", key="application_id", date="month", days_past_due="days_past_due"),
    )
    a = bad_rate_maturity(history).table.set_index("month_on_book")["bad_rate"]
    b = bad_rate_maturity(first).table.set_index("month_on_book")["bad_rate"]
    assert a.loc[12] == pytest.approx(b.loc[11], abs=0.01)  # without dates everything is a month early
    assert a.loc[4] > 0.0
    assert b.loc[3] > 0.0
    assert a.loc[3] == 0.0


def taken(date: str | None, **windows: Any) -> Any:
    rows = [(key, text(START + m), 95 if key % 5 == 0 and m == 8 else 0) for key in range(1, 121) for m in range(2, 30)]
    history = pd.DataFrame(rows, columns=["key", "month", "dpd"])
    opened = [f"{text(START + 1 + key % 3)}-15" for key in range(1, 121)]
    table = pd.DataFrame({"id": range(1, 121), "opened": opened, "x": [key * 7 % 11 for key in range(1, 121)]})
    data = DataSpec.model_validate({"source": "t", "key": "id", "date": date})
    outcome = OutcomeSpec.model_validate(
        {"history": {"source": "h", "key": "key", "date": "month", "days_past_due": "dpd"},
         "windows": {"performance_months": 12, "maturity": {"min_accounts": 10}, **windows}}
    )  # fmt: skip
    return take_in(source_of_frame(table), data, outcome, history=history).decided


def test_a_plan_with_a_date_counts_from_it_and_says_so() -> None:
    decided = taken("opened")
    curve = decided.tables["outcome.maturity"].set_index("month_on_book")
    assert curve.loc[curve["bad"] > 0].index.tolist() == [6, 7]  # opened in month 1 or 2 (some of these
    # are dated month 3, after their first record), bad in month 8
    assert decided.items["outcome.history"]["accounts opened before the history begins"] == 40
    assert decided.items["outcome.history"]["accounts with a record before their date, opened then"] == 40
    assert decided.notes["outcome.vintages"][0].startswith("month 0 is the month of opening")
    plain = taken(None).tables["outcome.maturity"].set_index("month_on_book")
    assert plain.loc[plain["bad"] > 0].index.tolist() == [6]


def test_a_window_that_is_not_reached_is_told_as_that() -> None:
    items = taken("opened").items["outcome.window"]
    assert items["performance window, months"] == 12
    assert items["recommended, months"] == 7
    young = taken("opened", maturity={"months": 11, "min_accounts": 10}).items["outcome.window"]
    assert young["recommended, months"] == "not reached"
    assert young["rule"].startswith("not reached: ")


def test_accounts_that_all_began_before_the_history_have_no_vintages() -> None:
    rows = {key: {m: 95 if key == 1 and m == 3 else 0 for m in range(9)} for key in range(5)}
    history = history_of(rows)
    date_openings(history, list(rows), [START - 4] * 5)
    assert vintage_curves(history).empty
    curve = bad_rate_maturity(history, MaturitySpec(min_accounts=1)).table
    assert curve["month_on_book"].tolist() == list(range(4, 13))
    assert curve.loc[curve["bad"] == 1, "month_on_book"].tolist() == [7]


def test_rows_that_end_early_are_counted_in_the_definition() -> None:
    rows = [(k, m, 95 if k % 4 == 0 and m == 5 else 0) for k in range(1, 81) for m in range(30 if k % 3 else 8)]
    history = pd.DataFrame(rows, columns=["key", "m", "dpd"])
    table = pd.DataFrame({"id": range(1, 81), "x": [k * 7 % 11 for k in range(1, 81)]})
    early = sum(k % 3 == 0 and k % 4 != 0 for k in range(1, 81))
    for ended in ("good", "indeterminate", "excluded"):
        outcome = OutcomeSpec.model_validate(
            {"history": {"source": "h", "key": "key", "month": "m", "days_past_due": "dpd"},
             "definition": {"ended_early": ended}}
        )  # fmt: skip
        data = DataSpec.model_validate({"source": "t", "key": "id"})
        found = take_in(source_of_frame(table), data, outcome, history=history)
        told = f"rows whose history ends early without an event, counted as {ended}"
        assert found.definition[told] == early
        assert found.definition["history that ends early without an event"] == ended
        assert int(np.isnan(found.outcome).sum()) == (0 if ended == "good" else early)
