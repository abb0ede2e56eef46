"""ONNX models in onnxruntime: every row on the package's path, probabilities to 1e-12, reasons alike."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path
from typing import Any

import onnx
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit_risk._core.errors import PackageError
from credit_risk.export.onnx.model import onnx_model
from credit_risk.export.parity.adapters.onnx import Onnx
from credit_risk.export.parity.compare import compare, expected_results
from credit_risk.export.parity.rows import threshold_rows
from credit_risk.export.program import Program, program_of
from credit_risk.package import read_package
from credit_risk.scoring import compile_model
from tests.contract import expression_strategies as made
from tests.contract.test_expressions import ERROR, by_scoring, frames
from tests.contract.test_expressions import table as expression_table
from tests.credit_risk.export.sql.test_models import _probit
from tests.credit_risk.export.test_program import _derived
from tests.credit_risk.scoring.strategies import rows, scorecards
from tests.credit_risk.scoring.test_model import table

CORPUS = Path(__file__).parents[4] / "scorecards/format/corpus/valid"
HASH = "0123456789abcdef" * 4
OF_DATES = {"days_between", "months_between", "year", "month"}


def assert_agrees(model: dict[str, Any], frame: pd.DataFrame) -> None:
    program = program_of(model, HASH)
    near = threshold_rows(program, frame)
    both = pd.concat([frame, near], ignore_index=True) if len(near) else frame
    found = Onnx().run(program, {"m.onnx": onnx_model(program)}, both, Path())
    parity = compare(expected_results(compile_model(model), program, both), found)
    assert parity.agrees(1e-12), parity


@pytest.mark.parametrize("name", sorted(folder.name for folder in CORPUS.iterdir()))
def test_corpus_on_both_sides_of_every_threshold(name: str) -> None:
    package = read_package(CORPUS / name)
    cases = package.verification()
    frame = pd.DataFrame({item["name"]: cases[f"in:{item['name']}"] for item in package.model["inputs"]})
    assert_agrees(package.model, frame)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_scorecard(data: st.DataObject) -> None:
    model = data.draw(scorecards())
    assert_agrees(model, table(model, data.draw(rows(model))))


def test_facts_and_bytes() -> None:
    program = program_of(read_package(CORPUS / "attributed").model, HASH)
    data = onnx_model(program)
    assert data == onnx_model(program)
    made = onnx.load_from_string(data)
    assert {one.key: one.value for one in made.metadata_props}["package_hash"] == HASH
    assert "Reasons of trees are left out" in made.doc_string
    assert not [one.name for one in made.graph.output if one.name.startswith("reason_")]


def test_dates_are_refused() -> None:
    model = read_package(CORPUS / "every_step").model
    expression = {"op": "year", "args": [{"ref": "day"}]}
    step = {"id": "y", "type": "derive", "output": "y", "value_type": "number", "description": ""}
    model = {
        **model,
        "inputs": [*model["inputs"], {"name": "day", "type": "string", "specials": [], "description": ""}],
        "steps": [{**step, "expression": expression}],
        "outputs": {"linear_score": "y"},
    }
    with pytest.raises(PackageError, match="not supported in ONNX"):
        onnx_model(program_of(model, HASH))


def test_the_probit_link_is_refused() -> None:
    """onnxruntime has the normal distribution function in single precision only."""
    with pytest.raises(PackageError, match="normal: not supported in ONNX"):
        onnx_model(program_of(_probit(1.0), HASH))


def operations_of(expression: dict[str, Any]) -> set[str]:
    inner = [one for one in expression.get("args", []) if isinstance(one, dict)]
    return {expression["op"]}.union(*map(operations_of, inner)) if "op" in expression else set()


def written(program: Program) -> bytes | None:
    """The model, None where it is refused."""
    with contextlib.suppress(PackageError):
        return onnx_model(program)
    return None


@pytest.mark.parametrize("kind", ["number", "string", "flag"])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_expression(kind: str, data: st.DataObject) -> None:
    """Values that are calculated from others, and those of dates refused by name."""
    expression, records = data.draw(made.typed(kind, 2)), data.draw(frames)
    program = program_of(_derived(expression, kind), HASH)
    model = written(program)
    if model is None:
        assert operations_of(expression) & OF_DATES
        return
    results = Onnx().run(program, {"m.onnx": model}, expression_table(records), Path()).results
    for found, failed, want in zip(
        results["linear_score"], results["in_error"], by_scoring(expression, records), strict=True
    ):
        assert (failed == 1.0) is (want is ERROR)
        if want is ERROR or want is None:
            assert found is None or found != found
        elif kind == "number":
            assert math.isclose(found, float.fromhex(want), rel_tol=1e-13, abs_tol=1e-320), (found, want)
        else:
            assert found == want
