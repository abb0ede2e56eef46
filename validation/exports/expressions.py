"""PMML expressions and predicates over columns: a number is float64 with NaN for missing, a text an object with None.

A truth value is 1.0, 0.0 or NaN where it is unknown (PMML 4.4, "Transformations" and "Built-in functions"). Whatever
stands in a document and is not evaluated here is Unknown, never passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from validation.exports.document import Node, Unknown

Column = NDArray[Any]
Columns = Mapping[str, Column]
Floats = NDArray[np.float64]

_ARITHMETIC: Mapping[str, Callable[[Floats, Floats], Floats]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
}
_SINGLE: Mapping[str, Callable[[Floats], Floats]] = {
    "abs": np.abs,
    "exp": np.exp,
    "ln": np.log,
    "floor": np.floor,
    "stdNormalCDF": ndtr,
}
_ORDER: Mapping[str, Callable[[Floats, Floats], NDArray[np.bool_]]] = {
    "lessThan": np.less,
    "lessOrEqual": np.less_equal,
    "greaterThan": np.greater,
    "greaterOrEqual": np.greater_equal,
}
_KNOWN: Mapping[str, tuple[str, ...]] = {
    "Constant": ("dataType",),
    "FieldRef": ("field", "mapMissingTo"),
    "NormDiscrete": ("field", "value", "mapMissingTo"),
    "Apply": ("function", "mapMissingTo", "defaultValue"),
    "True": (),
    "False": (),
    "SimplePredicate": ("field", "operator", "value"),
    "CompoundPredicate": ("booleanOperator",),
}


def known(node: Node, attributes: tuple[str, ...], children: tuple[str, ...] | None = None) -> None:
    """Raise Unknown for the first attribute or element inside that is not among those named (None: any element)."""
    for name in node.attributes:
        if name not in attributes:
            raise Unknown(f"attribute {name} of {node.tag}")
    for child in node.children if children is not None else []:
        if child.tag not in (children or ()):
            raise Unknown(f"{child.tag} in {node.tag}")


def evaluate(node: Node, columns: Columns, rows: int) -> Column:
    """Return the value (n,) of an expression; raises Unknown for what is not evaluated."""
    if node.tag not in ("Constant", "FieldRef", "NormDiscrete", "Apply"):
        raise Unknown(node.tag)
    known(node, _KNOWN[node.tag])
    if node.tag == "Constant":
        return _constant(node, rows)
    if node.tag == "Apply":
        return _apply(node, columns, rows)
    column = field_of(node, columns)
    if node.tag == "NormDiscrete":
        value = _equal(column, _like(node.attributes["value"], column))
        return _mapped(value, is_missing(column), node.attributes.get("mapMissingTo"))
    return _mapped(column, is_missing(column), node.attributes.get("mapMissingTo"))


def field_of(node: Node, columns: Columns) -> Column:
    """Return the column that an element names; raises Unknown where there is none."""
    name = node.attributes.get("field", "")
    if name not in columns:
        raise Unknown(f"field {name!r}, which the document does not define")
    return columns[name]


def is_missing(column: Column) -> NDArray[np.bool_]:
    """Return where a column has no value."""
    if column.dtype.kind == "f":
        return np.isnan(column)
    return np.array([item is None for item in column], dtype=bool)


def number_of(text: str) -> float:
    """Return the double that a text writes; raises Unknown where it writes none."""
    try:
        return float(text)
    except ValueError as error:
        raise Unknown(f"the number {text!r}") from error


def _constant(node: Node, rows: int) -> Column:
    kind = node.attributes.get("dataType")
    if kind == "string":
        return np.full(rows, node.text, dtype=object)
    if kind not in ("double", "integer"):
        raise Unknown(f"Constant of dataType {kind}")
    return np.full(rows, number_of(node.text))


def _mapped(value: Column, missing: NDArray[np.bool_], to: str | None) -> Column:
    """Put `to` where something was missing; without it such rows stay missing."""
    if not missing.any():
        return value
    value = value.copy()
    if to is None:
        value[missing] = np.nan if value.dtype.kind == "f" else None
    else:
        value[missing] = _like(to, value)
    return value


def _like(text: str, column: Column) -> float | str:
    if column.dtype.kind != "f":
        return text
    return {"true": 1.0, "false": 0.0}[text] if text in ("true", "false") else number_of(text)


def _apply(node: Node, columns: Columns, rows: int) -> Column:
    function = node.attributes.get("function", "")
    if function == "if":
        value, asked = _choice(node, columns, rows)
    elif function in ("isMissing", "isNotMissing"):
        absent = is_missing(evaluate(node.children[0], columns, rows))
        value = (absent if function == "isMissing" else ~absent).astype(np.float64)
        asked = np.zeros(rows, dtype=bool)
    elif function in ("and", "or"):
        value = _logic(function, [evaluate(child, columns, rows) for child in node.children])
        asked = np.isnan(value)
    else:
        arguments = _arguments(node, columns, rows)
        value = _called(function, arguments)
        asked = np.logical_or.reduce([is_missing(one) for one in arguments])
    value = _mapped(value, asked, node.attributes.get("mapMissingTo"))
    default = node.attributes.get("defaultValue")
    return value if default is None else _mapped(value, is_missing(value), default)


def _arguments(node: Node, columns: Columns, rows: int) -> list[Column]:
    """Evaluate the arguments; a chain a + b + c, nested to the left, is walked rather than descended into."""
    chain = []
    function, first = node.attributes["function"], node
    while function in _ARITHMETIC and len(first.children) == 2 and _plain(first.children[0], function):
        chain.append(first.children[1])
        first = first.children[0]
    values = [evaluate(child, columns, rows) for child in first.children]
    if not chain:
        return values
    for child in reversed(chain):
        left = _called(function, values)
        left[np.logical_or.reduce([is_missing(one) for one in values])] = np.nan
        values = [left, evaluate(child, columns, rows)]
    return values


def _plain(node: Node, function: str) -> bool:
    return node.tag == "Apply" and dict(node.attributes) == {"function": function}


def _called(function: str, arguments: list[Column]) -> Column:
    with np.errstate(all="ignore"):
        if function in _ARITHMETIC and len(arguments) == 2:
            return _ARITHMETIC[function](*_numbers(function, arguments))
        if function in _SINGLE and len(arguments) == 1:
            return _SINGLE[function](*_numbers(function, arguments))
        if function in ("min", "max") and arguments:
            reduce = np.fmin.reduce if function == "min" else np.fmax.reduce
            return np.asarray(reduce(_numbers(function, arguments)))
        if function in _ORDER and len(arguments) == 2:
            return _ORDER[function](*_numbers(function, arguments)).astype(np.float64)
        if function in ("equal", "notEqual") and len(arguments) == 2:
            same = _equal(arguments[0], arguments[1])
            return same if function == "equal" else 1.0 - same
        if function == "not" and len(arguments) == 1:
            return np.asarray(1.0 - _numbers(function, arguments)[0])
    if function in ("stringLength", "substring"):
        return _text_function(function, arguments)
    if function == "concat":
        texts = zip(*arguments, strict=True)
        joined = [None if None in parts else "".join(map(str, parts)) for parts in texts]
        return np.array([*joined, None], dtype=object)[:-1]
    raise Unknown(f"function {function} of {len(arguments)} arguments")


def _text_function(function: str, arguments: list[Column]) -> Column:
    """Length of a text, or the part of it from a place (from 1) on: in units of UTF-16, as Java counts."""
    units = [None if one is None else str(one).encode("utf-16-le") for one in arguments[0].tolist()]
    if function == "stringLength":
        return np.array([np.nan if one is None else len(one) / 2 for one in units])
    places = zip(units, arguments[1].tolist(), arguments[2].tolist(), strict=True)
    parts = [None if one is None else one[2 * int(a) - 2 : 2 * int(a + n) - 2] for one, a, n in places]
    told = [None if one is None else one.decode("utf-16-le", "replace") for one in parts]
    return np.array([*told, None], dtype=object)[:-1]


def _numbers(function: str, arguments: list[Column]) -> list[Floats]:
    if any(one.dtype.kind != "f" for one in arguments):
        raise Unknown(f"function {function} of texts")
    return arguments


def _equal(first: Column, second: Column | float | str) -> Floats:
    return np.asarray(first == second).astype(np.float64)


def _logic(function: str, arguments: list[Column]) -> Floats:
    """Kleene: one false makes `and` false, one true makes `or` true, whatever is unknown."""
    values = np.array(_numbers(function, arguments))
    unknown = np.isnan(values).any(axis=0)
    decided = (values == (0.0 if function == "and" else 1.0)).any(axis=0)
    outcome = 0.0 if function == "and" else 1.0
    return np.where(decided, outcome, np.where(unknown, np.nan, 1.0 - outcome))


def _choice(node: Node, columns: Columns, rows: int) -> tuple[Column, NDArray[np.bool_]]:
    """`if`, and the `if` in its last branch, one after another; rows of an unknown condition are asked after."""
    left, asked = np.ones(rows, dtype=bool), np.zeros(rows, dtype=bool)
    parts: list[tuple[NDArray[np.bool_], Column]] = []
    while True:
        condition = evaluate(node.children[0], columns, rows)
        if len(node.children) not in (2, 3) or condition.dtype.kind != "f":
            raise Unknown("Apply if without a condition and one or two results")
        parts.append((left & (condition == 1.0), evaluate(node.children[1], columns, rows)))
        asked |= left & np.isnan(condition)
        left = left & (condition == 0.0)
        if len(node.children) == 2:
            break
        last = node.children[2]
        if not _plain(last, "if"):
            parts.append((left, evaluate(last, columns, rows)))
            break
        node = last
    text = any(one.dtype.kind != "f" for _, one in parts)
    value: Column = np.full(rows, None, dtype=object) if text else np.full(rows, np.nan)
    for where, one in parts:
        taken = one[where]
        value[where] = [None if isinstance(x, float) and np.isnan(x) else x for x in taken] if text else taken
    return value, asked


def holds(node: Node, columns: Columns, rows: int) -> Floats:
    """Return the truth (n,) of a predicate: 1.0, 0.0, NaN unknown; raises Unknown for what is not evaluated."""
    if node.tag not in ("True", "False", "SimplePredicate", "CompoundPredicate"):
        raise Unknown(node.tag)
    known(node, _KNOWN[node.tag])
    if node.tag in ("True", "False"):
        return np.full(rows, float(node.tag == "True"))
    operator = node.attributes.get("booleanOperator" if node.tag == "CompoundPredicate" else "operator", "")
    if node.tag == "CompoundPredicate":
        if operator not in ("and", "or"):
            raise Unknown(f"CompoundPredicate {operator}")
        return _logic(operator, [holds(child, columns, rows) for child in node.children])
    column = field_of(node, columns)
    missing = is_missing(column)
    if operator in ("isMissing", "isNotMissing"):
        return (missing if operator == "isMissing" else ~missing).astype(np.float64)
    if "value" not in node.attributes:
        raise Unknown("SimplePredicate without a value")
    other = np.full(rows, _like(node.attributes["value"], column), dtype=column.dtype)
    return np.where(missing, np.nan, _called(operator, [column, other]))
