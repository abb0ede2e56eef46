"""The inventory: one object over a database and the bank's gates; every act checks, appends events, returns facts."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from credit_risk._core.clock import Clock, system_clock
from credit_risk._core.errors import Fault
from credit_risk.inventory.contracts import (
    APPROVE,
    APPROVE_WITH_CONDITIONS,
    LIVE,
    OWNER,
    REJECT,
    RESTRICTED,
    RETIRED,
    TRANSITIONS,
    FindingFacts,
    Gatekeeper,
    GateResult,
    ModelFacts,
    SignOffFacts,
    VersionFacts,
)
from credit_risk.inventory.documents.revisions import DOCUMENTS
from credit_risk.inventory.documents.signing import DocumentSigner, SignedDocuments, placing, sign_documents
from credit_risk.inventory.errors import InventoryError
from credit_risk.inventory.gates import PolicyGatekeeper
from credit_risk.inventory.keys.key_pair import PublicKey
from credit_risk.inventory.keys.statements import OVERRIDE, SIGN_OFF, Signed
from credit_risk.inventory.service.binding import compared, read_binding
from credit_risk.inventory.service.checks import Faults, check_person
from credit_risk.inventory.service.describing import today
from credit_risk.inventory.service.development import DevelopmentLog
from credit_risk.inventory.service.findings import Findings
from credit_risk.inventory.service.models import Models
from credit_risk.inventory.service.people import People
from credit_risk.inventory.service.privacy import Privacy
from credit_risk.inventory.service.proposals import append_proposal
from credit_risk.inventory.service.signing import Actor, Signer, asked_key, new_statement, person_of, require_key
from credit_risk.inventory.service.stages import (
    append_override,
    append_restriction,
    append_rollback,
    append_sign_off,
    override_fields,
    override_states,
    pass_gate,
    sign_off_fields,
)
from credit_risk.inventory.service.trail import Trail
from credit_risk.inventory.service.versions import Versions, append_package, gate_state
from credit_risk.inventory.store.engine import make_engine
from credit_risk.inventory.store.facts import version_facts
from credit_risk.inventory.store.signed_documents import recorded
from credit_risk.inventory.store.writer import Store, create, upgrade

Json = Any


class Inventory:
    """Models of a bank and what was decided of them.

    `people`, `models`, `versions`, `development`, `findings`, `trail` and `privacy` hold what is read and written
    beside the stages; the methods here lead a version from its proposal to its end. Use it as a context manager, or
    call `store.close()`.
    """

    def __init__(self, store: Store, gates: Gatekeeper):
        self.store = store
        self.gates = gates
        self.people = People(store)
        self.models = Models(store, gates)
        self.versions = Versions(store)
        self.findings = Findings(store, gates)
        self.development = DevelopmentLog(store, gates)
        self.trail = Trail(store)
        self.privacy = Privacy(store, gates)

    def __enter__(self) -> Inventory:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()

    def propose(self, model: ModelFacts | str, version: str, *, by: Actor) -> VersionFacts:
        """Propose a version of a new model (its facts) or of one that is known (its id)."""
        asked_key(self.gates, by, "propose")
        with self.store.writing() as writer:
            return append_proposal(writer, model, version, by)

    def register_version(
        self,
        model: str,
        version: str,
        package: Path | str,
        *,
        by: Actor,
        developers: Iterable[str] = (),
        previous: Path | str | None = None,
    ) -> VersionFacts:
        """Register the package of a version, or what changed of its annexes; `developers` had a part in it.

        previous: package of the live version; the new one is held against it by its plan's rules of redeployment.
        Another core voids the sign-offs over the one before, another annex those that bound it. Raises PackageError
        where files do not have their hashes; InventoryError: another model, in use, nobody developed it.
        """
        require_key(by, "registering a package")
        found = read_binding(package)
        if previous is not None:
            found = compared(found, package, previous)
        with self.store.writing() as writer:
            return append_package(writer, model, version, found, developers, by)

    def statement(
        self,
        model: str,
        version: str,
        gate: str,
        *,
        person: str,
        role: str,
        decision: str,
        conditions: Iterable[str] = (),
        expires: str | None = None,
        comment: str | None = None,
        documents: SignedDocuments | None = None,
    ) -> dict[str, Json]:
        """What a person signs at a gate, for a key that is elsewhere; `sign_off` takes it back with the signature."""
        state = self.versions.state(model, version, gate)
        fields = sign_off_fields(
            state, self.gates, decision=decision, role=role, conditions=tuple(conditions), expires=expires,
            comment=comment, documents=None if documents is None else documents.told(),
        )  # fmt: skip
        return new_statement(self.store, SIGN_OFF, person, fields)

    def sign_off(self, signed: Signed) -> SignOffFacts:
        """Record a signed decision; no stage changes. Raises InventoryError, FourEyesError, KeyFileError.

        Documents that are signed in the same act go with `approve`, which writes them.
        """
        if DOCUMENTS in signed.statement:
            remedy = "sign documents by Inventory.approve, or credit-risk inventory approve --certificate"
            raise InventoryError(Fault("documents are signed in an act that writes them", "documents", remedy=remedy))
        with self.store.writing() as writer:
            return append_sign_off(writer, self.gates, signed)

    def gate(self, model: str, version: str, gate: str | None = None) -> GateResult:
        """What a gate (None: the next one) asks for, what of it is met and what is missing; nothing changes."""
        gate = self._next_gate(model, version) if gate is None else gate
        return self.gates.evaluate(self.versions.state(model, version, gate))

    def submit(self, model: str, version: str, gate: str, *, by: Actor) -> GateResult:
        """Bring a version through a gate, signed. Raises GateError with all that is missing.

        `approved` of a version in use renews its approval. `restricted` is passed by
        `restrict` alone, with its words.
        """
        require_key(by, "passing a gate")
        if gate == RESTRICTED:
            remedy = "say what it may no longer be used for: credit-risk inventory restrict"
            raise InventoryError(Fault("a restriction needs its words", "restriction", gate, remedy=remedy))
        with self.store.writing() as writer:
            check_person(writer.connection, person_of(by))
            return pass_gate(writer, self.gates, model, version, gate, by)

    def approve(
        self,
        model: str,
        version: str,
        *,
        signer: Signer,
        role: str,
        gate: str | None = None,
        conditions: Iterable[str] = (),
        expires: str | None = None,
        comment: str | None = None,
        documents: DocumentSigner | None = None,
    ) -> GateResult:
        """Sign for a version at a gate (None: the next one), and bring it through where nothing else is missing.

        Going live is an act of its own (`submit`), and so is a restriction, which needs its words (`restrict`). What
        the result tells as missing is still to come.

        documents: PDFs of the package to be signed with the person's certificate in the same act; the signed files
        stand in the package's annex `signatures`, and what is signed with the key names them. Either all is recorded
        and written, or nothing.
        """
        texts = tuple(conditions)
        gate = self._next_gate(model, version) if gate is None else gate
        decision = APPROVE_WITH_CONDITIONS if texts else APPROVE
        signed_documents, anchor = None, self.trail.head()
        if documents is not None:
            with self.store.reading() as connection:
                facts = version_facts(connection, model, version)
                held = recorded(connection, model, version)
            signed_documents = sign_documents(
                documents, facts, held, role=role, anchor=anchor, moment=self.store.clock()
            )
        signed = signer.sign(
            self.statement(model, version, gate, person=signer.person, role=role, decision=decision,
                           conditions=texts, expires=expires, comment=comment, documents=signed_documents)
        )  # fmt: skip
        with placing(signed_documents, self.store.clock, anchor) as place, self.store.writing() as writer:
            append_sign_off(writer, self.gates, signed)
            facts = version_facts(writer.connection, model, version)
            result = self.gates.evaluate(gate_state(writer.connection, model, version, gate, writer.moment()[:10]))
            alone = gate not in (LIVE, RESTRICTED)
            if result.passed and alone and gate in TRANSITIONS[facts.stage] and facts.package_hash is not None:
                result = pass_gate(writer, self.gates, model, version, gate, signer)
            place()
            return result

    def reject(
        self, model: str, version: str, *, signer: Signer, role: str, comment: str, gate: str | None = None
    ) -> SignOffFacts:
        """Sign against a version at a gate (None: the next one), with the reason; the version stays where it is."""
        faults = Faults()
        faults.text(comment, "comment", required=True)
        faults.raise_any()
        gate = self._next_gate(model, version) if gate is None else gate
        text = self.statement(model, version, gate, person=signer.person, role=role, decision=REJECT, comment=comment)
        return self.sign_off(signer.sign(text))

    def restrict(
        self,
        model: str,
        version: str,
        text: str,
        *,
        by: Signer,
        role: str = OWNER,
        expires: str | None = None,
    ) -> GateResult:
        """Restrict a live version, with what it may no longer be used for; a restricted one is restricted further.

        by: who restricts; he signs for the gate in `role` in the same act, where the version is live.
        """
        require_key(by, "a restriction")
        signed = None
        if self.versions.get(model, version).stage == LIVE:
            signed = self._signed(by, model, version, RESTRICTED, role, text)
        with self.store.writing() as writer:
            if signed is not None:
                append_sign_off(writer, self.gates, signed)
            return append_restriction(writer, self.gates, model, version, text, by, expires)

    def retire(self, model: str, version: str, *, by: Signer, role: str = OWNER) -> GateResult:
        """Retire a version for good. by: who retires it, and signs for the gate in `role` in the same act."""
        require_key(by, "retiring")
        signed = self._signed(by, model, version, RETIRED, role)
        with self.store.writing() as writer:
            append_sign_off(writer, self.gates, signed)
            return pass_gate(writer, self.gates, model, version, RETIRED, by)

    def rollback(self, model: str, reason: str, *, by: Actor) -> VersionFacts:
        """Bring back the version that was live before the one in use, as one signed act; the version live now."""
        require_key(by, "a rollback")
        with self.store.writing() as writer:
            return append_rollback(writer, self.gates, model, reason, by)

    def override(
        self,
        model: str,
        version: str,
        gate: str,
        reason: str,
        *,
        signer: Signer,
        owner: str | None = None,
    ) -> FindingFacts:
        """Bring a version to a stage although its gates are not met: signed, recorded, with a finding of `owner`.

        Who may, to which gates, how grave the finding is and when it is due is the policy's. Four eyes hold: nobody
        lets a version pass of which he developed a part.
        """
        faults = Faults()
        faults.text(reason, "reason", required=True)
        faults.raise_any()
        with self.store.reading() as connection:
            states, results = override_states(connection, self.gates, model, version, gate, today(self.store))
        signed = signer.sign(
            new_statement(self.store, OVERRIDE, signer.person, override_fields(states, results, reason))
        )
        with self.store.writing() as writer:
            return append_override(writer, self.gates, signed, owner, signer)

    def _signed(
        self, signer: Signer, model: str, version: str, gate: str, role: str, comment: str | None = None
    ) -> Signed:
        return signer.sign(
            self.statement(model, version, gate, person=signer.person, role=role, decision=APPROVE, comment=comment)
        )

    def _next_gate(self, model: str, version: str) -> str:
        ahead = TRANSITIONS[self.versions.get(model, version).stage]
        if not ahead:
            raise InventoryError(Fault("no gate is ahead of a retired version", "transition", f"{model} {version}"))
        return ahead[0]


def create_inventory(
    place: str | Path,
    gates: Gatekeeper | None = None,
    *,
    clock: Clock = system_clock,
    recovery: PublicKey | None = None,
) -> Inventory:
    """Lay out a new inventory: a file (SQLite), or `postgresql://...`. Raises InventoryError where one is there.

    gates: those of the bank's policy, `PolicyGatekeeper(read_policy(FILE))`; None: of the policy that ships.
    recovery: public half of a key that lies in a safe, for the day when no registrar has a key (`people.recover`).
    """
    engine = make_engine(place, create=True)
    try:
        create(engine, clock, secrets.token_hex(16), recovery)
    except BaseException:
        engine.dispose()
        raise
    return Inventory(Store(engine, clock), gates or PolicyGatekeeper())


def open_inventory(place: str | Path, gates: Gatekeeper | None = None, *, clock: Clock = system_clock) -> Inventory:
    """Open an inventory. Raises InventoryError: none there, or its schema is older or newer than the program.

    gates: those of the bank's policy, `PolicyGatekeeper(read_policy(FILE))`; None: of the policy that ships.
    """
    store = Store(make_engine(place), clock)
    try:
        with store.reading():
            pass
    except BaseException:
        store.close()
        raise
    return Inventory(store, gates or PolicyGatekeeper())


def upgrade_inventory(place: str | Path) -> tuple[str | None, str]:
    """Raise the schema of an inventory to the program's: the revisions before and after."""
    engine = make_engine(place)
    try:
        return upgrade(engine)
    finally:
        engine.dispose()
