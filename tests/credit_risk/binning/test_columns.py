"""Counts of bins from a sorted column or the categories, against every row scored by the authority."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk._core.errors import ModelError
from credit_risk.binning.classing import class_categorical, class_frame, class_numeric
from credit_risk.binning.columns import numeric_column, outcome_rows
from credit_risk.binning.prebins import gini_of_classes
from credit_risk.binning.spec import ClassingSpec
from credit_risk.binning.table import BinningTable
from credit_risk.evaluation.area_under_curve import auc

CODES = (-9.0, 0.5, 77.0)
NUMBERS = st.one_of(
    st.sampled_from([-9.0, 0.5, 0.0, -0.0, 1.0, 2.0, np.nan, np.nextafter(0.5, 1), 1e300, 5e-324]),
    st.floats(-3, 3).map(lambda v: round(v, 1)),
)
WORDS = st.sampled_from(["a", "b", "c", "d, e", "é", "special", "", None])


def rows_of(data: st.DataObject, n: int) -> tuple[np.ndarray, np.ndarray | None]:
    y = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)), float)
    y[:2] = 0.0, 1.0
    weights = data.draw(st.none() | st.lists(st.floats(0.01, 50), min_size=n, max_size=n))
    return y, None if weights is None else np.array(weights)


def assert_counted_as_rows(table: BinningTable, values: Any, y: np.ndarray, weights: np.ndarray | None) -> None:
    """Bit for bit, with weights too: a recount of development must not move a weight of evidence."""
    again = table.recount(values, y, weights)
    for name in ("count", "good", "bad"):
        np.testing.assert_array_equal(getattr(table, name), getattr(again, name))
    np.testing.assert_array_equal(table.result.woe, again.result.woe)
    assert table.result.rule == again.result.rule
    assert table.count.sum() == pytest.approx(len(y) if weights is None else weights.sum(), rel=1e-12)


@given(st.lists(NUMBERS, min_size=4, max_size=120), st.sampled_from(["exact", "optbinning"]), st.data())
@settings(max_examples=120, deadline=None)
def test_bins_of_numbers_hold_the_rows_that_the_authority_puts_there(
    values: list[float], engine: str, data: st.DataObject
) -> None:
    x = np.array(values)
    y, weights = rows_of(data, len(x))
    plain = engine == "optbinning" and weights is None
    spec = ClassingSpec(engine="optbinning" if plain else "exact", min_share=0.1)
    table = class_numeric("x", x, y, settings=spec, weights=weights, specials=CODES)
    assert_counted_as_rows(table, x, y, weights)


@given(st.lists(WORDS, min_size=4, max_size=120), st.data())
@settings(max_examples=120, deadline=None)
def test_bins_of_categories_hold_the_rows_that_the_authority_puts_there(
    values: list[str | None], data: st.DataObject
) -> None:
    x = np.array(values, object)
    y, weights = rows_of(data, len(x))
    spec = ClassingSpec(min_share=0.1, rare_share=0.1)
    table = class_categorical("c", x, y, settings=spec, weights=weights, specials=("special", "never"))
    assert_counted_as_rows(table, x, y, weights)


@given(st.lists(NUMBERS, min_size=1, max_size=60), st.booleans(), st.integers(0, 2**32 - 1))
@settings(max_examples=120, deadline=None)
def test_a_column_is_parted_into_ordinary_values_and_those_apart(values: list[float], plain: bool, seed: int) -> None:
    x, rng = np.array(values), np.random.default_rng(seed)
    y = rng.integers(0, 2, len(x)).astype(float)
    w = None if plain else rng.uniform(0.1, 2, len(x))
    rows = outcome_rows(y, w)
    column = numeric_column(x, rows, CODES)
    ordinary = np.isfinite(x) & ~np.isin(x, CODES)
    weight = np.ones(len(x)) if w is None else w
    if ordinary.any():
        assert column.ordinary is not None
        np.testing.assert_array_equal(column.ordinary.values, np.sort(x[ordinary]))
        np.testing.assert_array_equal(column.ordinary.bads, np.sort(x[ordinary & (y == 1)]))
        good, bad = column.ordinary.counts(np.empty(0))
        assert good[0] == pytest.approx(weight[ordinary & (y == 0)].sum())
        assert bad[0] == pytest.approx(weight[ordinary & (y == 1)].sum())
        kish = weight[ordinary].sum() / (weight[ordinary] ** 2).sum()
        assert column.test_scale == pytest.approx(kish)
    else:
        assert column.ordinary is None
    for value, good_there, bad_there in zip(column.apart.values, column.apart.good, column.apart.bad, strict=True):
        there = np.isnan(x) if np.isnan(value) else x == value
        assert there.any()
        assert good_there == pytest.approx(weight[there & (y == 0)].sum())
        assert bad_there == pytest.approx(weight[there & (y == 1)].sum())


def test_the_kind_of_column_does_not_matter() -> None:
    """Text as objects, as pandas' own text, backed by Arrow, as categories; numbers as integers that may be missing."""
    rng = np.random.default_rng(4)
    n = 3000
    words = rng.choice(["low", "mid", "high", "Höhe"], n).astype(object)
    words[rng.random(n) < 0.1] = None
    y = (rng.random(n) < np.where(words == "low", 0.4, 0.1)).astype(float)
    numbers = pd.Series(rng.integers(0, 40, n)).astype("Int64")
    numbers[rng.random(n) < 0.1] = pd.NA
    frame = pd.DataFrame({"object": pd.Series(words, dtype=object), "number": numbers})
    frame["float"] = numbers.to_numpy(np.float64, na_value=np.nan)
    for dtype in ("str", "string[pyarrow]", "string[python]", "category"):
        frame[dtype] = pd.Series(words, dtype=object).astype(dtype)
    tables = class_frame(frame, y, settings=ClassingSpec())
    assert_counted_as_rows(tables["object"], words, y, None)
    assert tables["object"].share_of("missing") == pytest.approx(np.mean(frame["object"].isna()))
    for name in ("str", "string[pyarrow]", "string[python]", "category"):
        pd.testing.assert_frame_equal(tables[name].frame(), tables["object"].frame())
    pd.testing.assert_frame_equal(tables["number"].frame(), tables["float"].frame())
    assert_counted_as_rows(tables["number"], frame["float"].to_numpy(), y, None)


def test_rows_in_another_order_make_the_same_classing() -> None:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"x": rng.normal(size=4000).round(2), "c": rng.choice(list("abcdef"), 4000)})
    y = (rng.random(4000) < 0.1 + 0.1 * (frame["x"] > 0)).to_numpy(float)
    moved = rng.permutation(4000)
    one = class_frame(frame, y, settings=ClassingSpec())
    two = class_frame(frame.iloc[moved], y[moved], settings=ClassingSpec())
    for name in frame:
        pd.testing.assert_frame_equal(one[name].frame(), two[name].frame())


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (np.array(["a", 1, None], object), "1 (int)"),
        (pd.Series(pd.to_datetime(["2020-01-01", "2020-02-01", None])), "Timestamp"),
        (pd.Series(["a", True, "b"], dtype=object), "True (bool)"),
    ],
)
def test_what_is_no_text_is_told(values: Any, found: str) -> None:
    with pytest.raises(ModelError, match="neither text nor missing") as refusal:
        class_categorical("c", values, np.array([0.0, 1.0, 0.0]), settings=ClassingSpec())
    assert found in str(refusal.value)


@pytest.mark.parametrize(
    ("y", "weights", "message"),
    [
        ([0.0, 2.0], None, "than 0 and 1"),
        ([0.0, np.nan], None, "than 0 and 1"),
        ([0.0, 1.0], [1.0, -1.0], "not negative"),
        ([0.0, 1.0], [1.0], "length"),
        ([0.0, 1.0], [1.0, np.inf], "finite"),
    ],
)
def test_an_outcome_that_is_none_is_refused(y: list[float], weights: list[float] | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        class_frame(pd.DataFrame({"x": [1.0, 2.0]}), np.array(y), settings=ClassingSpec(), weights=weights)  # type: ignore[arg-type]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12))
@settings(max_examples=80, deadline=None)
def test_gini_of_classes_is_that_of_their_rates(counts: list[tuple[int, int]]) -> None:
    good, bad = (np.array(part, float) for part in zip(*counts, strict=True))
    if good.sum() == 0 or bad.sum() == 0:
        assert gini_of_classes(good, bad) == 0.0
        return
    rate = bad / np.maximum(good + bad, 1)
    score = np.repeat(np.r_[rate, rate], np.r_[good, bad].astype(int))
    y = np.repeat([0.0, 1.0], [int(good.sum()), int(bad.sum())])
    assert gini_of_classes(good, bad) == pytest.approx(abs(2 * auc(y, score) - 1), abs=1e-12)
