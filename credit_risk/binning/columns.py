"""A characteristic ready for classing: its ordinary values in order, and the goods and bads of its parts.

Parts are sets of rows that lie in one bin whatever the bins are between the given edges: intervals of ordinary values,
each special code, each infinity and missing; or each category and missing. They come from one sort of the numbers, or
one look-up of the categories. The scoring authority then classifies one value of each part instead of every row. Where
every row weighs 1 the sums are whole numbers, so the counts of the bins are those of the rows themselves; with weights
the rows are summed bin by bin in their own order, since a sum in another order may differ in its last digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk.binning.bins import Bin, Code
from credit_risk.binning.sorted_column import SortedColumn, weighted_column
from credit_risk.binning.woe import weighted_counts
from credit_risk.evaluation.cells import Cells, count_cells, plain_cells
from credit_risk.scoring.steps import classify_bins

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rows:
    """Outcome of the rows. bad: (n,) which are bad; weights: (n,), None where every row weighs 1; goods, bads: sums."""

    bad: NDArray[np.bool_]
    weights: Floats | None
    goods: float
    bads: float

    def sums(self, index: Places, size: int) -> tuple[Floats, Floats]:
        """Goods and bads (size,) by index (n,), each in the order of the rows."""
        if self.weights is None:
            bad = np.bincount(index[self.bad], minlength=size).astype(np.float64)
            return np.bincount(index, minlength=size) - bad, bad
        good, bad = np.where(self.bad, 0.0, self.weights), np.where(self.bad, self.weights, 0.0)
        return weighted_counts(index, good, size), weighted_counts(index, bad, size)


def outcome_rows(y: ArrayLike, weights: ArrayLike | None = None) -> Rows:
    """The outcome of rows. y (n,) 0/1, 1 is bad; weights (n,) finite, not negative, None for 1 each.

    Raises ValueError where y or weights break this.
    """
    outcome = np.asarray(y)
    bad = outcome == 1
    if bad.ndim != 1 or not np.all(bad | (outcome == 0)):
        raise ValueError("y needs one dimension and no other values than 0 and 1")
    bads = int(np.count_nonzero(bad))
    if weights is None:
        return Rows(bad, None, float(len(bad) - bads), float(bads))
    w = np.asarray(weights, np.float64)
    if w.shape != bad.shape or not (np.isfinite(w).all() and (w >= 0).all()):
        raise ValueError("weights need the length of y, and must be finite and not negative")
    if np.all(w == 1.0):
        return Rows(bad, None, float(len(bad) - bads), float(bads))
    return Rows(bad, w, float(np.sum(w[~bad])), float(np.sum(w[bad])))


@dataclass(frozen=True, slots=True)
class Parts:
    """values: (p,) one raw value of each part; good, bad: (p,) weights of its rows."""

    values: NDArray[Any]
    good: Floats
    bad: Floats


@dataclass(frozen=True, slots=True)
class NumericColumn:
    """A column of numbers. values: (n,) as given; ordinary: the finite values that are no special code, in order, None
    where there are none; apart: codes, infinities and NaN, as far as there are rows of them.

    test_scale: sum of the weights of ordinary values over the sum of their squares, 1 without weights.
    """

    values: Floats
    ordinary: SortedColumn | None
    apart: Parts
    test_scale: float

    def count(self, bins: Sequence[Bin], edges: Floats, rows: Rows) -> Cells:
        """Goods and bads of bins (k,), as the scoring authority fills them. edges: ascending, where intervals meet."""
        layout = _layout("numeric", bins)
        if rows.weights is not None:
            return count_cells(classify_bins(layout, self.values), rows.bad, rows.weights, len(bins))
        parts = [self.apart]
        if self.ordinary is not None:
            good, bad = self.ordinary.counts(edges)
            held = np.flatnonzero(good + bad > 0)
            first = np.concatenate([[0], np.searchsorted(self.ordinary.values, edges)])[held]
            parts.append(Parts(self.ordinary.values[first], good[held], bad[held]))
        return _in_bins(layout, parts)


def numeric_column(values: ArrayLike, rows: Rows, specials: Sequence[Code] = ()) -> NumericColumn:
    """Sort a column once. values (n,) float, NaN for missing. Memory: one copy, with weights five."""
    given = np.asarray(values, np.float64)
    x = given + 0.0  # a copy, in which −0.0 is 0.0
    codes = np.unique(np.asarray(list(specials), np.float64))
    apart = np.concatenate([[-np.inf], codes[np.isfinite(codes)], [np.inf, np.nan]])
    if rows.weights is not None:
        return _weighted(given, x, apart, rows, rows.weights)
    bads = x[rows.bad]
    bads.sort()
    x.sort()
    at, at_bad = _blocks(x, apart), _blocks(bads, apart)
    count, bad = at[1] - at[0], (at_bad[1] - at_bad[0]).astype(np.float64)
    held = count > 0
    ordinary = _without(x, at)
    column = SortedColumn(ordinary, _without(bads, at_bad)) if len(ordinary) else None
    return NumericColumn(given, column, Parts(apart[held], (count - bad)[held], bad[held]), 1.0)


def _weighted(given: Floats, x: Floats, apart: Floats, rows: Rows, weights: Floats) -> NumericColumn:
    order = np.argsort(x)
    x = x[order]
    at = _blocks(x, apart)
    good, bad = (
        np.array([np.sum(weights[order[a:b]][rows.bad[order[a:b]] == is_bad]) for a, b in at.T])
        for is_bad in (False, True)
    )
    held = at[1] > at[0]
    kept = _without(order, at)
    if not len(kept):
        return NumericColumn(given, None, Parts(apart[held], good[held], bad[held]), 1.0)
    w = weights[kept]
    column = weighted_column(_without(x, at), rows.bad[kept], w)
    return NumericColumn(given, column, Parts(apart[held], good[held], bad[held]), _test_scale(w))


def _blocks(ordered: Floats, values: Floats) -> Places:
    """(2, s) where the rows of each value begin and end in an ascending array."""
    return np.stack([ordered.searchsorted(values), ordered.searchsorted(values, "right")])


def _without(ordered: NDArray[Any], blocks: Places) -> NDArray[Any]:
    """An array without blocks (2, s), ascending, the last of which end it; a view where it can be one."""
    pieces = [ordered[a:b] for a, b in zip(blocks[1, :-1], blocks[0, 1:], strict=True) if a < b]
    return pieces[0] if len(pieces) == 1 else np.concatenate([ordered[:0], *pieces])


def _test_scale(weights: Floats) -> float:
    """Kish's effective number of rows over the sum of the weights; 1 where there is no weight."""
    squares = float(np.sum(weights**2))
    return float(np.sum(weights)) / squares if squares > 0 else 1.0


@dataclass(frozen=True, slots=True)
class TextColumn:
    """A column of categories. codes: (n,) position in names, −1 for missing; names: (m,) the categories, as they first
    appear; parts: each category and missing; special: (m,) which are special codes.
    """

    codes: Places
    names: list[str]
    parts: Parts
    special: NDArray[np.bool_]

    def grouped(self, groups: Sequence[Sequence[int]], rows: Rows) -> tuple[SortedColumn | None, float]:
        """The rows of groups of categories in the order of the groups, numbered from 0, and their test_scale."""
        if not groups:
            return None, 1.0
        place = np.full(len(self.names) + 1, -1)
        for number, group in enumerate(groups):
            place[list(group)] = number
        if rows.weights is not None:
            at = place[self.codes]
            order = np.argsort(at, kind="stable")[np.count_nonzero(at < 0) :]
            w = rows.weights[order]
            return weighted_column(at[order].astype(np.float64), rows.bad[order], w), _test_scale(w)
        good, bad = (np.bincount(place + 1, part, len(groups) + 1)[1:] for part in (self.parts.good, self.parts.bad))
        numbers = np.arange(len(groups), dtype=np.float64)
        return SortedColumn(np.repeat(numbers, (good + bad).astype(int)), np.repeat(numbers, bad.astype(int))), 1.0

    def count(self, bins: Sequence[Bin], rows: Rows) -> Cells:
        """Goods and bads of bins (k,), as the scoring authority fills them."""
        layout = _layout("categorical", bins)
        if rows.weights is None:
            return _in_bins(layout, [self.parts])
        ids = classify_bins(layout, self.parts.values)[self.codes]
        return count_cells(ids, rows.bad, rows.weights, len(bins))


def text_column(characteristic: str, values: Any, rows: Rows, specials: Sequence[Code] = ()) -> TextColumn:
    """Look the categories of a column up once. values (n,) text or missing: array, or Series of any dtype of text.

    Raises ModelError where there are other values than text.
    """
    codes, found = pd.factorize(values)
    levels = np.asarray(found, object)
    wrong = next((i for i, level in enumerate(levels) if not isinstance(level, str)), None)
    if wrong is not None:
        message = f"{characteristic!r} holds values that are neither text nor missing"
        where = int(np.argmax(codes == wrong)) + 1
        remedy = "give numbers in a column of numbers, anything else as text"
        found_there = f"{levels[wrong]!r} ({type(levels[wrong]).__name__})"
        raise ModelError(Fault(message, "type", path=characteristic, row=where, found=found_there, remedy=remedy))
    good, bad = rows.sums(np.where(codes < 0, len(levels), codes), len(levels) + 1)
    named = {str(code) for code in specials}
    special = np.array([level in named for level in levels], bool)
    return TextColumn(codes, list(levels), Parts(np.append(levels, [None]), good, bad), special)


def _layout(kind: str, bins: Sequence[Bin]) -> dict[str, Any]:
    """As much of a classing step as the scoring authority needs to fill its bins."""
    return {"kind": kind, "bins": [b.as_dict(0.0) for b in bins]}


def _in_bins(layout: dict[str, Any], parts: Sequence[Parts]) -> Cells:
    """Goods and bads (k,) of the bins into which the parts of rows without weights fall."""
    ids = classify_bins(layout, np.concatenate([part.values for part in parts]))
    good, bad = (np.concatenate([getattr(part, name) for part in parts]) for name in ("good", "bad"))
    size = len(layout["bins"])
    return plain_cells(weighted_counts(ids, good, size), weighted_counts(ids, bad, size))
