"""Tables of the store, where they lie, and its transactions.

SQLite: a file of its own that only its owner may read; what is deleted is overwritten. PostgreSQL: a schema of its own
with rights of its own, in the database of the inventory or in another.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from credit_risk._core.errors import Fault
from credit_risk.inventory.errors import ProtectedError
from credit_risk.inventory.store.engine import WRITE, make_engine, shown
from credit_risk.inventory.store.guards import POSTGRESQL, SQLITE

SCHEMA = "credit_risk_protected"
VERSION = 1
HASH, NAME, MOMENT = sa.String(64), sa.String(200), sa.String(20)

metadata = sa.MetaData()

settings = sa.Table(
    "settings",
    metadata,
    sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("store", sa.String(32), nullable=False),
    sa.Column("log", HASH, nullable=False),
    sa.Column("secret_check", HASH, nullable=False),
    sa.CheckConstraint("one = 1", name="settings_is_one_row"),
)

attributes = sa.Table(
    "attributes",
    metadata,
    sa.Column("attribute", NAME, primary_key=True),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.CheckConstraint("kind IN ('text', 'number', 'date')", name="attribute_kind"),
)

loads = sa.Table(
    "loads",
    metadata,
    sa.Column("load", sa.String(32), primary_key=True),
    sa.Column("at", MOMENT, nullable=False),
    sa.Column("actor", NAME, nullable=False),
    sa.Column("purposes", sa.Text, nullable=False),
    sa.Column("basis", sa.Text, nullable=False),
    sa.Column("keep_until", sa.String(10), nullable=False),
)

held = sa.Table(
    "held",
    metadata,
    sa.Column("pseudonym", HASH, primary_key=True),
    sa.Column("attribute", NAME, sa.ForeignKey("attributes.attribute"), primary_key=True),
    sa.Column("load", sa.String(32), sa.ForeignKey("loads.load"), primary_key=True),
    sa.Column("value", sa.Text),
    sa.Column("salt", sa.String(32), nullable=False),
    sa.Index("held_of_load", "load"),
)

acts = sa.Table(
    "acts",
    metadata,
    sa.Column("act", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(60), nullable=False),
    sa.Column("actor", NAME, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("sequence", sa.BigInteger),
    sa.Column("hash", HASH),
    sa.Index("acts_of_trail", "sequence"),
)
"""Every access and change: as it was recorded in the trail, or, where `sequence` is not yet there, as it is to be."""


def engine_of(place: str | Path, *, create: bool = False) -> sa.Engine:
    """Engine of a store. Raises ProtectedError where the file is not there (with `create`: is there already)."""
    text = str(place)
    if "://" not in text:
        _check_file(Path(text), create)
    engine = make_engine(place, create=True)
    if engine.dialect.name == SQLITE:
        sa.event.listen(engine, "connect", _overwrite_deleted)
        return engine
    return engine.execution_options(schema_translate_map={None: SCHEMA})


def lay_out(connection: sa.Connection, place: str) -> None:
    """The tables, in a place that has none. Raises ProtectedError where there are any."""
    if _there(connection):
        remedy = "name an empty database, or a file that does not exist"
        raise ProtectedError(Fault("a store is in this database", "exists", place, remedy=remedy))
    if connection.dialect.name == POSTGRESQL:
        connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    metadata.create_all(connection)


def read_settings(connection: sa.Connection, place: str) -> sa.Row[Any]:
    """The row of settings. Raises ProtectedError where there is no store, or one of another version."""
    if not _there(connection):
        remedy = f"credit-risk protected create --store {place} --inventory INVENTORY --by PERSON"
        raise ProtectedError(Fault("there is no store of protected attributes here", "no_store", place, remedy=remedy))
    row = connection.execute(sa.select(settings)).one()
    if row.version != VERSION:
        message, remedy = "the store is of another version", "use the version of the program that wrote it"
        fault = Fault(message, "store_version", place, found=str(row.version), allowed=str(VERSION), remedy=remedy)
        raise ProtectedError(fault)
    return row


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that reads. Raises ProtectedError in the words of the store where the database refuses."""
    with _told(engine), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that nobody else writes beside."""
    chosen = engine.execution_options(**{WRITE: True})
    with _told(engine), chosen.connect() as connection, connection.begin():
        if connection.dialect.name == POSTGRESQL and _there(connection):
            connection.execute(sa.select(settings.c.one).with_for_update())
        yield connection


def _check_file(path: Path, create: bool) -> None:
    if not create:
        if not path.is_file():
            remedy = f"credit-risk protected create --store {path} --inventory INVENTORY --by PERSON"
            message = "there is no store of protected attributes here"
            raise ProtectedError(Fault(message, "no_store", str(path), remedy=remedy))
        return
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError as error:
        raise ProtectedError(
            Fault("something is there; name a file that does not exist", "exists", str(path))
        ) from error
    except OSError as error:
        raise ProtectedError(Fault(f"cannot be written ({error.strerror})", "unwritable", str(path))) from error


def _there(connection: sa.Connection) -> bool:
    schema = SCHEMA if connection.dialect.name == POSTGRESQL else None
    return sa.inspect(connection).has_table("settings", schema=schema)


def _overwrite_deleted(connection: sqlite3.Connection, _: Any) -> None:
    connection.execute("PRAGMA secure_delete = ON")


@contextmanager
def _told(engine: sa.Engine) -> Iterator[None]:
    try:
        yield
    except sa.exc.DBAPIError as error:
        reason = str(error.orig).splitlines()[0] if error.orig is not None else type(error).__name__
        place = shown(engine)
        raise ProtectedError(Fault(f"the database refuses: {reason}", "database", place)) from error
