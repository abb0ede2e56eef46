"""The probit of decision and outcome with correlated errors (censored bivariate probit), by our own likelihood.

Meng and Schmidt (1985), On the cost of partial observability in the bivariate probit model. Φ₂ is by Owen's (1956) T,
and where that cancels by Gauss-Legendre quadrature of the conditional normal, so no integral is the developer's.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize, special

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
CANCELS = 1e-5
NODES = 60
REACH = 9.0
MAXIMUM_STEPS = 60
LARGEST = 8.0
"""Bound on |atanh ρ|, beyond which ρ is ±1 to seven digits."""


def bivariate_normal(h: Floats, k: Floats, rho: Floats | float) -> Floats:
    """P(X ≤ h, Y ≤ k) of standard normals with correlation rho, |rho| < 1; shapes (n,)."""
    h, k, r = np.broadcast_arrays(*(np.asarray(item, dtype=np.float64) for item in (h, k, rho)))
    s = np.sqrt((1.0 - r) * (1.0 + r))
    with np.errstate(divide="ignore", invalid="ignore"):
        first, second = (k - r * h) / (h * s), (h - r * k) / (k * s)
    # at h = 0 the limit of the slope is that of k's sign, and at both 0 the formula of the quadrant holds
    first = np.where(h == 0, np.where(k >= 0, np.inf, -np.inf), first)
    second = np.where(k == 0, np.where(h >= 0, np.inf, -np.inf), second)
    opposite = (h * k < 0) | ((h * k == 0) & (h + k < 0))
    value = 0.5 * (special.ndtr(h) + special.ndtr(k)) - special.owens_t(h, first) - special.owens_t(k, second)
    value = np.where((h == 0) & (k == 0), 0.25 + np.arcsin(r) / (2.0 * np.pi), value - 0.5 * opposite)
    small = value < CANCELS
    if np.any(small):
        value[small] = _by_quadrature(h[small], k[small], r[small])
    return np.asarray(value, dtype=np.float64)


def _by_quadrature(h: Floats, k: Floats, rho: Floats) -> Floats:
    """∫ φ(x)·Φ((k − ρx)/√(1 − ρ²)) dx up to h: every term is positive, so that small values keep their digits."""
    node, weight = np.polynomial.legendre.leggauss(NODES)
    s = np.sqrt((1.0 - rho) * (1.0 + rho))
    # the integrand's mass lies about where the conditional mean meets k; it is cut into pieces around both ends
    total = np.zeros(len(h))
    edges = [h - step for step in (0.0, 0.5, 1.5, 3.0, 5.0, REACH + 3.0)]
    for upper, lower in itertools.pairwise(edges):
        half = 0.5 * (upper - lower)
        x = lower[:, None] + half[:, None] * (node + 1.0)
        inner = special.ndtr((k[:, None] - rho[:, None] * x) / s[:, None])
        total += half * ((np.exp(-0.5 * x * x) / np.sqrt(2.0 * np.pi) * inner) @ weight)
    return total


@dataclass(frozen=True, slots=True)
class Selection:
    """What the likelihood is of: z (n, p) of the decision, x (n, q) of the outcome, both with their ones;

    y (n,) 1, 0 or NaN; accepted (n,); weight (n,). Parameters are (γ, β, atanh ρ) in one array (p + q + 1,).
    """

    z: Floats
    x: Floats
    y: Floats
    accepted: Mask
    weight: Floats

    @property
    def known(self) -> Mask:
        """(n,) accepted with an outcome."""
        return self.accepted & ~np.isnan(self.y)

    def split(self, theta: Floats) -> tuple[Floats, Floats, float]:
        """γ, β and ρ."""
        p, q = self.z.shape[1], self.x.shape[1]
        return theta[:p], theta[p : p + q], float(np.tanh(np.clip(theta[p + q], -LARGEST, LARGEST)))


def log_likelihood(data: Selection, theta: Floats) -> float:
    """Σ w·ln Φ₂(γ'z, ±β'x; ±ρ) of known outcomes, + Σ w·ln Φ(γ'z) of other accepted, + Σ w·ln Φ(−γ'z) of rejects."""
    gamma, beta, rho = data.split(theta)
    u, v, known = data.z @ gamma, data.x @ beta, data.known
    other, rejected = data.accepted & ~known, ~data.accepted
    q = 2.0 * data.y[known] - 1.0
    joint = bivariate_normal(u[known], q * v[known], q * rho)
    with np.errstate(divide="ignore"):
        total = data.weight[known] @ np.log(joint)
    total += data.weight[other] @ special.log_ndtr(u[other])
    return float(total + data.weight[rejected] @ special.log_ndtr(-u[rejected]))


def derivatives(data: Selection, theta: Floats) -> tuple[Floats, Floats]:
    """Gradient (k,) of the log-likelihood and the scores of the rows (n, k)."""
    gamma, beta, rho = data.split(theta)
    u, v, known = data.z @ gamma, data.x @ beta, data.known
    du, dv, dr = np.zeros(len(u)), np.zeros(len(u)), np.zeros(len(u))
    q = 2.0 * data.y[known] - 1.0
    h, k, r = u[known], q * v[known], q * rho
    s2 = 1.0 - rho * rho
    s = np.sqrt(s2)
    joint = bivariate_normal(h, k, r)
    du[known] = _density(h) * special.ndtr((k - r * h) / s) / joint
    dv[known] = q * _density(k) * special.ndtr((h - r * k) / s) / joint
    both = np.exp(-0.5 * (h * h - 2.0 * r * h * k + k * k) / s2) / (2.0 * np.pi * s)
    dr[known] = q * both / joint * s2  # by atanh ρ, whose derivative of ρ is 1 − ρ²
    for rows, sign in ((data.accepted & ~known, 1.0), (~data.accepted, -1.0)):
        du[rows] = sign * np.exp(-0.5 * u[rows] ** 2 - special.log_ndtr(sign * u[rows])) / np.sqrt(2.0 * np.pi)
    scores = np.column_stack([data.z * du[:, None], data.x * dv[:, None], dr]) * data.weight[:, None]
    return scores.sum(axis=0), scores


def _density(x: Floats) -> Floats:
    return np.exp(-0.5 * x * x) / np.sqrt(2.0 * np.pi)


def hessian(data: Selection, theta: Floats) -> Floats:
    """(k, k) central differences of the gradient."""
    k = len(theta)
    found = np.zeros((k, k))
    for place in range(k):
        step = 1e-5 * max(1.0, abs(float(theta[place])))
        up, down = theta.copy(), theta.copy()
        up[place] += step
        down[place] -= step
        found[place] = (derivatives(data, up)[0] - derivatives(data, down)[0]) / (2.0 * step)
    return 0.5 * (found + found.T)


@dataclass(frozen=True, slots=True)
class Maximum:
    """Where the likelihood is greatest: theta (k,) with its errors (k,) were rows independent, the value, whether the

    climb ended, and the negative Hessian (k, k) there.
    """

    theta: Floats
    error: Floats
    value: float
    converged: bool
    curvature: Floats


def maximise(data: Selection, start: Floats) -> Maximum:
    """Newton's method with step halving from `start`; errors from the inverse of the negative Hessian."""
    theta, value = start.copy(), log_likelihood(data, start)
    converged, curvature = False, -hessian(data, start)
    for _ in range(MAXIMUM_STEPS):
        gradient, scores = derivatives(data, theta)
        try:
            direction = linalg.cho_solve(linalg.cho_factor(curvature), gradient)
        except linalg.LinAlgError:
            outer = scores.T @ (scores / np.maximum(data.weight, 1e-300)[:, None])
            direction = linalg.lstsq(outer, gradient)[0]
        if np.max(np.abs(direction) * np.sqrt(np.abs(np.diag(curvature)))) < 1e-8:
            converged = True
            break
        for power in range(30):
            trial = theta + direction * 0.5**power
            found = log_likelihood(data, trial)
            if found > value - 1e-10 * abs(value):
                break
        else:
            break
        theta, value = trial, found
        curvature = -hessian(data, theta)
    error = np.sqrt(np.abs(np.diag(linalg.pinvh(curvature))))
    return Maximum(theta, error, value, converged, curvature)


def at_correlation(data: Selection, theta: Floats, curvature: Floats, rho: float) -> float:
    """Greatest log-likelihood over γ and β at ρ, from theta (k,), by quasi-Newton steps.

    curvature (k, k): the negative Hessian at theta, whose inverse the steps start with.
    """
    fixed = float(np.arctanh(rho))

    def loss(part: Floats) -> tuple[float, Floats]:
        whole = np.append(part, fixed)
        return -log_likelihood(data, whole), -derivatives(data, whole)[0][:-1]

    inverse = linalg.pinvh(curvature[:-1, :-1])
    start = theta[:-1]
    options = {"gtol": 1e-5, "hess_inv0": 0.5 * (inverse + inverse.T)}
    found = optimize.minimize(loss, start, jac=True, method="BFGS", options=options)
    return -float(found.fun)


def bad_given_rejected(u: Floats, v: Floats, rho: float) -> Floats:
    """P(bad | x, rejected) = (Φ(v) − Φ₂(u, v; ρ)) / Φ(−u), that is Φ₂(−u, v; −ρ) / Φ(−u); u = γ'z, v = β'x, (n,)."""
    return bivariate_normal(-u, v, -rho) / special.ndtr(-u)
