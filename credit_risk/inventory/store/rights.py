"""Rights in PostgreSQL: the application's role reads, appends and writes projections, and owns nothing.

The tables belong to the role that laid them out; the application signs in as a member of another, which can neither
change nor delete events, nor take triggers off.
"""

from __future__ import annotations

import re

import sqlalchemy as sa

from credit_risk._core.errors import Fault
from credit_risk.inventory.errors import InventoryError
from credit_risk.inventory.store import tables
from credit_risk.inventory.store.guards import POSTGRESQL

APPLICATION = "credit_risk_inventory"
_ROLE = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def rights_sql(role: str = APPLICATION) -> tuple[str, ...]:
    """Statements that give a role what the application needs and no more, for the owner of the tables to run.

    Raises InventoryError where `role` is not a plain name.
    """
    if not _ROLE.fullmatch(role):
        raise InventoryError(Fault("is not the name of a role", "role_name", found=role, allowed=_ROLE.pattern))
    every = ", ".join(sorted(tables.metadata.tables))
    return (
        f"DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{role}')"
        f" THEN CREATE ROLE {role} NOLOGIN; END IF; END $$",
        f"REVOKE ALL ON {every}, alembic_version FROM PUBLIC",
        f"REVOKE ALL ON {every}, alembic_version FROM {role}",
        f"GRANT SELECT ON {every}, alembic_version TO {role}",
        f"GRANT INSERT ON {every} TO {role}",
        f"GRANT UPDATE ON {', '.join(sorted(_updated()))} TO {role}",
        f"GRANT DELETE ON {', '.join(sorted(table.name for table in tables.DELETABLE))} TO {role}",
    )


def grant_rights(connection: sa.Connection, role: str = APPLICATION) -> None:
    """Run them. Raises InventoryError on a database without rights."""
    if connection.dialect.name != POSTGRESQL:
        message = "a file of SQLite has no rights of its own: whoever may write the file may write everything"
        raise InventoryError(Fault(message, "no_rights", remedy="use PostgreSQL, and keep anchors elsewhere"))
    for statement in rights_sql(role):
        connection.exec_driver_sql(statement)


def _updated() -> set[str]:
    never = {tables.events, tables.finding_steps, *tables.DELETABLE}
    return {table.name for table in tables.metadata.tables.values() if table not in never}
