"""Apache Spark on this machine, by pyspark with Java."""

from __future__ import annotations

import importlib.util
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from credit_risk._core.spark import begin_session
from credit_risk.export.parity.engines import EngineError, EngineRun
from credit_risk.export.program import Program

if TYPE_CHECKING:
    from credit_risk.export.parity.adapters.sql_tables import Job


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
            start = time.perf_counter()
            done = session.sql(work.statement)
            rows = [tuple(row) for row in done.collect()]
            seconds = time.perf_counter() - start
            told = session.sql(work.traced.statements[0])
            path = [tuple(row) for row in told.collect()]
            return sql_tables.finished(work, done.columns, rows, told.columns, path, seconds)
        except EngineError:
            raise
        except Exception as error:
            raise sql_tables.shortened(error) from error


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
    }
    return begin_session("credit-risk parity", master="local[2]", settings=settings)
