"""Recommendations by rules stated beforehand: each verdict, on made evidence and on simulated worlds."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

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
from credit_risk.monitoring.performance.vintages import Least
from credit_risk.strategy.redeployment import Rules
from tests.credit_risk.monitoring.challenger.two_models import applicants
from tests.credit_risk.monitoring.performance.vintage_rows import WINDOW, vintages

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


def test_a_difference_between_arms_that_is_looked_at_each_month_is_found_in_at_most_5_of_100_without_one() -> None:
    """Monte-Carlo: 12 looks at two arms of equal bad rates; the test of one look finds one in some 20 of 100."""
    rng, trials, looks, rows = np.random.default_rng(9), 150, 12, 400
    ever, naive = 0, 0
    least = Least(bads=2)
    for _ in range(trials):
        event = rng.random(2 * rows * looks) < 0.05
        arm = np.tile(["champion", "challenger"], rows * looks)
        chances, plain = [], []
        for look in range(1, looks + 1):
            inside = slice(0, 2 * rows * look)
            labels = labels_of_months(np.where(event[inside], 3.0, 12.0), event[inside], 12)
            row = compare_arms(labels, arm[inside], "champion", least=least).iloc[1]
            chances.append(row["p_value"])
            plain.append(abs(row["difference"]) > 1.96 * row["difference_error"])
        ever += min(chances) < 0.05
        naive += any(plain)
    assert ever / trials <= 0.05 + 2.0 * math.sqrt(0.05 * 0.95 / trials)
    assert naive / trials > 0.12


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
