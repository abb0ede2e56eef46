"""A second reading of SPECIFICATION section 3: one row at a time, plain Python, no shared code with credit_risk.

Missing is None. `FAILED` stands for a value in error.
"""

from __future__ import annotations

import math
import re
from datetime import date
from typing import Any

import numpy as np
from dateutil.relativedelta import relativedelta

FAILED = object()


class Failure(Exception):
    """A rule of the specification says that this is an error."""


def finite(x: float) -> float:
    if not math.isfinite(x):
        raise Failure
    return x


def evaluate(expression: dict[str, Any], values: dict[str, Any]) -> Any:
    if "const" in expression:
        value = expression["const"] if expression["const"] != "" else None
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
    if op in ("total", "average", "lowest", "highest", "trend", "count_present"):
        return over_months(op, found)
    if op in ("count_at_least", "count_at_most", "months_since"):
        return against_threshold(op, *found)
    if any(v is None for v in found):
        return None
    if op in ("days_between", "months_between", "year", "month"):
        days = [day_of(text) for text in found]
        return None if None in days else float(on_dates(op, *days))
    return operation(op, found)


def over_months(op: str, found: list[Any]) -> float | None:
    there = [(k, y) for k, y in enumerate(found) if y is not None]
    if op == "count_present":
        return float(len(there))
    if len(there) < (2 if op == "trend" else 1):
        return None
    if op == "lowest":
        return min(y for _, y in there)
    if op == "highest":
        return max(y for _, y in there)
    if op in ("total", "average"):
        result = 0.0
        for _, y in there:
            result = finite(result + y)
        return result if op == "total" else result / len(there)
    m, places = len(there), sum(-k for k, _ in there)
    above = below = 0.0
    for k, y in there:
        w = m * -k - places
        above = finite(above + finite(w * y))
        below = below + w * w
    return finite(finite(m * above) / below)


def against_threshold(op: str, threshold: float | None, *months: float | None) -> float | None:
    if threshold is None or all(y is None for y in months):
        return None
    if op == "count_at_most":
        return float(len([y for y in months if y is not None and y <= threshold]))
    reached = [k for k, y in enumerate(months) if y is not None and y >= threshold]
    if op == "count_at_least":
        return float(len(reached))
    return float(reached[0] if reached else len(months))


def day_of(text: str) -> date | None:
    time = "[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?(Z|[+-][0-9][0-9]:[0-9][0-9])?"
    if not re.fullmatch(f"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}({time})?", text):
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def on_dates(op: str, a: date, b: date | None = None) -> int:
    if b is None:
        return a.year if op == "year" else a.month
    if op == "days_between":
        return (b - a).days
    if b < a:
        return -on_dates(op, b, a)
    months = 12 * (b.year - a.year) + b.month - a.month
    return months if a + relativedelta(months=months) <= b else months - 1


def plain(x: float) -> str:
    return str(int(x)) if x == int(x) else repr(float(x))


def band(x: float, cuts: list[float]) -> str:
    if x < cuts[0]:
        return f"< {plain(cuts[0])}"
    if x >= cuts[-1]:
        return f">= {plain(cuts[-1])}"
    k = max(k for k, cut in enumerate(cuts) if x >= cut)
    return f"[{plain(cuts[k])}, {plain(cuts[k + 1])})"


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
    if op == "share":
        return None if v[1] <= 0 else finite(v[0] / v[1])
    if op == "cross":
        return " & ".join(v)
    if op == "band":
        return band(v[0], v[1:])
    if op == "logarithm":  # the last digit of exp and log is a matter of the library, here that of both programs
        return None if v[0] <= 0 else float(np.log(v[0]))
    if op == "exponential":
        with np.errstate(all="ignore"):
            return finite(float(np.exp(v[0])))
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
        return next(b for b in bins if b["kind"] == "missing" or b.get("takes_missing"))
    for b in bins:
        if x in b.get("codes", []):
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
    if step["method"] == "piecewise_constant":
        return ys[sum(x >= cut for cut in xs)]
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
        ranked = [(code, -k) for s, k, code in sorted(shortfalls, key=lambda t: t[:2], reverse=True) if s > 0]
        told = ranked[: step["maximum"]]
        if "inquiries" in step:
            asked = [k for k, c in enumerate(step["characteristics"]) if c["characteristic"] in step["inquiries"]]
            if not any(k in asked for _, k in told):
                told += [pair for pair in ranked if pair[1] in asked][:1]
        codes = [code for code, _ in told]
        return {step["output"]: codes + [None] * (step["maximum"] + ("inquiries" in step) - len(codes))}
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
