"""Files of source rows: found, hashed and read as text; what cannot be read is one fault that names file and remedy."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from validation.errors import Fault, ValidationInputError
from validation.rebuild.source.parquet_file import read_parquet
from validation.rebuild.source.text_file import AGAIN, BLOCK, GZIP, TextError, read_text, refuse_twice

CODE = "source_invalid"
MAXIMUM_BYTES = 4 * 1024**3
LINK = "is a symbolic link, which may point to another file"


@dataclass(frozen=True, slots=True)
class RawColumn:
    """One column as the file holds it: `levels` its distinct values, `codes` (n,) their places, -1 where there is none.

    `kind` is `text`, `number` (levels are doubles), `date` (levels are ISO 8601 text) or `unusable` (no values).
    """

    levels: list[Any]
    codes: NDArray[np.int64]
    kind: str = "text"

    def at(self, rows: NDArray[np.int64]) -> RawColumn:
        """The column at the given rows, without levels that none of them has."""
        codes = self.codes[rows]
        used, moved = np.unique(codes[codes >= 0], return_inverse=True)
        fresh = np.full(len(codes), -1, dtype=np.int64)
        fresh[codes >= 0] = moved
        return RawColumn([self.levels[place] for place in used], fresh, self.kind)

    def values(self) -> NDArray[np.object_]:
        """(n,) objects, None where there is no value."""
        return objects([*self.levels, None])[self.codes]


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A file of source rows. `name` without its folder, `sha256` of its bytes, `columns` in the order of the file."""

    name: str
    sha256: str
    rows: int
    columns: Mapping[str, RawColumn] = field(repr=False)


def objects(values: Iterable[Any]) -> NDArray[np.object_]:
    """An array of objects, one a value."""
    listed = list(values)
    found = np.empty(len(listed), dtype=object)
    found[:] = listed
    return found


def equal(values: NDArray[Any], one: object) -> NDArray[np.bool_]:
    """(n,) which values are `one`; None is equal to None."""
    return np.asarray(values == one, dtype=bool)


def raw_column(values: Sequence[Any] | NDArray[np.object_], kind: str = "text") -> RawColumn:
    """A column of values; None and the empty text are none."""
    codes, levels = pd.factorize(objects(values))
    kept = list(levels.tolist())
    if "" in kept:
        place = kept.index("")
        codes = np.where(codes == place, -1, codes - (codes > place))
        del kept[place]
    return RawColumn(kept, codes.astype(np.int64), kind)


def coded_column(levels: Sequence[Any], codes: NDArray[np.int64], kind: str = "text") -> RawColumn:
    """A column of levels, perhaps alike, and their places (n,), -1 of none; None and the empty text are none."""
    distinct = raw_column(levels, kind)
    return RawColumn(distinct.levels, np.append(distinct.codes, -1)[codes], kind)


def located(given: Sequence[str | Path], names: Sequence[str]) -> list[Path]:
    """The files that are given; of a folder those files of it that the package names. Raises ValidationInputError."""
    found: list[Path] = []
    faults: list[Fault] = []
    for item in map(Path, given):
        try:
            found += _located(item, names)
        except ValidationInputError as error:
            faults += error.faults
        except (OSError, ValueError) as error:
            faults.append(Fault(CODE, f"cannot be reached: {error}", str(item), remedy="give a file or a folder"))
    if faults:
        raise ValidationInputError(faults)
    return found


def _located(item: Path, names: Sequence[str]) -> list[Path]:
    if item.is_symlink():
        raise _refused(item, LINK, remedy="give the file itself")
    if not item.is_dir():
        if item.exists():
            return [item]
        raise ValidationInputError(
            Fault("file_missing", "no such source file", str(item), remedy="give a file or a folder")
        )
    inside = [item / name for name in names if name == PurePath(name).name and _exists(item / name)]
    if not inside:
        message, remedy = "the folder holds none of the source files of the package", "give the file, or its folder"
        raise _refused(item, message, allowed=", ".join(names), remedy=remedy)
    for one in inside:
        if one.is_symlink():
            raise _refused(one, LINK, remedy="give the file itself")
    return inside


def _exists(path: Path) -> bool:
    return path.is_symlink() or path.exists()


def read_table(path: Path) -> SourceTable:
    """Read a CSV (gzip or not) or Parquet file. Raises ValidationInputError with what is wrong and the remedy."""
    parquet = path.suffix.lower() in (".parquet", ".pq")
    data = _bytes(path)
    if data[:4] == b"PAR1" or parquet:
        columns = _parquet(data, path)
    else:
        try:
            columns = {one.name: coded_column(one.levels, one.codes) for one in read_text(data)}
        except TextError as error:
            raise _refused(path, str(error), error.row, error.found, error.allowed, error.remedy) from error
    rows = len(next(iter(columns.values())).codes)
    return SourceTable(path.name, hashlib.sha256(data).hexdigest(), rows, columns)


def _bytes(path: Path) -> bytes:
    """The bytes of a regular file; a pipe or device is never waited for, a link never followed."""
    try:
        # Of a pipe without a writer an opening would wait, and a file may have become a link since it was found.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise _refused(path, "is no regular file", allowed="CSV, CSV.gz, Parquet", remedy="give a file")
            if status.st_size > MAXIMUM_BYTES:
                found, allowed = f"{status.st_size:,} bytes", f"{MAXIMUM_BYTES:,} bytes"
                raise _refused(path, "the file is too large", found=found, allowed=allowed)
            head = file.read(BLOCK)
            if b"\0" in head and head[:2] != GZIP and head[:4] != b"PAR1":  # before the rest of it is read
                raise _refused(path, "a NUL byte: not a text file", allowed="CSV, CSV.gz, Parquet")
            data = head + file.read(status.st_size)
    except (OSError, ValueError) as error:
        if isinstance(error, ValidationInputError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise _refused(path, f"cannot be read: {reason}", remedy="check the file and its rights") from error
    if not data:
        raise _refused(path, "the file is empty", remedy=AGAIN)
    return data


def _refused(
    path: Path,
    message: str,
    row: int | None = None,
    found: str | None = None,
    allowed: str | None = None,
    remedy: str | None = None,
) -> ValidationInputError:
    return ValidationInputError(Fault(CODE, message, str(path), None, row, found, allowed, remedy))


def _parquet(data: bytes, path: Path) -> dict[str, RawColumn]:
    if data[:4] != b"PAR1" or data[-4:] != b"PAR1":
        found = f"{len(data):,} bytes"
        raise _refused(path, "not readable as Parquet: damaged or truncated", found=found, remedy=AGAIN)
    try:
        stored = read_parquet(data, str(path), CODE)
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        found = " ".join(str(error).split())[:200]
        raise _refused(path, "not readable as Parquet: damaged or truncated", found=found, remedy=AGAIN) from error
    faults = [one for one in stored if isinstance(one, Fault)]
    if faults:
        raise ValidationInputError(faults)
    columns = [one for one in stored if not isinstance(one, Fault)]
    try:
        refuse_twice([one.name for one in columns])
    except TextError as error:
        raise _refused(path, str(error), found=error.found, remedy=error.remedy) from error
    if not columns or not len(columns[0].codes):
        raise _refused(path, "there is no row", remedy=AGAIN)
    return {one.name: coded_column(one.values, one.codes, one.kind) for one in columns}
