"""Fitted maps against statsmodels, scikit-learn, a general optimiser and repeated rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.calibration import _SigmoidCalibration
from sklearn.isotonic import IsotonicRegression

from credit_risk._core.errors import CalibrationError
from credit_risk.calibration import METHODS, fit_map
from tests.credit_risk.calibration.samples import sample


def estimates(fit: Any) -> dict[str, float]:
    return dict(zip(fit.parameters["parameter"], fit.parameters["estimate"], strict=True))


@pytest.mark.parametrize("digits", [None, 1])
def test_logistic_is_the_logistic_regression_of_statsmodels(digits: int | None) -> None:
    s, y = sample(2000, 1, digits=digits)
    w = np.random.default_rng(2).integers(1, 5, len(s)).astype(float)
    fit = fit_map("logistic", s, y, w)
    design = np.column_stack([s, np.ones(len(s))])
    theirs = sm.GLM(y, design, family=sm.families.Binomial(), freq_weights=w).fit(tol=1e-13)
    np.testing.assert_allclose(fit.parameters["estimate"], theirs.params, rtol=1e-9)
    np.testing.assert_allclose(fit.parameters["standard_error"], theirs.bse, rtol=1e-8)
    # The sandwich with squared weights, written out.
    p = theirs.fittedvalues
    bread = np.linalg.inv((design * (w * p * (1 - p))[:, None]).T @ design)
    scores = design * (w * (y - p))[:, None]
    robust = np.sqrt(np.diag(bread @ scores.T @ scores @ bread))
    np.testing.assert_allclose(fit.parameters["robust_standard_error"], robust, rtol=1e-7)
    assert fit.log_loss < fit.log_loss_before


def test_robust_errors_without_weights_are_hc0() -> None:
    s, y = sample(1500, 3)
    theirs = sm.Logit(y, np.column_stack([s, np.ones(len(s))])).fit(disp=0, cov_type="HC0", tol=1e-12)
    np.testing.assert_allclose(fit_map("logistic", s, y).parameters["robust_standard_error"], theirs.bse, rtol=1e-7)


def test_smoothed_labels_are_those_of_scikit_learn() -> None:
    s, y = sample(400, 4)
    theirs = _SigmoidCalibration().fit(s, y)
    fit = fit_map("logistic", s, y, smoothing=True)
    np.testing.assert_allclose([fit.map.slope, fit.map.intercept], [-theirs.a_, -theirs.b_], rtol=1e-4)
    assert fit.settings == {"smoothing": True}
    assert fit.parameters["standard_error"].isna().all()


def test_an_intercept_shift_makes_the_mean_the_bad_rate() -> None:
    s, y = sample(1000, 5)
    w = np.random.default_rng(6).uniform(0.2, 5.0, len(s))
    fit = fit_map("intercept_shift", s, y, w)
    assert np.average(fit.map.probability(s), weights=w) == pytest.approx(np.average(y, weights=w), rel=1e-12)
    theirs = sm.GLM(y, np.ones(len(s)), family=sm.families.Binomial(), offset=s, freq_weights=w).fit(tol=1e-13)
    np.testing.assert_allclose(fit.parameters["estimate"], theirs.params, rtol=1e-8)
    np.testing.assert_allclose(fit.parameters["standard_error"], theirs.bse, rtol=1e-8)


@pytest.mark.parametrize(("bend", "held"), [(0.0, []), (-0.7, ["b"]), (0.7, ["a"])])
def test_beta_is_the_bounded_optimum(bend: float, held: list[str]) -> None:
    random = np.random.default_rng(7)
    s = random.normal(0.0, 2.0, 3000)
    low, high = -np.logaddexp(0.0, -s), np.logaddexp(0.0, s)
    y = (random.random(3000) < expit((0.6 - bend) * low + (0.6 + bend) * high - 0.2)).astype(float)
    fit = fit_map("beta", s, y)

    def loss(v: np.ndarray) -> float:
        eta = v[0] * low + v[1] * high + v[2]
        return float(np.sum(np.logaddexp(0.0, eta) - y * eta))

    best = minimize(loss, [0.5, 0.5, 0.0], method="L-BFGS-B", bounds=[(0, None), (0, None), (None, None)],
                    options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 10_000})  # fmt: skip
    found = np.array([fit.map.a, fit.map.b, fit.map.c])
    np.testing.assert_allclose(found, best.x, atol=3e-4)
    assert loss(found) <= best.fun + 1e-9
    assert fit.parameters.loc[fit.parameters["at_bound"], "parameter"].tolist() == held == [n[0] for n in fit.notes]
    assert fit.parameters["standard_error"].isna().tolist() == fit.parameters["at_bound"].tolist()


def test_beta_errors_are_those_of_the_logistic_regression_on_both_logarithms() -> None:
    s, y = sample(4000, 8)
    design = np.column_stack([-np.logaddexp(0.0, -s), np.logaddexp(0.0, s), np.ones(len(s))])
    theirs = sm.Logit(y, design).fit(disp=0, tol=1e-12)
    fit = fit_map("beta", s, y)
    np.testing.assert_allclose(fit.parameters["estimate"], theirs.params, rtol=1e-6)
    np.testing.assert_allclose(fit.parameters["standard_error"], theirs.bse, rtol=1e-6)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10_000), st.integers(20, 200), st.sampled_from([None, 0, 1]))
def test_isotonic_is_that_of_scikit_learn_but_for_the_ends(seed: int, rows: int, digits: int | None) -> None:
    s, y = sample(rows, seed, slope=1.5, intercept=2.0, digits=digits)
    w = np.random.default_rng(seed).integers(1, 4, rows).astype(float)
    try:
        fit = fit_map("isotonic", s, y, w)
    except CalibrationError as refused:
        codes = {fault.code for fault in refused.faults}
        assert codes <= {"one_class", "constant", "calibration_constant", "separation"}
        return
    ours = fit.map.probability(s)
    theirs = IsotonicRegression().fit(s, y, sample_weight=w).predict(s)
    inside = (theirs > 0.0) & (theirs < 1.0)
    low = ours == ours.min()
    high = ours == ours.max()
    middle = inside & ~low & ~high
    np.testing.assert_allclose(ours[middle], theirs[middle], rtol=1e-9)
    for end in (low, high):  # pooled ends: the weighted bad rate of all their rows
        assert ours[end][0] == pytest.approx(np.average(y[end], weights=w[end]), rel=1e-12)
        assert 0.0 < ours[end][0] < 1.0
    assert np.average(ours, weights=w) == pytest.approx(np.average(y, weights=w), rel=1e-12)


def test_pooled_ends_are_told() -> None:
    s = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    y = [0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0]
    fit = fit_map("isotonic", s, y, [2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 3.0])
    assert fit.map.as_dict() == {"method": "isotonic", "x": [4.5], "y": [1 / 6, 5 / 6]}
    assert fit.notes == (
        "2 blocks",
        "rows of weight 3 at the low end have no bad and are pooled with the next block",
        "rows of weight 3 at the high end have no good and are pooled with the block before",
    )
    assert (fit.order.distinct_scores, fit.order.distinct_probabilities) == (9, 2)


def test_centred_isotonic_interpolates_centroids() -> None:
    s = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    y = [0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0]
    fit = fit_map("centred_isotonic", s, y, [2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 3.0])
    assert fit.map.as_dict() == {"method": "centred_isotonic", "x": [10 / 6, 42 / 6], "y": [1 / 6, 5 / 6]}
    assert fit.map.probability([26 / 6])[0] == pytest.approx(0.5)


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.sampled_from([name for name in METHODS if name != "none"]))
def test_weights_are_repeated_rows(seed: int, method: str) -> None:
    s, y = sample(300, seed, slope=1.0, intercept=1.0, digits=1)
    w = np.random.default_rng(seed).integers(1, 4, len(s))
    one = fit_map(method, s, y, w.astype(float))
    other = fit_map(method, np.repeat(s, w), np.repeat(y, w))
    grid = np.linspace(-6.0, 3.0, 91)
    np.testing.assert_allclose(one.map.probability(grid), other.map.probability(grid), rtol=1e-7)
    assert one.log_loss == pytest.approx(other.log_loss, rel=1e-9)
    if len(one.parameters):
        np.testing.assert_allclose(one.parameters["standard_error"], other.parameters["standard_error"], rtol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_rows_in_another_order_give_the_same_map(method: str) -> None:
    s, y = sample(500, 9, digits=1)
    order = np.random.default_rng(10).permutation(len(s))
    grid = np.linspace(-6.0, 3.0, 91)
    one, other = fit_map(method, s, y), fit_map(method, s[order], y[order])
    np.testing.assert_allclose(one.map.probability(grid), other.map.probability(grid), rtol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_bad_input_is_refused(method: str) -> None:
    s, y = sample(50, 11, slope=1.0, intercept=2.0)
    bad = s.copy()
    bad[3] = np.nan
    with pytest.raises(
        CalibrationError, match=r"2 faults(.|\n)*linear_score(.|\n)*first: 4(.|\n)*weights.*zero or neg"
    ):
        fit_map(method, bad, y, np.arange(50.0))
    with pytest.raises(CalibrationError, match="one class"):
        fit_map(method, s, np.zeros(50))
    with pytest.raises(CalibrationError, match=r"constant(.|\n)*long-run anchor"):
        fit_map(method, np.full(50, -1.0), y)
    with pytest.raises(CalibrationError, match="no such setting"):
        fit_map(method, s, y, colour=1)


@pytest.mark.parametrize("method", ["logistic", "beta", "isotonic", "centred_isotonic", "venn_abers"])
def test_a_score_that_ranks_the_other_way_is_refused(method: str) -> None:
    s, y = sample(800, 12, slope=1.5, intercept=2.0)
    with pytest.raises(CalibrationError, match=r"break the order|the same probability|do not rank"):
        fit_map(method, -s, y)


@pytest.mark.parametrize("method", ["logistic", "beta", "isotonic", "centred_isotonic"])
def test_separation_is_told(method: str) -> None:
    s = np.linspace(-3.0, 3.0, 40)
    with pytest.raises(CalibrationError, match="separates goods and bads"):
        fit_map(method, s, (s > 0.0).astype(float))
    fit = fit_map("logistic", s, (s > 0.0).astype(float), smoothing=True)
    assert np.isfinite(fit.map.slope)
    assert fit.map.slope > 0


def test_unknown_methods_are_refused() -> None:
    with pytest.raises(CalibrationError, match=r"unknown method(.|\n)*allowed: none, intercept_shift, logistic"):
        fit_map("platt", [0.0, 1.0], [0, 1])


@pytest.mark.parametrize("method", [name for name in METHODS if name not in ("none", "intercept_shift", "venn_abers")])
def test_two_distinct_scores_have_their_bad_rates(method: str) -> None:
    s = np.repeat([-2.0, 0.5], [400, 100])
    y = np.concatenate([np.arange(400) < 20, np.arange(100) < 30]).astype(float)
    fit = fit_map(method, s, y)
    np.testing.assert_allclose(fit.map.probability([-2.0, 0.5]), [0.05, 0.3], rtol=1e-9)


def test_margins_far_from_zero_are_fitted() -> None:
    """Where sigmoid(s) is 0 or 1 as a double for every row, the likelihood at slope 1 tells no direction."""
    s, y = sample(2000, 13)
    for shift in (-300.0, 300.0):
        moved = fit_map("logistic", s + shift, y).map
        plain = fit_map("logistic", s, y).map
        assert moved.slope == pytest.approx(plain.slope, rel=1e-6)
        assert moved.intercept == pytest.approx(plain.intercept - plain.slope * shift, rel=1e-6)
    assert fit_map("intercept_shift", s + 300.0, y).map.shift == pytest.approx(
        fit_map("intercept_shift", s, y).map.shift - 300.0, rel=1e-9
    )
