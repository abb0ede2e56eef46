"""Upper bounds of default probabilities in portfolios with few or no defaults (Pluto and Tasche 2005, 2011).

The most prudent estimation: if grades rank risk, the probability of a grade is at most that of all grades from it to
the worst taken together, so each bound uses the obligors and defaults of the grade and all worse ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import bdtr, log_ndtr, ndtr, ndtri
from scipy.stats import beta

from credit_risk._core.errors import CalibrationError, Fault
from credit_risk.calibration._arrays import checked_rate

Floats = NDArray[np.float64]
COLUMNS = (
    "grade",
    "obligors",
    "defaults",
    "pooled_obligors",
    "pooled_defaults",
    "pooled_rate",
    "bound",
    "raised",
    "upper_bound",
    "window_bound",
)
NODES = 4001
WIDEST = 8.5


@dataclass(frozen=True, slots=True)
class LowDefaultBounds:
    """Upper bounds by grade, best to worst.

    table: COLUMNS, bound that of the pool, upper_bound the greatest bound of this and all better grades, so that it
    never falls with risk; raised says where that was needed (a better grade has the more defaults); window_bound the
    probability of default within all years where that of one year is the upper bound. confidence,
    correlation of assets, years, correlation of the common factor from one year to the next (0 where years is 1),
    draws and seed of the simulation (0 where there was none: integrals and beta quantiles).
    """

    table: pd.DataFrame
    confidence: float
    correlation: float
    years: int
    factor_correlation: float
    draws: int
    seed: int


@dataclass(frozen=True, slots=True)
class LowDefault:
    """Settings of `pluto_tasche`, by the same names."""

    confidence: float = 0.9
    correlation: float = 0.0
    years: int = 1
    factor_correlation: float = 0.0
    draws: int = 20_000
    seed: int = 0

    def bounds(self, obligors: ArrayLike, defaults: ArrayLike, grades: Sequence[Any] | None = None) -> LowDefaultBounds:
        """`pluto_tasche` of obligors and defaults (k,), grades from the best to the worst."""
        paths = {"years": self.years, "draws": self.draws, "seed": self.seed}
        given = {"factor_correlation": self.factor_correlation, "grades": grades, **paths}
        return pluto_tasche(obligors, defaults, self.confidence, self.correlation, **given)  # type: ignore[arg-type]


def pluto_tasche(
    obligors: ArrayLike,
    defaults: ArrayLike,
    confidence: float = 0.9,
    correlation: float = 0.0,
    *,
    years: int = 1,
    factor_correlation: float = 0.0,
    draws: int = 20_000,
    seed: int = 0,
    grades: Sequence[Any] | None = None,
) -> LowDefaultBounds:
    """Bounds p with P(at most the observed defaults | p) = 1 − confidence, grades (k,) from the best to the worst.

    Without correlation and in one year: the quantile `confidence` of Beta(d + 1, n − d) (Clopper and Pearson 1934).
    With asset correlation ρ: defaults are independent given a normal factor Y, with the probability
    Φ((Φ⁻¹(p) + √ρ·Y)/√(1 − ρ)) (Vasicek), integrated over Y. `years` > 1: obligors are those at the start, defaults
    those of all years, p is the probability of one year, the factors of two years t apart correlate by
    factor_correlation^t, simulated by `draws` paths from `seed` (common to all p: the bound is exact for these paths).
    CalibrationError: counts that are negative, not whole, more defaults than obligors, shares out of range.
    """
    n, d = _counts(obligors, defaults)
    level = checked_rate(confidence, "confidence")
    _check_shares(correlation, factor_correlation, years, draws)
    names = list(range(1, len(n) + 1)) if grades is None else list(grades)
    if len(names) != len(n):
        raise CalibrationError(
            Fault("one name a grade", "length", path="grades", found=f"{len(names)}, {len(n)} grades")
        )
    pooled_n, pooled_d = np.cumsum(n[::-1])[::-1], np.cumsum(d[::-1])[::-1]
    simulated = years > 1 and correlation > 0.0
    if correlation > 0.0:
        given = _conditional(float(correlation), years, float(factor_correlation), draws, seed)
        found = [_correlated(int(k), int(m), level, given) for k, m in zip(pooled_d, pooled_n, strict=True)]
        window = _within(given) if years > 1 else float
    else:
        window = partial(_of_years, years=years)
        found = [_independent(int(k), int(m), level, years) for k, m in zip(pooled_d, pooled_n, strict=True)]
    bounds = np.array(found)
    upper = np.maximum.accumulate(bounds)
    table = pd.DataFrame(
        {
            "grade": names,
            "obligors": n,
            "defaults": d,
            "pooled_obligors": pooled_n,
            "pooled_defaults": pooled_d,
            "pooled_rate": pooled_d / pooled_n,
            "bound": bounds,
            "raised": upper > bounds,
            "upper_bound": upper,
            "window_bound": [window(float(p)) for p in upper],
        },
        columns=list(COLUMNS),
    )
    told = (draws, seed) if simulated else (0, 0)
    return LowDefaultBounds(
        table, level, float(correlation), years, float(factor_correlation) if years > 1 else 0.0, *told
    )


Conditional = Callable[[float], tuple[Floats, Floats]]


def _within(given: Conditional) -> Callable[[float], float]:
    """Mean over the factors of the probability of default within all years, of that of one year."""

    def window(p: float) -> float:
        if p >= 1.0:
            return 1.0
        values, weight = given(p)
        return float(weight @ values)

    return window


def _of_years(p: float, years: int) -> float:
    return p if years == 1 or p >= 1.0 else -math.expm1(years * math.log1p(-p))


def _conditional(correlation: float, years: int, factor_correlation: float, draws: int, seed: int) -> Conditional:
    """Of p: probabilities of default within all years (m,) given the common factors, and their weights (m,)."""
    if years == 1:
        factor = np.linspace(-WIDEST, WIDEST, NODES)
        weight = np.exp(-0.5 * np.square(factor))
        paths = factor[:, None]
    else:
        paths = _paths(years, factor_correlation, draws, seed)
        weight = np.ones(len(paths))
    weight = weight / weight.sum()
    own = math.sqrt(1.0 - correlation)

    def given(p: float) -> tuple[Floats, Floats]:
        survived = log_ndtr(-(ndtri(p) + math.sqrt(correlation) * paths) / own)
        return -np.expm1(survived.sum(axis=1)), weight

    return given


def _paths(years: int, factor_correlation: float, draws: int, seed: int) -> Floats:
    """Factors (draws, years), stationary and autoregressive, each path with its mirror image."""
    normal = np.random.default_rng(seed).normal(size=(draws // 2, years))
    paths = np.vstack([normal, -normal])
    for year in range(1, years):
        fresh = math.sqrt(1.0 - factor_correlation**2) * paths[:, year]
        paths[:, year] = factor_correlation * paths[:, year - 1] + fresh
    return paths


def _independent(defaults: int, obligors: int, confidence: float, years: int) -> float:
    if defaults == obligors:
        return 1.0
    within = float(beta.ppf(confidence, defaults + 1, obligors - defaults))
    return within if years == 1 else -math.expm1(math.log1p(-within) / years)


def _correlated(defaults: int, obligors: int, confidence: float, default: Conditional) -> float:
    if defaults == obligors:
        return 1.0

    def gap(z: float) -> float:
        p, w = default(float(ndtr(z)))
        return float(w @ bdtr(defaults, obligors, p)) - (1.0 - confidence)

    return float(ndtr(brentq(gap, -12.0, 8.0, xtol=1e-13, rtol=1e-14, maxiter=300)))


def _counts(obligors: ArrayLike, defaults: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    n, d = (np.atleast_1d(np.asarray(each, dtype=np.float64)) for each in (obligors, defaults))
    faults = []
    if n.ndim != 1 or n.shape != d.shape or not len(n):
        found = f"{n.shape} obligors, {d.shape} defaults"
        raise CalibrationError(
            Fault("one number of obligors and of defaults a grade", "shape", path="defaults", found=found)
        )
    for name, values, least in (("obligors", n, 1.0), ("defaults", d, 0.0)):
        odd = ~np.isfinite(values) | (values != np.floor(values)) | (values < least)
        if odd.any():
            shown = ", ".join(f"grade {k + 1}: {values[k]:g}" for k in np.flatnonzero(odd)[:5])
            faults.append(
                Fault("not a count", "count", path=name, found=shown, allowed=f"whole numbers from {least:g}")
            )
    if not faults and (d > n).any():
        shown = ", ".join(f"grade {k + 1}: {d[k]:g} of {n[k]:g}" for k in np.flatnonzero(d > n)[:5])
        faults.append(Fault("more defaults than obligors", "count", path="defaults", found=shown))
    if faults:
        raise CalibrationError(faults)
    return n.astype(np.int64), d.astype(np.int64)


def _check_shares(correlation: float, factor_correlation: float, years: int, draws: int) -> None:
    faults = [
        Fault("not in range", "range", path=name, found=repr(value), allowed="0 or more, below 1")
        for name, value in (("correlation", correlation), ("factor_correlation", factor_correlation))
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0.0 <= value < 1.0
    ]
    for name, number, least in (("years", years, 1), ("draws", draws, 100)):
        if isinstance(number, bool) or not isinstance(number, int) or number < least:
            allowed = f"a whole number from {least}"
            faults.append(Fault("not in range", "range", path=name, found=repr(number), allowed=allowed))
    if faults:
        raise CalibrationError(faults)
