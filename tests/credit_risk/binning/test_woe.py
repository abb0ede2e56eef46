"""Weight of evidence and information value against their definition, written out row by row."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.binning.woe import weight_of_evidence

counts = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=2, max_size=8).filter(
    lambda rows: sum(g for g, _ in rows) > 0 and sum(b for _, b in rows) > 0
)


def slow_woe(rows: list[tuple[int, int]], zero_cell: float) -> tuple[list[float], float]:
    good_total, bad_total = sum(g for g, _ in rows), sum(b for _, b in rows)
    woe, value = [], 0.0
    for good, bad in rows:
        if good == 0 and bad == 0:
            woe.append(0.0)
            continue
        if good == 0 or bad == 0:
            good, bad = good + zero_cell, bad + zero_cell
        woe.append(math.log((good / good_total) / (bad / bad_total)))
        value += (good / good_total - bad / bad_total) * woe[-1]
    return woe, value


@given(counts, st.sampled_from([0.5, 1.0]))
def test_equals_definition(rows: list[tuple[int, int]], zero_cell: float) -> None:
    good, bad = (np.array(column, float) for column in zip(*rows, strict=True))
    result = weight_of_evidence(good, bad, zero_cell=zero_cell)
    woe, value = slow_woe(rows, zero_cell)
    np.testing.assert_allclose(result.woe, woe, rtol=1e-12, atol=1e-12)
    assert result.total == pytest.approx(value, rel=1e-9, abs=1e-12)


@given(counts, st.floats(0.01, 1000))
def test_weights_scale_away_where_no_cell_is_empty(rows: list[tuple[int, int]], factor: float) -> None:
    good, bad = (np.array(column, float) + 1 for column in zip(*rows, strict=True))
    one, scaled = weight_of_evidence(good, bad), weight_of_evidence(good * factor, bad * factor)
    np.testing.assert_allclose(scaled.woe, one.woe, rtol=1e-9, atol=1e-12)


@given(counts)
def test_information_value_is_not_negative_without_empty_cells(rows: list[tuple[int, int]]) -> None:
    good, bad = (np.array(column, float) + 1 for column in zip(*rows, strict=True))
    assert weight_of_evidence(good, bad).total >= 0


def test_rules_are_told() -> None:
    result = weight_of_evidence(np.array([10.0, 0.0, 5.0, 0.0]), np.array([5.0, 3.0, 0.0, 0.0]))
    assert result.rule == ("empirical", "zero_cell_adjusted", "zero_cell_adjusted", "neutral")
    assert result.woe[3] == 0.0


def test_one_class_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one good and one bad"):
        weight_of_evidence(np.array([1.0, 2.0]), np.zeros(2))
