"""Expressions against a literal reading of SPECIFICATION section 3.1."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk._core.errors import PackageError
from credit_risk.scoring import compile_model
from tests.credit_risk.scoring import literal
from tests.credit_risk.scoring.strategies import NUMBERS, TEXTS, expressions

ROWS = st.lists(st.fixed_dictionaries({"n1": NUMBERS, "n2": NUMBERS, "t1": TEXTS, "t2": TEXTS}), min_size=1, max_size=8)


def model_of(expression: dict[str, Any], kind: str) -> dict[str, Any]:
    inputs = [{"name": n, "type": t, "description": "", "specials": []} for n, t in
              (("n1", "number"), ("n2", "number"), ("t1", "string"), ("t2", "string"))]  # fmt: skip
    steps = [
        {"id": "d", "type": "derive", "output": "result", "value_type": kind, "expression": expression},
        {"id": "one", "type": "linear", "intercept": 0.0, "offset": None, "terms": [], "output": "zero"},
    ]
    outputs = {"linear_score": "zero", "probability": "zero", "probability_name": "probability of bad"}
    if kind == "number":
        outputs["score"] = "result"
    return {
        "format": "credit-risk-model",
        "format_version": "0.1",
        "inputs": inputs,
        "steps": steps,
        "outputs": outputs,
    }


def frame_of(rows: list[dict[str, Any]]) -> pd.DataFrame:
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    kinds = {name: float if name.startswith("n") else object for name in columns}
    return pd.DataFrame({name: pd.Series(values, dtype=kinds[name]) for name, values in columns.items()})


def same(ours: Any, theirs: Any) -> bool:
    if theirs is None or isinstance(theirs, (str, bool)):
        absent = ours is None or (isinstance(ours, float) and math.isnan(ours))
        return absent if theirs is None else ours == theirs
    return math.isclose(ours, theirs, rel_tol=1e-13, abs_tol=1e-290)


@pytest.mark.parametrize("kind", ["number", "string", "flag"])
@settings(max_examples=150)
@given(data=st.data())
def test_any_expression_as_the_specification_reads(kind: str, data: st.DataObject) -> None:
    expression, rows = data.draw(expressions(kind, 3)), data.draw(ROWS)
    compiled = compile_model(model_of(expression, kind))
    expected = [literal.run(compiled.model, row)["result"] for row in rows]
    failed = np.array([value is literal.FAILED for value in expected])
    frame = frame_of(rows)
    if kind == "number":
        assert compiled.rows_in_error(frame).tolist() == failed.tolist()
    kept = frame[~failed]
    if len(kept):
        ours = compiled.values(kept)["result"].tolist()
        theirs = [value for value in expected if value is not literal.FAILED]
        assert all(same(a, b) for a, b in zip(ours, theirs, strict=True)), (ours, theirs)


@pytest.mark.parametrize(
    ("expression", "rows", "expected"),
    [
        ({"op": "divide", "args": [{"ref": "n1"}, {"ref": "n2"}]}, [(1, 0), (1, 4), (None, 1)], [None, 0.25, None]),
        ({"op": "logarithm", "args": [{"ref": "n1"}]}, [(0, 0), (-1, 0), (math.e, 0)], [None, None, 1.0]),
        ({"op": "coalesce", "args": [{"ref": "n1"}, {"ref": "n2"}, {"const": 9}]}, [(None, 2), (None,) * 2], [2, 9]),
        # the chosen branch alone counts: exp(1000) is not finite
        (
            {"op": "if", "args": [{"op": "less", "args": [{"ref": "n1"}, {"const": 700}]},
                                  {"op": "exponential", "args": [{"ref": "n1"}]}, {"const": -1}]},
            [(0, 0), (1000, 0), (None, 0)],
            [1.0, -1.0, None],
        ),
    ],
)  # fmt: skip
def test_rules_told_in_words(expression: dict[str, Any], rows: list[tuple[Any, Any]], expected: list[Any]) -> None:
    frame = frame_of([{"n1": a, "n2": b, "t1": "a", "t2": "a"} for a, b in rows])
    result = compile_model(model_of(expression, "number")).score(frame)["score"].tolist()
    assert all(same(a, b) for a, b in zip(result, expected, strict=True)), result


@pytest.mark.parametrize(("left", "right", "both", "either"), [
    (True, None, None, True), (False, None, False, None), (None, None, None, None), (True, False, False, True),
])  # fmt: skip
def test_kleene_logic(left: bool | None, right: bool | None, both: bool | None, either: bool | None) -> None:
    frame = frame_of([{"n1": 0.0, "n2": 0.0, "t1": "a", "t2": "a"}])
    for op, expected in (("and", both), ("or", either)):
        for pair in ((left, right), (right, left)):
            expression = {"op": op, "args": [{"const": value} for value in pair]}
            assert compile_model(model_of(expression, "flag")).values(frame)["result"][0] is expected or (
                compile_model(model_of(expression, "flag")).values(frame)["result"][0] == expected
            )


@pytest.mark.parametrize(
    "expression",
    [
        {"op": "add", "args": [{"ref": "n1"}, {"ref": "t1"}]},
        {"op": "add", "args": [{"ref": "n1"}]},
        {"op": "less", "args": [{"ref": "t1"}, {"ref": "t2"}]},
        {"op": "equal", "args": [{"ref": "t1"}, {"const": 1}]},
        {"op": "equal", "args": [{"const": True}, {"const": True}]},
        {"op": "in", "args": [{"ref": "n1"}, {"ref": "n2"}]},
        {"op": "power", "args": [{"ref": "n1"}, {"ref": "n2"}]},
        {"ref": "n3"},
        {"ref": "zero"},
    ],
)
def test_expressions_that_are_refused(expression: dict[str, Any]) -> None:
    with pytest.raises(PackageError) as caught:
        compile_model(model_of(expression, "number"))
    assert any(fault.path.startswith("/steps/0") for fault in caught.value.faults)
