"""The validator's policy: materiality, tolerances, cuts of the battery, checks, deadlines. Owned by validation."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from validation import materiality, strict_json
from validation.container import read_file
from validation.errors import Fault, ValidationInputError
from validation.materiality import EFFECTS, SEVERITIES, Row

MAXIMUM_BYTES = 16 * 1024 * 1024
KINDS = ("exact", "absolute", "relative")
SECTIONS = ("materiality", "tolerances", "cuts", "checks", "deadlines")


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far two values may lie apart.

    `exact`: equal. `absolute`: |d − v| ≤ value. `relative`: |d − v| ≤ value·max(|d|, |v|, floor), so that values
    smaller than `floor` are compared as if they were of its size (a difference near zero has no meaningful ratio).
    `effect` is what a breach is graded by (a row of the matrix of materiality, or `rule` with its fixed `severity`);
    `material`, where given, is the size from which it is material, in the unit of the difference.
    """

    kind: str
    value: float
    floor: float
    effect: str
    material: float | None
    severity: str | None
    reason: str

    def excess(self, developer: ArrayLike, validator: ArrayLike) -> NDArray[np.float64]:
        """Return the difference (n,) in the unit of the tolerance; NaN on one side only is infinite."""
        d, v = np.asarray(developer, dtype=np.float64), np.asarray(validator, dtype=np.float64)
        one, both = np.isnan(d) != np.isnan(v), np.isnan(d) & np.isnan(v)
        with np.errstate(invalid="ignore"):
            difference = np.abs(d - v)
            if self.kind == "relative":
                difference = difference / np.maximum(np.maximum(np.abs(d), np.abs(v)), self.floor)
        difference = np.where(d == v, 0.0, difference)
        return np.where(both, 0.0, np.where(one | np.isnan(difference), np.inf, difference))


@dataclass(frozen=True, slots=True)
class Cut:
    """A limit of the battery, and the severity of passing it."""

    value: float
    severity: str
    reason: str


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy as read; `sha256` is that of its bytes."""

    name: str
    version: str
    sha256: str
    tolerances: Mapping[str, Tolerance]
    cuts: Mapping[str, Cut]
    checks: Mapping[str, str]
    materiality: Mapping[str, Row]
    deadlines: Mapping[str, int]
    """Days within which a finding is to be remedied, by severity."""

    def fixed(self, rule: str) -> str:
        """The fixed severity of a tolerance whose effect is a breached rule."""
        severity = self.tolerances[rule].severity
        if severity is None:
            raise ValueError(f"{rule} has no fixed severity")
        return severity


def read_policy(path: str | Path | None = None) -> Policy:
    """Return the policy of a file, or the one that ships; raises ValidationInputError with all its faults.

    A policy of one's own names every tolerance, cut and check of the one that ships: nothing is assumed.
    """
    shipped = resources.files("validation").joinpath("policy.json").read_bytes()
    data = shipped if path is None else read_file(Path(path), MAXIMUM_BYTES, "policy_invalid")
    file = "policy.json" if path is None else Path(path).name
    value = strict_json.parse(data, file)
    faults = _faults(value, strict_json.parse(shipped, "policy.json"), file)
    if faults:
        raise ValidationInputError(faults)
    tolerances = {
        name: Tolerance(
            item["kind"],
            float(item["value"]),
            float(item.get("floor", 0.0)),
            item["effect"],
            None if item.get("material") is None else float(item["material"]),
            item.get("severity"),
            item["reason"],
        )
        for name, item in value["tolerances"].items()
    }
    cuts = {name: Cut(float(item["value"]), item["severity"], item["reason"]) for name, item in value["cuts"].items()}
    digest = hashlib.sha256(data).hexdigest()
    matrix = materiality.parse(value["materiality"])
    deadlines = {name: value["deadlines"][name] for name in SEVERITIES if name in value["deadlines"]}
    return Policy(value["name"], value["version"], digest, tolerances, cuts, dict(value["checks"]), matrix, deadlines)


def _faults(value: Any, shipped: dict[str, Any], file: str) -> list[Fault]:
    if not isinstance(value, dict):
        return [Fault("policy_invalid", "is not an object", file)]
    faults = []
    if value.get("format_version") != shipped["format_version"] or value.get("format") != shipped["format"]:
        faults.append(Fault("version_unknown", "not a policy of a version that we know", file, "/format_version"))
    for key in sorted(set(value) ^ set(shipped)):
        word = "unknown" if key in value else "missing"
        faults.append(Fault("policy_invalid", f"{word} key", file, f"/{key}"))
    for key in ("name", "version"):
        if not isinstance(value.get(key), str) or not value[key]:
            faults.append(Fault("policy_invalid", "not a text", file, f"/{key}"))
    for section in SECTIONS:
        given = value.get(section)
        if not isinstance(given, dict):
            faults.append(Fault("policy_invalid", "not an object", file, f"/{section}"))
            continue
        for name in sorted(set(given) ^ set(shipped[section])):
            word = "unknown" if name in given else "missing"
            faults.append(Fault("policy_invalid", f"{word} rule", file, f"/{section}/{name}"))
        for name, item in given.items():
            reason = _rule_fault(section, item)
            if reason:
                faults.append(Fault("policy_invalid", reason, file, f"/{section}/{name}"))
    return faults


def _rule_fault(section: str, item: Any) -> str | None:
    if section == "checks":
        return None if item in SEVERITIES else "not a severity"
    if section == "deadlines":
        whole = isinstance(item, int) and not isinstance(item, bool) and item > 0
        return None if whole else "not a whole number of days above 0"
    if section == "materiality":
        return materiality.fault(item)
    if not isinstance(item, dict):
        return "not an object"
    return _cut_fault(item) if section == "cuts" else _tolerance_fault(item)


def _cut_fault(item: Mapping[str, Any]) -> str | None:
    keys = {"value", "severity", "reason"}
    if set(item) != keys:
        return f"has not the keys {sorted(keys)}"
    if item["severity"] not in SEVERITIES:
        return f"severity is not one of {SEVERITIES}"
    return _value_fault(item)


def _tolerance_fault(item: Mapping[str, Any]) -> str | None:
    if item.get("effect") not in EFFECTS:
        return f"effect is not one of {EFFECTS}"
    if item.get("kind") not in KINDS:
        return f"kind is not one of {KINDS}"
    needed, rule = {"effect", "kind", "reason", "value"}, item["effect"] == "rule"
    needed |= {"severity"} if rule else set()
    allowed = needed | {"floor"} | (set() if rule else {"material"})
    if not needed <= set(item) <= allowed:
        return f"has not the keys {sorted(needed)} (of {sorted(allowed)})"
    if rule and item["severity"] not in SEVERITIES:
        return f"severity is not one of {SEVERITIES}"
    if item["kind"] == "absolute" and not rule and "material" not in item:
        return "an absolute difference has no share: state what is material, in its own unit"
    if item.get("material") == 0:
        return "material is not above 0"
    return _value_fault(item)


def _value_fault(item: Mapping[str, Any]) -> str | None:
    for key in ("value", "floor", "material"):
        number = item.get(key, 0.0)
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not 0 <= number < np.inf:
            return f"{key} is not a number of at least 0"
    return None if isinstance(item["reason"], str) else "reason is not a text"
