"""Accesses and changes in the audit trail, and in the store as it was told of them.

A change is committed in the store before the trail's transaction ends: where the program dies between the two, the
store holds what the trail is to hold, and the next opening appends it. An access is committed in the trail first.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from credit_risk._core import canonical_json
from credit_risk._core.errors import Fault
from credit_risk.inventory import kinds
from credit_risk.inventory.audit.event import Event, read_event
from credit_risk.inventory.errors import ProtectedError
from credit_risk.inventory.keys.statements import Actor, person_of
from credit_risk.inventory.protected import tables
from credit_risk.inventory.service.checks import check_person
from credit_risk.inventory.store import tables as trail
from credit_risk.inventory.store.writer import Store

Json = Any
KINDS = (
    *(kinds.PROTECTED_CREATED, kinds.PROTECTED_LOADED, kinds.PROTECTED_READ, kinds.PROTECTED_ERASED),
    *(kinds.PROTECTED_EXPIRED, kinds.PROTECTED_REKEYED),
)


def record_access(
    inventory: Store, engine: sa.Engine, store: str, payload: Mapping[str, Json], by: Actor, model: str | None
) -> Event:
    """Append an access to the trail, then note in the store that it stands there. The caller reads afterwards."""
    act = secrets.token_hex(16)
    told = {"store": store, "act": act, **payload}
    with inventory.writing() as writer:
        check_person(writer.connection, person_of(by))
        event = writer.append(kinds.PROTECTED_READ, told, actor=by, model=_known(writer.connection, model))
    with tables.writing(engine) as connection:
        _note(connection, act, event, told)
    return event


def record_change(
    inventory: Store,
    engine: sa.Engine,
    store: str,
    kind: str,
    by: Actor,
    change: Callable[[sa.Connection], Mapping[str, Json]],
) -> Event:
    """Change the store by `change`, which returns what the event holds, and record it; both or neither.

    Nothing is changed where the trail cannot be written. Raises what `change` raises.
    """
    act = secrets.token_hex(16)
    with inventory.writing() as writer:
        check_person(writer.connection, person_of(by))
        with tables.writing(engine) as connection:
            told = {"store": store, "act": act, **change(connection)}
            event = writer.append(kind, told, actor=by)
            _note(connection, act, event, told, recorded=False)
    _mark(engine, act, event)
    return event


def settle(inventory: Store, engine: sa.Engine) -> int:
    """Append to the trail what the store holds as changed and the trail does not; how many there were."""
    open_acts = sa.select(tables.acts).where(tables.acts.c.sequence.is_(None))
    with tables.reading(engine) as connection:
        waiting = connection.execute(open_acts).all()
    if not waiting:
        return 0
    with inventory.writing() as writer:
        known = {one.payload.get("act"): one for one in events_of(writer.connection)}
        for row in waiting:
            if row.act not in known:
                payload = json.loads(row.payload)
                known[row.act] = writer.append(row.kind, {**payload, "recovered": True}, actor=row.actor)
    for row in waiting:
        _mark(engine, row.act, known[row.act])
    return len(waiting)


def check_trail(inventory: Store, engine: sa.Engine, place: str) -> None:
    """Raise ProtectedError where the trail of the inventory is not the one in which the store was last recorded.

    So it is with another inventory, with a copy in which somebody read unseen, and with a trail that was cut.
    """
    with tables.reading(engine) as connection:
        row = tables.read_settings(connection, place)
        last = connection.execute(
            sa.select(tables.acts.c.sequence, tables.acts.c.hash)
            .where(tables.acts.c.sequence.is_not(None))
            .order_by(tables.acts.c.sequence.desc())
            .limit(1)
        ).one_or_none()
    wanted = {1: row.log} | ({} if last is None else {last.sequence: last.hash})
    t = trail.events
    with inventory.reading() as connection:
        found = connection.execute(sa.select(t.c.sequence, t.c.hash).where(t.c.sequence.in_(list(wanted)))).all()
    held = {one.sequence: one.hash for one in found}
    if held == wanted:
        return
    other = held.get(1) != row.log
    message = (
        "the store belongs to another inventory"
        if other
        else "the store was read or changed under a copy of this inventory, or the trail was cut or written anew"
    )
    remedy = "name the inventory that the store was made with" if other else "credit-risk audit verify --anchors FILE"
    raise ProtectedError(Fault(message, "other_trail", place, allowed=str(wanted), found=str(held), remedy=remedy))


def events_of(connection: sa.Connection, store: str | None = None) -> list[Event]:
    """Events of protected stores, or of one, in their order."""
    t = trail.events
    query = sa.select(t.c.line).where(t.c.kind.in_(KINDS)).order_by(t.c.sequence)
    events = [read_event(line) for line in connection.execute(query).scalars()]
    return [one for one in events if store is None or one.payload.get("store") == store]


def _known(connection: sa.Connection, model: str | None) -> str | None:
    """The model where the inventory has it; the payload names it in any case."""
    if model is None:
        return None
    query = sa.select(trail.models.c.model).where(trail.models.c.model == model)
    found: str | None = connection.execute(query).scalar_one_or_none()
    return found


def _note(
    connection: sa.Connection, act: str, event: Event, payload: Mapping[str, Json], *, recorded: bool = True
) -> None:
    row = {"act": act, "kind": event.kind, "actor": event.actor, "payload": _text(payload)}
    place = {"sequence": event.sequence, "hash": event.hash} if recorded else {"sequence": None, "hash": None}
    connection.execute(sa.insert(tables.acts).values(**row, **place))


def _mark(engine: sa.Engine, act: str, event: Event) -> None:
    with tables.writing(engine) as connection:
        which = sa.update(tables.acts).where(tables.acts.c.act == act)
        connection.execute(which.values(sequence=event.sequence, hash=event.hash))


def _text(payload: Mapping[str, Json]) -> str:
    return canonical_json.to_bytes(dict(payload)).decode("utf-8")
