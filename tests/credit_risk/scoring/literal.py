"""A second reading of SPECIFICATION section 3: one row at a time, plain Python, no shared code with credit_risk.

Missing is None. `FAILED` stands for a value in error.
"""

from __future__ import annotations

import math
from typing import Any

FAILED = object()


class Failure(Exception):
    """A rule of the specification says that this is an error."""


def finite(x: float) -> float:
    if not math.isfinite(x):
        raise Failure
    return x


def evaluate(expression: dict[str, Any], values: dict[str, Any]) -> Any:
    if "const" in expression:
        value = expression["const"]
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if "ref" in expression:
        value = values[expression["ref"]]
        if value is FAILED:
            raise Failure
        return value
    op, args = expression["op"], expression["args"]
    if op == "if":
        flag = evaluate(args[0], values)
        return None if flag is None else evaluate(args[1] if flag else args[2], values)
    if op == "coalesce":
        return next((v for v in (evaluate(arg, values) for arg in args) if v is not None), None)
    found = [evaluate(arg, values) for arg in args]
    if op == "is_missing":
        return found[0] is None
    if op == "and":
        return False if False in found else (None if None in found else True)
    if op == "or":
        return True if True in found else (None if None in found else False)
    if any(v is None for v in found):
        return None
    return operation(op, found)


def operation(op: str, v: list[Any]) -> Any:
    if op in ("add", "multiply"):
        result = v[0]
        for x in v[1:]:
            result = finite(result + x if op == "add" else result * x)
        return result
    if op == "subtract":
        return finite(v[0] - v[1])
    if op == "divide":
        return None if v[1] == 0 else finite(v[0] / v[1])
    if op == "logarithm":
        return None if v[0] <= 0 else math.log(v[0])
    if op == "exponential":
        try:
            return finite(math.exp(v[0]))
        except OverflowError:
            raise Failure from None
    if op == "in":
        return v[0] in v[1:]
    return {
        "negate": lambda: -v[0],
        "absolute": lambda: abs(v[0]),
        "floor": lambda: float(math.floor(v[0])),
        "minimum": lambda: min(v),
        "maximum": lambda: max(v),
        "not": lambda: not v[0],
        "equal": lambda: v[0] == v[1],
        "not_equal": lambda: v[0] != v[1],
        "less": lambda: v[0] < v[1],
        "less_or_equal": lambda: v[0] <= v[1],
        "greater": lambda: v[0] > v[1],
        "greater_or_equal": lambda: v[0] >= v[1],
    }[op]()


def need(values: dict[str, Any], name: str) -> Any:
    """A value that may be missing and may not be in error."""
    if values[name] is FAILED:
        raise Failure
    return values[name]


def term(values: dict[str, Any], name: str) -> float:
    """A value that may be neither."""
    value = need(values, name)
    if value is None:
        raise Failure
    return value


def find_bin(step: dict[str, Any], x: Any) -> dict[str, Any]:
    bins = step["bins"]
    if x is None:
        return next(b for b in bins if b["kind"] == "missing")
    for b in bins:
        if b["kind"] == "special" and x in b["codes"]:
            return b
    for b in bins:
        if b["kind"] == "interval":
            above = b["lower"] is None or x >= b["lower"]
            if above and (b["upper"] is None or x < b["upper"]):
                return b
        if b["kind"] == "categories" and x in b["values"]:
            return b
    return next(b for b in bins if b["kind"] == "unseen")


def leaf(tree: dict[str, Any], features: list[Any]) -> int:
    node = 0
    while tree["left"][node] != -1:
        x = features[tree["feature"][node]]
        go_left = tree["default_left"][node] if x is None else x < tree["threshold"][node]
        node = tree["left"][node] if go_left else tree["right"][node]
    return node


def logit(x: float) -> float:
    try:
        return 1.0 / (1.0 + math.exp(-x))
    except OverflowError:
        return 0.0


def log_odds(p: float) -> float:
    if not 0 < p < 1:
        raise Failure
    return math.log(p / (1 - p))


def calibrate(step: dict[str, Any], x: float) -> float:
    if step["method"] == "intercept_shift":
        return x + step["shift"]
    if step["method"] == "logistic":
        if step["scale"] == "probability":
            return logit(step["slope"] * log_odds(x) + step["intercept"])
        return step["slope"] * x + step["intercept"]
    if step["method"] == "beta":
        log_odds(x)
        return logit(step["a"] * math.log(x) - step["b"] * math.log(1 - x) + step["c"])
    xs, ys = step["x"], step["y"]
    if x < xs[0]:
        return ys[0]
    for k in range(len(xs) - 1):
        if x < xs[k + 1]:
            return ys[k] + (x - xs[k]) * ((ys[k + 1] - ys[k]) / (xs[k + 1] - xs[k]))
    return ys[-1]


def rounded(x: float) -> float:
    return math.copysign(math.floor(abs(x) + 0.5), x) if x else 0.0


def run_step(step: dict[str, Any], v: dict[str, Any]) -> dict[str, Any]:
    kind = step["type"]
    if kind == "derive":
        return {step["output"]: evaluate(step["expression"], v)}
    if kind == "guard":
        return {step["output"]: evaluate(step["condition"], v) is True}
    if kind == "classing":
        found = find_bin(step, need(v, step["input"]))
        return {step["output_bin"]: found["id"], step["output_woe"]: found["woe"]}
    if kind == "linear":
        total = float(step["intercept"])
        if step["offset"] is not None:
            total = total + term(v, step["offset"])
        for t in step["terms"]:
            total = total + t["coefficient"] * term(v, t["input"])
        return {step["output"]: finite(total)}
    if kind == "trees":
        total = float(step["base_margin"])
        if step["offset"] is not None:
            total = total + term(v, step["offset"])
        features = [need(v, name) for name in step["features"]]
        for tree in step["trees"]:
            total = total + tree["value"][leaf(tree, features)]
        return {step["output"]: finite(total)}
    if kind == "sum":
        total = term(v, step["inputs"][0])
        for name in step["inputs"][1:]:
            total = total + term(v, name)
        return {step["output"]: finite(total)}
    return run_late_step(step, v)


def run_late_step(step: dict[str, Any], v: dict[str, Any]) -> dict[str, Any]:
    kind = step["type"]
    if kind == "switch":
        key = need(v, step["input"])
        chosen = next((c["value"] for c in step["cases"] if key is not None and c["equals"] == key), step["default"])
        if chosen is None:
            raise Failure
        return {step["output"]: need(v, chosen)}
    if kind == "scale" and step["form"] == "points":
        result, total = {}, float(step["base_points"])
        for c in step["characteristics"]:
            result[c["output"]] = c["points"][need(v, c["input"])]
            total = total + result[c["output"]]
        return {**result, step["output"]: finite(total)}
    if kind == "reasons":
        shortfalls = [
            (c["baseline"] - term(v, c["input"]), -k, c["reason_code"]) for k, c in enumerate(step["characteristics"])
        ]
        codes = [code for s, _, code in sorted(shortfalls, key=lambda t: t[:2], reverse=True) if s > 0]
        codes = codes[: step["maximum"]]
        return {step["output"]: codes + [None] * (step["maximum"] - len(codes))}
    x = need(v, step["input"])
    if x is None:
        return {step["output"]: None}
    if kind == "link":
        by_function = {
            "logit": logit,
            "log": lambda z: operation("exponential", [z]),
            "identity": lambda z: z,
            "probit": lambda z: math.erfc(-z / math.sqrt(2)) / 2,
        }
        return {step["output"]: finite(by_function[step["function"]](x))}
    if kind == "calibrate":
        return {step["output"]: finite(calibrate(step, x))}
    if kind == "scale":
        score = step["offset"] - step["factor"] * x
        return {step["output"]: finite(score if step["rounding"] == "none" else rounded(score))}
    assert kind == "grade"
    for g in step["grades"]:
        if (g["lower"] is None or x >= g["lower"]) and (g["upper"] is None or x < g["upper"]):
            return {step["output"]: g["grade"]}
    raise AssertionError


def run(model: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """All values of one row; what is in error is FAILED."""
    values = dict(row)
    for step in model["steps"]:
        try:
            values.update(run_step(step, values))
        except Failure:
            names = [step[key] for key in ("output", "output_bin", "output_woe") if key in step]
            names += [c["output"] for c in step.get("characteristics", []) if "output" in c]
            values.update(dict.fromkeys(names, FAILED))
    return values
