"""What packages say to the gates, and a version against the live one: against counts made here."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from credit_risk.inventory.gates import compare_versions, package_evidence
from credit_risk.inventory.gates.package_evidence import parity_of
from credit_risk.package import read_package
from credit_risk.scoring import compile_model
from tests.credit_risk.cli.command import PLAN, QUICK, done, portfolio

RULES = """strategy:
  redeployment:
    auto_accept: {min_auc_difference: 0.01, max_calibration_gap: 0.5, max_psi: 0.25}
    reject: {max_auc_difference: -0.01}
    manual_review: The committee
"""
TWO = "models: [{id: scorecard, type: scorecard, champion: true}, {id: second, type: scorecard}]\n"
NEW = "model: {id: m, version: '2.0'}\n" + PLAN.split("\n", 1)[1] + TWO + RULES


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A new version that knows income and housing, and the live one, which does not."""
    table = portfolio(1500)
    weak = table.drop(columns=["INCOME", "HOUSING"])
    new = done(tmp_path_factory.mktemp("new"), NEW, table, "--no-validation")
    return new, done(tmp_path_factory.mktemp("old"), PLAN + QUICK, weak, "--no-validation")


def rows(package: Path, sample: str = "out_of_sample") -> pd.DataFrame:
    """Outcome, score and probability of a sample, from the package's tables."""
    snapshot = pd.read_parquet(package / "data" / "snapshot.parquet")
    predictions = pd.read_parquet(package / "predictions" / f"{sample}.parquet")
    return snapshot[snapshot["_sample"] == sample].merge(predictions, on="_key")


def test_measures_of_the_comparison_against_counts_made_here(packages: tuple[Path, Path]) -> None:
    new, old = (read_package(path) for path in packages)
    found = compare_versions(new, old)
    assert (found.outcome, found.sample, found.previous_hash) == ("auto_accept", "out_of_sample", old.package_hash)
    told = {one["condition"]: one["value"] for one in found.rules}
    mine = rows(packages[0])
    live = compile_model(old.model).score(mine[[item["name"] for item in old.model["inputs"]]])["score"]
    y = mine["_outcome"]
    difference = roc_auc_score(y, -mine["score"]) - roc_auc_score(y, -live)
    lower, upper = (value for name, value in told.items() if "difference in AUC" in name and value is not None)
    low, high = sorted((lower, upper))
    assert low < difference < high
    assert (low + high) / 2 == pytest.approx(difference, abs=1e-9)
    gap = next(value for name, value in told.items() if "calibration gap" in name)
    assert gap == pytest.approx(abs(mine["probability"].sum() / y.sum() - 1), rel=1e-12)
    base = rows(packages[0], "development")["score"]
    edges = np.unique(np.quantile(base, np.arange(1, 10) / 10, method="inverted_cdf"))
    counts = [np.bincount(np.searchsorted(edges, x, side="right"), minlength=10) for x in (base, mine["score"])]
    expected, actual = (c / c.sum() for c in counts)
    psi = next(value for name, value in told.items() if "stability" in name)
    assert psi == pytest.approx(float(np.sum((actual - expected) * np.log(actual / expected))), abs=0.02)


def test_a_version_against_itself_gains_nothing(packages: tuple[Path, Path]) -> None:
    new = read_package(packages[0])
    found = compare_versions(new, new)
    assert found.outcome == "manual_review"
    assert json.loads(json.dumps(found.as_evidence())) == found.as_evidence()


def test_what_cannot_be_compared_says_why(packages: tuple[Path, Path]) -> None:
    new, old = (read_package(path) for path in packages)
    no_rules = compare_versions(old, new)
    assert (no_rules.outcome, no_rules.sample) == ("not_evaluable", None)
    assert "states no rules" in no_rules.reason
    ruled = {**old.plan, "strategy": new.plan["strategy"]}
    object.__setattr__(old, "plan", ruled)
    lacking = compare_versions(old, new)
    assert lacking.outcome == "not_evaluable"
    assert lacking.reason == "the snapshot lacks inputs of the live version: INCOME, HOUSING"


def test_the_evidence_of_a_package(packages: tuple[Path, Path], tmp_path: Path) -> None:
    found = package_evidence(packages[0])
    assert "authored.purpose" in found["texts"]["missing"]
    assert found["limitations"]["number"] == 0
    assert found["monitoring"] == {"metrics": 0, "open": {}}
    assert found["exports"] == {"files": ["exports/m.pmml"], "parity": None}
    assert "findings" not in found
    table = portfolio()
    validated = done(tmp_path, PLAN + QUICK + "monitoring: {metrics: [{metric: score_psi}]}\n", table)
    told = package_evidence(validated)
    written = json.loads((validated / "validation" / "findings.json").read_text("utf-8"))
    assert told["findings"]["counts"] == written["counts"]
    assert told["findings"]["package_hash"] == read_package(validated).package_hash
    assert told["monitoring"]["metrics"] == 1
    assert told["monitoring"]["open"] == {"score_psi": ["owner", "response"]}


def test_verdicts_of_engines() -> None:
    columns = [{"name": name} for name in ("engine", "export", "version", "verdict")]
    cells = [["a", "m.pmml", "1", "agrees"], ["b", "m.sql", "1", "differs"], ["c", "m.c", "1", "failed"]]
    cells.append(["d", "m.sas", None, "NOT PROVED"])
    found = parity_of({"kind": "table", "columns": columns, "rows": cells})
    assert found == {"agree": ["m.pmml in a"], "disagree": ["m.sql in b", "m.c in c"]}
    assert parity_of({"kind": "not_applicable"}) == {"agree": [], "disagree": []}
