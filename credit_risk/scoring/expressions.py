"""The expression language of `derive` and `guard` (SPECIFICATION section 3.1): typed, three-valued, vectorised."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from credit_risk.scoring.columns import FLAG, NUMBER, STRING, Column, Run, any_error, any_missing, make_number

Expression = Mapping[str, Any]
ANY = "missing"  # the kind of a null constant: fits everywhere

_ARITHMETIC = {"add", "multiply", "subtract", "divide", "minimum", "maximum"}
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
    return _operation_kind(op, args, found, complain)


def _operation_kind(op: str, args: list[Expression], found: list[str], complain: Callable[[str], None]) -> str:
    def want(kind: str, where: list[str]) -> None:
        for each in where:
            if each not in (kind, ANY):
                complain(f"{op} takes a {kind}, found a {each}")

    def alike(where: list[str]) -> str:
        known = {each for each in where if each != ANY}
        if len(known) > 1:
            complain(f"{op} takes values of one kind, found {' and '.join(sorted(known))}")
        return min(known) if known else ANY

    if op in _ARITHMETIC or op in _UNARY:
        want(NUMBER, found)
        return NUMBER
    if op in _ORDER:
        want(NUMBER, found)
    elif op in _EQUALITY or op == "in":
        if alike(found) == FLAG:
            complain(f"{op} takes numbers or text, found flags")
        if op == "in" and any("const" not in arg or arg["const"] is None for arg in args[1:]):
            complain("in takes constants after its first argument")
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
    error = any_error(args, run.rows)
    missing = any_missing(args, run.rows) & ~error
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
        return Column(STRING, np.full(rows, value, dtype=object), none, none)
    return Column(NUMBER, np.full(rows, float(value)), none, none)


def _fold(
    function: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> Callable[[list[np.ndarray]], np.ndarray]:
    def folded(values: list[np.ndarray]) -> np.ndarray:
        result = values[0]
        for value in values[1:]:
            result = function(result, value)
        return result

    return folded


_COMPUTE: dict[str, Callable[[list[np.ndarray]], np.ndarray]] = {
    "add": _fold(np.add),
    "multiply": _fold(np.multiply),
    "subtract": _fold(np.subtract),
    "divide": _fold(np.divide),
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
    if op == "logarithm":
        missing = missing | (~error & (values[0] <= 0.0))
    with np.errstate(all="ignore"):
        data = _COMPUTE[op](values)
    broken = ~missing & ~error & ~np.isfinite(data)
    run.blame(step, f"{op} is not finite", broken)
    return make_number(data, missing, error | broken)


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


_SPECIAL: dict[str, Callable[[list[Column], int], Column]] = {
    "is_missing": _is_missing,
    "and": lambda args, rows: _kleene(args, rows, False),
    "or": lambda args, rows: _kleene(args, rows, True),
    "if": _if,
    "coalesce": _coalesce,
}
