"""Boosted trees that are not those of their settings and rows are found: each change by itself, hashes made right."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.contract.altered import altered, failures
from tests.credit_risk.cli.command import done
from tests.credit_risk.lifecycle.test_two_stage import HEAD, portfolio
from validation import Package, read_package
from validation.comparisons import boosting_folds
from validation.comparisons.boosting_trained import compare_trained
from validation.policy import read_policy
from validation.rebuild.fitted_rows import fitted_of
from validation.rebuild.workspace import Workspace, open_workspace
from validation.structure import own_trees

COMMON = "type: monotone_boosting, min_child_weight: 2"
MODELS = [
    "{id: card, type: scorecard, champion: true, characteristics: [income, months, housing]}",
    f"{{id: plain, {COMMON}, trees: 8, depth: 3, reg_lambda: 2.5, gamma: 0.1}}",
    f"{{id: by_loss, {COMMON}, trees: 6, depth: 4, leaves: 6, interactions: [[income, months], [bureau, housing]]}}",
    f"{{id: staged, {COMMON}, trees: 6, depth: 2, offset: {{model: card}}}}",
    f"{{id: chosen, {COMMON}, trees: 30, depth: 2, learning_rate: 0.3, folds: 3, early_stopping: {{patience: 5}}, "
    "search: {trials: 2}, simplicity: {trees: [0.5, 1.0]}}",
]
PLAN = HEAD.replace("0.3}", "0.3, weight: WEIGHT}") + "models:\n" + "".join(f"  - {model}\n" for model in MODELS)
BOOSTED = ("plain", "by_loss", "staged", "chosen")
Change = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    frame = portfolio(700)
    frame["WEIGHT"] = np.random.default_rng(2).choice([0.5, 1.0, 2.0], len(frame))
    return done(tmp_path_factory.mktemp("boosted"), PLAN, frame, "--no-validation")


@pytest.fixture(scope="module")
def package(folder: Path) -> Package:
    return read_package(folder)


def examined(package: Package) -> tuple[Workspace, dict[str, list[Any]]]:
    """The workspace after training again, and the rows of `validation.trees` by model."""
    space = open_workspace(package, read_policy())
    assert space is not None
    compare_trained(fitted_of(space))
    return space, {row[0]: row[1:] for row in space.ledger.tables["validation.trees"]}


def with_model(package: Package, name: str, change: Change) -> Package:
    model = copy.deepcopy(dict(package.challengers[name]))
    change(own_trees(model)[0])
    return replace(package, challengers={**package.challengers, name: model})


def with_item(package: Package, name: str, item: str, value: str) -> Package:
    identifier = f"boosting.parameters.{name}"
    evidence = copy.deepcopy(dict(package.evidence[identifier]))
    evidence["rows"] = [[key, value if key == item else old] for key, old in evidence["rows"]]
    return replace(package, evidence={**package.evidence, identifier: evidence})


def broken(space: Workspace) -> set[str]:
    return {item.quantity for item in space.ledger.comparisons if item.breaches}


def test_a_good_package_is_trained_again_to_the_last_bit(package: Package) -> None:
    space, rows = examined(package)
    assert set(rows) == set(BOOSTED)
    assert broken(space) == set()
    told = {item.test for item in space.ledger.outcomes if item.outcome == "not_evaluable"}
    assert told == {"boosting.search.chosen: other trials", "boosting.simplicity.chosen: other models on the folds"}
    for name, (trees, nodes, differing, largest, result) in rows.items():
        assert trees == len(own_trees(package.challengers[name])[0]["trees"])
        assert nodes > trees
        assert (differing, largest, result) == (0, 0.0, "all equal")


def inner(tree: dict[str, Any]) -> int:
    return next(i for i, left in enumerate(tree["left"]) if left >= 0 and i > 0)


def leaf(tree: dict[str, Any]) -> int:
    return tree["left"].index(-1)


def _leaf(step: dict[str, Any]) -> None:
    tree = step["trees"][2]
    tree["value"][leaf(tree)] += 2e-6


def _threshold(step: dict[str, Any]) -> None:
    tree = step["trees"][1]
    tree["threshold"][0] = float(np.nextafter(np.float32(tree["threshold"][0]), np.float32(1e9)))


def _feature(step: dict[str, Any]) -> None:
    tree = step["trees"][1]
    tree["feature"][inner(tree)] = (tree["feature"][inner(tree)] + 1) % len(step["features"])


def _direction(step: dict[str, Any]) -> None:
    tree = step["trees"][3]
    tree["default_left"][0] = not tree["default_left"][0]


def _cut_short(step: dict[str, Any]) -> None:
    tree = step["trees"][0]
    for column, value in (("left", -1), ("right", -1), ("feature", -1), ("threshold", None), ("value", 0.01)):
        tree[column][inner(tree)] = value


def _swapped(step: dict[str, Any]) -> None:
    step["trees"][0], step["trees"][1] = step["trees"][1], step["trees"][0]


def _left_out(step: dict[str, Any]) -> None:
    del step["trees"][-1]


def _doubled(step: dict[str, Any]) -> None:
    step["trees"].append(step["trees"][-1])


def _margin(step: dict[str, Any]) -> None:
    step["base_margin"] += 0.001


SPLITS, LEAVES = "splits of trees trained again", "leaves of trees trained again"
MODEL_CASES: list[tuple[Change, set[str], str, int]] = [
    (_leaf, {LEAVES}, "tree 3, ", 1),
    (_threshold, {SPLITS}, "tree 2, root: ", 7),
    (_feature, {SPLITS}, "tree 2, ", 2),
    (_direction, {SPLITS}, "tree 4, root: ", 1),
    (_cut_short, {SPLITS}, "tree 1, ", 3),
    (_swapped, {SPLITS, LEAVES}, "tree 1, ", 5),
    (_left_out, {"number of trees"}, "7 trees in the package, 8 by the stated settings", 0),
    (_doubled, {"number of trees"}, "9 trees in the package, 8 by the stated settings", 0),
    (_margin, {"base margin"}, "all equal", 0),
]


@pytest.mark.parametrize(
    ("change", "quantities", "words", "least"), MODEL_CASES, ids=lambda value: getattr(value, "__name__", "")
)
def test_trees_that_were_changed_are_found(
    package: Package, change: Change, quantities: set[str], words: str, least: int
) -> None:
    space, rows = examined(with_model(package, "plain", change))
    assert quantities <= broken(space)
    assert rows["plain"][4].startswith(words)
    assert rows["plain"][2] >= least
    assert all(rows[name][4] == "all equal" for name in BOOSTED if name != "plain")


SETTINGS = {
    "eta": "0.11",
    "lambda": "2.6",
    "gamma": "5.0",
    "min_child_weight": "20.0",
    "max_depth": "2",
    "max_bin": "8",
    "rounds": "7",
}


@pytest.mark.parametrize("item", SETTINGS)
def test_trees_of_other_settings_than_stated_are_found(package: Package, item: str) -> None:
    space, rows = examined(with_item(package, "plain", item, SETTINGS[item]))
    assert "settings" in broken(space)
    assert rows["plain"][4] != "all equal"


def test_settings_that_were_changed_in_the_plan_too_are_found_by_the_trees(package: Package) -> None:
    plan = copy.deepcopy(dict(package.plan))
    next(model for model in plan["models"] if model["id"] == "plain")["learning_rate"] = 0.11
    space, rows = examined(replace(with_item(package, "plain", "eta", "0.11"), plan=plan))
    assert {LEAVES, "gain_share"} <= broken(space)
    assert "settings" not in broken(space)
    assert rows["plain"][4].startswith("tree 1, ")


@pytest.mark.parametrize("name", ["by_loss", "staged", "chosen"])
def test_a_leaf_of_any_kind_of_boosting(package: Package, name: str) -> None:
    space, rows = examined(with_model(package, name, _leaf))
    assert broken(space) == {LEAVES}
    assert rows[name][2] == 1


def test_directions_groups_and_start(package: Package) -> None:
    items = {row["item"]: row["value"] for row in package.rows_of("boosting.parameters.by_loss") or []}
    constraints = items["monotone_constraints"]
    freed = constraints.replace("ascending", "none").replace("descending", "none")
    assert freed != constraints
    for item, value in (("monotone_constraints", freed), ("interaction_constraints", "months; income")):
        _, rows = examined(with_item(package, "by_loss", item, value))
        assert rows["by_loss"][4] != "all equal"
    space, _ = examined(with_item(package, "plain", "base_score", "0.25"))
    assert broken(space) == {"base_score"}


def test_what_cannot_be_trained_again_is_told(package: Package) -> None:
    manifest = {**package.manifest, "libraries": {"numpy": "2.0"}}
    space, rows = examined(replace(package, manifest=manifest))
    told = [item.reason for item in space.ledger.outcomes if item.outcome == "not_evaluable"]
    assert len(told) == len(BOOSTED)
    assert all("states no version of xgboost" in str(reason) for reason in told)
    assert all(row[4].startswith("not trained again: ") for row in rows.values())
    _, rows = examined(with_item(package, "plain", "objective", "binary:hinge"))
    assert rows["plain"][4] == "not trained again: objective binary:hinge is not trained again here"


def test_importance_that_was_changed_is_found(package: Package) -> None:
    identifier = "boosting.importance.plain"
    evidence = copy.deepcopy(dict(package.evidence[identifier]))
    evidence["rows"][0][3] -= 0.001
    evidence["rows"][1][2] += 1
    space, _ = examined(replace(package, evidence={**package.evidence, identifier: evidence}))
    assert broken(space) == {"gain_share", "splits"}


FOLD_CASES: list[tuple[str, str, Callable[[Any], Any], str]] = [
    ("early_stopping", "mean", lambda value: value + 1e-4, "mean"),
    ("early_stopping", "upper", lambda value: value + 1e-4, "upper"),
    ("early_stopping", "chosen", lambda value: not value, "chosen by folds trained again"),
    ("search", "folds", lambda value: value.replace("0.", "0.1", 1), "folds of the chosen trial, trained again"),
    ("simplicity", "gini_folds", lambda value: value - 1e-4, "gini_folds"),
    ("simplicity", "standard_error", lambda value: value * 1.1, "standard_error"),
]


@pytest.mark.parametrize(("table", "column", "change", "quantity"), FOLD_CASES)
def test_folds_that_were_changed_are_found(
    package: Package, table: str, column: str, change: Callable[[Any], Any], quantity: str
) -> None:
    identifier = f"boosting.{table}.chosen"
    evidence = copy.deepcopy(dict(package.evidence[identifier]))
    names = [item["name"] for item in evidence["columns"]]
    row = next(row for row in evidence["rows"] if row[names.index("chosen")])
    row[names.index(column)] = change(row[names.index(column)])
    space, _ = examined(replace(package, evidence={**package.evidence, identifier: evidence}))
    assert quantity in broken(space)


def test_a_curve_that_was_cut_short_is_found(package: Package) -> None:
    identifier = "boosting.early_stopping.chosen"
    evidence = copy.deepcopy(dict(package.evidence[identifier]))
    del evidence["rows"][-1]
    space, _ = examined(replace(package, evidence={**package.evidence, identifier: evidence}))
    assert "growing ended as the plan says" in broken(space)


def test_folds_that_cost_too_much_are_told(package: Package, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boosting_folds, "MOST_WORK", 10.0)
    space, _ = examined(package)
    assert broken(space) == set()
    told = {item.test for item in space.ledger.outcomes if item.outcome == "not_evaluable"}
    assert told == {
        f"boosting.{name}.chosen: folds trained again" for name in ("early_stopping", "search", "simplicity")
    }


@pytest.mark.parametrize(("by", "severities"), [(2e-6, {"low"}), (1.0, {"high", "critical"})])
def test_a_leaf_is_graded_by_what_it_does_to_the_probability(package: Package, by: float, severities: set[str]) -> None:
    def change(step: dict[str, Any]) -> None:
        step["trees"][2]["value"][leaf(step["trees"][2])] += by

    space, _ = examined(with_model(package, "plain", change))
    graded = {item.quantity: item.grade for item in space.ledger.comparisons if item.breaches}
    assert set(graded) == {LEAVES}
    grade = graded[LEAVES]
    assert grade is not None
    assert grade.severity in severities


def test_a_leaf_that_was_changed_in_the_file_is_a_finding(folder: Path, tmp_path: Path) -> None:
    def change(model: dict[str, Any]) -> None:
        _leaf(own_trees(model)[0])

    found = failures(altered(folder, tmp_path / "changed", "challengers/plain/model.json", change))
    assert f"boosting.parameters.plain: {LEAVES}" in found
