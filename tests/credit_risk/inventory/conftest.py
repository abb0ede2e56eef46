"""Places for inventories: a SQLite file, and a database of a PostgreSQL server of the tests' own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from itertools import count
from pathlib import Path

import psycopg
import pytest

from credit_risk.inventory import Inventory, open_inventory
from tests.conftest import nothing_may_be_skipped
from tests.credit_risk.export.sql.postgres_server import programs, server
from tests.credit_risk.inventory.support import Gates, Ticking, fill_database, staffed

_NUMBERS = count(1)
MEMORY = Path("/dev/shm")
"""Where a file system lies in memory, for databases that are thrown away."""


@pytest.fixture(scope="session")
def postgres_host() -> Iterator[str]:
    """The folder of the socket of a server."""
    if programs() is None:
        if nothing_may_be_skipped():
            pytest.fail("initdb of PostgreSQL is not here")
        pytest.skip("needs PostgreSQL (Debian: postgresql)")
    with server(MEMORY if MEMORY.is_dir() else None) as dsn:
        yield dict(part.split("=", 1) for part in dsn.split())["host"]


class Databases:
    """Makes databases on the server, empty ones and copies of inventories that were made once."""

    def __init__(self, host: str):
        self.host = host
        self.moments: dict[str, datetime] = {}

    def new(self, template: str | None = None) -> str:
        """The address of a new database."""
        name = f"inventory_{next(_NUMBERS)}"
        self._run(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
        return self.address(name)

    def copy(self, stage: str) -> tuple[str, datetime]:
        """The address of a copy of an inventory at a stage, and the moment at its end."""
        if stage not in self.moments:
            self._run(f"CREATE DATABASE template_{stage}")
            self.moments[stage] = fill_database(self.address(f"template_{stage}"), stage)
        return self.new(f"template_{stage}"), self.moments[stage]

    def address(self, name: str, user: str = "postgres") -> str:
        return f"postgresql://{user}@/{name}?host={self.host}"

    def _run(self, sql: str) -> None:
        with psycopg.connect(f"host={self.host} user=postgres dbname=postgres", autocommit=True) as connection:
            connection.execute(sql)


@pytest.fixture(scope="session")
def databases(postgres_host: str) -> Databases:
    return Databases(postgres_host)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty place on each engine."""
    if request.param == "sqlite":
        return str(tmp_path / "inventory.db")
    return request.getfixturevalue("databases").new()


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], AbstractContextManager[Inventory]]:
    """Opens an inventory at a stage, on each engine."""
    if request.param == "sqlite":
        return lambda stage: staffed(tmp_path / "inventory.db", stage=stage)
    databases = request.getfixturevalue("databases")

    def of_database(stage: str) -> Inventory:
        address, moment = databases.copy(stage)
        return open_inventory(address, Gates(), clock=Ticking(moment))

    return of_database


@pytest.fixture
def inventory(opened: Callable[[str], AbstractContextManager[Inventory]]) -> Iterator[Inventory]:
    """An inventory with its people on each engine."""
    with opened("staffed") as one:
        yield one


@pytest.fixture
def version(opened: Callable[[str], AbstractContextManager[Inventory]]) -> Iterator[Inventory]:
    """The same, with a validated version that dora and david developed."""
    with opened("validated") as one:
        yield one
