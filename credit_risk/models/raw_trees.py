"""Trees as xgboost writes them, turned into the column arrays of the package with double thresholds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from credit_risk.scoring.thresholds import boundary_double

Tree = dict[str, list[Any]]
LOWEST = -float(np.finfo(np.float64).max)
"""The threshold −∞ of xgboost from version 3.3 on, in numbers that JSON holds: no double is below either."""


def raw_trees(booster: Any) -> list[dict[str, Any]]:
    """All trees of a booster, from xgboost's JSON."""
    raw = json.loads(bytes(booster.save_raw("json")))
    return list(raw["learner"]["gradient_booster"]["model"]["trees"])


def tree_arrays(tree: dict[str, Any]) -> Tree:
    """One tree of xgboost's JSON as column arrays with double thresholds (SPECIFICATION 3.2, `trees`)."""
    left = [int(i) for i in tree["left_children"]]
    leaf = [i < 0 for i in left]
    condition = np.asarray(tree["split_conditions"], np.float32)
    open_below = np.isneginf(condition)
    threshold = np.atleast_1d(boundary_double(np.where(open_below, np.float32(0), condition)))
    threshold[open_below] = LOWEST
    return {
        "left": left,
        "right": [int(i) for i in tree["right_children"]],
        "feature": [-1 if is_leaf else int(f) for f, is_leaf in zip(tree["split_indices"], leaf, strict=True)],
        "threshold": [None if is_leaf else float(t) for t, is_leaf in zip(threshold, leaf, strict=True)],
        "default_left": [bool(d) and not is_leaf for d, is_leaf in zip(tree["default_left"], leaf, strict=True)],
        "value": [float(v) if is_leaf else 0.0 for v, is_leaf in zip(condition, leaf, strict=True)],
    }


def importance_frame(trees: Sequence[dict[str, Any]], names: Sequence[str], constraints: Sequence[str]) -> pd.DataFrame:
    """Evidence `boosting.importance.{model}`: splits and share of gain of each feature, the greatest first."""
    splits, gain = np.zeros(len(names), int), np.zeros(len(names))
    for tree in trees:
        for left, feature, change in zip(
            tree["left_children"], tree["split_indices"], tree["loss_changes"], strict=True
        ):
            if left >= 0:
                splits[feature] += 1
                gain[feature] += float(change)
    total = float(gain.sum())
    frame = pd.DataFrame(
        {
            "feature": names,
            "constraint": constraints,
            "splits": splits,
            "gain_share": gain / total if total > 0 else gain,
        }
    )
    return frame.sort_values(["gain_share", "feature"], ascending=[False, True], ignore_index=True)
