"""What of a package is not as the inventory has it: core, annexes, and the documents that people signed."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from credit_risk._core.errors import Fault, PackageError
from credit_risk.inventory.documents.checking import signed_faults
from credit_risk.inventory.service.binding import binding_faults
from credit_risk.inventory.store.facts import version_facts
from credit_risk.inventory.store.signed_documents import recorded


def package_faults(connection: sa.Connection, model: str, version: str, path: Path | str) -> tuple[Fault, ...]:
    """All that differs in the package at `path`. Raises InventoryError: no such version."""
    faults = binding_faults(version_facts(connection, model, version), path)
    held = recorded(connection, model, version)
    try:
        return (*faults, *signed_faults(held, path)) if held else faults
    except PackageError:
        return faults  # it cannot be opened: told already
