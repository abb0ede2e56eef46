"""Rows found by a key are those of the whole table read; row groups without the key are not read."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit_risk._core.errors import CreditRiskError, ScoringError
from credit_risk.monitoring.key_search import search

KEYS = st.lists(st.sampled_from(["a", "b", "c", "d", None]), max_size=40)


@given(keys=KEYS, size=st.integers(1, 7), statistics=st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_same_rows_as_the_whole_table(tmp_path: Path, keys: list[str | None], size: int, statistics: bool) -> None:
    table = pa.table({"row": pa.array(range(len(keys)), pa.int64()), "key": pa.array(keys, pa.string())})
    path = tmp_path / "t.parquet"
    pq.write_table(table, path, row_group_size=size, write_statistics=statistics)
    for key in ("a", "c", "zz"):
        found = search(path, "t", "key", key, ["row"])
        assert found.rows.equals(table.filter(pc.equal(table["key"], key).fill_null(False)).select(["row"]))
        assert found.empty == table["key"].null_count
        assert found.read <= found.groups
    assert search(path, "t", "row", 3).rows["key"].to_pylist() == keys[3:4]


def test_only_row_groups_that_may_hold_it_are_read(tmp_path: Path) -> None:
    table = pa.table({"row": pa.array(range(1000), pa.int64()), "x": [str(k) for k in range(1000)]})
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=100)
    found = search(tmp_path / "t.parquet", "t", "row", 250)
    assert (found.groups, found.read, found.rows["x"].to_pylist()) == (10, 1, ["250"])
    assert search(tmp_path / "t.parquet", "t", "row", 5000).read == 0


def test_what_cannot_be_searched(tmp_path: Path) -> None:
    pq.write_table(pa.table({"row": [1, 2]}), tmp_path / "t.parquet")
    with pytest.raises(CreditRiskError, match="t lacks columns: key, x"):
        search(tmp_path / "t.parquet", "t", "key", "a", ["x"])
    whole = (tmp_path / "t.parquet").read_bytes()
    (tmp_path / "t.parquet").write_bytes(whole[:-20])
    with pytest.raises(ScoringError, match="cannot be read as Parquet"):
        search(tmp_path / "t.parquet", "t", "row", 1)
