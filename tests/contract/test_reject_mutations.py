"""Reject inference that was changed is found by the validator, which makes models, rows and tables again."""

from __future__ import annotations

import copy
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.contract.altered import cell, failures, reseal
from tests.contract.reject_mutations import COMPARISON, DIAGNOSIS, EVALUATION, KICKOUT, METHODS, MODELS, PARQUET, TABLES
from tests.credit_risk.cli.command import credit_risk
from tests.credit_risk.lifecycle.through_the_door import applicants, write
from validation import ValidationInputError, read_package
from validation.battery.reject_inference import check_reject_inference
from validation.compare import Ledger
from validation.comparisons.reject_diagnosis import compare_reject_diagnosis
from validation.comparisons.reject_inference import compare_reject_inference
from validation.comparisons.reject_methods import compare_methods
from validation.comparisons.reject_probit import compare_probit
from validation.comparisons.reject_tables import compare_reject_tables
from validation.policy import read_policy
from validation.rebuild.workspace import Workspace, open_workspace

PLAN = """\
model: {id: door}
data: {source: table.csv, key: ID, date: MONTH}
outcome:
  column: BAD
  bad: 1
  missing: exclude
  status:
    column: STATUS
    values: {booked: booked, not taken up: not_taken_up, withdrawn: withdrawn, rejected: rejected}
samples: {out_of_time: {after: "2020-09-30"}SAMPLES}
models: [{id: scorecard, type: scorecard, champion: true}]
"""
SETTINGS = {
    "reweighting": "",
    "score_bands": "",
    "extrapolation": "",
    "fuzzy_augmentation": ", prudence: 1.5, compare: [reweighting, parcelling, bivariate_probit], instrument: BRANCH, "
    "instrument_reason: applicants do not choose it",
    "parcelling": ", prudence: 1.5",
    "hard_cut_off": "",
    "bivariate_probit": ", instrument: BRANCH, instrument_reason: applicants do not choose it",
    "self_learning": "",
    "external_outcomes": ", external: {column: ELSE, bad: 1, source: Bureau, date: 2020-12-01}",
}


def package(folder: Path, method: str, weighted: bool = False, rows: int = 1200, replicates: int = 0) -> Path:
    """The package of a small plan with a method; weighted: with weights and clusters of two rows."""
    table = applicants(rows)
    if method == "external_outcomes":
        told = (table["STATUS"] == "rejected") & (np.arange(rows) % 3 > 0)
        table["ELSE"] = pd.Series(np.where(told, (np.arange(rows) % 5 < 2).astype(float), np.nan)).astype("Int64")
    samples = ""
    if weighted:
        table["W"], table["PERSON"] = np.random.default_rng(4).uniform(0.5, 2.0, rows).round(3), np.arange(rows) // 2
        samples = ", weight: W, group: PERSON"
    text = f"reject_inference: {{method: {method}, replicates: {replicates}{SETTINGS[method]}}}\n"
    if method == "self_learning":
        text += "calibration: {methods: [logistic], sample: development}\n"
    write(folder, text, table, PLAN.replace("SAMPLES", samples))
    ended = credit_risk("run", folder, "--out", folder / "out", "--no-documents", "--no-validation")
    assert ended.status == 0, ended.err
    for annex in ("exports", "documents", "validation"):
        shutil.rmtree(folder / "out" / annex, ignore_errors=True)
    return folder / "out"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package(tmp_path_factory.mktemp("door"), "fuzzy_augmentation")


@pytest.fixture(scope="module")
def space(good: Path) -> Workspace:
    found = open_workspace(read_package(good), read_policy())
    assert found is not None
    return found


def compared(space: Workspace, **changes: Any) -> set[str]:
    """Comparisons of reject inference that find a difference when parts of the package are others."""
    package = replace(space.package, **changes)
    mine = replace(space, package=package, ledger=Ledger(space.policy))
    compare_reject_tables(mine, compare_reject_inference(mine))
    return {outcome.test for outcome in mine.ledger.outcomes if outcome.outcome == "fail"}


@pytest.mark.parametrize("method", ["fuzzy_augmentation", "reweighting", "external_outcomes"])
def test_no_method_is_found_fault_with(method: str, good: Path, tmp_path: Path) -> None:
    folder = good if method == "fuzzy_augmentation" else package(tmp_path, method)
    assert failures(folder) == {}


def test_weights_and_clusters_are_found_no_fault_with(tmp_path: Path) -> None:
    assert failures(package(tmp_path, "parcelling", weighted=True)) == {}


@pytest.mark.parametrize(("identifier", "column", "row", "change", "quantity"), TABLES)
def test_every_column_is_made_again(
    space: Workspace, identifier: str, column: str, row: int, change: Any, quantity: str
) -> None:
    item = copy.deepcopy(space.package.evidence[identifier])
    cell(row, column, change)(item)
    found = compared(space, evidence={**space.package.evidence, identifier: item})
    assert f"{identifier}: {quantity}" in found


@pytest.mark.parametrize(("identifier", "column", "row", "change", "quantity"), DIAGNOSIS)
def test_the_diagnosis_is_made_again(
    space: Workspace, identifier: str, column: str, row: int, change: Any, quantity: str
) -> None:
    item = copy.deepcopy(space.package.evidence[identifier])
    cell(row, column, change)(item)
    package = replace(space.package, evidence={**space.package.evidence, identifier: item})
    mine = replace(space, package=package, ledger=Ledger(space.policy))
    compare_reject_diagnosis(mine)
    _found(mine, identifier, quantity)


@pytest.mark.parametrize(("identifier", "column", "row", "change", "quantity"), METHODS)
def test_methods_and_the_probit_are_made_again(
    space: Workspace, identifier: str, column: str, row: int, change: Any, quantity: str
) -> None:
    item = copy.deepcopy(space.package.evidence[identifier])
    cell(row, column, change)(item)
    package = replace(space.package, evidence={**space.package.evidence, identifier: item})
    mine = replace(space, package=package, ledger=Ledger(space.policy))
    if identifier in (COMPARISON, KICKOUT, EVALUATION):
        compare_methods(mine)
    else:
        compare_probit(mine)
    _found(mine, identifier, quantity)


def _found(mine: Workspace, identifier: str, quantity: str) -> None:
    assert f"{identifier}: {quantity}" in {one.test for one in mine.ledger.outcomes if one.outcome == "fail"}


@pytest.mark.parametrize(("file", "change", "test"), PARQUET)
def test_rows_and_applicants_are_made_again(space: Workspace, file: str, change: Any, test: str) -> None:
    held = space.package.reject_inference
    assert held is not None
    name = Path(file).stem
    frame = change(getattr(held, name).reset_index(drop=True)).reset_index(drop=True)
    assert test in compared(space, reject_inference=replace(held, **{name: frame}))


@pytest.mark.parametrize(("file", "change", "test"), MODELS)
def test_both_models_are_fitted_again(space: Workspace, file: str, change: Any, test: str) -> None:
    held = space.package.reject_inference
    assert held is not None
    model = copy.deepcopy(dict(getattr(held, Path(file).stem)))
    change(model)
    assert test in compared(space, reject_inference=replace(held, **{Path(file).stem: model}))


def test_an_outcome_of_a_rejected_applicant_is_found(space: Workspace) -> None:
    outcome = space.outcome.copy()
    rejected = np.equal(space.frame["_status"].to_numpy(object), "rejected").astype(bool)
    outcome[np.flatnonzero(rejected)[0]] = 1.0
    assert "reject_inference: no outcome of a rejected applicant" in compared(replace(space, outcome=outcome))


def test_a_changed_weight_is_found_in_what_was_fitted_with_it(good: Path, tmp_path: Path) -> None:
    folder, file = Path(shutil.copytree(good, tmp_path / "p")), "reject_inference/rows.parquet"
    table = pq.read_table(folder / file)
    weight = table.column("_weight").to_numpy() * np.where(table.column("_inferred").to_numpy() == 1, 1.5, 1.0)
    sink = io.BytesIO()
    pq.write_table(table.set_column(2, "_weight", pa.array(weight)), sink)
    found = failures(reseal(folder, file, sink.getvalue()))
    assert {"model.json: coefficients", "model.json: WoE of the bins", f"{file}: weights"} <= set(found)


def _written(good: Path, folder: Path, file: str, table: pa.Table) -> tuple[str, ...]:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    changed = reseal(Path(shutil.copytree(good, folder)), file, sink.getvalue())
    with pytest.raises(ValidationInputError) as caught:
        read_package(changed)
    return tuple(str(fault) for fault in caught.value.faults)


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("row", 10**6, pa.int64()),
        ("row", -1, pa.int64()),
        ("_outcome", 0.5, pa.float64()),
        ("_weight", 0.0, pa.float64()),
        ("_weight", None, pa.float64()),
        ("_weight", float("inf"), pa.float64()),
        ("_inferred", 2, pa.int64()),
        ("_inferred", 1.0, pa.float64()),
    ],
)
def test_impossible_rows_are_refused(good: Path, tmp_path: Path, name: str, value: Any, kind: Any) -> None:
    file = "reject_inference/rows.parquet"
    table = pq.read_table(good / file)
    place = table.column_names.index(name)
    values = table.column(name).to_pylist()
    table = table.set_column(place, name, pa.array([*values[:-1], value], kind, from_pandas=False))
    faults = _written(good, tmp_path / "p", file, table)
    assert any("reject_inference/rows.parquet" in fault for fault in faults)


def test_a_listed_part_of_the_files_is_refused(good: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(good, tmp_path / "p"))
    (folder / "reject_inference/applicants.parquet").unlink()
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    del manifest["files"]["reject_inference/applicants.parquet"]
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(ValidationInputError) as caught:
        read_package(folder)
    assert "file_missing" in caught.value.codes


def judged(space: Workspace, **changes: Any) -> dict[str, str]:
    """Severity by test of what the battery finds when parts of the package are others."""
    mine = replace(space, package=replace(space.package, **changes), ledger=Ledger(space.policy))
    check_reject_inference(mine)
    found = [one.finding for one in mine.ledger.outcomes if one.finding is not None]
    return {one.test.removeprefix("battery: "): one.severity for one in found}


def told(space: Workspace, **settings: Any) -> dict[str, str]:
    """The same under other settings of the plan."""
    spec = {**space.package.plan["reject_inference"], **settings}
    return judged(space, plan={**space.package.plan, "reject_inference": spec})


def test_battery_tells_what_cannot_be_defended(space: Workspace) -> None:
    good = judged(space)
    assert good["standard errors are of the whole procedure"] == "low"  # the plan asks for no replicates
    assert {name: one for name, one in good.items() if one not in ("low", "observation")} == {}
    assert told(space, method="hard_cut_off")["the method can be defended"] == "medium"
    probit = told(space, method="bivariate_probit", instrument=None)
    assert probit["the correlation has an instrument"] == "medium"
    assert told(space, method="bivariate_probit").get("the correlation has an instrument") is None


def test_battery_judges_overlap_by_its_own_measure(space: Workspace) -> None:
    held = space.package.reject_inference
    assert held is not None
    people = held.applicants
    apart = people.assign(_acceptance=np.where(people["_accepted"] == 1, people["_acceptance"], 0.001))
    found = judged(space, reject_inference=replace(held, applicants=apart))
    assert found["overlap, rejected applicants are within reach"] == "medium"
    assert found["overlap, the decision is not predicted perfectly"] == "medium"
    assert found["the method can be defended"] == "medium"
    one = held.rows["_weight"].to_numpy().copy()
    bad = np.flatnonzero((held.rows["_inferred"] == 0) & (held.rows["_outcome"] == 1.0))[0]
    one[bad] *= 1e4
    heavy = judged(space, reject_inference=replace(held, rows=held.rows.assign(_weight=one)))
    assert heavy["effective bads of the fit"] == "medium"


def test_battery_finds_supposed_outcomes_in_tables_of_performance(space: Workspace) -> None:
    name = "performance.discrimination"
    item = copy.deepcopy(space.package.evidence[name])
    cell(0, "rows", lambda v: v + 3)(item)
    found = judged(space, evidence={**space.package.evidence, name: item})
    assert found["performance is of known outcomes alone"] == "critical"
