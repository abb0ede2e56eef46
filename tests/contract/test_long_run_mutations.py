"""Long-run evidence of a package: the validator agrees with all of it, and finds each number that was changed."""

from __future__ import annotations

import copy
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.contract.altered import altered, cell, failures
from tests.credit_risk.cli.command import disagreements, done, evidence, frame, portfolio
from validation import read_package
from validation.compare import Ledger
from validation.comparisons.long_run import compare_long_run
from validation.policy import read_policy
from validation.rebuild.workspace import Workspace, open_workspace

PLAN = """
model: {id: m}
data: {source: table.csv, date: DATE}
outcome: {column: BAD, bad: 1}
samples: {weight: W}
models: [{id: scorecard, type: scorecard, champion: true}]
long_run:
  window_months: 12
  min_rows: 40
  leave_out: [{cohort: "2013", reason: a merger, author: a person}]
  cycle:
    indicator: Unemployment rate
    source: a table
    years:
      - {year: 2005, value: 5.0}
      - {year: 2006, value: 4.5}
      - {year: 2007, value: 4.4}
      - {year: 2008, value: 6.0, downturn: true}
      - {year: 2009, value: 9.0, downturn: true}
      - {year: 2010, value: 8.0, downturn: true}
      - {year: 2011, value: 7.0}
      - {year: 2012, value: 5.0}
  adjustment: {method: reweight, reason: bad years are rare in the data, author: a person, date: "2026-11-26"}
"""
COHORTS, FIGURE, AVERAGE = "long_run.cohorts", "long_run.figure", "long_run.average"
YEARS, CYCLE, PHILOSOPHY = "long_run.cycle_years", "long_run.cycle", "long_run.philosophy"
CASES: list[tuple[str, str, int, Any, str]] = [
    *((COHORTS, c, 1, lambda v: v + 1, c) for c in ("months", "rows", "bads", "unknown")),
    *((COHORTS, c, 2, lambda v: v * 1.001, c) for c in ("bad_rate", "bad_rate_lower", "bad_rate_upper")),
    *((COHORTS, c, 0, lambda v: v * 1.001, c) for c in ("mean_probability", "weight_share", "effective_rows")),
    (COHORTS, "cohort", 0, lambda v: "1999", "cohorts"),
    (COHORTS, "begins", 0, lambda v: "1999-01", "begins"),
    (COHORTS, "counted", 0, lambda v: False, "counted"),
    (COHORTS, "overlaps", 1, lambda v: False, "overlaps"),
    (COHORTS, "reason", 0, lambda v: "no reason", "reason given"),
    (FIGURE, "rate", 1, lambda v: v * 1.001, "rate"),
    (FIGURE, "series", -1, lambda v: "observed", "points"),
    *((AVERAGE, c, 0, lambda v: v * 1.001, c) for c in ("value", "standard_error", "lower", "upper")),
    *((AVERAGE, c, 1, lambda v: v + 1, c) for c in ("lags", "degrees", "years", "cohorts")),
    *((AVERAGE, "value", row, lambda v: v * 1.001, "value") for row in (1, 2, 3)),
    (AVERAGE, "standard_error", 2, lambda v: v * 0.9, "standard_error"),
    (AVERAGE, "estimate", 3, lambda v: "another", "estimates"),
    (YEARS, "downturn", 1, lambda v: True, "downturn"),
    *((YEARS, c, 3, lambda v: v + 1, c) for c in ("indicator", "cohorts", "rows", "bad_rate")),
    *((CYCLE, "value", row, lambda v: v * 1.01, "value") for row in (2, 5, 7, 8, 9, 10, 11, 12, 13)),
    *((PHILOSOPHY, "value", row, lambda v: v * 1.01, "value") for row in range(14)),
    *((PHILOSOPHY, c, 0, lambda v: v * 1.001, c) for c in ("standard_error", "lower", "upper")),
    *((PHILOSOPHY, c, 10, lambda v: v * 1.001, c) for c in ("standard_error", "lower", "upper")),
    (PHILOSOPHY, "p_value", 4, lambda v: v * 1.01 + 0.01, "p_value"),
]


def table() -> pd.DataFrame:
    """Applications of eight years and a half, the bad rate of which moves; 2013 is a part of a year."""
    rng = np.random.default_rng(8)
    rows = portfolio(1700, seed=8)
    months = np.sort(rng.integers(0, 102, len(rows)))
    dates = [f"{2005 + m // 12}-{m % 12 + 1:02d}-{d:02d}" for m, d in zip(months, rng.integers(1, 29, len(rows)))]
    hard = np.isin(months // 12, (3, 4, 5)) & (rng.random(len(rows)) < 0.15)
    weights = np.exp(rng.uniform(-0.5, 0.5, len(rows))).round(3)
    return rows.assign(DATE=dates, BAD=np.where(hard, 1, rows["BAD"]), W=weights)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    package = done(tmp_path_factory.mktemp("long_run"), PLAN, table())
    assert disagreements(package) == []
    for annex in ("exports", "documents", "validation"):
        shutil.rmtree(package / annex, ignore_errors=True)
    return package


def test_evidence_is_what_pandas_counts(good: Path) -> None:
    rows = pd.read_parquet(good / "data/snapshot.parquet")
    whole = rows.assign(year=rows["DATE"].str[:4], wy=rows["_outcome"] * rows["_weight"])
    sums = whole.groupby("year")[["wy", "_weight"]].sum()
    cohorts = frame(good, COHORTS).set_index("cohort")
    expected = (sums["wy"] / sums["_weight"]).loc[cohorts.index]
    np.testing.assert_allclose(cohorts["bad_rate"], expected, rtol=1e-12)
    assert cohorts["counted"].tolist() == [True] * 8 + [False]
    averages = frame(good, AVERAGE).set_index("estimate")["value"]
    counted = cohorts.loc[cohorts["counted"], "bad_rate"]
    assert averages["mean_of_cohorts"] == pytest.approx(counted.mean(), rel=1e-12)
    hard = counted.loc[["2008", "2009", "2010"]].mean()
    calm = counted.drop(["2008", "2009", "2010"]).mean()
    assert averages["adjusted"] == pytest.approx(3 / 8 * hard + 5 / 8 * calm, rel=1e-12)
    assert any("downturns are represented" in note for note in evidence(good, CYCLE)["notes"])


@pytest.fixture(scope="module")
def space(good: Path) -> Workspace:
    found = open_workspace(read_package(good), read_policy())
    assert found is not None
    return found


@pytest.mark.parametrize(("name", "column", "row", "change", "quantity"), CASES)
def test_a_change_is_found(space: Workspace, name: str, column: str, row: int, change: Any, quantity: str) -> None:
    item = copy.deepcopy(space.package.evidence[name])
    cell(row, column, change)(item)
    assert item != space.package.evidence[name]
    package = replace(space.package, evidence={**space.package.evidence, name: item})
    own = replace(space, package=package, ledger=Ledger(space.policy))
    compare_long_run(own)
    failed = {one.test for one in own.ledger.outcomes if one.outcome == "fail"}
    assert f"{name}: {quantity}" in failed


def test_a_table_that_is_left_out_is_found(good: Path, tmp_path: Path) -> None:
    def leave_out(item: dict[str, Any]) -> None:
        for key in ("columns", "rows"):
            del item[key]
        item |= {"kind": "not_applicable", "reason": "not evaluable: too few years"}

    package = altered(good, tmp_path / "package", f"evidence/{AVERAGE}.json", leave_out)
    assert f"{AVERAGE}: enough years" in failures(package)
