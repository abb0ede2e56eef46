"""Options of a scorecard candidate, from the plan to the validator's agreement."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scipy.stats import norm

from tests.credit_risk.cli.command import PLAN, credit_risk, disagreements, evidence, frame, portfolio, write_plan

TWO = """\
models:
  - {id: card, type: scorecard, champion: true, confidence: 0.9}
  - {id: other, type: scorecard, covariance: hc1}
"""


def test_two_scorecards_each_with_its_own_evidence(tmp_path: Path) -> None:
    ended = credit_risk("run", write_plan(tmp_path, PLAN + TWO, portfolio(900)), "--out", tmp_path / "out")
    assert ended.status == 0, ended.err
    package = tmp_path / "out"
    assert disagreements(package) == []
    first, second = (frame(package, f"scorecard.coefficients.{name}").set_index("term") for name in ("card", "other"))
    assert first.loc["intercept", "standard_error"] != second.loc["intercept", "standard_error"]
    assert dict(evidence(package, "scorecard.covariance.other")["rows"])["covariance"] == "hc1"
    half = {
        name: (one["upper"] - one["lower"]) / one["standard_error"] / 2
        for name, one in zip("ab", (first, second), strict=True)
    }
    assert half["a"].to_numpy() == pytest.approx(norm.ppf(0.95))
    assert half["b"].to_numpy() == pytest.approx(norm.ppf(0.975))
    compared = json.loads((package / "validation/evidence/validation.comparison.json").read_text("utf-8"))["rows"]
    areas = {row[0] for row in compared}
    for kind in ("coefficients", "fit", "covariance", "correlation", "points"):
        assert {f"scorecard.{kind}.card", f"scorecard.{kind}.other"} <= areas, kind
    assert "challengers/other/model.json" in areas
    assert (package / "documents" / "development_dossier.pdf").is_file()
    assert (package / "documents" / "validation_report.pdf").is_file()
