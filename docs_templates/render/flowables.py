"""Small flowables: marks that remember pages, numbered headings, boxes, orientation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from reportlab.platypus import Flowable, Paragraph, Table, TableStyle
from reportlab.platypus.doctemplate import ActionFlowable

from docs_templates.render import fonts, styles


@dataclass
class Observed:
    """What one pass over the document found: headings with pages, pages of each evidence id, number of pages."""

    headings: list[tuple[str, int]] = field(default_factory=list)
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
        return (self.headings, self.pages, self.total) == (other.headings, other.pages, other.total)


class EvidenceMark(Flowable):
    """Takes no room; notes the page for evidence ids and is the place that the index links back to."""

    def __init__(self, identifiers: Sequence[str], anchors: dict[str, str], observed: Observed) -> None:
        super().__init__()
        self._identifiers, self._anchors, self._observed = tuple(identifiers), anchors, observed

    def wrap(self, *_: Any) -> tuple[float, float]:
        """No room."""
        return 0, 0

    def draw(self) -> None:
        """Note the page; set the place of the first use."""
        for identifier in self._identifiers:
            if identifier not in self._observed.pages:
                key = "use-" + self._anchors[identifier]
                self.canv.bookmarkHorizontal(key, 0, 40)
            self._observed.use(identifier, self.canv.getPageNumber())


class NumberedHeading(Paragraph):
    """A heading that enters the outline and tells its page."""

    def __init__(self, markup: str, style: Any, key: str, title: str, level: int, observed: Observed) -> None:
        super().__init__(markup, style)
        self._entry = (key, title, level, observed)

    def split(self, width: float, height: float) -> list[Any]:
        """Headings are not split."""
        return []

    def draw(self) -> None:
        """Draw, set the bookmark, enter the outline."""
        key, title, level, observed = self._entry
        self.canv.bookmarkHorizontal(key, 0, self.height + 6)
        depth = min(level - 1, observed.outline_level + 1)
        observed.outline_level = depth
        self.canv.addOutlineEntry(title, key, depth, closed=depth > 0)
        observed.headings.append((key, self.canv.getPageNumber()))
        super().draw()


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
        self.canv.setStrokeColor(styles.ACCENT)
        self.canv.setLineWidth(1.1)
        self.canv.line(0, 5, self.width, 5)


def box(markup: str, width: float, *, alert: bool) -> Table:
    """A visible box with a bar at its left; `alert` for what is not provided, quiet for what does not apply."""
    text = Paragraph(markup, styles.style("box" if alert else "boxquiet"))
    table = Table(
        [[text]], colWidths=[width], hAlign="LEFT", splitInRow=int(len(markup) > 1500), spaceBefore=3, spaceAfter=7
    )
    ink, ground = (styles.ALERT, styles.ALERT_GROUND) if alert else (styles.QUIET, styles.BAND)
    commands = [
        ("FONT", (0, 0), (-1, -1), fonts.REGULAR, 8),
        ("BACKGROUND", (0, 0), (-1, -1), ground),
        ("LINEBEFORE", (0, 0), (0, -1), 2.4, ink),
        ("LEFTPADDING", (0, 0), (-1, -1), 9),
        ("TOPPADDING", (0, 0), (-1, -1), 5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 6),
    ]
    table.setStyle(TableStyle(commands))
    return table


def label_table(items: Sequence[tuple[str, str]], width: float) -> Table:
    """Labels and values, for the control page. Long hexadecimal values are set in the mono font."""
    rows = []
    for label, value in items:
        is_hash = len(value) == 64 and all(c in "0123456789abcdef" for c in value)
        from_text = fonts.printable(value, fonts.MONO if is_hash else fonts.REGULAR)
        style = styles.style("fieldmono" if is_hash else "field")
        rows.append([Paragraph(_escaped(label), styles.style("label")), Paragraph(_escaped(from_text), style)])
    is_long = any(len(value) > 1500 for _, value in items)
    table = Table(rows, colWidths=[118, width - 118], hAlign="LEFT", splitInRow=int(is_long), spaceAfter=10)
    commands = [
        ("FONT", (0, 0), (-1, -1), fonts.REGULAR, 8),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.25, styles.HAIR),
        ("LINEABOVE", (0, 0), (-1, 0), 0.9, styles.ACCENT),
        ("LINEBELOW", (0, -1), (-1, -1), 0.7, styles.ACCENT),
        ("LEFTPADDING", (0, 0), (-1, -1), 4),
        ("TOPPADDING", (0, 0), (-1, -1), 2.2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.8),
    ]
    table.setStyle(TableStyle(commands))
    return table


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br/>")


def sign_off_table(roles: Sequence[str], width: float) -> Table:
    """Empty fields for name, decision, date and signature."""
    titles = ("Role", "Name", "Decision", "Date", "Signature")
    head = [Paragraph(title, styles.style("label")) for title in titles]
    rows = [[Paragraph(_escaped(role), styles.style("field")), "", "", "", ""] for role in roles]
    shares = (0.2, 0.24, 0.18, 0.14, 0.24)
    heights = [15.0, *([24.0] * len(rows))]
    table = Table([head, *rows], colWidths=[s * width for s in shares], rowHeights=heights, hAlign="LEFT", spaceAfter=8)
    commands = [
        ("FONT", (0, 0), (-1, -1), fonts.REGULAR, 8),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("BACKGROUND", (0, 0), (-1, 0), styles.BAND),
        ("GRID", (0, 0), (-1, -1), 0.4, styles.RULE),
        ("LEFTPADDING", (0, 0), (-1, -1), 4),
    ]
    table.setStyle(TableStyle(commands))
    return table
