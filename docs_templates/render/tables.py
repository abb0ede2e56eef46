"""Tables that fit: columns are measured, text wraps, type shrinks or the page turns before anything runs off it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reportlab.platypus import Paragraph, Table, TableStyle

from docs_templates.document import TableColumn
from docs_templates.render import fonts, styles
from docs_templates.render.text import markup

PADDING = 4.0
SIZES_PORTRAIT = (7.8, 7.2, 6.7)
SIZES_LANDSCAPE = (7.4, 6.8, 6.2)
WIDEST_TEXT = 170.0
LONGEST_WORD = 96.0
MONO_SCALE = 0.86
SPREAD_TO = 0.62


@dataclass(frozen=True, slots=True)
class Layout:
    """Widths of the columns in points, size of type, and whether the page must be turned."""

    widths: tuple[float, ...]
    size: float
    landscape: bool

    @property
    def total(self) -> float:
        """Width of the whole table."""
        return sum(self.widths)


@dataclass(frozen=True, slots=True)
class _Need:
    """What a column asks for: unwrapped width, and the least that breaks no word."""

    natural: float
    least: float
    wraps: bool


def layout(columns: Sequence[TableColumn], rows: Sequence[Sequence[str]]) -> Layout:
    """Choose size and widths. The result never is wider than the frame of its page."""
    for landscape, sizes, room in (
        (False, SIZES_PORTRAIT, styles.FRAME_WIDTH),
        (True, SIZES_LANDSCAPE, styles.LANDSCAPE_WIDTH),
    ):
        for size in sizes:
            needs = _needs(columns, rows, size)
            if sum(need.least for need in needs) <= room:
                return Layout(_widths(needs, room), size, landscape)
    # Nothing fits unbroken: words are broken, in proportion to what the columns ask for.
    size, room = SIZES_LANDSCAPE[-1], styles.LANDSCAPE_WIDTH
    needs = _needs(columns, rows, size)
    total = sum(need.least for need in needs)
    return Layout(tuple(need.least * room / total for need in needs), size, True)


def _needs(columns: Sequence[TableColumn], rows: Sequence[Sequence[str]], size: float) -> list[_Need]:
    needs = []
    for index, column in enumerate(columns):
        font, scale = _font(column), (MONO_SCALE if column.mono else 1.0)
        texts = {row[index] for row in rows}
        head = max((fonts.width(word, fonts.BOLD, size) for word in column.title.split()), default=0.0)
        title = fonts.width(column.title, fonts.BOLD, size)
        natural = max((fonts.width(line, font, size * scale) for t in texts for line in t.split("\n")), default=0.0)
        if column.align == "right":
            least = max(natural, head)
            needs.append(_Need(max(least, min(title, least * 1.25)) + 2 * PADDING, least + 2 * PADDING, False))
            continue
        word = max((fonts.width(w, font, size * scale) for t in texts for w in _words(t)), default=0.0)
        least = max(head, min(word, LONGEST_WORD))
        wide = max(natural, head, min(title, 90.0))
        needs.append(_Need(wide + 2 * PADDING, min(least, wide) + 2 * PADDING, True))
    return needs


def _words(text: str) -> list[str]:
    return re.split(r"\s+", text)


def _widths(needs: Sequence[_Need], room: float) -> tuple[float, ...]:
    natural = sum(need.natural for need in needs)
    if natural <= room:
        goal = room if natural > SPREAD_TO * room else natural
        return _spread(needs, goal - natural)
    capped = [max(need.least, min(need.natural, WIDEST_TEXT)) if need.wraps else need.natural for need in needs]
    base = capped if sum(capped) <= room else [need.least for need in needs]
    spare = room - sum(base)
    wishes = [max(0.0, need.natural - width) for need, width in zip(needs, base, strict=True)]
    total = sum(wishes)
    if total <= 0:
        return tuple(base)
    return tuple(width + spare * min(1.0, wish / total) for width, wish in zip(base, wishes, strict=True))


def _spread(needs: Sequence[_Need], spare: float) -> tuple[float, ...]:
    share = spare / len(needs)
    return tuple(need.natural + share for need in needs)


def _font(column: TableColumn) -> str:
    return fonts.MONO if column.mono else fonts.REGULAR


def make_table(
    columns: Sequence[TableColumn],
    rows: Sequence[Sequence[str]],
    chosen: Layout,
    *,
    cell: Callable[[int, int, str], str | None] | None = None,
) -> Table:
    """The flowable: header repeated on each page, numbers right, rules as in a book. `cell(row, column, text)` may
    give markup (trusted, made by the renderer) in place of the text."""
    rows = [[fonts.printable(text, _font(column)) for text, column in zip(row, columns, strict=True)] for row in rows]
    head = [Paragraph(markup(c.title), styles.cell_style(chosen.size, c.align, fonts.BOLD, "accent")) for c in columns]
    body = [
        [_cell(text, columns[i], chosen, i, cell(r, i, text) if cell else None) for i, text in enumerate(row)]
        for r, row in enumerate(rows)
    ]
    if not body:
        body = [["(no rows)"] + [""] * (len(columns) - 1)]
    table = Table(
        [head, *body],
        colWidths=list(chosen.widths),
        repeatRows=1,
        hAlign="LEFT",
        splitInRow=1,
        spaceBefore=1,
        spaceAfter=2,
    )
    table.setStyle(TableStyle(_commands(columns, chosen.size, len(body))))
    return table


def _cell(text: str, column: TableColumn, chosen: Layout, index: int, special: str | None) -> Paragraph | str:
    size = chosen.size * (MONO_SCALE if column.mono else 1.0)
    room = chosen.widths[index] - 2 * PADDING
    font = _font(column)
    if special is None and "\n" not in text and fonts.width(text, font, size) <= room + 0.01:
        return text
    return Paragraph(special or markup(text, font), styles.cell_style(size, column.align, font))


def _commands(columns: Sequence[TableColumn], size: float, count: int) -> list[tuple[object, ...]]:
    commands: list[tuple[object, ...]] = [
        ("FONT", (0, 1), (-1, -1), fonts.REGULAR, size, round(size * 1.28, 2)),
        ("TEXTCOLOR", (0, 1), (-1, -1), styles.INK),
        ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
        ("VALIGN", (0, 1), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), PADDING),
        ("RIGHTPADDING", (0, 0), (-1, -1), PADDING),
        ("TOPPADDING", (0, 0), (-1, -1), 2.1),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.6),
        ("BACKGROUND", (0, 0), (-1, 0), styles.BAND),
        ("LINEABOVE", (0, 0), (-1, 0), 0.9, styles.ACCENT),
        ("LINEBELOW", (0, 0), (-1, 0), 0.5, styles.ACCENT),
        ("LINEBELOW", (0, 1), (-1, -2), 0.25, styles.HAIR),
        ("LINEBELOW", (0, -1), (-1, -1), 0.7, styles.ACCENT),
    ]
    for index, column in enumerate(columns):
        if column.align == "right":
            commands.append(("ALIGN", (index, 1), (index, count), "RIGHT"))
        if column.mono:
            commands.append(("FONT", (index, 1), (index, count), fonts.MONO, size * MONO_SCALE))
    return commands
