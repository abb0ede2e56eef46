"""Stage gates: what a version must show before it goes on, what is missing, what goes with the passage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._core.lazy import imported_when_used
from credit_risk.inventory.contracts import Emergency
from credit_risk.inventory.gates.emergency import emergency
from credit_risk.inventory.gates.gatekeeper import PolicyGatekeeper
from credit_risk.inventory.gates.package_evidence import package_evidence
from credit_risk.inventory.gates.rollback import rollback_missing

__all__ = [
    "Emergency",
    "PolicyGatekeeper",
    "compare_versions",
    "emergency",
    "package_evidence",
    "rollback_missing",
]

if TYPE_CHECKING:
    from credit_risk.inventory.gates.redeployment import compare_versions

__getattr__ = imported_when_used(__name__, {"redeployment": ["compare_versions"]})
"""It scores rows; reading and signing need no pandas."""
