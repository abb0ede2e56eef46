"""The last of classing, after cuts and manual changes: what is joined, and the weight of evidence of unseen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from credit_risk.binning.joining import Joining, join_bins
from credit_risk.binning.spec import ClassingSpec
from credit_risk.binning.table import BinningTable

OF_ANOTHER = "of_another_bin"
"""Rule of a weight of evidence that is that of another bin."""


def finished(table: BinningTable, settings: ClassingSpec, by_hand: Mapping[str, str] | None = None) -> BinningTable:
    """`table`, which has special codes and missing apart, as `settings` want it. by_hand: as in `join_bins`, which
    raises NoSuchBin."""
    rule = Joining(settings.missing == "nearest_woe", settings.special == "nearest_woe", settings.nearest_woe_below)
    return with_unseen(join_bins(table, rule, by_hand, zero_cell=settings.zero_cell), settings.unseen)


def with_unseen(table: BinningTable, policy: str) -> BinningTable:
    """The classing with the weight of evidence of unseen categories that the policy gives them.

    missing: that of the bin that takes missing; worst: the lowest of the bins with development rows; rare: that of the
    bin with most of the categories that were pooled as rare (the riskier of equals), neutral where there were none. A
    weight fixed by hand stays. The bin stays one of its own, so that what is unseen can be counted.
    """
    unseen = next((b for b in table.bins if b.kind == "unseen"), None)
    if unseen is None or table.result.rule[unseen.id] == "fixed":
        return table
    source = _source(table, policy)
    if source is None:
        return table
    woe, rule = table.result.woe.copy(), list(table.result.rule)
    woe[unseen.id], rule[unseen.id] = woe[source], OF_ANOTHER
    bins = tuple(replace(b, woe_of=source) if b is unseen else b for b in table.bins)
    return replace(table, bins=bins, result=replace(table.result, woe=woe, rule=tuple(rule)))


def _source(table: BinningTable, policy: str) -> int | None:
    """The bin whose weight of evidence unseen categories have, None where neutral."""
    woe = table.result.woe
    if policy == "missing":
        return next(b.id for b in table.bins if b.kind == "missing" or b.takes_missing)
    if policy == "worst":
        held = np.flatnonzero(table.count > 0)
        return int(held[np.argmin(woe[held])])
    if policy == "rare" and table.pooled:
        pooled = set(table.pooled)
        return min(table.bins, key=lambda b: (-len(pooled.intersection(b.values)), woe[b.id])).id
    return None
