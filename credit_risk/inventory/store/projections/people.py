"""Projections of persons and keys."""

from __future__ import annotations

import sqlalchemy as sa

from credit_risk.inventory.audit.event import Event
from credit_risk.inventory.store.tables import keys, persons


def registered(connection: sa.Connection, event: Event) -> None:
    """A person with the first key."""
    told = event.payload
    row = {name: told[name] for name in ("person", "name_token", "identity_token", "registrar")}
    connection.execute(sa.insert(persons).values(**row, registered=event.at))
    _add_key(connection, event)


def rotated(connection: sa.Connection, event: Event) -> None:
    """A new key in the place of the active one, or after a revocation; of a registrar by the recovery key, too."""
    active = (keys.c.person == event.payload["person"]) & (keys.c.state == "active")
    connection.execute(sa.update(keys).where(active).values(state="rotated", ended=event.at))
    _add_key(connection, event)


def revoked(connection: sa.Connection, event: Event) -> None:
    """A key that no longer signs; from `distrusted_since` on what it signed is not trusted."""
    told = event.payload
    values = {"state": "revoked", "ended": event.at, "distrusted_since": told["distrusted_since"]}
    connection.execute(sa.update(keys).where(keys.c.fingerprint == told["fingerprint"]).values(**values))


def _add_key(connection: sa.Connection, event: Event) -> None:
    told = event.payload
    row = {name: told[name] for name in ("person", "fingerprint", "public_key", "expires")}
    connection.execute(sa.insert(keys).values(**row, since=event.at, state="active"))
