"""Rules over tidy values of metrics: which cut is reached, in how many of the latest periods, and since when."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pandas as pd

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.monitoring.alerts.watches import OBJECTIVE, Colour, Watch
from credit_risk.monitoring.metrics import CATALOGUE, VALUE_COLUMNS

PERIOD = r"\d{4}-(0[1-9]|1[0-2])"
KEY = ["period", "segment", "metric", "subject"]
NOTHING_JUDGED: Mapping[str, str | None] = {}


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
class Track:
    """What a rule found of a segment and subject, period by period, of those that were not judged before.

    steps: the period, and the condition as it was met at its end, None where it was not; the latest period is the last.
    """

    watch: Watch
    segment: str
    subject: str
    steps: tuple[tuple[str, Condition | None], ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Conditions that are met now, those that were met before and are no longer, and what could not be judged.

    tracks: of each segment and subject the periods that were not judged before; judged: the latest period that was
    judged, by rule.
    """

    period: str
    conditions: tuple[Condition, ...]
    past: tuple[Condition, ...]
    unevaluated: tuple[Unevaluated, ...]
    tracks: tuple[Track, ...] = ()
    judged: Mapping[str, str] = field(default_factory=dict)

    @property
    def caught_up(self) -> tuple[str, ...]:
        """Periods before the latest that are judged now for the first time."""
        return tuple(sorted({period for track in self.tracks for period, _ in track.steps[:-1]}))


@dataclass(frozen=True, slots=True)
class _Point:
    period: str
    colour: Colour | None
    value: float
    lower: float | None
    upper: float | None
    told: str | None


@dataclass(frozen=True, slots=True)
class _State:
    """At the end of a period: where the episode that holds began, None where none does, and whether it is red."""

    begin: int | None
    red: bool
    red_ever: bool


def evaluate(
    values: pd.DataFrame, watches: Sequence[Watch], judged: Mapping[str, str | None] = NOTHING_JUDGED
) -> Evaluation:
    """Judge each rule on `values` (VALUE_COLUMNS, a row a period, segment, metric and subject).

    Periods are those of the table, whatever metric has a row there; a period in which a subject has no row, or one that
    is not evaluable, counts as one in which the cut is not reached, and is told where it is the latest. A rule that has
    to wait for outcomes is judged up to the latest period that is evaluable: later ones are not mature, and reach no
    cut because nothing is known of them. judged: the latest period that was judged before, by rule; every later one is
    judged as a run at its end would have (`Evaluation.tracks`), a rule that is not named there at its latest alone.
    Raises CreditRiskError where columns lack, a metric is unknown, a period is no month, a value is missing or a row
    stands twice.
    """
    _refuse(values)
    periods = sorted(set(values["period"]))
    if not periods:
        raise CreditRiskError(Fault("no values of metrics to judge", code="no_rows", remedy="monitor a period first"))
    grouped = {str(metric): rows for metric, rows in values.groupby("metric", sort=False)}
    now: list[Condition] = []
    past: list[Condition] = []
    untold: list[Unevaluated] = []
    tracks: list[Track] = []
    latest: dict[str, str] = {}
    for watch in watches:
        due = [period for period in periods if watch.due(period)]
        if not due:
            continue
        series = _series(grouped.get(watch.metric), watch)
        if not series:
            untold.append(Unevaluated(watch.id, None, None, due[-1], "no value came of this metric and population"))
        told = _mature(series, due) if watch.late else due
        for (segment, subject), points in series.items():
            reason = "no value came for this period" if due[-1] not in points else points[due[-1]].told
            if reason is not None:
                untold.append(Unevaluated(watch.id, segment, subject, due[-1], reason))
            if told:
                found, track = _judged(watch, segment, subject, points, told, judged.get(watch.id))
                now += [one for one in found if one.holds]
                past += [one for one in found if not one.holds]
                tracks.append(track)
                latest[watch.id] = told[-1]
    return Evaluation(periods[-1], tuple(now), tuple(past), tuple(untold), tuple(tracks), latest)


def _mature(series: Mapping[tuple[str, str], Mapping[str, _Point]], due: Sequence[str]) -> list[str]:
    """Periods up to the latest of which some segment or subject could be judged."""
    last = max((p.period for points in series.values() for p in points.values() if p.told is None), default="")
    return [period for period in due if period <= last]


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


def _judged(
    watch: Watch, segment: str, subject: str, points: Mapping[str, _Point], due: Sequence[str], judged: str | None
) -> tuple[list[Condition], Track]:
    """Episodes in which the condition held, in their order, and the periods after `judged`.

    It is met at an evaluation where the cut is reached in at least `at_least` of the latest `of`, and it begins at one
    that reaches the cut itself. One that holds is red where as many of the latest reach red; one that is past where as
    many ever did.
    """
    colours = [points[period].colour if period in points else None for period in due]
    states = _states(watch, colours)

    def episode(state: _State, end: int, recovered: str | None) -> Condition:
        reached = [points[due[at]] for at in range(state.begin or 0, end) if colours[at] is not None]
        colour: Colour = "red" if (state.red if recovered is None else state.red_ever) else "yellow"
        first, last = reached[0].period, reached[-1]
        told = (last.period, len(reached), recovered is None, recovered, last.value, last.lower, last.upper)
        return Condition(watch, segment, subject, colour, first, *told)

    found = [
        episode(before, place, due[place])
        for place, (before, after) in enumerate(pairwise(states), 1)
        if before.begin is not None and after.begin is None
    ]
    if states[-1].begin is not None:
        found.append(episode(states[-1], len(due), None))
    fresh = [place for place, period in enumerate(due) if judged is not None and period > judged]
    steps = tuple(
        (due[place], None if states[place].begin is None else episode(states[place], place + 1, None))
        for place in fresh or [len(due) - 1]
    )
    return found, Track(watch, segment, subject, steps)


def _states(watch: Watch, colours: Sequence[Colour | None]) -> list[_State]:
    found: list[_State] = []
    begin, red_ever = None, False
    for place, colour in enumerate(colours):
        start = max(0, place - watch.of + 1)
        window = colours[start : place + 1]
        met = sum(one is not None for one in window) >= watch.at_least
        red = sum(one == "red" for one in window) >= watch.at_least
        if begin is None and met and colour is not None:
            begin, red_ever = next(at for at in range(start, place + 1) if colours[at] is not None), False
        elif begin is not None and not met:
            begin = None
        red_ever = red_ever or red
        found.append(_State(begin, red, red_ever))
    return found
