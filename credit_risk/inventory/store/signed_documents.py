"""Signed documents as sign-offs recorded them, and whose a certificate is."""

from __future__ import annotations

import sqlalchemy as sa

from credit_risk.inventory import kinds
from credit_risk.inventory.audit.event import read_event
from credit_risk.inventory.documents.revisions import Recorded, recorded_in
from credit_risk.inventory.store import tables


def recorded(connection: sa.Connection, model: str, version: str) -> tuple[Recorded, ...]:
    """Revisions of the documents of a version, in the order in which they were signed."""
    t = tables.events
    which = (t.c.kind == kinds.SIGNED_OFF) & (t.c.model == model) & (t.c.version == version)
    lines = connection.execute(sa.select(t.c.line).where(which).order_by(t.c.sequence)).scalars()
    return tuple(recorded_in(read_event(line) for line in lines))


def certificate_owner(connection: sa.Connection, certificate: str, person: str) -> str | None:
    """Who other than `person` has signed documents by this certificate; None where nobody has."""
    t = tables.events
    which = (t.c.kind == kinds.SIGNED_OFF) & (t.c.actor != person) & t.c.line.contains(certificate, autoescape=True)
    for line in connection.execute(sa.select(t.c.line).where(which).order_by(t.c.sequence)).scalars():
        for one in recorded_in([read_event(line)]):
            if one.revision.certificate == certificate:
                return one.person
    return None
