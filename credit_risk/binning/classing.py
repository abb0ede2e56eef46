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
from credit_risk.binning.coarse import CoarseCuts
from credit_risk.binning.columns import NumericColumn, Rows, TextColumn, numeric_column, outcome_rows, text_column
from credit_risk.binning.cuts import Splits, coarse_classes, fine_gini, limits_kept
from credit_risk.binning.given import given_groups, numeric_splits, ranked
from credit_risk.binning.levels import ordered_levels
from credit_risk.binning.sorted_column import SortedColumn
from credit_risk.binning.spec import ClassingSpec
from credit_risk.binning.table import BinningTable
from credit_risk.binning.woe import weight_of_evidence
from credit_risk.evaluation.cells import Cells

Floats = NDArray[np.float64]
MINED = "mined"
ORDER_OF_CATEGORIES = "order of categories"


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
    """Class a numeric characteristic. values (n,) float with NaN for missing; y (n,) 0/1, 1 is bad.

    Raises ModelError where a value is infinite, where the settings cannot be kept, or where they give groups or splits
    that are no numbers.
    """
    return _class_numbers(
        characteristic, values, outcome_rows(y, weights), settings.of(characteristic), specials, trend
    )


def _class_numbers(
    characteristic: str,
    values: Floats,
    rows: Rows,
    settings: ClassingSpec,
    specials: Sequence[Code],
    trend: Trend | None,
) -> BinningTable:
    splits = numeric_splits(characteristic, settings.own(characteristic))
    column = numeric_column(values, rows, specials)
    _refuse_infinite(characteristic, values, column)
    chosen = trend or _undeclared(column.ordinary, settings)
    gini = fine_gini(column.ordinary, settings)
    cuts = coarse_classes(characteristic, column.ordinary, chosen.name, settings, rows, column.test_scale, splits)
    chosen = Trend(cuts.trend or chosen.name, chosen.source)
    bins = numeric_bins(list(cuts.cuts), specials)
    return _table(characteristic, "numeric", bins, column.count(bins, cuts.cuts, rows), chosen, cuts, gini, settings)


def _refuse_infinite(characteristic: str, values: Floats, column: NumericColumn) -> None:
    """Raise ModelError where a value is infinite: no model may read it."""
    if not np.isinf(column.apart.values).any():
        return
    where = np.flatnonzero(np.isinf(values))
    found = f"{float(values[where[0]])!r} in {len(where):,} rows"
    message, remedy = f"{characteristic!r} holds infinite values", "correct the data, or write them as missing"
    raise ModelError(
        Fault(message, "not_finite", path=characteristic, row=int(where[0]) + 1, found=found, remedy=remedy)
    )


def class_categorical(
    characteristic: str,
    values: Any,
    y: Floats,
    *,
    settings: ClassingSpec,
    weights: Floats | None = None,
    specials: Sequence[Code] = (),
    order: Sequence[str] = (),
    trend: Trend | None = None,
) -> BinningTable:
    """Class a categorical characteristic; categories are ordered by their bad rate, or as `order` declares.

    values (n,) text or missing: an array of objects, or a Series of any dtype of text. With a declared order only
    neighbours share a bin, and `trend` speaks of the bad rate along it. Raises ModelError where values are anything
    else or stand in no declared order, where a trend is given without an order, or where settings cannot be kept.
    """
    own = settings.of(characteristic)
    return _class_categories(characteristic, values, outcome_rows(y, weights), own, specials, order, trend)


def _class_categories(
    characteristic: str,
    values: Any,
    rows: Rows,
    settings: ClassingSpec,
    specials: Sequence[Code],
    order: Sequence[str],
    trend: Trend | None,
) -> BinningTable:
    column = text_column(characteristic, values, rows, specials)
    if order:
        return _class_ordered(characteristic, column, rows, settings, specials, tuple(order), trend)
    if trend is not None and trend.name != "none":
        raise _no_order(characteristic, trend)
    given = given_groups(characteristic, settings.own(characteristic), column)
    good, bad = (np.where(column.special, 0.0, part[:-1]) for part in (column.parts.good, column.parts.bad))
    rare = settings.rare_share * (rows.goods + rows.bads)
    levels = ordered_levels(column.names, good, bad, rare, [*given.kept, *given.fixed])
    free = [group for group in levels.groups if group not in given.fixed]
    ordinary, test_scale = column.grouped(free, rows)
    held = [(float(good[group].sum()), float(bad[group].sum())) for group in given.fixed]
    limits_kept(characteristic, settings, rows, held, others=len(free) > 0)
    splits = Splits(taken=len(given.fixed))
    trend = Trend("ascending", ORDER_OF_CATEGORIES)
    cuts = coarse_classes(characteristic, ordinary, trend.name, settings, rows, test_scale, splits)
    gini = fine_gini(column.grouped(levels.groups, rows)[0], settings)
    edges = [0, *(int(cut) for cut in cuts.cuts), len(free)]
    joint = [*(free[a:b] for a, b in pairwise(edges) if a < b), *([group] for group in given.fixed)]
    joint.sort(key=lambda groups: _bad_rate([i for group in groups for i in group], good, bad))
    bins = categorical_bins([given.named(groups, column.names) for groups in joint], [str(code) for code in specials])
    table = _table(characteristic, "categorical", bins, column.count(bins, rows), trend, cuts, gini, settings)
    return replace(table, pooled=tuple(column.names[i] for i in levels.pooled))


def _bad_rate(positions: list[int], good: Floats, bad: Floats) -> float:
    return float(np.sum(bad[positions]) / np.sum(good[positions] + bad[positions]))


def _class_ordered(
    characteristic: str,
    column: TextColumn,
    rows: Rows,
    settings: ClassingSpec,
    specials: Sequence[Code],
    order: tuple[str, ...],
    trend: Trend | None,
) -> BinningTable:
    ranks = ranked(characteristic, column, order, settings.own(characteristic))
    ordinary, test_scale = column.grouped(ranks.observed, rows)
    chosen = trend or _undeclared(ordinary, settings)
    cuts = coarse_classes(characteristic, ordinary, chosen.name, settings, rows, test_scale, ranks.splits)
    chosen = Trend(cuts.trend or chosen.name, chosen.source)
    bins = categorical_bins(ranks.bins(cuts.cuts), [str(code) for code in specials], order)
    gini = fine_gini(ordinary, settings)
    table = _table(characteristic, "categorical", bins, column.count(bins, rows), chosen, cuts, gini, settings)
    return replace(table, order=order)


def _no_order(characteristic: str, trend: Trend) -> ModelError:
    message = f"a trend is declared for {characteristic!r}, whose categories have no order"
    remedy = f"declare the order (data.columns.{characteristic}.order), or leave the trend out"
    return ModelError(Fault(message, "trend", path=trend.source, found=trend.name, remedy=remedy))


def class_frame(
    frame: pd.DataFrame,
    y: Floats,
    *,
    settings: ClassingSpec,
    weights: Floats | None = None,
    trends: Mapping[str, Trend] | None = None,
    specials: Mapping[str, Sequence[Code]] | None = None,
    orders: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, BinningTable]:
    """Class every column: those of numbers as numbers, those of text as categories. Order of the columns is kept.

    What `settings` say of single characteristics holds for them; `finished` then joins what they let join. orders:
    declared order of the categories, by column.

    y: (n,) 0/1, 1 is bad; weights: (n,), by default 1 each. One column is held in order at a time. Raises ValueError
    where y or weights break this, ModelError with every column that is neither numbers nor text or cannot be classed.
    """
    rows = outcome_rows(y, weights)
    tables: dict[str, BinningTable] = {}
    faults: list[Fault] = []
    for name in frame.columns:
        codes, values, own = (specials or {}).get(name, ()), frame[name], settings.of(name)
        order, trend = (orders or {}).get(name, ()), (trends or {}).get(name)
        try:
            if pd.api.types.is_numeric_dtype(values) and not order:
                numbers = values.to_numpy(np.float64, na_value=np.nan)
                tables[name] = _class_numbers(name, numbers, rows, own, codes, trend)
            else:
                tables[name] = _class_categories(name, values, rows, own, codes, order, trend)
        except ModelError as error:
            faults += error.faults
    if faults:
        raise ModelError(faults)
    return tables


def _undeclared(ordinary: SortedColumn | None, settings: ClassingSpec) -> Trend:
    """The trend where none is declared: left to the exact engine, mined for optbinning, or none."""
    if ordinary is None or settings.trend == "none":
        return Trend("none", "plan, classing.trend" if ordinary is not None else "no ordinary values")
    return Trend(settings.trend, MINED) if settings.engine == "exact" else mined_trend(ordinary)


def _table(
    characteristic: str,
    kind: str,
    bins: tuple[Bin, ...],
    cells: Cells,
    trend: Trend,
    cuts: CoarseCuts,
    gini: float,
    settings: ClassingSpec,
) -> BinningTable:
    return BinningTable(
        characteristic,
        kind,
        bins,
        cells,
        weight_of_evidence(cells.good, cells.bad, zero_cell=settings.zero_cell),
        trend.name,
        trend.source,
        cuts.engine,
        cuts.solver_status,
        gini,
        iv_loss=cuts.iv_loss,
    )
