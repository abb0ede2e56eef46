"""How the splits of nodes are found: from histograms, those of two children from one pass over the smaller one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from validation.rebuild.boosting.cuts import Binned
from validation.rebuild.boosting.growth import Finder, Node
from validation.rebuild.boosting.histograms import Summing
from validation.rebuild.boosting.settings import Floats, Settings
from validation.rebuild.boosting.splits import best_splits

MOST_KEPT = 2**25
"""Most sums that are kept at a time, so that memory is bounded; beyond them histograms are added up again."""


def by_histograms(binned: Binned, summing: Summing, gradient: Floats, settings: Settings) -> Finder:
    """Return what looks for splits; gradient (n, 2) of one tree.

    The histogram of the larger child is that of the parent less that of the smaller one, which is the same to the last
    bit as long as the sums are exact (see `gradients`).
    """
    least = 2.0 * np.float64(np.float32(settings.least_hessian))
    kept = 0

    def find(nodes: Sequence[Node], parent: Node | None) -> None:
        nonlocal kept
        wanted = [node for node in nodes if node.sums[1] >= least]
        if not wanted:
            return
        if parent is None or parent.histogram is None or len(nodes) < 2:
            for node in wanted:
                node.histogram = summing.of(node.rows, gradient)
        else:
            small, large = sorted(nodes, key=lambda node: len(node.rows))
            small.histogram = summing.of(small.rows, gradient)
            large.histogram = parent.histogram - small.histogram
        histograms = np.array([node.histogram for node in wanted])
        for node, split in zip(
            wanted, best_splits([n.open for n in wanted], histograms, binned, settings), strict=True
        ):
            node.split = split
        kept += 2 * len(nodes) * binned.total
        for node in nodes:
            if node.split is None or kept > MOST_KEPT:
                node.histogram = None

    return find
