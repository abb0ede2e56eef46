"""Manual changes to a classing: operations with a reason and an author, in order, each told with what it cost.

Bins are named by what is in them (an edge, a category, `missing`, a special code), never by number, so that an
operation still means the same when the classing before it changes; one that names what is no longer there is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk.binning.bins import Bin, categorical_bins, number_text, numeric_bins
from credit_risk.binning.finish import finished
from credit_risk.binning.joining import NoSuchBin
from credit_risk.binning.override_spec import FixWoe, Join, Merge, MoveEdge, Override, Split
from credit_risk.binning.spec import ClassingSpec
from credit_risk.binning.table import BinningTable, tabulate
from credit_risk.binning.woe import WoeResult, fixed_woe

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Overridden:
    """The changed classing, finished, and one row an operation for evidence `classing.overrides`."""

    table: BinningTable
    rows: tuple[dict[str, Any], ...]


def apply_overrides(
    table: BinningTable,
    overrides: Sequence[Override],
    values: Any,
    y: Floats,
    weights: Floats,
    *,
    settings: ClassingSpec,
    places: Sequence[int] | None = None,
) -> Overridden:
    """Apply operations in order and count anew on development: values, y, weights (n,).

    `table` has special codes and missing apart; what `settings` or an operation joins is joined when the operation is
    done, and operations name bins as they stand before or after that. Leaving an operation out of the list takes it
    back. places: of each operation, its place in the plan's list (from 0), which errors name. Raises ModelError naming
    every operation that cannot be applied.
    """
    rows: list[dict[str, Any]] = []
    faults: list[Fault] = []
    joins: dict[str, str] = {}
    result = finished(table, settings)
    for number, override in enumerate(overrides, start=1):
        before = result.information_value
        try:
            changed, wanted = _apply(table, result, override, joins, values, y, weights, settings.zero_cell)
            result = finished(changed, settings, wanted)
        except (_NotThere, NoSuchBin) as error:
            place = number - 1 if places is None else places[number - 1]
            faults.append(_fault(table, override, place, number, str(error)))
            continue
        table, joins = changed, wanted
        rows.append(
            {
                "characteristic": table.characteristic,
                "number": number,
                "operation": override.operation,  # type: ignore[attr-defined]
                "detail": _detail(override),
                "reason": override.reason,
                "author": override.author,
                "information_value_before": before,
                "information_value_after": result.information_value,
                "keeps_trend": result.keeps_trend(),
            }
        )
    if faults:
        raise ModelError(faults)
    return Overridden(result, tuple(rows))


def overrides_frame(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Evidence `classing.overrides`."""
    columns = [
        *("characteristic", "number", "operation", "detail", "reason", "author"),
        *("information_value_before", "information_value_after", "keeps_trend"),
    ]
    return pd.DataFrame(rows, columns=columns)


class _NotThere(Exception):
    """What the operation names is not in the classing."""


def _apply(
    table: BinningTable,
    shown: BinningTable,
    override: Override,
    joins: dict[str, str],
    values: Any,
    y: Floats,
    weights: Floats,
    zero_cell: float,
) -> tuple[BinningTable, dict[str, str]]:
    """The changed classing with everything apart, and what is to be joined by hand. shown: the classing as finished."""
    if isinstance(override, Join):
        return table, {**joins, override.bin: _before_joining(shown, override.into)}
    if isinstance(override, FixWoe):
        return _fix(table, _before_joining(shown, override.bin), override.woe), joins
    return _rebinned(table, override, values, y, weights, zero_cell), joins


def _before_joining(shown: BinningTable, label: str) -> str:
    """The label that a bin had before anything was joined with it."""
    for one in shown.bins:
        if one.label == label and one.kind in ("interval", "categories"):
            return replace(one, codes=(), takes_missing=False).label
    return label


def _rebinned(
    table: BinningTable, override: Override, values: Any, y: Floats, weights: Floats, zero_cell: float
) -> BinningTable:
    bins = _numeric(table, override) if table.kind == "numeric" else _categorical(table, override)
    layout = replace(table, bins=bins, result=replace(table.result, woe=np.zeros(len(bins))))
    cells, result = tabulate(layout.assign(values), y, weights, bins, zero_cell=zero_cell)
    kept = fixed_woe(result, cells.good, cells.bad, _still_fixed(table, bins))
    return replace(table, bins=bins, cells=cells, result=kept, iv_loss=None)


def _still_fixed(table: BinningTable, bins: tuple[Bin, ...]) -> dict[int, float]:
    """Weights of evidence that were fixed by hand; a bin that has one is not changed afterwards."""
    result: WoeResult = table.result
    fixed = {b.label: w for b, w, r in zip(table.bins, result.woe, result.rule, strict=True) if r == "fixed"}
    lost = set(fixed) - {b.label for b in bins}
    if lost:
        raise _NotThere(f"it changes {', '.join(sorted(lost))}, whose weight of evidence is fixed by hand before")
    return {b.id: float(fixed[b.label]) for b in bins if b.label in fixed}


def _fix(table: BinningTable, label: str, woe: float) -> BinningTable:
    labels = [b.label for b in table.bins]
    if label not in labels:
        raise _NotThere(f"there is no bin {label!r}; there are {', '.join(labels)}")
    return replace(table, result=fixed_woe(table.result, table.good, table.bad, {labels.index(label): woe}))


def _numeric(table: BinningTable, override: Override) -> tuple[Bin, ...]:
    edges = [b.lower for b in table.bins if b.kind == "interval" and b.lower is not None]
    specials = [code for b in table.bins for code in b.codes]
    shown = ", ".join(number_text(edge) for edge in edges) or "none"
    if getattr(override, "categories", ()):
        raise _NotThere("the characteristic is numeric and has no categories")
    edge = override.edge  # type: ignore[attr-defined]
    if edge is None:
        raise _NotThere("no edge is named")
    if isinstance(override, Split):
        if edge in edges:
            raise _NotThere(f"{number_text(edge)} is an edge already")
        return numeric_bins(sorted([*edges, edge]), specials)
    if edge not in edges:
        raise _NotThere(f"there is no edge {number_text(edge)}; edges: {shown}")
    i = edges.index(edge)
    if isinstance(override, MoveEdge):
        low, high = edges[i - 1] if i else -np.inf, edges[i + 1] if i + 1 < len(edges) else np.inf
        if not low < override.to < high:
            raise _NotThere(f"{number_text(override.to)} is not between the neighbouring edges; edges: {shown}")
        return numeric_bins([*edges[:i], override.to, *edges[i + 1 :]], specials)
    return numeric_bins([*edges[:i], *edges[i + 1 :]], specials)


def _categorical(table: BinningTable, override: Override) -> tuple[Bin, ...]:
    groups = [list(b.values) for b in table.bins if b.kind == "categories"]
    named = list(getattr(override, "categories", ()))
    known = {value for group in groups for value in group}
    absent = [value for value in named if value not in known]
    if isinstance(override, MoveEdge) or getattr(override, "edge", None) is not None:
        raise _NotThere("the characteristic is categorical and has no edges")
    if not named or absent:
        raise _NotThere(f"no such categories: {', '.join(absent)}" if absent else "no categories are named")
    touched = [group for group in groups if set(group) & set(named)]
    if isinstance(override, Merge):
        if len(touched) < 2:
            raise _NotThere("the categories stand in one bin already")
        first = groups.index(touched[0])
        rest = [group for group in groups if group not in touched]
        changed = [*rest[:first], [value for group in touched for value in group], *rest[first:]]
    else:
        if len(touched) != 1 or set(touched[0]) == set(named):
            raise _NotThere("the categories are not a part of one bin")
        i = groups.index(touched[0])
        kept = [value for value in touched[0] if value not in named]
        changed = [*groups[:i], kept, named, *groups[i + 1 :]]
    specials = [code for b in table.bins for code in b.codes]
    return categorical_bins(_neighbours(changed, table.order), specials, table.order)


def _neighbours(groups: list[list[str]], order: tuple[str, ...]) -> list[list[str]]:
    """The groups in their declared order, where there is one; each then holds neighbours only."""
    if not order:
        return groups
    ranks = sorted(sorted(order.index(value) for value in group) for group in groups)
    if any(group != list(range(group[0], group[-1] + 1)) for group in ranks):
        raise _NotThere("a bin would hold categories that are no neighbours in the declared order")
    return [[order[rank] for rank in group] for group in ranks]


def _detail(override: Override) -> str:
    if isinstance(override, Join):
        return f"bin {override.bin} into {override.into}"
    if isinstance(override, FixWoe):
        return f"bin {override.bin}: weight of evidence {override.woe!r}"
    if isinstance(override, MoveEdge):
        return f"edge {number_text(override.edge)} to {number_text(override.to)}"
    edge = override.edge  # type: ignore[attr-defined]
    return f"edge {number_text(edge)}" if edge is not None else ", ".join(override.categories)  # type: ignore[attr-defined]


def _fault(table: BinningTable, override: Override, place: int, number: int, message: str) -> Fault:
    name = table.characteristic
    return Fault(
        f"override {number} of {name!r} cannot be applied: {message}",
        code="override",
        path=f"classing.overrides[{place}]",
        found=f"{override.operation}: {_detail(override)}",  # type: ignore[attr-defined]
        remedy="look at the classing table and name what is there",
    )
