"""A validation against an earlier one: what is closed, what remains, what is new, what changed its severity."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from validation import schema_check, strict_json
from validation.errors import Fault, ValidationInputError

CHANGES = ("closed", "remains", "severity_changed", "new", "not_retested")
"""`not_retested`: an earlier finding whose test did not run, or could not be evaluated, this time."""
RAN = ("pass", "review", "fail")


@dataclass(frozen=True, slots=True)
class Earlier:
    """The findings of an earlier validation as read, and the SHA-256 of their file."""

    findings: Mapping[str, Any]
    sha256: str


def read_earlier(path: str | Path) -> Earlier:
    """Return the findings of a findings.json, an annex or a package folder.

    Raises ValidationInputError where there is none (`earlier_missing`), or where it is no findings.json of a version
    that we know.
    """
    path = Path(path)
    places = [path] if path.is_file() else [path / "findings.json", path / "validation" / "findings.json"]
    file = next((place for place in places if place.is_file()), None)
    if file is None:
        remedy = "name a package with a validation, an annex or a findings.json"
        raise ValidationInputError(Fault("earlier_missing", "holds no findings.json", file=str(path), remedy=remedy))
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ValidationInputError(Fault("earlier_missing", f"cannot be read: {error.strerror}", str(file))) from error
    value = strict_json.parse(data, str(file))
    faults = schema_check.check(value, "findings.schema.json", str(file))
    if faults:
        raise ValidationInputError(faults)
    return Earlier(value, hashlib.sha256(data).hexdigest())


def compare_findings(earlier: Earlier, later: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of comparison.json: every finding of either validation with what became of it.

    A finding is the same where its id is, which follows test and quantity.
    """
    before = {item["id"]: item for item in earlier.findings["findings"]}
    now = {item["id"]: item for item in later["findings"]}
    ran = {item["test"] for item in later["coverage"] if item["outcome"] in RAN}
    rows = [_row(name, before.get(name), now.get(name), ran) for name in sorted({*before, *now})]
    rows.sort(key=lambda row: CHANGES.index(row["change"]))
    return {
        "format": "credit-risk-comparison",
        "format_version": "0.1",
        "earlier": {**_cited(earlier.findings), "findings_sha256": earlier.sha256},
        "later": _cited(later),
        "findings": rows,
        "counts": {change: sum(row["change"] == change for row in rows) for change in CHANGES},
    }


def _row(name: str, before: Mapping[str, Any] | None, now: Mapping[str, Any] | None, ran: set[str]) -> dict[str, Any]:
    one = now or before
    assert one is not None
    old, new = (None if item is None else item["severity"] for item in (before, now))
    if before is None:
        change = "new"
    elif now is None:
        change = "closed" if before["test"] in ran else "not_retested"
    else:
        change = "remains" if old == new else "severity_changed"
    return {
        "id": name,
        "change": change,
        "severity_before": old,
        "severity_now": new,
        "test": one["test"],
        "quantity": one["quantity"],
    }


def _cited(findings: Mapping[str, Any]) -> dict[str, Any]:
    return {key: findings[key] for key in ("model", "package_hash", "policy")}
