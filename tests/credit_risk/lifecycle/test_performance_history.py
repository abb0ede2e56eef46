"""A plan whose outcome is built from performance history, from the files to package, validation and documents."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.credit_risk.cli.command import PLAN as READY
from tests.credit_risk.cli.command import QUICK, credit_risk, portfolio, write_plan

PLAN = """
model: {id: m}
data: {source: table.csv, key: ID}
outcome:
  history: {source: history.csv, key: ACCOUNT, month: MONTH, state: STATE, states: {C: 0, 1: 30, 2: 60, 3: 90, X: null}}
  definition: {indeterminate: {days_past_due: 60}}
  windows: {performance_months: 6, maturity: {months: 2, share: 0.1, min_accounts: 20}}
  exclusions: [{condition: AGE < 20, reason: under age}]
  status: {column: STATUS, values: {B: booked, R: rejected}}
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """900 applications; bads reach 90 days in month 4, every 17th good only 60, every 9th applicant is rejected."""
    folder = tmp_path_factory.mktemp("history")
    table = portfolio(900)
    bad = table.pop("BAD").to_numpy()
    number = np.arange(1, len(table) + 1)
    rejected = number % 9 == 0
    table.insert(0, "ID", number)
    table["STATUS"] = np.where(rejected, "R", "B")
    rows = []
    for key, is_bad in zip(number[~rejected].tolist(), bad[~rejected].tolist(), strict=True):
        worst = "3" if is_bad else "2" if key % 17 == 0 else "C"
        rows += [(key, m, worst if m == 4 else "X" if m == 0 else "C") for m in range(10)]
    write_plan(folder, PLAN + QUICK, table)
    pd.DataFrame(rows, columns=["ACCOUNT", "MONTH", "STATE"]).to_csv(folder / "history.csv", index=False)
    ended = credit_risk("run", folder, "--out", folder / "out")
    assert ended.status == 0, ended.err
    return folder / "out"


def evidence(package: Path, identifier: str) -> dict:
    return json.loads((package / "evidence" / f"{identifier}.json").read_text("utf-8"))


def test_snapshot_and_evidence_tell_the_same(package: Path) -> None:
    snapshot = pq.read_table(package / "data" / "snapshot.parquet").to_pandas()
    number = snapshot["_key"].to_numpy()
    rejected, young = number % 9 == 0, (snapshot["AGE"] < 20).to_numpy()
    assert (snapshot["_status"] == np.where(rejected, "rejected", "booked")).all()
    assert snapshot.loc[rejected | young, "_outcome"].isna().all()
    known = snapshot["_outcome"].notna()
    assert snapshot["_sample"].notna().equals(known)
    counted = {row[0]: 0 for row in evidence(package, "outcome.exclusions")["rows"]}
    for outcome, _, rows, _ in evidence(package, "outcome.exclusions")["rows"]:
        counted[outcome] += rows
    assert counted["bad"] == int((snapshot["_outcome"] == 1).sum())
    assert counted["good"] == int((snapshot["_outcome"] == 0).sum())
    assert counted["indeterminate"] > 0
    assert sum(counted.values()) == len(snapshot)
    waterfall = evidence(package, "data.waterfall")["rows"]
    assert waterfall[-1][2] == int(known.sum())


def test_evidence_of_the_history(package: Path) -> None:
    assert evidence(package, "outcome.vintages")["chart"]["series"] == "cohort"
    assert evidence(package, "outcome.maturity")["kind"] == "figure"
    window = dict(evidence(package, "outcome.window")["rows"])
    assert (window["performance window, months"], window["recommended, months"]) == ("6", "4")
    statuses = {row[0]: row[1] for row in evidence(package, "outcome.status")["rows"]}
    assert statuses == {"booked": 800, "rejected": 100}
    model = json.loads((package / "model.json").read_text("utf-8"))
    assert model["outcome"]["event"] == "90 or more days past due, at any time within 6 months"


def test_the_validator_finds_nothing_wrong_with_it(package: Path) -> None:
    findings = json.loads((package / "validation" / "findings.json").read_text("utf-8"))["findings"]
    assert [f for f in findings if f["severity"] in ("critical", "high")] == []
    assert not [f for f in findings if "evidence" in f["test"]]
    assert (package / "documents" / "development_dossier.pdf").stat().st_size > 10_000


def test_a_ready_column_leaves_the_history_not_applicable(tmp_path: Path) -> None:
    write_plan(tmp_path, READY + QUICK, portfolio())
    ended = credit_risk("run", tmp_path, "--out", tmp_path / "out", "--no-validation", "--no-documents")
    assert ended.status == 0, ended.err
    for name in ("exclusions", "status", "history", "roll_rates", "vintages", "maturity", "window"):
        item = evidence(tmp_path / "out", f"outcome.{name}")
        assert item["kind"] == "not_applicable"
        assert item["reason"]
