"""The outcome of rows by performance history, always with its reason, and the rows of observation points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.rebuild.source.columns import NUMERIC, Column
from validation.rebuild.source.files import RawColumn, SourceTable, objects, raw_column
from validation.rebuild.source.history import History, HistoryError, month_number, months_of
from validation.rebuild.source.readings import text_of

POINT, KEY = "observation_point", "observation_key"
NO_ACCOUNT, NO_POINT = "account missing", "observation point missing"
OTHER_POINT = "not at an observation point of the plan"
EARLY = "history ends before the performance window without an event"
NEVER = 10**9
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Points:
    """Account (place in the history, -1: none of it) and month (NEVER: not known) of each row; both (n,)."""

    account: Integers
    month: Integers


def rolled(
    table: SourceTable, plan: Mapping[str, Any], history: History
) -> tuple[dict[str, RawColumn], Integers, Points]:
    """Columns of a row an account and observation point, the source row of each, and their points."""
    data, outcome = plan["data"], plan["outcome"]
    name = outcome["history"]["account"] or data["key"]
    account = _places(table.columns[name], history)
    months = _rolling_months(history, outcome["windows"])
    grid = np.zeros((len(account), len(months)), dtype=bool)
    known = account >= 0
    for place, month in enumerate(months):
        if history.start <= month <= history.end:
            grid[known, place] = history.recorded[account[known], month - history.start]
    rows, which = np.nonzero(grid)
    found = np.array(months, dtype=np.int64)[which]
    texts = table.columns[name].values()[rows]
    keys = [f"{text_of(text)}@{history.month_text(m)}" for text, m in zip(texts, found.tolist(), strict=True)]
    kind = "date" if history.dated else "text"
    columns = {
        KEY: RawColumn(keys, np.arange(len(keys), dtype=np.int64)),
        POINT: raw_column([history.point_text(m) for m in found.tolist()], kind),
        **{other: column.at(rows) for other, column in table.columns.items()},
    }
    return columns, rows, Points(account[rows], found)


def monthly_columns(
    history: History, table: SourceTable, points: Points, wanted: Mapping[str, int]
) -> tuple[dict[str, RawColumn], dict[str, int]]:
    """Columns `<name>_<lag>` of the rows, and by family how many of its values are missing."""
    found: dict[str, RawColumn] = {}
    missing: dict[str, int] = {}
    for name, count in wanted.items():
        source = table.columns[name]
        lagged = [_lagged(history, points, lag) for lag in range(count)]
        codes = [np.where(rows >= 0, np.append(source.codes, -1)[rows], -1) for rows in lagged]
        together = RawColumn(source.levels, np.concatenate(codes), source.kind).at(np.arange(count * len(codes[0])))
        parts = np.split(together.codes, count)
        found |= {f"{name}_{lag}": RawColumn(together.levels, parts[lag], source.kind) for lag in range(count)}
        family = f"{name}_0 to {name}_{count - 1}" if count > 1 else f"{name}_0"
        missing[family] = int(np.count_nonzero(together.codes < 0))
    return found, missing


def _lagged(history: History, points: Points, lag: int) -> Integers:
    """Place in the file of the record `lag` months before each point, -1 where there is none."""
    place = points.month - lag - history.start
    inside = (points.account >= 0) & (place >= 0) & (place < history.recorded.shape[1])
    found = np.full(len(place), -1, dtype=np.int64)
    found[inside] = history.row[points.account[inside], place[inside]]
    return found


def _rolling_months(history: History, windows: Mapping[str, Any]) -> list[int]:
    rolling = windows["rolling"]
    first, last = (None if rolling[k] is None else month_number(rolling[k], history.dated) for k in ("first", "last"))
    first = history.start + max(windows["observation_months"] - 1, 0) if first is None else first
    last = history.until - windows["performance_months"] if last is None else last
    return [m for m in range(first, last + 1, rolling["every"]) if history.start <= m <= history.until]


def _places(column: RawColumn, history: History) -> Integers:
    """Place of each row's account in the history, -1 where it has none."""
    places = [history.accounts.get(text_of(level), -1) for level in column.levels]
    return np.array([*places, -1], dtype=np.int64)[column.codes]


def placed(
    columns: Mapping[str, Column],
    raw: Mapping[str, RawColumn],
    keys: NDArray[Any],
    plan: Mapping[str, Any],
    history: History,
) -> tuple[Points, NDArray[np.object_]]:
    """Points of rows that the source has itself, and why a row cannot have an outcome, else None."""
    data, outcome = plan["data"], plan["outcome"]
    name = outcome["history"]["account"] or data["key"]
    account = _places(raw[name] if name is not None else raw_column(list(map(str, keys))), history)
    reasons = objects([None] * len(keys))
    if name is not None and name != data["key"]:
        reasons[raw[name].codes < 0] = NO_ACCOUNT
    place = outcome["windows"]["observed_at"] or (data["date"] if history.dated else None)
    if place is None or place not in columns:
        first = np.append(history.first, NEVER)[account]
        return Points(account, first), reasons
    months = row_months(columns[place], history)
    reasons[months == NEVER] = NO_POINT
    listed = outcome["windows"]["observation_points"]
    if listed is not None:
        wanted = [month_number(point, history.dated) for point in listed]
        reasons[(months != NEVER) & ~np.isin(months, wanted)] = OTHER_POINT
    return Points(account, months), reasons


def row_months(column: Column, history: History) -> Integers:
    """Month of each row as the history counts them, NEVER where it is missing. Raises HistoryError."""
    if history.dated:
        levels = months_of(list(column.levels))
    elif column.type == NUMERIC and np.array_equal(np.floor(column.levels), column.levels):
        levels = [int(level) for level in column.levels]
    else:
        raise HistoryError("the observation points are no months of the history")
    return np.array([*levels, NEVER], dtype=np.int64)[column.codes]


def outcomes(history: History, points: Points, outcome: Mapping[str, Any]) -> list[str]:
    """`outcome: reason` of each point: bad, good, indeterminate or excluded; the rules in the order they are asked."""
    definition, windows = outcome["definition"], outcome["windows"]
    span, before = windows["performance_months"], windows["observation_months"]
    probation = definition["cure"]["months"] if definition["cure"] else 1
    listed = windows["observation_points"] is not None or windows["rolling"] is not None
    known = points.account >= 0
    account = np.where(known, points.account, 0)
    t, first, last = points.month, history.first[account], history.last[account]
    inside = _window(history, account, t, range(1, span + 1))
    event_at = np.where(inside.event, np.arange(1, span + 1), NEVER).min(axis=1)
    early_end = np.minimum(t + span, last)
    lagged = [-lag for lag in range(probation)]
    at_end = _window(history, account, early_end, lagged).event.any(axis=1)
    in_default = _window(history, account, t, lagged).event.any(axis=1)
    ever = bool(definition["ever"])
    bad = (event_at < NEVER) & (True if ever else at_end)
    worst = np.where(np.isnan(inside.days), -1.0, inside.days).max(axis=1)
    immature = "excluded: the performance window ends after the last month of observation"
    short = "excluded: history before the observation point shorter than the observation window"
    when = "an event in the performance window" if ever else "in default at the end of the performance window"
    rules: list[tuple[Any, str]] = [
        (~known, "excluded: no performance history"),
        (t > last, "excluded: observation point after the account's history"),
        ((t < first) & (listed or before > 0), "excluded: observation point before the account's history"),
        (t + span > history.until, immature),
        ((t - first + 1 < before) & (before > 0), short),
        (in_default, "excluded: in default or probation at the observation point"),
        (bad, f"bad: {when}"),
    ]
    if definition["indeterminate"] is not None:
        limit = definition["indeterminate"]["days_past_due"]
        rules.append((worst >= limit, f"indeterminate: {limit} or more days past due, and not bad"))
    rules.append((last < t + span, f"{definition['ended_early']}: {EARLY}"))
    rules.append((~inside.recorded.any(axis=1), "excluded: no month of the performance window observed"))
    found = objects(["good: the whole performance window without a reason to be another"] * len(t))
    for mask, told in reversed(rules):
        found[np.asarray(mask, dtype=bool)] = told
    return [str(told) for told in found.tolist()]


@dataclass(frozen=True, slots=True)
class _Seen:
    recorded: NDArray[np.bool_]
    days: NDArray[np.float64]
    event: NDArray[np.bool_]


def _window(history: History, account: Integers, base: Integers, steps: Any) -> _Seen:
    """What the history holds of the months base + step, (n, steps); nothing outside it."""
    place = base[:, None] + np.array(list(steps), dtype=np.int64)[None, :] - history.start
    inside = (place >= 0) & (place < history.recorded.shape[1])
    at = (account[:, None], np.where(inside, place, 0))
    days = np.where(inside, history.days[at], np.nan)
    return _Seen(inside & history.recorded[at], days, inside & history.event[at])
