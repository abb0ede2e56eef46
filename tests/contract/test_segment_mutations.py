"""A model of segments, or its evidence, that was changed and sealed again is found out by the validator."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.contract.altered import altered, cell
from tests.credit_risk.cli.command import done
from tests.credit_risk.lifecycle.test_segmented import SEARCH, applications, models
from validation import read_package
from validation.comparisons import scoring, segments
from validation.comparisons.segment_search import compare_searches
from validation.policy import read_policy
from validation.rebuild.workspace import open_workspace

MODEL = "model.json"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("segments")
    return done(folder, models(SEARCH), applications(2400), "--no-validation")


def breaches(package: Path) -> set[str]:
    """Tests of segments, predictions and verification that fail."""
    space = open_workspace(read_package(package), read_policy())
    assert space is not None
    segments.compare_segments(space)
    scoring.compare_predictions(space)
    scoring.compare_verification(space)
    return {outcome.test for outcome in space.ledger.outcomes if outcome.outcome == "fail"}


def step(model: Any, identifier: str) -> Any:
    return next(one for one in model["steps"] if one["id"] == identifier)


def coefficient(model: Any) -> None:
    step(model, "segment_2.linear_score")["terms"][0]["coefficient"] *= 1.01


def points(model: Any) -> None:
    step(model, "segment_1.score")["characteristics"][0]["points"][0] += 1.0


def weight_of_evidence(model: Any) -> None:
    found = next(one for one in model["steps"] if one["type"] == "classing" and one["id"].startswith("segment_2."))
    found["bins"][0]["woe"] += 0.01


def swapped(key: str) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        first, second = step(model, key)["cases"]
        first["value"], second["value"] = second["value"], first["value"]

    return change


def renamed(model: Any) -> None:
    first, second = step(model, "score")["cases"]
    first["equals"], second["equals"] = second["equals"], first["equals"]


def reference(model: Any) -> None:
    found = step(model, "segment_1.reasons")["characteristics"][0]
    found["reference_points"], found["baseline"] = found["reference_points"] + 1.0, found["baseline"] + 1.0


def another_segment(model: Any) -> None:
    step(model, "segment")["expression"] = {"const": "CHANNEL = broker"}


def scale(model: Any) -> None:
    step(model, "segment_2.score")["scaling"]["factor"] *= 1.001


def chosen(column: str, value: Any) -> Callable[[Any], None]:
    """Change a cell of the division that was chosen."""

    def change(item: Any) -> None:
        names = [one["name"] for one in item["columns"]]
        row = next(row for row in item["rows"] if row[names.index("chosen")])
        row[names.index(column)] = value

    return change


def background(column: str, by: float) -> Callable[[Any], None]:
    """Change what the explanations of the second segment are held against."""

    def change(item: Any) -> None:
        names = [one["name"] for one in item["columns"]]
        row = next(row for row in item["rows"] if row[:2] == ["seg.segment_2", "explanations"])
        row[names.index(column)] += by

    return change


def test_the_package_as_it_was_made_passes(good: Path) -> None:
    assert breaches(good) == set()


COEFFICIENTS, POINTS = "scorecard.coefficients.seg.segment_2", "scorecard.points.seg.segment_1"
IMPORTANCE, DEPENDENCE = "explanation.importance.seg.segment_1", "explanation.dependence.seg.segment_2"
STABILITY, BACKGROUND = "explanation.stability.seg.segment_2", "explanation.background"
SEARCHED = "segmentation.search.seg"
DECISION, GAIN, SEGMENTS = "segmentation.decision.seg", "segmentation.gain.seg", "segmentation.segments.seg"


@pytest.mark.parametrize(
    ("file", "change", "test"),
    [
        (MODEL, coefficient, f"{MODEL}: coefficients"),
        (MODEL, points, f"{MODEL}: points"),
        (MODEL, weight_of_evidence, f"{MODEL}: WoE of the bins"),
        (MODEL, swapped("linear_score"), f"{MODEL}: one scorecard a segment"),
        (MODEL, swapped("score"), f"{MODEL}: one scorecard a segment"),
        (MODEL, swapped("reasons"), f"{MODEL}: one scorecard a segment"),
        (MODEL, renamed, f"{MODEL}: segments of score"),
        (MODEL, reference, "reasons step: reference points"),
        (MODEL, another_segment, f"{SEGMENTS}: rows"),
        (MODEL, scale, "scale step: factor and offset of seg.segment_2"),
        (COEFFICIENTS, cell(1, "coefficient", lambda v: v * 1.001), f"{COEFFICIENTS}: coefficient"),
        (COEFFICIENTS, cell(1, "standard_error", lambda v: v * 1.01), f"{COEFFICIENTS}: standard_error"),
        (POINTS, cell(1, "points", lambda v: v + 1), f"{POINTS}: points"),
        (GAIN, cell(1, "gain", lambda v: v + 1.0), f"{GAIN}: gain"),
        (GAIN, cell(1, "auc_difference", lambda v: v + 0.01), f"{GAIN}: auc_difference"),
        (GAIN, cell(0, "p_value", lambda v: v + 0.01), f"{GAIN}: p_value"),
        (SEGMENTS, cell(0, "bads", lambda v: v + 1), f"{SEGMENTS}: bads"),
        (SEGMENTS, cell(1, "calibration_intercept", lambda v: v + 0.01), f"{SEGMENTS}: calibration_intercept"),
        (SEGMENTS, cell(2, "auc", lambda v: v + 0.001), f"{SEGMENTS}: auc"),
        (SEARCHED, cell(0, "gain", lambda v: 1e6), f"{SEARCHED}: gain of the best"),
        (SEARCHED, chosen("decision", "refused"), f"{SEARCHED}: decision"),
        (SEARCHED, chosen("test_p_value", 0.04), f"{SEARCHED}: test_p_value"),
        (SEARCHED, cell(0, "left_rows", lambda v: v + 1), f"{SEARCHED}: left_rows"),
        (SEARCHED, cell(1, "right_rows", lambda v: v - 1), f"{SEARCHED}: right_rows"),
        (SEARCHED, cell(0, "left_bads", lambda v: v + 1), f"{SEARCHED}: left_bads"),
        (SEARCHED, cell(1, "right_bads", lambda v: v + 1), f"{SEARCHED}: right_bads"),
        (SEARCHED, cell(0, "gain", lambda v: v + 0.1), f"{SEARCHED}: gain"),
        (SEARCHED, chosen("test_gain", 40.0), f"{SEARCHED}: test_gain"),
        (SEARCHED, chosen("test_standard_error", 7.0), f"{SEARCHED}: test_standard_error"),
        (SEARCHED, chosen("left", "CHANNEL = branch"), "model.json: segments of the search: names"),
        (MODEL, another_segment, "model.json: segments of the search: segment of the row"),
        (DECISION, cell(0, "gain", lambda v: v + 0.1), f"{DECISION}: gain"),
        (DECISION, cell(0, "p_value", lambda v: 0.5), f"{DECISION}: p_value"),
        (DECISION, cell(0, "auc_one", lambda v: v - 0.001), f"{DECISION}: auc_one"),
        (DECISION, cell(0, "decision", lambda v: "refused: one model"), f"{DECISION}: decision"),
        (IMPORTANCE, cell(0, "mean_absolute", lambda v: v * 1.01), f"{IMPORTANCE}: mean_absolute"),
        (DEPENDENCE, cell(0, "mean", lambda v: v + 0.01), f"{DEPENDENCE}: mean"),
        (STABILITY, cell(2, "share", lambda v: v + 0.01), f"{STABILITY}: share"),
        (BACKGROUND, background("base", 0.01), f"{BACKGROUND}: base of seg.segment_2"),
        (BACKGROUND, background("population", 1), f"{BACKGROUND}: applicants of seg.segment_2"),
    ],
)
def test_changes_are_found(good: Path, tmp_path: Path, file: str, change: Callable[[Any], None], test: str) -> None:
    name = file if file == MODEL else f"evidence/{file}.json"
    assert test in breaches(altered(good, tmp_path / "changed", name, change))


def test_rows_that_the_plan_places_elsewhere_are_found(tmp_path: Path) -> None:
    given = "{column: CHANNEL, groups: {direct: [branch, online], other: [broker]}, otherwise: direct}"
    package = done(tmp_path / "given", models(given), applications(1500), "--no-validation")
    assert breaches(package) == set()

    def turned(model: Any) -> None:
        step(model, "segment")["expression"]["args"][0]["args"][0]["args"][2]["const"] = "broker"

    found = breaches(altered(package, tmp_path / "turned", MODEL, turned))
    assert "model.json: segments of the plan: segment of the row" in found


def test_a_selection_that_is_not_the_scorecards_is_found(good: Path, tmp_path: Path) -> None:
    def change(item: Any) -> None:
        names = [column["name"] for column in item["columns"]]
        row = next(row for row in item["rows"] if row[names.index("decision")] == "selected")
        row[names.index("decision")] = "left out"

    changed = altered(good, tmp_path / "changed", "evidence/segmentation.characteristics.seg.json", change)
    assert any(test.startswith("segmentation.characteristics.seg: selected in") for test in breaches(changed))


def test_a_search_on_drawn_rows_is_made_again(tmp_path: Path) -> None:
    """Rows drawn, weights, special codes and missing values, more categories than words list, names with commas."""
    random = np.random.default_rng(3)
    table = applications(6000)
    regions = [f"r{number}, x" if number == 3 else f"r{number}" for number in range(9)]
    table["REGION"] = random.choice(regions, len(table))
    table.loc[random.random(len(table)) < 0.05, "CHANNEL"] = None
    table["AGE"] = np.where(random.random(len(table)) < 0.1, -9, random.integers(18, 80, len(table)))
    table["W"] = random.integers(1, 4, len(table))
    least = "max_segments: 3, max_rows: 2500, min_bads: 30, min_goods: 30, min_share: 0.02"
    plan = models(f"{{search: {{variables: [CHANNEL, AGE, REGION], {least}}}, otherwise: largest}}")
    plan = plan.replace("table.csv}", 'table.csv, columns: {AGE: {specials: {"-9": none}}}}')
    plan = plan.replace("out_of_sample: 0.3}", "out_of_sample: 0.3, weight: W}")
    space = open_workspace(read_package(done(tmp_path, plan, table, "--no-validation")), read_policy())
    assert space is not None
    compare_searches(space)
    assert {outcome.outcome for outcome in space.ledger.outcomes} == {"pass"}
    compared = {item.quantity: item.compared for item in space.ledger.comparisons}
    assert compared["segment of the row"] == 6000
    assert compared["gain"] == compared["left_rows"] > 50
    words = [row["right"] for row in space.package.rows_of("segmentation.search.seg") or []]
    assert any(" and 2 more}" in one for one in words)
