"""Sums of the gradients of a node's rows, by bin of each feature."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from validation.rebuild.boosting.cuts import Binned
from validation.rebuild.boosting.settings import Floats

Rows = NDArray[np.intp]


class Summing:
    """Adds up gradients by bin: a matrix of zeros and ones, bins by rows, times the gradients of the rows."""

    def __init__(self, binned: Binned) -> None:
        """binned: features of all rows."""
        n, k = binned.bins.shape
        self._binned = binned
        self._ones = np.ones(n * k)
        self._starts = np.arange(0, n * k + 1, k, dtype=np.int32 if n * k < 2**31 else np.int64)

    def of(self, rows: Rows, gradient: Floats) -> Floats:
        """Return the sums (2, total) over `rows`; gradient (n, 2) of all rows. Missing values add to no bin."""
        bins, total = self._binned.bins, self._binned.total
        m, k = len(rows), bins.shape[1]
        chosen, slope = (bins, gradient) if m == len(bins) else (bins[rows], gradient[rows])
        parts = (self._ones[: m * k], chosen.reshape(-1), self._starts[: m + 1])
        counted = sparse.csc_matrix(parts, shape=(total + 1, m), copy=False)
        return np.ascontiguousarray((counted @ slope)[:total].T)
