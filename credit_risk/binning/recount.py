"""The bins of a classing counted on other rows: samples, months. What is too small to be told is missing, and noted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from credit_risk.binning.bins import Bin
from credit_risk.binning.woe import weight_of_evidence
from credit_risk.evaluation.cells import Cells, auc_of_cells, count_cells_by
from credit_risk.evaluation.stability import population_stability_index

if TYPE_CHECKING:
    from credit_risk.binning.table import BinningTable

Floats = NDArray[np.float64]
RECOUNT_COLUMNS = (
    *("bin_id", "label", "count", "count_share", "good", "bad", "bad_rate", "bad_rate_lower", "bad_rate_upper"),
    *("woe", "information_value"),
)
STABILITY_COLUMNS = (
    *("count", "bad", "bad_rate", "bad_rate_lower", "bad_rate_upper"),
    *("information_value", "information_value_chance_level", "gini", "gini_lower", "gini_upper"),
    *("psi", "psi_chance_level", "rank_order_kept", "reversals", "reversal_p_value"),
)


@dataclass(frozen=True, slots=True)
class RecountRules:
    """When a number is told: a bad rate from min_rows (effective) rows of its bin on; information value, Gini and rank

    order from min_bads rows of each outcome on. confidence: level of the intervals.
    """

    min_rows: int = 20
    min_bads: int = 30
    confidence: float = 0.95
    zero_cell: float = 0.5


@dataclass(frozen=True, slots=True)
class RankOrder:
    """Whether bad rates stand in the order of development. kept: None where fewer than two bins can be compared.

    reversals: neighbours in that order whose rates are reversed; p_value: of the clearest reversal, one-sided and
    multiplied by the number of neighbours (Bonferroni), NaN without one.
    """

    kept: bool | None
    reversals: int
    p_value: float


DEFAULT_RULES = RecountRules()


def recount_by(
    table: BinningTable,
    values: Any,
    y: Floats,
    *,
    by: Any,
    weights: Floats | None = None,
    rules: RecountRules = DEFAULT_RULES,
) -> pd.DataFrame:
    """The bins of a classing counted in each group of other rows: samples, months (`cr.period_labels`), regions.

    values, y, by, weights (n,); a row whose `by` is missing is left out. Tidy: columns `by`, bin_id, label, count,
    count_share, good, bad, bad_rate, bad_rate_lower, bad_rate_upper, woe, information_value; groups in the order of
    their names, bins in that of their ids. Counts are weighted, intervals Wilson's at effective rows; WoE = ln(share of
    goods / share of bads) of the group. What is too small under `rules` is NaN, and `frame.attrs["notes"]` says so.
    Raises ValueError where lengths differ or an outcome is neither 0 nor 1.
    """
    return recount_frame(table.bins, cells_by(table, values, y, by, weights), "by", rules)


def stability_by(
    table: BinningTable,
    values: Any,
    y: Floats,
    *,
    by: Any,
    weights: Floats | None = None,
    rules: RecountRules = DEFAULT_RULES,
) -> pd.DataFrame:
    """Whether a classing holds in each group of other rows; arguments and errors as in `recount_by`, one row a group.

    Columns `by`, count, bad, bad_rate with bounds, information_value with the level that chance reaches, gini with
    bounds, psi against development with the level that chance reaches, rank_order_kept (of the bad rates of ordinary
    bins), reversals of neighbours and reversal_p_value. What is too small under `rules` is missing.
    """
    groups = cells_by(table, values, y, by, weights)
    frame = pd.DataFrame(stability_rows(table, groups, rules), columns=list(STABILITY_COLUMNS))
    frame.insert(0, "by", list(groups))
    frame.attrs["notes"] = stability_notes(rules)
    return frame


def cells_by(table: BinningTable, values: Any, y: Floats, by: Any, weights: Floats | None = None) -> dict[str, Cells]:
    """Rows by bin and outcome of each group, groups in the order of their names; as `recount_by`."""
    ids, outcome, group = table.assign(values), np.asarray(y, float), pd.Series(by, dtype=object)
    if not len(ids) == len(outcome) == len(group):
        raise ValueError(f"values, y and by have {len(ids)}, {len(outcome)} and {len(group)} rows")
    if not np.isin(outcome, (0.0, 1.0)).all():
        raise ValueError("an outcome is neither 0 (good) nor 1 (bad)")
    codes, names = pd.factorize(group.map(str, na_action="ignore"), sort=True)
    counted = count_cells_by(ids, outcome, weights, len(table.bins), codes.astype(np.int64), len(names))
    return dict(zip(names.tolist(), counted, strict=True))


def recount_frame(bins: Sequence[Bin], groups: Mapping[str, Cells], by: str, rules: RecountRules) -> pd.DataFrame:
    """Columns `by` and RECOUNT_COLUMNS: each bin of each group, groups in the order given, bins in id order.

    Counts are weighted. A bin with fewer than min_rows (effective) rows has its counts and shares, and no rate, WoE and
    information value; in a group with one outcome only no bin has the last two. WoE and information value are the
    group's own.
    """
    parts = []
    for name, cells in groups.items():
        rate, lower, upper = cells.rates(rules.confidence)
        woe, value = _own_woe(cells, rules)
        small = cells.effective < rules.min_rows
        told = [np.where(small, math.nan, column) for column in (rate, lower, upper, woe, value)]
        total = float(cells.count.sum())
        share = cells.count / total if total > 0 else np.full(len(bins), math.nan)
        columns = ([b.id for b in bins], [b.label for b in bins], cells.count, share, cells.good, cells.bad, *told)
        parts.append(pd.DataFrame({by: name, **dict(zip(RECOUNT_COLUMNS, columns, strict=True))}))
    if not parts:
        return pd.DataFrame(columns=[by, *RECOUNT_COLUMNS])
    frame = pd.concat(parts, ignore_index=True)
    frame.attrs["notes"] = recount_notes(rules)
    return frame


def recount_notes(rules: RecountRules) -> tuple[str, ...]:
    """What is to be said beside a recount."""
    return (
        f"Wilson interval at {rules.confidence:g}; rates of bins with fewer than {rules.min_rows} rows (effective rows "
        "where rows have weights) are not evaluable",
    )


def stability_notes(rules: RecountRules) -> tuple[str, ...]:
    """What is to be said beside `stability_rows`."""
    return (
        f"not evaluable, hence empty: information value, Gini and rank order with fewer than {rules.min_bads} bads or "
        f"goods, bad rate and PSI with fewer than {rules.min_rows} rows",
        f"Wilson interval of the bad rate and DeLong interval of the Gini (of development's weight of evidence) at "
        f"{rules.confidence:g}; where rows have weights, the first at effective rows, the second with squared weights",
        "rank order: ordinary bins in the order of development's bad rate; a reversal is a pair of neighbours whose "
        "bad rates stand the other way; its one-sided p-value is multiplied by the number of pairs",
    )


def _own_woe(cells: Cells, rules: RecountRules) -> tuple[Floats, Floats]:
    """WoE and information value (k,) from the cells themselves; NaN where one outcome is absent."""
    if not (cells.good.sum() > 0 and cells.bad.sum() > 0):
        nothing = np.full(len(cells.rows), math.nan)
        return nothing, nothing
    result = weight_of_evidence(cells.good, cells.bad, zero_cell=rules.zero_cell)
    return result.woe, result.information_value


def stability_rows(table: BinningTable, groups: Mapping[str, Cells], rules: RecountRules) -> list[dict[str, Any]]:
    """One dictionary of STABILITY_COLUMNS a group: the classing of development held against each group.

    Gini: of development's weight of evidence, DeLong's interval. PSI: over development's bins, specials and missing
    among them, at effective rows. Chance levels: 95 % points were there no relation or no change, chi-square(K − 1)
    times (1/goods + 1/bads) for the information value and (1/n + 1/m) for the PSI. Rank order: `rank_order`.
    """
    return [_stability_row(table, cells, rules) for cells in groups.values()]


def _stability_row(table: BinningTable, cells: Cells, rules: RecountRules) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(STABILITY_COLUMNS, math.nan)
    whole = Cells(*(part.sum(axis=0, keepdims=True) for part in (cells.rows, cells.weight, cells.squared)))
    row |= {"count": float(whole.count[0]), "bad": float(whole.bad[0]), "rank_order_kept": None, "reversals": None}
    if whole.effective[0] >= rules.min_rows:
        rate, lower, upper = whole.rates(rules.confidence)
        row |= {"bad_rate": rate[0], "bad_rate_lower": lower[0], "bad_rate_upper": upper[0]}
        change = population_stability_index(table.cells.scaled, cells.scaled)
        row |= {"psi": change.psi, "psi_chance_level": change.chance_level}
    if min(whole.rows[0]) < rules.min_bads:
        return row
    held = int(np.count_nonzero(cells.count > 0))
    noise = 1.0 / cells.effective_goods + 1.0 / cells.effective_bads
    row["information_value"] = float(np.sum(_own_woe(cells, rules)[1]))
    row["information_value_chance_level"] = float(special.chdtri(held - 1, 0.05)) * noise if held > 1 else 0.0
    area = auc_of_cells(cells, -table.result.woe, rules.confidence)
    row |= {"gini": area.gini, "gini_lower": 2.0 * area.lower - 1.0, "gini_upper": 2.0 * area.upper - 1.0}
    order = rank_order(table.cells, cells, table.regular, rules.min_rows)
    if order.kept is not None:
        row |= {"rank_order_kept": order.kept, "reversals": order.reversals, "reversal_p_value": order.p_value}
    return row


def rank_order(reference: Cells, cells: Cells, regular: NDArray[np.bool_], min_rows: float) -> RankOrder:
    """Hold the order of the bad rates of `cells` against that of `reference`, over ordinary bins.

    Bins are put in the order of reference's bad rate; neighbours whose rates differ there are compared. A bin with
    fewer than min_rows effective rows is passed over. The test of a reversal is that of two proportions with pooled
    variance, at effective rows.
    """
    known = np.flatnonzero(regular & (cells.effective >= min_rows) & (reference.count > 0))
    before = reference.bad[known] / reference.count[known]
    order = np.argsort(before, kind="stable")
    known, before = known[order], before[order]
    rate, size = cells.bad[known] / cells.count[known], cells.effective[known]
    pairs = [(i, j) for i, j in pairwise(range(len(known))) if before[i] < before[j]]
    if not pairs:
        return RankOrder(None, 0, math.nan)
    reversed_ = [(i, j) for i, j in pairs if rate[i] > rate[j]]
    if not reversed_:
        return RankOrder(True, 0, math.nan)
    least = min(_reversal_p_value(rate[i], size[i], rate[j], size[j]) for i, j in reversed_)
    return RankOrder(False, len(reversed_), min(1.0, least * len(pairs)))


def _reversal_p_value(higher: float, n: float, lower: float, m: float) -> float:
    """One-sided p-value that two proportions of one rate differ by as much."""
    pooled = (higher * n + lower * m) / (n + m)
    error = math.sqrt(pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m))
    return float(special.ndtr(-(higher - lower) / error))
