"""Columns of a performance history: how each is read in SQL, and what cannot be read."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from credit_risk._core.errors import Fault
from credit_risk.sampling.date_formats import DateReading, moment_of, read_dates
from credit_risk.sampling.doubtful import doubtful_dates
from credit_risk.sampling.history_source import literal, quoted
from credit_risk.sampling.history_spec import HistorySpec, Month
from credit_risk.sampling.source import RawColumn

HISTORY = "outcome.history"
NUMBERS = ("DOUBLE", "FLOAT", "BOOLEAN")
DATES = ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S")
TRUE, FALSE = ("1", "1.0", "true", "yes", "y"), ("0", "0.0", "false", "no", "n")
CALENDAR_MONTH = re.compile(r"([0-9]{4})-?(0[1-9]|1[0-2])\Z")
WHOLE = re.compile(r"[+-]?[0-9]{1,9}\Z")
SHOWN = 5
WRITTEN, WHEN = "calendar_written_", "calendar_month_"  # names that no column of a history has


def is_numeric(kind: str) -> bool:
    """Whether DuckDB holds numbers in a column of this type."""
    return kind in NUMBERS or kind.endswith("INT") or kind == "INTEGER" or kind.startswith("DECIMAL")


def number_sql(name: str, kind: str) -> str:
    """A finite double, or null where there is none (NaN, infinity, text)."""
    column = quoted(name)
    if kind.endswith("INT") or kind == "INTEGER":
        return f"CAST({column} AS DOUBLE)"
    value = f"CAST({column} AS DOUBLE)" if is_numeric(kind) else f"TRY_CAST(trim({column}) AS DOUBLE)"
    return f"CASE WHEN isfinite({value}) THEN {value} END"


def amount_sql(name: str | None, kinds: dict[str, str]) -> str:
    """An amount, or null where the history has no such column."""
    return "CAST(NULL AS DOUBLE)" if name is None else number_sql(name, kinds[name])


def flag_sql(name: str, kind: str) -> str:
    """True for 1, true, yes, y; false for all else, which `flag_faults` has looked at."""
    if kind == "BOOLEAN":
        return f"coalesce({quoted(name)}, FALSE)"
    if is_numeric(kind):
        return f"coalesce({number_sql(name, kind)} = 1, FALSE)"
    return f"coalesce(lower(trim({quoted(name)})) IN ({', '.join(map(literal, TRUE))}), FALSE)"


def code_sql(name: str, kind: str) -> str:
    """A code as text: 1, not 1.0."""
    column = quoted(name)
    if kind in ("DOUBLE", "FLOAT"):
        whole = f"CAST(CAST({column} AS HUGEINT) AS VARCHAR)"
        return f"CASE WHEN {column} = floor({column}) THEN {whole} ELSE CAST({column} AS VARCHAR) END"
    return f"CAST({column} AS VARCHAR)"


def days_sql(kinds: dict[str, str], spec: HistorySpec) -> str:
    """Days past due: the column, or what the code of arrears means."""
    if spec.state is not None:
        code = code_sql(spec.state, kinds[spec.state])
        cases = " ".join(
            f"WHEN {literal(text)} THEN {'NULL' if days is None else days}" for text, days in spec.states.items()
        )
        return f"CAST(CASE {code} {cases} END AS INTEGER)"
    if spec.days_past_due is not None:
        return f"CAST({number_sql(spec.days_past_due, kinds[spec.days_past_due])} AS INTEGER)"
    return "CAST(NULL AS INTEGER)"


def month_sql(kinds: dict[str, str], spec: HistorySpec) -> str:
    """The month as a whole number; of dates in text by the table `calendar`, which `read_months` makes."""
    if spec.month is not None:
        return f"CAST({number_sql(spec.month, kinds[spec.month])} AS INTEGER)"
    assert spec.date is not None
    column = quoted(spec.date)
    if kinds[spec.date] in DATES:
        return f"CAST(year({column}) * 12 + month({column}) - 1 AS INTEGER)"
    return f"(SELECT {WHEN} FROM calendar WHERE {WRITTEN} = {_date_text(spec.date, kinds[spec.date])})"


def _date_text(name: str, kind: str) -> str:
    return code_sql(name, kind) if is_numeric(kind) else f"trim({quoted(name)})"


def read_months(
    connection: Any, kinds: dict[str, str], spec: HistorySpec, file: str
) -> tuple[bool, int | None, list[Fault]]:
    """Whether months are of the calendar, the declared end of observation, and faults of the column of months."""
    name = spec.month if spec.month is not None else str(spec.date)
    path = f"{HISTORY}.{'month' if spec.month is not None else 'date'}"
    faults = []
    (missing,) = connection.execute(f"SELECT count(*) FROM raw WHERE {quoted(name)} IS NULL").fetchall()[0]
    if missing:
        message = f"{name!r} is missing in some rows"
        faults.append(Fault(message, "month", file, path, found=f"{missing:,} rows"))
    if spec.month is not None:
        faults += _whole_month_faults(connection, name, kinds[name], path, file)
    elif kinds[name] not in DATES:
        faults += _make_calendar(connection, spec, kinds[name], path, file)
    until = None
    if spec.observed_until is not None:
        until = month_number(spec.observed_until, calendar=spec.date is not None)
        if until is None:
            allowed = "a month as 2026-11" if spec.date is not None else "a whole number, as in the column"
            path = f"{HISTORY}.observed_until"
            message = "not a month of this history"
            faults.append(Fault(message, "value", file, path, found=str(spec.observed_until), allowed=allowed))
    return spec.date is not None, until, faults


def month_number(value: Month, *, calendar: bool) -> int | None:
    """A month of a plan as a number: year * 12 + month - 1 of the calendar, else as written; None where it is none."""
    text = str(value)
    if calendar:
        match = CALENDAR_MONTH.match(text)
        return int(match[1]) * 12 + int(match[2]) - 1 if match else None
    return int(text) if WHOLE.match(text) else None


def dates_to_months(
    texts: list[str], declared: str | None = None, first_year: int | None = None
) -> tuple[list[int] | None, DateReading | None]:
    """The month of each date and how the texts were read; YYYYMM and YYYY-MM are dates too, and need no format.

    No months where they are not all dates of one format, which is `declared` where the plan says it.
    """
    matches = [CALENDAR_MONTH.match(text) for text in texts] if declared is None else [None]
    if all(matches):
        return [int(match[1]) * 12 + int(match[2]) - 1 for match in matches if match], None
    dates = read_dates(RawColumn(np.asarray(texts, dtype=object), np.arange(len(texts))), declared, first_year)
    if dates is None:
        return None, None
    moments = [moment_of(text, dates.pattern, dates.first_year) for text in texts]
    return [moment.year * 12 + moment.month - 1 for moment in moments if moment is not None], dates


def _whole_month_faults(connection: Any, name: str, kind: str, path: str, file: str) -> list[Fault]:
    number = number_sql(name, kind)
    wrong = f"{quoted(name)} IS NOT NULL AND ({number} IS NULL OR {number} <> floor({number}) OR abs({number}) > 1e8)"
    return _wrong(connection, name, wrong, f"{name!r} does not count months", path, file, "whole numbers", "month")


def _make_calendar(connection: Any, spec: HistorySpec, kind: str, path: str, file: str) -> list[Fault]:
    """Table `calendar` of the distinct texts of a column of dates."""
    name = str(spec.date)
    column = _date_text(name, kind)
    query = f"SELECT DISTINCT {column} FROM raw WHERE {quoted(name)} IS NOT NULL ORDER BY 1"
    texts = [text for (text,) in connection.execute(query).fetchall()]
    connection.execute(f"CREATE OR REPLACE TABLE calendar ({WRITTEN} VARCHAR, {WHEN} INTEGER)")
    months, dates = dates_to_months(texts, spec.date_format, spec.first_year)
    raw = RawColumn(np.asarray(texts, dtype=object), np.arange(len(texts)))
    if (doubt := doubtful_dates(raw, dates)) is not None:
        remedy = doubt.settled("outcome.history")
        return [Fault(f"{name!r} {doubt.message}", "month", file, path, found=doubt.found, remedy=remedy)]
    if months is None:
        shapes: dict[str, str] = {}
        for text in texts:
            shapes.setdefault(re.sub("[A-Za-z]", "a", re.sub("[0-9]", "9", text)), text)
        found = ", ".join(map(repr, list(shapes.values())[:SHOWN]))
        message = f"the values of {name!r} are not dates of one format"
        allowed = "dates such as 2026-11-30 or 2026-11, all alike"
        if spec.date_format is not None:
            message = f"the values of {name!r} are not all dates in the declared format"
            allowed = f"dates in the format {spec.date_format}"
        remedy = "write all dates alike, or declare their format in outcome.history.date_format"
        return [Fault(message, "month", file, path, found=found, allowed=allowed, remedy=remedy)]
    if texts:
        import pyarrow as pa

        connection.register("given_months", pa.table({"text": texts, "month": pa.array(months, pa.int32())}))
        connection.execute("INSERT INTO calendar SELECT * FROM given_months")
        connection.unregister("given_months")
    return []


def state_faults(connection: Any, kinds: dict[str, str], spec: HistorySpec, file: str) -> list[Fault]:
    """Codes of arrears that the plan does not explain, and months without a code."""
    name = str(spec.state)
    code = code_sql(name, kinds[name])
    known = ", ".join(map(literal, spec.states))
    other = f"{code} IS NULL OR {code} NOT IN ({known})"
    query = f"SELECT {code}, count(*) FROM raw WHERE {other} GROUP BY 1 ORDER BY 1 NULLS LAST"
    found = connection.execute(query).fetchall()
    if not found:
        return []
    told = ", ".join(f"{'(missing)' if text is None else text}: {count:,}" for text, count in found[:20])
    message = f"{name!r} has codes that the plan does not explain"
    remedy = "say in outcome.history.states how many days past due each means; null is no exposure"
    return [
        Fault(
            message,
            "unknown_state",
            file,
            f"{HISTORY}.states",
            found=told,
            allowed=", ".join(spec.states),
            remedy=remedy,
        )
    ]


def finite_faults(
    connection: Any, kinds: dict[str, str], name: str, path: str, file: str, *, whole: bool = False
) -> list[Fault]:
    """Values that are missing or no numbers; days past due are whole and not negative."""
    number = number_sql(name, kinds[name])
    wrong = f"{number} IS NULL" + (
        f" OR {number} < 0 OR {number} <> floor({number}) OR {number} > 1e6" if whole else ""
    )
    message = f"{name!r} has values that cannot be used"
    allowed = "whole numbers from 0" if whole else "finite numbers, none missing"
    return _wrong(connection, name, wrong, message, f"{HISTORY}.{path}", file, allowed, "type")


def flag_faults(connection: Any, kinds: dict[str, str], name: str, path: str, file: str) -> list[Fault]:
    """Values that are neither true nor false; missing is false."""
    kind = kinds[name]
    if kind == "BOOLEAN":
        return []
    column = quoted(name)
    if is_numeric(kind):
        number = number_sql(name, kind)
        wrong = f"{column} IS NOT NULL AND {number} NOT IN (0, 1)"
    else:
        wrong = f"{column} IS NOT NULL AND lower(trim({column})) NOT IN ({', '.join(map(literal, (*TRUE, *FALSE)))})"
    message = f"{name!r} is not a flag"
    return _wrong(
        connection, name, wrong, message, f"{HISTORY}.{path}", file, "0 or 1, false or true, no or yes", "type"
    )


def _wrong(
    connection: Any, name: str, condition: str, message: str, path: str, file: str, allowed: str, code: str
) -> list[Fault]:
    value = f"CAST({quoted(name)} AS VARCHAR)"
    query = f"SELECT {value}, count(*) FROM raw WHERE {condition} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {SHOWN + 1}"
    found = connection.execute(query).fetchall()
    if not found:
        return []
    (rows,) = connection.execute(f"SELECT count(*) FROM raw WHERE {condition}").fetchall()[0]
    told = ", ".join("(missing)" if text is None else repr(text) for text, _ in found[:SHOWN])
    return [
        Fault(
            message,
            code,
            file,
            path,
            found=f"{told}{', …' if len(found) > SHOWN else ''} in {rows:,} rows",
            allowed=allowed,
        )
    ]
