"""The validator's own bivariate probit against quadrature in two dimensions, differences and simulated truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, special, stats

from validation.rebuild import bivariate as own


def direct(h: float, k: float, rho: float) -> float:
    """P(X ≤ h, Y ≤ k) by adaptive quadrature of the conditional normal."""
    s = np.sqrt(1 - rho**2)
    return float(
        integrate.quad(
            lambda x: stats.norm.pdf(x) * special.ndtr((k - rho * x) / s), -38, h, epsabs=0, epsrel=1e-11, limit=400
        )[0]
    )


@pytest.mark.parametrize("rho", [-0.95, -0.4, 0.0, 0.3, 0.9])
def test_bivariate_normal(rho: float) -> None:
    places = [(0.0, 0.0), (0.0, 1.2), (0.0, -1.2), (1.5, 0.0), (-0.7, 0.0), (-1.0, 2.0), (0.4, -0.3), (-3.0, -2.5)]
    found = own.bivariate_normal(*np.array(places).T, rho)
    np.testing.assert_allclose(found, [direct(h, k, rho) for h, k in places], rtol=1e-9)


def test_small_probabilities_keep_their_digits() -> None:
    found = own.bivariate_normal(np.array([-4.0, -5.0, 3.0]), np.array([-4.5, 1.0, -6.0]), 0.2)
    np.testing.assert_allclose(found, [direct(-4.0, -4.5, 0.2), direct(-5.0, 1.0, 0.2), direct(3.0, -6.0, 0.2)], 1e-8)


def selected(seed: int, rows: int, rho: float) -> own.Selection:
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(rows), rng.normal(size=rows)])
    z = np.column_stack([x, rng.normal(size=rows)])
    errors = rng.multivariate_normal([0, 0], [[1, rho], [rho, 1]], rows)
    accepted = z @ [0.3, 0.5, 0.8] + errors[:, 0] > 0
    y = (x @ [-1.0, -0.6] + errors[:, 1] > 0).astype(np.float64)
    y[~accepted | (rng.random(rows) < 0.05)] = np.nan
    return own.Selection(z, x, y, accepted, rng.uniform(0.5, 2.0, rows))


def test_derivatives_are_those_of_the_likelihood() -> None:
    data, theta = selected(1, 800, -0.5), np.array([0.2, 0.4, 0.6, -0.9, -0.5, -0.3])
    steps = 1e-5 * np.eye(6)
    numeric = [(own.log_likelihood(data, theta + e) - own.log_likelihood(data, theta - e)) / 2e-5 for e in steps]
    np.testing.assert_allclose(own.derivatives(data, theta)[0], numeric, rtol=1e-6, atol=1e-5)


def test_maximum_recovers_the_correlation_and_the_bad_rate_of_the_rejected() -> None:
    data = selected(2, 6000, -0.6)
    found = own.maximise(data, np.zeros(6))
    rho = data.split(found.theta)[2]
    assert found.converged
    assert np.max(np.abs(own.derivatives(data, found.theta)[0]) * found.error) < 1e-3
    assert abs(np.arctanh(rho) - np.arctanh(-0.6)) < 2.5 * found.error[-1]
    u, v = np.array([-0.5, 0.2]), np.array([-1.0, 0.4])
    expected = [(special.ndtr(b) - direct(a, b, rho)) / special.ndtr(-a) for a, b in zip(u, v, strict=True)]
    np.testing.assert_allclose(own.bad_given_rejected(u, v, rho), expected, rtol=1e-9)
