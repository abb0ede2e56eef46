"""Rows at observation points: every account at each point, with the months of its history up to that point.

A row of account a observed at month t holds the columns of the source, and of each monthly column of the plan the value
at t (`_0`) and at the months before it (`_1`, `_2`, …). Nothing of a month after t is read for it.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from credit_risk._core.errors import Fault, IntakeError
from credit_risk.sampling.column_types import NUMERIC, TypedColumn, as_numeric, as_text, decide_type
from credit_risk.sampling.contract import DataContractError, Failure
from credit_risk.sampling.history import History, read_history
from credit_risk.sampling.history_columns import month_number
from credit_risk.sampling.history_outcome import account_keys, months_of_rows
from credit_risk.sampling.history_spec import HistorySpec, WindowsSpec
from credit_risk.sampling.openings import date_openings
from credit_risk.sampling.parquet_source import columns_of_table
from credit_risk.sampling.readings import dates_of, declared_type, numbers_of
from credit_risk.sampling.source import Conversion, RawColumn, Source
from credit_risk.sampling.spec import OBSERVATION_POINT, DataSpec, OutcomeSpec

OBSERVATION_KEY = "observation_key"
SHOWN = 5


@dataclass(frozen=True, slots=True)
class MonthlyColumn:
    """A column of the history as it stood `lag` months before the observation point (0: at it)."""

    name: str
    lag: int

    @property
    def description(self) -> str:
        """In words."""
        if self.lag == 0:
            return f"{self.name} of the history in the month of the observation point"
        return f"{self.name} of the history {self.lag} month{'s' if self.lag > 1 else ''} before the observation point"


@dataclass(frozen=True, slots=True)
class Observed:
    """`source`, and what the plan says of it, after rows were made; `history` as read; `monthly` columns by name.

    first (k,): a row of each account, where rows were made of accounts.
    """

    source: Source
    data: DataSpec
    outcome: OutcomeSpec
    history: History
    monthly: Mapping[str, MonthlyColumn]
    first: np.ndarray | None = None


def observe(source: Source, data: DataSpec, outcome: OutcomeSpec, history: Any) -> Observed:
    """Make the rows of a plan with rolling observation points, or add monthly columns to the rows that there are.

    history: what `read_history` takes. Rows stand in the order of the source, months ascending. Raises IntakeError with
    the faults of the history, or of the accounts and observation points.
    """
    assert outcome.history is not None
    read = read_history(history, outcome.history, outcome.definition, monthly=tuple(data.monthly))
    monthly = {
        f"{name}_{lag}": MonthlyColumn(name, lag) for name, months in data.monthly.items() for lag in range(months)
    }
    _refuse_names(source, monthly, outcome.windows)
    size, first = (source.rows, len(source.raw)), None
    if outcome.windows.rolling is not None:
        source, data, outcome, read, accounts, months = _rolled(source, data, outcome, read)
        first = np.flatnonzero(np.append(True, accounts[1:] != accounts[:-1]))
    else:
        accounts, months = _placed(source, data, outcome, read)
    columns, told = _monthly_columns(read, accounts, months, data.monthly)
    conversions = (*source.conversions, *told)
    made = replace(source, raw={**source.raw, **columns}, conversions=conversions, file_size=size)
    return Observed(made, data, outcome, read, monthly, first)


def rolling_months(history: History, windows: WindowsSpec) -> list[int]:
    """Observation points of `windows.rolling`, ascending. Raises IntakeError where none lies in the history."""
    rolling = windows.rolling
    assert rolling is not None
    path = "outcome.windows.rolling"
    ends: list[int | None] = []
    for value in (rolling.first, rolling.last):
        ends.append(None if value is None else month_number(value, calendar=history.calendar))
        if value is not None and ends[-1] is None:
            allowed = "a month as 2026-11" if history.calendar else "a whole number"
            message = "not a month of this history"
            raise IntakeError(Fault(message, "value", history.file, path, found=str(value), allowed=allowed))
    first, last = ends
    first = history.first + max(windows.observation_months - 1, 0) if first is None else first
    last = history.until - windows.performance_months if last is None else last
    points = [m for m in range(first, last + 1, rolling.every) if history.first <= m <= history.until]
    if not points and windows.performance_months > history.until - history.first:
        message = f"the performance window of {windows.performance_months} months is longer than the data"
        span = f"{history.month_text(history.first)} to {history.month_text(history.until)}"
        found, remedy = f"{history.until - history.first} months from {span}", "shorten the window, or take more data"
        path = "outcome.windows.performance_months"
        raise IntakeError(Fault(message, "window", history.file, path, found=found, remedy=remedy))
    if not points:
        span = f"{history.month_text(history.first)} to {history.month_text(history.until)}"
        needed = f"{windows.observation_months} months of observation and {windows.performance_months} of performance"
        message = "no observation point lies in the history with its windows"
        remedy = "shorten the windows, take more data, or name other first and last points"
        found = f"points from {history.month_text(first)} to {history.month_text(last)}, {needed}"
        raise IntakeError(Fault(message, "window", history.file, path, found=found, allowed=span, remedy=remedy))
    return points


def point_text(month: int, *, dated: bool) -> str:
    """An observation point as the rows hold it: the last day of the month, or the whole number."""
    if not dated:
        return str(month)
    year, number = month // 12, month % 12 + 1
    return f"{year:04d}-{number:02d}-{calendar.monthrange(year, number)[1]:02d}"


def _refuse_names(source: Source, monthly: Mapping[str, MonthlyColumn], windows: WindowsSpec) -> None:
    made = {name: f"data.monthly.{column.name}" for name, column in monthly.items()}
    if windows.rolling is not None:
        made |= dict.fromkeys((OBSERVATION_KEY, OBSERVATION_POINT), "outcome.windows.rolling")
    remedy = "rename the column of the source"
    faults = [
        Fault(f"{name!r} is made from the history, and the source has a column of that name", "duplicate_column",
              source.name, path, remedy=remedy)
        for name, path in made.items() if name in source.raw
    ]  # fmt: skip
    if faults:
        raise IntakeError(faults)


def _rolled(
    source: Source, data: DataSpec, outcome: OutcomeSpec, history: History
) -> tuple[Source, DataSpec, OutcomeSpec, History, np.ndarray, np.ndarray]:
    """Source with a row an account and observation point, the plan's words for it, the history with the openings of

    all accounts, accounts and months of the rows.
    """
    assert isinstance(outcome.history, HistorySpec)
    name = str(outcome.history.account or data.key)
    accounts = _accounts(source, name, outcome.history, history)
    history = _opened(source, data, accounts, history)
    points = rolling_months(history, outcome.windows)
    row, month = _recorded(history, accounts, points)
    if len(row) == 0:
        raise IntakeError(_unmatched(source, accounts, points, history))
    seen = len(np.unique(row))
    texts = {m: point_text(m, dated=history.calendar) for m in points}
    names = {m: history.month_text(m) for m in points}
    keys = np.array([f"{accounts[r]}@{names[m]}" for r, m in zip(row.tolist(), month.tolist(), strict=True)], object)
    place = {m: index for index, m in enumerate(points)}
    levels = np.array(list(texts.values()), dtype=object)
    raw = {
        OBSERVATION_KEY: RawColumn(keys, np.arange(len(keys), dtype=np.int64)),
        OBSERVATION_POINT: RawColumn(
            levels, np.array([place[m] for m in month.tolist()], dtype=np.int64), is_date=history.calendar
        ),
    }
    raw |= {column: _taken(values, row) for column, values in source.raw.items()}
    words = (
        f"{seen:,} of {source.rows:,} accounts of {source.name} at {len(points)} observation points "
        f"from {names[points[0]]} to {names[points[-1]]}, wherever the history has a record"
    )
    made = replace(source, rows=len(row), raw=raw, made=words)
    history_spec = outcome.history.model_copy(update={"account": name})
    windows = outcome.windows.model_copy(update={"observed_at": OBSERVATION_POINT})
    other = () if data.key in (None, name) else (str(data.key),)
    plan_data = data.model_copy(update={"key": OBSERVATION_KEY, "forbidden": (*data.forbidden, *other)})
    plan_outcome = outcome.model_copy(update={"history": history_spec, "windows": windows})
    return made, plan_data, plan_outcome, history, accounts[row], month


def _opened(source: Source, data: DataSpec, accounts: np.ndarray, history: History) -> History:
    """`history` with the opening of every account of the source, those without a row included, where it has a date."""
    if data.date is None or data.date not in source.raw or not history.calendar:
        return history
    column = typed_column(data.date, source.raw[data.date], data)
    months, _ = months_of_rows(column, data.date, "data.date", history)
    if months is None:
        return history  # intake tells that the column holds no dates
    return replace(history, told={**history.told, **date_openings(history, accounts.tolist(), months.tolist())})


def typed_column(name: str, raw: RawColumn, data: DataSpec) -> TypedColumn:
    """A column as intake types it."""
    reading, dates = numbers_of(data, name, raw), dates_of(data, name, raw)
    kind = declared_type(data.columns.get(name)) or decide_type(raw, reading, dates)[0]
    return as_numeric(name, raw, reading)[0] if kind == NUMERIC else as_text(name, raw, reading, kind, dates)[0]


def _placed(source: Source, data: DataSpec, outcome: OutcomeSpec, history: History) -> tuple[np.ndarray, np.ndarray]:
    """Account and month of each row of a source that names both; None where it does not."""
    assert outcome.history is not None
    name, place = str(outcome.history.account or data.key), str(outcome.windows.observed_at)
    needed = {name: "outcome.history.account", place: "outcome.windows.observed_at"}
    absent = [
        Failure(column, "absent", f"the plan names the column {column!r}, and the source has none of this name", path)
        for column, path in needed.items()
        if column not in source.raw
    ]
    if absent:
        raise DataContractError([failure.fault(source.name) for failure in absent], absent)
    column = typed_column(place, source.raw[place], data)
    months, failures = months_of_rows(column, place, "outcome.windows.observed_at", history)
    if months is None:
        raise DataContractError([failure.fault(source.name) for failure in failures], failures)
    return account_keys(source.raw[name].values(), history.integer_key), months


def _accounts(source: Source, name: str, spec: HistorySpec, history: History) -> np.ndarray:
    """The account of each row of the source; refused where one is missing, stands twice or is not there at all."""
    path = "outcome.history.account" if spec.account is not None else "data.key"
    if name not in source.raw:
        message = f"the plan names the column {name!r}, and the source has none of this name"
        raise IntakeError(Fault(message, "absent", source.name, path))
    raw = source.raw[name]
    faults = []
    if missing := int(np.count_nonzero(raw.codes < 0)):
        message = f"the account {name!r} is missing in some rows"
        row = int(np.flatnonzero(raw.codes < 0)[0]) + 1
        faults.append(Fault(message, "key_missing", source.name, path, row, f"{missing:,} rows"))
    counts = np.bincount(raw.codes[raw.codes >= 0], minlength=len(raw.levels))
    if (counts > 1).any():
        found = f"{np.count_nonzero(counts > 1):,} accounts, such as "
        found += ", ".join(map(str, raw.levels[np.flatnonzero(counts > 1)[:SHOWN]]))
        message = f"an account stands in more than one row of {name!r}"
        remedy = "rolling observation points are made from one row an account; or name the rows' own in observed_at"
        faults.append(Fault(message, "duplicate_key", source.name, path, found=found, remedy=remedy))
    if faults:
        raise IntakeError(faults)
    return account_keys(raw.values(), history.integer_key)


def _recorded(history: History, accounts: np.ndarray, points: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Row of the source and month of each record at an observation point, by row and then by month."""
    kind = pa.int64() if history.integer_key else pa.string()
    given = pa.table({"row": pa.array(range(len(accounts)), pa.int64()), "account": pa.array(accounts.tolist(), kind)})
    history.connection.register("given_accounts", given)
    wanted = ", ".join(f"({month})" for month in points)
    table = history.connection.sql(
        f"""SELECT s.row, m.month FROM given_accounts s JOIN months m ON m.key = s.account
            JOIN (VALUES {wanted}) w(month) ON m.month = w.month ORDER BY s.row, m.month"""
    ).to_arrow_table()
    history.connection.unregister("given_accounts")
    return table.column("row").to_numpy().astype(np.int64), table.column("month").to_numpy().astype(np.int64)


def _unmatched(source: Source, accounts: np.ndarray, points: list[int], history: History) -> Fault:
    other = [str(row[0]) for row in history.rows_of(f"SELECT key FROM accounts ORDER BY key LIMIT {SHOWN}")]
    mine = [str(value) for value in accounts[:SHOWN]]
    found = (
        f"accounts {', '.join(mine)}; history {', '.join(other)}; points {', '.join(map(history.month_text, points))}"
    )
    message = "no account of the source has a record in the history at an observation point"
    remedy = "name in outcome.history.account the column that the history's key refers to, or other observation points"
    return Fault(message, "no_match", source.name, "outcome.windows.rolling", found=found[:500], remedy=remedy)


def _taken(column: RawColumn, rows: np.ndarray) -> RawColumn:
    """The column at `rows`, without levels that no row has."""
    codes = column.codes[rows]
    used, moved = np.unique(codes[codes >= 0], return_inverse=True)
    fresh = np.full(len(codes), -1, dtype=np.int64)
    fresh[codes >= 0] = moved
    return replace(column, levels=column.levels[used], codes=fresh)


def _monthly_columns(
    history: History, accounts: np.ndarray, months: np.ndarray, wanted: Mapping[str, int]
) -> tuple[dict[str, RawColumn], list[Conversion]]:
    """Columns `<name>_<lag>` of the rows (account and month of each). The lags of one column share their levels, so

    that they are typed alike.
    """
    if not wanted:
        return {}, []
    kind = pa.int64() if history.integer_key else pa.string()
    plain = [None if pd.isna(month) else int(month) for month in months.tolist()]
    given = pa.table(
        {
            "row": pa.array(range(len(accounts)), pa.int64()),
            "account": pa.array(accounts.tolist(), kind),
            "t": pa.array(plain, pa.int64()),
        }
    )
    history.connection.register("given_rows", given)
    place = {name: index for index, name in enumerate(history.monthly)}
    columns: dict[str, RawColumn] = {}
    told: list[Conversion] = []
    for name, count in wanted.items():
        lags = ", ".join(
            f"any_value(m.c{place[name]}) FILTER (m.month = g.t - {lag}) AS lag{lag}" for lag in range(count)
        )
        table = history.connection.sql(
            f"""SELECT {lags} FROM given_rows g LEFT JOIN monthly m
                ON m.key = g.account AND m.month <= g.t AND m.month > g.t - {count} GROUP BY g.row ORDER BY g.row"""
        ).to_arrow_table()
        together = pa.chunked_array([chunk for lag in table.columns for chunk in lag.chunks], table.column(0).type)
        family, conversions = columns_of_table(pa.table({name: together}))
        codes = family[name].codes.reshape(count, len(accounts))
        columns |= {f"{name}_{lag}": replace(family[name], codes=codes[lag]) for lag in range(count)}
        told += [replace(told_, column=f"{name}_0 to {name}_{count - 1}" if count > 1 else f"{name}_0")
                 for told_ in conversions]  # fmt: skip
    history.connection.unregister("given_rows")
    return columns, told
