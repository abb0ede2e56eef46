"""Tests of the specification against statsmodels, a jackknife, and worlds whose form is known."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import norm

from credit_risk._core.errors import CreditRiskError, ModelError
from credit_risk.reject_inference import Decided
from credit_risk.reject_inference.specification import curvature_test, instrument_tests, reweighting_test
from tests.credit_risk.reject_inference.four_worlds import NAMES, logistic, world


def wald(x, y, last):
    """Chi-square of the last coefficients with HC3 errors, from what statsmodels gives."""
    fit = sm.GLM(y, x, family=sm.families.Binomial()).fit(tol=1e-14)
    bread, leverage = fit.cov_params(), fit.get_influence().hat_matrix_diag
    rows = x * ((y - fit.fittedvalues) / (1 - leverage))[:, None]
    covariance = (bread @ rows.T @ rows @ bread)[-last:, -last:]
    return fit.params[-last:] @ np.linalg.solve(covariance, fit.params[-last:])


def test_constant_acceptance_moves_nothing():
    one = world("mar", 500, 1)
    found = reweighting_test(one.decided, one.x, np.full(500, 0.4), NAMES)
    assert (found.chi_square, found.p_value, found.shift) == (0.0, 1.0, 0.0)


def test_coefficients_move_with_the_variance_of_a_jackknife():
    one = world("mar", 800, 2)
    known = one.decided.known
    x, y = np.column_stack([np.ones(known.sum()), one.x[known]]), one.bad[known]
    w = 1 / np.maximum(one.acceptance[known], 0.2)
    moved = logistic(x, y, w) - logistic(x, y)
    left = np.array(
        [
            logistic(np.delete(x, i, 0), np.delete(y, i), np.delete(w, i))
            - logistic(np.delete(x, i, 0), np.delete(y, i))
            for i in range(len(y))
        ]
    )
    covariance = (left - left.mean(0)).T @ (left - left.mean(0)) * (len(y) - 1) / len(y)
    expected = moved @ np.linalg.solve(covariance, moved)
    found = reweighting_test(one.decided, one.x, one.acceptance, NAMES, floor=0.2)
    assert found.degrees == 5
    assert found.chi_square == pytest.approx(expected, rel=0.1)
    shifts = np.column_stack([np.ones(800), one.x])[~one.accepted] @ moved
    assert found.shift == pytest.approx(np.sqrt(np.mean(shifts**2)), rel=1e-9)


def test_curvature_is_the_robust_wald_test_of_statsmodels():
    one = world("mar_misspecified", 1_500, 3)
    known = one.decided.known
    z = norm.ppf(one.acceptance[known])
    rows = one.x[known]
    table = np.column_stack([np.ones(len(rows)), rows, norm.pdf(z) / norm.cdf(z), (rows - rows.mean(0)) ** 2])
    expected = wald(table, one.bad[known], 4)
    found = curvature_test(one.decided, one.x, one.acceptance, NAMES)
    assert found.degrees == 4
    assert found.chi_square == pytest.approx(expected, rel=1e-6)
    assert found.largest == "x1"
    squares = (one.x - rows.mean(0)) ** 2 @ sm.GLM(one.bad[known], table, family=sm.families.Binomial()).fit().params[
        -4:
    ]
    assert found.shift == pytest.approx(squares.std(), rel=1e-5)
    assert found.p_value < 1e-3


def test_instrument_is_the_robust_wald_test_of_statsmodels():
    one = world("mnar_instrument", 4_000, 4)
    known = one.decided.known
    table = np.column_stack([np.ones(4_000), one.x, one.instrument])
    strength, selection = instrument_tests(one.decided, one.x, one.instrument)
    assert strength.chi_square == pytest.approx(wald(table, one.accepted.astype(float), 1), rel=1e-6)
    assert selection.chi_square == pytest.approx(wald(table[known], one.bad[known], 1), rel=1e-6)
    assert selection.p_value < 0.05 < strength.chi_square
    other, _ = instrument_tests(one.decided, one.x[:, :2], one.instrument, decision_design=one.x)
    assert other.chi_square == pytest.approx(strength.chi_square, rel=1e-12)


def test_repeated_applicants_are_not_taken_for_new_ones():
    one = world("mar_misspecified", 4_000, 5)
    twice = np.tile(np.arange(4_000), 2)
    args = one.x[twice], one.acceptance[twice], NAMES
    plain = reweighting_test(one.decided, one.x, one.acceptance, NAMES)
    naive = reweighting_test(Decided(one.decided.y[twice], one.accepted[twice]), *args)
    known = reweighting_test(Decided(one.decided.y[twice], one.accepted[twice], clusters=twice), *args)
    assert naive.chi_square == pytest.approx(2 * plain.chi_square, rel=0.1)
    assert known.chi_square == pytest.approx(plain.chi_square, rel=0.1)


def test_weights_count():
    one = world("mar_misspecified", 800, 6)
    weighted = Decided(one.decided.y, one.accepted, 7.0 * np.ones(800))
    first, second = (
        curvature_test(decided, one.x, one.acceptance, NAMES).chi_square for decided in (one.decided, weighted)
    )
    assert first == pytest.approx(second, rel=1e-9)  # the scale of weights does not matter
    uneven = Decided(one.decided.y, one.accepted, np.random.default_rng(1).uniform(0.5, 2, 800))
    assert curvature_test(uneven, one.x, one.acceptance, NAMES).chi_square != pytest.approx(first, rel=1e-3)


def test_flags_have_no_square():
    one = world("mar", 900, 7)
    flags = (one.x > 0).astype(float)
    assert curvature_test(one.decided, flags, one.acceptance, NAMES).degrees == 0
    mixed = np.column_stack([flags[:, :3], one.x[:, 3]])
    found = curvature_test(one.decided, mixed, one.acceptance, NAMES)
    assert (found.degrees, found.largest) == (1, "x4")


def test_bad_input_is_told_at_once():
    one = world("mar", 200, 8)
    with pytest.raises(ModelError, match="collinear"):
        reweighting_test(one.decided, np.column_stack([one.x, one.x[:, 0]]), one.acceptance, (*NAMES, "again"))
    with pytest.raises(CreditRiskError, match="one name a column"):
        curvature_test(one.decided, one.x, one.acceptance, NAMES[:2])
    with pytest.raises(CreditRiskError, match="instrument is constant"):
        instrument_tests(one.decided, one.x, np.ones(200))
    with pytest.raises(CreditRiskError, match="missing or infinite"):
        instrument_tests(one.decided, one.x, np.where(np.arange(200) == 3, np.nan, one.x[:, 0]))
    separated = np.where(one.accepted, one.bad, 0.0)[:, None] + 0.0
    with pytest.raises(ModelError):
        reweighting_test(one.decided, separated, one.acceptance, ("told",))
