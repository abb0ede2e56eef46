"""A Parquet table to be scored, read in batches: the same values, batch by batch, as if it had been read whole.

What reading a column depends on beyond one value is settled in a first pass over the file: how texts that stand for
categories are written (all plain numbers, or not), and whether all keys are whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from credit_risk.sampling.column_types import CATEGORICAL, as_text, read_numbers
from credit_risk.sampling.keys import key_values
from credit_risk.sampling.parquet_source import EXACT, columns_of_table
from credit_risk.sampling.production import PLAIN_NUMBERS, typed_frame
from credit_risk.sampling.reading_spec import NumberFormatSpec
from credit_risk.sampling.source import RawColumn, Source, check_names, refuse

BATCH_ROWS = 131_072


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of the table from row `start` (counted from 0): their keys (n,), and what gives them in declared types.

    typed() raises DataContractError (an IntakeError) where values are not of the declared types.
    """

    start: int
    keys: np.ndarray
    typed: Callable[[], pd.DataFrame]


@dataclass(frozen=True, slots=True)
class ReadingRules:
    """How rows of Arrow tables are read, the same in every part of a source.

    name: of the source; inputs: of the model.json; key: column of the keys, None: the row number. words: how the texts
    of a column of categories are written; whole_keys: keys are int64; notations: of numbers in text, by column; beside:
    columns that are read and are no inputs.
    """

    name: str
    inputs: tuple[Mapping[str, Any], ...]
    key: str | None
    words: Mapping[str, Mapping[str, str]]
    whole_keys: bool
    notations: Mapping[str, NumberFormatSpec] = field(default_factory=dict)
    beside: tuple[str, ...] = ()

    def columns(self) -> list[str]:
        """Columns to be read: the inputs, then the key and what is beside, where they are none of them."""
        names = [item["name"] for item in self.inputs]
        return list(dict.fromkeys([*names, *([] if self.key is None else [self.key]), *self.beside]))

    def identifiers(self, table: pa.Table, column: str) -> np.ndarray:
        """Values (n,) of a column of whole numbers or texts as keys are read: int64, or text and None where missing."""
        return key_values(columns_of_table(table.select([column]))[0][column])

    def keys(self, table: pa.Table, start: int) -> np.ndarray:
        """Keys (n,) of the rows of a part that begins at row `start`: int64, or text and None where missing."""
        if self.key is None:
            return np.arange(start + 1, start + table.num_rows + 1, dtype=np.int64)
        column = table.column(self.key)
        if self.whole_keys and pa.types.is_signed_integer(column.type):
            return column.cast(pa.int64()).to_numpy()
        values = key_values(columns_of_table(table.select([self.key]))[0][self.key])
        if self.whole_keys or values.dtype == object:
            return values
        return np.array([str(value) for value in values], dtype=object)

    def frame(self, table: pa.Table) -> pd.DataFrame:
        """The declared inputs that the table has: plain numbers as they stand, the others by the rules of intake."""
        frame: dict[str, Any] = {}
        slow: list[Mapping[str, Any]] = []
        for item in self.inputs:
            name = item["name"]
            if name not in table.column_names:
                continue
            numbers = _plain_numbers(table.column(name)) if item["type"] == "number" else None
            if numbers is not None:
                frame[name] = numbers
            elif name in self.words:
                frame[name] = _written(columns_of_table(table.select([name]))[0][name], self.words[name])
            else:
                slow.append(item)
        if slow:
            raw, conversions = columns_of_table(table.select([item["name"] for item in slow]))
            source = Source(self.name, "", table.num_rows, "Parquet", raw, conversions)
            typed = typed_frame(source, slow, self.notations)
            frame.update({name: typed[name] for name in typed})
        return pd.DataFrame(frame, index=pd.RangeIndex(table.num_rows))


@dataclass(frozen=True, slots=True)
class ParquetTable:
    """An open table: its path, its number of rows, and how they are read."""

    path: Path
    rows: int
    rules: ReadingRules

    @property
    def key(self) -> str | None:
        """Column of the keys; None: the row number."""
        return self.rules.key

    def batches(self, rows: int = BATCH_ROWS) -> Iterator[Batch]:
        """All rows in their order, at most `rows` at a time. Raises IntakeError as reading the whole table does."""
        start = 0
        for table in _tables(self.path, self.rules.columns(), rows):
            yield Batch(start, self.rules.keys(table, start), partial(self.rules.frame, table))
            start += table.num_rows


def open_parquet(
    path: Path,
    inputs: Iterable[Mapping[str, Any]],
    key: str | None,
    notations: Mapping[str, NumberFormatSpec] = PLAIN_NUMBERS,
) -> ParquetTable:
    """Look through a Parquet file for the `inputs` of a model.json and the keys of its rows.

    key: name of the key column, passed over where the file has none. Raises IntakeError where the file is damaged, has
    no rows, or names a column twice.
    """
    declared = tuple(inputs)
    with _told(path):
        file = pq.ParquetFile(path)
        names, rows = file.schema_arrow.names, file.metadata.num_rows
    check_names(names, path.name)
    if rows == 0:
        raise refuse(path.name, "there is a header and no row", "no_rows", remedy="export the table again")
    key = key if key in names else None
    texts = [item["name"] for item in declared if item["type"] == "string" and item["name"] in names]
    found: dict[str, dict[Any, None]] = {name: {} for name in texts}
    whole = True
    for table in _tables(path, [*texts, *([key] if key is not None and key not in texts else [])], BATCH_ROWS):
        raw, _ = columns_of_table(table)
        for name in texts:
            found[name].update(dict.fromkeys(raw[name].levels))
        whole = whole and (key is None or key_values(raw[key]).dtype != object)
    words = category_words({name: list(levels) for name, levels in found.items()})
    return ParquetTable(path, rows, ReadingRules(path.name, declared, key, words, whole, notations))


def category_words(levels: Mapping[str, list[Any]]) -> dict[str, dict[str, str]]:
    """How the texts of each column of categories are written, from all its distinct ones; columns of texts alone."""
    words = {name: _words(name, found) for name, found in levels.items()}
    return {name: found for name, found in words.items() if found is not None}


def _words(name: str, levels: list[Any]) -> dict[str, str] | None:
    """How each text is written as a category; None where the file holds no texts there."""
    if not all(isinstance(level, str) for level in levels):
        return None
    values = np.empty(len(levels), dtype=object)
    values[:] = levels
    raw = RawColumn(values, np.arange(len(levels), dtype=np.int64))
    written = as_text(name, raw, read_numbers(raw), CATEGORICAL)[0].series()
    return dict(zip(levels, written, strict=True))


def _written(raw: RawColumn, words: Mapping[str, str]) -> np.ndarray:
    texts = np.array([*(words[level] for level in raw.levels), None], dtype=object)
    return texts[raw.codes]


def _plain_numbers(column: pa.ChunkedArray) -> np.ndarray | None:
    """Numbers that a double holds, NaN where missing, −0.0 as 0.0; None where the file holds something else there."""
    kind = column.type
    if pa.types.is_floating(kind):
        values = column.cast(pa.float64()).to_numpy() + 0.0
        return None if np.isinf(values).any() else values
    if not pa.types.is_integer(kind):
        return None
    ends = pc.min_max(column).as_py()
    if any(end is not None and abs(end) > EXACT for end in ends.values()):
        return None
    return column.cast(pa.float64()).to_numpy()


def _tables(path: Path, columns: list[str], rows: int) -> Iterator[pa.Table]:
    """Tables of at most `rows` rows with those of the columns that the file has."""
    with _told(path):
        file = pq.ParquetFile(path)
        kept = [name for name in dict.fromkeys(columns) if name in file.schema_arrow.names]
        for group in range(file.num_row_groups):  # one at a time: asked for all, PyArrow keeps them all
            for batch in file.iter_batches(batch_size=rows, row_groups=[group], columns=kept, use_threads=False):
                yield pa.Table.from_batches([batch])


class _told:
    """What PyArrow says of a damaged file, as an IntakeError."""

    def __init__(self, path: Path):
        self.path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, (pa.ArrowException, OSError)):
            found = " ".join(str(error).split())[:200]
            raise refuse(
                self.path.name,
                "not readable as Parquet: damaged or truncated",
                "damaged",
                found=found,
                remedy="copy or export the file again",
            ) from error
