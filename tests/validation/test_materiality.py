"""The severity of a breach: from effect and size by the matrix of the policy, measured where a parameter is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toy_package import builders as b

from validation import read_package, validate
from validation.compare import Ledger, documented
from validation.errors import ValidationInputError
from validation.materiality import Effects, grade, grade_effects
from validation.policy import read_policy

SHIPPED = Path(__file__).parents[2] / "validation" / "policy.json"
EFFECTS = ("probability", "ranking", "decisions", "figure")


@pytest.mark.parametrize("effect", EFFECTS)
def test_severity_by_size(effect: str) -> None:
    matrix = read_policy().materiality
    row = matrix[effect]
    sizes = {0.5: row.under, 0.999: row.under, 1.0: row.material, 1.2: row.material, 3.0: row.gross, 5.0: row.gross}
    assert {times: grade(matrix, effect, times * row.value).severity for times in sizes} == sizes
    assert {times: grade(matrix, effect, times * 0.3, 0.3).severity for times in sizes} == sizes


def test_the_greatest_effect_counts() -> None:
    matrix = read_policy().materiality
    found = grade_effects(matrix, Effects(0.02, 0.02, 0.002, {"grade": 0.002, "bin": 0.0}))
    assert (found.severity, found.effect) == ("critical", "ranking")
    assert found.statement == "change of the AUC 0.02, gross from 0.015"
    found = grade_effects(matrix, Effects(0.012, None, 0.0014, {"grade": 0.0014, "bin": 0.0}))
    assert (found.severity, found.effect) == ("high", "decisions")
    words = "share of applicants with another result 0.14 %, material from 0.1 % (grade 0.14 %)"
    assert found.statement == words


def test_effects_are_joined_by_their_greatest() -> None:
    one, two = Effects(0.1, None, 0.2, {"bin": 0.2}), Effects(0.05, 0.3, 0.1, {"grade": 0.1})
    assert one.greatest(two) == Effects(0.1, 0.3, 0.2, {"bin": 0.2, "grade": 0.1})
    assert not Effects(0.0, 0.0, 0.0).moved


@pytest.mark.parametrize(
    ("area", "wanted"),
    [
        ("performance.discrimination", True),
        ("classing.table", True),
        ("classing.table.INCOME", True),
        ("classing.figure (against classing.samples)", True),
        ("scorecard.points.toy", True),
        ("model.json", False),
        ("predictions toy development", False),
        ("verification.csv", False),
        ("scale step", False),
        ("rules of model.json", False),
    ],
)
def test_what_documents_and_what_is_the_model(area: str, wanted: bool) -> None:
    assert documented(area) is wanted


def one(rule: str, area: str, stated: list[float], own: list[float], **options: Any) -> str | None:
    ledger = Ledger(read_policy())
    found = ledger.numbers(area, "x", rule, stated, own, "place", **options)
    assert found is not None
    assert (found.grade is None) == (ledger.outcomes[0].finding is None)
    return None if found.grade is None else found.grade.severity


def test_applicants_count_by_their_mean_and_documents_by_their_worst() -> None:
    right, wrong = [0.1] * 100, [0.1] * 95 + [0.13] * 5
    assert one("probability", "predictions toy development", wrong, right, applicants=True) == "high"
    assert one("probability", "rating.scale", wrong, right) == "high"
    assert one("probability", "rating.scale", [0.1012, *right[1:]], right) == "medium"
    assert one("probability", "rating.scale", [0.1001, *right[1:]], right) == "low"
    assert one("probability", "rating.scale", right, right) is None
    rounded = [600.0] * 1000
    assert (
        one("score_rounded", "predictions toy development", [601.0, *rounded[1:]], rounded, applicants=True) == "high"
    )
    assert one("score_rounded", "predictions toy development", [601.0] * 4 + rounded[4:], rounded, applicants=True) == (
        "critical"
    )
    assert one("bin", "verification.csv", [1.0] + [0.0] * 9999, [0.0] * 10000) == "critical"
    assert one("auc", "performance.discrimination", [0.706], [0.7]) == "medium"
    assert one("auc", "performance.discrimination", [0.725], [0.7]) == "high"
    assert one("rows", "samples.summary", [1012.0], [1000.0]) == "medium"
    assert one("rows", "samples.summary", [1001.0], [1000.0]) == "low"


def test_words_of_a_document_and_of_the_model() -> None:
    ledger = Ledger(read_policy())
    ledger.words("stability.psi", "verdict", ["stable"], ["shifted"], "row")
    ledger.words("model.json", "names", ["a"], ["b"], "row")
    ledger.words("predictions toy x", "grade", ["A"] * 999 + ["B"], ["A"] * 1000, "row", rule="applicant")
    ledger.words("predictions toy x", "reasons", [("R1",)] * 9999 + [("R2",)], [("R1",)] * 10000, "row", rule="reason")
    found = [item.finding.severity for item in ledger.outcomes if item.finding]
    assert found == ["high", "critical", "high", "critical"]


def _finding(folder: Path, test: str) -> dict[str, Any]:
    run = validate(read_package(folder))
    return next(item for item in run.findings["findings"] if item["test"] == test)


def _intercept(by: float) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        step = next(item for item in document["steps"] if item["type"] == "linear" and item["terms"])
        step["intercept"] += by

    return change


@pytest.mark.parametrize(("times", "wanted"), [(0.5, "low"), (1.2, "high"), (5.0, "critical")])
def test_the_effect_of_a_wrong_coefficient_is_measured(package: Path, times: float, wanted: str) -> None:
    """Against the probabilities that the package itself publishes, moved by hand on the logit scale."""
    found = read_package(package)
    p = found.snapshot is not None and np.concatenate(
        [found.predictions["toy", sample]["probability"] for sample in ("development", "out_of_sample")]
    )

    def move(by: float) -> float:
        odds = p / (1.0 - p) * np.exp(by)
        return float(np.mean(np.abs(odds / (1.0 + odds) - p) / p))

    target = times * read_policy().materiality["probability"].value
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if move(middle) < target else (low, middle)
    b.change_json(package, "model.json", _intercept(low))
    item = _finding(package, "model.json: coefficients")
    assert item["severity"] == wanted
    assert f"mean relative change of the probability {100 * target:.3g} %" in item["statement"]


def test_wrong_points_are_measured_by_the_scores_they_change(package: Path) -> None:
    found = read_package(package)
    assert found.snapshot is not None
    missing = float(np.mean(np.isnan(found.snapshot["INCOME"].to_numpy(np.float64))))

    def change(document: dict[str, Any]) -> None:
        scale = next(item for item in document["steps"] if item["type"] == "scale")
        step = next(item for item in document["steps"] if item["type"] == "classing" and item["input"] == "INCOME")
        place = next(item["id"] for item in step["bins"] if item["kind"] == "missing")
        next(i for i in scale["characteristics"] if i["characteristic"] == "INCOME")["points"][place] += 1.0

    b.change_json(package, "model.json", change)
    statement = _finding(package, "model.json: points")["statement"]
    assert f"(score {100 * missing:.2f} %)" in statement


FAULTS: dict[str, Callable[[dict[str, Any]], None]] = {
    "no matrix": lambda policy: policy.pop("materiality"),
    "an effect is missing": lambda policy: policy["materiality"].pop("ranking"),
    "an effect is unknown": lambda policy: policy["materiality"].update(loss=policy["materiality"]["figure"]),
    "value is zero": lambda policy: policy["materiality"]["figure"].update(value=0),
    "gross is not above material": lambda policy: policy["materiality"]["figure"].update(gross_from=1.0),
    "milder when gross": lambda policy: policy["materiality"]["figure"].update(gross="observation"),
    "unknown severity": lambda policy: policy["materiality"]["figure"].update(under="none"),
    "effect of a tolerance": lambda policy: policy["tolerances"]["auc"].update(effect="loss"),
    "absolute without a size": lambda policy: policy["tolerances"]["auc"].pop("material"),
    "rule without severity": lambda policy: policy["tolerances"]["identity"].pop("severity"),
    "severity without rule": lambda policy: policy["tolerances"]["auc"].update(severity="high"),
    "material is zero": lambda policy: policy["tolerances"]["auc"].update(material=0),
    "material is a text": lambda policy: policy["tolerances"]["auc"].update(material="small"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_of_a_policy_are_told(tmp_path: Path, name: str) -> None:
    policy = json.loads(SHIPPED.read_text("utf-8"))
    FAULTS[name](policy)
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(policy), "utf-8")
    with pytest.raises(ValidationInputError):
        read_policy(file)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    policy = json.loads(SHIPPED.read_text("utf-8"))
    policy["materiality"]["figure"]["value"] = -1
    policy["tolerances"]["auc"]["kind"] = "none"
    del policy["cuts"]["psi_fail"]
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(policy), "utf-8")
    with pytest.raises(ValidationInputError) as error:
        read_policy(file)
    assert len(error.value.faults) == 3
