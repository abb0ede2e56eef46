"""Sign-offs at gates and the ways from stage to stage, inside one transaction each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from credit_risk._core.errors import Fault
from credit_risk.inventory import kinds
from credit_risk.inventory.contracts import (
    APPROVE_WITH_CONDITIONS,
    APPROVED,
    CONDITION,
    DECISIONS,
    INDEPENDENT_GATES,
    INDEPENDENT_ROLES,
    LIVE,
    PROPOSED,
    REJECT,
    RESTRICTED,
    RESTRICTION,
    RETIRED,
    ROLES,
    STAGES,
    TRANSITIONS,
    FindingFacts,
    Gatekeeper,
    GateResult,
    GateState,
    SignOffFacts,
    VersionFacts,
)
from credit_risk.inventory.documents.revisions import DOCUMENTS, follow_faults, latest, revisions_of
from credit_risk.inventory.errors import FourEyesError, GateError, InventoryError
from credit_risk.inventory.keys.statements import OVERRIDE, SIGN_OFF, Signed
from credit_risk.inventory.service.checks import Faults, check_person
from credit_risk.inventory.service.describing import append_provision
from credit_risk.inventory.service.findings import append_finding
from credit_risk.inventory.service.signing import Actor, Signer, check_signed, event_payload, person_of
from credit_risk.inventory.service.versions import IN_USE, gate_state, holds_role
from credit_risk.inventory.store import tables
from credit_risk.inventory.store.facts import findings_facts, model_facts, version_facts
from credit_risk.inventory.store.signed_documents import certificate_owner, recorded
from credit_risk.inventory.store.writer import Writer

Json = Any


def signable(stage: str, decision: str) -> tuple[str, ...]:
    """Gates that may be signed at a stage: those ahead; for an approval also the one that was passed last (others sign
    beside who signed first), and `approved` in use, where it is renewed."""
    ahead = TRANSITIONS[stage]
    if stage == PROPOSED:
        return (PROPOSED, *ahead)
    if decision == REJECT or stage == RETIRED:
        return ahead
    return (*ahead, APPROVED if stage in IN_USE else stage)


def sign_off_fields(
    state: GateState,
    gates: Gatekeeper,
    *,
    decision: str,
    role: str,
    conditions: tuple[str, ...],
    expires: str | None,
    comment: str | None,
    documents: Mapping[str, Json] | None = None,
) -> dict[str, Json]:
    """What a person signs at a gate; documents: those that the person has signed in the same act.

    Raises InventoryError where decision, role, conditions or date cannot be.
    """
    faults = Faults()
    faults.one_of(decision, DECISIONS, "decision")
    faults.one_of(role, ROLES, "role")
    faults.day(expires, "expires")
    faults.text(comment, "comment")
    for text in conditions:
        faults.text(text, "conditions", required=True)
    if (decision == APPROVE_WITH_CONDITIONS) != bool(conditions):
        faults.found.append(Fault("conditions go with approve_with_conditions, and with nothing else", "conditions"))
    faults.raise_any()
    return {
        "model": state.version.model,
        "version": state.version.version,
        "gate": state.gate,
        "gate_text": gates.text(state),
        "decision": decision,
        "role": role,
        "subject_hash": state.version.subject_hash,
        "annexes": dict(state.version.annexes),
        "conditions": list(conditions),
        "expires": expires,
        "comment": comment,
        **({} if documents is None else {DOCUMENTS: dict(documents)}),
    }


def append_sign_off(writer: Writer, gates: Gatekeeper, signed: Signed) -> SignOffFacts:
    """Check a signed decision against the version as it is now, and append it."""
    check_signed(writer, signed, SIGN_OFF)
    text = signed.statement
    check_person(writer.connection, text["person"])
    state = gate_state(writer.connection, text["model"], text["version"], text["gate"], writer.moment()[:10])
    _check_four_eyes(state.version, text["person"], text["gate"], text["role"])
    _check_subject(writer, state, gates, text)
    _check_documents(writer, state.version, text)
    before = [one for one in state.version.in_force(state.gate) if one.person == text["person"]]
    since = state.version.entered or ""
    if any((one.decision, one.role) == (text["decision"], text["role"]) and one.at >= since for one in before):
        raise InventoryError(Fault(f"{text['person']} has signed this already", "signed_already", _place(state)))
    event = writer.append(
        kinds.SIGNED_OFF, event_payload(signed), actor=text["person"], model=text["model"], version=text["version"]
    )
    if before:
        payload = {"sign_offs": [one.sequence for one in before], "reason": f"replaced by sign-off {event.sequence}"}
        writer.append(kinds.SIGN_OFFS_VOIDED, payload, actor=text["person"], model=text["model"],
                      version=text["version"])  # fmt: skip
    now = version_facts(writer.connection, text["model"], text["version"])
    return next(one for one in now.sign_offs if one.sequence == event.sequence)


def pass_gate(writer: Writer, gates: Gatekeeper, model: str, version: str, gate: str, by: Actor) -> GateResult:
    """Bring a version through a gate where nothing is missing. Raises GateError with all that is missing."""
    state = gate_state(writer.connection, model, version, gate, writer.moment()[:10])
    renewal = gate == APPROVED and state.version.stage in IN_USE
    if not renewal:
        check_transition(state)
    result = gates.evaluate(state)
    if not result.passed:
        raise GateError([Fault(one.what, one.code, _place(state), remedy=one.remedy) for one in result.missing])
    enter_stage(writer, state, result, by, to=state.version.stage if renewal else gate)
    return result


def check_transition(state: GateState) -> None:
    """Raise InventoryError where the stages do not lead there."""
    ahead = TRANSITIONS[state.version.stage]
    if state.gate not in ahead:
        allowed = ", ".join(ahead) or "nothing: propose a new version"
        message = f"the version is {state.version.stage}"
        raise InventoryError(Fault(message, "transition", _place(state), found=state.gate, allowed=allowed))
    if state.gate not in (RETIRED, PROPOSED) and state.version.package_hash is None:
        remedy = "register the package of the version"
        raise InventoryError(Fault("there is no package yet", "no_package", _place(state), remedy=remedy))


def enter_stage(
    writer: Writer, state: GateState, result: GateResult, by: Actor, *, to: str, reason: str | None = None
) -> None:
    """Append the passage: the version that was live gives way, dates and conditions begin to hold."""
    model, version = state.version.model, state.version.version
    if to == LIVE and state.version.stage != LIVE:
        _supersede(writer, model, version, by)
    payload: dict[str, Json] = {"from": state.version.stage, "to": to, "dates": dict(result.dates)}
    payload |= {"met": list(result.met), "notes": list(result.notes), "reason": reason}
    if state.gate == APPROVED or result.expires is not None:
        payload["expires"] = result.expires
    writer.append(kinds.STAGE_ENTERED, payload, actor=by, model=model, version=version)
    signed = [text for one in state.version.in_force(state.gate) for text in one.conditions]
    held = {one.text for one in state.version.provisions if one.kind == CONDITION and one.ended is None}
    for text in dict.fromkeys([*result.conditions, *signed]):
        if text not in held:
            append_provision(writer, model, version, CONDITION, text, by, None)


def append_restriction(
    writer: Writer, gates: Gatekeeper, model: str, version: str, text: str, by: Actor, expires: str | None
) -> GateResult:
    """Restrict a live version; a restricted one gets a further restriction."""
    check_person(writer.connection, person_of(by))
    facts = version_facts(writer.connection, model, version)
    result = GateResult(RESTRICTED)
    if facts.stage != RESTRICTED:
        result = pass_gate(writer, gates, model, version, RESTRICTED, by)
    append_provision(writer, model, version, RESTRICTION, text, by, expires)
    return result


def append_rollback(writer: Writer, gates: Gatekeeper, model: str, reason: str, by: Actor) -> VersionFacts:
    """Bring back the version that was live before, in one event. Raises InventoryError where it may not come back."""
    faults = Faults()
    faults.text(reason, "reason", required=True)
    faults.raise_any()
    check_person(writer.connection, person_of(by))
    used = model_facts(writer.connection, model).live_version
    if used is None:
        raise InventoryError(Fault("no version is in use", "not_live", model))
    t = tables.versions
    which = (t.c.model == model) & t.c.superseded_by.is_not(None) & t.c.live_sequence.is_not(None)
    which &= t.c.stage == RETIRED
    query = sa.select(t.c.version).where(which & (t.c.version != used)).order_by(t.c.live_sequence.desc()).limit(1)
    target = writer.connection.execute(query).scalar_one_or_none()
    if target is None:
        raise InventoryError(Fault("no version was live before", "no_previous", model))
    facts, current = (version_facts(writer.connection, model, one) for one in (target, used))
    missing = gates.rollback(
        model_facts(writer.connection, model),
        facts,
        current,
        findings_facts(writer.connection, tables.findings.c.model == model),
        writer.moment()[:10],
    )
    if missing:
        raise GateError([Fault(one.what, one.code, f"{model} {target}", remedy=one.remedy) for one in missing])
    payload = {"from": used, "reason": reason}
    writer.append(kinds.ROLLED_BACK, payload, actor=by, model=model, version=target)
    return version_facts(writer.connection, model, target)


def gates_between(stage: str, to: str) -> tuple[str, ...]:
    """Gates that lie between a stage and a later one, the last included."""
    first, last = STAGES.index(stage), STAGES.index(to)
    return (to,) if stage == RESTRICTED and to == LIVE else STAGES[first + 1 : last + 1]


def override_fields(states: list[GateState], results: list[GateResult], reason: str) -> dict[str, Json]:
    """What a person signs who lets a version pass in an emergency: what is missing at every gate on the way."""
    version = states[-1].version
    missing = [f"{result.gate}: {one.what}" for result in results for one in result.missing]
    return {
        "model": version.model,
        "version": version.version,
        "gate": states[-1].gate,
        "reason": reason,
        "subject_hash": version.subject_hash,
        "annexes": dict(version.annexes),
        "missing": missing,
    }


def override_states(
    connection: sa.Connection, gates: Gatekeeper, model: str, version: str, to: str, as_of: str
) -> tuple[list[GateState], list[GateResult]]:
    """Facts and results of every gate that an override passes over. Raises InventoryError where it leads nowhere."""
    facts = version_facts(connection, model, version)
    faults = Faults()
    faults.one_of(to, STAGES, "gate")
    faults.raise_any()
    between = gates_between(facts.stage, to)
    if not between or to in (PROPOSED, RESTRICTED, RETIRED) or facts.stage == RETIRED:
        raise InventoryError(Fault(f"no override leads from {facts.stage} to {to}", "transition", f"{model} {version}"))
    if facts.package_hash is None:
        raise InventoryError(Fault("there is no package yet", "no_package", f"{model} {version}"))
    states = [gate_state(connection, model, version, gate, as_of) for gate in between]
    return states, [gates.evaluate(state).on_the_way() for state in states]


def append_override(writer: Writer, gates: Gatekeeper, signed: Signed, owner: str | None, by: Signer) -> FindingFacts:
    """Let a version pass in an emergency: a finding, the override, and the stage, in one transaction.

    signed: the override, by `by`, who signs its events, too.
    """
    check_signed(writer, signed, OVERRIDE)
    text = signed.statement
    model, version, person = text["model"], text["version"], text["person"]
    check_person(writer.connection, person, *(() if owner is None else (owner,)))
    states, results = override_states(writer.connection, gates, model, version, text["gate"], writer.moment()[:10])
    wanted = override_fields(states, results, text["reason"])
    differing = sorted(name for name, value in wanted.items() if text[name] != value)
    if differing:
        message = "the version or what is missing changed since the override was signed"
        raise InventoryError(Fault(message, "other_hash", f"{model} {version}", found=", ".join(differing)))
    _check_four_eyes(states[-1].version, person, APPROVED, None)
    rule = gates.emergency(states, person, text["reason"])
    if not rule.allowed:
        raise GateError([Fault(one.what, one.code, _place(states[-1]), remedy=one.remedy) for one in rule.missing])
    told: dict[str, Json] = {"severity": rule.severity, "title": rule.title, "statement": rule.statement}
    told |= {"due": rule.due, "source": "override", "owner": owner}
    finding = append_finding(writer, gates, model, version, told, by)
    payload = {**event_payload(signed), "finding": finding.id}
    writer.append(kinds.OVERRIDDEN, payload, actor=by, model=model, version=version)
    last = states[-1]
    enter_stage(writer, last, GateResult(last.gate), by, to=last.gate, reason=f"override, finding {finding.id}")
    return finding


def _supersede(writer: Writer, model: str, version: str, by: Actor) -> None:
    t = tables.versions
    which = (t.c.model == model) & t.c.stage.in_(IN_USE) & (t.c.version != version)
    for row in writer.connection.execute(sa.select(t.c.version, t.c.stage).where(which)).all():
        payload = {"from": row.stage, "to": RETIRED, "superseded_by": version, "reason": f"version {version} is live"}
        writer.append(kinds.STAGE_ENTERED, payload, actor=by, model=model, version=row.version)


def _check_four_eyes(facts: VersionFacts, person: str, gate: str, role: str | None) -> None:
    if (gate in INDEPENDENT_GATES or role in INDEPENDENT_ROLES) and person in facts.developers():
        message = f"{person} developed a part of this version, and does not sign it at {gate}"
        raise FourEyesError(Fault(message, "four_eyes", f"{facts.model} {facts.version}"))


def _check_subject(writer: Writer, state: GateState, gates: Gatekeeper, text: Mapping[str, Json]) -> None:
    """Raise InventoryError with all in which the statement is not about the version as it is now."""
    fields = sign_off_fields(
        state, gates, decision=text["decision"], role=text["role"], conditions=tuple(text["conditions"]),
        expires=text["expires"], comment=text["comment"],
    )  # fmt: skip
    place, faults = _place(state), []
    if text["subject_hash"] != fields["subject_hash"]:
        faults.append(Fault("was signed over another hash", "other_hash", place, found=text["subject_hash"],
                            allowed=fields["subject_hash"]))  # fmt: skip
    if text["annexes"] != fields["annexes"]:
        faults.append(Fault("was signed over other annexes", "other_annex", place))
    if text["gate_text"] != fields["gate_text"]:
        faults.append(Fault("was signed over another text of the gate", "gate_text", place))
    t = tables.versions
    which = (t.c.model == state.version.model) & (t.c.version == state.version.version)
    since = writer.connection.execute(sa.select(t.c.package_sequence).where(which)).scalar_one()
    if text["audit"]["sequence"] < since:
        faults.append(Fault("was signed before this package was registered", "signed_before", place))
    if state.gate not in signable(state.version.stage, text["decision"]):
        allowed = ", ".join(signable(state.version.stage, text["decision"])) or "none"
        faults.append(Fault(f"a {state.version.stage} version is not signed at this gate", "transition", place,
                            found=state.gate, allowed=allowed))  # fmt: skip
    if not holds_role(state, text["person"], text["role"]):
        remedy = "give the person the role first"
        faults.append(Fault(f"{text['person']} is not {text['role']} of it", "role", place, remedy=remedy))
    if faults:
        raise InventoryError(faults)


def _check_documents(writer: Writer, facts: VersionFacts, text: Mapping[str, Json]) -> None:
    """Raise InventoryError unless each signed document is that of the package, follows what others have signed of it,
    and is signed with a certificate by which nobody else has signed."""
    if DOCUMENTS not in text:
        return
    try:
        revisions = revisions_of(text[DOCUMENTS])
    except ValueError as error:
        raise InventoryError(Fault(str(error), "statement_form")) from error
    held, faults = recorded(writer.connection, facts.model, facts.version), []
    for one in revisions:
        before = latest(held, one.name, one.rendered_sha256)
        faults += follow_faults(one, before, facts.documents.get(f"{one.name}.pdf"))
    for certificate in sorted({one.certificate for one in revisions}):
        other = certificate_owner(writer.connection, certificate, text["person"])
        if other is not None:
            message = f"the certificate is that of {other}: a certificate is of one person"
            faults.append(Fault(message, "certificate_known", found=certificate))
    if faults:
        raise InventoryError(faults)


def _place(state: GateState) -> str:
    return f"{state.version.model} {state.version.version}"
