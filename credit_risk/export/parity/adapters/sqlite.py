"""SQLite, by the standard library."""

from __future__ import annotations

import importlib.util
import math
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from credit_risk.export.parity.engines import EngineRun
from credit_risk.export.program import Program

OLDEST = (3, 35, 0)


class SQLite:
    """The library that Python is linked with. A build without mathematical functions is lent Python's EXP and LN."""

    name = "sqlite"
    export = "sql"

    def version(self) -> str | None:
        if sqlite3.sqlite_version_info < OLDEST or importlib.util.find_spec("sqlglot") is None:
            return None
        return sqlite3.sqlite_version + ("" if _has_mathematics() else " (EXP and LN of Python)")

    def why_not(self) -> str:
        if importlib.util.find_spec("sqlglot") is None:
            return "the Python module sqlglot is not installed (it writes the SQL)"
        return f"SQLite {sqlite3.sqlite_version} is older than {'.'.join(map(str, OLDEST))}"

    def run(self, program: Program, files: Mapping[str, bytes], frame: pd.DataFrame, folder: Path) -> EngineRun:
        from credit_risk.export.parity.adapters import sql_tables
        from credit_risk.export.sql import DIALECTS, TABLE

        work = sql_tables.job(program, files, frame, "sqlite")
        connection = sqlite3.connect(":memory:")
        try:
            if not _has_mathematics():
                connection.create_function("EXP", 1, _exp, deterministic=True)
                connection.create_function("LN", 1, lambda x: None if x is None else math.log(x), deterministic=True)
            quoted = DIALECTS["sqlite"].quoted
            types = ", ".join(f"{quoted(name)} {'REAL' if number else 'TEXT'}" for name, number in work.columns)
            connection.execute(f"CREATE TABLE {TABLE} ({types})")
            marks = ", ".join("?" * len(work.columns))
            connection.executemany(f"INSERT INTO {TABLE} VALUES ({marks})", work.records())
            start = time.perf_counter()
            done = connection.execute(work.statement)
            names, rows = [one[0] for one in done.description], done.fetchall()
            seconds = time.perf_counter() - start
            done = connection.execute(work.traced.statements[0])
            return sql_tables.finished(
                work, names, rows, [one[0] for one in done.description], done.fetchall(), seconds
            )
        except sqlite3.Error as error:
            raise sql_tables.shortened(error) from error
        finally:
            connection.close()


def _has_mathematics() -> bool:
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("SELECT EXP(1.0), LN(2.0)")
    except sqlite3.Error:
        return False
    finally:
        connection.close()
    return True


def _exp(x: float | None) -> float | None:
    if x is None:
        return None
    return math.exp(x) if x < 709.79 else math.inf
