"""The same tables on DuckDB, PostgreSQL and Spark: equal counts, means and variances within rounding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit_risk.monitoring.reference import read_reference
from credit_risk.monitoring.source import SqlSource, open_production
from credit_risk.monitoring.source.engine import EngineError
from credit_risk.monitoring.source.spark_engine import SparkEngine
from tests.credit_risk.monitoring.source.cases import (
    KEY,
    TIME,
    brute,
    clock,
    mapping,
    package,
    parts,
    production,
    same_counts,
)
from tests.credit_risk.monitoring.source.databases import put

pytestmark = [pytest.mark.java, pytest.mark.filterwarnings("ignore")]
COLUMNS = ["_key", "_time", "_period", "score", "probability", "region"]


def everything(source: SqlSource) -> dict[str, Any]:
    """What all engines must agree on."""
    quantity = "score" if "score" in source.quantities else "expected_value"
    middle = source.distinct(quantity).frame["value"].quantile([0.3, 0.7])
    columns = [name for name in COLUMNS if name in (*source.quantities, *source.segments) or name[0] == "_"]
    return {
        "counts": source.counts(segments=["region"]),
        "moments": source.moments(segments=["region"]),
        "distinct": source.distinct(quantity),
        "beyond": source.beyond(quantity, float(middle.iloc[0]), float(middle.iloc[1])),
        "cells": source.distinct(quantity, most=2, grid=(-1.0, 1.5, 40)),
        "rows": source.rows("2026-03", columns).to_pandas(),
        "batches": pa.concat_tables(source.batches("2026-03", columns)).to_pandas(),
        "unordered": pa.concat_tables(source.batches("2026-03", columns, ordered=False)).to_pandas(),
        "periods": source.periods,
        "faults": source.faults.groupby("code")[["rows", "left_out"]].sum().to_dict(),
    }


def same(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Equal but for the rounding of means and variances."""
    assert one["periods"] == other["periods"]
    assert one["faults"] == other["faults"]
    pd.testing.assert_frame_equal(one["counts"], other["counts"])
    exact = ["period", "segment", "quantity", "rows", "missing"]
    pd.testing.assert_frame_equal(one["moments"][exact], other["moments"][exact])
    for name in ("mean", "variance"):
        np.testing.assert_allclose(one["moments"][name], other["moments"][name], rtol=1e-10, atol=1e-14)
    pd.testing.assert_frame_equal(one["beyond"], other["beyond"], check_exact=True)
    for name in ("distinct", "cells"):
        assert one[name].exact == other[name].exact
        pd.testing.assert_frame_equal(one[name].frame, other[name].frame, check_exact=True)
    for found in (one, other):
        found["unordered"] = found["unordered"].sort_values("_key", ignore_index=True)
        for part in ("rows", "batches", "unordered"):
            pd.testing.assert_frame_equal(one["rows"], found[part], check_exact=True, check_dtype=False)


def test_nan_beside_null(tmp_path: Path, dsn: str, spark: Any) -> None:
    """On a file that PyArrow wrote with NaN in it, and in a table: NaN is missing, and told."""
    name = "joined"
    model, reference = package(name), read_reference(package(name))
    table = production(name, 300)
    number = next(item["name"] for item in model.model["inputs"] if item["type"] == "number")
    values = [float("nan") if k % 3 == 0 else None if k % 3 == 1 else 1000.0 for k in range(len(table))]
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    place = arrow.column_names.index(number)
    arrow = arrow.set_column(place, number, pa.array(values, pa.float64(), from_pandas=False))
    pq.write_table(arrow, tmp_path / "nan.parquet")
    put(dsn, "nan", table.assign(**{number: values}))
    psycopg = pytest.importorskip("psycopg")
    quoted = '"' + number.replace('"', '""') + '"'
    with psycopg.connect(dsn) as opened:
        again = [key for key, value in zip(table[KEY], values, strict=True) if value is not None and value != value]
        keys = ", ".join(f"'{key}'" for key in again)
        opened.execute(f"UPDATE nan SET {quoted} = 'NaN' WHERE key IN ({keys})")
    wanted = brute(reference, table.assign(**{number: [1000.0 if v == 1000.0 else None for v in values]}), ())
    for engine, place in (("duckdb", str(tmp_path)), ("postgres", "nan"), ("spark", str(tmp_path))):
        options = {"dsn": dsn} if engine == "postgres" else {}
        given = {"reference": reference, "clock": clock, "engine": engine, **options}
        with open_production(place, mapping(name), model, **given) as source:
            told = source.faults[source.faults["code"] == "nan"]
            assert told["rows"].tolist() == [100], engine
            same_counts(source.counts([number]), wanted[wanted["variable"] == number])


def spoilt(name: str) -> pd.DataFrame:
    """A table with repeated keys, rows of another package, of no moment, of no key, and of the future."""
    table = production(name, 400)
    again = table.iloc[10:30].copy()
    again[TIME] += pd.Timedelta(days=20)
    twins = table.iloc[40:50]
    table = pd.concat([table, again, twins], ignore_index=True)
    table.loc[60:64, "package"] = "another"
    table.loc[65, "package"] = None
    table.loc[70:72, TIME] = pd.NaT
    table.loc[75:79, KEY] = None
    table.loc[80, TIME] = pd.Timestamp("2026-07-02", tz="UTC")
    return table


@pytest.mark.parametrize("name", ["scorecard", "joined", "every_step", "fraction"])
def test_postgres_and_duckdb_agree(name: str, tmp_path: Path, dsn: str) -> None:
    table, model = spoilt(name), package(name)
    reference = read_reference(model)
    good = table[table[KEY].notna() & table[TIME].notna() & (table["package"] == model.package_hash)]
    good = good[good[TIME] < pd.Timestamp(clock())].sort_values(TIME).drop_duplicates(KEY)
    gone = len(table) - len(good)
    folder = parts(table, tmp_path / "in", 1)
    given = {"reference": reference, "clock": clock}
    with open_production(str(folder), mapping(name), model, **given) as source:
        first = everything(source)
        assert source.partitions["left_out"].sum() == gone
    put(dsn, name, table)
    with open_production(name, mapping(name), model, engine="postgres", dsn=dsn, **given) as source:
        same(everything(source), first)
        assert source.partitions["left_out"].sum() == gone
    query = f'select * from "{name}" where true'
    with open_production(query, mapping(name), model, engine="postgres", dsn=dsn, **given) as source:
        same_counts(source.counts(segments=["region"]), first["counts"])
    same_counts(first["counts"], brute(reference, good))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["joined", "every_step"])
def test_spark_and_duckdb_agree(name: str, tmp_path: Path, spark: Any) -> None:
    table, model = spoilt(name), package(name)
    folder = parts(table, tmp_path / "in", 2)
    given = {"reference": read_reference(model), "clock": clock}
    with open_production(str(folder), mapping(name), model, **given) as source:
        first = everything(source)
    with open_production(str(folder), mapping(name), model, engine="spark", **given) as source:
        same(everything(source), first)
    spark.read.parquet(str(folder)).createOrReplaceGlobalTempView(name)
    with open_production(f"global_temp.{name}", mapping(name), model, engine="spark", **given) as source:
        same_counts(source.counts(), first["counts"][first["counts"]["segment"] == "all"])


def test_the_driver_of_spark_holds_a_partition_at_a_time(spark: Any) -> None:
    engine, tracker = SparkEngine("nothing", session=spark), spark.sparkContext.statusTracker()
    before = len(tracker.getJobIdsForGroup())
    found = engine.batches("SELECT id, CAST(id AS STRING) AS text, DATE '2026-01-31' AS day FROM range(0, 48000, 1, 4)")
    first = next(found)
    assert len(tracker.getJobIdsForGroup()) - before == 1  # the other partitions were not asked for yet
    batches = [first, *found]
    assert len(tracker.getJobIdsForGroup()) - before == 4
    assert max(batch.num_rows for batch in batches) <= 10_000
    whole = pa.Table.from_batches(batches)
    assert whole["id"].to_pylist() == list(range(48_000))
    assert whole["text"].to_pylist()[-1] == "47999"
    assert str(whole.schema.field("day").type) == "date32[day]"
    with pytest.raises(EngineError, match="no_such_column"):
        next(engine.batches("SELECT no_such_column FROM range(3)"))
