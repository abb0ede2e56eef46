"""Evaluation on applicants against the true outcomes of a simulated portfolio; kickout against its definition."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from credit_risk._core.errors import CreditRiskError
from credit_risk.datasets import simulate_portfolio
from credit_risk.evaluation import auc
from credit_risk.reject_inference import Decided
from credit_risk.reject_inference.applicants import (
    COLUMNS,
    KICKOUT_COLUMNS,
    accepted_share,
    applicant_evaluation,
    kickout,
    kickout_table,
)
from credit_risk.reject_inference.bayesian import bayesian_auc
from tests.credit_risk.reject_inference.four_worlds import world

NAN = np.nan


def test_with_the_true_prior_the_measures_are_those_of_the_truth():
    portfolio = simulate_portfolio(applicants=6_000, months=12, seed=3, history_months=0)
    keep = (portfolio.applications["decision"] != "none").to_numpy()
    truth, accepted = portfolio.truth[keep], (portfolio.applications["decision"] == "accepted").to_numpy()[keep]
    booked = portfolio.applications["status"].isin(["booked", "overridden_low"]).to_numpy()[keep]
    bad, true_pd = truth["bad"].to_numpy(float), truth["true_pd"].to_numpy()
    decided = Decided(np.where(booked & accepted, bad, NAN), accepted)
    table = applicant_evaluation(decided, {"truth": true_pd}, true_pd, draws=200, seed=1, confidence=0.999)
    assert list(table.columns) == COLUMNS
    one = table.set_index("measure").loc["auc"]
    assert one["lower"] < auc(bad, true_pd) < one["upper"]
    rate = table.set_index("measure").loc["bad_rate_approved"]
    chosen = np.argsort(true_pd)[: round(accepted.mean() * len(bad))]
    assert rate["lower"] < bad[chosen].mean() < rate["upper"]
    assert rate["approved"] == pytest.approx(accepted.mean())


def test_factors_move_the_prior_of_the_rejected_alone():
    one = world("mar", 1_000, 2)
    table = applicant_evaluation(
        one.decided, {"a": one.probability, "b": 1 - one.probability}, one.probability, prudence=(1.0, 3.0), draws=20
    )
    prior = np.where(one.accepted, one.probability, 3 * one.probability / (1 + 2 * one.probability))
    expected = bayesian_auc(one.decided.y, one.probability, prior, draws=20)
    found = table.query("model == 'a' and prudence == 3 and measure == 'auc'").iloc[0]
    assert found["estimate"] == expected.estimate
    assert (found["lower"], found["upper"]) == (expected.lower, expected.upper)
    other = table.query("model == 'b' and prudence == 3 and measure == 'auc'").iloc[0]
    assert other["estimate"] == pytest.approx(1 - expected.estimate)  # the same draws


def test_kickout_is_its_published_definition():
    y = np.array([0, 1, 0, 1, 0, 0, NAN, NAN, NAN, NAN])
    decided = Decided(y, [1, 1, 1, 1, 1, 1, 0, 0, 0, 0])
    base = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.7, 0.7, 0.7])
    # half of the six known: rows 0, 1, 2 (one bad, two goods); half of all ten by the candidate: 0, 4, 5, 6, 7
    candidate = np.array([0.1, 0.9, 0.8, 0.7, 0.2, 0.3, 0.15, 0.25, 0.95, 0.97])
    found = kickout(decided, base, candidate, 0.5)
    assert (found.selected_good, found.selected_bad) == (2.0, 1.0)
    assert (found.kicked_out_good, found.kicked_out_bad) == (1.0, 1.0)
    p = 1 / 3
    assert found.value == pytest.approx((1 / p - 1 / (1 - p)) / (1 / p))


@pytest.mark.parametrize(("stays", "value"), [("goods", 1.0), ("bads", -1.0), ("nobody", 0.0), ("everybody", 0.0)])
def test_kickout_at_its_ends(stays: str, value: float):
    """The base selects 5 bads and 5 goods of 20 known; half of all 40 are approved by the candidate."""
    y = np.append(np.tile([0.0, 1.0, 0.0, 0.0], 5), np.full(20, NAN))
    decided = Decided(y, np.isfinite(y))
    selected = np.isfinite(y) & ((y == 1) | (np.arange(40) % 4 == 0))
    kept = {"goods": selected & (y == 0), "bads": selected & (y == 1), "nobody": selected & (y == 2)}.get(
        stays, selected
    )
    candidate = np.where(kept, 0.1, np.where(np.isfinite(y), 0.9, 0.5))
    found = kickout(decided, np.where(selected, 0.2, 0.8), candidate, 0.5)
    assert (found.selected_good, found.selected_bad) == (5.0, 5.0)
    assert found.value == pytest.approx(value, abs=1e-12)


def test_kickout_is_the_difference_of_the_shares_left_out():
    """Algebra: (K_B/p − K_G/(1 − p))/(S_B/p) = K_B/S_B − K_G/S_G, whatever the weights."""
    random = np.random.default_rng(4)
    one = world("mar", 2_000, 5, weights=random.uniform(0.5, 2, 2_000))
    other = np.clip(one.probability + random.normal(0, 0.1, 2_000), 0, 1)
    found = kickout(one.decided, one.probability, other)
    shares = found.kicked_out_bad / found.selected_bad, found.kicked_out_good / found.selected_good
    assert found.value == pytest.approx(shares[0] - shares[1], rel=1e-12)
    total = one.decided.weights[one.decided.known].sum() * accepted_share(one.decided)
    assert found.selected_good + found.selected_bad == pytest.approx(total)


def test_whole_weights_are_repeated_rows():
    one = world("mar", 300, 6)
    times = np.random.default_rng(7).integers(1, 4, 300)
    again = np.repeat(np.arange(300), times)
    risk = np.round(one.probability, 2)
    other = np.round(one.probability**2, 2)
    first = kickout_table(Decided(one.decided.y, one.accepted, times), "a", {"a": risk, "b": other}, one.probability)
    second = kickout_table(
        Decided(one.decided.y[again], one.accepted[again]),
        "a",
        {"a": risk[again], "b": other[again]},
        one.probability[again],
    )
    pd.testing.assert_frame_equal(first, second, rtol=1e-10)


def test_swaps_are_those_of_counting():
    y = np.array([0, 1, 0, NAN, NAN, NAN])
    decided = Decided(y, [1, 1, 1, 1, 0, 0])
    s = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    candidate = np.array([0.1, 0.9, 0.2, 0.8, 0.3, 0.4])  # approves 0, 2, 4, 5 in place of 0, 1, 2, 3
    table = kickout_table(decided, "base", {"base": s, "new": candidate}, s)
    assert list(table.columns) == KICKOUT_COLUMNS
    row = table.iloc[0]
    assert row["swapped"] == pytest.approx(2 / 6)
    assert row["swapped_in_bad_rate"] == pytest.approx(0.55)
    assert row["swapped_out_bad_rate"] == pytest.approx((1 + 0.4) / 2)
    same = kickout_table(decided, "base", {"base": s, "new": s}, s).iloc[0]
    assert same["swapped"] == 0.0
    assert np.isnan(same["swapped_in_bad_rate"])


def test_bad_input_is_told_at_once():
    one = world("mar", 100, 8)
    with pytest.raises(CreditRiskError) as told:
        applicant_evaluation(one.decided, {"a": one.probability[:5], "b": one.probability + 1}, one.probability)
    assert [fault.path for fault in told.value.faults] == ["a", "b"]
    with pytest.raises(CreditRiskError, match="factors below 1"):
        applicant_evaluation(one.decided, {"a": one.probability}, one.probability, prudence=(0.9,))
    with pytest.raises(CreditRiskError, match="no such model"):
        kickout_table(one.decided, "z", {"a": one.probability}, one.probability)
    with pytest.raises(CreditRiskError, match="not a share"):
        kickout(one.decided, one.probability, one.probability, 1.0)
    with pytest.raises(CreditRiskError, match="no model"):
        applicant_evaluation(one.decided, {}, one.probability)
