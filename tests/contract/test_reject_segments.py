"""Scorecards of segments fitted on the rows of reject inference: each table is compared on the rows that it is of."""

from __future__ import annotations

from pathlib import Path

from credit_risk.lifecycle.run import run_plan
from tests.credit_risk.cli.command import disagreements, frame
from tests.credit_risk.lifecycle.through_the_door import PLAN, applicants, write

MODELS = """\
models:
  - {id: scorecard, type: scorecard}
  - {id: seg, type: segmented_scorecard, champion: true, segments: {column: HOUSING}, against: scorecard}
reject_inference: {method: fuzzy_augmentation, prudence: 2, replicates: 0}
"""


def test_the_validator_disagrees_with_no_number_of_segments(tmp_path: Path) -> None:
    plan = write(tmp_path / "plan", MODELS, applicants(1800), PLAN[: PLAN.index("models:")])
    package = run_plan(plan, tmp_path / "out", with_documents=False).out
    assert disagreements(package) == []
    background = frame(package, "explanation.background").set_index(["model", "used_for"])["population"]
    known = frame(package, "samples.summary").set_index("sample")["rows"]["development"]
    fitted = frame(package, "reject_inference.weights").set_index("method")["rows"]["fuzzy_augmentation"]
    assert background["scorecard", "explanations"] == known
    assert background["scorecard", "reasons"] == fitted > known
