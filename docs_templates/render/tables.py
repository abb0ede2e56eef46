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
SLACK = 0.6
SHORT_TEXT, COMFORTABLE_TEXT = 76.0, 90.0
LONGEST_WORD, LONGEST_MONO = 104.0, 128.0
MONO_SCALE = 0.86
SPREAD_TO = 0.62
BREAKS = re.compile(r"(?<=[/._-])")


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
    """What a column asks for: unwrapped width, the least that breaks no word, and one that wraps long texts only."""

    natural: float
    least: float
    comfortable: float


def layout(columns: Sequence[TableColumn], rows: Sequence[Sequence[str]]) -> Layout:
    """Choose size and widths: first a size at which short texts stay on one line, then one at which no word breaks, on
    an upright page before a turned one. The result never is wider than the frame of its page."""
    needs = {size: _needs(columns, rows, size) for size in (*SIZES_PORTRAIT, *SIZES_LANDSCAPE)}
    for size in SIZES_PORTRAIT:
        if sum(need.comfortable for need in needs[size]) <= styles.FRAME_WIDTH:
            return Layout(_widths(needs[size], styles.FRAME_WIDTH), size, False)
    for landscape, sizes, room in (
        (False, SIZES_PORTRAIT, styles.FRAME_WIDTH),
        (True, SIZES_LANDSCAPE, styles.LANDSCAPE_WIDTH),
    ):
        for size in sizes:
            if sum(need.least for need in needs[size]) <= room:
                return Layout(_widths(needs[size], room), size, landscape)
    # Nothing fits unbroken: words are broken, in proportion to what the columns ask for.
    size, room = SIZES_LANDSCAPE[-1], styles.LANDSCAPE_WIDTH
    total = sum(need.least for need in needs[size])
    return Layout(tuple(need.least * room / total for need in needs[size]), size, True)


def _needs(columns: Sequence[TableColumn], rows: Sequence[Sequence[str]], size: float) -> list[_Need]:
    return [_need(column, {row[index] for row in rows}, size) for index, column in enumerate(columns)]


def _need(column: TableColumn, texts: set[str], size: float) -> _Need:
    font, scale = _font(column), (MONO_SCALE if column.mono else 1.0)
    head = max((fonts.width(word, fonts.BOLD, size) for word in column.title.split()), default=0.0)
    room = 2 * PADDING + SLACK
    natural = max((fonts.width(line, font, size * scale) for t in texts for line in t.split("\n")), default=0.0)
    if column.align == "right":
        least = max(natural, head) + room
        return _Need(least, least, least)
    longest = LONGEST_MONO if column.mono else LONGEST_WORD
    word = max((_word_width(w, font, size * scale, longest) for t in texts for w in t.split()), default=0.0)
    wide = max(natural, head)
    least = min(max(head, min(word, longest)), wide)
    comfortable = wide if natural <= SHORT_TEXT else max(least, COMFORTABLE_TEXT)
    return _Need(wide + room, least + room, comfortable + room)


def _word_width(word: str, font: str, size: float, longest: float) -> float:
    """Width of a word, or of its longest part where it is too long to be kept whole."""
    whole = fonts.width(word, font, size)
    if whole <= longest:
        return whole
    return max(fonts.width(part, font, size) for part in BREAKS.split(word))


def _widths(needs: Sequence[_Need], room: float) -> tuple[float, ...]:
    natural = sum(need.natural for need in needs)
    if natural <= room:
        goal = room if natural > SPREAD_TO * room else natural
        return _spread(needs, goal - natural)
    comfortable = [need.comfortable for need in needs]
    base = comfortable if sum(comfortable) <= room else [need.least for need in needs]
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
        splitInRow=int(_has_tall_cell(rows, columns, chosen)),
        spaceBefore=1,
        spaceAfter=2,
    )
    table.setStyle(TableStyle(_commands(columns, chosen.size, len(body))))
    return table


def _has_tall_cell(rows: Sequence[Sequence[str]], columns: Sequence[TableColumn], chosen: Layout) -> bool:
    """Whether a cell may be taller than half a page, so that its row must be split; others stay whole."""
    for row in rows:
        for text, column, width in zip(row, columns, chosen.widths, strict=True):
            lines = text.count("\n") + 1.3 * fonts.width(text, _font(column), chosen.size) / (width - 2 * PADDING)
            if lines * chosen.size * 1.28 > styles.LANDSCAPE_HEIGHT / 2:
                return True
    return False


def broken(text: str, font: str, size: float, room: float) -> str:
    """A path or dotted name with line ends after `/`, `.`, `_` or `-`, so that its parts fit `room` points."""
    lines = [""]
    for part in BREAKS.split(text):
        if lines[-1] and fonts.width(lines[-1] + part, font, size) > room:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def _cell(text: str, column: TableColumn, chosen: Layout, index: int, special: str | None) -> Paragraph | str:
    size = chosen.size * (MONO_SCALE if column.mono else 1.0)
    room = chosen.widths[index] - 2 * PADDING
    font = _font(column)
    if special is None and "\n" not in text and fonts.width(text, font, size) <= room + 0.01:
        return text
    if special is None:
        lines = text.split("\n")
        text = "\n".join(" ".join(broken(word, font, size, room) for word in line.split(" ")) for line in lines)
    return Paragraph(special or markup(text, font), styles.cell_style(size, column.align, font))


def _commands(columns: Sequence[TableColumn], size: float, count: int) -> list[tuple[object, ...]]:
    commands: list[tuple[object, ...]] = [
        ("FONT", (0, 0), (-1, -1), fonts.REGULAR, size, round(size * 1.28, 2)),
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
