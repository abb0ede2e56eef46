"""Read a source file without losing anything: CSV as text, Parquet as stored, every oddity told or recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from credit_risk._core.errors import Fault, IntakeError
from credit_risk._core.hashing import sha256_bytes

TABLE = "(table)"


@dataclass(frozen=True, slots=True)
class RawColumn:
    """One column as read: `levels` (k,) are its distinct values (text, or float where the file holds numbers),

    `codes` (n,) the position of each row's value in `levels`, −1 where there is none. `is_date` where the file says so.
    `unusable`: why its values have no place in a table of applications (nested, binary); then every code is −1.
    """

    levels: np.ndarray
    codes: np.ndarray
    is_number: bool = False
    is_date: bool = False
    unusable: str = ""

    def values(self) -> np.ndarray:
        """The column, object (n,), None where missing."""
        return np.append(self.levels.astype(object), np.array([None], dtype=object))[self.codes]


@dataclass(frozen=True, slots=True)
class Conversion:
    """Something that was done to `rows` values of `column` while they were read."""

    column: str
    conversion: str
    rows: int


@dataclass(frozen=True, slots=True)
class Source:
    """A table as it stands in the file; `sha256` is the hash of the file's bytes.

    made: how rows were made of those of the file, in words, where they were; file_size: its own rows and columns, where
    rows or columns were made. apart: columns that came from a store of protected attributes, whose values evaluation
    uses and nothing of the package holds.
    """

    name: str
    sha256: str
    rows: int
    layout: str
    raw: dict[str, RawColumn]
    conversions: tuple[Conversion, ...] = ()
    made: str = ""
    file_size: tuple[int, int] | None = None
    apart: frozenset[str] = frozenset()

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(self.raw)

    @property
    def frame(self) -> pd.DataFrame:
        """The table: text from a CSV file, None where a field is empty."""
        return pd.DataFrame({name: pd.Series(raw.values(), dtype=object) for name, raw in self.raw.items()})

    def items(self) -> dict[str, str | int]:
        """Facts for the evidence `data.source`."""
        rows, columns = self.file_size or (self.rows, len(self.raw))
        facts: dict[str, str | int] = {
            "file": self.name,
            "layout": self.layout,
            "sha256": self.sha256,
            "rows": rows,
            "columns": columns,
        }
        return facts | ({"rows made": self.rows, "made of": self.made} if self.made else {})

    def _repr_html_(self) -> str:
        head = f"<p>{self.name}: {self.rows:,} rows, {len(self.raw)} columns, SHA-256 {self.sha256[:12]}…</p>"
        return head + self.frame.head()._repr_html_()


def read_source(path: Path | str) -> Source:
    """Read a CSV (`.csv`, `.csv.gz`, `.txt`, `.tsv`) or Parquet file.

    Raises IntakeError, with all that can be told at once, where the file is absent, empty, truncated, not UTF-8, not a
    table, ragged, has a header only, or names a column twice or by a name that the package uses itself.
    """
    from credit_risk.sampling import csv_source, parquet_source

    path = Path(path)
    try:
        data = path.read_bytes()
    except IsADirectoryError as error:
        raise refuse(path.name, "is a folder, not a file", "unreadable", remedy="name the file itself") from error
    except OSError as error:
        remedy = "check data.source; a relative path starts at the folder of the plan"
        reason = error.strerror or type(error).__name__
        raise refuse(str(path), f"cannot be read: {reason}", "unreadable", remedy=remedy) from error
    if not data:
        raise refuse(path.name, "the file is empty", "empty", remedy="export the table again")
    is_parquet = data[:4] == b"PAR1" or path.suffix.lower() in (".parquet", ".pq")
    read: Callable[[bytes, str], tuple[str, dict[str, RawColumn], tuple[Conversion, ...]]]
    read = parquet_source.read_parquet if is_parquet else csv_source.read_csv
    layout, raw, conversions = read(data, path.name)
    rows = len(next(iter(raw.values())).codes)
    if rows == 0:
        raise refuse(path.name, "there is a header and no row", "no_rows", remedy="export the table again")
    return Source(path.name, sha256_bytes(data), rows, layout, raw, conversions)


def check_names(names: list[str], file: str) -> None:
    """Refuse names that stand twice. Names that the package uses itself are left out, or refused, by intake."""
    faults = []
    for name in dict.fromkeys(names):
        if (count := names.count(name)) > 1:
            message = f"{count} columns have the name {name!r}"
            faults.append(Fault(message, code="duplicate_column", file=file, path=name, remedy="rename all but one"))
    if faults:
        raise IntakeError(faults)


def refuse(
    file: str,
    message: str,
    code: str,
    *,
    row: int | None = None,
    found: str | None = None,
    allowed: str | None = None,
    remedy: str | None = None,
) -> IntakeError:
    """An IntakeError with one fault in `file`."""
    return IntakeError(Fault(message, code=code, file=file, row=row, found=found, allowed=allowed, remedy=remedy))
