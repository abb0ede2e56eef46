"""Monthly performance history: read, checked, and marked with events, in DuckDB so that memory stays bounded.

Days past due count where the amount past due is material: above both the absolute and the relative threshold, of the
account or of its obligor (CRR article 178(1) and (2); Delegated Regulation (EU) 2018/171). An event is days past due
of the definition or more, a flag of unlikeliness to pay, or a write-off.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from credit_risk._core.errors import Fault, IntakeError
from credit_risk.sampling.history_columns import (
    amount_sql,
    code_sql,
    days_sql,
    finite_faults,
    flag_faults,
    flag_sql,
    month_sql,
    read_months,
    state_faults,
)
from credit_risk.sampling.history_source import close_raw, open_raw, quoted
from credit_risk.sampling.history_spec import DefinitionSpec, HistorySpec

HISTORY = "outcome.history"
SHOWN = 5
BITS = 126  # months that fit the bits of a HUGEINT


@dataclass(frozen=True)
class History:
    """Checked history. Table `months`: key, month, days (days past due that count, null: no exposure), event.

    Table `accounts`, one row an account: key, first, last, first_event (null: none). Table `obligors`: key, obligor
    (null where the history names none; the first in order where it names several). Months are whole numbers: as
    written, or year * 12 + month - 1 where `calendar`; `until` is the last month of observation. Table `monthly`: key,
    month and the columns `monthly` as read, named c0, c1, … in this order.
    """

    connection: Any
    file: str
    sha256: str
    rows: int
    accounts: int
    first: int
    last: int
    until: int
    calendar: bool
    integer_key: bool
    told: dict[str, str | int] = field(default_factory=dict)
    monthly: tuple[str, ...] = ()

    def rows_of(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query of the tables; for small results."""
        return self.connection.execute(query, list(parameters)).fetchall()

    def month_text(self, month: int) -> str:
        """A month as it is written: 2026-11, or the whole number."""
        return f"{month // 12:04d}-{month % 12 + 1:02d}" if self.calendar else str(month)

    def items(self) -> dict[str, str | int]:
        """Facts for the evidence `outcome.history`."""
        return {
            "file": self.file,
            "sha256": self.sha256,
            "rows": self.rows,
            "accounts": self.accounts,
            "first month": self.month_text(self.first),
            "last month": self.month_text(self.last),
            "observed until": self.month_text(self.until),
            **self.told,
        }


def read_history(
    source: Any, spec: HistorySpec, definition: DefinitionSpec | None = None, *, monthly: Sequence[str] = ()
) -> History:
    """Read, check and mark performance history.

    source: path of a CSV or Parquet file, or an Arrow, pandas or polars table. monthly: columns to keep as they are
    (`data.monthly`). Raises IntakeError with all faults:
    columns that are absent, months that are missing, mixed, twice, beyond the end of observation or that leave a gap,
    unknown codes of arrears, values that are no numbers or flags.
    """
    definition = DefinitionSpec() if definition is None else definition
    connection, file, sha256 = open_raw(source)
    kinds = {str(name): str(kind) for name, kind, *_ in connection.execute("DESCRIBE raw").fetchall()}
    absent = _absent(kinds, spec, file, monthly)
    if absent:
        raise IntakeError(absent)
    (rows,) = connection.execute("SELECT count(*) FROM raw").fetchall()[0]
    if rows == 0:
        raise IntakeError(Fault("the history has no row", code="no_rows", file=file, path=f"{HISTORY}.source"))
    calendar, until, faults = read_months(connection, kinds, spec, file)
    integer_key = _integer_key(connection, spec.key, kinds[spec.key])
    _make_facts(connection, kinds, spec, integer_key)
    faults += _column_faults(connection, kinds, spec, file)
    if any(fault.code == "month" for fault in faults):
        raise IntakeError(faults)
    first, last = connection.execute("SELECT min(month), max(month) FROM facts").fetchall()[0]
    until = last if until is None else until
    named = _Named(connection, file, calendar)
    faults += _month_faults(named, spec, first, last, until)
    if faults:
        raise IntakeError(faults)
    _mark(connection, spec, definition)
    _keep_monthly(connection, kinds, spec, integer_key, monthly)
    told = _told(connection, spec)
    close_raw(connection)
    connection.execute("DROP TABLE facts")
    (accounts,) = connection.execute("SELECT count(*) FROM accounts").fetchall()[0]
    return History(
        connection, file, sha256, rows, accounts, first, last, until, calendar, integer_key, told, tuple(monthly)
    )


@dataclass(frozen=True, slots=True)
class _Named:
    connection: Any
    file: str
    calendar: bool

    def month(self, month: int) -> str:
        return f"{month // 12:04d}-{month % 12 + 1:02d}" if self.calendar else str(month)

    def fault(
        self,
        message: str,
        code: str,
        query: str,
        path: str,
        remedy: str,
        first: Callable[[list[int]], int],
        shown: str = "",
    ) -> list[Fault]:
        """A fault with the number of accounts and months of `query` (key, months), or none where it has no row.

        first: of the months of an account, ascending, the first that is at fault.
        """
        count, months = self.connection.execute(f"SELECT count(*), sum(months) FROM ({query})").fetchall()[0]
        if not count:
            return []
        keys = [
            key
            for (key,) in self.connection.execute(f"SELECT key FROM ({query}) ORDER BY key LIMIT {SHOWN}").fetchall()
        ]
        named = [f"{key} ({self.month(first(self._months(key)))})" for key in keys]
        found = f"{counted(months, 'month')} of {counted(count, 'account')}, such as {', '.join(named)}" + shown
        return [Fault(message, code, self.file, path, found=found, remedy=remedy)]

    def _months(self, key: Any) -> list[int]:
        query = "SELECT month FROM facts WHERE key = ? ORDER BY month"
        return [month for (month,) in self.connection.execute(query, [key]).fetchall()]


def counted(number: int, word: str) -> str:
    """A number with its word, in the plural where it is not one."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _absent(kinds: dict[str, str], spec: HistorySpec, file: str, monthly: Sequence[str]) -> list[Fault]:
    singles = ("key", "month", "date", "days_past_due", "state", "past_due", "balance", "write_off", "obligor")
    named = [(name, f"{HISTORY}.{field_}") for field_ in singles if (name := getattr(spec, field_)) is not None]
    named += [(name, f"{HISTORY}.unlikely_to_pay[{index}]") for index, name in enumerate(spec.unlikely_to_pay)]
    named += [(name, f"data.monthly.{name}") for name in monthly]
    faults = []
    for name, path in named:
        if name not in kinds:
            near = difflib.get_close_matches(name, kinds, 1, 0.6)
            remedy = f"did you mean {near[0]!r}?" if near else f"the history has: {', '.join(list(kinds)[:30])}"
            message = f"the plan names the column {name!r}, and the history has none of this name"
            faults.append(Fault(message, "absent", file, path, remedy=remedy))
    return faults


def _integer_key(connection: Any, name: str, kind: str) -> bool:
    """Whether every key is a plain whole number, as intake decides for the applications."""
    column = quoted(name)
    if kind.endswith("INT") or kind in ("INTEGER", "BIGINT"):
        return kind not in ("HUGEINT", "UHUGEINT", "UBIGINT")
    plain = f"CAST(TRY_CAST({column} AS BIGINT) AS VARCHAR)"
    other = f"{column} IS NOT NULL AND {plain} IS DISTINCT FROM {code_sql(name, kind)}"
    return connection.execute(f"SELECT count(*) FROM raw WHERE {other}").fetchall()[0][0] == 0


def _key_sql(kinds: dict[str, str], spec: HistorySpec, integer_key: bool) -> str:
    return f"TRY_CAST({quoted(spec.key)} AS BIGINT)" if integer_key else code_sql(spec.key, kinds[spec.key])


def _keep_monthly(
    connection: Any, kinds: dict[str, str], spec: HistorySpec, integer_key: bool, names: Sequence[str]
) -> None:
    """Table `monthly`, where columns are asked for."""
    if names:
        columns = ", ".join(f"{quoted(name)} AS c{index}" for index, name in enumerate(names))
        key, month = _key_sql(kinds, spec, integer_key), month_sql(kinds, spec)
        connection.execute(
            f"CREATE OR REPLACE TABLE monthly AS SELECT {key} AS key, {month} AS month, {columns} FROM raw"
        )


def _make_facts(connection: Any, kinds: dict[str, str], spec: HistorySpec, integer_key: bool) -> None:
    """Table `facts`: key, month, days, past_due, balance, flagged, obligor, each null where it cannot be read."""
    key = _key_sql(kinds, spec, integer_key)
    names = [*spec.unlikely_to_pay, *([spec.write_off] if spec.write_off else [])]
    flags = [flag_sql(name, kinds[name]) for name in names]
    whole = spec.obligor is not None and kinds[spec.obligor] in ("BIGINT", "INTEGER", "SMALLINT", "TINYINT")
    obligor = "CAST(NULL AS VARCHAR)" if spec.obligor is None else code_sql(spec.obligor, kinds[spec.obligor])
    obligor = quoted(str(spec.obligor)) if whole else obligor
    connection.execute(
        f"""CREATE OR REPLACE TABLE facts AS SELECT {key} AS key, {month_sql(kinds, spec)} AS month,
            {days_sql(kinds, spec)} AS days, {amount_sql(spec.past_due, kinds)} AS past_due,
            {amount_sql(spec.balance, kinds)} AS balance,
            {" OR ".join(flags) if flags else "FALSE"} AS flagged, {obligor} AS obligor FROM raw"""
    )


def _column_faults(connection: Any, kinds: dict[str, str], spec: HistorySpec, file: str) -> list[Fault]:
    faults: list[Fault] = []
    for name, path in ((spec.key, "key"), (spec.obligor, "obligor")):
        if name is not None:
            (missing,) = connection.execute(f"SELECT count(*) FROM raw WHERE {quoted(name)} IS NULL").fetchall()[0]
            if missing:
                message = f"{name!r} is missing in some rows"
                faults.append(Fault(message, "missing", file, f"{HISTORY}.{path}", found=f"{missing:,} rows"))
    if spec.state is not None:
        faults += state_faults(connection, kinds, spec, file)
    if spec.days_past_due is not None:
        faults += finite_faults(connection, kinds, spec.days_past_due, "days_past_due", file, whole=True)
    for name, path in ((spec.past_due, "past_due"), (spec.balance, "balance")):
        if name is not None:
            faults += finite_faults(connection, kinds, name, path, file)
    for index, name in enumerate(spec.unlikely_to_pay):
        faults += flag_faults(connection, kinds, name, f"unlikely_to_pay[{index}]", file)
    if spec.write_off is not None:
        faults += flag_faults(connection, kinds, spec.write_off, "write_off", file)
    return faults


def _month_faults(named: _Named, spec: HistorySpec, first: int, last: int, until: int) -> list[Fault]:
    """Months beyond the end of observation, months that stand twice, and months that are not there."""
    faults = []
    if last > until:
        faults += named.fault(
            f"months after {named.month(until)}, the end of observation",
            "future_month",
            f"SELECT key, count(*) AS months FROM facts WHERE month > {until} GROUP BY key",
            f"{HISTORY}.observed_until",
            "correct the months, or declare a later end of observation",
            lambda months: next(month for month in months if month > until),
            f"; the last is {named.month(last)}",
        )
    short = last - first < BITS
    distinct = f"bit_count(bit_or(1::HUGEINT << (month - ({first}))))" if short else "count(DISTINCT month)"
    query = f"SELECT key, count(*) AS n, max(month) - min(month) + 1 AS span, {distinct} AS d FROM facts GROUP BY key"
    path = f"{HISTORY}.{'month' if spec.month is not None else 'date'}"
    faults += named.fault(
        "a month stands more than once for an account",
        "duplicate_month",
        f"SELECT key, n - d AS months FROM ({query}) WHERE n > d",
        path,
        "keep one row an account and month",
        lambda months: next(one for one, other in pairwise(months) if one == other),
    )
    if spec.gaps == "refuse":
        faults += _holes(named, path)
        faults += named.fault(
            "the history of an account has gaps",
            "gap",
            f"SELECT key, span - d AS months FROM ({query}) WHERE span > d",
            path,
            "complete the history, or write gaps: accept",
            lambda months: next(one + 1 for one, other in pairwise(months) if other > one + 1),
        )
    return faults


def _holes(named: _Named, path: str) -> list[Fault]:
    """Months inside the history in which no account has a record: not delivered, or those after them are mistaken."""
    months = [month for (month,) in named.connection.execute("SELECT DISTINCT month FROM facts ORDER BY 1").fetchall()]
    holes = [(one + 1, other - 1) for one, other in pairwise(months) if other > one + 1]
    if not holes:
        return []
    start = holes[-1][1] + 1
    rows, accounts = named.connection.execute(
        f"SELECT count(*), count(DISTINCT key) FROM facts WHERE month >= {start}"
    ).fetchall()[0]
    shown = [
        named.month(a) if a == b else f"{named.month(a)} to {named.month(b)}" for a, b in (*holes[:2], *holes[2:][-1:])
    ]
    found = f"{', '.join(shown)}; {counted(rows, 'row')} of {counted(accounts, 'account')} from {named.month(start)} on"
    message = "there are months in which no account has a record"
    remedy = "correct months of the future, deliver those that are not there, or write gaps: accept"
    return [Fault(message, "hole", named.file, path, found=found, remedy=remedy)]


def _mark(connection: Any, spec: HistorySpec, definition: DefinitionSpec) -> None:
    """Tables `months` and `accounts` by the definition of bad."""
    event = f"(coalesce(days >= {definition.days_past_due}, FALSE) OR flagged)"
    if definition.level == "obligor":
        # Arrears of the obligor: most days of any account, amounts of its accounts in arrears against all balances.
        joint = """SELECT obligor, month, max(days) AS days, bool_or(flagged) AS flagged, sum(balance) AS balance,
            sum(past_due) FILTER (days > 0) AS past_due FROM facts GROUP BY obligor, month"""
        source = f"""SELECT f.key, f.month, {_counted(spec, "j.")} AS days, j.flagged
            FROM facts f JOIN ({joint}) j USING (obligor, month)"""
    else:
        source = f"SELECT key, month, {_counted(spec)} AS days, flagged, obligor, balance FROM facts"
    marked = f"SELECT key, month, days, {event} AS event FROM ({source})"
    if definition.contagion_share is not None and definition.level == "facility":
        inner = f"SELECT *, {event} AS own FROM ({source})"
        limit = f"CAST({definition.contagion_share!r} AS DOUBLE) * sum(balance)"
        joint = f"""SELECT obligor, month, coalesce(sum(balance) FILTER (own), 0) > {limit} AS spread
            FROM ({inner}) GROUP BY obligor, month"""
        marked = f"""SELECT i.key, i.month, i.days, i.own OR coalesce(j.spread, FALSE) AS event
            FROM ({inner}) i JOIN ({joint}) j USING (obligor, month)"""
    connection.execute(f"CREATE OR REPLACE TABLE months AS {marked}")
    connection.execute(
        """CREATE OR REPLACE TABLE accounts AS SELECT key, min(month) AS first, max(month) AS last,
           min(month) FILTER (event) AS first_event FROM months GROUP BY key"""
    )
    connection.execute(
        "CREATE OR REPLACE TABLE obligors AS SELECT key, min(obligor) AS obligor FROM facts GROUP BY key"
    )


def _counted(spec: HistorySpec, side: str = "") -> str:
    """Days past due that count: 0 where the amount is not material, null where there is no exposure."""
    if spec.materiality is None:
        return f"{side}days"
    amount = f"coalesce({side}past_due, 0)"
    parts = [f"{amount} > CAST({spec.materiality.absolute!r} AS DOUBLE)"]
    if spec.balance is not None:
        parts.append(f"{amount} > CAST({spec.materiality.relative!r} AS DOUBLE) * {side}balance")
    return f"CASE WHEN {side}days > 0 AND NOT ({' AND '.join(parts)}) THEN 0 ELSE {side}days END"


def _told(connection: Any, spec: HistorySpec) -> dict[str, str | int]:
    """What the history holds beyond its size: gaps that were accepted, months without exposure or immaterial."""
    told: dict[str, str | int] = {}
    if spec.gaps == "accept":
        (gaps,) = connection.execute(
            "SELECT sum(a.last - a.first + 1) - (SELECT count(*) FROM months) FROM accounts a"
        ).fetchall()[0]
        told["months missing inside histories, taken as without event"] = int(gaps)
        query = "SELECT max(month) - min(month) + 1 - count(DISTINCT month) FROM months"
        told["months in which no account has a record"] = connection.execute(query).fetchall()[0][0]
    (none,) = connection.execute("SELECT count(*) FROM months WHERE days IS NULL").fetchall()[0]
    told["months without exposure"] = none
    if spec.materiality is not None:
        query = "SELECT count(*) FROM facts f JOIN months m USING (key, month) WHERE f.days > 0 AND m.days = 0"
        told["months in arrears that are not material"] = connection.execute(query).fetchall()[0][0]
    (events,) = connection.execute("SELECT count(*) FROM accounts WHERE first_event IS NOT NULL").fetchall()[0]
    told["accounts with an event at any time"] = events
    return told
