"""Special codes and missing in ordinary bins: counted row by row, nearest by a plain loop, the trend never lost."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from credit_risk.binning.bins import categorical_bins, numeric_bins
from credit_risk.binning.classing import class_categorical, class_numeric
from credit_risk.binning.coarse import trend_holds
from credit_risk.binning.finish import finished, with_unseen
from credit_risk.binning.joining import Joining, NoSuchBin, join_bins
from credit_risk.binning.report import joined_frame, summary_frame
from credit_risk.binning.spec import ClassingSpec
from credit_risk.binning.table import BinningTable
from credit_risk.binning.woe import weight_of_evidence
from credit_risk.evaluation.cells import plain_cells
from credit_risk.package.schema import schema_faults
from credit_risk.scoring.bin_checks import classing_faults

NEAREST = ClassingSpec(missing="nearest_woe", special="nearest_woe")
ALL = Joining(missing=True, special=True)


def table_of(good: list[float], bad: list[float], parts: int, trend: str = "none") -> BinningTable:
    """A classing of given counts: intervals, then `parts` special codes, then missing."""
    intervals = len(good) - parts - 1
    bins = numeric_bins([float(k) for k in range(1, intervals)], [float(-k) for k in range(1, parts + 1)])
    g, b = np.array(good, float), np.array(bad, float)
    result = weight_of_evidence(g, b)
    return BinningTable("x", "numeric", bins, plain_cells(g, b), result, trend, "plan", "exact", "OPTIMAL", 0.0)


def rows(seed: int, n: int = 3000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = np.round(rng.normal(size=n), 2)
    y = (rng.random(n) < 1 / (1 + np.exp(1.3 - x))).astype(float)
    pick = rng.random(n)
    x[pick < 0.04] = np.nan
    x[(pick > 0.04) & (pick < 0.07)] = -9.0
    x[(pick > 0.07) & (pick < 0.075)] = -8.0
    return x, y, rng.integers(1, 4, n) / 2


def literal_places(x: np.ndarray, y: np.ndarray, w: np.ndarray, edges: list[float]) -> dict[Any, int]:
    """For missing and each code the interval whose log of goods over bads is nearest; one row at a time."""
    cells: dict[Any, list[float]] = {}
    for value, outcome, weight in zip(x.tolist(), y.tolist(), w.tolist(), strict=True):
        part: Any = "missing" if value != value else value if value in (-9.0, -8.0) else sum(value >= e for e in edges)
        cells.setdefault(part, [0.0, 0.0])[int(outcome)] += weight
    odds = {part: math.log((g or 0.5) / (b or 0.5)) for part, (g, b) in cells.items()}
    intervals = [part for part in odds if isinstance(part, int)]
    others = [part for part in odds if not isinstance(part, int)]
    return {part: min(intervals, key=lambda i: (abs(odds[i] - odds[part]), odds[i])) for part in others}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("weighted", [False, True])
def test_joined_bins_are_those_of_a_plain_count_of_rows(seed: int, weighted: bool) -> None:
    x, y, w = rows(seed)
    w = w if weighted else np.ones(len(y))
    apart = class_numeric("x", x, y, settings=NEAREST, specials=(-9.0, -8.0), weights=w)
    table = finished(apart, NEAREST)
    edges = [b.lower for b in table.bins if b.lower is not None]
    expected = literal_places(x, y, w, edges)
    ids = table.assign(x)
    assert set(ids[np.isnan(x)].tolist()) == {expected["missing"]}
    for code in (-9.0, -8.0):
        assert set(ids[x == code].tolist()) == {expected[code]}
    assert [b.kind for b in table.bins] == ["interval"] * len(table.bins)
    for number in range(len(table.bins)):
        here = ids == number
        assert table.good[number] == pytest.approx(w[here & (y == 0)].sum(), rel=1e-12)
        assert table.bad[number] == pytest.approx(w[here & (y == 1)].sum(), rel=1e-12)
    share_good, share_bad = table.good / w[y == 0].sum(), table.bad / w[y == 1].sum()
    np.testing.assert_allclose(table.result.woe, np.log(share_good / share_bad), rtol=1e-12)
    assert table.information_value == pytest.approx(np.sum((share_good - share_bad) * table.result.woe), rel=1e-12)
    assert table.share_of("missing") == pytest.approx(w[np.isnan(x)].sum() / w.sum())
    assert table.share_of("special") == pytest.approx(w[np.isin(x, (-9.0, -8.0))].sum() / w.sum())


counts = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=3, max_size=9)


@settings(max_examples=300)
@given(
    cells=counts, parts=st.integers(0, 3), trend=st.sampled_from(["none", "ascending", "descending", "peak", "valley"])
)
def test_counts_add_up_and_the_trend_stays(cells: list[tuple[int, int]], parts: int, trend: str) -> None:
    parts = min(parts, len(cells) - 2)
    good, bad = [float(g) for g, _ in cells], [float(b) for _, b in cells]
    if sum(good) == 0 or sum(bad) == 0:
        return
    apart = table_of(good, bad, parts, trend)
    table = join_bins(apart, ALL, zero_cell=0.5)
    assert table.good.sum() == sum(good)
    assert table.bad.sum() == sum(bad)
    held = {i: [i] for i in range(len(good) - parts - 1)}
    for part in table.parts:
        if part.into is not None:
            held[part.into].append([b.label for b in apart.bins].index(part.label))
    for i, members in held.items():
        assert table.good[i] == sum(good[k] for k in members)
        assert table.bad[i] == sum(bad[k] for k in members)
    for i in set(range(len(good))) - {k for members in held.values() for k in members}:
        assert apart.bins[i].label in [b.label for b in table.bins]
    if apart.keeps_trend():
        assert table.keeps_trend()
    step = table.step()
    assert classing_faults(step, "model.json", "/steps/0") == []
    assert not [f for f in schema_faults("model", {"steps": [step]}, "m") if f.path.startswith("/steps")]


@settings(max_examples=200)
@given(
    cells=st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), min_size=4, max_size=9), parts=st.integers(1, 3)
)
def test_nearest_weights_keep_every_order_where_no_cell_is_empty(cells: list[tuple[int, int]], parts: int) -> None:
    parts = min(parts, len(cells) - 2)
    ordinary = sorted(cells[: len(cells) - parts - 1], key=lambda cell: cell[1] / sum(cell))
    assume(len({b * 1000 // g for g, b in ordinary}) == len(ordinary))
    cells = [*ordinary, *cells[len(cells) - parts - 1 :]]
    apart = table_of([float(g) for g, _ in cells], [float(b) for _, b in cells], parts, "ascending")
    table = join_bins(apart, ALL, zero_cell=0.5)
    assert trend_holds(table.bad / table.count, "ascending")
    assert {part.fate for part in table.parts} == {"nearest_woe"}


def test_a_part_without_bads_stays_apart_where_it_would_break_the_trend() -> None:
    apart = table_of([901.0, 90.0, 700.0, 3.0], [99.0, 10.0, 300.0, 0.0], 0, "ascending")
    table = join_bins(apart, ALL, zero_cell=0.5)
    assert [part.fate for part in table.parts] == ["apart: joining would break the trend"]
    assert table.bins == apart.bins
    free = join_bins(table_of([901.0, 90.0, 700.0, 3.0], [99.0, 10.0, 300.0, 0.0], 0), ALL, zero_cell=0.5)
    assert free.bins[1].takes_missing


def test_what_stays_apart_says_why() -> None:
    good, bad = [50.0, 30.0, 0.0, 5.0, 20.0], [10.0, 20.0, 0.0, 5.0, 9.0]
    apart = table_of(good, bad, 2)
    table = join_bins(apart, Joining(missing=True, special=True, below=0.1), zero_cell=0.5)
    fates = {part.label: part.fate for part in table.parts}
    assert fates == {
        "special -1": "apart: no development rows",
        "special -2": "nearest_woe",
        "missing": "apart: not below the share",
    }
    assert join_bins(apart, Joining(special=True), zero_cell=0.5).parts[-1].label == "special -2"
    nothing = table_of([0.0, 8.0], [0.0, 4.0], 0)
    assert join_bins(nothing, ALL, zero_cell=0.5).parts[0].fate == "apart: no bin of ordinary values"


def test_equal_distances_go_to_the_riskier_bin() -> None:
    apart = table_of([80.0, 20.0, 10.0], [20.0, 80.0, 10.0], 0)
    table = join_bins(apart, ALL, zero_cell=0.5)
    assert [b.takes_missing for b in table.bins] == [False, True]


def test_by_hand_goes_before_the_rule_and_names_what_is_there() -> None:
    apart = table_of([50.0, 30.0, 20.0, 4.0], [10.0, 20.0, 15.0, 4.0], 1)
    table = join_bins(apart, ALL, {"missing": "< 1"}, zero_cell=0.5)
    assert table.bins[0].takes_missing
    assert {p.label: p.fate for p in table.parts} == {"missing": "by_hand", "special -1": "nearest_woe"}
    for wrong, words in (({"special 7": "< 1"}, "special -1, missing"), ({"missing": "[1, 2)"}, "< 1, ≥ 1")):
        with pytest.raises(NoSuchBin, match=words.replace("[", r"\[")):
            join_bins(apart, ALL, wrong, zero_cell=0.5)


def test_the_table_of_what_was_joined() -> None:
    x, y, _ = rows(1)
    table = finished(class_numeric("x", x, y, settings=NEAREST, specials=(-9.0, -8.0)), NEAREST)
    frame = joined_frame({"x": table, "other": table_of([5.0, 6.0], [4.0, 3.0], 0)})
    assert frame["characteristic"].tolist() == ["x"] * 3
    assert frame["part"].tolist() == ["special -9", "special -8", "missing"]
    for row in frame.itertuples():
        part = x == float(row.part.split()[-1]) if row.part != "missing" else np.isnan(x)
        assert (row.count, row.bad) == (part.sum(), y[part].sum())
        assert row.label == table.bins[row.bin_id].label
        assert row.woe_joined == table.result.woe[row.bin_id]
        assert row.information_value == table.information_value
        assert row.information_value_apart == table.apart.information_value
    assert summary_frame({"x": table})["missing_share"][0] == np.isnan(x).mean()


def test_recounted_on_other_rows_the_share_of_missing_is_theirs() -> None:
    x, y, _ = rows(2)
    table = finished(class_numeric("x", x, y, settings=NEAREST, specials=(-9.0, -8.0)), NEAREST)
    later, outcome, _ = rows(3)
    again = table.recount(later, outcome)
    assert again.bins == table.bins
    assert again.share_of("missing") == np.isnan(later).mean()


# --- unseen categories ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cities() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    names = np.array([*"abcd", "rare 1", "rare 2", None], object)
    values = rng.choice(names, 5000, p=[0.3, 0.3, 0.2, 0.15, 0.006, 0.004, 0.04])
    rate = dict(zip(names.tolist(), (0.1, 0.2, 0.3, 0.5, 0.35, 0.4, 0.25), strict=True))
    return values, (rng.random(5000) < [rate[v] for v in values]).astype(float)


def test_unseen_categories_have_the_weight_that_the_policy_gives_them(cities: tuple[np.ndarray, np.ndarray]) -> None:
    values, y = cities
    apart = class_categorical("c", values, y, settings=ClassingSpec())
    assert apart.pooled == ("rare 1", "rare 2")
    woe = {b.label: w for b, w in zip(apart.bins, apart.result.woe, strict=True)}
    rare = next(b for b in apart.bins if "rare 1" in b.values)
    expected = {"neutral": 0.0, "missing": woe["missing"], "worst": min(woe.values()), "rare": woe[rare.label]}
    for policy, weight in expected.items():
        table = finished(apart, ClassingSpec(unseen=policy))
        unseen = table.bins[table.assign(np.array(["never met"], object))[0]]
        assert unseen.kind == "unseen"
        assert table.result.woe[unseen.id] == weight
        assert table.information_value == apart.information_value
        assert table.result.rule[unseen.id] == ("neutral" if policy == "neutral" else "of_another_bin")
        assert unseen.woe_of is None if policy == "neutral" else table.result.woe[unseen.woe_of] == weight


def test_unseen_follows_missing_into_the_bin_that_takes_it(cities: tuple[np.ndarray, np.ndarray]) -> None:
    settings_ = ClassingSpec(unseen="missing", missing="nearest_woe")
    table = finished(class_categorical("c", *cities, settings=settings_), settings_)
    taker = next(b for b in table.bins if b.takes_missing)
    unseen = table.bins[-1]
    assert (unseen.woe_of, table.result.woe[unseen.id]) == (taker.id, table.result.woe[taker.id])
    assert classing_faults(table.step(), "model.json", "/steps/0") == []


def test_unseen_is_neutral_where_no_category_is_rare() -> None:
    bins = categorical_bins([["a"], ["b"]], [])
    g, b = np.array([5.0, 6.0, 1.0, 0.0]), np.array([4.0, 2.0, 1.0, 0.0])
    table = BinningTable(
        "c", "categorical", bins, plain_cells(g, b), weight_of_evidence(g, b), "ascending", "", "", "", 0.0
    )
    assert with_unseen(table, "rare") is table
    assert with_unseen(table, "worst").bins[-1].woe_of == 2
