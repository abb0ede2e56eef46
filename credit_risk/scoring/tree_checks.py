"""The shape of trees stored as column arrays (SPECIFICATION section 3.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from credit_risk._core.errors import Fault

_COLUMNS = ("feature", "threshold", "left", "right", "default_left", "value")


def trees_faults(step: dict[str, Any], file: str, path: str) -> list[Fault]:
    """Faults `tree_shape` of every tree of a step that keeps its schema; at most one a node."""
    features = len(step["features"])
    return [
        Fault(message, "tree_shape", file, f"{path}/trees/{index}{place}")
        for index, tree in enumerate(step["trees"])
        for message, place in _tree(tree, features)
    ]


def _tree(tree: dict[str, Any], features: int) -> Iterator[tuple[str, str]]:
    lengths = {name: len(tree[name]) for name in _COLUMNS}
    if len(set(lengths.values())) > 1:
        yield f"columns differ in length: {lengths}", ""
        return
    count = lengths["left"]
    parents = [0] * count
    for node in range(count):
        message = _leaf(tree, node) if tree["left"][node] == -1 else _inner(tree, node, features, count)
        if message is not None:
            yield message, f"/node {node}"
            continue
        if tree["left"][node] != -1:
            parents[tree["left"][node]] += 1
            parents[tree["right"][node]] += 1
    for node in range(1, count):
        if parents[node] != 1:
            yield f"node has {parents[node]} parents, needs 1", f"/node {node}"


def _leaf(tree: dict[str, Any], node: int) -> str | None:
    if tree["right"][node] != -1 or tree["feature"][node] != -1 or tree["threshold"][node] is not None:
        return "leaf whose right and feature are not -1, or whose threshold is not null"
    return None


def _inner(tree: dict[str, Any], node: int, features: int, count: int) -> str | None:
    left, right = tree["left"][node], tree["right"][node]
    if not (node < left < count and node < right < count and left != right):
        return f"children {left} and {right} are not two greater indices within {count} nodes"
    if not 0 <= tree["feature"][node] < features:
        return f"feature {tree['feature'][node]} is not one of {features}"
    if tree["threshold"][node] is None:
        return "inner node without threshold"
    if tree["value"][node] != 0:
        return f"inner node has value {tree['value'][node]}, not 0.0"
    return None
