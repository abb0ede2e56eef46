"""Another selection than the plan's rules give, with everything that follows made consistent, must be found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pytest

from credit_risk.lifecycle.run import run_plan
from tests.contract.altered import altered, failures
from tests.credit_risk.cli.command import frame
from validation import read_package, validate

PLAN = """
model: {id: m}
data: {source: table.csv}
outcome: {column: BAD, bad: 1}
samples: {out_of_sample: 0.3, weight: W, group: WHO}
evaluation: {baselines: false}
models: [{id: card, type: scorecard, champion: true}]
"""
WATERFALL = "selection.waterfall"
TEST = f"{WATERFALL}: path of card"


def table(rows: int = 1500) -> pd.DataFrame:
    """Two incomes that say the same, two ages that say half of it, noise, two that help; weights and customers."""
    rng = np.random.default_rng(4)
    income, age, months, spent = rng.normal(size=(4, rows))
    eta = -1.2 - 0.8 * income - 0.5 * age - 0.3 * months - 0.35 * spent
    data = {
        "INCOME": income,
        "SALARY": income + 0.15 * rng.normal(size=rows),
        "AGE": age,
        "TENURE": 0.7 * age + 0.7 * rng.normal(size=rows),
        "MONTHS": months,
        "SPENT": spent,
        "NOISE": rng.normal(size=rows),
        "W": rng.integers(1, 4, rows),
        "WHO": [f"c{i // 2}" for i in range(rows)],
        "BAD": (rng.random(rows) < 1 / (1 + np.exp(-eta))).astype(int),
    }
    return pd.DataFrame(data).round(4)


Replaced = Mapping[str, Callable[[Any], Any]]


def developed(folder: Path, replaced: Replaced | None = None) -> Path:
    """The package of the plan, made by the developer's programs with some functions replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.yaml").write_text(PLAN, "utf-8")
    table().to_csv(folder / "table.csv", index=False, lineterminator="\n")
    with ExitStack() as stack:
        for name, change in (replaced or {}).items():
            module, attribute = name.rsplit(".", 1)
            original = getattr(__import__(module, fromlist=[attribute]), attribute)
            stack.enter_context(mock.patch(name, change(original)))
        run_plan(folder / "plan.yaml", folder / "out", with_validation=False, with_documents=False)
    return folder / "out"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return developed(tmp_path_factory.mktemp("selection"))


def paths(package: Path) -> dict[str, str]:
    """Outcomes of the paths by test."""
    run = validate(read_package(package))
    return {o.test: o.outcome for o in run.outcomes if o.test.startswith(f"{WATERFALL}: path")}


def steps(package: Path) -> dict[str, str]:
    found = frame(package, WATERFALL)
    return dict(zip(found["characteristic"], found["step"], strict=True))


def test_a_weighted_and_clustered_selection_is_found_again(good: Path) -> None:
    told = steps(good)
    assert {"correlation", "p-value", "final"} == set(told.values())
    assert set(paths(good).values()) == {"pass"}
    assert failures(good) == {}


def less_informative_first(original: Any) -> Any:
    def changed(names: Any, *arguments: Any, **options: Any) -> list[str]:
        kept = original(names[::-1], *arguments, **options)
        return [name for name in names if name in kept]

    return changed


def forced(original: Any) -> Any:
    return lambda *arguments, **options: replace(original(*arguments, **options), kept=frozenset({"TENURE"}))


def left_out(original: Any) -> Any:
    def changed(name: str, woe: Any, spec: Any, log: Any) -> bool:
        if name == "MONTHS":
            log.drop(name, "plan", None, None, "in the plan's list of characteristics to exclude")
            return False
        return bool(original(name, woe, spec, log))

    return changed


WRONG: dict[str, tuple[Replaced, str]] = {
    "the other of a pair": ({"credit_risk.selection.waterfall.uncorrelated": less_informative_first}, "correlation"),
    "left out untold": ({"credit_risk.selection.waterfall.passes": left_out}, "MONTHS"),
    "forced in untold": ({"credit_risk.selection.waterfall.rules_of": forced}, "TENURE"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_selection_against_the_plan_is_found_in_a_package_that_is_otherwise_consistent(
    wrong: str, good: Path, tmp_path: Path
) -> None:
    replaced, word = WRONG[wrong]
    package = developed(tmp_path, replaced)
    assert steps(package) != steps(good)
    run = validate(read_package(package))
    (found,) = [f for f in run.findings["findings"] if f["test"] == TEST]
    assert found["severity"] == "high"
    assert word in found["statement"] + found["quantity"]
    others = {f["test"] for f in run.findings["findings"] if f["severity"] in ("critical", "high")} - {TEST}
    assert all(test.startswith((WATERFALL, "battery")) for test in others)


def test_two_that_are_swapped_in_the_waterfall_are_found(good: Path, tmp_path: Path) -> None:
    def swap(item: Any) -> None:
        place = {one["name"]: k for k, one in enumerate(item["columns"])}
        by_step = {row[place["step"]]: row for row in item["rows"]}
        one, other = by_step["correlation"], by_step["final"]
        for column in ("step", "decision", "value", "threshold", "reason"):
            k = place[column]
            one[k], other[k] = other[k], one[k]

    package = altered(good, tmp_path / "package", f"evidence/{WATERFALL}.json", swap)
    assert failures(package)[TEST] == "high"


@pytest.mark.parametrize(
    ("step", "column", "change", "quantity"),
    [
        ("correlation", "value", lambda v: v * 1.001, "correlation"),
        ("correlation", "threshold", lambda v: 0.6, "correlation, threshold"),
        ("p-value", "value", lambda v: v * 1.01, "p-value"),
        ("p-value", "threshold", lambda v: v / 2, "p-value, threshold"),
        ("correlation", "reason", lambda v: "correlated with MONTHS, which is more informative", "correlated with"),
    ],
)
def test_a_wrong_value_or_partner_is_found(
    step: str, column: str, change: Any, quantity: str, good: Path, tmp_path: Path
) -> None:
    def apply(item: Any) -> None:
        place = {one["name"]: k for k, one in enumerate(item["columns"])}
        row = next(row for row in item["rows"] if row[place["step"]] == step)
        row[place[column]] = change(row[place[column]])

    package = altered(good, tmp_path / "package", f"evidence/{WATERFALL}.json", apply)
    assert f"{TEST}, {quantity}" in failures(package)


def test_the_german_selection_is_found_again(german_package: Path) -> None:
    assert set(paths(german_package).values()) == {"pass"}
