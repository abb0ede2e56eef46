"""Facts of a model and a version for which every gate of the default policy is passed, and ways to take from them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from credit_risk.inventory.contracts import (
    APPROVE,
    GATES,
    GateState,
    InputFacts,
    ModelFacts,
    Provision,
    RoleFacts,
    SignOffFacts,
    VersionFacts,
)
from credit_risk.inventory.gates import PolicyGatekeeper
from credit_risk.inventory.policy.catalogue import DOCUMENTS

HASH, PROPOSAL, OTHER = "a" * 64, "b" * 64, "c" * 64
ANNEXES = {"validation": "d" * 64, "documents": "e" * 64}
AS_OF, AT = "2026-11-27", "2026-11-20T10:00:00Z"
PEOPLE = {"developer": ["dev"], "validator": ["val"], "owner": ["own"], "approver": ["app1", "app2"]}
STAGE_BEFORE = {
    "proposed": "proposed",
    "developed": "proposed",
    "validated": "developed",
    "approved": "validated",
    "live": "approved",
    "restricted": "live",
    "retired": "live",
}
TIER_INPUTS = {
    "exposure": 2000.0,
    "purpose": "credit decision",
    **dict.fromkeys(("data", "method", "interpretability", "recalibration"), "low"),
}
EVIDENCE: dict[str, Any] = {
    "texts": {"provided": ["authored.purpose"], "missing": []},
    "limitations": {"number": 1, "lacking": {}, "expiry": {"1": "2027-11-30"}},
    "monitoring": {"metrics": 3, "open": {}},
    "exports": {"files": ["exports/m.pmml"], "parity": {"agree": ["m.pmml in pypmml"], "disagree": []}},
    "findings": {"package_hash": HASH, "counts": {"critical": 0, "high": 0, "low": 0}, "sha256": "f" * 64},
    "conclusion": {"package_hash": HASH, "recommendation": "approve", "findings_sha256": "f" * 64},
}
KEEPER = PolicyGatekeeper()


def model(**changes: Any) -> ModelFacts:
    """A model of tier 1, wholly described."""
    facts = ModelFacts(
        "cards",
        "Cards",
        purpose="Rank applicants",
        intended_use="Decide on cards",
        actual_use="Decide on cards",
        boundaries="Cards up to 10,000",
        owner="own",
        products=("cards",),
        inputs=(InputFacts("income", "application", "data"),),
        tier_inputs=TIER_INPUTS,
        objectives=({"id": "auc", "measure": "AUC", "direction": "at_least", "target": 0.7},),
        provisions=(Provision("restriction-1", "restriction", "only cards", "own", AT),),
    )
    tiered = replace(facts, tier=KEEPER.tier(facts))
    return replace(tiered, **changes)


def sign_off(gate: str, person: str, role: str, sequence: int, tier: str = "1", **changes: Any) -> SignOffFacts:
    """A decision to approve over what stands."""
    from credit_risk.inventory.gates.gate_text import text_sha256

    subject = PROPOSAL if gate == "proposed" else HASH
    annexes = {} if gate in ("proposed", "developed") else ANNEXES
    digest = text_sha256(KEEPER.policy, gate, tier)
    return replace(
        SignOffFacts(sequence, gate, person, role, APPROVE, subject, annexes, digest, "2026-11-25T10:00:00Z"), **changes
    )


def sign_offs(tier: str = "1") -> tuple[SignOffFacts, ...]:
    """Decisions of everybody at every gate."""
    asked = [
        (gate, person, str(one.approval))
        for gate in GATES
        for one in KEEPER.policy.spec.gate(gate).requires
        if one.approval is not None and (one.tiers is None or tier in one.tiers)
        for person in PEOPLE[one.approval][: one.count]
    ]
    return tuple(sign_off(*one, sequence, tier) for sequence, one in enumerate(asked, 1))


def version(stage: str, **changes: Any) -> VersionFacts:
    """A version with its package, all documents and all decisions."""
    roles = tuple(RoleFacts(person, role, AT) for role, people in PEOPLE.items() for person in people)
    facts = VersionFacts(
        "cards",
        "1.0",
        stage,
        HASH,
        HASH,
        annexes=ANNEXES,
        documents={f"{name}.pdf": "1" * 64 for name in DOCUMENTS},
        evidence=EVIDENCE,
        roles=roles,
        sign_offs=sign_offs(),
        entered="2026-11-21T10:00:00Z",
    )
    return replace(facts, **changes)


def state(gate: str, **changes: Any) -> GateState:
    """All that the gate asks for is there."""
    return replace(GateState(model(), version(STAGE_BEFORE[gate]), gate, AS_OF), **changes)


def codes(gate_state: GateState) -> list[str]:
    """Codes of what is missing."""
    return [one.code for one in KEEPER.evaluate(gate_state).missing]
