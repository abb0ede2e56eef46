"""A calibration by segment, or its evidence, that was changed, its hashes made right again, is found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.contract.altered import altered, cell, failures
from tests.credit_risk.cli.command import QUICK, done
from tests.credit_risk.lifecycle.test_calibration_by import WEIGHTED, applications, planned

SPEC = "{methods: [logistic], target: 0.2, by: {column: CHANNEL, least_bads: 40, least_goods: 40}}"
FEW = QUICK.replace("champion: true", "champion: true, characteristics: [INCOME, HOUSING]")
NUMBERS = {
    "segments": (
        *("rows", "bads", "bad_rate", "mean_before", "mean_pooled", "mean_probability", "mean_published"),
        *("log_loss_pooled", "log_loss"),
    ),
    "segment_samples": (
        *("rows", "bads", "bad_rate", "mean_pooled", "mean_published", "log_loss_pooled", "log_loss_published"),
    ),
    "segment_parameters": ("estimate", "standard_error", "robust_standard_error"),
}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return done(tmp_path_factory.mktemp("by"), planned(SPEC, WEIGHTED, FEW), applications(900), "--no-validation")


@pytest.fixture(scope="module")
def banded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bands = "[{upper: 30, rate: 0.35, count: 900}, {lower: 40, upper: 50, rate: 0.15, count: 400}]"
    given = f"column: AGE, source: A bureau, date: 2025-01-31, method: intercept_by_band, bands: {bands}"
    text = planned(f"{{methods: [beta], external: {{{given}}}}}", WEIGHTED, FEW)
    return done(tmp_path_factory.mktemp("banded"), text, applications(900), "--no-validation")


def changed(package: Path, to: Path, changes: list[tuple[str, Callable[[Any], None], str]]) -> None:
    """Every change is of a check of its own, so that all may be made in one package."""
    for number, (name, change, _) in enumerate(changes):
        package = altered(package, to / str(number), f"evidence/calibration.{name}.json", change)
    assert {f"calibration.{name}: {quantity}" for name, _, quantity in changes} <= set(failures(package))


def test_changed_numbers_are_found(good: Path, tmp_path: Path) -> None:
    def more(column: str) -> Callable[[Any], None]:
        return cell(1, column, lambda v: v + 1 if isinstance(v, int) else v * 1.001)

    changes = [(name, more(column), column) for name, columns in NUMBERS.items() for column in columns]
    by_differences = "standard errors by numerical second derivatives"
    for column, told in (("standard_error", ""), ("robust_standard_error", ", robust")):
        changes.append(("segment_parameters", more(column), f"{by_differences}{told}"))
    changed(good, tmp_path, changes)


WORDS: list[tuple[str, Callable[[Any], None], str]] = [
    ("segments", cell(0, "own_map", lambda v: not v), "own maps"),
    ("segments", cell(1, "reason", lambda v: "too few"), "reasons of pooled maps"),
    ("segment_parameters", cell(0, "at_bound", lambda v: not v), "bounds"),
    ("segment_maps", cell(40, "probability", lambda v: v * 1.001), "probability"),
    ("segment_maps", cell(0, "linear_score", lambda v: v - 0.5), "range of the linear score"),
    ("order", cell(0, "order", lambda v: "strictly increasing"), "order"),
    ("order", cell(0, "distinct_scores", lambda v: v + 1), "distinct scores"),
]
ROWS: list[tuple[str, Callable[[Any], None], str]] = [
    ("segments", lambda item: item["rows"].pop(0), "models and segments"),
    ("segment_parameters", lambda item: item["rows"].pop(), "parameters"),
    ("segment_samples", cell(0, "sample", lambda v: "out_of_time"), "samples and segments"),
    ("segment_maps", cell(0, "segment", lambda v: "agency"), "segments"),
]


@pytest.mark.parametrize("changes", [WORDS, ROWS])
def test_changed_words_and_rows_are_found(
    good: Path, tmp_path: Path, changes: list[tuple[str, Callable[[Any], None], str]]
) -> None:
    changed(good, tmp_path, changes)


def switch_of(item: Any) -> Any:
    return next(step for step in item["steps"] if step["type"] == "switch")


def swap(item: Any) -> None:
    cases = switch_of(item)["cases"]
    cases[0]["value"], cases[1]["value"] = cases[1]["value"], cases[0]["value"]


def pool(item: Any) -> None:
    """The pooled map for a segment that has its own."""
    switch_of(item)["cases"].pop()


def own(item: Any) -> None:
    """A map of another segment for one that is too small."""
    step = switch_of(item)
    step["cases"].append({"equals": "tel & <web>", "value": step["cases"][0]["value"]})


def fall_back(item: Any) -> None:
    """Another map than the pooled one for rows without a segment."""
    step = switch_of(item)
    step["default"] = step["cases"][0]["value"]


def nudge(item: Any) -> None:
    step = next(one for one in item["steps"] if one["id"].startswith("calibration.map_1") and "slope" in one)
    step["slope"] *= 1.001


CHANGES = {swap: "critical", pool: "critical", own: "high", fall_back: "critical", nudge: "low"}
"""Severity by the mean change of the probability over the applicants."""


@pytest.mark.parametrize("change", CHANGES)
def test_a_map_that_is_not_that_of_the_segment_is_found(
    good: Path, tmp_path: Path, change: Callable[[Any], None]
) -> None:
    found = failures(altered(good, tmp_path / "package", "model.json", change))
    assert found["model.json: calibrated probability"] == CHANGES[change]


def test_shifts_of_bands_are_found(banded: Path, tmp_path: Path) -> None:
    assert failures(banded) == {}

    def change(item: Any) -> None:
        for column in ("shift", "shift_standard_error", "mean_after"):
            cell(1, column, lambda v: v * 1.001)(item)

    found = failures(altered(banded, tmp_path / "table", "evidence/calibration.external.json", change))
    quantities = ("shift", "shift_standard_error", "mean_after", "standard errors by numerical derivatives")
    assert {f"calibration.external: {quantity}" for quantity in quantities} <= set(found)
    for act in (swap, fall_back):
        found = failures(altered(banded, tmp_path / act.__name__, "model.json", act))
        assert found["model.json: calibrated probability"] == "critical"


def test_the_packages_as_made_have_no_finding(good: Path) -> None:
    assert failures(good) == {}
