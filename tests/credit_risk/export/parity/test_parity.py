"""The parity report: rows at every threshold, every kind of difference, engines that are absent, broken or edited."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk._core.errors import PackageError, ScoringError
from credit_risk._core.export_kinds import EXPORT_KINDS
from credit_risk.export import EXPORTERS, export_package
from credit_risk.export.heading import NOT_PROVED
from credit_risk.export.parity.compare import Expected, compare, expected_results
from credit_risk.export.parity.engines import EngineError, EngineRun
from credit_risk.export.parity.external import External
from credit_risk.export.parity.report import agreement_rows
from credit_risk.export.parity.rows import near_thresholds, neighbours, threshold_rows, thresholds
from credit_risk.export.parity.run import ADAPTERS, engines_at_hand, parity_report
from credit_risk.export.program import Program, program_of
from credit_risk.lifecycle.exports import exported_files
from credit_risk.lifecycle.parity import check_parity, parity_evidence, write_parity
from credit_risk.package import read_package
from credit_risk.scoring import compile_model
from tests.credit_risk.cli.command import credit_risk

CORPUS = Path(__file__).parents[4] / "scorecards/format/corpus/valid"
JPMML = Path(__file__).parents[3] / "jpmml_command.py"
Change = Callable[[pd.DataFrame, pd.DataFrame], None]


class Echo:
    """An engine that is the package itself, with what `change` does to its results and path."""

    name, export = "echo", "pmml"

    def __init__(self, change: Change = lambda results, trace: None, told: bool = True) -> None:
        self.change, self.told = change, told
        self.files: Mapping[str, bytes] = {}

    def version(self) -> str | None:
        return "1"

    def why_not(self) -> str:
        return ""

    def run(self, program: Program, files: Mapping[str, bytes], frame: pd.DataFrame, folder: Path) -> EngineRun:
        self.files = files
        model = read_package(CORPUS / "scorecard").model
        expected = expected_results(compile_model(model), program, frame)
        results, trace = expected.results.copy(), expected.trace.copy()
        results["in_error"] = expected.refused.astype(float)
        self.change(results, trace)
        return EngineRun(results, trace if self.told else None, 0.5)


def put(name: str, value: object, *, row: int = 0) -> Change:
    def change(results: pd.DataFrame, trace: pd.DataFrame) -> None:
        where = results if name in results else trace
        where[name] = where[name].astype(object)
        where.loc[row, name] = value(where.loc[row, name]) if callable(value) else value

    return change


@pytest.fixture(scope="module")
def package() -> object:
    return read_package(CORPUS / "scorecard")


def test_an_engine_that_gives_the_same_agrees(package) -> None:
    report = parity_report(package, [Echo()])
    first = report.engines[0]
    assert (first.verdict, report.agrees) == ("agrees", True)
    verification = first.compared[0]
    assert verification.parity.rows == len(package.verification())
    assert {one.rows_per_second for one in first.compared} == {2 * sum(one.parity.rows for one in first.compared)}
    assert [row["path_differs"] for row in agreement_rows(report)] == [0] * len(first.compared)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (put("score", lambda x: x + 1e-6), "largest"),
        (put("probability", lambda x: x + 2e-12), "largest"),
        (put("linear_score", np.nan), "largest"),
        (put("reason_1", "X99"), "reasons_differ"),
        (put("reason_1", None), "reasons_differ"),
        (put("in_error", 1.0), "errors_differ"),
    ],
)
def test_every_kind_of_difference_is_found(package, change: Change, what: str) -> None:
    report = parity_report(package, [Echo(change)])
    assert report.engines[0].verdict == "differs"
    parity = report.engines[0].compared[0].parity
    found = {"largest": max(parity.largest.values()), "reasons_differ": parity.reasons_differ}
    found |= {"errors_differ": parity.errors_differ}
    assert found[what] > 0
    assert not report.agrees


def test_grades_and_decisions_are_compared_as_texts_and_flags() -> None:
    ours = pd.DataFrame({"grade": ["A", None, "B"], "decision:g": [1.0, 0.0, 1.0], "overall_decision": ["decline"] * 3})
    theirs = pd.DataFrame(
        {"grade": ["A", None, "C"], "decision:g": [1.0, 1.0, 0.0], "overall_decision": ["decline"] * 3}
    )
    expected = Expected(ours, pd.DataFrame(index=range(3)), np.zeros(3, dtype=bool), {})
    parity = compare(expected, EngineRun(theirs, None, 1.0))
    assert (parity.grades_differ, parity.decisions_differ, parity.reasons_differ) == (1, 2, None)
    same = compare(expected, EngineRun(ours, None, 1.0))
    assert same.agrees(0.0)
    with pytest.raises(PackageError):
        compare(expected, EngineRun(theirs[:2], None, 1.0))


def test_a_row_in_another_bin_is_found_although_its_score_is_the_same(package) -> None:
    name = next(iter(expected_trace(package)))
    report = parity_report(package, [Echo(put(name, lambda x: x + 1))])
    parity = report.engines[0].compared[0].parity
    assert (parity.paths, parity.path_differs) == ("told", 1)
    assert max(parity.largest.values()) == 0.0
    assert report.engines[0].verdict == "differs"


def expected_trace(package) -> pd.DataFrame:
    program = program_of(package.model, package.package_hash)
    frame = pd.DataFrame({one.name: package.verification()[f"in:{one.name}"] for one in program.inputs})
    return expected_results(compile_model(package.model), program, frame).trace


def test_a_path_that_is_not_told_is_inferred(package) -> None:
    same = parity_report(package, [Echo(told=False)]).engines[0].compared[0].parity
    assert (same.paths, same.path_differs) == ("inferred", 0)
    moved = parity_report(package, [Echo(put("linear_score", lambda x: x + 0.01), told=False)])
    assert moved.engines[0].compared[0].parity.path_differs == 1


def test_engines_that_are_absent_or_break_are_told_and_the_others_go_on(package) -> None:
    class Absent(Echo):
        name = "absent"

        def version(self) -> str | None:
            return None

        def why_not(self) -> str:
            return "nowhere is not on the PATH"

    class Broken(Echo):
        name = "broken"

        def run(self, *_: object) -> EngineRun:
            raise EngineError("line 3: cannot parse")

    report = parity_report(package, [Absent(), Broken(), Echo()])
    told = {one.target: (one.verdict, one.reason) for one in report.engines}
    assert told["absent"] == (NOT_PROVED, "nowhere is not on the PATH")
    assert told["broken"] == ("failed", "line 3: cannot parse")
    assert told["echo"][0] == "agrees"
    assert not report.agrees


def test_unknown_engines_are_refused_all_at_once() -> None:
    with pytest.raises(PackageError) as told:
        engines_at_hand(["duckbd", "pmml4s", "excel"])
    assert [fault.message for fault in told.value.faults] == ["no engine 'duckbd'", "no engine 'excel'"]


def test_the_annex_is_what_is_run_and_edited_files_are_named(package) -> None:
    made = export_package(package, ["pmml"])
    (name,) = made
    edited = {name: made[name].replace(b"</PMML>", b"<!-- --></PMML>")}
    engine = Echo()
    report = parity_report(package, [engine], exported=edited)
    assert engine.files == edited
    assert report.engines[0].altered == (name,)
    assert name in str(parity_evidence(report)[0].content["rows"])
    assert parity_report(package, [Echo()], exported=made).engines[0].altered == ()


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_neighbours_stand_on_both_sides_of_a_threshold(threshold: float) -> None:
    found = neighbours(threshold)
    assert found[0] == threshold
    assert np.isfinite(found).all()
    with np.errstate(over="ignore"):
        single = np.float32(threshold)
        beside = [
            np.nextafter(threshold, np.array([-np.inf, np.inf])),
            np.nextafter(single, np.float32([-np.inf, np.inf])),
        ]
    assert {float(x) for x in (single, *beside[0], *beside[1]) if np.isfinite(x)} <= set(found)


@pytest.mark.parametrize("name", ["scorecard", "boosting", "amount"])
def test_every_threshold_of_an_input_has_its_rows(name: str) -> None:
    package = read_package(CORPUS / name)
    program = program_of(package.model, package.package_hash)
    cases = package.verification()
    base = pd.DataFrame({one.name: cases[f"in:{one.name}"] for one in program.inputs})
    rows = threshold_rows(program, base)
    assert list(rows) == list(base)
    numeric = {one.name for one in program.inputs if one.kind == "number"}
    held = {n: t for n, t in thresholds(program).items() if n in numeric}
    assert held
    for column, numbers in held.items():
        for threshold in numbers:
            assert set(neighbours(threshold)) <= set(rows[column])


def test_thresholds_of_an_input_without_its_special_codes_are_the_inputs() -> None:
    """Trees read such inputs through a derived value, as those of every column with codes do."""
    model = dict(read_package(CORPUS / "boosting").model)
    trees = next(one for one in model["steps"] if one["type"] == "trees")
    numbers = {item["name"] for item in model["inputs"] if item["type"] == "number"}
    name = next(one for one in trees["features"] if one in numbers)
    held = thresholds(program_of(model, "0" * 64))[name]
    coded = {"op": "in", "args": [{"ref": name}, {"const": -9.0}]}
    expression = {"op": "if", "args": [coded, {"const": None}, {"ref": name}]}
    derive = {"id": "plain", "type": "derive", "output": "plain", "value_type": "number", "expression": expression}
    features = ["plain" if one == name else one for one in trees["features"]]
    told = [{**derive, "description": ""}]
    told += [{**one, "features": features} if one is trees else one for one in model["steps"]]
    program = program_of({**model, "steps": told}, "0" * 64)
    assert name not in thresholds(program)
    cases = read_package(CORPUS / "boosting").verification()
    rows = threshold_rows(program, pd.DataFrame({one.name: cases[f"in:{one.name}"] for one in program.inputs}))
    for threshold in held:
        assert set(neighbours(threshold)) <= set(rows[name])


def test_only_rows_beside_a_threshold_are_exempt(package) -> None:
    program = program_of(package.model, package.package_hash)
    name, numbers = next(iter(thresholds(program).items()))
    t = float(numbers[0])
    x = np.array([t, np.nextafter(t, np.inf), np.nextafter(t, -np.inf), t * (1 + 1e-12) + 1e-9, np.nan])
    assert near_thresholds(program, {name: x}, 1e-13).tolist() == [False, True, True, False, False]


def test_evidence_is_written_beside_the_exports(tmp_path: Path) -> None:
    folder = shutil.copytree(CORPUS / "scorecard", tmp_path / "package")
    before = exported_files(folder)
    report = parity_report(read_package(folder), [Echo()])
    written = write_parity(folder, report, lambda: datetime(2026, 11, 26, 12, tzinfo=UTC))
    assert [path.name for path in written] == ["exports.engines.json", "exports.parity.json"]
    assert exported_files(folder) == before
    read_package(folder)
    rows = json.loads((folder / "exports/evidence/exports.parity.json").read_text())["rows"]
    assert len(rows) == len(report.engines[0].compared)


@pytest.mark.java
def test_both_pmml_engines_score_as_the_package(tmp_path: Path) -> None:
    folder = shutil.copytree(CORPUS / "scorecard", tmp_path / "package")
    command = External("jpmml", "pmml", f"{sys.executable} {JPMML}")
    report = check_parity(folder, engines=["pmml4s"], external=[command])
    told = {one.target: one.verdict for one in report.engines if one.version}
    assert told == {"pmml4s": "agrees", "jpmml": "agrees"}
    reasons = [row["reasons_differ"] for row in agreement_rows(report)]
    assert reasons == [0] * len(reasons)


def test_paths_of_a_command_may_be_relative(package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.py").write_text("raise SystemExit('found')")
    monkeypatch.chdir(tmp_path)
    report = parity_report(package, [External("mine", "pmml", f"{sys.executable} mine.py")])
    assert report.engines[0].reason == "found"


def test_a_command_that_breaks_is_told(package) -> None:
    missing = External("mine", "pmml", "no-such-program --now")
    broken = External("theirs", "pmml", f"{sys.executable} -c 'raise SystemExit(\"no licence\")'")
    report = parity_report(package, [missing, broken])
    told = {one.target: (one.verdict, one.reason) for one in report.engines[:2]}
    assert told["mine"] == (NOT_PROVED, "no-such-program is not on the PATH")
    assert told["theirs"] == ("failed", "no licence")


def test_a_table_without_some_columns_is_refused_with_each_of_them(tmp_path: Path) -> None:
    folder = shutil.copytree(CORPUS / "scorecard", tmp_path / "package")
    names = [item["name"] for item in read_package(folder).model["inputs"]]
    cases = read_package(folder).verification()
    table = pd.DataFrame({"row": range(len(cases)), **{name: cases[f"in:{name}"] for name in names}})
    whole, short = tmp_path / "whole.csv", tmp_path / "short.csv"
    table.to_csv(whole, index=False)
    table.drop(columns=names[:2]).to_csv(short, index=False)
    report = check_parity(folder, engines=["sqlite"], table=whole)
    assert dict(report.populations)["rows of whole.csv"] == len(table)
    with pytest.raises(ScoringError) as told:
        check_parity(folder, engines=["sqlite"], table=short)
    messages = [str(fault) for fault in told.value.faults]
    assert len(messages) == 2
    assert all(name in message for name, message in zip(names, messages, strict=False))
    ended = credit_risk("parity", folder, "--engine", "sqlite", "--input", short)
    assert ended.status == 2
    assert all(name in ended.err for name in names[:2])
    assert not (folder / "exports/evidence").exists()


@pytest.mark.java
def test_command_line_prints_the_report_and_ends_with_its_status(tmp_path: Path) -> None:
    folder = shutil.copytree(CORPUS / "scorecard", tmp_path / "package")
    ended = credit_risk("parity", folder, "--engine", "pmml4s", "--dry")
    assert ended.status == 0
    assert "agrees" in ended.out
    assert not (folder / "exports/evidence").exists()
    broken = f"mine=pmml:{sys.executable} -c 'raise SystemExit(7)'"
    assert credit_risk("parity", folder, "--engine", "pmml4s", "--external", broken).status == 1
    assert (folder / "exports/evidence/exports.parity.json").is_file()
    assert credit_risk("parity", folder, "--external", "mine").status == 2


def test_thinned_rows_are_told(package, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules["credit_risk.export.parity.run"].MOST_ROWS, "echo", 5)
    compared = parity_report(package, [Echo()]).engines[0].compared[0]
    assert (compared.parity.rows, compared.of_rows) == (5, len(package.verification()))
    assert replace(compared.parity, rows=5) == compared.parity


def test_kinds_of_exports_and_engines_are_those_that_plans_and_reports_name() -> None:
    assert set(EXPORT_KINDS) == set(EXPORTERS)
    assert {engine.export for engine in engines_at_hand()} <= set(EXPORTERS)
    assert [engine.name for engine in engines_at_hand()] == list(ADAPTERS)
