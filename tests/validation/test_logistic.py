"""The refit against statsmodels and against numerical derivatives of the likelihood."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import optimize
from statsmodels.stats.outliers_influence import variance_inflation_factor

from validation.rebuild.clusters import cluster_codes
from validation.rebuild.covariance import factor, resolve, wald
from validation.rebuild.logistic import fit_logistic, log_likelihood, variance_inflation
from validation.rebuild.restricted import with_profile


def sample(seed: int, rows: int = 800, terms: int = 3) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    x = np.column_stack([np.ones(rows), random.normal(size=(rows, terms))])
    eta = x @ random.normal(scale=0.7, size=terms + 1)
    return x, (random.random(rows) < 1 / (1 + np.exp(-eta))).astype(float)


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_statsmodels(seed: int) -> None:
    x, y = sample(seed)
    ours, theirs = fit_logistic(x, y, np.ones(len(y))), sm.Logit(y, x).fit(disp=0, tol=1e-14, maxiter=100)
    assert ours.converged
    assert not ours.separated
    np.testing.assert_allclose(ours.coefficient, theirs.params, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(ours.standard_error, theirs.bse, rtol=1e-8)
    np.testing.assert_allclose(ours.p_value, theirs.pvalues, rtol=1e-6)
    np.testing.assert_allclose(np.column_stack([ours.lower, ours.upper]), theirs.conf_int(), rtol=1e-8, atol=1e-10)
    assert ours.log_likelihood == pytest.approx(theirs.llf, rel=1e-12)
    assert ours.null_log_likelihood == pytest.approx(theirs.llnull, rel=1e-9)


def test_weights_count_rows() -> None:
    x, y = sample(11, 300)
    weight = np.random.default_rng(1).integers(1, 4, len(y))
    repeated = np.repeat(np.arange(len(y)), weight)
    weighted = fit_logistic(x, y, weight.astype(float))
    expanded = fit_logistic(x[repeated], y[repeated], np.ones(len(repeated)))
    np.testing.assert_allclose(weighted.coefficient, expanded.coefficient, rtol=1e-10)
    np.testing.assert_allclose(weighted.standard_error, expanded.standard_error, rtol=1e-10)


def test_score_vanishes_and_hessian_is_numerical() -> None:
    x, y = sample(3, 400, 2)
    weight = np.random.default_rng(2).uniform(0.5, 2.0, len(y))
    fit = fit_logistic(x, y, weight)
    gradient = optimize.approx_fprime(fit.coefficient, lambda b: log_likelihood(x, y, weight, b), 1e-6)
    assert np.max(np.abs(gradient)) < 1e-3

    def slope(beta: np.ndarray) -> np.ndarray:
        return x.T @ (weight * (y - 1 / (1 + np.exp(-x @ beta))))

    hessian = np.column_stack(
        [(slope(fit.coefficient + e) - slope(fit.coefficient - e)) / 2e-5 for e in 1e-5 * np.eye(x.shape[1])]
    )
    np.testing.assert_allclose(fit.standard_error, np.sqrt(np.diag(np.linalg.inv(-hessian))), rtol=1e-6)


def test_separation_is_told() -> None:
    x = np.column_stack([np.ones(40), np.linspace(-1, 1, 40)])
    try:
        fit = fit_logistic(x, (x[:, 1] > 0).astype(float), np.ones(40))
    except np.linalg.LinAlgError:
        return
    assert fit.separated or not fit.converged


def test_collinear_columns_raise_or_do_not_converge() -> None:
    x, y = sample(4, 200, 1)
    with pytest.raises(np.linalg.LinAlgError):
        fit_logistic(np.column_stack([x, x[:, 1]]), y, np.ones(len(y)))


def test_tiny_p_value_is_not_zero() -> None:
    random = np.random.default_rng(0)
    x = np.column_stack([np.ones(6000), random.normal(size=6000)])
    y = (random.random(6000) < 1 / (1 + np.exp(-x[:, 1]))).astype(float)
    assert 0 < fit_logistic(x, y, np.ones(6000)).p_value[1] < 1e-100


def test_variance_inflation_agrees_with_statsmodels() -> None:
    x, _ = sample(6)
    x[:, 2] += x[:, 1]
    theirs = [variance_inflation_factor(x, column) for column in range(1, x.shape[1])]
    np.testing.assert_allclose(variance_inflation(x[:, 1:]), theirs, rtol=1e-9)


@pytest.mark.parametrize("kind", ["cluster", "hc0"])
def test_robust_covariance_agrees_with_statsmodels(kind: str) -> None:
    x, y = sample(8, 600)
    clusters = np.random.default_rng(1).integers(0, 90, len(y))
    ours = fit_logistic(x, y, np.ones(len(y)), kind=kind, clusters=clusters)
    options = {"cov_type": "HC0"} if kind == "hc0" else {"cov_type": "cluster", "cov_kwds": {"groups": clusters}}
    theirs = sm.Logit(y, x).fit(disp=0, tol=1e-14, maxiter=100, **options)
    np.testing.assert_allclose(ours.covariance, theirs.cov_params(), rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(ours.standard_error, theirs.bse, rtol=1e-8)
    np.testing.assert_allclose(ours.p_value, theirs.pvalues, rtol=1e-6)
    assert ours.independent_error == pytest.approx(sm.Logit(y, x).fit(disp=0, tol=1e-14, maxiter=100).bse, rel=1e-8)


def test_covariances_of_r() -> None:
    folder = Path(__file__).parents[1] / "reference" / "clustered"
    rows, table = (pd.read_csv(folder / name) for name in ("rows.csv", "expected.csv"))
    x = np.column_stack([np.ones(len(rows)), rows["x1"], rows["x2"]])
    clusters = cluster_codes(rows["cluster"].tolist())
    for name, expected in table.groupby("covariance"):
        kind, _, weighted = str(name).partition(", ")
        weight = rows["w"].to_numpy(float) if weighted else np.ones(len(rows))
        fit = fit_logistic(x, rows["y"].to_numpy(float), weight, kind=kind, clusters=clusters)
        np.testing.assert_allclose(fit.standard_error, expected["standard_error"], rtol=1e-8)
        assert wald(fit.coefficient[1:], fit.covariance[1:, 1:]) == pytest.approx(expected["wald"].iloc[0], rel=1e-8)


@pytest.mark.parametrize("case", ["plain", "weighted", "offset", "weighted, offset"])
def test_offsets_and_profile_intervals_of_r(case: str) -> None:
    """tests/reference/profile: R's glm with an offset, and the roots of its profile."""
    folder = Path(__file__).parents[1] / "reference"
    rows, table = (pd.read_csv(folder / name) for name in ("clustered/rows.csv", "profile/expected.csv"))
    x = np.column_stack([np.ones(len(rows)), rows["x1"], rows["x2"]])
    y, weight = rows["y"].to_numpy(float), rows["w"].to_numpy(float) if "weighted" in case else np.ones(len(rows))
    offset = 0.3 * x[:, 1] ** 2 - 0.2 if "offset" in case else None
    fit = fit_logistic(x, y, weight, offset=offset)
    expected = table[(table["case"] == case) & np.isclose(table["level"], 0.95)]
    np.testing.assert_allclose(fit.coefficient, expected["coefficient"], rtol=0, atol=1e-9)
    np.testing.assert_allclose(fit.standard_error, expected["standard_error"], rtol=1e-8)
    assert fit.log_likelihood == pytest.approx(expected["log_likelihood"].iloc[0], abs=1e-9)
    assert fit.null_log_likelihood == pytest.approx(expected["null_log_likelihood"].iloc[0], abs=1e-9)
    if offset is None:
        for _, wanted in table[table["case"] == case].groupby("level"):
            profiled = with_profile(fit, x, y, weight, wanted["level"].iloc[0])
            np.testing.assert_allclose(profiled.lower, wanted["lower"], rtol=0, atol=1e-8)
            np.testing.assert_allclose(profiled.upper, wanted["upper"], rtol=0, atol=1e-8)


@pytest.mark.parametrize("weighted", [False, True])
def test_an_offset_agrees_with_statsmodels(weighted: bool) -> None:
    x, y = sample(21, 500)
    random = np.random.default_rng(22)
    offset, weight = random.normal(-1, 1, len(y)), random.uniform(0.5, 2, len(y)) if weighted else np.ones(len(y))
    ours = fit_logistic(x, y, weight, offset=offset)
    family = sm.families.Binomial()
    theirs = sm.GLM(y, x, family=family, offset=offset, freq_weights=weight).fit(tol=1e-14)
    np.testing.assert_allclose(ours.coefficient, theirs.params, rtol=1e-8)
    np.testing.assert_allclose(ours.standard_error, theirs.bse, rtol=1e-7)
    assert ours.log_likelihood == pytest.approx(theirs.llf, rel=1e-11)
    null = sm.GLM(y, x[:, :1], family=family, offset=offset, freq_weights=weight).fit(tol=1e-14)
    assert ours.null_log_likelihood == pytest.approx(null.llf, rel=1e-11)


def test_auto_and_factors_of_the_covariance() -> None:
    assert resolve("auto", np.array([1, 2, 1])) == "cluster"
    assert resolve("auto", np.array([1, 2, 3])) == "nonrobust"
    assert resolve("hc0", np.array([1, 1])) == "hc0"
    assert factor("cluster", 100, 3, 20) == pytest.approx(20 / 19 * 99 / 97)
    with pytest.raises(ValueError, match="two clusters"):
        factor("cluster", 100, 3, 1)
    with pytest.raises(ValueError, match="no more rows"):
        factor("hc1", 3, 3, 3)
