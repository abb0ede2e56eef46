"""Columns of a table of production as arrays: numbers, days, and applicants as numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from credit_risk.monitoring.performance.labels import Labels, label_outcomes

OUTCOMES = ("bad_date", "observed_until")
"""Columns of what became of an account, beside `_time` of its decision."""
NEVER = np.iinfo(np.int64).min
DAY = 86_400_000_000
"""Microseconds."""
Whole = NDArray[np.int64]


def days_in(table: pa.Table, name: str) -> Whole:
    """Days since 1970 (n,), UTC, NEVER where missing, of a column of dates or moments."""
    column = table[name].combine_chunks()
    if not pa.types.is_timestamp(column.type):
        whole = column.cast(pa.date32()).cast(pa.int32()).cast(pa.int64())
        return np.asarray(whole.fill_null(NEVER), np.int64)
    moments = np.asarray(column.cast(pa.timestamp("us")).cast(pa.int64()).fill_null(NEVER), np.int64)
    return np.where(moments == NEVER, NEVER, moments // DAY)


def numbers_of(table: pa.Table, name: str) -> NDArray[np.float64]:
    """Numbers (n,), NaN where missing."""
    return np.asarray(table[name].to_pandas().to_numpy(np.float64, na_value=np.nan), np.float64)


def texts_of(table: pa.Table, name: str) -> NDArray[np.object_]:
    """Texts (n,), None where missing; truth values and numbers as they are."""
    return np.asarray(table[name].to_pandas().to_numpy(object), dtype=object)


def clusters_of(column: pa.ChunkedArray, before: int) -> NDArray[np.uint64]:
    """Numbers (n,) of applicants: hashes of 64 bits, even; a row without a name has an odd number of its own.

    Two of ten million names have the same hash with a probability of five in a million.
    """
    return clusters_of_names(column.to_pandas().to_numpy(object), before)


def clusters_of_names(names: NDArray[np.object_], before: int) -> NDArray[np.uint64]:
    """The same of names (n,), None where missing; before: rows that went before."""
    missing = pd.isna(names)
    hashed = pd.util.hash_array(names, categorize=False) & np.uint64(2**64 - 2)
    alone = (np.arange(before, before + len(names)) * 2 + 1).astype(np.uint64)
    return np.where(missing, alone, hashed).astype(np.uint64)


def dates_of(days: Whole) -> NDArray[np.datetime64]:
    """Days as dates, NaT of NEVER."""
    return np.where(days == NEVER, np.datetime64("NaT", "D").astype(np.int64), days).astype("datetime64[D]")


def labels_in(table: pa.Table, window: float) -> tuple[Labels, pd.DataFrame]:
    """`label_outcomes` of the rows of a table with `_time` and OUTCOMES; window: months."""
    start, bad, until = (pd.Series(dates_of(days_in(table, name))) for name in ("_time", *OUTCOMES))
    return label_outcomes(start, bad, until, window)
