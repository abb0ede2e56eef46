"""The texts of a composed document in order of reading, each with its place: what a page must say, and where."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

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
    plain,
)
from docs_templates.language import say
from docs_templates.render.fonts import MONO, REGULAR, printable
from docs_templates.render.story import INDEX_COLUMNS, authored_by

SPACE = re.compile(r"[\s\u00ad]+")
"""What a text is without: white space, and the hyphens of broken words."""
WORDS_SHOWN = 80
HASHED, INDEXED = "sha_256", ", SHA-256"
"""The column of the evidence index that holds hashes, and how the source of such a cell ends."""


@dataclass(frozen=True, slots=True)
class Value:
    """A cited value within a unit: where it stands in its squeezed text, what is printed, and where it is from."""

    start: int
    end: int
    printed: str
    source: str
    evidence: str | None


@dataclass(frozen=True, slots=True)
class Unit:
    """A text that stands together. `text` is without white space; `free`: its text is made by the renderer (page
    numbers, the words of a drawing) and is not known before; `head` is the head of its table, repeated on pages."""

    section: str
    item: str
    part: str
    text: str
    shown: str
    values: tuple[Value, ...] = ()
    free: bool = False
    head: str = ""

    @property
    def place(self) -> str:
        """The place in words."""
        return ", ".join(part for part in (self.section, self.item, self.part) if part)


def squeezed(text: str) -> str:
    """Text without any white space."""
    return SPACE.sub("", text)


def units(document: Document) -> list[Unit]:
    """All texts of the document in the order in which its pages say them."""
    walker = _Walker(document.brief)
    return [*walker.cover(document), *walker.blocks(document.blocks)]


class _Walker:
    """Walks the blocks and remembers the section. `brief`: the id of an authored text stands after it."""

    def __init__(self, brief: bool) -> None:
        self._section, self._brief = "control page", brief

    def cover(self, document: Document) -> Iterator[Unit]:
        """Control page and contents."""
        model = say("front.model_version", name=document.model_name, version=document.model_version)
        if document.branding.bank:
            yield self._unit("name of the bank", "", document.branding.bank)
        yield self._unit("title", "", say("front.control_page"))
        yield self._unit("title", "", document.title)
        yield self._unit("title", "", model)
        for label, value in document.control:
            yield self._unit(f"line “{label}”", "label", label)
            is_hash = len(value) == 64 and all(c in "0123456789abcdef" for c in value)
            yield self._unit(f"line “{label}”", "", value, source=f"control page, {label}", mono=is_hash)
        yield from self.blocks(document.cover)
        self._section = "contents"
        yield Unit("contents", "table of contents", "", "", "", free=True)

    def blocks(self, blocks: Sequence[Block]) -> Iterator[Unit]:
        """Units of blocks."""
        for block in blocks:
            yield from self._block(block)

    def _block(self, block: Block) -> Iterator[Unit]:
        if isinstance(block, Heading):
            self._section = f"section {block.number} {plain(block.content)}"
            yield self._unit("heading", "", block.number)
            yield self._spans("heading", "", block.content)
        elif isinstance(block, Paragraph):
            yield self._spans("text", "", block.content)
        elif isinstance(block, ListBlock):
            for number, item in enumerate(block.items, start=1):
                yield replace(self._unit(f"list item {number}", "mark", ""), free=True)
                yield from self.blocks(item)
        elif isinstance(block, Table):
            yield from self._table(block)
        elif isinstance(block, Figure):
            yield from self._figure(block)
        elif isinstance(block, Statement):
            yield from self._statement(block)
        elif isinstance(block, Absent):
            yield from self._absent(block)
        elif isinstance(block, EvidenceIndex):
            yield from self._index(block)
        elif isinstance(block, SignOff):
            for title in (*(say(f"sign_off.{name}") for name in SIGN_OFF_COLUMNS), *block.roles):
                yield self._unit("sign-off", title, title)
        else:
            yield Unit(self._section, type(block).__name__, "", "", "", free=True)

    # ------------------------------------------------------------------------------------------ kinds of blocks
    def _table(self, block: Table) -> Iterator[Unit]:
        item = f"Table {block.number}"
        yield from self._caption(item, "table", block.number, block.caption, block.evidence)
        head = squeezed("".join(printable(column.title) for column in block.columns))
        for column in block.columns:
            yield self._unit(item, f"head “{column.title}”", column.title)
        if not block.rows:
            yield self._unit(item, "", say("table.no_rows"))
        for number, row in enumerate(block.rows, start=1):
            first = f" ({_short(row[0])})" if row and row[0] else ""
            for place, (column, cell) in enumerate(zip(block.columns, row, strict=True)):
                source = self._cell_source(block, number, place)
                part = f"row {number}{first}, column “{column.title}”"
                made = self._unit(item, part, cell, source=source, evidence=block.evidence, mono=column.mono)
                yield replace(made, head=head)
        yield from self._notes(item, block.notes)

    @staticmethod
    def _cell_source(block: Table, number: int, place: int) -> str:
        if block.evidence is None:
            return f"table made of the package, row {number}"
        row = block.positions[number - 1] + 1 if block.positions else number
        return f"{block.evidence}, row {row}" + (f", {block.names[place]}" if block.names else "")

    def _caption(self, item: str, kind: str, number: str, caption: Spans, evidence: str | None) -> Iterator[Unit]:
        yield self._unit(item, "number", say(f"text.{kind}", number=number))
        yield self._spans(item, "caption", caption)
        if evidence is not None:
            yield self._unit(item, "evidence id", evidence, mono=True)

    def _figure(self, block: Figure) -> Iterator[Unit]:
        item = f"Figure {block.number}"
        yield from self._caption(item, "figure", block.number, block.caption, block.evidence.id)
        yield Unit(self._section, item, "drawing", "", "", free=True)
        yield from self._notes(item, block.evidence.raw["notes"])
        yield Unit(self._section, item, "notes", "", "", free=True)

    def _statement(self, block: Statement) -> Iterator[Unit]:
        item = f"authored text {block.evidence}"
        if not self._brief:
            yield self._unit(item, "evidence id", block.evidence, mono=True)
        for number, part in enumerate((p for p in block.text.split("\n\n") if p.strip()), start=1):
            yield self._unit(item, f"paragraph {number}", part, source=block.evidence, evidence=block.evidence)
        if self._brief:
            yield self._unit(item, "evidence id", f"{block.evidence} ·", mono=True)
        yield self._unit(item, "author and date", authored_by(block), source=block.evidence)
        yield from self._notes(item, block.notes)

    def _absent(self, block: Absent) -> Iterator[Unit]:
        word = say(f"box.{block.kind}")
        item = f"box “{block.kind.replace('_', ' ')}”"
        if block.evidence:
            names = dict.fromkeys((block.evidence, *(name for _, name in block.also)))
            yield self._unit(item, "evidence ids", " · ".join(names), mono=True)
        titles = dict.fromkeys((block.title, *(title for title, _ in block.also)))
        text = f"{word} — {'; '.join(titles)}" + (f": {block.reason}" if block.reason else "")
        yield self._unit(item, "", text, source=block.evidence or "", evidence=block.evidence)

    def _index(self, block: EvidenceIndex) -> Iterator[Unit]:
        item = f"Table {block.number}"
        yield from self._caption(item, "table", block.number, block.caption, None)
        titles = tuple(say(f"index.{name}") for name in INDEX_COLUMNS)
        head = squeezed("".join(titles))
        for title in titles:
            yield self._unit(item, f"head “{title}”", title)
        for number, one in enumerate(block.items, start=1):
            inputs = "\n".join(one.raw["inputs"]) or "–"
            cells = (f"{one.id}\n{one.file}", one.sha256, one.raw["producer"], inputs)
            for name, title, cell in zip(INDEX_COLUMNS, titles, cells, strict=False):
                part = f"row {number} ({_short(one.id)}), column “{title}”"
                made = self._unit(
                    item,
                    part,
                    cell,
                    source=f"{one.id}{INDEXED if name == HASHED else f', {title}'}",
                    evidence=one.id,
                    mono=True,
                )
                yield replace(made, head=head)
            part = f"row {number} ({_short(one.id)}), column “Pages”"
            yield Unit(self._section, item, part, "", "", free=True, head=head)

    def _notes(self, item: str, notes: Sequence[str]) -> Iterator[Unit]:
        for number, note in enumerate(notes, start=1):
            yield self._unit(item, f"note {number}", note)

    # ------------------------------------------------------------------------------------------------- units
    def _unit(
        self, item: str, part: str, text: str, *, source: str = "", evidence: str | None = None, mono: bool = False
    ) -> Unit:
        shown = printable(text, MONO if mono else REGULAR)
        squeezed_text = squeezed(shown)
        values = (Value(0, len(squeezed_text), shown, source, evidence),) if source else ()
        return Unit(self._section, item, part, squeezed_text, shown, values)

    def _spans(self, item: str, part: str, content: Spans) -> Unit:
        texts, values, position = [], [], 0
        for span in content:
            shown = printable(span.text, MONO if span.mono else REGULAR)
            length = len(squeezed(shown))
            if span.role is not None and length:
                source = span.source or span.evidence or span.role
                values.append(Value(position, position + length, shown, source, span.evidence))
            texts.append(shown)
            position += length
        shown = "".join(texts)
        told = f"“{_short(shown)}”" if item == "text" else ""
        return Unit(self._section, f"{item} {told}".strip(), part, squeezed(shown), shown, tuple(values))


def _short(text: str) -> str:
    line = SPACE.sub(" ", text).strip()
    return line if len(line) <= WORDS_SHOWN else line[: WORDS_SHOWN - 1] + "…"
