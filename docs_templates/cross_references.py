"""References of running text to tables, figures and sections, filled when all of them have their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from docs_templates.document import (
    Block,
    EvidenceIndex,
    Figure,
    Heading,
    ListBlock,
    Paragraph,
    Span,
    Spans,
    Table,
    plain,
)
from docs_templates.evidence import Evidence
from docs_templates.language import say

AnyBlock = TypeVar("AnyBlock", bound=Block)


@dataclass(frozen=True, slots=True)
class Place:
    """What a reference prints and the anchor that it leads to, or None."""

    words: str
    anchor: str | None


def anchor(kind: str, number: str) -> str:
    """Name of the place of a table, figure or section by its number."""
    return f"{kind[0] if kind != 'section' else 'h'}-{number}"


def places(blocks: Iterable[Block], evidence: Mapping[str, Evidence]) -> dict[str, Place]:
    """Where each reference leads, by `kind:target`: the first table or figure of an evidence id, sections by title.

    Evidence that is absent has the reason's kind as its words.
    """
    found: dict[str, Place] = {}
    for block in _flat(blocks):
        if isinstance(block, Heading):
            word = (
                block.number
                if block.level == 1 and not block.number[0].isdigit()
                else say("text.section", number=block.number)
            )
            found.setdefault(f"section:{plain(block.content)}", Place(word, anchor("section", block.number)))
        elif isinstance(block, Table) and block.evidence is not None:
            found.setdefault(
                f"table:{block.evidence}", Place(say("text.table", number=block.number), anchor("table", block.number))
            )
        elif isinstance(block, Figure):
            key = f"figure:{block.evidence.id}"
            found.setdefault(key, Place(say("text.figure", number=block.number), anchor("figure", block.number)))
    for identifier, item in evidence.items():
        if item.is_absent:
            for kind in ("table", "figure"):
                found.setdefault(
                    f"{kind}:{identifier}", Place(say("text.absent_table", kind=say(f"text.{item.kind}")), None)
                )
    return found


def filled(blocks: Sequence[AnyBlock], known: Mapping[str, Place]) -> tuple[AnyBlock, ...]:
    """The blocks with their references put in; unknown ones stay empty."""
    return tuple(_filled(block, known) for block in blocks)


def _flat(blocks: Iterable[Block]) -> Iterator[Block]:
    for block in blocks:
        yield block
        for item in block.items if isinstance(block, ListBlock) else ():
            yield from _flat(item)


def _filled(block: AnyBlock, known: Mapping[str, Place]) -> AnyBlock:
    if isinstance(block, (Heading, Paragraph)):
        return replace(block, content=_spans(block.content, known))
    if isinstance(block, (Table, Figure, EvidenceIndex)):
        return replace(block, caption=_spans(block.caption, known))
    if isinstance(block, ListBlock):
        return replace(block, items=tuple(filled(item, known) for item in block.items))
    return block


def _spans(content: Spans, known: Mapping[str, Place]) -> Spans:
    return tuple(_span(span, known) for span in content)


def _span(span: Span, known: Mapping[str, Place]) -> Span:
    place = known.get(span.target or "")
    return span if place is None else replace(span, text=place.words, target=place.anchor)
