"""Order statistics and counts of a column of rows on disk."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from credit_risk.evaluation._arrays import Floats
from credit_risk.monitoring.rows.spool import Sorted, Spool


class SpooledScores:
    """As `HeldScores`, of a column without missing values."""

    def __init__(self, spool: Spool, column: str):
        self._spool, self._column = spool, column

    def __len__(self) -> int:
        return len(self._spool)

    def at(self, places: NDArray[np.int64]) -> Floats:
        """Order statistics at ascending places: one sort on disk."""
        found, before = np.empty(len(places)), 0
        ordered = Sorted(self._spool, self._column)
        for block in ordered.blocks():
            rows = len(block.records)
            inside = (places >= before) & (places < before + rows)
            found[inside] = block.records[self._column][places[inside] - before]
            before += rows
        ordered.drop()
        return found

    def counts(self, edges: Floats) -> NDArray[np.int64]:
        """Numbers between ascending edges."""
        found = np.zeros(len(edges) + 1, np.int64)
        for records in self._spool.chunks():
            found += np.bincount(np.searchsorted(edges, records[self._column], side="right"), minlength=len(found))
        return found
