"""The validation annex, written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from validation import schema_check, strict_json
from validation.errors import Fault, ValidationInputError
from validation.evidence import build_evidence
from validation.evidence_check import check_evidence, file_name
from validation.run import ValidationRun

Clock = Callable[[], datetime]
PRODUCER = "credit-validate"


def system_clock() -> datetime:
    """Return the time in UTC; SOURCE_DATE_EPOCH, where set, stands for it (reproducible-builds.org)."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)


def annex_files(run: ValidationRun, clock: Clock = system_clock) -> dict[str, bytes]:
    """Return the files of the annex by name: findings, evidence, and the manifest that cites the package hash."""
    evidence = build_evidence(run)
    faults = schema_check.check(dict(run.findings), "findings.schema.json", "findings.json")
    contents: dict[str, Any] = {"findings.json": dict(run.findings)}
    for name, item in evidence.items():
        path = f"evidence/{file_name(name)}"
        faults += check_evidence(item, path)
        contents[path] = item
    if faults:
        raise AssertionError("\n".join(str(fault) for fault in faults))
    files = {name: strict_json.write(content) for name, content in contents.items()}
    manifest = {
        "format": "credit-risk-annex",
        "format_version": "0.1",
        "kind": "validation",
        "package_hash": run.package.hash,
        "producer": f"{PRODUCER} {run.findings['validator']['version']}",
        "created": clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "files": {
            name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()
        },
    }
    return {**files, "manifest.json": strict_json.write(manifest)}


def write_annex(files: dict[str, bytes], target: Path, staging: Path) -> list[Path]:
    """Write the files to the folder `target`, by way of `staging` on the same file system; return the paths.

    An earlier validation annex is replaced; any other folder or file is refused (code `output_refused`), as is a
    disk that cannot take the files. Nothing half-written stays.
    """
    check_target(target)
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
        shutil.rmtree(earlier, ignore_errors=True)
    return [target / name for name in sorted(files)]


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
