"""The behavioural scorecard that is shipped: developed, packaged, validated without a breach, documented."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.credit_risk.cli.command import disagreements, evidence, frame, model


def test_the_validator_disagrees_with_no_number(behaviour_package: Path) -> None:
    assert disagreements(behaviour_package) == []
    findings = json.loads((behaviour_package / "validation/findings.json").read_text("utf-8"))
    assert findings["counts"]["critical"] == findings["counts"]["high"] == 0
    assert findings["recommendation"] in ("approve", "approve_with_conditions")
    compared = json.loads((behaviour_package / "validation/evidence/validation.comparison.json").read_text("utf-8"))
    areas = {row[0] for row in compared["rows"]}
    assert {
        "samples.clusters",
        "samples.observation_points",
        "scorecard.covariance.scorecard",
        "performance.discrimination",
    } <= areas


def test_it_is_a_behavioural_sample(behaviour_package: Path) -> None:
    points = frame(behaviour_package, "samples.observation_points")
    assert points["observation_point"].tolist()[:2] == ["2018-12", "2019-03"]
    assert len(points) == 11
    clusters = frame(behaviour_package, "samples.clusters").set_index("sample")
    assert clusters.loc["development", "largest"] > 1
    assert clusters.loc["out_of_sample", "shared_clusters"] == 0
    assert dict(evidence(behaviour_package, "scorecard.covariance.scorecard")["rows"])["covariance"] == "cluster"
    inputs = {item["name"] for item in model(behaviour_package)["inputs"]}
    assert {"days_past_due_0", "days_past_due_5"} <= inputs
    assert not {"sex", "age_band", "client_id", "account_id", "observation_point"} & inputs


def test_it_ranks_on_every_sample(behaviour_package: Path) -> None:
    table = frame(behaviour_package, "performance.discrimination")
    champion = table[table["model"] == "scorecard"].set_index("sample")
    assert (champion["auc_lower"] > 0.6).all()
    assert (champion["auc"] < 0.9).all()
    assert any("Obuchowski" in note for note in evidence(behaviour_package, "performance.discrimination")["notes"])


def test_rows_are_those_of_the_files(behaviour_package: Path, repository: Path) -> None:
    folder = repository / "scorecards" / "portfolio_behaviour"
    history = pd.read_csv(folder / "history.csv.gz").set_index(["account_id", "month"])
    snapshot = pd.read_parquet(behaviour_package / "data/snapshot.parquet")
    months = snapshot["observation_point"].str[:7]
    where = pd.MultiIndex.from_arrays([snapshot["account_id"].astype(int), months])
    assert snapshot["balance_0"].tolist() == history["balance"].reindex(where).tolist()
    accounts = pd.read_csv(folder / "accounts.csv.gz").set_index("account_id")
    expected = accounts["income"].reindex(snapshot["account_id"].astype(int)).to_numpy(float)
    pd.testing.assert_series_equal(snapshot["income"], pd.Series(expected, name="income"))
    clients = history["client_id"].groupby("account_id").first()
    assert snapshot["_cluster"].tolist() == clients.reindex(snapshot["account_id"].astype(int)).astype(str).tolist()


@pytest.mark.parametrize("name", ["development_dossier.pdf", "validation_report.pdf"])
def test_documents_are_written(behaviour_package: Path, name: str) -> None:
    from pypdf import PdfReader

    text = "\n".join(page.extract_text() for page in PdfReader(behaviour_package / "documents" / name).pages)
    if name.startswith("development"):
        for words in ("Observation points", "Rows and clusters of the samples", "Covariance of the coefficients"):
            assert words in text
    assert "Instalment loans, behavioural scorecard" in text
