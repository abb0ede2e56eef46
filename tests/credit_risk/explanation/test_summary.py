"""Tables of attributions against plain loops."""

from __future__ import annotations

import numpy as np
import pytest

from credit_risk.explanation import summary

NAMES = ("a", "b")
VALUES = np.array([[1.0, -2.0], [-3.0, 0.5], [0.0, 4.0], [2.0, 0.0]])
WEIGHTS = np.array([1.0, 2.0, 1.0, 1.0])


def test_importance_is_the_weighted_mean_of_absolute_values() -> None:
    found = summary.importance_frame(NAMES, VALUES, WEIGHTS).set_index("characteristic")
    assert found.loc["a", "mean_absolute"] == pytest.approx((1 + 2 * 3 + 0 + 2) / 5)
    assert found.loc["b", "mean_absolute"] == pytest.approx((2 + 2 * 0.5 + 4) / 5)
    assert found["rank"].to_dict() == {"a": 1, "b": 2}
    assert found.loc["a", "mean"] == pytest.approx((1 - 6 + 2) / 5)
    assert found["share"].sum() == pytest.approx(1.0)


def test_dependence_is_by_bin_and_bins_without_rows_are_left_out() -> None:
    bins = {"a": np.array([0, 0, 2, 2]), "b": np.array([1, 1, 1, 1])}
    labels = {"a": ["low", "mid", "high"], "b": ["x", "y"]}
    found = summary.dependence_frame(NAMES, VALUES, WEIGHTS, bins, labels)
    assert found[["characteristic", "label", "rows"]].to_numpy().tolist() == [
        ["a", "low", 2],
        ["a", "high", 2],
        ["b", "y", 4],
    ]
    assert found.loc[0, "mean"] == pytest.approx((1 - 6) / 3)
    assert found.loc[0, ["lower", "upper"]].tolist() == pytest.approx([-2.6, 0.6])


def test_lines_stand_at_the_middle_of_each_bin_on_the_scale_of_applicants() -> None:
    bins = {"a": np.array([0, 1, 1, 1]), "b": np.array([0, 0, 1, 1])}
    labels = {"a": ["low", "high"], "b": ["x", "missing"]}
    dependence = summary.dependence_frame(NAMES, VALUES, np.ones(4), bins, labels)
    found = summary.dependence_lines(dependence, {"a": [0, 1], "b": [0]}, ["b", "a"])
    assert found["characteristic"].tolist() == ["a", "a"]
    assert found["position"].tolist() == [0.125, 0.625]


def test_interactions_are_listed_once_strongest_first() -> None:
    one = np.zeros((2, 3, 3))
    one[0, 0, 1] = one[0, 1, 0] = -0.5
    one[:, 1, 2] = one[:, 2, 1] = 0.4
    one[:, 0, 2] = one[:, 2, 0] = 1e-17
    found = summary.interaction_frame(("a", "b", "c"), one, 2.0)
    assert found.to_numpy().tolist() == [["b", "c", 0.4, 0.2], ["a", "b", 0.25, 0.125]]


def test_stability_compares_shares_with_development() -> None:
    groups = {
        ("sample", "development"): np.array([True, True, False, False]),
        ("sample", "out_of_sample"): np.array([False, False, True, False]),
        ("year", "1999"): np.zeros(4, bool),
    }
    found = summary.stability_frame(NAMES, VALUES, WEIGHTS, groups).set_index(["characteristic", "group"])
    assert set(found["kind"]) == {"sample"}
    share = 7 / (7 + 3)
    assert found.loc[("a", "development"), "share"] == pytest.approx(share)
    assert found.loc[("a", "out_of_sample"), "difference"] == pytest.approx(0 - share)
    assert found.loc[("b", "out_of_sample"), "rank"] == 1
