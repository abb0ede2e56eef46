"""DuckDB, embedded: Parquet files in a database of limited memory; what does not fit goes to a temporary folder."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from functools import partial
from typing import Any

import pyarrow as pa

from credit_risk._core.extras import optional_import
from credit_risk.export.sql.dialects import DIALECTS
from credit_risk.monitoring.source.engine import EngineError
from credit_risk.monitoring.source.files import Found, file_partitions
from credit_risk.monitoring.source.mapping import Mapped
from credit_risk.package import Package
from credit_risk.serving.duckdb_engine import without_progress

MEMORY, MOST_MEMORY = 64, 512
"""Megabytes that a database begins with, and may have where a statement needs them: whatever the rows of production, by
PART. A join of ten million rows takes 64, a sort of them 128; neither grows with the rows but slowly."""
PART = 4_000_000
"""Rows that a statement sorts, or joins with outcomes, at most: more are read in parts by a hash of their key."""
BATCH = 50_000
"""Rows of a batch of a result."""
BUCKET = 250_000
"""Keys that are looked through for repetition at a time."""
READING = "hive_partitioning = false, can_have_nan = true"
"""NaN escapes comparisons that are folded from the statistics of a file, unless DuckDB is told of it (duckdb#25521)."""


class DuckDBEngine:
    """Parquet files, folders, patterns and prediction logs."""

    name = "duckdb"
    dialect = DIALECTS["duckdb"]
    together = 1
    split = True

    def __init__(self, path: str, *, memory: int = MEMORY, threads: int = 2):
        self._duckdb = optional_import("duckdb", "model")
        self.version = str(self._duckdb.__version__)
        self._path = path
        self._megabytes = memory
        self._scratch = tempfile.TemporaryDirectory(prefix="credit-risk-")
        options = {"memory_limit": f"{memory}MB", "temp_directory": self._scratch.name, "threads": str(threads)}
        self._database = self._duckdb.connect(":memory:", config=options)
        without_progress(self._database)
        self._database.execute("SET preserve_insertion_order = false")

    def partitions(self, mapping: Mapped, package: Package) -> Found:
        """A file each."""
        return file_partitions(self._path, mapping, package)

    def at(self, place: str) -> DuckDBEngine:
        """What lies elsewhere, in the same session."""
        other = copy(self)
        other._path = place
        return other

    def table(self, places: Sequence[str]) -> str:
        """The files as one table."""
        files = ", ".join("'" + place.replace("'", "''") + "'" for place in places)
        return f"read_parquet([{files}], {READING})"

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a result."""
        found: list[tuple[Any, ...]] = self._roomy(lambda: self._database.sql(sql).fetchall())
        return found

    def arrow(self, sql: str) -> pa.Table:
        """A result as a table."""
        table: pa.Table = self._roomy(lambda: self._database.sql(sql).to_arrow_table())
        return table

    def batches(self, sql: str, *, repeatable: bool = False) -> Iterator[pa.RecordBatch]:
        """A result some rows at a time. A statement that needs more memory is begun again: as a rule before the first
        row (joins, sorts), else after the rows that were given, where they come in the same order again."""
        given = 0
        reader, batch = self._roomy(partial(self._begun, sql))
        while batch is not None:
            yield batch
            given += batch.num_rows
            try:
                batch = next(reader, None)
            except (self._duckdb.Error, pa.ArrowException, OSError) as error:
                if not (repeatable and self._wants_memory(error)):
                    raise _told_as(error) from error
                self._more(error)
                reader, batch = self._roomy(partial(self._begun, sql, given))

    def _begun(self, sql: str, start: int = 0) -> tuple[Any, pa.RecordBatch | None]:
        """The batches of a result, and the first with rows after so many."""
        reader = self._reader(sql)
        while (batch := next(reader, None)) is not None and start >= batch.num_rows:
            start -= batch.num_rows
        return reader, None if batch is None else batch.slice(start)

    def _reader(self, sql: str) -> Iterator[pa.RecordBatch]:
        reader: Iterator[pa.RecordBatch] = self._database.sql(sql).to_arrow_reader(BATCH)
        return reader

    def parts(self, rows: int) -> Sequence[str]:
        """By the hash of the key, each of some PART rows."""
        count = -(-rows // PART)
        return [f"hash({{k}}) % {count} = {number}" for number in range(count)] if count > 1 else []

    def keep(self, name: str, sql: str) -> None:
        """A temporary table."""
        self._run(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql}")

    def repeated(self, name: str, sql: str, rows: int) -> int:
        """Hashes of the keys are kept (on disk, where memory ends) and looked through bucket by bucket; then keys."""
        hashes, doubtful, buckets = f"{name}_hashes", f"{name}_doubtful", max(1, -(-rows // BUCKET))
        self.keep(hashes, f"SELECT hash(k) AS h FROM ({sql}) WHERE k IS NOT NULL")
        self.keep(doubtful, "SELECT CAST(0 AS UBIGINT) AS h WHERE false")
        for bucket in range(buckets):
            again = f"SELECT h FROM {hashes} WHERE h % {buckets} = {bucket} GROUP BY h HAVING count(*) > 1"
            self._run(f"INSERT INTO {doubtful} {again}")
        self._run(f"DROP TABLE {hashes}")
        if self.fetch(f"SELECT count(*) FROM {doubtful}")[0][0]:
            among = f"SELECT k FROM ({sql}) WHERE hash(k) IN (SELECT h FROM {doubtful})"
            self.keep(name, f"SELECT k FROM ({among}) GROUP BY k HAVING count(*) > 1")
        else:
            self.keep(name, "SELECT CAST(NULL AS VARCHAR) AS k WHERE false")
        self._run(f"DROP TABLE {doubtful}")
        return int(self.fetch(f"SELECT count(*) FROM {name}")[0][0])

    def close(self) -> None:
        """Close the database and remove its temporary folder."""
        self._database.close()
        self._scratch.cleanup()

    def _run(self, sql: str) -> None:
        self._roomy(lambda: self._database.execute(sql))

    def _roomy(self, work: Callable[[], Any]) -> Any:
        """What a statement gives. One that does not get by with the memory, though it may use the disk (joins of
        millions of outcomes), is given twice as much, and again up to MOST_MEMORY."""
        with self._told():
            while True:
                try:
                    return work()
                except (self._duckdb.OutOfMemoryException, OSError) as error:
                    if not self._wants_memory(error):
                        raise
                    self._more(error)

    def _wants_memory(self, error: Exception) -> bool:
        """Whether a statement failed for want of memory: Arrow tells it as an error of the system."""
        return isinstance(error, self._duckdb.OutOfMemoryException) or "Out of Memory" in str(error)

    def _more(self, error: Exception) -> None:
        """Twice the memory. Raises EngineError where the database has the most already."""
        if self._megabytes >= MOST_MEMORY:
            raise _told_as(error) from error
        self._megabytes *= 2
        self._database.execute(f"SET memory_limit = '{self._megabytes}MB'")

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (self._duckdb.Error, pa.ArrowException, OSError) as error:
            raise _told_as(error) from error


def _told_as(error: Exception) -> EngineError:
    return EngineError(" ".join(str(error).split())[:300])
