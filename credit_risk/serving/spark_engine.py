"""Spark: Parquet files read and cut by Spark, each part scored in a worker by the same function as everywhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

import pyarrow as pa

from credit_risk._core.errors import Fault, IntakeError
from credit_risk._core.extras import optional_import
from credit_risk._core.spark import begin_session, memory_remedy, worker_remedy
from credit_risk.serving.files import file_facts
from credit_risk.serving.source import (
    DECIMAL,
    INTEGER,
    MOST_DUPLICATES,
    REAL,
    SINGLE,
    InputFacts,
    Part,
    Work,
    changed,
)

if TYPE_CHECKING:
    from credit_risk.serving.sql import SqlScoring

PLAIN = "^(0|-?[1-9][0-9]*)$"
SPECIAL = re.compile(r"([*?\[\]{}\\])")
"""What Spark would take for a pattern in the name of a file."""
POLL = 0.5
"""Seconds between two looks at what workers have finished."""
PART, ROW, PIECE = "__part", "__row", "__piece"
VIEW = "credit_risk_rows"


class Spark:
    """Reads Parquet files that driver and workers see under the same path; workers write the parts themselves."""

    name = "spark"

    def __init__(self, path: str, master: str | None):
        self._pyspark = optional_import("pyspark", "spark")
        self._sql = optional_import("pyspark.sql", "spark")
        self.version = self._pyspark.__version__
        self._path, self._master = path, master
        self._facts: InputFacts | None = None
        self._session: Any = None
        self._ours = True

    def facts(self, needed: Sequence[str], key: str | None) -> InputFacts:
        """Files, columns, rows and hashes. CSV is refused: Spark keeps no order of its rows."""
        found = file_facts(self._path, needed, key)
        if found.kind != "Parquet":
            remedy = "use --engine duckdb, or turn the files into Parquet"
            message = "Spark gives the rows of CSV no number, so that a run could not be taken up again"
            raise IntakeError(Fault(message, "kind", self._path, remedy=remedy))
        if faults := [one for name in (*needed, key) if name is not None for one in self._mixed(found, name)]:
            raise IntakeError(faults)
        self._facts = found
        self._session = self._started()
        return found

    def _mixed(self, facts: InputFacts, name: str) -> list[Fault]:
        """Files that differ in what a column holds: Spark reads all of them by the columns of one."""
        kinds = facts.kinds.get(name, frozenset())
        if len(kinds) < 2 or kinds <= {INTEGER, REAL, SINGLE, DECIMAL}:
            return []
        remedy = "write the files with the same types, or use --engine duckdb"
        message = "has other types in some files, which Spark does not read together"
        return [Fault(message, "mixed_types", self._path, name, found=", ".join(sorted(kinds)), remedy=remedy)]

    def _started(self) -> Any:
        self._ours = self._sql.SparkSession.getActiveSession() is None
        settings = {"spark.sql.session.timeZone": "UTC", "spark.sql.caseSensitive": "true"}
        return begin_session("credit-risk score", master=self._master, settings=settings)

    def levels(self, name: str) -> list[str]:
        """Distinct texts of a column."""
        column = self._column(name)
        with self._told():
            rows = self._frame().select(column.alias("k")).where("k IS NOT NULL AND k <> ''").distinct().collect()
        return sorted(row[0] for row in rows)

    def repeated(self, key: str) -> list[str]:
        """Keys of several rows."""
        column = self._column(key).cast("string").alias("k")
        with self._told():
            counted = self._frame().select(column).where("k IS NOT NULL AND k <> ''").groupBy("k").count()
            rows = counted.where("count > 1").limit(MOST_DUPLICATES + 1).collect()
        return sorted(row[0] for row in rows)

    def whole(self, key: str) -> bool:
        """Whether all keys are plain whole numbers of 64 bits."""
        column = self._column(key).cast("string").alias("k")
        good = f"coalesce(k RLIKE '{PLAIN}' AND try_cast(k AS BIGINT) IS NOT NULL, false)"
        with self._told():
            return not self._frame().select(column).where(f"NOT {good}").limit(1).collect()

    def run(
        self, parts: Sequence[Part], columns: Sequence[str], work: Work, sql: SqlScoring | None = None
    ) -> Iterator[dict[str, Any]]:
        """Parts as their workers end. Each row goes to the worker of its part with its number in its file."""
        functions = self._sql.functions
        size = max(part.rows for part in parts)
        by_number = {part.number: part for part in parts}
        frame = self._frame().select(
            functions.col("_metadata.file_path").alias(PIECE),
            functions.col("_metadata.row_index").alias(ROW),
            *(self._column(name).alias(f"c{place}") for place, name in enumerate(columns)),
        )
        names, plain = list(columns), [f"c{place}" for place in range(len(columns))]
        if sql is not None:
            frame.createOrReplaceTempView(VIEW)
            query = sql.over(VIEW, plain, (PIECE, ROW))
            if remedy := memory_remedy(self._session, query):
                raise IntakeError(Fault("Spark has too little memory to plan the model's SQL", "memory", remedy=remedy))
            with self._told():
                frame = self._session.sql(query)
            names, plain = [*names, sql.told, *sql.results], [*plain, sql.told, *sql.results]
        places = self._session.createDataFrame(
            [
                (uri, place, part.number, part.start // size)
                for uri, place in self._uris().items()
                for part in parts
                if part.piece == place
            ],
            f"{PIECE} string, place int, {PART} int, slot bigint",
        )
        slotted = frame.withColumn("slot", functions.expr(f"{ROW} div {size}"))
        joined = slotted.join(functions.broadcast(places), [PIECE, "slot"]).drop("place", "slot", PIECE)

        def score(table: pa.Table) -> pa.Table:
            part = by_number[table[PART][0].as_py()]
            ordered = table.sort_by(ROW).select(plain).rename_columns(names)
            if ordered.num_rows != part.rows:
                raise changed(part)
            return pa.table({"entry": pa.array([json.dumps(work(part, ordered))], pa.string())})

        waiting = dict(by_number)
        with self._told(), ThreadPoolExecutor(1) as pool:
            job = pool.submit(joined.groupBy(PART).applyInArrow(score, "entry string").collect)
            try:
                while not job.done():
                    wait([job], timeout=POLL)
                    for part in list(waiting.values()):
                        if (entry := work.stands(part)) is not None:
                            del waiting[part.number]
                            yield entry
            except BaseException:
                self._session.sparkContext.cancelAllJobs()
                raise
            for row in job.result():
                entry = json.loads(row[0])
                if entry["part"] in waiting:
                    yield entry

    def close(self) -> None:
        """Stop the session, unless it was there before."""
        if self._session is not None and self._ours:
            self._session.stop()

    def _uris(self) -> dict[str, int]:
        """Place of each file by the name that Spark has for it."""
        assert self._facts is not None
        place = {str(Path(piece.path)): number for number, piece in enumerate(self._facts.pieces)}
        with self._told():
            rows = self._frame().select("_metadata.file_path").distinct().collect()
        return {row[0]: place[unquote(urlparse(row[0]).path)] for row in rows}

    def _frame(self) -> Any:
        assert self._facts is not None
        names = ("file:" + SPECIAL.sub(r"\\\1", piece.path) for piece in self._facts.pieces)
        return self._session.read.parquet(*names)

    def _column(self, name: str) -> Any:
        return self._sql.functions.col("`" + name.replace("`", "``") + "`")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What Spark says, as an IntakeError."""
        errors = optional_import("pyspark.errors", "spark")
        java = optional_import("py4j.protocol", "spark")
        try:
            yield
        except (errors.PySparkException, java.Py4JJavaError, OSError) as error:
            found = " ".join(str(error).split())[:400]
            remedy = worker_remedy(error)
            raise IntakeError(
                Fault("Spark cannot score it", "spark", self._path, found=found, remedy=remedy)
            ) from error
