"""What a table may hold, and how all that is wrong is told at once."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from credit_risk._core.errors import ScoringError
from credit_risk.scoring.inputs import read_inputs
from credit_risk.scoring.steps import text_of_number

NUMBER = [{"name": "x", "type": "number"}]
TEXT = [{"name": "x", "type": "string"}]


def read(declared: list[dict[str, str]], values: Any) -> list[Any]:
    column = read_inputs(declared, values if isinstance(values, (pd.DataFrame, pa.Table)) else {"x": values})["x"]
    assert column.missing.tolist() == [v is None or v != v for v in column.array().tolist()]
    return [None if v is None or v != v else v for v in column.array().tolist()]


@pytest.mark.parametrize(
    "values",
    [
        [1, 2],
        np.array([1.0, 2.0], dtype=np.float32),
        pd.array([1, 2], dtype="Int64"),
        pd.Series([1, 2], dtype="category"),
        pd.Series([1, np.float64(2)], dtype=object),
        np.array([1, 2], dtype=np.uint8),
    ],
)
def test_numbers_of_any_dtype(values: Any) -> None:
    assert read(NUMBER, values) == [1.0, 2.0]


@pytest.mark.parametrize(
    "values",
    [
        [1.5, np.nan],
        pd.array([1.5, None], dtype="Float64"),
        pd.Series([1.5, pd.NA], dtype=object),
        pd.Series([1.5, None], dtype=object),
        pd.Series([np.float32(1.5), np.float32("nan")], dtype=object),
    ],
)
def test_missing_numbers(values: Any) -> None:
    assert read(NUMBER, values) == [1.5, None]
    assert read(TEXT, values) == ["1.5", None]


def test_all_missing_and_empty_tables() -> None:
    assert read(NUMBER, pd.Series([None, None], dtype=object)) == [None, None]
    assert read(TEXT, [np.nan, np.nan]) == [None, None]
    assert read(NUMBER, []) == []


@pytest.mark.parametrize(
    "values",
    [["a", "", None], pd.Series(["a", "", None], dtype="category"), pd.Series(["a", "", None], dtype="string"),
     pd.Series(["a", "", None], dtype=object)],
)  # fmt: skip
def test_text_of_any_dtype_where_the_empty_string_is_missing(values: Any) -> None:
    assert read(TEXT, values) == ["a", None, None]


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1"), (1, "1"), (-7.0, "-7"), (0.1, "0.1"), (-0.0, "0"), (1e16, "10000000000000000"), (2.5e-7, "2.5e-07")],
)
def test_numbers_read_as_codes(value: float, text: str) -> None:
    assert text_of_number(value) == text
    assert read(TEXT, [value]) == [text]


def test_arrow_tables_and_extra_columns() -> None:
    frame = pa.table({"x": pa.array([1, None], pa.int64()), "other": ["p", "q"]})
    assert read(NUMBER, frame) == [1.0, None]
    assert read(TEXT, frame) == ["1", None]


@pytest.mark.parametrize(
    ("declared", "values", "code", "rows"),
    [
        (NUMBER, pd.Series([1, "2", 3, "n/a"], dtype=object), "text_in_number", "2 of 4"),
        (NUMBER, ["1", "2"], "text_in_number", "2 of 2"),
        (NUMBER, [1.0, np.inf, -np.inf], "infinite", "2 of 3"),
        (TEXT, [1.0, np.inf], "infinite", "1 of 2"),
        (NUMBER, [True, False], "wrong_type", "2 of 2"),
        (TEXT, [True, False], "wrong_type", "2 of 2"),
        (NUMBER, pd.to_datetime(["2020-01-01"]), "wrong_type", "1 of 1"),
        (TEXT, pd.Series([datetime.date(2020, 1, 1), "a"], dtype=object), "wrong_type", "1 of 2"),
        (NUMBER, pd.Series([decimal.Decimal("0.1")], dtype=object), "wrong_type", "1 of 1"),
        (NUMBER, [2**53 + 1, 1], "integer_too_great", "1 of 2"),
        (NUMBER, pd.array([-(2**60), None], dtype="Int64"), "integer_too_great", "1 of 2"),
        (NUMBER, pd.Series([2**70, 1], dtype=object), "integer_too_great", "1 of 2"),
        (NUMBER, np.array([2**64 - 1], dtype=np.uint64), "integer_too_great", "1 of 1"),
    ],
)
def test_what_is_refused(declared: list[dict[str, str]], values: Any, code: str, rows: str) -> None:
    with pytest.raises(ScoringError) as caught:
        read(declared, values)
    (fault,) = caught.value.faults
    assert (fault.code, fault.path) == (code, "x")
    assert rows in fault.message
    assert fault.remedy
    assert f"row {fault.row}:" in fault.found


def test_all_faults_at_once() -> None:
    declared = [{"name": n, "type": "number"} for n in ("Age", "income", "debt", "rate", "ok")]
    frame = pd.DataFrame([[30, "a", 1.0, 2.0, 0.0]], columns=["age", "income", "debt", "debt", "ok"])
    with pytest.raises(ScoringError) as caught:
        read_inputs(declared, frame)
    told = [(fault.path, fault.code) for fault in caught.value.faults]
    assert told == [
        ("Age", "column_absent"),
        ("income", "text_in_number"),
        ("debt", "column_twice"),
        ("rate", "column_absent"),
    ]
    assert "'age'" in caught.value.faults[0].remedy
    assert str(caught.value).startswith("scoring refused: 4 faults")


def test_what_is_not_a_table() -> None:
    with pytest.raises(ScoringError, match="not a table"):
        read_inputs(NUMBER, [1, 2, 3])


def test_the_callers_table_is_not_changed() -> None:
    frame = pd.DataFrame({"x": pd.Series([1, "", None], dtype=object)})
    before = frame.copy(deep=True)
    read_inputs(TEXT, frame)
    pd.testing.assert_frame_equal(frame, before)
