"""A review: what was promised at the proposal is held against what was measured, and the next review is set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from credit_risk._core.errors import Fault
from credit_risk.inventory.errors import InventoryError
from credit_risk.inventory.policy.dates import months_after
from credit_risk.inventory.policy.objectives import MISSED, Judged, is_number, judge, objective_faults
from credit_risk.inventory.policy.read import Policy, default_policy
from credit_risk.inventory.policy.tiering import effective_tier
from credit_risk.inventory.service.describing import today

if TYPE_CHECKING:
    from credit_risk.inventory.book import Inventory


@dataclass(frozen=True, slots=True)
class Review:
    """Each objective with its verdict, and the day of the next review."""

    judged: tuple[Judged, ...]
    next_review: str

    @property
    def missed(self) -> bool:
        """Whether an objective is missed."""
        return any(one.verdict == MISSED for one in self.judged)


def review_model(
    inventory: Inventory,
    model: str,
    measured: Mapping[str, float],
    *,
    by: str,
    comment: str = "",
    policy: Policy | None = None,
) -> Review:
    """Judge the objectives of a model, note the result in the trail, and set the next review by the policy and tier.

    measured: values by the identifier of the objective; one that is not named was not measured. policy None: that
    which ships. Raises InventoryError with all faults: a value of no objective, or that is no finite number.
    """
    spec = (policy or default_policy()).spec
    facts = inventory.models.get(model)
    faults = objective_faults(facts.objectives)
    known = {str(one.get("id")) for one in facts.objectives}
    faults += [Fault("is no objective of the model", "objective", path=name) for name in sorted(set(measured) - known)]
    faults += [
        Fault("is not a finite number", "objective", path=name, found=repr(value))
        for name, value in measured.items()
        if not is_number(value)
    ]
    if faults:
        raise InventoryError(faults)
    judged = judge(facts.objectives, measured)
    due = months_after(today(inventory.store), spec.tiers[effective_tier(spec, facts.tier)].review_months)
    rows = [{"id": one.id, "target": one.target, "value": one.value, "verdict": one.verdict} for one in judged]
    content = {"objectives": rows, "comment": comment, "next_review": due}
    inventory.trail.note("review", content, by=by, model=model)
    inventory.models.set_date(model, "review", due, by=by)
    return Review(judged, due)
