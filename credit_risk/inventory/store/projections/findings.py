"""Projections of findings and the steps of their life."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from credit_risk.inventory.audit.event import Event
from credit_risk.inventory.contracts import CLOSED, OPEN, RESPONDED, RETESTED
from credit_risk.inventory.store.tables import finding_steps, findings

PASSED, FAILED = "passed", "failed"


def raised(connection: sa.Connection, event: Event) -> None:
    """A finding, open."""
    told = event.payload
    row = {name: told[name] for name in ("finding", "severity", "title", "statement", "source", "owner", "due")}
    row |= {"model": event.model, "version": event.version, "status": OPEN, "raised": event.at}
    connection.execute(sa.insert(findings).values(**row, raised_by=event.actor))
    _step(connection, event, "raised", None)


def responded(connection: sa.Connection, event: Event) -> None:
    """The answer of who owns the finding."""
    _set(connection, event, status=RESPONDED)
    _step(connection, event, "responded", None)


def retested(connection: sa.Connection, event: Event) -> None:
    """A retest: passed, and the finding may be closed; failed, and it is open again."""
    outcome = event.payload["outcome"]
    _set(connection, event, status=RETESTED if outcome == PASSED else OPEN)
    _step(connection, event, "retested", outcome)


def closed(connection: sa.Connection, event: Event) -> None:
    """The end of a finding."""
    _set(connection, event, status=CLOSED, closed=event.at)
    _step(connection, event, "closed", None)


def _set(connection: sa.Connection, event: Event, **values: Any) -> None:
    which = findings.c.finding == event.payload["finding"]
    connection.execute(sa.update(findings).where(which).values(**values))


def _step(connection: sa.Connection, event: Event, step: str, outcome: str | None) -> None:
    row = {"sequence": event.sequence, "finding": event.payload["finding"], "step": step, "person": event.actor}
    row |= {"at": event.at, "text": event.payload.get("text"), "outcome": outcome}
    connection.execute(sa.insert(finding_steps).values(**row))
