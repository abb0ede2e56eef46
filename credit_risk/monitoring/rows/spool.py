"""Rows of fixed width in a file, appended and read again a chunk at a time; and the same in the order of a column.

A sort cuts the rows at places of a sample of the column into buckets of a bounded number of rows, which are sorted one
after the other (Knuth 1998, The Art of Computer Programming 3, section 5.4). Rows that are equal in the column stay
together: a bucket of too many rows is cut again, and one that holds a single value needs no order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHUNK = 65_536
"""Rows that are read at a time."""
MOST = 262_144
"""Rows of a bucket that are sorted in memory."""
Records = NDArray[np.void]
Columns = Sequence[tuple[str, str]]


class Folder:
    """Names of files in a folder, each given once."""

    def __init__(self, path: Path):
        self.path = path
        self._numbers = count()

    def spool(self, columns: Columns) -> Spool:
        """Rows of these columns (name, type of numpy), none yet."""
        return Spool(self, np.dtype([(name, kind) for name, kind in columns]))

    def file(self) -> Path:
        """A file that was not given before."""
        return self.path / f"{next(self._numbers):08d}.rows"


class Spool:
    """Rows of a structured type in a file."""

    def __init__(self, folder: Folder, kind: np.dtype[Any]):
        self.folder, self.kind, self.rows = folder, kind, 0
        self._file = folder.file()

    def __len__(self) -> int:
        return self.rows

    def add(self, columns: Mapping[str, Any]) -> None:
        """Rows of equal length, by column."""
        names = self.kind.names or ()
        records = np.empty(len(columns[names[0]]), self.kind)
        for name in names:
            records[name] = columns[name]
        self.append(records)

    def append(self, records: Records) -> None:
        """Rows of the type."""
        if len(records):
            with self._file.open("ab") as stream:
                records.tofile(stream)
            self.rows += len(records)

    def chunks(self) -> Iterator[Records]:
        """The rows in the order in which they came, CHUNK at a time."""
        if not self.rows:
            return
        with self._file.open("rb") as stream:
            while len(records := np.fromfile(stream, self.kind, CHUNK)):
                yield records

    def whole(self) -> Records:
        """All rows at once: of buckets."""
        return np.fromfile(self._file, self.kind) if self.rows else np.empty(0, self.kind)

    def drop(self) -> None:
        """Remove the file."""
        self._file.unlink(missing_ok=True)
        self.rows = 0


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive rows of a sort: place (n,) of each row among the distinct values (k,). more: rows of the same single
    value follow, or went before (`again`)."""

    records: Records
    place: NDArray[np.int64]
    values: NDArray[Any]
    bucket: Spool | None = None
    again: bool = False


class Sorted:
    """Rows of a spool in ascending order of a column without missing values."""

    def __init__(self, spool: Spool, column: str, most: int | None = None):
        self._column, self._most = column, MOST if most is None else most
        self._own: list[Spool] = []
        self._buckets = self._cut(spool)

    def blocks(self) -> Iterator[Block]:
        """Every row once; equal values stand in one block, or in the blocks of one bucket of this value alone."""
        for bucket, single in self._buckets:
            if single:
                for number, records in enumerate(bucket.chunks()):
                    values = records[self._column][:1]
                    yield Block(records, np.zeros(len(records), np.int64), values, bucket, number > 0)
                continue
            records = bucket.whole()
            records = records[np.argsort(records[self._column], kind="stable")]
            ordered = records[self._column]
            new = np.append(True, ordered[1:] != ordered[:-1])
            yield Block(records, np.cumsum(new) - 1, ordered[new])

    def counts(self) -> Iterator[tuple[NDArray[Any], NDArray[np.int64]]]:
        """Distinct values (k,) in ascending order, some at a time, and the rows of each (k,)."""
        for block in self.blocks():
            if block.bucket is not None:
                if not block.again:
                    yield block.values, np.array([len(block.bucket)], np.int64)
                continue
            yield block.values, np.bincount(block.place, minlength=len(block.values))

    def drop(self) -> None:
        """Remove the files of the sort; those of the spool stay."""
        for one in self._own:
            one.drop()

    def _cut(self, spool: Spool) -> list[tuple[Spool, bool]]:
        if not len(spool):
            return []
        if len(spool) <= self._most:
            return [(spool, False)]
        step = max(1, len(spool) // CHUNK)
        sample = np.sort(np.concatenate([one[self._column][::step] for one in spool.chunks()]))
        parts = -(-2 * len(spool) // self._most)
        edges = np.unique(sample[np.arange(1, parts) * len(sample) // parts])
        if len(edges) == 1 and edges[0] == sample[0]:
            edges = _beyond(spool, self._column, edges[0])
        if not len(edges):
            return [(spool, True)]
        buckets = [Spool(spool.folder, spool.kind) for _ in range(len(edges) + 1)]
        for records in spool.chunks():
            number = np.searchsorted(edges, records[self._column], side="right")
            order = np.argsort(number, kind="stable")
            ends = np.searchsorted(number[order], np.arange(len(buckets) + 1))
            for place in np.flatnonzero(np.diff(ends)):
                buckets[place].append(records[order[ends[place] : ends[place + 1]]])
        self._own += buckets
        return [part for bucket in buckets for part in self._cut(bucket)]


def _beyond(spool: Spool, column: str, least: Any) -> NDArray[Any]:
    """Edges that part one value from those below and above it; none where there are no others."""
    below, above = False, None
    for records in spool.chunks():
        values = records[column]
        below = below or bool((values < least).any())
        higher = values[values > least]
        if len(higher):
            above = higher.min() if above is None else min(above, higher.min())
    return np.array([*([least] if below else []), *([] if above is None else [above])])
