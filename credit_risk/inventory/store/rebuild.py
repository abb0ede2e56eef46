"""Projections against the events: built anew in memory and compared, or written anew in place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa

from credit_risk._core.errors import Fault
from credit_risk.inventory import kinds
from credit_risk.inventory.audit.chain import StoredLine
from credit_risk.inventory.audit.event import Event
from credit_risk.inventory.errors import InventoryError
from credit_risk.inventory.keys.statements import Actor
from credit_risk.inventory.store import tables
from credit_risk.inventory.store.engine import memory_engine
from credit_risk.inventory.store.guards import create_statements, drop_statements
from credit_risk.inventory.store.projections import apply
from credit_risk.inventory.store.writer import Writer

BATCH = 5_000
_SHOWN = 5


def stored_lines(connection: sa.Connection) -> Iterator[StoredLine]:
    """All events as they stand in the database, in the order of their numbers."""
    columns = tables.events.c
    query = sa.select(tables.events).order_by(columns.sequence).execution_options(yield_per=BATCH)
    for row in connection.execute(query):
        told = (row.previous, row.at, row.actor, row.kind, row.model, row.version)
        yield StoredLine(row.line, row.sequence, row.hash, told)


def compare_projections(connection: sa.Connection, events: Iterable[Event]) -> tuple[Fault, ...]:
    """Rows of projections that do not follow from the events, with table and row. Needs a chain without faults."""
    engine = memory_engine()
    try:
        with engine.connect() as scratch, scratch.begin():
            tables.metadata.create_all(scratch)
            last, fault = _replay(scratch, events)
            if fault is not None:
                return (fault,)
            if last is not None:
                row = {"one": 1, "sequence": last.sequence, "hash": last.hash, "at": last.at}
                scratch.execute(sa.insert(tables.head), row)
            return tuple(fault for table in tables.PROJECTIONS for fault in _compared(connection, scratch, table))
    finally:
        engine.dispose()


def rebuild_projections(writer: Writer, events: Iterable[Event], actor: Actor) -> None:
    """Write all projections anew from the events, and record that it was done. Only the owner of the tables can.

    The guards of the projections are off inside the transaction; those of the events stay.
    """
    connection = writer.connection
    dialect = connection.dialect.name
    names = tuple(table.name for table in tables.PROJECTIONS if table is not tables.head)
    for statement in drop_statements(dialect, names):
        connection.exec_driver_sql(statement)
    for table in reversed(tables.PROJECTIONS):
        if table is not tables.head:
            connection.execute(sa.delete(table))
    for event in events:
        apply(connection, event)
    for statement in create_statements(dialect):
        if any(f" ON {name} " in statement for name in names):
            connection.exec_driver_sql(statement)
    writer.append(kinds.REBUILT, {}, actor=actor)


def _replay(scratch: sa.Connection, events: Iterable[Event]) -> tuple[Event | None, Fault | None]:
    last = None
    for event in events:
        try:
            apply(scratch, event)
        except (sa.exc.SQLAlchemyError, InventoryError, LookupError, TypeError, AttributeError) as error:
            message = f"event {event.sequence}: cannot be replayed ({type(error).__name__})"
            return last, Fault(message, "replay", row=event.sequence)
        last = event
    return last, None


def _compared(connection: sa.Connection, scratch: sa.Connection, table: sa.Table) -> Iterator[Fault]:
    keys = [column.name for column in table.primary_key]
    there = {_key(row, keys): row for row in connection.execute(sa.select(table)).mappings()}
    wanted = {_key(row, keys): row for row in scratch.execute(sa.select(table)).mappings()}
    told = 0
    for key in [*wanted, *(key for key in there if key not in wanted)]:
        fault = _difference(table.name, key, there.get(key), wanted.get(key))
        if fault is None:
            continue
        told += 1
        if told > _SHOWN:
            yield Fault("further rows differ", "projection", path=table.name)
            return
        yield fault


def _key(row: Any, keys: list[str]) -> tuple[Any, ...]:
    return tuple(row[name] for name in keys)


def _difference(table: str, key: tuple[Any, ...], there: Any, wanted: Any) -> Fault | None:
    place = f"{table}: {', '.join(str(part) for part in key)}"
    if there is None:
        return Fault("a row that the events wrote is not there", "projection", path=place)
    if wanted is None:
        return Fault("a row that no event wrote", "projection", path=place)
    names = [name for name in wanted if there[name] != wanted[name]]
    if not names:
        return None
    name = names[0]
    return Fault("a row says something else than the events", "projection", path=f"{place}: {name}",
                 found=str(there[name]), allowed=str(wanted[name]))  # fmt: skip
