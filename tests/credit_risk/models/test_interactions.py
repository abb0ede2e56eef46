"""Interaction groups: how characteristics become groups of features, and what the paths of trees show."""

from __future__ import annotations

import pytest

from credit_risk.models.interactions import OUTSIDE, feature_groups, interactions_frame, path_features
from credit_risk.models.tree_features import TreeFeature

FEATURES = [
    TreeFeature(name, characteristic, 0, "none")
    for name, characteristic in [("value(A)", "A"), ("special(A, -9)", "A"), ("B", "B"), ("C", "C"), ("woe(D)", "D")]
]
TREE = {
    "feature": [0, 2, -1, -1, 4, -1, -1],
    "threshold": [1.0, 2.0, None, None, 0.0, None, None],
    "left": [1, 2, -1, -1, 5, -1, -1],
    "right": [4, 3, -1, -1, 6, -1, -1],
    "default_left": [True, True, False, False, True, False, False],
    "value": [0.0, 0.0, 0.1, 0.2, 0.0, 0.3, 0.4],
}
STUMP = {
    "feature": [3, -1, -1],
    "threshold": [1.0, None, None],
    "left": [1, -1, -1],
    "right": [2, -1, -1],
    "default_left": [True, False, False],
    "value": [0.0, 0.1, 0.2],
}


@pytest.mark.parametrize(
    ("groups", "found"),
    [
        (None, None),
        ([], ((0, 1), (2,), (3,), (4,))),
        ([["A", "B"]], ((0, 1, 2), (3,), (4,))),
        ([["C", "A"], ["A", "D"]], ((3, 0, 1), (0, 1, 4), (2,))),
        ([["A", "LEFT_OUT"], ["LEFT_OUT"]], ((0, 1), (2,), (3,), (4,))),
    ],
)
def test_features_of_a_characteristic_stand_together(groups, found) -> None:
    assert feature_groups(FEATURES, groups) == found


def test_paths_are_read_from_the_trees() -> None:
    assert sorted(map(sorted, path_features(TREE))) == [[0, 2], [0, 2], [0, 4], [0, 4]]
    assert list(path_features(STUMP)) == [{3}, {3}]
    alone = {**STUMP, "left": [-1], "right": [-1], "feature": [-1], "threshold": [None], "value": [0.1]}
    assert list(path_features(alone)) == [frozenset()]


def test_paths_that_no_group_holds_are_counted() -> None:
    names = [f.name for f in FEATURES]
    table = interactions_frame([TREE, STUMP, TREE], names, [(0, 1, 2), (3,), (4,)]).set_index("group")
    assert table.loc["value(A), special(A, -9), B"].tolist() == [3, 4, 4, 2]
    assert table.loc["C"].tolist() == [1, 2, 0, 0]
    assert table.loc["woe(D)"].tolist() == [1, 0, 0, 0]
    assert table.loc[OUTSIDE].tolist() == [0, 4, 4, 2]
