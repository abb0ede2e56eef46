"""CSV, packed or not, read in blocks: looked through first, then cut into columns, never as a whole in memory.

A small gzip file can stand for any amount of text, and a line or a header for any number of fields. So what is
unpacked, and the cells, must be in proportion to the file, and lines, fields and columns have a greatest length.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import IO

import numpy as np
from numpy.typing import NDArray

DELIMITERS = (",", ";", "\t", "|")
BLOCK = 2**22
LONGEST_LINE = 2**23
LONGEST_FIELD = 2**20
MAXIMUM_COLUMNS = 100_000
FREE_BYTES, TIMES_THE_FILE = 2**26, 256
FREE_CELLS, CELLS_A_BYTE = 2**23, 64
CHUNK = 2**20
AGAIN = "copy or export the file again"
BOMB = "the file is out of proportion to its size"
LINE_FEED = 10
GZIP = b"\x1f\x8b"


class TextError(ValueError):
    """What is wrong with the text: `row` of the file, what was found and allowed, and the remedy."""

    def __init__(
        self,
        message: str,
        row: int | None = None,
        found: str | None = None,
        allowed: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(message)
        self.row, self.found, self.allowed, self.remedy = row, found, allowed, remedy


@dataclass(frozen=True, slots=True)
class TextColumn:
    """A column of text: `levels` its distinct values in their order, `codes` (n,) their places."""

    name: str
    levels: list[str]
    codes: NDArray[np.int64]


@dataclass(slots=True)
class _Seen:
    """What a look through the bytes found: `start` the first text of the file, `quotes` its quotation marks."""

    start: str = ""
    quotes: int = 0
    lines: int = 0
    size: int = 0
    run: int = 0


@dataclass(slots=True)
class _Growing:
    """A column while it is read: the place of each distinct value, and the codes (32 bits each) of each chunk."""

    places: dict[str, int] = field(default_factory=dict)
    parts: list[NDArray[np.int32]] = field(default_factory=list)

    def add(self, values: tuple[str, ...]) -> None:
        place, known = self.places.setdefault, self.places
        self.parts.append(np.fromiter((place(one, len(known)) for one in values), np.int32, len(values)))

    def finished(self, name: str) -> TextColumn:
        codes = np.concatenate(self.parts).astype(np.int64)
        self.parts.clear()
        return TextColumn(name, list(self.places), codes)


def read_text(data: bytes) -> list[TextColumn]:
    """Columns of the bytes of a CSV or CSV.gz file; UTF-8, with or without byte-order mark. Raises TextError.

    The delimiter is the one that cuts the header into most fields; blank lines are no rows, but of a single column.
    """
    seen = _looked_through(data)
    header = re.sub(r'"[^"]*"', "", re.split(r"[\r\n]", seen.start, maxsplit=1)[0])
    delimiter = max(DELIMITERS, key=header.count)
    if header.count(delimiter) >= MAXIMUM_COLUMNS:
        found, allowed = f"{header.count(delimiter) + 1:,}", f"{MAXIMUM_COLUMNS:,}"
        raise TextError("the table has too many columns", 1, found, allowed, "check that the file is the right one")
    before = csv.field_size_limit(LONGEST_FIELD)
    try:
        with io.TextIOWrapper(_stream(data), encoding="utf-8-sig", newline="") as text:
            # Quotation marks of an odd number: one that is never closed.
            reader = csv.reader(text, delimiter=delimiter, strict=seen.quotes % 2 == 1)
            try:
                return _columns(reader, FREE_CELLS + CELLS_A_BYTE * len(data))
            except csv.Error as error:
                remedy = "the file is truncated, or a quotation mark inside a text is not doubled"
                raise TextError(f"not readable as CSV: {error}", reader.line_num, remedy=remedy) from error
    finally:
        csv.field_size_limit(before)


def _stream(data: bytes) -> IO[bytes]:
    file = io.BytesIO(data)
    return io.BufferedReader(gzip.GzipFile(fileobj=file)) if data[:2] == GZIP else file


def _looked_through(data: bytes) -> _Seen:
    """Read all blocks once: whole, in proportion, UTF-8, of lines that are not too long. Raises TextError."""
    seen, decode = _Seen(), codecs.getincrementaldecoder("utf-8")().decode
    try:
        with _stream(data) as file:
            while block := file.read(BLOCK):
                _look(block, seen, decode, FREE_BYTES + TIMES_THE_FILE * len(data))
            _decoded(b"", seen, decode, final=True)
    except EOFError as error:
        raise TextError("the gzip file is truncated", found=f"{len(data):,} bytes", remedy=AGAIN) from error
    except (OSError, zlib.error) as error:
        raise TextError("the gzip file is damaged", found=str(error), remedy=AGAIN) from error
    if not seen.start.strip():
        raise TextError("the file is empty", remedy=AGAIN)
    return seen


def _look(block: bytes, seen: _Seen, decode: Callable[..., str], allowed: int) -> None:
    seen.size += len(block)
    if seen.size > allowed:
        remedy = "give the file unpacked, where it is meant"
        raise TextError(BOMB, found=f"more than {allowed:,} bytes unpacked", allowed=f"{allowed:,}", remedy=remedy)
    if b"\0" in block:
        raise TextError("a NUL byte: not a text file", allowed="CSV, CSV.gz, Parquet")
    first, last = block.find(b"\n"), block.rfind(b"\n")
    seen.run += len(block) if first < 0 else first
    if seen.run > LONGEST_LINE:
        remedy = "check that the lines end with a line feed"
        raise TextError("a line is too long", seen.lines + 1, f"over {seen.run:,} bytes", f"{LONGEST_LINE:,}", remedy)
    if first >= 0:
        seen.run = len(block) - last - 1
    text = _decoded(block, seen, decode)
    seen.quotes += text.count('"')
    seen.lines += int(np.count_nonzero(np.frombuffer(block, np.uint8) == LINE_FEED))
    if not seen.start.strip():
        seen.start = text.removeprefix("\ufeff").lstrip("\r\n")


def _decoded(block: bytes, seen: _Seen, decode: Callable[..., str], *, final: bool = False) -> str:
    try:
        return decode(block, final)
    except UnicodeDecodeError as error:
        line = seen.lines + error.object[: error.start].count(b"\n") + 1
        found = f"byte {error.object[error.start]:#04x}"
        raise TextError("the text is not UTF-8", line, found, "UTF-8", "give the file as it was") from error


def _columns(reader: Iterator[list[str]], allowed: int) -> list[TextColumn]:
    header = next((row for row in reader if row), [])
    names = [name if name.strip() else f"column_{place + 1}" for place, name in enumerate(header)]
    refuse_twice(names)
    growing, rows = [_Growing() for _ in names], 0
    most = max(1, CHUNK // len(names))
    while chunk := list(islice(reader, most)):
        body = [row or [""] for row in chunk] if len(names) == 1 else [row for row in chunk if row]
        wrong = next((place for place, row in enumerate(body) if len(row) != len(names)), None)
        if wrong is not None:
            found, message = f"{len(body[wrong])} fields", "a row has not as many fields as the header"
            raise TextError(message, rows + wrong + 2, found, f"{len(names)}", AGAIN)
        rows += len(body)
        if rows * len(names) > allowed:
            raise TextError(BOMB, found=f"more than {allowed:,} cells", remedy="give the file unpacked")
        for column, values in zip(growing, zip(*body, strict=True), strict=False):  # none of blank lines alone
            column.add(values)
    if not rows:
        raise TextError("there is a header and no row", remedy=AGAIN)
    return [column.finished(name) for name, column in zip(names, growing, strict=True)]


def refuse_twice(names: list[str]) -> None:
    """Raise TextError where columns have the same name."""
    known: set[str] = set()
    twice = sorted({name for name in names if name in known or known.add(name)})  # type: ignore[func-returns-value]
    if twice:
        raise TextError("columns have the same name", found=", ".join(twice)[:200], remedy=AGAIN)
