"""From a column of numbers to its classing: counts at every value, fine classes, and what they lose."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.binning.exact import exact_cuts
from credit_risk.binning.fine import best_places, fine_classes, path_of, tight_places, turning_places
from credit_risk.binning.levels import ordered_levels
from credit_risk.binning.limits import Limits
from credit_risk.binning.refine import exact_classing
from credit_risk.binning.sorted_column import SortedColumn, sorted_column
from credit_risk.binning.woe import weight_of_evidence

columns = st.tuples(
    st.lists(st.integers(-40, 40).map(lambda v: v / 4), min_size=2, max_size=200),
    st.integers(0, 2**31),
    st.booleans(),
)


def make(values: list[float], seed: int, weighted: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, SortedColumn]:
    rng = np.random.default_rng(seed)
    x, y = np.array(values), rng.integers(0, 2, len(values))
    w = rng.gamma(1.0, 1.0, len(x)) if weighted else np.ones(len(x))
    return x, y, w, sorted_column(x, y, w if weighted else None)


def risky(kind: str, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n) if kind != "spiked" else np.where(rng.random(n) < 0.4, 0.0, rng.gamma(1, 1, n))
    line = {"rising": -2.8 + 0.5 * x, "bent": -3.2 + 0.5 * x**2, "weak": -2.8 + 0.1 * x, "spiked": -3 + 0.5 * x}[kind]
    return x, (rng.random(n) < 1 / (1 + np.exp(-line))).astype(int)


@given(columns, st.lists(st.integers(-45, 45).map(lambda v: v / 4), max_size=6))
def test_counts_are_those_of_the_rows(column: tuple, edges: list[float]) -> None:
    x, y, w, ordered = make(*column)
    cuts = np.unique(np.array(edges, float))
    index = np.searchsorted(cuts, x, side="right")
    good, bad = ordered.counts(cuts)
    np.testing.assert_allclose(good, np.bincount(index, w * (y == 0), len(cuts) + 1), atol=1e-9)
    np.testing.assert_allclose(bad, np.bincount(index, w * (y == 1), len(cuts) + 1), atol=1e-9)


@given(columns, st.integers(2, 40), st.floats(0, 0.3))
def test_fine_classes_open_at_data_values_and_hold_every_row(column: tuple, most: int, share: float) -> None:
    x, y, w, ordered = make(*column)
    fine = fine_classes(path_of(ordered), most, min_count=share * w.sum(), max_bins=6)
    assert len(fine.good) <= most
    assert np.all(np.isin(fine.edges, x))
    assert np.all(np.diff(fine.edges) > 0)
    assert np.all(fine.edges > x.min())
    assert fine.good.sum() == pytest.approx(w[y == 0].sum())
    assert fine.bad.sum() == pytest.approx(w[y == 1].sum())
    if len(np.unique(x)) <= most:
        assert fine.every_value
        np.testing.assert_array_equal(fine.edges, np.unique(x)[1:])
    else:
        assert not fine.every_value


@given(columns, st.integers(0, 2**31))
def test_order_of_rows_does_not_matter(column: tuple, seed: int) -> None:
    x, y, _, ordered = make(*column[:2], False)
    moved = np.random.default_rng(seed).permutation(len(x))
    other = sorted_column(x[moved], y[moved])
    if not 0 < y.sum() < len(y):
        return
    one, two = (
        exact_classing(c, limits=Limits(max_bins=4, min_count=len(x) / 10), classes=8) for c in (ordered, other)
    )
    np.testing.assert_array_equal(one.cuts, two.cuts)
    assert one.information_value == two.information_value or not one.result.optimal


@given(columns, st.floats(0.01, 0.6))
@settings(max_examples=100)
def test_tight_places_give_just_the_weight(column: tuple, share: float) -> None:
    x, _, w, ordered = make(*column)
    weight = share * float(w.sum())
    edges = np.unique(x)
    for edge in edges[1:]:
        place = np.searchsorted(ordered.values, np.array([edge]))
        for found, inside in zip(tight_places(ordered, place, weight), ("before", "after"), strict=True):
            if inside == "before":
                possible = edges[[w[(x >= e) & (x < edge)].sum() >= weight - 1e-9 for e in edges]]
                expected = possible[possible < edge].max(initial=edges[0])
                assert ordered.values[found] == expected
            else:
                possible = edges[[w[(x >= edge) & (x < e)].sum() >= weight - 1e-9 for e in edges]]
                assert (found == len(x)) if not len(possible) else (ordered.values[found] == possible.min())


def test_turning_places_are_farthest_from_the_chord() -> None:
    x, y = risky("bent", 3000, 1)
    ordered = sorted_column(x, y)
    (found,) = turning_places(path_of(ordered), np.array([[0, len(x)]]), 1)
    places = np.arange(len(x) + 1)
    bad = np.searchsorted(ordered.bads, np.append(ordered.values, np.inf)[places]) / y.sum()
    good = (places - bad * y.sum()) / (len(y) - y.sum())
    away = np.abs(good - bad)
    assert away[found] == pytest.approx(away.max())


def test_best_place_of_one_cut_is_the_best_of_all_places() -> None:
    x, y = risky("rising", 2500, 3)
    ordered = sorted_column(x, y)
    least = 150
    found = best_places(path_of(ordered), np.array([1200]), least, 1)

    def value(place: int) -> float:
        return weight_of_evidence(*ordered.counts(ordered.values[[place]])).total

    assert value(int(found[0])) == pytest.approx(max(value(place) for place in range(least, 2500 - least)))


@pytest.mark.parametrize(
    ("kind", "trend"), [("rising", "ascending"), ("bent", "valley"), ("weak", "none"), ("spiked", "ascending")]
)
@pytest.mark.parametrize("seed", [1, 2])
def test_fine_classes_and_rounds_lose_little_and_tell_it(kind: str, trend: str, seed: int) -> None:
    """The search over fine classes, against every distinct value as a candidate."""
    n = 900
    x, y = risky(kind, n, seed)
    ordered = sorted_column(x, y)
    limits = Limits(max_bins=5, min_count=0.08 * n)
    answer = exact_classing(ordered, trend=trend, limits=limits, classes=160)
    every = exact_classing(ordered, trend=trend, limits=limits, classes=n)
    lost = 1 - answer.information_value / every.information_value
    assert lost < 1e-3
    assert every.iv_loss == 0
    assert lost - 1e-9 <= answer.iv_loss
    assert answer.iv_loss == pytest.approx(lost, abs=1e-3)


def test_iv_loss_falls_with_finer_classes_and_is_told() -> None:
    x, y = risky("bent", 20_000, 9)
    ordered = sorted_column(x, y)
    limits = Limits(max_bins=6, min_count=1000)
    coarse, fine = (
        exact_classing(ordered, trend="valley", limits=limits, classes=c, least_gain=1.0) for c in (10, 160)
    )
    assert coarse.iv_loss > 1e-3 > fine.iv_loss
    assert coarse.rounds >= 1
    assert fine.information_value == pytest.approx(coarse.information_value, rel=0.02)


@pytest.mark.parametrize("trend", ["ascending", "valley", "auto"])
def test_classing_keeps_every_limit(trend: str) -> None:
    x, y = risky("bent", 8000, 4)
    w = np.random.default_rng(2).gamma(2.0, 0.5, len(x))
    limits = Limits(min_bins=3 if trend != "ascending" else 1, max_bins=5, min_count=0.1 * w.sum(), min_bad=20.0)
    answer = exact_classing(sorted_column(x, y, w), trend=trend, limits=limits, fixed=np.array([0.25]))
    index = np.searchsorted(answer.cuts, x, side="right")
    good, bad = np.bincount(index, w * (y == 0)), np.bincount(index, w * (y == 1))
    np.testing.assert_allclose(answer.good, good)
    np.testing.assert_allclose(answer.bad, bad)
    assert 0.25 in answer.cuts
    assert len(answer.candidates) == (4 if trend == "auto" else 1)
    assert len(good) <= 5
    assert (good + bad).min() >= 0.1 * w.sum() - 1e-6
    assert bad.min() >= 20 - 1e-6
    steps = np.diff(bad / (good + bad))
    assert np.all(steps >= -1e-12) if trend == "ascending" else (np.diff(np.sign(steps)) >= 0).all()
    assert answer.information_value == pytest.approx(exact_cuts(good, bad).information_value, rel=0.2)


def test_weights_of_one_change_nothing() -> None:
    x, y = risky("rising", 5000, 6)
    limits = Limits(max_bins=6, min_count=250)
    one, two = (
        exact_classing(sorted_column(x, y), limits=limits),
        exact_classing(sorted_column(x, y, np.full(5000, 1.0)), limits=limits),
    )
    np.testing.assert_array_equal(one.cuts, two.cuts)
    scaled = Limits(max_bins=6, min_count=250 * 0.013)
    three = exact_classing(sorted_column(x, y, np.full(5000, 0.013)), limits=scaled)
    np.testing.assert_array_equal(one.cuts, three.cuts)


def test_infeasible_column_says_why() -> None:
    x, y = risky("rising", 3000, 6)
    answer = exact_classing(sorted_column(x, y), trend="descending", limits=Limits(min_bins=4, min_count=600))
    assert not answer.result.optimal
    assert answer.result.conflict is not None
    assert "min_bins" in answer.result.message
    assert len(answer.cuts) == 0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_must_be_finite(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        sorted_column([1.0, value, 2.0], [0, 1, 0])


def test_weights_and_shapes_are_checked() -> None:
    with pytest.raises(ValueError, match="weights"):
        sorted_column([1.0, 2.0], [0, 1], [1.0, -1.0])
    with pytest.raises(ValueError, match="equal length"):
        sorted_column([1.0, 2.0], [0])
    column = sorted_column([1.0, 2.0], [0, 1])
    with pytest.raises(ValueError, match="name prebins"):
        exact_classing(column, limits=Limits(fixed_cuts=(1,)))


def test_constant_column_is_one_bin() -> None:
    answer = exact_classing(sorted_column(np.full(50, 3.0), np.arange(50) % 5 == 0))
    assert len(answer.cuts) == 0
    assert answer.information_value == pytest.approx(0)
    assert answer.iv_loss == 0


@given(st.lists(st.sampled_from("abcdefghij"), min_size=2, max_size=150), st.integers(0, 99), st.floats(0, 0.2))
def test_order_of_levels_is_that_of_the_rows(values: list[str], seed: int, share: float) -> None:
    y = np.random.default_rng(seed).integers(0, 2, len(values)).astype(float)
    text, rare = np.array(values, object), share * len(values)
    names, codes = np.unique(text, return_inverse=True)
    count, bad = np.bincount(codes), np.bincount(codes, y)
    found = [[str(names[i]) for i in group] for group in ordered_levels(list(names), count - bad, bad, rare).groups]
    rows = list(zip(values, y.tolist(), strict=True))
    common = [[v] for v in sorted(set(values)) if values.count(v) >= rare]
    pooled = sorted(v for v in set(values) if values.count(v) < rare)
    groups = [*common, *([pooled] if pooled else [])]

    def rate(group: list[str]) -> float:
        outcomes = [outcome for value, outcome in rows if value in group]
        return sum(outcomes) / len(outcomes)

    assert found == sorted(groups, key=lambda group: (rate(group), group[0]))
