"""Annexes of a package: each has a manifest that cites the package hash and lists every file of the annex."""

from __future__ import annotations

from collections.abc import Iterable

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
    faults: list[Fault] = []
    for name in names:
        if not name.endswith(".json") or name == "validation/manifest.json":
            continue
        try:
            value = strict_json.parse(container.read(name, strict_json.MAXIMUM_BYTES), name)
        except ValidationInputError as error:
            faults.extend(error.faults)
            continue
        if name == "validation/findings.json":
            found = schema_check.check(value, "findings.schema.json", name)
            if not found and value["package_hash"] != package_hash:
                found = [Fault("annex_other_package", "the findings are of another package", name)]
            faults.extend(found)
        elif name.startswith("validation/evidence/"):
            faults.extend(evidence_check.check_evidence(value, name))
    return faults
