"""Cohorts: rows that are observed over the same window, with their default rate.

EBA/GL/2017/16: the long-run average is the average of one-year default rates, calculated once a year, or more often
with windows that overlap.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from credit_risk.evaluation._arrays import Arguments, Floats
from credit_risk.evaluation.intervals import effective_rows, jeffreys_interval

By = Literal["calendar_year", "observation_point"]
COHORT_COLUMNS = (
    *("cohort", "begins", "months", "rows", "bads", "unknown", "bad_rate", "bad_rate_lower", "bad_rate_upper"),
    *("mean_probability", "weight_share", "effective_rows", "overlaps", "counted", "reason"),
)
MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])(-|\Z)")
COMPACT = re.compile(r"([0-9]{4})(0[1-9]|1[0-2])\Z")
NONE = -1
NO_REASONS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class CohortRules:
    """How rows are put into cohorts, and which of these count.

    by: `calendar_year` (rows of twelve months from `year_starts` on are one cohort) or `observation_point` (rows of
    one month are one cohort). window_months: length of the window over which outcomes were observed, None where it is
    not known. min_rows: fewest effective rows; min_months: fewest months with rows of a calendar year, None: as many
    as the fullest has. leave_out: cohort to reason.
    """

    by: By = "calendar_year"
    year_starts: int = 1
    window_months: int | None = None
    min_rows: int = 100
    min_months: int | None = None
    leave_out: Mapping[str, str] = field(default_factory=lambda: NO_REASONS)


def month_numbers(values: ArrayLike) -> NDArray[np.int64] | None:
    """year * 12 + month - 1 of each value (n,), -1 where it is missing; None where a value is no date.

    Dates are ISO 8601 text, months as 2026-11 or 202611 (text or number).
    """
    raw = np.asarray(values, dtype=object)
    codes, levels = pd.factorize(raw)
    numbers = []
    for level in levels:
        text = str(int(level)) if isinstance(level, float) and level.is_integer() else str(level)
        match = MONTH.match(text) or COMPACT.match(text)
        if match is None:
            return None
        numbers.append(int(match[1]) * 12 + int(match[2]) - 1)
    return np.append(np.array(numbers, np.int64), NONE)[codes]


def cohort_starts(months: NDArray[np.int64], by: By, year_starts: int = 1) -> NDArray[np.int64]:
    """Month in which the cohort of each row begins (n,); -1 where its month is missing."""
    if by == "observation_point":
        return months
    shift = year_starts - 1
    return np.where(months == NONE, NONE, (months - shift) // 12 * 12 + shift)


def cohort_name(start: int, by: By, year_starts: int = 1) -> str:
    """2019 for a calendar year, 2019-07 to 2020-06 for a year that starts in July, 2019-03 for an observation point."""
    if by == "calendar_year" and year_starts == 1:
        return f"{start // 12:04d}"
    return month_text(start) if by == "observation_point" else f"{month_text(start)} to {month_text(start + 11)}"


def month_text(number: int) -> str:
    """2019-03."""
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def cohort_table(
    y: ArrayLike,
    dates: ArrayLike,
    *,
    probability: ArrayLike | None = None,
    rules: CohortRules | None = None,
    confidence: float = 0.95,
    weights: ArrayLike | None = None,
) -> pd.DataFrame:
    """One row a cohort in order of time, columns `COHORT_COLUMNS`.

    y (n,): 1 bad, 0 good, NaN where the outcome is not known (told in `unknown`, not in the rate); dates (n,) as
    `month_numbers` reads them; probability (n,), NaN where there is none, and weights (n,). Rates are weighted, their
    interval is that of Jeffreys at Kish's effective rows. A cohort that does not count says why in `reason`; one of too
    few rows has no rate.
    `overlaps`: its window begins before that of the cohort before it has ended (observation points closer than the
    window, calendar years whose rows are followed into the next year).
    Raises CreditRiskError on other outcomes, on probabilities outside [0, 1], weights that are not positive, and dates
    that are none.
    """
    rules = rules or CohortRules()
    arguments = Arguments()
    raw = np.asarray(y, dtype=np.float64)
    known = np.isfinite(raw)
    arguments.require(bool(known.any()), "y", "no outcome is known", "one_class", allowed="goods and bads")
    if known.any():
        arguments.outcome(raw[known], both_classes=False)
    p = _known_probability(arguments, probability, known)
    w = np.ones(len(raw)) if weights is None else np.asarray(weights, np.float64)
    arguments.length = None
    arguments.weights(w)
    months = month_numbers(dates)
    fine = months is not None and len(months) == len(raw) == len(w)
    arguments.require(fine, "dates", "not one date a row", "date", allowed="ISO 8601, such as 2019-03-31")
    arguments.raise_if_any()
    assert months is not None
    starts = cohort_starts(months, rules.by, rules.year_starts)
    total = math.fsum(w[known & (starts != NONE)])
    rows = []
    for start in np.unique(starts[starts != NONE]).tolist():
        here = starts == start
        mine = here & known
        occupied = len(np.unique(months[mine])) if rules.by == "calendar_year" else int(mine.any())
        rows.append(_cohort(start, occupied, raw[mine], w[mine], None if p is None else p[mine], rules, confidence))
        rows[-1] |= {"unknown": int(np.count_nonzero(here & ~known)), "weight_share": math.fsum(w[mine]) / total}
    return _judged(rows, rules)


def _known_probability(arguments: Arguments, probability: ArrayLike | None, known: np.ndarray) -> Floats | None:
    if probability is None:
        return None
    p = np.asarray(probability, np.float64)
    arguments.length = None
    if len(p) != len(known):
        arguments.require(False, "probability", "length differs from the outcome", "length", found=f"{len(p)} rows")
    elif (there := known & np.isfinite(p)).any():
        arguments.probabilities(p[there])
    return p


def _cohort(
    start: int, months: int, y: Floats, w: Floats, p: Floats | None, rules: CohortRules, confidence: float
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "cohort": cohort_name(start, rules.by, rules.year_starts),
        "begins": month_text(start),
        "months": months,
        "rows": len(y),
        "bads": int(np.count_nonzero(y == 1.0)),
        "start": start,
    }
    size = effective_rows(w) if len(y) else 0.0
    found["effective_rows"] = size
    if size < rules.min_rows:
        return found | dict.fromkeys(("bad_rate", "bad_rate_lower", "bad_rate_upper", "mean_probability"), np.nan)
    whole = math.fsum(w)
    rate = math.fsum(w[y == 1.0]) / whole
    lower, upper = jeffreys_interval([min(rate * size, size)], [size], confidence)
    there = np.zeros(len(y), bool) if p is None else np.isfinite(p)
    mean = math.fsum(w[there] * p[there]) / math.fsum(w[there]) if p is not None and there.any() else np.nan
    bounds = {"bad_rate_lower": float(lower[0]), "bad_rate_upper": float(upper[0])}
    return found | {"bad_rate": rate, **bounds, "mean_probability": mean}


def _judged(rows: list[dict[str, Any]], rules: CohortRules) -> pd.DataFrame:
    """With `overlaps`, and with why a cohort does not count."""
    fullest = max((row["months"] for row in rows), default=0)
    least = min(12, fullest) if rules.min_months is None else rules.min_months
    before: int | None = None
    for row in rows:
        reason = None
        if row["cohort"] in rules.leave_out:
            reason = f"left out by the plan: {rules.leave_out[row['cohort']]}"
        elif row["rows"] == 0:
            reason = "no outcome is known"
        elif row["effective_rows"] < rules.min_rows:
            reason = f"not evaluable: fewer than {rules.min_rows:,} rows"
        elif rules.by == "calendar_year" and row["months"] < least:
            reason = f"part of a year: rows in {row['months']} months, {least} are asked for"
        row |= {"reason": reason, "counted": reason is None}
        ends = None if before is None or rules.window_months is None else before + rules.window_months
        ends = ends if ends is None or rules.by == "observation_point" else ends + 11
        row["overlaps"] = None if rules.window_months is None else bool(ends is not None and row["start"] < ends)
        before = row["start"]
    frame = pd.DataFrame(rows, columns=list(COHORT_COLUMNS))
    frame["overlaps"] = frame["overlaps"].astype(object)
    return frame
