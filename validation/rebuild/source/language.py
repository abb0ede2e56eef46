"""The language of derived characteristics, exclusions and rules: text of a plan to tree (SPECIFICATION 3.1 and 5.0).

A parser by recursive descent: `or`, `and`, `not`, comparisons, `+ -`, `* /`, signs, then what stands by itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

Tree = dict[str, Any]
FUNCTIONS = {
    "min": "minimum",
    "max": "maximum",
    "where": "if",
    "abs": "absolute",
    "log": "logarithm",
    "exp": "exponential",
    **{
        name: name
        for name in (
            *("coalesce", "if", "floor", "is_missing", "in", "share", "total", "average", "lowest", "highest"),
            *("count_present", "count_at_least", "count_at_most", "months_since", "trend", "days_between"),
            *("months_between", "year", "month", "cross", "band"),
        )
    },
}
COMPARISONS = {
    "==": "equal",
    "!=": "not_equal",
    "<": "less",
    "<=": "less_or_equal",
    ">": "greater",
    ">=": "greater_or_equal",
}
SIGNS = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide"}
CALCULATED = frozenset(
    (
        *("add", "subtract", "multiply", "divide", "negate", "absolute", "floor", "exponential", "logarithm"),
        *("minimum", "maximum", "less", "less_or_equal", "greater", "greater_or_equal", "share", "count_present"),
        *("band", "total", "average", "lowest", "highest", "count_at_least", "count_at_most", "months_since", "trend"),
        *("days_between", "months_between", "year", "month"),
    )
)
TOKEN = re.compile(
    r"\s*(?:(?P<text>'[^']*'|\"[^\"]*\")|`(?P<quoted>[^`]+)`|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[^\W\d]\w*)|(?P<sign>==|!=|<=|>=|[-+*/<>(),\[\]]))"
)


class LanguageError(ValueError):
    """The text is no expression of the language."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def parse(text: str) -> Tree:
    """The tree of an expression. Raises LanguageError where it is none."""
    parser = _Parser(_tokens(text))
    try:
        tree = parser.either()
    except RecursionError as error:
        raise LanguageError("nested too deeply") from error
    if parser.at < len(parser.tokens):
        raise LanguageError(f"{parser.tokens[parser.at].text!r} was not expected")
    return tree


def names_in(tree: Tree) -> list[str]:
    """Names that a tree reads, each once, in order."""
    own = [tree["ref"]] if "ref" in tree else []
    return list(dict.fromkeys([*own, *(name for one in tree.get("args", ()) for name in names_in(one))]))


def without_codes(tree: Tree, specials: Mapping[str, Collection[Any]]) -> Tree:
    """The tree with special codes read as missing wherever a column is calculated with or put in order."""
    if "op" not in tree:
        return tree
    arguments = [without_codes(one, specials) for one in tree["args"]]
    if tree["op"] in CALCULATED:
        arguments = [_masked(one, specials) for one in arguments]
    return {"op": tree["op"], "args": arguments}


def _masked(tree: Tree, specials: Mapping[str, Collection[Any]]) -> Tree:
    codes = [{"const": code} for code in specials.get(tree.get("ref", ""), ())]
    return _op("if", _op("in", tree, *codes), {"const": None}, tree) if codes else tree


def _op(name: str, *arguments: Tree) -> Tree:
    return {"op": name, "args": list(arguments)}


def _tokens(text: str) -> list[_Token]:
    found, place = [], 0
    while place < len(text.rstrip()):
        match = TOKEN.match(text, place)
        if match is None:
            raise LanguageError(f"{text[place:].strip()[:20]!r} is not part of the language")
        kind = str(match.lastgroup)
        found.append(_Token(kind, match[kind]))
        place = match.end()
    return found


class _Parser:
    """The tokens of an expression and the place where the reading stands."""

    def __init__(self, tokens: list[_Token]):
        self.tokens, self.at = tokens, 0

    def _is(self, *texts: str, ahead: int = 0) -> bool:
        place = self.at + ahead
        if place >= len(self.tokens):
            return False
        token = self.tokens[place]
        return token.kind in ("sign", "name") and token.text in texts

    def _take(self, *texts: str) -> str:
        if not self._is(*texts):
            found = self.tokens[self.at].text if self.at < len(self.tokens) else "the end"
            raise LanguageError(f"{' or '.join(texts)} was expected, not {found}")
        self.at += 1
        return self.tokens[self.at - 1].text

    def either(self) -> Tree:
        """Parts joined by `or`."""
        return self._joined("or", self._both)

    def _both(self) -> Tree:
        return self._joined("and", self._negated)

    def _joined(self, word: str, part: Any) -> Tree:
        parts = [part()]
        while self._is(word):
            self.at += 1
            parts.append(part())
        return parts[0] if len(parts) == 1 else _op(word, *parts)

    def _negated(self) -> Tree:
        if self._is("not"):
            self.at += 1
            return _op("not", self._negated())
        return self._compared()

    def _compared(self) -> Tree:
        left, parts = self._sum(), []
        while self._is(*COMPARISONS, "in", "not"):
            word = self._take(*COMPARISONS, "in", "not")
            if word == "not":
                self._take("in")
            if word in ("in", "not"):
                inside = _op("in", left, *self._constants())
                parts.append(inside if word == "in" else _op("not", inside))
                continue
            right = self._sum()
            parts.append(_op(COMPARISONS[word], left, right))
            left = right
        return left if not parts else parts[0] if len(parts) == 1 else _op("and", *parts)

    def _constants(self) -> list[Tree]:
        """The list after `in`: in brackets, or one constant."""
        if not self._is("(", "["):
            return [self._sum()]
        close = ")" if self._take("(", "[") == "(" else "]"
        return self._listed(close, self._sum)

    def _listed(self, close: str, part: Any) -> list[Any]:
        found = []
        while not self._is(close):
            found.append(part())
            if not self._is(close):
                self._take(",")
        self._take(close)
        return found

    def _sum(self) -> Tree:
        found = self._product()
        while self._is("+", "-"):
            found = _op(SIGNS[self._take("+", "-")], found, self._product())
        return found

    def _product(self) -> Tree:
        found = self._signed()
        while self._is("*", "/"):
            found = _op(SIGNS[self._take("*", "/")], found, self._signed())
        return found

    def _signed(self) -> Tree:
        if self._is("+"):
            self.at += 1
            return self._signed()
        if self._is("-"):
            self.at += 1
            inner = self._signed()
            constant = inner.get("const")
            return {"const": -constant} if isinstance(constant, float) else _op("negate", inner)
        return self._single()

    def _single(self) -> Tree:
        if self._is("("):
            self.at += 1
            inner = self.either()
            self._take(")")
            return inner
        if self.at >= len(self.tokens) or self.tokens[self.at].kind == "sign":
            raise LanguageError("a value was expected")
        token = self.tokens[self.at]
        self.at += 1
        if token.kind == "number":
            return {"const": float(token.text)}
        if token.kind == "text":
            return {"const": token.text[1:-1]}
        if token.kind == "name" and self._is("("):
            return self._called(token.text)
        return {"ref": token.text}

    def _called(self, name: str) -> Tree:
        self.at += 1
        if name == "missing":
            self._take(")")
            return {"const": None}
        if name not in FUNCTIONS:
            raise LanguageError(f"unknown function {name}")
        arguments = [one for listed in self._listed(")", self._argument) for one in listed]
        return _op(FUNCTIONS[name], *arguments)

    def _argument(self) -> list[Tree]:
        if self._is("columns") and self._is("(", ahead=1):
            self.at += 2
            return [{"ref": name} for name in self._family()]
        return [self.either()]

    def _family(self) -> list[str]:
        """Names of `columns(text, first, last)`: the numbers stand at `{}` of the text, or after it."""
        given = self._listed(")", self._raw)
        if len(given) != 3 or given[0].kind != "text":
            raise LanguageError("columns() takes a text, a first and a last number")
        pattern, bounds = given[0].text[1:-1], [one.text.strip("'\"") for one in given[1:]]
        padded = all(one.kind == "text" for one in given[1:])
        if not all(re.fullmatch("[0-9]{1,6}", bound) for bound in bounds):
            raise LanguageError("the numbers of columns() are whole")
        first, last = map(int, bounds)
        width = max(map(len, bounds)) if padded else 1
        numbers = range(first, last + 1) if first <= last else range(first, last - 1, -1)
        whole = pattern if "{}" in pattern else pattern + "{}"
        return [whole.replace("{}", str(number).zfill(width), 1) for number in numbers]

    def _raw(self) -> _Token:
        if self.at >= len(self.tokens):
            raise LanguageError("a bracket is not closed")
        self.at += 1
        return self.tokens[self.at - 1]
