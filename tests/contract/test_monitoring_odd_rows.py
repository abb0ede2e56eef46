"""Rows as they come: each month is spoilt in ways of its own, no run ends by it, and the validator counts the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from credit_risk.package import read_package
from tests.credit_risk.cli.command import credit_risk, done, portfolio
from tests.credit_risk.monitoring.run.world import DECLARED, declared, production, write_world
from validation.cli import main

ROWS = 250
Spoil = Callable[[pd.DataFrame], pd.DataFrame]


def put(**cells: Any) -> Spoil:
    """Cells of every fifth row from the fourth on."""

    def change(table: pd.DataFrame) -> pd.DataFrame:
        for column, value in cells.items():
            table.loc[table.index[3::5], column] = value
        return table

    return change


def keys_twice(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of one key, some of them of the same moment."""
    table.loc[table.index[::9], "key"] = table["key"].iloc[0]
    table.loc[table.index[::18], "decided"] = table["decided"].iloc[0]
    return table


def nameless(table: pd.DataFrame) -> pd.DataFrame:
    """Every fifth row from the fifth on, in each month that is spoilt so."""
    return table.assign(applicant=table["applicant"].where(np.arange(len(table)) % 5 != 4))


MONTHS: dict[str, tuple[Spoil, ...]] = {
    "2026-01": (put(probability=35.0, trees=-0.25), nameless),
    "2026-02": (lambda one: one.assign(HOUSING=None), put(linear_score=np.nan)),
    "2026-03": (keys_twice,),
    "2026-04": (put(amount=-5.0, arm="other"), nameless),
    "2026-05": (lambda one: one.assign(probability=0.3, linear_score=-1.0),),
    "2026-06": (lambda one: one.assign(applicant="a00001", latency=np.nan, INCOME=None), put(HOUSING="castle=á|b,c")),
    "2026-07": (lambda one: one.head(10).assign(probability=np.nan, linear_score=np.nan, score=np.nan, AGE=np.inf),),
    "2026-08": (put(INCOME=np.inf), lambda one: one.assign(probability=one["probability"].mask(one["score"] > 560, 0))),
}
"""Percentages for probabilities; a column of the null type, no linear score; a key of many rows; no amount, an arm that
is none; one score for all; one applicant for all, no income, a category never seen; ten rows, all refused; inputs that
the package refuses, probabilities of 0. Two months have rows without a name at the same places."""


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("odd")
    package = done(folder, DECLARED, portfolio(3000), "--no-validation", "--no-documents")
    decisions, outcomes = write_world(folder / "production", declared(production(read_package(package), ROWS, 8)))
    for month, changes in MONTHS.items():
        table = pd.read_parquet(decisions / f"{month}.parquet")
        for change in changes:
            table = change(table)
        table.to_parquet(decisions / f"{month}.parquet", index=False)
    (folder / "late").mkdir()
    late = pd.read_parquet(outcomes)
    late[:1200].to_parquet(folder / "late" / "a.parquet", index=False)
    late[1200:].assign(bad_date=None).to_parquet(folder / "late" / "b.parquet", index=False)  # none is bad so far
    assert str(pq.read_schema(folder / "late" / "b.parquet").field("bad_date").type) == "null"
    return {"package": package, "decisions": decisions, "outcomes": folder / "late", "run": folder / "run"}


NAMED = ("--key", "key", "--time", "decided", "--decision", "decision", "--segment", "HOUSING=HOUSING",
         "--approved", "accept", "--declined", "decline", "--challenger", "trees:probability=trees")  # fmt: skip


def test_no_row_ends_a_run_and_the_validator_counts_the_same(spoilt: dict[str, Path], tmp_path: Path) -> None:
    given = (spoilt["package"], "--table", spoilt["decisions"], "--outcomes", spoilt["outcomes"], *NAMED)
    ran = credit_risk("monitor", *given, "--out", spoilt["run"], "--no-documents", "--quiet")
    assert ran.status == 0, ran.err
    codes = {row[2] for row in rows_of(spoilt["run"], "faults")}
    assert codes >= {"not_a_probability", "duplicate_key", "infinite", "few_rows"}
    assert not [row for row in rows_of(spoilt["run"], "faults") if row[2] == "column_type"]
    out = ("--run", spoilt["run"], "--out", tmp_path / "found", "--quiet")
    assert main(["monitoring", *map(str, (*given, *out))]) in (0, 1)
    document = json.loads((tmp_path / "found" / "findings.json").read_text("utf-8"))
    told = {one["test"] for one in document["findings"]}
    assert {one for one in told if not one.startswith("production: scored again")} == set()
    assert "production: scored again: probability" in told
    assert sum(one["outcome"] == "pass" for one in document["coverage"]) > 150


def rows_of(run: Path, name: str) -> list[list[Any]]:
    """Rows of a table of the run."""
    item = json.loads((run / "evidence" / f"monitoring.{name}.json").read_text("utf-8"))
    rows: list[list[Any]] = item["rows"]
    return rows
