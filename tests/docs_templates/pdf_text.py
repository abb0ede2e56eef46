"""The texts of a PDF's pages, read once for the same bytes: reading a dossier takes longer than writing it."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pypdf

_READ: dict[str, list[str]] = {}


def page_texts(path: Path) -> list[str]:
    """The text of each page."""
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if digest not in _READ:
        _READ[digest] = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages]
    return list(_READ[digest])
