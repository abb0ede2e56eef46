"""A composed document as DOCX (ISO/IEC 29500): the same blocks, numbers locked, authored texts in fields to edit."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import docx
from docx.enum.section import WD_ORIENT
from docx.shared import Pt, RGBColor

from docs_templates.document import (
    SIGN_OFF_COLUMNS,
    Absent,
    Block,
    Document,
    EvidenceIndex,
    Figure,
    Heading,
    ListBlock,
    Paragraph,
    SignOff,
    Spans,
    Statement,
    Table,
    TableColumn,
    plain,
)
from docs_templates.house import current_house
from docs_templates.language import current, day, say
from docs_templates.package import Package
from docs_templates.word import dressed, fields
from docs_templates.word.texts import EditableText, editable_texts

FONT, MONO = "DejaVu Sans", "DejaVu Sans Mono"
TEXT_SIZE, TABLE_SIZE, NOTE_SIZE = 9.5, 7.0, 7.5
INK, HEAD_FILL = RGBColor(0x1B, 0x3A, 0x5C), "E8EDF3"
MARGIN = Pt(54)
HEIGHTS = {"small": 130.0, "medium": 185.0, "large": 260.0}
WIDE_TABLE = 9
"""Tables of so many columns stand on pages that are turned."""
INDEX_COLUMNS = ("evidence", "file", "sha_256", "producer", "inputs")
UNHELD = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
FIRST_DAY = (1980, 1, 1, 0, 0, 0)


def docx_bytes(document: Document, package: Package, moment: datetime, *, pictures: bool = True) -> bytes:
    """The bytes of the DOCX; the same document and moment (UTC) give the same bytes.

    Without `pictures` a word stands where each figure would: what is read back is the same, and made sooner.
    """
    writer = _Writer(document, package, moment, pictures)
    return _settled(writer.bytes())


class _Writer:
    def __init__(self, document: Document, package: Package, moment: datetime, pictures: bool) -> None:
        self._pictures = pictures
        self._document, self._texts = document, editable_texts(package)
        self._file = docx.Document()
        self._fields = 0
        self._turned = False
        self._identity(moment)
        self._styles()
        self._section: Any = self._file.sections[0]
        self._page()
        dressed.running(self._section, document.branding, FONT)

    def bytes(self) -> bytes:
        document = self._document
        dressed.masthead(self._file, document.branding, pictures=self._pictures)
        self._file.add_paragraph(document.title, "Title")
        self._file.add_paragraph(f"{document.model_name} {document.model_version}", "Subtitle")
        self._table((TableColumn(say("word.item")), TableColumn(say("word.value"))), document.control)
        blocks = (*document.cover, *document.blocks)
        for position, block in enumerate(blocks):
            self._turn(_is_wide(next((one for one in blocks[position:] if not isinstance(one, Heading)), None)))
            self._block(block)
        fields.protect(self._file.settings.element)
        out = io.BytesIO()
        self._file.save(out)
        return out.getvalue()

    # -------------------------------------------------------------------------------------------- frame
    def _identity(self, moment: datetime) -> None:
        about, document = self._file.core_properties, self._document
        about.title = say("file.title", title=document.title, name=document.model_name, version=document.model_version)
        if not current().is_english:
            about.language = current().code
        about.identifier, about.subject, about.keywords = document.identifier, document.name, document.package_hash
        if current_house():
            about.category = current_house().sha256
        about.author = about.last_modified_by = "credit-dossier"
        about.comments = ""
        about.created = about.modified = moment.astimezone(UTC).replace(tzinfo=None)

    def _styles(self) -> None:
        for name in ("Normal", "Title", "Subtitle", "Heading 1", "Heading 2", "Heading 3", "Caption"):
            style = self._file.styles[name]
            style.font.name = FONT
            style.element.get_or_add_rPr().get_or_add_rFonts().set(fields.qn("w:cs"), FONT)
            if name != "Normal":
                style.font.color.rgb = dressed.heading(self._document.branding, INK)
        self._file.styles["Normal"].font.size = Pt(TEXT_SIZE)
        self._file.styles["Caption"].font.size = Pt(8)

    def _page(self) -> None:
        section = self._section
        section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = MARGIN
        if (section.page_width > section.page_height) != self._turned:
            section.page_width, section.page_height = section.page_height, section.page_width
        section.orientation = WD_ORIENT.LANDSCAPE if self._turned else WD_ORIENT.PORTRAIT

    def _turn(self, wanted: bool) -> None:
        if wanted != self._turned:
            self._turned = wanted
            self._section = self._file.add_section()
            self._page()

    @property
    def _width(self) -> float:
        section = self._section
        return float((section.page_width - section.left_margin - section.right_margin) / Pt(1))

    # ------------------------------------------------------------------------------------------- blocks
    def _block(self, block: Block) -> None:
        if isinstance(block, Heading):
            self._file.add_paragraph(f"{block.number}  {plain(block.content)}", f"Heading {block.level}")
        elif isinstance(block, Paragraph):
            self._spans(self._file.add_paragraph(), block.content)
        elif isinstance(block, ListBlock):
            self._list(block)
        elif isinstance(block, Table):
            self._captioned("table", block.number, block.caption, block.evidence)
            self._table(block.columns, block.rows)
            self._notes(block.notes)
        elif isinstance(block, Figure):
            self._figure(block)
        elif isinstance(block, Statement):
            self._statement(block)
        elif isinstance(block, Absent):
            self._absent(block)
        elif isinstance(block, SignOff):
            rows = [(role, "", "", "", "") for role in block.roles]
            self._table(tuple(TableColumn(say(f"sign_off.{name}")) for name in SIGN_OFF_COLUMNS), rows)
        elif isinstance(block, EvidenceIndex):
            self._index(block)

    def _spans(self, paragraph: Any, spans: Spans) -> None:
        for span in spans:
            run = paragraph.add_run(_clean(span.text))
            run.bold, run.italic = span.bold or None, span.italic or None
            if span.mono:
                run.font.name, run.font.size = MONO, Pt(TEXT_SIZE * 0.86)

    def _list(self, block: ListBlock) -> None:
        style = "List Number" if block.ordered else "List Bullet"
        for item in block.items:
            for place, part in enumerate(item):
                if isinstance(part, Paragraph):
                    self._spans(self._file.add_paragraph(style=style if place == 0 else "List Continue"), part.content)
                else:
                    self._block(part)

    def _captioned(self, kind: str, number: str, caption: Spans, evidence: str | None) -> None:
        paragraph = self._file.add_paragraph(say(f"text.{kind}", number=number) + "  ", "Caption")
        paragraph.paragraph_format.keep_with_next = True
        self._spans(paragraph, caption)
        if evidence is not None:
            run = paragraph.add_run(f"  [{evidence}]")
            run.font.name, run.font.size = MONO, Pt(6.5)

    def _table(self, columns: Sequence[TableColumn], rows: Sequence[Sequence[str]]) -> None:
        table = self._file.add_table(rows=0, cols=len(columns), style="Table Grid")
        table.autofit = True
        self._row(table, columns, [column.title for column in columns], head=True)
        for row in rows:
            self._row(table, columns, row)
        self._file.add_paragraph().paragraph_format.space_after = Pt(2)

    def _row(self, table: Any, columns: Sequence[TableColumn], cells: Sequence[str], *, head: bool = False) -> None:
        made = fields.element("tr")
        if head:
            properties = fields.element("trPr")
            properties.append(fields.element("cantSplit"))
            properties.append(fields.element("tblHeader"))
            made.append(properties)
        fill = dressed.band(self._document.branding, HEAD_FILL) if head else None
        for column, text in zip(columns, cells, strict=True):
            font, right = MONO if column.mono and not head else FONT, column.align == "right"
            made.append(fields.cell(_clean(text), font, TABLE_SIZE, right=right, bold=head, fill=fill))
        table._tbl.append(made)

    def _notes(self, notes: Sequence[str]) -> None:
        for note in notes:
            run = self._file.add_paragraph().add_run(_clean(note))
            run.font.size, run.italic = Pt(NOTE_SIZE), True

    def _figure(self, block: Figure) -> None:
        from docs_templates.render import charts, pictures

        self._captioned("figure", block.number, block.caption, block.evidence.id)
        if self._pictures:
            data, _ = pictures.png(block.evidence, self._width, HEIGHTS[block.height])
            picture = self._file.add_picture(io.BytesIO(data), width=Pt(self._width))
            fields.describe(picture, say("text.figure", number=block.number), plain(block.caption))
        else:
            self._file.add_paragraph(fields.PICTURE)
        self._notes(charts.notes(block.evidence))

    def _statement(self, block: Statement) -> None:
        self._file.add_paragraph().add_run(block.title).bold = True
        texts = self._texts.get(block.evidence)
        if texts:
            for text in texts:
                self._field(text, block.title)
        else:
            for line in block.text.split("\n"):
                self._file.add_paragraph(_clean(line))
        by = ", ".join(part for part in (block.author, day(block.date)) if part)
        self._notes([f"{by}  [{block.evidence}]" if by else f"[{block.evidence}]", *block.notes])

    def _absent(self, block: Absent) -> None:
        paragraph = self._file.add_paragraph()
        paragraph.add_run(f"{say(f'word.{block.kind}')}: {block.title}. ").bold = True
        paragraph.add_run(_clean(block.reason))
        self._notes([f"[{one}]" for one in (block.evidence, *(f"{e}: {t}" for t, e in block.also)) if one])
        for text in self._texts.get(block.evidence or "", ()):
            if text.text is None:
                self._field(text, block.title)

    def _field(self, text: EditableText, title: str) -> None:
        self._fields += 1
        paragraphs = []
        for line in (text.text if text.text is not None else say("word.placeholder")).split("\n"):
            paragraph = self._file.add_paragraph(_clean(line))
            paragraphs.append(paragraph._p)
        after = paragraphs[0].getprevious()
        control = fields.editable_field(paragraphs, text.tag, f"{title}: {text.tag}", self._fields)
        after.addnext(control)

    def _index(self, block: EvidenceIndex) -> None:
        self._captioned("table", block.number, block.caption, None)
        rows = [
            (item.id, item.file, item.sha256, str(item.raw.get("producer", "")), ", ".join(item.raw.get("inputs", ())))
            for item in block.items
        ]
        self._table(tuple(TableColumn(say(f"word.{name}"), mono=True) for name in INDEX_COLUMNS), rows)


def _is_wide(block: Block | None) -> bool:
    """Whether a block stands on pages that are turned; the headings before it stand there too."""
    return isinstance(block, EvidenceIndex) or (isinstance(block, Table) and len(block.columns) >= WIDE_TABLE)


def _clean(text: str) -> str:
    """Text without the characters that XML 1.0 cannot hold, told by their number."""
    return UNHELD.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def _settled(data: bytes) -> bytes:
    """The same ZIP with fixed dates, so that bytes depend on content alone."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as read, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as write:
        for name in sorted(read.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            write.writestr(zipfile.ZipInfo(name, FIRST_DAY), read.read(name), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def tags(texts: Mapping[str, Sequence[EditableText]]) -> dict[str, EditableText]:
    """Texts by their tag."""
    return {text.tag: text for group in texts.values() for text in group}
