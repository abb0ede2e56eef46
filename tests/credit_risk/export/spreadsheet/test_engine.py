"""Workbooks recalculated by LibreOffice: every row on the package's path, numbers to 1e-12, reasons alike."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from credit_risk.export.parity.adapters.libreoffice import LibreOffice, score_many
from credit_risk.export.parity.compare import compare, expected_results
from credit_risk.export.parity.engines import EngineRun
from credit_risk.export.parity.rows import threshold_rows
from credit_risk.export.program import Program, program_of
from credit_risk.package import read_package
from credit_risk.scoring import compile_model
from tests.contract import expression_strategies as made
from tests.contract.test_expressions import ERROR, INPUTS, by_scoring, frames
from tests.contract.test_expressions import table as expression_table
from tests.credit_risk.export.sql.test_models import _probit
from tests.credit_risk.scoring.strategies import rows, scorecards
from tests.credit_risk.scoring.test_model import table

CORPUS = Path(__file__).parents[4] / "scorecards/format/corpus/valid"
HASH = "0123456789abcdef" * 4
Task = tuple[dict[str, Any], pd.DataFrame]
DRAWN = settings(deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))


def drawn(count: int, *strategies: st.SearchStrategy[Any]) -> list[tuple[Any, ...]]:
    """So many examples at once: one start of LibreOffice serves all of them."""
    found: list[tuple[Any, ...]] = []

    @settings(DRAWN, max_examples=count)
    @given(st.tuples(*strategies))
    def collect(values: tuple[Any, ...]) -> None:
        found.append(values)

    collect()
    return found


@pytest.fixture(autouse=True)
def _calc() -> None:
    engine = LibreOffice()
    if engine.version() is None:
        pytest.skip(engine.why_not())


def run(tasks: list[Task], folder: Path) -> list[tuple[Program, EngineRun]]:
    programs = [program_of(model, HASH) for model, _ in tasks]
    folder.mkdir(exist_ok=True)
    runs = score_many([(program, frame) for program, (_, frame) in zip(programs, tasks, strict=True)], folder)
    return list(zip(programs, runs, strict=True))


def assert_agrees(tasks: list[Task], folder: Path) -> None:
    """No row is exempt: comparisons of the workbook are exact in LibreOffice."""
    for (model, frame), (program, found) in zip(tasks, run(tasks, folder), strict=True):
        parity = compare(expected_results(compile_model(model), program, frame), found)
        assert parity.paths in ("told", "not told")
        assert parity.agrees(1e-12), (model["model"], parity)


def inputs_of(name: str) -> Task:
    package = read_package(CORPUS / name)
    cases = package.verification()
    return package.model, pd.DataFrame({item["name"]: cases[f"in:{item['name']}"] for item in package.model["inputs"]})


def test_corpus_on_both_sides_of_every_threshold(tmp_path: Path) -> None:
    tasks = []
    for name in sorted(folder.name for folder in CORPUS.iterdir()):
        model, frame = inputs_of(name)
        near = threshold_rows(program_of(model, HASH), frame)
        tasks.append((model, pd.concat([frame, near], ignore_index=True)))
    assert_agrees(tasks, tmp_path)


def test_any_scorecard(tmp_path: Path) -> None:
    tasks = []
    cards = scorecards().flatmap(lambda model: st.tuples(st.just(model), rows(model)))
    for ((model, records),) in drawn(25, cards):
        frame = table(model, records)
        near = threshold_rows(program_of(model, HASH), frame)
        tasks.append((model, pd.concat([frame, near.iloc[:40]], ignore_index=True) if len(near) else frame))
    assert_agrees(tasks, tmp_path)


def derived(expression: dict[str, Any], kind: str) -> dict[str, Any]:
    """A model whose linear score is an expression."""
    step = {"id": "d", "type": "derive", "output": "d", "value_type": kind, "expression": expression, "description": ""}
    return {
        "model": {"id": "m", "name": "M", "version": "1", "type": "scorecard"},
        "outcome": {"type": "binary", "event": "bad", "probability_name": "PD"},
        "inputs": INPUTS,
        "steps": [step],
        "outputs": {"linear_score": "d"},
    }


@pytest.mark.parametrize("kind", ["number", "string", "flag"])
def test_any_expression(kind: str, tmp_path: Path) -> None:
    cases = drawn(40, made.typed(kind, 2), frames)
    tasks = [(derived(expression, kind), expression_table(records)) for expression, records in cases]
    for (expression, records), (_, found) in zip(cases, run(tasks, tmp_path), strict=True):
        for k, want in enumerate(by_scoring(expression, records)):
            value, failed = found.results["linear_score"].iloc[k], found.results["in_error"].iloc[k]
            assert failed == (want is ERROR), (expression, records[k])
            if want is ERROR or want is None:
                assert value is None or value != value, (expression, records[k])
            elif kind == "number":
                assert math.isclose(value, float.fromhex(want), rel_tol=1e-13, abs_tol=1e-300), (expression, records[k])
            else:
                assert value == want, (expression, records[k])


def test_the_probit_link(tmp_path: Path) -> None:
    x = [np.nan, 0.0, 1e-300, -5.0, 5.0, *np.linspace(-9, 9, 181), 38.0, -38.0]
    assert_agrees([(_probit(1.0), pd.DataFrame({"x": x}))], tmp_path)
