"""The arithmetic of model.json in words and formulas that a programmer can code from paper, doubles in full."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from docs_templates.document import Absent, Spans, Table, TableColumn
from docs_templates.package import Package

Json = Mapping[str, Any]
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\([A-Za-z_][A-Za-z0-9_]*\))?(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
OPERATIONS = {
    "add": "sum, left to right",
    "multiply": "product, left to right",
    "subtract": "first less second",
    "divide": "first over second; missing where the second is zero",
    "negate": "the number with the other sign",
    "absolute": "the number without its sign",
    "floor": "greatest whole number that is not above",
    "exponential": "e to the power of the number",
    "logarithm": "natural logarithm; missing at zero and below",
    "minimum": "least of the numbers",
    "maximum": "greatest of the numbers",
    "coalesce": "the first that is not missing",
    "if": "second where the first is true, third where it is false, missing where it is missing",
    "equal": "true where both are the same",
    "not_equal": "true where both differ",
    "less": "first < second",
    "less_or_equal": "first <= second",
    "greater": "first > second",
    "greater_or_equal": "first >= second",
    "in": "true where the first equals one of the others",
    "is_missing": "true where the value is missing, else false",
    "and": "false where one is false, else missing where one is missing, else true",
    "or": "true where one is true, else missing where one is missing, else false",
    "not": "the other truth",
    "share": "first over second; missing where the second is zero or below; not clipped",
    "total": "sum of those present, left to right from 0.0; missing where none is",
    "average": "total over the number of those present; missing where none is",
    "lowest": "least of those present; missing where none is",
    "highest": "greatest of those present; missing where none is",
    "count_present": "how many are not missing; zero where none is",
    "count_at_least": "how many of those present after the first are >= it; missing where the first is, or none is",
    "count_at_most": "how many of those present after the first are <= it; missing where the first is, or none is",
    "months_since": "place, from zero, of the first after the first argument that is present and >= it; their number "
    "where none is; missing where the first argument is, or none is present",
    "trend": "least-squares slope a month of those present, the most recent first; missing where fewer than two are: "
    "with m present, t = 0, -1, -2, … their months and T the sum of t over them, w = m*t - T, the slope is "
    "(m * sum of w*y) / (sum of w*w), sums left to right from 0.0",
    "days_between": "days from the first date to the second",
    "months_between": "whole months from the first date to the second",
    "year": "year of the date",
    "month": "month of the date",
    "cross": "the texts joined by ' & '",
    "band": "name of the interval [lower, upper) of the cuts that holds the number",
}
"""What each operation of an expression gives (SPECIFICATION section 3.1); else a missing argument makes it missing."""
OPERATION_COLUMNS = (TableColumn("Operation", mono=True), TableColumn("Gives"))
DERIVED_COLUMNS = (TableColumn("Value", mono=True), TableColumn("Kind"), TableColumn("Expression", mono=True))
FORMULA_COLUMNS = (TableColumn("Step", "right"), TableColumn("Value", mono=True), TableColumn("Rule", mono=True))


def number(value: float | int | None) -> str:
    """A double in the shortest form that reads back to the same; `missing` for none."""
    return "missing" if value is None else repr(float(value))


def named(value: str) -> str:
    """The name of a value, between backticks where it is not plain."""
    return value if PLAIN.fullmatch(value) else f"`{value}`"


def expression(tree: Any) -> str:
    """An expression as text: `share(highest(A, B), C)`; constants in full, texts between quotation marks."""
    if "const" in tree:
        value = tree["const"]
        if isinstance(value, bool):
            return "true" if value else "false"
        return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else number(value)
    if "ref" in tree:
        return named(str(tree["ref"]))
    return f"{tree['op']}({', '.join(expression(one) for one in tree['args'])})"


def operations_of(tree: Any) -> set[str]:
    """Names of the operations in an expression."""
    if not isinstance(tree, dict) or "op" not in tree:
        return set()
    return {str(tree["op"])}.union(*(operations_of(one) for one in tree["args"]))


def derived_table(package: Package, number_: str, caption: Spans) -> Table | Absent:
    """Derived values in the order in which they are made."""
    steps = [s for s in package.model["steps"] if s["type"] == "derive"]
    if not steps:
        return Absent("not_applicable", "Derived characteristics", "the model reads its inputs as they are")
    rows = tuple((named(s["output"]), s["value_type"], expression(s["expression"])) for s in steps)
    notes = (
        "Made in this order; a later one may read an earlier one. Special codes stand in it where they are named.",
    )
    return Table(number_, caption, DERIVED_COLUMNS, rows, None, notes)


def operations_table(package: Package, number_: str, caption: Spans) -> Table | Absent:
    """The operations that the model's expressions use, and what each gives."""
    trees = [s.get("expression") or s.get("condition") for s in package.model["steps"]]
    used = set().union(*(operations_of(tree) for tree in trees))
    if not used:
        return Absent("not_applicable", "Operations of expressions", "the model has no expressions")
    rows = tuple((name, OPERATIONS.get(name, "see the specification of the format")) for name in sorted(used))
    note = "Where the table does not say otherwise, an operation with a missing argument is missing."
    return Table(number_, caption, OPERATION_COLUMNS, rows, None, (note,))


# ------------------------------------------------------------------------------------------------- formulas
def formulas_table(package: Package, number_: str, caption: Spans) -> Table:
    """One row a step that calculates, in order: the value that it makes and the rule."""
    rows = [
        (str(position), named(step.get("output") or step.get("output_bin") or step["id"]), RULES[step["type"]](step))
        for position, step in enumerate(package.model["steps"], start=1)
        if step["type"] not in ("derive", "classing")
    ]
    note = (
        "IEEE doubles, in the order written, without fused multiply-add; doubles in the shortest form that reads back "
        "to the same. Missing passes through link, calibration, grade and linear score in points."
    )
    return Table(number_, caption, FORMULA_COLUMNS, tuple(rows), None, (note,))


def _linear(step: Json) -> str:
    start = number(step["intercept"])
    start += f" + {named(step['offset'])}" if step.get("offset") else ""
    return start + "".join(f" + {number(t['coefficient'])} * {named(t['input'])}" for t in step["terms"])


def _trees(step: Json) -> str:
    start = number(step["base_margin"])
    start += f" + {named(step['offset'])}" if step.get("offset") else ""
    return f"{start} + leaf of each of the {len(step['trees'])} trees, left to right in tree order"


def _link(step: Json) -> str:
    x = named(step["input"])
    forms = {
        "logit": f"1 / (1 + exp(-{x}))",
        "log": f"exp({x})",
        "identity": x,
        "probit": f"standard normal distribution function of {x}",
    }
    return forms[step["function"]]


def _calibrate(step: Json) -> str:
    x, method = named(step["input"]), step["method"]
    if method == "logistic":
        inside = x if step["scale"] == "log_odds" else f"ln({x} / (1 - {x}))"
        line = f"{number(step['slope'])} * {inside} + {number(step['intercept'])}"
        return line if step["scale"] == "log_odds" else f"1 / (1 + exp(-({line})))"
    if method == "intercept_shift":
        return f"{x} + {number(step['shift'])} on log-odds: a probability is turned to ln(p / (1 - p)) and back"
    if method == "beta":
        a, b, c = (number(step[key]) for key in "abc")
        return f"1 / (1 + exp(-({a} * ln({x}) - {b} * ln(1 - {x}) + {c})))"
    words = {
        "piecewise_linear": "y0 + (x - x0) * ((y1 - y0) / (x1 - x0)) between the neighbouring knots, constant outside",
        "piecewise_constant": "the value of the interval [from, to) that holds x",
    }
    return f"{words[method]}; x is {x}, knots in the table of knots"


def _scale(step: Json) -> str:
    rounded = "" if step["rounding"] == "none" else ", rounded half away from zero: sign(x) * floor(|x| + 0.5)"
    if step["form"] == "linear":
        return f"{number(step['offset'])} - {number(step['factor'])} * {named(step['input'])}{rounded}"
    parts = "".join(f" + {named(one['output'])}" for one in step["characteristics"])
    exact = "" if step["rounding"] == "none" else "; the points of the table are rounded already"
    return f"{number(step['base_points'])}{parts}, left to right{exact}"


def _switch(step: Json) -> str:
    cases = "; ".join(f"{_text(one['equals'])}: {named(one['value'])}" for one in step["cases"])
    other = named(step["default"]) if step.get("default") else "an error"
    return f"by {named(step['input'])} — {cases}; else {other}"


def _guard(step: Json) -> str:
    told = f", reason {step['reason_code']}" if step.get("reason_code") else ""
    return f"{step['action']} where {expression(step['condition'])}{told}; missing counts as false"


def _attribution(step: Json) -> str:
    return (
        f"Shapley values of the trees {step['trees']} by characteristic, times {number(step['multiplier'])}, over "
        f"{len(step['background']['rows'])} background rows of model.json; base {number(step['base'])}"
    )


def _reasons(step: Json) -> str:
    extra = "; one more of the inquiries where none of them is told" if step.get("inquiries") else ""
    return (
        f"codes of the greatest positive shortfalls (baseline less value), at most {step['maximum']}, greatest first, "
        f"equal ones in the order of the table of reasons{extra}"
    )


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else number(value)


RULES: dict[str, Callable[[Json], str]] = {
    "linear": _linear,
    "trees": _trees,
    "attribution": _attribution,
    "sum": lambda step: " + ".join(named(name) for name in step["inputs"]) + ", left to right",
    "switch": _switch,
    "guard": _guard,
    "link": _link,
    "calibrate": _calibrate,
    "scale": _scale,
    "grade": lambda step: f"the grade whose interval [from, to) holds {named(step['input'])}: table of grades",
    "reasons": _reasons,
}
