"""Stage gates: what a version must show before it goes on, what is missing, what goes with the passage."""

from __future__ import annotations

from credit_risk.inventory.contracts import Emergency
from credit_risk.inventory.gates.emergency import emergency
from credit_risk.inventory.gates.gatekeeper import PolicyGatekeeper
from credit_risk.inventory.gates.package_evidence import package_evidence
from credit_risk.inventory.gates.redeployment import compare_versions
from credit_risk.inventory.gates.rollback import rollback_missing

__all__ = [
    "Emergency",
    "PolicyGatekeeper",
    "compare_versions",
    "emergency",
    "package_evidence",
    "rollback_missing",
]
