"""PostgreSQL, by psycopg: the server that CREDIT_RISK_POSTGRES names (a connection string)."""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from credit_risk.export.parity.engines import EngineRun
from credit_risk.export.program import Program

VARIABLE = "CREDIT_RISK_POSTGRES"


class Postgres:
    """A server; it is only read and written in a temporary table."""

    name = "postgres"
    export = "sql"

    def version(self) -> str | None:
        if (
            importlib.util.find_spec("sqlglot") is None
            or importlib.util.find_spec("psycopg") is None
            or not os.environ.get(VARIABLE)
        ):
            return None
        import psycopg

        try:
            with psycopg.connect(os.environ[VARIABLE], connect_timeout=10) as connection:
                return str(connection.execute("SHOW server_version").fetchone()[0])  # type: ignore[index]
        except psycopg.Error:
            return None

    def why_not(self) -> str:
        if importlib.util.find_spec("sqlglot") is None:
            return "the Python module sqlglot is not installed (it writes the SQL)"
        if importlib.util.find_spec("psycopg") is None:
            return "the Python module psycopg is not installed"
        if not os.environ.get(VARIABLE):
            return f"the variable {VARIABLE} names no server (`host=… dbname=… user=…`)"
        return f"the server that {VARIABLE} names does not answer"

    def run(self, program: Program, files: Mapping[str, bytes], frame: pd.DataFrame, folder: Path) -> EngineRun:
        import psycopg

        from credit_risk.export.parity.adapters import sql_tables
        from credit_risk.export.sql import DIALECTS, TABLE

        work = sql_tables.job(program, files, frame, "postgres")
        quoted = DIALECTS["postgres"].quoted
        types = ", ".join(f"{quoted(name)} {'double precision' if number else 'text'}" for name, number in work.columns)
        try:
            with psycopg.connect(os.environ[VARIABLE]) as connection, connection.cursor() as cursor:
                cursor.execute("SET jit = off")
                cursor.execute(f"CREATE TEMPORARY TABLE {TABLE} ({types}) ON COMMIT DROP".encode())
                with cursor.copy(f"COPY pg_temp.{TABLE} FROM STDIN".encode()) as copy:
                    for row in work.records():
                        copy.write_row(row)
                cursor.execute(f"ANALYZE {TABLE}".encode())
                start = time.perf_counter()
                cursor.execute(work.statement.encode())
                names, rows = [one.name for one in cursor.description or ()], cursor.fetchall()
                seconds = time.perf_counter() - start
                cursor.execute(work.traced.statements[0].encode())
                return sql_tables.finished(
                    work, names, rows, [one.name for one in cursor.description or ()], cursor.fetchall(), seconds
                )
        except psycopg.Error as error:
            raise sql_tables.shortened(error) from error
