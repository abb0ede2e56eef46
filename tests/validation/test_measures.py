"""Packages of amounts and fractions that were changed, with their hashes made right again, are found out."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from toy_package import builders

from tests.credit_risk.cli.command import done, evidence
from validation import ValidationRun, read_package, validate

Change = Callable[[Path], None]
PLAN = """
model: {{id: m, purpose: {{text: t, author: a, date: 2026-11-20}}}}
data: {{source: table.csv, columns: {{A: {{type: numeric, expected_trend: ascending}}}}}}
outcome: {{type: {type}, column: Y{exposure}}}
models: [{{id: one, type: glm, champion: true, {family}{raw}}}]
evaluation: {{replicates: 20, bands: 4}}
"""
FAMILIES = {
    "tweedie": ("amount", "family: tweedie, variance_power: profile"),
    "gamma": ("amount", "family: gamma"),
    "fractional": ("fraction", "family: fractional"),
    "beta": ("fraction", "family: beta"),
}


def table(family: str, rows: int = 500) -> pd.DataFrame:
    draw = np.random.default_rng(5)
    a, b, years = draw.normal(size=rows), draw.choice(["x", "y", "z"], rows), draw.uniform(0.5, 2, rows)
    eta = 0.6 * a + 0.7 * (b == "x")
    if family == "tweedie":
        count = draw.poisson(np.exp(0.5 * eta) * years)
        y = np.where(count > 0, draw.gamma(np.maximum(count, 1) * 1.5) * 10 * np.exp(0.5 * eta), 0.0)
    elif family == "gamma":
        y = draw.gamma(2.0, 50.0, rows) * np.exp(eta) * years
    else:
        mean = 1 / (1 + np.exp(1 - eta))
        y = draw.beta(3 * mean, 3 * (1 - mean))
        y = np.where(draw.random(rows) < 0.15, 0.0, y) if family == "fractional" else np.clip(y, 1e-4, 1 - 1e-4)
    return pd.DataFrame({"A": a.round(3), "B": b, "YEARS": years.round(3), "Y": y.round(5)})


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    made: dict[str, Path] = {}

    def of(family: str) -> Path:
        if family not in made:
            kind, words = FAMILIES[family]
            raw = ", raw: {B: {}}" if family == "gamma" else ""
            exposure = ", exposure: YEARS" if kind == "amount" else ""
            plan = PLAN.format(type=kind, family=words, raw=raw, exposure=exposure)
            plan = (
                plan if kind == "amount" else plan.replace("source: table.csv", "source: table.csv, forbidden: [YEARS]")
            )
            package = done(tmp_path_factory.mktemp(family), plan, table(family), "--no-validation")
            shutil.rmtree(package / "exports", ignore_errors=True)
            made[family] = package
        return made[family]

    return of


def found_in(run: ValidationRun) -> dict[str, str]:
    """Severity by test of findings that compare."""
    tests = {f["test"]: f["severity"] for f in run.findings["findings"]}
    return {test: severity for test, severity in tests.items() if not test.startswith("battery")}


def cell(name: str, wanted: dict[str, Any], column: str, change: Callable[[Any], Any]) -> Change:
    """Change the cell of the rows of evidence that have these values."""

    def apply(item: dict[str, Any]) -> None:
        names = [c["name"] for c in item["columns"]]
        rows = [row for row in item["rows"] if all(row[names.index(k)] == v for k, v in wanted.items())]
        assert rows
        for row in rows:
            row[names.index(column)] = change(row[names.index(column)])

    return lambda folder: builders.change_json(folder, f"evidence/{name}.json", apply)


def step(kind: str, change: Callable[[dict[str, Any]], None]) -> Change:
    def apply(document: dict[str, Any]) -> None:
        change(next(s for s in document["steps"] if s["type"] == kind))

    return lambda folder: builders.change_json(folder, "model.json", apply)


def predictions(column: str, change: Callable[[float], float]) -> Change:
    def apply(folder: Path) -> None:
        path = folder / "predictions/out_of_sample.parquet"
        held = pq.read_table(path)
        values = held.column(column).to_pylist()
        values[7] = change(values[7])
        place, sink = held.column_names.index(column), io.BytesIO()
        pq.write_table(held.set_column(place, column, pa.array(values, held.schema.field(column).type)), sink)
        path.write_bytes(sink.getvalue())
        builders.reseal(folder)

    return apply


def times(factor: float) -> Callable[[Any], Any]:
    return lambda value: value * factor


def _coefficient(linear: dict[str, Any]) -> None:
    linear["terms"][0]["coefficient"] *= 1 + 1e-4


def _no_offset(linear: dict[str, Any]) -> None:
    linear["offset"] = None


def _value(classing: dict[str, Any]) -> None:
    classing["bins"][1]["woe"] += 1e-6


def _link(link: dict[str, Any]) -> None:
    link["function"] = "identity"


def _edge(classing: dict[str, Any]) -> None:
    classing["bins"][0]["upper"] = classing["bins"][1]["lower"] = classing["bins"][0]["upper"] + 0.05


CHANGES = {
    "coefficient": (step("linear", _coefficient), "model.json: coefficients of one"),
    "offset left out": (step("linear", _no_offset), "predictions m development: expected_value"),
    "bin value": (step("classing", _value), "model.json: value of the bins"),
    "edge": (step("classing", _edge), "classing.means: count"),
    "prediction": (predictions("expected_value", times(1 + 1e-9)), "predictions m out_of_sample: expected_value"),
    "coefficient told": (
        cell("glm.coefficients.one", {"term": "A"}, "coefficient", times(1 + 1e-4)),
        "glm.coefficients.one: coefficient",
    ),
    "standard error told": (
        cell("glm.coefficients.one", {"term": "A"}, "standard_error", times(0.999)),
        "glm.coefficients.one: standard_error",
    ),
    "dispersion": (
        cell("glm.fit.one", {"item": "dispersion"}, "value", times(1 + 1e-4)),
        "glm.fit.one: items under dispersion",
    ),
    "variance power": (
        cell("glm.parameters.one", {"item": "variance power"}, "value", lambda text: str(float(text) + 0.01)),
        "model.json: coefficients of one",
    ),
    "profile": (
        cell("glm.variance_power.one", {"chosen": True}, "log_likelihood", lambda v: v + 0.1),
        "glm.variance_power.one: log_likelihood",
    ),
    "mean of a bin": (
        cell("classing.means.A", {"bin_id": 0}, "mean", times(1.0001)),
        "classing.means: mean",
    ),
    "mean of a sample": (
        cell("samples.measures", {"sample": "development"}, "mean", times(1.0001)),
        "samples.measures: mean",
    ),
    "level": (
        cell("performance.level", {"sample": "out_of_sample"}, "ratio", times(1.0001)),
        "performance.level: ratio",
    ),
    "deviance explained": (
        cell("performance.level", {"sample": "out_of_sample"}, "deviance_explained", lambda v: v + 0.01),
        "performance.level: deviance_explained",
    ),
    "ranking": (
        cell("performance.ranking", {"sample": "out_of_sample"}, "gini", lambda v: v + 1e-6),
        "performance.ranking: gini",
    ),
    "bound of the ranking": (
        cell("performance.ranking", {"sample": "out_of_sample"}, "gini_lower", lambda v: v + 0.5),
        "performance.ranking: bounds of the Gini indices, in widths",
    ),
    "band": (
        cell("performance.mean_bands", {"sample": "out_of_sample", "band": 2}, "observed_mean", times(1.001)),
        "performance.mean_bands: observed_mean",
    ),
    "residuals": (
        cell("glm.residual_means.one", {}, "mean_residual", lambda v: v * 0.9),
        "glm.residual_means.one: mean_residual",
    ),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_good_packages_have_no_finding(good: Callable[[str], Path], family: str) -> None:
    run = validate(read_package(good(family)))
    assert found_in(run) == {}
    assert sum(item.compared for item in run.comparisons) > 2_000
    assert [item.glm.family.name for item in run.refitted] == [family]


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_found(good: Callable[[str], Path], tmp_path: Path, name: str) -> None:
    change, test = CHANGES[name]
    folder = Path(shutil.copytree(good("tweedie"), tmp_path / "m"))
    change(folder)
    found = found_in(validate(read_package(folder)))
    assert test in found, found
    assert found[test] in ("critical", "high", "medium", "low")


@pytest.mark.parametrize("family", ["gamma", "fractional", "beta"])
def test_changes_of_the_other_families_are_found(good: Callable[[str], Path], tmp_path: Path, family: str) -> None:
    folder = Path(shutil.copytree(good(family), tmp_path / "m"))
    cell("glm.coefficients.one", {"term": "A"}, "coefficient", times(1.001))(folder)
    cell("glm.coefficients.one", {"term": "A"}, "standard_error", times(1.001))(folder)
    item = "precision" if family == "beta" else "dispersion"
    cell("glm.fit.one", {"item": item}, "value", times(1.001))(folder)
    found = found_in(validate(read_package(folder)))
    assert {"glm.coefficients.one: coefficient", "glm.coefficients.one: standard_error"} <= set(found)
    assert any(test.startswith("glm.fit.one") for test in found)


def test_a_model_of_another_link_is_found(good: Callable[[str], Path], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(good("gamma"), tmp_path / "m"))
    step("link", _link)(folder)
    found = found_in(validate(read_package(folder)))
    assert "glm.parameters.one: settings" in found
    assert found["predictions m development: expected_value"] == "critical"


def test_the_validators_glm_table_shows_both(good: Callable[[str], Path]) -> None:
    from validation.evidence import build_evidence

    package = good("fractional")
    rows = build_evidence(validate(read_package(package)))["validation.glm"]["rows"]
    told = evidence(package, "glm.coefficients.one")["rows"]
    assert [row[1] for row in rows] == [row[0] for row in told]
    for row, line in zip(rows, told, strict=True):
        assert row[2] == line[2]
        assert row[3] == pytest.approx(row[2], rel=1e-9)
    assert json.dumps(rows)


def test_exports_are_read_or_told_to_be_absent(good: Callable[[str], Path]) -> None:
    from validation.evidence import build_evidence

    package = read_package(good("fractional"))
    assert build_evidence(validate(package))["validation.exports"]["reason"] == "the package holds no export"
    run = validate(replace(package, exports={"m.pmml": b"<PMML", "m.sql": b"select 1"}))
    assert found_in(run)["m.pmml: is read"] == "critical"
    told = {one.test: one.reason for one in run.outcomes}
    assert told["m.sql"] == "the validator evaluates PMML alone"
    reason = build_evidence(run)["validation.exports"]["reason"]
    assert reason == "no export of the package could be evaluated"
