"""Sources that are no file: the same rows give the same columns and the same hash wherever they come from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import sqlalchemy

from credit_risk._core.errors import IntakeError
from credit_risk.lifecycle.develop import develop
from credit_risk.plan import Plan, read_plan
from credit_risk.sampling.source import read_source
from credit_risk.sampling.source_spec import DuckDBSource, SqlSource
from credit_risk.sampling.table_source import source_of_database, source_of_frame


@pytest.fixture(scope="module")
def table() -> pa.Table:
    rng = np.random.default_rng(12)
    x = rng.normal(size=2000)
    columns = {
        "id": np.arange(2000),
        "x": pa.array(np.where(rng.random(2000) < 0.1, np.nan, x), from_pandas=True),
        "c": rng.choice(["a", "b", "c"], 2000),
        "y": (rng.random(2000) < 1 / (1 + np.exp(1 - x))).astype(np.int64),
    }
    return pa.table(columns)


@pytest.fixture(scope="module")
def databases(table: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    duckdb = pytest.importorskip("duckdb")
    folder = tmp_path_factory.mktemp("databases")
    with duckdb.connect(str(folder / "loans.duckdb")) as connection:
        connection.register("incoming", table)
        connection.sql("CREATE TABLE loans AS SELECT * FROM incoming ORDER BY hash(id)")
    engine = sqlalchemy.create_engine(f"sqlite:///{folder / 'loans.sqlite'}")
    table.to_pandas().to_sql("loans", engine, index=False)
    engine.dispose()
    return folder


def values(source: object) -> list[list[object]]:
    return [list(column.values()) for column in source.raw.values()]


def test_frames_of_every_library_are_the_same_source(table: pa.Table) -> None:
    sources = [source_of_frame(frame) for frame in (table, table.to_pandas(), pl.from_arrow(table))]
    assert sources[0].rows == 2000
    for other in sources[1:]:
        assert values(other) == values(sources[0])


def test_hash_is_of_the_content(table: pa.Table) -> None:
    chunked = pa.concat_tables([table.slice(0, 700), table.slice(700)])
    assert source_of_frame(chunked).sha256 == source_of_frame(table).sha256
    assert source_of_frame(table.slice(1)).sha256 != source_of_frame(table).sha256
    assert source_of_frame(table.rename_columns(["id", "z", "c", "y"])).sha256 != source_of_frame(table).sha256


def test_databases_give_what_the_file_gives(table: pa.Table, databases: Path, tmp_path: Path) -> None:
    pa.parquet.write_table(table, tmp_path / "loans.parquet")
    file = read_source(tmp_path / "loans.parquet")
    where = str(databases / "loans.duckdb")
    whole = source_of_database(DuckDBSource(duckdb=where, table="loans"), where, "id")
    query = source_of_database(DuckDBSource(duckdb=where, query="SELECT * FROM loans"), where, "id")
    url = f"sqlite:///{databases / 'loans.sqlite'}"
    sql = source_of_database(SqlSource(url=url, query="SELECT * FROM loans"), url, "id")
    for source in (whole, query, sql):
        assert values(source) == values(file)
    assert whole.sha256 == query.sha256


def test_a_plan_reads_a_database_and_a_frame(table: pa.Table, databases: Path, tmp_path: Path) -> None:
    text = """
model: {id: m}
data: {source: {duckdb: loans.duckdb, table: loans}, key: id}
outcome: {column: y, bad: 1}
exports: []
"""
    (databases / "plan.yaml").write_text(text, "utf-8")
    plan = read_plan(databases)
    by_database, by_frame = develop(plan), develop(plan, table.to_pandas())
    assert by_database.champion.model == by_frame.champion.model
    assert isinstance(plan, Plan)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{duckdb: none.duckdb, table: loans}", "no such database file"),
        ("{duckdb: loans.duckdb, table: nothing}", "cannot be read"),
        ("{duckdb: loans.duckdb, query: SELEKT}", "cannot be read"),
        ("{duckdb: loans.duckdb, query: SELECT * FROM loans WHERE id < 0}", "there is no row"),
        ("{url: 'nosuchdialect://x', query: SELECT 1}", "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_one_clear_error(databases: Path, source: str, message: str) -> None:
    text = f"model: {{id: m}}\ndata: {{source: {source}, key: id}}\noutcome: {{column: y, bad: 1}}\n"
    (databases / "bad.yaml").write_text(text, "utf-8")
    with pytest.raises(IntakeError, match=message):
        read_plan(databases / "bad.yaml").open_source()


def test_what_is_no_table_is_refused() -> None:
    for data in ([1, 2, 3], "text", pd.DataFrame(), pl.LazyFrame({"a": [1]})):
        with pytest.raises(IntakeError):
            source_of_frame(data)
