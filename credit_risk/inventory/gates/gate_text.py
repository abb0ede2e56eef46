"""What a person signs at a gate: its requirements in words. It depends on policy, gate and tier alone."""

from __future__ import annotations

from credit_risk._core.hashing import sha256_bytes
from credit_risk.inventory.policy.catalogue import CHECKS
from credit_risk.inventory.policy.read import Policy
from credit_risk.inventory.policy.spec import RequirementSpec

OPENING = {
    "proposed": "The model is proposed with these objectives and KPIs, which are judged at each review",
    "developed": "Development of this version is complete",
    "validated": "This version was validated independently of its development",
    "approved": "This version is approved for the use that is described",
    "live": "This version goes into use",
    "restricted": "Use of this version is restricted as stated",
    "retired": "Use of this version has ended",
}


def gate_text(policy: Policy, gate: str, tier: str) -> str:
    """The text of a gate for a tier, with the SHA-256 of the policy that asks for it."""
    head, spec = policy.spec.policy, policy.spec.gate(gate)
    lines = [
        f"Gate: {gate}. Tier: {tier} ({policy.spec.tiers[tier].title}).",
        f"{OPENING[gate]}.",
        f"Policy: {head.name}, version {head.version} of {head.date}, SHA-256 {policy.sha256}.",
        "Required:",
        *(f"- {words(one)}" for one in policy.spec.requirements(gate, tier)),
    ]
    if spec.expires:
        lines.append(f"The passage ends after {policy.spec.tiers[tier].approval_months} months.")
    lines.append("The decision is over the hash of the manifest and of the annexes that the statement names.")
    return "\n".join(lines) + "\n"


def text_sha256(policy: Policy, gate: str, tier: str) -> str:
    """SHA-256 of the text in UTF-8."""
    return sha256_bytes(gate_text(policy, gate, tier).encode("utf-8"))


def words(requirement: RequirementSpec) -> str:
    """One requirement in words."""
    if requirement.check is not None:
        return CHECKS[requirement.check]
    if requirement.document is not None:
        return f"document {requirement.document}"
    several = f" by {requirement.count} different persons" if requirement.count > 1 else ""
    return f"signed decision of the {requirement.approval}{several}"
