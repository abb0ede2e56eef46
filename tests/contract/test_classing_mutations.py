"""Classings of challengers, of no model and changed by hand: counted again, and held against the limits of the plan."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.contract.test_evidence_mutations import changed, serious
from tests.credit_risk.cli.command import done, frame
from tests.credit_risk.lifecycle.test_classing_plans import applicants
from validation import read_package, validate

PLAN = """
model: {id: m}
data: {source: table.csv, columns: {INCOME: {specials: {-9: not asked, -8: refused}}}}
outcome: {column: BAD, bad: 1}
derive: {OLDER: {expression: AGE / 2, expected_trend: descending}}
selection: {max_p_value: 1, min_information_value: 0}
classing:
  max_bins: 5
  min_share: 0.05
  overrides:
    - {operation: split, characteristic: HOUSING, categories: [boat], reason: they float, author: A. Modeller}
models:
  - {id: card, type: scorecard, champion: true, characteristics: [INCOME]}
  - {id: other, type: scorecard, characteristics: [AGE]}
"""


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    table = applicants().assign(HOUSING=lambda t: t["HOUSING"].replace("?", "tent"))
    package = done(tmp_path_factory.mktemp("held"), PLAN, table, "--no-validation")
    for annex in ("exports", "documents", "validation"):
        shutil.rmtree(package / annex, ignore_errors=True)
    return package


def reading(package: Path) -> dict[str, int]:
    """How many numbers were compared, by area and quantity."""
    return {f"{item.area}: {item.quantity}": item.compared for item in validate(read_package(package)).comparisons}


def test_every_characteristic_is_counted_again_and_changes_by_hand_are_told(good: Path) -> None:
    run = validate(read_package(good))
    assert serious(good) == {}
    tables = {p.stem.removeprefix("classing.table.") for p in (good / "evidence").glob("classing.table.*.json")}
    assert tables == {"INCOME", "AGE", "HOUSING", "OLDER"}
    bins = {n: len(json.loads((good / f"evidence/classing.table.{n}.json").read_text())["rows"]) for n in tables}
    compared = reading(good)
    assert compared["classing.table: count"] == sum(bins.values())
    assert compared["classing.samples: good"] == 2 * sum(bins.values())
    (limits,) = [o for o in run.outcomes if o.test == "classing: limits of the plan"]
    assert (limits.outcome, limits.compared) == ("pass", 3)
    (found,) = [f for f in run.findings["findings"] if f["test"] == "classing: limits of the plan"]
    assert found["severity"] == "observation"
    assert "HOUSING" in found["statement"]
    assert "min_share 0.05 is not kept" in found["statement"]
    assert "A. Modeller: they float" in found["statement"]
    reasons = [o.reason or "" for o in run.outcomes if "OLDER" in o.test]
    assert not any("neither in a model" in reason for reason in reasons)


CASES: list[tuple[str, str, int, Callable[[Any], Any], str]] = [
    ("classing.table.HOUSING", "good", 0, lambda v: v + 1, "classing.table: good"),
    ("classing.table.HOUSING", "woe", 1, lambda v: v + 0.01, "classing.table: woe"),
    ("classing.table.AGE", "bad", 0, lambda v: v - 1, "classing.table: bad"),
    ("classing.samples.HOUSING", "bad", 0, lambda v: v + 1, "classing.samples: bad"),
    ("classing.samples.AGE", "count", 1, lambda v: v + 1, "classing.samples: count"),
]


@pytest.mark.parametrize(("name", "column", "row", "change", "test"), CASES)
def test_a_count_that_is_not_so_is_found(
    name: str, column: str, row: int, change: Callable[[Any], Any], test: str, good: Path, tmp_path: Path
) -> None:
    package = shutil.copytree(good, tmp_path / "package")
    changed(package, name, column, row, change)
    assert test in serious(package)


def test_counts_that_agree_with_each_other_and_not_with_the_rows_are_found(good: Path, tmp_path: Path) -> None:
    """Shares of two bins of a characteristic in no model, changed together so that all that follows is right."""
    package = shutil.copytree(good, tmp_path / "package")
    for name in ("classing.table.HOUSING", "classing.samples.HOUSING"):
        for row, step in ((0, 5.0), (1, -5.0)):
            for column in ("good", "count"):
                changed(package, name, column, row, lambda v, step=step: v + step)
    assert {"classing.table: good", "classing.samples: good"} <= set(serious(package))


def test_edges_that_the_model_has_not_are_found(good: Path, tmp_path: Path) -> None:
    package = shutil.copytree(good, tmp_path / "package")
    path = package / "evidence/classing.table.HOUSING.json"
    item = json.loads(path.read_text("utf-8"))
    label = [c["name"] for c in item["columns"]].index("label")
    one, other = item["rows"][0][label], item["rows"][1][label]
    changed(package, "classing.table.HOUSING", "label", 0, lambda _: other)
    changed(package, "classing.table.HOUSING", "label", 1, lambda _: one)
    assert "classing.table: good" in serious(package)


def replan(package: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change plan.json, and make size and hash in the manifest right again."""
    path, manifest_path = package / "plan.json", package / "manifest.json"
    plan = json.loads(path.read_text("utf-8"))
    change(plan)
    data = (json.dumps(plan, ensure_ascii=False, sort_keys=True, indent=2) + "\n").encode()
    path.write_bytes(data)
    manifest = json.loads(manifest_path.read_text("utf-8"))
    manifest["plan_sha256"] = hashlib.sha256(data).hexdigest()
    manifest["files"]["plan.json"] |= {"bytes": len(data), "sha256": manifest["plan_sha256"]}
    manifest_path.write_text(json.dumps(manifest, ensure_ascii=False, sort_keys=True, indent=2) + "\n")


LIMITS: list[dict[str, Any]] = [
    {"max_bins": 2},
    {"min_bins": 6},
    {"min_share": 0.45},
    {"max_share": 0.1},
    {"min_goods": 1e4},
    {"min_bads": 1e4},
    {"min_rate_difference": 0.5},
    {"max_p_value": 1e-30},
]


@pytest.mark.parametrize("limits", LIMITS, ids=lambda limits: next(iter(limits)))
def test_limits_that_a_challenger_breaks_are_found(limits: dict[str, Any], good: Path, tmp_path: Path) -> None:
    package = shutil.copytree(good, tmp_path / "package")
    replan(package, lambda plan: plan["classing"]["characteristics"].update(AGE=limits))
    found = [
        f for f in validate(read_package(package)).findings["findings"] if f["test"].startswith("classing: limits")
    ]
    severities = {f["quantity"]: f["severity"] for f in found if "HOUSING" not in f["quantity"]}
    assert severities == {"AGE in other": "medium"}


def test_limits_of_what_stands_in_no_model_are_found(good: Path, tmp_path: Path) -> None:
    package = shutil.copytree(good, tmp_path / "package")

    def without_changes(plan: dict[str, Any]) -> None:
        plan["classing"]["overrides"] = []

    replan(package, without_changes)
    found = serious(package)
    assert found["classing: limits of the plan"] == "medium"


def told(package: Path) -> pd.DataFrame:
    return frame(package, "selection.waterfall").set_index(["model", "characteristic"])


def test_every_scorecard_tells_its_own_selection(good: Path) -> None:
    waterfall = told(good)
    assert set(waterfall.index) == {(m, c) for m in ("card", "other") for c in ("INCOME", "AGE", "HOUSING", "OLDER")}
    chosen = waterfall.index[waterfall["decision"] == "selected"].tolist()
    assert chosen == [("card", "INCOME"), ("other", "AGE")]
    assert waterfall.loc[("card", "AGE"), "step"] == waterfall.loc[("other", "INCOME"), "step"] == "plan"
    compared = reading(good)
    assert compared["selection.waterfall: selected"] == 2
    assert compared["selection.waterfall: characteristics"] == 8
    assert compared["selection.waterfall: information value"] == 8  # OLDER, which no model reads, too
    assert compared["selection.stability: sample_psi"] == 4


WATERFALL: list[tuple[str, Callable[[Any], Any], str]] = [
    ("decision", lambda v: "left out" if v == "selected" else "selected", "selected"),
    ("information_value", lambda v: v * 1.001, "information value"),
    ("characteristic", lambda v: "other", "characteristics"),
    ("model", lambda v: "third", "models"),
]


@pytest.mark.parametrize("model", ["card", "other"])
@pytest.mark.parametrize(("column", "change", "quantity"), WATERFALL)
def test_a_selection_that_is_not_so_is_found(
    model: str, column: str, change: Callable[[Any], Any], quantity: str, good: Path, tmp_path: Path
) -> None:
    package = shutil.copytree(good, tmp_path / "package")
    row = told(package).index.tolist().index((model, "AGE"))
    changed(package, "selection.waterfall", column, row, change)
    assert f"selection.waterfall: {quantity}" in serious(package)


def test_a_rule_that_a_challenger_breaks_is_found(good: Path, tmp_path: Path) -> None:
    package = shutil.copytree(good, tmp_path / "package")
    replan(package, lambda plan: plan["selection"].update(max_p_value=1e-60))
    assert "selection.waterfall: p-value within the plan's limit" in serious(package)
