"""Tables of explanation that were altered are found, and graded by what a reader would notice in their own unit."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.contract.altered import cell
from tests.credit_risk.cli.command import PLAN, QUICK, done, portfolio
from validation import read_package
from validation.compare import Ledger
from validation.comparisons.explanation import compare_explanations
from validation.policy import read_policy
from validation.rebuild.workspace import Workspace, open_workspace

DEPENDENCE, STABILITY = "explanation.dependence.scorecard", "explanation.stability.scorecard"
IMPORTANCE, BACKGROUND = "explanation.importance.scorecard", "explanation.background"


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = done(tmp_path_factory.mktemp("explained"), PLAN + QUICK, portfolio(900), "--no-validation")
    found = open_workspace(read_package(folder), read_policy())
    assert found is not None
    return found


def found(space: Workspace, evidence: dict[str, Any]) -> dict[str, str]:
    """Severity by test of what differs."""
    package = replace(space.package, evidence={**space.package.evidence, **evidence})
    mine = replace(space, package=package, ledger=Ledger(space.policy))
    compare_explanations(mine)
    return {one.test: one.finding.severity for one in mine.ledger.outcomes if one.finding is not None}


def test_nothing_is_found_where_nothing_was_altered(space: Workspace) -> None:
    assert found(space, {}) == {}


def more(by: float) -> Callable[[float], float]:
    return lambda value: value + by


@pytest.mark.parametrize(
    ("identifier", "column", "by", "severity", "quantity"),
    [
        # log-odds: a quarter is a quarter of the odds, and was below what is material of points
        *((DEPENDENCE, column, 0.25, "high", column) for column in ("mean", "lower", "upper")),
        (DEPENDENCE, "mean", 1e-7, "low", "mean"),
        (STABILITY, "mean_absolute", 0.25, "high", "mean_absolute"),
        (STABILITY, "share", 0.25, "high", "share"),
        (STABILITY, "share", 1e-7, "low", "share"),
        (STABILITY, "difference", 0.25, "high", "difference"),
        (STABILITY, "difference", 0.02, "medium", "difference"),
        (STABILITY, "difference", 1e-4, "low", "difference"),
        (IMPORTANCE, "share", 0.25, "high", "share"),
        (BACKGROUND, "base", 0.25, "high", "base of scorecard"),
        (BACKGROUND, "base", 1e-4, "low", "base of scorecard"),
    ],
)
def test_an_altered_figure_is_graded_in_its_unit(
    space: Workspace, identifier: str, column: str, by: float, severity: str, quantity: str
) -> None:
    item = copy.deepcopy(space.package.evidence[identifier])
    rows = space.package.rows_of(identifier) or []
    place = 0
    if identifier == BACKGROUND:
        place = next(k for k, row in enumerate(rows) if row["used_for"] == "explanations")
    cell(place, column, more(by))(item)
    assert found(space, {identifier: item})[f"{identifier}: {quantity}"] == severity
