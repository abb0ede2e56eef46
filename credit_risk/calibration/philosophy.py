"""Point-in-time against through-the-cycle: how far predictions follow the default rates of the cohorts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from credit_risk.calibration.asset_correlation import correlation_by_likelihood, correlation_by_moments
from credit_risk.calibration.cohort_likelihood import correlation_of_cohorts
from credit_risk.calibration.long_run import default_lags
from credit_risk.evaluation._arrays import Arguments, Floats, check_confidence
from credit_risk.evaluation.calibration_tests import NormalTest
from credit_risk.evaluation.portfolio_tests import multi_period_normal_test

PHILOSOPHY_COLUMNS = ("quantity", "value", "standard_error", "lower", "upper", "p_value")
FEWEST = 3


@dataclass(frozen=True, slots=True)
class Line:
    """Least squares y = intercept + slope x with Newey-West errors; determination is R squared."""

    intercept: float
    intercept_error: float
    slope: float
    slope_error: float
    determination: float


def line_with_errors(x: ArrayLike, y: ArrayLike, lags: int) -> Line:
    """Regression of y on x, both (T,) in order of time; all NaN where x is constant or T < 3.

    Covariance T/(T-2) (X'X)^-1 S (X'X)^-1 with S of Newey and West (1987), Bartlett weights.
    """
    a, b = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if len(a) < FEWEST or np.ptp(a) == 0.0:
        return Line(*(math.nan,) * 5)
    centre = float(a.mean())
    design = np.column_stack([np.ones(len(a)), a - centre])
    inverse = np.diag([1.0 / len(a), 1.0 / math.fsum((a - centre) ** 2)])
    beta = inverse @ (design.T @ b)
    left = b - design @ beta
    moments = design * left[:, None]
    middle = moments.T @ moments
    for lag in range(1, min(lags, len(a) - 1) + 1):
        cross = moments[lag:].T @ moments[:-lag]
        middle += (1.0 - lag / (lags + 1.0)) * (cross + cross.T)
    covariance = len(a) / (len(a) - 2.0) * inverse @ middle @ inverse
    at_zero = np.array([1.0, -centre])
    total = math.fsum((b - b.mean()) ** 2)
    r_squared = 1.0 - math.fsum(left**2) / total if total > 0.0 else math.nan
    errors = [math.sqrt(max(0.0, float(v @ covariance @ v))) for v in (at_zero, np.array([0.0, 1.0]))]
    return Line(float(at_zero @ beta), errors[0], float(beta[1]), errors[1], r_squared)


def philosophy_table(
    rates: ArrayLike,
    probability: ArrayLike,
    effective_rows: ArrayLike,
    *,
    lags: int | None = None,
    overlap: int = 0,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Columns `PHILOSOPHY_COLUMNS`; rates, mean predicted probabilities and effective rows of cohorts, each (T,).

    `following`: the slope of predictions on rates, cov(p, r)/var(r): the share of a movement of the default rate that
    predictions make with it, 1 of a point-in-time model and 0 of a through-the-cycle one. `following_log_odds`: the
    same of log-odds. `following_less_sampling`: with the sampling variance mean r(1 - r)/n taken from var(r), which
    else pulls it to 0. `sampling_share`: that variance over var(r). `slope` and `intercept`: of rates on predictions, 1
    and 0 where predictions move as rates do. `bias`: mean r - p. Bounds by Student's t, T - 2 degrees of freedom (T - 1
    of the bias). Asset correlations: by moments and by the likelihood of finite cohorts (`cohort_likelihood`), and of
    infinitely large ones beside (`asset_correlation`). Raises CreditRiskError outside [0, 1].
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    r, p = arguments.probabilities(rates, "rates"), arguments.probabilities(probability)
    n = arguments.numbers("effective_rows", effective_rows)
    arguments.raise_if_any()
    used = default_lags(len(r), overlap) if lags is None else min(lags, max(0, len(r) - 1))
    ahead, back = line_with_errors(p, r, used), line_with_errors(r, p, used)
    inside = bool(np.all((r > 0) & (r < 1) & (p > 0) & (p < 1)))
    odds = line_with_errors(special.logit(r), special.logit(p), used) if inside else Line(*(math.nan,) * 5)
    rows = [
        _bounded("following", back.slope, back.slope_error, len(r) - 2, confidence),
        _bounded("following_log_odds", odds.slope, odds.slope_error, len(r) - 2, confidence),
        *_sampling(r, p, n),
        _bounded("slope", ahead.slope, ahead.slope_error, len(r) - 2, confidence, against=1.0),
        _bounded("intercept", ahead.intercept, ahead.intercept_error, len(r) - 2, confidence, against=0.0),
        _plain("determination", ahead.determination),
        *_bias(r, p, confidence),
        *_correlations(r, n, confidence),
    ]
    return pd.DataFrame(rows, columns=list(PHILOSOPHY_COLUMNS))


Row = tuple[str, float, float, float, float, float]


def _plain(name: str, value: float) -> Row:
    return (name, value, math.nan, math.nan, math.nan, math.nan)


def _bounded(
    name: str, value: float, error: float, degrees: int, confidence: float, against: float | None = None
) -> Row:
    """With bounds, and the two-sided p-value of equality with `against`."""
    if degrees < 1 or math.isnan(error):
        return (name, value, error, math.nan, math.nan, math.nan)
    half = float(special.stdtrit(degrees, 0.5 + confidence / 2.0)) * error
    p_value = math.nan
    if against is not None and error > 0.0:
        p_value = 2.0 * float(special.stdtr(degrees, -abs(value - against) / error))
    return (name, value, error, value - half, value + half, p_value)


def _sampling(r: Floats, p: Floats, n: Floats) -> list[Row]:
    if len(r) < FEWEST or np.ptp(r) == 0.0:
        return [_plain("following_less_sampling", math.nan), _plain("sampling_share", math.nan)]
    variance, noise = float(np.var(r, ddof=1)), float(np.mean(r * (1.0 - r) / n))
    left = variance - noise
    covariance = math.fsum((r - r.mean()) * (p - p.mean())) / (len(r) - 1.0)
    return [
        _plain("following_less_sampling", covariance / left if left > 0.0 else math.nan),
        _plain("sampling_share", noise / variance),
    ]


def _bias(r: Floats, p: Floats, confidence: float) -> list[Row]:
    difference = r - p
    error = float(np.std(difference, ddof=1)) / math.sqrt(len(r)) if len(r) > 1 else math.nan
    test = multi_period_normal_test(r, p) if len(r) > 1 else NormalTest(math.nan, math.nan)
    bias = _bounded("bias", float(difference.mean()), error, len(r) - 1, confidence)
    return [bias, ("multi_period_z", test.statistic, math.nan, math.nan, math.nan, test.p_value)]


def _correlations(r: Floats, n: Floats, confidence: float) -> list[Row]:
    rows = [_plain("asset_correlation_moments", correlation_by_moments(r, n))]
    normal = float(special.ndtri(0.5 + confidence / 2.0))
    for name, likely in (("likelihood", correlation_of_cohorts(r, n)), ("large_cohorts", correlation_by_likelihood(r))):
        rho, error = likely.correlation, likely.standard_error
        bounds = (rho - normal * error, rho + normal * error)
        rows.append((f"asset_correlation_{name}", rho, error, *bounds, math.nan))
        rows.append(_plain(f"central_probability_{name}", likely.probability))
    return rows
