"""Findings: what a validator tells the developer, with severity, both values and the remedy."""

from __future__ import annotations

import platform
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from validation.policy import SEVERITIES, Policy

LIBRARIES = ("numpy", "scipy", "pandas", "pyarrow", "jsonschema")
DISTRIBUTION = "credit-risk-lifecycle"
Plain = float | int | str | bool | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding before it has an id; the id follows from test and quantity, so that a retest finds it again."""

    test: str
    severity: str
    quantity: str
    developer_value: Plain
    validator_value: Plain
    tolerance: float | None
    statement: str
    remedy: str
    evidence: tuple[str, ...]

    @property
    def stem(self) -> str:
        """The id: test and quantity (without its place), so that a retest has the same id whatever else it finds."""
        quantity = self.quantity.split(" (", 1)[0]
        test, told = (re.sub(r"[^A-Z0-9]+", "-", text.upper()).strip("-") for text in (self.test, quantity))
        return f"VAL-{test}" if not told or told in test else f"VAL-{test}-{told}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one test: `outcome` is pass, review, fail or not_evaluable (with its reason)."""

    test: str
    outcome: str
    compared: int
    cut: str | None
    reason: str | None
    finding: Finding | None = None


def number_findings(outcomes: Iterable[Outcome], known: Collection[str] | None = None) -> list[dict[str, Any]]:
    """Return the findings of findings.schema.json, most severe first, with their ids.

    `known` are the evidence ids and files of the package: references that do not resolve there, nor in the annex, are
    left away; a finding without any is told in the validator's own table of tests.
    """
    found = [outcome.finding for outcome in outcomes if outcome.finding is not None]
    found.sort(key=lambda item: SEVERITIES.index(item.severity))
    used: dict[str, int] = {}
    result = []
    for item in found:
        used[item.stem] = used.get(item.stem, 0) + 1
        suffix = "" if used[item.stem] == 1 else f"-{used[item.stem]}"
        result.append(
            {
                "id": item.stem + suffix,
                "severity": item.severity,
                "test": item.test,
                "quantity": item.quantity,
                "developer_value": item.developer_value,
                "validator_value": item.validator_value,
                "tolerance": item.tolerance,
                "statement": item.statement,
                "remedy": item.remedy,
                "evidence": _resolved(item.evidence, known),
                "owner": None,
                "due": None,
                "status": "open",
            }
        )
    return result


def _resolved(references: Iterable[str], known: Collection[str] | None) -> list[str]:
    if known is None:
        return list(references)
    found: list[str] = []
    for one in references:
        if one in known or one.startswith("validation."):
            found.append(one)
        else:
            found += sorted(name for name in known if name.startswith(f"{one}."))[:5]
    return list(dict.fromkeys(found)) or ["validation.coverage"]


def counts_of(findings: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many findings there are of each severity."""
    counts = dict.fromkeys(SEVERITIES, 0)
    for item in findings:
        counts[item["severity"]] += 1
    return counts


def recommendation(counts: Mapping[str, int]) -> str:
    """Return reject with a critical finding, approve_with_conditions with a high or medium one, else approve."""
    if counts["critical"]:
        return "reject"
    return "approve_with_conditions" if counts["high"] or counts["medium"] else "approve"


def findings_document(
    manifest: Mapping[str, Any],
    package_hash: str,
    policy: Policy,
    outcomes: Iterable[Outcome],
    evidence: Iterable[str] = (),
) -> dict[str, Any]:
    """Return the content of findings.json; `evidence` are the ids that the package holds."""
    outcomes = list(outcomes)
    findings = number_findings(outcomes, {*manifest.get("files", ()), *evidence})
    counts = counts_of(findings)
    return {
        "format": "credit-risk-findings",
        "format_version": "0.1",
        "model": dict(manifest["model"]),
        "package_hash": package_hash,
        "policy": {"name": policy.name, "version": policy.version, "sha256": policy.sha256},
        "validator": {"program": "credit-validate", "version": version(), "libraries": library_versions()},
        "findings": findings,
        "counts": counts,
        "coverage": [
            {
                "test": item.test,
                "outcome": item.outcome,
                "compared": item.compared,
                "cut": item.cut,
                "reason": item.reason,
            }
            for item in outcomes
        ],
        "recommendation": recommendation(counts),
    }


def version() -> str:
    """Return the version of the installed distribution, or `uninstalled` where it runs from a folder of sources."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "uninstalled"


def library_versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that the validation ran on."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in LIBRARIES}}
