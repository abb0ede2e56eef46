"""Design of a live test of a challenger: rows, power, duration, and a stated schedule of looks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.strategy.always_valid import always_valid_boundary
from credit_risk.strategy.spending import Boundaries, crossing, drift_for_power, spending_boundaries

LOOK_COLUMNS = [
    *("look", "information", "rows", "month", "z", "nominal_p_value", "spent", "stops_without_difference"),
    *("stops_with_difference", "always_valid_z"),
]


@dataclass(frozen=True, slots=True)
class Design:
    """fixed_rows: of one look at the end; inflation: what looking more often costs; rows: both arms together.

    intake_months: until the last row has come in; months: until its outcome is known; looks: columns LOOK_COLUMNS.
    """

    fixed_rows: float
    inflation: float
    rows: int
    rows_champion: int
    rows_challenger: int
    intake_months: float
    months: float
    looks: pd.DataFrame


def rows_for_rates(base: float, difference: float, share: float, significance: float, power: float) -> float:
    """Rows of both arms for a two-sided test of two proportions, base and base + difference, with one look.

    share: of the second arm. Pooled variance under no difference, unpooled under the difference (Fleiss, Levin and
    Paik 2003, Statistical Methods for Rates and Proportions, section 4.2; no continuity correction). Raises
    CreditRiskError where a rate is outside (0, 1) or the difference is 0.
    """
    other = base + difference
    if not (0 < base < 1 and 0 < other < 1 and difference != 0):
        message = "rates are to lie within (0, 1) and to differ"
        raise CreditRiskError(Fault(message, "range", path="difference", found=f"{base:g} and {other:g}"))
    mean = (1 - share) * base + share * other
    pooled = mean * (1 - mean) * (1 / share + 1 / (1 - share))
    own = base * (1 - base) / (1 - share) + other * (1 - other) / share
    a, b = _quantiles(significance, power)
    return float((a * math.sqrt(pooled) + b * math.sqrt(own)) ** 2 / difference**2)


def rows_for_mean(variance: float, difference: float, significance: float, power: float) -> float:
    """Rows for a two-sided test of a mean difference whose estimate from n rows has the variance `variance`/n.

    Of two arms `variance_of_arms`; of scores that are paired, n times DeLong's variance of their difference on n rows.
    """
    if not (variance > 0 and difference != 0):
        raise CreditRiskError(Fault("the variance is not positive, or the difference is 0", "range", path="variance"))
    a, b = _quantiles(significance, power)
    return float(variance * (a + b) ** 2 / difference**2)


def variance_of_arms(first: float, second: float, share: float) -> float:
    """Rows of both arms times the variance of the difference of their estimates: first/(1 - share) + second/share.

    first, second: rows times the variance of each estimate (of an AUC n times DeLong's variance on n rows); share: of
    the second arm, within (0, 1). Raises CreditRiskError outside.
    """
    if not (first >= 0 and second >= 0 and 0 < share < 1):
        found = f"{first:g}, {second:g} and {share:g}"
        raise CreditRiskError(Fault("not two variances and a share", "range", path="share", found=found))
    return first / (1.0 - share) + second / share


def design(
    fixed_rows: float,
    *,
    looks: int,
    spending: str,
    significance: float,
    power: float,
    share: float,
    rows_per_month: float,
    performance_months: float,
) -> Design:
    """A test of `looks` equally spaced looks that keeps significance (two-sided) and power, and when each look is.

    fixed_rows: as `rows_for_rates` and `rows_for_mean` give; share: of rows that go to the challenger. The inflation is
    the ratio of squared drifts (Jennison and Turnbull 2000, section 2.3). A look is when the outcomes of its rows are
    known; at any other time nothing is looked at, unless spending is always_valid. always_valid_z: the boundary that
    would hold at any time, in place of z, not beside it.
    """
    times = np.arange(1, looks + 1) / looks
    bounds = spending_boundaries(times, significance, spending)
    drift = drift_for_power(bounds, power)
    inflation = (drift / sum(_quantiles(significance, power))) ** 2
    rows = math.ceil(fixed_rows * inflation - 1e-9)
    challenger = math.ceil(rows * share - 1e-9)
    intake = rows / rows_per_month
    frame = _schedule(bounds, drift, rows, rows_per_month, performance_months)
    frame["always_valid_z"] = always_valid_boundary(times, significance)
    months = intake + performance_months
    return Design(fixed_rows, inflation, rows, rows - challenger, challenger, intake, months, frame)


def _schedule(bounds: Boundaries, drift: float, rows: int, per_month: float, performance: float) -> pd.DataFrame:
    seen = [math.ceil(rows * t - 1e-9) for t in bounds.times]
    columns = (
        np.arange(1, len(bounds.times) + 1),
        bounds.times,
        seen,
        [count / per_month + performance for count in seen],
        bounds.z,
        bounds.nominal,
        bounds.spent,
        crossing(bounds.times, bounds.z),
        crossing(bounds.times, bounds.z, drift),
    )
    return pd.DataFrame(dict(zip(LOOK_COLUMNS[:-1], columns, strict=True)))


def _quantiles(significance: float, power: float) -> tuple[float, float]:
    return float(-special.ndtri(significance / 2.0)), float(special.ndtri(power))
