"""Attributions of trees: what each characteristic adds, from constants made of the background rows.

What a leaf adds to a characteristic depends only on which of the leaf's characteristics the applicant meets. So the
background is summed up leaf by leaf into one constant for each of these cases.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from credit_risk.export.program import Attribution, Let, Program, Rank, Statement, Tree, produced, read
from credit_risk.export.program.terms import (
    FALSE,
    FLAG,
    NUMBER,
    TEXT,
    ZERO,
    Constant,
    Failed,
    Term,
    names_read,
    negated,
    parts,
)
from credit_risk.export.sql.terms import Printer
from credit_risk.scoring.attribution import Leaf, leaf_table, tree_game

MOST_CONSTANTS = 100_000
"""How many constants of attributions a statement holds; a model that needs more is written without reasons."""
TREES_TOGETHER = 5


def constants(one: Attribution, trees: Mapping[str, Tree]) -> int:
    """How many constants the attributions of a model take: a leaf with k characteristics has k·2^k."""
    player_of = players(one)
    total = 0
    for name in one.trees:
        for leaf in tree_game(_step(trees[name]), player_of).leaves:
            total += len(leaf.players) << len(leaf.players)
            if total > MOST_CONSTANTS:
                return total
    return total


def players(one: Attribution) -> list[int]:
    """The place of each feature's characteristic."""
    found = [0] * len(one.features)
    for k, group in enumerate(one.groups):
        for place in group:
            found[place] = k
    return found


def _step(tree: Tree) -> dict[str, tuple[object, ...]]:
    return {key: getattr(tree, key) for key in ("feature", "threshold", "left", "right", "default_left", "value")}


@dataclass(frozen=True, slots=True)
class Part:
    """What one tree adds to one characteristic, as an expression."""

    player: int
    text: str


def parts_of(one: Attribution, tree: Tree, p: Printer) -> list[Part]:
    """What a tree adds to each of its characteristics, multiplied."""
    game = tree_game(_step(tree), players(one))
    background = np.array([[np.nan if v is None else v for v in row] for row in one.background], dtype=float)
    weights = np.array(one.weights) / np.sum(one.weights)
    sides = game.sides(background)
    found: dict[int, list[str]] = {}
    for leaf in game.leaves:
        count = len(leaf.players)
        if not count:
            continue
        table = leaf_table(leaf, np.arange(1 << count), leaf.met(sides), weights) * one.multiplier
        conditions = [_met(leaf, k, tree, p) for k in range(count)]
        for k, player in enumerate(leaf.players):
            column = table[:, k]
            if column.any():
                found.setdefault(player, []).append(_choice(column.tolist(), conditions, p))
    return [Part(player, " + ".join(texts)) for player, texts in found.items()]


def _choice(values: list[float], conditions: list[str], p: Printer) -> str:
    """The value by which conditions hold: bit k of a place is condition k."""
    if len(set(values)) == 1:
        return p.number(values[0])
    last = len(conditions) - 1
    half = 1 << last
    low, high = values[:half], values[half:]
    if low == high:
        return _choice(low, conditions[:-1], p)
    return (
        f"CASE WHEN {conditions[last]} THEN {_choice(high, conditions[:-1], p)}"
        f" ELSE {_choice(low, conditions[:-1], p)} END"
    )


def _met(leaf: Leaf, k: int, tree: Tree, p: Printer) -> str:
    inner = [node for node, left in enumerate(tree.left) if left >= 0]
    return " AND ".join(_side(tree, inner[node], left, p) for node, left in leaf.conditions[k])


def _side(tree: Tree, node: int, left: bool, p: Printer) -> str:
    threshold = tree.threshold[node]
    assert threshold is not None
    x = p.column(tree.features[tree.feature[node]])
    condition = f"{x} {'<' if left else '>='} {p.number(threshold)}"
    return f"({condition} OR {x} IS NULL)" if tree.default_left[node] == left else condition


def without_reasons(program: Program, dropped: set[str]) -> Program:
    """A program without these attributions: reasons that need them are missing, and are not published."""
    gone = set(dropped)
    statements: list[Statement] = []
    for one in program.statements:
        if isinstance(one, Attribution) and set(one.outputs) & dropped:
            continue
        if gone.isdisjoint(_values_read(one)):
            statements.append(one)
            continue
        gone.update(produced(one))
        failed = one.failed if isinstance(one, Let | Rank) else FALSE
        for name in produced(one):
            kind = one.kind if isinstance(one, Let) else TEXT if isinstance(one, Rank) else NUMBER
            nothing = {NUMBER: ZERO, TEXT: Constant(""), FLAG: FALSE}[kind]
            statements.append(Let(name, kind, nothing, negated(failed), failed))
    published = tuple(one for one in program.published if one.name not in gone)
    return replace(program, statements=tuple(statements), published=published)


def _values_read(one: Statement) -> set[str]:
    """Names whose values a statement reads: not those of which it reads only that they are in error."""
    if not isinstance(one, Let):
        return set(read(one))
    found = {name for term in (one.value, one.absent, one.failed) for name in names_read(term)}
    return found - {name for term in (one.value, one.absent, one.failed) for name in _errors_read(term)}


def _errors_read(term: Term) -> Iterator[str]:
    if isinstance(term, Failed):
        yield term.name
    for part in parts(term):
        yield from _errors_read(part)
