"""Version of the database's schema: laid out, raised by migrations, checked before every use; never raised silently."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from credit_risk._core.errors import Fault
from credit_risk.inventory.errors import InventoryError

MIGRATIONS = Path(__file__).with_name("migrations")


def current(connection: sa.Connection) -> str | None:
    """Revision of the database; None where there is no inventory in it."""
    return MigrationContext.configure(connection).get_current_revision()


@functools.cache
def newest() -> str:
    """Revision that this program needs."""
    revision = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    if revision is None:
        raise InventoryError(Fault("the migrations did not come with the program", "installation"))
    return revision


def migrate(connection: sa.Connection, revision: str = "head") -> None:
    """Raise the schema to `revision` in the transaction of `connection`."""
    command.upgrade(_config(connection), revision)


def check(connection: sa.Connection, place: str) -> None:
    """Raise InventoryError where there is no inventory, or its schema is not the one that this program needs."""
    found, needed = current(connection), newest()
    if found == needed:
        return
    if found is None:
        remedy = f"credit-risk inventory create --inventory {place}"
        raise InventoryError(Fault("there is no inventory here", "no_inventory", place, remedy=remedy))
    known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if found in known:
        message, remedy = "the schema is older than this program", f"credit-risk inventory upgrade --inventory {place}"
    else:
        message, remedy = "the schema is newer than this program", "install the version that wrote it, or a later one"
    raise InventoryError(Fault(message, "schema_stale", place, found=found, allowed=needed, remedy=remedy))


def _config(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    attributes: dict[str, Any] = config.attributes
    attributes["connection"] = connection
    return config
