"""Annexes: folders that come after the seal and cite the package hash (SPECIFICATION section 8)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from credit_risk._core import canonical_json
from credit_risk._core.clock import Clock
from credit_risk._core.errors import Fault, PackageError
from credit_risk._core.hashing import sha256_file
from credit_risk.package.layout import ANNEX_FORMAT, ANNEX_KINDS, FORMAT, MANIFEST, hostile
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

MONITORING = "monitoring"
"""Kind of the manifest of a run of monitoring, which lies beside the package, since there are many."""


def write_annex(
    package: Path, kind: str, files: Mapping[str, bytes], producer: str, clock: Clock, *, anchor: str | None = None
) -> Path:
    """Write the annex `kind` (exports, validation, documents, signatures) of a package folder and return its folder.

    `files` maps relative names to bytes; `anchor` is the head of an inventory's audit trail, for the manifest. The
    annex appears at once; one of the same kind is replaced, except signatures. Raises PackageError: not a package
    folder, unknown kind, hostile name, existing signatures, full disk.
    """
    package = Path(package)
    _check(package, kind, files)
    _check_unsigned(package, kind)
    manifest = _manifest(files, kind, sha256_file(package / MANIFEST), producer, clock, anchor)
    staging, target = package.with_name(f"{package.name}.{kind}"), package / kind
    _place(target, staging, files, manifest)
    return target


@contextmanager
def annex_placed(package: Path, kind: str) -> Iterator[Callable[[Mapping[str, bytes], str, Clock, str | None], None]]:
    """A function (files, producer, clock, anchor) that puts an annex in the place of the one that stands there, the
    signatures too. What stood there comes back where the block fails afterwards: for an annex that holds together with
    something else, as the record of a signature does. The function raises PackageError as `write_annex` does."""
    package = Path(package)
    staging, target = package.with_name(f"{package.name}.{kind}"), package / kind
    replaced, placed = replaced_path(staging), False

    def place(files: Mapping[str, bytes], producer: str, clock: Clock, anchor: str | None) -> None:
        nonlocal placed
        _check(package, kind, files)
        manifest = _manifest(files, kind, sha256_file(package / MANIFEST), producer, clock, anchor)
        with told(target):
            _recover(replaced, target)
            with _written(staging, files, manifest) as partial:
                if target.exists():
                    os.rename(target, replaced)
                os.rename(partial, target)
        placed = True

    try:
        yield place
    except BaseException:
        if placed:
            remove(target)
            _recover(replaced, target)
        raise
    if placed and replaced.exists():
        remove(replaced)


def write_run(
    folder: Path, package_hash: str, files: Mapping[str, bytes], producer: str, clock: Clock, anchor: str | None = None
) -> Path:
    """Write a run of monitoring: a folder of its own, with the manifest of an annex of kind `monitoring`.

    An earlier run that stands in `folder` is replaced with the documents that were made of it. Raises PackageError
    where something else stands there, or on a full disk; then `folder` is as it was.
    """
    target = Path(os.path.abspath(folder))
    check_run(target)
    manifest = _manifest(files, MONITORING, package_hash, producer, clock, anchor)
    with told(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    _place(target, target, files, manifest)
    return target


def _manifest(
    files: Mapping[str, bytes], kind: str, package_hash: str, producer: str, clock: Clock, anchor: str | None
) -> dict[str, object]:
    entries = {name: file_entry(data) for name, data in files.items()}
    manifest = build_annex_manifest(
        entries, kind=kind, package_hash=package_hash, producer=producer, clock=clock, anchor=anchor
    )
    faults = schema_faults("annex", manifest, f"{kind}/{MANIFEST}")
    if faults:
        raise PackageError(faults)
    return manifest


def _place(target: Path, staging: Path, files: Mapping[str, bytes], manifest: Mapping[str, object]) -> None:
    """Write beside the target and rename."""
    with told(target):
        _recover(replaced_path(staging), target)
        with _written(staging, files, manifest) as partial:
            swap(partial, target, replaced_path(staging))


@contextmanager
def _written(staging: Path, files: Mapping[str, bytes], manifest: Mapping[str, object]) -> Iterator[Path]:
    """A folder beside the target with all files, to be renamed; removed where it was not."""
    partial = claim(partial_path(staging))
    try:
        for name, data in files.items():
            write_file(partial / name, data)
        write_file(partial / MANIFEST, canonical_json.to_bytes(manifest))
        os.unlink(partial / MARKER)
        yield partial
    finally:
        with suppress(OSError):
            if partial.exists():
                remove(partial)


def check_run(folder: Path) -> None:
    """Raise PackageError unless nothing, an empty folder, or an earlier run alone stands there. Changes nothing."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    remedy = "name a folder that does not exist"
    if not folder.is_dir() or folder_format(folder) != ANNEX_FORMAT:
        raise PackageError(Fault("exists and is no run of monitoring", "output_not_ours", str(folder), remedy=remedy))
    held = json.loads((folder / MANIFEST).read_bytes())
    if held.get("kind") != MONITORING:
        message = f"an annex of kind {held.get('kind')} stands there"
        raise PackageError(Fault(message, "output_not_ours", str(folder), remedy=remedy))
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    known = {MANIFEST, *held.get("files", {})}
    extra = sorted(name for name in names - known if not name.startswith("documents/"))
    if extra:
        message = f"a run stands there, with files that are not its own: {', '.join(extra[:5])}"
        raise PackageError(Fault(message, "output_not_ours", str(folder), remedy="move these files away"))


def _check(package: Path, kind: str, files: Mapping[str, bytes]) -> None:
    if kind not in ANNEX_KINDS:
        raise PackageError(Fault(f"no annex of kind {kind!r}", "annex_kind", allowed=", ".join(ANNEX_KINDS)))
    if not package.is_dir() or folder_format(package) != FORMAT:
        remedy = "name the folder of a model package; a zip is unpacked first"
        raise PackageError(
            Fault("is not the folder of a model package", "manifest_missing", str(package), remedy=remedy)
        )
    reasons = {name: "is the annex's own manifest" if name == MANIFEST else hostile(name) for name in files}
    faults = [Fault(f"file name {why}", "path_hostile", f"{kind}/{name}") for name, why in reasons.items() if why]
    if faults:
        raise PackageError(faults)


def _check_unsigned(package: Path, kind: str) -> None:
    if kind == "signatures" and (package / kind).exists():
        remedy = "append through the inventory"
        raise PackageError(Fault("signatures are never replaced", "output_signed", str(package / kind), remedy=remedy))


def _recover(replaced: Path, target: Path) -> None:
    """Finish or undo the swap of an annex that a kill interrupted."""
    if replaced.exists():
        remove(replaced) if target.exists() else os.rename(replaced, target)
