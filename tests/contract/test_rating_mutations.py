"""A rating scale that was changed after the fact, hashes made right again, is found by the validator."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from credit_risk.calibration import ScaleRules, design_scale
from credit_risk.calibration.scale_design import ScaleDesign
from tests.contract.altered import failures
from tests.contract.test_evidence_mutations import changed
from tests.credit_risk.cli.command import PLAN, done, frame, portfolio, run, write_plan
from validation import read_package, validate

CARD = (
    "models: [{id: card, type: scorecard, champion: true}]\nselection: {method: all}\nevaluation: {baselines: false}\n"
)
SCALE = "rating_scale: {design: {min_grades: 3, max_grades: 6}}\n"
V, P, C = "rating.validation", "rating.portfolio", "rating.concentration"
M, H, S, D = "rating.monotonicity", "rating.heterogeneity", "rating.scale", "rating.design"
HALVES = "rating.homogeneity"
CASES: list[tuple[str, str, int, Any]] = [
    *((S, name, 1, lambda v: v * 1.001) for name in ("lower", "upper", "share", "bad_rate", "mean_probability")),
    *((S, name, 1, lambda v: v * 0.999) for name in ("probability", "bad_rate_lower", "bad_rate_upper")),
    *((S, name, 0, lambda v: v + 1) for name in ("rows", "bad")),
    (S, "source", 0, lambda v: "observed"),
    (S, "inside", 0, lambda v: not v),
    (S, "grade", 0, lambda v: "another"),
    *((V, name, 1, lambda v: v * 1.001) for name in ("expected", "probability", "bad_rate", "correlated_p_value")),
    *((V, name, 2, lambda v: v * 0.99) for name in ("jeffreys_p_value", "binomial_p_value", "bad_rate_upper")),
    *((V, name, 2, lambda v: v / 2 + 0.001) for name in ("jeffreys_holm", "binomial_holm")),
    (V, "verdict", 0, lambda v: "review"),
    (V, "reason", 0, lambda v: "because"),
    (V, "review_cut", 0, lambda v: 0.001),
    *((V, name, 0, lambda v: v + 1) for name in ("rows", "bad")),
    *((P, name, 1, lambda v: v * 1.001) for name in ("probability", "hosmer_lemeshow", "bad_rate", "expected")),
    *((P, name, 1, lambda v: v * 0.99) for name in ("jeffreys_p_value", "binomial_p_value", "correlated_p_value")),
    (P, "hosmer_lemeshow_p_value", 0, lambda v: v * 0.9),
    (P, "degrees", 0, lambda v: v + 2),
    (P, "verdict", 1, lambda v: "fail"),
    *((C, name, 1, lambda v: v * 1.01) for name in ("herfindahl", "coefficient_of_variation", "largest_share")),
    *((C, name, 1, lambda v: v * 1.01) for name in ("statistic", "p_value", "herfindahl_index", "max_share")),
    (C, "largest_grade", 0, lambda v: "9"),
    (C, "occupied", 0, lambda v: v - 1),
    *((M, name, 4, lambda v: v * 0.9) for name in ("p_value", "holm")),
    (M, "next_bad", 0, lambda v: v + 1),
    (M, "verdict", 0, lambda v: "review"),
    *((H, name, 1, lambda v: v * 1.01) for name in ("difference", "statistic")),
    *((H, name, 5, lambda v: v * 1.01 + 1e-6) for name in ("p_value", "holm")),
    *((HALVES, name, 0, lambda v: v * 1.01) for name in ("split", "bad_rate_below", "statistic", "p_value")),
    (HALVES, "rows_below", 0, lambda v: v + 1),
    *((D, name, -1, lambda v: v * 1.01) for name in ("herfindahl", "largest_share", "log_likelihood")),
    *((D, name, -1, lambda v: v * 1.01) for name in ("information_criterion", "greatest_p_value")),
    (D, "mixed", -1, lambda v: v + 1),
    ("rating.figure", "share", 0, lambda v: v * 1.01),
    ("rating.figure", "bad_rate", -1, lambda v: v * 1.01),
]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rated")
    package = done(folder, PLAN + CARD + SCALE, portfolio(1200, seed=8), "--no-validation")
    for annex in ("exports", "documents", "validation"):  # they name the hash of the package, which changes with it
        shutil.rmtree(package / annex, ignore_errors=True)
    return package


def found(package: Path) -> dict[str, str]:
    """Severity of what the validator finds of the rating scale, by test."""
    findings = validate(read_package(package)).findings["findings"]
    return {one["test"]: one["severity"] for one in findings if "rating" in one["test"] or "grade" in one["test"]}


def rewritten(package: Path, file: str, change: Any) -> None:
    """Change a JSON file of the core, and make size and hash in the manifest right again."""
    path = package / file
    content = json.loads(path.read_text("utf-8"))
    change(content)
    data = (json.dumps(content, ensure_ascii=False, sort_keys=True, indent=2) + "\n").encode()
    path.write_bytes(data)
    manifest = json.loads((package / "manifest.json").read_text("utf-8"))
    entry = manifest["files"][file]
    entry["bytes"], entry["sha256"] = len(data), hashlib.sha256(data).hexdigest()
    if file == "plan.json":
        manifest["plan_sha256"] = entry["sha256"]
    (package / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, sort_keys=True, indent=2) + "\n")


def grades(model: dict[str, Any]) -> list[dict[str, Any]]:
    return next(step for step in model["steps"] if step["type"] == "grade")["grades"]


def test_the_package_as_made_has_no_finding(good: Path) -> None:
    assert {test: s for test, s in found(good).items() if not test.startswith("battery")} == {}


def test_every_change_of_the_evidence_is_found(good: Path, tmp_path: Path) -> None:
    """Each column is a comparison of its own, so that one validation tells of them all."""
    package = Path(shutil.copytree(good, tmp_path / "package"))
    for name, column, row, change in CASES:
        changed(package, name, column, row, change)
    tests = found(package)
    assert [f"{name}: {column}" for name, column, _, _ in CASES if f"{name}: {column}" not in tests] == []


def test_another_number_of_grades_is_found(good: Path, tmp_path: Path) -> None:
    package = Path(shutil.copytree(good, tmp_path / "package"))
    changed(package, D, "grades", -1, lambda v: v + 1)
    assert f"{D}: grades of the scale" in found(package)


def test_p_values_of_another_test_are_found(good: Path, tmp_path: Path) -> None:
    package = Path(shutil.copytree(good, tmp_path / "package"))
    item = json.loads((package / "evidence" / f"{V}.json").read_text("utf-8"))
    names = [column["name"] for column in item["columns"]]
    taken = item["rows"][0][names.index("binomial_p_value")]
    changed(package, V, "jeffreys_p_value", 0, lambda v: taken)
    assert f"{V}: jeffreys_p_value" in found(package)


def test_a_moved_edge_is_found(good: Path, tmp_path: Path) -> None:
    package = Path(shutil.copytree(good, tmp_path / "package"))

    def moved(model: dict[str, Any]) -> None:
        both = grades(model)
        both[0]["upper"] = both[1]["lower"] = both[1]["lower"] * 1.05

    rewritten(package, "model.json", moved)
    tests = found(package)
    assert f"{S}: lower" in tests
    assert f"{V}: rows" in tests


def test_swapped_probabilities_are_found(good: Path, tmp_path: Path) -> None:
    package = Path(shutil.copytree(good, tmp_path / "package"))

    def swapped(model: dict[str, Any]) -> None:
        both = grades(model)
        both[0]["probability"], both[1]["probability"] = both[1]["probability"], both[0]["probability"]

    rewritten(package, "model.json", swapped)
    tests = found(package)
    assert f"{S}: probabilities of model.json" in tests
    assert tests["battery: rating scale, grades do not cross"] == "high"
    assert tests["battery: rating scale, probabilities lie in their grades"] == "medium"


def test_a_scale_that_the_model_lacks_is_found(good: Path, tmp_path: Path) -> None:
    package = Path(shutil.copytree(good, tmp_path / "package"))

    def other(plan: dict[str, Any]) -> None:
        plan["rating_scale"]["bounds"] = [0.1, 0.2]

    rewritten(package, "plan.json", other)
    assert f"{S}: bounds of the plan" in found(package)


LIMITED = "rating_scale: {max_share: 0.6, design: {min_grades: 3, max_grades: 3, min_bads: 5, herfindahl: 0.36}}\n"
BEST, KEPT = "rating.design: best scale that keeps the constraints", "rating.design: constraints"


def made(folder: Path, scale: str, monkeypatch: pytest.MonkeyPatch, **other: Any) -> dict[str, str]:
    """Failures of a package, true to itself throughout, whose scale was designed under other rules than its plan's."""

    def design(p: Any, y: Any, rules: ScaleRules, w: Any) -> ScaleDesign:
        return design_scale(p, y, replace(rules, **other), w)

    monkeypatch.setattr("credit_risk.lifecycle.rating.design_scale", design)
    return failures(done(folder, PLAN + CARD + scale, portfolio(1200, seed=8), "--no-validation"))


@pytest.mark.parametrize("other", [{"most": 3}, {"fine_bins": 12}], ids=["fewer grades", "coarser bins"])
def test_a_scale_that_is_not_the_best_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: dict[str, Any]
) -> None:
    found = made(tmp_path, SCALE.replace("{design", "{max_share: 0.6, design"), monkeypatch, **other)
    assert set(found) == {BEST}


def test_a_limit_on_concentration_that_binds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The best has no finding; a scale that ignores the limit breaks it, one of a harder limit is not the best."""
    assert made(tmp_path / "best", LIMITED, monkeypatch) == {}
    design = frame(tmp_path / "best" / "out", "rating.design")
    assert design["herfindahl"].max() <= 0.36
    assert KEPT in made(tmp_path / "free", LIMITED, monkeypatch, herfindahl=None)
    assert BEST in made(tmp_path / "hard", LIMITED, monkeypatch, herfindahl=0.345)


def test_a_limit_that_no_scale_keeps_is_told(tmp_path: Path) -> None:
    text = PLAN + CARD + LIMITED.replace("0.36", "0.3")
    ended = run(write_plan(tmp_path, text, portfolio(1200, seed=8)), "--no-validation")
    assert ended.status != 0
    assert "what binds: herfindahl 0.3 (without it 3 grades)" in ended.err
