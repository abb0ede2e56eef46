"""Spark: Parquet files that driver and workers see under the same path, or a table of its catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any

import pyarrow as pa

from credit_risk._core.errors import Fault, IntakeError
from credit_risk._core.extras import optional_import
from credit_risk._core.spark import begin_session
from credit_risk.export.sql.dialects import DIALECTS
from credit_risk.monitoring.source.columns import columns_in
from credit_risk.monitoring.source.engine import EngineError
from credit_risk.monitoring.source.files import Found, file_partitions
from credit_risk.monitoring.source.mapping import Mapped
from credit_risk.monitoring.source.tables import TABLE, Partition
from credit_risk.package import Package
from credit_risk.serving.spark_engine import SPECIAL

MESSAGE = "message"
NONE = pa.list_(pa.null())
TYPES = dict.fromkeys(("byte", "short", "integer", "long"), pa.int64())
TYPES |= dict.fromkeys(("float", "double", "decimal"), pa.float64())
TYPES |= dict.fromkeys(("string", "varchar", "char"), pa.string())
TYPES |= {"boolean": pa.bool_(), "date": pa.date32()}
TYPES |= {"timestamp": pa.timestamp("us", tz="UTC"), "timestamp_ntz": pa.timestamp("us")}
"""What a column of a type of Spark holds; NONE: what no model takes."""
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "true",
    "spark.sql.legacy.parquet.nanosAsLong": "true",
    "spark.sql.ansi.enabled": "false",
}


class SparkEngine:
    """Files, folders, patterns and prediction logs; else the name of a table or view of the session.

    session: one at hand, which is not stopped: its settings stay as they are, since a session of its own is made of it.
    """

    name = "spark"
    dialect = DIALECTS["spark"]
    together = 50

    def __init__(self, place: str, *, master: str | None = None, session: Any = None):
        pyspark = optional_import("pyspark", "spark")
        self._sql = optional_import("pyspark.sql", "spark")
        self._errors = optional_import("pyspark.errors", "spark")
        self._java = optional_import("py4j.protocol", "spark")
        self.version = str(pyspark.__version__)
        self._place = place
        self._session, self._ours = self._started(master, session)
        for name, value in SETTINGS.items():
            self._session.conf.set(name, value)
        self._kept: list[Any] = []
        self._views: dict[tuple[str, ...], str] = {}
        self.split = _are_files(place)

    def _started(self, master: str | None, session: Any) -> tuple[Any, bool]:
        active = session or self._sql.SparkSession.getActiveSession()
        if active is not None:
            return active.newSession(), False
        return begin_session("credit-risk monitor", master=master), True

    def partitions(self, mapping: Mapped, package: Package) -> Found:
        """A file each; a table as a whole."""
        if self.split:
            return file_partitions(self._place, mapping, package)
        try:
            with self._told():
                frame = self._session.table(self._place)
                schema = [(one.name, TYPES.get(one.dataType.typeName(), NONE)) for one in frame.schema.fields]
        except EngineError as error:
            remedy = "name a file, a folder, a pattern, or a table of the catalogue"
            fault = Fault("cannot be read", "spark", self._place, found=str(error), remedy=remedy)
            raise IntakeError(fault) from error
        columns, faults = columns_in(self._place, 0, {TABLE: schema}, mapping, package)
        if not columns:
            raise IntakeError([Fault(one.message, one.code, self._place, remedy=one.remedy) for one in faults])
        return [Partition(self._place, {TABLE: self._place}, columns)], faults

    def at(self, place: str) -> SparkEngine:
        """What lies elsewhere, in the same session."""
        other = copy(self)
        other._place, other.split = place, _are_files(place)
        return other

    def table(self, places: Sequence[str]) -> str:
        """A view of the files; the table."""
        if not self.split:
            return self._place
        key = tuple(places)
        if key not in self._views:
            files = ["file:" + SPECIAL.sub(r"\\\1", place) for place in places]
            name = f"production_{len(self._views)}"
            try:
                with self._told():
                    self._session.read.parquet(*files).createOrReplaceTempView(name)
            except EngineError:
                self._views[key] = f"parquet.`{places[0]}`"  # what it says is told where it is read
            else:
                self._views[key] = name
        return self._views[key]

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a result."""
        with self._told():
            return [tuple(row) for row in self._session.sql(sql).collect()]

    def arrow(self, sql: str) -> pa.Table:
        """A result as a table."""
        with self._told():
            return self._session.sql(sql).toArrow()

    def batches(self, sql: str, *, repeatable: bool = False) -> Iterator[pa.RecordBatch]:
        """A result in its order, a partition of it at a time: that is what the driver holds, as messages of Arrow that
        the workers write, and one message of them as rows.

        Of a sorted result a partition has some 64 MB (spark.sql.adaptive.advisoryPartitionSizeInBytes), of one read
        from files what is read of them at a time (128 MB, spark.sql.files.maxPartitionBytes, and a row group at least);
        a message has 10,000 rows (spark.sql.execution.arrow.maxRecordsPerBatch).
        """
        with self._told():
            messages = self._session.sql(sql).mapInArrow(_written(), f"{MESSAGE} binary").toLocalIterator()
            for row in messages:
                yield from pa.ipc.open_stream(row[MESSAGE])

    def parts(self, rows: int) -> Sequence[str]:
        """Workers sort and join within their own memory, and on their disks."""
        return []

    def keep(self, name: str, sql: str) -> None:
        """A view whose rows are kept in the memory and on the disks of the workers."""
        with self._told():
            self._kept.append(self._session.sql(sql).persist())
            self._kept[-1].createOrReplaceTempView(name)

    def repeated(self, name: str, sql: str, rows: int) -> int:
        """Spark sorts or hashes within its own memory."""
        self.keep(name, f"SELECT k FROM ({sql}) AS u WHERE k IS NOT NULL GROUP BY k HAVING COUNT(*) > 1")
        return int(self.fetch(f"SELECT COUNT(*) FROM {name}")[0][0])

    def close(self) -> None:
        """Stop the session, unless it was there before."""
        for frame in self._kept:
            frame.unpersist()
        for name in (*self._views.values(), "repeated_keys", "kept_rows"):
            if "`" not in name:
                self._session.catalog.dropTempView(name)
        if self._ours:
            self._session.stop()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (self._errors.PySparkException, pa.ArrowException, OSError) as error:
            raise EngineError(" ".join(str(error).split())[:300]) from error
        except self._java.Py4JJavaError as error:  # what Spark does not translate, such as pages that cannot be read
            said = str(error.java_exception.getMessage())
            raise EngineError(" ".join(said.split())[:300]) from error


def _written() -> Any:
    """What workers do with their rows: a function of its own, since they need not have this package."""

    def written(batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow

        for batch in batches:
            sink = pyarrow.BufferOutputStream()
            with pyarrow.ipc.new_stream(sink, batch.schema) as stream:
                stream.write_batch(batch)
            message = pyarrow.array([sink.getvalue().to_pybytes()], pyarrow.binary())
            yield pyarrow.RecordBatch.from_arrays([message], ["message"])

    return written


def _are_files(place: str) -> bool:
    """Whether a place is a path or a pattern, and no name of the catalogue."""
    return Path(place).exists() or "*" in place or "/" in place
