"""Errors of the inventory."""

from __future__ import annotations

from credit_risk._core.errors import CreditRiskError


class InventoryError(CreditRiskError):
    """The inventory cannot be used, or an act is refused."""

    headline = "inventory refused"


class GateError(InventoryError):
    """A version may not pass a gate: `faults` holds all that is missing."""

    headline = "gate not passed"


class FourEyesError(InventoryError):
    """Somebody who developed a part of a version would validate or approve it."""

    headline = "four eyes refused"


class KeyFileError(InventoryError):
    """A key cannot be opened, is not the right kind, or is not in force."""

    headline = "key refused"


class AuditError(InventoryError):
    """The audit trail does not hold, or a file of it cannot be read."""

    headline = "audit refused"


class ProtectedError(InventoryError):
    """Protected attributes may not be read as asked, or their store cannot be used."""

    headline = "protected attributes refused"
