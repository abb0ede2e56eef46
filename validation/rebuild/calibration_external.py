"""External rates by band, matched our own way: rows placed, estimating equations solved by a general root finder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, special, stats

from validation.rebuild.calibration_anchor import solved_shift
from validation.rebuild.calibration_maps import NotFitted, OwnMap
from validation.rebuild.calibration_segments import OwnSwitch
from validation.rebuild.numerical import gradient, jacobian

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
BY_BAND = "intercept_by_band"
STEP = 1e-2
"""Width of a difference of a rate, of what is left to 0 or 1."""


@dataclass(frozen=True, slots=True)
class OwnExternal:
    """fit: by column of the table of fits; bands: by column, a value a band with rows; names: of these bands.

    map: by one shift or line; switch: where every band has a shift of its own. numerical: errors by column of either
    table, the delta method with derivatives by differences.
    """

    fit: dict[str, float | None]
    bands: dict[str, list[float | None]]
    names: list[str]
    map: OwnMap
    switch: OwnSwitch | None = None
    numerical: Mapping[str, list[float | None]] = field(default_factory=dict)


def place_rows(values: pd.Series, bands: list[Mapping[str, Any]], codes: list[float]) -> Integers:
    """Return the band of each row by the plan, or −1: from lower up to upper, or equal to the value."""
    found = np.full(len(values), -1, dtype=np.int64)
    for row, value in enumerate(values.tolist()):
        if value is None or value != value:
            continue
        for k, band in enumerate(bands):
            if _holds(band, value, codes):
                found[row] = k
                break
    return found


def _holds(band: Mapping[str, Any], value: Any, codes: list[float]) -> bool:
    if band.get("value") is not None:
        return bool(value == band["value"])
    if isinstance(value, str) or value in codes:
        return False
    lower, upper = band.get("lower"), band.get("upper")
    return (lower is None or value >= lower) and (upper is None or value < upper)


def name_of(band: Mapping[str, Any]) -> str:
    """Return the name of a band in the evidence."""
    lower, upper, value = (band.get(key) for key in ("lower", "upper", "value"))
    if value is not None:
        return value if isinstance(value, str) else f"{value:.12g}"
    if lower is None:
        return f"below {upper:.12g}"
    return f"{lower:.12g} and above" if upper is None else f"[{lower:.12g}, {upper:.12g})"


@dataclass(frozen=True, slots=True)
class _Problem:
    """Rows in bands that have any. at, weight, given (log-odds), x, offset by row; rate, count, share, base by band."""

    at: Integers
    weight: Floats
    given: Floats
    x: Floats
    offset: Floats
    rate: Floats
    count: Floats
    share: Floats

    @property
    def base(self) -> Floats:
        """Weights of the bands in the fit: counts, else shares, else all equal."""
        return next((c for c in (self.count, self.share) if np.isfinite(c).all()), np.ones(len(self.rate)))

    @property
    def total(self) -> Floats:
        return np.bincount(self.at, self.weight).astype(np.float64)

    def mean(self, values: Floats) -> Floats:
        return np.bincount(self.at, self.weight * values) / self.total

    def parts(self, beta: Floats) -> tuple[Floats, Floats, Floats]:
        """Probabilities, band means, and the slopes of the means in the parameters."""
        p = special.expit(self.offset + self.x @ beta)
        slopes = np.column_stack([self.mean(p * (1.0 - p) * column) for column in self.x.T])
        return p, self.mean(p), slopes

    def equations(self, beta: Floats) -> Floats:
        """Derivative of the binomial deviance of the band means, over −2."""
        _, mean, slopes = self.parts(beta)
        return np.asarray(slopes.T @ (self.base * (self.rate - mean) / (mean * (1.0 - mean))))


def match_own(spec: Mapping[str, Any], first: OwnMap, score: Floats, weight: Floats, place: Integers) -> OwnExternal:
    """Match the means of the bands. score, weight, place (n,): of all rows; NaN is no score. Raises NotFitted."""
    rows = np.flatnonzero(np.isfinite(score) & (place >= 0))
    held, at = np.unique(place[rows], return_inverse=True)
    line = spec.get("method") == "line"
    if not len(held) or (line and len(held) < 2):
        raise NotFitted("too few bands have rows")
    bands = [spec["bands"][k] for k in held]
    given = score[rows] if first.method == "none" else special.logit(first.probability(score[rows]))
    one = np.ones(len(given))
    x, offset = (np.column_stack([given, one]), 0.0 * one) if line else (one[:, None], given)
    problem = _Problem(at, weight[rows], given, x, offset, *(_column(bands, key) for key in ("rate", "count", "share")))
    beta = _solved(problem.equations, np.array([1.0, 0.0]) if line else np.zeros(1))
    counts: dict[str, float | None] = {
        "rows": float(len(rows)),
        "unbanded": float(np.count_nonzero(np.isfinite(score) & (place < 0))),
        "unscored": float(np.count_nonzero(~np.isfinite(score))),
    }
    names, common = [name_of(band) for band in bands], _mapped(first, beta, line=line)
    fit, table = _measured(problem, beta)
    table |= {"shift": [None] * len(names), "shift_standard_error": [None] * len(names)}
    if spec.get("method") != BY_BAND:
        return OwnExternal(fit | counts, table, names, common, numerical=_numerical(problem, beta))
    shifts = _own_shifts(problem)
    p = special.expit(given + shifts[at])
    mean = problem.mean(p)
    table = _band_table(problem, p)
    errors = np.sqrt(_variance(problem, p)) / problem.mean(p * (1.0 - p))
    table |= {"shift": [float(one) for one in shifts], "shift_standard_error": [_known(one) for one in errors]}
    fit["mean_after"] = float(problem.total @ mean / problem.total.sum())
    maps = [_mapped(first, np.array([one]), line=False) for one in shifts]
    chosen = np.full(len(place), len(maps), dtype=np.int64)
    for number, band in enumerate(held.tolist()):
        chosen[place == band] = number
    switch = OwnSwitch(tuple(names), (*maps, common), chosen)
    numerical = _numerical(problem, beta) | {"shift_standard_error": _numerical_shifts(problem, shifts)}
    return OwnExternal(fit | counts, table, names, common, switch, numerical)


def _own_shifts(problem: _Problem) -> Floats:
    """The shift of each band for which its mean is its rate."""
    found = []
    for band, rate in enumerate(problem.rate.tolist()):
        mine = problem.at == band
        if not 0.0 < rate < 1.0:
            raise NotFitted("a rate of 0 or 1 has no finite shift")
        found.append(solved_shift(problem.given[mine], rate, problem.weight[mine]))
    return np.array(found, dtype=np.float64)


def _variance(problem: _Problem, p: Floats) -> Floats:
    """Sampling variance of external rate and mean of each band."""
    mean = problem.mean(p)
    kish = problem.total**2 / np.bincount(problem.at, np.square(problem.weight))
    spread = problem.mean(np.square(p - mean[problem.at])) / kish
    return np.asarray(mean * (1.0 - mean) / problem.count + spread)


def _numerical(problem: _Problem, beta: Floats) -> dict[str, list[float | None]]:
    """Errors of slope and intercept: how the solution moves with the rates of bands, by differences around the fit.

    The equations are solved again for rates about the fitted means, where the solution is beta and the weights of the
    equations have no slope of their own: what the documented errors, by the expected derivatives, claim to be.
    """
    p, mean, _ = problem.parts(beta)
    rates = STEP * np.minimum(mean, 1.0 - mean)
    moved = jacobian(lambda rate: _solved(replace(problem, rate=rate).equations, beta), mean, rates)
    errors = np.sqrt((moved**2) @ _variance(problem, p))
    found = {"intercept_standard_error": [_known(errors[-1])]}
    return found | ({"slope_standard_error": [_known(errors[0])]} if len(beta) == 2 else {})


def _numerical_shifts(problem: _Problem, shifts: Floats) -> list[float | None]:
    """Errors of the shifts of bands: each is solved again for rates about its own."""
    variance = _variance(problem, special.expit(problem.given + shifts[problem.at]))
    found = []
    for band, rate in enumerate(problem.rate.tolist()):
        mine = problem.at == band
        given, weight, width = problem.given[mine], problem.weight[mine], STEP * min(rate, 1.0 - rate)
        slope = gradient(
            lambda at, s=given, w=weight: solved_shift(s, float(at[0]), w),  # type: ignore[misc]
            np.array([rate]),
            np.array([width]),
        )
        found.append(_known(float(np.abs(slope[0]) * np.sqrt(variance[band]))))
    return found


def _measured(problem: _Problem, beta: Floats) -> tuple[dict[str, float | None], dict[str, list[float | None]]]:
    """The columns of the table of fits, and of that of bands."""
    p, mean, slopes = problem.parts(beta)
    rate, line, variance = problem.rate, len(beta) == 2, _variance(problem, p)
    pull = slopes.T * (problem.base / (mean * (1.0 - mean)))
    inverse = np.linalg.inv(pull @ slopes)
    errors = np.sqrt(np.diag(inverse @ (pull * variance) @ pull.T @ inverse))
    before, z = problem.mean(special.expit(problem.given)), (mean - rate) / np.sqrt(variance)
    degrees, whole = len(rate) - len(beta), problem.total / problem.total.sum()
    tested = degrees > 0 and bool(np.isfinite(problem.count).all())
    fit = {
        "slope": float(beta[0]) if line else 1.0,
        "slope_standard_error": _known(errors[0]) if line else None,
        "intercept": float(beta[-1]),
        "intercept_standard_error": _known(errors[-1]),
        "statistic": float(z @ z) if tested else None,
        "degrees": float(degrees),
        "p_value": float(stats.chi2.sf(z @ z, degrees)) if tested else None,
        "mean_before": float(whole @ before),
        "mean_after": float(whole @ mean),
    }
    return fit, _band_table(problem, p)


def _band_table(problem: _Problem, p: Floats) -> dict[str, list[float | None]]:
    """The columns of the table of bands at probabilities (n,)."""
    rate, mean = problem.rate, problem.mean(p)
    table = {
        "rows": np.bincount(problem.at).astype(np.float64),
        "share": problem.total / problem.total.sum(),
        "external_rate": rate,
        "external_count": problem.count,
        "external_share": problem.share,
        "mean_before": problem.mean(special.expit(problem.given)),
        "mean_after": mean,
        "difference": mean - rate,
        "relative_difference": np.divide(mean - rate, rate, out=np.full(len(rate), np.nan), where=rate > 0),
        "standardised_difference": (mean - rate) / np.sqrt(_variance(problem, p)),
    }
    return {key: [_known(value) for value in values] for key, values in table.items()}


def _mapped(first: OwnMap, beta: Floats, *, line: bool) -> OwnMap:
    if line:
        return OwnMap(first.method, lambda s: np.asarray(special.expit(beta[0] * s + beta[1])))
    if first.method == "none":
        return OwnMap(first.method, lambda s: np.asarray(special.expit(s + beta[0])))
    moved = lambda s: np.asarray(special.expit(special.logit(first.probability(s)) + beta[0]))  # noqa: E731
    return OwnMap(first.method, moved, first.estimates, first.errors, first.robust_errors, first.knots)


def _solved(equations: Any, start: Floats) -> Floats:
    found = optimize.root(equations, start, method="hybr", options={"xtol": 1e-14})
    beta = np.asarray(found.x, dtype=np.float64)
    scale = max(1.0, float(np.max(np.abs(equations(start)))))
    if not np.isfinite(beta).all() or float(np.max(np.abs(equations(beta)))) > 1e-7 * scale:
        raise NotFitted("no finite solution")
    return beta


def _column(bands: list[Mapping[str, Any]], key: str) -> Floats:
    return np.array([np.nan if band.get(key) is None else band[key] for band in bands], dtype=np.float64)


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
