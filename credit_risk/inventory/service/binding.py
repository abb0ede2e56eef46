"""What a sign-off binds of a package: the hash of its manifest and those of its annexes, every file of them checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from credit_risk._core import canonical_json
from credit_risk._core.errors import Fault, PackageError
from credit_risk._core.hashing import sha256_bytes
from credit_risk.inventory.contracts import VersionFacts
from credit_risk.inventory.gates.package_evidence import REDEPLOYMENT, evidence_of
from credit_risk.package.layout import ANNEX_KINDS, MANIFEST
from credit_risk.package.source import Source, open_source

Json = Any
UNBOUND = ("signatures",)
"""Kinds of annex that no sign-off binds: they hold what comes after it."""
DOCUMENTS = "documents"


@dataclass(frozen=True, slots=True)
class Binding:
    """Model and version of a package, its hash, those of its annexes by kind and of its documents by name.

    `evidence` is what the package itself says that a gate may ask for (`gates.package_evidence`).
    """

    model: str
    version: str
    package_hash: str
    annexes: Mapping[str, str]
    documents: Mapping[str, str]
    evidence: Mapping[str, Json]


def read_binding(path: Path | str) -> Binding:
    """Hashes of a package, folder or zip. Raises PackageError with every file that is absent or was changed, and
    where the package is gone."""
    path = Path(path)
    if not path.exists():
        remedy = "name the folder or the zip of the package"
        raise PackageError(Fault("there is no package here", "package_gone", str(path), remedy=remedy))
    source = open_source(path)
    raw = source.read(MANIFEST)
    manifest = canonical_json.from_bytes(raw, MANIFEST)
    try:
        model, version = manifest["model"]["id"], manifest["model"]["version"]
        faults = _changed(source, manifest["files"], "")
    except (KeyError, TypeError, AttributeError) as error:
        raise PackageError(Fault("is not the manifest of a package", "manifest_invalid", str(path))) from error
    package_hash = sha256_bytes(raw)
    annexes: dict[str, str] = {}
    documents: dict[str, str] = {}
    there = {name.split("/", 1)[0] for name in source.names() if "/" in name}
    for kind in (one for one in ANNEX_KINDS if one in there and one not in UNBOUND):
        held, wrong = _annex(source, kind, package_hash)
        faults += wrong
        if held is not None:
            annexes[kind] = sha256_bytes(source.read(f"{kind}/{MANIFEST}"))
            documents = {name: entry["sha256"] for name, entry in held.items()} if kind == DOCUMENTS else documents
    if faults:
        raise PackageError(faults)
    return Binding(model, version, package_hash, annexes, documents, evidence_of(source, manifest["files"]))


def compared(found: Binding, package: Path | str, previous: Path | str) -> Binding:
    """The binding with the comparison of its package with that of the live version. Raises PackageError."""
    from credit_risk.inventory.gates.redeployment import compare_versions
    from credit_risk.package.reader import read_package

    told = compare_versions(read_package(Path(package)), read_package(Path(previous))).as_evidence()
    return replace(found, evidence={**found.evidence, REDEPLOYMENT: told})


def binding_faults(facts: VersionFacts, path: Path | str) -> tuple[Fault, ...]:
    """What of the package in `path` is not what the inventory has of the version: core, annexes, documents."""
    place = f"{facts.model} {facts.version}"
    try:
        found = read_binding(path)
    except PackageError as error:
        return error.faults
    faults = []
    if facts.package_hash is None:
        faults.append(Fault("the inventory has no package of it", "no_package", place))
    elif found.package_hash != facts.package_hash:
        message = "the package is not the one that was registered: its sign-offs do not count for it"
        faults.append(
            Fault(message, "other_hash", place, path=MANIFEST, found=found.package_hash, allowed=facts.package_hash)
        )
    for kind, digest in facts.annexes.items():
        if found.annexes.get(kind) != digest:
            message = "the annex is not the one that was registered"
            faults.append(
                Fault(message, "other_annex", place, path=kind, found=found.annexes.get(kind), allowed=digest)
            )
    return tuple(faults)


def _changed(source: Source, files: Mapping[str, Mapping[str, Json]], folder: str) -> list[Fault]:
    faults: list[Fault] = []
    for name, entry in files.items():
        try:
            data = source.read(folder + name)
        except PackageError as error:
            faults += error.faults
            continue
        if sha256_bytes(data) != entry["sha256"]:
            faults.append(Fault("was changed after it was sealed", "hash_mismatch", folder + name))
    return faults


def _annex(source: Source, kind: str, package_hash: str) -> tuple[Mapping[str, Any] | None, list[Fault]]:
    name = f"{kind}/{MANIFEST}"
    try:
        manifest = canonical_json.from_bytes(source.read(name), name)
        files, cited = manifest["files"], manifest["package_hash"]
        faults = _changed(source, files, f"{kind}/")
    except PackageError as error:
        return None, list(error.faults)
    except (KeyError, TypeError, AttributeError):
        return None, [Fault("is not the manifest of an annex", "annex_invalid", name)]
    if cited != package_hash:
        faults.append(Fault("cites another package", "annex_of_another", name, found=cited, allowed=package_hash))
    return files, faults
