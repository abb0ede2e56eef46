"""Calibration under censoring weights: against whole numbers, its false alarms and intervals by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats
from sklearn.linear_model import LogisticRegression

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation import calibration_slope, jeffreys_p_value
from credit_risk.evaluation.grades import GradePolicy
from credit_risk.monitoring.performance.calibration import (
    CALIBRATION_COLUMNS,
    LEVEL_COLUMNS,
    calibration_level,
    calibration_table,
    censored_rate,
    censored_slope,
)
from credit_risk.monitoring.performance.censoring import follow_up
from credit_risk.monitoring.performance.labels import labels_of_months
from tests.credit_risk.monitoring.performance.vintage_rows import WINDOW, vintages

RATES = {"A": 0.01, "B": 0.04, "C": 0.12}


def test_with_everything_followed_grades_are_counted_as_they_are() -> None:
    rng = np.random.default_rng(1)
    grade = rng.choice(list(RATES), 4000)
    p = np.array([RATES[one] for one in grade])
    event = rng.random(4000) < p
    frame = calibration_table(labels_of_months(np.where(event, 4.0, 12.0), event, 12), p, grade, order="ABC")
    assert list(frame.columns) == CALIBRATION_COLUMNS
    for row in frame.itertuples():
        inside = grade == row.group
        assert (row.rows, row.bad) == (inside.sum(), event[inside].sum())
        assert row.effective_rows == pytest.approx(row.rows)
        assert row.jeffreys_p_value == pytest.approx(jeffreys_p_value(row.bad, row.rows, RATES[row.group]))
        told = stats.beta.ppf([0.025, 0.975], row.bad + 0.5, row.rows - row.bad + 0.5)
        assert (row.lower, row.upper) == pytest.approx(tuple(told))
        assert row.correlated_p_value > min(row.jeffreys_p_value, 0.4)
    assert frame["verdict"].tolist() == ["pass"] * 3


def correlated_red(runs: int, seed: int) -> tuple[float, float]:
    """Shares of correct models that are red at 5 %: independent, and with the correlation of the truth."""
    rng = np.random.default_rng(seed)
    rows, pd_, rho = 2000, 0.02, 0.04
    policy = GradePolicy(fail=0.05, review=0.05, asset_correlation=rho)
    alone, together = 0, 0
    for factor in rng.normal(size=runs):
        given = special.ndtr((special.ndtri(pd_) + np.sqrt(rho) * factor) / np.sqrt(1 - rho))
        event = np.arange(rows) < rng.binomial(rows, given)
        labels = labels_of_months(np.where(event, 6.0, 12.0), event, 12)
        row = calibration_table(labels, np.full(rows, pd_), np.full(rows, "A"), policy=policy).iloc[0]
        alone += row["verdict"] == "fail"
        together += row["correlated_verdict"] == "fail"
    return alone / runs, together / runs


def test_correlated_defaults_break_the_independent_test_and_not_the_other() -> None:
    """METHODS section 8: 25 % of correct models red; here within three standard errors of 200 runs."""
    alone, together = correlated_red(200, 7)
    assert 0.16 < alone < 0.34
    assert together < 0.1


@pytest.mark.slow
def test_correlated_defaults_at_the_size_of_the_figures() -> None:
    alone, together = correlated_red(4000, 8)
    assert alone == pytest.approx(0.25, abs=0.025)
    assert together == pytest.approx(0.05, abs=0.011)


def test_immature_grades_are_neither_biased_nor_falsely_red() -> None:
    """Naive rates of these grades are about half the truth; the weighted ones hold it within their bounds."""
    one = vintages(21)
    grade = np.where(one.risk < 0, "low", np.where(one.risk < 1, "middle", "high"))
    truth = {name: float(one.outcome[grade == name].mean()) for name in ("low", "middle", "high")}
    p = np.array([truth[name] for name in grade])
    labels = labels_of_months(one.time, one.event, WINDOW)
    frame = calibration_table(labels, p, grade, order=["low", "middle", "high"]).set_index("group")
    for name, rate in truth.items():
        row = frame.loc[name]
        assert row["lower"] < rate < row["upper"]
        assert row["verdict"] == "pass"
        assert one.event[grade == name].mean() < row["lower"]
        assert row["effective_rows"] < row["rows"]


def level_covers(runs: int, each: int) -> tuple[float, float, float]:
    """Shares of runs in which the bounds of difference and ratio hold the truth, and size of Jeffreys' test."""
    inside, ratio, red = 0, 0, 0
    truth = float(np.mean([vintages(9000 + k, 4000).outcome.mean() for k in range(20)]))
    for seed in range(runs):
        one = vintages(seed, each)
        p = np.full(len(one.risk), truth)
        row = calibration_level(labels_of_months(one.time, one.event, WINDOW), p).iloc[0]
        inside += row["difference_lower"] <= 0 <= row["difference_upper"]
        ratio += row["ratio_lower"] <= 1 <= row["ratio_upper"]
        red += row["jeffreys_p_value"] <= 0.05
    return inside / runs, ratio / runs, red / runs


def test_calibration_in_the_large_covers_roughly() -> None:
    inside, ratio, red = level_covers(150, 800)
    assert min(inside, ratio) >= 0.89
    assert red <= 0.12


@pytest.mark.slow
def test_calibration_in_the_large_covers_at_its_level() -> None:
    inside, ratio, red = level_covers(1500, 800)
    assert 0.93 <= inside <= 0.97
    assert 0.93 <= ratio <= 0.97
    assert 0.03 <= red <= 0.07


def test_a_doubled_bad_rate_is_told() -> None:
    one = vintages(31)
    frame = calibration_level(labels_of_months(one.time, one.event, WINDOW), np.full(len(one.risk), 0.0264))
    assert list(frame.columns) == LEVEL_COLUMNS
    row = frame.iloc[0]
    assert row["ratio_lower"] > 1.7
    assert row["jeffreys_p_value"] < 1e-10
    assert row["correlated_p_value"] > row["jeffreys_p_value"]
    assert row["status"] == "evaluable"


def test_row_weights_that_are_all_alike_change_nothing() -> None:
    one = vintages(32, 500)
    labels = labels_of_months(one.time, one.event, WINDOW)
    p = np.full(len(one.risk), 0.05)
    plain, weighted = (calibration_level(labels, p, weights=w) for w in (None, np.full(len(p), 3.0)))
    for name in ("observed", "ratio_lower", "difference_error", "effective_rows", "jeffreys_p_value"):
        assert weighted[name][0] == pytest.approx(plain[name][0])


def test_a_grade_without_a_bad_has_the_rows_that_were_followed() -> None:
    labels = labels_of_months([12.0] * 30 + [3.0] * 70, np.zeros(100, bool), 12)
    found = censored_rate(follow_up(labels))
    assert (found.rate, found.events, found.size) == pytest.approx((0.0, 0.0, 30.0))


def test_a_grade_all_of_whose_rows_are_followed_has_that_number_of_rows_exactly() -> None:
    """From 50 rows on a grade can pass: that must not hang on the rounding of sums."""
    for rows in range(45, 60):
        for bad in range(rows):
            event = np.arange(rows) < bad
            labels = labels_of_months(np.where(event, 3.0, 12.0), event, 12)
            assert censored_rate(follow_up(labels)).size == rows


def test_unknown_grades_and_lengths_are_refused() -> None:
    labels = labels_of_months([12.0, 3.0], np.array([False, True]), 12)
    with pytest.raises(CreditRiskError, match="not in the order"):
        calibration_table(labels, [0.1, 0.1], ["A", "Z"], order=["A"])
    with pytest.raises(CreditRiskError, match="length differs"):
        calibration_table(labels, [0.1, 0.1], ["A"])
    with pytest.raises(CreditRiskError, match="outside"):
        calibration_table(labels, [0.1, 1.1], ["A", "A"])
    frame = calibration_table(labels, [0.1, 0.1], ["A", None])
    assert frame["rows"].tolist() == [1]
    assert "1 rows without a group are left out" in frame.attrs["notes"][-1]


def test_the_slope_is_that_of_evaluation_where_everything_is_followed_and_holds_where_it_is_not() -> None:
    rng = np.random.default_rng(41)
    logit = rng.normal(-2.5, 1.0, 6000)
    event = rng.random(6000) < special.expit(0.7 * logit)
    p = special.expit(logit)
    row = calibration_level(labels_of_months(np.where(event, 5.0, 12.0), event, 12), p).iloc[0]
    told = calibration_slope(event.astype(float), p)
    assert row["slope"] == pytest.approx(told.estimate, rel=1e-6)
    assert row["slope_error"] == pytest.approx(told.standard_error, rel=0.05)
    month = np.where(event, rng.integers(1, 13, 6000), np.inf)  # the month says nothing of the logit
    followed = np.repeat(np.arange(1, 13), 500).astype(float)
    seen = month <= followed
    late = calibration_level(labels_of_months(np.where(seen, month, followed), seen, 12), p).iloc[0]
    assert late["slope_lower"] < 0.7 < late["slope_upper"] < 1.0
    assert late["slope_error"] > row["slope_error"]


def test_the_slope_is_found_where_the_level_is_far_off() -> None:
    """Newton's step from the predictions themselves leads away; scikit-learn's solver is the other side."""
    rng = np.random.default_rng(8)
    logit = rng.normal(-6.0, 1.5, 400)
    event = rng.random(400) < special.expit(0.5 + 0.3 * logit)
    labels = labels_of_months(np.where(event, 5.0, 12.0), event, 12)
    slope, *_ = censored_slope(follow_up(labels), special.expit(logit))
    other = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(logit[:, None], event)
    assert slope == pytest.approx(other.coef_[0, 0], rel=1e-5)
