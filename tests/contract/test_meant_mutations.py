"""Outcomes, weights and the waterfall of rows that are not what the plan and the source say are found."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.contract.altered import cell
from tests.credit_risk.cli.command import done, portfolio
from validation import read_package
from validation.compare import Ledger
from validation.comparisons.meant import compare_meant, meaning, same
from validation.comparisons.row_waterfall import compare_row_waterfall
from validation.policy import read_policy
from validation.rebuild.workspace import Workspace, open_workspace

PLAN = """model: {id: m}
data: {source: table.csv}
outcome:
  column: STATE
  bad: [B, lost]
  indeterminate: [maybe]
  missing: exclude
  exclusions: [{condition: AGE > 70, reason: too old}]
samples: {weight: W}
models: [{id: scorecard, type: scorecard, champion: true}]
evaluation: {baselines: false}
"""
OUTCOMES, WEIGHTS = "data/snapshot.parquet: outcomes", "data/snapshot.parquet: weights"
SOURCE, REMAIN, SAMPLES = (
    f"data.waterfall: rows {part}" for part in ("of the source", "that remain", "of the samples")
)


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    table, rng = portfolio(700), np.random.default_rng(2)
    words = np.where(table["BAD"] == 1, rng.choice(["B", "lost"], 700), "G").astype(object)
    words[rng.random(700) < 0.05] = "maybe"
    words[rng.random(700) < 0.03] = None
    told = table.drop(columns="BAD").assign(STATE=words, W=rng.choice([1.0, 2.5], 700))
    found = open_workspace(
        read_package(done(tmp_path_factory.mktemp("m"), PLAN, told, "--no-validation")), read_policy()
    )
    assert found is not None
    return found


def failed(space: Workspace, **changes: Any) -> set[str]:
    mine = replace(space, ledger=Ledger(space.policy), **changes)
    compare_meant(mine)
    compare_row_waterfall(mine)
    assert {outcome.outcome for outcome in mine.ledger.outcomes} <= {"pass", "fail"}
    assert len(mine.ledger.outcomes) == 5
    return {outcome.test for outcome in mine.ledger.outcomes if outcome.outcome == "fail"}


def test_a_good_package_has_no_difference(space: Workspace) -> None:
    assert failed(space) == set()


@pytest.mark.parametrize(("column", "test"), [("_outcome", OUTCOMES), ("_weight", WEIGHTS)])
def test_one_row_that_differs_is_found(space: Workspace, column: str, test: str) -> None:
    frame = space.frame.copy()
    row = np.flatnonzero(frame["_sample"].notna())[7]
    frame.loc[frame.index[row], column] = 1.0 - frame[column].iloc[row]
    assert failed(space, frame=frame) == {test}


@pytest.mark.parametrize(
    ("row", "column", "tests"),
    [(0, "remaining", {SOURCE, REMAIN}), (1, "removed", {REMAIN}), (-1, "remaining", {REMAIN, SAMPLES})],
)
def test_a_waterfall_that_loses_rows_is_found(space: Workspace, row: int, column: str, tests: set[str]) -> None:
    item = copy.deepcopy(space.package.evidence["data.waterfall"])
    cell(row, column, lambda value: value + 3)(item)
    package = replace(space.package, evidence={**space.package.evidence, "data.waterfall": item})
    assert failed(space, package=package) == tests


def test_what_is_not_in_the_package_is_not_judged(space: Workspace) -> None:
    evidence = {name: item for name, item in space.package.evidence.items() if name != "data.waterfall"}
    mine = replace(space, package=replace(space.package, evidence=evidence), ledger=Ledger(space.policy))
    mine = replace(mine, frame=space.frame.drop(columns=["STATE", "W"]))
    compare_meant(mine)
    compare_row_waterfall(mine)
    assert [outcome.outcome for outcome in mine.ledger.outcomes] == ["not_evaluable"] * 3


@pytest.mark.parametrize(
    ("code", "value", "alike"),
    [(1, 1.0, True), (1, "1", True), ("1", 1.0, True), (True, "true", True), (True, "1", False), ("x", 1.0, False)],
)
def test_codes_of_the_plan(code: Any, value: Any, alike: bool) -> None:
    assert same(code, value) is alike


def test_what_a_value_means() -> None:
    outcome = {"bad": ["B", 9], "good": ["G"], "indeterminate": ["?"]}
    assert [meaning(v, outcome) for v in ("B", 9.0, "G", "?", "else", None, np.nan)] == [1.0, 1.0, 0.0, *[None] * 4]
    assert meaning("else", {"bad": "B"}) == 0.0


def test_the_snapshot_of_an_amount(tmp_path: Path) -> None:
    """The outcome is the number of the column itself."""
    plan = "model: {id: m}\ndata: {source: table.csv}\noutcome: {column: LOSS, type: amount}\n"
    table = portfolio(600).assign(LOSS=lambda t: np.where(t["BAD"] == 1, t["INCOME"] / 10, 0.0).round(2))
    found = open_workspace(
        read_package(done(tmp_path, plan, table.drop(columns="BAD"), "--no-validation")), read_policy()
    )
    assert found is not None
    compare_meant(found)
    frame = found.frame.assign(_outcome=found.frame["_outcome"] * 1.5)
    compare_meant(replace(found, frame=frame))
    assert [one.outcome for one in found.ledger.outcomes if one.test == OUTCOMES] == ["pass", "fail"]
