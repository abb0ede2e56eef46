"""What the policy permits: purposes, who may read for them, on which basis and how long attributes are kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from credit_risk._core.errors import Fault
from credit_risk.inventory.errors import ProtectedError
from credit_risk.inventory.policy.dates import months_after
from credit_risk.inventory.policy.read import Policy
from credit_risk.inventory.policy.spec import ProtectedSpec
from credit_risk.inventory.service.checks import Faults

_Terms = TypeVar("_Terms")
_Rows = TypeVar("_Rows")
REMEDY = "add it under protected: purposes: in the policy, which the bank's privacy officer decides"


def check_access(policy: Policy, purpose: str, reason: str, by: str) -> None:
    """Raise ProtectedError unless the policy permits `by` to read for this purpose, and a reason is given."""
    faults = Faults()
    faults.text(reason, "reason", required=True)
    found = [*faults.found]
    spec = protected_of(policy)
    if purpose not in spec.purposes:
        found.append(_unknown(spec, purpose))
    elif (persons := spec.purposes[purpose].persons) is not None and by not in persons:
        message = f"the policy does not let this person read for {purpose}"
        found.append(
            Fault(message, "person_not_permitted", path="by", found=by, allowed=", ".join(persons) or "nobody")
        )
    if found:
        raise ProtectedError(found)


def terms_of(
    policy: Policy, purposes: Sequence[str], basis: str | None, keep_until: str | None, today: str
) -> tuple[tuple[str, ...], str, str]:
    """Purposes (each once), legal basis and last day of a load. Raises ProtectedError with all that is wrong.

    Without `basis` it is that of the purposes in the policy, without `keep_until` the last day that the policy allows.
    """
    spec, faults = protected_of(policy), Faults()
    chosen = tuple(dict.fromkeys(purposes))
    faults.found += [_unknown(spec, one) for one in chosen if one not in spec.purposes]
    if not chosen:
        faults.found.append(Fault("names no purpose", "purpose", path="purpose", allowed=", ".join(spec.purposes)))
    faults.text(basis, "basis", longest=1_000)
    faults.day(keep_until, "keep_until")
    longest = months_after(today, spec.keep_months)
    if not faults.found and keep_until is not None and not today <= keep_until <= longest:
        message = f"the policy keeps protected attributes for {spec.keep_months} months at most"
        faults.found.append(Fault(message, "retention", path="keep_until", found=keep_until,
                                  allowed=f"{today} to {longest}"))  # fmt: skip
    if faults.found:
        raise ProtectedError(faults.found)
    told = "; ".join(dict.fromkeys(spec.purposes[one].basis for one in chosen)) if basis is None else basis
    return chosen, told, longest if keep_until is None else keep_until


def all_told(terms: Callable[[], _Terms], rows: Callable[[], _Rows]) -> tuple[_Terms, _Rows]:
    """What both checks of a load give. Raises ProtectedError with the faults of both where either fails."""
    try:
        given = terms()
    except ProtectedError as error:
        rest: tuple[Fault, ...] = ()
        try:
            rows()
        except ProtectedError as more:
            rest = tuple(more.faults)
        raise ProtectedError([*error.faults, *rest]) from error
    return given, rows()


def check_reason(reason: str, applicant: str | None = None) -> None:
    """Raise ProtectedError where there is no reason, or where it names the applicant, whom the trail may not name."""
    faults = Faults()
    faults.text(reason, "reason", required=True)
    if applicant is not None and re.search(rf"(?<!\w){re.escape(applicant)}(?!\w)", reason or ""):
        remedy = "name the case by another number: what stands in the trail cannot be erased"
        faults.found.append(Fault("the reason holds the key of the applicant", "reason_key", path="reason",
                                  remedy=remedy))  # fmt: skip
    if faults.found:
        raise ProtectedError(faults.found)


def protected_of(policy: Policy) -> ProtectedSpec:
    """The policy's part on protected attributes. Raises ProtectedError where it has none."""
    spec = policy.spec.protected
    if spec is None:
        message = "the policy permits no purpose for protected attributes: nobody may load or read any"
        raise ProtectedError(Fault(message, "no_purposes", policy.file, "protected", remedy=REMEDY))
    return spec


def _unknown(spec: ProtectedSpec, purpose: str) -> Fault:
    allowed = ", ".join(spec.purposes)
    return Fault("the policy permits no such purpose", "purpose", path="purpose", found=repr(purpose)[:80],
                 allowed=allowed, remedy=REMEDY)  # fmt: skip
