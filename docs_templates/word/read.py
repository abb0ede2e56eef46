"""What a DOCX says: its locked lines in order, and the texts of its fields."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zipfile import BadZipFile, ZipFile

import docx
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml.ns import qn
from lxml.etree import XMLSyntaxError

from docs_templates.errors import DocumentError, Fault
from docs_templates.word.fields import PICTURE

BREAKS = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
TRACKED = ("w:ins", "w:del", "w:moveFrom", "w:moveTo")
LARGEST = 400 * 1024 * 1024
"""Bytes of a document when unpacked."""


@dataclass(frozen=True, slots=True)
class Line:
    """A locked line: where it stands (heading, table, row, column) and its text."""

    where: str
    text: str


@dataclass(frozen=True, slots=True)
class WordDocument:
    """A document as read back. `name` is the document's, `package_hash` that of the package it was made from;
    `house` is the SHA-256 of the house style or empty, `language` is empty where it says none: English."""

    name: str
    package_hash: str
    created: Any
    lines: tuple[Line, ...]
    house: str
    texts: dict[str, str]
    language: str = ""


def read_docx(data: bytes, file: str) -> WordDocument:
    """Read a DOCX. Raises DocumentError where it is none, or holds tracked changes or a field twice."""
    try:
        with ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > LARGEST:
            raise ValueError(f"{unpacked:,} bytes when unpacked, {LARGEST:,} at most")
        found = docx.Document(io.BytesIO(data))
    except (BadZipFile, PackageNotFoundError, KeyError, ValueError, XMLSyntaxError) as error:
        raise DocumentError(Fault("not a DOCX document", "word_invalid", file, found=str(error)[:200])) from error
    body = found.element.body
    tracked = sum(len(list(body.iter(qn(name)))) for name in TRACKED)
    if tracked:
        remedy = "accept or reject all changes, then save"
        raise DocumentError(
            Fault("holds tracked changes", "word_tracked", file, found=f"{tracked} places", remedy=remedy)
        )
    reader = _Reader(file)
    lines = (*_running(found), *reader.lines(body))
    if reader.faults:
        raise DocumentError(reader.faults)
    about = found.core_properties
    house, language = about.category or "", about.language or ""
    return WordDocument(about.subject, about.keywords, about.created, lines, house, reader.texts, language)


def _running(found: Any) -> Iterator[Line]:
    """Running heads and feet, each that sections share once."""
    for number, section in enumerate(found.sections, start=1):
        for word, part in (("head", section.header), ("foot", section.footer)):
            if not part.is_linked_to_previous:
                texts = (paragraph_text(one) for one in part._element.iter(qn("w:p")))
                yield from (Line(f"running {word} of section {number}", text) for text in texts if text.strip())


class _Reader:
    def __init__(self, file: str) -> None:
        self._file = file
        self._heading, self._caption = "", ""
        self.texts: dict[str, str] = {}
        self.faults: list[Fault] = []

    def lines(self, body: Any) -> Iterator[Line]:
        for child in body:
            if child.tag == qn("w:sdt"):
                yield from self._control(child)
            elif child.tag == qn("w:p"):
                text = paragraph_text(child)
                self._place(child, text)
                if text.strip():
                    yield Line(self._heading, text)
            elif child.tag == qn("w:tbl"):
                yield from self._table(child)

    def _place(self, paragraph: Any, text: str) -> None:
        style = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
        name = style.get(qn("w:val")) if style is not None else ""
        if name.startswith("Heading"):
            self._heading, self._caption = text, ""
        elif name == "Caption":
            self._caption = " ".join(text.split()[:2])

    def _control(self, control: Any) -> Iterator[Line]:
        tag = control.find(f"{qn('w:sdtPr')}/{qn('w:tag')}")
        content = control.find(qn("w:sdtContent"))
        if tag is None:
            yield from self.lines(content if content is not None else ())
            return
        name = tag.get(qn("w:val"))
        if name in self.texts:
            self.faults.append(Fault("the field stands twice", "word_invalid", self._file, path=name))
        paragraphs = content.iter(qn("w:p")) if content is not None else ()
        self.texts[name] = "\n".join(paragraph_text(one) for one in paragraphs)

    def _table(self, table: Any) -> Iterator[Line]:
        place = self._caption or self._heading or "the control page"
        for r, row in enumerate(table.iter(qn("w:tr"))):
            for c, cell in enumerate(row.iter(qn("w:tc")), start=1):
                text = "\n".join(paragraph_text(one) for one in cell.iter(qn("w:p")))
                yield Line(f"{place}, {'head' if r == 0 else f'row {r}'}, column {c}", text)


def paragraph_text(paragraph: Any) -> str:
    """The text of a paragraph, whatever runs it is split into."""
    parts = []
    for node in paragraph.iter():
        if node.tag == qn("w:t"):
            parts.append(node.text or "")
        elif node.tag == qn("w:drawing"):
            parts.append(PICTURE)
        elif node.tag in BREAKS and node.getparent().tag == qn("w:r"):
            parts.append(BREAKS[node.tag])
    return "".join(parts)
