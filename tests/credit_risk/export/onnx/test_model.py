"""ONNX models in onnxruntime: every row on the package's path, probabilities to 1e-12, reasons alike."""

from __future__ import annotations

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
from credit_risk.export.program import program_of
from credit_risk.package import read_package
from credit_risk.scoring import compile_model
from tests.credit_risk.scoring.strategies import rows, scorecards
from tests.credit_risk.scoring.test_model import table

CORPUS = Path(__file__).parents[4] / "scorecards/format/corpus/valid"
HASH = "0123456789abcdef" * 4


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
