"""Class one characteristic: trend, prebins, coarse cuts, specials and missing apart, counts, weight of evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.binning.bins import Bin, Code, categorical_bins, numeric_bins
from credit_risk.binning.coarse import CoarseCuts, coarse_cuts
from credit_risk.binning.prebins import count_prebins, fine_gini, quantile_cuts
from credit_risk.binning.spec import ClassingSpec
from credit_risk.binning.table import BinningTable, tabulate
from credit_risk.scoring.steps import classify_bins

Floats = NDArray[np.float64]
MINED = "mined"


@dataclass(frozen=True, slots=True)
class Trend:
    """Trend of the bad rate over the values, and where it comes from."""

    name: str
    source: str


def mined_trend(values: Floats, y: Floats, weights: Floats) -> Trend:
    """Direction in which the bad rate moves on development: the sign of the weighted rank correlation with y.

    values: (n,) finite. A suggestion from data, labelled as such; ties give `ascending`.
    """
    ranks = pd.Series(values).rank(method="average").to_numpy()
    w = weights / np.sum(weights)
    covariance = float(np.sum(w * (ranks - np.sum(w * ranks)) * (y - np.sum(w * y))))
    return Trend("descending" if covariance < 0 else "ascending", MINED)


def class_numeric(
    characteristic: str,
    values: Floats,
    y: Floats,
    *,
    settings: ClassingSpec,
    weights: Floats | None = None,
    specials: Sequence[Code] = (),
    trend: Trend | None = None,
) -> BinningTable:
    """Class a numeric characteristic. values (n,) float with NaN for missing; y (n,) 0/1, 1 is bad."""
    w = np.ones(len(y)) if weights is None else weights
    regular = np.isfinite(values) & ~np.isin(values, np.asarray(list(specials), float))
    x, yr, wr = values[regular], y[regular], w[regular]
    chosen = trend or (mined_trend(x, yr, wr) if len(x) else Trend("none", "no ordinary values"))
    cuts, gini = _coarse(x, yr, wr, chosen.name, settings, float(np.sum(w)))
    bins = numeric_bins(list(cuts.cuts), specials)
    return _fitted(characteristic, "numeric", values, y, w, bins, chosen, cuts, gini, settings)


def class_categorical(
    characteristic: str,
    values: NDArray[np.object_],
    y: Floats,
    *,
    settings: ClassingSpec,
    weights: Floats | None = None,
    specials: Sequence[Code] = (),
) -> BinningTable:
    """Class a categorical characteristic. values (n,) text or None; categories are ordered by their bad rate."""
    w = np.ones(len(y)) if weights is None else weights
    codes = {str(code) for code in specials}
    regular = np.array([v is not None and v not in codes for v in values], bool)
    order = ordered_categories(values[regular], y[regular], w[regular], settings.rare_share * float(np.sum(w)))
    position = {category: i for i, group in enumerate(order) for category in group}
    x = np.array([position[v] for v in values[regular]], float)
    trend = Trend("ascending", "order of categories")
    cuts, gini = _coarse(x, y[regular], w[regular], trend.name, settings, float(np.sum(w)))
    edges = [0, *(int(c) for c in cuts.cuts), len(order)]
    groups = [[c for group in order[a:b] for c in group] for a, b in pairwise(edges)] if order else []
    bins = categorical_bins(groups, [str(code) for code in specials])
    return _fitted(characteristic, "categorical", values, y, w, bins, trend, cuts, gini, settings)


def ordered_categories(values: NDArray[np.object_], y: Floats, weights: Floats, rare: float) -> list[list[str]]:
    """Categories in ascending order of bad rate, ties by text; those with less weight than `rare` stand as one group.

    Pooling the rare ones first keeps the order from being fitted to categories of a few rows.
    """
    totals = pd.DataFrame({"v": values, "w": weights, "b": weights * y}).groupby("v", sort=True).sum()
    groups = [[str(v)] for v in totals.index[totals["w"] >= rare]]
    pooled = [str(v) for v in totals.index[totals["w"] < rare]]
    groups += [pooled] if pooled else []
    rates = [float(totals.loc[group, "b"].sum() / totals.loc[group, "w"].sum()) for group in groups]
    order = sorted(range(len(groups)), key=lambda i: (rates[i], groups[i][0]))
    return [groups[i] for i in order]


def class_frame(
    frame: pd.DataFrame,
    y: Floats,
    *,
    settings: ClassingSpec,
    weights: Floats | None = None,
    trends: Mapping[str, Trend] | None = None,
    specials: Mapping[str, Sequence[Code]] | None = None,
) -> dict[str, BinningTable]:
    """Class every column: float columns as numbers, object columns as categories. Order of the columns is kept."""
    tables = {}
    for name in frame.columns:
        codes = (specials or {}).get(name, ())
        options: dict[str, Any] = {"settings": settings, "weights": weights, "specials": codes}
        if pd.api.types.is_numeric_dtype(frame[name]):
            trend = (trends or {}).get(name)
            tables[name] = class_numeric(name, frame[name].to_numpy(float), y, trend=trend, **options)
        else:
            tables[name] = class_categorical(name, frame[name].to_numpy(object), y, **options)
    return tables


def _coarse(
    x: Floats, y: Floats, w: Floats, trend: str, settings: ClassingSpec, total: float
) -> tuple[CoarseCuts, float]:
    if len(x) == 0 or len(np.unique(y)) < 2:
        return CoarseCuts(np.empty(0), "none needed", "ordinary values hold one class only"), 0.0
    fine = quantile_cuts(x, settings.max_prebins)
    prebins = count_prebins(x, y, w, fine)
    cuts = coarse_cuts(prebins, trend=trend, max_bins=settings.max_bins, min_rows=settings.min_share * total)
    return cuts, fine_gini(x, y, w, fine)


def _fitted(
    characteristic: str,
    kind: str,
    values: Any,
    y: Floats,
    weights: Floats,
    bins: tuple[Bin, ...],
    trend: Trend,
    cuts: CoarseCuts,
    gini: float,
    settings: ClassingSpec,
) -> BinningTable:
    layout = {"kind": kind, "input": characteristic, "bins": [b.as_dict(0.0) for b in bins]}
    ids = classify_bins(layout, values)
    count, good, bad, result = tabulate(ids, y, weights, bins, zero_cell=settings.zero_cell)
    return BinningTable(
        characteristic,
        kind,
        bins,
        count,
        good,
        bad,
        result,
        trend.name,
        trend.source,
        cuts.engine,
        cuts.solver_status,
        gini,
    )
