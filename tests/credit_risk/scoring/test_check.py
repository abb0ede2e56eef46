"""Models whose shape is right and whose content is not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from credit_risk._core.errors import PackageError
from credit_risk.scoring import compile_model
from credit_risk.scoring.check import model_faults
from tests.credit_risk.scoring.test_model import segmented


def numeric() -> dict[str, Any]:
    """A classing and a points scale added to the model of every step type."""
    model = segmented()
    bins = [
        {"id": 0, "kind": "interval", "lower": None, "upper": 1.0, "woe": 0.1, "label": ""},
        {"id": 1, "kind": "interval", "lower": 1.0, "upper": None, "woe": 0.2, "label": ""},
        {"id": 2, "kind": "special", "codes": [-7], "woe": 0.3, "label": ""},
        {"id": 3, "kind": "missing", "woe": 0.4, "label": ""},
    ]
    classing = {"id": "c", "type": "classing", "input": "x", "kind": "numeric", "bins": bins}
    model["steps"].append({**classing, "output_bin": "xb", "output_woe": "xw"})
    part = {"characteristic": "x", "input": "xb", "points": [1.0, 2.0, 3.0, 4.0], "output": "xp"}
    scale = {"id": "pts", "type": "scale", "form": "points", "base_points": 500.0, "rounding": "half_away_from_zero"}
    model["steps"].append({**scale, "characteristics": [part], "output": "points", "scaling": {}})
    return model


def step(model: dict[str, Any], name: str) -> dict[str, Any]:
    return next(s for s in model["steps"] if s["id"] == name)


def _set(name: str, *path: Any) -> Callable[[dict[str, Any]], None]:
    *keys, last, value = path

    def change(model: dict[str, Any]) -> None:
        target = step(model, name)
        for key in keys:
            target = target[key]
        target[last] = value

    return change


def _specials(model: dict[str, Any], *codes: Any) -> None:
    model["inputs"][0]["specials"] = [{"code": code, "meaning": "none"} for code in codes]


def _place(model: dict[str, Any], path: str | None) -> str:
    """A path with the id of the first step that has it in place of its number."""
    assert path is not None
    if not path.startswith("/steps/"):
        return path
    _, _, number, *rest = path.split("/")
    return "/".join([model["steps"][int(number)]["id"], *rest])


@pytest.mark.parametrize(
    ("change", "code", "place"),
    [
        (lambda m: m.update(format_version="0.2"), "version_unknown", "/format_version"),
        (_set("a", "type", "neural"), "step_unknown", "a/type"),
        (_set("small", "id", "a"), "name_repeated", "a/id"),
        (_set("small", "output", "x"), "name_repeated", "small/output"),
        (_set("a", "terms", 0, "input", "q3"), "name_unknown", "a/terms/0/input"),
        (_set("a", "terms", 0, "input", "segment"), "schema", "a/terms/0/input"),
        (_set("a", "offset", "segment"), "schema", "a/offset"),
        (_set("s", "cases", 0, "equals", 1), "schema", "s/cases/0/equals"),
        (_set("s", "cases", 0, "value", "segment"), "schema", "s/cases"),
        (_set("too old", "condition", {"ref": "x"}), "schema", "too old/condition"),
        (_set("g", "grades", 1, "lower", 0.2), "grades_order", "g/grades/1"),
        (_set("r", "characteristics", 0, "baseline", 3.0), "schema", "r/characteristics/0/baseline"),
        (_set("q3", "x", [0.1, 0.1, 0.7]), "calibration_order", "q3/x"),
        (_set("q3", "y", [0.1, 0.05, 0.7]), "calibration_order", "q3/y"),
        (lambda m: m["outputs"].update(probability="grade"), "schema", "/outputs/probability"),
        (lambda m: m["outputs"].update(score="nothing"), "name_unknown", "/outputs/score"),
        (_set("c", "bins", 1, "lower", 0.5), "bins_overlap", "c/bins/1"),
        (_set("c", "bins", 1, "lower", 1.5), "bins_gap", "c/bins/1"),
        (_set("c", "bins", 1, "upper", 9.0), "bins_gap", "c/bins/1"),
        (_set("c", "bins", 1, "id", 5), "bin_ids", "c/bins/1/id"),
        (_set("c", "bins", 2, "codes", [-7, -7.0]), "special_repeated", "c/bins/2/codes"),
        (_set("c", "bins", 2, "codes", ["-7"]), "schema", "c/bins/2/codes"),
        (lambda m: step(m, "c")["bins"].pop(), "missing_bin", "c/bins"),
        (_set("c", "bins", 0, "takes_missing", True), "missing_bin", "c/bins"),
        (_set("c", "bins", 1, "codes", [-7]), "special_repeated", "c/bins/2/codes"),
        (_set("c", "bins", 1, "codes", ["no"]), "schema", "c/bins/1/codes"),
        (_set("c", "kind", "categorical"), "unseen_bin", "c/bins"),
        (_set("pts", "characteristics", 0, "points", [1.0]), "bin_ids", "pts/characteristics/0/points"),
        (_set("pts", "characteristics", 0, "points", [1.0, 2.5, 3.0, 4.0]), "schema", "pts/characteristics/0/points"),
        (_set("pts", "base_points", 0.5), "schema", "pts/base_points"),
        (_set("t", "trees", 0, "left", [2, -1, -1]), "tree_shape", "t/trees/0/node 0"),
        (_set("t", "trees", 0, "left", [0, -1, -1]), "tree_shape", "t/trees/0/node 0"),
        (_set("t", "trees", 0, "right", [3, -1, -1]), "tree_shape", "t/trees/0/node 0"),
        (_set("t", "trees", 0, "feature", [2, -1, -1]), "tree_shape", "t/trees/0/node 0"),
        (_set("t", "trees", 0, "value", [1.0, 0.5, 0.5]), "tree_shape", "t/trees/0/node 0"),
        (_set("t", "trees", 0, "value", [0.0, 0.5]), "tree_shape", "t/trees/0"),
        (_set("t", "trees", 0, "threshold", [None, None, None]), "tree_shape", "t/trees/0/node 0"),
        (_set("a", "terms", 0, "input", "r"), "name_unknown", "a/terms/0/input"),
        (_set("too old", "condition", {"ref": "nothing"}), "name_unknown", "too old/condition"),
        (_set("too old", "condition", "args", [{"ref": "x"}]), "schema", "too old/condition"),
        (_set("too old", "condition", "op", "modulo"), "schema", "too old/condition"),
        (
            _set("too old", "condition", {"op": "equal", "args": [{"ref": "x"}, {"const": "a"}]}),
            "schema",
            "too old/condition",
        ),
        (
            _set("too old", "condition", {"op": "in", "args": [{"ref": "x"}, {"const": None}]}),
            "schema",
            "too old/condition",
        ),
        (
            _set("too old", "condition", {"op": "is_missing", "args": [{"ref": "why"}]}),
            "name_unknown",
            "too old/condition",
        ),
        (_set("s", "input", "r"), "name_unknown", "s/input"),
        (_set("t", "features", 0, "segment"), "schema", "t/features/0"),
        (_set("t", "trees", 0, "default_left", [True]), "tree_shape", "t/trees/0"),
        (_set("t", "trees", 0, "right", [1, -1, -1]), "tree_shape", "t/trees/0/node 0"),
        (_set("t", "trees", 0, "right", [2, 2, -1]), "tree_shape", "t/trees/0/node 1"),
        (_set("q3", "y", [0.1]), "calibration_order", "q3/x"),
        (_set("g", "grades", 0, "lower", 0.0), "grades_order", "g/grades/0"),
        (_set("g", "grades", 1, "upper", 1.0), "grades_order", "g/grades/1"),
        (_set("g", "grades", 1, "upper", 0.1), "grades_order", "g/grades/1"),
        (_set("g", "grades", 1, "grade", "A"), "grades_order", "g/grades/1/grade"),
        (_set("r", "characteristics", 1, "baseline", -0.5), "schema", "r/characteristics/1/baseline"),
        (_set("r", "rank_step", 0.25), "schema", "r/characteristics/0/baseline"),
        (_set("r", "characteristics", 1, "characteristic", "x"), "name_repeated", "r/characteristics/1/characteristic"),
        (_set("r", "characteristics", 0, "input", "grade"), "schema", "r/characteristics/0/input"),
        (lambda m: m["inputs"].append(m["inputs"][0]), "name_repeated", "/inputs/3/name"),
        (lambda m: _specials(m, -7, -7.0), "special_repeated", "/inputs/0/specials/1"),
        (lambda m: _specials(m, "-7"), "schema", "/inputs/0/specials/0"),
        (lambda m: m["outputs"].update(decision=["small"]), "schema", "/outputs/decision/0"),
        (lambda m: m["outputs"].update(reasons="grade"), "schema", "/outputs/reasons"),
        (_set("c", "bins", 0, "lower", 0.0), "bins_gap", "c/bins/0"),
        (_set("c", "bins", 1, "upper", 1.0), "bins_order", "c/bins/1"),
        (_set("c", "bins", 2, {"id": 2, "kind": "missing", "woe": 0.3, "label": ""}), "missing_bin", "c/bins"),
        (_set("c", "bins", 2, {"id": 2, "kind": "unseen", "woe": 0.3, "label": ""}), "unseen_bin", "c/bins"),
        (_set("c", "input", "segment"), "schema", "c/input"),
        (_set("pts", "characteristics", 0, "input", "xw"), "schema", "pts/characteristics/0/input"),
    ],
)
def test_faults_of_models(change: Callable[[dict[str, Any]], None], code: str, place: str) -> None:
    compile_model(numeric())
    broken = copy.deepcopy(numeric())
    change(broken)
    with pytest.raises(PackageError) as caught:
        compile_model(broken)
    assert (code, place) in {(fault.code, _place(broken, fault.path)) for fault in caught.value.faults}, caught.value


def test_all_faults_of_a_model_at_once() -> None:
    model = numeric()
    _set("a", "terms", 0, "input", "nothing")(model)
    _set("c", "bins", 1, "lower", 0.5)(model)
    _set("t", "trees", 1, "left", [0, -1, -1])(model)
    with pytest.raises(PackageError) as caught:
        compile_model(model)
    assert {fault.path.split("/")[2] for fault in caught.value.faults} == {"0", "1", str(len(segmented()["steps"]))}


CATEGORIES = [
    {"id": 0, "kind": "categories", "values": ["new", "old"], "woe": 0.1, "label": ""},
    {"id": 1, "kind": "special", "codes": ["none"], "woe": 0.2, "label": ""},
    {"id": 2, "kind": "unseen", "woe": 0.3, "label": ""},
    {"id": 3, "kind": "missing", "woe": 0.4, "label": ""},
]


@pytest.mark.parametrize(
    ("change", "code", "place"),
    [
        (_set("k", "bins", 0, "values", ["new", "new"]), "category_repeated", "k/bins/0/values"),
        (_set("k", "bins", 0, "values", ["new", "none"]), "category_repeated", "k/bins/0/values"),
        (_set("k", "bins", 1, "codes", ["a", "a"]), "special_repeated", "k/bins/1/codes"),
        (_set("k", "bins", 1, "codes", [-7]), "schema", "k/bins/1/codes"),
        (_set("k", "bins", 2, "kind", "missing"), "unseen_bin", "k/bins"),
        (_set("k", "bins", 2, "woe_of", 2), "unseen_bin", "k/bins/2/woe_of"),
        (_set("k", "bins", 2, "woe_of", 4), "unseen_bin", "k/bins/2/woe_of"),
        (_set("k", "bins", 2, "woe_of", 0), "unseen_bin", "k/bins/2/woe_of"),
        (_set("k", "bins", 0, "codes", ["old"]), "category_repeated", "k/bins/0/values"),
        (_set("k", "bins", 0, {**numeric()["steps"][-2]["bins"][0]}), "schema", "k/bins/0/kind"),
        (_set("k", "input", "x"), "schema", "k/input"),
    ],
)
def test_faults_of_categories(change: Callable[[dict[str, Any]], None], code: str, place: str) -> None:
    model = segmented()
    classing = {"id": "k", "type": "classing", "input": "segment", "kind": "categorical"}
    model["steps"].append({**classing, "bins": copy.deepcopy(CATEGORIES), "output_bin": "kb", "output_woe": "kw"})
    compile_model(model)
    change(model)
    with pytest.raises(PackageError) as caught:
        compile_model(model)
    assert (code, place) in {(fault.code, _place(model, fault.path)) for fault in caught.value.faults}, caught.value


def test_the_format_allows_two_things_that_scoring_refuses() -> None:
    model = numeric()
    _set("r", "characteristics", 0, "baseline", 3.0)(model)
    assert model_faults(model, "model.json") == []
    with pytest.raises(PackageError):
        compile_model(model)


def test_faults_name_the_file_that_they_are_in() -> None:
    model = numeric()
    _set("a", "offset", "segment")(model)
    assert {fault.file for fault in model_faults(model, "challengers/b/model.json")} == {"challengers/b/model.json"}
