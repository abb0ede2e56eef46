"""Where a performance history comes from: a file, or a table in memory. It becomes the DuckDB table or view `raw`."""

from __future__ import annotations

import csv
import gzip
import hashlib
import tempfile
import zlib
from pathlib import Path
from typing import Any

from credit_risk._core.extras import optional_import
from credit_risk.sampling.csv_source import DELIMITERS, GZIP
from credit_risk.sampling.source import refuse

BLOCK = 2**22


def quoted(name: str) -> str:
    """A column name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def open_raw(source: Any) -> tuple[Any, str, str]:
    """A DuckDB connection with `raw`, the name of the source and its SHA-256 (of the bytes of a file, else empty).

    One thread, so that results do not depend on the machine. CSV is read as text, UTF-8, every row as wide as the
    header. Raises IntakeError where the source cannot be read.
    """
    duckdb = optional_import("duckdb", "model")
    settings = {"threads": 1, "preserve_insertion_order": True, "temp_directory": tempfile.gettempdir()}
    connection = duckdb.connect(config=settings)
    if not isinstance(source, str | Path):
        _from_table(connection, source)
        return connection, "(table)", ""
    path = Path(source)
    digest, head = _read_through(path)
    try:
        if head[:4] == b"PAR1" or path.suffix.lower() in (".parquet", ".pq"):
            # can_have_nan: DuckDB else answers comparisons from minimum and maximum, which know no NaN.
            connection.execute(
                f"CREATE VIEW raw AS SELECT * FROM read_parquet({literal(str(path))}, can_have_nan=true)"
            )
            connection.execute("SELECT count(*) FROM raw")
        else:
            _from_csv(connection, path, packed=head[:2] == GZIP)
    except duckdb.Error as error:
        told = " ".join(str(error).split("\n")[:2])[:300]
        remedy = "UTF-8 CSV with a header and rows of equal width, or Parquet"
        raise refuse(path.name, "the history cannot be read", "unreadable", found=told, allowed=remedy) from error
    return connection, path.name, digest


def close_raw(connection: Any) -> None:
    """Give back what `open_raw` holds."""
    (views,) = connection.execute("SELECT count(*) FROM duckdb_views() WHERE view_name = 'raw'").fetchall()[0]
    connection.execute(f"DROP {'VIEW' if views else 'TABLE'} raw")


def _read_through(path: Path) -> tuple[str, bytes]:
    """SHA-256 of the file and its first bytes, in one pass of bounded memory."""
    digest, head = hashlib.sha256(), b""
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
                head = head or block[:8]
    except OSError as error:
        remedy = "check outcome.history.source; a relative path starts at the folder of the plan"
        reason = error.strerror or type(error).__name__
        raise refuse(path.name, f"the history cannot be read: {reason}", "unreadable", remedy=remedy) from error
    if not head:
        raise refuse(path.name, "the history is empty", "empty", remedy="export the table again")
    return digest.hexdigest(), head


def _from_csv(connection: Any, path: Path, *, packed: bool) -> None:
    names, delimiter = _header(path, packed)
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    compression = "gzip" if packed else "none"
    connection.execute(
        f"""CREATE TABLE raw AS SELECT * FROM read_csv({literal(str(path))}, header=true, auto_detect=false,
            delim={literal(delimiter)}, quote='"', escape='"', nullstr='', compression='{compression}',
            strict_mode=true, null_padding=false, columns={{{columns}}})"""
    )


def _header(path: Path, packed: bool) -> tuple[list[str], str]:
    """Column names and the delimiter that cuts the first line into most fields."""
    try:
        if packed:
            with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as file:
                line = file.readline(1_000_000)
        else:
            with path.open("r", encoding="utf-8-sig", newline="") as file:
                line = file.readline(1_000_000)
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise refuse(path.name, "the header of the history cannot be read", "unreadable", found=str(error)) from error
    delimiter = max(DELIMITERS, key=line.count)
    names = next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter), [])
    twice = sorted({name for name in names if names.count(name) > 1})
    if not names or twice:
        found = f"twice: {', '.join(twice)}" if twice else "nothing"
        raise refuse(
            path.name, "the header of the history does not name each column once", "duplicate_column", found=found
        )
    return names, delimiter


def _from_table(connection: Any, source: Any) -> None:
    """An Arrow, pandas, polars or other table that narwhals knows; NaN becomes null."""
    narwhals = optional_import("narwhals", "model")
    try:
        frame = narwhals.from_native(source, eager_only=True)
    except TypeError as error:
        told = f"{type(source).__name__}"
        message = "the history is neither a file nor a table"
        allowed = "a path, or an Arrow, pandas or polars table"
        raise refuse("(table)", message, "unreadable", found=told, allowed=allowed) from error
    try:
        table = frame.to_arrow()
    except (TypeError, ValueError) as error:  # Arrow's errors are kinds of these
        told = " ".join(str(error).split())[:200]
        message, allowed = "columns of the history mix types", "one type in each column"
        raise refuse("(table)", message, "mixed_types", found=told, allowed=allowed) from error
    connection.register("given", table)
    connection.execute("CREATE TABLE raw AS SELECT * FROM given")
    connection.unregister("given")
