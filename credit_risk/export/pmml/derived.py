"""Derived characteristics in PMML: every operation a field of its own, flags as 1.0, 0.0 or missing.

Engines differ in what an operator makes of a missing argument, so each operation says itself when it is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from credit_risk.export.pmml import expressions as e
from credit_risk.export.pmml.dates import NOTE, date_operation
from credit_risk.export.pmml.monthly import AGGREGATES, Keep, aggregate
from credit_risk.export.pmml.xml import Element
from credit_risk.scoring.columns import NUMBER, STRING
from credit_risk.scoring.dates import DATE_OPERATIONS
from credit_risk.scoring.expressions import SEPARATOR, band_labels, expression_kind

Expression = Mapping[str, Any]
_FOLDED = {"add": "+", "multiply": "*", "subtract": "-", "divide": "/"}
_PLAIN = {"absolute": "abs", "floor": "floor", "exponential": "exp", "minimum": "min", "maximum": "max"}
_COMPARED = {
    "equal": "equal",
    "not_equal": "notEqual",
    "less": "lessThan",
    "less_or_equal": "lessOrEqual",
    "greater": "greaterThan",
    "greater_or_equal": "greaterOrEqual",
}


def derived_fields(step: Mapping[str, Any], kinds: Mapping[str, str], taken: set[str]) -> Iterator[Element]:
    """`DerivedField` elements of a `derive` step, the last one its output; `taken` grows by the helpers' names."""
    fields: list[Element] = []

    def visit(expression: Expression) -> Element:
        """The argument that stands for `expression`: a constant or the reference to a field."""
        if "const" in expression:
            return _constant(expression["const"])
        if "ref" in expression:
            return e.ref(expression["ref"])
        args = [visit(arg) for arg in expression["args"]]
        kind = expression_kind(expression, kinds, _unexpected)
        return keep(_operation(expression["op"], args, expression["args"], keep), kind)

    def keep(value: Element, kind: str = NUMBER) -> Element:
        """The reference to a field of its own that holds `value`."""
        name = _helper(step["output"], taken)
        fields.append(_field(name, kind, value))
        return e.ref(name)

    result = visit(step["expression"])
    yield from fields
    if step["value_type"] == "number":  # adding zero turns -0.0, which engines order below 0.0, into 0.0
        result = _if_known([result], e.apply("+", result, e.number(0.0)))
    yield _field(step["output"], step["value_type"], result)


def _unexpected(message: str) -> None:
    raise AssertionError(message)


def _helper(output: str, taken: set[str]) -> str:
    number = 1
    while f"{output} ({number})" in taken:
        number += 1
    taken.add(f"{output} ({number})")
    return f"{output} ({number})"


def _field(name: str, kind: str, value: Element) -> Element:
    types = ("categorical", "string") if kind == STRING else ("continuous", "double")
    return Element("DerivedField", {"name": name, "optype": types[0], "dataType": types[1]}, [value])


def _constant(value: Any) -> Element:
    if value is None:
        return e.apply("if", e.apply("notEqual", e.number(0), e.number(0)), e.number(0))
    if isinstance(value, str):
        return e.text(value)
    return e.number(float(value))


def _if_known(args: list[Element], value: Element) -> Element:
    """`value` where no argument is missing, else missing."""
    for arg in reversed([arg for arg in args if arg.tag != "Constant"]):
        value = e.apply("if", e.apply("isNotMissing", arg), value)
    return value


def _flag(condition: Element) -> Element:
    return e.apply("if", condition, e.number(1), e.number(0))


def date_notes(steps: Iterable[Mapping[str, Any]]) -> list[str]:
    """What is to be told of dates where derivations or rules measure them."""
    asked = [step.get("expression", step.get("condition")) for step in steps if step["type"] in ("derive", "guard")]
    return [NOTE] if any(_asks_dates(one) for one in asked) else []


def _asks_dates(expression: Expression) -> bool:
    return expression.get("op") in DATE_OPERATIONS or any(_asks_dates(arg) for arg in expression.get("args", []))


def _operation(op: str, args: list[Element], given: list[Expression], keep: Keep) -> Element:
    if op in AGGREGATES:
        return aggregate(op, args, keep)
    if op in DATE_OPERATIONS:
        return date_operation(op, args, keep)
    if op == "band":
        return _band(args[0], [float(arg["const"]) for arg in given[1:]])
    if op in _SPECIAL:
        return _SPECIAL[op](args)
    if op in _COMPARED:
        return _if_known(args, _flag(e.apply(_COMPARED[op], *args)))
    if op == "in":
        return _if_known(args[:1], _flag(e.any_of([e.apply("equal", args[0], one) for one in args[1:]])))
    if op in _PLAIN:
        return _if_known(args, e.apply(_PLAIN[op], *args))
    value = args[0]
    for arg in args[1:]:
        value = e.apply(_FOLDED[op], value, arg)
    if op == "divide":
        value = e.apply("if", e.apply("greaterThan", e.apply("abs", args[1]), e.number(0)), value)
    return _if_known(args, value)


def _logarithm(args: list[Element]) -> Element:
    positive = e.apply("greaterThan", args[0], e.number(0))
    return _if_known(args, e.apply("if", positive, e.apply("ln", args[0])))


def _and(args: list[Element]) -> Element:
    """Kleene: false where one is false, else missing where one is missing, else true."""
    least = e.apply("min", *[_or_else(arg, 1.0) for arg in args])
    return e.apply("if", e.apply("lessThan", least, e.number(0.5)), e.number(0), _if_known(args, e.number(1)))


def _or(args: list[Element]) -> Element:
    """Kleene: true where one is true, else missing where one is missing, else false."""
    greatest = e.apply("max", *[_or_else(arg, 0.0) for arg in args])
    return e.apply("if", e.apply("greaterThan", greatest, e.number(0.5)), e.number(1), _if_known(args, e.number(0)))


def _share(args: list[Element]) -> Element:
    positive = e.apply("greaterThan", args[1], e.number(0))
    return _if_known(args, e.apply("if", positive, e.apply("/", *args)))


def _cross(args: list[Element]) -> Element:
    parts = [part for arg in args for part in (e.text(SEPARATOR), arg)][1:]
    return _if_known(args, e.apply("concat", *parts))


def _band(value: Element, cuts: list[float]) -> Element:
    labels = [e.text(label) for label in band_labels(cuts)]
    cases = [(e.apply("lessThan", value, e.number(cut)), label) for cut, label in zip(cuts, labels, strict=False)]
    return _if_known([value], e.choose(cases, labels[-1]))


def _or_else(arg: Element, value: float) -> Element:
    return e.apply("if", e.apply("isMissing", arg), e.number(value), arg)


def _if(args: list[Element]) -> Element:
    chosen = e.apply("if", e.apply("greaterThan", args[0], e.number(0.5)), args[1], args[2])
    return _if_known(args[:1], chosen)


def _coalesce(args: list[Element]) -> Element:
    return e.choose([(e.apply("isNotMissing", arg), arg) for arg in args[:-1]], args[-1])


_SPECIAL: dict[str, Callable[[list[Element]], Element]] = {
    "share": _share,
    "cross": _cross,
    "negate": lambda args: _if_known(args, e.apply("*", e.number(-1), args[0])),
    "logarithm": _logarithm,
    "is_missing": lambda args: _flag(e.apply("isMissing", args[0])),
    "not": lambda args: _if_known(args, e.apply("-", e.number(1), args[0])),
    "and": _and,
    "or": _or,
    "if": _if,
    "coalesce": _coalesce,
}
