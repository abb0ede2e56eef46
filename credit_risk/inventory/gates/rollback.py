"""The rule of rollback: to which version use may go back in one act."""

from __future__ import annotations

from collections.abc import Iterable

from credit_risk.inventory.contracts import APPROVED, CLOSED, FindingFacts, Missing, VersionFacts
from credit_risk.inventory.gates.approvals import standing_missing
from credit_risk.inventory.policy.spec import PolicySpec


def rollback_missing(
    policy: PolicySpec,
    tier: str,
    target: VersionFacts,
    current: VersionFacts,
    findings: Iterable[FindingFacts],
    as_of: str,
) -> tuple[Missing, ...]:
    """What keeps use from going back from `current` to `target`: nothing, for the version that `current` superseded.

    The target was live until the current version took its place, its package is registered, its approval stands and
    has not expired, it was not passed by an override, and no finding of a blocking severity is open on it.
    findings: of the model.
    """
    found = []
    if target.model != current.model:
        found.append(Missing("other_model", "the versions are of two models", "name versions of one model"))
    if target.superseded_by != current.version:
        what = f"{target.version} was not superseded by {current.version}"
        found.append(Missing("not_previous", what, "go back to the version that the live one superseded"))
    if target.package_hash is None:
        found.append(Missing("no_package", f"{target.version} has no package", "there is nothing to go back to"))
    if target.override is not None:
        what = f"{target.version} had passed a gate under the override {target.override}"
        found.append(Missing("overridden", what, "go back to a version that was approved"))
    if target.expires is not None and target.expires < as_of:
        remedy = "approve it anew, or pass over the gate in an emergency"
        found.append(Missing("approval_expired", f"its approval expired on {target.expires}", remedy))
    found += standing_missing(target, APPROVED, policy.requirements(APPROVED, tier), as_of)
    found += [
        Missing("blocking_finding", f"{one.severity} finding {one.id} on {target.version} is {one.status}", "close it")
        for one in findings
        if one.version == target.version and one.status != CLOSED and one.severity in policy.blocking
    ]
    return tuple(found)
