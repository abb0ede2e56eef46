"""Tree after tree, each on the gradients at the margins that those before it leave."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from validation.rebuild.boosting.cuts import bin_features, in_few_values, single
from validation.rebuild.boosting.exact import by_sorted_values
from validation.rebuild.boosting.finders import by_histograms
from validation.rebuild.boosting.gradients import gradients, start_margin
from validation.rebuild.boosting.growth import Node, as_tree, grow
from validation.rebuild.boosting.histograms import Summing
from validation.rebuild.boosting.pruning import prune
from validation.rebuild.boosting.settings import Floats, Forest, Settings


def train(
    features: Floats,
    bad: Floats,
    settings: Settings,
    *,
    share: float,
    weight: Floats | None = None,
    offset: Floats | None = None,
) -> Forest:
    """Return the trees for rows (n, k) of features, NaN missing; bad (n,) 0 or 1; weight (n,) positive.

    share: of bads, which every row starts from; offset (n,): the log-odds that each row starts from instead.
    """
    n = len(features)
    y = bad.astype(np.float32)
    w = np.ones(n, np.float32) if weight is None else weight.astype(np.float32)
    margin = np.full(n, start_margin(share)) if offset is None else offset.astype(np.float32)
    exact = settings.method == "exact"
    columns = [single(c) if exact else in_few_values(c, settings.most_values) for c in features.T]
    x = np.asfortranarray(np.column_stack(columns))
    binned = bin_features(x, later_ends=settings.later_ends)
    summing = Summing(binned)
    trees = []
    for _ in range(settings.rounds):
        gradient = gradients(margin, y, w)
        if exact:
            nodes = prune(grow(x, gradient, settings, by_sorted_values(x, gradient, settings)), settings)
        else:
            nodes = grow(x, gradient, settings, by_histograms(binned, summing, gradient, settings))
        trees.append(as_tree(nodes, settings))
        margin = margin + _values(nodes, trees[-1].value, n)
    return Forest(tuple(trees), margin)


def _values(nodes: Sequence[Node], value: NDArray[np.float32], n: int) -> NDArray[np.float32]:
    """The value (n,) of the leaf that each training row ends in."""
    found = np.zeros(n, np.float32)
    for node in nodes:
        if node.left < 0:
            found[node.rows] = value[node.number]
    return found
