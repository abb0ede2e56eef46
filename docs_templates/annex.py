"""Writes the documents annex whole or not at all, and replaces an earlier one only where it is one of ours."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from docs_templates import schema_check, strict_json
from docs_templates.errors import DocumentError, Fault
from docs_templates.made_by import producer

MANIFEST = "manifest.json"
ANCHOR = re.compile(
    r"audit trail [0-9a-f]{64}, event [1-9][0-9]{0,17} of \d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z: [0-9a-f]{64}"
)


def check_anchor(anchor: str | None, governance: Path | None) -> None:
    """Refuse, by DocumentError, what is no anchor of an audit trail, and one beside a governance file with its own."""
    if anchor is None:
        return
    if not ANCHOR.fullmatch(anchor):
        remedy = "give the line that `credit-risk audit anchor` prints"
        message = "an anchor is not the head of an audit trail"
        raise DocumentError(Fault(message, "anchor_invalid", found=anchor[:200], remedy=remedy))
    if governance is not None:
        message = "an anchor is given beside a governance file, which has its own"
        raise DocumentError(Fault(message, "anchor_twice", file=str(governance), remedy="give one of the two"))


def annex_manifest(
    package_hash: str, moment: datetime, documents: Mapping[str, bytes], anchor: str | None = None
) -> dict[str, Any]:
    """The annex manifest of annex.schema.json; `anchor`: the head of the inventory's audit trail, where it is known."""
    entries = {
        name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in documents.items()
    }
    return {
        "format": "credit-risk-annex",
        "format_version": "0.1",
        "kind": "documents",
        "package_hash": package_hash,
        "producer": producer(),
        "created": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "files": entries,
        **({} if anchor is None else {"anchor": anchor}),
    }


def earlier_documents(folder: Path, package_hash: str) -> dict[str, bytes]:
    """Documents of an annex that stands in `folder` for the same package; none where there is no annex or it is of
    another package. Raises DocumentError where the folder is not ours to replace."""
    if not folder.exists() and not folder.is_symlink():
        return {}
    if folder.is_symlink() or not folder.is_dir():
        raise _refusal(folder, "exists and is not a folder")
    names = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir() or p.is_symlink()}
    if not names and not any(folder.iterdir()):
        return {}
    if MANIFEST not in names:
        raise _refusal(folder, "exists and is not a documents annex")
    try:
        manifest = strict_json.parse((folder / MANIFEST).read_bytes(), str(folder / MANIFEST))
    except DocumentError as error:
        raise _refusal(folder, f"holds a manifest that cannot be read: {error.faults[0].message}") from error
    if schema_check.check(manifest, "annex.schema.json", MANIFEST) or manifest["kind"] != "documents":
        raise _refusal(folder, "exists and is not a documents annex")
    strange = sorted(names - set(manifest["files"]) - {MANIFEST})
    if strange:
        raise _refusal(folder, f"holds files that the annex does not list: {', '.join(strange[:5])}")
    if manifest["package_hash"] != package_hash:
        return {}
    return {
        name: data
        for name, entry in manifest["files"].items()
        if name in names and hashlib.sha256(data := (folder / name).read_bytes()).hexdigest() == entry["sha256"]
    }


def write_annex(folder: Path, manifest: Mapping[str, Any], documents: Mapping[str, bytes], workspace: Path) -> None:
    """Write all files beside their place and rename. `workspace` is a folder on the same file system, outside the
    package. Raises OSError; then `folder` is as it was."""
    partial = Path(tempfile.mkdtemp(prefix=".documents.", suffix=".partial", dir=workspace))
    try:
        new, old = partial / "new", partial / "old"
        new.mkdir()
        for name, data in {**documents, MANIFEST: strict_json.write(dict(manifest))}.items():
            _write(new / name, data)
        if folder.exists():
            folder.rename(old)
        try:
            new.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _refusal(folder: Path, message: str) -> DocumentError:
    remedy = "name another folder with --out, or remove it"
    return DocumentError(Fault(f"the output folder {message}", "output_not_ours", file=str(folder), remedy=remedy))
