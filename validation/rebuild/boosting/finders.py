"""How the splits of nodes are found: from histograms, those of two children from one pass over the smaller one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from validation.rebuild.boosting.cuts import Binned
from validation.rebuild.boosting.growth import Family, Finder, Node
from validation.rebuild.boosting.histograms import Summing
from validation.rebuild.boosting.settings import Floats, Settings
from validation.rebuild.boosting.splits import best_splits

AT_ONCE = 2**18
"""Bins of pairs of nodes that are tried at a time."""
MOST_KEPT = 2**25
"""Most sums that are kept at a time, so that memory is bounded; beyond them histograms are added up again."""


def by_histograms(binned: Binned, summing: Summing, gradient: Floats, settings: Settings) -> Finder:
    """Return what looks for splits; gradient (n, 2) of one tree.

    The histogram of the larger child is that of the parent less that of the smaller one, which is the same to the last
    bit as long as the sums are exact (see `gradients`).
    """
    least = 2.0 * np.float64(np.float32(settings.least_hessian))
    at_once = max(1, AT_ONCE // binned.total)
    kept = 0

    def find(families: Sequence[Family]) -> None:
        nonlocal kept
        for start in range(0, len(families), at_once):
            some = families[start : start + at_once]
            wanted: list[Node] = []
            for parent, nodes in some:
                able = [node for node in nodes if node.sums[1] >= least]
                _add_up(parent, nodes, able, summing, gradient)
                wanted += able
            if wanted:
                histograms = np.array([node.histogram for node in wanted])
                splits = best_splits([node.open for node in wanted], histograms, binned, settings)
                for node, split in zip(wanted, splits, strict=True):
                    node.split = split
            kept += 2 * len(wanted) * binned.total
            for node in (node for _, nodes in some for node in nodes):
                if node.split is None or kept > MOST_KEPT:
                    node.histogram = None

    return find


def _add_up(
    parent: Node | None, nodes: Sequence[Node], able: Sequence[Node], summing: Summing, gradient: Floats
) -> None:
    """Give the nodes that can be split their histograms."""
    if not able:
        return
    if parent is None or parent.histogram is None:
        for node in able:
            node.histogram = summing.of(node.rows, gradient)
        return
    small, large = sorted(nodes, key=lambda node: len(node.rows))
    small.histogram = summing.of(small.rows, gradient)
    large.histogram = parent.histogram - small.histogram
