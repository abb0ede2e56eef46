"""What the model inventory says of the version: a governance file, held against the package, and its control lines."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from docs_templates import formatting, schema_check, strict_json
from docs_templates.document import Attachment
from docs_templates.errors import DocumentError, Fault
from docs_templates.evidence import Cell, Evidence
from docs_templates.language import day, instant, say

Json = dict[str, Any]
SCHEMA = "governance.schema.json"
FILE = "governance.json"
PLACE = f"documents/{FILE}"
"""Where the file lies in a package whose documents were made with it."""
DOCUMENTS = "documents"
SIGNED = "governance.sign_offs"
STATED = {name: name for name in ("gate", "decision", "role", "person", "comment", "subject_hash")}
STATED |= {"moment": "at", "expiry": "expires"}
"""Columns of the table of sign-offs that tell what the signed statement says, and its names for them."""


@dataclass(frozen=True, slots=True)
class Governance:
    """A governance file: its bytes, their SHA-256, the text of its anchor, and whether sign-offs that count bind the
    documents of the package."""

    data: bytes
    sha256: str
    as_of: str
    anchor: str
    binds_documents: bool


def read_governance(path: Path, package_hash: str, model: Mapping[str, Any]) -> tuple[Governance, dict[str, Evidence]]:
    """The file at `path` and its evidence. Raises DocumentError with all faults, also where it is of another package;
    OSError where it cannot be read."""
    data = path.read_bytes()
    content = strict_json.parse(data, str(path))
    _refuse(schema_check.check(content, SCHEMA, str(path)))
    if content["package_hash"] != package_hash:
        remedy = "export the governance of this package: credit-risk inventory governance MODEL VERSION --out FILE"
        raise DocumentError(
            Fault(
                "the governance file is of another package", "governance_other_package", str(path), "/package_hash",
                found=content["package_hash"], allowed=package_hash, remedy=remedy,
            )
        )  # fmt: skip
    digest = hashlib.sha256(data).hexdigest()
    faults = _identity_faults(content, model, str(path))
    evidence: dict[str, Evidence] = {}
    for place, item in enumerate(content["evidence"]):
        wrong = schema_check.check_evidence(item, f"{path}: evidence {place + 1}")
        if not wrong and item["id"] in evidence:
            wrong = [Fault("two items of one id", "schema", str(path), f"/evidence/{place}", found=item["id"])]
        faults += wrong
        if not wrong:
            evidence[item["id"]] = Evidence(item["id"], item["kind"], item["title"], PLACE, digest, item)
    faults += _missing(evidence, str(path))
    _refuse(faults)
    _refuse(_statement_faults(content["sign_offs"], evidence[SIGNED], str(path)))
    return _governance(data, digest, content, evidence[SIGNED]), evidence


def _governance(data: bytes, digest: str, content: Json, signed: Evidence) -> Governance:
    counting = {row["event_number"] for row in _dicts(signed) if row["counts"]}
    binds = any(DOCUMENTS in one["statement"].get("annexes", {}) for one in content["sign_offs"]
                if one["sequence"] in counting)  # fmt: skip
    return Governance(data, digest, content["as_of"], content["anchor"]["text"], binds)


def _identity_faults(content: Json, model: Mapping[str, Any], file: str) -> list[Fault]:
    found, allowed = (content["model"], content["version"]), (model["id"], model["version"])
    if found == allowed:
        return []
    message = "the governance file names another model or version"
    return [Fault(message, "governance_other_package", file, found=" ".join(found), allowed=" ".join(allowed))]


def _missing(evidence: Mapping[str, Evidence], file: str) -> list[Fault]:
    """Items of the catalogue that the file lacks, or has and the catalogue lacks, or with other columns."""
    entries = {
        one["id"]: [column["name"] for column in one["columns"]]
        for one in schema_check.load("evidence_catalogue.json")["entries"]
        if one["id"].startswith("governance.")
    }
    faults = [
        Fault("the file lacks the evidence", "evidence_missing", file, found=n) for n in entries.keys() - evidence
    ]
    faults += [
        Fault("not in the catalogue", "evidence_unknown", file, found=n) for n in evidence.keys() - entries.keys()
    ]
    faults += [
        Fault("columns are not those of the catalogue", "evidence_unknown", file, found=name)
        for name, item in evidence.items()
        if name in entries and not item.is_absent and [one.name for one in item.columns] != entries[name]
    ]
    return sorted(faults, key=lambda one: (one.message, one.found or ""))


def _statement_faults(sign_offs: list[Json], table: Evidence, file: str) -> list[Fault]:
    """Signed statements that do not have their SHA-256, or say something else than their row of the table."""
    told = {row["event_number"]: row for row in _dicts(table)}
    faults = []
    if list(told) != [one["sequence"] for one in sign_offs]:
        faults.append(Fault("signed statements are not those of the table", "hash_mismatch", file, "/sign_offs"))
    for place, one in enumerate(sign_offs):
        row, path = told.get(one["sequence"], {}), f"/sign_offs/{place}"
        digest = hashlib.sha256(strict_json.write(one["statement"])).hexdigest()
        if digest != one["statement_sha256"]:
            message, allowed = "the signed statement does not have its SHA-256", one["statement_sha256"]
            faults.append(Fault(message, "hash_mismatch", file, path, found=digest, allowed=allowed))
        held = {column: one["statement"].get(name) for column, name in STATED.items()}
        held |= {"statement_sha256": digest, "key_fingerprint": one["fingerprint"], "void": one["void"]}
        held["conditions"] = "; ".join(one["statement"].get("conditions") or ()) or None
        faults += [
            Fault(f"the table tells another {column} than was signed", "hash_mismatch", file, path,
                  found=str(row[column]), allowed=str(value))
            for column, value in held.items()
            if row and row[column] != value
        ]  # fmt: skip
    return faults


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise DocumentError(faults)


def _dicts(item: Evidence) -> list[dict[str, Cell]]:
    names = [one.name for one in item.columns]
    return [dict(zip(names, row, strict=True)) for row in item.rows]


# ----------------------------------------------------------------------------------------- in each document
def control_lines(
    governance: Governance | None, evidence: Mapping[str, Evidence], *, brief: bool = False
) -> tuple[tuple[str, str], ...]:
    """Lines of a control page, label and text: stage, tier, persons, next dates, the file and its anchor; the gist of
    them where the document is brief. None without a governance file."""
    if governance is None:
        return ()
    stage, tier = _stage(evidence), _tier(evidence)
    file = say("governance.file_as_of", digest=governance.sha256, as_of=day(governance.as_of))
    trail = (say("governance.audit_trail"), governance.anchor)
    if brief:
        gist = say("governance.gist", stage=stage, tier=tier)
        return ((say("governance.standing"), gist), (say("governance.file"), file), trail)
    return (
        (say("governance.standing"), stage),
        (say("governance.tier"), tier),
        (say("governance.persons"), _persons(evidence)),
        (say("governance.next_dates"), _next_dates(evidence)),
        (say("governance.file"), file),
        trail,
    )


def attachments(governance: Governance | None) -> tuple[Attachment, ...]:
    """The file, to travel within a document."""
    if governance is None:
        return ()
    return (Attachment(FILE, governance.data, say("governance.attachment"), relationship="Source"),)


def _stage(evidence: Mapping[str, Evidence]) -> str:
    (row,) = [one for one in _dicts(evidence["governance.versions"]) if one["current"]]
    said = say("governance.stage_since", stage=_word("stage", row["stage"]), since=_instant(row["entered"]))
    if row["expiry"] is not None:
        said = say("governance.until", said=said, expiry=day(str(row["expiry"])))
    if row["superseded_by"] is not None:
        said = say("governance.superseded", said=said, version=row["superseded_by"])
    return said


def _tier(evidence: Mapping[str, Evidence]) -> str:
    held = {str(row["fact"]): row["value"] for row in _dicts(evidence["governance.model"])}
    if held.get("tier") is None:
        return say("governance.no_tier")
    named = {"tier": held["tier"], "rule": held["tier_rule"], "computed": held["tier_computed"]}
    if held.get("tier_override") is not None:
        return say("governance.tier_set", **named, override=held["tier_override"])
    return say("governance.tier_by_rule", tier=held["tier"], rule=held["tier_rule"])


def _persons(evidence: Mapping[str, Evidence]) -> str:
    people: dict[str, list[str]] = {}
    for row in _dicts(evidence["governance.persons"]):
        if row["until"] is None:
            people.setdefault(_word("role", row["role"]), []).append(str(row["person"]))
    told = [f"{role}: {', '.join(dict.fromkeys(names))}" for role, names in people.items()]
    return "; ".join(told) or say("governance.nobody")


def _next_dates(evidence: Mapping[str, Evidence]) -> str:
    rows = _dicts(evidence["governance.dates"])
    return "; ".join(f"{_word('occasion', row['occasion'])}: {day(str(row['due']))}" for row in rows) or say(
        "governance.no_dates"
    )


def _word(column: str, cell: Cell) -> str:
    return formatting.word(column, str(cell))


def _instant(cell: Cell) -> str:
    return instant(datetime.fromisoformat(str(cell)))
