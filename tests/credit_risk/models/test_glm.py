"""Generalised linear models against R's glm with statmod's Tweedie family, sandwich and betareg's likelihood."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logit
from scipy.stats import beta as beta_law
from statsmodels.othermod.betareg import BetaModel

from credit_risk._core.errors import ModelError
from credit_risk.models import tweedie
from credit_risk.models.beta_regression import squeeze
from credit_risk.models.covariance import INDEPENDENT, Rows
from credit_risk.models.families import LINKS_OF, family_of
from credit_risk.models.glm import fit_glm, null_deviance
from credit_risk.models.links import LINKS
from credit_risk.models.residuals import residuals
from tests.credit_risk.models import glm_reference as r

GLMS = [name for name in r.FITS if name != "beta_weighted"]


def test_data_are_what_the_script_makes() -> None:
    sys.path.insert(0, str(r.FOLDER))
    try:
        from make_data import data  # type: ignore[import-not-found]
    finally:
        sys.path.pop(0)
    written = data().to_csv(index=False, lineterminator="\n").encode()
    assert hashlib.sha256(written).digest() == hashlib.sha256((r.FOLDER / "data.csv").read_bytes()).digest()


@pytest.mark.parametrize("name", GLMS)
def test_equals_r(name: str) -> None:
    fit = r.fit(name, INDEPENDENT)
    for quantity, attribute in (("coefficient", "coef"), ("standard_error", "standard_error")):
        np.testing.assert_allclose(getattr(fit, attribute), r.reference(name, quantity), rtol=1e-8, atol=0)
    np.testing.assert_allclose(fit.statistic, r.reference(name, "statistic"), rtol=1e-8)
    np.testing.assert_allclose(fit.p_value, r.reference(name, "p_value"), rtol=1e-6)
    for quantity in ("dispersion", "deviance", "null_deviance"):
        assert getattr(fit, quantity) == pytest.approx(r.reference(name, quantity).iloc[0], rel=1e-8)
    assert fit.degrees == 495


@pytest.mark.parametrize("name", GLMS)
def test_residuals_equal_r(name: str) -> None:
    fit = r.fit(name)
    weights, offset = r.weights_and_offset(name)
    y = r.data()[r.FITS[name][0]].to_numpy()
    mu = fit.mean(r.matrix(), offset)
    found = residuals(fit.family, y, mu, fit.dispersion, weights=weights, uniform=np.full(500, 0.5))
    for kind in ("pearson", "deviance", "response"):
        expected = r.reference(name, f"residual_{kind}")
        np.testing.assert_allclose(getattr(found, kind)[:20], expected, rtol=1e-7, atol=1e-9)
    if name == "gamma_weighted_offset":
        assert found.quantile is not None
        np.testing.assert_allclose(found.quantile[:20], r.reference(name, "residual_quantile"), rtol=1e-6, atol=1e-9)
    if name.startswith("fractional"):
        assert found.quantile is None


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_robust_errors_equal_sandwich(link: str) -> None:
    fit = r.fit(f"fractional_{link}")
    assert (fit.dependence.kind, fit.degrees) == ("hc1", None)
    np.testing.assert_allclose(fit.standard_error, r.reference(f"fractional_{link}", "standard_error_HC1"), rtol=1e-8)
    plain = r.fit(f"fractional_{link}", Rows("hc0")).standard_error
    np.testing.assert_allclose(plain, r.reference(f"fractional_{link}", "standard_error_HC0"), rtol=1e-8)


@pytest.mark.parametrize("name", ["gamma", "fractional_logit", "beta_weighted"])
def test_clustered_errors_of_repeated_rows_are_those_of_the_rows_once(name: str) -> None:
    """With each row four times as a cluster the sandwich is hc0 of the rows once, but for the factors."""
    outcome, family, _, link, _, _ = r.FITS[name]
    y, codes = np.repeat(r.data()[outcome].to_numpy(), 4), np.repeat(np.arange(500), 4)
    chosen = family_of(family, link=link)
    repeated = fit_glm(np.repeat(r.matrix(), 4, axis=0), y, r.TERMS, chosen, dependence=Rows("cluster", codes))
    once = fit_glm(r.matrix(), y[::4], r.TERMS, chosen, dependence=Rows("hc0"))
    k = len(once.coef) + (family == "beta")
    factor = np.sqrt(500 / 499 * 1999 / (2000 - k))
    np.testing.assert_allclose(repeated.standard_error, once.standard_error * factor, rtol=1e-6)


def test_beta_equals_the_likelihood_of_r() -> None:
    fit = r.fit("beta_weighted")
    np.testing.assert_allclose(fit.coef, r.reference("beta_weighted", "coefficient"), atol=2e-8)
    assert fit.log_likelihood == pytest.approx(r.reference("beta_weighted", "log_likelihood").iloc[0], rel=1e-10)
    precision = np.log(1 / fit.dispersion - 1)
    assert precision == pytest.approx(r.reference("beta_weighted", "log_precision").iloc[0], abs=2e-8)


def test_beta_equals_statsmodels() -> None:
    y, design = r.data()["inner"].to_numpy(), sm.add_constant(r.matrix())
    other = BetaModel(y, design).fit(method="newton", disp=0, tol=1e-12, maxiter=200)
    fit = fit_glm(r.matrix(), y, r.TERMS, family_of("beta"))
    np.testing.assert_allclose(fit.coef, other.params[:-1], atol=1e-7)
    assert fit.log_likelihood == pytest.approx(other.llf, rel=1e-10)
    # statsmodels takes the observed information, as a likelihood does at one sample; the expected one is near
    np.testing.assert_allclose(fit.standard_error, other.bse[:-1], rtol=0.05)


def test_beta_information_is_the_variance_of_the_score() -> None:
    """Monte Carlo: over samples drawn from the model the standard error is the spread of the estimates."""
    generator = np.random.default_rng(5)
    x = generator.normal(size=(400, 1))
    mu = LINKS["logit"].inverse(0.3 + 0.6 * x[:, 0])
    fits = [
        fit_glm(x, beta_law.rvs(6 * mu, 6 * (1 - mu), random_state=generator), ["x"], family_of("beta"))
        for _ in range(200)
    ]
    spread = np.std([fit.coef for fit in fits], axis=0, ddof=1)
    stated = np.mean([fit.standard_error for fit in fits], axis=0)
    np.testing.assert_allclose(stated / spread, 1.0, atol=4 / np.sqrt(2 * 200))
    precision = [1 / fit.dispersion - 1 for fit in fits]
    errors = np.array([fit.precision_error for fit in fits], float)
    assert np.mean(errors) / np.std(precision, ddof=1) == pytest.approx(1.0, abs=0.2)


@pytest.mark.parametrize(("family", "power"), [("tweedie", 1.4), ("gamma", None), ("beta", None)])
def test_likelihood_is_greatest_at_the_estimate_of_dispersion(family: str, power: float | None) -> None:
    outcome = {"tweedie": "loss", "gamma": "severity", "beta": "inner"}[family]
    y, chosen = r.data()[outcome].to_numpy(), family_of(family, variance_power=power)
    fit = fit_glm(r.matrix(), y, r.TERMS, chosen)
    mu, best = fit.mean(r.matrix()), float(fit.likely_dispersion or 0)

    def total(dispersion: float) -> float:
        return float(np.sum(chosen.log_density(y, mu, dispersion)))

    assert total(best) == pytest.approx(fit.log_likelihood, rel=1e-12)
    assert total(best) >= max(total(best * 1.01), total(best * 0.99))


@pytest.mark.parametrize("family", list(LINKS_OF))
def test_unit_deviance_is_the_integral_of_the_score(family: str) -> None:
    """2∫ (y − t)/V(t) dt from mu to y, by Simpson's rule."""
    from scipy.integrate import simpson

    chosen = family_of(family, variance_power=1.6 if family == "tweedie" else None)
    y, mu = np.array([0.2, 0.7, 0.9]), np.array([0.6, 0.3, 0.85])
    for one, other, found in zip(y, mu, chosen.deviance(y, mu), strict=True):
        t = np.linspace(other, one, 20_001)
        assert found == pytest.approx(2 * simpson((one - t) / chosen.variance(t), x=t), rel=1e-9)


@pytest.mark.parametrize(("name", "link"), list(LINKS.items()))
def test_links_and_their_slopes(name: str, link: object) -> None:
    eta = np.linspace(-3, 3, 25)
    np.testing.assert_allclose(LINKS[name].forward(LINKS[name].inverse(eta)), eta, rtol=1e-9, atol=1e-12)
    numeric = (LINKS[name].inverse(eta + 1e-6) - LINKS[name].inverse(eta - 1e-6)) / 2e-6
    np.testing.assert_allclose(LINKS[name].slope(eta), numeric, rtol=1e-8)


@given(st.floats(0.001, 1000.0))
def test_scale_of_amounts_moves_the_constant_alone(scale: float) -> None:
    """Under the log link amounts in another currency have the same coefficients, and weights their own unit."""
    y, weights = r.data()["loss"].to_numpy(), r.data()["weight"].to_numpy(float)
    chosen = family_of("tweedie", variance_power=1.5)
    one = fit_glm(r.matrix(), y, r.TERMS, chosen, weights=weights)
    other = fit_glm(r.matrix(), y * scale, r.TERMS, chosen, weights=weights * 7)
    np.testing.assert_allclose(other.coef[1:], one.coef[1:], rtol=1e-7)
    np.testing.assert_allclose(other.standard_error, one.standard_error, rtol=1e-7)
    assert other.intercept == pytest.approx(one.intercept + np.log(scale), abs=1e-8)


def test_whole_weights_are_repeated_rows_but_for_the_dispersion() -> None:
    y, weights = r.data()["severity"].to_numpy(), r.data()["weight"].to_numpy(int)
    weighted = fit_glm(r.matrix(), y, r.TERMS, family_of("gamma"), weights=weights.astype(float))
    repeated = fit_glm(np.repeat(r.matrix(), weights, axis=0), np.repeat(y, weights), r.TERMS, family_of("gamma"))
    np.testing.assert_allclose(weighted.coef, repeated.coef, rtol=1e-10)
    assert weighted.pearson == pytest.approx(repeated.pearson, rel=1e-9)
    assert weighted.deviance == pytest.approx(repeated.deviance, rel=1e-9)


def test_squeeze_is_that_of_smithson_and_verkuilen() -> None:
    y = np.array([0.0, 0.5, 1.0])
    np.testing.assert_allclose(squeeze(y, 10), [0.05, 0.5, 0.95])


def test_null_deviance_of_the_mean() -> None:
    y = r.data()["severity"].to_numpy()
    mean = float(np.mean(y))
    expected = float(np.sum(family_of("gamma").deviance(y, np.full(len(y), mean))))
    assert null_deviance(y, family_of("gamma"), np.ones(len(y)), np.zeros(len(y))) == pytest.approx(expected, rel=1e-10)


# ------------------------------------------------------------------------------------------------- bad input
def refused(family: str, y: list[float], **options: object) -> list[tuple[str, str]]:
    x = np.linspace(-1, 1, len(y))[:, None] ** 2
    with pytest.raises(ModelError) as error:
        fit_glm(x, np.array(y), ["x"], family_of(family), **options)  # type: ignore[arg-type]
    return [(fault.code, fault.message) for fault in error.value.faults]


def test_outcomes_that_a_family_cannot_have() -> None:
    rest = [1.0, 2.0, 4.0, 3.0, 5.0]
    assert refused("tweedie", [-1.0, *rest]) == [("outcome", "an amount is negative")]
    assert refused("gamma", [-1.0, 0.0, *rest]) == [
        ("outcome", "an amount is negative"),
        ("outcome", "an amount is zero, which gamma cannot give"),
    ]
    assert refused("tweedie", [0.0] * 6) == [("constant_outcome", "every outcome is zero")]
    assert refused("gamma", [3.0] * 6) == [("constant_outcome", "every outcome is the same")]
    assert refused("tweedie", [np.nan, *rest]) == [("outcome", "an outcome is missing or infinite")]
    assert refused("fractional", [0.5, 1.2, 0.3, 0.1, 0.9]) == [("outcome", "a fraction is outside [0, 1]")]
    (fault,) = refused("beta", [0.0, 0.4, 0.3, 0.9, 1.0])
    assert fault == ("outcome", "a fraction is 0 or 1, where the beta density is not defined")


def test_faults_name_row_and_remedy() -> None:
    with pytest.raises(ModelError) as error:
        fit_glm(np.arange(5.0)[:, None], np.array([1, 2, 0, 4, 5.0]), ["x"], family_of("gamma"))
    (fault,) = error.value.faults
    assert (fault.row, fault.allowed, fault.remedy) == (3, "above 0", "use the family tweedie")


def test_offsets_weights_and_terms_that_cannot_be_used() -> None:
    y = [1.0, 2.0, 4.0, 3.0, 5.0]
    offset = np.array([0.0, np.nan, 0.0, -np.inf, 0.0])
    assert refused("gamma", y, offset=offset) == [("offset", "the offset is missing or not usable in some rows")]
    weights = np.array([1.0, 0.0, 1.0, 1.0, 1.0])
    assert refused("gamma", y, weights=weights) == [("weight", "the weight is missing or not usable in some rows")]
    x = np.column_stack([np.ones(5), np.arange(5.0), 2 * np.arange(5.0)])
    for columns, code in (([0], "constant_term"), ([1, 2], "collinear")):
        with pytest.raises(ModelError) as error:
            fit_glm(x[:, columns], np.array(y), [f"x{c}" for c in columns], family_of("gamma"))
        assert [fault.code for fault in error.value.faults] == [code]
    with pytest.raises(ModelError, match="too few rows"):
        fit_glm(np.array([[0.0], [1.0]]), np.array([1.0, 2.0]), ["x"], family_of("gamma"))
    missing = np.array([[1.0], [np.nan], [3.0], [2.0], [7.0]])
    with pytest.raises(ModelError, match="missing or infinite"):
        fit_glm(missing, np.array(y), ["x"], family_of("gamma"))


def test_separation_is_told() -> None:
    """A group whose amounts are all zero has no finite coefficient."""
    x = np.repeat([0.0, 1.0], 50)[:, None]
    y = np.where(x[:, 0] == 1, 0.0, tweedie.draw(np.full(100, 5.0), 1.0, 1.5, np.random.default_rng(0)))
    with pytest.raises(ModelError) as error:
        fit_glm(x, y, ["x"], family_of("tweedie"))
    assert error.value.faults[0].code == "not_converged"


def test_families_refuse_what_they_do_not_have() -> None:
    for options, words in (
        ({"name": "poisson"}, "unknown family"),
        ({"name": "gamma", "link": "logit"}, "has no link"),
        ({"name": "tweedie", "variance_power": 2.0}, "above 1 and below 2"),
    ):
        with pytest.raises(ValueError, match=words):
            family_of(**options)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no density"):
        family_of("fractional").log_density(np.array([0.5]), np.array([0.5]), 1.0)


def test_fractional_of_whole_outcomes_is_logistic_regression() -> None:
    y = (r.data()["fraction"].to_numpy() > 0.5).astype(float)
    fit = fit_glm(r.matrix(), y, r.TERMS, family_of("fractional"))
    other = sm.Logit(y, sm.add_constant(r.matrix())).fit(disp=0, tol=1e-12)
    np.testing.assert_allclose(fit.coef, other.params, rtol=1e-7)
    assert np.isfinite(logit(fit.mean(r.matrix()))).all()


def test_reference_folder_states_where_it_ran() -> None:
    text = (Path(r.FOLDER) / "session_info.txt").read_text("utf-8")
    assert "R version" in text
    assert "statmod" in text
