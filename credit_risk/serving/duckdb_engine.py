"""DuckDB, embedded: Parquet and CSV files read in their order and handed on in Arrow batches."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from credit_risk._core.errors import Fault, IntakeError
from credit_risk._core.extras import optional_import
from credit_risk.serving.files import file_facts
from credit_risk.serving.source import MOST_DUPLICATES, InputFacts, Part, Work, cut, following

if TYPE_CHECKING:
    from credit_risk.serving.sql import SqlScoring

MEMORY = "512MB"
BATCH = 32_768
BUCKET = 2_000_000
"""Keys that are looked through for duplicates at a time, so that memory does not grow with the rows."""
PLAIN = "^(0|-?[1-9][0-9]*)$"


def without_progress(database: Any) -> None:
    """Ask DuckDB for no bar of progress, which it would draw on standard output.

    Where it has none already nothing is set: in a notebook without ipywidgets DuckDB refuses even to turn it off.
    """
    ((drawn,),) = database.execute("SELECT current_setting('enable_progress_bar')").fetchall()
    if drawn:
        database.execute("SET enable_progress_bar = false")


class DuckDB:
    """Reads files with an in-memory database of limited memory; what does not fit goes to a temporary folder."""

    name = "duckdb"

    def __init__(self, path: str):
        self._duckdb = optional_import("duckdb", "model")
        self.version = self._duckdb.__version__
        self._path = path
        self._scratch = tempfile.TemporaryDirectory(prefix="credit-risk-")
        options = {"memory_limit": MEMORY, "temp_directory": self._scratch.name, "threads": "2"}
        self._database = self._duckdb.connect(":memory:", config=options)
        without_progress(self._database)
        self._facts: InputFacts | None = None

    def facts(self, needed: Sequence[str], key: str | None) -> InputFacts:
        """Files, columns, rows and hashes; the rows of CSV files are counted, which reads them once."""
        found = file_facts(self._path, needed, key)
        if found.kind == "CSV":
            pieces = []
            for place, piece in enumerate(found.pieces):
                rows = self._one(f"SELECT count(*) FROM {_csv(found, place)}", piece.name)
                if not rows:
                    remedy = "leave the file out, or export the table again"
                    raise IntakeError(Fault("there is a header and no row", "no_rows", piece.name, remedy=remedy))
                pieces.append(replace(piece, rows=int(rows)))
            found = replace(found, pieces=tuple(pieces))
        self._facts = found
        return found

    def levels(self, name: str) -> list[str]:
        """Distinct texts of a column over all files, in their order."""
        column = f"CAST({_quoted(name)} AS VARCHAR)"
        found: dict[str, None] = {}
        for place, piece in enumerate(self._found.pieces):
            query = f"SELECT DISTINCT {column} FROM {self._table(place)} WHERE {column} IS NOT NULL AND {column} <> ''"
            with self._told(piece.name):
                found.update(dict.fromkeys(row[0] for row in self._database.sql(query).fetchall()))
        return sorted(found)

    def repeated(self, key: str) -> list[str]:
        """Keys of several rows, looked for bucket by bucket of their hash."""
        text = f"CAST({_quoted(key)} AS VARCHAR)"
        tables = " UNION ALL ".join(f"SELECT {text} AS k FROM {self._table(p)}" for p in range(len(self._found.pieces)))
        found: list[str] = []
        buckets = -(-self._found.rows // BUCKET)
        for bucket in range(buckets):
            where = f"k IS NOT NULL AND k <> '' AND hash(k) % {buckets} = {bucket}"
            query = f"SELECT k FROM ({tables}) WHERE {where} GROUP BY k HAVING count(*) > 1 LIMIT {MOST_DUPLICATES + 1}"
            with self._told(self._path):
                found += [row[0] for row in self._database.sql(query).fetchall()]
        return sorted(found)[: MOST_DUPLICATES + 1]

    def whole(self, key: str) -> bool:
        """Whether all keys are plain whole numbers."""
        column = f"CAST({_quoted(key)} AS VARCHAR)"
        good = f"regexp_matches({column}, '{PLAIN}') AND TRY_CAST({column} AS BIGINT) IS NOT NULL"
        for place, piece in enumerate(self._found.pieces):
            query = f"SELECT count(*) FROM {self._table(place)} WHERE NOT coalesce({good}, false)"
            if self._one(query, piece.name):
                return False
        return True

    def run(
        self, parts: Sequence[Part], columns: Sequence[str], work: Work, sql: SqlScoring | None = None
    ) -> Iterator[dict[str, Any]]:
        """Parts in their order: of Parquet their row groups alone, of CSV from the beginning of the file."""
        for group in following(parts):
            first, last = group[0], group[-1]
            names = ", ".join(map(_quoted, columns))
            query = f"SELECT {names} FROM {self._table(first.piece)}"
            if self._found.kind == "Parquet":
                query += f" WHERE file_row_number >= {first.start} AND file_row_number < {last.start + last.rows}"
            else:
                query += f" LIMIT {last.rows + last.start - first.start} OFFSET {first.start}"
            if sql is not None:
                query = sql.over(f"({query}) AS part")
            with self._told(first.name):
                reader = self._database.sql(query).to_arrow_reader(BATCH)
            for part, table in cut(self._batches(reader, first.name), group):
                yield work(part, table)

    def close(self) -> None:
        """Close the database and remove its temporary folder."""
        self._database.close()
        self._scratch.cleanup()

    def _batches(self, reader: Any, name: str) -> Iterator[pa.RecordBatch]:
        while True:
            with self._told(name):
                try:
                    batch = reader.read_next_batch()
                except StopIteration:
                    return
            yield batch

    @property
    def _found(self) -> InputFacts:
        assert self._facts is not None
        return self._facts

    def _table(self, place: int) -> str:
        if self._found.kind == "CSV":
            return _csv(self._found, place)
        options = "hive_partitioning = false, file_row_number = true, can_have_nan = true"
        return f"read_parquet({_text(self._found.pieces[place].path)}, {options})"

    def _one(self, query: str, name: str) -> Any:
        with self._told(name):
            rows = self._database.sql(query).fetchall()
        return rows[0][0] if rows else None

    @contextmanager
    def _told(self, name: str) -> Iterator[None]:
        """What DuckDB or Arrow says of a file, as an IntakeError."""
        try:
            yield
        except (self._duckdb.Error, pa.ArrowException) as error:
            found = " ".join(str(error).split())[:400]
            message, remedy = "DuckDB cannot read it", "copy or export the file again"
            raise IntakeError(Fault(message, "damaged", name, found=found, remedy=remedy)) from error


def _csv(facts: InputFacts, place: int) -> str:
    piece = facts.pieces[place]
    told = facts.dialect[piece.name]
    columns = ", ".join(f"{_text(name)}: 'VARCHAR'" for name in told["columns"])
    options = f"""delim = {_text(told["delimiter"])}, header = true, quote = '"', escape = '"', nullstr = ''"""
    strict = "auto_detect = false, strict_mode = true, hive_partitioning = false"
    return f"read_csv({_text(piece.path)}, {options}, {strict}, columns = {{{columns}}})"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
