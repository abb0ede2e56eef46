"""Parquet as stored: numbers as doubles where they fit one exactly, everything else as text, each change recorded."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from credit_risk.sampling.source import Conversion, RawColumn, check_names, refuse

EXACT = 2**53


def read_parquet(data: bytes, file: str) -> tuple[str, dict[str, RawColumn], tuple[Conversion, ...]]:
    """Layout in words, columns and conversions of Parquet bytes. Raises IntakeError."""
    try:
        schema = pq.read_schema(io.BytesIO(data))
        check_names(schema.names, file)
        table = pq.read_table(io.BytesIO(data), use_threads=False)
    except (pa.ArrowException, OSError) as error:
        found = " ".join(str(error).split())[:200]
        remedy = "copy or export the file again"
        raise refuse(
            file, "not readable as Parquet: damaged or truncated", "damaged", found=found, remedy=remedy
        ) from error
    if table.num_columns == 0:
        raise refuse(file, "there is no column", "not_a_table", remedy="export the table again")
    raw, conversions = columns_of_table(table)
    return "Parquet", raw, conversions


def columns_of_table(table: pa.Table) -> tuple[dict[str, RawColumn], tuple[Conversion, ...]]:
    """Columns and conversions of an Arrow table; a column of an unknown type is marked unusable with the reason."""
    raw: dict[str, RawColumn] = {}
    conversions: list[Conversion] = []
    for name in table.column_names:
        try:
            raw[name], told = _column(table.column(name), name)
        except (TypeError, pa.ArrowException):
            codes = np.full(table.num_rows, -1, dtype=np.int64)
            kind = str(table.schema.field(name).type)
            raw[name] = RawColumn(np.empty(0, dtype=object), codes, unusable=f"values of type {kind}")
            continue
        conversions += told
    return raw, tuple(conversions)


def _column(column: pa.ChunkedArray, name: str) -> tuple[RawColumn, list[Conversion]]:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_null(kind):
        column, kind = column.cast(pa.large_string()), pa.large_string()
    encoded = pc.dictionary_encode(column).combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0) if encoded.num_chunks else pa.array([], kind).dictionary_encode()
    values: list[Any] = encoded.dictionary.to_pylist()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    absent = [place for place, value in enumerate(values) if value is None or value != value or value == ""]
    raw = RawColumn(*_without(values, codes, absent))
    told = _counted(name, "null, NaN or empty text read as missing", int(np.count_nonzero(raw.codes < 0)))
    present = int(np.count_nonzero(raw.codes >= 0))
    if pa.types.is_boolean(kind):
        texts = ["true" if value else "false" for value in raw.levels]
        return _texts(raw, texts), [*told, *_counted(name, "truth value read as text", present)]
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _number(raw, name, told, kind)
    if pa.types.is_temporal(kind) and not pa.types.is_duration(kind):
        dated = _texts(raw, [_iso(value) for value in raw.levels])
        moved = _counted(name, "date read as ISO 8601 text", present)
        return RawColumn(dated.levels, dated.codes, is_date=True), [*told, *moved]
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return raw, told
    raise TypeError(str(kind))


def _number(raw: RawColumn, name: str, told: list[Conversion], kind: pa.DataType) -> tuple[RawColumn, list[Conversion]]:
    """Doubles; whole numbers beyond 2**53 stay text, decimals become the nearest double."""
    whole = not pa.types.is_floating(kind)
    present = int(np.count_nonzero(raw.codes >= 0))
    if whole and any(abs(value) > EXACT for value in raw.levels):
        words = "kept as text: whole numbers too long for a double"
        return _texts(raw, [str(value) for value in raw.levels]), [*told, *_counted(name, words, present)]
    if pa.types.is_decimal(kind):
        told = [*told, *_counted(name, "decimal read as the nearest double", present)]
    levels = np.asarray([float(value) for value in raw.levels], dtype=object)
    return RawColumn(levels, raw.codes, is_number=True), told


def _without(values: list[Any], codes: np.ndarray, absent: list[int]) -> tuple[np.ndarray, np.ndarray]:
    kept = [value for place, value in enumerate(values) if place not in set(absent)]
    moved = np.cumsum([place not in set(absent) for place in range(len(values))]) - 1
    moved = np.append(np.where(np.isin(np.arange(len(values)), absent), -1, moved), -1).astype(np.int64)
    levels = np.empty(len(kept), dtype=object)
    levels[:] = kept
    return levels, moved[codes]


def _texts(raw: RawColumn, texts: list[str]) -> RawColumn:
    """`raw` with its levels written as `texts`, equal texts made one level."""
    unique = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    moved = np.append([unique[text] for text in texts], -1).astype(np.int64)
    return RawColumn(np.asarray(list(unique), dtype=object), moved[raw.codes])


def _iso(value: Any) -> str:
    text = value.isoformat()
    return text.removesuffix("T00:00:00")


def _counted(name: str, words: str, rows: int) -> list[Conversion]:
    return [Conversion(name, words, rows)] if rows else []
