"""A composed document as reportlab flowables; built anew for each pass with what the pass before observed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from reportlab.platypus import (
    CondPageBreak,
    KeepTogether,
    ListFlowable,
    ListItem,
    PageBreak,
    Paragraph,
    Spacer,
    TableStyle,
)
from reportlab.platypus import Table as TableFlowable

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
from docs_templates.render import charts, flowables, fonts, styles, tables
from docs_templates.render.flowables import EvidenceMark, NumberedHeading, Observed, Turn
from docs_templates.render.text import link, markup, spans_markup

LOOSE_CONTENTS = 50
HEIGHTS = {"small": 130.0, "medium": 185.0, "large": 260.0}
KEEP_TABLE, KEEP_TEXT, KEEP_CHAPTER = 84.0, 40.0, 120.0
LONG_HEADING, HEADING_LINE, NOTE_ROOM = 56, 18.0, 20.0
LONG_STATEMENT, SHORT_TABLE = 1500, 12
INDEX_COLUMNS = (
    TableColumn("Evidence and file", mono=True),
    TableColumn("SHA-256", mono=True),
    TableColumn("Producer", mono=True),
    TableColumn("Inputs", mono=True),
    TableColumn("Pages"),
)
INDEX_WIDTHS = (0.28, 0.255, 0.205, 0.185, 0.075)
INDEX_SIZE, FILE_SIZE = 6.7, 5.0


class Story:
    """Builds the flowables of one pass."""

    def __init__(self, document: Document, before: Observed) -> None:
        self._document = document
        self._before = before
        self.observed = Observed()
        self._anchors = {e.id: f"ev-{i}" for i, e in enumerate(document.evidence)} if document.indexed else {}
        self._turned = False
        self._layouts: dict[int, tables.Layout] = {}
        self._headings = 0

    def flowables(self) -> list[Any]:
        """The whole document."""
        if self._document.brief:
            return [*self._cover(), *self._sequence(self._document.blocks), *self._end()]
        return [*self._cover(), *self._contents(), *self._sequence(self._document.blocks), *self._end()]

    def _end(self) -> list[Any]:
        return [Turn("portrait")] if self._turned else []

    # --------------------------------------------------------------------------------- cover and contents
    def _cover(self) -> list[Any]:
        document, width = self._document, styles.FRAME_WIDTH
        model = f"{document.model_name}, version {document.model_version}"
        if document.brief:
            return [
                Paragraph(markup(document.title), styles.style("brief_title")),
                Paragraph(markup(model), styles.style("brief_model")),
                flowables.label_table(document.control, width),
                *self._sequence(document.cover),
            ]
        return [
            Spacer(1, 6),
            Paragraph("Control page", styles.style("cover_kind")),
            Paragraph(markup(document.title), styles.style("cover_title")),
            Paragraph(markup(model), styles.style("cover_model")),
            flowables.label_table(document.control, width),
            *self._sequence(document.cover),
            PageBreak(),
        ]

    def _contents(self) -> list[Any]:
        pages = dict(self._before.headings)
        rows = []
        for position, heading in enumerate(b for b in self._document.blocks if isinstance(b, Heading)):
            if heading.level > 2 or (heading.level == 2 and heading.number[:1].isalpha()):
                continue
            style = styles.style(f"toc{heading.level}")
            key = f"h-{position}"
            texts = (markup(heading.number), spans_markup(heading.content, {}), str(pages.get(key, 0)))
            cells = [Paragraph(link(text, key) if text else "", style) for text in texts]
            right = replace_alignment(style)
            rows.append([cells[0], cells[1], Paragraph(link(texts[2], key), right)])
        width = styles.FRAME_WIDTH
        table = TableFlowable(rows, colWidths=[54, width - 54 - 34, 34], hAlign="LEFT")
        padding = 0.6 if len(rows) <= LOOSE_CONTENTS else 0.1
        commands = [
            ("FONT", (0, 0), (-1, -1), fonts.REGULAR, 8),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (0, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), padding),
            ("BOTTOMPADDING", (0, 0), (-1, -1), padding),
            ("LINEBELOW", (0, 0), (-1, -1), 0.2, styles.HAIR),
        ]
        table.setStyle(TableStyle(commands))
        return [Paragraph("Contents", styles.style("h1")), table, PageBreak()]

    # --------------------------------------------------------------------------------------------- blocks
    def _sequence(self, blocks: Sequence[Block]) -> list[Any]:
        found: list[Any] = []
        for position, block in enumerate(blocks):
            following = self._first_body(blocks, position)
            found += self._orientation(block, following)
            found += self._block(block, self._room(blocks, position))
            marked = [i for i in dict.fromkeys(_cited(block)) if i in self._anchors]
            if marked and not isinstance(block, (Table, Figure, Statement, Absent)):
                found.append(EvidenceMark(marked, self._anchors, self.observed))
        return found

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
                return (
                    need
                    + HEIGHTS[block.height]
                    + 46
                    + charts.extra_height(block.evidence, self._width(), HEIGHTS[block.height])
                    + NOTE_ROOM * len(block.evidence.raw["notes"])
                )
            return need + (self._table_room(block) if isinstance(block, Table) else KEEP_TEXT)
        return need

    def _layout(self, table: Table) -> tables.Layout:
        if id(table) not in self._layouts:
            self._layouts[id(table)] = tables.layout(table.columns, table.rows)
        return self._layouts[id(table)]

    def _width(self) -> float:
        return styles.LANDSCAPE_WIDTH if self._turned else styles.FRAME_WIDTH

    def _block(self, block: Block, room: float) -> list[Any]:
        if isinstance(block, Heading):
            return self._heading(block, room)
        if isinstance(block, ParagraphBlock):
            style = styles.style("brief" if self._document.brief else "body")
            return [Paragraph(spans_markup(block.content, self._anchors), style)]
        if isinstance(block, ListBlock):
            return [self._list(block)]
        if isinstance(block, Table):
            return self._table(block)
        if isinstance(block, Figure):
            return self._figure(block)
        if isinstance(block, Statement):
            return self._statement(block)
        if isinstance(block, Absent):
            return self._absent(block)
        if isinstance(block, SignOff):
            return [KeepTogether(flowables.sign_off_table(block.roles, self._width()))]
        return self._index(block)

    def _heading(self, block: Heading, room: float) -> list[Any]:
        key = f"h-{self._headings}"
        self._headings += 1
        text = f"{markup(block.number)}&nbsp;&nbsp;{spans_markup(block.content, {})}"
        style = styles.style("h2" if self._document.brief and block.level == 1 else f"h{block.level}")
        heading = NumberedHeading(text, style, key, block.text, block.level, self.observed)
        if block.level > 1 or self._document.brief:
            return [CondPageBreak(room), heading]
        return [CondPageBreak(max(room, KEEP_CHAPTER)), Spacer(1, 14), flowables.Rule(self._width()), heading]

    def _list(self, block: ListBlock) -> Any:
        items = []
        for position, item in enumerate(block.items, start=1):
            content = [self._item_part(part) for part in item]
            bullet = {"value": position} if block.ordered else {}
            items.append(ListItem([part for parts in content for part in parts], leftIndent=16, **bullet))
        kind = {"bulletType": "1"} if block.ordered else {"bulletType": "bullet", "start": "•"}
        return ListFlowable(items, bulletFontName=fonts.REGULAR, bulletFontSize=8, leftIndent=16, spaceAfter=6, **kind)

    def _item_part(self, part: Block) -> list[Any]:
        if isinstance(part, ParagraphBlock):
            return [Paragraph(spans_markup(part.content, self._anchors), styles.style("item"))]
        return self._block(part, 0)

    # --------------------------------------------------------------------------- tables, figures, statements
    def _caption(self, word: str, block: Table | Figure | EvidenceIndex) -> list[Any]:
        text = f"<b>{word} {block.number}</b>&nbsp;&nbsp;{spans_markup(block.caption, self._anchors)}"
        return [Paragraph(text, styles.style("caption"))]

    def _source(self, *identifiers: str) -> list[Any]:
        names = list(dict.fromkeys(identifiers))
        if not self._anchors:
            return [Paragraph(" · ".join(markup(name, fonts.MONO) for name in names), styles.style("source"))]
        text = " · ".join(link(markup(name, fonts.MONO), self._anchors[name]) for name in names)
        return [EvidenceMark(names, self._anchors, self.observed), Paragraph(text, styles.style("source"))]

    def _notes(self, notes: Sequence[str]) -> list[Any]:
        made = [Paragraph(markup(note), styles.style("note")) for note in notes]
        return [*made, Spacer(1, 7)]

    def _table(self, block: Table) -> list[Any]:
        source = self._source(block.evidence) if block.evidence else [Spacer(1, 2)]
        made = tables.make_table(block.columns, block.rows, self._layout(block))
        flow = [*self._caption("Table", block), *source, made, *self._notes(block.notes)]
        return [KeepTogether(flow)] if len(block.rows) <= SHORT_TABLE else [CondPageBreak(KEEP_TABLE), *flow]

    def _table_room(self, block: Table) -> float:
        """Height that must be free where the table begins: all of a short one, the first rows of a long one."""
        if len(block.rows) > SHORT_TABLE:
            return KEEP_TABLE
        made = tables.make_table(block.columns, block.rows, self._layout(block))
        height = made.wrap(styles.FRAME_WIDTH, styles.FRAME_HEIGHT)[1] + 40 + 20 * len(block.notes)
        return float(min(height, styles.FRAME_HEIGHT / 2))

    def _figure(self, block: Figure) -> list[Any]:
        height = HEIGHTS[block.height] + charts.extra_height(block.evidence, self._width(), HEIGHTS[block.height])
        drawing = charts.draw(block.evidence, self._width(), height)
        parts = [*self._caption("Figure", block), *self._source(block.evidence.id), drawing]
        parts += self._notes([*block.evidence.raw["notes"], *charts.notes(block.evidence)])
        return [KeepTogether(parts)]

    def _statement(self, block: Statement) -> list[Any]:
        brief = self._document.brief
        style = styles.style("brief" if brief else "statement")
        parts = [Paragraph(markup(part), style) for part in block.text.split("\n\n") if part.strip()]
        who = f"{block.author or 'author not named'} · {block.date or 'not dated'}"
        name = f"{markup(block.evidence, fonts.MONO)} · " if brief else ""
        signed = Paragraph(f"{name}Authored text: {markup(who)}", styles.style("note"))
        is_long = len(block.text) > LONG_STATEMENT
        rows = [[part] for part in [*parts, signed]]
        table = TableFlowable(rows, colWidths=[self._width()], hAlign="LEFT", splitInRow=int(is_long))
        commands = [
            ("FONT", (0, 0), (-1, -1), fonts.REGULAR, 8),
            ("LINEBEFORE", (0, 0), (0, -1), 2.4, styles.ACCENT),
            ("BACKGROUND", (0, 0), (-1, -1), styles.BAND),
            ("LEFTPADDING", (0, 0), (-1, -1), 9),
            ("TOPPADDING", (0, 0), (-1, -1), 3),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
        ]
        table.setStyle(TableStyle(commands))
        source = [Spacer(1, 2)] if brief else self._source(block.evidence)
        after = [Spacer(1, 4)] if brief and not block.notes else self._notes(block.notes)
        flow = [*source, table, *after]
        return [CondPageBreak(KEEP_TEXT), *flow] if is_long else [KeepTogether(flow)]

    def _absent(self, block: Absent) -> list[Any]:
        word = "NOT PROVIDED" if block.kind == "not_provided" else "NOT APPLICABLE"
        titles = list(dict.fromkeys((block.title, *(title for title, _ in block.also))))
        text = f"<b>{word}</b> — {'; '.join(markup(title) for title in titles)}"
        text += f": {markup(block.reason)}" if block.reason else ""
        source = self._source(block.evidence, *(name for _, name in block.also)) if block.evidence else []
        alert = block.kind == "not_provided"
        return [CondPageBreak(KEEP_TEXT), *source, flowables.box(text, self._width(), alert=alert)]

    # ---------------------------------------------------------------------------------------------- index
    def _index(self, block: EvidenceIndex) -> list[Any]:
        chosen = tables.Layout(tuple(share * styles.FRAME_WIDTH for share in INDEX_WIDTHS), INDEX_SIZE, False)
        rows, special = [], {}
        for position, item in enumerate(block.items):
            pages = self._before.pages.get(item.id, [])
            inputs = "\n".join(item.raw["inputs"]) or "–"
            digest = f"{item.sha256[:32]}\n{item.sha256[32:]}"
            rows.append((item.id, digest, item.raw["producer"], inputs, ", ".join(map(str, pages)) or "–"))
            anchor = self._anchors[item.id]
            special[(position, 0)] = f'<a name="{anchor}"/>{self._index_names(item, chosen.widths[0])}'
            if pages and item.id in self._linked():
                rest = "".join(f", {page}" for page in pages[1:])
                special[(position, 4)] = link(str(pages[0]), "use-" + anchor) + rest
        table = tables.make_table(INDEX_COLUMNS, rows, chosen, cell=lambda r, c, _: special.get((r, c)))
        note = "Pages on which an item begins or a number is quoted; a dash: consulted, not printed."
        return [*self._caption("Table", block), table, *self._notes([note])]

    @staticmethod
    def _index_names(item: Evidence, width: float) -> str:
        """Id and file of an item, broken at dots and slashes to the width of the column."""
        size, room, font = INDEX_SIZE * tables.MONO_SCALE, width - 2 * tables.PADDING - 1, fonts.MONO
        identifier = markup(tables.broken(fonts.printable(item.id, font), font, size, room), font)
        file = markup(tables.broken(item.file, font, FILE_SIZE, room), font)
        return f'{identifier}<br/><font size="{FILE_SIZE}" color="{styles.QUIET_HEX}">{file}</font>'

    def _linked(self) -> set[str]:
        return {identifier for identifier, pages in self._before.pages.items() if pages}


def replace_alignment(style: Any) -> Any:
    """The style, set to the right."""
    made = type(style)(style.name + "-right", parent=style)
    made.alignment = 2
    return made


def _cited(block: Block) -> Iterator[str]:
    spans: Spans = ()
    if isinstance(block, (ParagraphBlock, Heading)):
        spans = block.content
    elif isinstance(block, ListBlock):
        for item in block.items:
            for part in item:
                yield from _cited(part)
    yield from (span.evidence for span in spans if span.evidence is not None)
