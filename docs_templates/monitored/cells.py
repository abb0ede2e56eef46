"""Tables of a run of monitoring as HTML: evidence as it is printed, and a table of months by characteristic."""

from __future__ import annotations

from collections.abc import Sequence

from docs_templates import formatting
from docs_templates.evidence import Cell, Evidence
from docs_templates.language import say
from docs_templates.pack.page import table, text
from docs_templates.references import Filter
from docs_templates.table_block import printed_table

VERDICT = "verdict"
MARKS = {"red": "▲", "amber": "△", "green": "", "grey": "–"}
"""What a verdict shows besides its colour."""


def rows_of(item: Evidence | None, *where: Filter) -> list[dict[str, Cell]]:
    """Rows by name of column; none where the evidence is absent."""
    if item is None or item.is_absent:
        return []
    names = [column.name for column in item.columns]
    kept = item.matching([(one.column, one.value, one.negated) for one in where])
    return [dict(zip(names, row, strict=True)) for row in kept]


def printed(item: Evidence | None, columns: Sequence[str] | None = None, *where: Filter, folded: bool = False) -> str:
    """The evidence as a table, its notes below; why it is absent where it is. `folded`: to be opened by the reader."""
    if item is None:
        return f"<p>{text(say('monitored.not_in_this_run'))}</p>"
    if item.is_absent:
        return f"<p><strong>{text(item.title)}</strong>: {text(item.reason)}</p>"
    rows = item.matching([(one.column, one.value, one.negated) for one in where])
    made = printed_table(item, "", (), rows, columns=columns, first=None, filters=where, noted=False)
    at = made.names.index(VERDICT) if VERDICT in made.names else None
    cells = [[text(cell) for cell in row] for row in made.rows]
    for shown, row in zip(cells, rows, strict=True):
        if at is not None:
            shown[at] = badge(str(row[item.position(VERDICT) or 0]))
    titles = [column.title for column in made.columns]
    notes = "".join(f"<li>{text(note)}</li>" for note in item.raw["notes"])
    body = table(item.title, titles, cells) + (f"<ul>{notes}</ul>" if notes else "")
    if not folded:
        return body
    count = say("monitored.rows", count=formatting.whole(len(rows)))
    return f"<details><summary>{text(item.title)} ({text(count)})</summary>{body}</details>"


def heat(item: Evidence | None, rows: str, columns: str, value: str, *where: Filter) -> str:
    """A cell for each of `rows` and `columns` with the value, its verdict, where it has one, as colour and mark; worst
    rows first."""
    held = rows_of(item, *where)
    if item is None or not held:
        return printed(item)
    heads = sorted({str(row[columns]) for row in held})
    by: dict[str, dict[str, dict[str, Cell]]] = {}
    for row in held:
        by.setdefault(str(row[rows]), {})[str(row[columns])] = row
    order = sorted(by, key=lambda name: (-_worst(by[name].values()), name))
    head = "".join(f'<th scope="col">{text(one)}</th>' for one in heads)
    body = "".join(
        f'<tr><th scope="row">{text(name)}</th>{"".join(_cell(by[name].get(one), value) for one in heads)}</tr>'
        for name in order
    )
    caption = text(item.title)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{caption}"><table class="heat"><caption>{caption}'
        f"</caption><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def badge(verdict: str) -> str:
    """A verdict in a word and a mark."""
    word = formatting.word("verdict", verdict)
    return f'<span class="v {_class(verdict)}">{text(word)}{_marked(verdict)}</span>'


def _marked(verdict: str) -> str:
    mark = MARKS.get(verdict, "")
    return f" {mark}" if mark else ""


def _worst(cells: object) -> float:
    grades = {"red": 3.0, "amber": 2.0, "grey": 0.5, "green": 0.0}
    return max((grades.get(str(cell.get("verdict")), 0.0) for cell in cells), default=0.0)  # type: ignore[attr-defined]


def _cell(row: dict[str, Cell] | None, value: str) -> str:
    if row is None or row[value] is None:
        return "<td></td>"
    number, verdict = row[value], str(row.get("verdict"))
    assert isinstance(number, (int, float))
    if "verdict" not in row:
        return f"<td>{text(formatting.fixed(float(number), 3))}</td>"
    return f'<td class="{_class(verdict)}">{text(formatting.fixed(float(number), 3))}{_marked(verdict)}</td>'


def _class(verdict: str) -> str:
    return {"red": "r", "amber": "a", "green": "g", "grey": "n"}.get(verdict, "n")
