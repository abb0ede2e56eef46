"""Evidence of calibration and of shifts that was changed is found by the validator, which makes all of it again."""

from __future__ import annotations

import copy
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.contract.reliability_mutations import BINS, CASES, CURVE, INDEX
from tests.contract.test_evidence_mutations import changed, serious
from tests.credit_risk.cli.command import PLAN, QUICK, done, portfolio
from validation import read_package
from validation.compare import Ledger
from validation.comparisons import reliability, stability
from validation.policy import read_policy
from validation.rebuild import isotonic
from validation.rebuild.workspace import Workspace, open_workspace

DECLARED = PLAN + QUICK + "evaluation: {asset_correlation: 0.04}\n"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    package = done(tmp_path_factory.mktemp("reliability"), DECLARED, portfolio(1500), "--no-validation")
    for annex in ("exports", "documents", "validation"):  # they name the hash of the package, which changes with it
        shutil.rmtree(package / annex, ignore_errors=True)
    return package


@pytest.fixture(scope="module")
def space(good: Path) -> Workspace:
    found = open_workspace(read_package(good), read_policy())
    assert found is not None
    return found


@pytest.fixture(scope="module", autouse=True)
def drawn_once() -> Any:
    """The validator's own draws depend on the predictions alone, which no case changes."""
    known: dict[tuple[str, str], list[isotonic.Curve]] = {}
    draw = reliability._drawn

    def once(key: tuple[str, str], rows: Any) -> list[isotonic.Curve]:
        if key not in known:
            known[key] = draw(key, rows)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reliability, "_drawn", once)
        yield


def test_the_package_as_made_has_no_finding(good: Path) -> None:
    assert serious(good) == {}


@pytest.mark.parametrize("name", [CURVE, BINS])
def test_a_change_in_the_package_is_found(good: Path, tmp_path: Path, name: str) -> None:
    package = Path(shutil.copytree(good, tmp_path / "package"))
    case = next(one for one in CASES if one[0] == name)
    changed(package, *case[:4])
    assert set(serious(package)) == {f"{name}: {case[4]}"}


@pytest.mark.parametrize(("name", "column", "row", "change", "quantity"), CASES)
def test_a_change_is_found(space: Workspace, name: str, column: str, row: int, change: Any, quantity: str) -> None:
    evidence = dict(space.package.evidence)
    item = evidence[name] = copy.deepcopy(evidence[name])
    place = [one["name"] for one in item["columns"]].index(column)
    before = item["rows"][row][place]
    item["rows"][row][place] = change(before)
    assert item["rows"][row][place] != before
    other = replace(space, package=replace(space.package, evidence=evidence), ledger=Ledger(space.policy))
    (stability.compare_stability if name in (INDEX, BINS) else reliability.compare_reliability)(other)
    found = {f"{one.area}: {one.quantity}" for one in other.ledger.comparisons if one.breaches}
    assert f"{name}: {quantity}" in found
