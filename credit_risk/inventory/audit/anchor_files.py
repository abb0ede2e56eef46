"""Anchors in files that were kept elsewhere: documents, manifests of annexes, governance files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from credit_risk._core.errors import Fault
from credit_risk._core.extras import optional_import
from credit_risk.inventory.audit.anchors import Anchor, read_anchor_text
from credit_risk.inventory.errors import AuditError

_PDF = b"%PDF-"
HELD_IN = ("manifest.json", "*/manifest.json", "*.pdf", "documents/*.pdf", "signatures/*.pdf")
"""Files of a folder that may hold anchors."""


def read_anchor_file(path: Path) -> tuple[Anchor, ...]:
    """The anchors that a file holds, each once: a text in UTF-8 (JSON too), or a PDF in the files attached to it and in
    its signatures. Of a folder (an annex, a run of monitoring, a package) those of its manifests and documents.

    Reading a PDF needs the extra `documents`. Raises AuditError where the file cannot be read or holds no anchor.
    """
    path = Path(path)
    found = _of_folder(path) if path.is_dir() else _of_file(path)
    if not found:
        remedy = "name a document that was made with --governance, its annex's manifest.json, or the governance file"
        raise AuditError(Fault("holds no anchor", "not_an_anchor", str(path), remedy=remedy))
    return tuple(dict.fromkeys(found))


def _of_folder(folder: Path) -> list[Anchor]:
    files = [one for pattern in HELD_IN for one in sorted(folder.glob(pattern)) if one.is_file()]
    found = [replace(one, source=f"{path.relative_to(folder)}") for path in files for one in _of_file(path)]
    return list({(one.log, one.sequence, one.hash, one.at): one for one in reversed(found)}.values())[::-1]


def _of_file(path: Path) -> list[Anchor]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise AuditError(Fault(f"cannot be read ({error.strerror})", "unreadable", str(path))) from error
    texts = _attached(path) if data.startswith(_PDF) else [_text(data)]
    return [one for text in texts for one in read_anchor_text(text, path.name)]


def _attached(path: Path) -> list[str]:
    pikepdf = optional_import("pikepdf", "documents")
    try:
        with pikepdf.open(path) as pdf:
            signed = pdf.Root.get("/AcroForm", {}).get("/Fields", [])
            places = [str(one.get("/V", {}).get("/Location", "")) for one in signed if one.get("/FT") == "/Sig"]
            return [*(_text(held.get_file().read_bytes()) for held in pdf.attachments.values()), *places]
    except pikepdf.PdfError as error:
        raise AuditError(Fault(f"cannot be read ({error})", "unreadable", str(path))) from error


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")
