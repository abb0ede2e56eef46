"""A run of monitoring from tables to evidence, held against pandas and scikit-learn on the rows themselves."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from credit_risk._core.evidence import catalogue
from credit_risk._core.hash_chain import line_of
from credit_risk.monitoring.run import MonitoringRun, OutcomeTable, Words, evidence_of, monitor
from credit_risk.monitoring.source import same_names
from credit_risk.package import read_package
from tests.credit_risk.cli.command import Ended, credit_risk, done, portfolio
from tests.credit_risk.monitoring.run.world import PLAN, production, write_world

WORDS = Words(("accept",), ("decline",))


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return done(tmp_path_factory.mktemp("monitored"), PLAN, portfolio(4000), "--no-validation", "--no-documents")


@pytest.fixture(scope="module")
def table(package: Path) -> pd.DataFrame:
    return production(read_package(package), shifted_from=6)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory, table: pd.DataFrame) -> tuple[Path, Path]:
    return write_world(tmp_path_factory.mktemp("production"), table)


def run_of(package: Path, decisions: Path, outcomes: Path | None) -> MonitoringRun:
    read = read_package(package)
    mapping = same_names(
        read, "key", "decided", decision="decision", segments={"HOUSING": "HOUSING"},
        challengers={"trees:probability": "trees"},
    )  # fmt: skip
    late = None if outcomes is None else OutcomeTable(outcomes)
    return monitor(read, str(decisions), mapping, outcomes=late, words=WORDS)


@pytest.fixture(scope="module")
def run(package: Path, places: tuple[Path, Path]) -> MonitoringRun:
    return run_of(package, *places)


def frame(run: MonitoringRun, name: str) -> pd.DataFrame:
    found = run.frames[name]
    assert not isinstance(found, str), found
    return found


def test_the_shift_is_found_in_its_months_and_in_its_characteristic(run: MonitoringRun) -> None:
    score = frame(run, "score_stability").query("segment == 'all' and variable == 'score'").set_index("period")
    assert (score.loc["2026-07":, "verdict"] == "red").all()
    assert (score.loc[:"2026-06", "psi"] < 0.1).all()
    stability = frame(run, "characteristic_stability").query("segment == 'all' and verdict == 'red'")
    assert set(stability["variable"]) == {"INCOME"}
    assert set(stability["period"]) == {"2026-07", "2026-08", "2026-09"}
    cause = frame(run, "cause").query("segment == 'all'").set_index("period")
    assert set(cause.loc["2026-07":, "cause"]) <= {"population", "data_quality"}


def test_shifts_add_up_to_the_change_of_the_mean(run: MonitoringRun) -> None:
    totals = frame(run, "attribution_totals").query("segment == 'all'")
    assert totals["remainder"].abs().max() < 1e-9


def test_mature_months_are_those_of_plain_counting(run: MonitoringRun, table: pd.DataFrame) -> None:
    labels = frame(run, "labels").set_index("period")
    assert labels.loc["2026-01", "state"] == "mature"
    assert labels.loc["2026-09", "state"] == "immature"
    first = table[table["decided"].dt.strftime("%Y-%m") == "2026-01"]
    measured = frame(run, "performance").query("period == '2026-01' and segment == 'all' and horizon == 6")
    auc = measured.set_index("measure").loc["auc"]
    assert auc["bad"] == first["BAD"].sum()
    assert auc["value"] == pytest.approx(roc_auc_score(first["BAD"], first["linear_score"]), abs=1e-12)
    level = frame(run, "level").query("period == '2026-01' and segment == 'all'").iloc[0]
    assert level["observed"] == pytest.approx(first["BAD"].mean(), abs=1e-12)
    assert level["predicted"] == pytest.approx(first["probability"].mean(), abs=1e-12)


def test_a_month_that_is_not_mature_is_measured_at_its_age(run: MonitoringRun, table: pd.DataFrame) -> None:
    own = frame(run, "performance").query("segment == 'all' and measure == 'bad_rate' and period == '2026-07'")
    early = own[own["horizon"] < 6].iloc[0]
    assert early["horizon"] == 3
    month = table[(table["decided"].dt.strftime("%Y-%m") == "2026-07")]
    assert early["rows"] == len(month)
    assert 0 < early["value"] < month["BAD"].mean()


def test_decisions_objectives_and_challengers(run: MonitoringRun, table: pd.DataFrame) -> None:
    decisions = frame(run, "decisions").query("segment == 'all' and measure == 'approval_rate'").set_index("period")
    month = table["decided"].dt.strftime("%Y-%m")
    accepted = (table["decision"] == "accept").groupby(month).mean()
    assert np.allclose(decisions["rate"], accepted)
    assert (frame(run, "decisions").query("measure == 'override_rate'")["rate"] == 0).all()
    volume = frame(run, "objectives").query("segment == 'all'")
    assert (volume["value"] == 700).all()
    assert (volume["verdict"] == "met").all()
    shadow = frame(run, "challengers").query("segment == 'all' and period == '2026-01'").iloc[0]
    first = table[month == "2026-01"]
    assert shadow["auc_challenger"] == pytest.approx(roc_auc_score(first["BAD"], first["trees"]), abs=1e-12)
    assert "accepted" in shadow["warning"]


def test_rules_of_the_plan_are_broken_and_told(run: MonitoringRun) -> None:
    assert run.evaluation is not None
    broken = {(one.watch.id, one.subject) for one in run.evaluation.conditions if one.colour == "red"}
    assert {("score_psi", "score"), ("characteristic_psi", "INCOME")} <= broken
    verdict = frame(run, "verdict").set_index("area")["verdict"]
    assert verdict["alerts"] == "red"
    assert verdict["score"] == "red"


def test_without_outcomes_what_needs_them_does_not_apply(package: Path, places: tuple[Path, Path]) -> None:
    run = run_of(package, places[0], None)
    assert run.frames["performance"] == "no outcomes were given"
    assert "estimate" in frame(run, "label_free")
    kinds = {
        one.id: one.kind for one in evidence_of({**run.frames, "alerts": "none is open", "governance": "no inventory"})
    }
    assert kinds["monitoring.performance"] == "not_applicable"
    assert set(kinds) == {name for name in catalogue() if name.startswith("monitoring.")}


def test_a_damaged_month_is_told_and_the_run_goes_on(package: Path, places: tuple[Path, Path], tmp_path: Path) -> None:
    decisions = tmp_path / "decisions"
    decisions.mkdir()
    for file in places[0].iterdir():
        data = file.read_bytes()
        (decisions / file.name).write_bytes(data[: len(data) // 2] if file.name == "2026-03.parquet" else data)
    late = tmp_path / "outcomes"
    late.mkdir()
    (late / "a.parquet").write_bytes(places[1].read_bytes())
    (late / "b.parquet").write_bytes(places[1].read_bytes()[:100])
    run = run_of(package, decisions, late)
    told = frame(run, "faults")
    assert {"2026-03.parquet", "b.parquet"} <= set(told["partition"])
    assert "2026-03" not in set(frame(run, "score_stability")["period"])
    assert frame(run, "metrics").query("metric == 'bad_partitions'")["value"].sum() == 1


def command(package: Path, places: tuple[Path, Path], out: Path, *more: object) -> Ended:
    table = ("--table", places[0], "--key", "key", "--time", "decided", "--decision", "decision")
    words = ("--approved", "accept", "--declined", "decline", "--segment", "HOUSING=HOUSING")
    return credit_risk("monitor", package, *table, *words, "--outcomes", places[1], "--out", out, *more)


def test_the_command_writes_evidence_alerts_report_and_page(
    package: Path, places: tuple[Path, Path], tmp_path: Path
) -> None:
    ended = command(package, places, tmp_path / "run", "--fail-on", "medium")
    assert ended.status == 1, ended.err
    assert "red" in ended.out
    assert (tmp_path / "run" / "documents" / "monitoring_report.pdf").is_file()
    assert (tmp_path / "run" / "documents" / "index.html").is_file()
    page = (tmp_path / "run" / "documents" / "index.html").read_text("utf-8")
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text("utf-8"))
    assert manifest["kind"] == "monitoring"
    assert manifest["package_hash"] == read_package(package).package_hash
    again = command(package, places, tmp_path / "run", "--no-documents")
    assert again.status == 0, again.err
    assert "0 opened" in again.out
    listed = credit_risk("alerts", "list", tmp_path / "alerts")
    assert "Stability of the score" in listed.out
    log = tmp_path / "alerts" / "alerts.jsonl"
    head = hashlib.sha256(log.read_bytes().splitlines()[-1]).hexdigest()
    about = json.loads((tmp_path / "run" / "evidence" / "monitoring.run.json").read_text("utf-8"))
    assert dict(about["rows"])["log of alerts ends in"] == head
    assert head in page
    last = json.loads(log.read_bytes().splitlines()[-1])
    kept = log.read_bytes()
    changed = {**last, "at": "2020-01-01T00:00:00Z"}
    log.write_bytes(b"".join(kept.splitlines(keepends=True)[:-1]) + line_of(changed) + b"\n")
    assert credit_risk("alerts", "list", tmp_path / "alerts").status == 0  # the chain itself holds
    refused = command(package, places, tmp_path / "next", "--no-documents")
    assert (refused.status, "not the one that the run run kept" in refused.err) == (2, True)
    assert not (tmp_path / "next").exists()


def test_the_same_run_gives_the_same_bytes(
    package: Path, places: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")  # the log of alerts, which evidence cites, tells the moment
    for name in ("a", "b"):
        folder = tmp_path / name
        assert command(package, places, folder / "run", "--no-documents", "--quiet").status == 0
    files = sorted(path.name for path in (tmp_path / "a" / "run" / "evidence").iterdir())
    assert len(files) > 25
    for name in files:
        both = [(tmp_path / one / "run" / "evidence" / name).read_bytes() for one in ("a", "b")]
        assert both[0] == both[1], name


def test_a_run_after_three_missed_months_raises_what_they_held(
    package: Path, table: pd.DataFrame, tmp_path: Path
) -> None:
    """May and June lose half the volume; nobody monitors from May to July, and in August nothing is wrong any more."""
    month = table["decided"].dt.strftime("%Y-%m")
    few = table[~month.isin(["2026-05", "2026-06"]) | (table.groupby(month).cumcount() < 90)]
    for name, last in (("april", "2026-04"), ("august", "2026-08")):
        places = write_world(tmp_path / name, few[few["decided"].dt.strftime("%Y-%m") <= last].reset_index(drop=True))
        ended = command(package, places, tmp_path / "run", "--no-documents")
        assert ended.status == 0, ended.err
    assert "months that no run had judged were judged too: 2026-05, 2026-06, 2026-07" in ended.out
    alerts = json.loads((tmp_path / "run" / "alerts.json").read_text("utf-8"))["alerts"]
    (volume,) = (one for one in alerts if one["rule"] == "volume")
    assert (volume["first_period"], volume["last_period"], volume["state"]) == ("2026-05", "2026-06", "open")
    assert volume["recovered"] == "2026-08"


def test_faults_of_the_command_are_told_at_once(package: Path, places: tuple[Path, Path], tmp_path: Path) -> None:
    wrong = ("--approved", "yes", "--map", "X", "--out", tmp_path / "o")
    ended = credit_risk("monitor", package, "--table", places[0], *wrong)
    assert ended.status == 2
    for words in ("--key COLUMN", "--time COLUMN", "go together", "NAME=COLUMN"):
        assert words in ended.err
    assert not (tmp_path / "o").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine", "utf-8")
    kept = command(package, places, tmp_path / "mine", "--no-documents", "--quiet")
    assert kept.status == 2
    assert (tmp_path / "mine" / "notes.txt").read_text("utf-8") == "mine"
    assert not (tmp_path / "alerts").exists()


def test_a_log_is_joined_by_pseudonyms_and_scored_again(
    package: Path, table: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = table[table["decided"].dt.strftime("%Y-%m") == "2026-01"].reset_index(drop=True)
    names = [item["name"] for item in read_package(package).model["inputs"]]
    rows[["key", *names]].to_parquet(tmp_path / "applicants.parquet", index=False)
    (tmp_path / "secret").write_bytes(b"a secret of some length")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(pd.Timestamp("2026-01-31", tz="UTC").timestamp())))
    places = ("--input", tmp_path / "applicants.parquet", "--out", tmp_path / "scored", "--engine", "duckdb")
    kept = ("--log", tmp_path / "log", "--log-inputs", "--secret-file", tmp_path / "secret", "--key", "key")
    scored = credit_risk("score", package, *places, *kept)
    assert scored.status == 0, scored.err
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    bad = pd.Series(pd.Timestamp("2026-03-15"), index=rows.index).where(rows["BAD"] == 1)
    outcomes = pd.DataFrame({"key": rows["key"], "bad_date": bad, "observed_until": pd.Timestamp("2026-09-30")})
    outcomes.to_parquet(tmp_path / "outcomes.parquet", index=False)
    late = ("--outcomes", tmp_path / "outcomes.parquet", "--secret-file", tmp_path / "secret")
    ended = credit_risk(
        "monitor", package, "--log", tmp_path / "log", *late, "--out", tmp_path / "run", "--no-documents"
    )
    assert ended.status == 0, ended.err

    def evidence(name: str) -> pd.DataFrame:
        item = json.loads((tmp_path / "run" / "evidence" / f"monitoring.{name}.json").read_text("utf-8"))
        return pd.DataFrame(item["rows"], columns=[column["name"] for column in item["columns"]])

    again = evidence("replay")
    assert (again["differences"] == 0).all()
    assert (again["rows"] == len(rows)).all()
    measured = evidence("performance").query("measure == 'auc' and period == '2026-01'").iloc[0]
    assert measured["bad"] == rows["BAD"].sum()
    assert measured["value"] == pytest.approx(roc_auc_score(rows["BAD"], rows["linear_score"]), abs=1e-12)


def test_looks_see_what_was_known_on_their_day(run: MonitoringRun) -> None:
    looks = frame(run, "looks")
    assert set(looks["challenger"]) == {"trees"}
    assert looks["standard_error"].is_monotonic_decreasing
    assert (looks["lower"] <= looks["estimate"]).all()
    assert looks["at"].is_monotonic_increasing
    assert run.frames["recommendations"] == "the plan states no rules of redeployment (strategy.redeployment)"


@pytest.mark.parametrize("time", [pd.Timestamp("2026-01-05", tz="UTC"), "2026-01-05"])
def test_a_table_of_something_else_is_refused_and_nothing_is_written(
    package: Path, tmp_path: Path, time: object
) -> None:
    other = pd.DataFrame({"k": range(50), "t": [time] * 50, "x": 1.0})
    other.to_parquet(tmp_path / "other.parquet", index=False)
    table = ("--table", tmp_path / "other.parquet", "--key", "k", "--time", "t")
    ended = credit_risk("monitor", package, *table, "--out", tmp_path / "run", "--quiet")
    assert ended.status == 2
    assert "could be monitored by" in ended.err
    assert "--map NAME=COLUMN" in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["other.parquet"]
