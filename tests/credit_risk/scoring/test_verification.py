"""Verification rows reach what they are for, and their CSV holds what the model gives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.package import verification_columns
from credit_risk.package.table_checks import verification_frame
from credit_risk.package.table_checks import verification_rows as read_rows
from credit_risk.scoring import boundary_double, compile_model
from credit_risk.scoring.verification import (
    verification_coverage,
    verification_csv,
    verification_rows,
    verification_table,
)
from tests.credit_risk.scoring import literal
from tests.credit_risk.scoring.strategies import rows, scorecards
from tests.credit_risk.scoring.test_model import CASES, close, segmented, table


@settings(max_examples=60)
@given(data=st.data())
def test_every_bin_and_boundary_of_a_scorecard_is_reached(data: st.DataObject) -> None:
    model = data.draw(scorecards())
    compiled = compile_model(model)
    cases = verification_rows(compiled, table(model, data.draw(rows(model, count=15))))
    values = compiled.values({name: cases[f"in:{name}"] for name in compiled.input_names})
    for step in (s for s in model["steps"] if s["type"] == "classing" and s["input"] in compiled.input_names):
        assert set(values[step["output_bin"]].tolist()) == {b["id"] for b in step["bins"]}
        seen = values[step["input"]].tolist()
        for edge in (b["lower"] for b in step["bins"] if b["kind"] == "interval" and b["lower"] is not None):
            assert edge in seen
            assert math.nextafter(edge, -math.inf) in seen
    coverage = verification_coverage(compiled, cases)
    derived = any(s["type"] in ("derive", "grade") for s in model["steps"])
    assert derived or (coverage["items"] == coverage["covered"]).all(), coverage


@settings(max_examples=40)
@given(data=st.data())
def test_csv_keeps_the_package_format_and_every_value(data: st.DataObject) -> None:
    model = data.draw(scorecards())
    compiled = compile_model(model)
    cases = verification_rows(compiled, table(model, data.draw(rows(model, count=8))))
    written = verification_csv(compiled, cases)
    header, lines, faults = read_rows(written, model, "verification.csv")
    if b"\r\n" not in written:
        assert faults == []
    assert header == verification_columns(model)
    back = verification_frame(header, lines, model)
    expected = verification_table(compiled, cases)
    for name in expected:
        ours, theirs = expected[name].tolist(), back[name].tolist()
        assert all(a == b or (pd.isna(a) and pd.isna(b)) for a, b in zip(ours, theirs, strict=True)), name
    for k in range(len(back)):
        row = {i["name"]: back[f"in:{i['name']}"][k] for i in model["inputs"]}
        row = {name: None if pd.isna(value) else value for name, value in row.items()}
        values = literal.run(model, row)
        assert close(back["probability"][k], values["p"])
        assert back["score"][k] == values["total"]


def test_branches_of_a_model_without_classing() -> None:
    compiled = compile_model(segmented())
    cases = verification_rows(compiled, table(segmented(), CASES))
    coverage = verification_coverage(compiled, cases).set_index("kind")
    assert coverage.loc["branch", "items"] == 2 + 2 + 2  # guard, switch, grade
    assert (coverage["items"] == coverage["covered"]).all()
    assert set(coverage.index) == {"branch", "tree threshold", "tree leaf"}
    # missing x is refused by the model and therefore no case
    assert not cases["case"].eq("missing: x").any()
    assert cases["case"].eq("missing: y").any()


def _forest(count: int) -> dict[str, Any]:
    rng = np.random.default_rng(3)
    trees = []
    for _ in range(count):
        edges = [boundary_double(np.float32(v)) for v in rng.normal(size=3)]
        trees.append(
            {
                "feature": [0, 1, 1, -1, -1, -1, -1],
                "threshold": [*edges, None, None, None, None],
                "left": [1, 3, 5, -1, -1, -1, -1],
                "right": [2, 4, 6, -1, -1, -1, -1],
                "default_left": [True, False, True, False, False, False, False],
                "value": [0.0, 0.0, 0.0, *rng.normal(size=4).tolist()],
            }
        )
    step = {
        "id": "t",
        "type": "trees",
        "features": ["a", "b"],
        "base_margin": 0.0,
        "offset": None,
        "trees": trees,
        "output": "raw",
    }
    inputs = [
        {"name": n, "type": "number", "description": "", "specials": [{"code": -9, "meaning": "none"}]} for n in "ab"
    ]
    link = {"id": "p", "type": "link", "function": "logit", "input": "raw", "output": "p"}
    outputs = {"linear_score": "raw", "probability": "p", "probability_name": "PD"}
    return {
        "format": "credit-risk-model",
        "format_version": "0.1",
        "inputs": inputs,
        "steps": [step, link],
        "outputs": outputs,
    }


def test_trees_thresholds_in_either_precision_and_every_leaf() -> None:
    development = pd.DataFrame(np.random.default_rng(4).normal(size=(4000, 2)) * 2, columns=["a", "b"])
    cases = verification_rows(_forest(10), development)
    seen = {"a": set(cases["in:a"]), "b": set(cases["in:b"])}
    for tree in _forest(10)["steps"][0]["trees"]:
        for feature, edge in zip(tree["feature"], tree["threshold"], strict=True):
            if feature >= 0:
                single = np.float32(edge)
                near = {edge, math.nextafter(edge, -math.inf), float(single)}
                near |= {float(np.nextafter(single, np.float32(d))) for d in (-np.inf, np.inf)}
                assert near <= seen["ab"[feature]]
    coverage = verification_coverage(_forest(10), cases).set_index("kind")
    assert coverage.loc["tree leaf", ["items", "covered"]].tolist() == [40, 40]
    assert coverage.loc["tree threshold", ["items", "covered"]].tolist() == [60, 60]
    assert {"missing: a", "missing: b", "special code: a = -9.0"} <= set(cases["case"])


def test_thinning_is_deterministic_and_told() -> None:
    development = pd.DataFrame(np.random.default_rng(4).normal(size=(500, 2)), columns=["a", "b"])
    cases = verification_rows(_forest(200), development, max_rows=300)
    assert len(cases) == 300
    again = verification_rows(_forest(200), development, max_rows=300)
    assert verification_csv(_forest(200), cases) == verification_csv(_forest(200), again)
    coverage = verification_coverage(_forest(200), cases).set_index("kind")
    assert coverage.loc["tree threshold", "covered"] < coverage.loc["tree threshold", "items"] == 1200
    assert coverage["cases"].sum() <= 300
