"""Renders a composed document to the bytes of a PDF; the same document and moment give the same bytes."""

from __future__ import annotations

import calendar
import io
from dataclasses import dataclass
from datetime import datetime

from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

from docs_templates.document import Document
from docs_templates.render import fonts, styles
from docs_templates.render.flowables import Observed
from docs_templates.render.story import Story

PASSES = 6
HASH_SHOWN = 16
LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class Rendered:
    """The bytes of a PDF and its number of pages."""

    data: bytes
    pages: int


def render(document: Document, moment: datetime) -> Rendered:
    """Lay the document out until page numbers in contents and index are true. `moment` is its date (UTC)."""
    fonts.register()
    before = Observed()
    for _ in range(PASSES):
        data, observed = _pass(document, moment, before)
        if observed.same(before):
            return Rendered(data, observed.total)
        before = observed
    raise RuntimeError(f"{document.name}: page numbers did not settle in {PASSES} passes")


def _pass(document: Document, moment: datetime, before: Observed) -> tuple[bytes, Observed]:
    story = Story(document, before)
    buffer = io.BytesIO()
    template = _Template(buffer, document, moment, before.total)
    template.build(story.flowables())
    story.observed.total = template.page
    return buffer.getvalue(), story.observed


class _Template(BaseDocTemplate):  # type: ignore[misc]
    """Pages: portrait and landscape with running head and foot; the cover has no head."""

    def __init__(self, buffer: io.BytesIO, document: Document, moment: datetime, total: int) -> None:
        self._document, self._moment, self._total = document, moment, total
        super().__init__(
            buffer,
            pagesize=(styles.PAGE_WIDTH, styles.PAGE_HEIGHT),
            invariant=1,
            lang=LANGUAGE,
            initialFontName=fonts.REGULAR,
        )
        upright = (styles.PAGE_WIDTH, styles.PAGE_HEIGHT)
        templates = [
            self._page_template("cover", upright, head=False),
            self._page_template("portrait", upright, head=True),
            self._page_template("landscape", upright[::-1], head=True),
        ]
        templates[0].autoNextPageTemplate = "portrait"
        self.addPageTemplates(templates)

    def _page_template(self, name: str, size: tuple[float, float], *, head: bool) -> PageTemplate:
        width, height = size
        frame = Frame(
            styles.MARGIN_LEFT,
            styles.MARGIN_BOTTOM,
            width - styles.MARGIN_LEFT - styles.MARGIN_RIGHT,
            height - styles.MARGIN_TOP - styles.MARGIN_BOTTOM,
            leftPadding=0,
            rightPadding=0,
            topPadding=0,
            bottomPadding=0,
            id=name,
        )
        return PageTemplate(
            id=name, frames=[frame], pagesize=size, onPage=lambda canvas, _: self._furniture(canvas, size, head=head)
        )

    def beforeDocument(self) -> None:
        """Metadata and date: nothing of the machine or its user."""
        canvas, document = self.canv, self._document
        canvas.setTitle(f"{document.title}: {document.model_name} {document.model_version}")
        canvas.setSubject(f"Model {document.model_id}; package {document.package_hash}; document {document.identifier}")
        canvas.setAuthor("")
        canvas.setCreator("credit-dossier")
        canvas.setKeywords(document.package_hash)
        canvas.setViewerPreference("DisplayDocTitle", "true")
        canvas.showOutline()
        stamp = canvas._doc._timeStamp
        parts = self._moment.utctimetuple()
        stamp.t, stamp.lt, stamp.YMDhms = calendar.timegm(parts), parts, tuple(parts)[:6]

    def _furniture(self, canvas: Canvas, size: tuple[float, float], *, head: bool) -> None:
        document, (width, height) = self._document, size
        left, right = styles.MARGIN_LEFT, width - styles.MARGIN_RIGHT
        canvas.saveState()
        canvas.setFillColor(styles.QUIET)
        canvas.setStrokeColor(styles.RULE)
        canvas.setLineWidth(0.4)
        if head:
            top = height - styles.MARGIN_TOP + 18
            canvas.line(left, top - 5, right, top - 5)
            canvas.setFont(fonts.REGULAR, 7)
            name = fonts.printable(f"{document.model_name} · {document.model_version}")
            title = fonts.printable(document.title)
            room = right - left - fonts.width(title, fonts.REGULAR, 7) - 20
            canvas.drawString(left, top, fonts.shortened(name, fonts.REGULAR, 7, room))
            canvas.drawRightString(right, top, title)
        foot = styles.MARGIN_BOTTOM - 26
        canvas.line(left, foot + 10, right, foot + 10)
        self._foot(canvas, left, right, foot)
        canvas.restoreState()

    def _foot(self, canvas: Canvas, left: float, right: float, y: float) -> None:
        document = self._document
        page = f"Page {canvas.getPageNumber()} of {self._total}"
        canvas.setFont(fonts.REGULAR, 7)
        canvas.drawRightString(right, y, page)
        canvas.drawString(left, y, "Package")
        start = left + fonts.width("Package ", fonts.REGULAR, 7)
        canvas.setFont(fonts.MONO, 6.6)
        digest = f"{document.package_hash[:HASH_SHOWN]}…"
        canvas.drawString(start, y, digest)
        start += fonts.width(digest, fonts.MONO, 6.6) + 14
        room = right - fonts.width(page, fonts.REGULAR, 7) - 14 - start
        canvas.drawString(start, y, fonts.shortened(document.identifier, fonts.MONO, 6.6, room))
