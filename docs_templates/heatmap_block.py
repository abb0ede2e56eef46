"""Heat maps of evidence tables: one value by two columns, drawn as a figure of the same evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from docs_templates.evidence import Cell, Evidence
from docs_templates.formatting import fixed
from docs_templates.language import lowered, say
from docs_templates.references import Filter
from docs_templates.table_block import filtered


def heat_map(
    evidence: Evidence, rows: Sequence[list[Cell]], names: Sequence[str], few: int | None, filters: Sequence[Filter]
) -> Evidence:
    """The figure that draws `rows` of a table. `names`: columns of its rows, its columns, its value and the count.

    Where there is a count, cells of fewer than `few` have their number, and no shade: chance would be the darkest. The
    notes of the evidence stand below its table, and are not repeated.
    """
    down, across, value, *count = names
    chart: dict[str, Any] = {"type": "heatmap", "x": across, "y": [value], "series": down}
    notes = filtered(evidence, filters)
    if count and few is not None:
        chart |= {"count": count[0], "few": few}
        title = next(c.title for c in evidence.columns if c.name == count[0])
        notes.append(say("table.cells_fewer_than_have_number", few=fixed(few, 0), told=lowered(title)))
    raw = {**evidence.raw, "kind": "figure", "rows": list(rows), "notes": notes, "chart": chart}
    return replace(evidence, kind="figure", raw=raw)
