"""A calibrated and anchored scorecard of a plan scores the same in both engines as in its package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from credit_risk.package import read_package
from tests.credit_risk.cli.command import PLAN, QUICK, done, portfolio
from tests.credit_risk.export.test_pmml_scorecard import ENGINES, assert_engine_agrees

METHODS = ("none", "logistic", "beta", "isotonic", "centred_isotonic", "venn_abers")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """By method; isotonic of rounded points, and all but beta anchored."""
    found = {}
    for method in METHODS:
        target = "" if method == "beta" else ", target: 0.15"
        text = PLAN + QUICK + "evaluation: {baselines: false}\nsamples: {out_of_sample: 0.3, calibration: 0.3}\n"
        text += f"calibration: {{methods: [{method}]{target}}}\n"
        text += "scaling: {probability_from: rounded}\n" if method == "isotonic" else ""
        folder = tmp_path_factory.mktemp(method)
        found[method] = done(folder, text, portfolio(700), "--no-validation")
    return found


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("method", METHODS)
def test_both_engines_give_the_calibrated_probability(engine: Any, method: str, packages: dict[str, Path]) -> None:
    package = read_package(packages[method])
    (path,) = (packages[method] / "exports").glob("*.pmml")
    frame = package.snapshot()[[item["name"] for item in package.model["inputs"]]]
    assert_engine_agrees(engine, path, package.model, frame)
    stated = pd.read_parquet(packages[method] / "predictions" / "calibration.parquet")["probability"]
    if method != "beta":
        assert stated.mean() == pytest.approx(0.15, abs=1e-9)
