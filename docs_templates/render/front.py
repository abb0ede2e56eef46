"""What stands before the chapters: control page, contents, lists of tables and of figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reportlab.platypus import PageBreak, Spacer

from docs_templates.cross_references import anchor
from docs_templates.document import Block, Document, EvidenceIndex, Figure, Heading, ListBlock, Table
from docs_templates.language import say
from docs_templates.render import flowables, lines, styles
from docs_templates.render.grid import Cell, Grid, Look, fitted
from docs_templates.render.masthead import masthead
from docs_templates.render.page import Page
from docs_templates.render.paragraphs import Text, Writer
from docs_templates.render.structure import Element, Outline
from docs_templates.render.styles import TextStyle
from docs_templates.render.text import run, runs, span_runs

LOOSE_CONTENTS = 50
NUMBER_WIDTH, PAGE_WIDTH, GAP = 54.0, 34.0, 6.0
Entry = tuple[str, tuple[lines.Run, ...], str, TextStyle]
"""Number as printed, title, anchor, style."""


def cover(document: Document, page: Page, outline: Outline) -> list[Any]:
    """The head of the control page with its labels."""
    section = outline.begin(1)
    head = masthead(document.branding, section, brief=document.brief)
    model = say("front.model_version", name=document.model_name, version=document.model_version)
    parts: tuple[tuple[str, str, str], ...]
    parts = (
        ("cover_kind", say("front.control_page"), "P"),
        ("cover_title", document.title, "Title"),
        ("cover_model", model, "P"),
    )
    if document.brief:
        parts = (("brief_title", document.title, "Title"), ("brief_model", model, "P"))
    texts = [Text(runs(text, styles.style(name)), styles.style(name), section.child(tag)) for name, text, tag in parts]
    labels = flowables.label_table(document.control, page.frame_width, page.frame_height, section.child("Table"))
    return [*head, *([] if document.brief else [Spacer(1, 6)]), *texts, labels]


def lists(document: Document, page: Page, outline: Outline, places: Mapping[str, int]) -> list[Any]:
    """Contents, list of tables and list of figures, with pages that lead there."""
    headings = list(_headings(document))
    tables = [e for kind, e in captioned(document.blocks) if kind == "Table"]
    figures = [e for kind, e in captioned(document.blocks) if kind == "Figure"]
    found: list[Any] = []
    for key, entries in (("contents", headings), ("tables", tables), ("figures", figures)):
        if entries:
            section, look = outline.begin(1), styles.style("h1")
            found.append(Text(runs(say(f"front.{key}"), look), look, section.child("H1")))
            found.append(_list(entries, page, section.child("TOC"), places))
            found.append(PageBreak())
    return found


def _headings(document: Document) -> Iterator[Entry]:
    for heading in (b for b in document.blocks if isinstance(b, Heading)):
        if heading.level > 2 or (heading.level == 2 and heading.number[:1].isalpha()):
            continue
        look = styles.style(f"toc{heading.level}")
        yield heading.number, span_runs(heading.content, look, {}), anchor("section", heading.number), look


def captioned(blocks: Sequence[Block]) -> Iterator[tuple[str, Entry]]:
    """Tables and figures in order, with their kind."""
    look = styles.style("toc3")
    for block in blocks:
        if isinstance(block, (Table, EvidenceIndex)):
            yield "Table", (block.number, span_runs(block.caption, look, {}), anchor("table", block.number), look)
        elif isinstance(block, Figure):
            yield "Figure", (block.number, span_runs(block.caption, look, {}), anchor("figure", block.number), look)
        elif isinstance(block, ListBlock):
            for item in block.items:
                yield from captioned(item)


def _list(entries: Sequence[Entry], page: Page, element: Element, places: Mapping[str, int]) -> Grid:
    pad = 0.6 if len(entries) <= LOOSE_CONTENTS else 0.1
    rule = (0.2, styles.HAIR)
    look = Look(side=0.0, above=pad, below=pad, edge=rule, hair=rule)
    widths = (NUMBER_WIDTH, page.frame_width - NUMBER_WIDTH - PAGE_WIDTH, PAGE_WIDTH)
    rows = []
    for number, title, key, style in entries:
        writer = Writer(element.child("TOCI").child("Reference"), one_link=True)
        texts = (
            (run(number, style, link=key),),
            tuple(run(part.text, style, font=part.font, size=part.size, link=key) for part in title),
            (run(str(places.get(key, 0)), style, link=key),),
        )
        rooms = (widths[0], widths[1] - GAP, widths[2])
        cells = [
            Cell(lines.broken(text, room), style.size, style.leading, writer, column == 2)
            for column, (text, room) in enumerate(zip(texts, rooms, strict=True))
        ]
        rows.append(fitted(tuple(cells), look))
    return Grid(lambda: (None, rows), widths, look, page.frame_height, outer=(0.0, 0.0))
