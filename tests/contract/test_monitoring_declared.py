"""A run with all that a plan may declare (applicants, amounts, a live split, looks, objectives on metrics), held
against plain counting, and recomputed by the validator."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import optimize, stats

from credit_risk.evaluation.clustered import clustered_auc_interval
from credit_risk.monitoring.run import MonitoringRun, OutcomeTable, Words, monitor
from credit_risk.monitoring.source import SqlSource, duckdb_engine, same_names
from credit_risk.monitoring.source.duckdb_engine import DuckDBEngine
from credit_risk.package import read_package
from tests.contract.test_monitoring_validation import listed
from tests.credit_risk.cli.command import credit_risk, done, portfolio
from tests.credit_risk.monitoring.run.world import DECLARED, SHARE, declared, production, write_world
from validation.cli import main

ROWS = 500
World = tuple[pd.DataFrame, Path, Path]
"""Rows of production with their truth, the folder of the run, and the package."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("declared")
    package = done(folder, DECLARED, portfolio(3000), "--no-validation", "--no-documents")
    table = declared(production(read_package(package), ROWS, 8))
    decisions, outcomes = write_world(folder / "production", table)
    named = ("--table", decisions, "--key", "key", "--time", "decided", "--decision", "decision")
    words = ("--approved", "accept", "--declined", "decline", "--segment", "HOUSING=HOUSING")
    shadow = ("--challenger", "trees:probability=trees", "--column", "latency=latency")
    ended = credit_risk("monitor", package, *named, *words, *shadow, "--outcomes", outcomes, "--out", folder / "run")
    assert ended.status == 0, ended.err
    return table, folder, package


def evidence(folder: Path, name: str) -> pd.DataFrame:
    item = json.loads((folder / "run" / "evidence" / f"monitoring.{name}.json").read_text("utf-8"))
    assert "rows" in item, item
    return pd.DataFrame(item["rows"], columns=[column["name"] for column in item["columns"]])


def first_month(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["decided"].dt.strftime("%Y-%m") == "2026-01"]


def test_intervals_are_of_applicants(world: World) -> None:
    table, folder, _ = world
    own = first_month(table)
    auc = clustered_auc_interval(own["BAD"], own["linear_score"], own["applicant"])
    told = (
        evidence(folder, "performance").query("period == '2026-01' and segment == 'all' and measure == 'auc'").iloc[0]
    )
    assert told["value"] == pytest.approx(auc.auc, abs=1e-12)
    assert told["standard_error"] == pytest.approx(auc.standard_error, rel=2e-3)
    run = evidence(folder, "run").set_index("item")["value"]
    assert run["applicants who come again"].startswith("one cluster each, by the column 'applicant'")


def test_profit_is_what_plain_sums_are(world: World) -> None:
    table, folder, _ = world
    own = first_month(table)
    booked = own[own["decision"] == "accept"]
    earned = float((0.1 * booked["amount"] * (1 - booked["BAD"])).sum())
    lost = float((0.6 * booked["amount"] * booked["BAD"]).sum())
    review = 20.0 * int(own["reviewed"].sum())
    told = evidence(folder, "profit").query("period == '2026-01' and segment == 'all'").set_index("measure")
    assert told["total"].to_dict() == pytest.approx(
        {"earned": earned, "lost": lost, "review_cost": review, "profit": earned - lost - review}
    )
    p = booked["probability"]
    expected = float(((1 - p) * 0.1 * booked["amount"] - p * 0.6 * booked["amount"]).sum()) - review
    assert told.loc["profit", "expected_total"] == pytest.approx(expected)
    assert set(told["currency"]) == {"EUR"}
    values = evidence(folder, "metrics").query("period == '2026-01' and segment == 'all'").set_index("metric")["value"]
    assert values["profit"] == pytest.approx(earned - lost - review)
    assert values["loss"] == pytest.approx(lost)
    assert values["profit_per_account"] == pytest.approx((earned - lost - review) / len(booked))


def test_objectives_name_columns_and_metrics(world: World) -> None:
    table, folder, _ = world
    own = first_month(table)
    told = evidence(folder, "objectives").query("period == '2026-01' and segment == 'all'").set_index("objective")
    assert told.loc["speed", "value"] == pytest.approx(np.quantile(own["latency"], 0.95, method="inverted_cdf"))
    assert told.loc["failures", "value"] == pytest.approx(own["failed"].mean())
    assert told.loc["ranking", "measure"] == "auc"
    assert told.loc["ranking", "verdict"] == "met"
    assert told.loc["taken", "value"] == pytest.approx((own["decision"] == "accept").mean())
    assert told.loc["taken", "verdict"] == "missed"
    assert told.loc["calls", "verdict"] == "not evaluable"
    assert "'calls'" in told.loc["calls", "reason"]
    alerts = json.loads((folder / "run" / "alerts.json").read_text("utf-8"))["alerts"]
    assert "taken" in {one["rule"] for one in alerts}


def test_the_split_is_that_of_the_hash(world: World) -> None:
    table, folder, _ = world
    split = evidence(folder, "split").set_index("arm")
    once = table.drop_duplicates("applicant")["arm"].value_counts()
    assert split["rows"].to_dict() == once.to_dict()
    expected = [once.sum() * SHARE, once.sum() * (1 - SHARE)]
    chance = stats.chisquare([once["trees"], once["champion"]], expected).pvalue
    assert split["p_value"].iloc[0] == pytest.approx(chance)
    assert (split["differing"] == 0).all()
    assert split["logged_rows"].to_dict() == table["arm"].value_counts().to_dict()
    assert evidence(folder, "verdict").set_index("area").loc["split", "verdict"] == "green"
    arms = evidence(folder, "arms").set_index("arm")
    for name in ("champion", "trees"):
        own = table[table["arm"] == name]
        assert arms.loc[name, "approval_rate"] == pytest.approx((own["decision"] == "accept").mean())
        assert arms.loc[name, "rows"] == (own["decision"] == "accept").sum()
    row = arms.loc["trees"]  # tightest at the error that the plan has: there the mixture m is m = 2 ln 20 + ln(1 + m)
    m = optimize.brentq(lambda m: 2 * np.log(20) + np.log1p(m) - m, 1, 50)
    mt = m * (0.0025 / row["difference_error"]) ** 2
    half = np.sqrt((1 + 1 / mt) * (2 * np.log(20) + np.log1p(mt))) * row["difference_error"]
    assert row["difference_upper"] - row["difference"] == pytest.approx(half, rel=1e-9)
    told = json.loads((folder / "run" / "evidence" / "monitoring.arms.json").read_text("utf-8"))
    assert any("planned error, 0.0025" in note for note in told["notes"])


def test_looks_are_those_of_the_plan_and_the_month_at_hand_decides_nothing(world: World) -> None:
    _, folder, _ = world
    looks = evidence(folder, "looks")
    assert looks["at"].tolist() == ["2026-05", "2026-08", "2026-12", "2026-10"]
    assert looks["status"].tolist() == ["not evaluable", "taken", "to come", "not planned"]
    assert set(looks["rule"]) == {"obrien_fleming"}
    taken, other = looks.iloc[1], looks.iloc[3]
    share = (0.0025 / taken["standard_error"]) ** 2
    assert taken["information"] == pytest.approx(min(share, 1.0))
    spent = 4 * stats.norm.sf(stats.norm.isf(0.05 / 4) / np.sqrt(taken["information"]))
    assert taken["spent"] == pytest.approx(spent)
    assert 2 * stats.norm.sf(taken["boundary"]) == pytest.approx(spent, rel=1e-6)
    assert np.isnan(float(other["boundary"] or np.nan))
    assert "nothing is decided by it" in other["reason"]
    advice = evidence(folder, "recommendations").iloc[0]
    assert "obrien_fleming" in advice["reasons"]
    assert advice["verdict"] in {"go on", "keep", "promote"}


CHANGES = {
    "profit": ("total", {"measure": "lost", "period": "2026-01", "segment": "all"}),
    "objectives": ("value", {"objective": "speed", "segment": "all"}),
    "looks": ("boundary", {"status": "taken"}),
    "split": ("rows", {"arm": "trees"}),
    "arms": ("bad_rate", {"arm": "trees"}),
    "performance": ("standard_error", {"measure": "auc", "period": "2026-01", "segment": "all"}),
}
"""Table, its column that is changed, and in which row."""


def found_by_the_validator(world: World, run: Path, out: Path) -> dict[str, Any]:
    _, folder, package = world
    named = ("--key", "key", "--time", "decided", "--decision", "decision", "--segment", "HOUSING=HOUSING")
    words = ("--approved", "accept", "--declined", "decline", "--challenger", "trees:probability=trees")
    places = ("--table", folder / "production" / "decisions", "--outcomes", folder / "production" / "outcomes.parquet")
    given = (package, "--run", run, *places, *named, *words, "--column", "latency=latency", "--out", out, "--quiet")
    assert main(["monitoring", *map(str, given)]) in (0, 1)
    told: dict[str, Any] = json.loads((out / "findings.json").read_text("utf-8"))
    return told


def test_the_validator_counts_the_same_and_finds_what_is_changed(world: World, tmp_path: Path) -> None:
    true = found_by_the_validator(world, world[1] / "run", tmp_path / "true")
    assert true["findings"] == []
    passed = {one["test"]: one["compared"] for one in true["coverage"] if one["outcome"] == "pass"}
    for table, (column, _) in CHANGES.items():
        assert passed[f"monitoring.{table}: {column}"] > 0, (table, column)
    run = tmp_path / "run"
    shutil.copytree(world[1] / "run", run)
    for table, (column, where) in CHANGES.items():
        path = run / "evidence" / f"monitoring.{table}.json"
        item = json.loads(path.read_text("utf-8"))
        names = [one["name"] for one in item["columns"]]
        row = next(r for r in item["rows"] if all(r[names.index(k)] == v for k, v in where.items()))
        row[names.index(column)] += 1 if column == "rows" else 0.001
        path.write_text(json.dumps(item), "utf-8")
    listed(run)
    changed = found_by_the_validator(world, run, tmp_path / "changed")
    assert {one["test"] for one in changed["findings"]} == {f"monitoring.{t}: {c}" for t, (c, _) in CHANGES.items()}


def run_again(folder: Path, package: Path) -> MonitoringRun:
    read = read_package(package)
    mapping = same_names(
        read, "key", "decided", decision="decision", segments={"HOUSING": "HOUSING"},
        challengers={"trees:probability": "trees"},
    )  # fmt: skip
    late = OutcomeTable(folder / "production" / "outcomes.parquet")
    words = Words(("accept",), ("decline",))
    return monitor(read, str(folder / "production" / "decisions"), mapping, outcomes=late, words=words)


def test_no_run_holds_a_month_of_rows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for a month at once fails; whatever the batches and parts of a month are, the figures are the same."""
    _, folder, package = world
    wanted, batches, seen = run_again(folder, package), SqlSource.batches, list[int]()

    def counted(self: SqlSource, period: str, columns: Sequence[str], **more: bool) -> Iterator[pa.Table]:
        for table in batches(self, period, columns, **more):
            seen.append(table.num_rows)
            yield table

    def refused(*_: object) -> None:
        pytest.fail("a month of rows was asked for at once")

    def some(self: DuckDBEngine, sql: str) -> list[tuple[Any, ...]]:
        found = fetch(self, sql)
        assert len(found) < ROWS * 8, sql  # counts, never rows
        return found

    fetch = DuckDBEngine.fetch
    monkeypatch.setattr(DuckDBEngine, "fetch", some)
    monkeypatch.setattr(SqlSource, "batches", counted)
    monkeypatch.setattr(SqlSource, "rows", refused)
    monkeypatch.setattr(DuckDBEngine, "arrow", refused)
    monkeypatch.setattr(duckdb_engine, "BATCH", 150)
    monkeypatch.setattr(duckdb_engine, "PART", 200)
    found = run_again(folder, package)
    assert max(seen) <= 150
    assert sum(seen) >= 8 * 8 * ROWS  # eight parts of a run at least read every row
    assert set(found.frames) == set(wanted.frames)
    for name, frame in wanted.frames.items():
        own = found.frames[name]
        if isinstance(frame, str) or isinstance(own, str):
            assert isinstance(own, str)
            assert own == frame
        else:
            pd.testing.assert_frame_equal(own, frame, rtol=1e-10, atol=1e-11, obj=name)
