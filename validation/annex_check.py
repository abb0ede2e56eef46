"""Annexes of a package: each has a manifest that cites the package hash and lists every file of the annex."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from validation import evidence_check, schema_check, strict_json
from validation.container import Container
from validation.errors import Fault, ValidationInputError
from validation.names import hostile

FOLDERS = ("exports", "validation", "documents", "signatures")
FILES = ("audit.jsonl",)


def is_annex(name: str) -> bool:
    """Say whether the file belongs to an annex rather than to the core."""
    return name in FILES or (name.split("/", 1)[0] in FOLDERS and "/" in name)


def check_annexes(container: Container, package_hash: str) -> list[Fault]:
    """Return the faults of every annex that the package holds."""
    faults: list[Fault] = []
    for folder in FOLDERS:
        names = [name for name in container.names if name.startswith(folder + "/")]
        if names:
            faults.extend(_check_annex(container, folder, names, package_hash))
    return faults


def _check_annex(container: Container, folder: str, names: list[str], package_hash: str) -> list[Fault]:
    manifest_name = f"{folder}/manifest.json"
    if manifest_name not in names:
        return [Fault("manifest_missing", "the annex has no manifest", file=manifest_name)]
    try:
        manifest = strict_json.parse(container.read(manifest_name, strict_json.MAXIMUM_BYTES), manifest_name)
    except ValidationInputError as error:
        return list(error.faults)
    faults = schema_check.check(manifest, "annex.schema.json", manifest_name)
    if faults:
        return faults
    if manifest["kind"] != folder:
        faults.append(
            Fault(
                "schema",
                "another kind than its folder",
                manifest_name,
                "/kind",
                None,
                manifest["kind"],
                folder,
            )
        )
    if manifest["package_hash"] != package_hash:
        fault = Fault(
            "annex_other_package",
            "the annex was made for another package",
            manifest_name,
            "/package_hash",
            None,
            manifest["package_hash"],
            package_hash,
            "remove the annex and make it again",
        )
        faults.append(fault)
    faults.extend(check_files(container, manifest["files"], names, folder + "/", manifest_name))
    if folder == "validation" and not faults:
        faults.extend(_check_validation(container, names, package_hash))
    return faults


def check_files(
    container: Container,
    listed: dict[str, dict[str, object]],
    present: Iterable[str],
    prefix: str,
    manifest_name: str,
) -> list[Fault]:
    """Compare the files that a manifest lists with those present under `prefix`: missing, extra, size, SHA-256."""
    faults = []
    expected = {}
    for name, entry in listed.items():
        reason = hostile(name)
        if reason:
            faults.append(Fault("path_hostile", f"the file name {reason}", manifest_name, f"/files/{name}"))
        else:
            expected[prefix + name] = entry
    extra = sorted(set(present) - set(expected) - {manifest_name})
    faults += [Fault("file_extra", "the manifest does not list the file", file=name) for name in extra]
    for name, entry in sorted(expected.items()):
        if name not in container.sizes:
            faults.append(Fault("file_missing", "the manifest lists the file, the package lacks it", file=name))
        elif container.sizes[name] != entry["bytes"]:
            found, allowed = str(container.sizes[name]), str(entry["bytes"])
            faults.append(Fault("size_mismatch", "other size than in the manifest", name, None, None, found, allowed))
        else:
            found = container.digest(name)
            if found != entry["sha256"]:
                allowed = str(entry["sha256"])
                faults.append(
                    Fault(
                        "hash_mismatch",
                        "other SHA-256 than in the manifest",
                        name,
                        None,
                        None,
                        found,
                        allowed,
                    )
                )
    return faults


def _check_validation(container: Container, names: list[str], package_hash: str) -> list[Fault]:
    """Check the latest run and every earlier one, which stand under `runs/` with the manifests that they had."""
    faults: list[Fault] = []
    values: dict[str, Any] = {}
    for name in names:
        if not name.endswith(".json") or name == "validation/manifest.json":
            continue
        try:
            values[name] = strict_json.parse(container.read(name, strict_json.MAXIMUM_BYTES), name)
        except ValidationInputError as error:
            faults.extend(error.faults)
            continue
        inner = _RUN.sub("", name)
        if inner in _SCHEMAS:
            found = schema_check.check(values[name], _SCHEMAS[inner], name)
            cited = {"comparison.json": ("later", "package_hash")}.get(inner, ("package_hash",))
            if not found and _at(values[name], cited) != package_hash:
                found = [Fault("annex_other_package", "was made for another package", name)]
            faults.extend(found)
        elif inner.startswith("evidence/"):
            faults.extend(evidence_check.check_evidence(values[name], name))
    return faults or [*_check_runs(container, names, values), *_check_conclusions(container, values)]


_RUN = re.compile(r"^validation/(?:runs/\d{4}/)?")
_SCHEMAS = {
    "findings.json": "findings.schema.json",
    "conclusion.json": "conclusion.schema.json",
    "comparison.json": "comparison.schema.json",
    "manifest.json": "annex.schema.json",
}


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def _check_runs(container: Container, names: list[str], values: Mapping[str, Any]) -> list[Fault]:
    """Every earlier run holds the files that its manifest listed when it was the latest, unaltered."""
    faults = []
    for manifest_name, manifest in values.items():
        if not manifest_name.startswith("validation/runs/") or not manifest_name.endswith("/manifest.json"):
            continue
        folder = manifest_name.removesuffix("manifest.json")
        listed = {
            name if name.startswith("runs/") else f"{folder.removeprefix('validation/')}{name}": entry
            for name, entry in manifest["files"].items()
        }
        own = [name for name in names if name.startswith(folder)]
        own += [f"validation/{name}" for name in listed if name.startswith("runs/")]
        faults.extend(check_files(container, listed, own, "validation/", manifest_name))
    return faults


def _check_conclusions(container: Container, values: Mapping[str, Any]) -> list[Fault]:
    """A conclusion cites the findings that stand beside it."""
    faults = []
    for name, value in values.items():
        if name.endswith("/conclusion.json"):
            beside = name.removesuffix("conclusion.json") + "findings.json"
            found = hashlib.sha256(container.read(beside)).hexdigest() if beside in values else None
            if found != value["findings_sha256"]:
                message = "the conclusion is of other findings"
                allowed = value["findings_sha256"]
                faults.append(Fault("hash_mismatch", message, name, "/findings_sha256", None, found, allowed))
    return faults
