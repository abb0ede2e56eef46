"""Probabilities that differ by segment or band score the same in both engines as in their package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from credit_risk.package import read_package
from tests.credit_risk.cli.command import done
from tests.credit_risk.export.test_pmml_scorecard import ENGINES, assert_engine_agrees
from tests.credit_risk.lifecycle.test_calibration_by import applications, planned

BANDS = "[{upper: 30, rate: 0.35}, {lower: 40, upper: 50, rate: 0.15}]"
GIVEN = f"column: AGE, source: A bureau, date: 2025-01-31, method: intercept_by_band, bands: {BANDS}"
SPECS = {
    "text": "{methods: [logistic], target: 0.2, by: {column: CHANNEL, least_bads: 8, least_goods: 8}}",
    "number": "{methods: [beta], by: {column: KIND, least_bads: 10, least_goods: 10}}",
    "band": f"{{methods: [centred_isotonic], external: {{{GIVEN}}}}}",
}


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    table = applications(600)
    table["KIND"] = [(-1, 2.5, 0, None)[k % 4] for k in range(len(table))]
    table.loc[::30, "AGE"] = -9
    found = {}
    for name, spec in SPECS.items():
        more = 'derive: {OWNER: \'if(HOUSING == "own", "owner", "other")\'}\n' if name == "derived" else ""
        text = planned(spec, more=more).replace("champion: true", "champion: true, characteristics: [INCOME, HOUSING]")
        text = text.replace("table.csv}", "table.csv, columns: {AGE: {specials: {'-9': unknown}}}}", 1)
        found[name] = done(tmp_path_factory.mktemp(name), text, table, "--no-validation")
    return found


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", SPECS)
def test_both_engines_choose_the_map_of_the_row(engine: Any, name: str, packages: dict[str, Path]) -> None:
    package = read_package(packages[name])
    assert any(step["type"] == "switch" and len(step["cases"]) > 1 for step in package.model["steps"])
    (path,) = (packages[name] / "exports").glob("*.pmml")
    rows = package.snapshot()[[item["name"] for item in package.model["inputs"]]].head(120)
    cases = [rows]
    if name == "text":
        cases.append(rows.head(2).assign(CHANNEL=["never seen", None]))
    if name == "band":
        ages = [30.0, 29.999999999999996, 40.0, 50.0, 49.99999999999999, -9.0, None]
        cases.append(rows.head(len(ages)).assign(AGE=ages))
    if name == "number":
        cases.append(rows.head(3).assign(KIND=[7.0, None, -0.0]))
    assert_engine_agrees(engine, path, package.model, pd.concat(cases, ignore_index=True))
