"""Reasons by their parts: who plays, references, words, how often they are given and how methods agree."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from credit_risk.explanation import reasons as r
from credit_risk.explanation.texts import reason_words
from credit_risk.scoring.steps import rank_reasons


def codes(points: dict[str, float], **options: object) -> r.ReasonCodes:
    """Reasons A, B, … with these references."""
    members = {name: (name,) for name in points}
    words = {name: reason_words(name, ("en",), column=f"{name} is low") for name in points}
    ranked = r.rank_reasons_of(members, {n: f"points({n})" for n in points}, points, words, 1e-6)
    compared = r.Compared("mean_development", "all development applicants", 10, 10)
    given = {"maximum": 2, "inquiries": ()} | options
    return r.ReasonCodes(r.POINTS, "mean points", ranked, given["maximum"], 1e-6, given["inquiries"], (), compared)


def test_groups_play_in_the_place_of_their_first_member() -> None:
    found = r.players(("a", "b", "c", "d"), {"late": ("d", "b"), "unused": ("x",)})
    assert found == {"a": ("a",), "late": ("b", "d"), "c": ("c",)}
    assert list(found) == ["a", "late", "c"]


def test_reasons_are_the_largest_shortfalls_and_equal_ones_stand_in_order() -> None:
    step = codes({"A": 10.0, "B": 10.0, "C": 3.0}).steps()[-1]
    assert [item["baseline"] for item in step["characteristics"]] == [10 - 1e-6, 10 - 2e-6, 3 - 3e-6]
    given = rank_reasons(step, np.array([[4.0, 4.0, 3.0], [11.0, 9.0, -9.0], [10.0, 10.0, 3.0]]))
    assert given.tolist() == [["A", "B"], ["C", "B"], [None, None]]
    assert "inquiries" not in step


def test_an_inquiry_is_one_more_reason_where_it_is_not_among_the_others() -> None:
    step = codes({"A": 5.0, "B": 5.0, "C": 5.0}, inquiries=("C",)).steps()[-1]
    points = np.array([[0.0, 1.0, 2.0], [0.0, 5.0, 2.0], [0.0, 1.0, 5.0], [5.0, 5.0, 5.0]])
    assert rank_reasons(step, points).tolist() == [
        ["A", "B", "C"],
        ["A", "C", None],
        ["A", "B", None],
        [None, None, None],
    ]


def test_a_characteristic_whose_points_never_vary_is_never_a_reason() -> None:
    step = codes({"flat": 3.0}).steps()[-1]
    assert rank_reasons(step, np.full((4, 1), 3.0)).tolist() == [[None, None]] * 4


def test_frequency_is_a_count() -> None:
    frame = pd.DataFrame({"reason_1": ["A", "B", None, "A"], "reason_2": ["B", None, None, "C"]}, dtype=object)
    found = r.frequency_frame(codes({"A": 0.0, "B": 0.0, "C": 0.0}), {"development": frame}).set_index("reason_code")
    assert found[["first", "any"]].to_numpy().tolist() == [[2, 2], [1, 2], [0, 1]]
    assert found["any_share"].tolist() == [0.5, 0.5, 0.25]


def test_agreement_counts_first_reasons_and_sets() -> None:
    one = np.array([["A", "B"], ["A", None], [None, None], ["B", "A"]], dtype=object)
    other = np.array([["B", "A"], ["A", None], [None, None], ["B", "C"]], dtype=object)
    found = r.agreement_frame({"x": one, "y": other}, "x", "all").iloc[0]
    assert (found["rows"], found["same_first"], found["same_set"]) == (4, 3, 3)
    assert r.agreement_frame({"x": one[:0], "y": other[:0]}, "x", "none").iloc[0]["same_first_share"] is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"catalogue": {"en": "too few", "es": "pocos"}}, (("too few", "pocos"), "plan, reason_codes.catalogue", ())),
        ({"catalogue": "too few", "column": {"es": "pocos"}}, (("too few", "pocos"), None, ())),
        ({"column": "too few"}, (("too few", "years"), None, ("es",))),
        ({}, (("years", "years"), "plan, description (no reason text)", ("en", "es"))),
        ({"description": ""}, (("X", "X"), "name (no text in plan)", ("en", "es"))),
    ],
)
def test_words_come_from_the_catalogue_then_the_column(given: dict, expected: tuple) -> None:
    found = reason_words("X", ("en", "es"), **{"description": "years", **given})
    texts, source, missing = expected
    assert tuple(found.texts.values()) == texts
    assert found.missing == missing
    assert source is None or found.text_source == source
    assert found.code == "X"
