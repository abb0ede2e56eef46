"""Bins read from labels: as the tables write them, and refused where they do not tell them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from validation.rebuild.labels import step_of_labels
from validation.steps.classing import assign
from validation.steps.values import Value


def rows(*bins: tuple[str, str], **more: Any) -> list[dict[str, Any]]:
    return [
        {"bin_id": i, "label": label, "kind": kind, "woe": float(i), "woe_rule": "empirical", **more}
        for i, (label, kind) in enumerate(bins)
    ]


NUMBERS = rows(
    ("< -0.5 + special -9", "interval"),
    ("[-0.5, 1e-07)", "interval"),
    ("[1e-07, 250000)", "interval"),
    ("≥ 250000 + missing", "interval"),
    ("special -8, -7.5", "special"),
)


def test_numbers_fall_where_their_labels_say() -> None:
    step = step_of_labels("x", "numeric", NUMBERS, [])
    assert step is not None
    values = [-9.0, -0.6, -0.5, 0.0, 1e-7, 249999.0, 250000.0, np.nan, -8.0, -7.5]
    source = Value("number", np.array(values), np.zeros(10, dtype=bool))
    assert assign(step, source).tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_categories_fall_where_their_labels_say() -> None:
    table = rows(
        ("a, b + special ?", "categories"), ("missing", "categories"), ("missing", "missing"), ("unseen", "unseen")
    )
    table[3] |= {"woe": 0.0, "woe_rule": "of_another_bin"}
    step = step_of_labels("x", "categorical", table, ["a", "b", "missing", None])
    assert step is not None
    source = Value("string", np.array(["a", "b", "?", "missing", None, "new"], dtype=object), np.zeros(6, dtype=bool))
    assert assign(step, source).tolist() == [0, 0, 0, 1, 2, 3]
    assert step["bins"][3]["woe_of"] == 0


@pytest.mark.parametrize(
    ("kind", "table", "values"),
    [
        ("categorical", rows(("a, b", "categories"), ("missing", "missing"), ("unseen", "unseen")), ["a, b"]),
        ("categorical", rows(("a", "categories"), ("missing", "missing")), []),
        ("numeric", rows(("< 1", "interval"), ("≥ 2", "interval"), ("missing", "missing")), []),
        ("numeric", rows(("< 2", "interval"), ("[2, 1)", "interval"), ("≥ 1", "interval"), ("missing", "missing")), []),
        ("numeric", rows(("< 1", "interval"), ("≥ 1", "interval")), []),
        ("numeric", rows(("< 1", "interval"), ("missing", "missing")), []),
        ("numeric", rows(("below 1", "interval"), ("≥ 1 + missing", "interval")), []),
        ("numeric", rows(("all values", "interval"), ("code -9", "special"), ("missing", "missing")), []),
        ("numeric", rows(("all values", "interval"), ("absent", "missing")), []),
    ],
)
def test_what_labels_do_not_tell_is_not_guessed(kind: str, table: list[dict[str, Any]], values: list[str]) -> None:
    assert step_of_labels("x", kind, table, values) is None


def test_one_bin_of_all_values() -> None:
    step = step_of_labels("x", "numeric", rows(("all values", "interval"), ("missing", "missing")), [])
    assert step is not None
    assert assign(step, Value("number", np.array([1.0, np.nan]), np.zeros(2, dtype=bool))).tolist() == [0, 1]
