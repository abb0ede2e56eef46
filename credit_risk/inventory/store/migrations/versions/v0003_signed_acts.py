"""Guards that ask for signed acts, and roles and closures that follow from events."""

from __future__ import annotations

from alembic import op

from credit_risk.inventory.store.guards import GUARDED, create_statements, drop_statements

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Put the guards up anew, those of before and the new ones."""
    connection = op.get_bind()
    dialect = connection.dialect.name
    for statement in (*drop_statements(dialect, GUARDED), *create_statements(dialect)):
        connection.exec_driver_sql(statement)


def downgrade() -> None:
    """Refuse: guards are not taken down by a migration."""
    raise NotImplementedError("the guards of an audit trail are not taken down")
