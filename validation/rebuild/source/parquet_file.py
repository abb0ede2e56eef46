"""Parquet of any flat types, read as levels and codes after the footer was held against the size of the file.

Runs and dictionaries make a small file stand for billions of values; texts stay dictionaries and are never written out.
"""

from __future__ import annotations

import datetime
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from validation.errors import Fault
from validation.parquet_check import size_faults

EXACT = 2**53


@dataclass(frozen=True, slots=True)
class StoredColumn:
    """A column: `values` its distinct values as read, `codes` (n,) their places, -1 of none; `kind` as of RawColumn."""

    name: str
    values: list[Any]
    codes: NDArray[np.int64]
    kind: str


def read_parquet(data: bytes, file: str, code: str) -> list[StoredColumn] | list[Fault]:
    """Columns of the bytes of a Parquet file, or what its footer promises too much of.

    Columns of lists, structures or bytes are `unusable` and not decoded. Raises pyarrow's errors, ValueError and
    OverflowError where it is damaged or a value has no counterpart.
    """
    with pq.ParquetFile(io.BytesIO(data)) as look:
        schema = look.schema_arrow
    texts = [item.name for item in schema if pa.types.is_string(item.type) or pa.types.is_large_string(item.type)]
    with pq.ParquetFile(io.BytesIO(data), read_dictionary=texts) as source:
        usable = [item.name for item in schema if _usable(item.type)]
        faults = size_faults(source, len(data), file, code, usable)
        if faults:
            return faults
        rows = source.metadata.num_rows
        table = source.read(columns=usable, use_threads=False)
    return [
        _stored(item.name, table.column(item.name), _plain(item.type))
        if item.name in table.column_names
        else StoredColumn(item.name, [], np.full(rows, -1, dtype=np.int64), "unusable")
        for item in schema
    ]


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _usable(kind: pa.DataType) -> bool:
    kind = _plain(kind)
    if pa.types.is_duration(kind):
        return False
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind)
    return number or text or pa.types.is_boolean(kind) or pa.types.is_temporal(kind)


def _stored(name: str, column: pa.ChunkedArray, kind: pa.DataType) -> StoredColumn:
    """A stored column: numbers as doubles where all fit one, truth values and dates as text, others as they are."""
    if pa.types.is_null(kind):
        return StoredColumn(name, [], np.full(len(column), -1, dtype=np.int64), "text")
    if pa.types.is_float16(kind):
        column = column.cast(pa.float32())
    levels: list[Any] = []
    parts = [np.zeros(0, dtype=np.int64)]
    for chunk in column.chunks:
        coded = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
        codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        used, moved = np.unique(codes[codes >= 0], return_inverse=True)
        codes[codes >= 0] = moved + len(levels)
        levels += coded.dictionary.take(pa.array(used)).to_pylist()
        parts.append(codes)
    values, form = _read(levels, kind)
    return StoredColumn(name, values, np.concatenate(parts), form)


def _read(levels: list[Any], kind: pa.DataType) -> tuple[list[Any], str]:
    if pa.types.is_boolean(kind):
        return [None if value is None else "true" if value else "false" for value in levels], "text"
    if pa.types.is_temporal(kind):
        return [None if value is None else _iso(value) for value in levels], "date"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return levels, "text"
    whole = not pa.types.is_floating(kind)
    if whole and any(value is not None and abs(value) > EXACT for value in levels):
        return [None if value is None else str(value) for value in levels], "text"
    return [None if value is None or value != value else float(value) for value in levels], "number"


def _iso(value: datetime.date | datetime.datetime | datetime.time) -> str:
    return value.isoformat().removesuffix("T00:00:00")
