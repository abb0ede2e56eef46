"""Boosted trees, walked from the arrays of model.json: missing by its direction, else left where x < threshold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from validation.steps import values
from validation.steps.values import Value


def trees(step: Mapping[str, Any], names: Mapping[str, Value]) -> dict[str, Value]:
    """Return `((base_margin + offset) + leaf1) + leaf2 …` in tree order (SPECIFICATION 3.2)."""
    features = [values.as_number(names[name]) for name in step["features"]]
    matrix = np.column_stack([item.data for item in features])
    error = np.logical_or.reduce([item.error for item in features])
    total = np.full(len(matrix), float(step["base_margin"]))
    if step["offset"] is not None:
        offset = names[step["offset"]]
        total = total + offset.data
        error = error | offset.error | offset.missing()
    for tree in step["trees"]:
        total = total + np.asarray(tree["value"], dtype=np.float64)[leaves(tree, matrix)]
    return {step["output"]: values.number(total, error)}


def leaves(tree: Mapping[str, Any], matrix: np.ndarray) -> np.ndarray:
    """Return the leaf (n,) that each row of `matrix` (n, features) ends in; NaN is missing."""
    feature, left = np.asarray(tree["feature"]), np.asarray(tree["left"])
    right, default_left = np.asarray(tree["right"]), np.asarray(tree["default_left"])
    threshold = np.array([np.nan if item is None else item for item in tree["threshold"]], dtype=np.float64)
    node = np.zeros(len(matrix), dtype=np.int64)
    active = np.flatnonzero(left[node] != -1)
    while len(active):
        here = node[active]
        x = matrix[active, feature[here]]
        go_left = np.where(np.isnan(x), default_left[here], x < threshold[here])
        node[active] = np.where(go_left, left[here], right[here])
        active = active[left[node[active]] != -1]
    return node
