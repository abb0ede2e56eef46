"""Frames as tables of PostgreSQL."""

from __future__ import annotations

import pandas as pd
import pytest


def put(dsn: str, table: str, frame: pd.DataFrame) -> str:
    """A frame as a table of PostgreSQL, what is missing as null; days as dates, moments with their zone or not."""
    psycopg = pytest.importorskip("psycopg")
    quoted = {name: '"' + str(name).replace('"', '""') + '"' for name in frame}
    listed = ", ".join(f"{quoted[name]} {_kind(frame[name])}" for name in frame)
    with psycopg.connect(dsn) as opened:
        opened.execute(f'DROP TABLE IF EXISTS "{table}"')
        opened.execute(f'CREATE TABLE "{table}" ({listed})')
        with opened.cursor().copy(f'COPY "{table}" FROM STDIN') as copy:
            for line in frame.astype(object).itertuples(index=False):
                copy.write_row([None if pd.isna(one) else one for one in line])
    return table


def _kind(column: pd.Series) -> str:
    kinds = {"f": "float8", "i": "bigint"}
    if column.dtype.kind == "M":
        return "timestamp" if getattr(column.dtype, "tz", None) is None else "timestamptz"
    if pd.api.types.infer_dtype(column, skipna=True) == "date":
        return "date"
    return kinds.get(column.dtype.kind, "text")
