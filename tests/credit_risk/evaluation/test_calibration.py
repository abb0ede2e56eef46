"""Calibration tests against published numbers, statsmodels, hand computation and simulated size."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import special, stats
from sklearn import metrics

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation.calibration import brier_score, calibration_curve, calibration_table, log_loss
from credit_risk.evaluation.calibration_tests import (
    binomial_p_value,
    calibration_intercept,
    calibration_slope,
    hosmer_lemeshow,
    hosmer_lemeshow_of_grades,
    jeffreys_p_value,
    normal_p_value,
    probability_groups,
    spiegelhalter,
)
from credit_risk.evaluation.intervals import jeffreys_interval, wilson_interval


def calibrated(seed: int, rows: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p = special.expit(rng.normal(-1.2, 1.0, rows))
    return (rng.random(rows) < p).astype(float), p


def test_jeffreys_published_by_mathworks() -> None:
    # Risk Management Toolbox, R2026a: grades of a validation data set, verdicts 1111000000 at 5 %
    count = [56, 79, 68, 54, 45, 40, 40, 34, 37, 47]
    bad = [6, 18, 16, 21, 11, 14, 10, 13, 19, 22]
    pd = [0.027845, 0.07689, 0.12764, 0.17523, 0.2268, 0.27502, 0.327, 0.37635, 0.41964, 0.47274]
    found = [jeffreys_p_value(*grade) for grade in zip(bad, count, pd)]
    assert [int(p < 0.05) for p in found] == [1, 1, 1, 1, 0, 0, 0, 0, 0, 0]
    assert found == pytest.approx(
        [0.00209, 0.000013, 0.0069, 0.000096, 0.377, 0.145, 0.851, 0.465, 0.124, 0.524], rel=0.05
    )
    portfolio = jeffreys_p_value(sum(bad), sum(count), float(np.average(pd, weights=count)))
    assert portfolio == pytest.approx(2.06e-5, rel=0.01)


def test_single_grade_published() -> None:
    assert jeffreys_p_value(7, 200, 0.025) == pytest.approx(0.17785270439906, abs=1e-13)
    assert binomial_p_value(7, 200, 0.025) == pytest.approx(0.235945960229294, abs=1e-13)
    assert jeffreys_p_value(2, 6, 0.0367) == pytest.approx(0.0044, abs=5e-5)  # Rösch and Scheule


def test_grades_published_by_djurovic() -> None:
    count, bad = [47, 95, 68, 53, 37], [3, 20, 17, 24, 28]
    pd = [0.0307, 0.1161, 0.2907, 0.5514, 0.7648]
    found = hosmer_lemeshow_of_grades(count, bad, pd, fitted=False)
    assert (found.degrees, round(found.p_value, 4)) == (5, 0.0271)
    portfolio = float(np.average(pd, weights=count))
    assert normal_p_value(sum(bad), sum(count), portfolio) == pytest.approx(0.3889, abs=5e-5)
    capped = np.minimum(pd, np.array(bad) / count)
    assert hosmer_lemeshow_of_grades(count, bad, capped, fitted=False).p_value == pytest.approx(0.0756, abs=5e-5)
    capped_portfolio = float(np.average(capped, weights=count))
    assert normal_p_value(sum(bad), sum(count), capped_portfolio) == pytest.approx(0.0859, abs=5e-5)


def test_value_at_risk_counts_of_1996() -> None:
    assert binomial_p_value(5, 250, 0.01) == pytest.approx(0.1078, abs=5e-5)
    assert binomial_p_value(10, 250, 0.01) == pytest.approx(0.00025, abs=5e-6)


def test_far_tails_are_not_lost() -> None:
    assert 0.0 < binomial_p_value(100, 1000, 0.01) < 1e-60  # 1 - cdf would say 0
    assert 0.0 < jeffreys_p_value(100, 1000, 0.01) < 1e-60
    assert normal_p_value(100, 1000, 0.01) == pytest.approx(stats.norm.sf(90 / math.sqrt(9.9)), rel=1e-9)


def test_hosmer_lemeshow_by_hand() -> None:
    y, p = calibrated(1)
    found = hosmer_lemeshow(y, p, fitted=False)
    total = 0.0
    for rows in np.array_split(np.argsort(p, kind="stable"), 10):  # no ties, 2,000 rows: deciles of 200
        n, observed, expected = len(rows), y[rows].sum(), p[rows].sum()
        total += (observed - expected) ** 2 / (expected * (1 - expected / n))
    assert found.statistic == pytest.approx(total, rel=1e-10)
    assert found.p_value == pytest.approx(stats.chi2.sf(total, 10), rel=1e-10)
    assert hosmer_lemeshow(y, p, fitted=True).p_value == pytest.approx(stats.chi2.sf(total, 8), rel=1e-10)


def test_groups_keep_ties_together() -> None:
    p = np.array([0.1] * 50 + [0.2] * 30 + [0.3] * 20)
    groups = probability_groups(p)
    assert all(len(set(groups[p == value])) == 1 for value in (0.1, 0.2, 0.3))
    assert set(groups) == {0, 1, 2}
    assert math.isnan(hosmer_lemeshow([0.0] * 99 + [1.0], np.full(100, 0.02), fitted=True).p_value)


def test_size_of_the_tests_under_calibration() -> None:
    rejected = np.zeros(4)
    runs = 600
    for seed in range(runs):
        y, p = calibrated(seed + 1000, rows=800)
        slope, intercept = calibration_slope(y, p), calibration_intercept(y, p)
        rejected += (
            hosmer_lemeshow(y, p, fitted=False).p_value < 0.05,
            spiegelhalter(y, p).p_value < 0.05,
            not slope.lower <= 1.0 <= slope.upper,
            not intercept.lower <= 0.0 <= intercept.upper,
        )
    assert np.all(rejected / runs < 0.08)
    assert np.all(rejected / runs > 0.025)


def test_size_on_the_fitted_sample() -> None:
    rng = np.random.default_rng(5)
    rejected = 0
    for _ in range(300):
        x = rng.normal(size=800)
        y = (rng.random(800) < special.expit(x - 1)).astype(float)
        design = np.column_stack([np.ones(800), x])
        p = sm.Logit(y, design).fit(disp=0).predict(design)
        rejected += hosmer_lemeshow(y, p, fitted=True).p_value < 0.05
    assert 0.02 <= rejected / 300 <= 0.09


def test_spiegelhalter_is_the_standardised_brier_score() -> None:
    y, p = calibrated(2)
    excess = brier_score(y, p) - np.mean(p * (1 - p))
    variance = np.mean((1 - 2 * p) ** 2 * p * (1 - p)) / len(p)
    assert spiegelhalter(y, p).statistic == pytest.approx(excess / math.sqrt(variance), rel=1e-9)
    assert math.isnan(spiegelhalter([0, 1], [0.0, 1.0]).p_value)


def test_slope_and_intercept_are_statsmodels() -> None:
    y, p = calibrated(3)
    q = special.expit(0.4 + 1.7 * special.logit(p))
    fit = sm.Logit(y, sm.add_constant(special.logit(q))).fit(disp=0, tol=1e-14)
    slope = calibration_slope(y, q)
    assert slope.estimate == pytest.approx(fit.params[1], rel=1e-9)
    assert slope.standard_error == pytest.approx(fit.bse[1], rel=1e-7)
    assert (slope.lower, slope.upper) == pytest.approx(tuple(fit.conf_int()[1]), rel=1e-7)
    offset = sm.GLM(y, np.ones((len(y), 1)), family=sm.families.Binomial(), offset=special.logit(q)).fit(tol=1e-14)
    intercept = calibration_intercept(y, q)
    assert intercept.estimate == pytest.approx(offset.params[0], rel=1e-8)
    assert intercept.standard_error == pytest.approx(offset.bse[0], rel=1e-7)


def test_what_cannot_be_estimated_is_said() -> None:
    separated = calibration_slope([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9])
    assert not separated.converged
    assert math.isnan(separated.estimate)
    assert not calibration_slope([0, 1, 0], [0.3, 0.3, 0.3]).converged
    assert not calibration_intercept([0, 1, 0], [0.0, 0.3, 0.4]).converged
    frame = calibration_table({"m": {"development": ([0, 1, 1, 0], [0.0, 1.0, 0.0, 0.4])}})
    assert math.isnan(frame.loc[0, "slope"])
    assert math.isnan(frame.loc[0, "log_loss"])
    assert frame.loc[0, "brier"] == pytest.approx((1 + 0.16) / 4)
    notes = "\n".join(frame.attrs["notes"])
    assert "log loss is infinite" in notes
    assert "slope cannot be estimated" in notes


def test_extreme_start_converges() -> None:
    y, p = calibrated(4)
    tiny = special.expit(12.0 * special.logit(p) - 30.0)
    assert calibration_slope(y, tiny).estimate == pytest.approx(calibration_slope(y, p).estimate / 12.0, rel=1e-6)


def test_scores_are_scikit_learns() -> None:
    y, p = calibrated(6)
    w = np.random.default_rng(1).uniform(0.5, 2.0, len(y))
    assert brier_score(y, p, w) == pytest.approx(metrics.brier_score_loss(y, p, sample_weight=w), rel=1e-12)
    assert log_loss(y, p, w) == pytest.approx(metrics.log_loss(y, p, sample_weight=w), rel=1e-12)
    assert log_loss([0, 1], [0.0, 1.0]) == 0.0
    assert log_loss([1], [0.0]) == math.inf


def test_table_rows_are_the_functions() -> None:
    y, p = calibrated(7)
    frame = calibration_table({"m": {"development": (y, p), "out_of_sample": (y, p)}})
    slope, deciles = calibration_slope(y, p), hosmer_lemeshow(y, p, fitted=False)
    row = frame.iloc[1]
    assert (row["slope"], row["slope_lower"], row["slope_upper"]) == (slope.estimate, slope.lower, slope.upper)
    assert row["hosmer_lemeshow_p_value"] == deciles.p_value
    assert frame.loc[0, "hosmer_lemeshow_p_value"] == hosmer_lemeshow(y, p, fitted=True).p_value
    assert row["mean_probability"] == pytest.approx(p.mean(), rel=1e-12)


def test_curve_adds_up_to_the_sample() -> None:
    y, p = calibrated(8, rows=1003)
    frame = calibration_curve({"development": (y, p)})
    count = np.bincount(probability_groups(p))
    assert (frame["bad_rate"] * count).sum() == pytest.approx(y.sum())
    assert (frame["mean_probability"] * count).sum() == pytest.approx(p.sum())
    assert ((frame["lower"] <= frame["bad_rate"]) & (frame["bad_rate"] <= frame["upper"])).all()
    assert frame["mean_probability"].is_monotonic_increasing


def test_probabilities_outside_the_unit_interval_are_refused() -> None:
    for call in (
        lambda: brier_score([0, 1], [0.5, 1.2]),
        lambda: log_loss([0, 1], [-0.1, 0.5]),
        lambda: calibration_curve({"s": ([0, 1], [0.5, 1.2])}),
        lambda: hosmer_lemeshow([0, 1], [0.5, 1.2], fitted=False),
        lambda: jeffreys_p_value(3, 2, 0.1),
        lambda: binomial_p_value(1, 2, 1.1),
    ):
        with pytest.raises(CreditRiskError):
            call()
    with pytest.raises(CreditRiskError) as caught:
        calibration_table({"m": {"a": ([0, 1], [0.5, 1.2]), "b": ([1, 1], [0.5, 0.4])}})
    assert [fault.path for fault in caught.value.faults] == ["m.a.probability", "m.b.y"]


def test_wilson_and_jeffreys_intervals() -> None:
    from statsmodels.stats.proportion import proportion_confint

    for bad, count in ((0, 10), (3, 10), (10, 10), (57, 1234)):
        wilson = tuple(float(bound[0]) for bound in wilson_interval([bad], [count], 0.9))
        assert wilson == pytest.approx(proportion_confint(bad, count, 0.1, "wilson"), abs=1e-12)
        lower, upper = (float(bound[0]) for bound in jeffreys_interval([bad], [count], 0.9))
        expected = stats.beta.ppf([0.05, 0.95], bad + 0.5, count - bad + 0.5)
        assert lower == pytest.approx(0.0 if bad == 0 else expected[0], abs=1e-12)
        assert upper == pytest.approx(1.0 if bad == count else expected[1], abs=1e-12)
    assert np.isnan(wilson_interval([0], [0])[0][0])
    with pytest.raises(CreditRiskError, match="events"):
        wilson_interval([3], [2])
