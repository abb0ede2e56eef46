"""Which features may stand in one path of a tree, and which do: read from the trees, path by path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from credit_risk.models.tree_features import TreeFeature

Tree = Mapping[str, Sequence[Any]]
COLUMNS = ["group", "features", "paths", "interacting_paths", "trees"]
OUTSIDE = "no group"


def feature_groups(
    features: Sequence[TreeFeature], groups: Sequence[Sequence[str]] | None
) -> tuple[tuple[int, ...], ...] | None:
    """Groups of feature numbers from groups of characteristics; None stays None.

    All features of a characteristic stand together: its value and the indicators of its special codes. A characteristic
    that no group names is a group by itself; one that is not among the features is passed over.
    """
    if groups is None:
        return None
    numbers: dict[str, list[int]] = {}
    for place, feature in enumerate(features):
        numbers.setdefault(feature.characteristic, []).append(place)
    named = {name for group in groups for name in group}
    alone = [(name,) for name in numbers if name not in named]
    found = [tuple(n for name in group for n in numbers.get(name, ())) for group in (*groups, *alone)]
    return tuple(group for group in found if group)


def path_features(tree: Tree) -> Iterator[frozenset[int]]:
    """The features that each leaf's path splits on."""
    stack: list[tuple[int, frozenset[int]]] = [(0, frozenset())]
    while stack:
        node, used = stack.pop()
        if tree["left"][node] < 0:
            yield used
            continue
        below = used | {tree["feature"][node]}
        stack += [(tree["left"][node], below), (tree["right"][node], below)]


def interactions_frame(trees: Sequence[Tree], names: Sequence[str], groups: Sequence[Sequence[int]]) -> pd.DataFrame:
    """Evidence `boosting.interactions.{model}`: paths by the first group that holds all their features.

    The last row counts paths that no group holds; there must be none.
    """
    sets = [frozenset(group) for group in groups]
    paths, interacting = [0] * (len(sets) + 1), [0] * (len(sets) + 1)
    in_trees: list[set[int]] = [set() for _ in range(len(sets) + 1)]
    for number, tree in enumerate(trees):
        for used in path_features(tree):
            place = next((i for i, group in enumerate(sets) if used <= group), len(sets))
            paths[place] += 1
            if len(used) > 1:
                interacting[place] += 1
                in_trees[place].add(number)
    labels = [", ".join(names[i] for i in group) for group in groups]
    rows = [
        (label, count, paths[place], interacting[place], len(in_trees[place]))
        for place, (label, count) in enumerate(zip([*labels, OUTSIDE], [*map(len, sets), 0], strict=True))
    ]
    return pd.DataFrame(rows, columns=COLUMNS)
