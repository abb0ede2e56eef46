"""Engines: a SQLite file, or PostgreSQL by its address; how their transactions begin, and what they promise.

SQLite keeps its rollback journal and does not use a write-ahead log: an inventory is then one file, which may be
copied and lie on a shared drive. `synchronous=EXTRA` has the journal's removal on the disk before a commit is
acknowledged. A writer takes the lock at the beginning of its transaction and others wait.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool, StaticPool

from credit_risk._core.errors import Fault
from credit_risk.inventory.errors import InventoryError
from credit_risk.inventory.store.guards import POSTGRESQL, SQLITE

WAIT_SECONDS = 60
WRITE = "credit_risk_write"
"""Execution option of connections that are going to write."""


def make_engine(place: str | Path, *, create: bool = False) -> sa.Engine:
    """Engine of a file, or of an address `postgresql://...`.

    Raises InventoryError where the file is not there (unless `create`), the address cannot be read, or is of another
    database.
    """
    text = str(place)
    if "://" not in text:
        return _sqlite(Path(text), create)
    try:
        url = sa.make_url(text)
    except sa.exc.ArgumentError as error:
        raise InventoryError(Fault("the address of the database cannot be read", "address")) from error
    backend = url.get_backend_name()
    if backend == SQLITE:
        return _sqlite(Path(url.database or ""), create)
    if backend != POSTGRESQL:
        allowed = "a file (SQLite), or postgresql://..."
        raise InventoryError(Fault("no inventory lies in such a database", "address", found=backend, allowed=allowed))
    try:
        return sa.create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    except ImportError as error:
        remedy = "pip install 'credit-risk-lifecycle[postgres]'"
        raise InventoryError(Fault("psycopg is not installed", "extra_missing", remedy=remedy)) from error


def memory_engine() -> sa.Engine:
    """A SQLite database in memory, for projections that are built anew to compare."""
    engine = sa.create_engine("sqlite://", poolclass=StaticPool)
    _begin_as_told(engine, foreign_keys=False)  # events are not copied
    return engine


def shown(engine: sa.Engine) -> str:
    """The place without password, for messages."""
    if engine.dialect.name == SQLITE:
        return engine.url.database or ":memory:"
    return engine.url.set(drivername=POSTGRESQL).render_as_string(hide_password=True)


def _sqlite(path: Path, create: bool) -> sa.Engine:
    if not create and not path.is_file():
        remedy = f"credit-risk inventory create --inventory {path}"
        raise InventoryError(Fault("there is no inventory here", "no_inventory", str(path), remedy=remedy))
    if create and not path.parent.is_dir():
        raise InventoryError(Fault("its folder is not there", "no_folder", str(path)))
    url = sa.URL.create("sqlite", database=str(path))
    engine = sa.create_engine(url, poolclass=NullPool, connect_args={"timeout": WAIT_SECONDS})
    _begin_as_told(engine)
    return engine


def _begin_as_told(engine: sa.Engine, foreign_keys: bool = True) -> None:
    @sa.event.listens_for(engine, "connect")
    def connected(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # transactions begin as told below, not where the driver thinks
        connection.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        connection.execute("PRAGMA recursive_triggers = ON")  # REPLACE then fires the triggers of deletion
        connection.execute("PRAGMA synchronous = EXTRA")

    @sa.event.listens_for(engine, "begin")
    def begun(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get(WRITE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
