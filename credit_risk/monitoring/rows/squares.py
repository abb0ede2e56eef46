"""Sums of squares of what rows bring to an estimate, of rows or of the sums over the rows of each applicant."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from credit_risk.evaluation._arrays import Floats
from credit_risk.monitoring.rows.spool import Folder, Sorted, Spool

Clusters = NDArray[np.uint64]


class Squares:
    """Of columns by name: sum of squares, sum, and the number of rows or clusters; rows are added a chunk at a time."""

    def __init__(self, folder: Folder, names: list[str], *, clustered: bool):
        self._names = names
        self._sum, self._squares, self._count = np.zeros(len(names)), np.zeros(len(names)), 0
        columns = [("cluster", "u8"), *((name, "f8") for name in names)]
        self._spool: Spool | None = folder.spool(columns) if clustered else None

    def add(self, columns: Mapping[str, Floats], cluster: Clusters | None = None) -> None:
        """Rows (n,) by name, with the number of each row's applicant where they have clusters."""
        if self._spool is not None:
            self._spool.add({"cluster": cluster, **columns})
            return
        self._put([np.asarray(columns[name], np.float64) for name in self._names])

    def done(self) -> Squares:
        """All rows were added."""
        if self._spool is not None:
            ordered = Sorted(self._spool, "cluster")
            held: list[float] | None = None
            for block in ordered.blocks():
                sums = [
                    np.bincount(block.place, block.records[name], len(block.values)).astype(np.float64)
                    for name in self._names
                ]
                if block.bucket is None:
                    self._put(sums)
                    continue
                if held is not None and not block.again:
                    self._put([np.array([one]) for one in held])
                own = [float(one[0]) for one in sums]
                held = own if held is None or not block.again else [a + b for a, b in zip(held, own, strict=True)]
            if held is not None:
                self._put([np.array([one]) for one in held])
            ordered.drop()
            self._spool.drop()
        return self

    @property
    def count(self) -> int:
        """Rows or clusters."""
        return self._count

    def error(self, name: str) -> float:
        """As `error_of`: with g/(g - 1) of g rows or clusters, NaN of fewer than two."""
        own = self._squares[self._names.index(name)]
        return math.sqrt(own * self._count / (self._count - 1.0)) if self._count > 1 else math.nan

    def square(self, name: str) -> float:
        """Sum of squares."""
        return float(self._squares[self._names.index(name)])

    def effective(self, name: str) -> float:
        """Kish's effective number: squared sum over sum of squares."""
        place = self._names.index(name)
        return float(self._sum[place] ** 2 / self._squares[place])

    def _put(self, columns: list[Floats]) -> None:
        self._count += len(columns[0])
        for place, own in enumerate(columns):
            self._sum[place] += float(own.sum())
            self._squares[place] += float(own @ own)
