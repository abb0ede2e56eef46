"""Renders a composed document to the bytes of a PDF; the same document and moment give the same bytes."""

from __future__ import annotations

import calendar
import io
from dataclasses import dataclass
from datetime import datetime

from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

from docs_templates.document import Document
from docs_templates.language import current, say
from docs_templates.render import archive, fonts, lines, masthead, page, styles
from docs_templates.render.canvas import TaggedCanvas
from docs_templates.render.flowables import Observed
from docs_templates.render.page import A4, Page
from docs_templates.render.story import Measures, Story

PASSES = 6
BRIEF_PAGES = 2
"""Pages of a brief document; one that has more in its language is set closer."""
HASH_SHOWN = 16


@dataclass(frozen=True, slots=True)
class Rendered:
    """The bytes of a PDF and its number of pages."""

    data: bytes
    pages: int


def render(document: Document, moment: datetime, size: Page = A4) -> Rendered:
    """Lay the document out until page numbers in contents and index are true, then make it an archive file (PDF/A-3b,
    tagged). `moment` is its date (UTC). Its attachments are embedded beside the manifest of the evidence printed."""
    fonts.register()
    for step in range(len(styles.CLOSER)) if document.brief else ():
        with styles.closer(step):
            found = _rendered(document, moment, size, None if step == len(styles.CLOSER) - 1 else BRIEF_PAGES)
        if found is not None:
            return found
    made = _rendered(document, moment, size, None)
    assert made is not None
    return made


def _rendered(document: Document, moment: datetime, size: Page, most: int | None) -> Rendered | None:
    """The document; None where it has more than `most` pages."""
    before, measures = Observed(), Measures(size)
    for _ in range(PASSES):
        story = Story(document, before, measures)
        drawn = _Drawn(document, moment, before.total, size)
        data = drawn.draw(story)
        story.observed.total = len(drawn.canvas.marks) - 1
        if story.observed.same(before):
            if most is not None and before.total > most:
                lines.forget()
                return None
            tags = archive.Tags(story.outline.root, drawn.canvas.marks, drawn.canvas.linked)
            # What drawing needed is the larger part of all memory; the archive file is made without it.
            del drawn, story, measures
            lines.forget()
            files = [*document.attachments, archive.evidence_manifest(document, before.pages)]
            about = archive.About.of(document, moment, current().code)
            return Rendered(archive.finished(data, about, tags, files), before.total)
        before = story.observed
    raise RuntimeError(f"{document.name}: page numbers did not settle in {PASSES} passes")


class _Drawn:
    """One pass: the bytes that reportlab makes and the canvas that made them."""

    def __init__(self, document: Document, moment: datetime, total: int, size: Page) -> None:
        self._buffer, self._dry = io.BytesIO(), not total
        self._palette = styles.palette(document.branding.colours)
        self._template = _Template(self._buffer, document, moment, total, size)
        self.canvas: TaggedCanvas

    def draw(self, story: Story) -> bytes:
        """Build the story."""

        def make(*arguments: object, **options: object) -> TaggedCanvas:
            self.canvas = TaggedCanvas(*arguments, dry=self._dry, palette=self._palette, **options)
            return self.canvas

        self._template.build(story.flowables(), canvasmaker=make)
        return self._buffer.getvalue()


class _Template(BaseDocTemplate):  # type: ignore[misc]
    """Pages: portrait and landscape with running head and foot; the cover has no head."""

    def __init__(self, buffer: io.BytesIO, document: Document, moment: datetime, total: int, size: Page) -> None:
        self._document, self._moment, self._total = document, moment, total
        upright = (size.width, size.height)
        super().__init__(
            buffer, pagesize=upright, invariant=1, lang=current().code, initialFontName=fonts.REGULAR, pageCompression=0
        )
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
            page.MARGIN_LEFT,
            page.MARGIN_BOTTOM,
            width - page.MARGIN_LEFT - page.MARGIN_RIGHT,
            height - page.MARGIN_TOP - page.MARGIN_BOTTOM,
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
        self.canv.showOutline()
        stamp = self.canv._doc._timeStamp
        parts = self._moment.utctimetuple()
        stamp.t, stamp.lt, stamp.YMDhms = calendar.timegm(parts), parts, tuple(parts)[:6]

    def _furniture(self, canvas: TaggedCanvas, size: tuple[float, float], *, head: bool) -> None:
        width, height = size
        left, right = page.MARGIN_LEFT, width - page.MARGIN_RIGHT
        canvas.saveState()
        canvas.setFillColor(styles.QUIET)
        canvas.setStrokeColor(styles.RULE)
        canvas.setLineWidth(0.4)
        branding = self._document.branding
        if head or branding.bank or branding.classification:
            with canvas.artifact("Pagination", "Header"):
                masthead.banner_above(canvas, branding, (left, right), height - page.MARGIN_TOP)
                if head:
                    self._head(canvas, left, right, height - page.MARGIN_TOP + 18)
        with canvas.artifact("Pagination", "Footer"):
            self._foot(canvas, left, right, page.MARGIN_BOTTOM - 26)
            masthead.banner_below(canvas, branding, (left, right), page.MARGIN_BOTTOM)
        canvas.restoreState()

    def _head(self, canvas: TaggedCanvas, left: float, right: float, y: float) -> None:
        document = self._document
        canvas.line(left, y - 5, right, y - 5)
        canvas.setFont(fonts.REGULAR, 7)
        title = fonts.one_line(document.title)
        room = right - left - fonts.width(title, fonts.REGULAR, 7) - 20
        name = f"{document.model_name} · {document.model_version}"
        shown = fonts.shortened(fonts.printable(name), fonts.REGULAR, 7, room)
        canvas.drawString(left, y, fonts.one_line(shown))
        canvas.drawRightString(right, y, title)

    def _foot(self, canvas: TaggedCanvas, left: float, right: float, y: float) -> None:
        document = self._document
        canvas.line(left, y + 10, right, y + 10)
        number = say("foot.page", page=canvas.getPageNumber(), total=self._total)
        canvas.setFont(fonts.REGULAR, 7)
        canvas.drawRightString(right, y, number)
        word = say("foot.package")
        canvas.drawString(left, y, word)
        start = left + fonts.width(f"{word} ", fonts.REGULAR, 7)
        canvas.setFont(fonts.MONO, 6.6)
        digest = f"{document.package_hash[:HASH_SHOWN]}…"
        canvas.drawString(start, y, digest)
        start += fonts.width(digest, fonts.MONO, 6.6) + 14
        room = right - fonts.width(number, fonts.REGULAR, 7) - 14 - start
        identifier = fonts.shortened(fonts.printable(document.identifier, fonts.MONO), fonts.MONO, 6.6, room)
        canvas.drawString(start, y, fonts.one_line(identifier, fonts.MONO))
