"""Which segment a row belongs to: a tree of rules on declared variables, its segments, and its expression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_risk.scoring.steps import text_of_number

Value = float | str
Expression = dict[str, Any]
LONGEST_LIST = 6


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable that may divide rows. values (n,): float64 with NaN, or objects with None, where there is no value.

    codes: special codes, which are no values: rows that hold one stand with the missing ones.
    """

    name: str
    kind: str
    values: NDArray[Any]
    codes: tuple[Value, ...] = ()

    @property
    def without(self) -> NDArray[np.bool_]:
        """(n,) rows without a value: missing, or a special code."""
        if self.kind == "numeric":
            numbers = np.asarray(self.values, np.float64)
            return np.isnan(numbers) | np.isin(numbers, [float(code) for code in self.codes])
        absent = {None, *self.codes}
        return np.array([value in absent for value in self.values], dtype=bool)


@dataclass(frozen=True, slots=True)
class Rule:
    """One division in two. Numeric: left is `x < cut`; categorical: `left` and `right` list the values of each side.

    without: the side (left, right) of rows without a value, None where development has none. codes: special codes.
    """

    variable: str
    kind: str
    cut: float | None = None
    left: tuple[Value, ...] = ()
    right: tuple[Value, ...] = ()
    without: str | None = None
    codes: tuple[Value, ...] = ()

    def words(self, side: str) -> str:
        """What holds on a side, in words."""
        if self.cut is not None:
            text = f"{self.variable} {'<' if side == 'left' else '>='} {text_of_number(self.cut)}"
        else:
            text = f"{self.variable} {_listed(self.left if side == 'left' else self.right)}"
        return f"({text} or without a value)" if self.without == side else text

    def place(self, variable: Variable) -> NDArray[np.int64]:
        """(n,) 0 left, 1 right, -1 where the rule places no row like it."""
        without = variable.without
        if self.cut is not None:
            numbers = np.asarray(variable.values, np.float64)
            side = np.where(numbers < self.cut, 0, 1)
        else:
            lookup = {**dict.fromkeys(self.left, 0), **dict.fromkeys(self.right, 1)}
            side = np.array([lookup.get(value, -1) for value in variable.values], dtype=np.int64)
        return np.where(without, {"left": 0, "right": 1, None: -1}[self.without], side).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A segment by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class Division:
    """A rule with what lies on its sides."""

    rule: Rule
    left: Division | Leaf
    right: Division | Leaf


Tree = Division | Leaf


def segment_names(tree: Tree) -> tuple[str, ...]:
    """Names of the segments, left before right."""
    if isinstance(tree, Leaf):
        return (tree.name,)
    return (*segment_names(tree.left), *segment_names(tree.right))


def tree_variables(tree: Tree) -> tuple[str, ...]:
    """Variables that the tree reads, each once."""
    if isinstance(tree, Leaf):
        return ()
    return tuple(dict.fromkeys((tree.rule.variable, *tree_variables(tree.left), *tree_variables(tree.right))))


def tree_expression(tree: Tree) -> Expression:
    """The name of the segment as an expression of model.json; missing where no rule places a row."""
    if isinstance(tree, Leaf):
        return {"const": tree.name}
    rule, left, right = tree.rule, tree_expression(tree.left), tree_expression(tree.right)
    value = {"ref": rule.variable}
    absent = [{"op": "is_missing", "args": [value]}]
    absent += [_member(value, rule.codes)] if rule.codes else []
    none = absent[0] if len(absent) == 1 else {"op": "or", "args": absent}
    if rule.cut is None:
        inner = _choose(_member(value, rule.left), left, _choose(_member(value, rule.right), right, {"const": None}))
    else:
        inner = _choose({"op": "less", "args": [value, {"const": float(rule.cut)}]}, left, right)
    return _choose(none, {"left": left, "right": right, None: {"const": None}}[rule.without], inner)


def given_expression(column: str, groups: Mapping[str, Sequence[Value]]) -> Expression:
    """The name of the segment as an expression, from the values of one column; missing where none is listed.

    A missing value belongs to no segment.
    """
    expression: Expression = {"const": None}
    for name, values in reversed(list(groups.items())):
        expression = _choose(_member({"ref": column}, values), {"const": name}, expression)
    return expression


def with_default(expression: Expression, name: str | None) -> Expression:
    """The expression, with the segment `name` where it is missing; as it is where None."""
    return expression if name is None else {"op": "coalesce", "args": [expression, {"const": name}]}


def _member(value: Expression, values: Sequence[Value]) -> Expression:
    return {"op": "in", "args": [value, *({"const": v} for v in values)]}


def _choose(condition: Expression, then: Expression, otherwise: Expression) -> Expression:
    return {"op": "if", "args": [condition, then, otherwise]}


def _listed(values: Sequence[Value]) -> str:
    shown = [value if isinstance(value, str) else text_of_number(value) for value in values[:LONGEST_LIST]]
    more = f" and {len(values) - LONGEST_LIST} more" if len(values) > LONGEST_LIST else ""
    return f"= {shown[0]}" if len(values) == 1 else f"in {{{', '.join(shown)}{more}}}"
