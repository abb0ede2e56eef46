"""Derived characteristics: the text of a plan becomes the expression tree of SPECIFICATION section 3.1.

The language: numbers, 'text', column names (in `backticks` where they are not plain identifiers), + - * /,
comparisons (chains too), `and` `or` `not`, `in` and `not in` with a list of constants, and the functions of
`FUNCTIONS`. Among the arguments of a function, `columns('BILL_AMT', 1, 6)` stands for BILL_AMT1 … BILL_AMT6; the tree
holds them one by one. Read through Python's own grammar with a closed list of nodes; nothing is ever run as Python.
"""

from __future__ import annotations

import ast
import difflib
import math
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk.scoring.dates import DATE_OPERATIONS
from credit_risk.scoring.expressions import constant_faults, references
from credit_risk.scoring.monthly import AGGREGATES

Expression = dict[str, Any]
FUNCTIONS: Mapping[str, tuple[str, int, int | None]] = {
    "min": ("minimum", 1, None),
    "max": ("maximum", 1, None),
    "coalesce": ("coalesce", 1, None),
    "if": ("if", 3, 3),
    "where": ("if", 3, 3),
    "abs": ("absolute", 1, 1),
    "log": ("logarithm", 1, 1),
    "exp": ("exponential", 1, 1),
    "floor": ("floor", 1, 1),
    "is_missing": ("is_missing", 1, 1),
    "in": ("in", 2, None),
    "missing": ("missing", 0, 0),
    "share": ("share", 2, 2),
    "total": ("total", 1, None),
    "average": ("average", 1, None),
    "lowest": ("lowest", 1, None),
    "highest": ("highest", 1, None),
    "count_present": ("count_present", 1, None),
    "count_at_least": ("count_at_least", 2, None),
    "count_at_most": ("count_at_most", 2, None),
    "months_since": ("months_since", 2, None),
    "trend": ("trend", 2, None),
    "days_between": ("days_between", 2, 2),
    "months_between": ("months_between", 2, 2),
    "year": ("year", 1, 1),
    "month": ("month", 1, 1),
    "cross": ("cross", 2, None),
    "band": ("band", 2, None),
}
FAMILY = "columns"
MAX_FAMILY = 120
DATE_DIFFERENCES = ("days_between", "months_between")
FAMILY_FORM = "columns('BILL_AMT', 1, 6), columns('M', '01', '12') or columns('M{}_PAID', 1, 6)"
ALLOWED = "numbers, 'text', columns, + - * /, comparisons, and, or, not, in, " + ", ".join(
    f"{name}()" for name in (*FUNCTIONS, FAMILY) if name != "in"
)
MAX_LENGTH = 2_000
EXACT_INTEGER = 2**53
TOKEN = re.compile(
    r"(?P<text>'[^']*'|\"[^\"]*\")|(?P<quoted>`[^`]*`)"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<name>[^\W\d]\w*)|(?P<space>\s+)|(?P<other>.)",
    re.DOTALL,
)
ARITHMETIC = {ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide"}
COMPARISON = {
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
    ast.Lt: "less",
    ast.LtE: "less_or_equal",
    ast.Gt: "greater",
    ast.GtE: "greater_or_equal",
}
CALCULATED = {
    *ARITHMETIC.values(),
    *("negate", "absolute", "floor", "exponential", "logarithm", "minimum", "maximum"),
    *("less", "less_or_equal", "greater", "greater_or_equal"),
    *("share", "count_present", "band", *AGGREGATES, *DATE_OPERATIONS),
}


def parse_expression(text: str) -> tuple[Expression | None, list[Fault]]:
    """The tree of `text`, or None with all the faults found; faults carry neither file nor key path."""
    if not text.strip():
        return None, [_fault("the expression is empty")]
    if len(text) > MAX_LENGTH:
        return None, [_fault(f"{len(text):,} characters are too many", allowed=f"at most {MAX_LENGTH:,}")]
    source, names, faults = _as_python(text)
    if faults:
        return None, faults
    try:
        tree = ast.parse(source, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        remedy = "check brackets, commas and operators; a column name that is no plain word stands in `backticks`"
        return None, [_fault("not a readable expression", found=text, allowed=ALLOWED, remedy=remedy)]
    builder = _Builder(names)
    try:
        expression = builder.build(tree.body)
    except RecursionError:
        return None, [_fault("nested too deeply", found=text)]
    if not builder.faults and not references(expression):
        builder.faults.append(_fault("no column stands in the expression", found=text))
    return (None, builder.faults) if builder.faults else (expression, [])


def without_specials(expression: Expression, specials: Mapping[str, Iterable[float | str]]) -> Expression:
    """`expression` with special codes read as missing wherever a column is calculated with or put in order.

    A code such as -9 is no number to add or compare by size. In `==`, `!=`, `in`, `is_missing`, `coalesce` and the
    branches of `if` the column stands as it is, so that a plan may ask for a code.
    """
    if "op" not in expression:
        return expression
    arguments = [without_specials(argument, specials) for argument in expression["args"]]
    if expression["op"] in CALCULATED:
        arguments = [_masked(argument, specials) for argument in arguments]
    return {"op": expression["op"], "args": arguments}


def dates_apart(
    expression: Expression, operations: Collection[str] = tuple(DATE_OPERATIONS), within: bool = False
) -> tuple[set[str], set[str]]:
    """Names that are measured as dates by `operations`, and names whose values are used in any other way.

    A date may come by way of `coalesce` or the branches of `if`; asking whether it is missing uses no value.
    """
    if "ref" in expression:
        return ({expression["ref"]}, set()) if within else (set(), {expression["ref"]})
    op, arguments = expression.get("op"), expression.get("args", [])
    if op in ("is_missing", "count_present"):
        return set(), set()
    inside = op in operations or (within and op in ("coalesce", "if"))
    found = [dates_apart(one, operations, inside and not (op == "if" and k == 0)) for k, one in enumerate(arguments)]
    return set().union(*(dates for dates, _ in found)), set().union(*(others for _, others in found))


def date_operations(expression: Expression) -> list[str]:
    """Date operations of an expression, each once, in order of appearance."""
    own = [expression["op"]] if expression.get("op") in DATE_OPERATIONS else []
    return list(dict.fromkeys([*own, *(op for one in expression.get("args", []) for op in date_operations(one))]))


def _masked(argument: Expression, specials: Mapping[str, Iterable[float | str]]) -> Expression:
    codes = [{"const": code} for code in specials.get(argument.get("ref", ""), ())]
    return _op("if", _op("in", argument, *codes), {"const": None}, argument) if codes else argument


def _as_python(text: str) -> tuple[str, dict[str, str], list[Fault]]:
    """`text` with each name made a plain placeholder, so that keywords, spaces and letters of any script are names."""
    parts: list[str] = []
    names: dict[str, str] = {}
    faults: list[Fault] = []
    operand, last = False, ""  # whether an operand stands before, and the last word or sign
    for token in TOKEN.finditer(text):
        kind, found = str(token.lastgroup), token.group()
        if kind == "space":
            parts.append(" ")
            continue
        is_operator = found in ("and", "or", "not") or (found == "in" and (operand or last == "not"))
        if kind == "name" and is_operator:
            parts.append(f" {found} ")
        elif kind in ("quoted", "name"):
            is_call = kind == "name" and text[token.end() :].lstrip().startswith("(")
            column = found if kind == "name" else found[1:-1]
            parts.append(_placeholder("function_" if is_call else "column_", column, names))
        else:
            parts.append(repr(found[1:-1]) if kind == "text" else found)
        if found in ("`", "'", '"', "``"):
            told = "a column name in backticks is empty" if found == "``" else f"a quotation mark {found} is not closed"
            faults.append(_fault(told, found=text))
        operand, last = (kind in ("quoted", "number", "text", "name") and not is_operator) or found == ")", found
    return "".join(parts).strip(), names, faults


def _placeholder(prefix: str, name: str, names: dict[str, str]) -> str:
    known = {value: key for key, value in names.items() if key.startswith(prefix)}
    if name not in known:
        known[name] = f"{prefix}{len(names)}"
        names[known[name]] = name
    return known[name]


class _Builder:
    """From Python's tree to ours."""

    def __init__(self, names: Mapping[str, str]):
        self.names = names
        self.faults: list[Fault] = []

    def build(self, node: ast.AST) -> Expression:
        match node:
            case ast.Constant():
                return self._constant(node.value)
            case ast.Name() if node.id in self.names:
                return {"ref": self.names[node.id]}
            case ast.UnaryOp():
                return self._unary(node)
            case ast.BinOp() if type(node.op) in ARITHMETIC:
                return _op(ARITHMETIC[type(node.op)], self.build(node.left), self.build(node.right))
            case ast.BoolOp():
                return _op("and" if isinstance(node.op, ast.And) else "or", *map(self.build, node.values))
            case ast.Compare():
                return self._compare(node)
            case ast.Call():
                return self._call(node)
        return self._refuse(f"{self._words(node)} is not part of the language", allowed=ALLOWED)

    def _constant(self, value: Any) -> Expression:
        if isinstance(value, str):
            if value == "":
                return self._refuse("the empty text is missing", remedy="write is_missing(x) or missing()")
            return {"const": value}
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= EXACT_INTEGER:
            return {"const": float(value)}
        if isinstance(value, float) and math.isfinite(value):
            return {"const": value}
        return self._refuse(f"{value!r} is no constant of the language", allowed="a finite number or 'text'")

    def _unary(self, node: ast.UnaryOp) -> Expression:
        inner = self.build(node.operand)
        if isinstance(node.op, ast.Not):
            return _op("not", inner)
        if isinstance(node.op, ast.Invert):
            return self._refuse("~ is not part of the language", allowed=ALLOWED)
        if isinstance(node.op, ast.UAdd):
            return inner
        constant = inner.get("const")
        return {"const": -constant} if isinstance(constant, float) else _op("negate", inner)

    def _compare(self, node: ast.Compare) -> Expression:
        operands = [node.left, *node.comparators]
        parts = []
        for left, operator, right in zip(operands, node.ops, operands[1:], strict=False):
            if isinstance(operator, ast.In | ast.NotIn):
                items = right.elts if isinstance(right, ast.Tuple | ast.List) else [right]
                inside = self._membership([left, *items])
                parts.append(_op("not", inside) if isinstance(operator, ast.NotIn) else inside)
            elif type(operator) in COMPARISON:
                parts.append(_op(COMPARISON[type(operator)], self.build(left), self.build(right)))
            else:
                return self._refuse("`is` is not part of the language", remedy="write == or is_missing()")
        return parts[0] if len(parts) == 1 else _op("and", *parts)

    def _call(self, node: ast.Call) -> Expression:
        name = self.names.get(node.func.id) if isinstance(node.func, ast.Name) else None
        if name is None or name not in FUNCTIONS:
            return self._unknown_function(name, node)
        operation, least, most = FUNCTIONS[name]
        if node.keywords or any(isinstance(item, ast.Starred) for item in node.args):
            return self._refuse(f"{name}() takes plain arguments only")
        arguments = [item for argument in node.args for item in self._argument(argument)]
        if len(arguments) < least or (most is not None and len(arguments) > most):
            wanted = f"{least}" if most == least else f"at least {least}"
            return self._refuse(f"{name}() has {len(arguments)} arguments", allowed=wanted)
        if operation == "missing":
            return {"const": None}
        for message in constant_faults(operation, arguments):
            self._refuse(message, remedy="write x in (1, 2) or in(x, 1, 2)" if operation == "in" else None)
        return _op(operation, *arguments)

    def _argument(self, node: ast.expr) -> list[Expression]:
        """One argument of a function; each column of a family for `columns()`."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and self.names.get(node.func.id) == FAMILY:
            return [{"ref": name} for name in self._family(node)]
        return [self.build(node)]

    def _family(self, node: ast.Call) -> list[str]:
        """Names of `columns(text, first, last)`: the numbers stand at `{}` of the text, or after it."""
        values: list[Any] = [item.value if isinstance(item, ast.Constant) else None for item in node.args]
        if len(values) != 3 or node.keywords or not isinstance(values[0], str) or not values[0]:
            self._refuse(f"not a family of columns: {self._words(node)}", allowed=FAMILY_FORM)
            return []
        pattern, *bounds = values
        texts = [str(bound) for bound in bounds]
        if any(isinstance(bound, bool) or not re.fullmatch("[0-9]{1,6}", text) for bound, text in zip(bounds, texts)):
            self._refuse(f"not a family of columns: {self._words(node)}", allowed=FAMILY_FORM)
            return []
        width = max(map(len, texts)) if all(isinstance(bound, str) for bound in bounds) else 1
        first, last = map(int, texts)
        if abs(last - first) >= MAX_FAMILY:
            self._refuse(f"{abs(last - first) + 1} columns are too many", allowed=f"at most {MAX_FAMILY} in a family")
            return []
        numbers = range(first, last + 1) if first <= last else range(first, last - 1, -1)
        whole = pattern if "{}" in pattern else f"{pattern}{{}}"
        return [whole.replace("{}", str(number).zfill(width), 1) for number in numbers]

    def _unknown_function(self, name: str | None, node: ast.Call) -> Expression:
        if name == FAMILY:
            remedy = "write for instance average(columns('BILL_AMT', 1, 6))"
            return self._refuse("columns() stands among the arguments of a function only", remedy=remedy)
        near = difflib.get_close_matches(str(name).lower(), [known for known in FUNCTIONS if known != "in"], 1, 0.6)
        meant = f"did you mean {near[0]}()?" if name and near else None
        return self._refuse(f"unknown function {name or self._words(node.func)}", allowed=ALLOWED, remedy=meant)

    def _membership(self, nodes: list[ast.expr]) -> Expression:
        value, *items = map(self.build, nodes)
        if not items or constant_faults("in", [value, *items]):
            return self._refuse("in takes a value and then constants", remedy="write x in (1, 2) or in(x, 1, 2)")
        return _op("in", value, *items)

    def _words(self, node: ast.AST) -> str:
        try:
            words = ast.unparse(node)
        except (RecursionError, ValueError):
            return type(node).__name__
        for placeholder, name in sorted(self.names.items(), reverse=True):
            words = name.join(re.split(rf"\b{placeholder}\b", words))
        return words if len(words) <= 60 else words[:57] + "..."

    def _refuse(self, message: str, allowed: str | None = None, remedy: str | None = None) -> Expression:
        self.faults.append(_fault(message, allowed=allowed, remedy=remedy))
        return {"const": None}


def _op(operation: str, *arguments: Expression) -> Expression:
    return {"op": operation, "args": list(arguments)}


def _fault(message: str, found: str | None = None, allowed: str | None = None, remedy: str | None = None) -> Fault:
    return Fault(message, code="expression", found=found, allowed=allowed, remedy=remedy)
