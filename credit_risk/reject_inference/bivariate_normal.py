"""Logarithm of the bivariate normal distribution function, accurate in its tails too, and its derivatives.

Φ₂(h, k; r) = P(U ≤ h, V ≤ k) of standard normal U, V with correlation r. By Owen's T (Owen 1956, Annals of Mathematical
Statistics 27, 1075-1090), whose absolute error is that of rounding; where the probability is below TAIL, and rounding
would be a large part of it, by Gauss-Legendre quadrature of the integrand

    φ(u) Φ((k − r u)/√(1 − r²)),  u ≤ h,

which is log-concave in u, over the two sides of its mode as far as it is above e⁻⁴⁵ of the greatest value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr, owens_t

Floats = NDArray[np.float64]
TAIL = 1e-6
_LOG_ROOT_2PI = 0.5 * np.log(2.0 * np.pi)
_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(40)
_REACH = 45.0
_MODE_BISECTIONS, _END_BISECTIONS = 40, 16
_SMALLEST = 1e-160


@dataclass(frozen=True, slots=True)
class LogBivariate:
    """ln Φ₂ and its derivatives, all (n,): first by h, k, r; second by each pair of them."""

    value: Floats
    h: Floats
    k: Floats
    r: Floats
    hh: Floats
    hk: Floats
    kk: Floats
    hr: Floats
    kr: Floats
    rr: Floats


def log_bivariate_normal(h: Floats, k: Floats, r: Floats) -> Floats:
    """ln Φ₂(h, k; r), arrays (n,), finite, |r| < 1."""
    p = _by_owen(h, k, r)
    tail = p < TAIL
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.log(p)
    if tail.any():
        value[tail] = _by_quadrature(h[tail], k[tail], r[tail])
    return value


def log_bivariate_derivatives(h: Floats, k: Floats, r: Floats) -> LogBivariate:
    """ln Φ₂ with its first and second derivatives; arguments as in `log_bivariate_normal`.

    ∂Φ₂/∂h = φ(h)Φ((k − rh)/s), ∂Φ₂/∂r = φ₂ (Plackett 1954, Biometrika 41, 351-360), s² = 1 − r², the rest from these.
    """
    value = log_bivariate_normal(h, k, r)
    s2 = 1.0 - r * r
    s = np.sqrt(s2)
    quadratic = h * h + k * k - 2.0 * r * h * k
    density = np.exp(-quadratic / (2.0 * s2) - np.log(2.0 * np.pi * s) - value)
    by_h = np.exp(-0.5 * h * h - _LOG_ROOT_2PI + log_ndtr((k - r * h) / s) - value)
    by_k = np.exp(-0.5 * k * k - _LOG_ROOT_2PI + log_ndtr((h - r * k) / s) - value)
    return LogBivariate(
        value=value,
        h=by_h,
        k=by_k,
        r=density,
        hh=-h * by_h - r * density - by_h * by_h,
        hk=density - by_h * by_k,
        kk=-k * by_k - r * density - by_k * by_k,
        hr=density * (r * k - h) / s2 - by_h * density,
        kr=density * (r * h - k) / s2 - by_k * density,
        rr=density * (r + h * k - r * quadratic / s2) / s2 - density * density,
    )


def _by_owen(h: Floats, k: Floats, r: Floats) -> Floats:
    h = np.where(h == 0.0, _SMALLEST, h)
    k = np.where(k == 0.0, _SMALLEST, k)
    s = np.sqrt(1.0 - r * r)
    with np.errstate(over="ignore"):  # an infinite slope is what a quotient this large means
        of_h, of_k = owens_t(h, (k / h - r) / s), owens_t(k, (h / k - r) / s)
    apart = np.where((h < 0.0) != (k < 0.0), 0.5, 0.0)
    return np.asarray(0.5 * (ndtr(h) + ndtr(k)) - of_h - of_k - apart, dtype=np.float64)


def _by_quadrature(h: Floats, k: Floats, r: Floats) -> Floats:
    s = np.sqrt(1.0 - r * r)

    def log_integrand(u: Floats) -> Floats:
        return np.asarray(-0.5 * u * u + log_ndtr((k - r * u) / s), dtype=np.float64)

    mode = _mode(h, k, r, s)
    top = log_integrand(mode)
    total = np.zeros(len(h))
    for far in (mode - 9.5, np.minimum(mode + 9.5, h)):
        near, end = mode.copy(), far.copy()
        for _ in range(_END_BISECTIONS):
            middle = 0.5 * (near + end)
            inside = log_integrand(middle) > top - _REACH
            near, end = np.where(inside, middle, near), np.where(inside, end, middle)
        half = 0.5 * (end - mode)
        u = mode[:, None] + half[:, None] * (1.0 + _NODES)
        f = -0.5 * u * u + log_ndtr((k[:, None] - r[:, None] * u) / s[:, None])
        total += np.abs(half) * (np.exp(f - top[:, None]) @ _NODE_WEIGHTS)
    return np.asarray(top + np.log(total) - _LOG_ROOT_2PI, dtype=np.float64)


def _mode(h: Floats, k: Floats, r: Floats, s: Floats) -> Floats:
    """Where the integrand is greatest over u ≤ h: by bisection of its falling log-derivative."""
    slope = r / s

    def derivative(u: Floats) -> Floats:
        t = (k - r * u) / s
        mills = np.exp(-0.5 * t * t - _LOG_ROOT_2PI - log_ndtr(t))
        return np.asarray(-u - slope * mills, dtype=np.float64)

    bound = np.abs(slope) * (0.8 + np.abs(k) / s) + 1.0
    low, high = np.minimum(-bound, h - 1.0), np.minimum(bound, h)
    for _ in range(_MODE_BISECTIONS):
        middle = 0.5 * (low + high)
        rising = derivative(middle) > 0.0
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    return np.where(h < -bound, h, high)
