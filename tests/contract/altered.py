"""A copy of a package in which one file was changed and the hashes made right again, as a forger would."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from credit_risk._core import canonical_json
from validation import ValidationRun, read_package, validate

ANNEXES = ("validation", "documents", "exports")
SNAPSHOT = "data/snapshot.parquet"


def altered(package: Path, to: Path, file: str, change: Callable[[Any], None]) -> Path:
    """The package with `change` applied to the JSON of `file`; sealed again, without its annexes."""
    shutil.copytree(package, to, ignore=shutil.ignore_patterns(*ANNEXES))
    value = json.loads((to / file).read_text("utf-8"))
    change(value)
    return reseal(to, file, canonical_json.to_bytes(value))


def reseal(folder: Path, file: str, data: bytes) -> Path:
    """Write `data` to a file of the package and correct the manifest."""
    (folder / file).write_bytes(data)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["files"][file] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    manifest["plan_sha256"] = manifest["files"]["plan.json"]["sha256"]
    (folder / "manifest.json").write_bytes(canonical_json.to_bytes(manifest))
    return folder


def cell(row: int, column: str, change: Callable[[Any], Any]) -> Callable[[Any], None]:
    """Change one cell of a table of evidence."""

    def apply(item: Any) -> None:
        place = [one["name"] for one in item["columns"]].index(column)
        item["rows"][row][place] = change(item["rows"][row][place])

    return apply


def failures(folder: Path) -> dict[str, str]:
    """Severity of every finding above observation that is not of the battery, by test."""
    run: ValidationRun = validate(read_package(folder))
    found = run.findings["findings"]
    return {
        item["test"]: item["severity"]
        for item in found
        if item["severity"] != "observation" and not item["test"].startswith("battery")
    }


def without_snapshot(package: Path, to: Path) -> Path:
    """The package as where its data may not travel: without snapshot and annexes, sealed again."""
    shutil.copytree(package, to, ignore=shutil.ignore_patterns(*ANNEXES))
    (to / SNAPSHOT).unlink()
    manifest = json.loads((to / "manifest.json").read_text("utf-8"))
    del manifest["files"][SNAPSHOT]
    manifest["snapshot"]["included"] = False
    (to / "manifest.json").write_bytes(canonical_json.to_bytes(manifest))
    return to


def restated(package: Path, change: Callable[[Any], None]) -> Path:
    """The package with its manifest changed in place."""
    path = package / "manifest.json"
    value = json.loads(path.read_text("utf-8"))
    change(value)
    path.write_bytes(canonical_json.to_bytes(value))
    return package
