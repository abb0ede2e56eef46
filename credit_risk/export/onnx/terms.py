"""Terms of a program as nodes: whole columns at once, so what is missing is calculated too and passed over after."""

from __future__ import annotations

from functools import reduce

import numpy as np

from credit_risk.export.onnx.graph import Graph
from credit_risk.export.program.terms import FLAG, OPERATIONS, Absent, Call, Choose, Constant, Failed, Name, Term

UNSUPPORTED = ("is_date", "date_day", "date_year", "date_month", "date_day_of_month", "date_ends_month", "normal")
"""Operations that no operator of onnxruntime has in double, or at all."""
_BINARY = {
    "subtract": "Sub",
    "divide": "Div",
    "less": "Less",
    "less_or_equal": "LessOrEqual",
    "equal": "Equal",
    "text_equal": "Equal",
}
_UNARY = {"negate": "Neg", "absolute": "Abs", "floor": "Floor", "exponential": "Exp", "logarithm": "Log", "not": "Not"}
_CHAINED = {
    "add": "Add",
    "multiply": "Mul",
    "minimum": "Min",
    "maximum": "Max",
    "and": "And",
    "or": "Or",
    "join": "StringConcat",
}


class Terms:
    """Prints terms; `values`, `absent`, `failed` are columns by name of the program."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.values: dict[str, str] = {}
        self.absent: dict[str, str] = {}
        self.failed: dict[str, str] = {}
        self.flags: set[str] = set()

    def print(self, term: Term) -> str:
        """The column of a term; of a constant a tensor that is broadcast."""
        add, constant = self.graph.add, self.graph.constant
        match term:
            case Constant(value=value):
                return constant(
                    value, bool if isinstance(value, bool) else str if isinstance(value, str) else np.float64
                )
            case Name(name=name):
                return self.values[name]
            case Absent(name=name):
                return self.absent.get(name) or constant(False, bool)
            case Failed(name=name):
                return self.failed.get(name) or constant(False, bool)
            case Choose(cases=cases, otherwise=otherwise):
                made = self.print(otherwise)
                for flag, chosen in reversed(cases):
                    made = self._where(self.print(flag), self.print(chosen), made, self.is_flag(otherwise))
                return made
            case Call(operation="one_of" | "text_one_of", arguments=(x, *others)):
                found = self.print(x)
                return reduce(lambda a, b: add("Or", a, b), [add("Equal", found, self.print(one)) for one in others])
            case Call(operation="round_half_away_from_zero", arguments=(x,)):
                given = self.print(x)
                half = add("Floor", add("Add", add("Abs", given), constant(0.5)))
                return add("Mul", add("Sign", given), half)
            case Call(operation=operation, arguments=arguments):
                printed = [self.print(one) for one in arguments]
                if operation in _CHAINED:
                    return reduce(lambda a, b: add(_CHAINED[operation], a, b), printed)
                return add({**_BINARY, **_UNARY}[operation], *printed)
        raise TypeError(term)

    def _where(self, flag: str, value: str, otherwise: str, flags: bool) -> str:
        """A choice; onnxruntime has none of flags, which are joined instead."""
        add = self.graph.add
        if not flags:
            return add("Where", flag, value, otherwise)
        return add("Or", add("And", flag, value), add("And", add("Not", flag), otherwise))

    def is_flag(self, term: Term) -> bool:
        """Whether a term gives flags."""
        match term:
            case Constant(value=value):
                return isinstance(value, bool)
            case Name(name=name):
                return name in self.flags
            case Call(operation=operation):
                return OPERATIONS[operation] == FLAG
            case Choose(otherwise=otherwise):
                return self.is_flag(otherwise)
        return True
