"""Challengers on random accepts and on weighted accepts, looks at any time and by information, recommendations and
governance: a true run agrees with the validator's own figures, and what is changed in one is found."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from credit_risk.inventory import create_inventory
from credit_risk.inventory.contracts import ModelFacts
from credit_risk.package import Package, read_package
from tests.contract.test_monitoring_validation import altered, listed
from tests.credit_risk.cli.command import credit_risk, done, portfolio
from tests.credit_risk.inventory.support import Gates, Ticking, key_of, signer
from tests.credit_risk.monitoring.run.world import DECLARED, production, write_world
from validation.cli import main

EMPTY = "2026-03"
"""A month in which nobody was accepted at random."""
SHARE = 0.3
BASES = {
    "random": "{shadow: [trees], random_accepts: chance, spending: always_valid, planned_error: 0.02}",
    "weighted": f"{{shadow: [trees], random_share: {SHARE}, spending: pocock, look_information: [0.1, 0.2, 1.0], "
    "planned_error: 0.0053}",
    "neither": "{shadow: [trees], months_between_looks: 2, looks: 4, planned_error: 0.01}",
}
MOMENT = str(int(datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()))
VERSION = "0.1.0"
KEYS = {"challenger", "period", "segment", "look", "at", "horizon", "arm"}
LEFT = {
    "challengers": {"warning", "reason"},
    "looks": {"reason", "warning"},
    "recommendations": {"warnings"},
}
"""Columns of words of the run's own; of these it is compared whether there are any."""


@dataclass(frozen=True)
class World:
    package: Path
    decisions: Path
    outcomes: Path
    run: Path


def plan(basis: str) -> str:
    """All that a plan may declare, with other challengers and without the split."""
    head, _ = DECLARED.split("  challengers:")
    return f"{head}  challengers: {BASES[basis]}\n"


def accepted(package: Package) -> pd.DataFrame:
    """Production in which outcomes are known of whom the champion accepts, and of some of the others by chance."""
    table = production(package, 400, 8)
    rng = np.random.default_rng(11)
    month = table["decided"].dt.strftime("%Y-%m")
    chance = (rng.random(len(table)) < SHARE) & (month != EMPTY)
    return table.assign(
        chance=chance, applicant=[f"a{one:05d}" for one in rng.permutation(len(table)) // 2],
        amount=rng.integers(10, 200, len(table)) * 100.0, reviewed=False, latency=rng.gamma(4.0, 30.0, len(table)),
        failed=False, known=(table["score"] >= 540) | chance,
    )  # fmt: skip


def made(folder: Path, basis: str, *more: object) -> World:
    """A package, its production, and a run of it."""
    package = done(folder, plan(basis), portfolio(3000), "--no-validation", "--no-documents")
    table = accepted(read_package(package))
    decisions, outcomes = write_world(folder / "production", table.drop(columns="known"))
    late = pd.read_parquet(outcomes)
    late[late["key"].isin(table.loc[table["known"], "key"])].to_parquet(outcomes, index=False)
    world = World(package, decisions, outcomes, folder / "run")
    ended = credit_risk("monitor", package, *named(world), "--out", world.run, "--no-documents", "--quiet", *more)
    assert ended.status == 0, ended.err
    return world


def named(world: World) -> tuple[object, ...]:
    return (
        *("--table", world.decisions, "--outcomes", world.outcomes, "--key", "key", "--time", "decided"),
        *("--decision", "decision", "--approved", "accept", "--declined", "decline", "--segment", "HOUSING=HOUSING"),
        *("--challenger", "trees:probability=trees", "--column", "latency=latency"),
    )


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, World]:
    return {basis: made(tmp_path_factory.mktemp(basis), basis) for basis in BASES if basis != "neither"}


@pytest.fixture(scope="module")
def governed(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Path]:
    """A run beside an inventory in which two things are overdue, and the governance file of its day."""
    folder = tmp_path_factory.mktemp("governed")
    place = folder / "inventory.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", MOMENT)
        with create_inventory(place, Gates(), clock=Ticking(datetime(2026, 1, 2, tzinfo=UTC))) as inventory:
            inventory.people.register("registrar", "Rita", key_of("registrar"), registrar=True)
            for person in ("dora", "olga", "vera"):
                inventory.people.register(person, person.title(), key_of(person), by=signer("registrar"))
            inventory.propose(ModelFacts("m", "Model", purpose="Decide", owner="olga"), VERSION, by="olga")
            inventory.findings.raise_finding("m", "high", "Calibration is off", by="vera", owner="dora")
            inventory.findings.raise_finding("m", "low", "A label is wrong", by="vera")
            inventory.models.set_date("m", "review", "2026-06-30", by="olga")
            inventory.models.set_date("m", "monitoring", "2027-06-30", by="olga")
        world = made(folder, "neither", "--inventory", place)
        with create_again(place) as inventory:
            inventory.register_version("m", VERSION, world.package, by=signer("dora"), developers=["dora"])
        file = folder / "governance.json"
        ended = credit_risk("inventory", "governance", "m", VERSION, "--out", file, "--inventory", place)
        assert ended.status == 0, ended.err
    return world, file


def create_again(place: Path) -> Any:
    from credit_risk.inventory import open_inventory

    return open_inventory(place, Gates(), clock=Ticking(datetime(2026, 1, 3, tzinfo=UTC)))


def evidence(run: Path, name: str) -> pd.DataFrame:
    item = json.loads((run / "evidence" / f"monitoring.{name}.json").read_text("utf-8"))
    assert "rows" in item, item
    return pd.DataFrame(item["rows"], columns=[column["name"] for column in item["columns"]])


def findings(world: World, run: Path, out: Path, *more: object) -> dict[str, Any]:
    given = (world.package, "--run", run, *named(world), "--out", out, "--quiet", *more)
    assert main(["monitoring", *map(str, given)]) in (0, 1)
    told: dict[str, Any] = json.loads((out / "findings.json").read_text("utf-8"))
    return told


def changed(world: World, folder: Path, tables: dict[str, set[str]], seed: int) -> tuple[Path, set[str]]:
    """A copy of the run with a cell changed in every column of these tables but those that are left; which."""
    run, rng, found = folder / "changed", np.random.default_rng(seed), set()
    shutil.copytree(world.run, run)
    for table, left in tables.items():
        path = run / "evidence" / f"monitoring.{table}.json"
        item = json.loads(path.read_text("utf-8"))
        for place, column in enumerate(item["columns"]):
            held = [row for row in item["rows"] if row[place] is not None]
            if column["name"] in KEYS | left or not held:
                continue
            row = held[int(rng.integers(len(held)))]
            row[place] = altered(row[place])
            found.add(f"monitoring.{table}: {column['name']}")
        path.write_text(json.dumps(item), "utf-8")
    listed(run)
    return run, found


def passed(told: dict[str, Any]) -> dict[str, int]:
    return {one["test"]: one["compared"] for one in told["coverage"] if one["outcome"] == "pass"}


def test_a_month_without_a_random_accept_ends_no_run(worlds: dict[str, World]) -> None:
    months = evidence(worlds["random"].run, "challengers").query("segment == 'all'").set_index("period")
    empty = months.loc[EMPTY]
    assert (empty["rows"], empty["status"]) == (0, "not evaluable")
    assert empty["reason"] == "no applicant was accepted at random"
    assert (months.drop(index=EMPTY)["rows"] > 0).all()
    assert set(months["basis"]) == {"random accepts"}


@pytest.mark.parametrize("basis", ["random", "weighted"])
def test_a_true_run_agrees_and_every_changed_column_is_found(
    worlds: dict[str, World], basis: str, tmp_path: Path
) -> None:
    world = worlds[basis]
    true = findings(world, world.run, tmp_path / "true")
    assert true["findings"] == []
    counts = passed(true)
    for name in ("challengers: difference", "looks: estimate", "looks: lower", "looks: status", "looks: rule",
                 "recommendations: verdict", "recommendations: reasons"):  # fmt: skip
        assert counts[f"monitoring.{name}"] > 0, name
    run, columns = changed(world, tmp_path, LEFT, 1)
    assert len(columns) > 25
    tests = {one["test"] for one in findings(world, run, tmp_path / "found")["findings"]}
    assert columns - tests == set()


def test_looks_by_information_and_at_any_time_are_there_to_be_compared(worlds: dict[str, World]) -> None:
    by_information = evidence(worlds["weighted"].run, "looks")
    assert {"taken", "to come", "after the end"} <= set(by_information["status"])
    advice = evidence(worlds["weighted"].run, "recommendations").iloc[0]
    assert "look 2 at" in advice["reasons"]  # the first was passed together with it
    assert set(by_information["rule"]) == {"pocock"}
    any_time = evidence(worlds["random"].run, "looks")
    assert len(any_time) >= 2
    assert set(any_time["rule"]) == {"always_valid"}


def test_what_the_inventory_says_is_overdue_is_told_again_from_the_governance_file(
    governed: tuple[World, Path], tmp_path: Path
) -> None:
    world, file = governed
    table = evidence(world.run, "governance")
    assert set(table["indicator"]) == {"finding", "review"}
    assert json.loads((world.run / "manifest.json").read_text("utf-8"))["anchor"].startswith("audit trail ")
    without = findings(world, world.run, tmp_path / "without")
    assert any("--governance" in str(one) for one in without["coverage"])
    true = findings(world, world.run, tmp_path / "true", "--governance", file, "--anchor", file)
    kept = json.loads((tmp_path / "true" / "manifest.json").read_text("utf-8"))["anchor"]
    assert kept == json.loads(file.read_text("utf-8"))["anchor"]["text"]
    assert true["findings"] == []
    assert passed(true)["monitoring.governance: days_overdue"] == 2
    run, columns = changed(world, tmp_path, {"governance": {"indicator", "item", "due"}}, 2)
    tests = {one["test"] for one in findings(world, run, tmp_path / "found", "--governance", file)["findings"]}
    assert columns - tests == set()


def test_a_governance_file_of_another_package_is_refused(
    governed: tuple[World, Path], worlds: dict[str, World], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world, (_, file) = worlds["random"], governed
    given = (world.package, "--run", world.run, *named(world), "--out", tmp_path / "out", "--governance", file)
    assert main(["monitoring", *map(str, given)]) == 2
    assert "the file is of another package" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
