"""A PDF as it was found: pages, metadata, attachments, bookmarks and all else that its catalogue holds."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

import pikepdf

from docs_templates.errors import DocumentError, Fault
from docs_templates.verify.content import FontCache, page_marks
from docs_templates.verify.objects import Digests, stream_data
from docs_templates.verify.stream import PageView

PAGE_KEYS_APART = frozenset({"/Type", "/Parent", "/Contents", "/Resources", "/Annots", "/StructParents", "/Tabs"})
CATALOGUE_APART = frozenset(
    {"/Type", "/Pages", "/Metadata", "/Outlines", "/Names", "/AF", "/AcroForm", "/DSS", "/Perms", "/Extensions",
     "/Version"}
)  # fmt: skip
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
OUTLINE_LIMIT = 100_000


@dataclass(frozen=True, slots=True)
class Annotation:
    """An annotation of a page: its kind, place, and the digest of all that it holds."""

    kind: str
    box: tuple[float, ...]
    digest: str
    is_signature: bool


@dataclass(frozen=True, slots=True)
class PageParts:
    """A page but for its marks. `quick` is equal where content and resources are."""

    number: int
    width: float
    height: float
    quick: str
    annotations: tuple[Annotation, ...]
    keys: dict[str, str]


@dataclass
class Reading:
    """One open PDF. `marks` reads a page's content when it is asked for."""

    pdf: pikepdf.Pdf
    pages: tuple[PageParts, ...]
    metadata: dict[str, str]
    attachments: dict[str, str]
    bookmarks: tuple[tuple[str, str], ...]
    catalogue: dict[str, str]
    fields: dict[str, str]
    _fonts: FontCache
    _views: dict[int, PageView] = field(default_factory=dict)

    def view(self, position: int) -> PageView:
        """What the page at `position` (from zero) shows. Raises DocumentError where its content cannot be read."""
        if position not in self._views:
            parts = self.pages[position]
            try:
                marks = tuple(page_marks(self.pdf.pages[position], self._fonts))
            except (pikepdf.PdfError, ValueError, KeyError, TypeError, IndexError) as error:
                raise unreadable(f"the content of page {parts.number} cannot be read: {error}") from error
            self._views[position] = PageView(parts.number, parts.width, parts.height, marks)
        return self._views[position]

    def views(self) -> list[PageView]:
        """What all pages show."""
        return [self.view(position) for position in range(len(self.pages))]


def unreadable(message: str, file: str | None = None) -> DocumentError:
    """The refusal of a file that is no PDF that can be read."""
    return DocumentError(Fault(message, "pdf_unreadable", file=file))


@contextmanager
def read_pdf(data: bytes, file: str | None = None) -> Iterator[Reading]:
    """A PDF, open while it is used. Raises DocumentError where it cannot be read."""
    try:
        pdf = pikepdf.open(io.BytesIO(data))
    except (pikepdf.PdfError, pikepdf.PasswordError) as error:
        raise unreadable(f"not a PDF that can be read: {error}", file) from error
    with pdf:
        try:
            reading = _reading(pdf)
        except (pikepdf.PdfError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise unreadable(f"the structure of the PDF cannot be read: {error}", file) from error
        yield reading


def _reading(pdf: pikepdf.Pdf) -> Reading:
    digests = Digests(pdf)
    root = pdf.Root
    catalogue = {key: digests.of(value) for key, value in root.items() if key not in CATALOGUE_APART}
    names: Any = root.get("/Names", {})
    catalogue |= {f"/Names{key}": digests.of(value) for key, value in names.items() if key != "/EmbeddedFiles"}
    pages = tuple(_page(page, position, digests) for position, page in enumerate(pdf.pages, start=1))
    fonts = FontCache(digests)
    return Reading(
        pdf, pages, _metadata(pdf), _attachments(pdf, digests), tuple(_bookmarks(pdf, digests)), catalogue,
        _fields(pdf), fonts,
    )  # fmt: skip


def _page(page: Any, number: int, digests: Digests) -> PageParts:
    left, bottom, right, top = (float(part) for part in page.mediabox)
    held = page.obj
    contents = held.get("/Contents")
    streams = list(contents) if isinstance(contents, pikepdf.Array) else [contents] if contents is not None else []
    content = pikepdf.String(b"\n".join(stream_data(stream).rstrip() for stream in streams))
    quick = digests.of(content) + digests.of(page.resources)
    annotations = tuple(_annotation(one, digests) for one in held.get("/Annots", ()))
    keys = {key: digests.of(value) for key, value in held.items() if key not in PAGE_KEYS_APART}
    keys |= {"/MediaBox": digests.of(page.mediabox), "/CropBox": digests.of(page.cropbox)}
    return PageParts(number, right - left, top - bottom, quick, annotations, keys)


def _annotation(one: Any, digests: Digests) -> Annotation:
    kind = str(one.get("/Subtype", "/?"))[1:]
    box = tuple(round(float(part), 2) for part in one.get("/Rect", ()))
    field_type = one.get("/FT", one.get("/Parent", {}).get("/FT", ""))
    return Annotation(kind, box, digests.of(one), kind == "Widget" and str(field_type) == "/Sig")


def _metadata(pdf: pikepdf.Pdf) -> dict[str, str]:
    info: Any = pdf.trailer.get("/Info", {})
    found = {key[1:]: str(value) for key, value in info.items()}
    if "/Metadata" in pdf.Root:
        found |= dict(_xmp(stream_data(pdf.Root.Metadata)))
    return found


def _xmp(data: bytes) -> Iterator[tuple[str, str]]:
    """Properties of XMP by name; how the XML is written, and by which tool, does not matter."""
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError:
        yield "XMP", data.decode("utf-8", "replace")
        return
    for description in root.iter(RDF + "Description"):
        for name, value in description.attrib.items():
            yield f"XMP {name}", value
        for one in description:
            inner = [f"{part.tag} {sorted(part.attrib.items())} {(part.text or '').strip()}" for part in one.iter()]
            yield f"XMP {one.tag}", "; ".join(inner)


def _attachments(pdf: pikepdf.Pdf, digests: Digests) -> dict[str, str]:
    found = {}
    for name, held in pdf.attachments.items():
        found[name] = digests.of(held.obj)
    for position, one in enumerate(pdf.Root.get("/AF", ())):
        found[f"associated file {position + 1}"] = digests.of(one)
    return found


def _bookmarks(pdf: pikepdf.Pdf, digests: Digests) -> Iterator[tuple[str, str]]:
    """Title and target of each bookmark, with its depth, in order."""
    outlines = pdf.Root.get("/Outlines")
    waiting = [(outlines.get("/First"), 0)] if outlines is not None else []
    seen = 0
    while waiting and seen < OUTLINE_LIMIT:
        item, depth = waiting.pop()
        if item is None:
            continue
        seen += 1
        target = digests.of(item["/Dest"] if "/Dest" in item else item.get("/A"))
        yield f"{'>' * depth} {item.get('/Title', '')}".strip(), target
        waiting += [(item.get("/Next"), depth), (item.get("/First"), depth + 1)]


def _fields(pdf: pikepdf.Pdf) -> dict[str, str]:
    """Form fields by name with their type."""
    form: Any = pdf.Root.get("/AcroForm", {})
    return {str(one.get("/T", "?")): str(one.get("/FT", "")) for one in form.get("/Fields", ())}
