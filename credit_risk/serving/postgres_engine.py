"""PostgreSQL: a table or query read in the order of its keys, streamed by COPY out of one snapshot."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.csv as pa_csv

from credit_risk._core.errors import Fault, IntakeError
from credit_risk._core.extras import optional_import
from credit_risk._core.hashing import sha256_bytes
from credit_risk.serving.files import absent
from credit_risk.serving.source import (
    DATE,
    INTEGER,
    MOST_DUPLICATES,
    OTHER,
    REAL,
    SINGLE,
    TEXT,
    WHOLE,
    InputFacts,
    Part,
    Piece,
    Work,
    cut,
    following,
)

if TYPE_CHECKING:
    from credit_risk.serving.sql import SqlScoring

VARIABLE = "CREDIT_RISK_POSTGRES"
BLOCK = 8 << 20
PLAIN = "^(0|-?[1-9][0-9]{0,17})$"
"""Whole numbers of at most 18 digits are keys of 64 bits for certain; longer ones in columns of text stay text."""
TYPES: dict[str, tuple[str, pa.DataType, str]] = {
    "int2": (INTEGER, pa.int64(), ""),
    "int4": (INTEGER, pa.int64(), ""),
    "int8": (INTEGER, pa.int64(), ""),
    "float4": (SINGLE, pa.float64(), ""),
    "float8": (REAL, pa.float64(), ""),
    "numeric": (REAL, pa.float64(), "::float8"),
    "text": (TEXT, pa.string(), ""),
    "varchar": (TEXT, pa.string(), ""),
    "bpchar": (TEXT, pa.string(), "::text"),
    "uuid": (TEXT, pa.string(), "::text"),
    "bool": (OTHER, pa.string(), "::text"),
    "date": (DATE, pa.date32(), ""),
    "timestamp": (OTHER, pa.timestamp("us"), ""),
    "timestamptz": (OTHER, pa.timestamp("us", tz="UTC"), ""),
}
"""What a column of a type holds, how it is read, and what it is turned into before it is sent."""
AS_TEXT = ("bool",)
"""Types that are sent as text, and that are none for keys."""


def connected(dsn: str, *, read_only: bool = True) -> Any:
    """A connection in one repeatable-read snapshot; moments and numbers are written as ISO and to the last bit.

    Raises IntakeError where the server cannot be reached.
    """
    psycopg = optional_import("psycopg", "postgres")
    try:
        connection = psycopg.connect(dsn, connect_timeout=10, autocommit=False)
    except psycopg.Error as error:
        found = " ".join(str(error).split())[:300]
        remedy = f"check server, port, user and password: --dsn, {VARIABLE}, or PGHOST, PGUSER, …"
        raise IntakeError(Fault("PostgreSQL cannot be reached", "unreachable", found=found, remedy=remedy)) from error
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = read_only
    connection.execute("SET LOCAL DateStyle = 'ISO'")
    connection.execute("SET LOCAL TimeZone = 'UTC'")
    connection.execute("SET LOCAL extra_float_digits = 1")
    return connection


def server_version(connection: Any) -> str:
    """`15.7` of a connection."""
    return ".".join(str(connection.info.server_version // 10**k % 100) for k in (4, 0))


def copied(connection: Any, query: str, types: Mapping[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
    """The rows of a query by COPY, its columns of these types in this order; missing is null."""
    reading = pa_csv.ReadOptions(use_threads=False, block_size=BLOCK, column_names=list(types))
    parsing = pa_csv.ParseOptions(newlines_in_values=True)
    turning = pa_csv.ConvertOptions(
        column_types=dict(types), null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=True
    )
    with connection.cursor().copy(f"COPY ({query}) TO STDOUT (FORMAT csv)") as stream:
        file = pa.PythonFile(_Stream(stream), mode="r")
        try:
            yield from pa_csv.open_csv(file, reading, parsing, turning)
        except pa.ArrowInvalid as error:
            if "Empty CSV" not in str(error):
                raise


class Postgres:
    """Reads a table, or a query that begins with select or with, in one repeatable-read snapshot of a connection.

    The connection is that of `dsn`, of CREDIT_RISK_POSTGRES, or of libpq's own variables; it is written nowhere.
    """

    name = "postgres"

    def __init__(self, source: str, dsn: str | None):
        self._psycopg = optional_import("psycopg", "postgres")
        self._source = source.strip().rstrip(";")
        self._dsn = dsn if dsn is not None else os.environ.get(VARIABLE, "")
        self._query = self._source.split(None, 1)[0].casefold() in ("select", "with") if self._source else False
        self._types: dict[str, str] = {}
        self._facts: InputFacts | None = None
        self._key = ""
        self._connection = connected(self._dsn)
        self.version = server_version(self._connection)

    def facts(self, needed: Sequence[str], key: str | None) -> InputFacts:
        """Columns and types, the number of rows, and a hash over the columns that are read.

        The hash is the sum of 64-bit hashes of the rows: it tells of changes, it does not withstand an attacker.
        """
        with self._told():
            cursor = self._connection.execute(f"SELECT * FROM {self._table()} LIMIT 0")
            oids = {column.name: column.type_code for column in cursor.description}
            names = dict(self._connection.execute("SELECT oid::int8, typname FROM pg_type").fetchall())
        columns = [column.name for column in cursor.description]
        self._types = {name: str(names.get(oid, oid)) for name, oid in oids.items()}
        if key is None:
            remedy = "name the column: --key COLUMN"
            fault = Fault(
                "a table of a database has no order but that of its keys", "key_absent", self._shown, remedy=remedy
            )
            raise IntakeError(fault)
        wanted = list(dict.fromkeys([*needed, key]))
        faults = [one for one in absent(self._shown, columns, wanted) if one.code != "column_case"]
        for name in wanted:
            if name in self._types and self._types[name] not in TYPES:
                message = f"is of the type {self._types[name]}, which no model takes"
                allowed = ", ".join(TYPES)
                faults.append(
                    Fault(message, "wrong_type", self._shown, name, allowed=allowed, remedy="cast it in a query")
                )
        if faults:
            raise IntakeError(faults)
        self._key = key
        rows, total = self._counted(wanted)
        if not rows:
            raise IntakeError(Fault("has no row", "no_rows", self._shown, remedy="check the name or the query"))
        known = {name: kind for name, kind in self._types.items() if kind in TYPES}
        kinds = {name: frozenset({TEXT if kind in AS_TEXT else TYPES[kind][0]}) for name, kind in known.items()}
        columns_hold = {name: {INTEGER: WHOLE, TEXT: TEXT}.get(TYPES[kind][0], OTHER) for name, kind in known.items()}
        told = sha256_bytes(f"{wanted} {rows} {total}".encode())
        self._facts = InputFacts("PostgreSQL", (Piece(self._shown, rows, told),), columns_hold, kinds=kinds)
        return self._facts

    def _counted(self, wanted: Sequence[str]) -> tuple[int, str]:
        row = ", ".join(map(self._quoted, wanted))
        total = f"coalesce(sum(hashtextextended(ROW({row})::text, 0)::numeric), 0)::text"
        query = f"SELECT count(*), {total} FROM {self._table()}"
        with self._told():
            found = self._connection.execute(query).fetchone()
        return int(found[0]), str(found[1])

    def levels(self, name: str) -> list[str]:
        """Distinct texts of a column."""
        column = self._sent(name)
        query = f"SELECT DISTINCT {column} FROM {self._table()} WHERE {column} IS NOT NULL AND {column} <> ''"
        with self._told():
            return sorted(row[0] for row in self._connection.execute(query))

    def repeated(self, key: str) -> list[str]:
        """Keys of several rows; the database sorts or hashes within its own memory."""
        column = f"{self._quoted(key)}::text"
        query = (
            f"SELECT {column} FROM {self._table()} WHERE {column} <> '' GROUP BY 1 HAVING count(*) > 1 "
            f"LIMIT {MOST_DUPLICATES + 1}"
        )
        with self._told():
            return sorted(row[0] for row in self._connection.execute(query))

    def whole(self, key: str) -> bool:
        """Whether all keys are plain whole numbers of 64 bits (texts: of at most 18 digits)."""
        column = f"{self._quoted(key)}::text"
        good = f"{column} IS NOT NULL" if self._facts and self._facts.columns[key] == WHOLE else f"{column} ~ '{PLAIN}'"
        query = f"SELECT NOT EXISTS (SELECT 1 FROM {self._table()} WHERE NOT coalesce({good}, false))"
        with self._told():
            return bool(self._connection.execute(query).fetchone()[0])

    def run(
        self, parts: Sequence[Part], columns: Sequence[str], work: Work, sql: SqlScoring | None = None
    ) -> Iterator[dict[str, Any]]:
        """Parts in the order of the keys."""
        names = ", ".join(f"{self._sent(name)} AS {self._quoted(name)}" for name in columns)
        types = {name: TYPES[self._types[name]][1] for name in columns}
        if sql is not None:
            self._connection.execute("SET LOCAL jit = off")  # to compile a model takes longer than to score with it
            more = {name: pa.string() if is_text else pa.float64() for name, (_, is_text) in sql.results.items()}
            types |= {sql.told: pa.int64(), **more}
        order = self._quoted(self._key) + (' COLLATE "C"' if self._is_text(self._key) else "")
        for group in following(parts):
            rows = group[-1].start + group[-1].rows - group[0].start
            query = f"SELECT {names} FROM {self._table()} ORDER BY {order} OFFSET {group[0].start} LIMIT {rows}"
            if sql is not None:
                query = sql.over(f"({query}) AS part")
            for part, table in cut(self._batches(query, types), group):
                yield work(part, table)

    def close(self) -> None:
        """End the snapshot."""
        self._connection.close()

    def _batches(self, query: str, types: dict[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
        with self._told():
            yield from copied(self._connection, query, types)

    def _is_text(self, name: str) -> bool:
        return TYPES[self._types[name]][0] == TEXT and self._types[name] != "uuid"

    def _sent(self, name: str) -> str:
        return self._quoted(name) + TYPES[self._types[name]][2]

    def _table(self) -> str:
        if self._query:
            return f"({self._source}) AS scored_input"
        return ".".join(self._quoted(part) for part in self._source.split("."))

    @property
    def _shown(self) -> str:
        """Name of a table; a query is told by its hash, since it may hold what is personal."""
        return f"query {sha256_bytes(self._source.encode())[:16]}" if self._query else self._source

    @staticmethod
    def _quoted(name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What the database says, as an IntakeError."""
        try:
            yield
        except (self._psycopg.Error, pa.ArrowException) as error:
            found = " ".join(str(error).split())[:300]
            remedy = "check the name of the table or the query, and the rights of the user"
            fault = Fault("PostgreSQL does not give the rows", "database", self._shown, found=found, remedy=remedy)
            raise IntakeError(fault) from error


class _Stream:
    """What COPY sends, as a file of bytes."""

    closed = False

    def __init__(self, stream: Any):
        self._stream = stream
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, all of them for −1; empty at the end."""
        held = [self._rest] if self._rest else []
        have = len(self._rest)
        while size < 0 or have < size:
            block = bytes(self._stream.read())
            if not block:
                break
            held.append(block)
            have += len(block)
        data = b"".join(held)
        taken = data if size < 0 else data[:size]
        self._rest = data[len(taken) :]
        return taken

    def close(self) -> None:
        """Nothing: the cursor is closed by its owner."""
