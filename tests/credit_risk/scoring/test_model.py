"""Whole models, row by row, against a literal reading of SPECIFICATION section 3.2."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk._core.errors import ScoringError
from credit_risk.scoring import compile_model
from credit_risk.scoring.steps import round_half_away_from_zero
from tests.credit_risk.scoring import literal
from tests.credit_risk.scoring.strategies import rows, scorecards

SCHEMA = json.loads(Path("scorecards/format/model.schema.json").read_text("utf-8"))


def table(model: dict[str, Any], cases: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows as the frame that a user has."""
    kinds = {item["name"]: float if item["type"] == "number" else object for item in model["inputs"]}
    return pd.DataFrame({name: pd.Series([case[name] for case in cases], dtype=kind) for name, kind in kinds.items()})


def close(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, list):
        return list(ours) == theirs
    if theirs is None:
        return ours is None or math.isnan(ours)
    return ours == theirs or (isinstance(theirs, float) and math.isclose(ours, theirs, rel_tol=1e-14, abs_tol=1e-300))


def assert_same_values(model: dict[str, Any], cases: list[dict[str, Any]]) -> None:
    published = [model["outputs"][key] for key in ("linear_score", "probability", "score")]
    refused = [any(literal.run(model, case)[name] is literal.FAILED for name in published) for case in cases]
    assert compile_model(model).rows_in_error(table(model, cases)).tolist() == refused
    cases = [case for case, bad in zip(cases, refused, strict=True) if not bad]
    values = compile_model(model).values(table(model, cases))
    for k, case in enumerate(cases):
        for name, expected in literal.run(model, case).items():
            rough = name == "normal" and math.isclose(values[name][k], expected, rel_tol=1e-11)  # tails of erfc
            assert rough or close(values[name][k], expected), (name, case, values[name][k], expected)


@settings(max_examples=120)
@given(data=st.data())
def test_scorecards_score_as_the_specification_reads(data: st.DataObject) -> None:
    model = data.draw(scorecards())
    jsonschema.validate(model, SCHEMA)
    assert_same_values(model, data.draw(rows(model)))


def tree(feature: int, threshold: float, default_left: bool, low: float, high: float) -> dict[str, Any]:
    return {
        "feature": [feature, -1, -1],
        "threshold": [threshold, None, None],
        "left": [1, -1, -1],
        "right": [2, -1, -1],
        "default_left": [default_left, False, False],
        "value": [0.0, low, high],
    }


def segmented() -> dict[str, Any]:
    """Two segments, trees with an offset, a sum, every calibration and link, guards, a linear scale, grades."""

    def linear(output: str, intercept: float, *terms: tuple[str, float], offset: str | None = None) -> dict[str, Any]:
        listed = [{"input": name, "coefficient": c} for name, c in terms]
        return {
            "id": output,
            "type": "linear",
            "intercept": intercept,
            "offset": offset,
            "terms": listed,
            "output": output,
        }

    def calibrate(output: str, source: str, **fields: Any) -> dict[str, Any]:
        return {"id": output, "type": "calibrate", "input": source, "output": output, **fields}

    def link(output: str, source: str, function: str) -> dict[str, Any]:
        return {"id": output, "type": "link", "function": function, "input": source, "output": output}

    old = {"op": "greater_or_equal", "args": [{"ref": "x"}, {"const": 60}]}
    steps = [
        linear("a", -1.0, ("x", 0.01)),
        {
            "id": "t",
            "type": "trees",
            "features": ["x", "y"],
            "base_margin": -0.3,
            "offset": "a",
            "output": "b",
            "trees": [tree(0, 30.0, True, -0.5, 0.25), tree(1, 0.1, False, 0.125, -1.0)],
        },
        {
            "id": "s",
            "type": "switch",
            "input": "segment",
            "cases": [{"equals": "new", "value": "a"}, {"equals": "known", "value": "b"}],
            "default": None,
            "output": "raw",
        },
        linear("small", 0.0, ("raw", 0.1)),
        {"id": "sum", "type": "sum", "inputs": ["raw", "small", "raw"], "output": "total"},
        link("p0", "total", "logit"),
        link("rate", "small", "log"),
        link("normal", "total", "probit"),
        link("same", "total", "identity"),
        calibrate("q1", "p0", method="logistic", scale="probability", slope=1.1, intercept=-0.2),
        calibrate("l1", "total", method="logistic", scale="log_odds", slope=0.9, intercept=0.3),
        calibrate("l2", "l1", method="intercept_shift", shift=-0.7),
        calibrate("q2", "q1", method="beta", a=1.2, b=0.8, c=0.1),
        calibrate("q3", "q2", method="piecewise_linear", x=[0.1, 0.2, 0.7], y=[0.05, 0.3, 0.3]),
        calibrate("q4", "total", method="piecewise_constant", x=[-0.5, 0.0, 0.25], y=[0.05, 0.3, 0.3, 0.5]),
        {
            "id": "sc",
            "type": "scale",
            "form": "linear",
            "input": "l2",
            "factor": 28.85,
            "offset": 487.1,
            "output": "score",
            "rounding": "half_away_from_zero",
            "scaling": {},
        },
        {
            "id": "g",
            "type": "grade",
            "input": "q3",
            "output": "grade",
            "grades": [
                {"grade": "A", "lower": None, "upper": 0.1, "probability": 0.05},
                {"grade": "B", "lower": 0.1, "upper": None, "probability": None},
            ],
        },
        {
            "id": "too old",
            "type": "guard",
            "condition": old,
            "action": "refer",
            "reason_code": "AGE",
            "output": "refer",
        },
        {
            "id": "r",
            "type": "reasons",
            "method": "attribution_below_reference",
            "reference": "zero",
            "maximum": 2,
            "rank_step": 0.5,
            "output": "why",
            "characteristics": [
                {"characteristic": "x", "input": "a", "reason_code": "X", "reference_points": 0.0, "baseline": -0.5},
                {"characteristic": "y", "input": "b", "reason_code": "Y", "reference_points": 0.0, "baseline": -1.0},
            ],
        },
    ]
    inputs = [
        {"name": n, "type": t, "description": "", "specials": []}
        for n, t in (("x", "number"), ("y", "number"), ("segment", "string"))
    ]
    outputs = {"linear_score": "l2", "probability": "q3", "probability_name": "PD", "score": "score", "grade": "grade"}
    outputs |= {"reasons": "why", "decision": ["refer"]}
    return {
        "format": "credit-risk-model",
        "format_version": "0.1",
        "inputs": inputs,
        "steps": steps,
        "outputs": outputs,
    }


CASES = [
    {"x": x, "y": y, "segment": segment}
    for x in (29.999999999999996, 30.0, 60.0, -200.0, 450.0)
    for y in (None, 0.1, math.nextafter(0.1, 0), 5.0)
    for segment in ("new", "known")
]


def test_every_step_type_as_the_specification_reads() -> None:
    assert_same_values(segmented(), CASES)
    reached = {literal.run(segmented(), case)["grade"] for case in CASES}
    assert reached == {"A", "B"}


def test_published_results_and_index() -> None:
    frame = table(segmented(), CASES).set_axis([f"row {k}" for k in range(len(CASES))])
    result = compile_model(segmented()).score(frame)
    assert list(result) == ["linear_score", "probability", "score", "grade", "reason_1", "reason_2", "decision:refer"]
    assert list(result.index) == list(frame.index)
    assert result["decision:refer"].tolist() == [case["x"] >= 60 for case in CASES]
    assert result["reason_1"].map(lambda code: code is None or code in ("X", "Y")).all()


def test_a_row_scores_alone_as_in_a_batch() -> None:
    compiled, frame = compile_model(segmented()), table(segmented(), CASES)
    batch = compiled.score(frame)
    single = pd.concat([compiled.score(frame.iloc[[k]]) for k in range(len(frame))])
    pd.testing.assert_frame_equal(batch, single, check_exact=True)
    assert len(compiled.score(frame.iloc[:0])) == 0


def test_rows_that_cannot_be_scored_are_named_with_the_step() -> None:
    cases = [CASES[0], {**CASES[0], "segment": None}, {**CASES[0], "segment": "other"}, {**CASES[0], "x": None}]
    compiled, frame = compile_model(segmented()), table(segmented(), cases)
    assert compiled.rows_in_error(frame).tolist() == [False, True, True, True]
    with pytest.raises(ScoringError) as caught:
        compiled.score(frame)
    told = {fault.path: fault for fault in caught.value.faults}
    assert set(told) == {"s", "a"}
    assert told["s"].found == "rows 2, 3"
    assert told["a"].row == 4


def test_a_value_in_error_that_is_not_chosen_does_no_harm() -> None:
    model = segmented()
    model["outputs"] |= {"decision": []}
    del model["outputs"]["reasons"]
    steps = {step["id"]: step for step in model["steps"]}
    steps["t"]["offset"] = "y"  # missing y: the trees are in error, and only `known` needs them
    frame = table(model, [{"x": 1.0, "y": None, "segment": "new"}, {"x": 1.0, "y": None, "segment": "known"}])
    assert compile_model(model).rows_in_error(frame).tolist() == [False, True]


def test_overflow_is_an_error_and_names_its_step() -> None:
    with pytest.raises(ScoringError) as caught:
        compile_model(segmented()).score(table(segmented(), [{"x": 1.7e308, "y": 0.0, "segment": "known"}]))
    assert {fault.path for fault in caught.value.faults} == {"q1"}


@pytest.mark.parametrize(
    ("x", "expected"), [(0.5, 1), (-0.5, -1), (1.5, 2), (2.5, 3), (-2.5, -3), (0.4999, 0), (-0.2, 0)]
)
def test_rounding_is_half_away_from_zero(x: float, expected: float) -> None:
    result = round_half_away_from_zero(np.array([x]))[0]
    assert result == expected
    assert math.copysign(1, result) == (1 if expected >= 0 else -1)
