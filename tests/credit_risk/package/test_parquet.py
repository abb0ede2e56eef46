"""Deterministic Parquet: bytes, types, nulls and refusals."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk._core.errors import PackageError
from credit_risk.package import table_bytes
from credit_risk.package.parquet import ROW_GROUP_SIZE
from credit_risk.package.table_checks import read_parquet, to_frame

NUMBERS = st.floats(allow_infinity=False)
TEXTS = st.one_of(st.none(), st.text(st.characters(exclude_categories=("Cs",)), max_size=5))


def bits(column: pd.Series) -> list[int]:
    return column.to_numpy(dtype="float64").view(np.uint64).tolist()


@given(st.lists(st.tuples(NUMBERS, st.integers(-(2**63), 2**63 - 1), TEXTS, st.booleans()), max_size=30))
def test_round_trip_keeps_every_bit_and_nan_is_null(rows: list[tuple[float, int, str | None, bool]]):
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    frame = pd.DataFrame(
        {
            "number": pd.Series(columns[0], dtype="float64"),
            "whole": pd.Series(columns[1], dtype="int64"),
            "text": pd.Series(columns[2], dtype="object").astype("str") if rows else pd.Series([], dtype="str"),
            "flag": pd.Series(columns[3], dtype="bool"),
        }
    )
    frame["text"] = pd.Series(columns[2], dtype="str")
    data = table_bytes(frame)
    table = pq.read_table(io.BytesIO(data))
    assert table["number"].null_count == int(frame["number"].isna().sum())
    assert table["text"].to_pylist() == list(columns[2])
    back = to_frame(read_parquet(data, "x", "schema"))
    kept = frame["number"].notna()
    assert bits(back["number"][kept]) == bits(frame["number"][kept])
    assert back["whole"].tolist() == list(columns[1])
    assert back["flag"].tolist() == list(columns[3])
    assert table_bytes(frame) == data


def test_bytes_do_not_depend_on_threads_chunks_or_index():
    rng = np.random.default_rng(1)
    count = 3 * ROW_GROUP_SIZE + 17
    frame = pd.DataFrame({f"x{i}": rng.normal(size=count) for i in range(6)})
    frame["text"] = pd.Series(rng.choice(["a", "b", "ä"], count), dtype="str")
    before = pa.cpu_count(), pa.io_thread_count()
    found = set()
    try:
        for threads in (1, 2, 7):
            pa.set_cpu_count(threads)
            pa.set_io_thread_count(threads)
            found.add(table_bytes(frame.set_axis(range(5, count + 5))))
            found.add(table_bytes(pd.concat([frame[:1000], frame[1000:]])))
    finally:
        pa.set_cpu_count(before[0])
        pa.set_io_thread_count(before[1])
    assert len(found) == 1


def test_file_holds_no_writer_metadata_and_fixed_row_groups():
    data = table_bytes(pd.DataFrame({"x": np.arange(ROW_GROUP_SIZE + 1, dtype="float64")}))
    metadata = pq.ParquetFile(io.BytesIO(data)).metadata
    assert metadata.metadata is None
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [ROW_GROUP_SIZE, 1]
    assert metadata.created_by == f"parquet-cpp-arrow version {pa.__version__}"


def test_every_column_that_cannot_be_written_is_told_at_once():
    frame = pd.DataFrame(
        {
            "fine": [1.0, None],
            "infinite": [1.0, np.inf],
            "small": np.array([1, 2], dtype="int32"),
            "single": np.array([1, 2], dtype="float32"),
            "mixed": pd.Series(["a", 1], dtype="object"),
            "day": pd.to_datetime(["2026-01-01", "2026-01-02"]),
            "group": pd.Categorical(["a", "b"]),
        }
    )
    with pytest.raises(PackageError) as error:
        table_bytes(frame, "data/snapshot.parquet")
    assert [fault.path for fault in error.value.faults] == ["infinite", "small", "single", "mixed", "day", "group"]
    assert {fault.code for fault in error.value.faults} == {"column_type"}
    assert "infinite value in row 2" in str(error.value)


def test_repeated_column_name_is_refused():
    with pytest.raises(PackageError, match="stands twice"):
        table_bytes(pd.DataFrame([[1.0, 2.0]], columns=["x", "x"]))


def test_text_that_is_no_text_is_refused_not_crashed():
    with pytest.raises(PackageError, match="surrogates"):
        table_bytes(pd.DataFrame({"x": pd.Series(["\ud800"], dtype="object")}))


def test_nullable_columns_keep_null():
    frame = pd.DataFrame({"whole": pd.array([1, None], dtype="Int64"), "flag": pd.array([True, None], dtype="boolean")})
    table = pq.read_table(io.BytesIO(table_bytes(frame)))
    assert table.to_pydict() == {"whole": [1, None], "flag": [True, None]}
    assert to_frame(table)["whole"].tolist() == [1, pd.NA]
