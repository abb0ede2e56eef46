"""Expert scorecards: bins as given, every fault told, agreement with the data as another library counts it."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import Table2x2

from credit_risk.evaluation.cells import count_cells
from credit_risk.models.expert import agreement_rows, log_odds_ratio, ordering_rows
from credit_risk.models.expert_bins import points_trend, read_bins
from credit_risk.models.expert_spec import ExpertCharacteristicSpec
from credit_risk.scoring.steps import classify_bins


def spec(*bins: dict[str, Any]) -> ExpertCharacteristicSpec:
    return ExpertCharacteristicSpec.model_validate({"bins": list(bins)})


def classify(read: Any, values: list[Any]) -> list[int]:
    step = {"kind": read.kind, "bins": [one.as_dict(0.0) for one in read.bins]}
    dtype = np.float64 if read.kind == "numeric" else object
    return classify_bins(step, np.array(values, dtype=dtype)).tolist()


@st.composite
def numeric(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[float], list[float]]:
    """Bins of numbers in any order, their cuts, and special codes."""
    cuts = sorted(draw(st.sets(st.integers(-50, 50), min_size=1, max_size=5)))
    codes = draw(st.lists(st.integers(-99, -90), unique=True, max_size=2))
    edges = [None, *map(float, cuts), None]
    bins: list[dict[str, Any]] = []
    for low, high in itertools.pairwise(edges):
        ends = {"at_least": low, "below": high}
        bins.append({**{k: v for k, v in ends.items() if v is not None}, "points": float(draw(st.integers(-40, 40)))})
    where = draw(st.sampled_from(["own", "joined"]))
    if where == "own":
        bins.append({"missing": True, "points": -3.0})
    else:
        bins[draw(st.integers(0, len(bins) - 1))]["missing"] = True
    for code in codes:
        if draw(st.booleans()):
            bins.append({"special": [code], "points": 7.0})
        else:
            bins[draw(st.integers(0, len(cuts)))].setdefault("special", []).append(code)
    return draw(st.permutations(bins)), [float(cut) for cut in cuts], [float(code) for code in codes]


@given(numeric(), st.lists(st.one_of(st.integers(-120, 60).map(float), st.just(math.nan)), min_size=1, max_size=20))
def test_every_value_has_the_points_of_the_bin_that_names_it(case: Any, values: list[float]) -> None:
    bins, _, codes = case
    read, faults = read_bins(spec(*bins), codes)
    assert faults == []
    for value, place in zip(values, classify(read, values), strict=True):
        if value != value:
            expected = [one for one in bins if one.get("missing")]
        elif value in codes:
            expected = [one for one in bins if value in one.get("special", [])]
        else:
            low, high = -math.inf, math.inf
            expected = [
                one
                for one in bins
                if ("at_least" in one or "below" in one) and one.get("at_least", low) <= value < one.get("below", high)
            ]
        assert len(expected) == 1
        assert read.points[place] == expected[0]["points"]


@given(st.lists(st.sets(st.sampled_from("abcdefgh"), min_size=1, max_size=3), min_size=1, max_size=4))
def test_categories_in_bins_of_their_own_or_unseen(groups: list[set[str]]) -> None:
    bins: list[dict[str, Any]] = [{"categories": sorted(g), "points": float(k)} for k, g in enumerate(groups)]
    bins += [{"unseen": True, "points": -9.0}, {"missing": True, "points": -1.0}]
    read, faults = read_bins(spec(*bins))
    twice = sum(map(len, groups)) > len(set().union(*groups))
    assert bool(faults) == twice
    if not twice:
        points = {letter: float(k) for k, g in enumerate(groups) for letter in g}
        places = classify(read, [*"abcdefgh", None])
        assert [read.points[p] for p in places] == [*(points.get(one, -9.0) for one in "abcdefgh"), -1.0]


M = {"missing": True, "points": 0}
FAULTS = [
    ([{"below": 1, "points": 1}, {"at_least": 2, "points": 2}, M], "values from 1.0 to 2.0 have no points"),
    ([{"below": 3, "points": 1}, {"at_least": 2, "points": 2}, M], "overlaps the interval of bin 1"),
    ([{"below": 3, "points": 1}, {"below": 5, "points": 1}, {"at_least": 5, "points": 2}, M], "overlaps the interval"),
    ([{"at_least": 0, "below": 3, "points": 1}, {"at_least": 3, "points": 2}, M], "values below 0.0 have no points"),
    ([{"below": 3, "points": 1}, {"at_least": 3, "below": 9, "points": 2}, M], "values from 9.0 on have no points"),
    ([{"below": 3, "points": 1}, {"at_least": 3, "points": 2}], "missing values have no points"),
    ([{"below": 3, "points": 1, "missing": True}, {"at_least": 3, "points": 2}, M], "takes what is missing already"),
    ([{"below": 3, "points": 1}, {"at_least": 3, "points": 2}, M, {"unseen": True, "points": 0}], "no unseen"),
    ([{"below": 3, "points": 1.5}, {"at_least": 3, "points": 2}, M], "no whole number"),
    ([{"below": 3, "points": 1, "special": ["x"]}, {"at_least": 3, "points": 2}, M], "special code of numbers"),
    ([{"below": 3, "points": 1}, {"at_least": 3, "points": 2}, {"points": 4}, M], "the bin holds nothing"),
    ([{"below": 3, "points": 1}, {"at_least": 3, "points": 2, "categories": ["a"]}, M], "not several of them"),
    ([{"at_least": 3, "below": 3, "points": 1}, {"below": 3, "points": 2}, M], "the interval is empty"),
    ([{"categories": ["a"], "points": 1}, {"categories": ["b"], "points": 2}, M], "unseen categories have no points"),
    ([{"categories": ["a"], "points": 1}, {"categories": ["a"], "points": 2}, M], "'a' stands in bin 1 too"),
    ([{"categories": ["a"], "points": 1}, {"below": 3, "points": 2}, M], "some bins are intervals of numbers"),
    ([M, {"special": [-9], "points": 1}], "no bin holds ordinary values"),
    ([{"categories": ["a"], "points": 1}, {"unseen": True, "missing": True, "points": 2}], "holds nothing else"),
]


@pytest.mark.parametrize(("bins", "words"), FAULTS, ids=[words for _, words in FAULTS])
def test_what_is_wrong_with_bins(bins: list[dict[str, Any]], words: str) -> None:
    read, faults = read_bins(spec(*[{**one, "points": float(one["points"])} for one in bins]))
    assert read is None
    assert any(words in fault.message for _, fault in faults), [fault.message for _, fault in faults]
    assert all(fault.remedy for _, fault in faults)
    assert all(path[0] == "bins" for path, _ in faults)


def test_special_codes_need_points_and_fractions_may_stand_without_rounding() -> None:
    bins = [{"below": 3.0, "points": 1.5}, {"at_least": 3.0, "points": 2.0}, {"missing": True, "points": 0.0}]
    read, faults = read_bins(spec(*bins), ["-9", -8], rounded=False)
    assert read is None
    assert [fault.message for _, fault in faults] == ["special codes have no points: -9, -8"]
    assert read_bins(spec(*bins), rounded=False)[1] == []


@pytest.mark.parametrize(
    ("points", "trend"),
    [([1, 2, 2, 5], "descending"), ([5, 2, 1, 1], "ascending"), ([1, 3, 2, 4], "none"), ([0, 0, 0, 0], "none")],
)
def test_the_trend_that_points_state(points: list[float], trend: str) -> None:
    ends = [{"below": 1.0}, {"at_least": 1.0, "below": 2.0}, {"at_least": 2.0, "below": 3.0}, {"at_least": 3.0}]
    bins = [{**end, "points": float(p)} for end, p in zip(ends, points, strict=True)]
    read, _ = read_bins(spec(*bins, {"missing": True, "points": 9.0}))
    assert read is not None
    assert points_trend(read) == trend


@given(st.lists(st.integers(1, 60), min_size=4, max_size=4))
def test_the_ratio_is_that_of_statsmodels(counts: list[int]) -> None:
    good, bad, other_good, other_bad = map(float, counts)
    ours = log_odds_ratio((good, bad, good, bad), (other_good, other_bad, other_good, other_bad))
    theirs = Table2x2(np.array([[bad, good], [other_bad, other_good]]), shift_zeros=False)
    assert ours == pytest.approx((theirs.log_oddsratio, theirs.log_oddsratio_se), rel=1e-12, abs=1e-12)


def test_an_empty_cell_is_half_a_row() -> None:
    ours = log_odds_ratio((10.0, 0.0, 10.0, 0.0), (20.0, 5.0, 20.0, 5.0))
    theirs = Table2x2(np.array([[0.0, 10.0], [5.0, 20.0]]) + 0.5, shift_zeros=False)
    assert ours == pytest.approx((theirs.log_oddsratio, theirs.log_oddsratio_se))


@given(st.integers(0, 2**20), st.booleans())
def test_agreement_and_order_are_what_counting_gives(seed: int, weighted: bool) -> None:
    rng = np.random.default_rng(seed)
    ids, y = rng.integers(0, 4, 120), (rng.random(120) < 0.35).astype(float)
    weights = rng.integers(1, 4, 120).astype(float) if weighted else None
    w = np.ones(120) if weights is None else weights
    points = rng.integers(-20, 20, 5).astype(float)  # bin 4 has no rows
    rows = agreement_rows(points, count_cells(ids, y, weights, 5), 20.0)
    assert rows["verdict"][4] == "no rows"
    assert rows["observed"][4] is None
    for k in range(4):
        inside = ids == k
        rest = np.average(points[ids[~inside]], weights=w[~inside])
        assert rows["stated"][k] == pytest.approx(-(points[k] - rest) / 20.0)
        odds = [np.sum((w * y)[part]) / np.sum((w * (1 - y))[part]) for part in (inside, ~inside)]
        if min(odds) > 0 and max(odds) < np.inf:
            assert rows["observed"][k] == pytest.approx(np.log(odds[0] / odds[1]))
        told, low, high = (rows[key][k] for key in ("verdict", "lower", "upper"))
        assert low < rows["observed"][k] < high
        assert (told == "not told apart") == (low <= 0 <= high)
        assert (told == "contradicted") == ((low > 0 or high < 0) and not rows["stated"][k] * rows["observed"][k] > 0)
    rate = [np.average(y[ids == k], weights=w[ids == k]) for k in range(4)]
    wrong = {(k, j) for k in range(4) for j in range(4) if points[k] > points[j] and rate[k] > rate[j]}
    found = ordering_rows(points, count_cells(ids, y, weights, 5))
    assert {(row["bin_id"], row["other_id"]) for row in found} == wrong
    assert all(row["contradicted"] == (row["lower"] > 0) for row in found)


def test_true_points_are_seldom_contradicted_and_reversed_ones_most_often() -> None:
    rng = np.random.default_rng(5)
    points = np.array([-30.0, -10.0, 10.0, 30.0])
    verdicts: dict[str, list[str]] = {"true": [], "reversed": []}
    for _ in range(60):
        ids = rng.integers(0, 4, 1500)
        y = (rng.random(1500) < 1 / (1 + np.exp(1.0 + points[ids] / 28.85))).astype(float)
        cells = count_cells(ids, y, None, 4)
        verdicts["true"] += agreement_rows(points, cells, 28.85)["verdict"]
        verdicts["reversed"] += agreement_rows(-points, cells, 28.85)["verdict"]
    assert verdicts["true"].count("contradicted") == 0
    assert verdicts["reversed"].count("contradicted") > 200
