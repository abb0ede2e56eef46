"""Tier of a model: exposure by purpose, raised by complexity; with an override that says why and by whom."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk.inventory.contracts import TierFacts
from credit_risk.inventory.errors import InventoryError
from credit_risk.inventory.policy.catalogue import LEVELS, Level
from credit_risk.inventory.policy.spec import PolicySpec, TieringSpec

Json = Any
EXPOSURE, PURPOSE = "exposure", "purpose"


@dataclass(frozen=True, slots=True)
class Reasons:
    """How a tier came about: classes of exposure and purpose, points of complexity, tier before and after them."""

    exposure: str
    purpose: str
    points: int
    base: str
    tier: str

    def words(self) -> str:
        """In one sentence."""
        raised = f", raised from {self.base} by complexity" if self.tier != self.base else ""
        told = f"exposure {self.exposure}, purpose {self.purpose}, {self.points} points of complexity"
        return f"tier {self.tier}: {told}{raised}"


def tier_faults(policy: PolicySpec, inputs: Mapping[str, Json]) -> list[Fault]:
    """What keeps the rule from giving a tier: inputs that are missing, unknown or not allowed. None: an empty list."""
    rule = policy.tiering
    wanted = (EXPOSURE, PURPOSE, *rule.complexity.aspects)
    faults = [
        Fault("the tiering rule does not know it", "tier_input", path=name, allowed=", ".join(wanted))
        for name in inputs
        if name not in wanted
    ]
    for name in wanted:
        value = inputs.get(name)
        if value is None:
            faults.append(Fault("is missing", "tier_input", path=name, allowed=_allowed(rule, name)))
        elif not _fits(rule, name, value):
            message, allowed = "is not what the tiering rule takes", _allowed(rule, name)
            faults.append(Fault(message, "tier_input", path=name, found=repr(value), allowed=allowed))
    return faults


def tier_reasons(policy: PolicySpec, inputs: Mapping[str, Json]) -> Reasons:
    """Tier of these inputs with how it came about. Raises InventoryError with every input that is at fault."""
    faults = tier_faults(policy, inputs)
    if faults:
        raise InventoryError(faults)
    rule, order = policy.tiering, policy.tier_names()
    exposure = next(level for level in reversed(LEVELS) if float(inputs[EXPOSURE]) >= rule.exposure.begins[level])
    purpose = _class_of(rule, str(inputs[PURPOSE])) or LEVELS[-1]
    base = rule.matrix[exposure][purpose]
    points = sum(rule.complexity.points[inputs[aspect]] for aspect in rule.complexity.aspects)
    raised = points >= rule.complexity.raise_from
    tier = order[max(0, order.index(base) - 1)] if raised else base
    return Reasons(exposure, purpose, points, base, tier)


def tier_of(policy: PolicySpec, inputs: Mapping[str, Json]) -> TierFacts | None:
    """Tier by the rule, with its inputs and the rule's version; None where the inputs do not suffice."""
    if tier_faults(policy, inputs):
        return None
    tier = tier_reasons(policy, inputs).tier
    return TierFacts(tier, tier, policy.tiering.version, dict(inputs))


def overridden(policy: PolicySpec, computed: TierFacts, tier: str, reason: str, by: str) -> TierFacts:
    """The tier that a person puts in the place of the computed one.

    Raises InventoryError, with all faults: unknown tier, the same tier, no reason, no approver.
    """
    faults = []
    if tier not in policy.tiers:
        faults.append(Fault("no such tier", "tier", found=tier, allowed=", ".join(policy.tiers)))
    if tier == computed.computed:
        faults.append(Fault("is the tier that the rule gives", "tier", found=tier, remedy="leave the override away"))
    for name, value in (("reason", reason), ("approver", by)):
        if not value.strip():
            faults.append(Fault(f"an override needs its {name}", "tier_override", path=name))
    if faults:
        raise InventoryError(faults)
    return replace(computed, tier=tier, override_reason=reason.strip(), override_by=by)


def effective_tier(policy: PolicySpec, tier: TierFacts | None) -> str:
    """Tier whose requirements hold: that in force, or the strictest where there is none or it is unknown."""
    return tier.tier if tier is not None and tier.tier in policy.tiers else policy.tier_names()[0]


def _class_of(rule: TieringSpec, purpose: str) -> Level | None:
    wanted = " ".join(purpose.split()).casefold()
    return next((level for level, names in rule.purpose.items() if wanted in {n.casefold() for n in names}), None)


def _fits(rule: TieringSpec, name: str, value: Json) -> bool:
    if name == EXPOSURE:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
    if not isinstance(value, str):
        return False
    return _class_of(rule, value) is not None if name == PURPOSE else value in LEVELS


def _allowed(rule: TieringSpec, name: str) -> str:
    if name == EXPOSURE:
        return f"a number of 0 or more ({rule.exposure.unit})"
    if name == PURPOSE:
        return ", ".join(one for names in rule.purpose.values() for one in names)
    return ", ".join(LEVELS)
