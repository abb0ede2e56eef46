"""Class one characteristic: trend, prebins, coarse cuts, specials and missing apart, counts, weight of evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk.binning.bins import Bin, Code, categorical_bins, numeric_bins
from credit_risk.binning.coarse import CoarseCuts, coarse_cuts
from credit_risk.binning.levels import ordered_levels
from credit_risk.binning.limits import Limits
from credit_risk.binning.prebins import count_prebins, fine_gini, quantile_cuts
from credit_risk.binning.refine import exact_classing
from credit_risk.binning.sorted_column import sorted_column
from credit_risk.binning.spec import ClassingSpec
from credit_risk.binning.table import BinningTable, tabulate
from credit_risk.binning.woe import weighted_counts
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
    chosen = trend or _undeclared(x, yr, wr, settings)
    cuts, gini = _coarse(characteristic, x, yr, wr, chosen.name, settings, _totals(y, w))
    chosen = Trend(cuts.trend or chosen.name, chosen.source)
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
    codes, levels = pd.factorize(values, sort=True)
    named = {str(code) for code in specials}
    regular = np.append([str(level) not in named for level in levels], False).astype(bool)[codes]
    order = _ordered(codes[regular], levels, y[regular], w[regular], settings.rare_share * float(np.sum(w)))
    place = np.zeros(len(levels))
    for i, group in enumerate(order):
        place[group] = i
    x = place[codes[regular]]
    trend = Trend("ascending", "order of categories")
    cuts, gini = _coarse(characteristic, x, y[regular], w[regular], trend.name, settings, _totals(y, w))
    edges = [0, *(int(c) for c in cuts.cuts), len(order)]
    groups = [[str(levels[i]) for group in order[a:b] for i in group] for a, b in pairwise(edges)] if order else []
    bins = categorical_bins(groups, [str(code) for code in specials])
    return _fitted(characteristic, "categorical", values, y, w, bins, trend, cuts, gini, settings)


def _ordered(codes: NDArray[np.int64], levels: Any, y: Floats, weights: Floats, rare: float) -> list[list[int]]:
    """Groups of positions in `levels`, in ascending order of bad rate; codes, y, weights (n,)."""
    good = weighted_counts(codes, weights * (y == 0), len(levels))
    bad = weighted_counts(codes, weights * (y == 1), len(levels))
    return ordered_levels([str(level) for level in levels], good, bad, rare)


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


def _undeclared(x: Floats, y: Floats, w: Floats, settings: ClassingSpec) -> Trend:
    """The trend where none is declared: left to the exact engine, mined for optbinning, or none."""
    if len(x) == 0 or settings.trend == "none":
        return Trend("none", "plan, classing.trend" if len(x) else "no ordinary values")
    return Trend(settings.trend, MINED) if settings.engine == "exact" else mined_trend(x, y, w)


def _totals(y: Floats, w: Floats) -> tuple[float, float]:
    """Goods and bads of all rows, missing and special ones among them."""
    return float(np.sum(w[y == 0])), float(np.sum(w[y == 1]))


def _coarse(
    characteristic: str,
    x: Floats,
    y: Floats,
    w: Floats,
    trend: str,
    settings: ClassingSpec,
    totals: tuple[float, float],
) -> tuple[CoarseCuts, float]:
    """Coarse cuts of ordinary values, and the Gini of their fine classes."""
    if len(x) == 0 or len(np.unique(y)) < 2:
        return CoarseCuts(np.empty(0), "none needed", "ordinary values hold one class only", "none"), 0.0
    fine = quantile_cuts(x, settings.max_prebins)
    gini = fine_gini(x, y, w, fine)
    if settings.engine == "exact":
        return _exact_cuts(characteristic, x, y, w, trend, settings, totals), gini
    prebins = count_prebins(x, y, w, fine)
    least = settings.min_share * sum(totals)
    return coarse_cuts(prebins, trend=trend, max_bins=settings.max_bins, min_rows=least), gini


def _exact_cuts(
    characteristic: str,
    x: Floats,
    y: Floats,
    w: Floats,
    trend: str,
    settings: ClassingSpec,
    totals: tuple[float, float],
) -> CoarseCuts:
    """Cuts of the dynamic programme. Raises ModelError, naming the limits in conflict, where no classing keeps them."""
    plain = bool(np.all(w == 1.0))
    limits = Limits(
        min_bins=settings.min_bins,
        max_bins=settings.max_bins,
        min_count=settings.min_share * sum(totals),
        min_rate_difference=settings.min_rate_difference,
        max_p_value=settings.max_p_value,
        test_scale=1.0 if plain else float(np.sum(w) / np.sum(w**2)),
    )
    column = sorted_column(x, y, None if plain else w)
    found = exact_classing(column, trend=trend, limits=limits, totals=totals)  # type: ignore[arg-type]
    if found.result.optimal:
        return CoarseCuts(found.cuts, "exact", found.result.message, found.result.trend)
    if found.result.conflict is None or settings.min_bins == 1:
        return CoarseCuts(np.empty(0), "exact", f"one bin: {found.result.message}", "none")
    remedy = "relax one of the limits under `classing`, or exclude the characteristic"
    message = f"{characteristic!r} cannot be classed: {found.result.conflict}"
    raise ModelError(Fault(message, code="infeasible", path="classing", found=characteristic, remedy=remedy))


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
