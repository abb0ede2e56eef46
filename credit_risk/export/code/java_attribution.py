"""Attributions of trees in Java: what each part of a tree adds, or the background rows where these tables are large."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from credit_risk.export.code.blocks import Forest
from credit_risk.export.code.braces import indented
from credit_risk.export.code.imperative import Lines
from credit_risk.export.program import Attribution, Tree
from credit_risk.export.program.attribution_cells import Unit, most_constants, players_of, splits_of, units

if TYPE_CHECKING:
    from credit_risk.export.code.java import JavaPrinter

MOST_CONSTANTS = 200_000
"""Numbers of all tables, above which a class holds the background rows and goes through them for every row."""


def lines(java: JavaPrinter, one: Attribution, forest: Forest, trees: Mapping[str, Tree]) -> Lines:
    """The lines that set the outputs of an attribution; constants go to the printer."""
    many = most_constants(one, trees, MOST_CONSTANTS) > MOST_CONSTANTS
    fill = _by_background(java, one, forest) if many else _by_cells(java, one, forest, trees)
    outputs = [f"{java.value(x)} = total[{k}] * {java.number(one.multiplier)};" for k, x in enumerate(one.outputs)]
    return ["{", *indented([*fill, *outputs]), "}"]


def _by_cells(java: JavaPrinter, one: Attribution, forest: Forest, trees: Mapping[str, Tree]) -> Lines:
    parts = [f"new Part({java.words(_words(unit))})" for tree in units(one, trees) for unit in tree]
    name = java.holder("Parts", f"what the trees add by {one.step}", java.array("Part", "PARTS", parts))
    return [
        f"double[] total = new double[{len(one.outputs)}];",
        f"for (Part part : {name}.PARTS) {{",
        f"    part.add(v.x{forest.number}, total);",
        "}",
    ]


def _words(unit: Unit) -> list[str]:
    splits = splits_of(unit)
    told = [f"{split.feature}:{split.threshold!r}:{split.step}:{split.missing}" for split in splits]
    adds = [repr(value + 0.0) for row in unit.values.tolist() for value in row]
    return [str(len(splits)), str(len(unit.players)), *told, *map(str, unit.players), *adds]


def _by_background(java: JavaPrinter, one: Attribution, forest: Forest) -> Lines:
    players = players_of(one)
    total = math.fsum(one.weights)
    rows = [" ".join("?" if x is None else repr(x + 0.0) for x in row) for row in one.background]
    inner = [
        f"static final int[] CHARACTERISTIC = {{{', '.join(map(str, players))}}};",
        *java.array("String", "TEXTS", [f'"{row}"' for row in rows]),
        *java.array("double", "WEIGHTS", [java.number(weight / total) for weight in one.weights]),
        "static final double[][] ROWS = readRows(TEXTS);",
    ]
    name = java.holder("Background", f"rows that {one.step} is held against", inner)
    return [
        f"Game game = new Game(v.x{forest.number}, {name}.CHARACTERISTIC, {len(one.outputs)});",
        f"for (int row = 0; row < {len(rows)}; row++) {{",
        f"    game.z = {name}.ROWS[row];",
        f"    game.weight = {name}.WEIGHTS[row];",
        f"    for (Tree tree : Forest{forest.number}.TREES) {{",
        "        game.add(tree, 0, 0, 0);",
        "    }",
        "}",
        "double[] total = game.total;",
    ]
