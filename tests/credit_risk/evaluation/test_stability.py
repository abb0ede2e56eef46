"""Population stability index: published number, invariants, zero cells, chance level by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation.stability import bin_counts, population_stability_index, psi_of_shares, stability_table

counts = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=12).filter(
    lambda rows: sum(e for e, _ in rows) > 0 and sum(a for _, a in rows) > 0
)


def test_published_value() -> None:
    # shares as printed, which sum to 1.01 in development
    found = psi_of_shares([0.22, 0.24, 0.07, 0.48], [0.35, 0.31, 0.05, 0.29]).sum()
    assert found == pytest.approx(0.1807, abs=5e-5)


def test_counts_by_hand() -> None:
    result = population_stability_index([50, 30, 20], [20, 30, 50])
    assert result.psi == pytest.approx(0.3 * np.log(2.5) * 2)
    assert result.contributions == pytest.approx([0.3 * np.log(2.5), 0.0, 0.3 * np.log(2.5)])
    assert result.chance_level == pytest.approx(stats.chi2.ppf(0.95, 2) * 0.02)
    assert (result.bins, result.empty_cells, result.zero_cell_rule) == (3, 0, "no empty cell")


@given(counts)
def test_never_negative_and_symmetric(rows: list[tuple[int, int]]) -> None:
    e, a = np.array(rows, dtype=float).T
    forward, back = population_stability_index(e, a), population_stability_index(a, e)
    assert forward.psi >= 0.0
    assert forward.psi == pytest.approx(back.psi, abs=1e-12)
    shuffled = population_stability_index(e[::-1], a[::-1])
    assert shuffled.psi == pytest.approx(forward.psi, abs=1e-12)
    assert population_stability_index(e, e).psi == 0.0
    proportional = np.array_equal(e * a.sum(), a * e.sum())
    if forward.empty_cells == 0:
        assert (forward.psi < 1e-14) == proportional


def test_zero_cells_follow_the_stated_rule() -> None:
    e, a = [100, 50, 0], [80, 60, 10]
    half = population_stability_index(e, a)
    pe, pa = np.array([100.5, 50.5, 0.5]) / 151.5, np.array([80.5, 60.5, 10.5]) / 151.5
    assert half.psi == pytest.approx(((pa - pe) * np.log(pa / pe)).sum())
    assert (half.empty_cells, half.zero_cell_rule) == (1, "0.5 added to every cell")
    legacy = population_stability_index(e, a, 1e-4)
    pe, pa = np.array([2 / 3, 1 / 3, 1e-4]), np.array([80, 60, 10]) / 150
    assert legacy.psi == pytest.approx(((pa - pe) * np.log(pa / pe)).sum())
    with pytest.raises(CreditRiskError, match="1 empty cells"):
        population_stability_index(e, a, "raise")
    both = population_stability_index([100, 50, 0], [80, 60, 0], "raise")
    assert (both.bins, both.empty_cells) == (2, 0)


def test_mass_that_moves_into_an_empty_bin_is_seen() -> None:
    moved = population_stability_index([9000, 9000, 0], [8100, 8100, 1800], 1e-4)
    assert moved.psi > 0.6  # a join over occupied bins would say 0


@pytest.mark.parametrize("rows", [200, 5000])
def test_chance_level_is_the_95_percent_point(rows: int) -> None:
    rng = np.random.default_rng(3)
    shares = np.full(10, 0.1)
    beyond = 0
    for _ in range(1500):
        result = population_stability_index(rng.multinomial(100_000, shares), rng.multinomial(rows, shares))
        beyond += result.psi > result.chance_level
    assert 0.03 <= beyond / 1500 <= 0.07
    level = population_stability_index(np.full(10, 10_000), np.full(10, rows // 10)).chance_level
    assert level == pytest.approx({200: 0.085, 5000: 0.0036}[rows], rel=0.03)


def test_table_and_bin_counts() -> None:
    table_counts = bin_counts({"development": [0, 0, 1, 3], "out_of_sample": [1, 1, 2, 3]})
    assert {name: values.tolist() for name, values in table_counts.items()} == {
        "development": [2, 1, 0, 1],
        "out_of_sample": [0, 2, 1, 1],
    }
    frame = stability_table({"AGE": table_counts})
    assert frame.loc[0, ["quantity", "sample", "bins", "expected_rows", "empty_cells"]].tolist() == [
        "AGE", "out_of_sample", 4, 4, 2,
    ]  # fmt: skip
    assert frame.loc[0, "psi"] == population_stability_index([2, 1, 0, 1], [0, 2, 1, 1]).psi


def test_refusals() -> None:
    with pytest.raises(CreditRiskError, match="negative counts"):
        population_stability_index([1, -1], [1, 1])
    with pytest.raises(CreditRiskError, match="no rows"):
        population_stability_index([1, 1], [0, 0])
    with pytest.raises(CreditRiskError, match="length"):
        population_stability_index([1, 1], [1, 1, 1])
    with pytest.raises(CreditRiskError, match="no such rule"):
        population_stability_index([1, 1], [1, 1], "ignore")
    with pytest.raises(CreditRiskError, match="not positive"):
        psi_of_shares([0.5, 0.0], [0.5, 0.5])
    with pytest.raises(CreditRiskError, match="whole numbers"):
        bin_counts({"development": [0.5]})
    with pytest.raises(CreditRiskError) as caught:
        stability_table({"A": {"x": [1]}, "B": {"development": [1, 2], "x": [1]}})
    assert [fault.path for fault in caught.value.faults] == ["A", "B.x"]
    with pytest.raises(CreditRiskError, match="not whole"):
        stability_table({"A": {"development": [1.5, 2], "x": [1, 2]}})
