"""The arms of a live split: bad rate of each under censoring weights, and their difference."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation.intervals import normal_quantile
from credit_risk.monitoring.performance.censoring import bad_rate_estimate, follow_up
from credit_risk.monitoring.performance.labels import Labels
from credit_risk.monitoring.performance.vintages import EVALUABLE, NOT_EVALUABLE, Least

ARM_COLUMNS = [
    *(
        "arm",
        "rows",
        "bad",
        "followed",
        "bad_rate",
        "standard_error",
        "lower",
        "upper",
        "difference",
        "difference_error",
    ),
    *("difference_lower", "difference_upper", "p_value", "status", "reason"),
]
"""A row each arm, the base first; difference: bad rate of the arm less that of the base, NaN of the base itself."""


def compare_arms(
    labels: Labels, arm: ArrayLike, base: str, *, least: Least | None = None, confidence: float = 0.95
) -> pd.DataFrame:
    """ARM_COLUMNS at the window: Kaplan-Meier bad rate of the accounts of each arm (n,), independent of one another.

    It is of whom each arm accepted: together with the approval rate of the arms (`decision_table` by segment) it tells
    what the challenger changes. Raises CreditRiskError where the base has no rows.
    """
    rules = least or Least()
    names = np.asarray(arm, dtype=object).astype(str)
    if len(names) != len(labels) or base not in set(names):
        found, allowed = ", ".join(sorted(set(names))), f"{len(labels)} rows, {base} among them"
        raise CreditRiskError(Fault("not arms with a base", "arm", path="arm", found=found, allowed=allowed))
    z, rows, first = normal_quantile(confidence), [], (math.nan, math.nan)
    for name in [base, *sorted(set(names) - {base})]:
        part = labels.part(names == name)
        if not part.usable.any():
            rows.append((name, len(part), 0, 0.0, *(math.nan,) * 9, NOT_EVALUABLE, "no outcome is known"))
            continue
        follow = follow_up(part)
        found_ = bad_rate_estimate(follow, confidence)
        bad = int(follow.bad.sum())
        reason = None
        if follow.followed < rules.followed:
            reason = f"immature: {follow.followed:.1%} of rows are under observation up to month {follow.horizon:g}"
        elif bad < rules.bads:
            reason = f"{bad} bads known by month {follow.horizon:g}, fewer than {rules.bads}"
        gap: tuple[float, ...] = (math.nan,) * 5
        if name == base:
            first = (found_.value, found_.standard_error)
        else:
            value, error = found_.value - first[0], math.hypot(found_.standard_error, first[1])
            p_value = 2.0 * float(special.ndtr(-abs(value) / error)) if error > 0 else math.nan
            gap = (value, error, value - z * error, value + z * error, p_value)
        told = (found_.value, found_.standard_error, found_.lower, found_.upper)
        status = EVALUABLE if reason is None else NOT_EVALUABLE
        rows.append((name, len(part), bad, follow.followed, *told, *gap, status, reason))
    return pd.DataFrame(rows, columns=ARM_COLUMNS)
