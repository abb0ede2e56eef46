"""What C and Java write alike: expressions, conditions, choices, statements in braces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from credit_risk.export.code.imperative import Case, Lines, Printer
from credit_risk.export.program import Band, Classify, Line, Rank
from credit_risk.export.program.terms import Choose, Term

INFIX = {
    "add": " + ",
    "subtract": " - ",
    "multiply": " * ",
    "divide": " / ",
    "less": " < ",
    "less_or_equal": " <= ",
    "equal": " == ",
    "and": " && ",
    "or": " || ",
}
MOST_ELSE = 40
"""Cases that are printed as a chain of `else if`; more would nest too deep for some compilers."""


def indented(lines: Lines, levels: int = 1) -> Lines:
    """Lines moved to the right."""
    return ["    " * levels + line if line else line for line in lines]


class BracePrinter(Printer):
    """C and Java. `arrow` stands between the values and a name."""

    arrow = "."
    functions: Mapping[str, str] = MappingProxyType({})
    """Operations that are functions of one or two arguments."""

    def value(self, name: str) -> str:
        return f"v{self.arrow}{self.identifier[name]}"

    def missing_flag(self, name: str) -> str:
        return f"v{self.arrow}{self.identifier[name]}__missing"

    def error_flag(self, name: str) -> str:
        return f"v{self.arrow}{self.identifier[name]}__error"

    def _called(self, operation: str, arguments: Sequence[str], terms: Sequence[Term]) -> str:
        if operation in INFIX:
            return f"({INFIX[operation].join(arguments)})"
        if operation == "negate":
            return f"(-{arguments[0]})"
        if operation == "not":
            return f"!{arguments[0]}"
        if operation in ("minimum", "maximum"):
            found = arguments[0]
            for one in arguments[1:]:
                found = f"{self.functions[operation]}({found}, {one})"
            return found
        if operation == "one_of":
            return self._any_of([f"{arguments[0]} == {one}" for one in arguments[1:]])
        if operation == "text_one_of":
            return self._any_of([self.same(arguments[0], one) for one in arguments[1:]])
        if operation == "text_equal":
            return self.same(arguments[0], arguments[1])
        if operation == "join":
            return self._joined(arguments)
        return f"{self.functions[operation]}({', '.join(arguments)})"

    def _any_of(self, flags: Sequence[str]) -> str:
        """Whether one of many comparisons holds; grouped, so that no expression nests deep."""
        if len(flags) <= MOST_ELSE:
            return f"({' || '.join(flags)})"
        groups = [self._any_of(flags[k : k + MOST_ELSE]) for k in range(0, len(flags), MOST_ELSE)]
        return self._any_of(groups)

    def same(self, a: str, b: str) -> str:
        """Whether two texts are the same."""
        raise NotImplementedError

    def _joined(self, arguments: Sequence[str]) -> str:
        """Texts one after the other."""
        raise NotImplementedError

    def _chosen(self, one: Choose) -> str:
        cases = [f"{self.condition(flag)} ? {self.term(value)} : " for flag, value in one.cases]
        return "(" + "(".join(cases) + self.term(one.otherwise) + ")" * len(cases)

    def _assigned(self, place: str, expression: str) -> Lines:
        plain = expression[1:-1] if _is_wrapped(expression) else expression
        return [f"{place} = {plain};"]

    def _when(self, cases: Sequence[Case], otherwise: Lines) -> Lines:
        if len(cases) > MOST_ELSE:
            return self._one_by_one(cases, otherwise)
        lines: Lines = []
        for condition, inner in cases:
            word = "} else if" if lines else "if"
            plain = condition if _is_wrapped(condition) else f"({condition})"
            lines += [f"{word} {plain} {{", *indented(inner)]
        if not cases:
            return otherwise
        return [*lines, *(["} else {", *indented(otherwise)] if otherwise else []), "}"]

    def _one_by_one(self, cases: Sequence[Case], otherwise: Lines) -> Lines:
        """Many cases without nesting: each leaves the loop, which runs once."""
        lines = ["do {"]
        for condition, inner in cases:
            plain = condition if _is_wrapped(condition) else f"({condition})"
            lines += indented([f"if {plain} {{", *indented([*inner, "break;"]), "}"])
        return [*lines, *indented(otherwise), "} while (0);" if self.arrow == "->" else "} while (false);"]

    def _decisions(self, one: Classify) -> list[tuple[str, int, str]]:
        """The bins of a classing as (condition, bin, label) to be tried in order; the last condition is empty."""
        missing = next(bin for bin in one.bins if bin.takes_missing)
        found = [("missing", missing.id, missing.label if missing.kind == "missing" else f"{missing.label}: missing")]
        for bin in one.bins:
            for code in bin.codes:
                found.append((self._equals(code), bin.id, f"{bin.label}: code"))
        for bin in one.bins:
            if bin.kind == "interval":
                found.append((f"x < {self.number(bin.upper)}" if bin.upper is not None else "", bin.id, bin.label))
            for value in bin.values if bin.kind == "categories" else ():
                found.append((self._equals(value), bin.id, bin.label))
        found += [("", bin.id, bin.label) for bin in one.bins if bin.kind == "unseen"]
        return found

    def _equals(self, value: float | str) -> str:
        return self.same("x", self.text(value)) if isinstance(value, str) else f"x == {self.number(value)}"

    def _passed(self, one: Band | Line) -> Lines:
        """Missing of the input is missing of the output."""
        if one.name not in self.program.absent:
            return []
        return self._assigned(self.missing_flag(one.name), self._absent(one.input))

    def _told(self, one: Rank) -> Lines:
        """Reasons from `told` into their places."""
        empty = self.text("")
        lines: Lines = []
        for k, name in enumerate(one.names):
            lines += [
                f"{self.missing_flag(name)} = told[{k}] == {self.nothing};",
                f"{self.value(name)} = told[{k}] == {self.nothing} ? {empty} : told[{k}];",
            ]
        return lines

    nothing = "NULL"


def _is_wrapped(expression: str) -> bool:
    """Whether the first bracket is closed by the last one. Brackets in constants of text count as none."""
    if not (expression.startswith("(") and expression.endswith(")")):
        return False
    depth, quoted, skip = 0, "", False
    for place, letter in enumerate(expression):
        if skip:
            skip = False
        elif quoted:
            skip, quoted = letter == "\\", "" if letter == quoted else quoted
        elif letter in "\"'":
            quoted = letter
        elif letter in "()":
            depth += 1 if letter == "(" else -1
            if depth == 0 and place < len(expression) - 1:
                return False
    return True
