"""Rights in PostgreSQL: a role of its own for the store; the inventory's and the developers' roles have none."""

from __future__ import annotations

import re

from credit_risk._core.errors import Fault
from credit_risk.inventory.errors import ProtectedError
from credit_risk.inventory.protected import tables
from credit_risk.inventory.store.rights import APPLICATION

ROLE = "credit_risk_protected"
_ROLE = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def protected_rights_sql(role: str = ROLE) -> tuple[str, ...]:
    """Statements for the owner of the tables, once a store is there. Raises ProtectedError on a name of another form.

    Who holds the role reads and writes rows and owns nothing; acts are never deleted.
    """
    if not _ROLE.fullmatch(role):
        raise ProtectedError(Fault("is not the name of a role", "role_name", found=role, allowed=_ROLE.pattern))
    schema = tables.SCHEMA
    names = {name: f"{schema}.{name}" for name in sorted(tables.metadata.tables)}
    every = ", ".join(names.values())
    return (
        f"DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{role}')"
        f" THEN CREATE ROLE {role} NOLOGIN; END IF; END $$",
        f"REVOKE ALL ON SCHEMA {schema} FROM PUBLIC",
        f"REVOKE ALL ON {every} FROM PUBLIC",
        f"DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{APPLICATION}')"
        f" THEN REVOKE ALL ON SCHEMA {schema} FROM {APPLICATION};"
        f" REVOKE ALL ON {every} FROM {APPLICATION}; END IF; END $$",
        f"GRANT USAGE ON SCHEMA {schema} TO {role}",
        f"REVOKE ALL ON {every} FROM {role}",
        f"GRANT SELECT ON {every} TO {role}",
        f"GRANT INSERT ON {names['attributes']}, {names['loads']}, {names['held']}, {names['acts']} TO {role}",
        f"GRANT DELETE ON {names['held']} TO {role}",
        f"GRANT UPDATE ON {names['settings']} TO {role}",
        f"GRANT UPDATE (sequence, hash) ON {names['acts']} TO {role}",
    )
