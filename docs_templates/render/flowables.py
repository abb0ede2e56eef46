"""Small flowables: marks that remember pages, pictures, boxes, orientation, fields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from reportlab.graphics import renderPDF
from reportlab.graphics.shapes import Drawing
from reportlab.platypus import Flowable, Spacer
from reportlab.platypus.doctemplate import ActionFlowable

from docs_templates.document import SIGN_OFF_COLUMNS
from docs_templates.language import say
from docs_templates.render import fonts, lines, styles
from docs_templates.render.canvas import TaggedCanvas
from docs_templates.render.grid import Cell, Grid, Look, fitted, row_elements
from docs_templates.render.paragraphs import Panel, Text, Writer
from docs_templates.render.structure import Element
from docs_templates.render.styles import TextStyle
from docs_templates.render.text import runs

LABEL_WIDTH = 118.0
HASH_DIGITS = 64


@dataclass
class Observed:
    """What one pass over the document found: pages of headings, tables and figures by anchor, pages of each evidence
    id, number of pages."""

    places: dict[str, int] = field(default_factory=dict)
    pages: dict[str, list[int]] = field(default_factory=dict)
    total: int = 0
    outline_level: int = -1

    def use(self, identifier: str, page: int) -> None:
        """Note that an item of evidence is printed on a page."""
        pages = self.pages.setdefault(identifier, [])
        if page not in pages:
            pages.append(page)

    def same(self, other: Observed) -> bool:
        """Whether two passes agree, so that what was printed from the one is true of the other."""
        return (self.places, self.pages, self.total) == (other.places, other.pages, other.total)


class Mark(Flowable):
    """Takes no room and calls `when_drawn` with the canvas."""

    def __init__(self, when_drawn: Callable[[TaggedCanvas], None]) -> None:
        super().__init__()
        self._when_drawn = when_drawn

    def wrap(self, *_: Any) -> tuple[float, float]:
        """No room."""
        return 0, 0

    def draw(self) -> None:
        """Call."""
        self._when_drawn(self.canv)


class Turn(ActionFlowable):  # type: ignore[misc]
    """Goes on in the page template `name`, on a new page where the present one is of another."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def apply(self, doc: Any) -> None:
        """Change the template for what follows."""
        if doc.pageTemplate.id != self._name:
            doc.handle_nextPageTemplate(self._name)
            doc.handle_pageBreak()


class Gap(Spacer):  # type: ignore[misc]
    """Room below a block; where the page ends before it, there is less of it: it never begins a page."""

    def wrap(self, _: float, room: float) -> tuple[float, float]:
        """As much as is left of the page."""
        return 0.0, min(float(self.height), max(room, 0.0))


class Rule(Flowable):
    """A thin line over the whole width."""

    def __init__(self, width: float) -> None:
        super().__init__()
        self.width = width

    def wrap(self, *_: Any) -> tuple[float, float]:
        """A few points."""
        return self.width, 7

    def draw(self) -> None:
        """Draw the line."""
        with self.canv.artifact():
            self.canv.setStrokeColor(styles.ACCENT)
            self.canv.setLineWidth(1.1)
            self.canv.line(0, 5, self.width, 5)


class Picture(Flowable):
    """A drawing as one piece of content, made by `make` when it is drawn; its element says what it shows and where."""

    def __init__(self, make: Callable[[], Drawing], width: float, height: float, element: Element) -> None:
        super().__init__()
        self._make, self._element = make, element
        self.width, self.height = width, height

    def wrap(self, *_: Any) -> tuple[float, float]:
        """The size of the drawing."""
        return self.width, self.height

    def draw(self) -> None:
        """Draw it and note its box."""
        if self.canv.dry:
            return
        x, y = self.canv.absolutePosition(0, 0)
        box = [round(part, 2) for part in (x, y, x + self.width, y + self.height)]
        self._element.attributes = {"Layout": {"Placement": "/Block", "BBox": box}}
        with self.canv.marked(self._element), self.canv.own_colours():
            renderPDF.draw(self._make(), self.canv, 0, 0)


def box(text: Text, *, alert: bool) -> Panel:
    """A visible box with a bar at its left; `alert` for what is not provided, quiet for what does not apply."""
    ink, ground = (styles.ALERT, styles.ALERT_GROUND) if alert else (styles.QUIET, styles.BAND)
    return Panel([text], ground, ink, (5.0, 6.0), (3.0, 7.0))


def label_table(items: Sequence[tuple[str, str]], width: float, tall: float, element: Element) -> Grid:
    """Labels and values, for the control page. Long hexadecimal values are set in the mono font."""
    look = Look(above=2.2, below=2.8, hair=(0.25, styles.HAIR))
    widths = (LABEL_WIDTH, width - LABEL_WIDTH)
    rows = []
    for label, value in items:
        is_hash = len(value) == HASH_DIGITS and all(c in "0123456789abcdef" for c in value)
        looks = (styles.style("label"), styles.style("fieldmono" if is_hash else "field"))
        elements = row_elements(element, ("TH/Row", "TD"))
        cells = [_cell(*one, look) for one in zip((label, value), looks, widths, elements, strict=True)]
        rows.append(fitted(tuple(cells), look))
    return Grid(lambda: (None, rows), widths, look, tall, outer=(0.0, 10.0))


def _cell(text: str, look: TextStyle, width: float, element: Element, around: Look) -> Cell:
    made = runs(text, look)
    writer = Writer(element, leftwards=fonts.reads_leftwards(text))
    return Cell(lines.broken(made, width - 2 * around.side), look.size, look.leading, writer)


def sign_off_table(roles: Sequence[str], width: float, element: Element) -> Grid:
    """Empty fields for name, decision, date and signature."""
    titles = [say(f"sign_off.{name}") for name in SIGN_OFF_COLUMNS]
    rule = (0.4, styles.RULE)
    look = Look(edge=rule, head=rule, hair=rule, boxed=True, middle=True)
    widths = [share * width for share in (0.2, 0.24, 0.18, 0.14, 0.24)]
    label, field_look = styles.style("label"), styles.style("field")
    heads = row_elements(element.child("THead"), ["TH"] * len(titles))
    head = [_cell(title, label, wide, one, look) for title, wide, one in zip(titles, widths, heads, strict=True)]
    body, rows = element.child("TBody"), []
    for role in roles:
        elements = row_elements(body, ("TH/Row", "TD", "TD", "TD", "TD"))
        texts = (role, "", "", "", "")
        cells = [_cell(t, field_look, wide, one, look) for t, wide, one in zip(texts, widths, elements, strict=True)]
        rows.append(fitted(tuple(cells), look, least=24.0))
    top = fitted(tuple(head), look, least=15.0)
    return Grid(lambda: (top, rows), widths, look, 1e6, outer=(0.0, 8.0))
