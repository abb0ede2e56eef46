"""Trees with a derived feature that no tree splits on: nothing calculates it, and no printer looks for it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from credit_risk.export.code import c_source, cobol_source, java_source, sas_source
from credit_risk.export.code.blocks import forests
from credit_risk.export.program import produced, program_of
from credit_risk.package import read_package
from tests.credit_risk.export.code import cases


def with_unused_feature() -> dict[str, Any]:
    """The boosting of the corpus with one feature more, derived, never in error and never read."""
    model = copy.deepcopy(read_package(cases.CORPUS / "boosting").model)
    name = next(one["name"] for one in model["inputs"] if one["type"] == "number")
    expression = {"op": "negate", "args": [{"ref": name}]}
    derive = {"id": "unused", "type": "derive", "output": "unused", "value_type": "number", "description": ""}
    trees = next(step for step in model["steps"] if step["type"] == "trees")
    trees["features"] = [*trees["features"], "unused"]
    model["steps"].insert(0, {**derive, "expression": expression})
    return model


@pytest.mark.parametrize("source", [c_source, java_source, sas_source, cobol_source])
def test_unused_feature_is_not_looked_for(source: Any) -> None:
    program = program_of(with_unused_feature(), cases.HASH)
    assert not any("unused" in produced(one) for one in program.statements)
    forest = forests(program)[0]
    assert "unused" in forest.features
    assert "unused" not in {name for _, name in forest.used()}
    files = source(program, cases.no_cases(program))
    assert not any(b"v_unused" in data or b"V-UNUSED" in data or b"->unused" in data for data in files.values())
