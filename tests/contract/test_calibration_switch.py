"""Steps of isotonic maps by segment, and of segments that no map reads, that were changed are found."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.contract.test_calibration_by_mutations import FEW
from tests.credit_risk.cli.command import done
from tests.credit_risk.lifecycle.test_calibration_by import WEIGHTED, applications, planned
from validation import read_package
from validation.compare import Ledger
from validation.comparisons.calibration import compare_calibration
from validation.policy import read_policy
from validation.rebuild.workspace import Workspace, open_workspace

SPEC = "{methods: [METHOD], target: 0.2, by: {column: CHANNEL, least_bads: 40, least_goods: 40}}"
DERIVED = "derive: {BAND: 'if(AGE >= 40, 1, 0)'}\n"
POOLED = "{methods: [logistic], by: {column: BAND, edges: [0.5], least_bads: 5000, least_goods: 5000}}"


def opened(folder: Path) -> Workspace:
    found = open_workspace(read_package(folder), read_policy())
    assert found is not None
    return found


@pytest.fixture(scope="module", params=["isotonic", "centred_isotonic"])
def space(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    spec = SPEC.replace("METHOD", request.param)
    folder = tmp_path_factory.mktemp(request.param)
    return opened(done(folder, planned(spec, WEIGHTED, FEW), applications(900), "--no-validation"))


def outcomes(space: Workspace, **changes: Any) -> dict[str, str]:
    mine = replace(space, package=replace(space.package, **changes), ledger=Ledger(space.policy))
    compare_calibration(mine)
    return {one.test: one.finding.severity if one.finding else one.outcome for one in mine.ledger.outcomes}


def knots(found: dict[str, str]) -> dict[str, str]:
    return {name: told for name, told in found.items() if name.startswith("calibration.knots of ")}


def test_steps_of_segments_are_made_again(space: Workspace) -> None:
    told = knots(outcomes(space))
    assert len(told) >= 3
    assert set(told.values()) == {"pass"}


def _steps(model: dict[str, Any]) -> list[dict[str, Any]]:
    return [s for s in model["steps"] if s["type"] == "calibrate" and s["method"].startswith("piecewise")]


def lifted(model: dict[str, Any]) -> None:
    step = _steps(model)[-1]
    step["y"][-1] = step["y"][-1] * 0.98 + 0.02


def moved(model: dict[str, Any]) -> None:
    step = _steps(model)[-1]
    step["x"][0] -= 0.01


def joined(model: dict[str, Any]) -> None:
    step = _steps(model)[-1]
    step["x"].pop()
    step["y"].pop()


@pytest.mark.parametrize(
    ("change", "quantity"), [(lifted, "probability"), (moved, "linear score"), (joined, "steps and knots")]
)
def test_a_step_of_a_segment_that_was_changed_is_found(space: Workspace, change: Any, quantity: str) -> None:
    model = copy.deepcopy(dict(space.package.model))
    change(model)
    told = knots(outcomes(space, model=model))
    wrong = [name for name, outcome in told.items() if outcome != "pass"]
    assert len(wrong) == 1
    assert wrong[0].endswith(f": {quantity}")


def test_segments_that_no_map_reads_are_made_by_the_plan(tmp_path: Path) -> None:
    """Where no segment has a map of its own the model holds no derived column; the table is made again all the same."""
    text = planned(POOLED, WEIGHTED, FEW) + DERIVED
    mine = opened(done(tmp_path, text, applications(900), "--no-validation"))
    assert "BAND" not in mine.scored[mine.package.champion_id]
    told = outcomes(mine)
    assert told["calibration.segments: models and segments"] == "pass"
    assert told["calibration.segments: bad_rate"] == "pass"
    table = copy.deepcopy(mine.package.evidence["calibration.segments"])
    place = [one["name"] for one in table["columns"]].index("rows")
    table["rows"][0][place] += 1
    told = outcomes(mine, evidence={**mine.package.evidence, "calibration.segments": table})
    assert told["calibration.segments: rows"] not in ("pass", "not_evaluable")
