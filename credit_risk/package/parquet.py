"""Deterministic Parquet: the same frame gives the same bytes on any number of threads (SPECIFICATION section 5)."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from credit_risk._core.errors import Fault, PackageError

ROW_GROUP_SIZE = 65536


def table_bytes(frame: pd.DataFrame, file: str = "table") -> bytes:
    """Parquet bytes of `frame` (rows in order, index dropped), zstd, no pandas or Arrow metadata; NaN becomes null.

    Columns are float64, int64, bool or text (their nullable pandas forms too); nothing is coerced. Raises PackageError,
    code `column_type`, naming every column of another type or holding an infinity; `file` names the table.
    """
    faults: list[Fault] = []
    arrays: list[pa.Array] = []
    names = [str(name) for name in frame.columns]
    repeated = sorted({name for name in names if names.count(name) > 1})
    faults += [Fault("column name stands twice", "column_type", file, name) for name in repeated]
    for position, name in enumerate(names):
        try:
            arrays.append(_array(frame.iloc[:, position]))
        except ValueError as error:
            faults.append(Fault(str(error), "column_type", file, name, allowed="float64, int64, bool or text"))
    if faults:
        raise PackageError(faults)
    table = pa.table(arrays, schema=pa.schema([(n, a.type) for n, a in zip(names, arrays, strict=True)]))
    sink = io.BytesIO()
    pq.write_table(
        table,
        sink,
        row_group_size=ROW_GROUP_SIZE,
        version="2.6",
        data_page_version="1.0",
        compression="zstd",
        compression_level=3,
        use_dictionary=True,
        write_statistics=True,
        store_schema=False,
        write_page_index=False,
    )
    return sink.getvalue()


def _array(column: pd.Series) -> pa.Array:
    """One column as an Arrow array of double, int64, bool or string; ValueError says what it holds instead."""
    kind = _kind(column)
    if kind == "number":
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        if np.isinf(values).any():
            raise ValueError(f"infinite value in row {int(np.flatnonzero(np.isinf(values))[0]) + 1}")
        return pa.array(values, type=pa.float64(), from_pandas=True)
    kinds = {"integer": pa.int64(), "flag": pa.bool_(), "text": pa.string()}
    missing = column.isna().to_numpy()
    values = [None if gone else value for value, gone in zip(column.tolist(), missing, strict=True)]
    return pa.array(values, type=kinds[kind])


def _kind(column: pd.Series) -> str:
    dtype = str(column.dtype)
    simple = {"float64": "number", "Float64": "number", "int64": "integer", "Int64": "integer"}
    if dtype in simple:
        return simple[dtype]
    if dtype in ("bool", "boolean"):
        return "flag"
    if isinstance(column.dtype, pd.StringDtype):
        return "text"
    if dtype == "object":
        found = {type(value).__name__ for value in column[column.notna()].tolist()}
        if found <= {"str"}:
            return "text"
        if found == {"bool"}:
            return "flag"
        raise ValueError(f"object column holds {', '.join(sorted(found))}")
    raise ValueError(f"column of type {dtype}")
