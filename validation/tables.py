"""Parquet tables of the package (SPECIFICATION section 5): strict types, missing is null, nothing coerced."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from validation import parquet_check
from validation.errors import Fault, ValidationInputError

SAMPLES = ("development", "calibration", "out_of_sample", "out_of_time", "out_of_time_before")
LEADING = ("_key", "_sample", "_outcome", "_status", "_weight", "_cluster")


def read_parquet(data: bytes, file: str, code: str, rows: int | None = None, most: int | None = None) -> pa.Table:
    """Return the table that `data` holds; `rows` is the number that it must have, where known, `most` the greatest.

    Raises ValidationInputError with `code` where the file is unreadable, has other rows, or columns twice, and where
    it would take memory out of proportion to its size (see `parquet_check`).
    """
    try:
        source = pq.ParquetFile(io.BytesIO(data))
        _refuse(_row_faults(source.metadata.num_rows, file, code, rows, most))
        _refuse(parquet_check.metadata_faults(source, len(data), file, code))
        names = source.schema_arrow.names
        if len(set(names)) != len(names):
            raise ValidationInputError(Fault(code, "a column stands twice", file))
        texts = [name for name, kind in zip(names, source.schema_arrow.types, strict=True) if _is_text(kind)]
        table = pq.ParquetFile(io.BytesIO(data), read_dictionary=texts).read()
        _refuse(parquet_check.text_faults(table, len(data), file, code))
        table = table.cast(source.schema_arrow)
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError, OverflowError, TypeError, KeyError) as error:
        raise ValidationInputError(Fault(code, f"not readable as Parquet: {error}", file)) from error
    return table


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise ValidationInputError(faults)


def _row_faults(found: int, file: str, code: str, rows: int | None, most: int | None) -> list[Fault]:
    if rows is not None and found != rows:
        return [Fault(code, "other number of rows", file, None, None, str(found), str(rows))]
    if most is not None and found > most:
        return [Fault(code, "more rows than the snapshot", file, None, None, str(found), str(most))]
    return []


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def table_faults(table: pa.Table, file: str, code: str) -> list[Fault]:
    """Return the faults of the columns: types other than float64, string, int64 key; NaN; infinities."""
    faults = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        kind = column.type
        text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        if name == "_key":
            if not (text or pa.types.is_int64(kind)):
                faults.append(Fault(code, "the key is not int64 or string", file, name, None, str(kind)))
            continue
        if text:
            continue
        if not pa.types.is_float64(kind):
            if pa.types.is_null(kind) and column.null_count == len(column):
                continue
            faults.append(Fault(code, "neither float64 nor string", file, name, None, str(kind)))
            continue
        values = column.drop_null().to_numpy()
        bad = np.count_nonzero(~np.isfinite(values))
        if bad:
            faults.append(Fault(code, f"{bad} values are NaN or infinite; missing is null", file, name))
    return faults


def snapshot_faults(table: pa.Table, file: str, outcome_type: str) -> list[Fault]:
    """Return what is wrong with the snapshot's leading columns, key, samples, outcomes and weights."""
    code = "snapshot_invalid"
    names = tuple(table.column_names[: len(LEADING)])
    if names != LEADING:
        return [Fault(code, "does not begin with the leading columns", file, None, None, str(names), str(LEADING))]
    faults = table_faults(table, file, code)
    types = {"_sample": "string", "_status": "string", "_outcome": "float", "_weight": "float", "_cluster": "string"}
    for name, wanted in types.items():
        kind = table.column(name).type
        is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        if not pa.types.is_null(kind) and is_text != (wanted == "string"):
            faults.append(Fault(code, f"not of type {wanted}", file, name, None, str(kind)))
    if faults:
        return faults
    key = table.column("_key")
    if key.null_count:
        faults.append(Fault(code, f"{key.null_count} keys are missing", file, "_key"))
    if len(key.unique()) != len(key):
        faults.append(Fault(code, "keys stand more than once", file, "_key"))
    unknown = sorted({item for item in table.column("_sample").unique().to_pylist() if item is not None} - set(SAMPLES))
    if unknown:
        faults.append(Fault(code, "unknown sample", file, "_sample", None, str(unknown), str(SAMPLES)))
    outcomes = {item for item in table.column("_outcome").unique().to_pylist() if item is not None}
    if outcome_type == "binary" and not outcomes <= {0.0, 1.0}:
        found = str(sorted(outcomes - {0.0, 1.0})[:5])
        faults.append(Fault(code, "the outcome is neither 0.0, 1.0 nor null", file, "_outcome", None, found))
    if outcome_type != "binary":
        faults += _measure_faults(outcomes, outcome_type, file)
    weight = table.column("_weight")
    if weight.null_count or (weight.drop_null().to_numpy() < 0).any():
        faults.append(Fault(code, "a weight is missing or negative", file, "_weight"))
    return faults


def _measure_faults(outcomes: set[float], outcome_type: str, file: str) -> list[Fault]:
    """Return a fault where an amount is negative or a fraction lies outside [0, 1]."""
    highest = 1.0 if outcome_type == "fraction" else float("inf")
    wrong = sorted(item for item in outcomes if not 0.0 <= item <= highest)
    if not wrong:
        return []
    allowed = "at least 0.0" if outcome_type == "amount" else "from 0.0 to 1.0"
    message = f"the outcome is no {outcome_type}"
    return [Fault("snapshot_invalid", message, file, "_outcome", None, str(wrong[:5]), allowed)]


def prediction_faults(table: pa.Table, file: str, needed: Sequence[str]) -> list[Fault]:
    """Return the faults of a table of predictions, which must have exactly the columns `needed`."""
    if list(table.column_names) != list(needed):
        found = ", ".join(table.column_names)
        return [Fault("schema", "other columns", file, None, None, found, ", ".join(needed))]
    return table_faults(table, file, "schema")


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Return a frame: numbers float64 with NaN for null, strings as objects with None for null, integer keys int64."""
    columns = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        kind = column.type
        if pa.types.is_float64(kind):
            columns[name] = column.to_numpy().astype(np.float64)
        elif pa.types.is_int64(kind) and not column.null_count:
            columns[name] = column.to_numpy()
        else:
            columns[name] = np.array([*column.to_pylist(), None], dtype=object)[:-1]
    return pd.DataFrame({name: pd.Series(values, dtype=values.dtype) for name, values in columns.items()})
