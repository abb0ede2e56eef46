"""Descriptions of models, their tier and provisions, checked and appended inside a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import sqlalchemy as sa

from credit_risk._core.clock import timestamp
from credit_risk._core.errors import Fault
from credit_risk.inventory import kinds
from credit_risk.inventory.contracts import PROVISIONS, Gatekeeper, InputFacts, ModelFacts, Provision, TierFacts
from credit_risk.inventory.errors import InventoryError
from credit_risk.inventory.service.checks import LONGEST_NAME, Faults, check_person
from credit_risk.inventory.service.signing import Actor, person_of
from credit_risk.inventory.store import search, tables
from credit_risk.inventory.store.facts import model_facts, version_facts
from credit_risk.inventory.store.projections.models import DOCUMENTS, LISTS, TEXTS
from credit_risk.inventory.store.writer import Store, Writer

Json = Any
DESCRIBED = (*TEXTS, *DOCUMENTS, *LISTS)
"""What of ModelFacts a person writes; the rest is kept by acts."""


def description_of(facts: ModelFacts) -> dict[str, Json]:
    """What a person wrote of a model, as the payload of an event."""
    whole = {one.name: getattr(facts, one.name) for one in fields(facts)}
    return _payload({name: whole[name] for name in DESCRIBED})


def append_description(writer: Writer, kind: str, model: str, told: Mapping[str, Json], by: Actor) -> None:
    """Check and append a description, or changes of one."""
    unknown = sorted(set(told) - set(DESCRIBED))
    if unknown:
        allowed = ", ".join(DESCRIBED)
        raise InventoryError([Fault("is not written by hand", "field", path=one, allowed=allowed) for one in unknown])
    payload = _payload(told)
    faults = Faults()
    for name in TEXTS:
        if name in payload:
            faults.text(payload[name], name, required=name == "name")
    for name in payload.get("products", []):
        faults.text(name, "products", required=True, longest=LONGEST_NAME)
    for item in payload.get("inputs", []):
        faults.text(item["name"], "inputs", required=True, longest=LONGEST_NAME)
    for name in LISTS:
        names = [item["name"] if name == "inputs" else item for item in payload.get(name, [])]
        twice = sorted({one for one in names if names.count(one) > 1})
        faults.found += [Fault("stands twice", "twice", path=name, found=one) for one in twice]
    faults.raise_any()
    if payload.get("owner") is not None:
        check_person(writer.connection, payload["owner"])
    _check_upstream(writer.connection, model, payload.get("upstream", []))
    writer.append(kind, payload, actor=by, model=model)


def append_provision(
    writer: Writer, model: str, version: str | None, kind: str, text: str, by: Actor, expires: str | None
) -> Provision:
    """Check and append a provision."""
    faults = Faults()
    faults.one_of(kind, PROVISIONS, "kind")
    faults.text(text, "text", required=True)
    faults.day(expires, "expires")
    faults.raise_any()
    model_facts(writer.connection, model)
    if version is not None:
        version_facts(writer.connection, model, version)
    t = tables.provisions
    held = sa.select(sa.func.count()).select_from(t).where(t.c.model == model)
    name = f"{kind}-{writer.connection.execute(held).scalar_one() + 1}"
    payload = {"provision": name, "kind": kind, "text": text, "expires": expires}
    event = writer.append(kinds.PROVISION_ADDED, payload, actor=by, model=model, version=version)
    return Provision(name, kind, text, person_of(by), event.at, version, expires)


def set_tier(
    writer: Writer, gates: Gatekeeper, model: str, by: Actor, override: str | None = None, reason: str | None = None
) -> TierFacts:
    """Compute the tier and append it, overridden where a person says so with a reason."""
    faults = Faults()
    faults.text(reason, "reason", required=override is not None)
    faults.text(override, "override", longest=20)
    faults.raise_any()
    computed = gates.tier(model_facts(writer.connection, model))
    if computed is None:
        remedy = "describe the model with the tier inputs that the policy asks for"
        raise InventoryError(Fault("the tier cannot be told from what is known", "tier_inputs", model, remedy=remedy))
    payload: dict[str, Json] = {
        "tier": override or computed.computed,
        "computed": computed.computed,
        "rule_version": computed.rule_version,
        "inputs": dict(computed.inputs),
        "override_reason": reason if override else None,
        "override_by": person_of(by) if override else None,
    }
    writer.append(kinds.TIER_SET, payload, actor=by, model=model)
    return TierFacts(**payload)


def today(store: Store) -> str:
    """The date of the store's clock in UTC."""
    return timestamp(store.clock())[:10]


def _payload(told: Mapping[str, Json]) -> dict[str, Json]:
    payload = dict(told)
    for name in ("products", "upstream"):
        if name in payload:
            payload[name] = list(payload[name])
    if "inputs" in payload:
        payload["inputs"] = [asdict(one) if isinstance(one, InputFacts) else one for one in payload["inputs"]]
    if "objectives" in payload:
        payload["objectives"] = [dict(one) for one in payload["objectives"]]
    if "tier_inputs" in payload:
        payload["tier_inputs"] = dict(payload["tier_inputs"])
    return payload


def _check_upstream(connection: sa.Connection, model: str, upstream: list[str]) -> None:
    faults: list[Fault] = []
    for other in upstream:
        try:
            model_facts(connection, other)
        except InventoryError as error:
            faults += error.faults
    takers = {model, *(search.downstream(connection, model) if upstream else ())}
    loops = [other for other in upstream if other in takers]
    message = "takes results of this model itself: a loop"
    faults += [Fault(message, "loop", path="upstream", found=other) for other in loops]
    if faults:
        raise InventoryError(faults)
