"""Evidence tables as printed: columns chosen, cells formatted by unit, shortening told in a note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from docs_templates import formatting
from docs_templates.document import Spans, Table, TableColumn
from docs_templates.evidence import Cell, Column, Evidence
from docs_templates.language import current, lowered, say
from docs_templates.references import Filter

IDENTIFIERS = frozenset({"sha256", "hash", "reason_code", "statement_sha256", "key_fingerprint"})


def printed_table(
    evidence: Evidence,
    number: str,
    caption: Spans,
    rows: Sequence[Sequence[Cell]],
    *,
    columns: Sequence[str] | None,
    first: int | None,
    filters: Sequence[Filter],
    noted: bool,
    elsewhere: bool = False,
) -> Table:
    """The table of `rows`. `columns` are names in order (None: all); `first` limits the rows, which a note tells.

    noted: whether the notes of the evidence stand in this chapter already; they are not repeated. elsewhere: whether
    notes, and what is left out, are left to the development dossier, which one line says.
    """
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
    notes = [*(() if noted or elsewhere else evidence.raw["notes"]), *filtered(evidence, filters)]
    if len(rows) > len(shown):
        notes.append(
            say(
                "table.first_rows_evidence_holds_all",
                shown=formatting.whole(len(shown)),
                rows=formatting.whole(len(rows)),
            )
        )
    left_out = _left_out(evidence, set(names), filters)
    if elsewhere:
        notes = [" ".join([*notes, say("table.elsewhere")])]
    elif left_out:
        notes.append(say("table.evidence_not_shown_here", left_out=left_out))
    places_of = {id(row): position for position, row in enumerate(evidence.raw["rows"])}
    return Table(
        number,
        caption,
        tuple(_column(c) for c in abouts),
        cells_by_row,
        evidence.id,
        tuple(notes),
        tuple(c.name for c in abouts),
        tuple(places_of[id(row)] for row in shown),
    )


def filtered(evidence: Evidence, filters: Sequence[Filter]) -> list[str]:
    """What the rows are of."""
    titles = {c.name: lowered(c.title) for c in evidence.columns}
    kept = [_kept(one, titles) for one in filters if not one.negated]
    return [say("table.rows_only", kept=say("table.and").join(kept))] if kept else []


def _left_out(evidence: Evidence, shown: set[str], filters: Sequence[Filter]) -> str:
    """Columns, and rows by filter, that the evidence holds and the table does not show."""
    titles = {c.name: lowered(c.title) for c in evidence.columns}
    fixed = {one.column for one in filters if not one.negated}
    parts = [title for name, title in titles.items() if name not in shown | fixed]
    rows = [_kept(one, titles) for one in filters if one.negated]
    return (
        ", ".join(parts)
        + ("; " if parts and rows else "")
        + (say("table.rows", rows=say("table.and_of").join(rows)) if rows else "")
    )


def _value(one: Filter) -> str:
    spoken = current().values
    words = {**spoken["sample"], **spoken.get(one.column, {})}
    return words.get(one.value, one.value.removesuffix(".0")) or say("table.not_evaluable")


def _kept(one: Filter, titles: Mapping[str, str]) -> str:
    return say("table.kept", column=titles.get(one.column, one.column), value=_value(one))


def _column(column: Column) -> TableColumn:
    return TableColumn(column.title, "right" if column.numeric else "left", column.name in IDENTIFIERS)
