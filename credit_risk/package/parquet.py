"""Deterministic Parquet: the same frame gives the same bytes on any number of threads (SPECIFICATION section 5)."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from credit_risk._core.errors import Fault, PackageError

ROW_GROUP_SIZE = 65536
OPTIONS: dict[str, Any] = {
    "version": "2.6",
    "data_page_version": "1.0",
    "compression": "zstd",
    "compression_level": 3,
    "use_dictionary": True,
    "write_statistics": True,
    "store_schema": False,
    "write_page_index": False,
}


def table_bytes(frame: pd.DataFrame, file: str = "table") -> bytes:
    """Parquet bytes of `frame` (rows in order, index dropped), zstd, no pandas or Arrow metadata; NaN becomes null.

    Columns are float64, int64, bool or text (their nullable pandas forms too); nothing is coerced. Raises PackageError,
    code `column_type`, naming every column of another type or holding an infinity; `file` names the table.
    """
    sink = io.BytesIO()
    pq.write_table(_arrow_table(frame, file), sink, row_group_size=ROW_GROUP_SIZE, **OPTIONS)
    return sink.getvalue()


class TableWriter:
    """Write a table to a new file part by part, Parquet or CSV by `name`; a context manager.

    Parquet has the bytes of `table_bytes` of the whole, whatever the parts. CSV holds the shortest text that reads back
    to the same double. Raises PackageError as `table_bytes`, OSError where the disk takes no more.
    """

    def __init__(self, path: Path, name: str):
        self._name = name
        self._stream = path.open("xb")
        self._parquet: pq.ParquetWriter | None = None
        self._waiting: list[pa.Table] = []
        self._begun = False

    def __enter__(self) -> TableWriter:
        return self

    def write(self, frame: pd.DataFrame) -> None:
        """Append the rows of a frame; its columns are those of the first."""
        if self._name.endswith(".csv"):
            text = frame.to_csv(index=False, header=not self._begun, lineterminator="\n")
            self._stream.write(text.encode("utf-8"))
        else:
            self._waiting.append(_arrow_table(frame, self._name))
            self._write_groups(ROW_GROUP_SIZE)
        self._begun = True

    def _write_groups(self, least: int) -> None:
        """Write what waits in whole row groups, and what is left where `least` rows are enough for one."""
        if self._parquet is None and self._waiting:
            self._parquet = pq.ParquetWriter(self._stream, self._waiting[0].schema, **OPTIONS)
        rows = sum(table.num_rows for table in self._waiting)
        ready = rows if least == 1 else rows // least * least
        if ready and self._parquet is not None:
            table = pa.concat_tables(self._waiting)
            self._parquet.write_table(table.slice(0, ready), row_group_size=ROW_GROUP_SIZE)
            self._waiting = [table.slice(ready)] if ready < rows else []

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        try:
            if error is None:
                self._write_groups(1)
            if self._parquet is not None:
                self._parquet.close()
            self._stream.flush()
            os.fsync(self._stream.fileno())
        finally:
            self._stream.close()


def flags_as_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with flags as 1.0 and 0.0, as tables of a package hold them (SPECIFICATION section 5)."""
    flags = [name for name in frame.columns if frame[name].dtype == bool]
    return frame.astype(dict.fromkeys(flags, float))


def _arrow_table(frame: pd.DataFrame, file: str) -> pa.Table:
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
    return pa.table(arrays, schema=pa.schema([(n, a.type) for n, a in zip(names, arrays, strict=True)]))


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
