"""Recommendations by rules stated beforehand: each verdict, on made evidence and on simulated worlds."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats

from credit_risk._core.errors import CreditRiskError
from credit_risk.monitoring.challenger.arms import ARM_COLUMNS, compare_arms
from credit_risk.monitoring.challenger.looks import open_looks, planned_looks
from credit_risk.monitoring.challenger.recommendation import (
    Recommendation,
    challenger_measures,
    recommend,
    significant_inversions,
)
from credit_risk.monitoring.challenger.shadow import Accepted, shadow_comparison
from credit_risk.monitoring.performance.calibration import calibration_level, calibration_table
from credit_risk.monitoring.performance.censoring import follow_up
from credit_risk.monitoring.performance.labels import labels_of_months
from credit_risk.strategy.always_valid import always_valid_boundary
from credit_risk.strategy.redeployment import Rules
from credit_risk.strategy.spending import crossing
from tests.credit_risk.monitoring.challenger.two_models import applicants
from tests.credit_risk.monitoring.performance.vintage_rows import WINDOW, vintages

Floats = NDArray[np.float64]
RULES = Rules({"min_auc_difference": 0.0, "max_psi": 0.1}, {"max_auc_difference": 0.0})


def told(worse: float, accepted: Accepted, looks: pd.DataFrame | None = None, rows: int = 20_000) -> Recommendation:
    one = applicants(5, rows, noise=0.9, worse=worse)
    frame = shadow_comparison(one.labels, one.champion, one.challenger, accepted)
    return recommend("boosting", RULES, challenger_measures(frame, psi=0.02, looks=looks), frame, looks)


def test_promote_keep_and_go_on() -> None:
    everyone = Accepted(everyone=True)
    better = told(-0.6, everyone)
    assert better.verdict == "promote"
    assert better.warnings == ()
    assert told(0.6, everyone).verdict == "keep"
    equal = told(0.0, everyone)
    assert equal.verdict == "go on"
    assert "1 of 2 conditions to accept do not hold" in equal.reasons[0]
    assert equal.rules.columns.tolist() == ["rule", "condition", "value", "limit", "met"]
    assert equal.frame()["verdict"].tolist() == ["go on"]


def test_on_the_champions_accepts_nobody_is_promoted() -> None:
    found = told(-0.6, Accepted())
    assert found.verdict == "go on"
    assert "an equally good challenger looks better" in found.warnings[0]


def test_few_bads_go_on_whatever_they_say() -> None:
    found = told(-0.8, Accepted(everyone=True), rows=800)
    assert found.verdict == "go on"
    assert "not evaluable" in found.reasons[1]


def test_with_looks_the_boundary_decides_when() -> None:
    error = 0.004 / np.sqrt([0.25, 0.5])
    everyone = Accepted(everyone=True)
    early = planned_looks([0.012, 0.006], error, 0.004)
    assert not early["reached"].any()
    assert told(-0.6, everyone, early).verdict == "go on"
    ended = planned_looks([0.012, 0.03], error, 0.004)
    assert told(-0.6, everyone, ended).verdict == "promote"
    assert "the test has ended for the challenger" in told(-0.6, everyone, ended).reasons[-1]
    lost = planned_looks([-0.012, -0.03], error, 0.004)
    assert told(-0.6, everyone, lost).verdict == "keep"
    full = planned_looks([0.0, 0.0], 0.004 / np.sqrt([0.5, 1.0]), 0.004)
    assert told(-0.6, everyone, full).verdict == "keep"
    open_ = open_looks([0.0, 0.0], 0.004 / np.sqrt([0.5, 2.0]), 0.004)
    assert told(-0.6, everyone, open_).verdict == "go on"
    with pytest.raises(CreditRiskError, match="no look"):
        told(0.0, everyone, full.iloc[:0])


def test_measures_come_from_the_frames_of_monitoring() -> None:
    one = vintages(41)
    labels = labels_of_months(one.time, one.event, WINDOW)
    frame = shadow_comparison(labels, one.risk, -one.risk, Accepted(everyone=True))
    level = calibration_level(labels, np.full(len(one.risk), 0.1))
    found = challenger_measures(frame, level, 0.3, 2)
    assert found["calibration_gap"] == pytest.approx(abs(1 / level["ratio"][0] - 1))
    assert found["calibration_gap"] == pytest.approx(0.9, abs=0.15)  # 0.1 expected over 0.0528 observed, less 1
    assert (found["psi"], found["inversions"]) == (0.3, 2.0)
    with pytest.raises(CreditRiskError, match="not one row"):
        challenger_measures(pd.concat([frame, frame]))


def test_inversions_are_counted_where_they_are_significant() -> None:
    rng = np.random.default_rng(6)
    for rates, expected in (((0.01, 0.03, 0.08), 0), ((0.03, 0.01, 0.08), 1), ((0.02, 0.02, 0.02), 0)):
        band = np.repeat(["1", "2", "3"], 3000)
        event = rng.random(9000) < np.repeat(rates, 3000)
        labels = labels_of_months(np.where(event, 3.0, 12.0), event, 12)
        frame = calibration_table(labels, np.full(9000, 0.03), band, scheme="score_band")
        assert significant_inversions(frame, 0.01) == expected
    assert significant_inversions(frame.iloc[:1]) is None


def ratio_of(gap: Floats, error: Floats, planned_error: float) -> Floats:
    """1/Λ of the normal mixture, at significance 0.05 (Johari et al. 2022), its variance by plain iteration."""
    m = 6.0
    for _ in range(200):
        m = 2.0 * math.log(20.0) + math.log(1.0 + m)
    mt = m * (planned_error / error) ** 2
    return np.sqrt(1.0 + mt) * np.exp(-((gap / error) ** 2) * mt / (2.0 * (1.0 + mt)))


def test_the_difference_between_arms_has_the_p_value_and_bounds_of_the_mixture() -> None:
    """Of two arms without censoring, by plain counting; the bounds are tightest at the error that was planned."""
    rng, count = np.random.default_rng(8), 1500
    event = rng.random(2 * count) < np.repeat([0.04, 0.06], count)
    arm = np.repeat(["champion", "challenger"], count)
    labels = labels_of_months(np.where(event, 3.0, 12.0), event, 12)
    rate = np.array([event[:count].mean(), event[count:].mean()])
    gap, error = rate[1] - rate[0], math.sqrt(float(np.sum(rate * (1 - rate))) / (count - 1))
    wide = []
    for planned in (error / 4, error / 1.2, error, 1.2 * error, 4 * error):
        row = compare_arms(labels, arm, "champion", planned_error=planned).iloc[1]
        assert (row["difference"], row["difference_error"]) == pytest.approx((gap, error), rel=1e-9)
        chance = float(ratio_of(np.array(gap), np.array(error), planned))
        assert row["p_value"] == pytest.approx(min(chance, 1.0), rel=1e-9)
        on_the_edge = ratio_of(row[["difference_lower", "difference_upper"]].to_numpy(float) - gap, error, planned)
        assert on_the_edge == pytest.approx([0.05, 0.05], rel=1e-9)
        wide.append(row["difference_upper"] - row["difference_lower"])
    assert np.argmin(wide) == 2
    with pytest.raises(CreditRiskError, match="planned_error"):
        compare_arms(labels, arm, "champion", planned_error=0.0)


@pytest.mark.parametrize("planned_error", [0.01, 0.0025, 0.0006])
def test_a_difference_between_arms_that_is_looked_at_often_is_found_in_at_most_5_of_100_without_one(
    planned_error: float,
) -> None:
    """Monte-Carlo: 20,000 pairs of arms of equal bad rates, at 12 monthly looks and at 120 up to 300 times as many
    rows, with the p-value that the test above holds against `compare_arms`. How many find a difference is what the
    exact size of the boundary says, below 5 of 100: what is right fails with another seed 6 times in 10,000, a mixture
    that goes by the error as it came to be fails with each. At 1.96 at least 18 of 100 find one."""
    paths, rng = 20_000, np.random.default_rng(9)
    for rows in (np.arange(1, 13) * 1600, np.unique(np.geomspace(1600, 480_000, 120).astype(int))):
        bad = np.cumsum(rng.binomial(np.diff(rows, prepend=0), 0.05, (2, paths, len(rows))), axis=2)
        rate = bad / rows
        error = np.sqrt((rate * (1.0 - rate)).sum(axis=0) / (rows - 1))
        gap = rate[1] - rate[0]
        times = planned_error**2 * rows / (2 * 0.05 * 0.95)
        size = crossing(times / times[-1], always_valid_boundary(times, 0.05)).sum()
        found = np.sum(ratio_of(gap, error, planned_error).min(axis=1) < 0.05)
        assert size < 0.05
        assert stats.binom.ppf(5e-5, paths, size) <= found <= stats.binom.isf(5e-5, paths, size)
        assert np.mean(np.any(np.abs(gap) > 1.96 * error, axis=1)) > 0.18


def test_arms_of_a_live_split_are_compared_under_censoring_weights() -> None:
    first, second = vintages(51, level=0.00465), vintages(52, level=0.0032)
    time, event = (np.concatenate([getattr(one, name) for one in (first, second)]) for name in ("time", "event"))
    arm = np.repeat(["champion", "challenger"], len(first.risk))
    frame = compare_arms(labels_of_months(time, event, WINDOW), arm, "champion")
    assert list(frame.columns) == ARM_COLUMNS
    truth = second.outcome.mean() - first.outcome.mean()
    row = frame.set_index("arm").loc["challenger"]
    assert row["difference_lower"] < truth < row["difference_upper"] < 0
    assert row["p_value"] < 1e-4
    part = follow_up(labels_of_months(first.time, first.event, WINDOW))
    assert frame["followed"][0] == pytest.approx(part.followed)
    with pytest.raises(CreditRiskError, match="arms with a base"):
        compare_arms(labels_of_months(time, event, WINDOW), arm, "nobody")
