"""Cohorts of rows by time, the mean of their rates, the cycle and the rating philosophy, computed our own way."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

Floats = NDArray[np.float64]
DATE = re.compile(r"([0-9]{4})-?([0-9]{2})")


@dataclass(frozen=True, slots=True)
class CohortPlan:
    """What the plan says of cohorts. window: months, None where not known; least_months: None for the fullest year."""

    by: str
    year_starts: int
    window: int | None
    least_rows: float
    least_months: int | None
    left_out: tuple[str, ...]


def cohort_plan(plan: Mapping[str, Any]) -> CohortPlan:
    """Read the rules of the plan, with the defaults of the format."""
    asked = plan.get("long_run") or {}
    outcome = plan.get("outcome") or {}
    windows = outcome.get("windows") or {}
    by = asked.get("cohorts", "auto")
    if by == "auto":
        by = "observation_point" if windows.get("rolling") else "calendar_year"
    window = windows.get("performance_months") if outcome.get("history") else asked.get("window_months")
    left = tuple(item["cohort"] for item in asked.get("leave_out") or [])
    return CohortPlan(
        by, asked.get("year_starts", 1), window, asked.get("min_rows", 100), asked.get("min_months"), left
    )


def month_of(value: Any) -> int | None:
    """Return months since year 0 of a date or month, None where it is missing or none."""
    if value is None or value != value:
        return None
    text = str(int(value)) if isinstance(value, float) else str(value)
    match = DATE.match(text)
    return int(match[1]) * 12 + int(match[2]) - 1 if match and 1 <= int(match[2]) <= 12 else None


def _text(month: int) -> str:
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def _begin(month: int, rules: CohortPlan) -> int:
    if rules.by == "observation_point":
        return month
    year, of_year = divmod(month, 12)
    return (year if of_year >= rules.year_starts - 1 else year - 1) * 12 + rules.year_starts - 1


def cohorts_of(
    months: Sequence[int | None],
    outcome: Floats,
    weight: Floats,
    probability: Floats,
    rules: CohortPlan,
    confidence: float,
) -> list[dict[str, Any]]:
    """Return one record a cohort, in order of time."""
    places: dict[int, list[int]] = {}
    for row, month in enumerate(months):
        if month is not None:
            places.setdefault(_begin(month, rules), []).append(row)
    known_weight = sum(float(weight[rows][np.isfinite(outcome[rows])].sum()) for rows in map(np.array, places.values()))
    found = []
    for begin in sorted(places):
        rows = np.array(places[begin])
        mine = rows[np.isfinite(outcome[rows])]
        record = _record(begin, mine, outcome, weight, probability, rules, confidence)
        record["months"] = len({months[row] for row in mine}) if rules.by == "calendar_year" else int(len(mine) > 0)
        record["unknown"] = len(rows) - len(mine)
        record["weight_share"] = float(weight[mine].sum()) / known_weight
        found.append(record)
    _judge(found, rules)
    return found


def _record(
    begin: int,
    rows: NDArray[np.int64],
    outcome: Floats,
    weight: Floats,
    probability: Floats,
    rules: CohortPlan,
    confidence: float,
) -> dict[str, Any]:
    name = _text(begin) if rules.by == "observation_point" else f"{_text(begin)} to {_text(begin + 11)}"
    if rules.by == "calendar_year" and rules.year_starts == 1:
        name = f"{begin // 12:04d}"
    y, w = outcome[rows], weight[rows]
    size = float(w.sum() ** 2 / (w @ w)) if len(rows) else 0.0
    record: dict[str, Any] = {
        "cohort": name,
        "begins": _text(begin),
        "month": begin,
        "rows": len(rows),
        "bads": int((y == 1).sum()),
        "effective_rows": size,
    }
    told = ("bad_rate", "bad_rate_lower", "bad_rate_upper", "mean_probability")
    if size < rules.least_rows:
        return record | dict.fromkeys(told, None)
    rate = float(w @ y / w.sum())
    events, tail = min(rate * size, size), (1.0 - confidence) / 2.0
    lower = 0.0 if events == 0 else float(stats.beta.ppf(tail, events + 0.5, size - events + 0.5))
    upper = 1.0 if events == size else float(stats.beta.isf(tail, events + 0.5, size - events + 0.5))
    scored = np.isfinite(probability[rows])
    p = float(w[scored] @ probability[rows][scored] / w[scored].sum()) if scored.any() else None
    return record | dict(zip(told, (rate, lower, upper, p), strict=True))


def _judge(found: list[dict[str, Any]], rules: CohortPlan) -> None:
    most = max((record["months"] for record in found), default=0)
    least = rules.least_months if rules.least_months is not None else min(most, 12)
    for place, record in enumerate(found):
        short = rules.by == "calendar_year" and record["months"] < least
        small = record["rows"] == 0 or record["effective_rows"] < rules.least_rows
        record["counted"] = not (short or small or record["cohort"] in rules.left_out)
        record["overlaps"] = None
        if rules.window is not None:
            reach = rules.window + (11 if rules.by == "calendar_year" else 0)
            record["overlaps"] = place > 0 and record["month"] < found[place - 1]["month"] + reach


def years_without_overlap(months: Sequence[int]) -> int:
    """Return how many years fit one after the other into cohorts that begin in these months."""
    count, free = 0, -1
    for month in sorted(months):
        if month >= free:
            count, free = count + 1, month + 12
    return count


def lags_of(months: Sequence[int], window: int | None, declared: int | None) -> int:
    """Return the lags of the error: declared, or the longest overlap and at least floor(4 (T/100)^(2/9))."""
    size = len(months)
    if declared is not None:
        return min(declared, max(size - 1, 0))
    reach = max((sum(a < b < a + (window or 0) for b in months) for a in months), default=0)
    return max(0, min(size - 2, max(reach, int(4 * (size / 100) ** (2 / 9)))))


def kernel(size: int, lags: int) -> Floats:
    """Return the Bartlett kernel as a matrix (T, T)."""
    apart = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    return np.asarray(np.clip(1.0 - apart / (lags + 1.0), 0.0, None), dtype=np.float64)


def mean_over(rates: Floats, shares: Floats, lags: int) -> tuple[float, float]:
    """Return the mean weighted by shares and its Newey-West error, e'Ke T/(T - 1) with e the parts of the mean."""
    share = shares / shares.sum()
    value = float(share @ rates)
    parts, size = share * (rates - value), len(rates)
    return value, float(np.sqrt(max(0.0, parts @ kernel(size, lags) @ parts) * size / (size - 1)))


def line(x: Floats, y: Floats, lags: int) -> tuple[float, float, float, float, float] | None:
    """Return intercept, its error, slope, its error and R squared of least squares with Newey-West errors, or None."""
    size = len(x)
    if size < 3 or x.min() == x.max():
        return None
    design = np.column_stack([np.ones(size), x])
    beta, *_ = np.linalg.lstsq(design, y, rcond=None)
    residual = y - design @ beta
    bread = np.linalg.pinv(design) * residual
    covariance = bread @ kernel(size, lags) @ bread.T * size / (size - 2)
    errors = np.sqrt(np.clip(np.diag(covariance), 0.0, None))
    spread = float(((y - y.mean()) ** 2).sum())
    fit = 1.0 - float(residual @ residual) / spread if spread > 0 else np.nan
    return float(beta[0]), float(errors[0]), float(beta[1]), float(errors[1]), fit


def joint_default(p: float, rho: float) -> float:
    """Return P(two obligors default): the mean of the squared conditional probability over the common factor.

    Trapezoids over twelve deviations each way, far finer than the function bends.
    """
    z, step = np.linspace(-12.0, 12.0, 24_001, retstep=True)
    conditional = special.ndtr((special.ndtri(p) - np.sqrt(rho) * z) / np.sqrt(1.0 - rho))
    return float(np.sum(conditional**2 * np.exp(-0.5 * z * z)) * step / np.sqrt(2.0 * np.pi))


def correlation_of_moments(rates: Floats, sizes: Floats) -> float | None:
    """Return the asset correlation whose joint default probability has the variance of the rates less chance."""
    p, share = float(rates.mean()), float((1.0 / sizes).mean())
    if len(rates) < 2 or not 0.0 < p < 1.0 or share >= 1.0:
        return None
    wanted = p * p + (float(rates.var(ddof=1)) - share * p * (1.0 - p)) / (1.0 - share)
    if wanted <= p * p:
        return 0.0
    if joint_default(p, 0.99) <= wanted:
        return None
    return float(optimize.brentq(lambda rho: joint_default(p, rho) - wanted, 1e-12, 0.99, xtol=1e-13))
