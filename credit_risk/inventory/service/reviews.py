"""A review: what was promised at the proposal is held against what was measured, and the next review is set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from credit_risk._core.errors import Fault
from credit_risk.inventory import kinds
from credit_risk.inventory.contracts import ModelFacts
from credit_risk.inventory.errors import InventoryError
from credit_risk.inventory.policy.dates import months_after
from credit_risk.inventory.policy.objectives import MISSED, Judged, is_number, judge, objective_faults
from credit_risk.inventory.policy.read import Policy, default_policy
from credit_risk.inventory.policy.tiering import effective_tier
from credit_risk.inventory.service.checks import check_person
from credit_risk.inventory.service.signing import Actor, person_of, require_key
from credit_risk.inventory.store.facts import model_facts

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
    by: Actor,
    comment: str = "",
    policy: Policy | None = None,
) -> Review:
    """Judge the objectives of a model, and set the next review by the policy and tier: one signed event.

    measured: values by the identifier of the objective; one that is not named was not measured. policy None: that
    which ships. Raises InventoryError with all faults: a value of no objective, or that is no finite number;
    KeyFileError where `by` comes without a key.
    """
    require_key(by, "a review")
    spec = (policy or default_policy()).spec
    with inventory.store.writing() as writer:
        facts = model_facts(writer.connection, model)
        check_person(writer.connection, person_of(by))
        faults = _faults(facts, measured)
        if faults:
            raise InventoryError(faults)
        judged = judge(facts.objectives, measured)
        tier = spec.tiers[effective_tier(spec, facts.tier)]
        due = months_after(writer.moment()[:10], tier.review_months)
        rows = [{"id": one.id, "target": one.target, "value": one.value, "verdict": one.verdict} for one in judged]
        content = {"objectives": rows, "comment": comment, "next_review": due}
        writer.append(kinds.REVIEWED, content, actor=by, model=model)
    return Review(judged, due)


def _faults(facts: ModelFacts, measured: Mapping[str, float]) -> list[Fault]:
    faults = objective_faults(facts.objectives)
    known = {str(one.get("id")) for one in facts.objectives}
    faults += [Fault("is no objective of the model", "objective", path=name) for name in sorted(set(measured) - known)]
    return faults + [
        Fault("is not a finite number", "objective", path=name, found=repr(value))
        for name, value in measured.items()
        if not is_number(value)
    ]
