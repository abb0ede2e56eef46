"""Trees, switches and groups in PMML: two Java engines against the scoring authority on generated models."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from credit_risk.export import model_pmml, pmml_notes
from credit_risk.export.pmml.attribution import TooLarge, attribution_trees, most_constants_of
from credit_risk.export.pmml.chain import chain_pmml
from credit_risk.scoring import compile_model
from credit_risk.scoring.attribution import evaluate_attribution, pack_step
from credit_risk.scoring.steps import evaluate_trees
from tests import engines
from tests.credit_risk.export.engine_rows import HASH, assert_alike, neighbours, write
from tests.credit_risk.export.test_pmml_scorecard import ENGINES as JAVA
from tests.credit_risk.export.test_pmml_scorecard import PMML, simple, with_reasons, with_tail
from tests.credit_risk.export.tree_models import near_ties, tree_models
from tests.credit_risk.scoring.strategies import rows
from tests.credit_risk.scoring.test_model import table

ENGINES = [*JAVA, engines.validators_reader]
GENERATED = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def step_of(model: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(step for step in model["steps"] if step["type"] == kind)


def decided(model: dict[str, Any], frame: pd.DataFrame) -> pd.DataFrame:
    """Rows that are not in error, and whose reasons do not hang on the order of a sum."""
    compiled = compile_model(model)
    frame = frame[~compiled.rows_in_error(frame)]
    if "reasons" not in model["outputs"] or not len(frame):
        return frame
    values, items = compiled.values(frame), step_of(model, "reasons")["characteristics"]
    return frame[~near_ties(np.stack([item["baseline"] - values[item["input"]] for item in items], axis=1))]


@pytest.mark.parametrize("engine", ENGINES)
@GENERATED
@given(data=st.data())
def test_any_trees_score_the_same_in_the_engine(engine: Any, data: st.DataObject, tmp_path: Path) -> None:
    model = data.draw(tree_models())
    frame = table(model, data.draw(rows(model)))
    frame = decided(model, frame)
    if len(frame):
        cases = write(model, tmp_path / "m.pmml", frame)
        near = neighbours(model, frame, 60)
        assert_alike(
            engine, tmp_path / "m.pmml", model, decided(model, pd.concat([frame, cases, near], ignore_index=True))
        )


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(model=tree_models(), seed=st.integers(0, 2**32 - 1))
def test_trees_of_attributions_add_up_to_the_shapley_values(model: dict[str, Any], seed: int) -> None:
    if "reasons" not in model["outputs"]:
        return
    step, trees = step_of(model, "attribution"), step_of(model, "trees")
    draw = np.random.default_rng(seed)
    edges = [t for tree in trees["trees"] for t in tree["threshold"] if t is not None] or [0.0]
    pool = np.concatenate([edges, np.nextafter(edges, -np.inf), [-1e300, 1e300, np.nan]])
    matrix = draw.choice(pool, (300, len(trees["features"])))
    own = evaluate_attribution(pack_step(step, trees), matrix)
    parts = attribution_trees(step, trees)
    found = [
        part.constant + evaluate_trees({"base_margin": 0.0, "trees": part.trees}, matrix) for part in parts.values()
    ]
    np.testing.assert_allclose(np.stack(found, axis=1), own, rtol=0, atol=1e-12)


@given(model=tree_models().filter(lambda one: "reasons" in one["outputs"]))
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_reasons_that_take_too_many_constants_are_left_out_and_that_is_told(model: dict[str, Any]) -> None:
    size = most_constants_of(step_of(model, "attribution"), step_of(model, "trees"))
    parts = attribution_trees(step_of(model, "attribution"), step_of(model, "trees"), size)
    assert sum(part.constants for part in parts.values()) <= size
    document, notes = chain_pmml(model, HASH, None, size)
    assert notes == pmml_notes(document) == []
    if size == 0:
        return
    with pytest.raises(TooLarge):
        attribution_trees(step_of(model, "attribution"), step_of(model, "trees"), size - 1)
    document, notes = chain_pmml(model, HASH, None, size - 1)
    engines.pmml_schema().assertValid(etree.fromstring(document))
    assert notes == pmml_notes(document)
    assert notes[0].startswith("Written without reason codes")
    outputs = [one.get("name") for one in etree.fromstring(document).iter(f"{PMML}OutputField")]
    assert not [name for name in outputs if "reason" in name]
    assert "linear_score" in outputs or "model_linear_score" in outputs


@pytest.mark.java
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_the_engine_that_verifies_refuses_a_changed_leaf(data: st.DataObject, tmp_path: Path) -> None:
    model = data.draw(tree_models())
    frame = table(model, data.draw(rows(model)))
    frame = decided(model, frame)
    if not len(frame):
        return
    write(model, tmp_path / "m.pmml", frame)
    engines.jpmml(tmp_path / "m.pmml", engines.records(frame))
    altered = copy.deepcopy(model)
    trees = step_of(altered, "trees")
    for tree in trees["trees"]:
        moved = [v + 1e-4 * max(1.0, abs(v)) for v in tree["value"]]  # also where leaves are large beside 1e-4
        tree["value"] = [m if left < 0 else v for m, v, left in zip(moved, tree["value"], tree["left"], strict=True)]
    document = (tmp_path / "m.pmml").read_text("utf-8")
    other = chain_pmml(altered, HASH)[0].decode("utf-8")
    rows_inside = document[document.index(" <ModelVerification") : document.index("</ModelVerification>")]
    place = other.rindex("</MiningModel>")
    text = f"{other[:place].rstrip()}\n{rows_inside}</ModelVerification>\n </MiningModel>\n</PMML>\n"
    (tmp_path / "m.pmml").write_text(text, "utf-8")
    with pytest.raises(Exception, match="do not match"):
        engines.jpmml(tmp_path / "m.pmml", engines.records(frame))


def grouped() -> dict[str, Any]:
    """A scorecard whose reasons are a group of two characteristics and one by itself."""
    model = with_reasons(4.0, ("A", "B"))
    model["steps"].insert(-1, {"id": "g", "type": "sum", "inputs": ["pr", "pr2"], "output": "both"})
    model["steps"][-1]["characteristics"][0] |= {"characteristic": "both", "input": "both"}
    return model


@pytest.mark.parametrize("engine", ENGINES)
def test_groups_are_reasons_of_a_scorecard(engine: Any, tmp_path: Path) -> None:
    model, values = grouped(), (-3.0, -1.0, 0.0, 2.0, None)
    frame = table(model, [{"n1": a, "n2": b} for a in values for b in values])
    write(model, tmp_path / "m.pmml", frame)
    assert etree.parse(str(tmp_path / "m.pmml")).find(f"{PMML}Scorecard/{PMML}Characteristics") is not None
    assert compile_model(model).score(frame)["reason_2"].notna().any()
    assert_alike(engine, tmp_path / "m.pmml", model, frame)


def switched(default: str | None) -> dict[str, Any]:
    """Two linear scores, chosen by a number."""
    other = {"id": "l2", "type": "linear", "intercept": -2.5, "offset": None, "terms": [], "output": "z2"}
    cases = [{"equals": 1.0, "value": "z"}, {"equals": 2.0, "value": "z2"}]
    switch = {"id": "w", "type": "switch", "input": "n1", "cases": cases, "default": default, "output": "chosen"}
    link = {"id": "q", "type": "link", "function": "logit", "input": "chosen", "output": "q"}
    levels = {"method": "piecewise_constant", "x": [0.2], "y": [0.1, 0.4]}
    step = {"id": "k", "type": "calibrate", **levels, "input": "q", "output": "level"}
    names = [("A", None, 0.3), ("B", 0.3, None)]
    grades = [{"grade": name, "lower": low, "upper": high, "probability": None} for name, low, high in names]
    grade = {"id": "h", "type": "grade", "input": "level", "grades": grades, "output": "class"}
    results = {"linear_score": "chosen", "probability": "level", "grade": "class"}
    return with_tail(other, switch, link, step, grade, **results)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("default", [None, "z2"])
def test_a_switch_without_default_gives_missing_results_where_the_package_refuses(
    engine: Any, default: str | None, tmp_path: Path
) -> None:
    model = switched(default)
    frame = table(model, [{"n1": a, "n2": b} for a in (1.0, 2.0, 3.0, None) for b in (0.5, None)])
    wrong = compile_model(model).rows_in_error(frame)
    assert wrong.any() == (default is None)
    write(model, tmp_path / "m.pmml", frame)
    assert_alike(engine, tmp_path / "m.pmml", model, frame)
    found = engine(tmp_path / "m.pmml", engines.records(frame))
    for name in ("linear_score", "probability", "grade"):
        assert found[name].isna().tolist() == wrong.tolist()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_missing_offset_gives_missing_results(engine: Any, tmp_path: Path) -> None:
    trees = {"feature": [0, -1, -1], "threshold": [0.5, None, None], "left": [1, -1, -1], "right": [2, -1, -1]}
    tree = {**trees, "default_left": [True, False, False], "value": [0.0, -0.25, 0.75]}
    step = {"id": "t", "type": "trees", "features": ["n1"], "base_margin": 0.0, "offset": "n2", "trees": [tree]}
    model = simple()
    model["model"]["type"] = "monotone_boosting"
    model["steps"] = [
        {**step, "output": "z"},
        {"id": "p", "type": "link", "function": "logit", "input": "z", "output": "pd"},
    ]
    model["outputs"] = {"linear_score": "z", "probability": "pd", "probability_name": "PD"}
    frame = table(model, [{"n1": a, "n2": b} for a in (0.0, 1.0, None) for b in (-1.5, None)])
    write(model, tmp_path / "m.pmml", frame)
    assert_alike(engine, tmp_path / "m.pmml", model, frame)
    found = engine(tmp_path / "m.pmml", engines.records(frame))
    assert found["linear_score"].isna().tolist() == frame["n2"].isna().tolist()
    assert found["probability"].isna().tolist() == frame["n2"].isna().tolist()


def test_a_scorecard_stays_a_scorecard() -> None:
    assert b"<Scorecard" in model_pmml(simple(), HASH)
    assert b'useReasonCodes="true"' in model_pmml(with_reasons(4.0, ("A", "B")), HASH)
