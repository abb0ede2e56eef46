"""Manual changes: counted anew, reversible, told; what names a bin that is gone is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk._core.errors import ModelError
from credit_risk.binning.classing import class_categorical, class_numeric
from credit_risk.binning.override_spec import FixWoe, Merge, MoveEdge, Split
from credit_risk.binning.overrides import apply_overrides, overrides_frame
from credit_risk.binning.spec import ClassingSpec
from credit_risk.binning.table import BinningTable

BY = {"reason": "policy", "author": "A. Risk"}
Data = tuple[BinningTable, np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def numeric() -> Data:
    rng = np.random.default_rng(6)
    x = np.round(rng.normal(size=5000), 2)
    x[:100] = np.nan
    y = (rng.random(5000) < 1 / (1 + np.exp(1 - np.nan_to_num(x)))).astype(float)
    return class_numeric("x", x, y, settings=ClassingSpec()), x, y


@pytest.fixture(scope="module")
def categorical() -> Data:
    rng = np.random.default_rng(6)
    values = rng.choice(["a", "b", "c", "d"], 4000).astype(object)
    rate = {"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.4}
    y = (rng.random(4000) < [rate[v] for v in values]).astype(float)
    return class_categorical("c", values, y, settings=ClassingSpec()), values, y


def edges(table: BinningTable) -> list[float]:
    return [b.lower for b in table.bins if b.kind == "interval" and b.lower is not None]


def changed(data: Data, *overrides: object) -> BinningTable:
    table, values, y = data
    return apply_overrides(table, overrides, values, y, np.ones(len(y)), settings=ClassingSpec()).table


def test_merge_adds_up_the_two_bins(numeric: Data) -> None:
    table = numeric[0]
    merged = changed(numeric, Merge(characteristic="x", operation="merge", edge=edges(table)[0], **BY))
    assert edges(merged) == edges(table)[1:]
    assert merged.good[0] == table.good[0] + table.good[1]
    assert merged.information_value <= table.information_value + 1e-12


@given(st.floats(-2, 2).map(lambda v: round(v, 3)))
@settings(max_examples=30, deadline=None)
def test_split_and_merge_of_the_same_edge_is_nothing(edge: float) -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=2000)
    y = (rng.random(2000) < 0.3).astype(float)
    data = class_numeric("x", x, y, settings=ClassingSpec()), x, y
    if edge in edges(data[0]):
        return
    there = Split(characteristic="x", operation="split", edge=edge, **BY)
    back = Merge(characteristic="x", operation="merge", edge=edge, **BY)
    again = changed(data, there, back)
    assert again.bins == data[0].bins
    np.testing.assert_array_equal(again.result.woe, data[0].result.woe)


def test_move_edge_counts_anew(numeric: Data) -> None:
    table, x, y = numeric
    first = edges(table)[0]
    moved = changed(numeric, MoveEdge(characteristic="x", operation="move_edge", edge=first, to=first - 0.05, **BY))
    assert moved.bad[0] == np.sum(y[x < first - 0.05])


def test_fixed_woe_stays_through_later_operations(numeric: Data) -> None:
    fix = FixWoe(characteristic="x", operation="fix_woe", bin="missing", woe=-0.3, **BY)
    merge = Merge(characteristic="x", operation="merge", edge=edges(numeric[0])[0], **BY)
    table = changed(numeric, fix, merge)
    missing = next(b.id for b in table.bins if b.kind == "missing")
    assert table.result.woe[missing] == -0.3
    assert table.result.rule[missing] == "fixed"


def test_categories_merge_and_split(categorical: Data) -> None:
    merged = changed(categorical, Merge(characteristic="c", operation="merge", categories=("a", "b"), **BY))
    assert ("a", "b") in [b.values for b in merged.bins]
    split = Split(characteristic="c", operation="split", categories=("b",), **BY)
    both = Merge(characteristic="c", operation="merge", categories=("a", "b"), **BY)
    assert sorted(b.values for b in changed(categorical, both, split).bins if b.values) == [
        ("a",),
        ("b",),
        ("c",),
        ("d",),
    ]


def test_operations_are_told_with_their_cost(numeric: Data) -> None:
    table, x, y = numeric
    merge = Merge(characteristic="x", operation="merge", edge=edges(table)[0], **BY)
    result = apply_overrides(table, [merge], x, y, np.ones(len(y)), settings=ClassingSpec())
    row = overrides_frame(result.rows).iloc[0]
    assert row["information_value_before"] == table.information_value
    assert row["information_value_after"] == result.table.information_value
    assert (row["reason"], row["author"]) == ("policy", "A. Risk")


def test_what_is_no_longer_there_is_refused_all_at_once(numeric: Data) -> None:
    wrong = [
        Merge(characteristic="x", operation="merge", edge=123.0, **BY),
        FixWoe(characteristic="x", operation="fix_woe", bin="special 9", woe=0.0, **BY),
        Split(characteristic="x", operation="split", categories=("a",), **BY),
    ]
    with pytest.raises(ModelError) as caught:
        changed(numeric, *wrong)
    assert len(caught.value.faults) == 3
    assert "there is no edge 123" in str(caught.value)
