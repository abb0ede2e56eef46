"""Rows of one person in a part of a log, found without reading the rest of it.

Of each row group one column is read, and none where the least and greatest value that the file tells (its statistics)
leave the value out; the other columns are read of the row groups that hold a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from credit_risk._core.errors import CreditRiskError, Fault, ScoringError


@dataclass(frozen=True, slots=True)
class Search:
    """rows: those found, with all columns asked for; empty: rows in which the column is missing.

    groups: row groups of the file; read: how many of them were read for the column.
    """

    rows: pa.Table
    empty: int
    groups: int
    read: int


def search(path: Path, shown: str, column: str, value: str | int, columns: Sequence[str] | None = None) -> Search:
    """The rows of a Parquet file that hold `value` in `column`; columns: those wanted (None: all).

    Raises ScoringError where it cannot be read, CreditRiskError where it lacks a column.
    """
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            wanted = list(names if columns is None else columns)
            lacking = [one for one in dict.fromkeys([column, *wanted]) if one not in names]
            if lacking:
                raise CreditRiskError(Fault(f"{shown} lacks columns: {', '.join(lacking)}", "columns", shown))
            return _searched(file, column, value, wanted)
    except (pa.ArrowException, OSError) as error:
        found = " ".join(str(error).split())[:200]
        raise ScoringError(Fault("cannot be read as Parquet", "log_damaged", shown, found=found)) from error


def _searched(file: pq.ParquetFile, column: str, value: str | int, wanted: list[str]) -> Search:
    place = file.schema_arrow.names.index(column)
    parts = [file.schema_arrow.empty_table().select(wanted)]
    empty = read = 0
    for group in range(file.num_row_groups):
        told = file.metadata.row_group(group).column(place).statistics
        if told is not None and told.has_null_count and _left_out(told, value, file.metadata.row_group(group).num_rows):
            empty += told.null_count
            continue
        read += 1
        held = file.read_row_group(group, columns=[column], use_threads=False)[column]
        empty += held.null_count
        mine = np.flatnonzero(pc.equal(held, value).fill_null(False).to_numpy())
        if len(mine):
            parts.append(file.read_row_group(group, columns=wanted, use_threads=False).select(wanted).take(mine))
    return Search(pa.concat_tables(parts), empty, file.num_row_groups, read)


def _left_out(told: pq.Statistics, value: str | int, rows: int) -> bool:
    """Whether the value cannot stand in a row group of so many rows."""
    if told.null_count == rows:
        return True
    return bool(told.has_min_max and not told.min <= value <= told.max)
