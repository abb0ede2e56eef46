"""A behavioural plan: rolling observation points on the simulator's monthly history, from the files to the findings."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit_risk.datasets import simulate_portfolio
from tests.contract.test_evidence_mutations import changed
from tests.credit_risk.cli.command import credit_risk, disagreements, evidence, frame, model, run
from tests.validation.toy_package import builders
from validation import read_package, validate

PLAN = """
model: {id: behaviour}
data:
  source: accounts.csv
  key: account
  date: opened
  monthly: {days_past_due: 6, balance: 6, months_on_book: 1, state: 1}
outcome:
  history: {source: history.csv, key: account, date: month, days_past_due: days_past_due, obligor: applicant}
  definition: {cure: {months: 3}}
  windows: {performance_months: 12, observation_months: 6, rolling: {every: 3}}
  exclusions: [{condition: "state_0 in ('closed', 'written_off')", reason: the account has ended}]
samples: {out_of_time: {after: "2021-04-01"}}
derive:
  WORST_6M: highest(columns('days_past_due_', 0, 5))
  LATE_6M: count_at_least(1, columns('days_past_due_', 0, 5))
  REPAID_6M: 1 - share(balance_0, balance_5)
models: [{id: scorecard, type: scorecard, champion: true}]
rating_scale: {design: {min_grades: 2, max_grades: 5, min_bads: 5, heterogeneity: null}, max_share: 0.95}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("behavioural")
    made = simulate_portfolio(applicants=3000, months=18, history_months=48, follow_up=30, start="2019-01", seed=7)
    names = {"application_id": "account", "applicant_id": "applicant", "application_date": "opened"}
    booked = made.applications[made.applications["application_id"].isin(made.history["application_id"])]
    kept = booked.rename(columns=names)[["account", "opened", "bureau_score", "income", "utilisation", "housing"]]
    kept.assign(opened=kept["opened"].dt.strftime("%Y-%m-%d")).to_csv(found / "accounts.csv", index=False)
    history = made.history.merge(booked[["application_id", "applicant_id"]]).rename(columns=names)
    columns = ["account", "applicant", "month", "months_on_book", "days_past_due", "balance", "state"]
    history.assign(month=history["month"].dt.strftime("%Y-%m"))[columns].to_csv(found / "history.csv", index=False)
    (found / "plan.yaml").write_text(PLAN, "utf-8")
    ended = run(found)
    assert ended.status == 0, ended.err
    return found


@pytest.fixture(scope="module")
def package(folder: Path) -> Path:
    return folder / "out"


def test_the_validator_recomputes_every_number(package: Path) -> None:
    assert disagreements(package) == []
    compared = json.loads((package / "validation/evidence/validation.comparison.json").read_text("utf-8"))["rows"]
    areas = {row[0] for row in compared}
    assert {
        "samples.clusters",
        "samples.observation_points",
        "scorecard.covariance.scorecard",
        "scorecard.coefficients.scorecard",
    } <= areas


def test_rows_samples_and_errors(package: Path) -> None:
    snapshot = pd.read_parquet(package / "data/snapshot.parquet")
    assert not snapshot["_key"].duplicated().any()
    inside = snapshot[snapshot["_sample"].isin(["development", "out_of_sample"])]
    assert (inside.groupby("_cluster")["_sample"].nunique() == 1).all()
    late = snapshot["observation_point"] >= "2021-04-01"
    assert (snapshot["_sample"].eq("out_of_time") == (late & snapshot["_outcome"].notna())).all()
    clusters = frame(package, "samples.clusters").set_index("sample")
    assert clusters.loc["out_of_sample", "shared_clusters"] == 0
    assert clusters.loc["out_of_time", "shared_clusters"] > 0
    assert dict(evidence(package, "scorecard.covariance.scorecard")["rows"])["covariance"] == "cluster"
    points = frame(package, "samples.observation_points")
    assert points["rows"].sum() == len(snapshot)
    assert "reaches into the months of out_of_time" in evidence(package, "samples.observation_points")["notes"][0]


def test_predictors_are_the_history_up_to_the_point(package: Path, folder: Path) -> None:
    """Each row of the snapshot beside the file of the history, read by pandas."""
    snapshot = pd.read_parquet(package / "data/snapshot.parquet")
    history = pd.read_csv(folder / "history.csv").set_index(["account", "month"])
    point = pd.PeriodIndex(snapshot["observation_point"], freq="M")
    for lag in (0, 3, 5):
        where = pd.MultiIndex.from_arrays([snapshot["account"].astype(int), (point - lag).strftime("%Y-%m")])
        for name in ("days_past_due", "balance"):
            expected = history[name].reindex(where).to_numpy(float)
            np.testing.assert_array_equal(snapshot[f"{name}_{lag}"].to_numpy(float), expected)


def test_no_later_month_changes_a_predictor_or_a_bin(package: Path, folder: Path, tmp_path: Path) -> None:
    """Other months after the last observation point: other outcomes, the same rows and characteristics."""
    history = pd.read_csv(folder / "history.csv")
    last = pd.read_parquet(package / "data/snapshot.parquet")["observation_point"].max()[:7]
    after = history["month"] > last
    history.loc[after, "balance"], history.loc[after, "months_on_book"] = 1.0, 0
    history.loc[after & (history["account"] % 4 == 0), "days_past_due"] = 95
    history.loc[after, "state"] = "unheard of"
    for name in ("accounts.csv", "plan.yaml"):
        shutil.copy(folder / name, tmp_path / name)
    history.to_csv(tmp_path / "history.csv", index=False)
    assert run(tmp_path, "--no-validation").status == 0
    columns = [name for name in model_inputs(package) if name != "account"]
    before, now = (pd.read_parquet(p / "data/snapshot.parquet") for p in (package, tmp_path / "out"))
    pd.testing.assert_frame_equal(before[["_key", *columns]], now[["_key", *columns]])
    assert not before["_outcome"].equals(now["_outcome"])


def model_inputs(package: Path) -> list[str]:
    snapshot = pd.read_parquet(package / "data/snapshot.parquet")
    return [name for name in snapshot.columns if not name.startswith("_")]


def test_a_month_of_the_portfolio_is_scored_by_the_package(package: Path, tmp_path: Path) -> None:
    snapshot = pd.read_parquet(package / "data/snapshot.parquet")
    rows = snapshot[snapshot["_sample"] == "out_of_time"]
    inputs = [item["name"] for item in model(package)["inputs"]]
    rows[["account", *inputs]].to_csv(tmp_path / "now.csv", index=False)
    ended = credit_risk("score", package, "--input", tmp_path / "now.csv", "--out", tmp_path / "scores.parquet")
    assert ended.status == 0, ended.err
    told = pd.read_parquet(package / "predictions/out_of_time.parquet")
    scored = pd.read_parquet(tmp_path / "scores.parquet")
    assert scored["score"].tolist() == told["score"].tolist()


@pytest.mark.parametrize("column", ["good", "out_of_time", "bad_rate"])
def test_counts_of_a_point_that_are_wrong_are_found(package: Path, tmp_path: Path, column: str) -> None:
    copy = shutil.copytree(package, tmp_path / "copy")
    for annex in ("exports", "validation"):
        shutil.rmtree(copy / annex)

    def change(item: dict) -> None:
        place = [one["name"] for one in item["columns"]].index(column)
        item["rows"][-1][place] += 1 if column != "bad_rate" else 0.001

    builders.change_json(copy, "evidence/samples.observation_points.json", change)
    found = validate(read_package(copy)).findings["findings"]
    assert f"samples.observation_points: {column}" in {finding["test"] for finding in found}


def test_migration_between_grades_over_a_year(package: Path, tmp_path: Path) -> None:
    """Each account's grade beside that of the same account twelve months later, joined by pandas."""
    snapshot = pd.read_parquet(package / "data/snapshot.parquet")
    files = [pd.read_parquet(path) for path in sorted((package / "predictions").glob("*.parquet"))]
    rows = snapshot.merge(pd.concat(files)[["_key", "grade"]], on="_key")
    rows["month"] = pd.PeriodIndex(rows["observation_point"], freq="M").year * 12
    rows["month"] += pd.PeriodIndex(rows["observation_point"], freq="M").month
    later = rows.assign(month=rows["month"] - 12)[["account", "month", "grade"]]
    pairs = rows.merge(later, on=["account", "month"], suffixes=("", "_later"))
    assert len(pairs) > 100
    matrix = frame(package, "rating.migration")
    expected = pairs.groupby(["grade", "grade_later"]).size()
    found = matrix[matrix["count"] > 0].set_index(["from", "to"])["count"]
    assert found.to_dict() == expected.to_dict()
    summary = frame(package, "rating.migration_summary").set_index("item")["value"]
    assert summary["pairs of rows a year apart"] == len(pairs)
    kept = (pairs["grade"] == pairs["grade_later"]).mean()
    assert summary["share that keeps its grade"] == pytest.approx(kept, rel=1e-12)
    altered = Path(shutil.copytree(package, tmp_path / "package"))
    for annex in ("exports", "documents", "validation"):
        shutil.rmtree(altered / annex, ignore_errors=True)
    changed(altered, "rating.migration", "count", 1, lambda v: v + 1)
    changed(altered, "rating.migration", "p_value", 1, lambda v: v / 2 + 0.1)
    changed(altered, "rating.migration_summary", "value", 1, lambda v: v * 1.01)
    tests = {one["test"] for one in validate(read_package(altered)).findings["findings"]}
    assert {"rating.migration: count", "rating.migration: p_value", "rating.migration_summary: value"} <= tests
