"""The monitored year of the shipped plan: what the simulator did to it is found in its month, and nothing before."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import credit_risk as cr
from credit_risk.lifecycle.monitor import Written
from tests.credit_risk.cli.command import REPOSITORY
from validation import cli as validator


@pytest.fixture(scope="module")
def year(door_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("year")
    runpy.run_path(str(REPOSITORY / "scripts" / "through_the_door_year.py"))["main"](door_package, folder)
    return folder


@pytest.fixture(scope="module")
def done(door_package: Path, year: Path) -> Written:
    mapping = cr.same_names(
        cr.read_package(door_package), "application_id", "decided_at", package="package", decision="decision",
        segments={"channel": "channel"}, challengers={"boosting:probability": "boosting_probability"},
    )  # fmt: skip
    return cr.monitor_package(
        door_package,
        str(year / "decisions"),
        mapping,
        year / "run",
        outcomes=cr.OutcomeTable(year / "outcomes.parquet"),
        words=cr.Words(("accepted",), ("rejected",)),
        population="applicants",
        documents=False,
    )


def frame(done: Written, name: str, query: str = "segment == 'all'") -> pd.DataFrame:
    found = done.run.frames[name]
    assert not isinstance(found, str), found
    return found.query(query)


def test_the_year_is_what_a_bank_would_hold(door_package: Path, year: Path) -> None:
    files = sorted(path.stem for path in (year / "decisions").iterdir())
    assert files == [f"2024-{month:02d}" for month in range(1, 13)]
    table = pd.concat([pd.read_parquet(year / "decisions" / f"{name}.parquet") for name in files], ignore_index=True)
    assert table["application_id"].is_unique
    late = pd.read_parquet(year / "outcomes.parquet").merge(table, left_on="key", right_on="application_id")
    assert (late["decision"] == "accepted").all()
    known = late[late["bad_date"].notna()]
    waited = (known["bad_date"] - known["decided_at"].dt.tz_localize(None).dt.normalize()).dt.days
    assert waited.between(90, 366).all()
    assert (known["bad_date"] <= known["observed_until"]).all()


def test_each_cause_is_found_in_its_months(done: Written) -> None:
    broken = frame(done, "quality", "segment == 'all' and rule == 'unit' and verdict == 'red'")
    assert list(zip(broken["period"], broken["variable"], strict=True)) == [("2024-05", "income")]
    red = frame(done, "characteristic_stability", "segment == 'all' and verdict == 'red'")
    later = {(f"2024-{month:02d}", "bureau_score") for month in range(8, 13)}
    assert set(zip(red["period"], red["variable"], strict=True)) == later | {("2024-05", "income")}
    score = frame(done, "score_stability", "segment == 'all' and variable == 'score'").set_index("period")["verdict"]
    assert set(score[score != "green"].index) == {"2024-05", *(period for period, _ in later)}
    moved = frame(done, "attribution", "segment == 'all' and period >= '2024-08'")
    most = moved.loc[moved.groupby("period")["shift"].idxmax()]
    assert set(most["variable"]) == {"bureau_score"}


def test_only_the_shift_is_open_at_the_end_of_the_year(done: Written) -> None:
    alerts = {one.told["rule"]: one.told["first_period"] for one in done.alerts.alerts.values()}
    assert alerts
    assert set(alerts.values()) == {"2024-08"}


def test_labels_wait_for_their_window(done: Written) -> None:
    states = done.run.frames["labels"]
    assert not isinstance(states, str)
    mature = states.set_index("period")["state"] == "mature"
    assert list(mature[mature].index) == [f"2024-{month:02d}" for month in range(1, 9)]


def test_approvals_are_held_against_all_applicants(door_package: Path, done: Written) -> None:
    package = cr.read_package(door_package)
    every = pd.read_parquet(door_package / "reject_inference/applicants.parquet").query("_sample == 'development'")
    score = cr.compile_model(package.model).score(package.snapshot().iloc[every["row"]])["score"]
    rate = np.mean(score.to_numpy() >= package.plan["strategy"]["cut_off"])
    approved = frame(done, "decisions", "segment == 'all' and measure == 'approval_rate'")
    assert np.allclose(approved["development"], rate)
    assert approved.set_index("period").loc["2024-01", "difference"] == pytest.approx(0.0, abs=0.03)


def test_the_validator_disagrees_with_no_figure(door_package: Path, year: Path, done: Written, tmp_path: Path) -> None:
    status = validator.main(
        ["monitoring", str(door_package), "--run", str(done.folder), "--table", str(year / "decisions"),
         "--key", "application_id", "--time", "decided_at", "--package-column", "package", "--decision", "decision",
         "--approved", "accepted", "--declined", "rejected", "--segment", "channel=channel",
         "--challenger", "boosting:probability=boosting_probability",
         "--outcomes", str(year / "outcomes.parquet"), "--out", str(tmp_path / "told"), "--quiet"]
    )  # fmt: skip
    told = json.loads((tmp_path / "told" / "findings.json").read_text("utf-8"))
    assert told["findings"] == []
    assert status == 0


def test_each_rule_has_cut_owner_and_response(door_package: Path) -> None:
    rules = cr.read_package(door_package).plan["monitoring"]["metrics"]
    assert all(rule[key] is not None for rule in rules for key in ("cut", "owner", "response"))
