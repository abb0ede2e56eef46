"""A Parquet table in batches holds the same values as the table read whole, wherever the batches are cut."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk._core.errors import IntakeError
from credit_risk.sampling import read_source
from credit_risk.sampling.parquet_batches import open_parquet
from credit_risk.sampling.production import keys, typed_frame

TEXTS = st.one_of(st.none(), st.sampled_from(["1", "1.0", "01", "A", "", " 2 ", "NA", "9007199254740993"]))
PLAIN = st.one_of(st.none(), st.sampled_from(["1", "1.0", "2.50", "-3"]))
DOUBLES = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=False), st.just(-0.0))
KINDS: dict[str, tuple[pa.DataType, st.SearchStrategy[Any], str]] = {
    "double": (pa.float64(), DOUBLES, "number"),
    "single": (pa.float32(), st.one_of(st.none(), st.sampled_from([0.1, 1e30, -0.0])), "number"),
    "whole": (pa.int64(), st.one_of(st.none(), st.integers(-(2**60), 2**60)), "number"),
    "digits": (pa.string(), PLAIN, "number"),
    "decimal": (pa.decimal128(8, 2), st.one_of(st.none(), st.sampled_from([Decimal("1.25"), Decimal("0")])), "number"),
    "text": (pa.string(), TEXTS, "string"),
    "plain": (pa.string(), PLAIN, "string"),
    "packed": (pa.dictionary(pa.int32(), pa.string()), TEXTS, "string"),
    "code": (pa.int32(), st.one_of(st.none(), st.integers(0, 3)), "string"),
    "flag": (pa.bool_(), st.one_of(st.none(), st.booleans()), "string"),
    "day": (pa.date32(), st.one_of(st.none(), st.dates()), "string"),
}
INPUTS = [{"name": name, "type": kind} for name, (_, _, kind) in KINDS.items()]


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    rows = draw(st.integers(1, 12))
    columns = {n: pa.array(draw(st.lists(s, min_size=rows, max_size=rows)), k) for n, (k, s, _) in KINDS.items()}
    whole = st.integers(0, 99).map(str)
    key = draw(st.lists(draw(st.sampled_from([whole, st.sampled_from(["1", "x"])])), min_size=rows, max_size=rows))
    return pa.table({"_id": pa.array(key, pa.string()), **columns})


@settings(max_examples=60, deadline=None)
@given(table=tables(), cut=st.integers(1, 5), with_key=st.booleans())
def test_batches_are_the_whole_table(
    tmp_path_factory: pytest.TempPathFactory, table: pa.Table, cut: int, with_key: bool
) -> None:
    path = tmp_path_factory.mktemp("batches") / "table.parquet"
    pq.write_table(table, path)
    source, key = read_source(path), "_id" if with_key else None
    whole = typed_frame(source, INPUTS)
    batches = list(open_parquet(path, INPUTS, key).batches(cut))
    frame = pd.concat([batch.typed() for batch in batches], ignore_index=True)
    for item in INPUTS:
        name = item["name"]
        if item["type"] == "number":
            one, other = frame[name].to_numpy(float), whole[name].to_numpy(float)
            assert np.array_equal(one.view(np.int64)[~np.isnan(one)], other.view(np.int64)[~np.isnan(other)])
            assert np.array_equal(np.isnan(one), np.isnan(other))
        else:
            assert [None if pd.isna(v) else v for v in frame[name]] == [None if pd.isna(v) else v for v in whole[name]]
    together, expected = np.concatenate([batch.keys for batch in batches]), keys(source, key)
    assert together.dtype == expected.dtype
    assert together.tolist() == expected.tolist()
    assert [batch.start for batch in batches] == list(range(0, len(whole), cut))


def test_text_in_a_number_is_told_by_its_batch(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    pq.write_table(pa.table({"x": ["1", "2", "three"]}), path)
    first, second = open_parquet(path, [{"name": "x", "type": "number"}], None).batches(2)
    assert first.typed()["x"].tolist() == [1.0, 2.0]
    with pytest.raises(IntakeError, match="three"):
        second.typed()


def test_a_damaged_file_and_one_without_rows_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    path.write_bytes(b"PAR1 and nothing else")
    with pytest.raises(IntakeError, match="damaged"):
        open_parquet(path, [], None)
    pq.write_table(pa.table({"x": pa.array([], pa.float64())}), path)
    with pytest.raises(IntakeError, match="no row"):
        open_parquet(path, [], None)
