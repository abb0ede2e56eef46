"""What a package itself says that a gate may ask for, read when it is registered; each with the hash of its file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from credit_risk._core import canonical_json
from credit_risk._core.hashing import sha256_bytes
from credit_risk.package.layout import MANIFEST, evidence_file
from credit_risk.package.source import Source, open_source

Json = Any
REGISTER, PARITY = "limitations.register", "exports/evidence/exports.engines.json"
NEEDED = ("significance", "mitigant", "owner", "expiry")
REDEPLOYMENT = "redeployment"
"""Key of the comparison with the live version, which is made of two packages when the new one is registered."""
PLAN, FINDINGS, CONCLUSION = "plan.json", "validation/findings.json", "validation/conclusion.json"
VERDICTS = {"agrees": "agree", "differs": "disagree", "failed": "disagree"}
KEPT = ("recommendation", "counts", "package_hash", "validator", "role", "conditions", "date", "findings_sha256")


def package_evidence(path: Path | str) -> dict[str, Json]:
    """Texts, limitations, monitoring, exports with their parity, findings and conclusion of a package, folder or zip.

    Raises PackageError where a file cannot be read. That files are as they were sealed is checked by who registers.
    """
    source = open_source(Path(path))
    return evidence_of(source, canonical_json.from_bytes(source.read(MANIFEST), MANIFEST)["files"])


def evidence_of(source: Source, files: Mapping[str, Json]) -> dict[str, Json]:
    """The same of an opened package; `files` are those of its manifest."""
    names = set(source.names())
    items = _items(source, files)
    told: dict[str, Json] = {
        "items": items,
        "texts": _texts(items),
        "limitations": _limitations(source, files),
        "exports": _exports(source, names),
    }
    if PLAN in names:
        told["monitoring"] = _monitoring(canonical_json.from_bytes(source.read(PLAN), PLAN))
    for key, name in (("findings", FINDINGS), ("conclusion", CONCLUSION)):
        if name in names:
            data = source.read(name)
            content = canonical_json.from_bytes(data, name)
            told[key] = {one: content[one] for one in KEPT if one in content} | {"sha256": sha256_bytes(data)}
    return told


def _items(source: Source, files: Mapping[str, Json]) -> dict[str, str]:
    """Kinds of evidence by id."""
    found = {}
    for name in files:
        if name.startswith("evidence/"):
            content = canonical_json.from_bytes(source.read(name), name)
            found[str(content["id"])] = str(content["kind"])
    return found


def _texts(items: Mapping[str, str]) -> dict[str, list[str]]:
    """Identifiers of authored texts, those that are provided and those that are missing."""
    told: dict[str, list[str]] = {"provided": [], "missing": []}
    for identifier, kind in sorted(items.items()):
        if identifier.startswith("authored."):
            told["missing" if kind == "not_provided" else "provided"].append(identifier)
    return told


def _limitations(source: Source, files: Mapping[str, Json]) -> dict[str, Json]:
    """How many limitations, what each lacks, and when each expires."""
    name = evidence_file(REGISTER)
    content: Json = canonical_json.from_bytes(source.read(name), name) if name in files else {"kind": "absent"}
    if content["kind"] != "table":
        return {"number": 0, "lacking": {}, "expiry": {}}
    columns = [column["name"] for column in content["columns"]]
    lacking, expiry = {}, {}
    for number, row in enumerate(content["rows"], start=1):
        cells = dict(zip(columns, row, strict=True))
        place = str(cells.get("limitation", number))
        open_ones = [key for key in NEEDED if cells.get(key) in (None, "")]
        if open_ones:
            lacking[place] = open_ones
        expiry[place] = cells.get("expiry")
    return {"number": len(content["rows"]), "lacking": lacking, "expiry": expiry, "sha256": files[name]["sha256"]}


def _monitoring(plan: Mapping[str, Json]) -> dict[str, Json]:
    """How many metrics the plan watches, and what each lacks of cut, owner and response."""
    spec = plan.get("monitoring") or {}
    metrics = spec.get("metrics") or []
    wanted = ("cut", "owner", "response")
    lacking = {str(one["id"]): [key for key in wanted if one.get(key) is None] for one in metrics}
    return {"metrics": len(metrics), "open": {name: keys for name, keys in lacking.items() if keys}}


def _exports(source: Source, names: set[str]) -> dict[str, Json]:
    """Files of the annex exports/, and what became of each export in each engine."""
    inside = sorted(name for name in names if name.startswith("exports/") and name != f"exports/{MANIFEST}")
    files = [name for name in inside if not name.startswith("exports/evidence/")]
    if PARITY not in names:
        return {"files": files, "parity": None}
    data = source.read(PARITY)
    return {
        "files": files,
        "parity": {**parity_of(canonical_json.from_bytes(data, PARITY)), "sha256": sha256_bytes(data)},
    }


def parity_of(content: Mapping[str, Json]) -> dict[str, list[str]]:
    """Engines and exports that agree with the package, and those that do not, from the evidence `exports.engines`.

    What no engine here could run is neither.
    """
    told: dict[str, list[str]] = {"agree": [], "disagree": []}
    if content["kind"] != "table":
        return told
    columns = [column["name"] for column in content["columns"]]
    for row in content["rows"]:
        cells = dict(zip(columns, row, strict=True))
        side = VERDICTS.get(str(cells["verdict"]))
        if side is not None:
            told[side].append(f"{cells['export']} in {cells['engine']}")
    return told
