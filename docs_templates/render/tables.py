"""Tables that fit: columns are measured, text wraps, type shrinks or the page turns before anything runs off it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from docs_templates.document import TableColumn
from docs_templates.language import HYPHEN, current, say
from docs_templates.render import fonts, lines, styles
from docs_templates.render.grid import Cell, Grid, Look, Parts, Row, fitted, row_elements
from docs_templates.render.lines import BREAKS, Run
from docs_templates.render.page import A4, Page
from docs_templates.render.paragraphs import Writer
from docs_templates.render.structure import Element
from docs_templates.render.text import runs, shown

PADDING = 4.0
SIZES_PORTRAIT = (7.8, 7.2, 6.7)
SIZES_LANDSCAPE = (7.4, 6.8, 6.2)
SLACK = 0.6
SHORT_TEXT, COMFORTABLE_TEXT = 76.0, 90.0
LONGEST_WORD, LONGEST_MONO = 104.0, 128.0
MONO_SCALE = 0.86
SPREAD_TO = 0.62
LOOK = Look(edge=(0.9, styles.ACCENT))


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


def layout(columns: Sequence[TableColumn], rows: Sequence[Sequence[str]], page: Page = A4) -> Layout:
    """Choose size and widths: first a size at which short texts stay on one line, then one at which no word breaks, on
    an upright page before a turned one. The result never is wider than the frame of its page."""
    needs = {size: _needs(columns, rows, size) for size in (*SIZES_PORTRAIT, *SIZES_LANDSCAPE)}
    for size in SIZES_PORTRAIT:
        if sum(need.comfortable for need in needs[size]) <= page.frame_width:
            return Layout(_widths(needs[size], page.frame_width), size, False)
    for landscape, sizes, room in (
        (False, SIZES_PORTRAIT, page.frame_width),
        (True, SIZES_LANDSCAPE, page.landscape_width),
    ):
        for size in sizes:
            if sum(need.least for need in needs[size]) <= room:
                return Layout(_widths(needs[size], room), size, landscape)
    # Nothing fits unbroken: words are broken, in proportion to what the columns ask for.
    size, room = SIZES_LANDSCAPE[-1], page.landscape_width
    total = sum(need.least for need in needs[size])
    return Layout(tuple(need.least * room / total for need in needs[size]), size, True)


def _needs(columns: Sequence[TableColumn], rows: Sequence[Sequence[str]], size: float) -> list[_Need]:
    found = []
    for index, column in enumerate(columns):
        texts = {shown(row[index], _font(column)) for row in rows}
        found.append(_need(column, texts, size))
    return found


def _need(column: TableColumn, texts: set[str], size: float) -> _Need:
    font, scale = _font(column), (MONO_SCALE if column.mono else 1.0)
    head = max((_head_width(word, size) for word in column.title.split()), default=0.0)
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


def _head_width(word: str, size: float) -> float:
    """Width of a word of a head, or of its longest part where it is long and the language says how to break it."""
    whole = fonts.width(word, fonts.BOLD, size)
    parts = current().syllables(word) if whole > SHORT_TEXT else [word]
    return max(fonts.width(part + HYPHEN * (part is not parts[-1]), fonts.BOLD, size) for part in parts)


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
    element: Element,
    *,
    page: Page = A4,
    cell: Callable[[int, int], tuple[Run, ...] | None] | None = None,
) -> Grid:
    """The flowable: header repeated on each page, numbers right, rules as in a book. Rows and cells enter `element`
    when the table gets its place.

    `cell(row, column)` may give runs in place of the text.
    """
    tall = page.landscape_height if chosen.landscape else page.frame_height
    return Grid(lambda: _parts(columns, rows, chosen, element, cell), chosen.widths, LOOK, tall)


def height(columns: Sequence[TableColumn], rows: Sequence[Sequence[str]], chosen: Layout) -> float:
    """Height of the table in points."""
    head, body = _parts(columns, rows, chosen, Element("Table"), None)
    return sum(row.height for row in body) + (head.height if head else 0.0)


def _parts(
    columns: Sequence[TableColumn],
    rows: Sequence[Sequence[str]],
    chosen: Layout,
    element: Element,
    cell: Callable[[int, int], tuple[Run, ...] | None] | None,
) -> Parts:
    heads = row_elements(element.child("THead"), ["TH"] * len(columns))
    head = _row([runs(c.title, _head_style(c, chosen.size)) for c in columns], columns, chosen, heads, head=True)
    body = element.child("TBody")
    shown = [list(row) for row in rows] or [[say("table.no_rows")] + [""] * (len(columns) - 1)]
    tags = ["TD"] * len(columns)
    looks = [styles.cell_style(_size(c, chosen.size), c.align, _font(c)) for c in columns]
    made = []
    for position, row in enumerate(shown):
        special = [cell(position, index) if cell and rows else None for index in range(len(columns))]
        texts = [given or runs(text, look) for given, text, look in zip(special, row, looks, strict=True)]
        made.append(_row(texts, columns, chosen, row_elements(body, tags)))
    return head, made


def _size(column: TableColumn, size: float) -> float:
    return size * (MONO_SCALE if column.mono else 1.0)


def _head_style(column: TableColumn, size: float) -> styles.TextStyle:
    return styles.cell_style(size, column.align, fonts.BOLD, styles.ACCENT_HEX)


def _row(
    texts: Sequence[tuple[Run, ...]],
    columns: Sequence[TableColumn],
    chosen: Layout,
    elements: Sequence[Element],
    *,
    head: bool = False,
) -> Row:
    cells = []
    for text, column, width, element in zip(texts, columns, chosen.widths, elements, strict=True):
        size = chosen.size if head else _size(column, chosen.size)
        found = lines.broken(text, width - 2 * PADDING) if text else ()
        writer = Writer(element, leftwards=fonts.reads_leftwards("".join(run.text for run in text)))
        cells.append(Cell(found, size, round(size * 1.28, 2), writer, column.align == "right"))
    return fitted(tuple(cells), LOOK, least=chosen.size * 1.28 + LOOK.above + LOOK.below)


def broken(text: str, font: str, size: float, room: float) -> str:
    """A path or dotted name with line ends after `/`, `.`, `_` or `-`, so that its parts fit `room` points."""
    lines = [""]
    for part in BREAKS.split(text):
        if lines[-1] and fonts.width(lines[-1] + part, font, size) > room:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)
