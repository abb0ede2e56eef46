"""What JSON Schema cannot say of one step: the names it reads and gives, their kinds, lengths and orders."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from credit_risk.scoring.bin_checks import classing_faults, grades_faults
from credit_risk.scoring.columns import BIN, FLAG, NUMBER, REASONS, STRING
from credit_risk.scoring.expressions import ANY, expression_kind, references
from credit_risk.scoring.names import Names
from credit_risk.scoring.tree_checks import trees_faults

Step = dict[str, Any]


def check_step(names: Names, step: Step, path: str) -> None:
    """Record the faults of a step that keeps its schema in `names`, and the values that it gives.

    A type that is not known is the fault `step_unknown`.
    """
    checker = _STEPS.get(step["type"])
    if checker is None:
        names.fault("is a step type that this reader does not know", "step_unknown", f"{path}/type", step["type"])
    else:
        checker(names, step, path)


def _derive(names: Names, step: Step, path: str) -> None:
    kind = _expression(names, step["expression"], f"{path}/expression")
    if kind not in (step["value_type"], ANY):
        names.fault(f"expression gives a {kind}, not a {step['value_type']}", "schema", f"{path}/expression")
    names.produce(step["output"], step["value_type"], f"{path}/output")


def _expression(names: Names, expression: Step, path: str) -> str:
    """The kind of an expression; where it reads an unknown name, that is the only fault, and the kind is open."""
    unknown = [name for name in references(expression) if names.read(name, path) is None]
    if unknown:
        return ANY
    return expression_kind(expression, names.kinds, lambda message: names.fault(message, "schema", path))


def _guard(names: Names, step: Step, path: str) -> None:
    kind = _expression(names, step["condition"], f"{path}/condition")
    if kind not in (FLAG, ANY):
        names.fault(f"condition is a {kind}, not a flag", "schema", f"{path}/condition")
    names.produce(step["output"], FLAG, f"{path}/output")


def _classing(names: Names, step: Step, path: str) -> None:
    names.read(step["input"], f"{path}/input", NUMBER if step["kind"] == "numeric" else STRING)
    names.faults += classing_faults(step, names.file, path)
    names.produce(step["output_bin"], BIN, f"{path}/output_bin", len(step["bins"]))
    names.produce(step["output_woe"], NUMBER, f"{path}/output_woe")


def _linear(names: Names, step: Step, path: str) -> None:
    for index, term in enumerate(step["terms"]):
        names.read(term["input"], f"{path}/terms/{index}/input", NUMBER)
    _offset(names, step, path)
    names.produce(step["output"], NUMBER, f"{path}/output")


def _trees(names: Names, step: Step, path: str) -> None:
    for index, name in enumerate(step["features"]):
        names.read(name, f"{path}/features/{index}", NUMBER)
    _offset(names, step, path)
    names.faults += trees_faults(step, names.file, path)
    names.trees[step["id"]] = step["features"]
    names.produce(step["output"], NUMBER, f"{path}/output")


def _offset(names: Names, step: Step, path: str) -> None:
    if step["offset"] is not None:
        names.read(step["offset"], f"{path}/offset", NUMBER)


def _sum(names: Names, step: Step, path: str) -> None:
    for index, name in enumerate(step["inputs"]):
        names.read(name, f"{path}/inputs/{index}", NUMBER)
    names.produce(step["output"], NUMBER, f"{path}/output")


def _switch(names: Names, step: Step, path: str) -> None:
    kind = names.read(step["input"], f"{path}/input", NUMBER, STRING, FLAG, BIN)
    compared = NUMBER if kind == BIN else kind
    chosen = []
    for index, case in enumerate(step["cases"]):
        own = expression_kind({"const": case["equals"]}, {}, lambda _: None)
        if compared not in (own, None):
            message = f"is a {own}, which never equals a {kind}"
            names.fault(message, "schema", f"{path}/cases/{index}/equals", case["equals"])
        chosen.append(names.read(case["value"], f"{path}/cases/{index}/value"))
    if step["default"] is not None:
        chosen.append(names.read(step["default"], f"{path}/default"))
    known = sorted({each for each in chosen if each is not None})
    if len(known) > 1:
        names.fault("chooses among values of different kinds", "schema", f"{path}/cases", known)
    names.produce(step["output"], known[0] if known else NUMBER, f"{path}/output")


def _link(names: Names, step: Step, path: str) -> None:
    names.read(step["input"], f"{path}/input", NUMBER)
    names.produce(step["output"], NUMBER, f"{path}/output")


def _calibrate(names: Names, step: Step, path: str) -> None:
    names.read(step["input"], f"{path}/input", NUMBER)
    if step["method"] in ("piecewise_linear", "piecewise_constant"):
        x, y = step["x"], step["y"]
        constant = step["method"] == "piecewise_constant"
        if len(y) != len(x) + constant:
            message = "y is not one longer than x" if constant else "x and y are of different length"
            names.fault(message, "calibration_order", f"{path}/x", [len(x), len(y)])
        if any(b <= a for a, b in pairwise(x)):
            names.fault("x does not increase strictly", "calibration_order", f"{path}/x")
        if any(b < a for a, b in pairwise(y)):
            names.fault("y decreases", "calibration_order", f"{path}/y")
    names.produce(step["output"], NUMBER, f"{path}/output")


def _scale(names: Names, step: Step, path: str) -> None:
    if step["form"] == "linear":
        names.read(step["input"], f"{path}/input", NUMBER)
        names.produce(step["output"], NUMBER, f"{path}/output")
        return
    for index, part in enumerate(step["characteristics"]):
        place = f"{path}/characteristics/{index}"
        names.read(part["input"], f"{place}/input", BIN)
        bins = names.bins.get(part["input"])
        if bins is not None and bins != len(part["points"]):
            names.fault(f"gives {len(part['points'])} points for {bins} bins", "bin_ids", f"{place}/points")
        _rounded(names, step, part["points"], f"{place}/points")
        names.produce(part["output"], NUMBER, f"{place}/output")
    _rounded(names, step, [step["base_points"]], f"{path}/base_points")
    _repeated_characteristics(names, step, path)
    names.produce(step["output"], NUMBER, f"{path}/output")


def _rounded(names: Names, step: Step, points: list[float], path: str) -> None:
    """Points are stored rounded, so they are integral unless rounding is `none`."""
    broken = [value for value in points if step["rounding"] != "none" and not float(value).is_integer()]
    if broken:
        names.fault("points are not whole though they were rounded", "schema", path, broken[0])


def _repeated_characteristics(names: Names, step: Step, path: str) -> None:
    listed = [part["characteristic"] for part in step["characteristics"]]
    for index, name in enumerate(listed):
        if name in listed[:index]:
            place = f"{path}/characteristics/{index}/characteristic"
            names.fault("characteristic stands twice", "name_repeated", place, name)


def _grade(names: Names, step: Step, path: str) -> None:
    names.read(step["input"], f"{path}/input", NUMBER)
    names.faults += grades_faults(step, names.file, path)
    names.produce(step["output"], STRING, f"{path}/output")


def _reasons(names: Names, step: Step, path: str) -> None:
    for index, part in enumerate(step["characteristics"]):
        names.read(part["input"], f"{path}/characteristics/{index}/input", NUMBER)
    _repeated_characteristics(names, step, path)
    listed = [part["characteristic"] for part in step["characteristics"]]
    for index, name in enumerate(step.get("inquiries", ())):
        if name not in listed:
            names.fault("is no characteristic of the reasons", "name_unknown", f"{path}/inquiries/{index}", name)
    names.produce(step["output"], REASONS, f"{path}/output")


def _attribution(names: Names, step: Step, path: str) -> None:
    features = names.trees.get(step["trees"])
    if features is None:
        names.fault("names no earlier trees step", "name_unknown", f"{path}/trees", step["trees"])
    listed = [
        (name, f"{path}/characteristics/{index}/features/{place}")
        for index, part in enumerate(step["characteristics"])
        for place, name in enumerate(part["features"])
    ]
    for number, (name, place) in enumerate(listed):
        if features is not None and name not in features:
            names.fault("is no feature of the trees", "name_unknown", place, name)
        if name in [earlier for earlier, _ in listed[:number]]:
            names.fault("feature stands twice", "name_repeated", place, name)
    absent = [name for name in features or () if name not in [given for given, _ in listed]]
    if absent:
        message = "leaves out features of the trees"
        names.fault(message, "attribution_shape", f"{path}/characteristics", ", ".join(absent))
    _background(names, step["background"], None if features is None else len(features), f"{path}/background")
    _repeated_characteristics(names, step, path)
    for index, part in enumerate(step["characteristics"]):
        names.produce(part["output"], NUMBER, f"{path}/characteristics/{index}/output")


def _background(names: Names, background: Step, features: int | None, path: str) -> None:
    if len(background["rows"]) != len(background["weights"]):
        lengths = [len(background["rows"]), len(background["weights"])]
        names.fault("rows and weights are of different length", "attribution_shape", f"{path}/weights", lengths)
    for index, row in enumerate(background["rows"]):
        if features is not None and len(row) != features:
            message = f"row holds {len(row)} values for {features} features"
            names.fault(message, "attribution_shape", f"{path}/rows/{index}")


_STEPS: dict[str, Callable[[Names, Step, str], None]] = {
    "derive": _derive,
    "classing": _classing,
    "linear": _linear,
    "trees": _trees,
    "sum": _sum,
    "switch": _switch,
    "guard": _guard,
    "link": _link,
    "calibrate": _calibrate,
    "scale": _scale,
    "grade": _grade,
    "reasons": _reasons,
    "attribution": _attribution,
}
