"""The gatekeeper: evaluates the gates by the bank's policy. Pure: the same facts give the same answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from credit_risk.inventory.contracts import (
    APPROVE_WITH_CONDITIONS,
    APPROVED,
    INDEPENDENT_ROLES,
    TRANSITIONS,
    WRONG_STAGE,
    Emergency,
    FindingFacts,
    GateResult,
    GateState,
    Missing,
    ModelFacts,
    SignOffFacts,
    TierFacts,
    VersionFacts,
)
from credit_risk.inventory.gates.approvals import IN_USE, approval_missing, decisions, discounted, rejections
from credit_risk.inventory.gates.checks import CHECK_FUNCTIONS
from credit_risk.inventory.gates.emergency import emergency
from credit_risk.inventory.gates.gate_text import gate_text, text_sha256, words
from credit_risk.inventory.gates.rollback import rollback_missing
from credit_risk.inventory.policy.catalogue import FREQUENCIES
from credit_risk.inventory.policy.dates import days_after, months_after
from credit_risk.inventory.policy.read import Policy, default_policy
from credit_risk.inventory.policy.spec import RequirementSpec
from credit_risk.inventory.policy.tiering import effective_tier, tier_of


class PolicyGatekeeper:
    """Gates by a policy; without one, by the policy that ships."""

    def __init__(self, policy: Policy | None = None):
        self.policy = default_policy() if policy is None else policy

    def text(self, state: GateState) -> str:
        """What a person signs at the gate."""
        return gate_text(self.policy, state.gate, self._tier(state))

    def evaluate(self, state: GateState) -> GateResult:
        """Whether the version may pass, and all that is missing; conditions, end and next dates of the passage."""
        tier, gate = self._tier(state), state.gate
        digest = text_sha256(self.policy, gate, tier)
        held = decisions(state.version, gate, state.as_of, digest)
        missing = [*_transition(state), *self._tier_missing(state)]
        met = []
        for one in self.policy.spec.requirements(gate, tier):
            lacking = self._requirement(state, one, held)
            missing += lacking
            met += [] if lacking else [words(one)]
        missing += rejections(held)
        if any(one.code == "approval_missing" for one in missing):
            remedy = f"sign the gate {gate} anew"
            missing += [
                Missing("sign_off_not_counted", told, remedy)
                for told in discounted(state.version, gate, state.as_of, digest)
            ]
        conditions = tuple(
            dict.fromkeys(text for one in held if one.decision == APPROVE_WITH_CONDITIONS for text in one.conditions)
        )
        unique = tuple(dict.fromkeys(missing))
        end, dates = self._end(state, tier, held), self._dates(state, tier)
        notes = () if state.development is None else (state.development.words(),)
        return GateResult(gate, unique, tuple(met), conditions, end, dates, notes)

    def tier(self, model: ModelFacts) -> TierFacts | None:
        """Tier by the policy's rule; None where the inputs do not suffice."""
        return tier_of(self.policy.spec, model.tier_inputs)

    def needs_key(self, act: str) -> bool:
        """Whether an act that only describes must be signed, by the policy."""
        return self.policy.spec.signatures.needed(act)

    def finding_due(self, severity: str, tier: str | None, raised: str) -> str | None:
        """Date by which a finding is to be closed: days of the tier, of the strictest where there is none."""
        spec = self.policy.spec
        name = tier if tier in spec.tiers else spec.tier_names()[0]
        days: Mapping[str, int] = {str(key): value for key, value in spec.tiers[str(name)].finding_days.items()}
        return days_after(raised, days[severity]) if severity in days else None

    def rollback(
        self,
        model: ModelFacts,
        target: VersionFacts,
        current: VersionFacts,
        findings: Iterable[FindingFacts],
        as_of: str,
    ) -> tuple[Missing, ...]:
        """What keeps use from going back from `current` to `target`."""
        tier = effective_tier(self.policy.spec, model.tier)
        return rollback_missing(self.policy.spec, tier, target, current, findings, as_of)

    def emergency(self, states: Sequence[GateState], person: str, reason: str) -> Emergency:
        """What passing over the gates of `states` needs and leaves; the last is the one that is sought."""
        results = [self.evaluate(one).on_the_way() for one in states]
        return emergency(self.policy.spec, states[-1], results, person, reason)

    def _tier(self, state: GateState) -> str:
        return effective_tier(self.policy.spec, state.model.tier)

    def _requirement(self, state: GateState, one: RequirementSpec, held: tuple[SignOffFacts, ...]) -> list[Missing]:
        if one.check is not None:
            return CHECK_FUNCTIONS[one.check](state, self.policy.spec)
        if one.document is not None:
            return _document_missing(state, one.document)
        return approval_missing(held, one, state.gate)

    def _tier_missing(self, state: GateState) -> list[Missing]:
        """A tier by the present rule and inputs; where it is overridden, with reason and an independent approver."""
        tier, rule = state.model.tier, self.policy.spec.tiering.version
        remedy = "set the tier: credit-risk inventory tier"
        if tier is None:
            return [Missing("no_tier", "the model has no tier", remedy)]
        found = []
        if tier.tier not in self.policy.spec.tiers:
            found.append(Missing("tier_unknown", f"the policy has no tier {tier.tier}", remedy))
        if tier.rule_version != rule:
            what = f"the tier was set by rule {tier.rule_version}, the policy's is {rule}"
            found.append(Missing("tier_rule_old", what, remedy))
        now = self.tier(state.model)
        if now is None or now.computed != tier.computed:
            told = "no tier any more" if now is None else f"tier {now.computed}"
            found.append(Missing("tier_stale", f"the rule gives {told} by what is known now", remedy))
        if tier.tier != tier.computed:
            found += _override_missing(state, tier)
        return found

    def _end(self, state: GateState, tier: str, held: tuple[SignOffFacts, ...]) -> str | None:
        """The day when the passage ends: the earliest of the policy's and of those that who signed has set."""
        if not self.policy.spec.gate(state.gate).expires:
            return None
        ends = [one.expires for one in held if one.expires is not None]
        return min([*ends, months_after(state.as_of, self.policy.spec.tiers[tier].approval_months)])

    def _dates(self, state: GateState, tier: str) -> dict[str, str]:
        spec = self.policy.spec.tiers[tier]
        months = {"review": spec.review_months, "monitoring": FREQUENCIES[spec.monitoring]}
        return {kind: months_after(state.as_of, months[kind]) for kind in self.policy.spec.gate(state.gate).dates}


def _transition(state: GateState) -> list[Missing]:
    stage = state.version.stage
    renewed = state.gate == APPROVED and stage in IN_USE
    if state.gate == stage or renewed or state.gate in TRANSITIONS.get(stage, ()):
        return []
    allowed = ", ".join(TRANSITIONS.get(stage, ())) or "none"
    return [Missing(WRONG_STAGE, f"no way leads from {stage} to {state.gate}", f"gates from here: {allowed}")]


def _document_missing(state: GateState, name: str) -> list[Missing]:
    files = state.version.documents
    if f"{name}.pdf" in files or any(file.startswith(f"{name}.") and file.endswith(".pdf") for file in files):
        return []
    return [Missing("document_missing", f"the document {name}", "credit-dossier PACKAGE, and submit it anew")]


def _override_missing(state: GateState, tier: TierFacts) -> list[Missing]:
    remedy = "an approver who developed no part of the version sets the tier, with the reason"
    if not (tier.override_reason or "").strip() or tier.override_by is None:
        return [Missing("tier_override", "the tier is overridden without reason or approver", remedy)]
    if tier.override_by in state.version.developers():
        what = f"the tier was overridden by {tier.override_by}, who developed a part of the version"
        return [Missing("tier_override", what, remedy)]
    roles = {one.role for one in state.version.roles if one.person == tier.override_by and one.until is None}
    if not roles & set(INDEPENDENT_ROLES):
        what = f"the tier was overridden by {tier.override_by}, who is neither approver nor validator of the version"
        return [Missing("tier_override", what, remedy)]
    return []
