"""Run by alembic: the connection is given by `store.schema`, and its transaction is the caller's."""

from __future__ import annotations

from alembic import context

from credit_risk.inventory.store.tables import metadata


def run() -> None:
    """Run the migrations that were asked for on the connection that was given."""
    context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()


run()
