"""Population stability index: published number, invariants, zero cells, chance level by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation.binned import bin_counts
from credit_risk.evaluation.stability import (
    population_stability_index,
    psi_of_shares,
    stability_bins_table,
    stability_table,
    stability_tests,
    stability_verdict,
)

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


@pytest.mark.parametrize(("rows", "critical"), [(300, 0.200), (1000, 0.145), (50_000, 0.106)])
def test_tolerance_is_of_a_shifted_population(rows: int, critical: float) -> None:
    random = np.random.default_rng(rows)
    shares = np.full(10, 0.1)
    tilt = np.linspace(-1, 1, 10)
    low, high = 0.0, 0.1
    for _ in range(60):  # the tilt at which the populations' own index is 0.1
        middle = (low + high) / 2
        moved = shares + middle * tilt
        low, high = (middle, high) if ((moved - shares) * np.log(moved / shares)).sum() < 0.1 else (low, middle)
    moved = shares + low * tilt
    beyond = 0
    for _ in range(1500):
        found = population_stability_index(random.multinomial(100_000, shares), random.multinomial(rows, moved))
        tests = stability_tests(found)
        assert (found.psi > tests.critical_value) == (tests.tolerance_p_value < 0.05)
        beyond += found.psi > tests.critical_value
    assert tests.critical_value == pytest.approx(critical, abs=6e-4)
    assert 0.025 <= beyond / 1500 <= 0.08


def test_verdicts() -> None:
    def verdict(e: list[int], a: list[int]) -> str:
        found = population_stability_index(e, a)
        return stability_verdict(found, stability_tests(found))[0]

    assert verdict([5000, 5000], [5100, 4900]) == "pass"
    assert verdict([5000, 5000], [6700, 3300]) == "review"
    assert verdict([5000, 5000], [8000, 2000]) == "fail"
    assert verdict([5000] * 10, [6] * 10) == "not evaluable"  # chance alone reaches .28
    assert verdict([5000, 5000], [0, 60]) == "fail"  # few rows, and beyond any doubt
    one = population_stability_index([5], [7])
    assert stability_verdict(one, stability_tests(one))[0] == "pass"


def test_bins_tell_what_moved() -> None:
    held = {"AGE": {"development": [50, 30, 20], "out_of_time": [20, 30, 50]}}
    frame = stability_bins_table(held, {"AGE": ["young", "middle", "old"]}, points={"AGE": [10.0, 20.0, 40.0]})
    whole = population_stability_index(*held["AGE"].values())
    assert frame["contribution"].sum() == pytest.approx(whole.psi)
    assert frame["score_shift"].sum() == pytest.approx(9 + 0 + 0 + 0.3 * 0 + (0.2 * 10 + 0.3 * 20 + 0.5 * 40) - 19 - 9)
    assert frame["label"].tolist() == ["young", "middle", "old"]
    bare = stability_bins_table(held, {"AGE": ["a", "b", "c"]})
    assert bare["points"].isna().all()
    assert np.allclose(bare["difference"], [-0.3, 0.0, 0.3])
    empty = stability_bins_table({"A": {"development": [5, 5, 0], "x": [5, 0, 5]}}, {"A": ["a", "b", "c"]})
    found = population_stability_index([5, 5, 0], [5, 0, 5])
    assert empty["contribution"].tolist() == found.contributions.tolist()
    assert empty["actual_share"].tolist() == [0.5, 0.0, 0.5]


def split(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Bins [a, b) of numbers; missing in a bin of its own, the last."""
    return np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="right"))


def test_cases_that_other_tools_get_wrong() -> None:
    """Errors seen in other tools at 20,000 rows: what this one gives, and why it cannot make them."""
    random = np.random.default_rng(11)
    before, after = random.normal(size=(2, 20_000))
    edges = np.quantile(before, np.arange(1, 10) / 10)

    def index(first: np.ndarray, second: np.ndarray) -> float:
        counts = bin_counts({"a": split(first, edges), "b": split(second, edges)})
        return population_stability_index(counts["a"], counts["b"]).psi

    # Missing rises from 3 % to 20 %: a bin of its own, .352 where missing left out gives .002.
    pair = [np.where(random.random(20_000) < share, np.nan, one) for one, share in ((before, 0.03), (after, 0.20))]
    assert index(*pair) == pytest.approx(0.352, abs=0.03)
    # A special code and missing move against each other: two bins, seen; merged into one they would cancel out.
    code = 1e6
    first = np.where(random.random(20_000) < 0.1, code, np.where(random.random(20_000) < 0.05, np.nan, before))
    second = np.where(random.random(20_000) < 0.1 * 0.3, code, np.where(random.random(20_000) < 0.13, np.nan, after))
    apart = [np.where(one == code, len(edges) + 2, split(one, edges)) for one in (first, second)]
    counts = bin_counts({"a": apart[0], "b": apart[1]})
    joined = bin_counts({"a": np.minimum(apart[0], 10), "b": np.minimum(apart[1], 10)})
    told, merged = (population_stability_index(one["a"], one["b"]).psi for one in (counts, joined))
    assert told > 0.1 > 0.02 > merged
    # A tenth of the rows moves into a bin that was empty: .7 where occupied bins alone are joined gives .011.
    gone = np.where(random.random(20_000) < 0.1, np.nan, after)
    assert index(before, gone) > 0.6
    # The mean falls by half a deviation and one row is mistyped: fixed edges do not move with the greatest value.
    shifted = after - 0.5
    shifted[0] = 1e6
    assert index(before, shifted) == pytest.approx(0.225, abs=0.04)
    assert index(before, after) < 0.002


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
