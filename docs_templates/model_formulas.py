"""The arithmetic of model.json in words and formulas that a programmer can code from paper, doubles in full."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from docs_templates.document import Absent, Spans, Table, TableColumn
from docs_templates.language import current, say
from docs_templates.package import Package

Json = Mapping[str, Any]
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\([A-Za-z_][A-Za-z0-9_]*\))?(?:\.[A-Za-z_][A-Za-z0-9_]*)*")


def number(value: float | int | None) -> str:
    """A double in the shortest form that reads back to the same; `missing` for none."""
    return say("formulas.missing") if value is None else repr(float(value))


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


def _columns(*names: str) -> tuple[TableColumn, ...]:
    """Columns by the key of their title; words are set in the font of text, names and formulas in the mono font."""
    plain = ("step", "kind", "gives")
    return tuple(
        TableColumn(say(f"formulas.column_{one}"), "right" if one == "step" else "left", one not in plain)
        for one in names
    )


def _meaning(operation: str) -> str:
    """What an operation gives (SPECIFICATION section 3.1); else a missing argument makes it missing."""
    key = f"operations.{operation}"
    return say(key) if key in current().words else say("formulas.see_specification_format")


def derived_table(package: Package, number_: str, caption: Spans) -> Table | Absent:
    """Derived values in the order in which they are made."""
    steps = [s for s in package.model["steps"] if s["type"] == "derive"]
    if not steps:
        return Absent(
            "not_applicable", say("formulas.derived_characteristics"), say("formulas.model_reads_its_inputs_as")
        )
    rows = tuple((named(s["output"]), s["value_type"], expression(s["expression"])) for s in steps)
    notes = (say("formulas.made_this_order_later_one"),)
    return Table(number_, caption, _columns("value", "kind", "expression"), rows, None, notes)


def operations_table(package: Package, number_: str, caption: Spans) -> Table | Absent:
    """The operations that the model's expressions use, and what each gives."""
    trees = [s.get("expression") or s.get("condition") for s in package.model["steps"]]
    used = set().union(*(operations_of(tree) for tree in trees))
    if not used:
        return Absent(
            "not_applicable", say("formulas.operations_expressions"), say("formulas.model_has_no_expressions")
        )
    rows = tuple((name, _meaning(name)) for name in sorted(used))
    note = say("formulas.where_table_does_not_say")
    return Table(number_, caption, _columns("operation", "gives"), rows, None, (note,))


# ------------------------------------------------------------------------------------------------- formulas
def formulas_table(package: Package, number_: str, caption: Spans) -> Table:
    """One row a step that calculates, in order: the value that it makes and the rule."""
    rows = [
        (str(position), named(step.get("output") or step.get("output_bin") or step["id"]), RULES[step["type"]](step))
        for position, step in enumerate(package.model["steps"], start=1)
        if step["type"] not in ("derive", "classing")
    ]
    note = say("formulas.ieee_doubles_order_written_without")
    return Table(number_, caption, _columns("step", "value", "rule"), tuple(rows), None, (note,))


def _linear(step: Json) -> str:
    start = number(step["intercept"])
    start += f" + {named(step['offset'])}" if step.get("offset") else ""
    return start + "".join(f" + {number(t['coefficient'])} * {named(t['input'])}" for t in step["terms"])


def _trees(step: Json) -> str:
    start = number(step["base_margin"])
    start += f" + {named(step['offset'])}" if step.get("offset") else ""
    return say("formulas.leaf_each_trees_left_right", start=start, trees=len(step["trees"]))


def _link(step: Json) -> str:
    x = named(step["input"])
    forms = {
        "logit": f"1 / (1 + exp(-{x}))",
        "log": f"exp({x})",
        "identity": x,
        "probit": say("formulas.standard_normal_distribution_function", x=x),
    }
    return forms[step["function"]]


def _calibrate(step: Json) -> str:
    x, method = named(step["input"]), step["method"]
    if method == "logistic":
        inside = x if step["scale"] == "log_odds" else f"ln({x} / (1 - {x}))"
        line = f"{number(step['slope'])} * {inside} + {number(step['intercept'])}"
        return line if step["scale"] == "log_odds" else f"1 / (1 + exp(-({line})))"
    if method == "intercept_shift":
        return say("formulas.on_log_odds_probability_turned", x=x, shift=number(step["shift"]))
    if method == "beta":
        a, b, c = (number(step[key]) for key in "abc")
        return f"1 / (1 + exp(-({a} * ln({x}) - {b} * ln(1 - {x}) + {c})))"
    words = {
        "piecewise_linear": say("formulas.y0_x_x0_y1_y0"),
        "piecewise_constant": say("formulas.value_interval_from_holds_x"),
    }
    return say("formulas.x_knots_table_knots", method=words[method], x=x)


def _scale(step: Json) -> str:
    rounded = "" if step["rounding"] == "none" else say("formulas.rounded_half_away_from_zero")
    if step["form"] == "linear":
        return f"{number(step['offset'])} - {number(step['factor'])} * {named(step['input'])}{rounded}"
    parts = "".join(f" + {named(one['output'])}" for one in step["characteristics"])
    exact = "" if step["rounding"] == "none" else say("formulas.points_table_rounded_already")
    return say("formulas.left_right", base_points=number(step["base_points"]), parts=parts, exact=exact)


def _switch(step: Json) -> str:
    cases = "; ".join(f"{_text(one['equals'])}: {named(one['value'])}" for one in step["cases"])
    other = named(step["default"]) if step.get("default") else say("formulas.error")
    return say("formulas.else", input=named(step["input"]), cases=cases, other=other)


def _guard(step: Json) -> str:
    told = say("formulas.reason", reason_code=step["reason_code"]) if step.get("reason_code") else ""
    return say(
        "formulas.where_missing_counts_as_false",
        action=step["action"],
        condition=expression(step["condition"]),
        told=told,
    )


def _attribution(step: Json) -> str:
    return say(
        "formulas.shapley_values_trees_characteristic_times",
        trees=step["trees"],
        multiplier=number(step["multiplier"]),
        rows=len(step["background"]["rows"]),
        base=number(step["base"]),
    )


def _reasons(step: Json) -> str:
    extra = say("formulas.one_more_inquiries_where_none") if step.get("inquiries") else ""
    return say("formulas.codes_greatest_positive_shortfalls_baseline", maximum=step["maximum"], extra=extra)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else number(value)


RULES: dict[str, Callable[[Json], str]] = {
    "linear": _linear,
    "trees": _trees,
    "attribution": _attribution,
    "sum": lambda step: " + ".join(named(name) for name in step["inputs"]) + say("formulas.left_right_2"),
    "switch": _switch,
    "guard": _guard,
    "link": _link,
    "calibrate": _calibrate,
    "scale": _scale,
    "grade": lambda step: say("formulas.grade_whose_interval_from_holds", input=named(step["input"])),
    "reasons": _reasons,
}
