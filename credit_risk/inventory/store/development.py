"""Events of the log of development, and what of them a gate is told."""

from __future__ import annotations

import sqlalchemy as sa

from credit_risk.inventory.audit.event import Event, read_event
from credit_risk.inventory.contracts import DevelopmentCount
from credit_risk.inventory.development.log import KINDS, count_development, read_decisions, read_experiments
from credit_risk.inventory.store import tables


def development_events(connection: sa.Connection, model: str | None) -> tuple[Event, ...]:
    """Events of the log of development of a model (None: of all) in their order."""
    t = tables.events
    query = sa.select(t.c.line).where(t.c.kind.in_(KINDS)).order_by(t.c.sequence)
    if model is not None:
        query = query.where(t.c.model == model)
    return tuple(read_event(line) for line in connection.execute(query).scalars())


def development_count(
    connection: sa.Connection, model: str, version: str, package_hash: str | None
) -> DevelopmentCount:
    """Experiments and decisions of a version, counted."""
    events = development_events(connection, model)
    return count_development(read_experiments(events), read_decisions(events), version, package_hash)
