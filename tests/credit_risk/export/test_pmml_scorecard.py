"""Scorecards in PMML: two Java engines against the scoring authority, bin by bin and boundary by boundary."""

from __future__ import annotations

import hashlib
import json
import math
from itertools import cycle, pairwise, product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from credit_risk._core.errors import PackageError
from credit_risk.export import EXPORTERS, export_package, scorecard_pmml
from credit_risk.lifecycle.develop import develop
from credit_risk.plan import read_plan
from credit_risk.scoring import compile_model
from credit_risk.scoring.columns import Run
from credit_risk.scoring.expressions import evaluate, expression_kind
from credit_risk.scoring.inputs import read_inputs
from credit_risk.scoring.verification import verification_rows, verification_table
from tests import engines
from tests.credit_risk.cli.command import PLAN, portfolio, write_plan
from tests.credit_risk.scoring.strategies import expressions, rows, scorecards
from tests.credit_risk.scoring.test_model import table

HASH = "0123456789abcdef" * 4
PMML = "{http://www.dmg.org/PMML-4_4}"
ENGINES = [pytest.param(engine, marks=pytest.mark.java) for engine in (engines.jpmml, engines.pmml4s)]
GENERATED = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def write(model: dict[str, Any], folder: Path, development: pd.DataFrame) -> Path:
    """The document with verification rows, as an engine reads it."""
    compiled = compile_model(model)
    cases = verification_table(compiled, verification_rows(compiled, development))
    path = folder / "scorecard.pmml"
    path.write_bytes(scorecard_pmml(model, HASH, cases))
    return path


def field_names(model: dict[str, Any], published: pd.DataFrame) -> dict[str, str]:
    """Our column to the output field of the document: `model_` before a name that an input has."""
    taken = {item["name"] for item in model["inputs"]}
    return {name: f"model_{name}" if name in taken else name for name in published}


def assert_engine_agrees(engine: Any, path: Path, model: dict[str, Any], frame: pd.DataFrame) -> None:
    expected = compile_model(model).score(frame)
    found = engine(path, engines.records(frame))
    for name, field in field_names(model, expected).items():
        ours, theirs = expected[name].tolist(), found[field].tolist()
        if name in ("score", "linear_score", "probability"):
            gap = max(abs(a - float(b)) for a, b in zip(ours, theirs, strict=True))
            assert gap <= 1e-9, (name, gap)
        else:
            plain = [None if pd.isna(code) else code for code in theirs]
            assert plain == ours, name


@pytest.mark.parametrize("engine", ENGINES)
@GENERATED
@given(data=st.data())
def test_any_scorecard_scores_the_same_in_the_engine(engine: Any, data: st.DataObject, tmp_path: Path) -> None:
    model = data.draw(scorecards())
    frame = table(model, data.draw(rows(model)))
    frame = frame[~compile_model(model).rows_in_error(frame)]
    if len(frame):
        path = write(model, tmp_path, frame)
        cases = verification_rows(model, frame)
        boundary = pd.DataFrame({item["name"]: cases[f"in:{item['name']}"] for item in model["inputs"]})
        assert_engine_agrees(engine, path, model, pd.concat([frame, boundary], ignore_index=True))


def classed(expression: dict[str, Any]) -> dict[str, Any]:
    """A scorecard on one derived characteristic of two numbers and two texts."""
    inputs = [("n1", "number"), ("n2", "number"), ("t1", "string"), ("t2", "string")]
    bins = [
        {"id": 0, "kind": "interval", "lower": None, "upper": 0.0, "woe": -0.5, "label": ""},
        {"id": 1, "kind": "interval", "lower": 0.0, "upper": 1.0, "woe": 0.25, "label": ""},
        {"id": 2, "kind": "interval", "lower": 1.0, "upper": None, "woe": 0.75, "label": ""},
        {"id": 3, "kind": "special", "codes": [-1.0], "woe": 1.5, "label": ""},
        {"id": 4, "kind": "missing", "woe": 0.125, "label": ""},
    ]
    steps = [
        {"id": "d", "type": "derive", "output": "ratio", "value_type": "number", "expression": expression},
        {
            "id": "c",
            "type": "classing",
            "input": "ratio",
            "kind": "numeric",
            "bins": bins,
            "output_bin": "b",
            "output_woe": "w",
        },
        {
            "id": "l",
            "type": "linear",
            "intercept": 0.5,
            "offset": None,
            "terms": [{"input": "w", "coefficient": -1.0}],
            "output": "z",
        },
        {"id": "p", "type": "link", "function": "logit", "input": "z", "output": "pd"},
        {
            "id": "s",
            "type": "scale",
            "form": "points",
            "base_points": 500.0,
            "rounding": "none",
            "output": "pts",
            "scaling": {},
            "characteristics": [
                {"characteristic": "ratio", "input": "b", "points": [1.0, 2.0, 4.0, 8.0, 16.0], "output": "pr"}
            ],
        },
    ]
    return {
        "format": "credit-risk-model",
        "format_version": "0.1",
        "model": {"id": "derived", "name": "derived", "version": "1", "type": "scorecard"},
        "inputs": [{"name": n, "type": t, "description": "", "specials": []} for n, t in inputs],
        "steps": steps,
        "outputs": {"linear_score": "z", "probability": "pd", "score": "pts", "probability_name": "PD"},
    }


@pytest.mark.parametrize("engine", ENGINES)
@GENERATED
@given(data=st.data())
def test_any_derived_characteristic_is_the_same_in_the_engine(engine: Any, data: st.DataObject, tmp_path: Path) -> None:
    model = classed(data.draw(expressions("number", 2)))
    number = st.sampled_from([None, 0.0, 1.0, -1.0, 0.5, 3.75, -20.0, 699.0])
    text = st.sampled_from([None, "a", "b", "é"])
    row = st.fixed_dictionaries({"n1": number, "n2": number, "t1": text, "t2": text})
    frame = table(model, data.draw(st.lists(row, min_size=4, max_size=8)))
    frame = frame[~compile_model(model).rows_in_error(frame)]
    if len(frame):
        assert_engine_agrees(engine, write(model, tmp_path, frame), model, frame)


MONTHS = [{"ref": name} for name in ("n1", "n2", "n3", "n4")]
OPERATIONS: list[tuple[str, list[Any]]] = [
    ("share", MONTHS[:2]),
    ("total", MONTHS),
    ("average", [*MONTHS, {"const": 2.5}]),
    ("lowest", MONTHS),
    ("highest", [{"const": 0.5}, *MONTHS]),
    ("count_present", [*MONTHS, {"ref": "t1"}]),
    ("count_at_least", [{"const": 1}, *MONTHS]),
    ("count_at_most", MONTHS),
    ("months_since", [{"const": 1}, *MONTHS]),
    ("trend", MONTHS),
    ("band", [MONTHS[0], {"const": -1}, {"const": 0}, {"const": 1.5}]),
    ("cross", [{"ref": "t1"}, {"ref": "t2"}]),
    ("cross", [{"ref": "t1"}, {"op": "band", "args": [MONTHS[0], {"const": 0}]}]),
]


def told_apart(expression: dict[str, Any], rows: list[dict[str, Any]]) -> tuple[dict[str, Any], pd.DataFrame]:
    """A scorecard whose bins hold one value of `expression` each, so that any other value scores otherwise."""
    model = classed(expression)
    model["inputs"] = [
        {"name": n, "type": "string" if n.startswith("t") else "number", "description": "", "specials": []}
        for n in rows[0]
    ]
    derive, classing, scale = model["steps"][0], model["steps"][1], model["steps"][-1]
    derive["value_type"] = expression_kind(expression, {i["name"]: i["type"] for i in model["inputs"]}, pytest.fail)
    columns = read_inputs(model["inputs"], table(model, rows))
    found = evaluate(expression, Run(len(rows), columns), "d")
    values = sorted(set(found.data[~found.missing].tolist()))
    assert len(values) > 1
    assert found.missing.any() or expression["op"] in ("count_present", "average", "highest")
    if derive["value_type"] == "number":
        margins = [abs(value) * 1e-9 + 1e-9 for value in values]
        edges = sorted({value + sign * margin for value, margin in zip(values, margins) for sign in (-1, 1)})
        ends = list(pairwise([None, *edges, None]))
        bins = [{"kind": "interval", "lower": low, "upper": high} for low, high in ends]
    else:
        classing["kind"] = "categorical"
        bins = [{"kind": "categories", "values": [value]} for value in values] + [{"kind": "unseen"}]
    bins.append({"kind": "missing"})
    classing["bins"] = [{**one, "id": k, "woe": k / 8 - 1, "label": ""} for k, one in enumerate(bins)]
    scale["characteristics"][0]["points"] = [float(k) for k in range(len(bins))]
    return model, table(model, rows)


@pytest.mark.java
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("op", "args"), OPERATIONS, ids=[f"{op} {k}" for k, (op, _) in enumerate(OPERATIONS)])
def test_operations_on_months_and_texts(op: str, args: list[Any], engine: Any, tmp_path: Path) -> None:
    months = product([None, 0.0, 1.5], [None, -2.0, 1.0], [None, 0.3, 7.0], [None, 4.0])
    texts = cycle([(None, "b"), ("a", "é"), ("a & b", "<c>"), ("a", None), ("a", "b")])
    names = ("n1", "n2", "n3", "n4", "t1", "t2")
    rows = [dict(zip(names, (*m, *t), strict=True)) for m, t in zip(months, texts, strict=False)]
    model, frame = told_apart({"op": op, "args": args}, rows)
    assert_engine_agrees(engine, write(model, tmp_path, frame), model, frame)


@settings(max_examples=40)
@given(model=scorecards())
def test_documents_are_valid_deterministic_and_plain(model: dict[str, Any]) -> None:
    pytest.importorskip("jpmml_evaluator", reason="brings the PMML schema")
    document = scorecard_pmml(model, HASH)
    assert scorecard_pmml(model, HASH) == document
    root = etree.fromstring(document)
    engines.pmml_schema().assertValid(root)
    assert not [a for e in root.iter() for a in e.attrib if a.startswith("x-")]
    assert not list(root.iter(f"{PMML}Array", f"{PMML}Discretize", f"{PMML}Timestamp"))
    assert {f.get("dataType") for f in root.iter(f"{PMML}DataField")} <= {"double", "string"}
    assert root.find(f"{PMML}Header/{PMML}Extension").get("value") == HASH
    for characteristic in root.iter(f"{PMML}Characteristic"):
        predicates = [attribute[0].tag for attribute in characteristic]
        assert predicates.count(f"{PMML}True") == 1
        assert predicates[-1] == f"{PMML}True"


def simple() -> dict[str, Any]:
    model = classed({"op": "divide", "args": [{"ref": "n1"}, {"ref": "n2"}]})
    model["inputs"] = model["inputs"][:2]
    return model


def with_tail(*tail: dict[str, Any], **outputs: str) -> dict[str, Any]:
    model = simple()
    model["steps"] += tail
    model["outputs"] |= outputs
    return model


def calibrated(**fields: Any) -> dict[str, Any]:
    step = {"id": "k", "type": "calibrate", "output": "calibrated", **fields}
    return with_tail(step, probability="calibrated")


TAILS = {
    "logistic on probability": calibrated(
        input="pd", method="logistic", scale="probability", slope=1.25, intercept=-0.3
    ),
    "beta": calibrated(input="pd", method="beta", a=1.5, b=0.5, c=-0.125),
    "isotonic": calibrated(input="pd", method="piecewise_linear", x=[0.3, 0.5, 0.6], y=[0.1, 0.1, 0.9]),
    "steps": calibrated(
        input="z", method="piecewise_constant", x=[-1.0, -0.25, 0.0, 0.5, 1.0], y=[0.01, 0.02, 0.1, 0.3, 0.3, 0.6]
    ),
    "intercept shift": with_tail(
        {"id": "k", "type": "calibrate", "input": "z", "method": "intercept_shift", "shift": -0.75, "output": "z2"},
        {"id": "q", "type": "link", "function": "logit", "input": "z2", "output": "p2"},
        linear_score="z2",
        probability="p2",
    ),
    "log odds": with_tail(
        {
            "id": "k",
            "type": "calibrate",
            "input": "z",
            "method": "logistic",
            "scale": "log_odds",
            "slope": 0.5,
            "intercept": 1,
            "output": "z2",
        },
        {"id": "q", "type": "link", "function": "log", "input": "z2", "output": "p2"},
        probability="p2",
    ),
    "probability from points": with_tail(
        {
            "id": "l2",
            "type": "linear",
            "intercept": 16.875,
            "offset": None,
            "terms": [{"input": "pts", "coefficient": -0.03}],
            "output": "z2",
        },
        {"id": "q", "type": "link", "function": "logit", "input": "z2", "output": "p2"},
        linear_score="z2",
        probability="p2",
    ),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("tail", TAILS)
def test_probability_is_carried_through_calibration(engine: Any, tail: str, tmp_path: Path) -> None:
    model = TAILS[tail]
    frame = table(model, [{"n1": a, "n2": b} for a in (-3.0, -1.0, 0.0, 0.5, 2.0, None) for b in (0.0, 1.0, None)])
    assert_engine_agrees(engine, write(model, tmp_path, frame), model, frame)


def with_reasons(reference: float, codes: tuple[str, str]) -> dict[str, Any]:
    """Two characteristics with the same bins and points: shortfalls are tied, and zero at the reference."""
    model = simple()
    steps = {step["id"]: step for step in model["steps"]}
    steps["d"]["expression"] = {"ref": "n1"}
    other = {**steps["c"], "id": "c2", "input": "n2", "output_bin": "b2", "output_woe": "w2"}
    model["steps"].insert(2, other)
    points = steps["s"]["characteristics"][0]["points"]
    part = {"characteristic": "n2", "input": "b2", "points": points, "output": "pr2"}
    steps["s"]["characteristics"].append(part)
    step = 0.5
    items = [
        {"characteristic": name, "input": name, "reason_code": code, "reference_points": reference + step * k,
         "baseline": reference + step * k - step * k}
        for k, (name, code) in enumerate(zip(("pr2", "pr"), codes, strict=True), start=1)
    ]  # fmt: skip
    head = {"id": "r", "type": "reasons", "method": "points_below_reference", "reference": "words", "maximum": 3}
    model["steps"].append({**head, "rank_step": step, "characteristics": items, "output": "why"})
    model["outputs"]["reasons"] = "why"
    return model


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("codes", [("A", "B"), ("B", "A"), ("SAME", "SAME"), ("<1> & 2", '"2"')])
@pytest.mark.parametrize("reference", [4.0, 16.0, 0.5])
def test_reasons_where_all_shortfalls_are_tied_or_zero(
    engine: Any, codes: tuple[str, str], reference: float, tmp_path: Path
) -> None:
    model = with_reasons(reference, codes)
    values = (-3.0, -1.0, 0.0, 2.0, None)
    frame = table(model, [{"n1": a, "n2": b} for a in values for b in values])
    scored = compile_model(model).score(frame)
    if reference == 16.0:
        assert scored["reason_2"].notna().any()
    assert_engine_agrees(engine, write(model, tmp_path, frame), model, frame)


REFERENCES = {
    "mean_development": "",
    "above_cut_off": ", band_width: 25",
    "baseline": ", baseline: {HOUSING: own}",
    "maximum": "",
}


@pytest.fixture(scope="module")
def developed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """model.json of one scorecard by every reference, AGE being told as an inquiry is, and its rows."""
    folder, found = tmp_path_factory.mktemp("references"), {}
    models = "models: [{id: card, type: scorecard, champion: true}]\nstrategy: {cut_off: 500}\n"
    for name, more in REFERENCES.items():
        said = f"reason_codes: {{reference: {name}{more}, maximum: 1, inquiries: [AGE]}}\n"
        plan = read_plan(write_plan(folder / name, f"{PLAN}{models}{said}", portfolio(900)))
        found[name] = develop(plan).champion.model
    return found


@pytest.mark.java
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("reference", REFERENCES)
def test_reasons_of_every_reference(
    engine: Any, reference: str, developed: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    model, frame = developed[reference], portfolio(900)
    scored = compile_model(model).score(frame)
    assert scored["reason_1"].notna().sum() > 100
    assert scored["reason_2"].notna().sum() > 20
    assert_engine_agrees(engine, write(model, tmp_path, frame), model, frame)


def test_ties_closer_than_doubles_are_refused() -> None:
    model = with_reasons(4.0, ("A", "B"))
    scale = next(step for step in model["steps"] if step["id"] == "s")
    scale["characteristics"][0]["points"] = [math.nextafter(p, 99) for p in scale["characteristics"][0]["points"]]
    scale["characteristics"][0]["points"][0] = scale["characteristics"][1]["points"][0]
    with pytest.raises(PackageError, match="too little"):
        scorecard_pmml(model, HASH)


@pytest.mark.java
def test_the_engine_that_verifies_refuses_a_changed_document(tmp_path: Path) -> None:
    model = simple()
    frame = table(model, [{"n1": 2.0, "n2": 3.0}, {"n1": -2.0, "n2": 3.0}])
    path = write(model, tmp_path, frame)
    engines.jpmml(path, engines.records(frame))
    text = path.read_text("utf-8")
    assert '<Constant dataType="double">0.25</Constant>' in text
    path.write_text(text.replace('double">0.25<', 'double">0.250001<'), "utf-8")
    with pytest.raises(Exception, match="do not match"):
        engines.jpmml(path, engines.records(frame))


def test_all_that_a_scorecard_cannot_hold_is_told_at_once() -> None:
    condition = {"op": "less", "args": [{"ref": "z"}, {"const": 0.0}]}
    guard = {
        "id": "g",
        "type": "guard",
        "condition": condition,
        "action": "refer",
        "reason_code": "G",
        "output": "refer",
    }
    model = with_tail(guard)
    model["model"]["type"] = "monotone_boosting"
    model["outputs"]["decision"] = ["refer"]
    with pytest.raises(PackageError) as caught:
        scorecard_pmml(model, HASH)
    assert [fault.path for fault in caught.value.faults] == ["/model/type", "/steps/5/condition"]
    assert all(fault.code == "export_unsupported" and fault.remedy for fault in caught.value.faults)


def test_control_characters_are_refused() -> None:
    model = simple()
    model["model"]["name"] = "bell \x07"
    with pytest.raises(PackageError, match="control character"):
        scorecard_pmml(model, HASH)


@pytest.mark.java
@pytest.mark.parametrize("engine", ENGINES)
def test_all_rows_of_the_taiwan_data(engine: Any, taiwan_package: Path) -> None:
    """30,000 rows: score, probability and reasons of the shipped scorecard, from the exported document."""
    from credit_risk.package import read_package

    package = read_package(taiwan_package)
    (path,) = (taiwan_package / "exports").glob("*.pmml")
    engines.pmml_schema().assertValid(etree.parse(str(path)))
    snapshot = package.snapshot()
    frame = snapshot[[item["name"] for item in package.model["inputs"]]]
    assert len(frame) == 30_000
    assert export_package(taiwan_package, ["pmml"]) == {path.name: path.read_bytes()}
    assert_engine_agrees(engine, path, package.model, frame)


def test_unknown_kinds_are_refused_before_the_package_is_read(tmp_path: Path) -> None:
    with pytest.raises(PackageError) as caught:
        export_package(tmp_path / "absent", ["pmml", "prolog", "excel"])
    assert [fault.message for fault in caught.value.faults] == ["no export 'prolog'", "no export 'excel'"]
    assert caught.value.faults[0].allowed == ", ".join(EXPORTERS)


def test_from_a_package_alone() -> None:
    corpus = Path("scorecards/format/corpus/valid")
    package = next(p for p in sorted(corpus.iterdir()) if _champion(p) == "scorecard")
    (document,) = export_package(package, ["pmml", "pmml"]).values()
    root = etree.fromstring(document)
    manifest_hash = hashlib.sha256((package / "manifest.json").read_bytes()).hexdigest()
    assert root.find(f"{PMML}Header/{PMML}Extension").get("value") == manifest_hash
    assert root.find(f".//{PMML}ModelVerification") is not None


def _champion(package: Path) -> str:
    return json.loads((package / "model.json").read_text("utf-8"))["model"]["type"] if package.is_dir() else ""
