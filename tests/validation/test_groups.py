"""Groups of columns counted again: values, bands, missing, repeated obligors; adverse impact and its reference."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.credit_risk.cli.command import disagreements, done, frame, portfolio
from tests.validation.toy_package import builders
from validation import read_package, validate
from validation.rebuild.proxies import classifier

PLAN = """model: {id: m}
data: {source: table.csv, protected: {us_ecoa: [AGE, SEX], eu: [SEX]}}
outcome: {column: BAD, bad: 1}
samples: {group: WHO}
models: [{id: scorecard, type: scorecard, champion: true}]
evaluation: {subpopulations: [HOUSING, CHILDREN], min_bads: 20}
strategy: {cut_off: 500}
fairness: {age: AGE, edges: {AGE: [30, 45, 62]}}
exports: []
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(8)
    table = portfolio(1600)
    sex = np.where(table["INCOME"] > 3000, rng.choice(["f", "m"], 1600, p=[0.15, 0.85]), rng.choice(["f", "m"], 1600))
    sex = np.where(rng.random(1600) < 0.1, None, sex)
    kinds = {"SEX": sex, "CHILDREN": rng.integers(0, 3, 1600), "WHO": np.arange(1600) // 2}
    return done(tmp_path_factory.mktemp("groups"), PLAN, table.assign(**kinds))


def test_the_validator_agrees_on_every_kind_of_group(package: Path) -> None:
    assert disagreements(package) == []
    groups, impact = frame(package, "fairness.groups"), frame(package, "fairness.adverse_impact")
    assert {"missing", "f", "m"} <= set(groups["group"])
    assert any(group.startswith("[") for group in groups["group"])
    for table in ("error_rates", "calibration", "curves", "intersections", "age", "jurisdictions"):
        assert len(frame(package, f"fairness.{table}"))
    assert {"0", "1", "2"} <= set(frame(package, "performance.subpopulations")["group"])
    assert {"below four-fifths and significant", "not below four-fifths", "reference group"} <= set(impact["verdict"])
    coverage = json.loads((package / "validation" / "findings.json").read_text("utf-8"))["coverage"]
    told = {one["test"]: one["outcome"] for one in coverage}
    for test in ("fairness.groups: auc_lower", "fairness.adverse_impact: verdict", "performance.subpopulations: auc"):
        assert told[test] == "pass"
    assert told.pop("fairness.alternatives") == "not_evaluable"  # the plan asks for no search
    assert not any(one.startswith(("fairness", "performance.subpop")) and o != "pass" for one, o in told.items())


def test_the_classifier_holds_rows_of_one_risk_to_be_alike() -> None:
    """Two inputs alike in all but their order: rows (i, j) and (j, i) have one risk but for last bits."""
    rng = np.random.default_rng(9)
    one, other = rng.integers(0, 4, (2, 900))
    sex = np.tile(rng.random(900) < (1 + one + other) / 9, 2).astype(float)
    bins = np.column_stack([np.concatenate([one, other]), np.concatenate([other, one])])
    risk = classifier(bins, sex, np.ones(1800), bins)
    assert len(np.unique(bins, axis=0)) == 16
    assert len(np.unique(risk)) == 10
    np.testing.assert_array_equal(risk[:900], risk[900:])


def _set(column: str, value: Any, of: str = "", only: str = "") -> Any:
    """Change a column of the rows whose column `of` holds `only`, of all where none is named."""

    def change(item: dict[str, Any]) -> None:
        names = [one["name"] for one in item["columns"]]
        for row in item["rows"]:
            if (not of or row[names.index(of)] == only) and row[names.index(column)] is not None:
                row[names.index(column)] = value(row[names.index(column)]) if callable(value) else value

    return change


def _drop(item: dict[str, Any]) -> None:
    """Leave out the last row."""
    del item["rows"][-1]


def _swap(item: dict[str, Any]) -> None:
    """Exchange the names of two groups of SEX."""
    place = [one["name"] for one in item["columns"]].index("group")
    for row in item["rows"]:
        row[place] = {"f": "m", "m": "f"}.get(row[place], row[place])


CHANGES = {
    "group left out": ("fairness.groups", _drop, "fairness.groups: rows of all groups"),
    "jurisdiction": ("fairness.groups", _set("jurisdiction", "eu"), "fairness.groups: jurisdiction"),
    "mean difference": (
        "fairness.groups",
        _set("difference_upper", lambda v: v + 1e-4),
        "fairness.groups: difference_upper",
    ),
    "ratio": (
        "fairness.adverse_impact",
        _set("adverse_impact_ratio", lambda v: v * 1.001, "group", "f"),
        "fairness.adverse_impact: adverse_impact_ratio",
    ),
    "result": ("fairness.adverse_impact", _set("result", "pass"), "fairness.adverse_impact: result"),
    "groups exchanged": ("fairness.error_rates", _swap, "fairness.error_rates: rows"),
    "difference of rates": (
        "fairness.error_rates",
        _set("difference_lower", lambda v: v - 1e-3),
        "fairness.error_rates: difference_lower",
    ),
    "error verdict": (
        "fairness.error_rates",
        _set("verdict", "no difference shown", "verdict", "differs from the reference group"),
        "fairness.error_rates: verdict",
    ),
    "gap": ("fairness.calibration", _set("gap", lambda v: v + 1e-4), "fairness.calibration: gap"),
    "slope": ("fairness.calibration", _set("slope_lower", lambda v: v + 0.01), "fairness.calibration: slope_lower"),
    "curve": ("fairness.curves", _set("upper", lambda v: v * 1.01), "fairness.curves: upper"),
    "cut-off": ("fairness.curves", _set("cut_off", lambda v: v + 1.0), "fairness.curves: cut-offs"),
    "not adjusted": (
        "fairness.intersections",
        _set("adjusted_p_value", lambda v: v * 0.9),
        "fairness.intersections: adjusted_p_value",
    ),
    "age": ("fairness.age", _set("difference_upper", lambda v: v - 0.1), "fairness.age: difference_upper"),
    "age is input": ("fairness.age", _set("age_is_input", True), "fairness.age: age is an input"),
    "V": ("fairness.proxies", _set("cramers_v_upper", lambda v: v + 1e-3), "fairness.proxies: cramers_v_upper"),
    "proxy": ("fairness.proxies", _set("auc", lambda v: v - 1e-3, "predictor", "INCOME"), "fairness.proxies: auc"),
    "within": ("fairness.proxies", _set("within_lower", lambda v: v + 1e-3), "fairness.proxies: within_lower"),
    "proxy verdict": (
        "fairness.proxies",
        _set("verdict", "tells the group only"),
        "fairness.proxies: verdict",
    ),
    "classifier": ("fairness.proxy_models", _set("auc", lambda v: v + 1e-4), "fairness.proxy_models: auc"),
    "measure left out": ("fairness.jurisdictions", _drop, "fairness.jurisdictions"),
    "rows": ("fairness.groups", _set("rows", lambda v: v + 1, "group", "f"), "fairness.groups: rows"),
    "missing": ("fairness.groups", _set("mean_probability", lambda v: v * 1.01, "group", "missing"), "fairness.groups"),
    "interval": (
        "performance.subpopulations",
        _set("auc_lower", lambda v: v + 1e-4),
        "performance.subpopulations: auc_lower",
    ),
    "not told": ("performance.subpopulations", _set("evaluable", False), "performance.subpopulations: evaluable"),
    "score interval": (
        "fairness.adverse_impact",
        _set("score_upper", lambda v: v * 1.001),
        "fairness.adverse_impact: score_upper",
    ),
    "mid-p-value": (
        "fairness.adverse_impact",
        _set("mid_p_value", lambda v: v / 2),
        "fairness.adverse_impact: mid_p_value",
    ),
    "information": (
        "fairness.proxies",
        _set("mutual_information_upper", lambda v: v + 1e-3),
        "fairness.proxies: mutual_information_upper",
    ),
    "p-value": ("fairness.adverse_impact", _set("p_value", lambda v: v * 1.5), "fairness.adverse_impact: p_value"),
    "verdict": (
        "fairness.adverse_impact",
        _set("verdict", "not below four-fifths", "verdict", "below four-fifths and significant"),
        "fairness.adverse_impact: verdict",
    ),
    "approved": (
        "fairness.adverse_impact",
        _set("approved", lambda v: v + 1, "group", "f"),
        "fairness.adverse_impact: approved",
    ),
    "reference": (
        "fairness.adverse_impact",
        _set("reference_group", lambda v: "f" if v == "m" else "m", "attribute", "SEX"),
        "fairness.adverse_impact: approval rate of the reference group",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_changed_is_found(package: Path, tmp_path: Path, name: str) -> None:
    identifier, change, test = CHANGES[name]
    copy = Path(shutil.copytree(package, tmp_path / "p", ignore=shutil.ignore_patterns("validation", "exports")))
    builders.change_json(copy, f"evidence/{identifier}.json", change)
    found = [one["test"] for one in validate(read_package(copy)).findings["findings"]]
    assert any(one.startswith(test) for one in found), found


def test_one_group_of_each_kind_by_hand(package: Path) -> None:
    snapshot = pd.read_parquet(package / "data" / "snapshot.parquet")
    scores = pd.read_parquet(package / "predictions" / "development.parquet")
    rows = scores.merge(snapshot, on="_key")
    approved = rows["score"] >= 500
    told = frame(package, "fairness.adverse_impact").query("attribute == 'SEX' and sample == 'development'")
    rates = approved.groupby(rows["SEX"]).mean()
    by_group = told.set_index("group")
    assert by_group.loc["f", "approval_rate"] == pytest.approx(rates["f"])
    assert by_group.loc["f", "adverse_impact_ratio"] == pytest.approx(rates["f"] / rates["m"])
    assert set(told["reference_group"]) == {"m"}
