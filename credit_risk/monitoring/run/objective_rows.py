"""Objectives on columns of a month, of rows that come some at a time: quantiles by a sort on disk."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from credit_risk.evaluation._arrays import Floats
from credit_risk.monitoring.performance.objectives import (
    OBJECTIVE_COLUMNS,
    Bounds,
    Objective,
    mean_bounds,
    objective_columns,
    objective_row,
    quantile_bounds,
    quantile_places,
    ratio_bounds,
    share_bounds,
)
from credit_risk.monitoring.rows.moments import Moments
from credit_risk.monitoring.rows.scores import SpooledScores
from credit_risk.monitoring.rows.segmented import Segmented
from credit_risk.monitoring.rows.spool import Folder, Spool

ON_DISK = {"quantile": [("x", "f8")], "ratio": [("x", "f8"), ("y", "f8")]}
"""Columns of the measures that need all rows again."""
OF_ORDER = ("sum", "mean", "ratio")
"""Measures whose last digits are those of the order in which rows come."""
Names = NDArray[np.object_]


@dataclass(slots=True)
class _Gathered:
    """spool: rows, where they are needed again; summed: whether sums are; count: rows with all columns of the
    objective; missing: without one."""

    spool: Spool | None
    summed: bool
    count: int = 0
    missing: int = 0
    first: Moments = field(default_factory=Moments)
    second: Moments = field(default_factory=Moments)

    def add(self, values: Sequence[Floats], rows: int) -> None:
        """Columns of the objective, each (rows,)."""
        known = np.ones(rows, bool)
        for array in values:
            known &= ~np.isnan(array)
        own = [array[known] for array in values]
        self.count += int(known.sum())
        self.missing += rows - int(known.sum())
        if self.spool is not None:
            self.spool.add(dict(zip(self.spool.kind.names or (), own, strict=True)))
        if self.summed:
            for moments, x in zip((self.first, self.second), own, strict=False):
                moments.add(x)

    def told(self, one: Objective, confidence: float) -> Bounds:
        """Value with bounds, once all rows were added."""
        if one.measure == "rows":
            return float(self.count), math.nan, math.nan
        if self.count == 0:
            return (math.nan,) * 3
        if one.measure == "share":
            return share_bounds(self.first.sum, self.count, confidence)
        if one.measure == "quantile":
            assert self.spool is not None
            assert one.level is not None
            places = quantile_places(self.count, one.level, confidence)
            asked = np.array([place for place in places if place is not None], np.int64)
            order = np.argsort(asked, kind="stable")
            found = np.empty(len(asked))
            found[order] = SpooledScores(self.spool, "x").at(asked[order])
            return quantile_bounds(places, found)
        if one.measure == "ratio":
            assert self.spool is not None
            whole = self.second.sum
            ratio = self.first.sum / whole if whole else math.nan
            rest = Moments()
            for records in self.spool.chunks():
                rest.add(records["x"] - ratio * records["y"])
            return ratio_bounds(ratio, rest.error, whole, self.count, confidence)
        return mean_bounds(one, self.first.mean, self.first.error, self.count, confidence)


def _empty(folder: Folder, measure: str) -> _Gathered:
    spool = folder.spool(ON_DISK[measure]) if measure in ON_DISK else None
    return _Gathered(spool, measure not in ("rows", "quantile"))


class ObjectiveRows:
    """Rows of one month, added some at a time; the table is that of `objective_table`."""

    def __init__(self, folder: Folder, objectives: Sequence[Objective]):
        self._objectives = objectives
        self._parts: Segmented[dict[str, _Gathered]] = Segmented(
            lambda: {one.id: _empty(folder, one.measure) for one in objectives}
        )

    def add(self, columns: Mapping[str, ArrayLike], rows: int, segments: Mapping[str, Names]) -> None:
        """Columns (rows,) by name, values (rows,) of segments by column.

        Raises CreditRiskError as `objective_table`.
        """
        held = objective_columns(self._objectives, columns, rows)
        for part, places in self._parts.places(rows, segments):
            for one in self._objectives:
                part[one.id].add([held[one.id, name][places] for name in one.columns], len(places))

    def frame(self, period: str, least_rows: int = 1, confidence: float = 0.95) -> pd.DataFrame:
        """OBJECTIVE_COLUMNS, once all rows were added."""
        rows = []
        for segment, part in self._parts.ordered():
            for one in self._objectives:
                own = part[one.id]
                told = own.told(one, confidence)
                rows.append(objective_row((period, segment), one, own.count, own.missing, told, least_rows))
        return pd.DataFrame(rows, columns=OBJECTIVE_COLUMNS)


__all__ = ["OF_ORDER", "ObjectiveRows"]
