"""Outcomes beside decisions are the same rows on DuckDB, PostgreSQL and Spark, with the same faults."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from credit_risk.monitoring.reference import read_reference
from credit_risk.monitoring.source import OutcomesTable, open_production
from tests.credit_risk.monitoring.source.cases import KEY, TIME, clock, mapping, package, parts, production
from tests.credit_risk.monitoring.source.databases import put

pytestmark = [pytest.mark.java, pytest.mark.filterwarnings("ignore")]
NAME = "joined"
TABLE = OutcomesTable("account", "bad", "seen", "word")
COLUMNS = ["_key", "score", "bad_date", "observed_until", "status"]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return production(NAME, 300)


@pytest.fixture(scope="module")
def outcomes(table: pd.DataFrame) -> pd.DataFrame:
    """One good row for most decisions, and each fault: see `wanted`."""
    rng = np.random.default_rng(5)
    decided = table.set_index(KEY)[TIME]
    keys = table[KEY].tolist()[:250]
    rows = [(key, None, date(2026, 6, 30), "open") for key in keys]
    for place in rng.permutation(250)[:60]:
        rows[place] = (keys[place], date(2026, 6, 29), date(2026, 6, 30), "defaulted")
    first = keys[0]
    rows += [(first, None, date(2026, 6, 1), "earlier"), (first, date(2026, 5, 1), date(2026, 6, 30), "latest")]
    rows += [(None, None, date(2026, 6, 30), "nobody"), (keys[1], None, None, "when"), (keys[2], None, None, "when")]
    rows += [(keys[3], None, date(2026, 8, 1), "ahead"), (keys[4], date(2026, 6, 30), date(2026, 5, 1), "turned")]
    late = max(table[KEY][250:], key=lambda one: decided[one])
    rows += [
        (late, decided[late].date().replace(day=1), date(2026, 6, 30), "before"),
        ("unknown", None, rows[0][2], "x"),
    ]
    return pd.DataFrame(rows, columns=["account", "bad", "seen", "word"])


def wanted(table: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """By pandas: of good rows the latest of each key (of these the earliest bad), none before its decision."""
    good = outcomes.dropna(subset=["account", "seen"])
    good = good[
        (good["seen"] <= date(2026, 7, 1)) & ~(good["bad"].notna() & (good["bad"] > good["seen"]).fillna(False))
    ]
    good = good.assign(ill=good["bad"].isna()).sort_values(["seen", "ill", "bad"], ascending=[False, True, True])
    good = good.drop_duplicates("account").drop(columns="ill")
    joined = table[[KEY, TIME, "score"]].merge(good, how="left", left_on=KEY, right_on="account")
    day = joined[TIME].dt.date
    early = (joined["bad"].notna() & (joined["bad"].fillna(date(9999, 1, 1)) < day)) | (
        joined["seen"].notna() & (joined["seen"].fillna(date(9999, 1, 1)) < day)
    )
    joined.loc[early, ["bad", "seen", "word"]] = None
    return joined.assign(early=early)


def faults_wanted(table: pd.DataFrame, outcomes: pd.DataFrame) -> dict[str, int]:
    """Rows left out of outcomes by fault."""
    early = int(wanted(table, outcomes)["early"].sum())
    assert early > 0
    return {
        "key_missing": 1,
        "observed_missing": 2,
        "observed_in_future": 1,
        "bad_after_observed": 1,
        "earlier_rows": 2,
        "outcome_before_decision": early,
    }


def looked(place: str, outcomes: str, **more: Any) -> tuple[pd.DataFrame, dict[str, int]]:
    """All rows with their outcomes, and rows of each fault of the outcomes."""
    model = package(NAME)
    with open_production(place, mapping(NAME), model, reference=read_reference(model), clock=clock, **more) as source:
        faults = source.add_outcomes(outcomes, TABLE)
        found = pd.concat([source.rows(period, COLUMNS).to_pandas() for period in source.periods])
    return found.sort_values("_key", ignore_index=True), faults.groupby("code")["left_out"].sum().to_dict()


def same(found: pd.DataFrame, table: pd.DataFrame, outcomes: pd.DataFrame) -> None:
    expected = wanted(table, outcomes).sort_values(KEY, ignore_index=True)
    assert found["_key"].tolist() == expected[KEY].tolist()
    for ours, theirs in (("bad_date", "bad"), ("observed_until", "seen"), ("status", "word")):
        pairs = zip(found[ours], expected[theirs], strict=True)
        assert [(a, b) for a, b in pairs if not (a == b or (pd.isna(a) and pd.isna(b)))] == []


def test_outcomes_on_duckdb_and_postgres(table: pd.DataFrame, outcomes: pd.DataFrame, tmp_path: Path, dsn: str) -> None:
    folder = parts(table, tmp_path / "in", 2)
    outcomes.to_parquet(tmp_path / "outcomes.parquet")
    found, faults = looked(str(folder), str(tmp_path / "outcomes.parquet"))
    same(found, table, outcomes)
    assert faults == faults_wanted(table, outcomes)
    put(dsn, "decisions", table)
    put(dsn, "outcomes", outcomes)
    for place in ("outcomes", "select account, bad, seen, word from outcomes"):
        again, told = looked("decisions", place, engine="postgres", dsn=dsn)
        same(again, table, outcomes)
        assert told == faults
        pd.testing.assert_frame_equal(again, found, check_dtype=False)


@pytest.mark.slow
def test_outcomes_on_spark(table: pd.DataFrame, outcomes: pd.DataFrame, tmp_path: Path, spark: Any) -> None:
    """From files, with a half-written one among them, which is told and left out; and from a table of the session."""
    folder = parts(table, tmp_path / "in", 2)
    (tmp_path / "outcomes").mkdir()
    outcomes.to_parquet(tmp_path / "outcomes" / "a.parquet")
    given = {"engine": "spark", "session": spark}
    found, faults = looked(str(folder), str(tmp_path / "outcomes"), **given)
    same(found, table, outcomes)
    assert faults == faults_wanted(table, outcomes)
    whole = (tmp_path / "outcomes" / "a.parquet").read_bytes()
    (tmp_path / "outcomes" / "b.parquet").write_bytes(whole[: len(whole) // 2])
    again, faults = looked(str(folder), str(tmp_path / "outcomes"), **given)
    pd.testing.assert_frame_equal(again, found)
    assert faults == {**faults_wanted(table, outcomes), "damaged": 0}
    (tmp_path / "outcomes" / "a.parquet").unlink()
    none, faults = looked(str(folder), str(tmp_path / "outcomes"), **given)
    assert faults == {"damaged": 0}
    assert none["observed_until"].isna().all()
    assert len(none) == len(table)
