"""A package whose snapshot does not travel is rebuilt from its source alone, and judged as with the snapshot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.contract.altered import altered, cell, restated, without_snapshot
from tests.contract.test_source_mutations import HISTORY, PLAN, histories, table
from tests.credit_risk.cli.command import done, write_plan
from tests.credit_risk.cli.command import run as run_plan
from validation import Package, ValidationInputError, ValidationRun, cli, read_package, read_policy, validate
from validation.comparisons.data import compare_data
from validation.comparisons.scoring import compare_predictions
from validation.comparisons.source import compare_source
from validation.evidence import build_evidence
from validation.rebuild.workspace import open_workspace

# The package of the hash is another one, so that its exports are not compared: the plan asks for none.
NOT_COMPARED = {("manifest", "snapshot hash")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("alone")
    done(place, PLAN + "exports: []\n", table(), "--no-validation")
    without_snapshot(place / "out", place / "bare")
    return place


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("book")
    accounts, history = histories()
    write_plan(place, HISTORY, accounts)
    history.to_csv(place / "history.csv", index=False)
    ended = run_plan(place, "--no-validation")
    assert ended.status == 0, ended.err
    without_snapshot(place / "out", place / "bare")
    return place


def judged(run: ValidationRun) -> tuple[list[Any], list[Any], list[Any]]:
    """What was compared, what was tested and what was found, but for the making of the rows themselves."""
    compared = [
        (one.area, one.quantity, one.compared, one.breaches, one.largest)
        for one in run.comparisons
        if (one.area, one.quantity) not in NOT_COMPARED
    ]
    battery = [(row.area, row.test, row.population, row.value, row.outcome) for row in run.battery]
    found = [{name: value for name, value in one.items() if name != "id"} for one in run.findings["findings"]]
    return compared, [repr(one) for one in battery], found


def test_the_source_alone_is_as_good_as_the_snapshot(folder: Path) -> None:
    package = read_package(folder / "bare", source=folder / "table.csv")
    assert package.made is not None
    assert package.made.sha256 == package.manifest["snapshot"]["sha256"]
    whole, alone = validate(read_package(folder / "out", source=folder / "table.csv")), validate(package)
    for one, two in zip(judged(whole), judged(alone), strict=True):
        assert one == two
    rows = build_evidence(alone)["validation.source"]["rows"]
    assert {row[-1] for row in rows} == {"pass"}
    assert any(row[0] == "snapshot, made of the source, by its SHA-256" for row in rows)
    told = dict(build_evidence(alone)["validation.package"]["rows"])
    assert told["rows examined"].startswith("yes, made of the source")


def test_rows_of_a_history_are_those_of_the_snapshot(book: Path) -> None:
    package = read_package(book / "bare", source=book)
    assert package.made is not None
    assert package.made.sha256 == package.manifest["snapshot"]["sha256"]
    assert failed(package) == {}


def test_with_neither_it_says_what_to_give(folder: Path) -> None:
    run = validate(read_package(folder / "bare"))
    [finding] = [one for one in run.findings["findings"] if one["test"] == "rebuild from the snapshot"]
    assert finding["severity"] == "medium"
    told = build_evidence(run)["validation.source"]
    assert told["kind"] == "not_applicable"
    for words in (finding["statement"], told["reason"]):
        assert "without its snapshot" in words
        assert "--source" in words
    assert "its rows" not in told["reason"]


def test_a_history_that_is_not_given_is_asked_for(book: Path) -> None:
    run = validate(read_package(book / "bare", source=book / "table.csv"))
    [finding] = [one for one in run.findings["findings"] if one["test"] == "rebuild from the snapshot"]
    assert finding["severity"] == "medium"
    assert "the performance history was not given (--source, once more)" in finding["statement"]


def test_another_source_is_refused(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "table.csv"
    other.write_text((folder / "table.csv").read_text().replace("own", "rent", 1))
    with pytest.raises(ValidationInputError, match="another file is another source"):
        read_package(folder / "bare", source=other)
    status = cli.main([str(folder / "bare"), "--source", str(other), "--out", str(tmp_path / "annex")])
    assert status == cli.REFUSED
    assert "source_other" in capsys.readouterr().err
    assert not (tmp_path / "annex").exists()


def failed(package: Package) -> dict[str, str]:
    """Severity of what the comparisons of rows, samples and predictions find."""
    space = open_workspace(package, read_policy())
    assert space is not None
    compare_source(space)
    compare_data(space)
    compare_predictions(space)
    return {one.test: one.finding.severity for one in space.ledger.outcomes if one.finding is not None}


def seed(plan: Any) -> None:
    plan["samples"]["seed"] += 1


def coefficient(model: Any) -> None:
    [step] = [one for one in model["steps"] if one["type"] == "linear" and len(one["terms"]) > 1]
    step["terms"][0]["coefficient"] *= 1.05


CHANGES: dict[str, tuple[str, Callable[[Any], None], str]] = {
    "another seed": ("plan.json", seed, "source: snapshot hash"),
    "another exclusion": ("plan.json", lambda p: p["outcome"].update(exclusions=[]), "source: snapshot hash"),
    "a step of the waterfall": ("evidence/data.waterfall.json", cell(2, "removed", lambda v: v + 1), "data.waterfall"),
    "a count of a sample": ("evidence/samples.summary.json", cell(0, "bad", lambda v: v + 1), "samples.summary"),
    "a coefficient": ("model.json", coefficient, "predictions"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_differs_is_found_without_the_snapshot(folder: Path, tmp_path: Path, name: str) -> None:
    file, change, start = CHANGES[name]
    changed = altered(folder / "bare", tmp_path / "changed", file, change)
    found = failed(read_package(changed, source=folder / "table.csv"))
    assert any(test.startswith(start) for test in found), found


def test_rows_of_another_snapshot_are_found(folder: Path, tmp_path: Path) -> None:
    changed = without_snapshot(folder / "out", tmp_path / "bare")
    restated(changed, lambda manifest: manifest["snapshot"].update(sha256="0" * 64))
    found = failed(read_package(changed, source=folder / "table.csv"))
    assert found["source: snapshot hash"] == "critical"


def test_rows_that_are_not_as_many_cannot_be_rebuilt(folder: Path, tmp_path: Path) -> None:
    changed = without_snapshot(folder / "out", tmp_path / "bare")
    restated(changed, lambda manifest: manifest["snapshot"].update(rows=1499))
    run = validate(read_package(changed, source=folder / "table.csv"))
    [finding] = [one for one in run.findings["findings"] if one["test"] == "rebuild from the snapshot"]
    assert finding["severity"] == "critical"
    assert "1,500 rows of the source, and the manifest states 1,499" in finding["statement"]


def test_a_plan_that_does_not_follow_from_the_source_cannot_be_rebuilt(folder: Path, tmp_path: Path) -> None:
    changed = altered(folder / "bare", tmp_path / "changed", "plan.json", lambda p: p["outcome"].update(column="NONE"))
    run = validate(read_package(changed, source=folder / "table.csv"))
    [finding] = [one for one in run.findings["findings"] if one["test"] == "rebuild from the snapshot"]
    assert finding["severity"] == "critical"
    assert "the source has no column 'NONE'" in finding["statement"]


def test_bytes_of_another_library_prove_nothing(folder: Path, tmp_path: Path) -> None:
    changed = altered(folder / "bare", tmp_path / "changed", "plan.json", seed)
    restated(changed, lambda manifest: manifest["libraries"].update(pyarrow="1.0.0"))
    package = read_package(changed, source=folder / "table.csv")
    space = open_workspace(package, read_policy())
    assert space is not None
    compare_source(space)
    [told] = [one for one in space.ledger.outcomes if one.test == "source: snapshot hash"]
    assert told.outcome == "not_evaluable"
    assert "pyarrow 1.0.0" in str(told.reason)
    assert any(test.startswith("predictions") for test in failed(package))
