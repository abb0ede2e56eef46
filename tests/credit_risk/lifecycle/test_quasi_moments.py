"""Quasi-moments of a plan: probabilities with the plan's mean and AUC, exported, and agreed on by the validator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.credit_risk.cli.command import disagreements, done, evidence, frame, model, portfolio, run, write_plan
from tests.credit_risk.lifecycle.test_calibration import BOTH, planned


def by_pairs(q: np.ndarray, w: np.ndarray) -> float:
    wins = (q[:, None] > q[None, :]) + 0.5 * (q[:, None] == q[None, :])
    bad, good = w * q, w * (1 - q)
    return float(bad @ wins @ good / (bad.sum() * good.sum()))


def test_mean_and_auc_are_those_of_the_plan(tmp_path: Path) -> None:
    table = portfolio(1200)
    table["W"] = np.random.default_rng(2).choice([0.5, 1.0, 3.0], len(table))
    samples = "samples: {out_of_sample: 0.3, calibration: 0.25, weight: W}\n"
    package = done(tmp_path, planned("{quasi_moments: {rate: 0.02, auc: 0.7}}", samples, BOTH), table)
    assert disagreements(package) == []
    snapshot = pd.read_parquet(package / "data" / "snapshot.parquet")
    w = snapshot.loc[snapshot["_sample"] == "calibration", "W"].to_numpy(float)
    told = frame(package, "calibration.quasi_moments").set_index("model")
    for name, folder in (("card", "predictions"), ("trees", "challengers/trees/predictions")):
        inside = pd.read_parquet(package / folder / "calibration.parquet")
        p, s = inside["probability"].to_numpy(), inside["linear_score"].to_numpy()
        assert np.average(p, weights=w) == pytest.approx(0.02, rel=1e-9)
        assert by_pairs(p, w) == pytest.approx(0.7, abs=1e-9)
        np.testing.assert_allclose(np.log(p / (1 - p)), told.loc[name, "slope"] * s + told.loc[name, "intercept"])
    step = next(step for step in model(package)["steps"] if step["type"] == "calibrate")
    assert (step["method"], step["slope"]) == ("logistic", told.loc["card", "slope"])
    assert (told["rows"] == len(w)).all()
    assert (told["iterations"] > 0).all()
    assert "its outcomes decide neither slope" in " ".join(evidence(package, "calibration.quasi_moments")["notes"])
    assert frame(package, "verification.exports").set_index("format").loc["pmml", "written"]


def test_a_level_far_from_the_outcomes_gives_no_false_finding(tmp_path: Path) -> None:
    """Level by group and p-values with a common factor, far in their tails, are the validator's too."""
    plan = planned("{quasi_moments: {rate: 0.01, auc: 0.8}}").replace("table.csv}", "table.csv, protected: [HOUSING]}")
    package = done(tmp_path, plan + "rating_scale: {bounds: [0.003, 0.03]}\n", portfolio(1200))
    assert disagreements(package) == []
    assert frame(package, "rating.validation")["correlated_p_value"].min() < 1e-3
    assert frame(package, "fairness.calibration")["intercept"].max() > 2.5


@pytest.mark.parametrize(
    ("characteristics", "said"),
    [
        ("", "calibration.quasi_moments.auc: reached only by a map that makes rows certain"),
        (", characteristics: [HOUSING]", "calibration.quasi_moments.auc: not reached by any slope"),
    ],
)
def test_an_auc_that_no_slope_gives_is_refused(tmp_path: Path, characteristics: str, said: str) -> None:
    """With three values of one characteristic most rows are tied."""
    models = f"models: [{{id: card, type: scorecard, champion: true{characteristics}}}]\nselection: {{method: all}}\n"
    plan = planned("{quasi_moments: {rate: 0.5, auc: 0.9995}}", models=models)
    ended = run(write_plan(tmp_path, plan, portfolio(400)), "--no-validation")
    assert ended.status != 0
    assert said in ended.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("{quasi_moments: {rate: 0.1, auc: 0.7}, target: 0.1}", "so does: target"),
        ("{quasi_moments: {rate: 0.1, auc: 0.7}, resampling: {population_rate: 0.1}}", "so does: resampling"),
        ("{quasi_moments: {rate: 0.1, auc: 0.7}, target: 0.1, methods: [beta]}", "so does: target, methods"),
        ("{quasi_moments: {rate: 0.1, auc: 0.5}}", "calibration.quasi_moments.auc"),
        ("{quasi_moments: {rate: 0.0, auc: 0.7}}", "calibration.quasi_moments.rate"),
        ("{quasi_moments: {rate: 0.1}}", "calibration.quasi_moments.auc"),
    ],
)
def test_faults_of_a_plan(tmp_path: Path, spec: str, said: str) -> None:
    ended = run(write_plan(tmp_path, planned(spec), portfolio(60)))
    assert ended.status != 0
    assert said in ended.err
