"""What printers of imperative languages have in common before any is printed: blocks, verification rows, shared terms.

A block is what is calculated together and printed as one function or paragraph: statements of one step, or a forest,
the trees of one step.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import pandas as pd

from credit_risk.export.program import Attribution, Program, Statement, Tree, kind_of, produced
from credit_risk.export.program.terms import NUMBER, OPERATIONS, Call, Choose, Constant, Term, parts

LONGEST_WORD = 80
_WORD = re.compile(r"\w+$")
MOST_STATEMENTS = 40
"""Statements of one step that are printed in one function."""


@dataclass(frozen=True, slots=True)
class Forest:
    """The trees of one step; `number` counts the forests of a program from 1."""

    number: int
    step: str
    features: tuple[str, ...]
    trees: tuple[Tree, ...]

    def used(self) -> list[tuple[int, str]]:
        """Places and names of the features that a split reads; no statement needs to give the others."""
        read = {place for tree in self.trees for place, left in zip(tree.feature, tree.left, strict=True) if left >= 0}
        return [(place, self.features[place]) for place in sorted(read)]

    def nodes(self) -> int:
        return sum(len(tree.left) for tree in self.trees)

    def starts(self) -> tuple[int, ...]:
        """Where each tree begins, where the nodes of all stand one after the other."""
        found = [0]
        for tree in self.trees[:-1]:
            found.append(found[-1] + len(tree.left))
        return tuple(found)

    def depth(self) -> int:
        """Splits on the longest path of any tree."""
        return max(_depth(tree) for tree in self.trees)


@dataclass(frozen=True, slots=True)
class Block:
    """Statements of one step, or its forest. `title` is plain text for a comment."""

    title: str
    statements: tuple[Statement, ...]
    forest: Forest | None = None


def blocks(program: Program) -> list[Block]:
    """The statements of a program in order, cut where the step changes."""
    found: list[Block] = []
    forests = 0
    for (step, is_tree), group in groupby(program.statements, key=lambda one: (one.step, isinstance(one, Tree))):
        statements = tuple(group)
        title = f"step {step}" if step else "whether the row is in error"
        if is_tree:
            forests += 1
            trees = tuple(one for one in statements if isinstance(one, Tree))
            found.append(Block(f"{title}: trees", statements, Forest(forests, step, trees[0].features, trees)))
            continue
        for start in range(0, len(statements), MOST_STATEMENTS):
            found.append(Block(title, statements[start : start + MOST_STATEMENTS]))
    return found


def forests(program: Program) -> list[Forest]:
    """The forests of a program."""
    return [one.forest for one in blocks(program) if one.forest is not None]


def forest_of(attribution: Attribution, program: Program) -> Forest:
    """The forest whose trees are attributed."""
    return next(one for one in forests(program) if one.trees[0].name == attribution.trees[0])


def _depth(tree: Tree) -> int:
    depths = [0] * len(tree.left)
    for node, (left, right) in enumerate(zip(tree.left, tree.right, strict=True)):
        if left >= 0:
            depths[left] = depths[right] = depths[node] + 1
    return max(depths)


# ------------------------------------------------------------------------------------------------------------- terms
def kinds(program: Program) -> dict[str, str]:
    """The kind of every name."""
    found = {one.name: one.kind for one in program.inputs}
    for statement in program.statements:
        found.update(dict.fromkeys(produced(statement), kind_of(statement)))
    return found


def kind_of_term(term: Term, names: dict[str, str]) -> str:
    """The kind of what a term gives."""
    match term:
        case Constant(value=bool()):
            return "flag"
        case Constant(value=str()):
            return "text"
        case Constant():
            return NUMBER
        case Call():
            return OPERATIONS[term.operation]
        case Choose():
            return kind_of_term(term.otherwise, names)
    name = getattr(term, "name", "")
    return names[name] if type(term).__name__ == "Name" else "flag"


def size(term: Term) -> int:
    """How many terms a term is made of."""
    return 1 + sum(size(part) for part in parts(term))


def shared(term: Term, *, least: int = 4) -> list[Term]:
    """Calculated parts of at least `least` terms that stand more than once in a term, the inner ones first."""
    count: Counter[Term] = Counter()
    order: list[Term] = []

    def visit(one: Term) -> None:
        count[one] += 1
        if count[one] > 1:
            return
        for part in parts(one):
            visit(part)
        order.append(one)

    visit(term)
    return [one for one in order if count[one] > 1 and isinstance(one, Call | Choose) and size(one) >= least]


def replaced(term: Term, with_terms: dict[Term, Term]) -> Term:
    """The term with parts put in the place of others."""
    if term in with_terms:
        return with_terms[term]
    if isinstance(term, Call):
        return Call(term.operation, tuple(replaced(one, with_terms) for one in term.arguments))
    if isinstance(term, Choose):
        cases = tuple((replaced(a, with_terms), replaced(b, with_terms)) for a, b in term.cases)
        return Choose(cases, replaced(term.otherwise, with_terms))
    return term


# ------------------------------------------------------------------------------------------------------------ library
def called(text: str) -> set[str]:
    """Words before an opening bracket. Printed tables are long and have few brackets: words are sought at these."""
    found = (_WORD.search(piece[-LONGEST_WORD:]) for piece in text.split("(")[:-1])
    return {one.group() for one in found if one is not None}


# -------------------------------------------------------------------------------------------------- verification rows
@dataclass(frozen=True, slots=True)
class Case:
    """A verification row: inputs and expected results, None where missing; numbers are floats, flags 1.0 or 0.0."""

    title: str
    inputs: tuple[float | str | None, ...]
    results: tuple[float | str | None, ...]


def verification_cases(program: Program, frame: pd.DataFrame) -> list[Case]:
    """The verification rows of a package (`Package.verification`), with the published results but `in_error`."""
    inputs = [frame[f"in:{one.name}"].tolist() for one in program.inputs]
    columns = [one.column for one in program.published[:-1]]
    results = [frame[column].tolist() for column in columns]
    titles = frame["case"].tolist()

    def row(table: Sequence[Sequence[object]], place: int) -> tuple[float | str | None, ...]:
        return tuple(_cell(column[place]) for column in table)

    return [Case(str(titles[k]), row(inputs, k), row(results, k)) for k in range(len(frame))]


def _cell(value: object) -> float | str | None:
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    return value if isinstance(value, str) else float(value)  # type: ignore[arg-type]


def csv_field(value: float | str | None) -> str:
    """A field of CSV: numbers in the shortest form that reads back the same, texts quoted, missing empty."""
    if value is None:
        return ""
    return '"' + value.replace('"', '""') + '"' if isinstance(value, str) else repr(value)
