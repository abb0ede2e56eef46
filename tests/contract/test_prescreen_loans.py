"""The prescreen score that is shipped: nothing but the bureau's record, validated without a breach."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from tests.credit_risk.cli.command import differing_cells, disagreements, frame, model

BUREAU = {
    *("bureau_score", "utilisation", "inquiries_6m", "delinquencies_24m", "months_since_delinquency"),
    *("oldest_trade_months", "open_accounts"),
}


def test_the_validator_disagrees_with_no_number(prescreen_package: Path) -> None:
    assert disagreements(prescreen_package) == []
    assert differing_cells(prescreen_package) == 0
    findings = json.loads((prescreen_package / "validation/findings.json").read_text("utf-8"))
    assert findings["counts"]["critical"] == findings["counts"]["high"] == 0
    assert findings["recommendation"] in ("approve", "approve_with_conditions")


def test_it_reads_the_bureau_only(prescreen_package: Path) -> None:
    files = [prescreen_package / "model.json", *prescreen_package.glob("challengers/*/model.json")]
    assert len(files) >= 2
    for file in files:
        inputs = {item["name"] for item in json.loads(file.read_text("utf-8"))["inputs"]}
        assert inputs <= BUREAU
    scale = next(step for step in model(prescreen_package)["steps"] if step["type"] == "scale")
    assert 2 <= len(scale["characteristics"]) <= 5


def test_it_ranks_and_keeps_the_unknown_off_the_list(prescreen_package: Path, repository: Path) -> None:
    table = frame(prescreen_package, "performance.discrimination")
    champion = table[table["model"] == "scorecard"].set_index("sample")
    assert (champion["auc_lower"] > 0.6).all()
    data = pd.read_csv(repository / "scorecards" / "underwriting_loans" / "applications.csv.gz")
    hits = frame(prescreen_package, "rules.hits").query("sample == 'all'").set_index("rule")["hits"]
    unknown = data["bureau_score"].isna() | data["bureau_score"].isin([-9, -8])
    assert hits.to_dict() == {"no_record": unknown.sum(), "arrears": (data["delinquencies_24m"] >= 3).sum()}


def test_the_expert_challenger_is_held_against_the_data(prescreen_package: Path) -> None:
    agreement = frame(prescreen_package, "expert.agreement.expert")
    assert set(agreement["verdict"]) <= {"agrees", "contradicted", "not told apart"}
    assert (agreement["verdict"] == "agrees").sum() >= 10
    table = frame(prescreen_package, "performance.discrimination")
    expert = table[table["model"] == "expert"].set_index("sample")
    assert (expert["auc_lower"] > 0.6).all()


def test_its_grades_are_told_apart_and_hold(prescreen_package: Path) -> None:
    scale = frame(prescreen_package, "rating.scale")
    assert 4 <= len(scale) <= 8
    assert scale["share"].between(0.05, 0.30).all()
    assert scale["probability"].is_monotonic_increasing
    apart = frame(prescreen_package, "rating.heterogeneity").query("sample == 'development'")
    assert (apart["p_value"] <= 0.05).all()
    assert set(frame(prescreen_package, "rating.portfolio")["verdict"]) == {"pass"}
    assert "fail" not in set(frame(prescreen_package, "rating.monotonicity")["verdict"])
    expert = json.loads((prescreen_package / "challengers/expert/model.json").read_text("utf-8"))
    assert expert["outputs"]["grade"] == "grade"


def test_it_is_exported(prescreen_package: Path) -> None:
    assert (prescreen_package / "exports" / "prescreen-loans.pmml").stat().st_size > 10_000


def test_its_probability_is_chosen_on_rows_of_its_own(prescreen_package: Path) -> None:
    choice = frame(prescreen_package, "calibration.choice")
    assert choice.groupby("model")["chosen"].sum().to_dict() == {"boosting": 1, "expert": 1, "scorecard": 1}
    told = frame(prescreen_package, "calibration.samples").set_index("sample")["calibration_tests"]
    assert told[["out_of_sample", "out_of_time"]].eq("independent").all()
    assert not told[["development", "calibration"]].eq("independent").any()
