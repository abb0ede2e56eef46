"""The rule of emergency override: who may pass a gate over, and the finding that it leaves."""

from __future__ import annotations

from collections.abc import Sequence

from credit_risk.inventory.contracts import OWNER, Emergency, GateResult, GateState, Missing
from credit_risk.inventory.policy.dates import days_after
from credit_risk.inventory.policy.spec import PolicySpec


def emergency(
    policy: PolicySpec, state: GateState, results: Sequence[GateResult], person: str, reason: str
) -> Emergency:
    """What an emergency override of a gate needs and leaves.

    results: what the gate and those before it that are passed over with it said, which the finding's statement tells.
    The person holds the role that the policy names, on this version, and developed no part of it.
    """
    rule, version, found = policy.override, state.version, []
    if state.gate not in rule.gates:
        allowed = ", ".join(rule.gates) or "none"
        found.append(Missing("override_gate", f"the gate {state.gate} is never passed over", f"gates: {allowed}"))
    if all(one.passed for one in results):
        found.append(Missing("override_needless", "the gate is passed without an override", "pass it"))
    roles = {one.role for one in version.roles if one.person == person and one.until is None}
    roles |= {OWNER} if state.model.owner == person else set()
    if rule.role not in roles:
        what = f"{person} is not {rule.role} of this version"
        found.append(Missing("override_role", what, f"the {rule.role} overrides"))
    if person in version.developers():
        found.append(Missing("four_eyes", f"{person} developed a part of the version", "another person overrides"))
    if not reason.strip():
        found.append(Missing("no_reason", "an override needs its reason", "say why it cannot wait"))
    told = "; ".join(f"{result.gate}: {one.what}" for result in results for one in result.missing) or "nothing"
    statement = f"{reason.strip().rstrip('.')}. Missing: {told}."
    title = f"Emergency override of the gate {state.gate} by {person}"
    return Emergency(tuple(found), rule.finding_severity, title, statement, days_after(state.as_of, rule.days))
