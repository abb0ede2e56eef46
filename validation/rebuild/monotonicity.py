"""Exact check that the margin of boosted trees is monotone in one feature, row by row over all its thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.steps.trees import leaves

Floats = NDArray[np.float64]


def thresholds_of(step: Mapping[str, Any], feature: int) -> Floats:
    """Return the distinct thresholds of one feature in all trees, ascending."""
    found = {
        float(threshold)
        for tree in step["trees"]
        for number, threshold in zip(tree["feature"], tree["threshold"], strict=True)
        if number == feature
    }
    return np.array(sorted(found))


def largest_violation(step: Mapping[str, Any], matrix: Floats, feature: int, sign: int) -> tuple[int, float]:
    """Return how many rows break the trend and the largest breach in log-odds.

    The margin is constant between neighbouring thresholds, so one value in each gap tells it exactly: for each row
    of `matrix` (n, features), the feature runs over all gaps while the others stay. `sign` 1 means that the margin may
    not fall, −1 that it may not rise.
    """
    thresholds = thresholds_of(step, feature)
    if not len(thresholds):
        return 0, 0.0
    grid = np.append(np.nextafter(thresholds[0], -np.inf), thresholds)
    trees = [tree for tree in step["trees"] if feature in tree["feature"]]
    worst = np.zeros(len(matrix))
    before: Floats | None = None
    for value in grid:
        changed = matrix.copy()
        changed[:, feature] = value
        margin = np.zeros(len(matrix))
        for tree in trees:
            margin = margin + np.asarray(tree["value"], dtype=np.float64)[leaves(tree, changed)]
        if before is not None:
            worst = np.maximum(worst, sign * (before - margin))
        before = margin
    rounding = 1e-12 * max(1, len(trees))
    return int(np.count_nonzero(worst > rounding)), float(np.max(worst, initial=0.0))
