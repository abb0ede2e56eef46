"""Rows that trees are trained on: few values a feature, in an order of their own."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError

Floats = NDArray[np.float64]
GREATEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True)
class BoostingRows:
    """x (n, k) float32 with NaN for missing; y (n,) 0/1; weights and offset (n,) or None; source (n,) row numbers.

    Rows stand in the order of their values, so that the order in which they were given changes nothing: rows that are
    equal in all that training sees are interchangeable. beyond_float32: values that stand as the greatest float32.
    """

    features: tuple[str, ...]
    x: NDArray[np.float32]
    y: Floats
    weights: Floats | None
    offset: Floats | None
    source: NDArray[np.int64]
    beyond_float32: int = 0

    @property
    def base_score(self) -> float:
        """Share of bads as a float32: what trees without an offset start from. The sums are exact, then rounded."""
        if self.weights is None:
            return float(np.float32(np.count_nonzero(self.y) / len(self.y)))
        return float(np.float32(math.fsum(self.weights * self.y) / math.fsum(self.weights)))

    def part(self, rows: NDArray[np.bool_]) -> BoostingRows:
        """The rows chosen, in the same order; rows (n,)."""
        chosen = [None if a is None else a[rows] for a in (self.weights, self.offset)]
        return BoostingRows(self.features, self.x[rows], self.y[rows], chosen[0], chosen[1], self.source[rows])


def boosting_rows(
    frame: pd.DataFrame,
    y: Floats,
    *,
    weights: Floats | None = None,
    offset: Floats | None = None,
    max_bin: int = 256,
) -> BoostingRows:
    """Make rows ready. frame (n, k) of numbers with NaN for missing; y (n,) 0/1; weights, offset (n,).

    Raises ModelError where y holds one class only, or where an offset is missing or not finite.
    """
    outcome = np.asarray(y, np.float64)
    if not 0 < np.count_nonzero(outcome) < len(outcome):
        found = f"{np.count_nonzero(outcome):,} bads in {len(outcome):,} rows"
        raise ModelError(Fault("trees need goods and bads, and y has one class", code="one_class", found=found))
    if offset is not None:
        _refuse_offset(np.asarray(offset, np.float64))
    names = tuple(str(c) for c in frame.columns)
    x = np.column_stack([prebin(frame[c].to_numpy(float), max_bin) for c in frame.columns])
    order = _order(x, outcome, weights, offset)
    beyond = int(np.count_nonzero(np.abs(frame.to_numpy(float)) > GREATEST))
    sorted_parts = [None if a is None else np.asarray(a, np.float64)[order] for a in (weights, offset)]
    return BoostingRows(names, x[order], outcome[order], sorted_parts[0], sorted_parts[1], order, beyond)


def prebin(column: Floats, maximum: int) -> NDArray[np.float32]:
    """Replace values by the lower edge of at most `maximum` equal-frequency prebins, in float32; NaN stays.

    With no more distinct values than histogram bins xgboost's sketch is lossless, and so independent of row order.
    An edge is a data value, so thresholds found on the result route the original values the same way. Values beyond the
    greatest float32 stand as that one; every threshold sends them where it sends the greatest float32.
    """
    with np.errstate(under="ignore"):
        x = np.clip(column, -GREATEST, GREATEST).astype(np.float32)
    known = np.sort(x[~np.isnan(x)])
    distinct = np.unique(known)
    if len(distinct) <= maximum:
        return x
    positions = (np.arange(maximum) * len(known)) // maximum
    edges = np.unique(known[positions])
    index = np.searchsorted(edges, x, side="right") - 1
    return np.where(np.isnan(x), x, edges[np.maximum(index, 0)]).astype(np.float32)


def _order(x: NDArray[np.float32], y: Floats, weights: Floats | None, offset: Floats | None) -> NDArray[np.int64]:
    keys = [*x.T, y, *(a for a in (weights, offset) if a is not None)]
    return np.lexsort(keys[::-1]).astype(np.int64)


def _refuse_offset(offset: Floats) -> None:
    bad = ~np.isfinite(offset)
    if bad.any():
        first = int(np.flatnonzero(bad)[0]) + 1
        message = f"the offset is missing or not finite in {np.count_nonzero(bad):,} of {len(offset):,} rows"
        remedy = "an offset is a log-odds for every row: fill it, or take the rows out"
        raise ModelError(Fault(message, code="offset", row=first, found=repr(float(offset[first - 1])), remedy=remedy))
