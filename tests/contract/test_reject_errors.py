"""Errors of the whole procedure that were changed are found by the validator, which draws applicants of its own."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.contract.altered import cell, failures
from tests.contract.test_reject_mutations import package
from validation import read_package
from validation.compare import Ledger
from validation.comparisons.regression import compare_regressions
from validation.comparisons.reject_errors import ERRORS, compare_procedure_errors
from validation.policy import read_policy
from validation.rebuild.fitted_rows import fitted_of
from validation.rebuild.logistic import LogisticFit
from validation.rebuild.reject_errors import Repeated
from validation.rebuild.workspace import Workspace, open_workspace

REPLICATES = 100


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package(tmp_path_factory.mktemp("errors"), "reweighting", replicates=REPLICATES)


@pytest.fixture(scope="module")
def space(good: Path) -> Workspace:
    found = open_workspace(read_package(good), read_policy())
    assert found is not None
    return found


@pytest.fixture(scope="module")
def fits(space: Workspace) -> dict[str, LogisticFit]:
    return compare_regressions(fitted_of(space))


def outcomes(space: Workspace, fits: dict[str, LogisticFit], item: Any, **settings: Any) -> dict[str, str]:
    """Outcome by test when the table, or settings of the plan, are others."""
    spec = {**space.package.plan["reject_inference"], **settings}
    changed = replace(
        space.package,
        evidence={**space.package.evidence, ERRORS: item},
        plan={**space.package.plan, "reject_inference": spec},
    )
    mine = replace(space, package=changed, ledger=Ledger(space.policy))
    compare_procedure_errors(mine, fits)
    return {one.test: one.outcome for one in mine.ledger.outcomes}


def test_nothing_is_found_in_what_the_developer_drew(good: Path) -> None:
    assert failures(good) == {}


@pytest.mark.parametrize("method", ["bivariate_probit", "self_learning"])
def test_methods_that_are_dear_are_drawn_again(method: str, tmp_path: Path) -> None:
    """Both are found no fault with, and an error of another size is found."""
    folder = package(tmp_path, method, replicates=60)
    mine = open_workspace(read_package(folder), read_policy())
    assert mine is not None
    fitted = compare_regressions(fitted_of(mine))
    good = outcomes(mine, fitted, mine.package.evidence[ERRORS])
    assert good[f"{ERRORS}: standard_error"] == "pass"
    assert set(good.values()) == {"pass"}
    item = copy.deepcopy(mine.package.evidence[ERRORS])
    cell(1, "standard_error", lambda v: 3.0 * v)(item)
    assert outcomes(mine, fitted, item)[f"{ERRORS}: standard_error"] == "fail"


@pytest.mark.parametrize("method", ["parcelling", "fuzzy_augmentation"])
def test_other_plans_are_found_no_fault_with(method: str, tmp_path: Path) -> None:
    folder = package(tmp_path, method, weighted=method == "parcelling", replicates=REPLICATES)
    mine = open_workspace(read_package(folder), read_policy())
    assert mine is not None
    found = outcomes(mine, compare_regressions(fitted_of(mine)), mine.package.evidence[ERRORS])
    assert found[f"{ERRORS}: standard_error"] == "pass"
    assert set(found.values()) == {"pass"}


@pytest.mark.parametrize(
    ("column", "change", "quantity"),
    [
        ("standard_error", lambda v: v / 2.0, "standard_error"),
        ("standard_error", lambda v: v * 2.0, "standard_error"),
        ("standard_error", lambda v: v * 1.001, "error_ratio"),
        ("coefficient", lambda v: v * 1.001, "coefficient"),
        ("naive_error", lambda v: v * 1.001, "naive_error"),
        ("error_ratio", lambda v: v * 1.001, "error_ratio"),
        ("lower", lambda v: v + 0.001, "lower"),
        ("upper", lambda v: v + 0.001, "upper"),
        ("replicates", lambda v: v + 1, "replicates"),
        ("left_out", lambda v: v + 1, "replicates"),
        ("term", lambda v: "other", "terms"),
        ("model", lambda v: "other", "models"),
    ],
)
@pytest.mark.parametrize("row", [0, 1])
def test_every_column_is_made_again(
    space: Workspace, fits: dict[str, LogisticFit], row: int, column: str, change: Any, quantity: str
) -> None:
    item = copy.deepcopy(space.package.evidence[ERRORS])
    cell(row, column, change)(item)
    assert outcomes(space, fits, item)[f"{ERRORS}: {quantity}"] == "fail"


def test_an_error_that_is_missing_is_found(space: Workspace, fits: dict[str, LogisticFit]) -> None:
    item = copy.deepcopy(space.package.evidence[ERRORS])
    cell(1, "standard_error", lambda v: None)(item)
    assert outcomes(space, fits, item)[f"{ERRORS}: standard_error"] == "fail"


def test_what_is_not_drawn_again_is_told(space: Workspace, fits: dict[str, LogisticFit]) -> None:
    item = space.package.evidence[ERRORS]
    found = outcomes(space, fits, item, method="a method that we do not know")
    assert found[f"{ERRORS}: scorecard, standard errors"] == "not_evaluable"
    assert found[f"{ERRORS}: naive_error"] == "pass"
    absent = {**item, "kind": "not_applicable"}
    assert outcomes(space, fits, absent, replicates=0) == {ERRORS: "not_evaluable"}
    assert outcomes(space, fits, absent, method="none") == {}


@pytest.mark.parametrize("degrees", [None, 9.0])
def test_monte_carlo_error_of_a_ratio_of_deviations(degrees: float | None) -> None:
    """Deviations of simulated draws, normal and with the heavy tails of Student's t of 9 degrees of freedom."""
    random, mine, theirs = np.random.default_rng(7), 400, 200
    draw = random.standard_normal if degrees is None else (lambda size: random.standard_t(degrees, size))
    ratios = [np.log(draw((theirs,)).std(ddof=1) / draw((mine,)).std(ddof=1)) for _ in range(1500)]
    kurtosis = 3.0 if degrees is None else 3.0 + 6.0 / (degrees - 4.0)
    told = Repeated(np.ones(1), np.array([kurtosis]), mine).log_error(theirs)[0]
    assert np.std(ratios) == pytest.approx(told, rel=0.08)
