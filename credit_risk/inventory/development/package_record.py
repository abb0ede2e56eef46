"""What the log of development takes from a package: data, seeds, versions, candidates with their headline figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from credit_risk._core import canonical_json
from credit_risk._core.errors import Fault, PackageError
from credit_risk._core.hashing import sha256_bytes
from credit_risk.inventory.development.plan_fields import plan_fields, stated_decisions
from credit_risk.inventory.service.binding import read_binding
from credit_risk.package.layout import MANIFEST, evidence_file
from credit_risk.package.source import Source, open_source

Json = Any
FINDINGS = "validation/findings.json"
HEADLINES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("performance.discrimination", ("auc", "gini", "ks")),
    ("performance.ranking", ("gini",)),
    ("performance.level", ("ratio", "deviance_explained", "mean_absolute_error")),
)
"""Tables of evidence by model and sample, and the measures of them that the log keeps."""


@dataclass(frozen=True, slots=True)
class PackageRecord:
    """What a package tells of the run that made it. `fields` are those of its plan; `result` is JSON for the log."""

    model: str
    version: str
    plan_sha256: str
    fields: Mapping[str, Json]
    software: Mapping[str, str]
    result: Mapping[str, Json]


def package_record(path: Path | str) -> PackageRecord:
    """Read a package, folder or zip, every hash checked. Raises PackageError: gone, changed, no plan in it."""
    held = read_binding(path)
    source = open_source(Path(path))
    manifest = canonical_json.from_bytes(source.read(MANIFEST), MANIFEST)
    plan = canonical_json.from_bytes(source.read("plan.json"), "plan.json")
    if not isinstance(plan, dict):
        raise PackageError(Fault("is not a plan", "plan_invalid", "plan.json"))
    result = {
        "package_hash": held.package_hash,
        "source": _kept(manifest.get("source"), ("name", "sha256", "rows", "columns", "kind")),
        "snapshot": _kept(manifest.get("snapshot"), ("sha256", "rows")),
        "seeds": manifest.get("seeds") or {},
        "candidates": _candidates(plan),
        "figures": list(_figures(source, manifest["files"])),
        "decisions": stated_decisions(plan),
        "validation": _validation(source, held.package_hash),
    }
    digest = sha256_bytes(source.read("plan.json"))
    software = manifest.get("libraries") or {}
    return PackageRecord(held.model, held.version, digest, plan_fields(plan), software, result)


def _kept(value: Json, names: tuple[str, ...]) -> dict[str, Json]:
    """Named items only: an address or a query of a source does not go into the log."""
    return {name: value[name] for name in names if isinstance(value, dict) and value.get(name) is not None}


def _candidates(plan: Mapping[str, Json]) -> list[dict[str, Json]]:
    return [
        {"id": one["id"], "type": one["type"], "champion": bool(one.get("champion"))}
        for one in plan.get("models") or ()
    ]


def _figures(source: Source, files: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    for identifier, measures in HEADLINES:
        name = evidence_file(identifier)
        if name not in files:
            continue
        content = canonical_json.from_bytes(source.read(name), name)
        if content["kind"] != "table":
            continue
        columns = [column["name"] for column in content["columns"]]
        for row in content["rows"]:
            cells = dict(zip(columns, row, strict=True))
            for measure in measures:
                if cells.get(measure) is not None:
                    told = {"model": cells["model"], "sample": cells["sample"], "measure": measure}
                    yield {**told, "value": cells[measure]}


def _validation(source: Source, package_hash: str) -> dict[str, Json] | None:
    """The validator's proposal and numbers of findings; None where there is none of this package."""
    if FINDINGS not in source.names():
        return None
    content = canonical_json.from_bytes(source.read(FINDINGS), FINDINGS)
    if not isinstance(content, dict) or content.get("package_hash") != package_hash:
        return None
    return {"recommendation": content["recommendation"], "counts": content["counts"]}
