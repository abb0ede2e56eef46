"""Repeated looks at a comparison: planned ones with a spending function, open ones with bounds that always hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Arguments, Floats
from credit_risk.monitoring.performance.month_clock import days_of
from credit_risk.strategy.always_valid import (
    ALWAYS_VALID,
    always_valid_boundary,
    always_valid_p_values,
    confidence_sequence,
)
from credit_risk.strategy.spending import CLOSEST, OBRIEN_FLEMING, crossing, spending_boundaries

LOOK_COLUMNS = [
    *("look", "at", "estimate", "standard_error", "information", "z", "boundary", "p_value", "spent", "lower", "upper"),
    *("reached", "favours", "rule"),
]
"""A row each look. information: share of that which is planned, 1/error² over 1/planned error².

boundary: |z| that ends the test; spent: error so far of planned looks, NaN of open ones; lower, upper: planned looks
estimate ± boundary · error (repeated confidence interval), open ones the confidence sequence; p_value: nominal, or
valid at any time. reached: whether the test has ended at this look or before; favours: challenger, champion or neither.
"""
CHALLENGER, CHAMPION, NEITHER = "challenger", "champion", "neither"
FULL = 1.0 - CLOSEST


def planned_looks(
    estimate: ArrayLike,
    standard_error: ArrayLike,
    planned_error: float,
    *,
    at: Sequence[Any] | None = None,
    significance: float = 0.05,
    spending: str = OBRIEN_FLEMING,
    last: bool = False,
) -> pd.DataFrame:
    """LOOK_COLUMNS of the looks so far of a test that ends at `planned_error`.

    estimate (K,): challenger less champion, positive where the challenger is better; standard_error (K,). The share of
    the information at each look is what it came to be, not what was planned (Lan and DeMets 1983), and must not depend
    on what was seen. A look at which the information is complete is the last; `last`: so is the latest, whatever its
    information. Raises CreditRiskError where errors do not fall from look to look, or looks go on after the last.
    """
    value, error = _checked(estimate, standard_error, planned_error, at)
    times = np.minimum((planned_error / error) ** 2, 1.0)
    if last:
        times[-1] = 1.0
    if np.any(times[:-1] >= FULL):
        place = int(np.flatnonzero(times >= FULL)[0]) + 1
        message = "looks go on after the information was complete"
        raise CreditRiskError(Fault(message, "looks", path="standard_error", found=f"complete at look {place}"))
    bounds = spending_boundaries(times, significance, spending)
    z = value / error
    spent = bounds.spent if spending != ALWAYS_VALID else np.cumsum(crossing(times, bounds.z))
    p_value, half = 2.0 * special.ndtr(-np.abs(z)), bounds.z * error
    return _frame(at, value, error, times, z, bounds.z, p_value, spent, value - half, value + half, spending)


def open_looks(
    estimate: ArrayLike,
    standard_error: ArrayLike,
    planned_error: float,
    *,
    at: Sequence[Any] | None = None,
    significance: float = 0.05,
) -> pd.DataFrame:
    """LOOK_COLUMNS of a dashboard that anyone looks at any time: always-valid boundary, p-value, confidence sequence.

    planned_error: where the boundary is to be tightest; looks beyond it are allowed. Arguments as in `planned_looks`.
    """
    value, error = _checked(estimate, standard_error, planned_error, at)
    times = (planned_error / error) ** 2
    z = value / error
    boundary = always_valid_boundary(times, significance)
    p_value = always_valid_p_values(z, times, significance)
    lower, upper = confidence_sequence(value, error, times, significance)
    nothing = np.full(len(z), np.nan)
    return _frame(at, value, error, times, z, boundary, p_value, nothing, lower, upper, ALWAYS_VALID)


def outcomes_as_of(
    decision_time: Any, bad_date: Any, observed_until: Any, date: Any
) -> tuple[np.ndarray, pd.Series, pd.Series, pd.Series]:
    """Places (k,) of the rows decided by `date`, and their decision time, bad date and observed_until as known then.

    What was observed later is taken back, so that a look in the past sees what it saw; all are UTC days.
    """
    start, bad, until = (
        days_of(values, name)
        for values, name in ((decision_time, "_time"), (bad_date, "bad_date"), (observed_until, "observed_until"))
    )
    day = days_of([date] if not isinstance(date, str) else [pd.Timestamp(date, tz="UTC")], "date")[0]
    inside = np.flatnonzero(start <= day)
    nothing = np.datetime64("NaT", "D")
    start, bad, until = start[inside], bad[inside], until[inside]
    bad = np.where(bad <= day, bad, nothing)
    until = np.where(until > day, day, until)
    return inside, *(pd.Series(one.astype("datetime64[s]")).dt.tz_localize("UTC") for one in (start, bad, until))


def _frame(at: Sequence[Any] | None, *parts: Any) -> pd.DataFrame:
    value, error, times, z, boundary, p_value, spent, lower, upper, rule = parts
    ended = np.abs(z) >= boundary
    first = int(np.argmax(ended)) if ended.any() else len(z)
    after = np.arange(len(z)) >= first
    side = NEITHER if first == len(z) else CHALLENGER if z[first] > 0 else CHAMPION
    columns = {
        "look": np.arange(1, len(z) + 1),
        "at": list(at) if at is not None else [None] * len(z),
        "estimate": value,
        "standard_error": error,
        "information": times,
        "z": z,
        "boundary": boundary,
        "p_value": p_value,
        "spent": spent,
        "lower": lower,
        "upper": upper,
        "reached": after,
        "favours": np.where(after, side, NEITHER),
        "rule": rule,
    }
    return pd.DataFrame(columns)[LOOK_COLUMNS]


def _checked(
    estimate: ArrayLike, standard_error: ArrayLike, planned_error: float, at: Sequence[Any] | None
) -> tuple[Floats, Floats]:
    arguments = Arguments()
    value, error = arguments.numbers("estimate", estimate), arguments.numbers("standard_error", standard_error)
    positive = bool(np.all(error > 0)) and len(error) > 0
    arguments.require(positive, "standard_error", "errors that are not positive", "range")
    if positive:
        rises = np.flatnonzero(np.diff(error) >= 0)
        found = f"look {int(rises[0]) + 2}" if len(rises) else ""
        message = "the information does not grow from look to look"
        arguments.require(not len(rises), "standard_error", message, "looks", found=found, allowed="falling errors")
    right = bool(np.isfinite(planned_error)) and planned_error > 0
    found = repr(planned_error)
    arguments.require(right, "planned_error", "not an error", "range", found=found, allowed="above 0")
    same = at is None or len(at) == len(value)
    arguments.require(same, "at", "length differs from the looks", "length")
    arguments.raise_if_any()
    return value, error
