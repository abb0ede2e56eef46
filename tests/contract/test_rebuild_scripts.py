"""The short rebuild scripts agree with a package of the modelling side, and see what was changed in it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.contract.altered import altered
from tests.credit_risk.cli.command import PLAN, REPOSITORY, done, portfolio
from validation import read_package
from validation.scripts import rebuild_boosting, rebuild_calibration_and_grades, rebuild_scorecard

REST = (
    "models: [{id: card, type: scorecard, champion: true}, {id: trees, type: monotone_boosting, trees: 12, depth: 3}]\n"
    "selection: {method: all}\nevaluation: {baselines: false}\nsamples: {out_of_sample: 0.2, calibration: 0.3}\n"
    "calibration: {methods: [logistic]}\nrating_scale: {design: {min_grades: 3, max_grades: 6}}\n"
)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scripts")
    return done(folder, PLAN + REST, portfolio(1500, seed=4), "--no-validation", "--no-documents")


@pytest.mark.parametrize("name", ["rebuild_scorecard", "rebuild_boosting", "rebuild_calibration_and_grades"])
def test_each_runs_as_a_program_and_agrees(good: Path, name: str) -> None:
    file = REPOSITORY / "validation" / "scripts" / f"{name}.py"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    ended = subprocess.run(
        [sys.executable, str(file), str(good)], capture_output=True, text=True, env=environment, check=True
    )
    last = [float(line.split()[-1]) for line in ended.stdout.splitlines()[1:]]
    assert last
    assert max(last) < 1e-6
    assert not re.search("NaN", ended.stdout)


def test_a_wrong_scorecard_is_seen(good: Path, tmp_path: Path) -> None:
    def change(model: Any) -> None:
        step = next(s for s in model["steps"] if s["type"] == "classing")
        step["bins"][0]["woe"] += 0.25
        scale = next(s for s in model["steps"] if s["type"] == "scale")
        scale["base_points"] += 2.0

    package = read_package(altered(good, tmp_path / "package", "model.json", change))
    found = rebuild_scorecard.compare(package, package.model).set_index("rebuilt")["greatest difference"]
    assert found.filter(like="WoE").max() == pytest.approx(0.25, abs=1e-12)
    assert found["coefficients"] > 1e-4
    assert found["points"] >= 2.0


def test_a_wrong_leaf_is_seen(good: Path, tmp_path: Path) -> None:
    def change(model: Any) -> None:
        tree = next(s for s in model["steps"] if s["type"] == "trees")["trees"][3]
        place = next(k for k, left in enumerate(tree["left"]) if left < 0)
        tree["value"][place] += 0.01

    package = read_package(altered(good, tmp_path / "package", "challengers/trees/model.json", change))
    row = rebuild_boosting.compare(package).iloc[0]
    assert row["greatest difference of a leaf"] == pytest.approx(0.01, rel=1e-5)
    assert row["nodes that differ"] == 0


def test_a_wrong_map_is_seen(good: Path, tmp_path: Path) -> None:
    def change(model: Any) -> None:
        next(s for s in model["steps"] if s["type"] == "calibrate")["intercept"] += 0.1

    package = read_package(altered(good, tmp_path / "package", "model.json", change))
    found = rebuild_calibration_and_grades.compare(package).set_index("quantity")["difference"]
    assert found["intercept"] == pytest.approx(0.1, abs=1e-8)
    assert found["mean_probability"].max() > 1e-3
