"""A scorecard coded by hand from the printed tables of the implementation guide, and from nothing else.

What a programmer does who has the document on paper: reads the cells of the tables, writes the model. It shares no
code with the package's scorer, and never sees model.json.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable

from docs_templates.document import Document, Table, plain

Value = float | str | None
TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|`[^`]*`|[(),]|[^\s(),]+)')


class PaperScorecard:
    """The model of a document. `tables` are found by their captions."""

    def __init__(self, document: Document) -> None:
        tables = {plain(block.caption): block for block in document.blocks if isinstance(block, Table)}

        def rows(words: str) -> tuple[tuple[str, ...], ...]:
            found = [table.rows for caption, table in tables.items() if words in caption]
            return found[0] if found else ()

        self.kinds = {_bare(row[0]): row[1] for row in rows("Inputs, and what becomes of")}
        self.derived = [(_bare(name), text) for name, _, text in rows("Derived values")]
        self.bins: dict[str, list[tuple[str, ...]]] = {}
        self.base_points: float | None = None
        for row in rows("Bins with their exact bounds"):
            if row[0] == "base points":
                self.base_points = float(row[-1])
            else:
                self.bins.setdefault(_bare(row[0]), []).append(row)
        self.terms = rows("Coefficients, in the order")
        self.formulas = {_bare(name): text for _, name, text in rows("Formulas in the order")}
        self.grades = rows("Grades")
        self.reasons = rows("Reasons, in the order")

    def score(self, given: dict[str, Value]) -> dict[str, object]:
        """Linear score, probability, score, grade and reasons of a row of inputs."""
        values: dict[str, object] = dict(given)
        for name, text in self.derived:
            values[name] = Expression(text).value(values)
        points: dict[str, float] = {}
        for name, bins in self.bins.items():
            row = self._bin(bins, values[name])  # type: ignore[arg-type]
            values[f"woe({name})"] = float(row[-2])
            if row[-1] != "–":
                points[f"points({name})"] = float(row[-1])
        linear = None
        for _, term, coefficient in self.terms:
            number = float(coefficient)
            linear = number if term == "intercept" else linear + number * float(values[_bare(term)])  # type: ignore[arg-type]
        result: dict[str, object] = {"linear_score": linear}
        assert linear is not None
        assert self.formulas["probability"] == "1 / (1 + exp(-linear_score))"
        result["probability"] = 1 / (1 + math.exp(-linear))
        if self.base_points is not None:
            total = self.base_points
            for name in re.findall(r" \+ (points\(.+?\)|`points\(.+?\)`)(?= \+|,)", self.formulas["score"]):
                total += points[_bare(name)]
            result["score"] = total
            result["reasons"] = self._reasons(points)
        return result

    @staticmethod
    def _bin(bins: Iterable[tuple[str, ...]], value: float | str | None) -> tuple[str, ...]:
        bins = list(bins)
        if value is None:
            return next(row for row in bins if "missing" in row[5])
        for row in bins:
            if value in _cells(row[4]):
                return row
        for row in bins:
            lower, upper = row[2:4]
            if lower and not isinstance(value, str):
                above = lower == "open" or value >= float(lower)
                if above and (upper == "open" or value < float(upper)):
                    return row
        return next(row for row in bins if "unseen" in row[5])

    def _reasons(self, points: dict[str, float]) -> list[str]:
        rule = self.formulas["reasons"]
        most = int(re.search(r"at most (\d+)", rule).group(1))  # type: ignore[union-attr]
        short = [
            (float(baseline) - points[_bare(reads)], place, code)
            for place, (_, reads, code, _, baseline, _) in enumerate(self.reasons)
        ]
        ranked = sorted((one for one in short if one[0] > 0), key=lambda one: (-one[0], one[1]))
        return [code for _, _, code in ranked[:most]]


def _bare(name: str) -> str:
    return name.strip("`")


def _cells(text: str) -> list[Value]:
    """Codes or categories of a cell: JSON texts or numbers, parted by semicolons."""
    found: list[Value] = []
    decoder = json.JSONDecoder()
    position = 0
    while position < len(text):
        value, position = decoder.raw_decode(text, position)
        found.append(value if isinstance(value, str) else float(value))
        position += 2
    return found


class Expression:
    """An expression as printed, `f(a, g(b))`, read by recursive descent and evaluated."""

    def __init__(self, text: str) -> None:
        self._tokens = [match.group(1) for match in TOKEN.finditer(text)]
        self._place = 0
        self._tree = self._read()
        assert self._place == len(self._tokens), text

    def _read(self) -> tuple[str, list[object]] | str:
        head = self._tokens[self._place]
        self._place += 1
        if self._place < len(self._tokens) and self._tokens[self._place] == "(":
            self._place += 1
            parts: list[object] = []
            while self._tokens[self._place] != ")":
                parts.append(self._read())
                self._place += self._tokens[self._place] == ","
            self._place += 1
            return head, parts
        return head

    def value(self, values: dict[str, object]) -> object:
        """The value of the expression; None is missing."""
        return self._value(self._tree, values)

    def _value(self, tree: object, values: dict[str, object]) -> object:
        if isinstance(tree, str):
            if tree == "missing":
                return None
            if tree in ("true", "false"):
                return tree == "true"
            if tree[0] == '"':
                return json.loads(tree)
            name = tree.strip("`")
            return values[name] if name in values else float(tree)
        name, parts = tree  # type: ignore[misc]
        arguments = [self._value(part, values) for part in parts]
        return RULES[name](*arguments)


def _present(values: Iterable[object]) -> list[float]:
    return [float(v) for v in values if v is not None]  # type: ignore[arg-type]


def _if(flag: object, first: object, second: object) -> object:
    return None if flag is None else first if flag else second


def _share(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None or b <= 0 else a / b


def _total(*values: object) -> float | None:
    found = _present(values)
    total = 0.0
    for one in found:
        total += one
    return total if found else None


def _count_at_least(least: float | None, *values: object) -> float | None:
    found = _present(values)
    return None if least is None or not found else float(sum(v >= least for v in found))


RULES: dict[str, Callable[..., object]] = {
    "share": _share,
    "highest": lambda *v: max(_present(v), default=None),
    "lowest": lambda *v: min(_present(v), default=None),
    "total": _total,
    "coalesce": lambda *v: next((one for one in v if one is not None), None),
    "if": _if,
    "in": lambda value, *v: None if value is None else value in v,
    "count_at_least": _count_at_least,
    "divide": lambda a, b: None if a is None or not b else a / b,
    "is_missing": lambda v: v is None,
}
"""Written from the guide's table of operations; an operation that is not here is a failure of the test."""
