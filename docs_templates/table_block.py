"""Evidence tables as printed: columns chosen, cells formatted by unit, shortening told in a note."""

from __future__ import annotations

from collections.abc import Sequence

from docs_templates import formatting
from docs_templates.document import Spans, Table, TableColumn
from docs_templates.evidence import Cell, Column, Evidence

IDENTIFIERS = frozenset({"sha256", "hash", "reason_code"})


def printed_table(
    evidence: Evidence,
    number: str,
    caption: Spans,
    rows: Sequence[Sequence[Cell]],
    *,
    columns: Sequence[str] | None,
    first: int | None,
    filters: Sequence[tuple[str, str]],
) -> Table:
    """The table of `rows`. `columns` are names in order (None: all); `first` limits the rows, which a note tells."""
    names = list(columns) if columns is not None else [c.name for c in evidence.columns]
    places = [i for name in names if (i := evidence.position(name)) is not None]
    abouts = [evidence.columns[i] for i in places]
    shown = list(rows[:first])
    mixed = {"item", "value"} <= {c.name for c in evidence.columns}
    printed = []
    for place, about in zip(places, abouts, strict=True):
        cells = [row[place] for row in shown]
        write = formatting.formatter(about, cells, mixed=mixed)
        printed.append([write(cell) for cell in cells])
    cells_by_row = tuple(zip(*printed, strict=True)) if shown else ()
    notes = list(evidence.raw["notes"])
    if filters:
        said = " and ".join(f"{name} {formatting.SAMPLE_WORDS.get(value, value)}" for name, value in filters)
        notes.append(f"Rows of {said} only.")
    if len(rows) > len(shown):
        notes.append(f"The first {len(shown):,} of {len(rows):,} rows; the evidence holds all.")
    if len(places) < len(evidence.columns):
        left_out = [c.title for i, c in enumerate(evidence.columns) if i not in places]
        fixed = {name for name, _ in filters}
        left_out = [c.title for i, c in enumerate(evidence.columns) if i not in places and c.name not in fixed]
        if left_out:
            notes.append("In the evidence, not shown here: " + ", ".join(_lower(t) for t in left_out) + ".")
    return Table(number, caption, tuple(_column(c) for c in abouts), cells_by_row, evidence.id, tuple(notes))


def _lower(title: str) -> str:
    return title[:1].lower() + title[1:] if title[1:2].islower() else title


def _column(column: Column) -> TableColumn:
    return TableColumn(column.title, "right" if column.numeric else "left", column.name in IDENTIFIERS)
