"""The long-run average of the default rates of cohorts, with an error that allows for correlation between them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from credit_risk._core.errors import Fault, ModelError
from credit_risk.evaluation._arrays import Arguments, Floats, check_confidence

AVERAGE_COLUMNS = (
    *("estimate", "cohorts", "years", "value", "standard_error", "lower", "upper", "lags", "degrees", "method"),
)
MEAN, WEIGHTED, SAMPLING, ADJUSTED = "mean_of_cohorts", "mean_of_rows", "sampling_error_alone", "adjusted"


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over cohorts with its standard error, bounds, lags of the error and degrees of freedom of the bounds.

    Error and bounds are NaN where there is one cohort, or one year.
    """

    value: float
    standard_error: float
    lower: float
    upper: float
    lags: int
    degrees: int


def default_lags(cohorts: int, overlap: int = 0) -> int:
    """The larger of `overlap` and floor(4 (T/100)^(2/9)) (Newey and West 1994), at most T - 2.

    overlap: by how many cohorts the windows of one cohort reach over those after it (three for quarterly cohorts with
    windows of a year): so far rates are correlated by construction.
    """
    return max(0, min(max(overlap, math.floor(4.0 * (cohorts / 100.0) ** (2.0 / 9.0))), cohorts - 2))


def newey_west_error(deviations: ArrayLike, lags: int) -> float:
    """Standard error of a mean from its deviations e (T,), in order of time, with Bartlett weights.

    sqrt(T/(T-1) (g0 + 2 sum (1 - k/(L+1)) gk) / T), gk = sum e_t e_(t-k) / T. Newey and West (1987), Econometrica 55,
    703-708, with the usual correction for small samples; with no lags it is s/sqrt(T). NaN for T < 2.
    """
    e = np.asarray(deviations, np.float64)
    size = len(e)
    if size < 2:
        return math.nan
    total = math.fsum(e * e)
    for lag in range(1, min(lags, size - 1) + 1):
        total += 2.0 * (1.0 - lag / (lags + 1.0)) * math.fsum(e[lag:] * e[:-lag])
    return math.sqrt(max(total, 0.0) / size / (size - 1.0))


def cohort_mean(
    rates: ArrayLike,
    *,
    lags: int | None = None,
    overlap: int = 0,
    years: int | None = None,
    confidence: float = 0.95,
    weights: ArrayLike | None = None,
) -> Mean:
    """Mean of the default rates (T,) of cohorts in order of time: arithmetic, or by the weights (T,) of the cohorts.

    The error is that of `newey_west_error` over T w_t (r_t - mean) / sum w; bounds are of Student's t with years - 1
    degrees of freedom (years: windows that do not overlap, T where None), and are not cut at 0. lags: None for
    `default_lags`. Raises CreditRiskError on rates outside [0, 1] and weights that are not positive.
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    r, w = arguments.probabilities(rates, "rates"), arguments.weights(weights)
    arguments.raise_if_any()
    size = len(r)
    mass = np.ones(size) if w is None else w
    value = math.fsum(mass * r) / math.fsum(mass)
    used = default_lags(size, overlap) if lags is None else min(lags, max(0, size - 1))
    error = newey_west_error(size * mass * (r - value) / math.fsum(mass), used)
    degrees = (size if years is None else min(years, size)) - 1
    if degrees < 1:
        return Mean(value, error, math.nan, math.nan, used, degrees)
    half = float(special.stdtrit(degrees, 0.5 + confidence / 2.0)) * error
    return Mean(value, error, value - half, value + half, used, degrees)


def years_of(counted: pd.DataFrame) -> int:
    """Windows of a year that fit into the months from the first to the last counted cohort without overlapping."""
    if counted.empty:
        return 0
    starts = start_numbers(counted)
    kept, last = 0, -12
    for start in starts:
        if kept == 0 or start - last >= 12:
            kept, last = kept + 1, start
    return kept


def overlap_of(counted: pd.DataFrame, window_months: int | None) -> int:
    """The most later cohorts that begin before the window of one has ended; 0 where the window is not known."""
    if window_months is None or counted.empty:
        return 0
    starts = np.array(start_numbers(counted))
    return int(max(np.count_nonzero((starts > start) & (starts < start + window_months)) for start in starts))


def start_numbers(cohorts: pd.DataFrame) -> list[int]:
    """Months in which cohorts begin, as year * 12 + month - 1."""
    return [int(text[:4]) * 12 + int(text[5:7]) - 1 for text in cohorts["begins"].tolist()]


def average_table(
    cohorts: pd.DataFrame,
    *,
    window_months: int | None = None,
    lags: int | None = None,
    confidence: float = 0.95,
    adjustment: tuple[float, str] | None = None,
) -> pd.DataFrame:
    """Averages of the counted cohorts of `cohort_table`, columns `AVERAGE_COLUMNS`.

    `mean_of_cohorts`: the arithmetic mean, each cohort alike; `mean_of_rows`: each with its share of the weight;
    `sampling_error_alone`: the arithmetic mean with the error it would have if cohorts had nothing in common but the
    chance of each row. adjustment: the value that the plan's adjustment to the cycle makes of the arithmetic mean, with
    the adjustment in words; its error is that of the mean in proportion.
    """
    counted = cohorts[cohorts["counted"].astype(bool)]
    rates = counted["bad_rate"].to_numpy(np.float64)
    years, overlap = years_of(counted), overlap_of(counted, window_months)
    options = {"lags": lags, "overlap": overlap, "years": years, "confidence": confidence}
    mean = cohort_mean(rates, **options)  # type: ignore[arg-type]
    by_rows = cohort_mean(rates, weights=counted["weight_share"].to_numpy(np.float64), **options)  # type: ignore[arg-type]
    hac = f"Newey-West, Bartlett weights, {mean.lags} lags; t of {mean.degrees} degrees of freedom"
    found: list[tuple[str, Mean, str]] = [
        (MEAN, mean, hac),
        (WEIGHTED, by_rows, hac),
        (SAMPLING, _sampling(counted, mean, confidence), "binomial"),
    ]
    if adjustment is not None:
        found.append((ADJUSTED, _in_proportion(mean, adjustment[0]), adjustment[1]))
    head = (len(rates), years)
    rows = [
        (name, *head, m.value, m.standard_error, m.lower, m.upper, m.lags, m.degrees, words) for name, m, words in found
    ]
    return pd.DataFrame(rows, columns=list(AVERAGE_COLUMNS))


def _sampling(counted: pd.DataFrame, mean: Mean, confidence: float) -> Mean:
    r, n = counted["bad_rate"].to_numpy(np.float64), counted["effective_rows"].to_numpy(np.float64)
    error = math.sqrt(math.fsum(r * (1.0 - r) / n)) / len(r)
    half = float(special.ndtri(0.5 + confidence / 2.0)) * error
    return Mean(mean.value, error, mean.value - half, mean.value + half, 0, 0)


def _in_proportion(mean: Mean, value: float) -> Mean:
    factor = value / mean.value if mean.value > 0.0 else 1.0
    return Mean(
        value,
        mean.standard_error * factor,
        value + (mean.lower - mean.value) * factor,
        value + (mean.upper - mean.value) * factor,
        mean.lags,
        mean.degrees,
    )


def long_run_target(averages: pd.DataFrame) -> float:
    """The default rate that a model is calibrated to: the adjusted average where the plan adjusts it, else the mean.

    averages: of `average_table`. Raises ModelError where it is 0 or 1, to which no probability can be calibrated.
    """
    told = dict(zip(averages["estimate"], averages["value"], strict=True))
    value = float(told[ADJUSTED] if ADJUSTED in told else told[MEAN])
    if not 0.0 < value < 1.0:
        remedy = "widen the cohorts, or declare a target"
        message = "no probability can be calibrated to the long-run average"
        allowed = "above 0 and below 1"
        raise ModelError(Fault(message, "target", path="long_run", found=f"{value:g}", allowed=allowed, remedy=remedy))
    return value


def variance_of(rates: Floats) -> float:
    """Variance over cohorts, divisor T - 1; NaN for fewer than two."""
    return float(np.var(rates, ddof=1)) if len(rates) > 1 else math.nan
