"""DuckDB, in the process."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from credit_risk.export.parity.engines import EngineRun
from credit_risk.export.program import Program


class DuckDB:
    """The module `duckdb`."""

    name = "duckdb"
    export = "sql"

    def version(self) -> str | None:
        if importlib.util.find_spec("sqlglot") is None or importlib.util.find_spec("duckdb") is None:
            return None
        import duckdb

        return duckdb.__version__

    def why_not(self) -> str:
        if importlib.util.find_spec("sqlglot") is None:
            return "the Python module sqlglot is not installed (it writes the SQL)"
        return "the Python module duckdb is not installed"

    def run(self, program: Program, files: Mapping[str, bytes], frame: pd.DataFrame, folder: Path) -> EngineRun:
        import duckdb

        from credit_risk.export.parity.adapters import sql_tables
        from credit_risk.export.sql import TABLE

        work = sql_tables.job(program, files, frame, "duckdb")
        connection = duckdb.connect()
        try:
            connection.register(TABLE, work.arrow())
            start = time.perf_counter()
            done = connection.execute(work.statement)
            names, rows = [one[0] for one in done.description], done.fetchall()
            seconds = time.perf_counter() - start
            done = connection.execute(work.traced.statements[0])
            return sql_tables.finished(
                work, names, rows, [one[0] for one in done.description], done.fetchall(), seconds
            )
        except duckdb.Error as error:
            raise sql_tables.shortened(error) from error
        finally:
            connection.close()
