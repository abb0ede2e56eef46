"""Logistic regression against scikit-learn, the score equations and a numerical Hessian."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from statsmodels.stats.outliers_influence import variance_inflation_factor

from credit_risk._core.errors import ModelError
from credit_risk.models.logistic import (
    coefficient_frame,
    correlation_matrix,
    fit_frame,
    fit_logistic,
    variance_inflation,
)


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(11)
    x = rng.normal(size=(3000, 3)) @ np.array([[1, 0.4, 0], [0, 1, 0.3], [0, 0, 1]])
    y = (rng.random(3000) < 1 / (1 + np.exp(1 + x @ [0.8, -0.5, 0.2]))).astype(float)
    return x, y, rng.integers(1, 4, 3000).astype(float)


def log_likelihood(beta: np.ndarray, x: np.ndarray, y: np.ndarray, w: np.ndarray) -> float:
    eta = np.column_stack([np.ones(len(y)), x]) @ beta
    return float(np.sum(w * (y * eta - np.logaddexp(0, eta))))


def test_equals_scikit_learn(data: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    x, y, w = data
    fit = fit_logistic(x, y, ["a", "b", "c"], weights=w)
    other = LogisticRegression(C=np.inf, tol=1e-12, max_iter=2000).fit(x, y, sample_weight=w)
    np.testing.assert_allclose(fit.coef[1:], other.coef_[0], rtol=1e-6)
    assert fit.intercept == pytest.approx(other.intercept_[0], rel=1e-6)


def test_score_equations_and_numerical_hessian(data: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    x, y, w = data
    fit = fit_logistic(x, y, ["a", "b", "c"], weights=w)
    p = 1 / (1 + np.exp(-(fit.intercept + x @ fit.coef[1:])))
    design = np.column_stack([np.ones(len(y)), x])
    np.testing.assert_allclose(design.T @ (w * (y - p)), 0, atol=1e-6)
    step, k = 1e-4, len(fit.coef)
    hessian = np.empty((k, k))
    for i in range(k):
        for j in range(k):
            d = np.zeros((2, k))
            d[0, i], d[1, j] = step, step
            terms = [s * t * log_likelihood(fit.coef + s * d[0] + t * d[1], x, y, w) for s in (1, -1) for t in (1, -1)]
            hessian[i, j] = sum(terms) / (4 * step**2)
    np.testing.assert_allclose(fit.standard_error, np.sqrt(np.diag(np.linalg.inv(-hessian))), rtol=1e-4)
    np.testing.assert_allclose(fit.p_value, 2 * norm.sf(np.abs(fit.z)), rtol=1e-9)
    assert fit.log_likelihood == pytest.approx(log_likelihood(fit.coef, x, y, w), rel=1e-12)


def test_variance_inflation_equals_statsmodels(data: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    x = data[0]
    design = np.column_stack([np.ones(len(x)), x])
    expected = [variance_inflation_factor(design, i) for i in (1, 2, 3)]
    np.testing.assert_allclose(variance_inflation(x), expected, rtol=1e-9)


def test_frames_hold_the_fit(data: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    x, y, _ = data
    fit = fit_logistic(x, y, ["a", "b", "c"])
    frame = coefficient_frame(fit, x)
    assert list(frame["term"]) == ["intercept", "a", "b", "c"]
    assert list(frame["sign_agrees"])[1:] == [b < 0 for b in fit.coef[1:]]
    items = fit_frame(fit).set_index("item")["value"]
    assert items["likelihood ratio chi-square"] == pytest.approx(2 * (fit.log_likelihood - fit.null_log_likelihood))
    assert items["rows"] == 3000


def test_separation_is_told(data: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    x = data[0]
    with pytest.raises(ModelError, match=r"separates|converge"):
        fit_logistic(x[:, :1], (x[:, 0] > 0).astype(float), ["a"])


def test_collinear_and_constant_terms_are_told(data: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    x, y, _ = data
    with pytest.raises(ModelError, match="linear combinations"):
        fit_logistic(np.column_stack([x[:, 0], 2 * x[:, 0]]), y, ["a", "b"])
    with pytest.raises(ModelError, match="b is constant"):
        fit_logistic(np.column_stack([x[:, 0], np.ones(len(y))]), y, ["a", "b"])


def test_a_fit_that_stands_still_at_the_last_bits_has_converged() -> None:
    """The deviance may swing in its last bits for ever; a relative tolerance of 1e-14 sees that it stands still."""
    refused = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        code = np.repeat(np.arange(100), 6)
        x = rng.normal(size=(100, 2))[code] + 0.4 * rng.normal(size=(600, 2))
        eta = -0.5 + x @ [0.6, -0.4] + 1.2 * rng.normal(size=100)[code]
        y = (rng.random(600) < 1 / (1 + np.exp(-eta))).astype(float)
        fit = fit_logistic(x[:, :1], y, ["a"])
        design = np.column_stack([np.ones(600), x[:, 0]])
        p = 1 / (1 + np.exp(-(design @ fit.coef)))
        assert np.max(np.abs(design.T @ (y - p))) < 1e-6
        refused += fit.iterations >= 100
    assert refused == 0


def test_weighted_inflation_equals_repeated_rows(data: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    x = data[0]
    count = np.random.default_rng(3).integers(1, 5, len(x))
    repeated = np.repeat(x, count, axis=0)
    weights = count.astype(float)
    np.testing.assert_allclose(variance_inflation(x, weights), variance_inflation(repeated), rtol=1e-9)
    np.testing.assert_allclose(correlation_matrix(x, weights), np.corrcoef(repeated, rowvar=False), rtol=1e-9)
    np.testing.assert_array_equal(correlation_matrix(x, np.full(len(x), 2.5)), np.corrcoef(x, rowvar=False))


def test_characteristics_that_separate_together_are_named_strongest_first() -> None:
    """Each alone leaves an overlap, their sum does not; no coefficient is beyond the bound."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(400, 2)) * (1.0, 0.5)
    total = x[:, 0] + 4 * x[:, 1]
    keep = np.abs(total) > 0.8
    with pytest.raises(ModelError) as caught:
        fit_logistic(10 * x[keep], (total[keep] > 0).astype(float), ["a", "b"])
    assert [fault.path for fault in caught.value.faults] == ["b", "a"]
    assert {fault.code for fault in caught.value.faults} == {"separation"}
