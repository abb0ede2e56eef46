"""Rows counted by bin and outcome, with weights: all that rates, shares and areas of a binned quantity need."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from credit_risk.evaluation._arrays import Floats
from credit_risk.evaluation.area_under_curve import AreaUnderCurve, interval_of_error
from credit_risk.evaluation.intervals import wilson_interval


@dataclass(frozen=True, slots=True)
class Cells:
    """By bin and outcome, shape (k, 2), goods in column 0 and bads in column 1.

    rows: number of rows; weight: sum of weights; squared: sum of squared weights. Without weights all three are alike.
    """

    rows: Floats
    weight: Floats
    squared: Floats

    @property
    def good(self) -> Floats:
        """(k,) weighted goods."""
        return self.weight[:, 0]

    @property
    def bad(self) -> Floats:
        """(k,) weighted bads."""
        return self.weight[:, 1]

    @property
    def count(self) -> Floats:
        """(k,) weighted rows."""
        return self.weight[:, 0] + self.weight[:, 1]

    @property
    def effective(self) -> Floats:
        """(k,) effective rows (sum w)^2 / sum w^2 of each bin (Kish 1965), 0 where it is empty."""
        return effective_of_sums(self.count, self.squared.sum(axis=1))

    @property
    def scaled(self) -> Floats:
        """(k,) weighted rows scaled to sum to the effective rows of all bins: what PSI and chi-square count."""
        total = float(self.count.sum())
        if total == 0.0:
            return self.count
        return self.count * (effective_of_sums(total, float(self.squared.sum())) / total)

    @property
    def effective_bads(self) -> float:
        """Effective number of bads of all bins."""
        return float(effective_of_sums(self.weight[:, 1].sum(), self.squared[:, 1].sum()))

    @property
    def effective_goods(self) -> float:
        """Effective number of goods of all bins."""
        return float(effective_of_sums(self.weight[:, 0].sum(), self.squared[:, 0].sum()))

    def rates(self, confidence: float = 0.95) -> tuple[Floats, Floats, Floats]:
        """Bad rate of each bin and its bounds, (k,) each, NaN where the bin is empty.

        Wilson's interval at the effective rows of the bin; without weights these are its rows.
        """
        rate = np.full(len(self.rows), math.nan)
        held = self.count > 0
        rate[held] = self.bad[held] / self.count[held]
        size = self.effective
        events = np.minimum(self.bad * np.divide(size, self.count, out=np.zeros(len(size)), where=held), size)
        return rate, *wilson_interval(events, size, confidence)


def effective_of_sums(total: Floats | float, squared: Floats | float) -> Floats:
    """Kish's effective size (sum w)^2 / sum w^2 from both sums, 0 where there is nothing; array or scalar."""
    total, squared = np.asarray(total, float), np.asarray(squared, float)
    return np.divide(total * total, squared, out=np.zeros(total.shape), where=squared > 0)


def plain_cells(good: Floats, bad: Floats) -> Cells:
    """Cells of rows without weights, from the goods and bads (k,) of each bin."""
    counted = np.column_stack([good, bad]).astype(np.float64)
    return Cells(counted, counted, counted)


def count_cells(ids: NDArray[np.int64], y: ArrayLike, weights: Floats | None, bins: int) -> Cells:
    """Count bin ids (n,) of rows with outcome y (n,) 0/1 and weights (n,), in the order of the rows."""
    return count_cells_by(ids, y, weights, bins, np.zeros(len(ids), np.int64), 1)[0]


def count_cells_by(
    ids: NDArray[np.int64], y: ArrayLike, weights: Floats | None, bins: int, group: NDArray[np.int64], groups: int
) -> list[Cells]:
    """`count_cells` of each group: group (n,) is 0 … groups − 1, or −1 for a row that belongs to none."""
    inside = group >= 0
    place = (group[inside] * bins + ids[inside]) * 2 + (np.asarray(y)[inside] == 1)
    shape = (groups, bins, 2)
    rows = np.bincount(place, minlength=groups * bins * 2).astype(np.float64).reshape(shape)
    if weights is None:
        return [Cells(one, one, one) for one in rows]
    w = weights[inside]
    weight = np.bincount(place, w, groups * bins * 2).astype(np.float64).reshape(shape)
    squared = np.bincount(place, w * w, groups * bins * 2).astype(np.float64).reshape(shape)
    return [Cells(*parts) for parts in zip(rows, weight, squared, strict=True)]


def auc_of_cells(cells: Cells, risk: Floats, confidence: float = 0.95) -> AreaUnderCurve:
    """`delong_interval` of a quantity that is constant in each bin, risk (k,), from the counts alone.

    The same numbers as from the rows: a component of DeLong's variance is the same for all rows of a bin, so that
    sum w_i^2 (u_i − ū)^2 needs the sums of squared weights only. Raises ValueError without goods or without bads.
    """
    if not (cells.good.sum() > 0 and cells.bad.sum() > 0):
        raise ValueError("an area under the curve needs at least one good and one bad")
    values, inverse = np.unique(risk, return_inverse=True)
    rows, weight, squared = (
        _by_value(part, inverse, len(values)) for part in (cells.rows, cells.weight, cells.squared)
    )
    good, bad = weight[:, 0], weight[:, 1]
    total_good, total_bad = good.sum(), bad.sum()
    of_bads = (np.cumsum(good) - good / 2.0) / total_good
    of_goods = (total_bad - np.cumsum(bad) + bad / 2.0) / total_bad
    twice = float(np.sum(bad * (2.0 * np.cumsum(good) - good)))
    area = twice / (2.0 * float(total_bad) * float(total_good))
    if len(values) == 1:
        return interval_of_error(area, 0.0, cells.effective_bads, cells.effective_goods, confidence)
    variance = _variance(of_bads, rows[:, 1], bad, squared[:, 1]) + _variance(of_goods, rows[:, 0], good, squared[:, 0])
    return interval_of_error(area, math.sqrt(variance), cells.effective_bads, cells.effective_goods, confidence)


def _by_value(part: Floats, inverse: NDArray[np.int64], values: int) -> Floats:
    return np.column_stack([np.bincount(inverse, part[:, outcome], values) for outcome in (0, 1)])


def _variance(component: Floats, rows: Floats, weight: Floats, squared: Floats) -> float:
    """Variance of the weighted mean of a component (k,); NaN where it has one row."""
    count = float(rows.sum())
    if count < 2:
        return math.nan
    centre = float(np.sum(weight * component) / weight.sum())
    about = np.sum(squared * (component - centre) ** 2) / weight.sum() ** 2
    return float(about) * count / (count - 1.0)
