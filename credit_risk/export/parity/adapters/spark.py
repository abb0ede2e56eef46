"""Apache Spark on this machine, by pyspark with Java."""

from __future__ import annotations

import importlib.util
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from credit_risk._core.spark import MEMORY, begin_session, memory_remedy
from credit_risk.export.parity.engines import EngineError, EngineRun
from credit_risk.export.program import Program

if TYPE_CHECKING:
    from credit_risk.export.parity.adapters.sql_tables import Job


DRIVER_MEMORY = "4g"
"""Memory of a driver that is begun here: pyspark's own 1 GB is too little to plan reasons of many trees."""
INTERPRETED_FROM = 200_000
"""Statements of so many characters are interpreted, as Spark does by itself once it has tried to compile them: what it
would generate is more than Java takes for one method."""
_CODEGEN = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}


class Spark:
    """A session `local[2]`, begun with the first run."""

    name = "spark"
    export = "sql"

    def version(self) -> str | None:
        if (
            importlib.util.find_spec("sqlglot") is None
            or importlib.util.find_spec("pyspark") is None
            or not shutil.which("java")
        ):
            return None
        import pyspark

        return str(pyspark.__version__)

    def why_not(self) -> str:
        if importlib.util.find_spec("sqlglot") is None:
            return "the Python module sqlglot is not installed (it writes the SQL)"
        if importlib.util.find_spec("pyspark") is None:
            return "the Python module pyspark is not installed"
        return "java is not on the PATH"

    def run(self, program: Program, files: Mapping[str, bytes], frame: pd.DataFrame, folder: Path) -> EngineRun:
        from credit_risk.export.parity.adapters import sql_tables
        from credit_risk.export.sql import TABLE

        work = sql_tables.job(program, files, frame, "spark")
        try:
            session = _session(folder)
            session.createDataFrame(work.records(), _schema(work)).createOrReplaceTempView(TABLE)
            statements = (work.statement, work.traced.statements[0])
            if remedy := memory_remedy(session, max(statements, key=len)):
                raise EngineError(remedy)
            with _interpreted(session, len(work.statement) >= INTERPRETED_FROM):
                start = time.perf_counter()
                done = session.sql(work.statement)
                rows = [tuple(row) for row in done.collect()]
                seconds = time.perf_counter() - start
                told = session.sql(statements[1])
                path = [tuple(row) for row in told.collect()]
            return sql_tables.finished(work, done.columns, rows, told.columns, path, seconds)
        except EngineError:
            raise
        except Exception as error:
            raise sql_tables.shortened(error) from error


@contextmanager
def _interpreted(session: Any, wanted: bool) -> Iterator[None]:
    """Expressions interpreted, where wanted; the session is as before afterwards."""
    before = {name: session.conf.get(name) for name in _CODEGEN}
    try:
        for name, value in _CODEGEN.items() if wanted else ():
            session.conf.set(name, value)
        yield
    finally:
        for name, found in before.items():
            session.conf.set(name, found)


def _schema(work: Job) -> Any:
    from pyspark.sql import types

    from credit_risk.export.sql import KEY

    kinds = [
        types.LongType() if name == KEY else types.DoubleType() if number else types.StringType()
        for name, number in work.columns
    ]
    fields = [types.StructField(name, kind, True) for (name, _), kind in zip(work.columns, kinds, strict=True)]
    return types.StructType(fields)


def _session(folder: Path) -> Any:
    settings = {
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.log.level": "ERROR",
        MEMORY: DRIVER_MEMORY,
    }
    return begin_session("credit-risk parity", master="local[2]", settings=settings)
