"""Splits taken back: `exact` grows a tree to its full depth first and holds it against the least gain afterwards."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from validation.rebuild.boosting.growth import Node
from validation.rebuild.boosting.settings import Settings


def prune(nodes: Sequence[Node], settings: Settings) -> list[Node]:
    """Return the nodes that remain, numbered anew in the same order.

    From the bottom up, a split between two leaves that gains less than the least gain is taken back, and its node is a
    leaf in turn.
    """
    if settings.least_gain <= 0:
        return list(nodes)
    dead: set[int] = set()
    least = float(np.float32(settings.least_gain))
    for node in reversed(nodes):
        if node.left < 0 or node.split is None:
            continue
        children = (node.left, node.right)
        if all(nodes[child].left < 0 for child in children) and float(node.split.gain) < least:
            dead.update(children)
            node.left = node.right = -1
    kept = [node for node in nodes if node.number not in dead]
    number = {node.number: place for place, node in enumerate(kept)}
    for node in kept:
        if node.left >= 0:
            node.left, node.right = number[node.left], number[node.right]
    for node in kept:
        node.number = number[node.number]
    return kept
