"""Frames of pandas, polars and Arrow: one classing from all of them, the same kind out, one error for all columns."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from credit_risk._core.errors import IntakeError
from credit_risk.binning.frames import FrameError, columns_of
from credit_risk.binning.transformers import Binner, WoeTransformer

ROWS = 600
Make = Callable[[dict[str, list[Any]]], Any]


@pytest.fixture(scope="module")
def values() -> dict[str, list[Any]]:
    """Numbers, whole numbers, truth values and text, each with None for missing."""
    rng = np.random.default_rng(7)
    absent = rng.random((4, ROWS)) < 0.1
    columns = {
        "x": [float(v) for v in rng.normal(size=ROWS)],
        "k": [int(v) for v in rng.integers(0, 30, ROWS)],
        "b": [bool(v) for v in rng.random(ROWS) < 0.4],
        "c": [str(v) for v in rng.choice(["one", "two", "three"], ROWS)],
    }
    return {
        name: [None if gone else v for v, gone in zip(column, absent[i], strict=True)]
        for i, (name, column) in enumerate(columns.items())
    }


@pytest.fixture(scope="module")
def outcome(values: dict[str, list[Any]]) -> np.ndarray:
    rng = np.random.default_rng(8)
    risk = np.array([(v or 0.0) + (0.8 if c == "two" else 0.0) for v, c in zip(values["x"], values["c"], strict=True)])
    return (rng.random(ROWS) < 1 / (1 + np.exp(1 - risk))).astype(int)


@pytest.fixture(scope="module")
def reference(values: dict[str, list[Any]], outcome: np.ndarray) -> np.ndarray:
    """Weights of evidence from plain columns of doubles and of text: what every other kind must give."""
    plain = {n: np.array([np.nan if v is None else float(v) for v in values[n]]) for n in ("x", "k", "b")}
    frame = pd.DataFrame({**plain, "c": pd.Series(values["c"], dtype=object)})
    return WoeTransformer().fit(frame, outcome).transform(frame).to_numpy()


def pandas_of(**dtypes: Any) -> Make:
    def make(columns: dict[str, list[Any]]) -> pd.DataFrame:
        index = pd.Index(range(100, 100 + ROWS), name="applicant")
        return pd.DataFrame({n: pd.Series(c, index=index, dtype=dtypes[n]) for n, c in columns.items()})

    return make


def polars_of(**dtypes: Any) -> Make:
    return lambda columns: pl.DataFrame({n: pl.Series(n, c, dtype=dtypes[n]) for n, c in columns.items()})


def arrow_of(**types: Any) -> Make:
    return lambda columns: pa.table({n: pa.array(c, types[n]) for n, c in columns.items()})


def in_chunks(columns: dict[str, list[Any]]) -> pa.Table:
    """A table of two chunks whose categories have dictionaries of their own."""
    halves = [pa.table({n: c[a:b] for n, c in columns.items()}) for a, b in ((0, 250), (250, ROWS))]
    encoded = [half.set_column(3, "c", half.column("c").dictionary_encode()) for half in halves]
    return pa.concat_tables(encoded)


LEVELS = ["three", "two", "one"]
KINDS: dict[str, Make] = {
    "pandas-object": pandas_of(x=object, k=object, b=object, c=object),
    "pandas-str": pandas_of(x="float64", k="float64", b="boolean", c="str"),
    "pandas-nullable": pandas_of(x="Float64", k="Int32", b="boolean", c="string"),
    "pandas-arrow": pandas_of(x="double[pyarrow]", k="int16[pyarrow]", b="bool[pyarrow]", c="string[pyarrow]"),
    "pandas-categories": pandas_of(x="Float64", k="Int64", b="boolean", c="category"),
    "pandas-ordered": pandas_of(x="Float64", k="Int64", b="boolean", c=pd.CategoricalDtype(LEVELS, ordered=True)),
    "polars-string": polars_of(x=pl.Float64, k=pl.Int64, b=pl.Boolean, c=pl.String),
    "polars-categorical": polars_of(x=pl.Float64, k=pl.UInt8, b=pl.Boolean, c=pl.Categorical),
    "polars-enum": polars_of(x=pl.Float64, k=pl.Int16, b=pl.Boolean, c=pl.Enum(LEVELS)),
    "arrow": arrow_of(x=pa.float64(), k=pa.int32(), b=pa.bool_(), c=pa.large_string()),
    "arrow-view": arrow_of(x=pa.float64(), k=pa.uint8(), b=pa.bool_(), c=pa.string_view()),
    "arrow-chunks": in_chunks,
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_the_same_and_comes_out_as_it_went_in(
    kind: str, values: dict[str, list[Any]], outcome: np.ndarray, reference: np.ndarray
) -> None:
    frame = KINDS[kind](values)
    transformer = WoeTransformer().fit(frame, outcome)
    woe = transformer.transform(frame)
    assert type(woe) is type(frame)
    assert list(woe.columns if kind[:5] != "arrow" else woe.column_names) == ["x", "k", "b", "c"]
    assert list(transformer.feature_names_in_) == ["x", "k", "b", "c"]
    found = woe.to_pandas().to_numpy() if kind.startswith("arrow") else woe.to_numpy()
    assert_array_equal(found, reference)
    if isinstance(frame, pd.DataFrame):
        pd.testing.assert_index_equal(woe.index, frame.index)


def test_arrays_stay_arrays(values: dict[str, list[Any]], outcome: np.ndarray, reference: np.ndarray) -> None:
    table = np.array([list(row) for row in zip(*values.values(), strict=True)], dtype=object)
    woe = WoeTransformer().fit(table, outcome).transform(table)
    assert type(woe) is np.ndarray
    assert_array_equal(woe, reference)
    assert type(Binner().fit(table, outcome).transform(table.tolist())) is np.ndarray


def test_set_output_and_the_global_setting_override(values: dict[str, list[Any]], outcome: np.ndarray) -> None:
    pandas, polars = KINDS["pandas-str"](values), KINDS["polars-enum"](values)
    fitted = WoeTransformer().set_output(transform="pandas").fit(polars, outcome)
    assert type(fitted.transform(polars)) is pd.DataFrame
    pd.testing.assert_index_equal(fitted.transform(pandas).index, pandas.index)
    fitted.set_output(transform="polars")
    assert type(fitted.transform(pandas)) is pl.DataFrame
    fitted.set_output(transform="default")
    assert type(fitted.transform(pandas)) is pd.DataFrame
    with config_context(transform_output="polars"):
        assert type(WoeTransformer().fit_transform(pandas, outcome)) is pl.DataFrame


@pytest.mark.parametrize("kind", ["pandas-categories", "polars-categorical", "arrow"])
def test_pipelines_and_column_transformers(kind: str, values: dict[str, list[Any]], outcome: np.ndarray) -> None:
    frame = KINDS[kind](values)
    model = make_pipeline(WoeTransformer(), LogisticRegression()).fit(frame, outcome)
    assert list(model[-1].feature_names_in_) == ["x", "k", "b", "c"]
    assert model.predict_proba(frame).shape == (ROWS, 2)
    if kind != "arrow":  # scikit-learn's own ColumnTransformer chooses columns of pandas and polars
        part = make_column_transformer((WoeTransformer(), ["x", "c"])).fit_transform(frame, outcome)
        assert_array_equal(part, WoeTransformer().fit_transform(frame, outcome).to_numpy()[:, [0, 3]])


def test_decimals_null_columns_and_numbers_as_categories(outcome: np.ndarray) -> None:
    rng = np.random.default_rng(9)
    cents = [Decimal(int(v)) / 100 for v in rng.integers(0, 5000, ROWS)]
    codes = [int(v) for v in rng.integers(1, 4, ROWS)]
    polars = pl.DataFrame(
        {"amount": pl.Series(cents, dtype=pl.Decimal(10, 2)), "none": pl.Series([None] * ROWS, dtype=pl.Null)}
    )
    pandas = pd.DataFrame(
        {
            "amount": pd.Series(cents, dtype=object),
            "none": pd.Series([pd.NA] * ROWS, dtype=object),
            "code": pd.Categorical(codes),
        }
    )
    plain = columns_of(pandas, list(pandas.columns))
    assert_array_equal(plain["amount"], [float(v) for v in cents])
    assert_array_equal(columns_of(polars, list(polars.columns))["amount"], plain["amount"])
    assert plain["none"].isna().all()
    assert plain["none"].dtype == np.float64
    assert list(plain["code"]) == [str(v) for v in codes]
    assert Binner().fit(pandas, outcome).tables_["code"].kind == "categorical"


@pytest.mark.parametrize("empty", [np.nan, None, pd.NA])
def test_a_column_without_any_value_fits_either_type(
    empty: Any, values: dict[str, list[Any]], outcome: np.ndarray
) -> None:
    frame = KINDS["pandas-str"](values)
    transformer = Binner().fit(frame, outcome)
    batch = pd.DataFrame({name: [empty] * 3 for name in frame.columns})
    missing = {n: next(b.id for b in t.bins if b.kind == "missing") for n, t in transformer.tables_.items()}
    assert transformer.transform(batch).iloc[0].to_dict() == missing
    assert transformer.transform(pl.DataFrame({name: [None] * 3 for name in frame.columns})).row(0) == tuple(
        missing.values()
    )


def test_what_cannot_be_taken_is_told_at_once() -> None:
    day = datetime.date(2024, 1, 31)
    frame = pd.DataFrame(
        {
            "fine": [1.0, 2.0],
            "opened": pd.to_datetime(["2024-01-31"] * 2),
            "day": [day, day],
            "month": pd.period_range("2024-01", periods=2, freq="M"),
            "mixed": pd.Series(["a", 1], dtype=object),
            "lists": [[1], [2]],
            "bytes": [b"a", b"b"],
            "waves": [1j, 2j],
            "long": [2**53 + 1, 1],
            "endless": [1.0, np.inf],
        }
    )
    with pytest.raises(FrameError) as caught:
        Binner().fit(frame, [0, 1])
    assert isinstance(caught.value, IntakeError)
    assert isinstance(caught.value, ValueError)
    told = {fault.path: fault for fault in caught.value.faults}
    assert list(told) == [f"column {name!r}" for name in frame.columns if name != "fine"]
    assert all(fault.remedy and fault.found and fault.allowed for fault in caught.value.faults)
    assert "int, str" in str(told["column 'mixed'"].found)
    assert "dates and times" in told["column 'month'"].message


def test_polars_and_arrow_types_that_cannot_be_taken() -> None:
    frame = pl.DataFrame(
        {
            "day": [datetime.date(2024, 1, 31)] * 2,
            "span": pl.Series([1, 2]).cast(pl.Duration),
            "lists": [[1], [2]],
            "things": pl.Series([object(), object()], dtype=pl.Object),
            "wide": pl.Series([1, 2], dtype=pl.Int128),
            "bytes": [b"a", b"b"],
        }
    )
    for given in (frame, frame.select("day", "span", "lists", "bytes").to_arrow()):
        with pytest.raises(FrameError) as caught:
            Binner().fit(given, [0, 1])
        assert len(caught.value.faults) == len(given.columns)


def test_lazy_frames_batches_and_repeated_names_are_refused(values: dict[str, list[Any]]) -> None:
    frame = KINDS["polars-string"](values)
    with pytest.raises(TypeError, match="collect it first"):
        Binner().fit(frame.lazy(), [0, 1])
    with pytest.raises(TypeError, match=r"Table\.from_batches"):
        Binner().fit(frame.to_arrow().to_batches()[0], [0, 1])
    with pytest.raises(ValueError, match="unique column names"):
        Binner().fit(pd.DataFrame([[1.0, 2.0]] * 4, columns=["x", "x"]), [0, 1, 0, 1])
    with pytest.raises(ValueError, match="0 sample"):
        Binner().fit(frame[:0], [])


def test_other_types_than_in_fit_are_named(values: dict[str, list[Any]], outcome: np.ndarray) -> None:
    frame = KINDS["polars-string"](values)
    transformer = Binner().fit(frame, outcome)
    with pytest.raises(ValueError, match=r"'x' \(text, in fit numeric\), 'c' \(numeric, in fit text\)"):
        transformer.transform(frame.with_columns(x=pl.col("c"), c=pl.col("x")))


@pytest.mark.parametrize("y", [[0, 1, None], pd.array([0, 1, pd.NA], dtype="Int64"), [0.0, 1.0, np.nan]])
def test_an_outcome_with_missing_values_is_refused(y: Any) -> None:
    with pytest.raises(ValueError, match="1 rows have no outcome"):
        Binner().fit(pd.DataFrame({"x": [1.0, 2.0, 3.0]}), y)


def test_fit_leaves_the_frame_as_it_was(values: dict[str, list[Any]], outcome: np.ndarray) -> None:
    frame = KINDS["pandas-object"](values)
    before = frame.copy(deep=True)
    Binner().fit(frame, outcome).transform(frame)
    pd.testing.assert_frame_equal(frame, before)
