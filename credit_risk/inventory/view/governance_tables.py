"""The governance of a version as tables of evidence (`governance.*`), each there or said not to apply."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from credit_risk._core.evidence import Cell, Evidence, absent, catalogue, table
from credit_risk.inventory import kinds
from credit_risk.inventory.audit.event import Event
from credit_risk.inventory.contracts import OWNER, PROPOSED, FindingFacts, ModelFacts, VersionFacts
from credit_risk.inventory.development.log import read_decisions, read_experiments
from credit_risk.inventory.view.development import changed_words

Json = Any
Row = tuple[Cell, ...]
SOURCE = "audit.jsonl"


@dataclass(frozen=True, slots=True)
class Signature:
    """A signed statement with what verifies it: Ed25519 over its canonical bytes. `void`: why it no longer counts."""

    sequence: int
    person: str
    statement: Mapping[str, Json]
    statement_sha256: str
    fingerprint: str
    public_key: str
    signature: str
    void: str | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is told of a version: the model, all its versions, findings that bear on it with their steps, all events of
    the model, and the signatures of the version's sign-offs."""

    model: ModelFacts
    version: VersionFacts
    versions: tuple[VersionFacts, ...]
    findings: tuple[FindingFacts, ...]
    steps: tuple[Mapping[str, Json], ...]
    events: tuple[Event, ...]
    signatures: tuple[Signature, ...]


def governance_evidence(facts: Facts) -> tuple[Evidence, ...]:
    """One item for each entry `governance.*` of the catalogue, in its order."""
    found = []
    for name, (rows_of, reason) in TABLES.items():
        rows = rows_of(facts)
        columns = [column["name"] for column in catalogue()[name].columns]
        frame = pd.DataFrame([list(row) for row in rows], columns=columns, dtype=object)
        found.append(table(name, frame, inputs=(SOURCE,)) if rows else absent(name, "not_applicable", reason))
    return tuple(found)


def _model(facts: Facts) -> Sequence[Row]:
    model, tier = facts.model, facts.model.tier
    override = None if tier is None or tier.override_by is None else f"{tier.override_reason} ({tier.override_by})"
    told = {
        "owner": model.owner,
        "vendor": model.vendor,
        "products": ", ".join(model.products) or None,
        "purpose": model.purpose,
        "intended_use": model.intended_use,
        "actual_use": model.actual_use,
        "boundaries": model.boundaries,
        "tier": None if tier is None else tier.tier,
        "tier_computed": None if tier is None else tier.computed,
        "tier_rule": None if tier is None else tier.rule_version,
        "tier_override": override,
        "live_version": model.live_version,
    }
    return tuple(told.items())


def _versions(facts: Facts) -> Sequence[Row]:
    return [
        (
            *(one.version, one.version == facts.version.version, one.stage, one.entered, one.package_hash),
            *(one.expires, one.superseded_by, one.override),
        )
        for one in facts.versions
    ]


def _persons(facts: Facts) -> Sequence[Row]:
    rows: list[Row] = [(one.role, one.person, one.since, one.until) for one in facts.version.roles]
    owner = facts.model.owner
    if owner is not None and not any(row[:2] == (OWNER, owner) and row[3] is None for row in rows):
        rows.append((OWNER, owner, None, None))
    return rows


def _sign_offs(facts: Facts) -> Sequence[Row]:
    rows = []
    for one, signed in zip(facts.version.sign_offs, facts.signatures, strict=True):
        over_this = one.gate == PROPOSED or one.subject_hash == facts.version.package_hash
        rows.append(
            (
                *(one.sequence, one.gate, one.decision, one.role, one.person, one.at, one.expires),
                *("; ".join(one.conditions) or None, signed.statement["comment"], one.void is None and over_this),
                *(one.void, one.subject_hash, one.gate_text_sha256, signed.statement_sha256, signed.fingerprint),
            )
        )
    return rows


def _provisions(facts: Facts) -> Sequence[Row]:
    return [
        (one.id, one.kind, one.version, one.text, one.by, one.since, one.expires, one.ended)
        for one in (*facts.model.provisions, *facts.version.provisions)
    ]


def _dates(facts: Facts) -> Sequence[Row]:
    return sorted(facts.model.dates.items(), key=lambda item: (item[1], item[0]))


def _findings(facts: Facts) -> Sequence[Row]:
    return [
        (
            *(one.id, one.version, one.severity, one.title, one.statement, one.status, one.raised, one.due),
            *(one.owner, one.source, one.closed),
        )
        for one in facts.findings
    ]


def _steps(facts: Facts) -> Sequence[Row]:
    names = ("sequence", "finding", "step", "person", "at", "outcome", "text")
    return [tuple(step[name] for name in names) for step in facts.steps]


def _experiments(facts: Facts) -> Sequence[Row]:
    rows: list[Row] = []
    for one in read_experiments(facts.events):
        digest = (one.result.get("source") or {}).get("sha256")
        told = (one.id, one.version, one.person, one.started, one.ended, one.outcome, changed_words(one))
        rows.append((*told, digest, one.package_hash, one.error))
    return rows


def _decisions(facts: Facts) -> Sequence[Row]:
    return [
        (
            *(one.sequence, one.version, one.at, one.person, one.about, one.decision, one.reason),
            *("; ".join(one.rejects) or None, "; ".join(one.evidence) or None, one.experiment),
        )
        for one in read_decisions(facts.events)
    ]


def _history(facts: Facts) -> Sequence[Row]:
    rows = []
    for one in facts.events:
        if one.kind in CHANGES:
            before, after, reason = CHANGES[one.kind](one.payload)
            told = (one.sequence, one.at, one.version, one.kind, before, after, reason, one.actor, one.hash)
            rows.append(told)
    return rows


Change = Callable[[Mapping[str, Json]], tuple[str | None, str | None, str | None]]
CHANGES: dict[str, Change] = {
    kinds.MODEL_ENTERED: lambda told: (None, None, None),
    kinds.MODEL_DESCRIBED: lambda told: (None, ", ".join(sorted(told)), None),
    kinds.TIER_SET: lambda told: (None, told["tier"], told.get("override_reason")),
    kinds.VERSION_PROPOSED: lambda told: (None, told["proposal_hash"], None),
    kinds.PROPOSAL_CHANGED: lambda told: (None, told["proposal_hash"], None),
    kinds.PACKAGE_REGISTERED: lambda told: (None, told["package_hash"], None),
    kinds.SIGNED_OFF: lambda told: (
        told["statement"]["gate"],
        told["statement"]["decision"],
        told["statement"]["comment"],
    ),
    kinds.SIGN_OFFS_VOIDED: lambda told: (", ".join(str(one) for one in told["sign_offs"]), None, told["reason"]),
    kinds.STAGE_ENTERED: lambda told: (told["from"], told["to"], told.get("reason")),
    kinds.ROLLED_BACK: lambda told: (told["from"], None, told["reason"]),
    kinds.OVERRIDDEN: lambda told: (None, told["statement"]["gate"], told["statement"]["reason"]),
}
"""Events that are changes of a model or a version: what was before, what is after, and why."""

TABLES: dict[str, tuple[Callable[[Facts], Sequence[Row]], str]] = {
    "governance.model": (_model, ""),
    "governance.versions": (_versions, ""),
    "governance.history": (_history, ""),
    "governance.persons": (_persons, "nobody has a role on the version"),
    "governance.sign_offs": (_sign_offs, "nobody has signed for the version"),
    "governance.provisions": (_provisions, "no restriction, exception, limitation or condition is recorded"),
    "governance.dates": (_dates, "no next date of the model is set"),
    "governance.findings": (_findings, "no finding is recorded that bears on the version"),
    "governance.finding_steps": (_steps, "no finding is recorded that bears on the version"),
    "governance.experiments": (_experiments, "no run of development is logged"),
    "governance.decisions": (_decisions, "no decision of development is logged"),
}
"""Rows of each table, and why there are none (the first three always have rows)."""
