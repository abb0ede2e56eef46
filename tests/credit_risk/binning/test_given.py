"""Splits, orders and groups that the plan gives, and every limit, against enumeration of all classings."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk._core.errors import ModelError
from credit_risk.binning.classing import Trend, class_categorical, class_frame, class_numeric
from credit_risk.binning.coarse import trend_holds
from credit_risk.binning.override_spec import Merge, Split
from credit_risk.binning.overrides import apply_overrides
from credit_risk.binning.spec import CharacteristicSpec, ClassingSpec
from credit_risk.binning.table import BinningTable
from credit_risk.binning.woe import weight_of_evidence

ORDER = ("low", "medium", "high", "very high", "extreme")


def spec(name: str = "x", own: dict[str, Any] | None = None, **general: Any) -> ClassingSpec:
    return ClassingSpec(**general, characteristics={name: CharacteristicSpec(**(own or {}))})


def edges_of(table: BinningTable) -> list[float]:
    return [b.lower for b in table.bins if b.kind == "interval" and b.lower is not None]


def ordinary(table: BinningTable) -> tuple[np.ndarray, np.ndarray]:
    return table.good[table.regular], table.bad[table.regular]


def enumerate_best(
    good: np.ndarray,
    bad: np.ndarray,
    totals: tuple[float, float],
    *,
    trend: str,
    must: set[int] = frozenset(),  # type: ignore[assignment]
    may: set[int] | None = None,
    own: ClassingSpec,
) -> float:
    """Greatest information value of ordinary bins over all cuts (places 1..n−1) that keep everything; −inf if none."""
    n, rows, best = len(good), sum(totals), -np.inf
    places = [k for k in range(1, n) if may is None or k in may | must]
    for size in range(len(places) + 1):
        for cuts in combinations(places, size):
            if not must <= set(cuts):
                continue
            parts = [slice(a, b) for a, b in pairwise([0, *cuts, n])]
            g, b = (np.array([side[part].sum() for part in parts]) for side in (good, bad))
            rate, count = b / (g + b), g + b
            keeps = own.min_bins <= len(g) <= own.max_bins and trend_holds(rate, trend)
            keeps &= bool(np.all(count >= own.min_share * rows) and np.all(count <= own.max_share * rows))
            keeps &= bool(np.all(g >= max(own.min_goods, 1)) and np.all(b >= max(own.min_bads, 1)))
            keeps &= bool(np.all(np.abs(np.diff(rate)) >= own.min_rate_difference))
            if keeps:
                share_good, share_bad = g / totals[0], b / totals[1]
                best = max(best, float(np.sum((share_good - share_bad) * np.log(share_good / share_bad))))
    return best


def value_of(table: BinningTable) -> float:
    return float(np.sum(table.result.information_value[table.regular]))


@st.composite
def columns(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """A column of 4 to 7 whole numbers with rows of both outcomes, missing and a special code."""
    n = draw(st.integers(4, 7))
    cells = draw(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 25)), min_size=n, max_size=n))
    x = np.concatenate([np.repeat(float(k), g + b) for k, (g, b) in enumerate(cells)] + [[np.nan] * 4, [-9.0] * 3])
    y = np.concatenate([np.r_[np.zeros(g), np.ones(b)] for g, b in cells] + [[0, 0, 0, 1], [0, 1, 1]])
    return x, y


LIMITS = st.fixed_dictionaries(
    {},
    optional={
        "max_bins": st.integers(2, 5),
        "min_share": st.sampled_from([0.01, 0.1, 0.2]),
        "max_share": st.sampled_from([0.4, 0.6]),
        "min_goods": st.sampled_from([5.0, 20.0]),
        "min_bads": st.sampled_from([5.0, 15.0]),
        "min_bins": st.integers(1, 3),
        "min_rate_difference": st.sampled_from([0.01, 0.05]),
    },
)


@settings(max_examples=150)
@given(
    column=columns(),
    own=LIMITS,
    trend=st.sampled_from(["ascending", "descending", "peak", "valley", "none"]),
    fixed=st.sets(st.integers(1, 3), max_size=2),
    candidates=st.none() | st.sets(st.integers(1, 5), min_size=1, max_size=4),
)
def test_the_best_classing_that_keeps_splits_and_limits(
    column: tuple[np.ndarray, np.ndarray],
    own: dict[str, Any],
    trend: str,
    fixed: set[int],
    candidates: set[int] | None,
) -> None:
    x, y = column
    splits: dict[str, Any] = {"fixed_splits": tuple(float(k) for k in fixed)} if fixed else {}
    splits |= {} if candidates is None else {"candidate_splits": tuple(float(k) for k in candidates)}
    asked = spec(own={**own, **splits}, min_share=0.01)
    effective = asked.of("x")
    numbers = np.unique(x[np.isfinite(x) & (x >= 0)])
    bad, count = (np.array([part[x == v].sum() for v in numbers]) for part in (y, np.ones(len(y))))
    totals = (float((y == 0).sum()), float(y.sum()))
    best = enumerate_best(count - bad, bad, totals, trend=trend, must=fixed, may=candidates, own=effective)
    try:
        table = class_numeric("x", x, y, settings=asked, specials=(-9.0,), trend=Trend(trend, "plan"))
    except ModelError:
        assert best == -np.inf
        return
    if best == -np.inf:  # one bin of everything, although too thin: told
        assert edges_of(table) == []
        assert table.solver_status.startswith("one bin: no classing keeps")
        return
    assert value_of(table) == pytest.approx(best, abs=1e-12)
    assert fixed <= set(edges_of(table))
    assert candidates is None or set(edges_of(table)) <= candidates | fixed
    good, bads = ordinary(table)
    assert trend_holds(bads / (good + bads), trend)


def test_splits_that_are_fixed_and_no_others_are_the_bins() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=4000)
    y = (rng.random(4000) < 1 / (1 + np.exp(1 - x))).astype(float)
    cuts = (-1.0, 0.25, 1.5)
    table = class_numeric("x", x, y, settings=spec(own={"fixed_splits": cuts, "candidate_splits": cuts}))
    assert edges_of(table) == list(cuts)
    more = class_numeric("x", x, y, settings=spec(own={"fixed_splits": cuts}))
    assert set(cuts) < set(edges_of(more))
    assert more.information_value >= table.information_value


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"fixed_splits": (-1.0, 0.0, 1.0), "max_bins": 3}, ["fixed_splits -1, 0, 1", "max_bins 3", "max_bins 4"]),
        ({"fixed_splits": (-2.9,)}, ["fixed_splits -2.9", "min_share 0.05"]),
        ({"fixed_splits": (0.0,), "min_bads": 1e6}, ["min_bads 1e+06"]),
        ({"max_share": 0.2, "max_bins": 3}, ["max_share 0.2", "max_bins 3"]),
        ({"min_bins": 4, "min_rate_difference": 0.4}, ["min_bins 4", "min_rate_difference 0.4"]),
    ],
)
def test_conflicts_are_told_by_the_names_of_the_plan(own: dict[str, Any], words: list[str]) -> None:
    rng = np.random.default_rng(3)
    x = np.clip(rng.normal(size=3000), -3, 3)
    y = (rng.random(3000) < 1 / (1 + np.exp(1 - x))).astype(float)
    with pytest.raises(ModelError) as caught:
        class_numeric("x", x, y, settings=spec(own=own))
    (fault,) = caught.value.faults
    assert fault.code == "infeasible"
    assert "what would do" in fault.message
    for word in words:
        assert word in fault.message, fault.message


@pytest.mark.parametrize("engine", ["exact", "optbinning"])
@pytest.mark.parametrize("splits", [(99.0,), (-99.0,), (0.1, 0.2)])
def test_a_fixed_split_without_rows_beside_it_is_refused(engine: Any, splits: tuple[float, ...]) -> None:
    x, y = np.repeat([0.0, 1.0], 200), np.tile([0.0, 1.0, 0.0], 400)[:400]
    with pytest.raises(ModelError, match="would hold no rows; ordinary values run from 0 to 1") as caught:
        class_numeric("x", x, y, settings=spec(own={"fixed_splits": splits}, engine=engine))
    assert caught.value.faults[0].path == "classing.characteristics.x.fixed_splits"


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"groups": (("a",),)}, "is numeric and has no categories to group"),
        ({"fixed_splits": ("a",)}, "its splits are numbers"),
        ({"unseen": "worst"}, "unseen has no effect"),
        ({"rare_share": 0.1}, "rare_share has no effect"),
    ],
)
def test_what_does_not_fit_numbers_is_refused(own: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        class_numeric("x", np.arange(10.0), np.tile([0.0, 1.0], 5), settings=spec(own=own))


# --- ordered categories -----------------------------------------------------------------------------------------------


def rated(cells: list[tuple[int, int]], order: tuple[str, ...] = ORDER) -> tuple[np.ndarray, np.ndarray]:
    values = [text for text, (g, b) in zip(order, cells, strict=True) for _ in range(g + b)] + [None] * 3 + ["?"] * 3
    outcome = [v for g, b in cells for v in [0.0] * g + [1.0] * b] + [0.0, 0.0, 1.0] * 2
    return np.array(values, object), np.array(outcome)


CELLS = st.lists(st.tuples(st.integers(1, 40), st.integers(1, 25)), min_size=5, max_size=5)


@settings(max_examples=80)
@given(
    cells=CELLS,
    own=LIMITS,
    trend=st.sampled_from(["ascending", "descending", "peak", "valley", "none"]),
    fixed=st.sets(st.integers(1, 4), max_size=1),
)
def test_ordered_categories_share_bins_with_neighbours_only(
    cells: list[tuple[int, int]], own: dict[str, Any], trend: str, fixed: set[int]
) -> None:
    values, y = rated(cells)
    splits = {"fixed_splits": tuple(ORDER[k] for k in fixed)} if fixed else {}
    asked = spec("c", own={**own, **splits}, min_share=0.01)
    good, bad = (np.array(side, float) for side in zip(*cells, strict=True))
    totals = (float((y == 0).sum()), float(y.sum()))
    best = enumerate_best(good, bad, totals, trend=trend, must=fixed, own=asked.of("c"))
    options: dict[str, Any] = {"specials": ("?",), "order": ORDER, "trend": Trend(trend, "plan")}
    try:
        table = class_categorical("c", values, y, settings=asked, **options)
    except ModelError:
        assert best == -np.inf
        return
    listed = [b.values for b in table.bins if b.kind == "categories"]
    assert tuple(text for group in listed for text in group) == ORDER
    if best == -np.inf:
        assert len(listed) == 1
        return
    assert value_of(table) == pytest.approx(best, abs=1e-12)
    assert table.keeps_trend()
    assert {ORDER[k] for k in fixed} <= {group[0] for group in listed}


def test_categories_without_rows_stand_in_their_order() -> None:
    values, y = rated([(30, 5), (0, 0), (30, 10), (0, 0), (30, 25)])
    table = class_categorical("c", values, y, settings=ClassingSpec(), specials=("?",), order=ORDER)
    assert [b.values for b in table.bins if b.values] == [("low", "medium"), ("high", "very high"), ("extreme",)]
    split = class_categorical(
        "c", values, y, settings=spec("c", {"fixed_splits": ("medium",)}), specials=("?",), order=ORDER
    )
    assert split.bins[1].values == ("medium", "high", "very high")
    assert split.order == ORDER
    known = table.assign(np.array(["very high", "?", "unheard of"], object))
    assert [table.bins[k].kind for k in known] == ["categories", "special", "unseen"]


def test_undeclared_trend_of_ordered_categories_is_mined() -> None:
    values, y = rated([(40, 2), (40, 6), (40, 12), (40, 20), (40, 30)])
    table = class_categorical("c", values, y, settings=ClassingSpec(), specials=("?",), order=ORDER)
    assert (table.trend, table.trend_source) == ("ascending", "mined")
    against = class_categorical(
        "c", values, y, settings=ClassingSpec(), specials=("?",), order=ORDER, trend=Trend("descending", "plan")
    )
    assert sum(b.kind == "categories" for b in against.bins) == 1


@pytest.mark.parametrize(
    ("own", "order", "path", "words"),
    [
        ({}, ("low", "high"), "data.columns.c.order", "'extreme', 'medium', 'very high'"),
        ({"groups": (("low",),)}, ORDER, "classing.characteristics.c.groups", "has|have an order"),
        ({"rare_share": 0.1}, ORDER, "classing.characteristics.c.rare_share", "are not pooled"),
        ({"unseen": "rare"}, ORDER, "classing.characteristics.c.unseen", "are not pooled"),
        ({"fixed_splits": ("huge",)}, ORDER, "classing.characteristics.c.fixed_splits", "huge"),
        ({"fixed_splits": ("low",)}, ORDER, "classing.characteristics.c.fixed_splits", "would hold no rows"),
        ({"fixed_splits": ("medium",)}, (), "classing.characteristics.c.fixed_splits", "no order"),
    ],
)
def test_orders_and_splits_that_do_not_fit_are_refused(
    own: dict[str, Any], order: tuple[str, ...], path: str, words: str
) -> None:
    values, y = rated([(30, 5), (30, 7), (30, 10), (30, 15), (30, 25)])
    with pytest.raises(ModelError, match=words) as caught:
        class_categorical("c", values, y, settings=spec("c", own), specials=("?",), order=order)
    assert caught.value.faults[0].path == path


def test_a_trend_without_an_order_is_refused() -> None:
    values, y = rated([(30, 5), (30, 7), (30, 10), (30, 15), (30, 25)])
    with pytest.raises(ModelError, match="whose categories have no order"):
        class_categorical("c", values, y, settings=ClassingSpec(), trend=Trend("ascending", "plan"))


def test_manual_changes_keep_the_declared_order() -> None:
    values, y = rated([(40, 2), (40, 6), (40, 12), (40, 20), (40, 30)])
    table = class_categorical("c", values, y, settings=ClassingSpec(), specials=("?",), order=ORDER)
    by = {"characteristic": "c", "reason": "policy", "author": "A. Risk"}

    def changed(*overrides: Any) -> BinningTable:
        return apply_overrides(table, overrides, values, y, np.ones(len(y)), settings=ClassingSpec()).table

    merged = changed(Merge(operation="merge", categories=("high", "very high"), **by))
    assert ("high", "very high") in [b.values for b in merged.bins]
    again = changed(
        Merge(operation="merge", categories=("high", "very high"), **by),
        Split(operation="split", categories=("very high",), **by),
    )
    assert again.bins == table.bins
    with pytest.raises(ModelError, match="no neighbours"):
        changed(Merge(operation="merge", categories=("low", "extreme"), **by))


# --- groups -----------------------------------------------------------------------------------------------------------


def lettered(cells: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    return rated(cells, ("a", "b", "c", "d", "e"))


@settings(max_examples=60)
@given(cells=CELLS, kept=st.sets(st.sampled_from("abc"), min_size=2), alone=st.sampled_from(["d", "de", None]))
def test_groups_stay_together_and_fixed_ones_stay_as_they_are(
    cells: list[tuple[int, int]], kept: set[str], alone: str | None
) -> None:
    values, y = lettered(cells)
    own: dict[str, Any] = {"groups": (tuple(sorted(kept)),)} | ({"fixed_groups": (tuple(alone),)} if alone else {})
    asked = spec("c", own, min_share=0.001, rare_share=0.0)
    table = class_categorical("c", values, y, settings=asked, specials=("?",))
    listed = [set(b.values) for b in table.bins if b.values]
    assert sorted(text for group in listed for text in group) == list("abcde")
    assert [group for group in listed if kept <= group]
    if alone:
        assert set(alone) in listed
    held = {text: np.array(cell, float) for text, cell in zip("abcde", cells, strict=True)}
    units = [kept, *({text} for text in "abcde" if text not in kept and text not in (alone or ""))]
    sums = sorted((sum(held[t] for t in unit) for unit in units), key=lambda cell: cell[1] / cell.sum())
    good, bad = (np.array([cell[k] for cell in sums]) for k in (0, 1))
    totals = (float((y == 0).sum()), float(y.sum()))
    fewer = asked.of("c").model_copy(update={"max_bins": 6 - (1 if alone else 0)})
    best = enumerate_best(good, bad, totals, trend="ascending", own=fewer)
    if alone:
        g, b = sum(held[t] for t in alone)
        best += (g / totals[0] - b / totals[1]) * np.log((g / totals[0]) / (b / totals[1]))
    assert value_of(table) == pytest.approx(best, abs=1e-12)


def test_a_group_may_name_categories_to_come() -> None:
    values, y = lettered([(30, 5), (30, 7), (30, 10), (30, 15), (30, 25)])
    table = class_categorical("c", values, y, settings=spec("c", {"fixed_groups": (("a", "z"),)}), specials=("?",))
    assert ("a", "z") in [b.values for b in table.bins]
    assert table.bins[table.assign(np.array(["z"], object))[0]].values == ("a", "z")


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"groups": (("x", "z"),)}, "no development rows"),
        ({"fixed_groups": (("a", "?"),)}, "holds a special code"),
        ({"fixed_groups": (("a",), ("b",)), "max_bins": 2}, r"fixed_groups with max_bins 2 \(2 groups beside other"),
        ({"fixed_groups": (("a",),), "min_share": 0.3}, r"fixed_groups with min_share 0.3 .* \(a group has 35\)"),
        ({"fixed_groups": (("a",),), "min_bads": 9.0}, r"fixed_groups with min_bads 9 \(a group has 5\)"),
        ({"fixed_groups": (("a",),), "max_share": 0.1}, r"fixed_groups with max_share 0.1"),
        ({"candidate_splits": ("a",)}, "nothing to split"),
    ],
)
def test_groups_that_cannot_be_kept_are_told(own: dict[str, Any], words: str) -> None:
    values, y = lettered([(30, 5), (30, 7), (30, 10), (30, 15), (30, 25)])
    with pytest.raises(ModelError, match=words):
        class_categorical("c", values, y, settings=spec("c", own), specials=("?",))


# --- settings of single characteristics -------------------------------------------------------------------------------


@settings(max_examples=40)
@given(column=columns(), other=columns(), own=LIMITS)
def test_settings_of_one_characteristic_are_those_of_a_classing_of_it_alone(
    column: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray], own: dict[str, Any]
) -> None:
    n = min(len(column[0]), len(other[0]))
    rng = np.random.default_rng(n)
    order = rng.permutation(len(column[0]))[:n]
    x, y = column[0][order], column[1][order]
    if len(set(y.tolist())) < 2:
        return
    frame = pd.DataFrame({"x": x, "z": other[0][:n]})
    general = {"max_bins": 4, "min_share": 0.02}

    def classed(asked: ClassingSpec, names: list[str]) -> dict[str, BinningTable] | list[str]:
        try:
            return class_frame(frame[names], y, settings=asked, specials=dict.fromkeys(names, (-9.0,)))
        except ModelError as error:
            return [fault.message for fault in error.faults]

    together = classed(spec(own=own, **general), ["x", "z"])
    alone = classed(ClassingSpec(**{**general, **own}), ["x"])
    untouched = classed(ClassingSpec(**general), ["z"])
    if isinstance(together, list) or isinstance(alone, list) or isinstance(untouched, list):
        told = [*(alone if isinstance(alone, list) else []), *(untouched if isinstance(untouched, list) else [])]
        assert together == told
        return
    for name, single in (("x", alone), ("z", untouched)):
        assert together[name].bins == single[name].bins
        np.testing.assert_array_equal(together[name].result.woe, single[name].result.woe)


def test_all_characteristics_that_cannot_be_classed_are_told_at_once() -> None:
    frame = pd.DataFrame({"a": np.arange(100.0) % 5, "b": np.arange(100.0) % 7, "c": ["u", "v"] * 50})
    y = np.tile([0.0, 1.0, 0.0, 0.0], 25)
    own = {"a": CharacteristicSpec(fixed_splits=(77.0,)), "b": CharacteristicSpec(min_bins=6, max_share=0.1)}
    with pytest.raises(ModelError) as caught:
        class_frame(frame, y, settings=ClassingSpec(characteristics=own))
    assert [fault.code for fault in caught.value.faults] == ["fixed_split", "infeasible"]


# --- the second engine ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("trend", ["ascending", "peak", "none"])
def test_optbinning_keeps_what_the_plan_asks(seed: int, trend: str) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 9, 3000).astype(float)
    risk = 0.15 + 0.03 * (x if trend != "peak" else 4 - np.abs(x - 4))
    y = (rng.random(3000) < risk).astype(float)
    own = [
        {"min_bads": 120.0, "max_bins": 4},
        {"max_share": 0.4, "min_goods": 200.0},
        {"fixed_splits": (4.0,), "min_bins": 3},
        {"candidate_splits": (2.0, 5.0, 7.0), "min_rate_difference": 0.02},
    ][seed % 4]
    asked = spec(own=own, engine="optbinning", min_share=0.02)
    table = class_numeric("x", x, y, settings=asked, trend=Trend(trend, "plan"))
    effective = asked.of("x")
    good, bad = ordinary(table)
    count = good + bad
    assert trend_holds(bad / count, trend)
    assert effective.min_bins <= len(count) <= effective.max_bins
    assert (count <= effective.max_share * 3000).all()
    assert (bad >= effective.min_bads).all()
    assert (good >= effective.min_goods).all()
    assert (np.abs(np.diff(bad / count)) >= effective.min_rate_difference).all()
    assert set(own.get("fixed_splits", ())) <= set(edges_of(table))
    assert set(edges_of(table)) <= set(own.get("candidate_splits", range(9)))
    exact = class_numeric("x", x, y, settings=asked.model_copy(update={"engine": "exact"}), trend=Trend(trend, "plan"))
    assert value_of(exact) >= value_of(table) - 1e-12


@pytest.mark.parametrize(
    "own",
    [
        {"min_bads": 400.0, "min_bins": 5},
        {"max_share": 0.1, "max_bins": 3},
        {"fixed_splits": (1.0, 2.0), "max_bins": 2},
    ],
)
def test_optbinning_says_where_it_finds_nothing(own: dict[str, Any]) -> None:
    rng = np.random.default_rng(1)
    x = rng.integers(0, 9, 3000).astype(float)
    y = (rng.random(3000) < 0.2 + 0.03 * x).astype(float)
    with pytest.raises(ModelError, match="no merge of neighbours keeps the limits") as caught:
        class_numeric("x", x, y, settings=spec(own=own, engine="optbinning"))
    assert caught.value.faults[0].code == "infeasible"


def test_optbinning_classes_ordered_categories() -> None:
    values, y = rated([(400, 20), (400, 60), (400, 120), (400, 200), (400, 300)])
    table = class_categorical(
        "c",
        values,
        y,
        settings=spec("c", {"fixed_splits": ("high",)}, engine="optbinning"),
        specials=("?",),
        order=ORDER,
    )
    assert "high" in [b.values[0] for b in table.bins if b.values]
    assert weight_of_evidence(table.good, table.bad).total == table.information_value
