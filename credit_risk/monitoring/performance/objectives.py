"""Business and operational objectives on columns of the log (volume, amounts, errors, latency) and on metrics, held
against targets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Arguments, Floats, check_confidence
from credit_risk.evaluation.intervals import normal_quantile, wilson_interval
from credit_risk.monitoring.frames import ALL
from credit_risk.monitoring.performance.groups import NO_SEGMENTS, groups_of
from credit_risk.monitoring.performance.vintages import NOT_EVALUABLE
from credit_risk.monitoring.spec import ObjectiveSpec

OBJECTIVE_COLUMNS = [
    *("period", "segment", "objective", "area", "measure", "rows", "missing", "value", "lower", "upper", "direction"),
    *("target", "verdict", "beyond_chance", "reason"),
]
"""A row each period, segment and objective. rows: with all its columns; missing: without one of them, left out.

verdict: met, missed, not evaluable, by the value alone; beyond_chance: missed, and the whole interval is on that side.
"""
MET, MISSED = "met", "missed"
NAMED = 8
"""Most subjects that a reason names."""
COLUMNS_OF = {"rows": 0, "ratio": 2}
Bounds = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Objective:
    """measure: rows; sum or mean of a column; share of rows whose column is `value`; quantile at `level`; ratio of
    sums.

    Raises CreditRiskError where a measure lacks what it needs.
    """

    id: str
    area: Literal["business", "operational"]
    measure: Literal["rows", "sum", "mean", "share", "quantile", "ratio"]
    direction: Literal["at_least", "at_most"]
    target: float
    columns: tuple[str, ...] = ()
    value: str | float | bool | None = None
    level: float | None = None

    def __post_init__(self) -> None:
        faults = []
        needed = COLUMNS_OF.get(self.measure, 1)
        if len(self.columns) != needed:
            found, allowed = f"{len(self.columns)} columns", f"{needed} for {self.measure}"
            faults.append(Fault("columns do not fit the measure", "columns", self.id, found=found, allowed=allowed))
        if self.measure == "quantile" and not (self.level is not None and 0.0 < self.level < 1.0):
            faults.append(Fault("a quantile has a level within (0, 1)", "range", self.id, found=repr(self.level)))
        if self.measure == "share" and self.value is None:
            faults.append(Fault("a share has a value", "missing", self.id))
        if not math.isfinite(self.target):
            faults.append(Fault("the target is not a number", "range", self.id, found=repr(self.target)))
        if faults:
            raise CreditRiskError(faults)


def objective_table(
    objectives: Sequence[Objective],
    columns: Mapping[str, ArrayLike],
    rows: int,
    period: ArrayLike | None = None,
    segments: Mapping[str, ArrayLike] = NO_SEGMENTS,
    *,
    least_rows: int = 1,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """OBJECTIVE_COLUMNS of `rows` rows with columns (n,) by name.

    Intervals: a sum or mean normal, a share Wilson's, a quantile by order statistics (binomial, no assumption on the
    distribution; David and Nagaraja 2003, section 7.1), a ratio of sums linearised (Cochran 1977, section 6.4); a
    number of rows has none. Raises CreditRiskError with all faults: columns that are not there, of another length, or
    not numeric where numbers are needed.
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    arguments.raise_if_any()
    held = objective_columns(objectives, columns, rows)
    found: list[tuple[Any, ...]] = []
    for month, segment, places in groups_of(rows, period, segments):
        for one in objectives:
            values = [held[one.id, name][places] for name in one.columns]
            known = np.ones(len(places), bool)
            for array in values:
                known &= ~np.isnan(array)
            count = int(known.sum())
            told = _measured(one, [array[known] for array in values], count, confidence)
            found.append(objective_row((month, segment), one, count, len(places) - count, told, least_rows))
    return pd.DataFrame(found, columns=OBJECTIVE_COLUMNS)


def objective_row(
    head: tuple[str, str], one: Objective, count: int, missing: int, told: Bounds, least_rows: int = 1
) -> tuple[Any, ...]:
    """OBJECTIVE_COLUMNS of an objective; head: period, segment; told: value with bounds, of `count` rows."""
    numbers = (*head, one.id, one.area, one.measure, count, missing, *told)
    return (*numbers, one.direction, float(one.target), *_verdict(one, told, count, least_rows))


def metric_objectives(
    objectives: Sequence[ObjectiveSpec], values: pd.DataFrame, periods: Sequence[str] = ()
) -> pd.DataFrame:
    """OBJECTIVE_COLUMNS of objectives that name a metric, from its values (VALUE_COLUMNS) by period and segment.

    measure: the metric. One that has values of several subjects in a period and segment, of which the objective names
    none, has one row there that is not evaluable and names them. periods: those of which each objective has a row of
    `all`, not evaluable where the metric has no value.
    """
    found: list[tuple[Any, ...]] = []
    for one in objectives:
        mine = values[values["metric"] == one.metric]
        mine = mine if one.subject is None else mine[mine["subject"] == one.subject]
        for (period, segment), rows in mine.groupby(["period", "segment"], sort=True):
            told: Bounds = (math.nan, math.nan, math.nan)
            count, why = 0, _names(rows["subject"])
            if len(rows) == 1:
                row = rows.iloc[0]
                told = (float(row["value"]), _number(row["lower"]), _number(row["upper"]))
                count, why = int(_number(row["rows"]) if row["rows"] == row["rows"] else 0), row["reason"]
            known = len(rows) == 1 and bool(rows.iloc[0]["evaluable"])
            verdict = _verdict(one, told, max(count, 1), 1) if known else (NOT_EVALUABLE, None, why)
            found.append(_metric_row(one, str(period), str(segment), count, told, verdict))
        for period in sorted(set(periods) - set(mine.loc[mine["segment"] == ALL, "period"])):
            of = "" if one.subject is None else f" of {one.subject}"
            lost = (NOT_EVALUABLE, None, f"the run has no value of {one.metric}{of}")
            found.append(_metric_row(one, period, ALL, 0, (math.nan,) * 3, lost))
    return pd.DataFrame(found, columns=OBJECTIVE_COLUMNS)


def _metric_row(
    one: ObjectiveSpec,
    period: str,
    segment: str,
    count: int,
    told: Bounds,
    verdict: tuple[str, bool | None, str | None],
) -> tuple[Any, ...]:
    head = (period, segment, one.id, one.area, one.metric, count, 0, *told)
    return (*head, one.direction, float(one.target), *verdict)


def _names(subjects: pd.Series) -> str:
    names = sorted(map(str, subjects))
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"the metric has several subjects: name one of {', '.join(names[:NAMED])}{more}"


def _number(value: Any) -> float:
    return math.nan if value is None or pd.isna(value) else float(value)


def _measured(one: Objective, values: list[Floats], count: int, confidence: float) -> Bounds:
    if one.measure == "rows":
        return float(count), math.nan, math.nan
    if count == 0:
        return (math.nan,) * 3
    x = values[0]
    if one.measure == "share":
        return share_bounds(float(np.sum(x)), count, confidence)
    if one.measure == "quantile":
        assert one.level is not None
        places = quantile_places(count, one.level, confidence)
        return quantile_bounds(places, np.sort(x)[[place for place in places if place is not None]])
    if one.measure == "ratio":
        whole = math.fsum(values[1])
        ratio = math.fsum(x) / whole if whole else math.nan
        return ratio_bounds(ratio, _spread(x - ratio * values[1]), whole, count, confidence)
    return mean_bounds(one, math.fsum(x) / count, _spread(x), count, confidence)


def share_bounds(events: float, count: int, confidence: float) -> Bounds:
    """Share of events among `count` rows, Wilson's bounds."""
    lower, upper = wilson_interval([events], [count], confidence)
    return events / count, float(lower[0]), float(upper[0])


def mean_bounds(one: Objective, mean: float, error: float, count: int, confidence: float) -> Bounds:
    """Mean of `count` rows, or their sum, with normal bounds; error: of the mean."""
    z, times = normal_quantile(confidence), float(count if one.measure == "sum" else 1)
    return times * mean, times * (mean - z * error), times * (mean + z * error)


def ratio_bounds(ratio: float, error: float, whole: float, count: int, confidence: float) -> Bounds:
    """Ratio of sums with linearised bounds; error: of the mean of x - ratio y; whole: sum of y. NaN where it is 0."""
    if whole == 0.0:
        return (math.nan,) * 3
    half = normal_quantile(confidence) * error * count / abs(whole)
    return ratio, ratio - half, ratio + half


def _spread(x: Floats) -> float:
    """Standard error of the mean; NaN of one row."""
    return float(np.std(x, ddof=1)) / math.sqrt(len(x)) if len(x) > 1 else math.nan


def quantile_places(count: int, level: float, confidence: float) -> tuple[int, int | None, int | None]:
    """Places (0-based) in ascending order of the least value with a share `level` of the rows at or below, and of the
    order statistics around it; None beyond the rows."""
    tail = (1.0 - confidence) / 2.0
    place = max(math.ceil(level * count - 1e-9), 1)
    low = int(stats.binom.ppf(tail, count, level))  # X(low) < quantile with probability 1 - tail at least
    high = int(stats.binom.isf(tail, count, level)) + 1
    return place - 1, low - 1 if low >= 1 else None, high - 1 if high <= count else None


def quantile_bounds(places: tuple[int, int | None, int | None], values: Floats) -> Bounds:
    """Value with bounds, from the order statistics at the places that are not None, in their order."""
    told = iter(values.tolist())
    value, lower, upper = (math.nan if place is None else next(told) for place in places)
    return value, lower, upper


def _verdict(
    one: Objective | ObjectiveSpec, told: Bounds, count: int, least_rows: int
) -> tuple[str, bool | None, str | None]:
    value, lower, upper = told
    if one.measure != "rows" and count < least_rows:
        return NOT_EVALUABLE, None, f"{count} rows, fewer than {least_rows}"
    if math.isnan(value):
        return NOT_EVALUABLE, None, "no row" if count == 0 else "the second column sums to 0"
    met = value >= one.target if one.direction == "at_least" else value <= one.target
    end = upper if one.direction == "at_least" else lower
    beyond = None if math.isnan(end) else not (end >= one.target if one.direction == "at_least" else end <= one.target)
    return MET if met else MISSED, beyond, None


def objective_columns(
    objectives: Sequence[Objective], columns: Mapping[str, ArrayLike], rows: int
) -> dict[tuple[str, str], Floats]:
    """Columns as numbers (n,), NaN where missing, by objective; of a share 1 where the value is met.

    Raises CreditRiskError with all faults, as `objective_table`.
    """
    found: dict[tuple[str, str], Floats] = {}
    faults: list[Fault] = []
    for one in objectives:
        for name in one.columns:
            if name not in columns:
                faults.append(Fault("the log has no such column", "column", path=name, found=one.id))
                continue
            raw = pd.Series(columns[name]).reset_index(drop=True)
            if len(raw) != rows:
                found_ = f"{len(raw)} rows"
                faults.append(Fault("length differs", "length", path=name, found=found_, allowed=f"{rows} rows"))
            elif one.measure == "share":
                found[one.id, name] = np.where(raw.isna(), np.nan, (raw == one.value).fillna(False).astype(float))
            elif raw.dtype.kind in "iufb" or pd.api.types.is_numeric_dtype(raw.dtype):
                found[one.id, name] = raw.to_numpy(dtype=np.float64, na_value=np.nan)
            else:
                faults.append(Fault("not numeric", "type", path=name, found=str(raw.dtype), allowed="numbers"))
    if faults:
        raise CreditRiskError(faults)
    return found
