"""Projections of versions: stage, package, roles, sign-offs."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from credit_risk._core import canonical_json
from credit_risk.inventory.audit.event import Event
from credit_risk.inventory.contracts import LIVE, PROPOSED, RESTRICTED, RETIRED
from credit_risk.inventory.keys.statements import text_hash
from credit_risk.inventory.store.projections.models import as_text, set_date
from credit_risk.inventory.store.tables import files, models, roles, sign_offs, versions

Json = Any


def _this(event: Event) -> sa.ColumnElement[bool]:
    return (versions.c.model == event.model) & (versions.c.version == event.version)


def proposed(connection: sa.Connection, event: Event) -> None:
    """A version that is wanted; there is no package yet."""
    position = connection.execute(
        sa.select(sa.func.count()).select_from(versions).where(versions.c.model == event.model)
    ).scalar_one()
    row = {"position": position + 1, "stage": PROPOSED, "entered": event.at, "package_sequence": event.sequence}
    row |= {"proposal_hash": event.payload["proposal_hash"], "evidence": as_text({})}
    connection.execute(sa.insert(versions).values(model=event.model, version=event.version, **row))
    _stage_of_model(connection, event.model)


def proposal_changed(connection: sa.Connection, event: Event) -> None:
    """A proposal that says something else than before."""
    values = {"proposal_hash": event.payload["proposal_hash"], "package_sequence": event.sequence}
    connection.execute(sa.update(versions).where(_this(event)).values(**values))


def package_registered(connection: sa.Connection, event: Event) -> None:
    """The package of a version, with the hashes of its annexes and documents; one before is replaced."""
    told = event.payload
    values = {"package_hash": told["package_hash"], "evidence": as_text(told["evidence"])}
    if told["new_core"]:
        values["package_sequence"] = event.sequence
    connection.execute(sa.update(versions).where(_this(event)).values(**values))
    connection.execute(sa.delete(files).where((files.c.model == event.model) & (files.c.version == event.version)))
    rows = [
        {"model": event.model, "version": event.version, "kind": kind, "name": name, "sha256": digest}
        for kind, group in (("annex", told["annexes"]), ("document", told["documents"]))
        for name, digest in group.items()
    ]
    if rows:
        connection.execute(sa.insert(files), rows)


def role_given(connection: sa.Connection, event: Event) -> None:
    """A person's role on a version."""
    row = {"sequence": event.sequence, "model": event.model, "version": event.version, "since": event.at}
    connection.execute(sa.insert(roles).values(**row, person=event.payload["person"], role=event.payload["role"]))


def role_ended(connection: sa.Connection, event: Event) -> None:
    """The end of a role."""
    told = event.payload
    which = (roles.c.model == event.model) & (roles.c.version == event.version) & (roles.c.until.is_(None))
    which &= (roles.c.person == told["person"]) & (roles.c.role == told["role"])
    connection.execute(sa.update(roles).where(which).values(until=event.at))


def signed_off(connection: sa.Connection, event: Event) -> None:
    """A signed decision at a gate."""
    text = event.payload["statement"]
    row = {name: text[name] for name in ("gate", "person", "role", "decision", "subject_hash", "at", "expires")}
    row |= {name: event.payload[name] for name in ("fingerprint", "signature")}
    row |= {"sequence": event.sequence, "model": event.model, "version": event.version}
    row |= {"gate_text_sha256": text_hash(text["gate_text"]), "statement": canonical_json.to_bytes(text).decode()}
    connection.execute(sa.insert(sign_offs).values(**row))


def sign_offs_voided(connection: sa.Connection, event: Event) -> None:
    """Sign-offs that no longer count, with the reason."""
    which = sign_offs.c.sequence.in_(event.payload["sign_offs"]) & sign_offs.c.void.is_(None)
    connection.execute(sa.update(sign_offs).where(which).values(void=event.payload["reason"]))


def stage_entered(connection: sa.Connection, event: Event) -> None:
    """A version came to a stage; a passage may set its end and the next dates of the model."""
    told = event.payload
    values: dict[str, Json] = {"stage": told["to"], "entered": event.at}
    if told["to"] == LIVE:
        values |= {"live_sequence": event.sequence, "superseded_by": None}
    if "expires" in told:
        values["expires"] = told["expires"]
    if "superseded_by" in told:
        values["superseded_by"] = told["superseded_by"]
    connection.execute(sa.update(versions).where(_this(event)).values(**values))
    for kind, due in told.get("dates", {}).items():
        set_date(connection, event.model, kind, due)
    _stage_of_model(connection, event.model)


def rolled_back(connection: sa.Connection, event: Event) -> None:
    """The version of the event goes live again in the place of `from`, in one act; nobody rolls back to that one."""
    other = (versions.c.model == event.model) & (versions.c.version == event.payload["from"])
    values = {"stage": RETIRED, "entered": event.at, "superseded_by": event.version, "live_sequence": None}
    connection.execute(sa.update(versions).where(other).values(**values))
    back = {"stage": LIVE, "entered": event.at, "superseded_by": None, "live_sequence": event.sequence}
    connection.execute(sa.update(versions).where(_this(event)).values(**back))
    _stage_of_model(connection, event.model)


def overridden(connection: sa.Connection, event: Event) -> None:
    """A gate that was passed over in an emergency, under a finding."""
    values = {"override_finding": event.payload["finding"]}
    connection.execute(sa.update(versions).where(_this(event)).values(**values))


def _stage_of_model(connection: sa.Connection, model: str | None) -> None:
    """Stage of the model: that of the version in use, else of the latest."""
    query = sa.select(versions.c.version, versions.c.stage).where(versions.c.model == model)
    rows = connection.execute(query.order_by(versions.c.position)).all()
    live = next((row.version for row in rows if row.stage == LIVE), None)
    restricted = next((row.version for row in reversed(rows) if row.stage == RESTRICTED), None)
    used = live if live is not None else restricted
    stage = next((row.stage for row in rows if row.version == used), rows[-1].stage)
    connection.execute(sa.update(models).where(models.c.model == model).values(stage=stage, live_version=used))
