"""The validator's battery on champions of several kinds: nothing above observation, and shocks of every input."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.credit_risk.cli.command import done
from tests.credit_risk.lifecycle.test_segmented import SEARCH, applications, models
from validation import read_package
from validation.battery import check_use
from validation.package import Package
from validation.policy import read_policy
from validation.rebuild.workspace import Workspace, open_workspace


@pytest.fixture(scope="module")
def segmented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("segments")
    return done(folder, models(SEARCH), applications(2400), "--no-validation")


def used(package: Package) -> Workspace:
    space = open_workspace(package, read_policy())
    assert space is not None
    check_use(space)
    return space


def quiet(space: Workspace) -> None:
    """No finding above observation, and every input of the champion shocked, each shock answered."""
    found = [item.finding for item in space.ledger.outcomes if item.finding is not None]
    assert [(item.test, item.severity) for item in found if item.severity != "observation"] == []
    rows = space.ledger.tables["validation.sensitivity"]
    assert isinstance(rows, list)
    assert len({row[0] for row in rows}) > 2
    stressed = [item.outcome for item in space.ledger.outcomes if "stress of all inputs" in item.test]
    assert stressed == ["pass"]
    assert {row.area for row in space.ledger.battery} == {
        *("representativeness", "data_process", "benchmark", "sensitivity"),
        *("overrides", "fairness", "reproducibility"),
    }


def test_segmented_champion(segmented: Path) -> None:
    space = used(read_package(segmented))
    assert space.package.model["model"]["type"] == "segmented"
    quiet(space)


def test_every_candidate_as_the_champion(prescreen_package: Path) -> None:
    package = read_package(prescreen_package)
    kinds = set()
    for model_id, model in package.models.items():
        others = {one: it for one, it in package.models.items() if one != model_id}
        space = used(replace(package, model=model, challengers=others))
        kinds.add(model["model"]["type"])
        quiet(space)
    assert len(kinds) > 2
