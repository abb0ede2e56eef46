"""Class one characteristic: trend, prebins, coarse cuts, specials and missing apart, counts, weight of evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk.binning.bins import Bin, Code, categorical_bins, numeric_bins
from credit_risk.binning.coarse import CoarseCuts, coarse_cuts
from credit_risk.binning.columns import Rows, numeric_column, outcome_rows, text_column
from credit_risk.binning.feasibility import BOTH_CLASSES
from credit_risk.binning.levels import ordered_levels
from credit_risk.binning.limits import Limits
from credit_risk.binning.prebins import count_prebins, gini_of_classes, quantile_cuts
from credit_risk.binning.refine import exact_classing
from credit_risk.binning.sorted_column import SortedColumn
from credit_risk.binning.spec import ClassingSpec
from credit_risk.binning.table import BinningTable
from credit_risk.binning.woe import weight_of_evidence

Floats = NDArray[np.float64]
MINED = "mined"
ONE_BIN_IS_LEFT = frozenset(("min_count", "min_good", "min_bad", "trend", BOTH_CLASSES))
"""Limits that a single bin of all ordinary values is let off where they alone conflict; told as solver status."""
PLANNED = {"min_count": "min_share", "max_count": "max_share", "min_good": "min_goods", "min_bad": "min_bads"}


@dataclass(frozen=True, slots=True)
class Trend:
    """Trend of the bad rate over the values, and where it comes from."""

    name: str
    source: str


def mined_trend(column: SortedColumn) -> Trend:
    """Direction in which the bad rate moves on development: the sign of the weighted rank correlation with the outcome.

    A suggestion from data, labelled as such; ties give `ascending`.
    """
    opens = np.flatnonzero(np.diff(column.values)) + 1
    places = np.concatenate([[0], opens, [len(column.values)]])
    good, bad = column.counts(column.values[opens])
    ranks, weight = (places[:-1] + places[1:] + 1) / 2, good + bad
    rate = np.sum(bad) / np.sum(weight)
    covariance = float(np.sum((ranks - np.sum(weight * ranks) / np.sum(weight)) * (bad - rate * weight)))
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
    return _class_numbers(characteristic, values, outcome_rows(y, weights), settings, specials, trend)


def _class_numbers(
    characteristic: str,
    values: Floats,
    rows: Rows,
    settings: ClassingSpec,
    specials: Sequence[Code],
    trend: Trend | None,
) -> BinningTable:
    column = numeric_column(values, rows, specials)
    chosen = trend or _undeclared(column.ordinary, settings)
    cuts, gini = _coarse(characteristic, column.ordinary, chosen.name, settings, rows, column.test_scale)
    chosen = Trend(cuts.trend or chosen.name, chosen.source)
    bins = numeric_bins(list(cuts.cuts), specials)
    good, bad = column.count(bins, cuts.cuts, rows)
    return _table(characteristic, "numeric", bins, good, bad, chosen, cuts, gini, settings)


def class_categorical(
    characteristic: str,
    values: Any,
    y: Floats,
    *,
    settings: ClassingSpec,
    weights: Floats | None = None,
    specials: Sequence[Code] = (),
) -> BinningTable:
    """Class a categorical characteristic; categories are ordered by their bad rate.

    values (n,) text or missing: an array of objects, or a Series of any dtype of text. Raises ModelError where it holds
    anything else.
    """
    return _class_categories(characteristic, values, outcome_rows(y, weights), settings, specials)


def _class_categories(
    characteristic: str, values: Any, rows: Rows, settings: ClassingSpec, specials: Sequence[Code]
) -> BinningTable:
    column = text_column(characteristic, values, rows, specials)
    good, bad = (np.where(column.special, 0.0, part[:-1]) for part in (column.parts.good, column.parts.bad))
    rare = settings.rare_share * (rows.goods + rows.bads)
    order = ordered_levels(column.names, good, bad, rare)
    pooled = tuple(sorted(column.names[i] for i in np.flatnonzero((good + bad > 0) & (good + bad < rare))))
    trend = Trend("ascending", "order of categories")
    ordinary, test_scale = column.grouped(order, rows)
    cuts, gini = _coarse(characteristic, ordinary, trend.name, settings, rows, test_scale)
    edges = [0, *(int(c) for c in cuts.cuts), len(order)]
    groups = [[column.names[i] for group in order[a:b] for i in group] for a, b in pairwise(edges)] if order else []
    bins = categorical_bins(groups, [str(code) for code in specials])
    table = _table(characteristic, "categorical", bins, *column.count(bins, rows), trend, cuts, gini, settings)
    return replace(table, pooled=pooled)


def class_frame(
    frame: pd.DataFrame,
    y: Floats,
    *,
    settings: ClassingSpec,
    weights: Floats | None = None,
    trends: Mapping[str, Trend] | None = None,
    specials: Mapping[str, Sequence[Code]] | None = None,
) -> dict[str, BinningTable]:
    """Class every column: those of numbers as numbers, those of text as categories. Order of the columns is kept.

    What `settings` say of single characteristics holds for them; `finished` then joins what they let join.

    y: (n,) 0/1, 1 is bad; weights: (n,), by default 1 each. One column is held in order at a time. Raises ValueError
    where y or weights break this, ModelError where a column holds neither numbers nor text or cannot be classed.
    """
    rows = outcome_rows(y, weights)
    tables = {}
    for name in frame.columns:
        codes, values, own = (specials or {}).get(name, ()), frame[name], settings.of(name)
        if pd.api.types.is_numeric_dtype(values):
            numbers = values.to_numpy(np.float64, na_value=np.nan)
            tables[name] = _class_numbers(name, numbers, rows, own, codes, (trends or {}).get(name))
        else:
            tables[name] = _class_categories(name, values, rows, own, codes)
    return tables


def _undeclared(ordinary: SortedColumn | None, settings: ClassingSpec) -> Trend:
    """The trend where none is declared: left to the exact engine, mined for optbinning, or none."""
    if ordinary is None or settings.trend == "none":
        return Trend("none", "plan, classing.trend" if ordinary is not None else "no ordinary values")
    return Trend(settings.trend, MINED) if settings.engine == "exact" else mined_trend(ordinary)


def _coarse(
    characteristic: str,
    ordinary: SortedColumn | None,
    trend: str,
    settings: ClassingSpec,
    rows: Rows,
    test_scale: float,
) -> tuple[CoarseCuts, float]:
    """Coarse cuts of ordinary values, and the Gini of their fine classes."""
    if ordinary is None or any(float(np.sum(part)) == 0 for part in ordinary.counts(np.empty(0))):
        return CoarseCuts(np.empty(0), "none needed", "ordinary values hold one class only", "none"), 0.0
    fine = quantile_cuts(ordinary.values, settings.max_prebins)
    gini = gini_of_classes(*ordinary.counts(fine))
    if settings.engine == "exact":
        return _exact_cuts(characteristic, ordinary, trend, settings, rows, test_scale), gini
    least = settings.min_share * (rows.goods + rows.bads)
    prebins = count_prebins(ordinary, fine)
    return coarse_cuts(prebins, trend=trend, max_bins=settings.max_bins, min_rows=least), gini


def _exact_cuts(
    characteristic: str, ordinary: SortedColumn, trend: str, settings: ClassingSpec, rows: Rows, test_scale: float
) -> CoarseCuts:
    """Cuts of the dynamic programme. Raises ModelError, naming the limits in conflict, where no classing keeps them."""
    total = rows.goods + rows.bads
    limits = Limits(
        min_bins=settings.min_bins,
        max_bins=settings.max_bins,
        min_count=settings.min_share * total,
        max_count=None if settings.max_share == 1.0 else settings.max_share * total,
        min_good=settings.min_goods,
        min_bad=settings.min_bads,
        min_rate_difference=settings.min_rate_difference,
        max_p_value=settings.max_p_value,
        test_scale=test_scale,
    )
    totals = (rows.goods, rows.bads)
    found = exact_classing(ordinary, trend=trend, limits=limits, totals=totals)  # type: ignore[arg-type]
    if found.result.optimal:
        return CoarseCuts(found.cuts, "exact", found.result.message, found.result.trend)
    conflict = found.result.conflict
    told = "INFEASIBLE" if conflict is None else conflict.told(lambda name, value: _as_planned(name, value, total))
    if conflict is None or ONE_BIN_IS_LEFT.issuperset(conflict.constraints):
        return CoarseCuts(np.empty(0), "exact", f"one bin: {told}", "none")
    remedy = "relax one of them under `classing` or `classing.characteristics`, or exclude the characteristic"
    message = f"{characteristic!r} cannot be classed: {told}"
    raise ModelError(Fault(message, code="infeasible", path="classing", found=characteristic, remedy=remedy))


def _as_planned(constraint: str, value: Any, total: float) -> str:
    """A constraint and its value in the words of the plan."""
    name = PLANNED.get(constraint, constraint)
    if constraint in ("min_count", "max_count"):
        return f"{name} {value / total:.6g} ({value:.6g} rows)"
    return f"{name} {value:.6g}" if isinstance(value, float) else name if value is True else f"{name} {value}"


def _table(
    characteristic: str,
    kind: str,
    bins: tuple[Bin, ...],
    good: Floats,
    bad: Floats,
    trend: Trend,
    cuts: CoarseCuts,
    gini: float,
    settings: ClassingSpec,
) -> BinningTable:
    return BinningTable(
        characteristic,
        kind,
        bins,
        good + bad,
        good,
        bad,
        weight_of_evidence(good, bad, zero_cell=settings.zero_cell),
        trend.name,
        trend.source,
        cuts.engine,
        cuts.solver_status,
        gini,
    )
