"""Classings that are not the best that the plan allows, in packages that agree with themselves, are found."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.contract.altered import altered
from tests.contract.test_classing_mutations import replan
from tests.credit_risk.cli.command import done
from tests.credit_risk.lifecycle.test_classing_plans import applicants
from validation import read_package, validate
from validation.compare import Ledger
from validation.comparisons.limits import compare_limits
from validation.comparisons.optimality import compare_optimality
from validation.evidence import build_evidence
from validation.findings import Finding
from validation.policy import read_policy
from validation.rebuild.workspace import open_workspace

TEST = "classing: greatest information value by an integer programme"
COLUMNS = (
    *("characteristic", "trend", "best_trend", "method", "fine_classes", "information_value"),
    *("best_information_value", "information_value_loss", "lost", "outcome", "reason"),
)
PLAN = """
model: {id: m}
data: {source: table.csv, columns: {INCOME: {specials: {-9: not asked, -8: refused}}}}
outcome: {column: BAD, bad: 1}
derive: {YOUTH: {expression: 0 - AGE}, SIZE: {expression: INCOME * 2}, TURN: {expression: (AGE - 46) * (AGE - 46)}}
selection: {max_p_value: 1, min_information_value: 0}
classing:
  max_bins: 5
  min_share: 0.05
  characteristics:
    INCOME: {max_bins: 2}
    YOUTH: {trend: none}
    SIZE: {min_share: 0.2}
    HOUSING: {fixed_groups: [[own, rent]]}
models:
  - {id: card, type: scorecard, champion: true, characteristics: [INCOME, AGE, SIZE, HOUSING, YOUTH, TURN]}
"""


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    package = done(tmp_path_factory.mktemp("optimal"), PLAN, applicants(1500), "--no-validation")
    for annex in ("exports", "documents", "validation"):
        shutil.rmtree(package / annex, ignore_errors=True)
    return package


def solved(package: Path) -> Ledger:
    """What comes of solving the classings of a package anew, and nothing else."""
    space = open_workspace(read_package(package), read_policy())
    assert space is not None
    compare_optimality(space)
    return space.ledger


def rows(ledger: Ledger) -> dict[str, dict[str, Any]]:
    return {row[0]: dict(zip(COLUMNS, row, strict=True)) for row in ledger.tables["validation.classing"]}


def findings(ledger: Ledger) -> dict[str, Finding]:
    return {one.finding.quantity: one.finding for one in ledger.outcomes if one.finding is not None}


def test_what_the_plan_asks_for_passes(good: Path) -> None:
    run = validate(read_package(good))
    assert [one for one in run.findings["findings"] if one["test"] == TEST] == []
    table = build_evidence(run)["validation.classing"]
    assert [column["name"] for column in table["columns"]] == list(COLUMNS)
    found = rows(solved(good))
    assert [row[:3] for row in table["rows"]] == [list(row.values())[:3] for row in found.values()]
    assert set(found) == {"INCOME", "AGE", "SIZE", "HOUSING", "YOUTH", "TURN"}
    assert {row["outcome"] for row in found.values()} == {"pass"}
    for row in found.values():
        assert row["best_information_value"] == pytest.approx(row["information_value"], rel=1e-6)


def test_classings_that_the_plan_does_not_ask_for_are_found(good: Path, tmp_path: Path) -> None:
    """Two bins where five are allowed, a group that nobody gave, a free order, thicker bins than asked: everything in
    the package agrees with them, but the plan does not."""
    package = shutil.copytree(good, tmp_path / "package")
    replan(package, lambda plan: plan["classing"].update(characteristics={}))
    ledger = solved(package)
    found = findings(ledger)
    assert {"INCOME", "SIZE", "HOUSING", "YOUTH"} <= set(found)
    assert {one.severity for one in found.values()} == {"medium"}
    table = rows(ledger)
    assert table["INCOME"]["best_information_value"] > 1.1 * table["INCOME"]["information_value"]
    assert table["AGE"]["outcome"] == "pass"
    assert "none that the plan allows" in table["YOUTH"]["reason"]


def test_a_loss_that_is_told_is_no_contradiction(good: Path, tmp_path: Path) -> None:
    def tell(item: Any) -> None:
        names = [column["name"] for column in item["columns"]]
        for row in item["rows"]:
            row[names.index("information_value_loss")] = 0.9

    package = altered(good, tmp_path / "told", "evidence/classing.summary.json", tell)
    replan(package, lambda plan: plan["classing"]["characteristics"].pop("INCOME"))
    assert {name: one.severity for name, one in findings(solved(package)).items()} == {"INCOME": "observation"}


def test_a_change_by_hand_has_its_price(good: Path, tmp_path: Path) -> None:
    package = shutil.copytree(good, tmp_path / "package")
    change = {"operation": "merge", "characteristic": "INCOME", "edge": 1.0, "reason": "simpler", "author": "A. M."}

    def by_hand(plan: dict[str, Any]) -> None:
        plan["classing"]["characteristics"].pop("INCOME")
        plan["classing"]["overrides"] = [change]

    replan(package, by_hand)
    (found,) = findings(solved(package)).values()
    assert found.severity == "observation"
    assert "Changed by hand" in found.statement


def test_limits_that_are_broken_are_found(good: Path, tmp_path: Path) -> None:
    """Bins thinner than the plan asks for: found as broken limits, and no better classing is claimed."""
    package = shutil.copytree(good, tmp_path / "package")
    replan(package, lambda plan: plan["classing"]["characteristics"].update(AGE={"min_share": 0.3}))
    space = open_workspace(read_package(package), read_policy())
    assert space is not None
    compare_limits(space)
    assert [one.quantity for one in (o.finding for o in space.ledger.outcomes) if one is not None] == ["AGE"]
    assert rows(solved(package))["AGE"]["outcome"] == "pass"


def test_where_nothing_can_be_solved_it_is_told(good: Path, tmp_path: Path) -> None:
    package = altered(good, tmp_path / "bare", "evidence/classing.summary.json", lambda item: item["rows"].clear())
    ledger = solved(package)
    assert [(one.test, one.outcome) for one in ledger.outcomes] == [(TEST, "not_evaluable")]
    assert "no classing" in ledger.tables["validation.classing"]
