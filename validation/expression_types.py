"""Types of expressions (SPECIFICATION 3.1): which operations take what, and what they give."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

from validation.steps.dates import day_of

ANY = "any"
_NUMBERS = {
    "add": (2, None),
    "multiply": (2, None),
    "subtract": (2, 2),
    "divide": (2, 2),
    "negate": (1, 1),
    "absolute": (1, 1),
    "floor": (1, 1),
    "exponential": (1, 1),
    "logarithm": (1, 1),
    "minimum": (1, None),
    "maximum": (1, None),
    "share": (2, 2),
    "total": (1, None),
    "average": (1, None),
    "lowest": (1, None),
    "highest": (1, None),
    "count_at_least": (2, None),
    "count_at_most": (2, None),
    "months_since": (2, None),
    "trend": (2, None),
}
_DATES = {"days_between": (2, 2), "months_between": (2, 2), "year": (1, 1), "month": (1, 1)}
_ORDERINGS = ("less", "less_or_equal", "greater", "greater_or_equal")
_FLAGS = {"and": (2, None), "or": (2, None), "not": (1, 1)}
_COUNTS = {
    **_NUMBERS,
    **_FLAGS,
    **_DATES,
    "count_present": (1, None),
    "cross": (2, None),
    "band": (2, None),
    **dict.fromkeys((*_ORDERINGS, "equal", "not_equal"), (2, 2)),
    "coalesce": (1, None),
    "if": (3, 3),
    "in": (2, None),
    "is_missing": (1, 1),
}

Report = Callable[[str, str, str], None]


def infer(node: dict[str, Any], names: Mapping[str, str], report: Report, path: str) -> str:
    """Return the type of an expression: `number`, `string`, `flag` or `any` (a null constant, or after a fault).

    `names` maps the known names to their types. Faults go to `report(code, message, path)`.
    """
    if "const" in node:
        return _constant(node["const"])
    if "ref" in node:
        if node["ref"] not in names:
            report("name_unknown", f"{node['ref']!r} is not an input and is not produced before", path)
            return ANY
        kind = names[node["ref"]]
        if kind not in ("number", "string", "flag", ANY):
            report("schema", f"{node['ref']!r} is a {kind}, which no expression takes", path)
            return ANY
        return kind
    operation, arguments = node["op"], node["args"]
    types = [infer(item, names, report, f"{path}/args/{i}") for i, item in enumerate(arguments)]
    low, high = _COUNTS[operation]
    if len(types) < low or (high is not None and len(types) > high):
        report("schema", f"{operation!r} does not take {len(types)} arguments", path)
        return ANY
    return _result(operation, arguments, types, report, path)


def _result(operation: str, arguments: list[dict[str, Any]], types: list[str], report: Report, path: str) -> str:
    if operation in _NUMBERS:
        _all_of("number", types, operation, report, path)
        return "number"
    if operation in _FLAGS:
        _all_of("flag", types, operation, report, path)
        return "flag"
    if operation == "is_missing":
        return "flag"
    if operation == "count_present":
        return "number"
    if operation in _DATES or operation == "cross":
        _all_of("string", types, operation, report, path)
        if operation == "cross":
            return "string"
        _dates_as_text(operation, arguments, report, path)
        return "number"
    if operation == "band":
        _all_of("number", types, operation, report, path)
        _cuts(arguments[1:], report, path)
        return "string"
    if operation in _ORDERINGS:
        _all_of("number", types, operation, report, path)
        return "flag"
    if operation == "if":
        _all_of("flag", types[:1], operation, report, path)
        return _common(types[1:], operation, report, path)
    if operation == "coalesce":
        return _common(types, operation, report, path)
    if operation == "in" and any(item.get("const") in (None, "") for item in arguments[1:]):
        report("schema", "'in' takes a value and then constants", path)
    kind = _common(types, operation, report, path)
    if kind == "flag":
        report("schema", f"{operation!r} does not compare flags", path)
    return "flag"


def _dates_as_text(operation: str, arguments: list[dict[str, Any]], report: Report, path: str) -> None:
    for item in arguments:
        text = item.get("const")
        if isinstance(text, str) and day_of(text) is None:
            report("schema", f"{operation!r} was given {text!r}, which is no date", path)


def _cuts(arguments: list[dict[str, Any]], report: Report, path: str) -> None:
    cuts: list[Any] = [item.get("const") for item in arguments]
    if any(isinstance(cut, bool) or not isinstance(cut, (int, float)) for cut in cuts):
        report("schema", "'band' takes a number and then constant numbers", path)
    elif any(float(low) >= float(high) for low, high in itertools.pairwise(cuts)):
        report("schema", "the cuts of 'band' do not ascend", path)


def _constant(value: Any) -> str:
    if value is None:
        return ANY
    if isinstance(value, bool):
        return "flag"
    return "number" if isinstance(value, (int, float)) else "string"


def _all_of(kind: str, types: list[str], operation: str, report: Report, path: str) -> None:
    wrong = sorted({item for item in types if item not in (kind, ANY)})
    if wrong:
        report("schema", f"{operation!r} takes a {kind} and was given a {wrong[0]}", path)


def _common(types: list[str], operation: str, report: Report, path: str) -> str:
    known = sorted({item for item in types if item != ANY})
    if len(known) > 1:
        report("schema", f"{operation!r} was given values of different types: {', '.join(known)}", path)
    return known[0] if len(known) == 1 else ANY
