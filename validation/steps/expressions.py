"""Expressions of `derive` and `guard` (SPECIFICATION 3.1), over all rows at once."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np

from validation.steps import dates, monthly, values
from validation.steps.values import Value

_TWO = {"add": np.add, "multiply": np.multiply, "subtract": np.subtract, "divide": np.divide}
_ONE = {
    "negate": np.negative,
    "absolute": np.abs,
    "floor": np.floor,
    "exponential": np.exp,
    "logarithm": np.log,
}
_EMPTY: dict[str, Any] = {"number": np.nan, "flag": np.int8(-1)}
_EXTREME = {"minimum": np.minimum, "maximum": np.maximum}
_ORDER: dict[str, Callable[[Any, Any], Any]] = {
    "less": operator.lt,
    "less_or_equal": operator.le,
    "greater": operator.gt,
    "greater_or_equal": operator.ge,
}


def evaluate(node: Mapping[str, Any], names: Mapping[str, Value], rows: int) -> Value:
    """Return the value of an expression over `rows` rows; `names` holds every value that it may refer to."""
    if "const" in node:
        return values.constant(node["const"], rows)
    if "ref" in node:
        found = names[node["ref"]]
        return values.as_number(found) if found.kind == "bin" else found
    arguments = [evaluate(item, names, rows) for item in node["args"]]
    with np.errstate(all="ignore"):
        return _apply(node["op"], arguments)


def _apply(operation: str, arguments: list[Value]) -> Value:
    if operation in _TWO:
        return _arithmetic(operation, arguments)
    if operation in _ONE:
        return _unary(operation, arguments[0])
    if operation in _EXTREME:
        return reduce(lambda a, b: _extreme(operation, a, b), arguments)
    if operation in monthly.OPERATIONS:
        return monthly.monthly(operation, arguments)
    if operation in dates.OPERATIONS:
        return dates.dates(operation, arguments)
    if operation in _ORDER:
        return _ordered(_ORDER[operation], arguments)
    special = {
        "coalesce": _coalesce,
        "if": _if,
        "share": _share,
        "cross": _cross,
        "band": _band,
        "equal": _equal,
        "not_equal": lambda items: _not([_equal(items)]),
        "in": _in,
        "is_missing": _is_missing,
        "and": lambda items: reduce(_and, items),
        "or": lambda items: reduce(_or, items),
        "not": _not,
    }
    return special[operation](arguments)


def _arithmetic(operation: str, arguments: list[Value]) -> Value:
    """Calculate from left to right; where an argument is missing nothing is calculated, so nothing overflows."""
    missing = reduce(np.logical_or, (item.missing() for item in arguments))
    if operation == "divide":
        missing = missing | (arguments[1].data == 0)
    error = reduce(np.logical_or, (item.error for item in arguments))
    return values.number(reduce(_TWO[operation], (item.data for item in arguments)), error, missing)


def _share(arguments: list[Value]) -> Value:
    part, whole = arguments
    missing = part.missing() | whole.missing() | (whole.data <= 0)
    return values.number(part.data / whole.data, part.error | whole.error, missing)


def _cross(arguments: list[Value]) -> Value:
    error = reduce(np.logical_or, (item.error for item in arguments))
    missing = reduce(np.logical_or, (item.missing() for item in arguments))
    rows = zip(missing | error, *(item.data for item in arguments), strict=True)
    joined = [None if skip else " & ".join(parts) for skip, *parts in rows]
    return values.string(np.array([*joined, None], dtype=object)[:-1], error)


def _band(arguments: list[Value]) -> Value:
    value, cuts = arguments[0], [item.data for item in arguments[1:]]
    rows = len(value.data)
    names = [values.text_of_number(cut[0]) if rows else "" for cut in cuts]
    result = np.full(rows, f"< {names[0]}", dtype=object)
    for place, cut in enumerate(cuts):
        last = place == len(cuts) - 1
        result[value.data >= cut] = f">= {names[place]}" if last else f"[{names[place]}, {names[place + 1]})"
    result[value.missing()] = None
    return values.string(result, value.error)


def _unary(operation: str, a: Value) -> Value:
    missing = a.missing()
    if operation == "logarithm":
        missing = missing | (a.data <= 0)
    return values.number(_ONE[operation](a.data), a.error, missing)


def _extreme(operation: str, a: Value, b: Value) -> Value:
    return values.number(_EXTREME[operation](a.data, b.data), a.error | b.error, a.missing() | b.missing())


def _ordered(compare: Callable[[Any, Any], Any], arguments: list[Value]) -> Value:
    a, b = arguments
    missing = a.missing() | b.missing()
    return values.flag(np.where(missing, -1, compare(a.data, b.data)), a.error | b.error)


def _equal(arguments: list[Value]) -> Value:
    a, b = arguments
    missing = a.missing() | b.missing()
    if a.kind != b.kind:  # only where one side is the null constant: missing everywhere
        same = np.zeros(len(missing), dtype=bool)
    else:
        same = np.equal(a.data, b.data).astype(bool)
    return values.flag(np.where(missing, -1, same), a.error | b.error)


def _in(arguments: list[Value]) -> Value:
    found = [_equal([arguments[0], item]) for item in arguments[1:]]
    missing = reduce(np.logical_or, (item.missing() for item in arguments))
    inside = reduce(np.logical_or, (item.data == 1 for item in found))
    return values.flag(np.where(missing, -1, inside), reduce(np.logical_or, (item.error for item in found)))


def _coalesce(arguments: list[Value]) -> Value:
    result = arguments[-1]
    for item in reversed(arguments[:-1]):
        result = _choose(item.missing(), result, item)
    return result


def _choose(where: np.ndarray, a: Value, b: Value) -> Value:
    """Take `a` where true, else `b`; the kind is that of the side that is not the null constant."""
    kind = b.kind if a.missing().all() else a.kind
    if a.kind == b.kind:
        data = np.where(where, a.data, b.data)
    else:
        side, taken = (a, where) if a.kind == kind else (b, ~where)
        empty: Any = _EMPTY.get(kind)
        data = np.where(taken, side.data, empty)
    return values.of_kind(kind, data, np.where(where, a.error, b.error))


def _if(arguments: list[Value]) -> Value:
    condition, a, b = arguments
    chosen = _choose(condition.data == 1, a, b)
    missing = condition.missing()
    error = np.where(missing, False, chosen.error) | condition.error
    empty: Any = _EMPTY.get(chosen.kind)
    return values.of_kind(chosen.kind, np.where(missing, empty, chosen.data), error)


def _is_missing(arguments: list[Value]) -> Value:
    return values.flag(arguments[0].missing().astype(np.int8), arguments[0].error)


def _and(a: Value, b: Value) -> Value:
    false = (a.data == 0) | (b.data == 0)
    true = (a.data == 1) & (b.data == 1)
    return values.flag(np.where(false, 0, np.where(true, 1, -1)), a.error | b.error)


def _or(a: Value, b: Value) -> Value:
    true = (a.data == 1) | (b.data == 1)
    false = (a.data == 0) & (b.data == 0)
    return values.flag(np.where(true, 1, np.where(false, 0, -1)), a.error | b.error)


def _not(arguments: list[Value]) -> Value:
    found = arguments[0]
    return values.flag(np.where(found.missing(), -1, found.data == 0), found.error)
