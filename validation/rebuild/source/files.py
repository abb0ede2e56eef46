"""Files of source rows: found, hashed and read as text; what cannot be read is one fault that names file and remedy."""

from __future__ import annotations

import csv
import datetime
import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from validation.errors import Fault, ValidationInputError

CODE = "source_invalid"
DELIMITERS = (",", ";", "\t", "|")
MAXIMUM_BYTES = 4 * 1024**3
BLOCK = 2**24
EXACT = 2**53
AGAIN = "copy or export the file again"


@dataclass(frozen=True, slots=True)
class RawColumn:
    """One column as the file holds it: `levels` its distinct values, `codes` (n,) their places, -1 where there is none.

    `kind` is `text`, `number` (levels are doubles), `date` (levels are ISO 8601 text) or `unusable` (no values).
    """

    levels: list[Any]
    codes: NDArray[np.int64]
    kind: str = "text"

    def at(self, rows: NDArray[np.int64]) -> RawColumn:
        """The column at the given rows, without levels that none of them has."""
        codes = self.codes[rows]
        used, moved = np.unique(codes[codes >= 0], return_inverse=True)
        fresh = np.full(len(codes), -1, dtype=np.int64)
        fresh[codes >= 0] = moved
        return RawColumn([self.levels[place] for place in used], fresh, self.kind)

    def values(self) -> NDArray[np.object_]:
        """(n,) objects, None where there is no value."""
        return objects([*self.levels, None])[self.codes]


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A file of source rows. `name` without its folder, `sha256` of its bytes, `columns` in the order of the file."""

    name: str
    sha256: str
    rows: int
    columns: Mapping[str, RawColumn] = field(repr=False)


def objects(values: Iterable[Any]) -> NDArray[np.object_]:
    """An array of objects, one a value."""
    listed = list(values)
    found = np.empty(len(listed), dtype=object)
    found[:] = listed
    return found


def equal(values: NDArray[Any], one: object) -> NDArray[np.bool_]:
    """(n,) which values are `one`; None is equal to None."""
    return np.asarray(values == one, dtype=bool)


def raw_column(values: Sequence[Any] | NDArray[np.object_], kind: str = "text") -> RawColumn:
    """A column of values; None and the empty text are none."""
    codes, levels = pd.factorize(objects(values))
    kept = list(levels.tolist())
    if "" in kept:
        place = kept.index("")
        codes = np.where(codes == place, -1, codes - (codes > place))
        del kept[place]
    return RawColumn(kept, codes.astype(np.int64), kind)


def located(given: Sequence[str | Path], names: Sequence[str]) -> list[Path]:
    """The files that are given; of a folder those files of it that the package names. Raises ValidationInputError."""
    found: list[Path] = []
    faults: list[Fault] = []
    for item in map(Path, given):
        if item.is_symlink():
            message, remedy = "is a symbolic link, which may point to another file", "give the file itself"
            faults.append(Fault(CODE, message, str(item), remedy=remedy))
        elif item.is_dir():
            inside = [item / name for name in names if (item / name).is_file() and not (item / name).is_symlink()]
            if not inside:
                message = "the folder holds none of the source files of the package"
                remedy = "give the file, or the folder that it stands in"
                faults.append(Fault(CODE, message, str(item), allowed=", ".join(names), remedy=remedy))
            found += inside
        elif item.is_file():
            found.append(item)
        else:
            faults.append(Fault("file_missing", "no such source file", str(item), remedy="give a file or a folder"))
    if faults:
        raise ValidationInputError(faults)
    return found


def read_table(path: Path) -> SourceTable:
    """Read a CSV (gzip or not) or Parquet file. Raises ValidationInputError with what is wrong and the remedy."""
    try:
        if path.stat().st_size > MAXIMUM_BYTES:
            raise _refused(path, "the file is too large", allowed=f"{MAXIMUM_BYTES:,} bytes")
        data = path.read_bytes()
    except OSError as error:
        raise _refused(path, f"cannot be read: {error.strerror}", remedy="check the file and its rights") from error
    if not data:
        raise _refused(path, "the file is empty", remedy=AGAIN)
    if data[:4] == b"PAR1" or path.suffix.lower() in (".parquet", ".pq"):
        columns = _parquet(data, path)
    else:
        columns = _csv(_text(data, path), path)
    rows = len(next(iter(columns.values())).codes)
    return SourceTable(path.name, hashlib.sha256(data).hexdigest(), rows, columns)


def _refused(
    path: Path,
    message: str,
    row: int | None = None,
    found: str | None = None,
    allowed: str | None = None,
    remedy: str | None = None,
) -> ValidationInputError:
    return ValidationInputError(Fault(CODE, message, str(path), None, row, found, allowed, remedy))


def _text(data: bytes, path: Path) -> str:
    """The text of the file, unpacked where it is gzip; UTF-8, without byte-order mark."""
    if data[:2] == b"\x1f\x8b":
        data = _unpacked(data, path)
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        found = f"byte {data[error.start]:#04x}"
        raise _refused(path, "the text is not UTF-8", line, found, "UTF-8", "give the file as it was") from error
    if "\0" in text:
        raise _refused(path, "a NUL byte: not a text file", allowed="CSV, CSV.gz, Parquet")
    if not text.strip():
        raise _refused(path, "the file is empty", remedy=AGAIN)
    return text


def _unpacked(data: bytes, path: Path) -> bytes:
    parts, size = [], 0
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
            while block := packed.read(BLOCK):
                size += len(block)
                if size > MAXIMUM_BYTES:
                    raise _refused(path, "the unpacked file is too large", allowed=f"{MAXIMUM_BYTES:,} bytes")
                parts.append(block)
    except EOFError as error:
        raise _refused(path, "the gzip file is truncated", found=f"{len(data):,} bytes", remedy=AGAIN) from error
    except (OSError, zlib.error) as error:
        raise _refused(path, "the gzip file is damaged", found=str(error), remedy=AGAIN) from error
    return b"".join(parts)


def _csv(text: str, path: Path) -> dict[str, RawColumn]:
    """Columns of text. The delimiter is the one that cuts the header into most fields; blank lines are no rows."""
    start = text.lstrip("\r\n")
    header = re.sub(r'"[^"]*"', "", start.splitlines()[0])
    delimiter = max(DELIMITERS, key=header.count)
    csv.field_size_limit(2**30)
    odd = start.count('"') % 2 == 1  # a quotation mark that is never closed
    reader = csv.reader(io.StringIO(start, newline=""), delimiter=delimiter, strict=odd)
    try:
        rows = list(reader)
    except csv.Error as error:
        remedy = "the file is truncated, or a quotation mark inside a text is not doubled"
        raise _refused(path, f"not readable as CSV: {error}", reader.line_num, remedy=remedy) from error
    names = [name if name.strip() else f"column_{place + 1}" for place, name in enumerate(rows[0])]
    _refuse_twice(names, path)
    body = [row or ([""] if len(names) == 1 else row) for row in islice(rows, 1, None)]
    body = [row for row in body if row] if len(names) > 1 else body
    wrong = next((place for place, row in enumerate(body) if len(row) != len(names)), None)
    if wrong is not None:
        found, allowed = f"{len(body[wrong])} fields", f"{len(names)}"
        raise _refused(path, "a row has not as many fields as the header", wrong + 2, found, allowed, AGAIN)
    if not body:
        raise _refused(path, "there is a header and no row", remedy=AGAIN)
    return {name: raw_column(column) for name, column in zip(names, zip(*body, strict=True), strict=True)}


def _refuse_twice(names: Sequence[str], path: Path) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise _refused(path, "columns have the same name", found=", ".join(twice)[:200], remedy=AGAIN)


def _parquet(data: bytes, path: Path) -> dict[str, RawColumn]:
    try:
        table = pq.read_table(io.BytesIO(data), use_threads=False)
    except (pa.ArrowException, OSError) as error:
        found = " ".join(str(error).split())[:200]
        raise _refused(path, "not readable as Parquet: damaged or truncated", found=found, remedy=AGAIN) from error
    _refuse_twice(table.column_names, path)
    if not table.num_columns or not table.num_rows:
        raise _refused(path, "there is no row", remedy=AGAIN)
    return {name: _stored(table.column(name)) for name in table.column_names}


def _stored(column: pa.ChunkedArray) -> RawColumn:
    """A stored column: numbers as doubles where all fit one, truth values and dates as text, others as they are."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    values = column.to_pylist()
    if pa.types.is_boolean(kind):
        return raw_column([None if value is None else "true" if value else "false" for value in values])
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        whole = not pa.types.is_floating(kind)
        if whole and any(value is not None and abs(value) > EXACT for value in values):
            return raw_column([None if value is None else str(value) for value in values])
        return raw_column([None if value is None or value != value else float(value) for value in values], "number")
    if pa.types.is_temporal(kind) and not pa.types.is_duration(kind):
        return raw_column([None if value is None else _iso(value) for value in values], "date")
    if pa.types.is_null(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return raw_column(values)
    return RawColumn([], np.full(len(values), -1, dtype=np.int64), "unusable")


def _iso(value: datetime.date | datetime.datetime | datetime.time) -> str:
    return value.isoformat().removesuffix("T00:00:00")
