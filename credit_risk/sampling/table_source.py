"""Tables that are not files: frames in memory (pandas, polars, Arrow, whatever narwhals knows) and database queries.

All of them become one Arrow table, are typed like Parquet, and are hashed by content: the SHA-256 is of the Arrow
stream of the columns in order, so that the same rows in the same order have the same hash wherever they came from.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pyarrow as pa

from credit_risk._core.extras import optional_import
from credit_risk.sampling.parquet_source import columns_of_table
from credit_risk.sampling.source import Source, check_names, refuse
from credit_risk.sampling.source_spec import DuckDBSource, SqlSource


def source_of_frame(data: Any, name: str = "table in memory") -> Source:
    """Source of a frame: pandas, polars, Arrow, or any other eager frame that narwhals knows.

    Raises IntakeError where `data` is no such frame, has no rows or columns, or columns of an unknown type.
    """
    narwhals = optional_import("narwhals", "model")
    if isinstance(data, pa.Table):
        table = data
    else:
        try:
            table = narwhals.from_native(data, eager_only=True).to_arrow()
        except (TypeError, pa.ArrowException) as error:
            found = " ".join(str(error).split())[:200]
            allowed = "an eager frame of pandas, polars, Arrow or another library that narwhals knows"
            raise refuse(name, "is no table", "not_a_table", found=found, allowed=allowed) from error
    return _source(table, name, f"{type(data).__module__.split('.')[0]} frame")


def source_of_database(spec: DuckDBSource | SqlSource, location: str, key: str | None) -> Source:
    """Rows of a database, ordered by `key` where there is one (a database promises no order of its own).

    location: the file or URL with its variables filled in. Raises IntakeError with the database's own words.
    """
    if isinstance(spec, DuckDBSource):
        table, name = _duckdb(spec, location), f"{Path(location).name}: {spec.table or 'query'}"
        layout = "DuckDB"
    else:
        table, name, layout = _sqlalchemy(spec, location), "query", "SQL database"
    if key is not None and key in table.column_names:
        table = table.sort_by([(key, "ascending")])
        layout += f", rows ordered by {key}"
    return _source(table, name, layout)


def _source(table: pa.Table, name: str, layout: str) -> Source:
    check_names(table.column_names, name)
    if table.num_columns == 0 or table.num_rows == 0:
        raise refuse(name, "there is no row", "no_rows", remedy="look at the query or the frame")
    raw, conversions = columns_of_table(table)
    return Source(name, _content_hash(table), table.num_rows, layout, raw, conversions)


def _content_hash(table: pa.Table) -> str:
    """SHA-256 over names, types and values in order; chunks, offsets and metadata do not matter."""
    digest = hashlib.sha256()
    plain = table.replace_schema_metadata(None).combine_chunks()
    for name in plain.column_names:
        column = plain.column(name)
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        chunk = pa.array(column.cast(kind).to_pylist(), kind)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, pa.schema([(name, kind)])) as writer:
            writer.write_batch(pa.record_batch([chunk], names=[name]))
        digest.update(memoryview(sink.getvalue()))
    return digest.hexdigest()


def _duckdb(spec: DuckDBSource, location: str) -> pa.Table:
    duckdb = optional_import("duckdb", "model")
    if not Path(location).is_file():
        raise refuse(location, "there is no such database file", "unreadable", remedy="check data.source.duckdb")
    statement = spec.query or f'SELECT * FROM "{str(spec.table).replace(chr(34), chr(34) * 2)}"'
    try:
        with duckdb.connect(location, read_only=True) as connection:
            return connection.sql(statement).to_arrow_table()
    except duckdb.Error as error:
        raise _database_fault(location, error) from error


def _sqlalchemy(spec: SqlSource, location: str) -> pa.Table:
    sqlalchemy = optional_import("sqlalchemy", "model")
    try:
        engine = sqlalchemy.create_engine(location)
        try:
            with engine.connect() as connection:
                result = connection.execute(sqlalchemy.text(spec.query))
                names, rows = list(result.keys()), result.fetchall()
        finally:
            engine.dispose()
    except (sqlalchemy.exc.SQLAlchemyError, ImportError) as error:
        raise _database_fault(spec.url, error) from error
    check_names(names, "query")
    columns = [[row[i] for row in rows] for i in range(len(names))]
    try:
        return pa.table(dict(zip(names, columns, strict=True)))
    except pa.ArrowException as error:
        raise _database_fault(spec.url, error) from error


def _database_fault(where: str, error: Exception) -> Exception:
    found = " ".join(str(error).split())[:300]
    return refuse(where, "the database cannot be read", "unreadable", found=found, remedy="check location and query")
