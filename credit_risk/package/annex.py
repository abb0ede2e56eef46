"""Annexes: folders that come after the seal and cite the package hash (SPECIFICATION section 8)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from credit_risk._core import canonical_json
from credit_risk._core.clock import Clock
from credit_risk._core.errors import Fault, PackageError
from credit_risk._core.hashing import sha256_file
from credit_risk.package.layout import ANNEX_KINDS, FORMAT, MANIFEST, hostile
from credit_risk.package.manifest import build_annex_manifest, file_entry
from credit_risk.package.output import (
    MARKER,
    claim,
    folder_format,
    partial_path,
    remove,
    replaced_path,
    swap,
    told,
    write_file,
)
from credit_risk.package.schema import schema_faults


def write_annex(package: Path, kind: str, files: Mapping[str, bytes], producer: str, clock: Clock) -> Path:
    """Write the annex `kind` (exports, validation, documents, signatures) of a package folder and return its folder.

    `files` maps relative names to bytes. The annex appears at once; one of the same kind is replaced, except
    signatures. Raises PackageError: not a package folder, unknown kind, hostile name, existing signatures, full disk.
    """
    package = Path(package)
    _check(package, kind, files)
    entries = {name: file_entry(data) for name, data in files.items()}
    package_hash = sha256_file(package / MANIFEST)
    manifest = build_annex_manifest(entries, kind=kind, package_hash=package_hash, producer=producer, clock=clock)
    faults = schema_faults("annex", manifest, f"{kind}/{MANIFEST}")
    if faults:
        raise PackageError(faults)
    staging = package.with_name(f"{package.name}.{kind}")
    target = package / kind
    with told(target):
        _recover(replaced_path(staging), target)
        partial = claim(partial_path(staging))
        try:
            for name, data in files.items():
                write_file(partial / name, data)
            write_file(partial / MANIFEST, canonical_json.to_bytes(manifest))
            os.unlink(partial / MARKER)
            swap(partial, target, replaced_path(staging))
        finally:
            with suppress(OSError):
                if partial.exists():
                    remove(partial)
    return target


def _check(package: Path, kind: str, files: Mapping[str, bytes]) -> None:
    if kind not in ANNEX_KINDS:
        raise PackageError(Fault(f"no annex of kind {kind!r}", "annex_kind", allowed=", ".join(ANNEX_KINDS)))
    if not package.is_dir() or folder_format(package) != FORMAT:
        remedy = "name the folder of a model package; a zip is unpacked first"
        raise PackageError(
            Fault("is not the folder of a model package", "manifest_missing", str(package), remedy=remedy)
        )
    if kind == "signatures" and (package / kind).exists():
        remedy = "append through the inventory"
        raise PackageError(Fault("signatures are never replaced", "output_signed", str(package / kind), remedy=remedy))
    reasons = {name: "is the annex's own manifest" if name == MANIFEST else hostile(name) for name in files}
    faults = [Fault(f"file name {why}", "path_hostile", f"{kind}/{name}") for name, why in reasons.items() if why]
    if faults:
        raise PackageError(faults)


def _recover(replaced: Path, target: Path) -> None:
    """Finish or undo the swap of an annex that a kill interrupted."""
    if replaced.exists():
        remove(replaced) if target.exists() else os.rename(replaced, target)
