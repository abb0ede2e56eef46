"""A program run row by row, as plainly as can be: what each printer of another language has to bring about."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from scipy.special import ndtr

from credit_risk.export.program import (
    Attribution,
    Band,
    Bin,
    Classify,
    Let,
    Line,
    Pick,
    Program,
    Rank,
    Statement,
    Tree,
    TreeSum,
)
from credit_risk.export.program.terms import Absent, Call, Choose, Constant, Failed, Name, Term
from credit_risk.scoring.dates import parse_date

FAILED = object()
"""Stands for a value in error; None for a missing one."""


def run_program(program: Program, row: Mapping[str, Any]) -> dict[str, Any]:
    """Every value by name of one row: None missing, FAILED in error."""
    values: dict[str, Any] = {}
    for one in program.inputs:
        given = row[one.name]
        absent = given is None or given == "" or given != given
        values[one.name] = None if absent else given
    for statement in program.statements:
        _run(statement, values)
    return values


def published(program: Program, row: Mapping[str, Any]) -> dict[str, Any]:
    """The published results of one row."""
    values = run_program(program, row)
    return {one.column: values[one.name] for one in program.published}


def _run(statement: Statement, values: dict[str, Any]) -> None:
    match statement:
        case Let():
            values[statement.name] = _let(statement, values)
        case Classify():
            values[statement.name] = _bin(statement, values[statement.input])
        case Pick():
            values[statement.name] = statement.values[values[statement.bin]]
        case Tree():
            values[statement.name] = _leaf(statement, values)
        case TreeSum():
            values[statement.name] = _tree_sum(statement, values)
        case Attribution():
            values.update(dict.fromkeys(statement.outputs, math.nan))  # proved where it is printed
        case Band():
            x = values[statement.input]
            known = x is not None and x is not FAILED
            values[statement.name] = statement.levels[sum(x >= cut for cut in statement.cuts)] if known else x
        case Line():
            values[statement.name] = _line(statement, values[statement.input])
        case Rank():
            values.update(_rank(statement, values))


def _let(one: Let, values: dict[str, Any]) -> Any:
    if evaluate(one.failed, values):
        return FAILED
    if evaluate(one.absent, values):
        return None
    value = evaluate(one.value, values)
    return FAILED if one.checked and not math.isfinite(value) else value


def _bin(one: Classify, x: Any) -> int:
    if x is None or x is FAILED:
        return next(b.id for b in one.bins if b.takes_missing)
    for b in one.bins:
        if x in b.codes:
            return b.id
    for b in one.bins:
        if b.kind == "interval" and _inside(b, x):
            return b.id
        if b.kind == "categories" and x in b.values:
            return b.id
    return next(b.id for b in one.bins if b.kind == "unseen")


def _inside(b: Bin, x: float) -> bool:
    return (b.lower is None or x >= b.lower) and (b.upper is None or x < b.upper)


def _leaf(tree: Tree, values: dict[str, Any]) -> float:
    node = 0
    while tree.left[node] >= 0:
        x = values[tree.features[tree.feature[node]]]
        left = tree.default_left[node] if x is None or x is FAILED else x < tree.threshold[node]
        node = tree.left[node] if left else tree.right[node]
    return tree.value[node]


def _tree_sum(one: TreeSum, values: dict[str, Any]) -> Any:
    if evaluate(one.failed, values):
        return FAILED
    total = one.base + (values[one.offset] if one.offset is not None else 0.0)
    for name in one.trees:
        total = total + values[name]
    return total


def _line(one: Line, x: Any) -> Any:
    if x is None or x is FAILED:
        return x
    if x < one.knots[0]:
        return one.levels[0]
    if x >= one.knots[-1]:
        return one.levels[-1]
    at = max(i for i, knot in enumerate(one.knots[:-1]) if x >= knot)
    return one.levels[at] + (x - one.knots[at]) * one.slopes[at]


def _rank(one: Rank, values: dict[str, Any]) -> dict[str, Any]:
    if evaluate(one.failed, values):
        return dict.fromkeys(one.names, FAILED)
    short = [base - values[name] for base, name in zip(one.baselines, one.inputs, strict=True)]
    order = sorted((k for k in range(len(short)) if short[k] > 0), key=lambda k: (-short[k], k))[: one.maximum]
    codes: list[Any] = [one.codes[k] for k in order] + [None] * (len(one.names) - len(order))
    if one.inquiries and not set(order) & set(one.inquiries):
        best = max(one.inquiries, key=lambda k: (short[k], -k))
        if short[best] > 0:
            codes[-1] = one.codes[best]
    return dict(zip(one.names, codes, strict=True))


def evaluate(term: Term, values: dict[str, Any]) -> Any:
    match term:
        case Constant():
            return term.value
        case Name():
            return values[term.name]
        case Absent():
            return values[term.name] is None
        case Failed():
            return values[term.name] is FAILED
        case Choose():
            for flag, value in term.cases:
                if evaluate(flag, values):
                    return evaluate(value, values)
            return evaluate(term.otherwise, values)
        case Call("and"):
            return all(evaluate(one, values) for one in term.arguments)
        case Call("or"):
            return any(evaluate(one, values) for one in term.arguments)
        case Call():
            return _CALLS[term.operation](*(evaluate(one, values) for one in term.arguments))


def _add(*numbers: float) -> float:
    total = numbers[0]
    for one in numbers[1:]:
        total += one
    return total


def _multiply(*numbers: float) -> float:
    total = numbers[0]
    for one in numbers[1:]:
        total *= one
    return total


def _exponential(x: float) -> float:
    return math.exp(x) if x < 709.78 else math.inf if x > 709.79 else math.exp(min(x, 709.782712893384))


def _day(text: str) -> date:
    found = parse_date(text)
    assert found is not None
    return found


def _ends_month(text: str) -> bool:
    day = _day(text)
    return (day.month, day.day) == (12, 31) or (day + timedelta(days=1)).month != day.month


_CALLS: dict[str, Any] = {
    "add": _add,
    "subtract": lambda a, b: a - b,
    "multiply": _multiply,
    "divide": lambda a, b: a / b,
    "minimum": min,
    "maximum": max,
    "negate": lambda a: -a,
    "absolute": abs,
    "floor": lambda a: float(math.floor(a)),
    "exponential": _exponential,
    "logarithm": math.log,
    "normal": lambda a: float(ndtr(a)),
    "round_half_away_from_zero": lambda a: math.copysign(math.floor(abs(a) + 0.5), a) + 0.0,
    "less": lambda a, b: a < b,
    "less_or_equal": lambda a, b: a <= b,
    "equal": lambda a, b: a == b,
    "one_of": lambda a, *b: a in b,
    "text_one_of": lambda a, *b: a in b,
    "text_equal": lambda a, b: a == b,
    "not": lambda a: not a,
    "join": lambda *a: "".join(a),
    "is_date": lambda a: parse_date(a) is not None,
    "date_day": lambda a: float(_day(a).toordinal()),
    "date_year": lambda a: float(_day(a).year),
    "date_month": lambda a: float(_day(a).month),
    "date_day_of_month": lambda a: float(_day(a).day),
    "date_ends_month": _ends_month,
}
