"""Reasons of rules and score put together, and the range of the score, against all rows of small models."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from credit_risk.explanation.notice import compose_reasons, score_range
from credit_risk.scoring import compile_model
from tests.contract import corpus_models


@pytest.mark.parametrize(
    ("rules", "scored", "failed", "expected"),
    [
        ((), ("A", "B"), True, ("A", "B")),
        ((), ("A", "B", "C", "D", "INQ"), True, ("A", "B", "C", "D", "INQ")),
        (("R1",), ("A", "B"), False, ("R1",)),
        (("R1",), ("A", "B", "C", "D"), True, ("R1", "A", "B", "C")),
        (("R1", "R2", "R1"), ("A",), False, ("R1", "R2")),
        (("R1", "R2", "R3", "R4", "R5"), ("A",), True, ("R1", "R2", "R3", "R4", "R5")),
    ],
)
def test_reasons_are_those_of_what_the_applicant_failed(
    rules: tuple, scored: tuple, failed: bool, expected: tuple
) -> None:
    told = compose_reasons(rules, scored, score_failed=failed)
    assert tuple(code for _, code in told) == expected
    assert {kind for kind, code in told if code.startswith("R")} <= {"rule"}


def test_range_of_points_is_reached() -> None:
    model = corpus_models.scorecard()
    income = [0.0, 1500.0, 9000.0, -9.0, np.nan]
    housing = ["rent", "own", None, "elsewhere"]
    rows = pd.DataFrame(list(product(income, housing)), columns=[corpus_models.NASTY, "housing"])
    score = compile_model(model).score(rows)["score"]
    assert score_range(model)[:2] == (score.min(), score.max())


def test_range_of_trees_bounds_every_score() -> None:
    model = corpus_models.attributed()
    ages, uses, asked = [18.0, 30.0, np.nan], [0.1, 0.9, np.nan], [0.0, 9.0, np.nan]
    rows = pd.DataFrame(list(product(ages, uses, asked)), columns=["age", "utilisation", "inquiries"])
    score = compile_model(model).score(rows)["score"]
    low, high, words = score_range(model)
    assert (low, high) == pytest.approx((score.min(), score.max()), rel=1e-12)
    assert "trees" in words


def test_a_model_without_a_score_has_no_range() -> None:
    assert score_range(corpus_models.boosting()) is None
