"""The expression language of `derive` and `guard` (SPECIFICATION section 3.1): typed, three-valued, vectorised."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np

from credit_risk.scoring.columns import FLAG, NUMBER, STRING, Column, Run, any_error, any_missing, make_number
from credit_risk.scoring.dates import DATE_OPERATIONS, evaluate_dates, parse_date
from credit_risk.scoring.monthly import AGGREGATES, count_present
from credit_risk.scoring.steps import text_of_number

Expression = Mapping[str, Any]
ANY = "missing"  # the kind of a null constant: fits everywhere
SEPARATOR = " & "  # between the parts of a cross

_ARITHMETIC = {"add", "multiply", "subtract", "divide", "minimum", "maximum", "share"}
_UNARY = {"negate", "absolute", "floor", "exponential", "logarithm"}
_ORDER = {"less", "less_or_equal", "greater", "greater_or_equal"}
_EQUALITY = {"equal", "not_equal"}
# operation: (fewest, most) arguments; None is no limit
_ARITY: dict[str, tuple[int, int | None]] = {
    "add": (2, None),
    "multiply": (2, None),
    "subtract": (2, 2),
    "divide": (2, 2),
    "minimum": (1, None),
    "maximum": (1, None),
    "coalesce": (1, None),
    "if": (3, 3),
    "in": (2, None),
    "is_missing": (1, 1),
    "and": (2, None),
    "or": (2, None),
    "not": (1, 1),
    **dict.fromkeys(("total", "average", "lowest", "highest", "count_present"), (1, None)),
    **dict.fromkeys(("count_at_least", "count_at_most", "months_since", "trend", "cross", "band"), (2, None)),
    **dict.fromkeys(("share", "days_between", "months_between"), (2, 2)),
    **dict.fromkeys(("year", "month"), (1, 1)),
    **dict.fromkeys(_UNARY, (1, 1)),
    **dict.fromkeys(_ORDER | _EQUALITY, (2, 2)),
}


def expression_kind(expression: Expression, kinds: Mapping[str, str], complain: Callable[[str], None]) -> str:
    """The kind of value that `expression` yields; every fault is passed to `complain`.

    `kinds` maps the names that may be read to their kinds. A null constant has kind `missing` and fits everywhere.
    """
    if "const" in expression:
        value = expression["const"]
        if value is None:
            return ANY
        return FLAG if isinstance(value, bool) else (STRING if isinstance(value, str) else NUMBER)
    if "ref" in expression:
        name = expression["ref"]
        if name not in kinds:
            complain(f"reads {name!r}, which is neither an input nor produced before")
            return ANY
        if kinds[name] not in (NUMBER, STRING, FLAG):
            complain(f"reads {name!r}, a {kinds[name]}; expressions take numbers, text and flags")
            return ANY
        return kinds[name]
    op, args = expression["op"], expression["args"]
    if op not in _ARITY:
        complain(f"unknown operation {op!r}")
        return ANY
    low, high = _ARITY[op]
    if len(args) < low or (high is not None and len(args) > high):
        complain(f"{op} takes {low}{'' if high == low else ' or more'} arguments, found {len(args)}")
        return ANY
    found = [expression_kind(arg, kinds, complain) for arg in args]
    for message in constant_faults(op, args):
        complain(message)
    return _operation_kind(op, found, complain)


def constant_faults(op: str, args: Sequence[Expression]) -> list[str]:
    """What is wrong with arguments that must be constants: of `in`, the cuts of `band`, dates written as text."""
    given: list[Any] = [arg.get("const") for arg in args[1:]]
    if op == "in" and any(value is None or value == "" for value in given):
        return ["in takes constants after its first argument, none of them missing"]
    if op == "band":
        if any(isinstance(cut, bool) or not isinstance(cut, int | float) for cut in given):
            return ["band takes constant numbers after its first argument"]
        if any(not float(low) < float(high) for low, high in pairwise(given)):
            return ["the cuts of band must ascend"]
    if op in DATE_OPERATIONS:
        written = [arg["const"] for arg in args if isinstance(arg.get("const"), str)]
        return [f"{op}: {text!r} is no date, such as 2026-11-20" for text in written if parse_date(text) is None]
    return []


def _operation_kind(op: str, found: list[str], complain: Callable[[str], None]) -> str:
    def want(kind: str, where: list[str]) -> None:
        for each in where:
            if each not in (kind, ANY):
                complain(f"{op} takes a {kind}, found a {each}")

    def alike(where: list[str]) -> str:
        known = {each for each in where if each != ANY}
        if len(known) > 1:
            complain(f"{op} takes values of one kind, found {' and '.join(sorted(known))}")
        return min(known) if known else ANY

    if op in _ARITHMETIC or op in _UNARY or op in AGGREGATES:
        want(NUMBER, found)
        return NUMBER
    if op == "count_present":
        return NUMBER
    if op in DATE_OPERATIONS or op == "cross":
        want(STRING, found)
        return STRING if op == "cross" else NUMBER
    if op == "band":
        want(NUMBER, found[:1])
        return STRING
    if op in _ORDER:
        want(NUMBER, found)
    elif op in _EQUALITY or op == "in":
        if alike(found) == FLAG:
            complain(f"{op} takes numbers or text, found flags")
    elif op in ("and", "or", "not"):
        want(FLAG, found)
    elif op == "if":
        want(FLAG, found[:1])
        return alike(found[1:])
    elif op == "coalesce":
        return alike(found)
    return FLAG


def references(expression: Expression) -> list[str]:
    """Names that `expression` reads, each once, in order of appearance."""
    if "ref" in expression:
        return [expression["ref"]]
    found = [name for arg in expression.get("args", []) for name in references(arg)]
    return list(dict.fromkeys(found))


def evaluate(expression: Expression, run: Run, step: str) -> Column:
    """Value of `expression` for every row of `run`; `step` is named where a result is not finite."""
    if "const" in expression:
        return _constant(expression["const"], run.rows)
    if "ref" in expression:
        return run.columns[expression["ref"]]
    op = expression["op"]
    args = [evaluate(arg, run, step) for arg in expression["args"]]
    if op in _SPECIAL:
        return _SPECIAL[op](args, run.rows)
    if op in AGGREGATES:
        return _aggregate(op, args, run, step)
    error = any_error(args, run.rows)
    missing = any_missing(args, run.rows) & ~error
    if op in DATE_OPERATIONS:
        data, missing = evaluate_dates(op, [arg.data for arg in args], missing | error)
        return make_number(data, missing, error)
    if op in _COMPARE:
        return Column(FLAG, _COMPARE[op](args), missing, error)
    return _arithmetic(op, args, missing, error, run, step)


def _constant(value: Any, rows: int) -> Column:
    none = np.zeros(rows, dtype=bool)
    if value is None:
        return Column(ANY, np.full(rows, np.nan), ~none, none)
    if isinstance(value, bool):
        return Column(FLAG, np.full(rows, value), none, none)
    if isinstance(value, str):
        return Column(STRING, np.full(rows, value or None, dtype=object), none | (value == ""), none)
    return Column(NUMBER, np.full(rows, float(value)), none, none)


def _fold(
    function: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> Callable[[list[np.ndarray]], np.ndarray]:
    return lambda values: reduce(function, values)


_COMPUTE: dict[str, Callable[[list[np.ndarray]], np.ndarray]] = {
    "add": _fold(np.add),
    "multiply": _fold(np.multiply),
    "subtract": _fold(np.subtract),
    "divide": _fold(np.divide),
    "share": _fold(np.divide),
    "minimum": _fold(np.minimum),
    "maximum": _fold(np.maximum),
    "negate": lambda v: -v[0],
    "absolute": lambda v: np.abs(v[0]),
    "floor": lambda v: np.floor(v[0]),
    "exponential": lambda v: np.exp(v[0]),
    "logarithm": lambda v: np.log(v[0]),
}


def _arithmetic(op: str, args: list[Column], missing: np.ndarray, error: np.ndarray, run: Run, step: str) -> Column:
    values = [arg.data.astype(np.float64, copy=False) for arg in args]
    if op == "divide":
        missing = missing | (~error & (values[1] == 0.0))
    if op == "share":
        missing = missing | (~error & (values[1] <= 0.0))
    if op == "logarithm":
        missing = missing | (~error & (values[0] <= 0.0))
    with np.errstate(all="ignore"):
        data = _COMPUTE[op](values)
    broken = ~missing & ~error & ~np.isfinite(data)
    run.blame(step, f"{op} is not finite", broken)
    return make_number(data, missing, error | broken)


def _aggregate(op: str, args: list[Column], run: Run, step: str) -> Column:
    error = any_error(args, run.rows)
    with np.errstate(all="ignore"):
        data, missing = AGGREGATES[op](_numbers(args), [~arg.missing for arg in args])
    missing = missing & ~error
    broken = ~missing & ~error & ~np.isfinite(data)
    run.blame(step, f"{op} is not finite", broken)
    return make_number(data, missing, error | broken)


def band_labels(cuts: Sequence[float]) -> list[str]:
    """Text of each band `[lower, upper)` of ascending `cuts`, the open ends included."""
    texts = [text_of_number(cut) for cut in cuts]
    inner = [f"[{low}, {high})" for low, high in pairwise(texts)]
    return [f"< {texts[0]}", *inner, f">= {texts[-1]}"]


def _text_equal(args: list[Column]) -> np.ndarray:
    if args[0].kind == STRING and args[1].kind == STRING:
        return np.fromiter((a == b for a, b in zip(args[0].data, args[1].data)), bool, len(args[0].data))
    if ANY in (args[0].kind, args[1].kind):
        return np.zeros(len(args[0].data), dtype=bool)
    return args[0].data == args[1].data


def _numbers(args: list[Column]) -> list[np.ndarray]:
    return [arg.data.astype(np.float64, copy=False) for arg in args]


_COMPARE: dict[str, Callable[[list[Column]], np.ndarray]] = {
    "equal": _text_equal,
    "not_equal": lambda a: ~_text_equal(a),
    "less": lambda a: np.less(*_numbers(a)),
    "less_or_equal": lambda a: np.less_equal(*_numbers(a)),
    "greater": lambda a: np.greater(*_numbers(a)),
    "greater_or_equal": lambda a: np.greater_equal(*_numbers(a)),
    "in": lambda a: np.logical_or.reduce([_text_equal([a[0], b]) for b in a[1:]]),
    "not": lambda a: ~a[0].data.astype(bool),
}


def _is_missing(args: list[Column], rows: int) -> Column:
    return Column(FLAG, args[0].missing.copy(), np.zeros(rows, dtype=bool), args[0].error)


def _kleene(args: list[Column], rows: int, decides: bool) -> Column:
    """Kleene `and` (False decides) or `or` (True decides)."""
    error = any_error(args, rows)
    known = [~arg.missing & (arg.data.astype(bool) == decides) for arg in args]
    decided = np.logical_or.reduce(known)
    missing = ~decided & any_missing(args, rows) & ~error
    return Column(FLAG, np.where(decided, decides, not decides), missing, error)


def _select(masks: list[np.ndarray], columns: list[Column], rows: int) -> Column:
    """The value of `columns[k]` where `masks[k]`; missing elsewhere. Only the chosen value counts."""
    kind = next((c.kind for c in columns if c.kind != ANY), ANY)
    data = np.full(rows, None, dtype=object) if kind == STRING else np.zeros(rows, bool if kind == FLAG else float)
    missing, error = np.ones(rows, dtype=bool), np.zeros(rows, dtype=bool)
    for mask, column in zip(masks, columns):
        if column.kind != ANY:
            data[mask] = column.data[mask]
        missing[mask] = column.missing[mask]
        error[mask] = column.error[mask]
    if kind == NUMBER:
        data[missing | error] = np.nan
    return Column(kind, data, missing, error)


def _if(args: list[Column], rows: int) -> Column:
    flag = args[0]
    known = ~flag.missing & ~flag.error
    true = known & flag.data.astype(bool)
    chosen = _select([true, known & ~true], args[1:], rows)
    return Column(chosen.kind, chosen.data, chosen.missing & ~flag.error, chosen.error | flag.error)


def _coalesce(args: list[Column], rows: int) -> Column:
    left = np.ones(rows, dtype=bool)
    masks = []
    for arg in args:
        masks.append(left & ~arg.missing)
        left = left & arg.missing
    return _select(masks, args, rows)


def _count_present(args: list[Column], rows: int) -> Column:
    none = np.zeros(rows, dtype=bool)
    return make_number(count_present([~arg.missing for arg in args]), none, any_error(args, rows))


def _cross(args: list[Column], rows: int) -> Column:
    error = any_error(args, rows)
    missing = any_missing(args, rows) & ~error
    data = np.full(rows, None, dtype=object)
    there = np.flatnonzero(~missing & ~error)
    parts = [arg.data[there].tolist() for arg in args]
    data[there] = [SEPARATOR.join(row) for row in zip(*parts, strict=True)]
    return Column(STRING, data, missing, error)


def _band(args: list[Column], rows: int) -> Column:
    value, cuts = args[0], [arg.data[0] for arg in args[1:]] if rows else [0.0]
    absent = value.missing | value.error
    labels = np.array([*band_labels(cuts), None], dtype=object)
    places = np.searchsorted(np.array(cuts), np.where(absent, np.inf, value.data.astype(np.float64)), side="right")
    return Column(STRING, labels[np.where(absent, -1, places)], value.missing, value.error)


_SPECIAL: dict[str, Callable[[list[Column], int], Column]] = {
    "count_present": _count_present,
    "cross": _cross,
    "band": _band,
    "is_missing": _is_missing,
    "and": lambda args, rows: _kleene(args, rows, False),
    "or": lambda args, rows: _kleene(args, rows, True),
    "if": _if,
    "coalesce": _coalesce,
}
