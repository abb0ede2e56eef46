"""What is wrong with production is told by every engine, spoils no more than itself, and the rest is counted alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from credit_risk.monitoring.reference import Reference, read_reference
from credit_risk.monitoring.source import open_production
from tests.credit_risk.monitoring.source.cases import KEY, TIME, brute, clock, mapping, package, production, same_counts
from tests.credit_risk.monitoring.source.databases import put

pytestmark = [pytest.mark.java, pytest.mark.filterwarnings("ignore")]
NAME = "joined"
NUMBER = 'Einkommen "netto", €/Monat <a&b> %2F ../x'
ZONE = "Europe/Berlin"
OTHERS = 12
FAULTS = {"clock_backwards": 1, "few_rows": 10, "infinite": 8, "not_a_probability": 3, "other_package": OTHERS}


@pytest.fixture(scope="module")
def reference() -> Reference:
    return read_reference(package(NAME))


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    """Good rows with moments in UTC: ten of January, one in the last half hour of June, a category never seen."""
    table = production(NAME, 400)
    january = table[TIME] < "2026-02-01"
    table = table[~january | (january.cumsum() <= 10)].sort_values(TIME, ignore_index=True)
    table.loc[20:49, "housing"] = "houseboat"
    table.loc[70:72, "probability"] = np.nan
    last = len(table) - 1
    table.loc[last, TIME] = pd.Timestamp("2026-06-30 23:45", tz="UTC")
    return table.assign(number=np.arange(len(table)), version=package(NAME).manifest["model"]["version"])


@pytest.fixture(scope="module")
def spoilt(truth: pd.DataFrame) -> pd.DataFrame:
    """The same with moments by the clock of Berlin, rows of another version, infinite numbers, and percentages in place
    of probabilities; one clock went back.

    The row whose clock went back stays in its month.
    """
    table = truth.copy()
    table.loc[60:64, NUMBER] = np.inf
    table.loc[65:67, NUMBER] = -np.inf
    table.loc[70:72, "probability"] = [35.0, -0.2, 1.0000001]
    back = 100
    day = table.loc[back - 1, TIME]
    table.loc[back, TIME] = day - pd.Timedelta(seconds=1)
    strangers = table.iloc[150 : 150 + OTHERS].assign(version="0.0.9")
    strangers[KEY] = [f"S{k}" for k in range(OTHERS)]
    strangers["number"] = strangers["number"] + 0.5
    table = pd.concat([table, strangers], ignore_index=True)
    table["number"] = table["number"].astype(float)
    return table.assign(**{TIME: table[TIME].dt.tz_convert(ZONE).dt.tz_localize(None)})


def looked(place: str, reference: Reference, **more: Any) -> tuple[pd.DataFrame, dict[str, int], int]:
    """Counts, rows by fault, and rows that are counted."""
    told = mapping(NAME, package=None, version="version", time_zone=ZONE, sequence="number")
    given = {"reference": reference, "clock": clock, "least_rows": 11, **more}
    with open_production(place, told, package(NAME), **given) as source:
        assert source.periods == tuple(f"2026-{month:02d}" for month in range(1, 7))
        faults = source.faults.groupby("code")["rows"].sum().to_dict()
        return source.counts(segments=["region"]), faults, int(source.partitions["counted"].sum())


def expected(reference: Reference, truth: pd.DataFrame) -> pd.DataFrame:
    """Counts by brute force; rows of an infinite number are in the bin -1 of what reads it."""
    counts = brute(reference, truth)
    ill = truth.index.isin(range(60, 68))
    rest = brute(reference, truth[~ill])
    one = rest["variable"] == NUMBER
    rows = truth[ill].assign(period=truth[TIME].dt.strftime("%Y-%m"))
    named = [rows.assign(segment="all"), rows.assign(segment="region=" + rows["region"].fillna("(missing)"))]
    cells = pd.concat(named).groupby(["period", "segment"]).size().rename("rows").reset_index()
    refused = cells.assign(variable=NUMBER, bin=-1)
    return pd.concat([counts[counts["variable"] != NUMBER], rest[one], refused])


def test_duckdb_and_postgres(
    truth: pd.DataFrame, spoilt: pd.DataFrame, reference: Reference, tmp_path: Path, dsn: str
) -> None:
    spoilt.to_parquet(tmp_path / "a.parquet", index=False)
    wanted = expected(reference, truth)
    found, faults, counted = looked(str(tmp_path / "a.parquet"), reference)
    same_counts(found, wanted)
    assert (faults, counted) == (FAULTS, len(truth))
    put(dsn, "bad_input", spoilt.drop(columns="linear_score"))
    again, faults, counted = looked("bad_input", reference, engine="postgres", dsn=dsn)
    same_counts(again, wanted)
    assert faults.pop("column_absent") >= 0
    assert (faults, counted) == (FAULTS, len(truth))


@pytest.mark.slow
def test_spark(truth: pd.DataFrame, spoilt: pd.DataFrame, reference: Reference, tmp_path: Path, spark: Any) -> None:
    """One file lacks a column, one was written to its half, one has damaged pages: the others are counted."""
    middle = 200
    spoilt[:middle].to_parquet(tmp_path / "a.parquet", index=False)
    spoilt[middle:].drop(columns="probability").to_parquet(tmp_path / "b.parquet", index=False)
    data = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "c.parquet").write_bytes(data[: len(data) // 2])
    spoiled = bytearray(data)
    spoiled[4:2000] = b"\xff" * 1996
    (tmp_path / "d.parquet").write_bytes(bytes(spoiled))
    found, faults, counted = looked(str(tmp_path), reference, engine="spark", session=spark)
    same_counts(found, expected(reference, truth))
    assert faults.pop("column_absent") == len(spoilt) - middle
    assert faults.pop("damaged") == middle
    assert (faults, counted) == (FAULTS, len(truth))
