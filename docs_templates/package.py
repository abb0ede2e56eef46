"""A model package as the documents see it: manifest, plan, model, evidence and the validator's annex, all verified."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from docs_templates import schema_check, strict_json
from docs_templates.errors import DocumentError, Fault
from docs_templates.evidence import Evidence, file_name
from docs_templates.governance import Governance
from docs_templates.language import say

Json = dict[str, Any]
CORE_EVIDENCE = "evidence/"
VALIDATION, EXPORTS = "validation/", "exports/"
MONITORING = "monitoring"
CARRIED = ("manifest.json", "model.json", "validation/manifest.json")
VERIFICATION = "verification.csv"
ANNEXES = ("exports", "validation")
"""Annexes that documents name by their hash; what is signed later cannot stand in what is signed."""


FILE_PRODUCERS = {"plan.json": "plan", "validation/findings.json": "validator"}
"""Who made a file that documents quote: the words `file.by_…`; all others are of the development run."""


@dataclass(frozen=True, slots=True)
class Package:
    """What the renderer may read. `findings` and `validation` (its annex manifest) are None where there is no annex.

    `verification`: bytes of verification.csv, verified; None where the package has none. `annexes`: kind of each annex
    to the SHA-256 of its manifest. `previous`: the package before, where one was named. `monitoring`: manifest of the
    run of monitoring, where one was named. `governance`: the governance file, where one was named.
    `documents`: name of each document that stands beside the one being made to its SHA-256. `sources`: bytes of the
    files that documents carry with them.
    """

    path: Path
    package_hash: str
    manifest: Json
    plan: Json
    model: Json
    evidence: dict[str, Evidence]
    validation: Json | None
    findings: Json | None
    verification: bytes | None = None
    annexes: dict[str, str] = field(default_factory=dict)
    previous: Package | None = None
    monitoring: Json | None = None
    governance: Governance | None = None
    documents: dict[str, str] = field(default_factory=dict)
    sources: Mapping[str, bytes] = field(default_factory=dict)

    def file(self, name: str) -> Evidence | None:
        """A file of the package that documents quote, as an entry of the evidence index; None where there is none."""
        if name == "manifest.json":
            digest: str | None = self.package_hash
        else:
            annex = name.startswith(VALIDATION)
            files = (self.validation or {}).get("files", {}) if annex else self.manifest["files"]
            digest = files.get(name.removeprefix(VALIDATION) if annex else name, {}).get("sha256")
        if digest is None:
            return None
        about = {"inputs": [], "producer": say(f"file.by_{FILE_PRODUCERS.get(name, 'run')}"), "notes": []}
        return Evidence(name, "file", say("file.of_package", name=name), name, digest, about)

    @property
    def champion(self) -> str:
        """Id of the plan's champion; the package's only model where the plan marks none."""
        models = self.plan.get("models") or []
        marked = [m["id"] for m in models if isinstance(m, dict) and m.get("champion")]
        return str(marked[0]) if marked else str(self.model["model"]["id"])


@dataclass(frozen=True, slots=True)
class _Container:
    """Names of the files and a way to read one."""

    names: frozenset[str]
    read: Callable[[str], bytes]
    lenient: bool = False


def read_package(path: Path) -> Package:
    """Read and verify a package, a folder or a zip. Raises DocumentError with all faults of one stage of reading."""
    package, faults = _read(_open(path))
    _refuse(faults)
    return replace(package, path=path)


def inspect_package(path: Path) -> tuple[Package, list[Fault]]:
    """A package as it lies there, and what is wrong with it: files of other bytes than the manifest says are read all
    the same, to tell what was altered. Raises DocumentError where there is no manifest to go by."""
    package, faults = _read(replace(_open(path), lenient=True))
    return replace(package, path=path), faults


def read_run(path: Path, package_hash: str) -> tuple[Json, dict[str, Evidence]]:
    """Manifest and evidence of a run of monitoring, verified. Raises DocumentError with all faults, also where it is
    a run of another package."""
    container = _open(path)
    name, faults = "manifest.json", list[Fault]()
    manifest = strict_json.parse(_needed(container, name), f"{path}/{name}")
    _refuse(schema_check.check(manifest, "annex.schema.json", name))
    if manifest["kind"] != MONITORING:
        faults.append(Fault("is no run of monitoring", "annex_kind", str(path), "/kind", found=manifest["kind"]))
    if manifest["package_hash"] != package_hash:
        remedy = "name the package that was monitored"
        message = "the run was made for another package"
        faults.append(Fault(message, "annex_other_package", str(path), found=manifest["package_hash"], remedy=remedy))
    _refuse(faults)
    evidence = _evidence(container, manifest["files"], CORE_EVIDENCE, "", faults)
    _refuse(faults)
    return manifest, {one.id: replace(one, file=f"{MONITORING}/{one.file}") for one in evidence.values()}


def stored_files(path: Path) -> tuple[frozenset[str], Callable[[str], bytes]]:
    """Names of all files of a package, and a way to read one. Raises DocumentError where there is no package."""
    container = _open(path)
    return container.names, container.read


def _read(container: _Container) -> tuple[Package, list[Fault]]:
    manifest_bytes = _needed(container, "manifest.json")
    manifest = strict_json.parse(manifest_bytes, "manifest.json")
    _refuse(schema_check.check(manifest, "manifest.schema.json", "manifest.json"))
    package_hash = hashlib.sha256(manifest_bytes).hexdigest()
    faults: list[Fault] = []
    plan = _core_json(container, manifest, "plan.json", faults)
    model = _core_json(container, manifest, "model.json", faults)
    evidence = _evidence(container, manifest["files"], CORE_EVIDENCE, "", faults)
    validation, findings = _annex(container, package_hash, evidence, faults)
    entry = manifest["files"].get(VERIFICATION)
    verification = _verified(container, VERIFICATION, entry, faults) if entry is not None else None
    annexes = _annexes(container, package_hash, faults)
    evidence.update(_parity(container, package_hash, faults))
    read = (package_hash, manifest, plan, model, evidence, validation, findings, verification, annexes)
    sources = {name: container.read(name) for name in CARRIED if name in container.names}
    return Package(Path(), *read, sources=sources), faults


def _annexes(container: _Container, package_hash: str, faults: list[Fault]) -> dict[str, str]:
    """Kind of each annex but that of documents, which is being written, to the SHA-256 of its manifest."""
    found = {}
    for kind in ANNEXES:
        name = f"{kind}/manifest.json"
        if name not in container.names:
            continue
        data = container.read(name)
        value = _json(data, name, faults)
        if value is not None and value.get("package_hash") != package_hash:
            faults.append(Fault("the annex was made for another package", "annex_other_package", name))
        found[kind] = hashlib.sha256(data).hexdigest()
    return found


def _parity(container: _Container, package_hash: str, faults: list[Fault]) -> dict[str, Evidence]:
    """Evidence in the annex of exports: what engines gave for them."""
    name = EXPORTS + "manifest.json"
    value = _json(container.read(name), name, faults) if name in container.names else None
    if value is None or value.get("package_hash") != package_hash:
        return {}
    wrong = schema_check.check(value, "annex.schema.json", name)
    faults.extend(wrong)
    return {} if wrong else _evidence(container, value["files"], CORE_EVIDENCE, EXPORTS, faults)


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise DocumentError(faults)


def _open(path: Path) -> _Container:
    if path.is_dir():
        names = (p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file() and not p.is_symlink())
        return _Container(frozenset(names), lambda name: (path / name).read_bytes())
    if not path.exists():
        raise DocumentError(Fault("no such package", "package_missing", file=str(path)))
    try:
        with zipfile.ZipFile(path) as archive:
            contents = {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
        raise DocumentError(
            Fault(f"neither a folder nor a readable zip: {error}", "package_unreadable", file=str(path))
        ) from error
    return _Container(frozenset(contents), contents.__getitem__)


def _needed(container: _Container, name: str) -> bytes:
    if name not in container.names:
        raise DocumentError(
            Fault("the package lacks the file", "file_missing", file=name, remedy="is this a model package?")
        )
    return container.read(name)


def _verified(container: _Container, name: str, entry: Json | None, faults: list[Fault]) -> bytes | None:
    if entry is None:
        faults.append(Fault("the manifest does not list the file", "file_extra", file=name))
        return None
    if name not in container.names:
        faults.append(Fault("the manifest lists the file, the package lacks it", "file_missing", file=name))
        return None
    data = container.read(name)
    found = hashlib.sha256(data).hexdigest()
    if found != entry["sha256"] or len(data) != entry["bytes"]:
        faults.append(
            Fault("other bytes than the manifest says", "hash_mismatch", name, found=found, allowed=entry["sha256"])
        )
        return data if container.lenient else None
    return data


def _json(data: bytes, name: str, faults: list[Fault]) -> Json | None:
    try:
        value = strict_json.parse(data, name)
    except DocumentError as error:
        faults.extend(error.faults)
        return None
    if not isinstance(value, dict):
        faults.append(Fault("not a JSON object", "schema", file=name))
        return None
    return value


def _core_json(container: _Container, manifest: Json, name: str, faults: list[Fault]) -> Json:
    data = _verified(container, name, manifest["files"].get(name), faults)
    return (_json(data, name, faults) if data is not None else None) or {}


def _evidence(
    container: _Container, listed: Json, folder: str, prefix: str, faults: list[Fault]
) -> dict[str, Evidence]:
    present = {name.removeprefix(prefix) for name in container.names if name.startswith(prefix + folder)}
    wanted = {name for name in listed if name.startswith(folder)}
    found = {}
    for name in sorted(present | wanted):
        data = _verified(container, prefix + name, listed.get(name), faults)
        value = _json(data, prefix + name, faults) if data is not None else None
        if value is None:
            continue
        wrong = schema_check.check_evidence(value, prefix + name)
        if not wrong and file_name(value["id"]) != name.removeprefix(folder):
            wrong = [Fault("the file is not named by the evidence id", "evidence_unknown", prefix + name, "/id")]
        faults.extend(wrong)
        if not wrong:
            item = Evidence(value["id"], value["kind"], value["title"], prefix + name, listed[name]["sha256"], value)
            found[item.id] = item
    return found


def _annex(
    container: _Container, package_hash: str, evidence: dict[str, Evidence], faults: list[Fault]
) -> tuple[Json | None, Json | None]:
    """The validator's annex; its evidence is added to `evidence`."""
    if not any(name.startswith(VALIDATION) for name in container.names):
        return None, None
    name = VALIDATION + "manifest.json"
    if name not in container.names:
        faults.append(Fault("the annex has no manifest", "manifest_missing", file=name))
        return None, None
    manifest = _json(container.read(name), name, faults)
    if manifest is None:
        return None, None
    wrong = schema_check.check(manifest, "annex.schema.json", name)
    if not wrong and (manifest["kind"] != "validation" or manifest["package_hash"] != package_hash):
        wrong = [
            Fault(
                "the annex was made for another package", "annex_other_package", name, "/package_hash",
                found=manifest["package_hash"], allowed=package_hash, remedy="validate the package again",
            )
        ]  # fmt: skip
    faults.extend(wrong)
    if wrong:
        return None, None
    before = len(faults)
    evidence.update(_evidence(container, manifest["files"], "evidence/", VALIDATION, faults))
    data = _verified(container, VALIDATION + "findings.json", manifest["files"].get("findings.json"), faults)
    findings = _json(data, VALIDATION + "findings.json", faults) if data is not None else None
    if findings is not None:
        faults.extend(schema_check.check(findings, "findings.schema.json", VALIDATION + "findings.json"))
        if len(faults) == before and findings["package_hash"] != package_hash:
            faults.append(
                Fault("the findings are of another package", "annex_other_package", VALIDATION + "findings.json")
            )
    faults.extend(_conclusion_faults(container, manifest["files"]))
    return manifest, findings


def _conclusion_faults(container: _Container, listed: Json) -> list[Fault]:
    """A conclusion is of the findings that stand beside it."""
    name = VALIDATION + "conclusion.json"
    if "conclusion.json" not in listed:
        return []
    faults: list[Fault] = []
    data = _verified(container, name, listed["conclusion.json"], faults)
    value = _json(data, name, faults) if data is not None else None
    if value is not None:
        faults.extend(schema_check.check(value, "conclusion.schema.json", name))
        if not faults and value["findings_sha256"] != listed["findings.json"]["sha256"]:
            faults.append(Fault("the conclusion is of other findings", "hash_mismatch", name, "/findings_sha256"))
    return faults
