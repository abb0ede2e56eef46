"""Monthly history, outcomes and losses agree with each other, with the truth, and with the calendar."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from credit_risk.datasets import Portfolio, simulate_portfolio


@pytest.fixture(scope="module")
def mature() -> Portfolio:
    return simulate_portfolio(applicants=40_000, months=24, history_months=36, follow_up=36, selection="mnar")


@pytest.fixture(scope="module")
def young() -> Portfolio:
    return simulate_portfolio(applicants=20_000, months=24, history_months=24, follow_up=3)


def _number(dates: pd.Series) -> pd.Series:
    return dates.dt.year * 12 + dates.dt.month


def _with_booking(portfolio: Portfolio) -> pd.DataFrame:
    return portfolio.history.merge(portfolio.outcomes, on="application_id", validate="many_to_one")


def test_ninety_days_within_twelve_months_is_the_true_flag(mature):
    first_year = mature.history[mature.history["months_on_book"] <= 12]
    worst = first_year.groupby("application_id")["days_past_due"].max() >= 90
    truth = mature.truth.set_index("application_id")["bad"]
    assert worst.index.equals(pd.Index(mature.outcomes["application_id"], name="application_id"))
    assert (worst.astype(int) == truth[worst.index]).all()
    known = mature.outcomes.set_index("application_id")["bad"]
    assert (known == truth[known.index]).all()
    late = mature.history.query("days_past_due >= 90").groupby("application_id")["months_on_book"].min()
    expected = mature.truth.set_index("application_id")["months_to_default"].dropna()
    booked_bads = expected[expected.index.isin(known.index)]
    assert (late[booked_bads.index] == booked_bads).all()
    assert booked_bads.between(4, 12).all()


@pytest.mark.parametrize("which", ["mature", "young"])
def test_months_have_no_gap_and_none_lies_in_the_future(which, request):
    portfolio = request.getfixturevalue(which)
    table = _with_booking(portfolio)
    assert (table["month"] <= table["observed_until"]).all()
    assert (_number(table["month"]) - _number(table["booking_date"]) == table["months_on_book"]).all()
    assert table["months_on_book"].max() <= portfolio.spec.history_months
    running = table.groupby("application_id").cumcount() + 1
    assert (running == table["months_on_book"]).all()
    assert table["application_id"].is_monotonic_increasing
    last = table.groupby("application_id").tail(1)
    ended = last["state"].isin(["written_off", "closed"])
    full = last["months_on_book"] == np.minimum(last["months_observed"], portfolio.spec.history_months)
    assert (ended | full).all()
    assert not table.drop(last.index)["state"].isin(["written_off", "closed"]).any()
    assert portfolio.macro["month"].max() == portfolio.outcomes["observed_until"].max()


def test_young_vintages_know_only_what_has_happened(young):
    outcomes = young.outcomes.merge(young.truth, on="application_id", suffixes=("", "_true"))
    seen = outcomes["months_to_default"].le(outcomes["months_observed"]).fillna(False).astype(bool)
    mature = outcomes["months_observed"] >= 12
    expected = np.select([seen, mature], ["bad", "good"], "not_yet")
    assert (outcomes["outcome"] == expected).all()
    assert outcomes["bad"].isna().equals(outcomes["outcome"] == "not_yet")
    assert outcomes["bad"].dropna().eq((outcomes["outcome"] == "bad")[outcomes["bad"].notna()]).all()
    assert {"bad", "good", "not_yet"} == set(outcomes["outcome"])
    hidden = (outcomes["outcome"] == "not_yet") & (outcomes["bad_true"] == 1)
    assert hidden.sum() > 50
    assert (young.losses["default_date"] <= outcomes["observed_until"].max()).all()
    table = young.booked_accounts()
    assert table["bad"].dtype == "int64"
    assert len(table) == mature.sum()


def test_states_follow_arrears_default_cure_and_write_off(mature):
    history = mature.history
    days, state = history["days_past_due"], history["state"]
    assert (days[state.isin(["performing", "closed", "probation"])] == 0).all()
    assert days[state == "arrears"].between(1, 89).all()
    assert (days[state.isin(["default", "written_off"])] >= 90).all()
    previous = history.groupby("application_id")["days_past_due"].shift(1)
    step = days - previous
    assert ((step <= 30) | previous.isna()).all()
    cured = history["cured"]
    assert (previous[cured] >= 90).all()
    assert (days[cured] == 0).all()
    assert (state[cured] == "probation").all()
    assert ((state == "written_off") == history["written_off"]).all()
    assert (history["write_off_amount"] > 0).equals(history["written_off"])
    out = previous.ge(90) & (days < 90)
    assert out.equals(cured)
    assert cured.sum() > 200
    assert history["written_off"].sum() > 500


def test_balances_are_those_of_an_annuity_month_by_month(mature):
    table = _with_booking(mature)
    clean = table.groupby("application_id")["days_past_due"].transform("max") == 0
    sample = table[clean & (table["application_id"] < 4000)]
    checked = 0
    for _, account in sample.groupby("application_id"):
        balance = account["loan_amount"].iloc[0]
        rate = account["interest_rate"].iloc[0] / 1200
        for paid, (now, state) in enumerate(zip(account["balance"], account["state"], strict=True), start=1):
            balance = balance * (1 + rate) - account["instalment"].iloc[0]
            if state == "closed":
                assert now == 0
            else:
                assert abs(now - balance) < 0.01 * (paid + 1)  # instalments are rounded to cents
                checked += 1
    assert checked > 5000


def test_amounts_past_due_are_the_missed_instalments(mature):
    table = _with_booking(mature)
    late = table[(table["days_past_due"] > 0) & ~table["written_off"]]
    missed = late["days_past_due"] // 30 + 1
    expected = np.minimum(missed * late["instalment"], late["balance"])
    assert (late["amount_past_due"] - expected).abs().max() < 0.2
    assert (table.loc[table["days_past_due"] == 0, "amount_past_due"] == 0).all()


def test_losses_agree_with_history_and_truth(mature):
    late = mature.history.query("days_past_due >= 90").groupby("application_id").first()
    losses = mature.losses.set_index("application_id")
    assert losses.index.equals(late.index)
    assert (losses["default_month_on_book"] == late["months_on_book"]).all()
    assert (losses["default_date"] == late["month"]).all()
    np.testing.assert_allclose(losses["exposure_at_default"], late["balance"], atol=0.011)
    assert losses["lgd"].dropna().between(0, 1).all()
    assert losses["lgd"].isna().equals(losses["resolution"] == "open")
    assert losses["resolution_date"].isna().equals(losses["resolution"] == "open")
    np.testing.assert_allclose(losses["loss"], losses["lgd"] * losses["exposure_at_default"], atol=0.0051)
    truth = mature.truth.set_index("application_id").loc[losses.index]
    both = (truth["bad"] == 1) & losses["lgd"].notna()
    assert (truth["lgd"][both] == losses["lgd"][both]).all()
    ends = mature.history.query("cured or written_off").groupby("application_id")["month"].first()
    shared = ends.index.intersection(losses.index[losses["resolution"] != "open"])
    assert len(shared) > 700
    assert (losses["resolution_date"][shared] == ends[shared]).all()
    written_off = losses.loc[losses["resolution"] == "written_off", "lgd"].mean()
    assert written_off > 5 * losses.loc[losses["resolution"] == "cured", "lgd"].mean()
    assert mature.truth.loc[mature.truth["bad"] == 0, ["lgd", "exposure_at_default"]].isna().all(axis=None)
    assert (mature.truth.loc[mature.truth["bad"] == 0, "loss"] == 0).all()


def test_only_booked_accounts_have_a_life(mature):
    status = mature.applications.set_index("application_id")["status"]
    for frame in (mature.outcomes, mature.history, mature.losses):
        found = set(status[frame["application_id"].unique()])
        assert found == {"booked", "overridden_low"}
    accounts = status.isin(["booked", "overridden_low"]).sum()
    assert len(mature.outcomes) == accounts


def test_history_length_and_absence():
    arguments = {"applicants": 3000, "months": 12}
    none = simulate_portfolio(**arguments, history_months=0)
    short, long = (simulate_portfolio(**arguments, history_months=months) for months in (12, 24))
    assert len(none.history) == 0
    assert list(none.history.columns) == list(short.history.columns)
    assert none.history.dtypes.equals(short.history.dtypes)
    first_year = long.history[long.history["months_on_book"] <= 12].reset_index(drop=True)
    pd.testing.assert_frame_equal(first_year, short.history)
    pd.testing.assert_frame_equal(none.outcomes, short.outcomes)
