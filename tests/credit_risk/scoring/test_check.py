"""Models whose shape is right and whose content is not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from credit_risk._core.errors import PackageError
from credit_risk.scoring import compile_model
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


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda m: m.update(format_version="0.2"), "version_unknown"),
        (_set("a", "type", "neural"), "step_unknown"),
        (_set("small", "id", "a"), "name_twice"),
        (_set("small", "output", "x"), "name_twice"),
        (_set("a", "terms", 0, "input", "q3"), "name_unknown"),
        (_set("a", "terms", 0, "input", "segment"), "kind_wrong"),
        (_set("a", "offset", "segment"), "kind_wrong"),
        (_set("s", "cases", 0, "equals", 1), "kind_wrong"),
        (_set("s", "cases", 0, "value", "segment"), "kind_wrong"),
        (_set("too old", "condition", {"ref": "x"}), "kind_wrong"),
        (_set("g", "grades", 1, "lower", 0.2), "bins_overlap"),
        (_set("r", "characteristics", 0, "baseline", 3.0), "baseline_wrong"),
        (_set("q3", "x", [0.1, 0.1, 0.7]), "knots_invalid"),
        (_set("q3", "y", [0.1, 0.05, 0.7]), "knots_invalid"),
        (lambda m: m["outputs"].update(probability="grade"), "kind_wrong"),
        (lambda m: m["outputs"].update(score="nothing"), "name_unknown"),
        (_set("c", "bins", 1, "lower", 0.5), "bins_overlap"),
        (_set("c", "bins", 1, "lower", 1.5), "bins_overlap"),
        (_set("c", "bins", 1, "upper", 9.0), "bins_invalid"),
        (_set("c", "bins", 1, "id", 5), "bins_invalid"),
        (_set("c", "bins", 2, "codes", [-7, -7.0]), "bins_overlap"),
        (_set("c", "bins", 2, "codes", ["-7"]), "bins_invalid"),
        (lambda m: step(m, "c")["bins"].pop(), "bins_invalid"),
        (_set("c", "kind", "categorical"), "bins_invalid"),
        (_set("pts", "characteristics", 0, "points", [1.0]), "points_invalid"),
        (_set("pts", "characteristics", 0, "points", [1.0, 2.5, 3.0, 4.0]), "points_invalid"),
        (_set("pts", "base_points", 0.5), "points_invalid"),
        (_set("t", "trees", 0, "left", [2, -1, -1]), "tree_invalid"),
        (_set("t", "trees", 0, "left", [0, -1, -1]), "tree_invalid"),
        (_set("t", "trees", 0, "right", [3, -1, -1]), "tree_invalid"),
        (_set("t", "trees", 0, "feature", [2, -1, -1]), "tree_invalid"),
        (_set("t", "trees", 0, "value", [1.0, 0.5, 0.5]), "tree_invalid"),
        (_set("t", "trees", 0, "value", [0.0, 0.5]), "tree_invalid"),
        (_set("t", "trees", 0, "threshold", [None, None, None]), "tree_invalid"),
    ],
)
def test_faults_of_models(change: Callable[[dict[str, Any]], None], code: str) -> None:
    compile_model(numeric())
    broken = copy.deepcopy(numeric())
    change(broken)
    with pytest.raises(PackageError) as caught:
        compile_model(broken)
    assert code in {fault.code for fault in caught.value.faults}, caught.value


def test_all_faults_of_a_model_at_once() -> None:
    model = numeric()
    _set("a", "terms", 0, "input", "nothing")(model)
    _set("c", "bins", 1, "lower", 0.5)(model)
    _set("t", "trees", 1, "left", [0, -1, -1])(model)
    with pytest.raises(PackageError) as caught:
        compile_model(model)
    assert {fault.path.split("/")[2] for fault in caught.value.faults} == {"0", "1", str(len(segmented()["steps"]))}
