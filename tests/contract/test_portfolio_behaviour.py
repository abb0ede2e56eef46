"""The behavioural scorecard that is shipped: developed, packaged, validated without a breach, documented."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.credit_risk.cli.command import credit_risk, differing_cells, disagreements, evidence, frame, model


def test_the_validator_disagrees_with_no_number(behaviour_package: Path) -> None:
    assert disagreements(behaviour_package) == []
    assert differing_cells(behaviour_package) == 0
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
    stability = frame(behaviour_package, "explanation.stability.scorecard")
    years = stability.loc[stability["kind"] == "year", "group"]
    assert sorted(set(years)) == sorted({point[:4] for point in points["observation_point"]})
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


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_month_is_observed_and_scored_as_in_development(
    behaviour_package: Path, repository: Path, tmp_path: Path, kind: str
) -> None:
    """Rows of June 2021 made for production: the same inputs and scores as the package holds of that month."""
    plan = repository / "scorecards" / "portfolio_behaviour"
    rows, scores = tmp_path / f"rows.{kind}", tmp_path / "s.csv"
    ended = credit_risk("observe", plan, "--month", "2021-06", "--out", rows)
    assert ended.status == 0, ended.err
    assert ended.out.startswith("2,435 rows of accounts with a record in 2021-06")
    assert credit_risk("score", behaviour_package, "--input", rows, "--out", scores).status == 0
    scored = pd.read_csv(scores).set_index("_key")
    told = pd.read_parquet(behaviour_package / "predictions/out_of_time.parquet")
    told = told[told["_key"].str.endswith("@2021-06")]
    keys = told["_key"].str.partition("@")[0].astype(int)
    assert len(keys) > 1000
    assert scored.loc[keys, "score"].tolist() == told["score"].tolist()
    assert scored.loc[keys, "linear_score"].tolist() == told["linear_score"].tolist()


def test_what_cannot_be_observed_is_refused(repository: Path, tmp_path: Path) -> None:
    plan, out = repository / "scorecards" / "portfolio_behaviour", tmp_path / "rows.csv"
    late = credit_risk("observe", plan, "--month", "2030-01", "--out", out)
    assert late.status == 2
    assert "no observation point lies in the history" in late.err
    assert credit_risk("observe", plan, "--month", "June", "--out", out).status == 2
    assert credit_risk("observe", plan, "--month", "2021-06", "--out", tmp_path / "rows.xlsx").status == 2
    other = credit_risk("observe", repository / "scorecards" / "taiwan_credit", "--month", "2005-09", "--out", out)
    assert other.status == 2
    assert "no rows at rolling observation points" in other.err
    assert not list(tmp_path.iterdir())
