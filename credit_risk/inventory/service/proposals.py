"""Proposals of versions, by the hash of what they say; sign-offs over another are void."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from credit_risk._core import canonical_json
from credit_risk._core.errors import Fault
from credit_risk._core.hashing import sha256_bytes
from credit_risk.inventory import kinds
from credit_risk.inventory.contracts import PROPOSED, ModelFacts, SignOffFacts, VersionFacts
from credit_risk.inventory.errors import InventoryError
from credit_risk.inventory.service.checks import MODEL, VERSION, Faults, check_person
from credit_risk.inventory.service.describing import append_description, description_of
from credit_risk.inventory.service.signing import Actor, person_of
from credit_risk.inventory.store import tables
from credit_risk.inventory.store.facts import model_facts, version_facts
from credit_risk.inventory.store.writer import Writer

Json = Any


def append_proposal(writer: Writer, model: ModelFacts | str, version: str, by: Actor) -> VersionFacts:
    """A version that is wanted, of a model that is new (facts) or known (its id)."""
    name = model if isinstance(model, str) else model.id
    faults = Faults()
    faults.identifier(name, MODEL, "model")
    faults.identifier(version, VERSION, "version")
    faults.raise_any()
    check_person(writer.connection, person_of(by))
    t = tables.models
    known = writer.connection.execute(sa.select(t.c.model).where(t.c.model == name)).first() is not None
    if isinstance(model, ModelFacts):
        if known:
            remedy = "propose a version by the model's id, and describe the model for what changed of it"
            raise InventoryError(Fault("the model is in the inventory already", "model_known", name, remedy=remedy))
        append_description(writer, kinds.MODEL_ENTERED, name, description_of(model), by)
    facts = model_facts(writer.connection, name)
    v = tables.versions
    if writer.connection.execute(sa.select(v.c.stage).where((v.c.model == name) & (v.c.version == version))).first():
        raise InventoryError(Fault("the version was proposed already", "version_known", name, found=version))
    writer.append(kinds.VERSION_PROPOSED, _proposal(facts, version), actor=by, model=name, version=version)
    return version_facts(writer.connection, name, version)


def renew_proposals(writer: Writer, model: str, by: Actor) -> None:
    """Where a description changes, versions that are still proposals say something else: what was signed is void."""
    facts = model_facts(writer.connection, model)
    v = tables.versions
    which = (v.c.model == model) & (v.c.stage == PROPOSED) & v.c.package_hash.is_(None)
    for row in writer.connection.execute(sa.select(v.c.version, v.c.proposal_hash).where(which)).all():
        proposal = _proposal(facts, row.version)
        if proposal["proposal_hash"] == row.proposal_hash:
            continue
        writer.append(kinds.PROPOSAL_CHANGED, proposal, actor=by, model=model, version=row.version)
        signed = version_facts(writer.connection, model, row.version).sign_offs
        void(writer, model, row.version, signed, "the proposal was changed", by)


def void(writer: Writer, model: str, version: str, signed: Iterable[SignOffFacts], reason: str, by: Actor) -> None:
    """Append that those of the sign-offs that count do not any more; nothing where there is none."""
    sequences = [one.sequence for one in signed if one.void is None]
    if sequences:
        payload = {"sign_offs": sequences, "reason": reason}
        writer.append(kinds.SIGN_OFFS_VOIDED, payload, actor=by, model=model, version=version)


def _proposal(facts: ModelFacts, version: str) -> dict[str, Json]:
    proposal = {"model": facts.id, "version": version, **description_of(facts)}
    return {"proposal": proposal, "proposal_hash": sha256_bytes(canonical_json.to_bytes(proposal))}
