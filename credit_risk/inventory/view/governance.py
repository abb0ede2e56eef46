"""The governance of a version as one file for its documents: evidence, signed statements, and the head of the trail."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from credit_risk._core import canonical_json
from credit_risk._core.errors import Fault
from credit_risk._core.hashing import sha256_bytes
from credit_risk.inventory.audit.anchors import Anchor
from credit_risk.inventory.audit.event import read_event
from credit_risk.inventory.errors import InventoryError
from credit_risk.inventory.service.describing import today
from credit_risk.inventory.store import tables
from credit_risk.inventory.store.facts import findings_facts, model_facts, version_facts, version_names
from credit_risk.inventory.store.writer import read_head
from credit_risk.inventory.view.governance_tables import Facts, Signature, governance_evidence

if TYPE_CHECKING:
    from credit_risk.inventory.book import Inventory

Json = Any
FORMAT, FORMAT_VERSION = "credit-risk-governance", "0.1"
TRIES = 5


def governance(inventory: Inventory, model: str, version: str) -> dict[str, Json]:
    """What documents print of a version: an object of governance.schema.json, read at one head of the trail.

    It names the package by its hash and that head as its anchor; the same store gives the same on the same
    day. Raises InventoryError: unknown model or version, no package is registered of it, or others keep writing.
    """
    facts, head = _read(inventory, model, version)
    anchor = {name: value for name, value in asdict(head).items() if name != "source"}
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "package_hash": facts.version.package_hash,
        "model": model,
        "version": version,
        "as_of": today(inventory.store),
        "anchor": {**anchor, "text": head.text()},
        "evidence": [one.as_dict() for one in governance_evidence(facts)],
        "sign_offs": [asdict(one) for one in facts.signatures],
    }


def governance_bytes(inventory: Inventory, model: str, version: str) -> bytes:
    """The same as canonical JSON."""
    return canonical_json.to_bytes(governance(inventory, model, version))


def _read(inventory: Inventory, model: str, version: str) -> tuple[Facts, Anchor]:
    """Facts and the head that they stand at: nothing was appended while they were read."""
    for _ in range(TRIES):
        with inventory.store.reading() as connection:
            head = read_head(connection)
            if version_facts(connection, model, version).package_hash is None:
                remedy = "register it: credit-risk inventory submit MODEL VERSION --package PACKAGE"
                raise InventoryError(Fault("no package of the version is registered", "no_package",
                                           f"{model} {version}", remedy=remedy))  # fmt: skip
            facts = _facts(connection, model, version)
            if read_head(connection) == head:
                return facts, head
    raise InventoryError(Fault("others write to the inventory while it is read", "busy", remedy="try again"))


def _facts(connection: sa.Connection, model: str, version: str) -> Facts:
    t, steps, events = tables.findings, tables.finding_steps, tables.events
    bears = (t.c.model == model) & (t.c.version.is_(None) | (t.c.version == version))
    findings = findings_facts(connection, bears)
    names = [one.id for one in findings]
    life = sa.select(steps).where(steps.c.finding.in_(names)).order_by(steps.c.sequence)
    lines = sa.select(events.c.line).where(events.c.model == model).order_by(events.c.sequence)
    return Facts(
        model=model_facts(connection, model),
        version=version_facts(connection, model, version),
        versions=tuple(version_facts(connection, model, name) for name in version_names(connection, model)),
        findings=findings,
        steps=tuple(dict(row) for row in connection.execute(life).mappings()),
        events=tuple(read_event(line) for line in connection.execute(lines).scalars()),
        signatures=_signatures(connection, model, version),
    )


def _signatures(connection: sa.Connection, model: str, version: str) -> tuple[Signature, ...]:
    t, keys = tables.sign_offs, tables.keys
    query = sa.select(t, keys.c.public_key).join(keys, keys.c.fingerprint == t.c.fingerprint)
    rows = connection.execute(query.where((t.c.model == model) & (t.c.version == version)).order_by(t.c.sequence))
    return tuple(
        Signature(
            sequence=row.sequence, person=row.person, statement=json.loads(row.statement),
            statement_sha256=sha256_bytes(row.statement.encode("utf-8")), fingerprint=row.fingerprint,
            public_key=row.public_key, signature=row.signature, void=row.void,
        )
        for row in rows
    )  # fmt: skip
