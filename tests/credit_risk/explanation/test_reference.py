"""References: who is compared with, rows that stand for all, typical values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk._core.errors import ModelError
from credit_risk.explanation.reference import (
    reference_group,
    reference_words,
    systematic_rows,
    typical_number,
    typical_text,
)

SCORE = np.array([400.0, 500.0, 509.9, 510.0, 600.0])


def test_the_band_holds_the_cut_off_and_not_its_upper_end() -> None:
    group = reference_group("above_cut_off", SCORE, 500.0, 10.0)
    assert group.rows.tolist() == [False, True, True, False, False]
    assert "at or above 500 and below 510" in group.applicants


def test_other_references() -> None:
    assert reference_group("mean_development", SCORE, 500.0, None).rows.all()
    assert reference_group("maximum", SCORE, None, None).rows.all()
    assert reference_group("baseline", SCORE, 505.0, None).rows.tolist() == [False, False, True, True, True]
    assert reference_group("baseline", SCORE, None, None).rows.all()
    assert "legacy" in reference_words("maximum", "all")
    assert "Baseline Shapley" in reference_words("baseline", "all")


@pytest.mark.parametrize(
    ("method", "cut_off", "path"),
    [("above_cut_off", 700.0, "reason_codes.band_width"), ("baseline", 700.0, "strategy.cut_off")],
)
def test_nobody_to_compare_with_is_an_error(method: str, cut_off: float, path: str) -> None:
    with pytest.raises(ModelError, match="no development applicant scores at or above 700") as caught:
        reference_group(method, SCORE, cut_off, 10.0)
    assert caught.value.faults[0].path == path


@given(st.integers(1, 400), st.integers(1, 60), st.integers(0, 2**32))
def test_systematic_rows_stand_for_all(rows: int, size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    value, weights = np.round(rng.normal(size=rows), 1), rng.uniform(0.5, 2.0, rows)
    places, counts = systematic_rows(value, weights, size)
    assert (np.diff(places) > 0).all()
    if rows <= size:
        assert places.tolist() == list(range(rows))
        assert counts.tolist() == weights.tolist()
        return
    assert counts.sum() == size
    order = np.argsort(value, kind="stable")
    cumulated = np.cumsum(weights[order]) / weights.sum()
    for number in range(size):  # the row in which the cumulated weight passes (number + 1/2) / size
        row = order[int(np.searchsorted(cumulated, (number + 0.5) / size, side="right"))]
        assert row in places


def test_equal_weights_and_distinct_values_give_evenly_spaced_rows() -> None:
    places, counts = systematic_rows(np.arange(100.0)[::-1], np.ones(100), 10)
    assert sorted(99 - places) == [5, 15, 25, 35, 45, 55, 65, 75, 85, 95]
    assert counts.tolist() == [1.0] * 10


def test_typical_numbers() -> None:
    x = np.array([1.0, 2.0, 3.0, np.nan, -9.0])
    assert typical_number(x, np.ones(5), [-9.0]) == 2.0
    assert typical_number(x, np.array([1, 1, 5, 1, 1.0]), [-9.0]) == 3.0
    assert typical_number(x, np.array([1, 1, 1, 1, 9.0]), [-9.0]) == -9.0
    assert np.isnan(typical_number(x, np.array([1, 1, 1, 9, 1.0]), [-9.0]))
    assert typical_number(np.array([1.0, 2.0]), np.ones(2)) == 1.0


def test_typical_texts() -> None:
    values = np.array(["b", "a", None, "b"], dtype=object)
    assert typical_text(values, np.ones(4)) == "b"
    assert typical_text(values, np.array([1, 2, 2, 1.0])) is None
    assert typical_text(values[:2], np.ones(2)) == "a"
