"""What a plan may say of an expert scorecard, all faults at once with their places."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pandas as pd
import pytest

from credit_risk._core.errors import PlanError
from credit_risk.plan import check_plan, plan_schema, read_plan

HEAD = """model: {id: m}
data: {source: t.csv, protected: [SEX], columns: {A: {type: numeric, specials: {"-9": none}}}}
outcome: {column: Y, bad: 1}
models:
  - {id: card, type: scorecard, champion: true}
  - id: expert
    type: expert
"""
GOOD = "{below: 3, points: -10}, {at_least: 3, points: 10}, {special: [-9], missing: true, points: 0}"


def write(folder: Path, body: str, more: str = "") -> Path:
    (folder / "plan.yaml").write_text(HEAD + body + more, "utf-8")
    rows = {"A": [i % 7 for i in range(60)], "HOME": ["own", "rent", "other"] * 20, "SEX": ["f", "m"] * 30}
    pd.DataFrame({**rows, "Y": [0, 1, 0] * 20}).to_csv(folder / "t.csv", index=False)
    return folder


def faults(folder: Path) -> list[tuple[str | None, str]]:
    with pytest.raises(PlanError) as caught:
        read_plan(folder)
    return [(fault.path, fault.message) for fault in caught.value.faults]


def test_what_is_written_out(tmp_path: Path) -> None:
    folder = write(tmp_path, f"    characteristics: {{A: {{bins: [{GOOD}]}}}}\n")
    assert check_plan(folder) == []
    plan = read_plan(folder)
    written = plan.as_dict()["models"][1]
    assert (written["base_points"], written["calibrate"], written["confidence"]) == (0.0, None, 0.95)
    last = written["characteristics"]["A"]["bins"][2]
    assert last == {
        "points": 0.0,
        "at_least": None,
        "below": None,
        "categories": None,
        "special": [-9],
        "missing": True,
        "unseen": False,
    }
    jsonschema.validate(json.loads(json.dumps(plan.as_dict())), plan_schema())


def test_all_faults_at_once(tmp_path: Path) -> None:
    body = """    base_points: 500.5
    characteristics:
      A:
        bins:
          - {below: 3, points: -10}
          - {at_least: 4, points: 2.5}
      SEX:
        bins: [{categories: [f], points: 1}, {categories: [m], points: 2}, {missing: true, points: 0}]
"""
    found = faults(write(tmp_path, body))
    path = "models[1].characteristics"
    assert ("models[1].base_points", "base points are no whole number, and the plan rounds points") in found
    assert (f"{path}.A.bins[1]", "values from 3.0 to 4.0 have no points") in found
    assert (f"{path}.A.bins[1].points", "points are no whole number, and the plan rounds points") in found
    assert (f"{path}.A.bins", "missing values have no points") in found
    assert (f"{path}.A.bins", "special codes have no points: -9") in found
    assert (f"{path}.SEX.bins", "unseen categories have no points") in found
    assert (f"{path}.SEX", "'SEX' may not be a predictor: it is protected (data.protected)") in found
    assert len(found) == 7


def test_fractions_where_nothing_is_rounded(tmp_path: Path) -> None:
    body = f"    base_points: 0.5\n    characteristics: {{A: {{bins: [{GOOD}]}}}}\n"
    folder = write(tmp_path, body, "scaling: {rounding: none}\n")
    assert read_plan(folder).models[1].base_points == 0.5


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ("    characteristics: {}\n", "models[1].characteristics"),
        ("    base_points: 1\n", "models[1].characteristics"),
        ("    characteristics: {A: {bins: [{below: 3, points: 1}]}}\n", "models[1].characteristics.A.bins"),
        (
            "    characteristics: {A: {bins: [{below: 3, score: 1}, {points: 2}]}}\n",
            "models[1].characteristics.A.bins[0].score",
        ),
        (
            f"    calibrate: {{method: beta}}\n    characteristics: {{A: {{bins: [{GOOD}]}}}}\n",
            "models[1].calibrate.method",
        ),
    ],
)
def test_what_the_specification_refuses(tmp_path: Path, body: str, path: str) -> None:
    assert path in [where for where, _ in faults(write(tmp_path, body))]


def test_a_characteristic_that_the_data_have_not_is_told_with_its_place(tmp_path: Path) -> None:
    body = f"    characteristics: {{A: {{bins: [{GOOD}]}}, HEIGHT: {{bins: [{GOOD}]}}}}\n"
    (fault,) = check_plan(write(tmp_path, body))
    assert fault.path == "models[1].characteristics.HEIGHT"
    assert "the source has none of this name" in fault.message


def test_an_expert_scorecard_is_of_a_binary_outcome(tmp_path: Path) -> None:
    folder = write(tmp_path, f"    characteristics: {{A: {{bins: [{GOOD}]}}}}\n")
    text = (folder / "plan.yaml").read_text("utf-8").replace("{column: Y, bad: 1}", "{column: Y, type: amount}")
    (folder / "plan.yaml").write_text(text, "utf-8")
    assert ("models[1].type", "an expert does not model an outcome of type amount") in faults(folder)
