"""Triggers that guard the events, roles, sign-offs and keys."""

from __future__ import annotations

from alembic import op

from credit_risk.inventory.store.guards import create_statements

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Put up the guards."""
    for statement in create_statements(op.get_bind().dialect.name):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Refuse: guards are not taken down by a migration."""
    raise NotImplementedError("the guards of an audit trail are not taken down")
