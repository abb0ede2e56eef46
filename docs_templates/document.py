"""A composed document: blocks with finished text, ready for any renderer. Nothing here knows of PDF."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from docs_templates.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text; `evidence` is the id that the text was read from, if any; `role`: value, clause or absent;
    `source` is the reference that gave the text, variables put in; `target` the place that
    the text leads to, `kind:what` until it is known."""

    text: str
    bold: bool = False
    italic: bool = False
    mono: bool = False
    evidence: str | None = None
    role: str | None = None
    source: str | None = None
    target: str | None = None


Spans = tuple[Span, ...]
SIGN_OFF_COLUMNS = ("role", "name", "decision", "date", "signature")
"""Columns of a sign-off table, as the catalogue of words names them."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A numbered heading; level 1 is a chapter. `number` is as printed (`4.2`, `Annex A`)."""

    level: int
    number: str
    content: Spans

    @property
    def text(self) -> str:
        """Number and title as one line."""
        return f"{self.number}  {plain(self.content)}"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph."""

    content: Spans


@dataclass(frozen=True, slots=True)
class ListBlock:
    """A list; each item is a sequence of blocks."""

    ordered: bool
    items: tuple[tuple[Block, ...], ...]


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column as printed. `align` is left or right; `mono` for identifiers and hashes."""

    title: str
    align: str = "left"
    mono: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with finished cells. `number` is as printed; `evidence` is its id or None for tables made here.

    `names` are the evidence's columns as printed, `positions` its rows (from zero): where each cell was read.
    """

    number: str
    caption: Spans
    columns: tuple[TableColumn, ...]
    rows: tuple[tuple[str, ...], ...]
    evidence: str | None = None
    notes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    positions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure: its evidence, drawn by the renderer. `height` is small, medium or large."""

    number: str
    caption: Spans
    evidence: Evidence
    height: str = "medium"


@dataclass(frozen=True, slots=True)
class Statement:
    """An authored text, its author and date."""

    evidence: str
    title: str
    text: str
    author: str | None
    date: str | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Absent:
    """A visible box: what is not provided or does not apply, and why. `kind` is not_provided or not_applicable.

    `also`: titles and ids of further evidence that stands in the same place and lacks for the same reason.
    """

    kind: str
    title: str
    reason: str
    evidence: str | None = None
    also: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class EvidenceIndex:
    """The index of evidence used; the renderer adds the pages."""

    number: str
    caption: Spans
    items: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class SignOff:
    """Empty fields for signatures, one row a role."""

    roles: tuple[str, ...]


Block = Heading | Paragraph | ListBlock | Table | Figure | Statement | Absent | EvidenceIndex | SignOff


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that travels within a document. `relationship` (ISO 32000-2, 7.11.3): Data or Source, of the document."""

    name: str
    data: bytes
    description: str
    mime: str = "application/json"
    relationship: str = "Data"


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture of `width` by `height` pixels: red, green, blue of each, rows from the top, sRGB, opaque."""

    width: int
    height: int
    pixels: bytes


@dataclass(frozen=True, slots=True)
class Branding:
    """How a document shows whose it is. `colours`: heading, rule and band as `#RRGGBB`, those that are not ours."""

    bank: str = ""
    classification: str = ""
    logo: Logo | None = None
    colours: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """A composed document with what its control page, running heads and metadata say. `brief`: its text begins on the
    first page, below the control lines, without contents. `anchor`: the head of the inventory's audit trail,
    where it is known."""

    name: str
    title: str
    identifier: str
    model_id: str
    model_name: str
    model_version: str
    package_hash: str
    control: tuple[tuple[str, str], ...]
    cover: tuple[Block, ...]
    blocks: tuple[Block, ...]
    evidence: tuple[Evidence, ...] = field(default=())
    brief: bool = False
    attachments: tuple[Attachment, ...] = field(default=())
    branding: Branding = field(default_factory=Branding)
    anchor: str | None = None

    @property
    def indexed(self) -> bool:
        """Whether the document has an evidence index that identifiers can lead to."""
        return any(isinstance(block, EvidenceIndex) for block in self.blocks)


def plain(content: Spans) -> str:
    """The text of spans without their styles."""
    return "".join(span.text for span in content)
