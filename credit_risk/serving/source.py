"""What is scored: files or a table, cut into parts of a fixed number of rows, and what an engine must be able to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from credit_risk._core import canonical_json
from credit_risk._core.errors import Fault, IntakeError
from credit_risk._core.hashing import sha256_bytes

if TYPE_CHECKING:
    from credit_risk.serving.sql import SqlScoring

PART_ROWS = 131_072
MOST_DUPLICATES = 100_000
WHOLE, TEXT, OTHER = "whole numbers", "text", "other"
INTEGER, REAL, SINGLE, DECIMAL, TRUTH, DATE = (
    "integers",
    "doubles",
    "single floats",
    "decimals",
    "truth values",
    "dates",
)
NOTHING = "no value"
"""Kinds of values beside TEXT and OTHER, as the reading of SQL tells them apart. DECIMAL: of at most 15 digits."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A file, or the table of a database: its name, its rows, and the SHA-256 of its bytes or of its content."""

    name: str
    rows: int
    sha256: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Rows `start` (from 0) to `start + rows` of piece `piece`; `offset`: of its first row in the whole input."""

    number: int
    piece: int
    name: str
    start: int
    rows: int
    offset: int

    @property
    def file(self) -> str:
        """Name of the files that are written of it."""
        return f"part-{self.number:05d}.parquet"

    def __str__(self) -> str:
        return f"{self.name}, rows {self.start + 1:,} to {self.start + self.rows:,}"


@dataclass(frozen=True, slots=True)
class InputFacts:
    """kind: Parquet, CSV or PostgreSQL; columns: what each holds (WHOLE, TEXT or OTHER) over all pieces.

    kinds: of the values that each column holds, over all pieces (INTEGER, REAL, …, TEXT, NOTHING or OTHER).
    """

    kind: str
    pieces: tuple[Piece, ...]
    columns: Mapping[str, str]
    dialect: Mapping[str, Any] = field(default_factory=dict)
    kinds: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Rows of the whole input."""
        return sum(piece.rows for piece in self.pieces)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the hashes of the pieces, in their order; names do not count."""
        return sha256_bytes(canonical_json.to_bytes([[piece.rows, piece.sha256] for piece in self.pieces]))

    def parts(self, rows: int) -> list[Part]:
        """The input in parts of `rows` rows; the last one of a piece has fewer."""
        found: list[Part] = []
        offset = 0
        for place, piece in enumerate(self.pieces):
            for start in range(0, piece.rows, rows):
                size = min(rows, piece.rows - start)
                found.append(Part(len(found), place, piece.name, start, size, offset + start))
            offset += piece.rows
        return found


class Work(Protocol):
    """What is done with the rows of a part."""

    def __call__(self, part: Part, table: pa.Table) -> dict[str, Any]:
        """Do it; what was done."""
        ...

    def stands(self, part: Part) -> dict[str, Any] | None:
        """What was done with a part by whatever process, once it is whole."""
        ...


class Engine(Protocol):
    """Reads an input and runs work on its parts. Raises CreditRiskError alone on what users can mend."""

    name: str
    version: str

    def facts(self, needed: Sequence[str], key: str | None) -> InputFacts:
        """Look at the input: `needed` are the columns that will be read, `key` that of the keys."""
        ...

    def levels(self, name: str) -> list[str]:
        """Distinct texts of a column, without missing ones."""
        ...

    def repeated(self, key: str) -> list[str]:
        """Keys, as text, of more than one row, at most `MOST_DUPLICATES + 1` of them."""
        ...

    def whole(self, key: str) -> bool:
        """Whether each text of the column is a plain whole number of 64 bits, and none is missing."""
        ...

    def run(
        self, parts: Sequence[Part], columns: Sequence[str], work: Work, sql: SqlScoring | None = None
    ) -> Iterator[dict[str, Any]]:
        """What `work` gives for each part, in any order; its tables have `columns`, and what `sql` adds to them."""
        ...

    def close(self) -> None:
        """Give up connections and temporary files."""
        ...


def cut(batches: Iterable[pa.RecordBatch], parts: Sequence[Part]) -> Iterator[tuple[Part, pa.Table]]:
    """Rows that come one after the other, as the tables of parts that follow each other.

    Raises IntakeError where they are not as many as were counted.
    """
    waiting: list[pa.RecordBatch] = []
    have, at = 0, 0
    for batch in batches:
        while batch.num_rows and at < len(parts):
            taken = batch.slice(0, parts[at].rows - have)
            waiting.append(taken)
            have += taken.num_rows
            batch = batch.slice(taken.num_rows)
            if have == parts[at].rows:
                yield parts[at], pa.Table.from_batches(waiting)
                waiting, have, at = [], 0, at + 1
        if batch.num_rows:
            raise changed(parts[-1])
    if at < len(parts):
        raise changed(parts[at])


def changed(part: Part) -> IntakeError:
    """The input has other rows than when it was looked at."""
    message = "has not the rows that were counted a moment ago"
    remedy = "score a table that nobody writes to"
    return IntakeError(Fault(message, "input_changed", part.name, remedy=remedy))


def following(parts: Sequence[Part]) -> list[list[Part]]:
    """Parts in runs of which each begins where the one before ends, in the same piece."""
    runs: list[list[Part]] = []
    for part in parts:
        last = runs[-1][-1] if runs else None
        if last is not None and last.piece == part.piece and last.start + last.rows == part.start:
            runs[-1].append(part)
        else:
            runs.append([part])
    return runs
