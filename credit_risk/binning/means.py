"""Class a characteristic on an amount or a fraction: the bins whose means differ most, under the trend of the mean.

The information value of a binary outcome sets shares of goods against shares of bads. Here it sets shares of the base
(rows, or their exposure) against shares of the outcome: Σ (s − e)·ln(s/e), s the bin's share of all losses and e its
share of the base. ln(s/e) is ln of the bin's mean over the mean of all rows. Of a fraction, 1 − y and y stand for good
and bad, and ln(s/e) is the difference of log-odds. So one dynamic programme proves the best bins of every outcome.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk.binning.bins import Bin, Code, categorical_bins, numeric_bins
from credit_risk.binning.classing import MINED, Trend
from credit_risk.binning.coarse import CoarseCuts
from credit_risk.binning.exact import exact_cuts
from credit_risk.binning.limits import Limits
from credit_risk.binning.mean_table import MeanRows, MeanTable, mean_rows, mean_value, sums
from credit_risk.binning.prebins import quantile_cuts
from credit_risk.binning.spec import ClassingSpec
from credit_risk.binning.woe import weighted_counts
from credit_risk.evaluation.lorenz import greatest_gini, lorenz_of_groups
from credit_risk.scoring.steps import classify_bins

Floats = NDArray[np.float64]
FINE_CLASSES = 256
"""Most equal-frequency classes whose edges are candidates for cuts; every distinct value where there are no more."""
SCREENED_CLASSES = 20
"""Classes of the screen for leakage."""


def class_means(
    frame: pd.DataFrame,
    y: Floats,
    kind: str,
    *,
    settings: ClassingSpec,
    weights: Floats | None = None,
    exposure: Floats | None = None,
    trends: Mapping[str, Trend] | None = None,
    specials: Mapping[str, Sequence[Code]] | None = None,
) -> dict[str, MeanTable]:
    """Class every column on y (n,): numbers as numbers, text as categories in the order of their mean.

    kind: `amount` or `fraction`; weights, exposure (n,). Raises ModelError where a column cannot be classed, ValueError
    where the outcome is all zero.
    """
    rows = mean_rows(y, kind, weights, exposure)
    greatest = greatest_gini(rows.outcome, rows.base)
    tables = {}
    for name in frame.columns:
        codes, trend = (specials or {}).get(name, ()), (trends or {}).get(name)
        values, numeric = frame[name], pd.api.types.is_numeric_dtype(frame[name])
        make = _numeric if numeric else _categorical
        tables[str(name)] = make(str(name), values, rows, settings.of(str(name)), codes, trend, greatest)
    return tables


def _numeric(
    name: str,
    series: pd.Series,
    rows: MeanRows,
    settings: ClassingSpec,
    specials: Sequence[Code],
    trend: Trend | None,
    greatest: float,
) -> MeanTable:
    values = series.to_numpy(np.float64, na_value=np.nan)
    ordinary = np.isfinite(values) & ~np.isin(values, np.asarray(list(specials), float))
    chosen = trend or Trend(settings.trend, MINED if settings.trend != "none" else "plan, classing.trend")
    found = CoarseCuts(np.empty(0), "none needed", "no ordinary values", "none")
    fine = 0.0
    if ordinary.any():
        x, part = values[ordinary], _part(rows, ordinary)
        ordered = np.sort(x)
        cuts, screen = quantile_cuts(ordered, FINE_CLASSES), quantile_cuts(ordered, SCREENED_CLASSES)
        index = np.searchsorted(cuts, x, side="right")
        found = _coarse(name, index, cuts, part, rows, settings, chosen.name)
        fine = _fine_gini(np.searchsorted(screen, x, side="right"), part, greatest)
    bins = numeric_bins(list(found.cuts), specials)
    return _table(
        name,
        "numeric",
        values,
        bins,
        rows,
        Trend(found.trend or "none", chosen.source),
        found,
        fine,
        greatest,
        settings,
    )


def _categorical(
    name: str,
    series: pd.Series,
    rows: MeanRows,
    settings: ClassingSpec,
    specials: Sequence[Code],
    trend: Trend | None,
    greatest: float,
) -> MeanTable:
    values = series.to_numpy(object)
    codes, levels = pd.factorize(values, sort=True)
    named = {str(code) for code in specials}
    ordinary = np.append([str(level) not in named for level in levels], False).astype(bool)[codes]
    part, found, fine = _part(rows, ordinary), CoarseCuts(np.empty(0), "none needed", "no ordinary values", "none"), 0.0
    order = _ordered(
        codes[ordinary], [str(level) for level in levels], part, settings.rare_share * float(np.sum(rows.weight))
    )
    if order:
        place = np.zeros(len(levels), np.int64)
        for i, group in enumerate(order):
            place[group] = i
        index = place[codes[ordinary]]
        found = _coarse(name, index, np.arange(1.0, len(order)), part, rows, settings, "ascending")
        fine = _fine_gini(index, part, greatest)
    edges = [0, *(int(c) for c in found.cuts), len(order)]
    groups = [[str(levels[i]) for group in order[a:b] for i in group] for a, b in pairwise(edges)] if order else []
    bins = categorical_bins(groups, [str(code) for code in specials])
    return _table(
        name,
        "categorical",
        values,
        bins,
        rows,
        Trend("ascending", "order of categories"),
        found,
        fine,
        greatest,
        settings,
    )


def _part(rows: MeanRows, mask: NDArray[np.bool_]) -> MeanRows:
    parts = (part[mask] for part in (rows.outcome, rows.base, rows.weight, rows.held, rows.lost))
    return MeanRows(rows.kind, *parts)


def _ordered(codes: NDArray[np.int64], names: Sequence[str], rows: MeanRows, rare: float) -> list[list[int]]:
    """Positions of the categories, those below the weight `rare` as one group, in ascending order of their mean."""
    weight, held, lost = (weighted_counts(codes, part, len(names)) for part in (rows.weight, rows.held, rows.lost))
    groups = [[int(i)] for i in np.flatnonzero((weight >= rare) & (weight > 0))]
    pooled = sorted(np.flatnonzero((weight < rare) & (weight > 0)).tolist(), key=lambda i: names[i])
    groups += [pooled] if pooled else []
    means = [float(lost[group].sum() / (held[group].sum() + lost[group].sum())) for group in groups]
    return [groups[k] for k in sorted(range(len(groups)), key=lambda k: (means[k], names[groups[k][0]]))]


def _coarse(
    name: str,
    index: NDArray[np.int64],
    cuts: Floats,
    part: MeanRows,
    rows: MeanRows,
    settings: ClassingSpec,
    trend: str,
) -> CoarseCuts:
    """Best cuts among the edges of the fine classes. Raises ModelError where min_bins cannot be kept."""
    held, lost, weight = (weighted_counts(index, p, len(cuts) + 1) for p in (part.held, part.lost, part.weight))
    if held.sum() <= 0 or lost.sum() <= 0:
        return CoarseCuts(np.empty(0), "none needed", "ordinary values have no outcome above or below its ends", "none")
    whole = float(np.sum(rows.weight))
    limits = Limits(
        min_bins=settings.min_bins,
        max_bins=settings.max_bins,
        min_count=settings.min_share * whole,
        max_count=settings.max_share * whole if settings.max_share < 1 else None,
    )
    chosen: Any = trend
    found = exact_cuts(held, lost, trend=chosen, limits=limits, totals=rows.totals, weight=weight)
    if found.optimal:
        return CoarseCuts(cuts[[c - 1 for c in found.cuts]], "exact", found.message, found.trend)
    if settings.min_bins == 1:
        return CoarseCuts(np.empty(0), "exact", f"one bin: {found.message}", "none")
    allowed = (
        f"{settings.min_bins} to {settings.max_bins} bins of at least {settings.min_share!r} of the rows, trend {trend}"
    )
    message = f"{name!r} cannot be classed: no classing keeps min_bins, max_bins, min_share and trend together"
    remedy = "relax one of the limits under `classing`, or exclude the characteristic"
    raise ModelError(Fault(message, code="infeasible", path="classing", allowed=allowed, remedy=remedy))


def _fine_gini(index: NDArray[np.int64], part: MeanRows, greatest: float) -> float:
    """Gini index of classes ordered by their mean, over the greatest possible one of all rows."""
    held, lost = (weighted_counts(index, p, int(index.max(initial=0)) + 1) for p in (part.base, part.outcome))
    return _gini_of_classes(held, lost) / greatest if greatest > 0 else 0.0


def _gini_of_classes(base: Floats, outcome: Floats) -> float:
    kept = base > 0
    base, outcome = base[kept], outcome[kept]
    if outcome.sum() <= 0:
        return 0.0
    order = np.argsort(outcome / base, kind="stable")
    return max(lorenz_of_groups(outcome[order], base[order]).gini, 0.0)


def _table(
    name: str,
    kind: str,
    values: Any,
    bins: tuple[Bin, ...],
    rows: MeanRows,
    trend: Trend,
    cuts: CoarseCuts,
    fine: float,
    greatest: float,
    settings: ClassingSpec,
) -> MeanTable:
    layout = {"kind": kind, "input": name, "bins": [b.as_dict(0.0) for b in bins]}
    ids = classify_bins(layout, values)
    count, base, outcome, error = sums(ids, rows, len(bins))
    held, lost = (weighted_counts(ids, part, len(bins)) for part in (rows.held, rows.lost))
    result = mean_value(held, lost, settings.zero_cell)
    return MeanTable(
        name,
        kind,
        rows.kind,
        bins,
        count,
        base,
        outcome,
        error,
        result,
        trend.name,
        trend.source,
        cuts.engine,
        cuts.solver_status,
        fine,
        _gini_of_classes(base, outcome) / greatest if greatest > 0 else 0.0,
    )
