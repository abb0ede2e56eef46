"""Gates: what each lacks, by tables of cases; less evidence never passes where more fails."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.inventory.contracts import (
    GATES,
    FindingFacts,
    GateState,
    InputFacts,
    Provision,
    TierFacts,
    VersionFacts,
)
from credit_risk.inventory.gates import PolicyGatekeeper
from credit_risk.inventory.policy.read import policy_of
from tests.credit_risk.inventory.facts import (
    ANNEXES,
    AS_OF,
    AT,
    EVIDENCE,
    HASH,
    KEEPER,
    OTHER,
    STAGE_BEFORE,
    codes,
    model,
    sign_off,
    sign_offs,
    state,
    version,
)

BEFORE, AFTER = "2026-11-26", "2026-11-28"


def evidence(**changes: Any) -> dict[str, Any]:
    """The evidence with parts in place of others; None takes a part away."""
    told = {**EVIDENCE, **changes}
    return {name: value for name, value in told.items() if value is not None}


def with_version(gate: str, **changes: Any) -> GateState:
    return state(gate, version=replace(version(STAGE_BEFORE[gate]), **changes))


def finding(severity: str = "high", status: str = "open", **changes: Any) -> FindingFacts:
    return replace(FindingFacts("F1", "cards", "1.0", severity, "a finding", status, AT), **changes)


@pytest.mark.parametrize("gate", GATES)
def test_with_all_that_is_asked_every_gate_is_passed(gate: str) -> None:
    found = KEEPER.evaluate(state(gate))
    assert found.missing == ()
    assert len(found.met) == len(KEEPER.policy.spec.requirements(gate, "1"))


@pytest.mark.parametrize("gate", GATES)
def test_nothing_but_a_name_passes_no_gate(gate: str) -> None:
    bare = VersionFacts("cards", "1.0", STAGE_BEFORE[gate], OTHER)
    assert not KEEPER.evaluate(GateState(replace(model(), tier=None), bare, gate, AS_OF)).passed


CASES: list[tuple[str, dict[str, Any], str]] = [
    ("developed", {"evidence": evidence(texts={"provided": [], "missing": ["authored.theory"]})}, "text_missing"),
    ("developed", {"evidence": evidence(texts=None)}, "evidence_missing"),
    ("developed", {"evidence": evidence(limitations={"number": 0, "lacking": {}, "expiry": {}})}, "no_limitations"),
    ("developed", {"evidence": evidence(limitations={"number": 1, "lacking": {"1": ["owner"]}, "expiry": {}})},
     "limitation_incomplete"),
    ("developed", {"evidence": evidence(limitations={"number": 1, "lacking": {}, "expiry": {"1": BEFORE}})},
     "limitation_expired"),
    ("developed", {"evidence": evidence(monitoring={"metrics": 0, "open": {}})}, "no_monitoring"),
    ("developed", {"evidence": evidence(monitoring={"metrics": 1, "open": {"psi": ["owner"]}})},
     "monitoring_incomplete"),
    ("developed", {"evidence": evidence(exports={"files": ["exports/m.pmml"], "parity": None})}, "no_parity"),
    ("developed", {"evidence": evidence(exports={"files": ["x"], "parity": {"agree": ["x"], "disagree": ["y"]}})},
     "parity_failed"),
    ("developed", {"evidence": evidence(exports={"files": ["x"], "parity": {"agree": [], "disagree": []}})},
     "no_parity"),
    ("developed", {"package_hash": None}, "no_package"),
    ("developed", {"documents": {}}, "document_missing"),
    ("developed", {"roles": ()}, "no_developer"),
    ("validated", {"evidence": evidence(findings=None)}, "not_validated"),
    ("validated", {"evidence": evidence(findings={"package_hash": OTHER, "counts": {}})}, "validation_of_another"),
    ("validated", {"evidence": evidence(findings={"package_hash": HASH, "counts": {"high": 1}})},
     "findings_not_imported"),
    ("validated", {"evidence": evidence(conclusion=None)}, "no_conclusion"),
    ("validated", {"evidence": evidence(conclusion={**EVIDENCE["conclusion"], "recommendation": "reject"})},
     "validator_rejects"),
    ("validated", {"evidence": evidence(conclusion={**EVIDENCE["conclusion"], "findings_sha256": OTHER})},
     "conclusion_stale"),
    ("validated", {"stage": "proposed"}, "wrong_stage"),
    ("live", {"expires": BEFORE}, "approval_expired"),
    ("live", {"provisions": (Provision("c", "condition", "retrain", "val", AT, "1.0", BEFORE),)}, "condition_overdue"),
    ("live", {"provisions": (Provision("e", "exception", "no docs", "app1", AT, "1.0", BEFORE),)}, "exception_expired"),
]  # fmt: skip


@pytest.mark.parametrize(("gate", "changes", "code"), CASES, ids=[f"{case[0]}-{case[2]}" for case in CASES])
def test_what_lacks_is_told(gate: str, changes: dict[str, Any], code: str) -> None:
    assert code in codes(with_version(gate, **changes))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"purpose": " "}, "not_described"),
        ({"products": ()}, "not_described"),
        ({"objectives": ()}, "no_objectives"),
        ({"objectives": ({"id": "a", "measure": "AUC", "direction": "up", "target": 0.7},)}, "objective_faulty"),
        ({"tier": None}, "no_tier"),
        ({"tier_inputs": {}}, "tier_stale"),
        ({"tier": TierFacts("1", "1", "0", {})}, "tier_rule_old"),
        ({"tier": TierFacts("2", "1", "1", {})}, "tier_override"),
        ({"tier": TierFacts("2", "1", "1", {}, "small", "dev")}, "tier_override"),
        ({"tier": TierFacts("2", "1", "1", {}, "small", "own")}, "tier_override"),
        ({"tier": TierFacts("7", "1", "1", {}, "small", "app1")}, "tier_unknown"),
    ],
)
def test_what_the_model_lacks_is_told_at_the_proposal(changes: dict[str, Any], code: str) -> None:
    assert code in codes(state("proposed", model=model(**changes)))


def test_a_tier_overridden_by_an_approver_with_a_reason_holds_and_its_requirements_are_asked() -> None:
    made = TierFacts("3", "1", "1", {}, "portfolio in run-off", "app1")
    facts = version("developed", sign_offs=sign_offs("3"), documents={"validation_report.de.pdf": OTHER})
    assert codes(state("validated", model=model(tier=made), version=facts)) == []


def test_an_input_of_a_model_needs_the_model_upstream() -> None:
    inputs = (InputFacts("bureau score", "model bureau", "model"),)
    assert "upstream_unknown" in codes(state("approved", model=model(inputs=inputs)))
    assert codes(state("approved", model=model(inputs=inputs, upstream=("bureau",)))) == []


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (finding(), ["blocking_finding"]),
        (finding("critical"), ["blocking_finding"]),
        (finding("high", "retested"), ["blocking_finding"]),
        (finding("high", "closed"), []),
        (finding("medium", due=AFTER), []),
        (finding("medium", due=AS_OF), []),
        (finding("medium", due=BEFORE), ["overdue_finding"]),
        (finding("medium", "closed", due=BEFORE), []),
    ],
)
def test_findings_block_by_severity_state_and_date(one: FindingFacts, expected: list[str]) -> None:
    assert codes(state("approved", findings=(one,))) == expected


def test_findings_of_the_validator_count_when_they_are_recorded() -> None:
    told = evidence(findings={"package_hash": HASH, "counts": {"high": 1}, "sha256": "f" * 64})
    facts = version("developed", evidence=told)
    mine = finding("high", "closed", id=f"cards:1.0:{HASH[:8]}:VAL-1", source="validation")
    assert codes(state("validated", version=facts, findings=(mine,))) == []
    stale = replace(mine, id="cards:1.0:12345678:VAL-1")
    assert "findings_not_imported" in codes(state("validated", version=facts, findings=(stale,)))


PREVIOUS = VersionFacts("cards", "0.9", "live", OTHER, OTHER)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (None, ["not_compared"]),
        ({"previous_hash": HASH, "outcome": "auto_accept"}, ["not_compared"]),
        ({"previous_hash": OTHER, "outcome": "not_evaluable", "reason": "no rules"}, ["not_compared"]),
        ({"previous_hash": OTHER, "outcome": "reject", "reason": "worse"}, ["comparison_rejects"]),
        ({"previous_hash": OTHER, "outcome": "manual_review", "reason": "close"}, []),
        ({"previous_hash": OTHER, "outcome": "auto_accept", "reason": "better"}, []),
    ],
)
def test_beside_a_live_version_the_comparison_by_the_rules_is_needed(told: Any, expected: list[str]) -> None:
    facts = version("validated", evidence=evidence(redeployment=told))
    assert codes(state("approved", version=facts, previous=PREVIOUS)) == expected


# ------------------------------------------------------------------------------------------------- signed decisions
def without(gate: str, role: str, count: int = 99) -> tuple[Any, ...]:
    """All sign-offs but the last `count` of a role at a gate."""
    mine = [one for one in sign_offs() if one.gate == gate and one.role == role]
    return tuple(one for one in sign_offs() if one not in mine[-count:])


@pytest.mark.parametrize(
    ("gate", "role"),
    [(gate, str(one.approval)) for gate in GATES for one in KEEPER.policy.spec.gate(gate).requires
     if one.approval is not None and (one.tiers is None or "1" in one.tiers)],
)  # fmt: skip
def test_each_decision_that_is_asked_is_missed(gate: str, role: str) -> None:
    assert "approval_missing" in codes(with_version(gate, sign_offs=without(gate, role, 1)))


@pytest.mark.parametrize(
    "changes",
    [
        {"void": "the package was changed"},
        {"expires": BEFORE},
        {"subject_hash": OTHER},
        {"annexes": {**ANNEXES, "validation": OTHER}},
        {"annexes": {**ANNEXES, "exports": OTHER}},
        {"gate_text_sha256": OTHER},
        {"person": "dev"},
        {"role": "owner"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_decision_that_does_not_count_is_as_none(changes: dict[str, Any]) -> None:
    kept = without("validated", "validator")
    facts = version("developed", sign_offs=(*kept, replace(sign_off("validated", "val", "validator", 99), **changes)))
    assert "approval_missing" in codes(state("validated", version=facts))


def test_one_person_is_one_of_the_two_who_are_asked() -> None:
    kept = without("approved", "approver")
    twice = tuple(sign_off("approved", "app1", "approver", number) for number in (98, 99))
    assert "approval_missing" in codes(with_version("approved", sign_offs=(*kept, *twice)))


def test_a_rejection_blocks_until_the_same_person_decides_anew() -> None:
    rejects = sign_off("approved", "app1", "approver", 98, decision="reject")
    assert codes(with_version("approved", sign_offs=(*sign_offs(), rejects))) == ["approval_missing", "rejected"]
    anew = sign_off("approved", "app1", "approver", 99)
    assert codes(with_version("approved", sign_offs=(*sign_offs(), rejects, anew))) == []
    of_another = sign_off("approved", "app3", "approver", 99, decision="reject")
    assert codes(with_version("approved", sign_offs=(*sign_offs(), of_another))) == ["rejected"]


def test_one_byte_in_core_or_signed_annex_voids_what_was_signed() -> None:
    changed = version("approved", package_hash=OTHER, subject_hash=OTHER)
    found = codes(state("live", version=changed))
    assert "sign_off_void" in found
    assert "approval_missing" in found
    annex = version("approved", annexes={**ANNEXES, "validation": OTHER})
    assert "sign_off_void" in codes(state("live", version=annex))
    added = version("approved", annexes={**ANNEXES, "exports": OTHER})
    assert codes(state("live", version=added)) == []


def test_another_policy_is_another_text_and_what_was_signed_before_is_not_of_it() -> None:
    edited = PolicyGatekeeper(policy_of(KEEPER.policy.data + b"# edited\n", "p.yaml"))
    assert edited.text(state("validated")) != KEEPER.text(state("validated"))
    found = edited.evaluate(state("validated"))
    assert [one.code for one in found.missing] == ["approval_missing", "sign_off_not_counted"]


def test_the_text_is_the_same_for_everybody_who_signs() -> None:
    one = state("approved")
    other = with_version("approved", sign_offs=(), evidence={}, documents={})
    assert KEEPER.text(one) == KEEPER.text(other)
    assert KEEPER.text(one) != KEEPER.text(state("approved", model=model(tier=TierFacts("2", "2", "1", {}))))


def test_use_after_a_restriction_needs_a_new_decision() -> None:
    facts = version("restricted", entered="2026-11-26T00:00:00Z")
    assert "approval_missing" in codes(state("live", version=facts))
    anew = sign_off("live", "own", "owner", 99, at="2026-11-26T00:00:01Z")
    assert codes(state("live", version=replace(facts, sign_offs=(*facts.sign_offs, anew)))) == []


def test_an_approval_is_renewed_in_use_by_new_decisions() -> None:
    facts = version("live", entered="2026-11-26T00:00:00Z", expires=BEFORE)
    assert "approval_missing" in codes(state("approved", version=facts))
    made = [("own", "owner"), ("app1", "approver"), ("app2", "approver")]
    anew = tuple(sign_off("approved", *one, 90 + number, at="2026-11-26T01:00:00Z") for number, one in enumerate(made))
    found = KEEPER.evaluate(state("approved", version=replace(facts, sign_offs=(*facts.sign_offs, *anew))))
    assert (found.missing, found.expires) == ((), "2027-11-27")


def test_conditions_end_and_next_dates_go_with_the_passage() -> None:
    kept = without("approved", "approver")
    signed = (
        sign_off("approved", "app1", "approver", 98, decision="approve_with_conditions", conditions=("cap 5,000",)),
        sign_off("approved", "app2", "approver", 99, expires="2027-03-01"),
    )
    found = KEEPER.evaluate(with_version("approved", sign_offs=(*kept, *signed)))
    assert found.passed
    assert (found.conditions, found.expires) == (("cap 5,000",), "2027-03-01")
    assert dict(found.dates) == {"review": "2027-11-27"}
    live = KEEPER.evaluate(state("live"))
    assert (live.expires, dict(live.dates)) == (None, {"monitoring": "2026-12-27", "review": "2027-11-27"})


# ------------------------------------------------------------------------------------------------------- emergency
def test_an_emergency_leaves_a_finding_and_is_for_those_whom_the_policy_names() -> None:
    blocked = state("live", findings=(finding(),))
    made = KEEPER.emergency([blocked], "app1", "Fraud wave")
    assert made.allowed
    assert (made.severity, made.due) == ("high", "2026-12-27")
    assert made.statement == "Fraud wave. Missing: live: high finding F1 is open."
    cases = [
        ("own", "why", blocked, "override_role"),
        ("app1", " ", blocked, "no_reason"),
        ("dev", "why", blocked, "four_eyes"),
    ]
    cases += [("app1", "why", state("live"), "override_needless")]
    for person, reason, one, code in cases:
        told = KEEPER.emergency([one], person, reason)
        assert code in [missing.code for missing in told.missing]
    other = with_version("validated", sign_offs=())
    told = KEEPER.emergency([other], "app1", "why")
    assert "override_gate" in [missing.code for missing in told.missing]
    early = [with_version(gate, stage="validated", sign_offs=()) for gate in ("approved", "live")]
    told = KEEPER.emergency(early, "app1", "why")
    assert told.allowed
    assert "approved: a signed decision of the owner; " in told.statement


# -------------------------------------------------------------------------------------------------------- monotone
PARTS = ("texts", "limitations", "monitoring", "exports", "findings", "conclusion")
SIGNED, PAPERS = sign_offs(), tuple(version("live").documents)
CHOICE = st.tuples(
    st.sets(st.sampled_from(range(len(SIGNED)))),
    st.sets(st.sampled_from(PAPERS)),
    st.sets(st.sampled_from(PARTS)),
    st.sets(st.sampled_from(["purpose", "objectives", "tier", "provisions", "inputs"])),
    st.sets(st.sampled_from([1, 2, 3])),
)
OPEN = {1: finding("high", id="A"), 2: finding("medium", id="B", due=BEFORE), 3: finding("critical", id="C")}


def partial(gate: str, choice: tuple[set[Any], ...]) -> GateState:
    """A state with some of what is asked; the last set tells which findings are closed."""
    signed, papers, parts, described, closed = choice
    given: dict[str, Any] = {"purpose": None, "objectives": (), "tier": None, "provisions": (), "inputs": ()}
    lacking = {name: value for name, value in given.items() if name not in described}
    facts = version(
        STAGE_BEFORE[gate],
        sign_offs=tuple(SIGNED[number] for number in sorted(signed)),
        documents=dict.fromkeys(papers, OTHER),
        evidence={name: EVIDENCE[name] for name in parts},
    )
    found = tuple(replace(one, status="closed" if number in closed else "open") for number, one in OPEN.items())
    return GateState(model(**lacking), facts, gate, AS_OF, found)


@given(st.sampled_from(GATES), CHOICE, CHOICE)
def test_less_evidence_never_passes_where_more_fails(gate: str, one: Any, more: Any) -> None:
    union = tuple(first | second for first, second in zip(one, more, strict=True))
    less, whole = KEEPER.evaluate(partial(gate, one)), KEEPER.evaluate(partial(gate, union))
    assert {missing.code for missing in whole.missing} <= {missing.code for missing in less.missing}
    assert set(less.met) <= set(whole.met)
    assert whole.passed or not less.passed
