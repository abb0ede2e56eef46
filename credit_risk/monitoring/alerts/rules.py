"""Rules over tidy values of metrics: which cut is reached, in how many of the latest periods, and since when."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.monitoring.alerts.watches import OBJECTIVE, Colour, Watch
from credit_risk.monitoring.metrics import CATALOGUE, VALUE_COLUMNS

PERIOD = r"\d{4}-(0[1-9]|1[0-2])"
KEY = ["period", "segment", "metric", "subject"]


@dataclass(frozen=True, slots=True)
class Condition:
    """A cut that is, or was, reached persistently: of which rule, where, since when and until when.

    `first` and `last` are the first and the last period in which the cut was reached, `reached` how many there are;
    `holds` whether the condition is met at the latest evaluation, else `recovered` is the first at which it was not.
    `value`, `lower`, `upper` are those of `last`.
    """

    watch: Watch
    segment: str
    subject: str
    colour: Colour
    first: str
    last: str
    reached: int
    holds: bool
    recovered: str | None
    value: float
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True)
class Unevaluated:
    """A rule that could not be judged at the latest period where it is due: nothing came, or it is not evaluable."""

    watch: str
    segment: str | None
    subject: str | None
    period: str
    reason: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Conditions that are met now, those that were met before and are no longer, and what could not be judged."""

    period: str
    conditions: tuple[Condition, ...]
    past: tuple[Condition, ...]
    unevaluated: tuple[Unevaluated, ...]


@dataclass(frozen=True, slots=True)
class _Point:
    period: str
    colour: Colour | None
    value: float
    lower: float | None
    upper: float | None
    told: str | None


def evaluate(values: pd.DataFrame, watches: Sequence[Watch]) -> Evaluation:
    """Judge each rule on `values` (VALUE_COLUMNS, a row a period, segment, metric and subject).

    Periods are those of the table, whatever metric has a row there; a period in which a subject has no row, or one that
    is not evaluable, counts as one in which the cut is not reached, and is told where it is the latest. Raises
    CreditRiskError where columns lack, a metric is unknown, a period is no month, a value is missing or a row stands
    twice.
    """
    _refuse(values)
    periods = sorted(set(values["period"]))
    if not periods:
        raise CreditRiskError(Fault("no values of metrics to judge", code="no_rows", remedy="monitor a period first"))
    grouped = {str(metric): rows for metric, rows in values.groupby("metric", sort=False)}
    now: list[Condition] = []
    past: list[Condition] = []
    untold: list[Unevaluated] = []
    for watch in watches:
        due = [period for period in periods if watch.due(period)]
        if not due:
            continue
        series = _series(grouped.get(watch.metric), watch)
        if not series:
            untold.append(Unevaluated(watch.id, None, None, due[-1], "no value came of this metric and population"))
        for (segment, subject), points in series.items():
            found = _conditions(watch, segment, subject, points, due)
            now += [one for one in found if one.holds]
            past += [one for one in found if not one.holds]
            latest = points.get(due[-1])
            reason = "no value came for this period" if latest is None else latest.told
            if reason is not None:
                untold.append(Unevaluated(watch.id, segment, subject, due[-1], reason))
    return Evaluation(periods[-1], tuple(now), tuple(past), tuple(untold))


def _refuse(values: pd.DataFrame) -> None:
    """Raise with all that is wrong with the table."""
    lacking = [name for name in VALUE_COLUMNS if name not in values.columns]
    if lacking:
        allowed = ", ".join(VALUE_COLUMNS)
        raise CreditRiskError(
            Fault("the table of values lacks columns", code="columns", found=", ".join(lacking), allowed=allowed)
        )
    faults = []
    unknown = sorted(set(map(str, values["metric"])) - {*CATALOGUE, OBJECTIVE})
    if unknown:
        allowed = ", ".join([*CATALOGUE, OBJECTIVE])
        faults.append(Fault("unknown metrics", code="metric", path="metric", found=", ".join(unknown), allowed=allowed))
    wrong = ~values["period"].astype(str).str.fullmatch(PERIOD)
    if wrong.any():
        found = ", ".join(sorted(set(map(str, values["period"][wrong])))[:5])
        faults.append(Fault("not a month", code="period", path="period", found=found, allowed="YYYY-MM"))
    twice = values[values.duplicated(KEY)]
    if len(twice):
        found = ", ".join(map(str, twice.iloc[0][KEY]))
        faults.append(Fault(f"{len(twice)} rows stand twice", code="duplicate", path=", ".join(KEY), found=found))
    evaluable = values["evaluable"].astype("boolean").fillna(False).astype(bool)
    empty = evaluable & ~pd.to_numeric(values["value"]).map(math.isfinite)
    if empty.any():
        found = ", ".join(map(str, values[empty].iloc[0][KEY]))
        message = f"{int(empty.sum())} values are said to be evaluable and are no number"
        faults.append(Fault(message, code="value", path="value", found=found))
    if faults:
        raise CreditRiskError(faults)


def _series(rows: pd.DataFrame | None, watch: Watch) -> dict[tuple[str, str], dict[str, _Point]]:
    """Points of each segment and subject that the rule covers, by period."""
    series: dict[tuple[str, str], dict[str, _Point]] = {}
    if rows is None:
        return series
    for row in rows[VALUE_COLUMNS].itertuples(index=False):
        segment, subject = str(row.segment), str(row.subject)
        if not watch.covers(segment) or (watch.subjects is not None and subject not in watch.subjects):
            continue
        series.setdefault((segment, subject), {})[str(row.period)] = _point(watch, row)
    return dict(sorted(series.items()))


def _point(watch: Watch, row: Any) -> _Point:
    """A row of the table as a point: its colour, or why it could not be judged."""
    period = str(row.period)
    if pd.isna(row.evaluable) or not row.evaluable:
        return _Point(period, None, math.nan, None, None, "not evaluable" if pd.isna(row.reason) else str(row.reason))
    value = float(row.value)
    explained = watch.beyond_chance and not pd.isna(row.beyond_chance) and not row.beyond_chance
    return _Point(period, None if explained else watch.colour(value), value, _bound(row.lower), _bound(row.upper), None)


def _bound(value: Any) -> float | None:
    """An end of an interval; None where there is none, or where it lies at infinity."""
    return None if pd.isna(value) or not math.isfinite(value) else float(value)


def _conditions(
    watch: Watch, segment: str, subject: str, points: dict[str, _Point], due: Sequence[str]
) -> list[Condition]:
    """Episodes in which the condition held, in their order.

    It is met at an evaluation where the cut is reached in at least `at_least` of the latest `of`, and it begins at one
    that reaches the cut itself. One that holds is red where as many of the latest reach red; one that is past where as
    many ever did.
    """
    colours = [points[period].colour if period in points else None for period in due]
    found: list[Condition] = []
    begin, red_now, red_ever = None, False, False

    def episode(end: int, recovered: str | None) -> Condition:
        reached = [points[due[at]] for at in range(begin or 0, end) if colours[at] is not None]
        colour: Colour = "red" if (red_now if recovered is None else red_ever) else "yellow"
        first, last = reached[0].period, reached[-1]
        told = (last.period, len(reached), recovered is None, recovered, last.value, last.lower, last.upper)
        return Condition(watch, segment, subject, colour, first, *told)

    for place, period in enumerate(due):
        start = max(0, place - watch.of + 1)
        window = colours[start : place + 1]
        met = sum(colour is not None for colour in window) >= watch.at_least
        red = sum(colour == "red" for colour in window) >= watch.at_least
        if begin is None and met and colours[place] is not None:
            begin, red_ever = next(at for at in range(start, place + 1) if colours[at] is not None), False
        elif begin is not None and not met:
            found.append(episode(place, period))
            begin = None
        red_now, red_ever = red, red_ever or red
    return found if begin is None else [*found, episode(len(due), None)]
