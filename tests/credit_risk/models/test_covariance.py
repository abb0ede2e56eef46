"""Robust and clustered covariance: against R's sandwich, statsmodels, and what the formula must do on any rows."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2
from statsmodels.tools.sm_exceptions import SpecificationWarning

from credit_risk._core import evidence
from credit_risk._core.errors import ModelError
from credit_risk.models.covariance import chosen_covariance, small_sample_factor, wald_chi_square
from credit_risk.models.covariance_told import covariance_items, covariance_notes
from credit_risk.models.logistic import LogisticFit, fit_frame, fit_logistic
from credit_risk.selection.search import SearchData, score_tests
from tests.credit_risk.models import clustered_reference as reference


def clustered(seed: int, clusters: int = 80, rows: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of a cluster share an effect and part of x."""
    rng = np.random.default_rng(seed)
    code = np.repeat(np.arange(clusters), rows)
    x = rng.normal(size=(clusters, 2))[code] + 0.4 * rng.normal(size=(len(code), 2))
    eta = -0.5 + x @ [0.6, -0.4] + 1.2 * rng.normal(size=clusters)[code]
    return x, (rng.random(len(code)) < 1 / (1 + np.exp(-eta))).astype(float), code


def fit(x: np.ndarray, y: np.ndarray, kind: str, code: np.ndarray, weights: np.ndarray | None = None) -> LogisticFit:
    names = [f"x{k}" for k in range(x.shape[1])]
    return fit_logistic(x, y, names, weights=weights, dependence=chosen_covariance(kind, code))


@pytest.mark.parametrize("name", reference.FITS)
def test_numbers_of_r(name: str) -> None:
    kind, weighted = reference.FITS[name]
    x, y, w, code = reference.arrays(weighted)
    found, theirs = fit(x, y, kind, code, w), reference.expected(name)
    np.testing.assert_allclose(found.coef, theirs["coefficient"], rtol=1e-9)
    np.testing.assert_allclose(found.standard_error, theirs["standard_error"], rtol=1e-8)
    np.testing.assert_allclose(found.z, theirs["z"], rtol=1e-8)
    np.testing.assert_allclose(found.p_value, theirs["p_value"], rtol=1e-7)
    assert found.covariance[1, 2] == pytest.approx(theirs["v12"].iloc[0], rel=1e-7)
    items = fit_frame(found).set_index("item")["value"]
    assert items["Wald chi-square"] == pytest.approx(theirs["wald"].iloc[0], rel=1e-8)


@pytest.mark.parametrize("seed", range(3))
def test_clustered_is_that_of_statsmodels_with_weights_too(seed: int) -> None:
    x, y, code = clustered(seed)
    weights = np.random.default_rng(seed).integers(1, 4, len(y)).astype(float)
    for w in (None, weights):
        found = fit(x, y, "cluster", code, w)
        model = sm.GLM(y, sm.add_constant(x), family=sm.families.Binomial(), freq_weights=w)
        told = nullcontext() if w is None else pytest.warns(SpecificationWarning, match="freq_weights")
        with told:  # it warns of weights, and sums weighted scores as it should
            theirs = model.fit(tol=1e-12, tol_criterion="deviance", cov_type="cluster", cov_kwds={"groups": code})
        np.testing.assert_allclose(found.covariance, theirs.cov_params(), rtol=1e-9)
        np.testing.assert_allclose(found.lower, theirs.conf_int()[:, 0], rtol=1e-9)
        np.testing.assert_allclose(found.p_value, theirs.pvalues, rtol=1e-9)
    np.testing.assert_allclose(
        fit(x, y, "hc0", code).covariance,
        sm.GLM(y, sm.add_constant(x), family=sm.families.Binomial()).fit(tol=1e-13, cov_type="HC0").cov_params(),
        rtol=1e-8,
    )


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.permutations(range(12)))
def test_names_and_order_of_clusters_do_not_matter(seed: int, names: list[int]) -> None:
    x, y, code = clustered(seed % 7, clusters=12, rows=20)
    order = np.random.default_rng(seed).permutation(len(y))
    first, second = fit(x, y, "cluster", code), fit(x[order], y[order], "cluster", np.array(names)[code][order] * 3)
    np.testing.assert_allclose(second.covariance, first.covariance, rtol=1e-7)


def test_clusters_of_one_row_are_independent_rows() -> None:
    x, y, _ = clustered(1)
    alone = np.arange(len(y))
    np.testing.assert_allclose(fit(x, y, "cluster", alone).covariance, fit(x, y, "hc1", alone).covariance, rtol=1e-12)


def test_copies_of_rows_tell_nothing_new() -> None:
    """Every row three times: independent rows would have errors smaller by √3, clusters of copies do not."""
    x, y, _ = clustered(2)
    n, k = len(y), x.shape[1] + 1
    one = fit(x, y, "hc0", np.arange(n))
    three = np.repeat(np.arange(n), 3)
    copied = fit(x[three], y[three], "cluster", three)
    factor = small_sample_factor("cluster", 3 * n, k, n)
    np.testing.assert_allclose(copied.standard_error, one.standard_error * np.sqrt(factor), rtol=1e-8)
    naive = fit(x[three], y[three], "nonrobust", three)
    np.testing.assert_allclose(naive.standard_error * np.sqrt(3), fit(x, y, "nonrobust", three[::3]).standard_error)


def test_coverage_of_clustered_data_is_near_nominal_and_below_it_for_independent_rows() -> None:
    """400 worlds of 120 clusters of 8 rows. The target is the population-averaged coefficient, from 2 million rows.

    Binomial error of a share of 400 at 95 %: 1.1 points.
    """
    truth = _population_average()
    inside = {"cluster": 0, "nonrobust": 0}
    for seed in range(400):
        x, y, code = clustered(seed, clusters=120, rows=8)
        for kind in inside:
            found = fit(x, y, kind, code)
            inside[kind] += int(found.lower[1] <= truth <= found.upper[1])
    assert 0.92 <= inside["cluster"] / 400 <= 0.98
    assert inside["nonrobust"] / 400 < 0.89


def _population_average() -> float:
    rng = np.random.default_rng(99)
    n = 2_000_000
    x = rng.normal(size=(n, 2)) * np.sqrt(1.16)
    p = 1 / (1 + np.exp(-(-0.5 + x @ [0.6, -0.4] + 1.2 * rng.normal(size=n))))
    design, beta = np.column_stack([np.ones(n), x]), np.zeros(3)
    for _ in range(8):  # Newton on the expected score: y replaced by its probability
        mean = 1 / (1 + np.exp(-design @ beta))
        beta += np.linalg.solve((design * (mean * (1 - mean))[:, None]).T @ design, design.T @ (p - mean))
    return float(beta[1])


@pytest.mark.parametrize("kind", ["hc1", "cluster"])
def test_score_test_for_entry_is_that_of_generalised_estimating_equations(kind: str) -> None:
    """statsmodels' GEE with independent working correlation; its test has no small-sample factor, ours has one."""
    x, y, code = clustered(4)
    code = code if kind == "cluster" else np.arange(len(y))
    data = SearchData({"a": x[:, 0], "b": x[:, 1]}, y, None, 0.95, chosen_covariance(kind, code))
    found = score_tests(data, ["a"], ["b"])["b"]
    family = sm.families.Binomial()
    full = sm.GEE(y, sm.add_constant(x), code, family=family)
    small = sm.GEE(y, sm.add_constant(x[:, :1]), code, family=family).fit()
    theirs = full.compare_score_test(small)
    factor = small_sample_factor(kind, len(y), 3, len(np.unique(code)))  # type: ignore[arg-type]
    assert found == pytest.approx(chi2.sf(theirs["statistic"] / factor, 1), rel=1e-6)
    assert found != pytest.approx(theirs["p-value"], rel=1e-4)


def test_score_test_of_clusters_keeps_its_size() -> None:
    """A candidate that is constant within clusters and unrelated: at 5 %, about 5 % enter; of independent rows more."""
    entered = {"cluster": 0, "nonrobust": 0}
    for seed in range(300):
        x, y, code = clustered(seed, clusters=100, rows=6)
        noise = np.random.default_rng(1000 + seed).normal(size=100)[code]
        for kind in entered:
            data = SearchData({"a": x[:, 0], "n": noise}, y, None, 0.95, chosen_covariance(kind, code))
            entered[kind] += int(score_tests(data, ["a"], ["n"])["n"] < 0.05)
    assert 0.02 <= entered["cluster"] / 300 <= 0.09
    assert entered["nonrobust"] / 300 > 0.12


def test_auto_is_cluster_where_rows_repeat() -> None:
    assert chosen_covariance("auto", np.array([3, 1, 3])).kind == "cluster"
    assert chosen_covariance("auto", np.array([3, 1, 2])).kind == "nonrobust"
    assert chosen_covariance("auto", None).kind == "nonrobust"
    assert chosen_covariance("hc1", np.array([3, 3])).kind == "hc1"


def test_what_cannot_be_estimated_is_told() -> None:
    x, y, code = clustered(0, clusters=6, rows=30)
    with pytest.raises(ModelError, match="two clusters or more") as caught:
        fit(x, y, "cluster", np.zeros(len(y), np.int64))
    assert caught.value.faults[0].found == "all rows are one cluster"
    with pytest.raises(ModelError, match="two clusters or more"):
        fit_logistic(x, y, ["a", "b"], dependence=chosen_covariance("cluster", None))
    with pytest.raises(ModelError, match="no more rows than coefficients"):
        small_sample_factor("hc1", 3, 3, None)
    two = fit(x, y, "cluster", code % 2)
    assert np.isnan(wald_chi_square(two.coef[1:], two.covariance[1:, 1:]))


def test_what_is_told_of_the_covariance() -> None:
    x, y, code = clustered(3, clusters=40)
    found = fit(x, y, "auto", code)
    items = covariance_items(found, "auto")
    evidence.key_values("scorecard.covariance.{model}", items, parameter="card")
    assert (items["covariance"], items["G, clusters"], items["rows of the largest cluster"]) == ("cluster", 40, 5)
    assert items["small-sample factor"] == pytest.approx(40 / 39 * 199 / 197)
    assert items["standard errors over those of independent rows, greatest"] > 1.2
    notes = covariance_notes(found, 0.95)
    assert any("40 clusters are few" in note for note in notes)
    assert any("likelihood ratio" in note for note in notes)
    independent = covariance_notes(fit(x, y, "nonrobust", code), 0.95)
    assert any("too small" in note for note in independent)
    plain = fit_logistic(x, y, ["a", "b"])
    assert covariance_items(plain, "auto")["G, clusters"] is None
    assert covariance_notes(plain, 0.9) == (
        "Wald intervals at confidence 0.9 and normal tests; standard errors from the inverse observed information: "
        "rows are taken as independent",
    )
