"""Trends of evidence tables: values over months in small plots of one figure, drawn from the rows of the table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from docs_templates.evidence import Cell, Evidence, as_text
from docs_templates.formatting import whole
from docs_templates.language import lowered, say
from docs_templates.references import Filter
from docs_templates.table_block import filtered

ALL = "all"
MOST_PANELS = 24
"""Small plots of one figure, which then fills a page; more go on in further figures."""


@dataclass(frozen=True, slots=True)
class Trend:
    """Names of columns: `x` (months), `y` (lines), `panels` (a small plot for each value), `bounds` (of the first line,
    lower and upper). Notes tell of `moving` (plots whose first line is zero throughout are left out) and of `own` (each
    plot has its own scale)."""

    x: str
    y: tuple[str, ...]
    panels: str
    bounds: tuple[str, ...] = ()
    moving: bool = False
    own: bool = False

    @property
    def names(self) -> list[str]:
        """All columns that the evidence must have."""
        return [self.x, *self.y, self.panels, *self.bounds]


def trend_of(options: dict[str, str]) -> Trend:
    """The options of a block."""
    y = tuple(name.strip() for name in options["y"].split(","))
    bounds = tuple(name.strip() for name in options["bounds"].split(",")) if "bounds" in options else ()
    return Trend(options.get("x", "period"), y, options["panels"], bounds, "without" in options, "scale" in options)


def trends(evidence: Evidence, rows: Sequence[list[Cell]], trend: Trend, filters: Sequence[Filter]) -> list[Evidence]:
    """Figures of `rows`, each of at most MOST_PANELS small plots, about as many in each; one without plots where no row
    has a value.

    The notes of the evidence stand below its table, and are not repeated; what has no plot is told below the last.
    """
    at = {name: evidence.position(name) or 0 for name in trend.names}
    every = list(dict.fromkeys(as_text(row[at[trend.panels]]) for row in rows))
    every.sort(key=lambda name: name != ALL)
    values: dict[str, list[Cell]] = {name: [] for name in every}
    firsts: dict[str, list[Cell]] = {name: [] for name in every}
    for row in rows:
        name = as_text(row[at[trend.panels]])
        values[name] += [row[at[one]] for one in trend.y]
        firsts[name].append(row[at[trend.y[0]]])
    known = [name for name in every if any(_number(one) for one in values[name])]
    shown = [name for name in known if not trend.moving or any(firsts[name])]
    title = next(column.title for column in evidence.columns if column.name == trend.panels)
    notes = filtered(evidence, filters)
    told = {"every": whole(len(every)), "panels": lowered(title)}
    if len(known) < len(every):
        notes.append(say("trend.without_value", count=whole(len(every) - len(known)), **told))
    if len(shown) < len(known):
        notes.append(say("trend.all_zero", count=whole(len(known) - len(shown)), **told))
    chart: dict[str, Any] = {"type": "line", "x": trend.x, "y": list(trend.y), "panels": trend.panels}
    chart["sorted"] = True
    if trend.bounds:
        chart |= dict(zip(("lower", "upper"), trend.bounds, strict=True)) | {"bounded": "first"}
    if trend.own and len(shown) > 1:
        chart["scales"] = "own"
        notes.append(say("trend.own_scale"))
    figures = max(1, math.ceil(len(shown) / MOST_PANELS))
    size = max(1, math.ceil(len(shown) / figures))
    parts = [shown[start : start + size] for start in range(0, len(shown), size)] or [[]]
    ordered = sorted(rows, key=lambda row: as_text(row[at[trend.x]]))
    found = []
    for place, part in enumerate(parts, start=1):
        own = [row for name in part for row in ordered if as_text(row[at[trend.panels]]) == name]
        below = notes if place == len(parts) else []
        raw = {**evidence.raw, "kind": "figure", "rows": own, "notes": below, "chart": chart}
        found.append(replace(evidence, kind="figure", raw=raw))
    return found


def _number(cell: Cell) -> bool:
    return isinstance(cell, (int, float)) and not isinstance(cell, bool)
