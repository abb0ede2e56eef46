"""What model.schema.json cannot say of a model: names in order, kinds of values, bins, trees, grades."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk.package.bin_checks import classing_faults, interval_chain_faults
from credit_risk.package.tree_checks import trees_faults

Json = dict[str, Any]
Make = Callable[..., Fault]


@dataclass
class Names:
    """Values known so far: the kind of each (number, string, bin, flag, reasons), and how many bins a bin value has."""

    file: str
    kinds: dict[str, str] = field(default_factory=dict)
    bins: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, message: str, code: str, path: str, found: Any = None) -> None:
        """Record one fault."""
        shown = None if found is None else repr(found)
        self.faults.append(Fault(message, code, self.file, path, found=shown))

    def read(self, name: str, path: str, *allowed: str) -> str | None:
        """The kind of a value that a step reads; a fault where it is unknown or of a kind that the step cannot use."""
        kind = self.kinds.get(name)
        if kind is None:
            self.fault("reads a name that no input and no earlier step gives", "name_unknown", path, name)
        elif allowed and kind not in allowed:
            self.fault(f"reads a {kind} where a {' or '.join(allowed)} is needed", "schema", path, name)
        return kind

    def produce(self, name: str, kind: str, path: str, bins: int | None = None) -> None:
        """Register a new value; a fault where the name is taken."""
        if name in self.kinds:
            self.fault("gives a name that is taken", "name_repeated", path, name)
            return
        self.kinds[name] = kind
        if bins is not None:
            self.bins[name] = bins


def model_faults(model: Json, file: str) -> list[Fault]:
    """Faults of a model that already keeps its schema."""
    names = Names(file)
    for index, declared in enumerate(model["inputs"]):
        path = f"/inputs/{index}"
        names.produce(declared["name"], declared["type"], f"{path}/name")
        _specials(names, declared, path)
    seen: set[str] = set()
    for index, step in enumerate(model["steps"]):
        path = f"/steps/{index}"
        if step["id"] in seen:
            names.fault("step id stands twice", "name_repeated", f"{path}/id", step["id"])
        seen.add(step["id"])
        _STEPS[step["type"]](names, step, path)
    _outputs(names, model)
    return names.faults


def _specials(names: Names, declared: Json, path: str) -> None:
    codes = [special["code"] for special in declared["specials"]]
    for index, code in enumerate(codes):
        if code in codes[:index]:
            names.fault("special code stands twice", "special_repeated", f"{path}/specials/{index}", code)
        if isinstance(code, str) != (declared["type"] == "string"):
            names.fault(f"special code of a {declared['type']} input", "schema", f"{path}/specials/{index}", code)


def _outputs(names: Names, model: Json) -> None:
    outputs = model["outputs"]
    kinds = {"linear_score": "number", "probability": "number", "score": "number"}
    kinds |= {"grade": "string", "reasons": "reasons"}
    for key, kind in kinds.items():
        if outputs.get(key) is not None:
            names.read(outputs[key], f"/outputs/{key}", kind)
    guards = {step["output"] for step in model["steps"] if step["type"] == "guard"}
    for index, name in enumerate(outputs.get("decision", [])):
        if names.read(name, f"/outputs/decision/{index}") is not None and name not in guards:
            names.fault("is not the output of a guard", "schema", f"/outputs/decision/{index}", name)


def _derive(names: Names, step: Json, path: str) -> None:
    kind = _expression(names, step["expression"], f"{path}/expression")
    if kind is not None and kind != step["value_type"]:
        names.fault(f"expression gives a {kind}, not a {step['value_type']}", "schema", f"{path}/expression")
    names.produce(step["output"], step["value_type"], f"{path}/output")


def _classing(names: Names, step: Json, path: str) -> None:
    kind = "number" if step["kind"] == "numeric" else "string"
    names.read(step["input"], f"{path}/input", kind)
    names.faults += classing_faults(step, names.file, path)
    names.produce(step["output_bin"], "bin", f"{path}/output_bin", len(step["bins"]))
    names.produce(step["output_woe"], "number", f"{path}/output_woe")


def _linear(names: Names, step: Json, path: str) -> None:
    for index, term in enumerate(step["terms"]):
        names.read(term["input"], f"{path}/terms/{index}/input", "number")
    _offset(names, step, path)
    names.produce(step["output"], "number", f"{path}/output")


def _trees(names: Names, step: Json, path: str) -> None:
    for index, name in enumerate(step["features"]):
        names.read(name, f"{path}/features/{index}", "number")
    _offset(names, step, path)
    names.faults += trees_faults(step, names.file, path)
    names.produce(step["output"], "number", f"{path}/output")


def _offset(names: Names, step: Json, path: str) -> None:
    if step["offset"] is not None:
        names.read(step["offset"], f"{path}/offset", "number")


def _sum(names: Names, step: Json, path: str) -> None:
    for index, name in enumerate(step["inputs"]):
        names.read(name, f"{path}/inputs/{index}", "number")
    names.produce(step["output"], "number", f"{path}/output")


def _switch(names: Names, step: Json, path: str) -> None:
    names.read(step["input"], f"{path}/input", "number", "string", "flag", "bin")
    kinds = [names.read(case["value"], f"{path}/cases/{i}/value") for i, case in enumerate(step["cases"])]
    if step["default"] is not None:
        kinds.append(names.read(step["default"], f"{path}/default"))
    known = [kind for kind in kinds if kind is not None]
    if len(set(known)) > 1:
        names.fault("chooses among values of different kinds", "schema", f"{path}/cases", sorted(set(known)))
    names.produce(step["output"], known[0] if known else "number", f"{path}/output")


def _guard(names: Names, step: Json, path: str) -> None:
    kind = _expression(names, step["condition"], f"{path}/condition")
    if kind not in (None, "flag"):
        names.fault(f"condition is a {kind}, not a flag", "schema", f"{path}/condition")
    names.produce(step["output"], "flag", f"{path}/output")


def _link(names: Names, step: Json, path: str) -> None:
    names.read(step["input"], f"{path}/input", "number")
    names.produce(step["output"], "number", f"{path}/output")


def _calibrate(names: Names, step: Json, path: str) -> None:
    names.read(step["input"], f"{path}/input", "number")
    if step["method"] == "piecewise_linear":
        x, y = step["x"], step["y"]
        if len(x) != len(y):
            names.fault("x and y are of different length", "calibration_order", f"{path}/x", [len(x), len(y)])
        if any(b <= a for a, b in pairwise(x)):
            names.fault("x does not increase strictly", "calibration_order", f"{path}/x")
        if any(b < a for a, b in pairwise(y)):
            names.fault("y decreases", "calibration_order", f"{path}/y")
    names.produce(step["output"], "number", f"{path}/output")


def _scale(names: Names, step: Json, path: str) -> None:
    if step["form"] == "linear":
        names.read(step["input"], f"{path}/input", "number")
    for index, part in enumerate(step.get("characteristics", [])):
        place = f"{path}/characteristics/{index}"
        names.read(part["input"], f"{place}/input", "bin")
        bins = names.bins.get(part["input"])
        if bins is not None and bins != len(part["points"]):
            message = f"gives {len(part['points'])} points for {bins} bins"
            names.fault(message, "bin_ids", f"{place}/points")
        _rounded(names, step, part["points"], f"{place}/points")
        names.produce(part["output"], "number", f"{place}/output")
    if "base_points" in step:
        _rounded(names, step, [step["base_points"]], f"{path}/base_points")
    _repeated_characteristics(names, step, path)
    names.produce(step["output"], "number", f"{path}/output")


def _rounded(names: Names, step: Json, points: list[float], path: str) -> None:
    """Points are stored rounded, so they are integral unless rounding is `none`."""
    broken = [value for value in points if step["rounding"] != "none" and not float(value).is_integer()]
    if broken:
        names.fault("points are not whole though they were rounded", "schema", path, broken[0])


def _repeated_characteristics(names: Names, step: Json, path: str) -> None:
    listed = [part["characteristic"] for part in step.get("characteristics", [])]
    for index, name in enumerate(listed):
        if name in listed[:index]:
            place = f"{path}/characteristics/{index}/characteristic"
            names.fault("characteristic stands twice", "name_repeated", place, name)


def _grade(names: Names, step: Json, path: str) -> None:
    names.read(step["input"], f"{path}/input", "number")
    bounds = [(grade["lower"], grade["upper"]) for grade in step["grades"]]
    for _, message, index in interval_chain_faults(bounds):
        names.fault(message, "grades_order", f"{path}/grades/{index}")
    names.produce(step["output"], "string", f"{path}/output")


def _reasons(names: Names, step: Json, path: str) -> None:
    for index, part in enumerate(step["characteristics"]):
        names.read(part["input"], f"{path}/characteristics/{index}/input", "number")
    _repeated_characteristics(names, step, path)
    names.produce(step["output"], "reasons", f"{path}/output")


_STEPS: dict[str, Callable[[Names, Json, str], None]] = {
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
}

_ANY = ("number", "string", "flag")
_NUMBERS, _FLAGS, _COMPARED = ("number",), ("flag",), ("number", "string")
# op: least and greatest number of arguments, kinds of the arguments, kind of the result (None: that of the arguments)
_OPERATIONS: dict[str, tuple[int, int | None, tuple[str, ...], str | None]] = {
    **dict.fromkeys(("add", "multiply"), (2, None, _NUMBERS, "number")),
    **dict.fromkeys(("subtract", "divide"), (2, 2, _NUMBERS, "number")),
    **dict.fromkeys(("negate", "absolute", "floor", "exponential", "logarithm"), (1, 1, _NUMBERS, "number")),
    **dict.fromkeys(("minimum", "maximum"), (1, None, _NUMBERS, "number")),
    **dict.fromkeys(("equal", "not_equal"), (2, 2, _COMPARED, "flag")),
    **dict.fromkeys(("less", "less_or_equal", "greater", "greater_or_equal"), (2, 2, _NUMBERS, "flag")),
    **dict.fromkeys(("and", "or"), (2, None, _FLAGS, "flag")),
    "not": (1, 1, _FLAGS, "flag"),
    "is_missing": (1, 1, _ANY, "flag"),
    "coalesce": (1, None, _ANY, None),
    "in": (2, None, _COMPARED, "flag"),
    "if": (3, 3, _ANY, None),
}
_SAME_KIND = ("equal", "not_equal", "in", "coalesce")


def _expression(names: Names, node: Json, path: str) -> str | None:
    """The kind that an expression gives (None: a null, or a fault); faults of arity and kind are recorded."""
    if "const" in node:
        value = node["const"]
        return {bool: "flag", str: "string", type(None): None}.get(type(value), "number")
    if "ref" in node:
        return names.read(node["ref"], f"{path}/ref", *_ANY)
    least, most, allowed, result = _OPERATIONS[node["op"]]
    count = len(node["args"])
    if count < least or (most is not None and count > most):
        names.fault(f"{node['op']} takes {_arity(least, most)} arguments", "schema", f"{path}/args", count)
    kinds = [_expression(names, arg, f"{path}/args/{i}") for i, arg in enumerate(node["args"])]
    for index, kind in _wrong_kinds(node["op"], kinds, allowed):
        names.fault(f"{node['op']} cannot take a {kind} here", "schema", f"{path}/args/{index}")
    if node["op"] == "in" and any("const" not in arg for arg in node["args"][1:]):
        names.fault("in compares with constants only", "schema", f"{path}/args")
    if result is not None:
        return result
    chosen = kinds[1:] if node["op"] == "if" else kinds
    return next((kind for kind in chosen if kind is not None), None)


def _wrong_kinds(op: str, kinds: list[str | None], allowed: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    known = [(index, kind) for index, kind in enumerate(kinds) if kind is not None]
    if op == "if":
        yield from ((i, k) for i, k in known if i == 0 and k != "flag")
        known = [(i, k) for i, k in known if i > 0]
    yield from ((i, k) for i, k in known if k not in allowed)
    if op in _SAME_KIND or op == "if":
        yield from ((i, k) for i, k in known if k in allowed and k != known[0][1])


def _arity(least: int, most: int | None) -> str:
    if most is None:
        return f"at least {least}"
    return str(least)
