"""The shipped plan of reject inference: weights that the validator finds again, and truth that its file leaves out."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit_risk.datasets import simulate_portfolio
from tests.credit_risk.cli.command import REPOSITORY, differing_cells, disagreements, evidence, findings, frame, model


def test_it_is_approved_and_the_validator_disagrees_with_no_number(door_package: Path) -> None:
    assert disagreements(door_package) == []
    assert differing_cells(door_package) == 0
    told = json.loads((door_package / "validation/findings.json").read_text("utf-8"))
    assert told["counts"]["critical"] == told["counts"]["high"] == told["counts"]["medium"] == 0
    assert told["recommendation"] in ("approve", "approve_with_conditions")
    assert "battery: the method is the one that the diagnosis recommends" in {
        item["test"] for item in findings(door_package)
    }


def test_weights_speak_for_all_applicants(door_package: Path) -> None:
    """Weighted means of characteristics over the fitting rows come near those of all applicants of development."""
    snapshot = pd.read_parquet(door_package / "data/snapshot.parquet")
    rows = pd.read_parquet(door_package / "reject_inference/rows.parquet")
    every = pd.read_parquet(door_package / "reject_inference/applicants.parquet").query("_sample == 'development'")
    assert not rows["_inferred"].any()
    for name in ("income", "months_at_address", "inquiries_6m"):
        values = snapshot[name].to_numpy(float)
        mine, all_of = values[rows["row"]], values[every["row"]]
        told = np.isfinite(mine)
        weighted = np.average(mine[told], weights=rows["_weight"][told])
        target, plain = np.nanmean(all_of), np.nanmean(mine)
        assert abs(weighted - target) < 0.6 * abs(plain - target)


def test_nothing_protected_enters_and_the_instrument_only_the_decision(door_package: Path) -> None:
    decision = json.loads((door_package / "reject_inference/acceptance.json").read_text("utf-8"))
    read = {item["name"] for item in decision["inputs"]}
    assert "underwriter_leniency" in read
    assert not {"sex", "age_band", "occupation", "status", "bad"} & read
    files = [door_package / "model.json", *door_package.glob("challengers/*/model.json")]
    files.append(door_package / "reject_inference/known_outcomes.json")
    for file in files:
        inputs = {item["name"] for item in json.loads(file.read_text("utf-8"))["inputs"]}
        assert not {"underwriter_leniency", "sex", "age_band", "occupation"} & inputs
    assert model(door_package)["model"]["type"] == "scorecard"


def test_the_tables_say_what_the_readme_says(door_package: Path) -> None:
    weights = frame(door_package, "reject_inference.weights").set_index("method")
    assert 0.25 < weights.loc["reweighting", "effective_share"] < 0.45
    errors = frame(door_package, "reject_inference.coefficients")
    assert (errors["error_ratio"] > 1.15).all()
    assert 1.3 < errors["error_ratio"].mean() < 1.8
    methods = frame(door_package, "reject_inference.comparison").set_index("method")
    raised = methods["mean_probability"] - methods.loc["none", "mean_probability"]
    assert set(raised.nlargest(2).index) <= {"parcelling", "hard_cut_off", "fuzzy_augmentation"}
    assert (methods["rank_correlation"] > 0.98).all()
    (rho,) = frame(door_package, "reject_inference.probit").query("term == 'rho'").to_dict("records")
    assert rho["lower"] < 0.0 < rho["upper"]
    assert evidence(door_package, "reject_inference.correlation_profile")["kind"] == "figure"


def test_truth_that_the_file_leaves_out_lies_within_the_sensitivity(door_package: Path) -> None:
    """The simulator knows how the rejected would have turned out; the first factor of the table assumes the same."""
    call = runpy.run_path(str(REPOSITORY / "scripts" / "through_the_door.py"))["CALL"]
    made = simulate_portfolio(**call)
    truth = made.truth.set_index("application_id")["bad"]
    snapshot = pd.read_parquet(door_package / "data/snapshot.parquet")
    every = pd.read_parquet(door_package / "reject_inference/applicants.parquet").query("_sample == 'out_of_sample'")
    rejected = every.loc[every["_accepted"] == 0, "row"]
    rate = truth.loc[snapshot["_key"].to_numpy()[rejected]].mean()
    table = frame(door_package, "reject_inference.sensitivity").set_index("case")["rejected_bad_rate"]
    assert table["all rejected good"] < rate < table["all rejected bad"]
    assert rate == pytest.approx(table.iloc[0], abs=0.06)
