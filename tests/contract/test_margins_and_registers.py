"""Margins of conservatism and registers of a package: applied, told, recomputed by the validator, judged."""

from __future__ import annotations

import copy
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from tests.contract.altered import altered, cell, failures
from tests.contract.test_long_run_mutations import PLAN, table
from tests.credit_risk.cli.command import disagreements, done, findings, frame, model
from validation import read_package, validate
from validation.battery.registers import check_registers
from validation.compare import Ledger
from validation.comparisons.margins import compare_margins, compare_registers
from validation.policy import read_policy
from validation.rebuild.workspace import Workspace, open_workspace

MARGINS, OVERLAYS, LIMITATIONS = "calibration.margin_of_conservatism", "judgement.overlays", "limitations.register"
WRITTEN = "owner: a person, date: '2026-01-31'"
HEAD = f"""
model:
  id: m
  as_of: "2026-06-30"
  limitations:
    - {{text: Few rows, author: a person, date: "2026-01-31"}}
    - {{text: One region, author: a person, date: "2026-01-31", significance: high, mitigant: not used elsewhere,
       owner: a person, expiry: "2026-06-29"}}
margin_of_conservatism:
  - {{category: A, deficiency: missing incomes, size: 0.05, quantified: by a refit, {WRITTEN}, expiry: "2026-06-30"}}
  - {{category: B, deficiency: new policy, kind: log_odds, size: 0.1, quantified: by experts, {WRITTEN}}}
  - {{category: C, deficiency: error of estimation, confidence: 0.9, quantified: from the error, {WRITTEN}}}
  - {{category: A, deficiency: old data, size: 0.2, quantified: by experts, {WRITTEN}, applied: false}}
overlays:
  - {{id: flood, scope: region north, kind: relative, size: 0.25, reason: a flood, {WRITTEN}, expiry: "2026-03-31"}}
  - {{id: prices, scope: all, kind: log_odds, size: 0.1, reason: prices rise, {WRITTEN}, approved_by: a board}}
"""
CASES: list[tuple[str, str, int, Any, str]] = [
    *((MARGINS, c, 0, lambda v: v * 1.001, c) for c in ("size", "mean_before", "mean_after")),
    (MARGINS, "size", 2, lambda v: v * 0.9, "size"),
    *((MARGINS, c, 1, lambda v: "else", c) for c in ("category", "deficiency", "kind", "quantified", "owner", "date")),
    (MARGINS, "expiry", 0, lambda v: None, "expiry"),
    (MARGINS, "expired", 0, lambda v: True, "expired"),
    (MARGINS, "applied", 3, lambda v: True, "applied"),
    (MARGINS, "confidence", 2, lambda v: 0.95, "confidence"),
    *((OVERLAYS, c, 0, lambda v: "else", c) for c in ("overlay", "scope", "kind", "reason", "owner", "approved_by")),
    (OVERLAYS, "size", 0, lambda v: -v, "size"),
    (OVERLAYS, "expired", 0, lambda v: False, "expired"),
    *((LIMITATIONS, c, 1, lambda v: "else", c) for c in ("text", "significance", "mitigant", "owner", "author")),
    (LIMITATIONS, "expired", 1, lambda v: False, "expired"),
]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    more = "calibration: {target: long_run_average, sample: out_of_sample}\n"
    more += "rating_scale: {geometric: {lower: 0.05, upper: 0.6, grades: 4}}\n"
    plan = (PLAN + more).replace("model: {id: m}\n", HEAD).replace("bad: 1}", "bad: 1, default_conformant: true}")
    package = done(tmp_path_factory.mktemp("margins"), plan, table())
    assert disagreements(package) == []
    return package


@pytest.fixture(scope="module")
def space(good: Path) -> Workspace:
    found = open_workspace(read_package(good), read_policy())
    assert found is not None
    return found


def test_the_probability_with_margin_is_the_best_estimate_with_each_margin(good: Path) -> None:
    rows = pd.read_parquet(good / "predictions/out_of_sample.parquet")
    average = frame(good, "long_run.average").set_index("estimate").loc["adjusted"]
    error = stats.t.ppf(0.9, average["degrees"]) * average["standard_error"] / average["value"]
    p = np.minimum(rows["probability"] * 1.05, 1.0)
    p = np.minimum(special.expit(special.logit(p) + 0.1) * (1.0 + error), 1.0)
    np.testing.assert_allclose(rows["probability_with_margin"], p, rtol=1e-10)
    assert [step["id"] for step in model(good)["steps"] if step["id"].startswith("margin")] == [
        "margin_1_A",
        "margin_2_B",
        "margin_3_C",
    ]
    told = frame(good, MARGINS)
    assert told["mean_after"].tolist()[:2] == told["mean_before"].tolist()[1:3]
    assert told["mean_after"].isna().tolist() == [False, False, False, True]


def test_it_follows_the_calibration_to_the_long_run_average_and_is_not_graded(good: Path) -> None:
    rows = pd.read_parquet(good / "predictions/out_of_sample.parquet")
    weights = pd.read_parquet(good / "data/snapshot.parquet").set_index("_key")["_weight"].loc[rows["_key"]]
    average = frame(good, "long_run.average").set_index("estimate").loc["adjusted", "value"]
    assert np.average(rows["probability"], weights=weights) == pytest.approx(average, rel=1e-6)
    assert np.average(rows["probability_with_margin"], weights=weights) > 1.1 * average
    grade = next(step for step in model(good)["steps"] if step["type"] == "grade")
    assert grade["input"] == model(good)["outputs"]["probability"]


def test_pmml_gives_it_too(good: Path) -> None:
    text = (good / "exports/m.pmml").read_text("utf-8")
    assert '<OutputField name="probability_with_margin"' in text
    assert "probability_with_margin" in text.split("<ModelVerification")[1]


def test_what_has_ended_is_not_approved_or_is_bare_is_found(good: Path) -> None:
    told = {one["test"]: one for one in findings(good)}
    assert "flood" in told["battery: overlays are in force"]["statement"]
    assert "flood" in told["battery: overlays are approved"]["statement"]
    assert "One region" in told["battery: limitations are reviewed"]["statement"]
    assert "Few rows" in told["battery: limitations have significance and mitigant"]["statement"]
    assert "battery: margins of conservatism are in force" not in told
    assert "battery: margin of conservatism covers deficiencies in sight" not in told


def test_margins_that_are_missing_are_found(good: Path, tmp_path: Path) -> None:
    def without(plan: dict[str, Any]) -> None:
        plan["margin_of_conservatism"] = []

    changed = altered(good, tmp_path / "package", "plan.json", without)
    found = failures(changed)
    assert f"{MARGINS}: declared" in found
    told = {one["test"]: one["statement"] for one in validate(read_package(changed)).findings["findings"]}
    statement = told["battery: margin of conservatism covers deficiencies in sight"]
    assert "category C" in statement
    assert "cohorts were left out (2013)" in statement


@pytest.mark.parametrize(("factor", "found"), [(1.0, False), (0.1, True)])
def test_a_declared_target_far_from_the_average_is_found(space: Workspace, factor: float, found: bool) -> None:
    average = next(r for r in space.package.rows_of("long_run.average") or [] if r["estimate"] == "adjusted")
    plan = {**space.package.plan, "calibration": {"target": factor * average["value"]}}
    own = replace(space, package=replace(space.package, plan=plan), ledger=Ledger(space.policy))
    check_registers(own)
    test = "battery: declared target against the long-run average"
    assert [one.outcome == "fail" for one in own.ledger.outcomes if one.test == test] == [found]


def test_a_step_that_holds_another_margin_is_found(good: Path, tmp_path: Path) -> None:
    def halve(value: dict[str, Any]) -> None:
        step = next(one for one in value["steps"] if one["id"] == "margin_2_B")
        step["intercept"] /= 2.0

    assert "model.json: probability with margin: value" in failures(altered(good, tmp_path / "p", "model.json", halve))


@pytest.mark.parametrize(("name", "column", "row", "change", "quantity"), CASES)
def test_a_change_is_found(space: Workspace, name: str, column: str, row: int, change: Any, quantity: str) -> None:
    item = copy.deepcopy(space.package.evidence[name])
    cell(row, column, change)(item)
    assert item != space.package.evidence[name]
    package = replace(space.package, evidence={**space.package.evidence, name: item})
    own = replace(space, package=package, ledger=Ledger(space.policy))
    compare_margins(own)
    compare_registers(own)
    assert f"{name}: {quantity}" in {one.test for one in own.ledger.outcomes if one.outcome == "fail"}


def test_a_register_that_is_left_out_is_found(space: Workspace) -> None:
    kept = {name: item for name, item in space.package.evidence.items() if name not in (OVERLAYS, LIMITATIONS)}
    own = replace(space, package=replace(space.package, evidence=kept), ledger=Ledger(space.policy))
    compare_registers(own)
    failed = {one.test for one in own.ledger.outcomes if one.outcome == "fail"}
    assert {f"{OVERLAYS}: entries", f"{LIMITATIONS}: entries"} <= failed


def test_plans_without_margins_publish_none(tmp_path: Path) -> None:
    package = done(tmp_path, PLAN, table(), "--no-validation")
    shutil.rmtree(package / "documents", ignore_errors=True)
    assert "probability_with_margin" not in model(package)["outputs"]
    assert "probability_with_margin" not in pd.read_parquet(package / "predictions/development.parquet")
