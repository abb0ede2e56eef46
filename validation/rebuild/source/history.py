"""Performance history as matrices of accounts and months: days past due that count, and events (SPECIFICATION 5.0)."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.rebuild.source.files import RawColumn, SourceTable, objects
from validation.rebuild.source.readings import date_of, read_dates, read_number, text_of

MONTH = re.compile(r"([0-9]{4})-?(0[1-9]|1[0-2])")
TRUE = ("1", "1.0", "true", "yes", "y")
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class HistoryError(ValueError):
    """The history cannot be read by the terms of the plan."""


@dataclass(frozen=True, slots=True)
class History:
    """`accounts` by their text, `first` and `last` month of each (a,), matrices (a, m) from month `start` on.

    `recorded`: there is a record; `days` past due that count (NaN: no exposure or no record); `event`. `until` is the
    last month of observation; `row` (a, m) the place in the file, -1 where there is none. Months are whole numbers:
    as written, or year * 12 + month - 1 where `dated`.
    """

    accounts: Mapping[str, int] = field(repr=False)
    first: NDArray[np.int64] = field(repr=False)
    last: NDArray[np.int64] = field(repr=False)
    obligor: NDArray[np.object_] = field(repr=False)
    start: int
    until: int
    dated: bool
    recorded: Mask = field(repr=False)
    days: Floats = field(repr=False)
    raw_days: Floats = field(repr=False)
    event: Mask = field(repr=False)
    row: NDArray[np.int64] = field(repr=False)

    @property
    def end(self) -> int:
        """The last month that has a record."""
        return self.start + self.recorded.shape[1] - 1

    def month_text(self, month: int) -> str:
        """A month as it is written: 2026-11, or the whole number."""
        return f"{month // 12:04d}-{month % 12 + 1:02d}" if self.dated else str(month)

    def point_text(self, month: int) -> str:
        """An observation point as rows hold it: the last day of the month, or the whole number."""
        if not self.dated:
            return str(month)
        year, number = month // 12, month % 12 + 1
        return f"{year:04d}-{number:02d}-{calendar.monthrange(year, number)[1]:02d}"


def month_number(value: Any, dated: bool) -> int:
    """A month of the plan as a number. Raises HistoryError where it is none."""
    match = MONTH.fullmatch(str(value))
    if dated and match:
        return int(match[1]) * 12 + int(match[2]) - 1
    if not dated and re.fullmatch(r"[+-]?[0-9]{1,9}", str(value)):
        return int(value)
    raise HistoryError(f"{value!r} is no month of the history")


def months_of(levels: list[Any], declared: str | None = None, first_year: int | None = None) -> list[int]:
    """The month of each date; 2026-11 and 202611 are dates too. Raises HistoryError where they are not all dates."""
    texts = [text_of(level).strip() for level in levels]
    matches = [MONTH.fullmatch(text) for text in texts] if declared is None else [None]
    if all(matches):
        return [int(one[1]) * 12 + int(one[2]) - 1 for one in matches if one]
    dates = read_dates(texts, declared, first_year)
    if dates is None:
        raise HistoryError("the months are no dates of one format")
    moments = [date_of(text, dates.pattern, dates.first_year) for text in texts]
    if any(moment is None for moment in moments):  # ISO 8601, with and without a time of day
        return [int(text[:4]) * 12 + int(text[5:7]) - 1 for text in texts]
    return [moment.year * 12 + moment.month - 1 for moment in moments if moment is not None]


def read_history(table: SourceTable, outcome: Mapping[str, Any]) -> History:
    """The history by the terms of `outcome` (the section of the plan). Raises HistoryError."""
    spec, definition = outcome["history"], outcome["definition"]
    columns = table.columns
    singles = ("key", "month", "date", "days_past_due", "state", "past_due", "balance", "write_off", "obligor")
    needed = [*(spec.get(name) for name in singles), *spec["unlikely_to_pay"]]
    absent = sorted({name for name in needed if name is not None and name not in columns})
    if absent:
        raise HistoryError(f"the history lacks the columns {', '.join(absent)}")
    key = columns[spec["key"]]
    account, month = key.codes, _months(columns, spec)
    if (account < 0).any():
        raise HistoryError("the account is missing in some rows")
    start, width = int(month.min()), int(month.max() - month.min()) + 1
    shape = (len(key.levels), width)
    row = np.full(shape, -1, dtype=np.int64)
    row[account, month - start] = np.arange(len(account))
    recorded = row >= 0
    if np.count_nonzero(recorded) != len(account):
        raise HistoryError("a month stands more than once for an account")
    days = _days(columns, spec)
    flagged = np.zeros(len(account), dtype=bool)
    for name in [*spec["unlikely_to_pay"], *([spec["write_off"]] if spec["write_off"] else [])]:
        flagged |= _each(columns[name], lambda level: str(level).strip().lower() in TRUE or level == 1.0, False)
    past_due, balance = (_amounts(columns, spec[name]) for name in ("past_due", "balance"))
    obligor = None if spec["obligor"] is None else columns[spec["obligor"]]
    rows = _Rows(days, flagged, past_due, balance, None if obligor is None else obligor.codes * width + month - start)
    counted, event = _marked(rows, spec, definition)
    matrix_days, raw = np.full(shape, np.nan), np.full(shape, np.nan)
    matrix_days[account, month - start], raw[account, month - start] = counted, days
    events = np.zeros(shape, dtype=bool)
    events[account, month - start] = event
    until = spec["observed_until"]
    dated = spec["date"] is not None
    return History(
        accounts={text_of(level): place for place, level in enumerate(key.levels)},
        first=start + np.argmax(recorded, axis=1),
        last=start + width - 1 - np.argmax(recorded[:, ::-1], axis=1),
        obligor=_owners(account, len(key.levels), obligor),
        start=start,
        until=start + width - 1 if until is None else month_number(until, dated),
        dated=dated,
        recorded=recorded,
        days=matrix_days,
        raw_days=raw,
        event=events,
        row=row,
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of the history; `joint` numbers the obligor and month that rows share, where obligors are named."""

    days: Floats
    flagged: Mask
    past_due: Floats | None
    balance: Floats | None
    joint: NDArray[np.int64] | None


def _marked(rows: _Rows, spec: Mapping[str, Any], definition: Mapping[str, Any]) -> tuple[Floats, Mask]:
    """Days past due that count, and events, by row."""
    limit, share = definition["days_past_due"], definition["contagion_share"]
    if definition["level"] == "obligor":
        group, size = _grouped(rows)
        worst = np.full(size, -np.inf)
        np.fmax.at(worst, group, rows.days)
        days = np.where(np.isinf(worst), np.nan, worst)[group]
        flagged = (np.bincount(group, rows.flagged, size) > 0)[group]
        late = None if rows.past_due is None else np.where(rows.days > 0, rows.past_due, 0.0)
        past_due = None if late is None else _sums(group, late, size)[group]
        balance = None if rows.balance is None else _sums(group, rows.balance, size)[group]
        counted = _counted(days, past_due, balance, spec)
        return counted, (counted >= limit) | flagged
    counted = _counted(rows.days, rows.past_due, rows.balance, spec)
    event = (counted >= limit) | rows.flagged
    if share is not None:
        group, size = _grouped(rows)
        assert rows.balance is not None
        held = np.bincount(group, np.where(event, rows.balance, 0.0), size)
        spread = held > share * np.bincount(group, rows.balance, size)
        event = event | spread[group]
    return counted, event


def _sums(group: NDArray[np.int64], values: Floats, size: int) -> Floats:
    return np.bincount(group, values, size).astype(np.float64)


def _grouped(rows: _Rows) -> tuple[NDArray[np.int64], int]:
    if rows.joint is None:
        raise HistoryError("the plan names no obligor")
    found, group = np.unique(rows.joint, return_inverse=True)
    return group.astype(np.int64), len(found)


def _counted(days: Floats, past_due: Floats | None, balance: Floats | None, spec: Mapping[str, Any]) -> Floats:
    """Days past due where the amount is material: above both thresholds; else 0."""
    terms = spec["materiality"]
    if terms is None:
        return days
    amount = np.zeros(len(days)) if past_due is None else np.nan_to_num(past_due)
    material = amount > terms["absolute"]
    if balance is not None:
        material &= amount > terms["relative"] * balance
    with np.errstate(invalid="ignore"):
        return np.where((days > 0) & ~material, 0.0, days)


def _months(columns: Mapping[str, RawColumn], spec: Mapping[str, Any]) -> NDArray[np.int64]:
    column = columns[spec["month"] if spec["month"] is not None else spec["date"]]
    if (column.codes < 0).any():
        raise HistoryError("the month is missing in some rows")
    if spec["month"] is None:
        return np.array(months_of(column.levels, spec["date_format"], spec["first_year"]), dtype=np.int64)[column.codes]
    found = [read_number(level, None).value for level in column.levels]
    if any(value is None or value != np.floor(value) for value in found):
        raise HistoryError("the months are no whole numbers")
    return np.array([int(value) for value in found if value is not None], dtype=np.int64)[column.codes]


def _days(columns: Mapping[str, RawColumn], spec: Mapping[str, Any]) -> Floats:
    rows = len(next(iter(columns.values())).codes)
    if spec["state"] is not None:
        means = {code: np.nan if days is None else float(days) for code, days in spec["states"].items()}
        column = columns[spec["state"]]
        unknown = [text_of(level) for level in column.levels if text_of(level) not in means]
        if unknown:
            raise HistoryError(f"codes of arrears that the plan does not explain: {', '.join(unknown[:5])}")
        return _each(column, lambda level: means[text_of(level)], np.nan)
    if spec["days_past_due"] is not None:
        found = _amounts(columns, spec["days_past_due"])
        assert found is not None
        return found
    return np.full(rows, np.nan)


def _amounts(columns: Mapping[str, RawColumn], name: str | None) -> Floats | None:
    if name is None:
        return None

    def amount(level: Any) -> float:
        value = read_number(level, None).value
        return np.nan if value is None else value

    return _each(columns[name], amount, np.nan)


def _each(column: RawColumn, reading: Callable[[Any], Any], missing: Any) -> NDArray[Any]:
    """A reading of each level, by row."""
    return np.array([*(reading(level) for level in column.levels), missing])[column.codes]


def _owners(account: NDArray[np.int64], accounts: int, obligor: RawColumn | None) -> NDArray[np.object_]:
    """What the rows of an account have in common: its obligor (of several the first in order), (a,)."""
    if obligor is None:
        return objects([None] * accounts)
    ranked = sorted(obligor.levels)
    order = {level: place for place, level in enumerate(ranked)}
    ranks = np.array([order[level] for level in obligor.levels], dtype=np.int64)[obligor.codes]
    least = np.full(accounts, len(order), dtype=np.int64)
    np.minimum.at(least, account, ranks)
    return objects(text_of(ranked[place]) for place in least.tolist())
