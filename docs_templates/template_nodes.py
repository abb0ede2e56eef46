"""What a template file consists of after parsing."""

from __future__ import annotations

from dataclasses import dataclass

from docs_templates.references import Filter, Reference


@dataclass(frozen=True, slots=True)
class Text:
    """A run of literal text."""

    text: str
    bold: bool = False
    italic: bool = False
    mono: bool = False


@dataclass(frozen=True, slots=True)
class Inserted:
    """A reference in running text."""

    reference: Reference
    bold: bool = False
    italic: bool = False


Inline = Text | Inserted


@dataclass(frozen=True, slots=True)
class HeadingNode:
    """A heading below the chapter title; level 2 or 3."""

    level: int
    content: tuple[Inline, ...]
    line: int


@dataclass(frozen=True, slots=True)
class ParagraphNode:
    """A paragraph."""

    content: tuple[Inline, ...]
    line: int


@dataclass(frozen=True, slots=True)
class ListNode:
    """A bulleted or numbered list; an item is a list of nodes."""

    ordered: bool
    items: tuple[tuple[Node, ...], ...]
    line: int


@dataclass(frozen=True, slots=True)
class BlockNode:
    """A fenced typed block: its kind, options as written, and body lines as inline text."""

    kind: str
    options: dict[str, str]
    body: tuple[Inline, ...]
    caption: tuple[Inline, ...]
    line: int


@dataclass(frozen=True, slots=True)
class EachNode:
    """`::: each NAME in SOURCE [ordered_by EVIDENCE.COLUMN]`."""

    name: str
    source: str
    ordered_by: str | None
    children: tuple[Node, ...]
    otherwise: tuple[Node, ...] | None
    line: int


@dataclass(frozen=True, slots=True)
class WhenNode:
    """`::: when CONDITION EVIDENCE[FILTERS]`; filters only with `rows` and `no_rows`."""

    condition: str
    evidence: str
    where: tuple[Filter, ...]
    children: tuple[Node, ...]
    otherwise: tuple[Node, ...]
    line: int


Node = HeadingNode | ParagraphNode | ListNode | BlockNode | EachNode | WhenNode


@dataclass(frozen=True, slots=True)
class Chapter:
    """One template file: its name, front matter and nodes."""

    file: str
    matter: dict[str, str]
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A document's template: the cover (file `00_document.md`) and the chapters in order of file name."""

    name: str
    cover: Chapter
    chapters: tuple[Chapter, ...]
