"""The Tweedie distribution against R's plain sums, Wright's function, Monte Carlo, and its own identities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_wright_bessel
from scipy.stats import chi2, kstest

from credit_risk.models import tweedie
from credit_risk.models.families import family_of
from credit_risk.models.glm import fit_glm
from credit_risk.models.residuals import residuals
from credit_risk.models.variance_power import profile_variance_power
from tests.credit_risk.models import glm_reference as r


def test_density_and_distribution_equal_r() -> None:
    for quantity, function in (("log_density", tweedie.log_density), ("distribution", tweedie.distribution)):
        expected = r.reference("tweedie_distribution", quantity)
        cells = np.array([[float(part) for part in label.split("|")] for label in expected.index])
        for power in np.unique(cells[:, 3]):
            rows = cells[:, 3] == power
            y, mu, phi, _ = cells[rows].T
            found = function(y, mu, phi, float(power))
            np.testing.assert_allclose(found, expected.to_numpy()[rows], rtol=1e-10, atol=1e-12)


def test_series_equals_wright_function() -> None:
    """a(y, φ)·y is Wright's generalised Bessel function (scipy)."""
    y, power = np.geomspace(1e-3, 50, 40), 1.4
    mu, phi = np.full(40, 2.0), 0.7
    alpha = (2 - power) / (power - 1)
    z = y**alpha * (power - 1) ** -alpha / (phi ** (1 + alpha) * (2 - power))
    kernel = (y * mu ** (1 - power) / (1 - power) - mu ** (2 - power) / (2 - power)) / phi
    expected = kernel - np.log(y) + log_wright_bessel(alpha, 0.0, z)
    np.testing.assert_allclose(tweedie.log_density(y, mu, phi, power), expected, rtol=1e-12, atol=1e-11)


@given(st.floats(1.05, 1.95), st.floats(0.2, 50.0), st.floats(0.05, 20.0), st.floats(0.1, 10.0))
def test_scale_identity(power: float, mu: float, phi: float, scale: float) -> None:
    """cY has mean c·mu and dispersion c^(2−p)·φ, so its density at cy is that of Y at y over c."""
    y = np.array([0.3, 1.0, 4.0]) * mu
    one = tweedie.log_density(y, np.full(3, mu), phi, power)
    other = tweedie.log_density(scale * y, np.full(3, scale * mu), scale ** (2 - power) * phi, power)
    np.testing.assert_allclose(other, one - np.log(scale), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("power", [1.1, 1.5, 1.9])
def test_total_probability_mean_and_variance(power: float) -> None:
    """Zero and the density together are 1, with mean mu and variance φ·mu^p; by Gauss–Legendre on ln y."""
    mu, phi = 2.0, 0.8
    nodes, weights = np.polynomial.legendre.leggauss(600)
    low, high = np.log(1e-80), np.log(400.0)
    logs = (high - low) / 2 * nodes + (high + low) / 2
    y = np.exp(logs)
    mass = np.exp(tweedie.log_density(y, np.full(len(y), mu), phi, power)) * y * weights * (high - low) / 2
    zero = float(np.exp(tweedie.log_density(np.zeros(1), np.full(1, mu), phi, power))[0])
    assert zero + mass.sum() == pytest.approx(1.0, abs=1e-6)
    assert (mass * y).sum() == pytest.approx(mu, rel=1e-6)
    assert (mass * y**2).sum() - mu**2 == pytest.approx(phi * mu**power, rel=1e-5)


def test_saddlepoint_takes_over_smoothly() -> None:
    """Where the series would be too long the saddlepoint stands; both agree near the border."""
    y, mu, phi, power = np.array([1.02]), np.array([1.0]), np.array([2e-7]), 1.5
    border = tweedie._terms_needed(y, phi, power)
    assert border[0] > tweedie.MOST_TERMS
    close = tweedie._saddlepoint(y, mu, np.array([1e-6]), power)
    assert tweedie._terms_needed(y, np.array([1e-6]), power)[0] < tweedie.MOST_TERMS
    assert tweedie.log_density(y, mu, 1e-6, power)[0] == pytest.approx(close[0], abs=1e-5)
    assert np.isfinite(tweedie.log_density(y, mu, phi, power)).all()


def test_draws_follow_the_distribution() -> None:
    generator = np.random.default_rng(8)
    mu = np.full(20_000, 3.0)
    y = tweedie.draw(mu, 1.5, 1.6, generator)
    below = tweedie.distribution(y, mu, 1.5, 1.6)
    uniform = np.where(y == 0, below * generator.random(len(y)), below)
    assert kstest(uniform, "uniform").pvalue > 0.001
    assert y.mean() == pytest.approx(3.0, abs=4 * np.sqrt(1.5 * 3.0**1.6 / 20_000))


def test_quantile_residuals_are_normal_where_the_model_holds() -> None:
    generator = np.random.default_rng(2)
    x = generator.normal(size=(3000, 1))
    for family, dispersion, power in (("tweedie", 2.0, 1.5), ("gamma", 0.5, None), ("beta", 0.2, None)):
        chosen = family_of(family, variance_power=power)
        mu = chosen.link.inverse(0.2 + 0.5 * x[:, 0])
        if family == "tweedie":
            y = tweedie.draw(mu, dispersion, 1.5, generator)
        elif family == "gamma":
            y = generator.gamma(1 / dispersion, mu * dispersion)
        else:
            y = generator.beta(mu * (1 / dispersion - 1), (1 - mu) * (1 / dispersion - 1))
        fit = fit_glm(x, y, ["x"], chosen)
        found = residuals(chosen, y, fit.mean(x), fit.dispersion, uniform=generator.random(3000)).quantile
        assert found is not None
        assert kstest(found, "norm").pvalue > 0.001, family
    with pytest.raises(ValueError, match="randomised"):
        residuals(family_of("tweedie"), np.array([0.0, 1.0]), np.ones(2), 1.0)


def test_profile_equals_r() -> None:
    name = "tweedie_1.5_weighted_offset"
    weights, offset = r.weights_and_offset(name)
    y = r.data()["loss"].to_numpy()
    for quantity, attribute in (("log_likelihood", "log_likelihood"), ("dispersion", "likely_dispersion")):
        for power, expected in r.reference("tweedie_profile", quantity).items():
            family = family_of("tweedie", variance_power=float(str(power)))
            fit = fit_glm(r.matrix(), y, r.TERMS, family, weights=weights, offset=offset)
            assert getattr(fit, attribute) == pytest.approx(expected, rel=1e-6 if quantity == "dispersion" else 1e-9)


def test_profile_finds_the_power_and_its_interval() -> None:
    y = r.data()["loss"].to_numpy()
    weights, offset = r.weights_and_offset("tweedie_1.5_weighted_offset")
    found = profile_variance_power(r.matrix(), y, r.TERMS, weights=weights, offset=offset)
    frame = found.frame()
    assert found.lower < found.best < found.upper
    assert not found.at_end
    assert frame.loc[frame["chosen"], "variance_power"].tolist() == [found.best]
    assert frame["difference"].max() == 0
    ends = frame[frame["variance_power"].isin([found.lower, found.upper])]
    np.testing.assert_allclose(-2 * ends["difference"], chi2.isf(0.05, 1), rtol=1e-3)
    inside = frame["variance_power"].between(found.lower + 1e-9, found.upper - 1e-9)
    assert frame.loc[inside, "inside"].all()


def test_profile_tells_that_there_is_no_inner_power() -> None:
    """Without zeros the likelihood grows towards gamma, power 2."""
    y = r.data()["severity"].to_numpy()
    found = profile_variance_power(r.matrix(), y, r.TERMS)
    assert found.at_end
    assert found.best == 1.95
    assert np.isnan(found.upper)
