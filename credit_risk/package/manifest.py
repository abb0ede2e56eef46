"""The manifest and the annex manifest as plain JSON values, and the hashes they hold."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from typing import Any

from credit_risk._core.clock import Clock, timestamp
from credit_risk._core.hashing import sha256_bytes
from credit_risk.package.layout import ANNEX_FORMAT, FORMAT, FORMAT_VERSION, SNAPSHOT

FileEntries = dict[str, dict[str, Any]]


def file_entry(data: bytes) -> dict[str, Any]:
    """Size and SHA-256 of one file."""
    return {"bytes": len(data), "sha256": sha256_bytes(data)}


def library_versions(*names: str) -> dict[str, str]:
    """Installed versions of those distributions among `names` that are installed."""
    versions = {}
    for name in names:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def build_manifest(
    files: FileEntries,
    *,
    model: Mapping[str, str],
    source: Mapping[str, Any],
    snapshot: Mapping[str, Any],
    seeds: Mapping[str, int],
    libraries: Mapping[str, str],
) -> dict[str, Any]:
    """The manifest of manifest.schema.json.

    `plan_sha256` is the hash of `plan.json`; where the snapshot travels, its hash is filled in.
    """
    snapshot = dict(snapshot)
    if snapshot.get("included") and SNAPSHOT in files:
        snapshot.setdefault("sha256", files[SNAPSHOT]["sha256"])
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "model": dict(model),
        "plan_sha256": files.get("plan.json", {}).get("sha256"),
        "source": dict(source),
        "snapshot": snapshot,
        "seeds": dict(seeds),
        "libraries": dict(libraries),
        "files": files,
    }


def build_annex_manifest(
    files: FileEntries, *, kind: str, package_hash: str, producer: str, clock: Clock, anchor: str | None = None
) -> dict[str, Any]:
    """The manifest of annex.schema.json, stamped by `clock`; `anchor`: head of the inventory's audit trail."""
    return {
        **({} if anchor is None else {"anchor": anchor}),
        "format": ANNEX_FORMAT,
        "format_version": FORMAT_VERSION,
        "kind": kind,
        "package_hash": package_hash,
        "producer": producer,
        "created": timestamp(clock()),
        "files": files,
    }
