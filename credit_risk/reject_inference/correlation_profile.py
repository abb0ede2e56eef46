"""Profile of ρ in the censored bivariate probit: ln L, greatest over all else, at each ρ; interval; warnings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import chi2

from credit_risk._core.errors import Fault, ModelError
from credit_risk.reject_inference.probit_likelihood import LARGEST_RHO, ProbitData, maximise, maximise_at

Floats = NDArray[np.float64]
GRID = (-0.99, -0.95, *(round(0.1 * tenth, 1) for tenth in range(-9, 10)), 0.95, 0.99)
FLAT_WIDTH = 1.0
DIP = 0.1
BORDER = "border"
FLAT = "flat"
TWO_MODES = "two_modes"


@dataclass(frozen=True, slots=True)
class CorrelationProfile:
    """rho (g,) ascending, the maximum among them; log_likelihood (g,), its fall below the maximum (g,); inside (g,).

    lower, upper: where twice the fall is `threshold`; −1 or 1 where it is not reached at ∓LARGEST_RHO. warnings:
    `border` (the maximum is at ±LARGEST_RHO), `flat` (the interval is FLAT_WIDTH wide or more), `two_modes` (another
    maximum, beyond a dip of DIP or more; `second_mode` is its ρ).
    """

    rho: Floats
    log_likelihood: Floats
    relative: Floats
    inside: NDArray[np.bool_]
    threshold: float
    lower: float
    upper: float
    warnings: tuple[str, ...]
    second_mode: float | None = None


@dataclass(frozen=True, slots=True)
class Maximum:
    """(γ, β) and ρ at the greatest ln L found from the grid, minus the Hessian by (γ, β, atanh ρ), steps."""

    coef: Floats
    rho: float
    value: float
    information: Floats
    iterations: int
    grid: Floats
    values: Floats
    coefs: Floats


def search(data: ProbitData, start: Floats) -> Maximum:
    """ln L on GRID, each from its neighbour nearer to 0, then Newton's method from the best. start: (γ, β) at ρ = 0.

    Raises ModelError where the search does not converge.
    """
    grid = np.array(GRID)
    values, coefs = np.empty(len(grid)), np.empty((len(grid), len(start)))
    zero = int(np.flatnonzero(grid == 0.0)[0])
    for places in (range(zero, len(grid)), range(zero - 1, -1, -1)):
        coef = start if places[0] == zero else coefs[zero]
        for place in places:
            coef, found, converged = maximise_at(data, float(grid[place]), coef)
            _require(converged, f"the likelihood has no maximum at correlation {grid[place]:g} that can be found")
            values[place], coefs[place] = found.value, coef
    best = int(np.argmax(values))
    coef, rho, found, steps, converged = maximise(data, float(grid[best]), coefs[best])
    _require(converged, "the likelihood has no maximum that can be found")
    return Maximum(coef, rho, found.value, -found.hessian, steps, grid, values, coefs)


def profile_of(data: ProbitData, maximum: Maximum, *, confidence: float, inflation: float = 1.0) -> CorrelationProfile:
    """The profile with its likelihood-ratio interval at `confidence`.

    inflation: robust variance of atanh ρ over that of the information, by which the threshold is multiplied where rows
    are weighted or depend on each other (Rotnitzky and Jewell 1990, Biometrika 77, 485-497); 1 where they do not.
    """
    threshold = float(chi2.ppf(confidence, 1)) * inflation
    rho, value = _with(maximum.grid, maximum.values, maximum.rho, maximum.value)
    fall = maximum.value - value

    def short(at: float) -> float:
        nearest = int(np.argmin(np.abs(maximum.grid - at)))
        _, found, converged = maximise_at(data, at, maximum.coefs[nearest])
        _require(converged, f"the likelihood has no maximum at correlation {at:g} that can be found")
        return 2.0 * (maximum.value - found.value) - threshold

    inside = 2.0 * fall <= threshold
    lower, upper = (_bound(rho, inside, short, side) for side in (-1, 1))
    warnings, second = _warnings(rho, value, maximum.rho, upper - lower)
    return CorrelationProfile(rho, value, value - maximum.value, inside, threshold, lower, upper, warnings, second)


def _bound(rho: Floats, inside: NDArray[np.bool_], short: Callable[[float], float], side: int) -> float:
    """The outermost crossing on one side; ±1 where ln L is still above it at LARGEST_RHO."""
    place = int(np.flatnonzero(inside)[0 if side < 0 else -1])
    end = 0 if side < 0 else len(rho) - 1
    if place == end:
        outer = side * LARGEST_RHO
        if abs(rho[place]) >= LARGEST_RHO or short(outer) <= 0.0:
            return float(side)
    else:
        outer = float(rho[place + side])
    return float(brentq(short, float(rho[place]), outer, xtol=1e-9, rtol=1e-10))


def _warnings(rho: Floats, value: Floats, best: float, width: float) -> tuple[tuple[str, ...], float | None]:
    found = []
    if abs(best) >= LARGEST_RHO:
        found.append(BORDER)
    if width >= FLAT_WIDTH:
        found.append(FLAT)
    top = int(np.flatnonzero(rho == best)[0])
    second, height = None, -np.inf
    for place in range(len(rho)):
        between = value[min(place, top) : max(place, top) + 1]
        if value[place] - between.min() >= DIP and value[place] > height and place != top:
            second, height = float(rho[place]), float(value[place])
    if second is not None:
        found.append(TWO_MODES)
    return tuple(found), second


def _with(rho: Floats, value: Floats, best: float, greatest: float) -> tuple[Floats, Floats]:
    if best in rho:
        return rho, np.where(rho == best, greatest, value)
    place = int(np.searchsorted(rho, best))
    return np.insert(rho, place, best), np.insert(value, place, greatest)


def _require(converged: bool, message: str) -> None:
    if not converged:
        remedy = "use fewer or coarser characteristics in the models of decision and outcome"
        raise ModelError(Fault(message, code="not_converged", path="reject_inference", remedy=remedy))
