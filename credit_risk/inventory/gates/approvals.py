"""Which signed decisions count at a gate: not void, not expired, over the hashes that stand, the latest of a person."""

from __future__ import annotations

from collections.abc import Iterable

from credit_risk.inventory.contracts import (
    APPROVED,
    INDEPENDENT_GATES,
    INDEPENDENT_ROLES,
    LIVE,
    PROPOSED,
    REJECT,
    RESTRICTED,
    Missing,
    SignOffFacts,
    VersionFacts,
)
from credit_risk.inventory.policy.spec import RequirementSpec

IN_USE = (LIVE, RESTRICTED)


def why_not(version: VersionFacts, one: SignOffFacts, as_of: str) -> str | None:
    """Why a sign-off does not count, in words; None where it does."""
    if one.void is not None:
        return f"is void: {one.void}"
    if one.expires is not None and one.expires < as_of:
        return f"expired on {one.expires}"
    of_proposal = one.gate == PROPOSED and version.package_hash is not None
    if not of_proposal and one.subject_hash != version.subject_hash:
        return "is over another hash than the package's that stands"
    changed = sorted(kind for kind, digest in one.annexes.items() if version.annexes.get(kind) != digest)
    if changed:
        return f"is over an annex that was changed since ({', '.join(changed)})"
    if one.person in version.developers() and (one.gate in INDEPENDENT_GATES or one.role in INDEPENDENT_ROLES):
        return "is by somebody who developed a part of the version"
    return None


def decisions(version: VersionFacts, gate: str, as_of: str, text_hash: str | None = None) -> tuple[SignOffFacts, ...]:
    """The latest decision of each person and role that counts, in order of signing.

    text_hash: where given, those over another text of the gate do not count.
    """
    latest: dict[tuple[str, str], SignOffFacts] = {}
    for one in sorted(version.sign_offs, key=lambda sign_off: sign_off.sequence):
        if one.gate != gate or why_not(version, one, as_of) is not None:
            continue
        if text_hash is not None and one.gate_text_sha256 != text_hash:
            continue
        if text_hash is not None and _of_before(version, gate, one):
            continue
        latest[one.person, one.role] = one
    return tuple(sorted(latest.values(), key=lambda sign_off: sign_off.sequence))


def _of_before(version: VersionFacts, gate: str, one: SignOffFacts) -> bool:
    """Whether a sign-off is of a time before the version came to its stage, where a gate may be passed more than once:
    use resumed or restricted again, and an approval renewed in use."""
    again = gate in IN_USE or (gate == APPROVED and version.stage in IN_USE)
    return again and version.entered is not None and one.at < version.entered


def approval_missing(held: Iterable[SignOffFacts], requirement: RequirementSpec, gate: str) -> list[Missing]:
    """What is missing of the persons who must approve in a role."""
    role, wanted = str(requirement.approval), requirement.count
    people = {one.person for one in held if one.role == role and one.decision != REJECT}
    if len(people) >= wanted:
        return []
    told = f"{wanted - len(people)} of {wanted} signed decisions" if wanted > 1 else "a signed decision"
    remedy = f"the {role} signs at the gate {gate}: credit-risk inventory approve"
    return [Missing("approval_missing", f"{told} of the {role}", remedy)]


def rejections(held: Iterable[SignOffFacts]) -> list[Missing]:
    """Decisions that reject; the same person takes one back by a later decision in the same role."""
    remedy = "meet the reasons and register the package anew; a new package is decided anew"
    return [
        Missing("rejected", f"{one.person} ({one.role}) rejected on {one.at[:10]}", remedy)
        for one in held
        if one.decision == REJECT
    ]


def discounted(version: VersionFacts, gate: str, as_of: str, text_hash: str) -> list[str]:
    """Sign-offs of a gate that do not count, each with the reason, in words."""
    told = []
    for one in version.sign_offs:
        if one.gate != gate:
            continue
        why = why_not(version, one, as_of)
        if why is None and one.gate_text_sha256 != text_hash:
            why = "is over another text of the gate: the policy or the tier was changed since"
        if why is None and _of_before(version, gate, one):
            why = "is of a time before the version came to its stage"
        if why is not None:
            told.append(f"{one.role} {one.person} {why}")
    return told


def standing_missing(
    version: VersionFacts, gate: str, requirements: Iterable[RequirementSpec], as_of: str
) -> list[Missing]:
    """What of the sign-offs of a gate that was passed stands no longer."""
    held = decisions(version, gate, as_of)
    found = [
        Missing("sign_off_void", f"sign-off of the gate {gate}: {one.what}", f"sign the gate {gate} anew")
        for requirement in requirements
        if requirement.approval is not None
        for one in approval_missing(held, requirement, gate)
    ]
    return [*found, *rejections(held)]
