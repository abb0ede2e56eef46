"""Packages that are small, and hold what the gates of the default policy ask for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from credit_risk._core import canonical_json
from credit_risk._core.hashing import sha256_bytes
from credit_risk.package.layout import FORMAT_VERSION

REGISTER = {
    "id": "limitations.register",
    "kind": "table",
    "columns": [{"name": name} for name in ("limitation", "text", "significance", "mitigant", "owner", "expiry")],
    "rows": [["1", "One issuer", "high", "followed monthly", "Head", "2099-12-31"]],
}
METRIC = {"id": "psi", "cut": {"red": 0.25}, "owner": "Head", "response": "look"}


def write_core(folder: Path, version: str = "1.0", content: str = "one", model: str = "cards") -> Path:
    """A folder with manifest, plan, evidence and model whose hashes hold."""
    files = {
        "plan.json": {"monitoring": {"metrics": [METRIC]}},
        "model.json": {"content": content},
        "evidence/authored.purpose.json": {"id": "authored.purpose", "kind": "statement"},
        "evidence/limitations.register.json": REGISTER,
    }
    _write(folder, files, {"model": {"id": model, "name": "Cards", "version": version}})
    return folder


def write_annex(package: Path, kind: str, files: dict[str, Any]) -> None:
    """An annex of a package."""
    cited = sha256_bytes((package / "manifest.json").read_bytes())
    head = {"format": "credit-risk-annex", "format_version": FORMAT_VERSION, "kind": kind, "package_hash": cited}
    _write(package / kind, files, {**head, "producer": "tests", "created": "2026-11-27T05:00:00Z"})


def validate(package: Path, recommendation: str = "approve", severity: str | None = None) -> None:
    """The annex of the validation: findings, one of them of `severity`, and a conclusion."""
    cited = sha256_bytes((package / "manifest.json").read_bytes())
    found = (
        [{"id": "VAL-1", "severity": severity, "statement": "Off", "remedy": "Mend", "due": None}] if severity else []
    )
    findings = {"package_hash": cited, "recommendation": recommendation, "findings": found}
    findings["counts"] = {severity: 1} if severity else {}
    data = canonical_json.to_bytes(findings)
    conclusion = {"package_hash": cited, "recommendation": recommendation, "findings_sha256": sha256_bytes(data)}
    write_annex(package, "validation", {"findings.json": findings, "conclusion.json": conclusion})


def document(package: Path, *names: str) -> None:
    """The annex of the documents."""
    write_annex(package, "documents", {f"{name}.pdf": f"%PDF {name}" for name in names})


def _write(folder: Path, files: dict[str, Any], manifest: dict[str, Any]) -> None:
    data = {
        name: value.encode() if isinstance(value, str) else canonical_json.to_bytes(value)
        for name, value in files.items()
    }
    manifest = {**manifest, "files": {name: {"bytes": len(d), "sha256": sha256_bytes(d)} for name, d in data.items()}}
    for name, content in {**data, "manifest.json": json.dumps(manifest, sort_keys=True).encode()}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
