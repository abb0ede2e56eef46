"""The house style that a document was made in: as it travels in the file, and against one that is given."""

from __future__ import annotations

from collections.abc import Sequence

import pikepdf

from docs_templates.document import Document, SignOff
from docs_templates.errors import DocumentError
from docs_templates.house import NO_HOUSE, PREFIX, House, differences, unsigned
from docs_templates.house_file import held_house
from docs_templates.verify.objects import stream_data
from docs_templates.verify.report import Alteration, SignatureStatus


def house_of(pdf: pikepdf.Pdf, given: House, file: str) -> tuple[House, list[Alteration]]:
    """The house style to compose the document in, and what is wrong with it: that it cannot be read, or that it is
    not the one `given` (none is given where that is NO_HOUSE)."""
    try:
        held = held_house(_attached(pdf), file)
    except DocumentError as error:
        found = [Alteration("house", f"the house style of the document cannot be read: {one}") for one in error.faults]
        return given, found
    if not given:
        return held or NO_HOUSE, []
    if held is None:
        return NO_HOUSE, [Alteration("house", f"the document is made in no house style, {given.name} is given")]
    return held, [
        Alteration("house", f"the house style is not the one given: {one}") for one in differences(held, given)
    ]


def house_notes(held: House, given: House, document: Document | None, signed: Sequence[SignatureStatus]) -> list[str]:
    """Which house style was used and where it is from; required approvals that nobody signed in this file."""
    if not held:
        return []
    source = "as it travels in the document; give --house to hold it against yours"
    if given:
        source = "as it travels in the document" if differences(held, given) else "the one given"
    notes = [f"house style {held.name}, SHA-256 {held.sha256}: {source}"]
    roles = [one.role for one in signed if one.intact and one.valid]
    blocks = (*document.cover, *document.blocks) if document is not None else ()
    if any(isinstance(one, SignOff) for one in blocks) and (lacking := unsigned(held, roles)):
        notes.append(
            f"approvals that the house style requires and that are not signed in this file: {', '.join(lacking)}"
        )
    return notes


def _attached(pdf: pikepdf.Pdf) -> dict[str, bytes]:
    """Attachments of a house style by name."""
    names = [name for name in pdf.attachments if name.startswith((PREFIX, "house_"))]
    return {name: stream_data(_stream(pdf.attachments[name].obj)) for name in names}


def _stream(specification: pikepdf.Object) -> pikepdf.Object:
    held = specification.EF
    return held.F if "/F" in held else held.UF
