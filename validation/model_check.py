"""What the schema cannot say about model.json (SPECIFICATION section 3): names, bins, trees, orders."""

from __future__ import annotations

import itertools
from typing import Any

from validation import bin_check, expression_types
from validation.errors import Fault

STEP_TYPES = frozenset(
    [
        "derive",
        "classing",
        "linear",
        "trees",
        "sum",
        "switch",
        "guard",
        "link",
        "calibrate",
        "scale",
        "grade",
        "reasons",
        "attribution",
    ]
)


def unknown_steps(model: Any, file: str) -> list[Fault]:
    """Return one fault for each step whose type is not known; safe on values that break the schema."""
    steps = model.get("steps") if isinstance(model, dict) else None
    faults = []
    for index, step in enumerate(steps if isinstance(steps, list) else []):
        kind = step.get("type") if isinstance(step, dict) else None
        if isinstance(kind, str) and kind not in STEP_TYPES:
            allowed = ", ".join(sorted(STEP_TYPES))
            path = f"/steps/{index}/type"
            faults.append(Fault("step_unknown", "the step type is not known", file, path, None, kind, allowed))
    return faults


def check_model(model: dict[str, Any], file: str) -> list[Fault]:
    """Return the faults of a model that keeps the schema."""
    checker = _Checker(model, file)
    checker.run()
    return checker.faults


class _Checker:
    def __init__(self, model: dict[str, Any], file: str):
        self.model = model
        self.file = file
        self.faults: list[Fault] = []
        self.names: dict[str, str] = {}
        self.bins: dict[str, int] = {}
        self.trees: dict[str, list[str]] = {}

    def run(self) -> None:
        for index, item in enumerate(self.model["inputs"]):
            self.produce(item["name"], item["type"], f"/inputs/{index}/name")
            codes = [special["code"] for special in item["specials"]]
            wanted = str if item["type"] == "string" else (int, float)
            for code in codes:
                if not isinstance(code, wanted):
                    message = f"the special code {code!r} is not of the type of the input"
                    self.report("schema", message, f"/inputs/{index}/specials")
            for code in dict.fromkeys(code for code in codes if codes.count(code) > 1):
                message = f"the special code {code!r} stands twice"
                self.report("special_repeated", message, f"/inputs/{index}/specials")
        seen: set[str] = set()
        for index, step in enumerate(self.model["steps"]):
            path = f"/steps/{index}"
            if step["id"] in seen:
                self.report("name_repeated", f"the step id {step['id']!r} stands twice", f"{path}/id")
            seen.add(step["id"])
            _STEPS[step["type"]](self, step, path)
        self.outputs()

    def report(self, code: str, message: str, path: str) -> None:
        self.faults.append(Fault(code, message, file=self.file, path=path))

    def produce(self, name: str, kind: str, path: str) -> None:
        if name in self.names:
            self.report("name_repeated", f"{name!r} is produced twice", path)
        self.names[name] = kind

    def need(self, name: str, kinds: tuple[str, ...], path: str) -> str | None:
        """Return the type of a name that was produced before, or None after a fault."""
        kind = self.names.get(name)
        if kind is None:
            self.report("name_unknown", f"{name!r} is not an input and is not produced before", path)
        elif kinds and kind not in kinds and kind != expression_types.ANY:
            self.report("schema", f"{name!r} is a {kind}, not a {' or '.join(kinds)}", path)
        return kind

    def outputs(self) -> None:
        outputs = self.model["outputs"]
        kinds = {
            "linear_score": ("number",),
            "probability": ("number",),
            "probability_with_margin": ("number",),
            "expected_value": ("number",),
            "score": ("number",),
            "grade": ("string",),
            "reasons": ("reason list",),
            "overall_decision": ("string",),
        }
        for key, allowed in kinds.items():
            if outputs.get(key) is not None:
                self.need(outputs[key], allowed, f"/outputs/{key}")
        guards = {step["output"] for step in self.model["steps"] if step["type"] == "guard"}
        for index, name in enumerate(outputs.get("decision", [])):
            kind = self.need(name, ("flag",), f"/outputs/decision/{index}")
            if kind == "flag" and name not in guards:
                self.report("schema", f"{name!r} is not the output of a guard", f"/outputs/decision/{index}")


def _derive(self: _Checker, step: dict[str, Any], path: str) -> None:
    kind = expression_types.infer(step["expression"], self.names, self.report, f"{path}/expression")
    if kind not in (expression_types.ANY, step["value_type"]):
        self.report("schema", f"the expression gives a {kind}, not a {step['value_type']}", f"{path}/value_type")
    self.produce(step["output"], step["value_type"], f"{path}/output")


def _guard(self: _Checker, step: dict[str, Any], path: str) -> None:
    kind = expression_types.infer(step["condition"], self.names, self.report, f"{path}/condition")
    if kind not in (expression_types.ANY, "flag"):
        self.report("schema", f"the condition gives a {kind}, not a flag", f"{path}/condition")
    self.produce(step["output"], "flag", f"{path}/output")


def _classing(self: _Checker, step: dict[str, Any], path: str) -> None:
    wanted = "number" if step["kind"] == "numeric" else "string"
    self.need(step["input"], (wanted,), f"{path}/input")
    self.faults.extend(bin_check.check_bins(step, self.file, path))
    self.produce(step["output_bin"], "bin", f"{path}/output_bin")
    self.produce(step["output_woe"], "number", f"{path}/output_woe")
    self.bins[step["output_bin"]] = len(step["bins"])


def _linear(self: _Checker, step: dict[str, Any], path: str) -> None:
    for index, term in enumerate(step["terms"]):
        self.need(term["input"], ("number",), f"{path}/terms/{index}/input")
    _offset(self, step, path)
    self.produce(step["output"], "number", f"{path}/output")


def _offset(self: _Checker, step: dict[str, Any], path: str) -> None:
    if step["offset"] is not None:
        self.need(step["offset"], ("number",), f"{path}/offset")


def _trees(self: _Checker, step: dict[str, Any], path: str) -> None:
    for index, name in enumerate(step["features"]):
        self.need(name, ("number", "bin", "flag"), f"{path}/features/{index}")
    _offset(self, step, path)
    for index, tree in enumerate(step["trees"]):
        reason = tree_fault(tree, len(step["features"]))
        if reason:
            self.report("tree_shape", reason, f"{path}/trees/{index}")
    self.trees[step["id"]] = step["features"]
    self.produce(step["output"], "number", f"{path}/output")


def _attribution(self: _Checker, step: dict[str, Any], path: str) -> None:
    features = self.trees.get(step["trees"])
    if features is None:
        self.report("name_unknown", f"{step['trees']!r} is no trees step before this one", f"{path}/trees")
    given = [name for item in step["characteristics"] for name in item["features"]]
    for name in dict.fromkeys(name for name in given if given.count(name) > 1):
        self.report("name_repeated", f"the feature {name!r} belongs to two characteristics", f"{path}/characteristics")
    if features is not None:
        for name in sorted(set(given) - set(features)):
            self.report("name_unknown", f"{name!r} is no feature of the trees", f"{path}/characteristics")
        if set(features) - set(given):
            left = ", ".join(sorted(set(features) - set(given)))
            self.report("attribution_shape", f"no characteristic has the features {left}", f"{path}/characteristics")
        if any(len(row) != len(features) for row in step["background"]["rows"]):
            self.report("attribution_shape", f"a row has not {len(features)} values", f"{path}/background/rows")
    if len(step["background"]["rows"]) != len(step["background"]["weights"]):
        self.report("attribution_shape", "rows and weights are not equally many", f"{path}/background/weights")
    _once(self, step, path)
    for index, item in enumerate(step["characteristics"]):
        self.produce(item["output"], "number", f"{path}/characteristics/{index}/output")


def tree_fault(tree: dict[str, list[Any]], features: int) -> str | None:
    """Say what is wrong with the arrays of one tree, or return None."""
    count = len(tree["left"])
    if any(len(column) != count for column in tree.values()):
        return "the arrays are not equally long"
    parents = [0] * count
    for node in range(count):
        left, right = tree["left"][node], tree["right"][node]
        if left == -1:
            if right != -1 or tree["feature"][node] != -1 or tree["threshold"][node] is not None:
                return f"the leaf {node} has a right child, a feature or a threshold"
            continue
        if not (node < left < count and node < right < count):
            return f"a child of node {node} does not come after it"
        if not 0 <= tree["feature"][node] < features or tree["threshold"][node] is None:
            return f"the inner node {node} has no valid feature or threshold"
        if tree["value"][node] != 0:
            return f"the inner node {node} has a value"
        parents[left] += 1
        parents[right] += 1
    if parents[0] or any(number != 1 for number in parents[1:]):
        return "a node has no parent or more than one"
    return None


def _sum(self: _Checker, step: dict[str, Any], path: str) -> None:
    for index, name in enumerate(step["inputs"]):
        self.need(name, ("number",), f"{path}/inputs/{index}")
    self.produce(step["output"], "number", f"{path}/output")


def _switch(self: _Checker, step: dict[str, Any], path: str) -> None:
    kind = self.need(step["input"], ("number", "string", "flag", "bin"), f"{path}/input")
    kinds = []
    for index, case in enumerate(step["cases"]):
        constant = expression_types.infer({"const": case["equals"]}, {}, self.report, path)
        if kind is not None and constant != ("number" if kind == "bin" else kind):
            self.report("schema", f"a {constant} is compared with a {kind}", f"{path}/cases/{index}/equals")
        kinds.append(self.need(case["value"], (), f"{path}/cases/{index}/value"))
    if step["default"] is not None:
        kinds.append(self.need(step["default"], (), f"{path}/default"))
    known = sorted({item for item in kinds if item is not None})
    if len(known) > 1:
        self.report("schema", f"the cases have different types: {', '.join(known)}", path)
    self.produce(step["output"], known[0] if known else "number", f"{path}/output")


def _link(self: _Checker, step: dict[str, Any], path: str) -> None:
    self.need(step["input"], ("number",), f"{path}/input")
    self.produce(step["output"], "number", f"{path}/output")


def _calibrate(self: _Checker, step: dict[str, Any], path: str) -> None:
    self.need(step["input"], ("number",), f"{path}/input")
    if step["method"] in ("piecewise_linear", "piecewise_constant"):
        x, y = step["x"], step["y"]
        steps = step["method"] == "piecewise_constant"
        if len(y) - len(x) != steps:
            message = "y has not one value more than x" if steps else "x and y are not equally long"
            self.report("calibration_order", message, path)
        if any(b <= a for a, b in itertools.pairwise(x)):
            self.report("calibration_order", "x does not increase strictly", f"{path}/x")
        if any(b < a for a, b in itertools.pairwise(y)):
            self.report("calibration_order", "y decreases", f"{path}/y")
    self.produce(step["output"], "number", f"{path}/output")


def _scale(self: _Checker, step: dict[str, Any], path: str) -> None:
    if step["form"] == "linear":
        self.need(step["input"], ("number",), f"{path}/input")
        self.produce(step["output"], "number", f"{path}/output")
        return
    rounded = step["rounding"] != "none"
    if rounded and float(step["base_points"]) != int(step["base_points"]):
        self.report("schema", "base_points is not integral though rounding is declared", f"{path}/base_points")
    for index, item in enumerate(step["characteristics"]):
        place = f"{path}/characteristics/{index}"
        self.need(item["input"], ("bin",), f"{place}/input")
        count = self.bins.get(item["input"], len(item["points"]))
        if count != len(item["points"]):
            message = f"{len(item['points'])} points for {count} bins"
            self.report("bin_ids", message, f"{place}/points")
        if rounded and any(float(value) != int(value) for value in item["points"]):
            self.report("schema", "points are not integral though rounding is declared", f"{place}/points")
        self.produce(item["output"], "number", f"{place}/output")
    _once(self, step, path)
    self.produce(step["output"], "number", f"{path}/output")


def _once(self: _Checker, step: dict[str, Any], path: str) -> None:
    listed = [item["characteristic"] for item in step["characteristics"]]
    for index, name in enumerate(listed):
        if name in listed[:index]:
            place = f"{path}/characteristics/{index}/characteristic"
            self.report("name_repeated", f"the characteristic {name!r} stands twice", place)


def _grade(self: _Checker, step: dict[str, Any], path: str) -> None:
    self.need(step["input"], ("number",), f"{path}/input")
    self.faults.extend(bin_check.check_grades(step["grades"], self.file, f"{path}/grades"))
    self.produce(step["output"], "string", f"{path}/output")


def _reasons(self: _Checker, step: dict[str, Any], path: str) -> None:
    for index, item in enumerate(step["characteristics"]):
        self.need(item["input"], ("number",), f"{path}/characteristics/{index}/input")
    _once(self, step, path)
    listed = {item["characteristic"] for item in step["characteristics"]}
    for name in step.get("inquiries", ()):
        if name not in listed:
            self.report("name_unknown", f"{name!r} is no characteristic of the reasons", f"{path}/inquiries")
    self.produce(step["output"], "reason list", f"{path}/output")


_STEPS = {
    "derive": _derive,
    "guard": _guard,
    "classing": _classing,
    "linear": _linear,
    "trees": _trees,
    "sum": _sum,
    "switch": _switch,
    "link": _link,
    "calibrate": _calibrate,
    "scale": _scale,
    "grade": _grade,
    "reasons": _reasons,
    "attribution": _attribution,
}
