"""A composed document as flowables and structure; built anew for each pass with what the pass before observed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from reportlab.platypus import CondPageBreak, KeepTogether, PageBreak, Spacer

from docs_templates.cross_references import anchor
from docs_templates.document import (
    Absent,
    Block,
    Document,
    EvidenceIndex,
    Figure,
    Heading,
    ListBlock,
    SignOff,
    Spans,
    Statement,
    Table,
    TableColumn,
)
from docs_templates.document import Paragraph as ParagraphBlock
from docs_templates.evidence import Evidence
from docs_templates.language import day, say
from docs_templates.render import alternative, charts, flowables, fonts, front, paragraphs, styles, tables
from docs_templates.render.canvas import TaggedCanvas
from docs_templates.render.flowables import Mark, Observed, Picture, Turn
from docs_templates.render.lines import Run
from docs_templates.render.page import A4, Page
from docs_templates.render.paragraphs import Panel, Text
from docs_templates.render.structure import Element, Outline
from docs_templates.render.styles import TextStyle
from docs_templates.render.text import WIDE_SPACE, place, run, runs, span_runs

HEIGHTS = {"small": 130.0, "medium": 185.0, "large": 260.0}
KEEP_TEXT, KEEP_CHAPTER, CAPTION_ROOM = 40.0, 120.0, 40.0
LONG_HEADING, HEADING_LINE, NOTE_ROOM = 56, 18.0, 20.0
LONG_STATEMENT, SHORT_TABLE, FIRST_ROWS = 1500, 12, 2
ITEM_INDENT = 16.0
INDEX_COLUMNS = ("evidence_and_file", "sha_256", "producer", "inputs", "pages")
INDEX_WIDTHS = (0.28, 0.255, 0.205, 0.185, 0.075)
INDEX_SIZE, FILE_SIZE = 6.7, 5.0


class Measures:
    """Sizes of tables and figures on a page; they stay from pass to pass."""

    def __init__(self, page: Page = A4) -> None:
        self.page = page
        self._layouts: dict[int, tables.Layout] = {}
        self._rooms: dict[int, float] = {}
        self._figures: dict[tuple[int, float], float] = {}

    def layout(self, table: Table) -> tables.Layout:
        """Widths, size of type and orientation of a table."""
        if id(table) not in self._layouts:
            self._layouts[id(table)] = tables.layout(table.columns, table.rows, self.page)
        return self._layouts[id(table)]

    def room(self, table: Table) -> float:
        """Height that must be free where a table begins, with its caption: all of a short one, the head and the first
        rows of a long one; at most half a page."""
        if id(table) not in self._rooms:
            short = len(table.rows) <= SHORT_TABLE
            rows = table.rows if short else table.rows[:FIRST_ROWS]
            height = tables.height(table.columns, rows, self.layout(table))
            room = height + CAPTION_ROOM + 20 * len(table.notes) if short else height + CAPTION_ROOM
            self._rooms[id(table)] = min(room, self.page.frame_height / 2)
        return self._rooms[id(table)]

    def figure(self, figure: Figure, width: float) -> float:
        """Height of a figure of `width` points."""
        key = (id(figure), width)
        if key not in self._figures:
            height = HEIGHTS[figure.height]
            self._figures[key] = height + charts.extra_height(figure.evidence, width, height, self.page)
        return self._figures[key]


class Story:
    """Builds the flowables of one pass and the structure that their content enters.

    In the first pass, when nothing was observed, nothing is drawn, and tables stay out of the structure.
    """

    def __init__(self, document: Document, before: Observed, measures: Measures) -> None:
        self._document, self._before, self._page, self._measures = document, before, measures.page, measures
        self.observed = Observed()
        self.outline = Outline()
        indexed = (e for block in document.blocks if isinstance(block, EvidenceIndex) for e in block.items)
        self._anchors = {e.id: f"ev-{i}" for i, e in enumerate(indexed)}
        self._turned = False

    def flowables(self) -> list[Any]:
        """The whole document."""
        cover = front.cover(self._document, self._page, self.outline)
        cover += self._sequence(self._document.cover)
        if self._document.brief:
            return [*cover, *self._sequence(self._document.blocks), *self._end()]
        lists = front.lists(self._document, self._page, self.outline, self._before.places)
        return [*cover, PageBreak(), *lists, *self._sequence(self._document.blocks), *self._end()]

    def _end(self) -> list[Any]:
        return [Turn("portrait")] if self._turned else []

    # --------------------------------------------------------------------------------------------- blocks
    def _sequence(self, blocks: Sequence[Block]) -> list[Any]:
        found: list[Any] = []
        for position, block in enumerate(blocks):
            following = self._first_body(blocks, position)
            found += self._orientation(block, following)
            found += self._block(block, self._room(blocks, position))
            marked = list(dict.fromkeys(_cited(block)))
            if marked and not isinstance(block, (Table, Figure, Statement, Absent)):
                found.append(self._mark(marked))
        return found

    def _mark(self, identifiers: Sequence[str]) -> Mark:
        """Notes the page for evidence ids and is the place that the index links back to."""

        def when_drawn(canvas: TaggedCanvas) -> None:
            for identifier in identifiers:
                if identifier not in self.observed.pages and identifier in self._anchors:
                    canvas.bookmarkHorizontal("use-" + self._anchors[identifier], 0, 40)
                self.observed.use(identifier, canvas.getPageNumber())

        return Mark(when_drawn)

    def _orientation(self, block: Block, body: Block | None) -> list[Any]:
        wanted = isinstance(body, Table) and self._layout(body).landscape
        if wanted == self._turned:
            return []
        self._turned = wanted
        return [Turn("landscape" if wanted else "portrait")]

    @staticmethod
    def _first_body(blocks: Sequence[Block], position: int) -> Block | None:
        return next((b for b in blocks[position:] if not isinstance(b, Heading)), None)

    def _room(self, blocks: Sequence[Block], position: int) -> float:
        """Points that must be free so that a heading does not stand alone at the foot of a page."""
        need = 0.0
        for block in blocks[position:]:
            if isinstance(block, Heading):
                need += {1: 44.0, 2: 30.0, 3: 24.0}[block.level] + HEADING_LINE * (len(block.text) // LONG_HEADING)
                continue
            if isinstance(block, Figure):
                return need + self._figure_height(block) + 46 + NOTE_ROOM * len(block.evidence.raw["notes"])
            return need + (self._measures.room(block) if isinstance(block, Table) else KEEP_TEXT)
        return need

    def _layout(self, table: Table) -> tables.Layout:
        return self._measures.layout(table)

    @property
    def _width(self) -> float:
        return self._page.landscape_width if self._turned else self._page.frame_width

    @property
    def _height(self) -> float:
        return self._page.landscape_height if self._turned else self._page.frame_height

    def _block(self, block: Block, room: float) -> list[Any]:
        if isinstance(block, Heading):
            return self._heading(block, room)
        if isinstance(block, ParagraphBlock):
            return [self._text(block.content, "brief" if self._document.brief else "body", self._child("P"))]
        if isinstance(block, ListBlock):
            return [*self._list(block, self._child("L"), 0.0), Spacer(1, 6)]
        if isinstance(block, Table):
            return self._table(block)
        if isinstance(block, Figure):
            return self._figure(block)
        if isinstance(block, Statement):
            return self._statement(block)
        if isinstance(block, Absent):
            return self._absent(block)
        if isinstance(block, SignOff):
            return [KeepTogether(flowables.sign_off_table(block.roles, self._width, self._child("Table")))]
        return self._index(block)

    def _child(self, tag: str) -> Element:
        return self.outline.section.child(tag)

    def _text(self, content: Spans, look: str, element: Element) -> Text:
        style = styles.style(look)
        return Text(span_runs(content, style, self._anchors), style, element)

    def _heading(self, block: Heading, room: float) -> list[Any]:
        key = anchor("section", block.number)
        section = self.outline.begin(block.level)
        brief = self._document.brief
        style = styles.style("h2" if brief and block.level == 1 else f"h{block.level}")
        text = (run(block.number + WIDE_SPACE, style), *span_runs(block.content, style, {}))
        observed = self.observed

        def when_drawn(canvas: TaggedCanvas, height: float) -> None:
            canvas.bookmarkHorizontal(key, 0, height + 6)
            depth = min(block.level - 1, observed.outline_level + 1)
            observed.outline_level = depth
            canvas.addOutlineEntry(block.text, key, depth, closed=depth > 0)
            observed.places[key] = canvas.getPageNumber()

        heading = paragraphs.Heading(text, style, section.child(f"H{block.level}"), when_drawn)
        if block.level > 1 or brief:
            return [CondPageBreak(room), heading]
        return [CondPageBreak(max(room, KEEP_CHAPTER)), Spacer(1, 14), flowables.Rule(self._width), heading]

    def _list(self, block: ListBlock, element: Element, indent: float) -> list[Any]:
        element.attributes = {"List": {"ListNumbering": "/Decimal" if block.ordered else "/Disc"}}
        style, found = styles.style("item"), []
        for position, item in enumerate(block.items, start=1):
            entry = element.child("LI")
            label: tuple[str, Element] | None = (f"{position}" if block.ordered else "•", entry.child("Lbl"))
            body = entry.child("LBody")
            for part in item:
                if isinstance(part, ParagraphBlock):
                    text = span_runs(part.content, style, self._anchors)
                    found.append(Text(text, style, body.child("P"), indent=indent + ITEM_INDENT, label=label))
                    label = None
                elif isinstance(part, ListBlock):
                    found += self._list(part, body.child("L"), indent + ITEM_INDENT)
                else:
                    found += self._block(part, 0)
        return found

    # --------------------------------------------------------------------------- tables, figures, statements
    def _caption(self, kind: str, block: Table | Figure | EvidenceIndex, element: Element) -> list[Any]:
        style, key = styles.style("caption"), anchor(kind, block.number)
        number = run(say(f"text.{kind}", number=block.number) + WIDE_SPACE, style, font=fonts.BOLD)
        text = (place(key, style), number, *span_runs(block.caption, style, self._anchors))

        def when_drawn(canvas: TaggedCanvas) -> None:
            self.observed.places[key] = canvas.getPageNumber()

        return [Mark(when_drawn), Text(text, style, element.child("P"))]

    def _source(self, element: Element, *identifiers: str) -> list[Any]:
        names, style = list(dict.fromkeys(identifiers)), styles.style("source")
        text: list[Run] = []
        for name in names:
            text += [run(" · ", style)] if text else []
            text.append(run(name, style, link=self._anchors.get(name)))
        return [self._mark(names), Text(tuple(text), style, element)]

    def _notes(self, notes: Sequence[str]) -> list[Any]:
        style = styles.style("note")
        return [*(Text(runs(note, style), style, self._child("P")) for note in notes), flowables.Gap(1, 7)]

    def _table(self, block: Table) -> list[Any]:
        element = self._child("Table")
        caption = element.child("Caption")
        head = self._caption("table", block, caption)
        head += self._source(caption.child("P"), block.evidence) if block.evidence else [Spacer(1, 2)]
        held = element if self._before.total else Element("Table")
        made = tables.make_table(block.columns, block.rows, self._layout(block), held, page=self._page)
        flow = [*head, made, *self._notes(block.notes)]
        return (
            [KeepTogether(flow)]
            if len(block.rows) <= SHORT_TABLE
            else [CondPageBreak(self._measures.room(block)), *flow]
        )

    def _figure_height(self, block: Figure) -> float:
        return self._measures.figure(block, self._width)

    def _figure(self, block: Figure) -> list[Any]:
        width, height = self._width, self._figure_height(block)
        about = self._child("Div")
        caption = about.child("Caption")
        parts = [*self._caption("figure", block, caption), *self._source(caption.child("P"), block.evidence.id)]
        said = alternative.text(block.evidence, block.number, block.caption)
        figure = about.child("Figure", alt=said)
        parts.append(Picture(lambda: charts.draw(block.evidence, width, height), width, height, figure))
        parts += self._notes([*block.evidence.raw["notes"], *charts.notes(block.evidence)])
        return [KeepTogether(parts)]

    def _statement(self, block: Statement) -> list[Any]:
        brief = self._document.brief
        source = [Spacer(1, 2)] if brief else self._source(self._child("P"), block.evidence)
        quote, style = self._child("BlockQuote"), styles.style("brief" if brief else "statement")
        texts = [Text(runs(part, style), style, quote.child("P")) for part in block.text.split("\n\n") if part.strip()]
        who = authored_by(block)
        signed = styles.style("note")
        name = (run(block.evidence, signed, font=fonts.MONO), run(" · ", signed)) if brief else ()
        texts.append(Text((*name, *runs(who, signed)), signed, quote.child("P")))
        after = [Spacer(1, 4)] if brief and not block.notes else self._notes(block.notes)
        flow = [*source, Panel(texts, styles.BAND, styles.ACCENT, (3.0, 4.0)), *after]
        return [CondPageBreak(KEEP_TEXT), *flow] if len(block.text) > LONG_STATEMENT else [KeepTogether(flow)]

    def _absent(self, block: Absent) -> list[Any]:
        alert = block.kind == "not_provided"
        look: TextStyle = styles.style("box" if alert else "boxquiet")
        titles = list(dict.fromkeys((block.title, *(title for title, _ in block.also))))
        rest = f" — {'; '.join(titles)}" + (f": {block.reason}" if block.reason else "")
        text = (run(say(f"box.{block.kind}"), look, font=fonts.BOLD), run(rest, look))
        source = []
        if block.evidence:
            source = self._source(self._child("P"), block.evidence, *(name for _, name in block.also))
        return [CondPageBreak(KEEP_TEXT), *source, flowables.box(Text(text, look, self._child("P")), alert=alert)]

    # ---------------------------------------------------------------------------------------------- index
    def _index(self, block: EvidenceIndex) -> list[Any]:
        widths = tuple(share * self._page.frame_width for share in INDEX_WIDTHS)
        chosen = tables.Layout(widths, INDEX_SIZE, False)
        rows, special = [], {}
        for position, item in enumerate(block.items):
            pages = self._before.pages.get(item.id, [])
            inputs = "\n".join(item.raw["inputs"]) or "–"
            digest = f"{item.sha256[:32]}\n{item.sha256[32:]}"
            rows.append((item.id, digest, item.raw["producer"], inputs, ", ".join(map(str, pages)) or "–"))
            special[(position, 0)] = self._index_names(item)
            if pages:
                special[(position, 4)] = self._index_pages(item, pages)
        columns = [TableColumn(say(f"index.{name}"), mono=name != "pages") for name in INDEX_COLUMNS]
        element = self._child("Table")
        head = self._caption("table", block, element.child("Caption"))
        made = tables.make_table(columns, rows, chosen, element, page=self._page, cell=lambda r, c: special.get((r, c)))
        note = say("index.note")
        return [*head, made, *self._notes([note])]

    def _index_names(self, item: Evidence) -> tuple[Run, ...]:
        """The item's anchor, its id and its file."""
        look = styles.cell_style(INDEX_SIZE * tables.MONO_SCALE, "left", fonts.MONO)
        file = run("\n" + item.file, look, size=FILE_SIZE, color=styles.QUIET_HEX)
        return place(self._anchors[item.id], look), run(item.id, look), file

    def _index_pages(self, item: Evidence, pages: Sequence[int]) -> tuple[Run, ...]:
        """Pages that use the item; the first leads there."""
        look = styles.cell_style(INDEX_SIZE, "left", fonts.REGULAR)
        first = run(str(pages[0]), look, link="use-" + self._anchors[item.id])
        return (first, *(run(f", {page}", look) for page in pages[1:]))


def authored_by(block: Statement) -> str:
    """The line below an authored text: who wrote it, and when."""
    author = block.author or say("box.author_not_named")
    return say("box.authored", author=author, date=day(block.date) or say("box.not_dated"))


def _cited(block: Block) -> Iterator[str]:
    spans: Spans = ()
    if isinstance(block, (ParagraphBlock, Heading)):
        spans = block.content
    elif isinstance(block, ListBlock):
        for item in block.items:
            for part in item:
                yield from _cited(part)
    yield from (span.evidence for span in spans if span.evidence is not None)
