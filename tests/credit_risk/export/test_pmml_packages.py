"""Champions and challengers on real data in PMML: both engines against the package, leaf by leaf."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from credit_risk.lifecycle.develop import develop
from credit_risk.package import read_package
from credit_risk.plan import read_plan
from credit_risk.scoring import compile_model
from tests import engines
from tests.credit_risk.cli.command import REPOSITORY
from tests.credit_risk.export.engine_rows import assert_alike, neighbours, write
from tests.credit_risk.export.test_pmml_scorecard import ENGINES

BOOSTED = ["taiwan", "heloc", "german"]
CHAMPIONS = ["lgd", "loss", "underwriting"]


def boosting(package: Path) -> dict[str, Any]:
    return json.loads((package / "challengers" / "boosting" / "model.json").read_text("utf-8"))


def inputs_of(package: Path, model: dict[str, Any]) -> pd.DataFrame:
    return read_package(package).snapshot()[[item["name"] for item in model["inputs"]]]


def with_own_leaves(model: dict[str, Any]) -> dict[str, Any]:
    """The trees with a random value of its own in each leaf, so that a sum tells which leaves were reached."""
    told, draw = copy.deepcopy(model), np.random.default_rng(7)
    for step in told["steps"]:
        for tree in step.get("trees", ()) if step["type"] == "trees" else ():
            tree["value"] = [float(draw.normal()) if left < 0 else 0.0 for left in tree["left"]]
    score = told["outputs"]["linear_score"]
    told["outputs"] = {"linear_score": score, "probability": told["outputs"]["probability"], "probability_name": "PD"}
    told["steps"] = [step for step in told["steps"] if step["type"] not in ("attribution", "reasons")]
    return told


def assert_boosting_agrees(engine: Any, folder: Path, model: dict[str, Any], frame: pd.DataFrame, most: int) -> None:
    cases = write(model, folder / "m.pmml", frame.head(2000))
    every = pd.concat([frame.head(most), cases, neighbours(model, frame, most)], ignore_index=True)
    assert_alike(engine, folder / "m.pmml", model, every)
    told = with_own_leaves(model)
    write(told, folder / "leaves.pmml", frame.head(200))
    found = engine(folder / "leaves.pmml", engines.records(every))["linear_score"].astype(float)
    own = compile_model(told).score(every)["linear_score"]
    assert np.array_equal(found.to_numpy(), own.to_numpy())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", BOOSTED)
def test_boosting_of_real_data(engine: Any, name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    package = request.getfixturevalue(f"{name}_package")
    model = boosting(package)
    frame = inputs_of(package, model).sample(frac=1.0, random_state=3).reset_index(drop=True)
    assert_boosting_agrees(engine, tmp_path, model, frame, 250)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", BOOSTED)
def test_boosting_on_all_rows(engine: Any, name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    package = request.getfixturevalue(f"{name}_package")
    model = boosting(package)
    assert_boosting_agrees(engine, tmp_path, model, inputs_of(package, model), 30_000)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_boosting_of_loans_to_small_businesses(engine: Any, tmp_path: Path) -> None:
    development = develop(read_plan(REPOSITORY / "scorecards" / "sba_loans"))
    candidate = next(one for one in development.candidates if one.id == "boosting")
    frame = development.training.frame[candidate.compiled.input_names].reset_index(drop=True)
    assert_boosting_agrees(engine, tmp_path, candidate.model, frame, 20_000)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", CHAMPIONS)
def test_the_exported_champion(engine: Any, name: str, request: pytest.FixtureRequest) -> None:
    """Amounts and fractions, and a scorecard whose reasons are groups, from the export of the run."""
    package = request.getfixturevalue(f"{name}_package")
    model = json.loads((package / "model.json").read_text("utf-8"))
    (path,) = (package / "exports").glob("*.pmml")
    frame = inputs_of(package, model)
    assert_alike(engine, path, model, pd.concat([frame.head(500), neighbours(model, frame)], ignore_index=True))


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_five_hundred_trees_of_depth_six(engine: Any, tmp_path: Path) -> None:
    """The size that is asked for; the benchmark times it."""
    model = many_trees(500, 6, 30)
    frame = pd.DataFrame(np.random.default_rng(1).normal(size=(60, 30)), columns=[f"x{k}" for k in range(30)])
    write(model, tmp_path / "m.pmml", frame)
    assert_alike(engine, tmp_path / "m.pmml", model, frame)


def many_trees(count: int, depth: int, features: int) -> dict[str, Any]:
    """A model of whole random trees."""
    draw = np.random.default_rng(0)
    inner = 2**depth - 1
    size = 2 * inner + 1

    def grown() -> dict[str, Any]:
        split = [node < inner for node in range(size)]
        return {
            "feature": [int(draw.integers(features)) if one else -1 for one in split],
            "threshold": [float(draw.normal()) if one else None for one in split],
            "left": [2 * node + 1 if one else -1 for node, one in enumerate(split)],
            "right": [2 * node + 2 if one else -1 for node, one in enumerate(split)],
            "default_left": [bool(draw.integers(2)) if one else False for one in split],
            "value": [0.0 if one else float(draw.normal() / 100) for one in split],
        }

    names = [f"x{k}" for k in range(features)]
    head = {"id": "t", "type": "trees", "features": names, "base_margin": -1.5, "offset": None, "output": "z"}
    link = {"id": "p", "type": "link", "function": "logit", "input": "z", "output": "pd"}
    return {
        "format": "credit-risk-model",
        "format_version": "0.1",
        "model": {"id": "many", "name": "many", "version": "1", "type": "monotone_boosting"},
        "outcome": {"type": "binary", "event": "bad", "probability_name": "PD"},
        "inputs": [{"name": name, "type": "number", "description": "", "specials": []} for name in names],
        "steps": [{**head, "trees": [grown() for _ in range(count)]}, link],
        "outputs": {"linear_score": "z", "probability": "pd", "probability_name": "PD"},
    }
