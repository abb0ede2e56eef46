"""The checks of the catalogue: each takes the facts and tells what is missing. None of them reads a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from credit_risk.inventory.contracts import (
    APPROVED,
    CLOSED,
    CONDITION,
    DEVELOPER,
    EXCEPTION,
    PROPOSED,
    VALIDATED,
    FindingFacts,
    GateState,
    Missing,
    Provision,
)
from credit_risk.inventory.gates.approvals import standing_missing
from credit_risk.inventory.policy.objectives import objective_faults
from credit_risk.inventory.policy.spec import PolicySpec
from credit_risk.inventory.policy.tiering import effective_tier

Json = Any
Check = Callable[[GateState, PolicySpec], list[Missing]]
REGISTER = "register the package anew: credit-risk inventory submit"


def described(state: GateState, policy: PolicySpec) -> list[Missing]:
    """Purpose, use, boundaries, owner, products, inputs."""
    model = state.model
    texts = {"purpose": model.purpose, "intended use": model.intended_use, "operating boundaries": model.boundaries}
    texts |= {"owner": model.owner}
    lacking = [name for name, value in texts.items() if value is None or not value.strip()]
    lacking += [name for name, held in (("products", model.products), ("inputs", model.inputs)) if not held]
    return [Missing("not_described", f"the model has no {name}", "describe the model") for name in lacking]


def objectives_declared(state: GateState, policy: PolicySpec) -> list[Missing]:
    """At least one objective, and none that cannot be judged."""
    if not state.model.objectives:
        return [Missing("no_objectives", "objectives and KPIs are not declared", "describe the model with objectives")]
    faults = objective_faults(state.model.objectives)
    return [Missing("objective_faulty", f"{one.path} {one.message}", one.allowed) for one in faults]


def proposal_signed(state: GateState, policy: PolicySpec) -> list[Missing]:
    """The sign-offs that the gate `proposed` asks for."""
    return _standing(state, policy, PROPOSED)


def developer_named(state: GateState, policy: PolicySpec) -> list[Missing]:
    """Somebody developed the version."""
    if any(role.role == DEVELOPER for role in state.version.roles):
        return []
    return [Missing("no_developer", "no developer of the version is named", "give the role developer to who developed")]


def package_registered(state: GateState, policy: PolicySpec) -> list[Missing]:
    """A package; that its files are as sealed is checked when it is registered."""
    if state.version.package_hash is not None:
        return []
    return [Missing("no_package", "no model package is registered", "credit-risk inventory submit")]


def texts_authored(state: GateState, policy: PolicySpec) -> list[Missing]:
    """Every `authored.*` of the package is provided."""
    held = _evidence(state, "texts")
    if held is None:
        return [_unknown("which texts are authored")]
    return [
        Missing("text_missing", f"the text {name} is not in the package", "write it in the plan and develop anew")
        for name in held["missing"]
    ]


def limitations_declared(state: GateState, policy: PolicySpec) -> list[Missing]:
    """Each limitation is complete and in date."""
    held = _evidence(state, "limitations")
    if held is None:
        return [_unknown("which limitations are declared")]
    found = [
        Missing("limitation_incomplete", f"limitation {place} has no {name}", "complete it in the plan")
        for place, names in held["lacking"].items()
        for name in names
    ]
    for place, expiry in held["expiry"].items():
        if expiry is not None and expiry < state.as_of:
            what = f"limitation {place} has passed its expiry of {expiry}"
            found.append(Missing("limitation_expired", what, "judge it anew in the plan"))
    if held["number"] == 0:
        found.append(Missing("no_limitations", "the package has no register of limitations", "state them in the plan"))
    return found


def monitoring_planned(state: GateState, policy: PolicySpec) -> list[Missing]:
    """The plan of monitoring, each metric with cut, owner and response."""
    held = _evidence(state, "monitoring")
    if held is None:
        return [_unknown("how the model is monitored")]
    if held["metrics"] == 0:
        return [Missing("no_monitoring", "the plan declares no monitoring", "declare monitoring.metrics in the plan")]
    return [
        Missing("monitoring_incomplete", f"metric {name} has no {' and no '.join(lacking)}", "complete it in the plan")
        for name, lacking in held["open"].items()
    ]


def exports_in_parity(state: GateState, policy: PolicySpec) -> list[Missing]:
    """Engines agree on every export. A package without exports has nothing to agree."""
    held = _evidence(state, "exports")
    if held is None:
        return [_unknown("how exports compare")]
    if not held["files"]:
        return []
    if held["parity"] is None:
        what = "exports were not scored in their engines"
        return [Missing("no_parity", what, "credit-risk parity PACKAGE, and submit it anew")]
    found = [
        Missing("parity_failed", f"{name} does not agree with the package", "mend the export, and repeat the parity")
        for name in held["parity"]["disagree"]
    ]
    if not held["parity"]["agree"] and not found:
        found.append(Missing("no_parity", "no engine scored an export", "install an engine: credit-risk parity"))
    return found


def validated_independently(state: GateState, policy: PolicySpec) -> list[Missing]:
    """The validator's findings are of this very package, and every one is in the inventory."""
    held = _evidence(state, "findings")
    if held is None:
        what = "the package has no independent validation"
        return [Missing("not_validated", what, "credit-validate PACKAGE, and submit it anew")]
    if held.get("package_hash") != state.version.package_hash:
        return [Missing("validation_of_another", "the validation is of another package", "credit-validate PACKAGE")]
    return _not_imported(state, held)


def validator_concluded(state: GateState, policy: PolicySpec) -> list[Missing]:
    """The conclusion: there, of the findings that stand, no rejection."""
    held, findings = _evidence(state, "conclusion"), _evidence(state, "findings")
    if held is None:
        what = "no named validator has concluded"
        return [Missing("no_conclusion", what, "credit-validate conclude, and submit the package anew")]
    found = []
    if held.get("package_hash") not in (None, state.version.package_hash):
        found.append(Missing("conclusion_of_another", "the conclusion is of another package", "conclude anew"))
    cited = held.get("findings_sha256")
    if findings is not None and cited is not None and cited != findings.get("sha256"):
        found.append(Missing("conclusion_stale", "the conclusion is on other findings", "conclude on those that stand"))
    if str(held.get("recommendation", "reject")).startswith("reject"):
        found.append(Missing("validator_rejects", "the validator recommends to reject", "meet the findings"))
    return found


def no_blocking_findings(state: GateState, policy: PolicySpec) -> list[Missing]:
    """Findings of blocking severities are closed, the validator's too, whether imported or not."""
    found = [
        Missing("blocking_finding", f"{one.severity} finding {one.id} is {one.status}", "respond, retest, close")
        for one in _open(state.findings)
        if one.severity in policy.blocking
    ]
    held = _evidence(state, "findings")
    return found + ([] if held is None else _not_imported(state, held, tuple(policy.blocking)))


def no_overdue_findings(state: GateState, policy: PolicySpec) -> list[Missing]:
    """No open finding is past its date."""
    return [
        Missing("overdue_finding", f"{one.severity} finding {one.id} was due on {one.due}", "respond, retest, close")
        for one in _open(state.findings)
        if one.due is not None and one.due < state.as_of
    ]


def redeployment_compared(state: GateState, policy: PolicySpec) -> list[Missing]:
    """Beside a live version: a comparison with that very package, which does not reject. Without one, nothing."""
    previous = state.previous
    if previous is None or previous.version == state.version.version or previous.package_hash is None:
        return []
    held = _evidence(state, "redeployment")
    remedy = "credit-risk inventory submit MODEL VERSION --package PACKAGE --previous PACKAGE"
    if held is None or held.get("previous_hash") != previous.package_hash:
        what = f"no comparison with the live version {previous.version}"
        return [Missing("not_compared", what, remedy)]
    outcome = held.get("outcome")
    if outcome == "reject":
        return [Missing("comparison_rejects", f"the plan's rules reject it: {held.get('reason')}", "keep the live one")]
    if outcome not in ("auto_accept", "manual_review"):
        what = f"the comparison with {previous.version} has no outcome: {held.get('reason')}"
        return [Missing("not_compared", what, "state strategy.redeployment in the plan")]
    return []


def upstream_known(state: GateState, policy: PolicySpec) -> list[Missing]:
    """Where an input is a model's, the model is named upstream."""
    from_models = [one.name for one in state.model.inputs if one.kind == "model"]
    if not from_models or state.model.upstream:
        return []
    what = f"inputs come from models that are not named upstream: {', '.join(from_models)}"
    return [Missing("upstream_unknown", what, "name the upstream models")]


def approval_in_force(state: GateState, policy: PolicySpec) -> list[Missing]:
    """The sign-offs of validation and approval stand; the passage has not ended."""
    found = [*_standing(state, policy, VALIDATED), *_standing(state, policy, APPROVED)]
    expires = state.version.expires
    if expires is not None and expires < state.as_of:
        found.append(Missing("approval_expired", f"the approval expired on {expires}", "approve the version anew"))
    return found


def conditions_in_date(state: GateState, policy: PolicySpec) -> list[Missing]:
    """Conditions of approval that are due are met, which is told by ending them."""
    return _past(state, CONDITION, "condition_overdue")


def exceptions_in_date(state: GateState, policy: PolicySpec) -> list[Missing]:
    """Exceptions that have ended are lifted or granted anew."""
    return _past(state, EXCEPTION, "exception_expired")


CHECK_FUNCTIONS: Mapping[str, Check] = {
    "described": described,
    "objectives_declared": objectives_declared,
    "proposal_signed": proposal_signed,
    "developer_named": developer_named,
    "package_registered": package_registered,
    "texts_authored": texts_authored,
    "limitations_declared": limitations_declared,
    "monitoring_planned": monitoring_planned,
    "exports_in_parity": exports_in_parity,
    "validated_independently": validated_independently,
    "validator_concluded": validator_concluded,
    "no_blocking_findings": no_blocking_findings,
    "no_overdue_findings": no_overdue_findings,
    "redeployment_compared": redeployment_compared,
    "upstream_known": upstream_known,
    "approval_in_force": approval_in_force,
    "conditions_in_date": conditions_in_date,
    "exceptions_in_date": exceptions_in_date,
}


def _evidence(state: GateState, name: str) -> Mapping[str, Json] | None:
    held = state.version.evidence.get(name)
    return held if isinstance(held, Mapping) else None


def _unknown(what: str) -> Missing:
    return Missing("evidence_missing", f"the inventory does not know {what}", REGISTER)


def _standing(state: GateState, policy: PolicySpec, gate: str) -> list[Missing]:
    tier = effective_tier(policy, state.model.tier)
    return standing_missing(state.version, gate, policy.requirements(gate, tier), state.as_of)


def _open(findings: Iterable[FindingFacts]) -> list[FindingFacts]:
    return [one for one in findings if one.status != CLOSED]


def _not_imported(
    state: GateState, held: Mapping[str, Json], severities: tuple[str, ...] | None = None
) -> list[Missing]:
    """Findings of the validator that the inventory does not have, by the counts of his file."""
    mark = f":{str(state.version.package_hash)[:8]}:"
    mine = [one.severity for one in state.findings if one.source == "validation" and mark in one.id]
    counts = held.get("counts") or {}
    lacking = {
        name: count - mine.count(name) for name, count in counts.items() if severities is None or name in severities
    }
    told = ", ".join(f"{count} {name}" for name, count in lacking.items() if count > 0)
    remedy = "credit-risk inventory finding import"
    return (
        [Missing("findings_not_imported", f"findings of the validator are not recorded: {told}", remedy)]
        if told
        else []
    )


def _provisions(state: GateState) -> tuple[Provision, ...]:
    of_version = tuple(one for one in state.version.provisions if one.version in (None, state.version.version))
    return (*state.model.provisions, *of_version)


def _past(state: GateState, kind: str, code: str) -> list[Missing]:
    return [
        Missing(code, f"{one.kind} {one.id} was due on {one.expires}: {one.text}", "meet it and end it, or decide anew")
        for one in _provisions(state)
        if one.kind == kind and one.ended is None and one.expires is not None and one.expires < state.as_of
    ]
