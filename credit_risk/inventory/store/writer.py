"""The one way in: an event is appended and its projections are written in the same transaction."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from credit_risk._core.clock import Clock, system_clock, timestamp
from credit_risk._core.errors import Fault
from credit_risk.inventory.audit.anchors import Anchor
from credit_risk.inventory.audit.event import Event, Head, next_event, read_event
from credit_risk.inventory.errors import FourEyesError, InventoryError
from credit_risk.inventory.keys.key_pair import PublicKey
from credit_risk.inventory.keys.statements import ACT, Actor, Signer, act_fields, person_of, statement
from credit_risk.inventory.kinds import CREATED, UPGRADED
from credit_risk.inventory.store import schema, tables
from credit_risk.inventory.store.engine import WRITE, shown
from credit_risk.inventory.store.guards import POSTGRESQL
from credit_risk.inventory.store.key_check import check_active_key
from credit_risk.inventory.store.projections import apply

Json = Any

FORMAT, FORMAT_VERSION = "credit-risk-audit", "0.2"
"""Of the trail. From 0.2 on every event that decides something is signed by its actor."""
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class Store:
    """A database that holds an inventory, with the clock that stamps events."""

    def __init__(self, engine: sa.Engine, clock: Clock = system_clock):
        self.engine = engine
        self.clock = clock
        self.place = shown(engine)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that reads. Raises InventoryError where the schema is not the program's."""
        with _told(self.place), self.engine.connect() as connection, connection.begin():
            schema.check(connection, self.place)
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """A transaction that nobody else writes beside; what it appended stands where the block ends without error."""
        engine = self.engine.execution_options(**{WRITE: True})
        with _told(self.place), engine.connect() as connection, connection.begin():
            schema.check(connection, self.place)
            yield Writer(connection, self.clock)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


@dataclass(frozen=True, slots=True)
class Entry:
    """What an event is made of."""

    kind: str
    payload: Mapping[str, Json]
    actor: Actor
    model: str | None = None
    version: str | None = None


class Writer:
    """Appends events in one transaction that holds the lock of writers."""

    def __init__(self, connection: sa.Connection, clock: Clock):
        self.connection = connection
        self.clock = clock
        self.head = _locked_head(connection)
        self._log: str | None = None

    def moment(self) -> str:
        """The moment that an event would have now."""
        return max(timestamp(self.clock()), self.head.at)

    def append(
        self,
        kind: str,
        payload: Mapping[str, Json],
        *,
        actor: Actor,
        model: str | None = None,
        version: str | None = None,
    ) -> Event:
        """Append one event and write its projections; signed, where who acts comes with the key."""
        return self.append_many([Entry(kind, payload, actor, model, version)])[0]

    def append_many(self, entries: Iterable[Entry]) -> tuple[Event, ...]:
        """Append events in their order and write their projections; the rows of the events are written at once."""
        events: list[Event] = []
        head = self.head
        for entry in entries:
            moment = self.clock()
            signed = None if isinstance(entry.actor, str) else self._signed(entry, entry.actor, head, moment)
            event = next_event(
                head, moment, entry.kind, entry.payload, actor=person_of(entry.actor), model=entry.model,
                version=entry.version, signed=signed,
            )  # fmt: skip
            _reject_unstorable(event)
            events.append(event)
            head = Head(event.sequence, event.hash, event.at)
        if not events:
            return ()
        self.connection.execute(sa.insert(tables.events), [_row(event) for event in events])
        for event in events:
            apply(self.connection, event)
        self.head = head
        self.connection.execute(sa.update(tables.head).values(sequence=head.sequence, hash=head.hash, at=head.at))
        return tuple(events)

    def _signed(self, entry: Entry, signer: Signer, head: Head, moment: datetime) -> dict[str, Json]:
        """The statement of who acts over the event that follows `head`. Raises KeyFileError."""
        at = max(timestamp(moment), head.at)
        if self._log is None:
            first = sa.select(tables.events.c.hash).where(tables.events.c.sequence == 1)
            self._log = self.connection.execute(first).scalar_one()
        anchor = Anchor(self._log, head.sequence, head.hash, head.at)
        try:
            fields = act_fields(entry.kind, entry.model, entry.version, entry.payload)
        except (TypeError, ValueError) as error:
            raise InventoryError(Fault(f"an event cannot hold this: {error}", "not_json", path=entry.kind)) from error
        signed = signer.sign(statement(ACT, signer.person, at, anchor, fields))
        check_active_key(self.connection, signed, at)
        return {
            "statement": dict(signed.statement),
            "fingerprint": signed.fingerprint,
            "signature": signed.signature,
        }


def _row(event: Event) -> dict[str, Json]:
    return {name: getattr(event, name) for name in tables.events.c.keys()}  # noqa: SIM118


def create(engine: sa.Engine, clock: Clock, nonce: str, recovery: PublicKey | None = None) -> None:
    """Lay out an inventory in an empty database, with its first event, which names the recovery key where one is given.

    Raises InventoryError where there is one.
    """
    place = shown(engine)
    writing = engine.execution_options(**{WRITE: True})
    with _told(place), writing.connect() as connection, connection.begin():
        if schema.current(connection) is not None or sa.inspect(connection).get_table_names():
            remedy = "name an empty database, or a file that does not exist"
            raise InventoryError(Fault("something is in this database", "exists", place, remedy=remedy))
        schema.migrate(connection)
        connection.execute(sa.insert(tables.head).values(one=1, sequence=0, hash=Head().hash, at=""))
        writer = Writer(connection, clock)
        payload = {"format": FORMAT, "format_version": FORMAT_VERSION, "nonce": nonce}
        payload |= {} if recovery is None else {"recovery_key": recovery.hex}
        writer.append(CREATED, payload, actor="system")


def upgrade(engine: sa.Engine) -> tuple[str | None, str]:
    """Raise the schema of an inventory to the program's; the revision before and after."""
    place = shown(engine)
    writing = engine.execution_options(**{WRITE: True})
    with _told(place), writing.connect() as connection, connection.begin():
        before = schema.current(connection)
        if before is None:
            schema.check(connection, place)
        schema.migrate(connection)
        _raise_rules(connection)
        return before, schema.newest()


def _raise_rules(connection: sa.Connection) -> None:
    """A trail of an older format says from which event on the acts that decide are signed."""
    t = tables.events
    first = connection.execute(sa.select(t.c.line).where(t.c.sequence == 1)).scalar_one_or_none()
    raised = connection.execute(sa.select(t.c.sequence).where(t.c.kind == UPGRADED)).first()
    if first is None or raised is not None or read_event(first).payload["format_version"] == FORMAT_VERSION:
        return
    Writer(connection, system_clock).append(UPGRADED, {"format_version": FORMAT_VERSION}, actor="system")


def read_head(connection: sa.Connection) -> Anchor:
    """The head of the trail as an anchor."""
    row = connection.execute(sa.select(tables.head)).one()
    log = connection.execute(sa.select(tables.events.c.hash).where(tables.events.c.sequence == 1)).scalar_one()
    return Anchor(log, row.sequence, row.hash, row.at)


def _locked_head(connection: sa.Connection) -> Head:
    query = sa.select(tables.head)
    if connection.dialect.name == POSTGRESQL:
        query = query.with_for_update()
    row = connection.execute(query).one()
    return Head(row.sequence, row.hash, row.at)


def _reject_unstorable(event: Event) -> None:
    if _NUL.search(event.line):
        raise InventoryError(Fault("a text holds the character NUL, which no database keeps", "nul", path=event.kind))


@contextmanager
def _told(place: str) -> Iterator[None]:
    """Errors of the database in the words of the inventory."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        reason = str(error.orig).splitlines()[0] if error.orig is not None else str(error)
        if "four eyes" in reason:
            raise FourEyesError(Fault(reason, "four_eyes", place)) from error
        if "locked" in reason:
            remedy = "try again; look for a program that holds the database"
            raise InventoryError(
                Fault("others have been writing all the time", "busy", place, remedy=remedy)
            ) from error
        raise InventoryError(Fault(f"the database refuses: {reason}", "database", place)) from error
