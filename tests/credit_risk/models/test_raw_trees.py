"""Trees as xgboost writes them, in the numbers of the package."""

from __future__ import annotations

import json

import numpy as np

from credit_risk.models.raw_trees import LOWEST, tree_arrays


def test_a_threshold_below_all_values_is_the_lowest_double() -> None:
    """From version 3.3 on all present values are parted from missing ones on the left by −∞, which JSON has not."""
    tree = {
        "left_children": [1, -1, -1],
        "right_children": [2, -1, -1],
        "split_indices": [0, 0, 0],
        "split_conditions": [-np.inf, 0.5, -0.25],
        "default_left": [1, 0, 0],
    }
    found = tree_arrays(tree)
    assert found["threshold"] == [LOWEST, None, None]
    assert found["value"] == [0.0, 0.5, -0.25]
    assert json.loads(json.dumps(found, allow_nan=False))["threshold"][0] == LOWEST
    assert not np.any(np.array([-1e308, LOWEST, 0.0]) < LOWEST)
