"""Special codes and missing values joined with a bin of ordinary values: the one of nearest weight of evidence, or one
that is named by hand. Counts, weight of evidence and information value are then those of all that the bin holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from credit_risk.binning.bins import Bin
from credit_risk.binning.table import BinningTable, Part
from credit_risk.binning.woe import fixed_woe, weight_of_evidence
from credit_risk.evaluation.cells import Cells

Floats = NDArray[np.float64]
PARTS = ("special", "missing")


@dataclass(frozen=True, slots=True)
class Joining:
    """What is joined: missing, special codes, or both; below: only what holds less than this share of the rows."""

    missing: bool = False
    special: bool = False
    below: float | None = None

    def concerns(self, kind: str) -> bool:
        """Whether bins of a kind are joined at all."""
        return (self.missing and kind == "missing") or (self.special and kind == "special")


class NoSuchBin(Exception):
    """What is joined by hand, or what it is joined with, is not in the classing."""


def join_bins(
    table: BinningTable, rule: Joining, by_hand: Mapping[str, str] | None = None, *, zero_cell: float
) -> BinningTable:
    """The classing with its special and missing bins joined with ordinary ones; `table` has each of them apart.

    by_hand: label of a special or missing bin to the label of the ordinary bin that takes it. Of the others, those that
    `rule` concerns go to the ordinary bin of nearest weight of evidence, all measured before anything is joined; equal
    distances go to the riskier bin (lower weight). What has no development rows has no weight to be near to and stays
    apart, as does a bin whose weight is fixed by hand.

    Nearest weights keep the order of the bad rates of ordinary bins: no other bin lies between the two that are joined.
    Only weights that rest on the zero-cell count can break the trend: where they do, what has no goods or no bads stays
    apart, and where that is not enough, everything. Raises NoSuchBin where a label of `by_hand` is not there.
    """
    targets, fates = _by_hand(table, by_hand or {})
    nearest = _nearest(table, rule, set(targets), fates)
    for left_apart in ([p for p in nearest if table.result.rule[p] == "zero_cell_adjusted"], list(nearest)):
        if _keeps_trend(table, targets | nearest, zero_cell):
            break
        fates |= dict.fromkeys(left_apart, "apart: joining would break the trend")
        nearest = {part: into for part, into in nearest.items() if part not in left_apart}
    targets |= nearest
    parts = tuple(_part(table, i, fates[i], targets.get(i)) for i in sorted(fates))
    if not targets:
        return replace(table, parts=parts)
    return replace(_joined(table, targets, zero_cell), parts=parts, apart=table)


def _by_hand(table: BinningTable, wanted: Mapping[str, str]) -> tuple[dict[int, int], dict[int, str]]:
    """Targets and fates of what is joined by hand."""
    parts = {b.label: b.id for b in table.bins if b.kind in PARTS}
    ordinary = {b.label: b.id for b in table.bins if table.regular[b.id]}
    targets: dict[int, int] = {}
    for part, into in wanted.items():
        if part not in parts:
            raise NoSuchBin(f"there is no bin {part!r} to join; there are {', '.join(parts) or 'none'}")
        if into not in ordinary:
            raise NoSuchBin(f"there is no bin {into!r} of ordinary values; there are {', '.join(ordinary)}")
        if table.result.rule[parts[part]] == "fixed":
            raise NoSuchBin(f"the weight of evidence of {part!r} is fixed by hand, so it stays apart")
        targets[parts[part]] = ordinary[into]
    return targets, dict.fromkeys(targets, "by_hand")


def _nearest(table: BinningTable, rule: Joining, taken: set[int], fates: dict[int, str]) -> dict[int, int]:
    """Targets by nearest weight of evidence; the fate of each part that the rule concerns is written into `fates`."""
    ordinary = np.flatnonzero(table.regular & (table.count > 0))
    total = float(np.sum(table.count))
    woe = table.result.woe
    targets: dict[int, int] = {}
    for b in table.bins:
        if not rule.concerns(b.kind) or b.id in taken:
            continue
        if not table.count[b.id] > 0:
            fates[b.id] = "apart: no development rows"
        elif table.result.rule[b.id] == "fixed":
            fates[b.id] = "apart: weight of evidence fixed by hand"
        elif rule.below is not None and table.count[b.id] / total >= rule.below:
            fates[b.id] = "apart: not below the share"
        elif len(ordinary) == 0:
            fates[b.id] = "apart: no bin of ordinary values"
        else:
            order = np.lexsort((woe[ordinary], np.abs(woe[ordinary] - woe[b.id])))
            targets[b.id] = int(ordinary[order[0]])
            fates[b.id] = "nearest_woe"
    return targets


def _keeps_trend(table: BinningTable, targets: Mapping[int, int], zero_cell: float) -> bool:
    """Whether the bad rates of ordinary bins keep the trend that they had before."""
    if not table.keeps_trend():
        return True
    return not targets or _joined(table, targets, zero_cell).keeps_trend()


def _joined(table: BinningTable, targets: Mapping[int, int], zero_cell: float) -> BinningTable:
    """The bins that are left, numbered anew, with the counts of all that they hold."""
    counted = [part.copy() for part in (table.cells.rows, table.cells.weight, table.cells.squared)]
    held: dict[int, list[Bin]] = {}
    for part in sorted(targets):
        into = targets[part]
        for of in counted:
            of[into] += of[part]
        held.setdefault(into, []).append(table.bins[part])
    left = [b for b in table.bins if b.id not in targets]
    kept = [b.id for b in left]
    bins = tuple(_taking(b, held.get(b.id, []), i) for i, b in enumerate(left))
    cells = Cells(*(of[kept] for of in counted))
    result = weight_of_evidence(cells.good, cells.bad, zero_cell=zero_cell)
    by_hand = {i: float(table.result.woe[k]) for i, k in enumerate(kept) if table.result.rule[k] == "fixed"}
    return replace(table, bins=bins, cells=cells, result=fixed_woe(result, cells.good, cells.bad, by_hand))


def _taking(one: Bin, parts: list[Bin], number: int) -> Bin:
    codes = (*one.codes, *(code for part in parts for code in part.codes))
    return replace(one, id=number, codes=codes, takes_missing=any(part.kind == "missing" for part in parts))


def _part(table: BinningTable, number: int, fate: str, into: int | None) -> Part:
    return Part(
        table.bins[number].label,
        fate,
        float(table.count[number]),
        float(table.good[number]),
        float(table.bad[number]),
        float(table.result.woe[number]),
        into,
        None if into is None else float(table.result.woe[into]),
    )
