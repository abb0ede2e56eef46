"""The flowable of tables: rows of broken lines under a head that is repeated; all of it tagged.

Reportlab's own table knows neither tags nor which cell it draws.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reportlab.lib.colors import Color
from reportlab.platypus import Flowable

from docs_templates.render import styles
from docs_templates.render.canvas import TaggedCanvas
from docs_templates.render.lines import TINY, Line
from docs_templates.render.paragraphs import Writer
from docs_templates.render.structure import Element

DESCENT = 0.22


@dataclass(frozen=True, slots=True)
class Cell:
    """Broken lines of a cell with their size and leading in points; `writer` draws them into the cell's element."""

    lines: tuple[Line, ...]
    size: float
    leading: float
    writer: Writer
    right: bool = False

    @property
    def height(self) -> float:
        """Height of the lines."""
        return len(self.lines) * self.leading


@dataclass(frozen=True, slots=True)
class Row:
    """Cells from left to right and the height of the row with its padding."""

    cells: tuple[Cell, ...]
    height: float


Parts = tuple[Row | None, Sequence[Row]]
"""Head and rows of a table."""


@dataclass(frozen=True, slots=True)
class Look:
    """Padding at left and right, above, below; rules: width and colour above and below the table, below the head and
    between rows; `boxed` draws lines between columns; `middle` centres cells in their rows."""

    side: float = 4.0
    above: float = 2.1
    below: float = 2.6
    edge: tuple[float, Color] = (0.8, styles.ACCENT)
    head: tuple[float, Color] = (0.5, styles.ACCENT)
    hair: tuple[float, Color] = (0.25, styles.HAIR)
    ground: Color | None = styles.BAND
    boxed: bool = False
    middle: bool = False


class Grid(Flowable):
    """A table at its widths in points. A row taller than half of `tall` may be split; others stay whole.

    `make` gives head and rows; it is called when the table gets its place, so that not all tables are held at once.
    """

    def __init__(
        self,
        make: Callable[[], Parts],
        widths: Sequence[float],
        look: Look,
        tall: float,
        *,
        outer: tuple[float, float] = (1.0, 2.0),
        again: bool = False,
    ) -> None:
        super().__init__()
        self._make: Callable[[], Parts] | None = make
        self._widths, self._look, self._tall, self._again = tuple(widths), look, tall, again
        self.spaceBefore, self.spaceAfter = outer
        self.width = sum(self._widths)

    def wrap(self, *_: Any) -> tuple[float, float]:
        """Width and height."""
        if self._make is not None:
            self._head, rows = self._make()
            self._rows, self._make = list(rows), None
            self.height = sum(row.height for row in self._rows) + (self._head.height if self._head else 0.0)
        return self.width, self.height

    # -------------------------------------------------------------------------------------------- splitting
    def split(self, available: float, height: float) -> list[Any]:
        """The rows that fit and the others under a repeated head."""
        self.wrap()
        used, held = self._head.height if self._head else 0.0, 0
        for row in self._rows:
            if used + row.height > height + TINY:
                break
            used, held = used + row.height, held + 1
        if held == len(self._rows):
            return [self]
        first, rest = self._rows[:held], self._rows[held:]
        if rest[0].height > self._tall / 2:
            parts = self._cut(rest[0], height - used)
            if parts is not None:
                first, rest = [*first, parts[0]], [parts[1], *rest[1:]]
        if not first:
            return []
        return [
            self._with(first, (self.spaceBefore, 0.0), self._again),
            self._with(rest, (0.0, self.spaceAfter), True),
        ]

    def _with(self, rows: Sequence[Row], outer: tuple[float, float], again: bool) -> Grid:
        parts = (self._head, rows)
        return Grid(lambda: parts, self._widths, self._look, self._tall, outer=outer, again=again)

    def _cut(self, row: Row, height: float) -> tuple[Row, Row] | None:
        """The lines of a row that fit into `height` and the others."""
        room = height - self._look.above - self._look.below
        counts = [min(len(cell.lines), int((room + TINY) / cell.leading)) for cell in row.cells]
        if max(counts) < 2 or min(counts) < 0:
            return None
        tops = tuple(replace(c, lines=c.lines[:n]) for c, n in zip(row.cells, counts, strict=True))
        ends = tuple(replace(c, lines=c.lines[n:]) for c, n in zip(row.cells, counts, strict=True))
        return fitted(tops, self._look), fitted(ends, self._look)

    # ---------------------------------------------------------------------------------------------- drawing
    def draw(self) -> None:
        """Grounds and rules, then the head, then the rows; a repeated head is no part of the text."""
        canvas: TaggedCanvas = self.canv
        if canvas.dry:
            return
        with canvas.artifact():
            self._rules(canvas)
        y = self.height
        if self._head is not None:
            if self._again:
                with canvas.artifact("Pagination", "Header"), canvas.unmarked():
                    self._row(canvas, self._head, y)
            else:
                self._row(canvas, self._head, y)
            y -= self._head.height
        for row in self._rows:
            self._row(canvas, row, y)
            y -= row.height

    def _row(self, canvas: TaggedCanvas, row: Row, top: float) -> None:
        look, x = self._look, 0.0
        leading = max(cell.leading for cell in row.cells)
        for cell, width in zip(row.cells, self._widths, strict=True):
            y = top - look.above - leading + DESCENT * cell.size
            if look.middle:
                y -= (row.height - look.above - look.below - cell.height) / 2
            elif row is self._head:
                y -= row.height - look.above - look.below - cell.height
            for line in cell.lines:
                at = x + (width - look.side - line.width if cell.right else look.side)
                cell.writer.line(canvas, line, at, y)
                y -= cell.leading
            x += width

    def _rules(self, canvas: TaggedCanvas) -> None:
        look, top = self._look, self.height
        if self._head is not None and look.ground is not None:
            canvas.setFillColor(look.ground)
            canvas.rect(0, top - self._head.height, self.width, self._head.height, stroke=0, fill=1)
        y = top - (self._head.height if self._head else 0.0)
        canvas.setStrokeColor(look.hair[1])
        canvas.setLineWidth(look.hair[0])
        between: list[tuple[float, float, float, float]] = []
        for row in self._rows[:-1]:
            y -= row.height
            between.append((0, y, self.width, y))
        if look.boxed:
            x = 0.0
            for width in (0.0, *self._widths):
                x += width
                between.append((x, 0, x, top))
        if between:
            canvas.lines(between)
        if self._head is not None:
            self._line(canvas, look.head, top - self._head.height)
        self._line(canvas, look.edge, top)
        self._line(canvas, look.edge, 0)

    def _line(self, canvas: TaggedCanvas, rule: tuple[float, Color], y: float) -> None:
        canvas.setLineWidth(rule[0])
        canvas.setStrokeColor(rule[1])
        canvas.line(0, y, self.width, y)


def fitted(cells: tuple[Cell, ...], look: Look, least: float = 0.0) -> Row:
    """A row as high as its highest cell, at least `least` points."""
    return Row(cells, max(least, max(cell.height for cell in cells) + look.above + look.below))


def row_elements(parent: Element, tags: Sequence[str]) -> list[Element]:
    """The cells of a new row of a table, `TH` heading its column or, as `TH/Row`, its row."""
    row = parent.child("TR")
    return [_cell_element(row, tag) for tag in tags]


def _cell_element(row: Element, tag: str) -> Element:
    if tag == "TD":
        return row.child("TD")
    scope = "Row" if tag == "TH/Row" else "Column"
    return row.child("TH", attributes={"Table": {"Scope": f"/{scope}"}})
