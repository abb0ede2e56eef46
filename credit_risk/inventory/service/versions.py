"""Versions: proposals, packages, roles; and what becomes of sign-offs where a package or an annex changes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from credit_risk._core.errors import Fault
from credit_risk.inventory import kinds
from credit_risk.inventory.contracts import (
    APPROVED,
    DEVELOPER,
    INDEPENDENT_ROLES,
    LIVE,
    PROPOSED,
    RESTRICTED,
    RESTRICTION,
    RETIRED,
    ROLES,
    STAGES,
    GateState,
    VersionFacts,
)
from credit_risk.inventory.errors import FourEyesError, InventoryError
from credit_risk.inventory.gates.package_evidence import REDEPLOYMENT
from credit_risk.inventory.service.binding import Binding
from credit_risk.inventory.service.checks import Faults, check_person
from credit_risk.inventory.service.describing import append_provision, today
from credit_risk.inventory.service.package_check import package_faults
from credit_risk.inventory.service.proposals import void
from credit_risk.inventory.service.signing import Actor, person_of, require_key
from credit_risk.inventory.store import tables
from credit_risk.inventory.store.development import development_count
from credit_risk.inventory.store.facts import findings_facts, model_facts, version_facts
from credit_risk.inventory.store.writer import Store, Writer

Json = Any
IN_USE = (LIVE, RESTRICTED)


class Versions:
    """Versions of an inventory: read, staffed, compared with their packages."""

    def __init__(self, store: Store):
        self._store = store

    def get(self, model: str, version: str) -> VersionFacts:
        """A version. Raises InventoryError where it is unknown."""
        with self._store.reading() as connection:
            return version_facts(connection, model, version)

    def state(self, model: str, version: str, gate: str) -> GateState:
        """All that the gate before stage `gate` may look at, today."""
        with self._store.reading() as connection:
            return gate_state(connection, model, version, gate, today(self._store))

    def assign(self, model: str, version: str, person: str, role: str, *, by: Actor) -> VersionFacts:
        """Give a person a role, signed. Raises FourEyesError where a developer would validate or approve, or the
        reverse; KeyFileError where `by` comes without a key."""
        require_key(by, "a role")
        with self._store.writing() as writer:
            check_person(writer.connection, person, person_of(by))
            append_role(writer, version_facts(writer.connection, model, version), person, role, by)
            return version_facts(writer.connection, model, version)

    def unassign(self, model: str, version: str, person: str, role: str, *, by: Actor) -> VersionFacts:
        """End a role, signed. Who developed stays one who developed."""
        require_key(by, "a role")
        with self._store.writing() as writer:
            check_person(writer.connection, person, person_of(by))
            facts = version_facts(writer.connection, model, version)
            if not _holds(facts, person, role):
                raise InventoryError(Fault(f"{person} is not {role} of it", "role", f"{model} {version}"))
            writer.append(kinds.ROLE_ENDED, {"person": person, "role": role}, actor=by, model=model, version=version)
            return version_facts(writer.connection, model, version)

    def check_package(self, model: str, version: str, package: Path | str) -> tuple[Fault, ...]:
        """What of the package that lies in `package` is not what was registered and signed: edits after sign-off."""
        with self._store.reading() as connection:
            return package_faults(connection, model, version, package)

    def expired(self, as_of: str | None = None) -> tuple[VersionFacts, ...]:
        """Versions that are approved or in use, and whose approval ended before `as_of` (None: today)."""
        t = tables.versions
        which = (t.c.expires < (as_of or today(self._store))) & t.c.stage.in_((APPROVED, *IN_USE))
        with self._store.reading() as connection:
            rows = connection.execute(sa.select(t.c.model, t.c.version).where(which).order_by(*t.primary_key)).all()
            return tuple(version_facts(connection, row.model, row.version) for row in rows)


def gate_state(connection: sa.Connection, model: str, version: str, gate: str, as_of: str) -> GateState:
    """Facts for a gate: the model, the version, the live version beside it, the findings that bear on it."""
    faults = Faults()
    faults.one_of(gate, STAGES, "gate")
    faults.raise_any()
    facts = model_facts(connection, model)
    t = tables.findings
    bears = (t.c.model == model) & (t.c.version.is_(None) | (t.c.version == version))
    live = facts.live_version
    previous = version_facts(connection, model, live) if live is not None and live != version else None
    found = version_facts(connection, model, version)
    counted = development_count(connection, model, version, found.package_hash)
    return GateState(facts, found, gate, as_of, findings_facts(connection, bears), previous, counted)


def append_package(
    writer: Writer, model: str, version: str, found: Binding, developers: Iterable[str], by: Actor
) -> VersionFacts:
    """The package of a version: its hashes, who developed it, and the end of sign-offs over what changed."""
    people = tuple(dict.fromkeys(developers))
    check_person(writer.connection, person_of(by), *people)
    facts = version_facts(writer.connection, model, version)
    _check_registrable(facts, found, people)
    new_core = found.package_hash != facts.package_hash
    payload: dict[str, Json] = {
        "package_hash": found.package_hash,
        "annexes": dict(found.annexes),
        "documents": dict(found.documents),
    }
    evidence = dict(found.evidence)
    if not new_core and REDEPLOYMENT in facts.evidence:
        evidence.setdefault(REDEPLOYMENT, facts.evidence[REDEPLOYMENT])
    payload |= {"evidence": evidence, "new_core": new_core}
    writer.append(kinds.PACKAGE_REGISTERED, payload, actor=by, model=model, version=version)
    for person in people:
        if not _holds(facts, person, DEVELOPER):
            append_role(writer, facts, person, DEVELOPER, by)
    if new_core and facts.package_hash is not None:
        gone = [one for one in facts.sign_offs if one.subject_hash == facts.package_hash]
        void(writer, model, version, gone, "the package was changed", by)
        if facts.stage != PROPOSED:
            _fall(writer, facts, PROPOSED, "the package was changed", by)
    elif not new_core:
        _void_annexes(writer, facts, found, by)
    return version_facts(writer.connection, model, version)


def append_role(writer: Writer, facts: VersionFacts, person: str, role: str, by: Actor) -> None:
    """Check and append a role; four eyes by person."""
    faults = Faults()
    faults.one_of(role, ROLES, "role")
    faults.raise_any()
    place = f"{facts.model} {facts.version}"
    if _holds(facts, person, role):
        raise InventoryError(Fault(f"{person} is {role} of it already", "role_known", place))
    if role in INDEPENDENT_ROLES and person in facts.developers():
        message = f"{person} developed a part of this version, and cannot be its {role}"
        raise FourEyesError(Fault(message, "four_eyes", place))
    independent = {one.person for one in facts.roles if one.role in INDEPENDENT_ROLES}
    independent |= {one.person for one in facts.sign_offs if one.gate != PROPOSED}
    if role == DEVELOPER and person in independent:
        message = f"{person} validates or approves this version, or signed it, and cannot be its developer"
        raise FourEyesError(Fault(message, "four_eyes", place))
    payload = {"person": person, "role": role}
    writer.append(kinds.ROLE_GIVEN, payload, actor=by, model=facts.model, version=facts.version)


def holds_role(state: GateState, person: str, role: str) -> bool:
    """Whether a person has a role on a version; the model's owner is an owner of every version."""
    return _holds(state.version, person, role) or (role == "owner" and state.model.owner == person)


def _holds(facts: VersionFacts, person: str, role: str) -> bool:
    return any(one.person == person and one.role == role and one.until is None for one in facts.roles)


def _check_registrable(facts: VersionFacts, found: Binding, people: tuple[str, ...]) -> None:
    place = f"{facts.model} {facts.version}"
    faults = []
    if (found.model, found.version) != (facts.model, facts.version):
        message = "the package is of another model or version"
        faults.append(Fault(message, "other_model", place, found=f"{found.model} {found.version}"))
    if facts.stage == RETIRED or (facts.stage in IN_USE and found.package_hash != facts.package_hash):
        remedy = "propose a new version"
        faults.append(Fault(f"the package of a {facts.stage} version is not changed", "stage", place, remedy=remedy))
    if not people and not facts.developers():
        remedy = "name everybody who developed a part of it: four eyes rest on it"
        faults.append(Fault("no developer is named", "no_developer", place, remedy=remedy))
    if faults:
        raise InventoryError(faults)


def _void_annexes(writer: Writer, facts: VersionFacts, found: Binding, by: Actor) -> None:
    """Sign-offs that bound an annex which is now another, or is gone, are void; the version falls before their gate."""
    gone = [
        one
        for one in facts.sign_offs
        if one.void is None and any(found.annexes.get(kind) != digest for kind, digest in one.annexes.items())
    ]
    if not gone:
        return
    kinds_changed = sorted(
        {kind for one in gone for kind, digest in one.annexes.items() if found.annexes.get(kind) != digest}
    )
    reason = f"a signed annex was changed: {', '.join(kinds_changed)}"
    void(writer, facts.model, facts.version, gone, reason, by)
    if facts.stage == LIVE:
        text = f"{reason}; to be signed again before the restriction is lifted"
        append_provision(writer, facts.model, facts.version, RESTRICTION, text, by, None)
        _fall(writer, facts, RESTRICTED, reason, by)
        return
    first = min(STAGES.index(one.gate) for one in gone)
    if facts.stage not in IN_USE and first <= STAGES.index(facts.stage):
        _fall(writer, facts, STAGES[max(first - 1, 0)], reason, by)


def _fall(writer: Writer, facts: VersionFacts, stage: str, reason: str, by: Actor) -> None:
    payload = {"from": facts.stage, "to": stage, "reason": reason}
    writer.append(kinds.STAGE_ENTERED, payload, actor=by, model=facts.model, version=facts.version)
