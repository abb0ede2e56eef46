"""Stability by group: counted anew by hand, invariant to names, and silent where there is nothing to judge."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from credit_risk.selection.stability import GroupStability, group_stability, stability_frame, worst


def by_hand(expected: np.ndarray, actual: np.ndarray) -> float:
    shares = [(np.mean(expected == k), np.mean(actual == k)) for k in np.unique(np.append(expected, actual))]
    return math.fsum((a - e) * math.log(a / e) for e, a in shares)


@pytest.fixture(scope="module")
def rows() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    groups = rng.choice(["development", "test", "later"], 4000, p=[0.5, 0.3, 0.2]).astype(object)
    ids = np.where(groups == "later", rng.choice(4, 4000, p=[0.1, 0.2, 0.3, 0.4]), rng.choice(4, 4000))
    return ids, groups


def test_against_a_reference_and_against_the_rest(rows: tuple[np.ndarray, np.ndarray]) -> None:
    ids, groups = rows
    against = {g.group: g for g in group_stability(ids, groups, reference="development")}
    assert sorted(against) == ["later", "test"]
    for name, found in against.items():
        assert found.psi == pytest.approx(by_hand(ids[groups == "development"], ids[groups == name]), rel=1e-12)
        assert found.rows == np.sum(groups == name)
    rest = {g.group: g for g in group_stability(ids, groups)}
    assert sorted(rest) == ["development", "later", "test"]
    for name, found in rest.items():
        assert found.psi == pytest.approx(by_hand(ids[groups != name], ids[groups == name]), rel=1e-12)
    assert worst(list(rest.values())) is rest["later"]


def test_weighted_shares_are_those_of_repeated_rows_and_chance_is_of_effective_rows(
    rows: tuple[np.ndarray, np.ndarray],
) -> None:
    ids, groups = rows
    count = np.random.default_rng(6).integers(1, 4, len(ids))
    weighted = group_stability(ids, groups, weights=count.astype(float))
    repeated = group_stability(np.repeat(ids, count), np.repeat(groups, count))
    for one, other in zip(weighted, repeated, strict=True):
        here = groups == one.group
        assert (one.group, one.rows) == (other.group, np.sum(here))
        assert one.psi == pytest.approx(other.psi, rel=1e-12)
        sizes = [count[rows].sum() ** 2 / (count[rows] ** 2).sum() for rows in (here, ~here)]
        assert one.chance_level == pytest.approx(stats.chi2.isf(0.05, 3) * sum(1 / n for n in sizes), rel=1e-12)
    assert group_stability(ids, groups, weights=np.ones(len(ids))) == group_stability(ids, groups)


def test_small_groups_and_rows_without_a_group_are_not_judged(rows: tuple[np.ndarray, np.ndarray]) -> None:
    ids, groups = rows
    some = groups.copy()
    some[some == "test"] = None
    some[:5] = "few"
    found = {g.group: g for g in group_stability(ids, some, min_rows=6)}
    assert found["few"] == GroupStability("few", 5.0, None, None)
    known = some != None  # noqa: E711 - element by element
    psi = by_hand(ids[known & (some != "later")], ids[some == "later"])
    assert found["later"].psi == pytest.approx(psi, rel=1e-12)
    alone = group_stability(ids, np.full(len(ids), "only", object))
    assert alone == [GroupStability("only", float(len(ids)), None, None)]
    assert worst(alone) is None


def test_chance_level_is_that_of_an_unchanged_population() -> None:
    """Monte Carlo: the PSI of an unchanged period exceeds its chance level about once in twenty times."""
    rng = np.random.default_rng(7)
    beyond = 0
    for _ in range(400):
        ids, groups = rng.choice(6, 3000), np.where(np.arange(3000) < 300, "month", "rest").astype(object)
        found = group_stability(ids, groups)[0]
        beyond += found.psi > found.chance_level
    assert 8 <= beyond <= 34  # 20 expected, three standard deviations of 4.4


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["a", "b", "c", None])), min_size=1, max_size=60))
def test_psi_is_never_negative_and_does_not_hang_on_the_order_of_rows(pairs: list[tuple[int, str | None]]) -> None:
    ids, groups = np.array([i for i, _ in pairs]), np.array([g for _, g in pairs], object)
    found = group_stability(ids, groups)
    assert all(g.psi is None or g.psi >= 0 for g in found)
    assert sum(g.rows for g in found) == sum(g is not None for g in groups)
    order = np.random.default_rng(1).permutation(len(ids))
    assert group_stability(ids[order], groups[order]) == found


def test_the_frame_tells_the_worst_of_each() -> None:
    calm, moved = GroupStability("a", 300.0, 0.01, 0.02), GroupStability("b", 400.0, 0.4, 0.02)
    small = GroupStability("c", 3.0, None, None)
    frame = stability_frame({"x": [calm, moved], "y": []}, {"x": [calm, small]}).set_index("characteristic")
    x = frame.loc["x"]
    assert (x["sample"], x["sample_psi"], x["period"], x["period_rows"]) == ("b", 0.4, "a", 300.0)
    assert (x["periods_judged"], x["periods_not_judged"]) == (1, 1)
    assert frame.loc["y"].isna().tolist() == [True] * 7 + [False] * 2
