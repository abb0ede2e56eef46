"""Each bad input is told, what it spoils is left out and counted, and the rest is counted as if nothing were."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit_risk._core.errors import IntakeError
from credit_risk.monitoring.reference import Reference, read_reference
from credit_risk.monitoring.source import ProductionTable, SqlSource, open_production, same_names
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

NAME = "joined"
NUMBER = 'Einkommen "netto", €/Monat <a&b> %2F ../x'


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return production(NAME, 300)


@pytest.fixture(scope="module")
def reference() -> Reference:
    return read_reference(package(NAME))


@pytest.fixture
def opened(tmp_path: Path, reference: Reference) -> Callable[..., SqlSource]:
    """Open frames as files `0.parquet` …, or the folder as it is."""

    def make(*frames: pd.DataFrame, place: str = "", **more: Any) -> SqlSource:
        folder = tmp_path / "in"
        folder.mkdir(exist_ok=True)
        for k, frame in enumerate(frames):
            frame.to_parquet(folder / f"{k}.parquet", index=False)
        options = {name: more.pop(name) for name in ("least_rows", "most_segments", "clock") if name in more}
        chosen = more.pop("mapping", None) or mapping(NAME, **more)
        given: dict[str, Any] = {"reference": reference, "clock": clock, "least_rows": 0} | options
        return open_production(place or str(folder), chosen, package(NAME), **given)

    return make


def told(source: SqlSource, code: str) -> pd.DataFrame:
    return source.faults[source.faults["code"] == code]


def counted(source: SqlSource, table: pd.DataFrame, reference: Reference) -> None:
    """Exactly the rows of the table are counted."""
    same_counts(source.counts(), brute(reference, table, ()))
    assert source.partitions["counted"].sum() == len(table)


def test_half_written_file(opened: Any, table: pd.DataFrame, reference: Reference, tmp_path: Path) -> None:
    opened(table[:100], table[100:]).close()
    whole = (tmp_path / "in" / "1.parquet").read_bytes()
    (tmp_path / "in" / "1.parquet").write_bytes(whole[: len(whole) // 2])
    with opened() as source:
        assert told(source, "damaged")["partition"].tolist() == ["1.parquet"]
        counted(source, table[:100], reference)


def test_damaged_pages_of_a_whole_file(opened: Any, table: pd.DataFrame, reference: Reference, tmp_path: Path) -> None:
    """The footer is right and the data are not: found when the rows are looked at, in whatever column."""
    opened(table[:100], table[100:]).close()
    path = tmp_path / "in" / "1.parquet"
    column = pq.ParquetFile(path).metadata.row_group(0).column(list(table.columns).index("housing"))
    data = bytearray(path.read_bytes())
    start = column.dictionary_page_offset or column.data_page_offset
    data[start : start + column.total_compressed_size] = b"\xff" * column.total_compressed_size
    path.write_bytes(bytes(data))
    with opened() as source:
        (fault,) = told(source, "damaged").itertuples()
        assert (fault.partition, fault.rows, fault.left_out) == ("1.parquet", 200, 200)
        counted(source, table[:100], reference)


def test_a_column_is_gone(opened: Any, table: pd.DataFrame, reference: Reference) -> None:
    with opened(table[:100], table[100:].drop(columns="housing")) as source:
        (fault,) = told(source, "column_absent").itertuples()
        assert (fault.partition, fault.rows, fault.left_out) == ("1.parquet", 200, 0)
        assert "'housing' (input:housing)" in fault.message
        found = source.counts()
    wanted = brute(reference, table, ())
    others = wanted["variable"] != "housing"
    same_counts(found[found["variable"] != "housing"], wanted[others])
    first = brute(reference, table[:100], ())
    same_counts(found[found["variable"] == "housing"], first[first["variable"] == "housing"])


def test_a_column_is_gone_everywhere(opened: Any, table: pd.DataFrame) -> None:
    with opened(table.drop(columns=["housing", "region"])) as source:
        assert source.left_out["housing"] == "production lacks input:housing"
        assert source.left_out["segment region"] == "its column is in no partition"
        assert "housing" not in source.variables
        assert set(source.counts()["variable"]) == set(source.variables)
        with pytest.raises(IntakeError, match="production lacks input:housing"):
            source.counts(["housing"])


def test_a_column_of_another_type(opened: Any, table: pd.DataFrame, reference: Reference) -> None:
    texts = table[100:].assign(**{NUMBER: table[NUMBER][100:].astype(str)})
    with opened(table[:100], texts) as source:
        (fault,) = told(source, "column_type").itertuples()
        assert fault.partition == "1.parquet"
        assert "holds texts" in fault.message
        found = source.counts([NUMBER])
    wanted = brute(reference, table[:100], ())
    same_counts(found, wanted[wanted["variable"] == NUMBER])


def test_whole_numbers_and_single_precision_are_numbers(opened: Any, table: pd.DataFrame, reference: Reference) -> None:
    whole = table.assign(**{NUMBER: table[NUMBER].round()})
    other = whole.assign(**{NUMBER: whole[NUMBER].astype("Int64"), "score": whole["score"].astype("float32")})
    with opened(other) as source:
        counted(source, whole, reference)


def test_columns_that_differ_by_case_alone(opened: Any, table: pd.DataFrame) -> None:
    with opened(table.assign(Housing="x")) as source:
        (fault,) = told(source, "column_case").itertuples()
        assert "housing, Housing" in fault.message
        assert "housing" not in source.variables


def test_rows_of_another_package_or_version(opened: Any, table: pd.DataFrame, reference: Reference) -> None:
    mixed = table.copy()
    mixed.loc[:9, "package"] = "f" * 64
    mixed.loc[10:14, "package"] = None
    with opened(mixed) as source:
        assert told(source, "other_package")["left_out"].sum() == 15
        counted(source, table[15:], reference)
    version = package(NAME).manifest["model"]["version"]
    mixed["version"] = np.where(np.arange(len(mixed)) < 40, "0.0.9", version)
    with opened(mixed, package=None, version="version") as source:
        assert told(source, "other_package")["left_out"].sum() == 40
        counted(source, table[40:], reference)
    with opened(mixed, package=None) as source:
        assert told(source, "package_unknown")["rows"].tolist() == [len(table)]
        counted(source, table, reference)


def test_keys_within_and_across_partitions(opened: Any, table: pd.DataFrame, reference: Reference) -> None:
    later = table[:20].copy()
    later[TIME] += pd.Timedelta(seconds=1)
    changed = later[NUMBER].fillna(1.0) + 1e6
    later[NUMBER] = changed
    with opened(pd.concat([table[:150], later[:5]]), pd.concat([table[150:], later[5:]])) as source:
        faults = told(source, "duplicate_key").groupby("partition")["left_out"].sum()
        assert faults.to_dict() == {"0.parquet": 5, "1.parquet": 15}
        counted(source, table, reference)
        assert source.partitions["left_out"].tolist() == [5, 15]
        month = str(later[TIME].iloc[0].strftime("%Y-%m"))
        keys = source.rows(month, ["_key"])["_key"].to_pylist()
    assert len(keys) == len(set(keys))


def test_the_same_file_twice(opened: Any, table: pd.DataFrame, reference: Reference) -> None:
    with opened(table, table) as source:
        assert source.partitions["counted"].tolist() == [len(table), 0]
        assert told(source, "duplicate_key")["partition"].unique().tolist() == ["1.parquet"]
        counted(source, table, reference)


def test_moments_that_are_missing_or_in_the_future(opened: Any, table: pd.DataFrame, reference: Reference) -> None:
    wrong = table.copy()
    wrong.loc[:3, TIME] = pd.NaT
    wrong.loc[4:9, TIME] = pd.Timestamp("2026-07-01 00:00:01", tz="UTC")
    with opened(wrong) as source:
        assert told(source, "time_missing")["left_out"].sum() == 4
        assert told(source, "time_in_future")["left_out"].sum() == 6
        assert source.periods[-1] == "2026-06"
        counted(source, table[10:], reference)


def test_a_clock_that_goes_backwards(opened: Any, table: pd.DataFrame, reference: Reference) -> None:
    ordered = table.sort_values(TIME, ignore_index=True)
    ordered["number"] = np.arange(len(ordered))
    ordered.loc[50, TIME] -= pd.Timedelta(days=200)
    with opened(ordered, sequence="number") as source:
        assert told(source, "clock_backwards")["rows"].tolist() == [1]
        counted(source, ordered, reference)


def test_time_zones(opened: Any, table: pd.DataFrame, reference: Reference) -> None:
    eve = table.copy()
    eve[TIME] = pd.Timestamp("2026-03-31 23:30", tz="Europe/Berlin")
    with opened(eve) as source:
        assert source.periods == ("2026-03",)
    eve[TIME] = pd.Timestamp("2026-04-01 00:30", tz="Europe/Berlin")
    with opened(eve) as source:
        assert source.periods == ("2026-03",)
    naive = eve.assign(**{TIME: pd.Timestamp("2026-04-01 00:30")})
    with opened(naive) as source:
        (fault,) = told(source, "time_zone").itertuples()
        assert fault.left_out == len(table)
        assert source.periods == ()
        assert source.counts().empty
    for zone, period in (("UTC", "2026-04"), ("Europe/Berlin", "2026-03"), ("America/New_York", "2026-04")):
        with opened(naive, time_zone=zone) as source:
            assert source.periods == (period,)
            assert source.counts()["rows"].sum() == brute(reference, eve, ())["rows"].sum()


def test_nan_beside_null(opened: Any, table: pd.DataFrame, reference: Reference, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    values = [float("nan") if k % 3 == 0 else None if k % 3 == 1 else 250.0 for k in range(len(table))]
    place = arrow.column_names.index(NUMBER)
    arrow = arrow.set_column(place, NUMBER, pa.array(values, pa.float64(), from_pandas=False))
    pq.write_table(arrow, folder / "0.parquet")
    with opened() as source:
        assert told(source, "nan")["rows"].tolist() == [100]
        assert told(source, "nan")["left_out"].tolist() == [0]
        counted(source, table.assign(**{NUMBER: [250.0 if k % 3 == 2 else None for k in range(len(table))]}), reference)
        told_rows = source.moments([f"input:{NUMBER}"])
        assert told_rows["missing"].sum() == 200
        column = pa.concat_tables([source.rows(p, [f"input:{NUMBER}"]) for p in source.periods]).column(0)
        assert column.null_count == 200


def test_a_column_of_the_null_type_holds_missing_values(
    opened: Any, table: pd.DataFrame, reference: Reference, tmp_path: Path
) -> None:
    """What pandas writes where no row of a file has a value: no fault, and not another column than that of the rest."""
    empty = table.assign(housing=None, **{NUMBER: None, "region": None})
    folder, half = tmp_path / "in", len(table) // 2
    folder.mkdir()
    empty[:half].to_parquet(folder / "0.parquet", index=False)
    table[half:].to_parquet(folder / "1.parquet", index=False)
    assert str(pq.read_schema(folder / "0.parquet").field("housing").type) == "null"
    with opened() as source:
        assert told(source, "column_type").empty
        counted(source, pd.concat([empty[:half], table[half:]]), reference)


def test_infinite_numbers_are_in_a_bin_of_their_own(opened: Any, table: pd.DataFrame) -> None:
    spoilt = table.copy()
    spoilt.loc[:6, NUMBER] = np.inf
    spoilt.loc[7:9, NUMBER] = -np.inf
    with opened(spoilt) as source:
        assert told(source, "infinite")["rows"].tolist() == [10]
        found = source.counts([NUMBER])
        moments = source.moments([f"input:{NUMBER}"])
    assert found.loc[found["bin"] == -1, "rows"].sum() == 10
    assert moments["rows"].sum() == table[NUMBER][10:].notna().sum()
    assert np.isfinite(moments["mean"]).all()


def test_a_number_that_is_no_probability_is_told_and_missing(opened: Any, table: pd.DataFrame) -> None:
    spoilt = table.copy()
    spoilt.loc[:2, "probability"] = [35.0, -0.1, 1.0 + 1e-9]
    spoilt.loc[3:4, "probability"] = [0.0, 1.0]
    with opened(spoilt) as source:
        fault = told(source, "not_a_probability")
        assert fault[["rows", "left_out"]].to_numpy().tolist() == [[3, 0]]
        assert "percentage" in fault["remedy"].iloc[0]
        moments = source.moments(["probability"])
        assert moments["missing"].sum() == 3
        column = pa.concat_tables([source.rows(p, ["probability"]) for p in source.periods]).column(0)
        assert column.null_count == 3
    with opened(table.assign(probability=(100 * table["probability"]).round().astype(int))) as source:  # whole numbers
        assert told(source, "not_a_probability")["rows"].sum() == (100 * table["probability"]).round().gt(1).sum()


def test_a_month_with_ten_rows(opened: Any, table: pd.DataFrame, reference: Reference) -> None:
    few = table[table[TIME] >= "2026-02-01"]
    ten = table[table[TIME] < "2026-02-01"][:10]
    with opened(pd.concat([few, ten]), least_rows=11) as source:
        (fault,) = told(source, "few_rows").itertuples()
        assert (fault.period, fault.rows, fault.left_out) == ("2026-01", 10, 0)
        counted(source, pd.concat([few, ten]), reference)


def test_categories_that_development_has_not_seen(opened: Any, table: pd.DataFrame, reference: Reference) -> None:
    new = table.copy()
    new.loc[:29, "housing"] = "houseboat"
    unseen = next(b.id for b in reference.variable("housing").bins if b.kind == "unseen")
    with opened(new) as source:
        found = source.counts(["housing"])
        counted(source, new, reference)
    assert found.loc[found["bin"] == unseen, "rows"].sum() >= 30


def test_segments_with_too_many_values_and_rows_without_keys(opened: Any, table: pd.DataFrame) -> None:
    some = table.copy()
    some.loc[:4, KEY] = None
    with opened(some, segments={"region": "region", "person": KEY}, most_segments=20) as source:
        assert source.segments == ("region",)
        assert told(source, "many_segments").shape[0] == 1
        assert told(source, "key_missing")["left_out"].sum() == 5
        with pytest.raises(IntakeError, match="more than 20 values"):
            source.counts(segments=["person"])


def test_all_faults_of_a_mapping_at_once(tmp_path: Path, table: pd.DataFrame) -> None:
    wrong = ProductionTable(
        key="",
        time=TIME,
        outputs={"rating": "r"},
        inputs={"AGE": "age"},
        challengers={"nobody:score": "c"},
        time_zone="Mars/Olympus",
    )
    with pytest.raises(IntakeError) as error:
        open_production(str(parts(table, tmp_path / "in")), wrong, package(NAME))
    paths = {fault.path for fault in error.value.faults}
    assert paths == {"_key", "outputs.rating", "inputs.AGE", "challengers.nobody:score", "time_zone"}
    with pytest.raises(IntakeError, match="no such file"):
        open_production(str(tmp_path / "nowhere"), same_names(package(NAME), KEY, TIME), package(NAME))
    with pytest.raises(IntakeError, match="there is no such engine"):
        open_production(str(tmp_path), same_names(package(NAME), KEY, TIME), package(NAME), engine="abacus")


def test_files_of_other_kinds_are_passed_over(opened: Any, table: pd.DataFrame, tmp_path: Path) -> None:
    opened(table).close()
    (tmp_path / "in" / "notes.txt").write_text("nothing")
    pq.write_table(pa.table({KEY: pa.array([], pa.string())}), tmp_path / "in" / "9.parquet")
    with opened() as source:
        assert told(source, "kind")["partition"].tolist() == ["notes.txt"]
        assert told(source, "no_rows")["partition"].tolist() == ["9.parquet"]
        assert source.partitions["counted"].tolist() == [len(table)]
