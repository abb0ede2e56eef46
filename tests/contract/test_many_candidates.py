"""Several challengers, in an order that is not that of their names, and an expert one of two scores, calibrated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from credit_risk._core import canonical_json
from tests.contract.altered import altered, cell, failures, reseal
from tests.credit_risk.cli.command import PLAN, disagreements, done, frame, portfolio

TEXT = (
    PLAN
    + """selection: {method: all}
samples: {out_of_sample: 0.3, calibration: 0.3}
evaluation: {baselines: false}
strategy: {cut_off: 520, matrix_bands: 3}
models:
  - {id: card, type: scorecard, champion: true}
  - {id: zeta, type: scorecard, characteristics: [INCOME]}
  - {id: alpha, type: scorecard, characteristics: [AGE, HOUSING]}
  - id: expert
    type: expert
    base_points: 490
    characteristics: {INCOME: {bins: [{below: 3000, points: -20}, {at_least: 3000, points: 20, missing: true}]}}
"""
)


@pytest.fixture(scope="module")
def curved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return done(tmp_path_factory.mktemp("beta"), TEXT + "calibration: {methods: [beta]}\n", portfolio(900))


@pytest.fixture(scope="module")
def stepped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    text = TEXT + "calibration: {methods: [centred_isotonic]}\n"
    return done(tmp_path_factory.mktemp("steps"), text, portfolio(900))


@pytest.mark.parametrize("name", ["curved", "stepped"])
def test_the_validator_disagrees_with_no_number(name: str, request: pytest.FixtureRequest) -> None:
    package = request.getfixturevalue(name)
    assert list(dict.fromkeys(frame(package, "strategy.comparison")["candidate"])) == ["zeta", "alpha", "expert"]
    assert disagreements(package) == []
    compared = json.loads((package / "validation/evidence/validation.comparison.json").read_text("utf-8"))["rows"]
    areas = {row[0] for row in compared}
    assert {"strategy.comparison", "strategy.matrix", "strategy.matrix_order", "calibration.order"} <= areas


@pytest.mark.parametrize("table", ["strategy.comparison", "strategy.matrix_order"])
def test_a_row_of_another_challenger_is_found(curved: Path, tmp_path: Path, table: str) -> None:
    change = cell(0, "candidate", lambda v: "alpha")
    found = failures(altered(curved, tmp_path / "package", f"evidence/{table}.json", change))
    assert f"{table}: rows" in found


@pytest.mark.parametrize(("moved", "severity"), [(0.01, "low"), (0.1, "critical")])
def test_two_scores_do_not_determine_a_beta_map(curved: Path, tmp_path: Path, moved: float, severity: str) -> None:
    coverage = json.loads((curved / "validation/findings.json").read_text("utf-8"))["coverage"]
    told = {item["test"]: item for item in coverage}
    assert told["calibration.parameters: expert"]["outcome"] == "not_evaluable"
    assert "two distinct scores" in told["calibration.parameters: expert"]["reason"]
    assert "calibration.parameters: card" not in told

    def change(item: Any) -> None:
        step = next(step for step in item["steps"] if step["type"] == "calibrate" and step["method"] == "beta")
        step["c"] += moved  # log-odds: a share of `moved`·(1 - p) of the probability

    found = failures(altered(curved, tmp_path / "package", "challengers/expert/model.json", change))
    assert found["challengers/expert/model.json: calibrated probability"] == severity


@pytest.mark.parametrize("column", ["distinct_probabilities", "merged"])
def test_what_centred_steps_merge_is_counted(stepped: Path, tmp_path: Path, column: str) -> None:
    change = cell(0, column, lambda v: v + 1)
    found = failures(altered(stepped, tmp_path / "package", "evidence/calibration.order.json", change))
    assert f"calibration.order: {column.replace('_', ' ')}" in found


@pytest.mark.parametrize("table", ["samples", "parameters", "order"])
def test_a_calibrated_package_that_does_not_tell_of_it_is_found(curved: Path, tmp_path: Path, table: str) -> None:
    found = failures(_absent(curved, tmp_path / "package", f"calibration.{table}"))
    assert any(test.startswith(f"calibration.{table}") for test in found), found


def _absent(package: Path, to: Path, identifier: str) -> Path:
    """The package with one table of evidence said to be not applicable."""
    file = f"evidence/{identifier}.json"
    folder = altered(package, to, file, lambda item: None)
    given = json.loads((folder / file).read_text("utf-8"))
    other = json.loads((folder / "evidence/calibration.anchor.json").read_text("utf-8"))
    return reseal(folder, file, canonical_json.to_bytes(other | {"id": given["id"], "title": given["title"]}))
