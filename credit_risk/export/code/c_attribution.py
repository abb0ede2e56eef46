"""Attributions of trees in C: tables of what each part of a tree adds, or the background rows where these are large."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from credit_risk.export.code.blocks import Forest
from credit_risk.export.code.braces import indented
from credit_risk.export.code.imperative import Lines
from credit_risk.export.program import Attribution, Tree
from credit_risk.export.program.attribution_cells import most_constants, players_of, splits_of, units
from credit_risk.scoring.attribution import shares

if TYPE_CHECKING:
    from credit_risk.export.code.c import CPrinter

MOST_CONSTANTS = 200_000
"""Numbers of all tables, above which a source holds the background rows and goes through them for every row."""


def lines(c: CPrinter, one: Attribution, forest: Forest, trees: Mapping[str, Tree]) -> Lines:
    """The lines that set the outputs of an attribution; tables go to the printer."""
    name, size = c.identifier[one.outputs[0]], len(one.outputs)
    many = most_constants(one, trees, MOST_CONSTANTS) > MOST_CONSTANTS
    fill = _by_background(c, one, forest, name) if many else _by_cells(c, one, forest, name, trees)
    outputs = [f"{c.value(x)} = total[{k}] * {c.number(one.multiplier)};" for k, x in enumerate(one.outputs)]
    return ["{", *indented([f"double total[{size}] = {{0.0}};", *fill, *outputs]), "}"]


def _by_cells(c: CPrinter, one: Attribution, forest: Forest, name: str, trees: Mapping[str, Tree]) -> Lines:
    every = [unit for tree in units(one, trees) for unit in tree]
    if not every:
        return []
    c.comment(f"Parts of the trees: splits, characteristics and what their cells add to {', '.join(one.outputs)}")
    splits = [split for unit in every for split in splits_of(unit)]
    parts = [
        f"{{{sum(len(axis.thresholds) for axis in unit.axes)}, {len(unit.players)}, {len(unit.values)}}}"
        for unit in every
    ]
    c.table("struct part ", f"part_{name}", parts)
    told = [f"{{{one.feature}, {c.number(one.threshold)}, {one.step}, {one.missing}}}" for one in splits]
    c.table("struct split ", f"split_{name}", told)
    c.table("int ", f"of_{name}", [str(player) for unit in every for player in unit.players])
    rows = [", ".join(map(c.number, row)) for unit in every for row in unit.values.tolist()]
    c.table("double ", f"adds_{name}", rows, size=sum(unit.values.size for unit in every))
    tables = f"part_{name}, {len(every)}, split_{name}, of_{name}, adds_{name}"
    return [f"attribute({tables}, v->x_{forest.number}, total);"]


def _by_background(c: CPrinter, one: Attribution, forest: Forest, name: str) -> Lines:
    n, features, players = forest.number, len(one.features), players_of(one)
    width = min(forest.depth(), len(one.outputs)) + 1
    share = shares(width - 1)[0]
    total = math.fsum(one.weights)
    c.comment(f"Characteristics of {', '.join(one.features)}; rows of the background")
    c.table("int ", f"characteristic_{name}", [str(players[k]) for k in range(features)])
    c.table("double ", f"share_{name}", [c.number(float(x)) for x in share.reshape(-1)])
    c.table("double ", f"weight_{name}", [c.number(weight / total) for weight in one.weights])
    rows = ["{" + ", ".join("NAN" if x is None else c.number(x) for x in row) + "}" for row in one.background]
    c.table("double ", f"background_{name}", rows, size=f"{len(rows)}][{features}")
    return [
        f"int side[{len(one.outputs)}] = {{0}}, path[{width}], row, k;",
        "struct game game;",
        f"game.x = v->x_{n};",
        f"game.share = share_{name};",
        f"game.characteristic = characteristic_{name};",
        "game.total = total;",
        f"game.width = {width};",
        "game.side = side;",
        "game.path = path;",
        f"for (row = 0; row < {len(rows)}; row++) {{",
        f"    game.z = background_{name}[row];",
        f"    game.weight = weight_{name}[row];",
        f"    for (k = 0; k < {len(forest.trees)}; k++) {{",
        f"        attribute_row(tree_{n} + start_{n}[k], 0, &game, 0, 0);",
        "    }",
        "}",
    ]
