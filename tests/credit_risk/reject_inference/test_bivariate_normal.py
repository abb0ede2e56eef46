"""The bivariate normal distribution function against scipy's, adaptive quadrature in its tails, and closed forms."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import log_ndtr, ndtr
from scipy.stats import multivariate_normal

from credit_risk.reject_inference.bivariate_normal import log_bivariate_derivatives, log_bivariate_normal


def grid(limit: float, correlations=(-0.99, -0.6, 0.0, 0.3, 0.9, 0.999)):
    values = np.linspace(-limit, limit, 9)
    h, k, r = (axis.ravel() for axis in np.meshgrid(values, values, np.array(correlations)))
    return h, k, r


def test_against_scipy():
    h, k, r = grid(3.0)
    ours = np.exp(log_bivariate_normal(h, k, r))
    theirs = [
        multivariate_normal.cdf([a, b], cov=[[1.0, c], [c, 1.0]], abseps=1e-13, releps=1e-13)
        for a, b, c in zip(h, k, r, strict=True)
    ]
    assert np.abs(ours - theirs).max() < 1e-12


def by_quad(h, k, r):
    """ln of the integral of the conditional form, scaled by its greatest value on a fine grid."""
    s = np.sqrt(1 - r * r)

    def log_f(u):
        return -0.5 * u * u - 0.5 * np.log(2 * np.pi) + log_ndtr((k - r * u) / s)

    u = np.linspace(min(h, 0) - 60, h, 400_001)
    f = log_f(u)
    top = f.max()
    inside = u[f > top - 60]
    points = np.linspace(inside[0], inside[-1], 41)
    total = sum(
        quad(lambda v: np.exp(log_f(v) - top), a, b, epsabs=0, epsrel=1e-12)[0] for a, b in itertools.pairwise(points)
    )
    return top + np.log(total)


@pytest.mark.parametrize(
    ("h", "k", "r"),
    [
        (-3, -3, -0.9),
        (-5, -5, -0.9),
        (-6, 2, 0.5),
        (2, -6, 0.5),
        (-8, -8, 0.99),
        (-4, 3.9, -0.99),
        (-4, 4.1, -0.999),
        (-1, -1, -0.95),
        (-30, 1, 0.2),
        (1, -30, -0.2),
        (-12, -3, 0.0),
        (-5.2, 0, 0.7),
        (0, -5.2, -0.7),
        (3, -5, 0.999),
        (-2.5, -2.6, -0.98),
    ],
)
def test_tails_keep_their_relative_accuracy(h, k, r):
    ours = log_bivariate_normal(np.array([h], float), np.array([k], float), np.array([r], float))[0]
    assert ours == pytest.approx(by_quad(float(h), float(k), float(r)), rel=1e-9, abs=1e-9)


def test_closed_forms():
    r = np.array([-0.999, -0.5, 0.0, 0.5, 0.999])
    zero = np.zeros(5)
    assert np.exp(log_bivariate_normal(zero, zero, r)) == pytest.approx(0.25 + np.arcsin(r) / (2 * np.pi), abs=1e-15)
    h, k, _ = grid(4.0, correlations=(0.0,))
    assert np.exp(log_bivariate_normal(h, k, np.zeros_like(h))) == pytest.approx(ndtr(h) * ndtr(k), rel=1e-9)
    h, k, r = grid(4.0, correlations=(-0.7, 0.4))
    both = np.exp(log_bivariate_normal(h, k, r)) + np.exp(log_bivariate_normal(h, -k, -r))
    assert both == pytest.approx(ndtr(h), rel=1e-9)


def test_derivatives_are_those_of_differences():
    h, k, r = grid(2.5, correlations=(-0.9, -0.3, 0.5, 0.95))
    told = log_bivariate_derivatives(h, k, r)
    step = 1e-5

    def slope(name, shift):
        up = log_bivariate_derivatives(h + shift[0], k + shift[1], r + shift[2])
        down = log_bivariate_derivatives(h - shift[0], k - shift[1], r - shift[2])
        return (getattr(up, name) - getattr(down, name)) / (2 * step)

    by = {"h": (step, 0, 0), "k": (0, step, 0), "r": (0, 0, step)}
    pairs = {"hh": ("h", "h"), "hk": ("h", "k"), "kk": ("k", "k"), "hr": ("h", "r"), "kr": ("k", "r"), "rr": ("r", "r")}
    for name, shift in by.items():
        first = slope("value", shift)
        assert getattr(told, name) == pytest.approx(first, rel=1e-5, abs=1e-6), name
    for name, (one, other) in pairs.items():
        second = slope(one, by[other])
        assert getattr(told, name) == pytest.approx(second, rel=1e-4, abs=1e-5), name
