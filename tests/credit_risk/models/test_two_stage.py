"""Fits on top of an offset against R's frozen glm(offset =), in both packages; the gain and the freed coefficient."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import chi2

from credit_risk.models.covariance import INDEPENDENT, Rows
from credit_risk.models.logistic import fit_bounded, fit_logistic, with_profile
from credit_risk.models.two_stage import HELD, REFITTED, StagedSample, gain_frame, slope_frame
from credit_risk.selection.search import SearchData
from validation.rebuild import logistic as validator
from validation.rebuild.restricted import fit_negative
from validation.rebuild.restricted import with_profile as validator_profile

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "offset"
NAMES = ["x1", "x2"]


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """rows.csv; its MD5 must be the one that R stated."""
    stated = (FOLDER / "session_info.txt").read_text("utf-8").splitlines()[0].split()[-1]
    assert hashlib.md5((FOLDER / "rows.csv").read_bytes(), usedforsecurity=False).hexdigest() == stated
    return pd.read_csv(FOLDER / "rows.csv")


def expected(fit: str) -> pd.DataFrame:
    table = pd.read_csv(FOLDER / "expected.csv")
    return table[table["fit"] == fit].reset_index(drop=True)


def _arrays(rows: pd.DataFrame, fit: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    weights = rows["w"].to_numpy(float) if fit == "weighted" else np.ones(len(rows))
    clusters = pd.factorize(rows["cluster"])[0].astype(np.int64)
    x, y, offset = rows[NAMES].to_numpy(float), rows["y"].to_numpy(float), rows["offset"].to_numpy(float)
    return x, y, weights, offset, clusters


@pytest.mark.parametrize("fit", ["nonrobust", "weighted", "cluster"])
def test_fit_on_an_offset_is_that_of_r(rows: pd.DataFrame, fit: str) -> None:
    x, y, weights, offset, clusters = _arrays(rows, fit)
    kind = "cluster" if fit == "cluster" else "nonrobust"
    found = fit_logistic(x, y, NAMES, weights=weights, offset=offset, dependence=Rows(kind, clusters))
    ones = np.column_stack([np.ones(len(y)), x])
    own = validator.fit_logistic(ones, y, weights, 0.95, kind, clusters, offset)
    table = expected(fit)
    for coefficients, error, likelihood, null in (
        (found.coef, found.standard_error, found.log_likelihood, found.null_log_likelihood),
        (own.coefficient, own.standard_error, own.log_likelihood, own.null_log_likelihood),
    ):
        np.testing.assert_allclose(coefficients, table["coefficient"], rtol=1e-8)
        np.testing.assert_allclose(error, table["standard_error"], rtol=1e-8)
        np.testing.assert_allclose([likelihood, null], table.loc[0, ["log_likelihood", "null_log_likelihood"]].tolist())


@pytest.mark.parametrize("fit", ["nonrobust", "weighted"])
def test_profile_bounds_and_score_test_on_an_offset_are_those_of_r(rows: pd.DataFrame, fit: str) -> None:
    x, y, weights, offset, _ = _arrays(rows, fit)
    table = expected(fit)
    found = fit_logistic(x, y, NAMES, weights=weights, offset=offset)
    profile = with_profile(found, x, y, weights=weights, offset=offset)
    ones = np.column_stack([np.ones(len(y)), x])
    own = validator.fit_logistic(ones, y, weights, offset=offset)
    other = validator_profile(own, ones, y, weights, 0.95, offset)
    for lower, upper in ((profile.lower, profile.upper), (other.lower, other.upper)):
        np.testing.assert_allclose(lower, table["lower"], rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(upper, table["upper"], rtol=1e-6)
    data = SearchData(dict(zip(NAMES, x.T, strict=True)), y, weights, 0.95, offset=offset)
    p_value = data.score_tests(["x1"], ["x2"])["x2"]
    assert p_value == pytest.approx(float(chi2.sf(table.loc[0, "rao"], 1)), rel=1e-6)


def test_score_test_of_the_first_to_enter_knows_the_offset(rows: pd.DataFrame) -> None:
    """Against statsmodels' score test of the model of the constant beside the offset."""
    x, y, weights, offset, _ = _arrays(rows, "weighted")
    data = SearchData(dict(zip(NAMES, x.T, strict=True)), y, weights, 0.95, offset=offset)
    null = sm.GLM(y, np.ones((len(y), 1)), family=sm.families.Binomial(), freq_weights=weights, offset=offset)
    fitted = null.fit(tol=1e-14)
    for place, name in enumerate(NAMES):
        statistic = _rao(fitted, x[:, place], y, weights)
        assert data.score_tests([], [name])[name] == pytest.approx(float(chi2.sf(statistic, 1)), rel=1e-8)


def _rao(fitted: Any, z: np.ndarray, y: np.ndarray, weights: np.ndarray) -> float:
    """(z'w(y − p))² over the variance of z in the information of the constant."""
    p = fitted.mu
    v = weights * p * (1 - p)
    variance = z @ (v * z) - (v @ z) ** 2 / v.sum()
    return float((z @ (weights * (y - p))) ** 2 / variance)


def test_bounded_fit_on_an_offset_keeps_the_conditions_of_the_maximum(rows: pd.DataFrame) -> None:
    """x2 raises the risk, so its bound holds it; both packages agree, and the score there is not negative."""
    x, y, weights, offset, clusters = _arrays(rows, "nonrobust")
    found = fit_bounded(x, y, NAMES, weights=weights, offset=offset)
    assert found.bound == ("x2",)
    alone = fit_logistic(x[:, :1], y, ["x1"], weights=weights, offset=offset)
    np.testing.assert_allclose(found.coef, [*alone.coef, 0.0], rtol=1e-9)
    assert found.score[2] > 0
    ones = np.column_stack([np.ones(len(y)), x])
    own, derivative = fit_negative(ones, y, weights, 0.95, "nonrobust", clusters, offset)
    np.testing.assert_allclose(own.coefficient, found.coef, rtol=1e-7, atol=1e-12)
    assert derivative[2] == pytest.approx(found.score[2], rel=1e-6)


def _sample(rows: pd.DataFrame, coefficients: np.ndarray) -> StagedSample:
    x, y, _, offset, _ = _arrays(rows, "nonrobust")
    both = offset + coefficients[0] + x @ coefficients[1:]
    return StagedSample(y, offset, both, np.arange(len(y)), None)


def test_freed_coefficient_is_that_of_r_and_of_statsmodels(rows: pd.DataFrame) -> None:
    table, fit = expected("freed").set_index("term"), expected("nonrobust")
    sample = _sample(rows, fit["coefficient"].to_numpy())
    x = rows[NAMES].to_numpy(float)
    frame = slope_frame({"development": sample, "other": sample}, 0.95, woe=x, names=NAMES, dependence=INDEPENDENT)
    assert frame[["sample", "fit"]].to_numpy().tolist() == [
        ["development", HELD],
        ["development", REFITTED],
        ["other", HELD],
    ]
    freed = frame.iloc[1]
    assert freed["slope"] == pytest.approx(table.loc["offset", "coefficient"], rel=1e-8)
    assert freed["standard_error"] == pytest.approx(table.loc["offset", "standard_error"], rel=1e-8)
    held = sm.GLM(
        sample.y, sm.add_constant(sample.first), family=sm.families.Binomial(), offset=sample.both - sample.first
    ).fit(tol=1e-14)
    assert frame.loc[0, "slope"] == pytest.approx(float(held.params[1]), rel=1e-8)
    assert frame.loc[0, "lower"] == pytest.approx(float(held.conf_int()[1, 0]), rel=1e-7)
    assert frame["covers_one"].all()


@pytest.mark.parametrize(("stretch", "above"), [(2.0, False), (0.5, True)], ids=["too far apart", "too close together"])
def test_a_first_stage_of_the_wrong_size_is_told(rows: pd.DataFrame, stretch: float, above: bool) -> None:
    x, y, _, offset, _ = _arrays(rows, "nonrobust")
    wrong = stretch * offset
    fit = fit_logistic(x, y, NAMES, offset=wrong)
    sample = StagedSample(y, wrong, wrong + fit.coef[0] + x @ fit.coef[1:], np.arange(len(y)))
    slope = slope_frame({"development": sample}, 0.95).loc[0]
    assert (slope["slope"] > 1) == above
    assert not slope["covers_one"]
    assert slope["slope"] == pytest.approx(1 / stretch, abs=3 * slope["standard_error"])


def test_an_offset_that_is_a_sum_of_the_second_stage_has_no_coefficient_of_its_own(rows: pd.DataFrame) -> None:
    x, y, _, _, _ = _arrays(rows, "nonrobust")
    first = -1.0 + x @ np.array([0.3, -0.2])
    sample = StagedSample(y, first, first + 0.1 * x[:, 0], np.arange(len(y)))
    frame = slope_frame({"development": sample}, 0.95, woe=x, names=NAMES)
    assert np.isfinite(frame.loc[0, "slope"])
    assert frame.loc[1, ["slope", "lower", "upper", "covers_one"]].isna().all()
    assert "linear combinations" in frame.attrs["notes"][0]


def test_gain_is_counted_pair_by_pair(rows: pd.DataFrame) -> None:
    """AUC by brute force over all pairs, log loss row by row, the likelihood ratio from R's likelihoods."""
    table = expected("nonrobust")
    sample = _sample(rows, table["coefficient"].to_numpy())
    x, y, weights, offset, _ = _arrays(rows, "nonrobust")
    fit = fit_logistic(x, y, NAMES, weights=weights, offset=offset)
    frame = gain_frame({"development": sample, "other": sample}, fit, 0.95)
    row = frame.loc[0]

    def area(risk: np.ndarray) -> float:
        bads, goods = risk[y == 1][:, None], risk[y == 0][None, :]
        return float(np.mean((bads > goods) + 0.5 * (bads == goods)))

    assert row["auc_first"] == pytest.approx(area(sample.first), rel=1e-12)
    assert row["auc"] == pytest.approx(area(sample.both), rel=1e-12)
    assert row["auc_difference"] == pytest.approx(area(sample.both) - area(sample.first), abs=1e-12)
    assert row["gini_difference"] == 2 * row["auc_difference"]
    losses: Callable[[np.ndarray], float] = lambda eta: float(np.mean(np.logaddexp(0, eta) - y * eta))  # noqa: E731
    assert row["log_loss_first"] == pytest.approx(losses(sample.first), rel=1e-12)
    assert row["log_loss"] == pytest.approx(losses(sample.both), rel=1e-12)
    ratio = 2 * (table.loc[0, "log_likelihood"] - table.loc[0, "null_log_likelihood"])
    assert row["likelihood_ratio"] == pytest.approx(ratio, rel=1e-8)
    assert row["degrees_of_freedom"] == 2
    assert row["likelihood_ratio_p_value"] == pytest.approx(float(chi2.sf(ratio, 2)), rel=1e-7)
    assert frame.loc[1, ["likelihood_ratio", "degrees_of_freedom"]].isna().all()
