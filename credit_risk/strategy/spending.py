"""Boundaries of a test that is looked at more than once: spending of the error, exact by recursive integration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.strategy.always_valid import ALWAYS_VALID, always_valid_boundary

Floats = NDArray[np.float64]
OBRIEN_FLEMING, POCOCK = "obrien_fleming", "pocock"
FAR = 38.0  # standard deviations beyond which nothing is counted: the least that a double holds
GREATEST = 37.0  # boundaries are searched below it: a look that may spend less than 1e-299 has it
LEAST = 1e-300  # a probability that is told from 0
MOST_PANELS = 20_000
CLOSEST = 1e-6  # looks between which the information grows by less than this share of itself are one look
REFUSED = CLOSEST / 10.0  # the same, where looks are refused: quadrature no longer holds what it promises
TOGETHER = 4_000_000  # distances between nodes that are held at once


@dataclass(frozen=True, slots=True)
class Boundaries:
    """times (K,): shares of the information; z (K,): |z| that ends the test at a look; spent (K,): error so far.

    `nominal` (K,): two-sided p-value of each boundary.
    """

    times: Floats
    z: Floats
    spent: Floats

    @property
    def nominal(self) -> Floats:
        """Two-sided p-value of each boundary."""
        return np.asarray(2.0 * special.ndtr(-self.z), np.float64)


def spent_error(times: Floats | Sequence[float], significance: float, spending: str) -> Floats:
    """Two-sided error that may have been spent at each share of the information (K,), within (0, 1].

    Lan and DeMets (1983), Biometrika 70, 659-663, a half on each side: obrien_fleming 4(1 - Phi(z/sqrt(t))) with
    z the 1 - significance/4 quantile; pocock significance ln(1 + (e - 1) t).
    """
    t = np.asarray(times, np.float64)
    if spending == OBRIEN_FLEMING:
        return np.asarray(4.0 * special.ndtr(special.ndtri(significance / 4.0) / np.sqrt(t)), np.float64)
    if spending == POCOCK:
        return np.asarray(significance * np.log1p((np.e - 1.0) * t), np.float64)
    allowed = f"{OBRIEN_FLEMING}, {POCOCK}"
    raise CreditRiskError(Fault("no such spending function", path="spending", found=spending, allowed=allowed))


def crossing(times: Floats | Sequence[float], z: Floats | Sequence[float], drift: float = 0.0) -> Floats:
    """Probability (K,) that |Z| first reaches its boundary at each look; both sides count.

    times: shares of the information; drift: mean of Z at full information, 0 under no difference. The density of
    the score process between the boundaries is carried from look to look by Gauss-Legendre quadrature, in panels as
    wide as two standard deviations of the smaller of the steps before and after (Armitage, McPherson and Rowe 1969,
    JRSS A 132, 235-244; Jennison and Turnbull 2000, chapter 19). Raises CreditRiskError where the times do not rise,
    or by less than REFUSED of themselves.
    """
    t, bounds = _checked(times), np.asarray(z, np.float64)
    found = np.zeros(len(t))
    nodes, mass, before = np.zeros(1), np.ones(1), 0.0
    for k, (now, bound) in enumerate(zip(t, bounds, strict=True)):
        found[k] = _leaves(nodes, mass, now - before, bound * np.sqrt(now), drift)
        if k < len(t) - 1:
            nodes, mass = _carried(nodes, mass, (now - before, t[k + 1] - now), bound * np.sqrt(now), drift)
        before = now
    return found


def spending_boundaries(times: Floats | Sequence[float], significance: float, spending: str) -> Boundaries:
    """Boundaries at which each look spends what `spent_error` allows it, exactly, one after the other.

    always_valid: `always_valid_boundary`, which may be looked at at any time; spent is then what these looks spend.
    A look that may spend less than a double tells (1e-299) has the boundary GREATEST. Times as in `crossing`.
    """
    t = _checked(times)
    if spending == ALWAYS_VALID:
        z = always_valid_boundary(t, significance)
        return Boundaries(t, z, np.cumsum(crossing(t, z)))
    allowed = spent_error(t, significance, spending)
    nodes, mass, before, found = np.zeros(1), np.ones(1), 0.0, np.zeros(len(t))
    for k, now in enumerate(t):
        step, root = now - before, float(np.sqrt(now))
        wanted = float(allowed[k] - (allowed[k - 1] if k else 0.0))
        state = (nodes, mass, step)

        def excess(z: float, state: tuple[Floats, Floats, float] = state, r: float = root, w: float = wanted) -> float:
            return float(np.log(max(_leaves(*state, z * r, 0.0), LEAST)) - np.log(w))

        out = wanted <= max(_leaves(*state, GREATEST * root, 0.0), LEAST)
        found[k] = GREATEST if out else optimize.brentq(excess, 0.0, GREATEST, xtol=1e-12)
        if k < len(t) - 1:
            nodes, mass = _carried(nodes, mass, (step, t[k + 1] - now), found[k] * root, 0.0)
        before = now
    return Boundaries(t, found, allowed)


def classical_constant(looks: int, significance: float, kind: str) -> float:
    """Constant c of equally spaced looks: O'Brien-Fleming |Z_k| >= c sqrt(K/k), Pocock |Z_k| >= c.

    O'Brien and Fleming (1979), Biometrics 35, 549-556; Pocock (1977), Biometrika 64, 191-199.
    """
    times = np.arange(1, looks + 1) / looks

    def excess(c: float) -> float:
        return float(crossing(times, classical_boundary(looks, c, kind)).sum()) - significance

    return float(optimize.brentq(excess, 0.5, 6.0, xtol=1e-10))


def classical_boundary(looks: int, constant: float, kind: str) -> Floats:
    """Boundaries (K,) of a constant, as in `classical_constant`."""
    return constant * (np.sqrt(looks / np.arange(1.0, looks + 1)) if kind == OBRIEN_FLEMING else np.ones(looks))


def drift_for_power(boundaries: Boundaries, power: float) -> float:
    """Drift at which one of the boundaries is reached with probability `power`."""

    def excess(drift: float) -> float:
        return float(crossing(boundaries.times, boundaries.z, drift).sum()) - power

    return float(optimize.brentq(excess, 0.0, 20.0, xtol=1e-10))


def _checked(times: Floats | Sequence[float]) -> Floats:
    t = np.asarray(times, np.float64)
    if len(t) == 0 or t[0] <= 0 or t[-1] > 1 + 1e-12 or np.any(np.diff(t) <= 0):
        found = ", ".join(f"{one:g}" for one in t)
        message = "shares of the information at the looks do not rise within (0, 1]"
        raise CreditRiskError(Fault(message, "range", path="times", found=found, allowed="0 < t1 < ... <= 1"))
    near = np.flatnonzero(np.diff(t) < REFUSED * t[:-1])
    if len(near):
        found = f"looks {near[0] + 1} and {near[0] + 2}: {float(t[near[0]])!r} and {float(t[near[0] + 1])!r}"
        allowed = f"the information grows by {REFUSED:g} of itself, or the two are one look"
        raise CreditRiskError(Fault("looks lie too close", "looks", path="times", found=found, allowed=allowed))
    return t


def _leaves(nodes: Floats, mass: Floats, step: float, bound: float, drift: float) -> float:
    """Probability that the score, distributed over nodes with mass, is beyond +-bound after a step of information."""
    spread, mean = np.sqrt(step), nodes + drift * step
    return float(mass @ (special.ndtr((mean - bound) / spread) + special.ndtr((-bound - mean) / spread)))


def _carried(
    nodes: Floats, mass: Floats, steps: tuple[float, float], bound: float, drift: float
) -> tuple[Floats, Floats]:
    """Ascending nodes and masses of the score between the boundaries after a step; steps: this and the next one."""
    spread, mean = float(np.sqrt(steps[0])), nodes + drift * steps[0]
    low, high = max(-bound, mean[0] - FAR * spread), min(bound, mean[-1] + FAR * spread)
    width = 2.0 * min(spread, float(np.sqrt(steps[1])))
    edges = np.linspace(low, high, int(np.clip(np.ceil((high - low) / width), 1, MOST_PANELS)) + 1)
    half = np.diff(edges)[:, None] / 2.0
    x, weight = np.polynomial.legendre.leggauss(20)
    where = ((edges[:-1] + edges[1:])[:, None] / 2.0 + half * x).ravel()
    return where, (half * weight).ravel() * _density(where, mean, mass, spread)


def _density(where: Floats, mean: Floats, mass: Floats, spread: float) -> Floats:
    """Density at ascending places (n,) of masses at ascending means, each spread out; far ones are left out."""
    found = np.empty(len(where))
    block = int(np.clip(TOGETHER // len(mean), 16, 256))
    for start in range(0, len(where), block):
        part = where[start : start + block]
        first, last = np.searchsorted(mean, [part[0] - FAR * spread, part[-1] + FAR * spread])
        gaps = (part[:, None] - mean[None, first:last]) / spread
        found[start : start + block] = np.exp(-0.5 * gaps**2) @ mass[first:last]
    return found / (spread * np.sqrt(2.0 * np.pi))
