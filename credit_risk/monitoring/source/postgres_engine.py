"""PostgreSQL: a table or query counted in one snapshot of a connection; a partition is a month."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from typing import Any

import pyarrow as pa

from credit_risk._core.errors import Fault, IntakeError
from credit_risk._core.extras import optional_import
from credit_risk._core.hashing import sha256_bytes
from credit_risk.export.sql.dialects import DIALECTS
from credit_risk.monitoring.source.columns import columns_in
from credit_risk.monitoring.source.engine import EngineError
from credit_risk.monitoring.source.files import Found
from credit_risk.monitoring.source.mapping import Mapped
from credit_risk.monitoring.source.tables import TABLE, Partition
from credit_risk.package import Package
from credit_risk.serving.postgres_engine import TYPES, VARIABLE, connected, copied, server_version

RESULTS = {"float8": pa.float64(), "int4": pa.int64(), "int8": pa.int64(), "text": pa.string(), "date": pa.date32()}
"""Types of what the SELECTs of production give."""


class PostgresEngine:
    """A table, or a query that begins with select or with.

    The connection is that of `dsn`, of CREDIT_RISK_POSTGRES, or of libpq's own variables. Nothing is written but
    temporary tables of the session, and these only where keys stand more than once.
    """

    name = "postgres"
    dialect = DIALECTS["postgres"]
    together = 1
    split = False

    def __init__(self, place: str, *, dsn: str | None = None):
        self._psycopg = optional_import("psycopg", "postgres")
        self._read(place)
        self._connection = connected(dsn if dsn is not None else os.environ.get(VARIABLE, ""), read_only=False)
        self._connection.execute("SET LOCAL jit = off")
        self.version = server_version(self._connection)

    def _read(self, place: str) -> None:
        self._place = place.strip().rstrip(";")
        self._query = bool(self._place) and self._place.split(None, 1)[0].casefold() in ("select", "with")

    def partitions(self, mapping: Mapped, package: Package) -> Found:
        """The table as a whole: its months are told apart when its rows are looked at."""
        shown = f"query {sha256_bytes(self._place.encode())[:16]}" if self._query else self._place
        try:
            with self._told():
                cursor = self._connection.execute(f"SELECT * FROM {self.table([])} AS t LIMIT 0")
                names = dict(self._connection.execute("SELECT oid::int8, typname FROM pg_type").fetchall())
        except EngineError as error:
            remedy = "check the name of the table or the query, and the rights of the user"
            raise IntakeError(Fault("cannot be read", "database", shown, found=str(error), remedy=remedy)) from error
        other = pa.list_(pa.null())
        types = [(one.name, TYPES.get(str(names.get(one.type_code)), ("", other, ""))[1]) for one in cursor.description]
        flags = {one.name for one in cursor.description if names.get(one.type_code) == "bool"}
        schema = [(name, pa.bool_() if name in flags else kind) for name, kind in types]
        columns, faults = columns_in(shown, 0, {TABLE: schema}, mapping, package)
        if not columns:
            raise IntakeError([Fault(one.message, one.code, shown, remedy=one.remedy) for one in faults])
        return [Partition(shown, {TABLE: shown}, columns)], faults

    def at(self, place: str) -> PostgresEngine:
        """What lies elsewhere, in the same session."""
        other = copy(self)
        other._read(place)
        return other

    def table(self, places: Sequence[str]) -> str:
        """The table or the query."""
        if self._query:
            return f"({self._place})"
        return ".".join(self.dialect.quoted(part) for part in self._place.split("."))

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a result."""
        with self._told():
            found: list[tuple[Any, ...]] = self._connection.execute(sql).fetchall()
            return found

    def arrow(self, sql: str) -> pa.Table:
        """A result as a table, sent by COPY."""
        with self._told():
            types = self._types(sql)
            schema = pa.schema(list(types.items()))
            return pa.Table.from_batches(list(copied(self._connection, sql, types)), schema)

    def batches(self, sql: str, *, repeatable: bool = False) -> Iterator[pa.RecordBatch]:
        """The same as it comes."""
        with self._told():
            yield from copied(self._connection, sql, self._types(sql))

    def _types(self, sql: str) -> dict[str, pa.DataType]:
        cursor = self._connection.execute(f"SELECT * FROM ({sql}) AS t LIMIT 0")
        names = dict(self._connection.execute("SELECT oid::int8, typname FROM pg_type").fetchall())
        moment = pa.timestamp("us")
        return {one.name: RESULTS.get(str(names[one.type_code]), moment) for one in cursor.description}

    def parts(self, rows: int) -> Sequence[str]:
        """The database sorts and joins within its own memory (work_mem), and on its disks."""
        return []

    def keep(self, name: str, sql: str) -> None:
        """A temporary table of the session."""
        with self._told():
            self._connection.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")
            self._connection.execute(f"CREATE TEMPORARY TABLE {name} ON COMMIT DROP AS {sql}")
            self._connection.execute(f"ANALYZE {name}")

    def repeated(self, name: str, sql: str, rows: int) -> int:
        """The database sorts or hashes within its own memory."""
        repeated = f"SELECT k FROM ({sql}) AS u WHERE k IS NOT NULL GROUP BY k HAVING COUNT(*) > 1"
        if not self.fetch(f"SELECT EXISTS ({repeated})")[0][0]:
            return 0
        self.keep(name, repeated)
        return int(self.fetch(f"SELECT COUNT(*) FROM {name}")[0][0])

    def close(self) -> None:
        """End the snapshot."""
        self._connection.rollback()
        self._connection.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (self._psycopg.Error, pa.ArrowException) as error:
            raise EngineError(" ".join(str(error).split())[:300]) from error
