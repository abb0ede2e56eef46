"""The underwriting scorecard that is shipped: rules and score on applications through the door."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import credit_risk as cr
from credit_risk.package import read_package
from credit_risk.scoring import compile_model
from tests.credit_risk.cli.command import differing_cells, disagreements, evidence, frame, model

RULES = ("serious_arrears", "over_indebted", "inquiry_run", "no_record", "income_missing")


@pytest.fixture(scope="module")
def applications(repository: Path) -> pd.DataFrame:
    return pd.read_csv(repository / "scorecards" / "underwriting_loans" / "applications.csv.gz")


def test_the_validator_disagrees_with_no_number(underwriting_package: Path) -> None:
    assert disagreements(underwriting_package) == []
    assert differing_cells(underwriting_package) == 0
    findings = json.loads((underwriting_package / "validation/findings.json").read_text("utf-8"))
    assert findings["counts"]["critical"] == findings["counts"]["high"] == 0
    assert findings["recommendation"] in ("approve", "approve_with_conditions")
    compared = json.loads((underwriting_package / "validation/evidence/validation.comparison.json").read_text("utf-8"))
    areas = {row[0] for row in compared["rows"]}
    assert {"rules of model.json", "rules.hits", "rules.overlaps", "rules.decisions", "reasons.frequency"} <= areas


def test_nothing_protected_or_forbidden_is_read(underwriting_package: Path) -> None:
    inputs = {item["name"] for item in model(underwriting_package)["inputs"]}
    assert not {"sex", "age_band", "occupation", "applicant_id", "application_date", "status", "bad"} & inputs
    assert {"delinquencies_24m", "amount_requested", "income", "bureau_score", "inquiries_6m"} <= inputs  # of the rules


def test_whom_the_rules_hit_is_what_the_file_says(underwriting_package: Path, applications: pd.DataFrame) -> None:
    told = frame(underwriting_package, "rules.hits").query("sample == 'all'").set_index("rule")
    table = applications
    hits = {
        "serious_arrears": table["delinquencies_24m"] >= 3,
        "over_indebted": table["amount_requested"] / table["income"] > 10,
        "inquiry_run": (table["inquiries_6m"] >= 5) & (table["delinquencies_24m"] >= 1),
        "no_record": table["bureau_score"].isin([-9, -8]) & (table["amount_requested"] > 10_000),
        "income_missing": table["income"].isna(),
    }
    assert tuple(told.index) == RULES
    for name, mask in hits.items():
        known = table.loc[mask, "bad"].dropna()
        assert told.loc[name, ["hits", "known", "bad"]].tolist() == [mask.sum(), len(known), known.sum()]
    outside = frame(underwriting_package, "rules.decisions").query("sample == 'in no sample'")
    booked = applications["status"].isin(["booked", "overridden_low"])
    assert outside["rows"].sum() >= (~booked).sum()  # rejected applicants are scored and decided too
    assert outside["known"].sum() < 100


def test_samples_reasons_and_ranking(underwriting_package: Path) -> None:
    table = frame(underwriting_package, "performance.discrimination")
    champion = table[table["model"] == "scorecard"].set_index("sample")
    assert {"development", "out_of_sample", "out_of_time"} <= set(champion.index)
    assert (champion["auc_lower"] > 0.62).all()
    assert (
        frame(underwriting_package, "samples.clusters").set_index("sample").loc["out_of_sample", "shared_clusters"] == 0
    )
    method = dict(evidence(underwriting_package, "reasons.method")["rows"])
    assert method["Released for notices"] == "yes"
    assert method["Reference in the plan"] == "above_cut_off"


def test_notices_of_rules_and_of_the_score(underwriting_package: Path, applications: pd.DataFrame) -> None:
    read = read_package(underwriting_package)
    rows = applications[[item["name"] for item in read.model["inputs"]]]
    scored = compile_model(read.model).score(rows)
    cut_off = read.plan["strategy"]["cut_off"]
    declined = scored["decision:rule(over_indebted)"] & (scored["score"] >= cut_off)
    notice = cr.adverse_action(read, rows[declined].iloc[0])
    assert notice.key_factors[0].code == "P02"
    assert set(notice.key_factors[0].values) == {"amount_requested", "income"}
    by_score = (scored["overall_decision"] == "decline") & ~scored.filter(like="decision:rule").any(axis=1)
    told = cr.adverse_action(read, rows[by_score].iloc[0])
    assert {factor.kind for factor in told.key_factors} == {"score"}


def test_documents_are_written(underwriting_package: Path) -> None:
    from pypdf import PdfReader

    pages = PdfReader(underwriting_package / "documents" / "development_dossier.pdf").pages
    text = "\n".join(page.extract_text() for page in pages)
    for words in ("Policy rules in the order in which they prevail", "Where rules meet", "over_indebted"):
        assert words in text
