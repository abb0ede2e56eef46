"""Calibration under reject inference: known outcomes by inverse acceptance, fitted again by other code."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from credit_risk.lifecycle.run import run_plan
from tests.contract.altered import altered, failures
from tests.credit_risk.lifecycle.test_rejects import evidence
from tests.credit_risk.lifecycle.through_the_door import PLAN, applicants, write

ASKED = """\
reject_inference: {method: METHOD, replicates: 0}
calibration: CALIBRATION
"""
SAMPLES = 'samples: {calibration: 0.25, weight: W, out_of_time: {after: "2020-09-30"}}'
MAPS = "{methods: [logistic, isotonic], one_standard_error: false}"
AVERAGE = "{methods: [logistic, beta], target: long_run_average}\nlong_run: {cohorts: auto, min_rows: 30}"
SEGMENTS = "{methods: [logistic], target: 0.35, by: {column: HOUSING, least_goods: 20, least_bads: 20}}"


def made(folder: Path, calibration: str, method: str = "reweighting") -> Path:
    """The package of a weighted plan with a method and a calibration."""
    table = applicants(2400)
    months = pd.date_range("2016-01-01", "2020-12-01", freq="MS").strftime("%Y-%m-%d")
    table["MONTH"] = np.random.default_rng(8).choice(months, len(table))
    table["W"] = np.random.default_rng(9).uniform(0.5, 2.0, len(table)).round(3)
    plan = PLAN.replace('samples: {out_of_time: {after: "2020-09-30"}}', SAMPLES)
    text = ASKED.replace("CALIBRATION", calibration).replace("METHOD", method)
    path = write(folder / "plan", text, table, plan)
    return run_plan(path, folder / "out", with_validation=False, with_documents=False).out


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("weighed"), MAPS)


def weighed(package: Path) -> pd.DataFrame:
    """Linear score, outcome and weight by inverse acceptance of the calibration's sample."""
    snapshot = pd.read_parquet(package / "data/snapshot.parquet")
    people = pd.read_parquet(package / "reject_inference/applicants.parquet").set_index("row")
    rows = snapshot[snapshot["_sample"] == "calibration"]
    scores = pd.read_parquet(package / "predictions/calibration.parquet").set_index("_key")["linear_score"]
    w = rows["_weight"] / people["_acceptance"].reindex(rows.index).clip(lower=0.02)
    w *= rows["_weight"].sum() / w.sum()
    return pd.DataFrame({"s": scores.reindex(rows["_key"]).to_numpy(), "y": rows["_outcome"], "w": w})


def test_the_map_is_that_of_weighed_outcomes(package: Path) -> None:
    told = evidence(package, "calibration.method").set_index("model").loc["scorecard"]
    rows = weighed(package)
    s, y, w = (rows[name].to_numpy() for name in "syw")
    assert told["bad_rate"] == pytest.approx(float(w @ y / w.sum()), rel=1e-9)
    planned = pd.read_parquet(package / "data/snapshot.parquet").loc[rows.index, "_weight"].to_numpy()
    assert abs(told["bad_rate"] - float(planned @ y / planned.sum())) > 0.01

    def loss(b: np.ndarray) -> float:
        t = b[0] + b[1] * s
        return float(w @ (np.logaddexp(0, t) - y * t))

    best = minimize(loss, [0.0, 1.0], method="BFGS", options={"gtol": 1e-8}).x
    choice = evidence(package, "calibration.parameters")
    assert told["method"] == "logistic"
    mine = choice[choice["model"] == "scorecard"].set_index("parameter")["estimate"]
    assert mine["intercept"] == pytest.approx(best[0], abs=1e-5)
    assert mine["slope"] == pytest.approx(best[1], abs=1e-5)
    published = pd.read_parquet(package / "predictions/calibration.parquet").set_index("_key")["probability"]
    keys = pd.read_parquet(package / "data/snapshot.parquet").loc[rows.index, "_key"]
    np.testing.assert_allclose(published.reindex(keys).to_numpy(), expit(best[0] + best[1] * s), atol=1e-5)


def test_the_validator_agrees_and_finds_another_weighing(package: Path, tmp_path: Path) -> None:
    assert failures(package) == {}

    def other(plan: dict) -> None:
        plan["reject_inference"]["calibration"] = "known_outcomes"

    found = failures(altered(package, tmp_path / "other", "plan.json", other))
    assert any(test.startswith("calibration.method") for test in found)


@pytest.mark.parametrize(("calibration", "method"), [(SEGMENTS, "score_bands"), (MAPS, "extrapolation")])
def test_level_segments_and_outcomes_as_they_are_agree(calibration: str, method: str, tmp_path: Path) -> None:
    folder = made(tmp_path, calibration, method)
    assert failures(folder) == {}
    notes = " ".join(evidence_notes(folder, "calibration.method"))
    assert ("inverse of its probability of acceptance" in notes) is (method == "score_bands")


def test_the_mean_that_is_the_long_run_average_is_of_known_outcomes(tmp_path: Path) -> None:
    folder = made(tmp_path, AVERAGE)
    assert failures(folder) == {}
    target = evidence(folder, "calibration.anchor").set_index("model").loc["scorecard", "target"]
    snapshot = pd.read_parquet(folder / "data/snapshot.parquet")
    rows = snapshot[snapshot["_sample"] == "calibration"]
    published = pd.read_parquet(folder / "predictions/calibration.parquet").set_index("_key")["probability"]
    mean = np.average(published.reindex(rows["_key"]), weights=rows["_weight"])
    assert mean == pytest.approx(target, abs=1e-9)
    assert "as the long-run average" in " ".join(evidence_notes(folder, "calibration.anchor"))


def evidence_notes(package: Path, identifier: str) -> list[str]:
    """Notes of a table of the package."""
    return list(json.loads((package / "evidence" / f"{identifier}.json").read_text("utf-8"))["notes"])
