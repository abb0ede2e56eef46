"""The selection of a scorecard that starts from the log-odds of a first stage is made again from those log-odds."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pytest

from credit_risk.lifecycle.run import run_plan
from tests.contract.altered import altered
from tests.credit_risk.cli.command import frame
from validation import read_package, read_policy
from validation.comparisons.regression import compare_regressions
from validation.comparisons.selection import compare_selection
from validation.rebuild.workspace import open_workspace

PLAN = """
model: {id: m}
data: {source: table.csv, columns: {MASTER: {type: numeric, missing: false}}}
outcome: {column: BAD, bad: 1}
samples: {out_of_sample: 0.3}
evaluation: {baselines: false}
exports: []
models:
  - {id: second, type: scorecard, champion: true, offset: {column: MASTER}}
"""
WATERFALL = "selection.waterfall"
TEST = f"{WATERFALL}: path of second"


def table(rows: int = 1500) -> pd.DataFrame:
    """A first stage that knows INCOME already; DEBT and LATE are new to it."""
    rng = np.random.default_rng(8)
    income, debt, late, noise = rng.normal(size=(4, rows))
    master = -1.3 - 0.9 * income
    bad = rng.random(rows) < 1 / (1 + np.exp(-(master + 0.7 * debt + 0.45 * late)))
    data = {"INCOME": income, "DEBT": debt, "LATE": late, "NOISE": noise, "MASTER": master, "BAD": bad.astype(int)}
    return pd.DataFrame(data).round(4)


def developed(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.yaml").write_text(PLAN, "utf-8")
    table().to_csv(folder / "table.csv", index=False, lineterminator="\n")
    run_plan(folder / "plan.yaml", folder / "out", with_validation=False, with_documents=False)
    return folder / "out"


def judged(package: Path) -> dict[str, str]:
    """Outcomes of the comparisons of selection, by test."""
    space = open_workspace(read_package(package), read_policy())
    assert space is not None
    compare_selection(space, compare_regressions(space))
    return {one.test: one.outcome for one in space.ledger.outcomes if one.test.startswith(WATERFALL)}


def steps(package: Path) -> dict[str, str]:
    found = frame(package, WATERFALL)
    return dict(zip(found["characteristic"], found["step"], strict=True))


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return developed(tmp_path_factory.mktemp("two"))


def test_the_selection_of_the_second_stage_is_made_again(good: Path) -> None:
    told = steps(good)
    assert told["DEBT"] == told["LATE"] == "final"
    assert told["INCOME"] != "final"  # the first stage knows it
    found = judged(good)
    assert found[TEST] == "pass"
    assert set(found.values()) == {"pass"}


def test_a_selection_that_forgets_the_first_stage_is_found(good: Path, tmp_path: Path) -> None:
    def forgetful(original: Any) -> Any:
        return lambda woe, y, weights, confidence, dependence, bounded, labels, offset: original(
            woe, y, weights, confidence, dependence, bounded, labels, None
        )

    name = "credit_risk.selection.waterfall.SearchData"
    module = __import__("credit_risk.selection.waterfall", fromlist=["SearchData"])
    with mock.patch(name, forgetful(module.SearchData)):
        package = developed(tmp_path / "forgetful")
    assert steps(package)["INCOME"] == "final"
    assert judged(package)[TEST] == "fail"


def test_a_value_at_which_one_left_is_found(good: Path, tmp_path: Path) -> None:
    def change(item: Any) -> None:
        place = {one["name"]: k for k, one in enumerate(item["columns"])}
        row = next(row for row in item["rows"] if row[place["characteristic"]] == "INCOME")
        row[place["value"]] *= 1.01

    found = judged(altered(good, tmp_path / "changed", f"evidence/{WATERFALL}.json", change))
    assert [test for test, outcome in found.items() if outcome == "fail"]
