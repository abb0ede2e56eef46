"""The inventory as tidy tables of texts and whole numbers, one row a thing; the same in every file format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from credit_risk._core.severity import SEVERITIES
from credit_risk.inventory.contracts import CLOSED, ModelFacts, VersionFacts
from credit_risk.inventory.view.overview import Overview

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """Name, columns and rows."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def tables_of(view: Overview, versions: Sequence[VersionFacts] = ()) -> tuple[Table, ...]:
    """Models, versions, open findings, what is overdue, provisions, objectives, inputs and upstream models."""
    facts = [one.facts for one in view.lines]
    return (
        _models(view),
        _versions(versions, {one.id: one.owner for one in facts}),
        _findings(view),
        Table(
            "overdue",
            ("model", "what", "due", "owner"),
            tuple((one.model, one.what, one.due, one.owner) for one in view.overdue),
        ),
        _provisions(facts, versions),
        _objectives(facts),
        Table(
            "inputs",
            ("model", "input", "source", "kind"),
            tuple((one.id, item.name, item.source, item.kind) for one in facts for item in one.inputs),
        ),
        Table("upstream", ("model", "upstream"), tuple((one.id, other) for one in facts for other in one.upstream)),
    )


MODEL_COLUMNS = (
    *("model", "name", "health", "reasons", "tier", "tier_computed", "tier_rule", "tier_override", "stage"),
    *("live_version", "approval_expires", "owner", "vendor", "products", "purpose", "intended_use", "actual_use"),
    *("boundaries", "next_review", "next_monitoring", *(f"open_{name}" for name in SEVERITIES), "overdue_findings"),
)


def _models(view: Overview) -> Table:
    rows = []
    for one in view.lines:
        facts, tier = one.facts, one.facts.tier
        override = None if tier is None or tier.override_by is None else f"{tier.override_by}: {tier.override_reason}"
        told = (None, None, None) if tier is None else (tier.tier, tier.computed, tier.rule_version)
        rows.append(
            (
                *(facts.id, facts.name, one.health, "; ".join(one.reasons) or None, *told, override, facts.stage),
                *(facts.live_version, one.expires, facts.owner, facts.vendor, "; ".join(facts.products) or None),
                *(facts.purpose, facts.intended_use, facts.actual_use, facts.boundaries),
                *(facts.dates.get("review"), facts.dates.get("monitoring")),
                *(one.open.get(name, 0) for name in SEVERITIES),
                one.overdue,
            )
        )
    return Table("models", MODEL_COLUMNS, tuple(rows))


def _versions(versions: Sequence[VersionFacts], owners: Mapping[str, str | None]) -> Table:
    """owners: of the model, who own every version of it."""
    columns = ("model", "version", "stage", "entered", "package_hash", "expires", "superseded_by", "override")
    roles = ("developer", "validator", "owner", "approver", "user", "vendor")
    rows = []
    for one in versions:
        people = {role: dict.fromkeys(held.person for held in one.roles if held.role == role) for role in roles}
        owner = owners.get(one.model)
        people["owner"] |= {} if owner is None else {owner: None}
        told = (one.model, one.version, one.stage, one.entered, one.package_hash, one.expires, one.superseded_by)
        rows.append((*told, one.override, *("; ".join(people[role]) or None for role in roles)))
    return Table("versions", (*columns, *(f"{role}s" for role in roles)), tuple(rows))


def _findings(view: Overview) -> Table:
    columns = ("finding", "model", "version", "severity", "status", "title", "raised", "due", "owner", "source")
    rows = tuple(
        (
            one.id,
            one.model,
            one.version,
            one.severity,
            one.status,
            one.title,
            one.raised,
            one.due,
            one.owner,
            one.source,
        )
        for one in view.findings
        if one.status != CLOSED
    )
    return Table("findings", columns, rows)


def _provisions(models: Sequence[ModelFacts], versions: Sequence[VersionFacts]) -> Table:
    columns = ("model", "version", "provision", "kind", "text", "by", "since", "expires", "ended")
    held = [(one.id, item) for one in models for item in one.provisions]
    held += [(one.model, item) for one in versions for item in one.provisions]
    rows = tuple(
        (model, one.version, one.id, one.kind, one.text, one.by, one.since, one.expires, one.ended)
        for model, one in held
    )
    return Table("provisions", columns, rows)


def _objectives(models: Sequence[ModelFacts]) -> Table:
    columns = ("model", "objective", "measure", "direction", "target")
    rows = tuple(
        (one.id, *(_cell(item.get(key)) for key in ("id", "measure", "direction", "target")))
        for one in models
        for item in one.objectives
    )
    return Table("objectives", columns, rows)


def _cell(value: object) -> Cell:
    return value if value is None or isinstance(value, str | int | float) else str(value)
