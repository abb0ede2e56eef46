"""Censoring weights and the product-limit bad rate against brute force, Greenwood's formula and simulation."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation import auc
from credit_risk.monitoring.performance.censoring import (
    FollowUp,
    bad_rate_estimate,
    bad_rate_influence,
    follow_up,
)
from credit_risk.monitoring.performance.discrimination import censored_discrimination
from credit_risk.monitoring.performance.labels import label_outcomes, labels_of_months
from tests.credit_risk.monitoring.performance.vintage_rows import WINDOW, vintages

ROWS = st.lists(st.tuples(st.integers(0, 8), st.booleans(), st.integers(1, 4)), min_size=2, max_size=40)


def made(rows: list[tuple[int, bool, int]], horizon: float, weighted: bool) -> FollowUp:
    time, event, mass = (np.array(one) for one in zip(*rows, strict=True))
    labels = labels_of_months(time.astype(float), event.astype(bool), 12)
    return follow_up(labels, mass.astype(float) if weighted else None, horizon)


def kaplan_meier(rows: list[tuple[int, bool, int]], horizon: int) -> tuple[Fraction, float]:
    """Survival and Greenwood's sum by definition, risk set by risk set; bads before those who leave."""
    survival, greenwood = Fraction(1), 0.0
    for t in range(horizon + 1):
        at_risk = sum(mass for time, _, mass in rows if time >= t)
        bads = sum(mass for time, event, mass in rows if time == t and event)
        if bads:
            survival *= 1 - Fraction(bads, at_risk)
            greenwood += bads / (at_risk * (at_risk - bads)) if at_risk > bads else 0.0
    return survival, greenwood


@given(rows=ROWS, horizon=st.integers(1, 8))
def test_the_weighted_bad_rate_is_kaplan_meiers_and_weights_sum_to_the_rows(
    rows: list[tuple[int, bool, int]], horizon: int
) -> None:
    follow = made(rows, horizon, weighted=True)
    if not follow.identified:
        assert not follow.good.any()
        return
    survival, _ = kaplan_meier(rows, horizon)
    assert bad_rate_influence(follow)[0] == pytest.approx(float(1 - survival), abs=1e-12)
    assert float(follow.weight @ follow.mass) == pytest.approx(sum(mass for *_, mass in rows), rel=1e-12)
    assert follow.influence(follow.weight * follow.mass).sum() == pytest.approx(follow.mass.sum(), rel=1e-9)


@given(rows=ROWS, horizon=st.integers(1, 8))
def test_the_variance_by_influence_is_greenwoods(rows: list[tuple[int, bool, int]], horizon: int) -> None:
    rows = [(time, event, 1) for time, event, _ in rows]
    follow = made(rows, horizon, weighted=False)
    survival, greenwood = kaplan_meier(rows, horizon)
    if not follow.identified or survival == 0:
        return
    _, influence = bad_rate_influence(follow)
    assert float(influence @ influence) == pytest.approx(float(survival) ** 2 * greenwood, rel=1e-9, abs=1e-14)
    assert influence.sum() == pytest.approx(0.0, abs=1e-12)


@given(rows=ROWS)
def test_weights_of_complete_follow_up_are_one(rows: list[tuple[int, bool, int]]) -> None:
    follow = made([(time if event else 8, event, 1) for time, event, _ in rows], 8, weighted=False)
    assert follow.weight.tolist() == [1.0] * len(rows)
    assert follow.followed == 1.0


@given(rows=ROWS)
def test_the_bad_rate_never_falls_with_the_month(rows: list[tuple[int, bool, int]]) -> None:
    found = [made(rows, month, weighted=True) for month in range(1, 9)]
    rates = [bad_rate_influence(one)[0] for one in found if one.identified]
    assert np.all(np.diff(rates) >= -1e-12)


@settings(max_examples=40)
@given(rows=ROWS, seed=st.integers(0, 999))
def test_influence_is_the_derivative_of_the_estimate_in_the_weight_of_a_row(
    rows: list[tuple[int, bool, int]], seed: int
) -> None:
    """Numerically: the bad rate with one row's weight moved, the censoring weights estimated anew."""
    time, event, mass = (np.array(one) for one in zip(*rows, strict=True))
    labels = labels_of_months(time.astype(float), event.astype(bool), 12)
    follow = follow_up(labels, mass.astype(float), 5.0)
    if not follow.identified:
        return
    _, influence = bad_rate_influence(follow)
    row, step = seed % len(rows), 1e-6
    rates = []
    for sign in (-1.0, 1.0):
        moved = mass.astype(float)
        moved[row] += sign * step
        rates.append(bad_rate_influence(follow_up(labels, moved, 5.0))[0])
    assert mass[row] * (rates[1] - rates[0]) / (2 * step) == pytest.approx(influence[row], abs=1e-6)


def test_what_is_not_followed_is_not_identified() -> None:
    follow = made([(3, True, 1), (4, False, 1), (5, False, 1)], 12, weighted=False)
    assert not follow.identified
    assert np.isnan(bad_rate_estimate(follow).value)
    nothing = labels_of_months([1.0], np.array([False]), 12).part(np.array([], int))
    with pytest.raises(CreditRiskError, match="no row has an outcome"):
        follow_up(nothing)


def immature(runs: int, each: int, first: int = 0) -> dict[str, np.ndarray]:
    """By method the error in points of AUC against what will be known, and the bad rates in per cent."""
    rows = []
    for seed in range(first, first + runs):
        one = vintages(seed, each)
        follow = follow_up(labels_of_months(one.time, one.event, WINDOW))
        found = censored_discrimination(follow, one.risk)
        assert found is not None
        oldest = one.vintage == 0
        rows.append(
            (
                auc(one.outcome, one.risk),
                found.auc.auc,
                auc(one.event.astype(float), one.risk),
                auc(one.outcome[oldest], one.risk[oldest]),
                one.outcome.mean(),
                bad_rate_estimate(follow).value,
                one.event.mean(),
                found.auc.standard_error,
            )
        )
    names = ("true", "weighted", "naive", "mature", "rate", "kaplan_meier", "naive_rate", "error")
    return dict(zip(names, 100 * np.array(rows).T, strict=True))


def rmse(found: np.ndarray, true: float) -> float:
    return float(np.sqrt(np.mean((found - true) ** 2)))


def check_immature(found: dict[str, np.ndarray]) -> None:
    true, runs = float(found["true"].mean()), len(found["true"])
    noise = float(found["weighted"].std() / np.sqrt(runs))
    assert abs(found["weighted"].mean() - true) < 3.5 * noise + 0.05
    assert found["naive"].mean() - true > 1.0
    assert rmse(found["weighted"], true) < 0.8 * rmse(found["mature"], true)
    assert rmse(found["weighted"], true) < rmse(found["naive"], true)
    rate = float(found["rate"].mean())
    assert found["kaplan_meier"].mean() == pytest.approx(rate, abs=4 * 0.15 / np.sqrt(runs))
    assert rmse(found["kaplan_meier"], rate) < 0.25
    assert found["naive_rate"].mean() < 0.6 * rate


def test_immature_labels_bias_the_naive_auc_and_not_the_weighted_one() -> None:
    check_immature(immature(24, 4000))


@pytest.mark.slow
def test_immature_labels_at_the_size_of_the_figures() -> None:
    """400 runs of 12 vintages x 4,000: bias 0, RMSE about 1 point against 1.7 of the mature vintage alone."""
    found = immature(400, 4000, 1000)
    check_immature(found)
    true = float(found["true"].mean())
    assert rmse(found["weighted"], true) < 1.15
    assert rmse(found["mature"], true) > 1.5
    gap = found["kaplan_meier"] - found["rate"]  # against what will be known of the same accounts
    assert np.sqrt(np.mean(gap**2)) < 0.17
    assert found["error"].mean() == pytest.approx(found["weighted"].std(), rel=0.12)


def test_dates_of_one_cut_off_give_the_true_rate_whatever_the_day_of_decision() -> None:
    """Decisions on every day of a year, seen on one day: bads of months that run count neither too often nor too
    seldom.

    Counting those bads by the end of their month while goods count by complete months gives 17.6 % in place of 17.0 %.
    """
    rng, rates, calendar = np.random.default_rng(9), [], []
    first, cut = np.datetime64("2025-01-01"), np.datetime64("2026-01-10")
    for _ in range(30):
        decided = first + rng.integers(0, 365, 6000).astype("timedelta64[D]")
        bad = decided + np.floor(-np.log(rng.random(6000)) / 0.002).astype("timedelta64[D]")  # 0.2 % a day
        date = np.where(bad <= cut, bad, np.datetime64("NaT"))
        until = np.full(6000, cut)
        labels, faults = label_outcomes(decided, date, until, 3)
        assert faults.empty
        rates.append(bad_rate_estimate(follow_up(labels)).value)
        months, _ = label_outcomes(decided, date, until, 3, clock="calendar")
        calendar.append(bad_rate_estimate(follow_up(months)).value)
    noise = np.std(rates) / np.sqrt(30)
    assert np.mean(rates) == pytest.approx(
        1 - np.exp(-0.002 * 92), abs=4 * noise + 0.0025
    )  # three months: 90 to 93 days
    assert np.mean(calendar) == pytest.approx(
        1 - np.exp(-0.002 * 107.5), abs=4 * noise + 0.001
    )  # and half of the first month
