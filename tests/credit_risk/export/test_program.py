"""The program of a model gives what the model gives: every step type, every operation of expressions."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from credit_risk.export.program import Let, Program, Rank, TreeSum, program_of
from credit_risk.export.program.terms import OPERATIONS, operations
from credit_risk.package import read_package
from credit_risk.scoring import compile_model
from tests.contract import expression_strategies as made
from tests.contract.test_expressions import ERROR, INPUTS, by_scoring, frames
from tests.credit_risk.export.interpreter import FAILED, published, run_program
from tests.credit_risk.scoring.strategies import rows as drawn_rows
from tests.credit_risk.scoring.strategies import scorecards
from tests.credit_risk.scoring.test_model import table

CORPUS = Path(__file__).parents[3] / "scorecards/format/corpus/valid"
PACKAGES = sorted(folder.name for folder in CORPUS.iterdir())
HASH = "0123456789abcdef" * 4


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{k: None if v is None or v != v else v for k, v in row.items()} for row in frame.to_dict("records")]


def assert_same(program: Program, model: dict[str, Any], frame: pd.DataFrame, attributed: bool = False) -> None:
    """Published results of the program are those of scoring: numbers to 1e-15, texts and flags alike."""
    compiled = compile_model(model)
    failed = compiled.rows_in_error(frame)
    good = frame[~failed].reset_index(drop=True)
    expected = records(compiled.score(good))
    for row, want in zip(records(good), expected, strict=True):
        found = published(program, row)
        assert found.pop("in_error") is False
        assert list(found) == list(want)
        for name, value in want.items():
            if attributed and name.startswith("reason_"):
                continue
            if isinstance(value, float):
                assert math.isclose(found[name], value, rel_tol=1e-14, abs_tol=1e-15), (name, row)
            else:
                assert found[name] == value, (name, row)
    for row in records(frame[failed]):
        assert published(program, row)["in_error"] is True


@pytest.mark.parametrize("name", PACKAGES)
def test_program_gives_what_the_package_gives(name: str) -> None:
    package = read_package(CORPUS / name)
    models = [package.model, *package.challengers.values()] if hasattr(package, "challengers") else [package.model]
    for model in models:
        program = program_of(model, HASH)
        cases = package.verification()
        frame = pd.DataFrame({item["name"]: cases[f"in:{item['name']}"] for item in model["inputs"]})
        assert_same(program, model, frame, attributed=any(s["type"] == "attribution" for s in model["steps"]))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_program_of_any_scorecard(data: st.DataObject) -> None:
    model = data.draw(scorecards())
    frame = table(model, data.draw(drawn_rows(model)))
    assert_same(program_of(model, HASH), model, frame)


def _derived(expression: dict[str, Any], kind: str) -> dict[str, Any]:
    """A model that publishes an expression: as its linear score, or through a number that tells its value."""
    head = {"id": "m", "name": "M", "version": "1", "type": "scorecard"}
    derive = {"id": "d", "type": "derive", "output": "d", "value_type": kind, "expression": expression}
    return {
        "model": head,
        "outcome": {"type": "binary", "event": "bad", "probability_name": "PD"},
        "inputs": INPUTS,
        "steps": [{**derive, "description": ""}],
        "outputs": {"linear_score": "d"},
    }


@pytest.mark.parametrize("kind", ["number", "string", "flag"])
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_expression_is_lowered(kind: str, data: st.DataObject) -> None:
    expression, rows = data.draw(made.typed(kind, 2)), data.draw(frames)
    program = program_of(_derived(expression, kind), HASH)
    note(repr(program.statements))
    expected = by_scoring(expression, rows)
    for row, want in zip(rows, expected, strict=True):
        values = run_program(program, row)
        found = values[program.published[0].name]
        assert values[program.published[1].name] is (want is ERROR)
        if want is ERROR or want is None:
            assert found is (FAILED if want is ERROR else None)
        elif kind == "number":
            value = float.fromhex(want)
            assert math.isclose(found, value, rel_tol=1e-14, abs_tol=0.0), (found, value)
        else:
            assert found == want
        assert (found is None) <= (program.published[0].name in program.absent)
        assert (found is FAILED) <= (program.published[0].name in program.failed)


def test_operations_of_terms_are_those_that_are_declared() -> None:
    """Every operation that lowering makes of the corpus is declared with its kind."""
    seen: set[str] = set()
    for name in PACKAGES:
        for one in program_of(read_package(CORPUS / name).model, HASH).statements:
            terms = {
                Let: lambda s: (s.value, s.absent, s.failed),
                TreeSum: lambda s: (s.failed,),
                Rank: lambda s: (s.failed,),
            }.get(type(one), lambda _: ())(one)
            seen |= {op for term in terms for op in operations(term)}
    assert seen <= set(OPERATIONS)
    assert {"add", "multiply", "exponential", "less", "and", "not"} <= seen


def test_what_no_result_needs_is_left_out() -> None:
    model = read_package(CORPUS / "every_step").model
    fewer = {**model, "outputs": {"linear_score": model["outputs"]["linear_score"]}}
    assert len(program_of(fewer, HASH).statements) < len(program_of(model, HASH).statements)


def test_made_names_avoid_names_of_columns() -> None:
    expression = {"op": "add", "args": [{"op": "negate", "args": [{"ref": "d#1"}]}, {"const": 1.0}]}
    model = _derived(expression, "number")
    model = {**model, "inputs": [{"name": "d#1", "type": "number", "specials": [], "description": ""}]}
    values = run_program(program_of(model, HASH), {"d#1": 3.0})
    assert values["d"] == -2.0
    assert values["d#1"] == 3.0
