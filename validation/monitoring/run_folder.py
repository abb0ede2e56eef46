"""A run of monitoring as it was written: its manifest, its files and its tables, each checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from validation import annex_check, schema_check, strict_json
from validation.container import open_container
from validation.errors import Fault, ValidationInputError
from validation.evidence_check import check_evidence

KIND, MANIFEST, DOCUMENTS, ALERTS = "monitoring", "manifest.json", "documents/", "alerts.json"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """manifest: that of the run's annex; evidence: by id; alerts: all of the log, as `alerts.json` of the run tells."""

    manifest: Mapping[str, Any]
    evidence: Mapping[str, Mapping[str, Any]]
    alerts: tuple[Mapping[str, Any], ...] = ()

    def table(self, name: str) -> pd.DataFrame | None:
        """Rows of `monitoring.<name>`, cells as written; None where the run has no such table."""
        item = self.evidence.get(f"monitoring.{name}")
        if item is None or "rows" not in item:
            return None
        names = [column["name"] for column in item["columns"]]
        return pd.DataFrame(item["rows"], columns=names, dtype=object)

    def reason(self, name: str) -> str:
        """Why the run has no such table, in its words."""
        item = self.evidence.get(f"monitoring.{name}")
        return "the run does not tell of it" if item is None else str(item.get("reason"))

    def about(self, item: str) -> str | None:
        """What `monitoring.run` says of an item."""
        frame = self.table("run")
        held = [] if frame is None else frame.loc[frame["item"] == item, "value"].tolist()
        return str(held[0]) if held else None


def read_run(folder: Path, package_hash: str) -> RunFolder:
    """Read and check a run of monitoring of the package of that hash.

    Raises ValidationInputError with every fault: no run, files that are absent, not listed or changed since, evidence
    that breaks its schema or its catalogue, a run of another package.
    """
    container = open_container(folder)
    faults = list(container.faults)
    if container.is_zip or MANIFEST not in container.sizes:
        message = "is no folder of a run of monitoring"
        raise ValidationInputError([*faults, Fault("manifest_missing", message, str(folder))])
    manifest = strict_json.parse(container.read(MANIFEST, strict_json.MAXIMUM_BYTES), MANIFEST)
    told = schema_check.check(manifest, "annex.schema.json", MANIFEST)
    if told:
        raise ValidationInputError([*faults, *told])
    if manifest["kind"] != KIND:
        faults.append(Fault("schema", "is no run of monitoring", MANIFEST, "/kind", None, manifest["kind"], KIND))
    if manifest["package_hash"] != package_hash:
        message, remedy = "the run is of another package", "name the package that was monitored"
        found = (manifest["package_hash"], package_hash)
        faults.append(Fault("annex_other_package", message, MANIFEST, "/package_hash", None, *found, remedy))
    present = [name for name in container.names if not name.startswith(DOCUMENTS)]
    faults += annex_check.check_files(container, manifest["files"], present, "", MANIFEST)
    if faults:
        raise ValidationInputError(faults)
    evidence = {}
    for name in sorted(manifest["files"]):
        if name.startswith("evidence/"):
            item = strict_json.parse(container.read(name, strict_json.MAXIMUM_BYTES), name)
            faults += check_evidence(item, name)
            evidence[str(item.get("id")) if isinstance(item, dict) else name] = item
    document: dict[str, Any] = {"alerts": ()}
    if ALERTS in manifest["files"]:
        document = strict_json.parse(container.read(ALERTS, strict_json.MAXIMUM_BYTES), ALERTS)
        faults += schema_check.check(document, "alerts.schema.json", ALERTS)
    if faults:
        raise ValidationInputError(faults)
    return RunFolder(manifest, evidence, tuple(document["alerts"]))
