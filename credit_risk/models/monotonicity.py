"""Exact proof of monotonicity: every pair of leaves of every tree, over all threshold intervals, nothing sampled.

A sum of trees is monotone in a feature if every tree is; a sum may be monotone without that, but xgboost's constraints
bind each tree. The margin as it is computed is monotone too, since rounding keeps the order of sums. A tree is monotone
non-decreasing in feature f exactly when, for each pair of leaves whose regions agree in all other features, the leaf
with the higher interval of f has no smaller value. Missing values of f itself are outside the constraint (what they do
is told in `boosting.missing.{model}`); missing values of the other features are one more point of their range. Where
rows start from an offset, the proof is of what the trees add to it: an offset that falls with f may outweigh them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
WORDS = {1: "ascending", -1: "descending", 0: "none"}


@dataclass(frozen=True, slots=True)
class LeafRegions:
    """Boxes of a tree's leaves: `[lower, upper)` (leaves, k), missing admitted (leaves, k), value (leaves,)."""

    lower: Floats
    upper: Floats
    missing: NDArray[np.bool_]
    value: Floats


def leaf_regions(tree: Mapping[str, Sequence[Any]], features: int) -> LeafRegions:
    """Follow each path from the root and intersect its conditions. Raises nothing: trees come validated."""
    found: list[tuple[Floats, Floats, NDArray[np.bool_], float]] = []
    start = (np.full(features, -np.inf), np.full(features, np.inf), np.ones(features, bool))
    stack = [(0, *start)]
    while stack:
        node, lower, upper, missing = stack.pop()
        if tree["left"][node] < 0:
            found.append((lower, upper, missing, float(tree["value"][node])))
            continue
        f, t = tree["feature"][node], float(tree["threshold"][node])
        for child, is_left in ((tree["left"][node], True), (tree["right"][node], False)):
            lo, hi, na = lower.copy(), upper.copy(), missing.copy()
            if is_left:
                hi[f] = min(hi[f], t)
            else:
                lo[f] = max(lo[f], t)
            na[f] = na[f] and bool(tree["default_left"][node]) == is_left
            stack.append((child, lo, hi, na))
    lowers, uppers, missings, values = zip(*found, strict=True)
    return LeafRegions(np.array(lowers), np.array(uppers), np.array(missings), np.array(values))


def violations_of(regions: LeafRegions, feature: int, direction: int) -> tuple[int, int, float]:
    """Pairs compared, pairs that break the direction (+1 up, −1 down), and the largest break, for one tree."""
    lower, upper, missing = regions.lower, regions.upper, regions.missing
    overlap = np.maximum(lower[:, None], lower[None]) < np.minimum(upper[:, None], upper[None])
    overlap |= missing[:, None] & missing[None]
    others = np.arange(lower.shape[1]) != feature
    exists = lower[:, feature] < upper[:, feature]
    # leaves that agree elsewhere are disjoint in the feature, so their order there is that of their lower ends
    ordered = overlap[:, :, others].all(axis=2) & exists[:, None] & exists[None]
    ordered &= lower[:, None, feature] < lower[None, :, feature]
    drop = direction * (regions.value[:, None] - regions.value[None])
    broken = ordered & (drop > 0)
    largest = float(drop[broken].max()) if broken.any() else 0.0
    return int(ordered.sum()), int(broken.sum()), largest


def monotonicity_frame(
    trees: Sequence[Mapping[str, Sequence[Any]]], features: Sequence[str], constraints: Sequence[int]
) -> pd.DataFrame:
    """Evidence `boosting.monotonicity.{model}`: a row for each constrained feature."""
    regions = [leaf_regions(tree, len(features)) for tree in trees]
    rows = []
    for i, (name, direction) in enumerate(zip(features, constraints, strict=True)):
        if direction == 0:
            continue
        results = [violations_of(r, i, direction) for r in regions]
        thresholds = {t for tree in trees for f, t in zip(tree["feature"], tree["threshold"], strict=True) if f == i}
        rows.append(
            {
                "feature": name,
                "constraint": WORDS[direction],
                "thresholds": len(thresholds),
                "leaf_pairs": sum(r[0] for r in results),
                "violations": sum(r[1] for r in results),
                "largest_violation": max((r[2] for r in results), default=0.0),
            }
        )
    columns = ["feature", "constraint", "thresholds", "leaf_pairs", "violations", "largest_violation"]
    return pd.DataFrame(rows, columns=columns)
