"""The validation annex, written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from validation import schema_check, strict_json
from validation.errors import Fault, ValidationInputError
from validation.evidence import build_evidence
from validation.evidence_check import check_evidence, file_name
from validation.retest import Earlier, compare_findings
from validation.run import ValidationRun

Clock = Callable[[], datetime]
PRODUCER = "credit-validate"
MANIFEST, RUNS = "manifest.json", "runs/"
ADDED = ("conclusion.json", "evidence/validation.conclusion.json")
"""Files that a conclusion adds to a run."""


def system_clock() -> datetime:
    """Return the time in UTC; SOURCE_DATE_EPOCH, where set, stands for it (reproducible-builds.org)."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)


def annex_files(
    run: ValidationRun, clock: Clock = system_clock, earlier: Earlier | None = None, anchor: str | None = None
) -> dict[str, bytes]:
    """Return the files of a run by name: findings, evidence, the comparison with an `earlier` validation where one is
    named, and the manifest that cites the package hash, with the `anchor` of an inventory's audit trail where given."""
    compared = None if earlier is None else compare_findings(earlier, run.findings)
    evidence = build_evidence(run, compared)
    faults = schema_check.check(dict(run.findings), "findings.schema.json", "findings.json")
    contents: dict[str, Any] = {"findings.json": dict(run.findings)}
    if compared is not None:
        faults += schema_check.check(compared, "comparison.schema.json", "comparison.json")
        contents["comparison.json"] = compared
    for name, item in evidence.items():
        path = f"evidence/{file_name(name)}"
        faults += check_evidence(item, path)
        contents[path] = item
    if faults:
        raise AssertionError("\n".join(str(fault) for fault in faults))
    files = {name: strict_json.write(content) for name, content in contents.items()}
    created = clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    manifest = manifest_of(files, run.package.hash, run.findings["validator"]["version"], created, anchor)
    return {**files, MANIFEST: strict_json.write(manifest)}


def manifest_of(
    files: Mapping[str, bytes], package_hash: str, version: str, created: str, anchor: str | None = None
) -> dict[str, Any]:
    """Return the manifest of a validation annex of these files."""
    return {
        "format": "credit-risk-annex",
        "format_version": "0.1",
        "kind": "validation",
        "package_hash": package_hash,
        "producer": f"{PRODUCER} {version}",
        "created": created,
        "files": _listed(files),
        **({} if anchor is None else {"anchor": anchor}),
    }


def _listed(files: Mapping[str, bytes]) -> dict[str, dict[str, Any]]:
    return {name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()}


@dataclass(frozen=True, slots=True)
class Written:
    """The files of a run and its number; `repeated` where it is the run that stood there already, and nothing was
    written."""

    paths: tuple[Path, ...]
    number: int
    repeated: bool


def write_annex(files: Mapping[str, bytes], target: Path, staging: Path) -> Written:
    """Write a run to the folder `target`, by way of `staging` on the same file system.

    Runs are never replaced: what stands in `target` is kept byte for byte, with its manifest and conclusion, in
    `runs/0001`, `runs/0002`, … A run that gives the same bytes as the latest is that run, and nothing is written
    (unless it brings another anchor).
    Any other folder or file, or an annex of another package, is refused (code `output_refused`), as is a disk that
    cannot take the files. Nothing half-written stays.
    """
    check_target(target)
    before = read_annex(target) if (target / MANIFEST).is_file() else {}
    number = len({name.split("/")[1] for name in before if name.startswith(RUNS)}) + 1
    if before:
        _same_package(before, files, target)
        own = {name: data for name, data in before.items() if not name.startswith(RUNS) and name not in ADDED}
        if {**own, MANIFEST: b""} == {**files, MANIFEST: b""} and not _anchored_anew(before, files):
            return Written(tuple(target / name for name in sorted(own)), number, repeated=True)
        kept = {name if name.startswith(RUNS) else f"{RUNS}{number:04d}/{name}": data for name, data in before.items()}
        number += 1
        manifest = strict_json.parse(files[MANIFEST], MANIFEST)
        manifest["files"] |= _listed(kept)
        files = {**files, **kept, MANIFEST: strict_json.write(manifest)}
    _swap(files, target, staging)
    return Written(tuple(target / name for name in sorted(files) if not name.startswith(RUNS)), number, repeated=False)


def read_annex(folder: Path) -> dict[str, bytes]:
    """Return every file of an annex by name, its manifest among them.

    Raises ValidationInputError where the manifest is none of a validation, or a file is absent, not listed or altered.
    """
    try:
        manifest = strict_json.parse((folder / MANIFEST).read_bytes(), MANIFEST)
        names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    except OSError as error:
        raise ValidationInputError(Fault("annex_missing", "holds no validation", str(folder))) from error
    faults = schema_check.check(manifest, "annex.schema.json", MANIFEST)
    if faults:
        raise ValidationInputError(faults)
    listed = manifest["files"]
    faults += [
        Fault("file_extra", "the manifest does not list the file", n) for n in sorted(names - {*listed, MANIFEST})
    ]
    files = {}
    for name in sorted(listed):
        path = folder / name
        data = path.read_bytes() if name in names and not path.is_symlink() else None
        if data is None or hashlib.sha256(data).hexdigest() != listed[name]["sha256"]:
            faults.append(Fault("hash_mismatch", "is absent or was changed since the validation", str(path)))
        else:
            files[name] = data
    if faults:
        raise ValidationInputError(faults)
    return {**files, MANIFEST: (folder / MANIFEST).read_bytes()}


def add_to_annex(folder: Path, added: Mapping[str, bytes], staging: Path) -> None:
    """Add files to the latest run of an annex; its manifest lists them, everything else stays as it is."""
    files = read_annex(folder)
    manifest = strict_json.parse(files[MANIFEST], MANIFEST)
    manifest["files"] |= _listed(added)
    _swap({**files, **added, MANIFEST: strict_json.write(manifest)}, folder, staging)


def staging_of(folder: Path) -> Path:
    """Return the folder beside which an annex is prepared: outside the package where it lies in one."""
    above = folder.absolute().parent
    return above.parent if (above / "plan.json").is_file() else above


def _anchored_anew(before: Mapping[str, bytes], files: Mapping[str, bytes]) -> bool:
    """Whether files bring an anchor that the run before does not have."""
    old, new = (strict_json.parse(one[MANIFEST], MANIFEST).get("anchor") for one in (before, files))
    return new is not None and new != old


def _same_package(before: Mapping[str, bytes], files: Mapping[str, bytes], target: Path) -> None:
    old, new = (strict_json.parse(one[MANIFEST], MANIFEST)["package_hash"] for one in (before, files))
    if old != new:
        remedy = "choose another --out"
        fault = Fault("output_refused", "holds the validation of another package", str(target), None, None, old, new)
        raise ValidationInputError(replace(fault, remedy=remedy))


def _swap(files: Mapping[str, bytes], target: Path, staging: Path) -> None:
    partial = staging / f".{target.parent.name}.{target.name}.partial"
    earlier = staging / f".{target.parent.name}.{target.name}.earlier"
    try:
        for leftover in (partial, earlier):
            if leftover.is_symlink():
                leftover.unlink()
            shutil.rmtree(leftover, ignore_errors=True)
        partial.mkdir()
        for name, data in files.items():
            path = partial / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        if target.exists():
            target.rename(earlier)
        partial.rename(target)
    except OSError as error:
        if earlier.exists() and not target.exists():
            earlier.rename(target)
        message = f"cannot be written: {error.strerror or error}"
        raise ValidationInputError(Fault("output_refused", message, file=str(target))) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        if target.exists():
            shutil.rmtree(earlier, ignore_errors=True)


def check_target(target: Path) -> None:
    """Refuse a target that exists and is not a validation annex."""
    if not target.exists() and not target.is_symlink():
        return
    manifest = target / "manifest.json"
    try:
        value = strict_json.parse(manifest.read_bytes(), "manifest.json")
        ours = not target.is_symlink() and value["kind"] == "validation" and value["format"] == "credit-risk-annex"
    except (OSError, ValidationInputError, KeyError, TypeError):
        ours = target.is_dir() and not target.is_symlink() and not any(target.iterdir())
    if not ours:
        fault = Fault(
            "output_refused",
            "exists and is not a validation annex",
            str(target),
            remedy="choose another --out",
        )
        raise ValidationInputError(fault)
