"""The arms of a live split: bad rate of each under censoring weights, and their difference, however often looked at."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation.estimates import Estimate
from credit_risk.monitoring.performance.censoring import bad_rate_estimate, follow_up
from credit_risk.monitoring.performance.labels import Labels
from credit_risk.monitoring.performance.vintages import EVALUABLE, NOT_EVALUABLE, Least
from credit_risk.strategy.always_valid import always_valid_boundary, always_valid_p_values

ARM_COLUMNS = [
    *("arm", "rows", "bad", "followed", "bad_rate", "standard_error", "lower", "upper"),
    *("difference", "difference_error", "difference_lower", "difference_upper", "p_value", "status", "reason"),
]
"""A row each arm, the base first; difference: bad rate of the arm less that of the base, NaN of the base itself. Its
bounds and p-value hold at all looks together."""
PLANNED_ERROR = 0.01
"""Error of the difference, fixed beforehand, at which its bounds are tightest, where the plan fixes no other
(`monitoring.challengers.planned_error`); they hold whatever it is."""


@dataclass(frozen=True, slots=True)
class ArmRate:
    """What is known of an arm: rows, bads known by the horizon, share followed up to it, and its bad rate, None where
    no outcome is known."""

    rows: int
    bad: int
    followed: float
    horizon: float
    rate: Estimate | None


def compare_arms(
    labels: Labels,
    arm: ArrayLike,
    base: str,
    *,
    least: Least | None = None,
    confidence: float = 0.95,
    significance: float = 0.05,
    planned_error: float = PLANNED_ERROR,
) -> pd.DataFrame:
    """ARM_COLUMNS at the window: Kaplan-Meier bad rate of the accounts of each arm (n,), independent of one another.

    It is of whom each arm accepted: together with the approval rate of the arms (`decision_table` by segment) it tells
    what the challenger changes. planned_error: as in `arms_table`. Raises CreditRiskError where the base has no rows.
    """
    names = np.asarray(arm, dtype=object).astype(str)
    if len(names) != len(labels) or base not in set(names):
        found, allowed = ", ".join(sorted(set(names))), f"{len(labels)} rows, {base} among them"
        raise CreditRiskError(Fault("not arms with a base", "arm", path="arm", found=found, allowed=allowed))
    rates = {name: _rate(labels.part(names == name), confidence) for name in sorted(set(names))}
    return arms_table(rates, base, least or Least(), significance, planned_error)


def arms_table(
    rates: Mapping[str, ArmRate],
    base: str,
    least: Least,
    significance: float = 0.05,
    planned_error: float = PLANNED_ERROR,
) -> pd.DataFrame:
    """ARM_COLUMNS of what is known of each arm, the base among them.

    The difference is looked at with each run: its bounds are those of a confidence sequence, its p-value that of the
    normal mixture of likelihood ratios (Robbins 1970; Johari et al. 2022), tightest where the difference has the error
    `planned_error`, which has to be fixed before anything is seen. The probability that they ever find a difference
    where there is none is `significance` at most, however often one looks. Raises CreditRiskError unless planned_error
    is positive.
    """
    if not (math.isfinite(planned_error) and planned_error > 0):
        found = f"{planned_error}"
        raise CreditRiskError(Fault("not an error", "range", path="planned_error", found=found, allowed="above 0"))
    rows: list[tuple[Any, ...]] = []
    first = rates[base].rate
    for name in [base, *sorted(set(rates) - {base})]:
        one = rates[name]
        if one.rate is None:
            rows.append((name, one.rows, 0, 0.0, *(math.nan,) * 9, NOT_EVALUABLE, "no outcome is known"))
            continue
        reason = None
        if one.followed < least.followed:
            reason = f"immature: {one.followed:.1%} of rows are under observation up to month {one.horizon:g}"
        elif one.bad < least.bads:
            reason = f"{one.bad} bads known by month {one.horizon:g}, fewer than {least.bads}"
        gap = (
            (math.nan,) * 5
            if name == base or first is None
            else _difference(one.rate, first, significance, planned_error)
        )
        told = (one.rate.value, one.rate.standard_error, one.rate.lower, one.rate.upper)
        status = EVALUABLE if reason is None else NOT_EVALUABLE
        rows.append((name, one.rows, one.bad, one.followed, *told, *gap, status, reason))
    return pd.DataFrame(rows, columns=ARM_COLUMNS)


def _difference(own: Estimate, base: Estimate, significance: float, planned_error: float) -> tuple[float, ...]:
    """difference to p_value; bounds and p-value NaN where there is no error."""
    value, error = own.value - base.value, math.hypot(own.standard_error, base.standard_error)
    if not error > 0:
        return (value, error, *(math.nan,) * 3)
    time = [(planned_error / error) ** 2]
    half = float(always_valid_boundary(time, significance)[0]) * error
    chance = float(always_valid_p_values([value / error], time, significance)[0])
    return (value, error, value - half, value + half, chance)


def _rate(labels: Labels, confidence: float) -> ArmRate:
    if not labels.usable.any():
        return ArmRate(len(labels), 0, 0.0, labels.window, None)
    follow = follow_up(labels)
    rate = bad_rate_estimate(follow, confidence)
    return ArmRate(len(labels), int(follow.bad.sum()), follow.followed, follow.horizon, rate)
