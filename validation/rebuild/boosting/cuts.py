"""The values that may be thresholds.

With more distinct values than `most_values`, xgboost's own choice of them would depend on the order of the rows. So
values are put into bins of equal frequency before training: each becomes the lower edge of its bin, which is a value of
the data. What remains are at most `most_values` distinct values, which xgboost takes as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from validation.rebuild.boosting.settings import Floats, Single

GREATEST = float(np.finfo(np.float32).max)
_SPACE = float(np.float32(1e-5))


def single(values: Floats) -> Single:
    """Return values in single precision; those beyond the greatest float32 stand as that one."""
    with np.errstate(under="ignore"):
        return np.clip(values, -GREATEST, GREATEST).astype(np.float32)


def in_few_values(column: Floats, most: int) -> Single:
    """Return a feature (n,) in at most `most` distinct values; NaN stays.

    Edge number i (from 0) is the value at place ⌊i·n/most⌋ of the n present values in ascending order; each value
    becomes the greatest edge that is not above it. Rows are counted, not weighted.
    """
    x = single(column)
    present = np.sort(x[~np.isnan(x)])
    if len(present) == 0 or np.count_nonzero(np.diff(present)) < most:
        return x
    edges = np.unique(present[np.arange(most) * len(present) // most])
    place = np.searchsorted(edges, x, side="right") - 1
    return np.where(np.isnan(x), x, edges[np.maximum(place, 0)])


@dataclass(frozen=True, slots=True)
class Binned:
    """Features as bins, numbered through from the first bin of the first feature.

    x (n, k) float32, column after column in memory; bins (n, k): the bin of each value, `total` where it is missing;
    first (k + 1,): first bin of each feature; above, below (total,): the threshold that keeps a bin and all lower ones
    on the left, and the one that keeps it and all higher ones on the right; owner (total,): the feature of a bin;
    place (total,): where it stands where every feature has `width` places.
    """

    x: Single
    bins: NDArray[np.int32]
    first: NDArray[np.int64]
    above: Single
    below: Single
    owner: NDArray[np.int64]
    place: NDArray[np.int64]
    width: int

    @property
    def total(self) -> int:
        """Number of bins."""
        return int(self.first[-1])


def bin_features(x: Single, *, later_ends: bool = False) -> Binned:
    """Return features (n, k) of few distinct values as bins, one a value.

    Thresholds are data values, but for those beyond the ends: below the least value v − (|v| + 1e-5), above the
    greatest v + (|v| + 1e-5), taken in double precision and rounded. later_ends: as from version 3.3 on, −∞ below, and
    above in single precision. A feature without any value has one bin, which no row falls into.
    """
    bins = np.empty(x.shape, dtype=np.int32)
    above: list[Single] = []
    under: list[Single] = []
    counts: list[int] = []
    for number, column in enumerate(x.T):
        values = np.unique(column[~np.isnan(column)])
        start = sum(counts)
        upper, lower = _thresholds(values, later_ends)
        bins[:, number] = start + np.searchsorted(values, column)
        counts.append(len(upper))
        above.append(upper)
        under.append(lower)
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    owner, width = np.repeat(np.arange(len(counts)), counts), max(counts)
    place = owner * width + np.arange(first[-1]) - first[owner]
    bins[np.isnan(x)] = first[-1]
    thresholds = np.concatenate(above), np.concatenate(under)
    return Binned(np.asfortranarray(x), bins, first, thresholds[0], thresholds[1], owner, place, width)


def _thresholds(values: Single, later_ends: bool) -> tuple[Single, Single]:
    space = np.float32(_SPACE)
    if not len(values):
        return np.array([space + (space + space)], np.float32), np.array([space], np.float32)
    least, most = values[0], values[-1]
    with np.errstate(over="ignore"):
        if later_ends:
            return np.append(values[1:], most + (abs(most) + space)), np.append(-np.float32(np.inf), values[1:])
        last = np.float32(float(most) + (abs(float(most)) + _SPACE))
        before = np.float32(float(least) - (abs(float(least)) + _SPACE))
    return np.append(values[1:], last), np.append(before, values[1:])
