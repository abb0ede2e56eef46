"""Categories in boosting from plan to package: the validator agrees, and finds what is stated wrongly."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.contract.altered import altered, cell
from tests.credit_risk.cli.command import PLAN, disagreements, done, evidence, frame, model, portfolio
from validation import read_package, validate

CATEGORIES = "categories: {min_rows: 60, max_levels: 6}"


def plan_of(options: str) -> str:
    data = PLAN.replace("table.csv", "table.csv, columns: {TOWN: {specials: {'?': not known}}}")
    classing = "classing: {max_bins: 4}\n"
    return f"{data}{classing}models: [{{id: t, type: monotone_boosting, champion: true, trees: 30, {options}}}]\n"


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    made, rng = portfolio(2000), np.random.default_rng(2)
    place = rng.choice(10, 2000)
    made["TOWN"] = np.array([f"town {i}" for i in range(10)], dtype=object)[place]
    odd = rng.permutation(10)[place] / 10
    made["BAD"] = (rng.random(2000) < np.clip(0.15 + 0.3 * made["BAD"] + 0.5 * (odd - 0.4), 0.02, 0.95)).astype(int)
    kind = rng.random(2000)
    made.loc[kind < 0.05, "TOWN"] = "?"
    made.loc[kind > 0.95, "TOWN"] = None
    return made


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory, table: pd.DataFrame) -> Path:
    return done(tmp_path_factory.mktemp("categories"), plan_of(CATEGORIES), table)


def test_the_validator_agrees_with_features_counts_effects_and_attributions(package: Path) -> None:
    assert disagreements(package) == []
    (trees,) = (step for step in model(package)["steps"] if step["type"] == "trees")
    told = frame(package, "boosting.categories.t")
    own = told.loc[(told["characteristic"] == "TOWN") & told["category"].notna()]
    assert 0 < len(own) <= 6
    assert set(own["feature"]) <= set(trees["features"])
    assert own["rows"].min() >= 60
    directions = frame(package, "boosting.constraints.t").set_index("feature")["direction"]
    assert set(directions[own["feature"]]) == {"none"}
    assert directions["woe(TOWN)"] == "none"
    states = frame(package, "boosting.missing.t").set_index(["characteristic", "state"])
    assert states.loc[("TOWN", "missing"), "rows_in_state"] > 30
    assert states.loc[("TOWN", "special ?"), "rows_in_state"] > 30
    (explained,) = (step for step in model(package)["steps"] if step["type"] == "attribution")
    features = {one["characteristic"]: one["features"] for one in explained["characteristics"]}
    assert features["TOWN"] == ["woe(TOWN)", *own["feature"]]


def test_a_feature_of_a_category_is_used(package: Path) -> None:
    gains = frame(package, "boosting.importance.t").set_index("feature")["splits"]
    assert sum(gains[name] for name in gains.index if name.startswith("category(TOWN")) > 0


def rule(key: str, value: Any) -> Callable[[Any], None]:
    return lambda plan: plan["models"][0]["categories"].update({key: value})


def other_category(document: dict[str, Any]) -> None:
    """The feature of a category asks for another one."""
    step = next(s for s in document["steps"] if s["id"].startswith("category(TOWN"))
    text = json.dumps(step["expression"])
    name = step["id"].removeprefix("category(TOWN, ").removesuffix(")")
    step["expression"] = json.loads(text.replace(name, "town x"))


TABLE, PLAN_FILE, MODEL = "evidence/boosting.categories.t.json", "plan.json", "model.json"


@pytest.mark.parametrize(
    ("file", "touch", "found"),
    [
        (TABLE, cell(-1, "rows", lambda _: 3), "categories.t: rows"),
        (TABLE, cell(-1, "bads", lambda _: 3), "categories.t: bads"),
        (TABLE, cell(-1, "bad_rate", lambda _: 0.9), "categories.t: bad_rate"),
        (TABLE, cell(-1, "categories", lambda _: 99), "categories.t: categories"),
        (TABLE, cell(-2, "woe", lambda _: 0.123), "categories.t: woe"),
        (TABLE, cell(-2, "bin_id", lambda known: known + 1), "categories.t: bin_id"),
        (TABLE, cell(-2, "category", lambda _: "town x"), "categories.t: categories with a feature"),
        (TABLE, cell(-2, "feature", lambda _: "another"), "categories.t: features of the trees"),
        (PLAN_FILE, rule("max_levels", 2), "categories.t: categories with a feature"),
        (PLAN_FILE, rule("min_rows", 5000), "categories.t: categories with a feature"),
        (PLAN_FILE, rule("bound", True), "constraints.t: directions of weights of evidence"),
        (MODEL, other_category, "categories.t: rows that differ"),
    ],
)
def test_what_is_stated_wrongly_is_found(package: Path, tmp_path: Path, file: str, touch, found: str) -> None:
    comparisons = validate(read_package(altered(package, tmp_path / "package", file, touch))).comparisons
    assert f"boosting.{found}" in {f"{one.area}: {one.quantity}" for one in comparisons if one.breaches}


def test_without_categories_it_is_told_as_such(tmp_path: Path, table: pd.DataFrame) -> None:
    package = done(tmp_path, PLAN + "models: [{id: t, type: monotone_boosting, champion: true, trees: 5}]\n",
                   table.drop(columns=["TOWN", "HOUSING"]), "--no-validation")  # fmt: skip
    told = evidence(package, "boosting.categories.t")
    assert told["kind"] == "not_applicable"
