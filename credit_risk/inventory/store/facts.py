"""Facts of models, versions and findings, read from the projections."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from credit_risk._core.errors import Fault
from credit_risk.inventory.contracts import (
    CLOSED,
    FindingFacts,
    InputFacts,
    ModelFacts,
    Provision,
    RoleFacts,
    SignOffFacts,
    TierFacts,
    VersionFacts,
)
from credit_risk.inventory.errors import InventoryError
from credit_risk.inventory.store import tables

_CLOSE = 3


def model_facts(connection: sa.Connection, model: str) -> ModelFacts:
    """A model. Raises InventoryError where it is unknown, with names that are like it."""
    found = models_facts(connection, [model])
    if not found:
        raise _unknown_model(connection, model)
    return found[0]


def models_facts(connection: sa.Connection, models: Iterable[str] | None = None) -> tuple[ModelFacts, ...]:
    """Models by their id (None: all), each table read once."""
    names = None if models is None else sorted(set(models))
    t = tables.models
    query = sa.select(t).order_by(t.c.model)
    rows = connection.execute(query if names is None else query.where(t.c.model.in_(names))).all()
    products = _by_model(connection, tables.products, names)
    inputs = _by_model(connection, tables.inputs, names)
    upstream = _by_model(connection, tables.upstream, names)
    dates = _by_model(connection, tables.dates, names)
    provisions = _by_model(connection, tables.provisions, names)
    return tuple(
        ModelFacts(
            id=row.model,
            name=row.name,
            purpose=row.purpose,
            intended_use=row.intended_use,
            actual_use=row.actual_use,
            boundaries=row.boundaries,
            vendor=row.vendor,
            owner=row.owner,
            products=tuple(one.product for one in products.get(row.model, ())),
            inputs=tuple(InputFacts(one.input, one.source, one.kind) for one in inputs.get(row.model, ())),
            upstream=tuple(one.upstream for one in upstream.get(row.model, ())),
            dates={one.kind: one.due for one in dates.get(row.model, ())},
            tier=_tier(row.tier_facts),
            tier_inputs=json.loads(row.tier_inputs),
            objectives=tuple(json.loads(row.objectives)),
            provisions=tuple(_provision(one) for one in provisions.get(row.model, ()) if one.version is None),
            stage=row.stage,
            live_version=row.live_version,
        )
        for row in rows
    )


def version_facts(connection: sa.Connection, model: str, version: str) -> VersionFacts:
    """A version. Raises InventoryError where the model or the version is unknown."""
    t = tables.versions
    row = connection.execute(sa.select(t).where((t.c.model == model) & (t.c.version == version))).one_or_none()
    if row is None:
        model_facts(connection, model)
        known = connection.execute(sa.select(t.c.version).where(t.c.model == model).order_by(t.c.position)).scalars()
        raise InventoryError(Fault(f"model {model} has no such version", "unknown_version", found=version,
                                   allowed=", ".join(known) or "none yet"))  # fmt: skip
    files = _of_version(connection, tables.files, row)
    return VersionFacts(
        model=model,
        version=version,
        stage=row.stage,
        subject_hash=row.package_hash or row.proposal_hash,
        package_hash=row.package_hash,
        annexes={one.name: one.sha256 for one in files if one.kind == "annex"},
        documents={one.name: one.sha256 for one in files if one.kind == "document"},
        evidence=json.loads(row.evidence),
        roles=tuple(
            RoleFacts(one.person, one.role, one.since, one.until) for one in _of_version(connection, tables.roles, row)
        ),
        sign_offs=tuple(_sign_off(one) for one in _of_version(connection, tables.sign_offs, row)),
        provisions=tuple(_provision(one) for one in _of_version(connection, tables.provisions, row)),
        expires=row.expires,
        override=row.override_finding,
        superseded_by=row.superseded_by,
        entered=row.entered,
    )


def version_names(connection: sa.Connection, model: str) -> tuple[str, ...]:
    """Versions of a model in the order in which they were proposed."""
    t = tables.versions
    return tuple(connection.execute(sa.select(t.c.version).where(t.c.model == model).order_by(t.c.position)).scalars())


def findings_facts(connection: sa.Connection, where: sa.ColumnElement[bool] | None = None) -> tuple[FindingFacts, ...]:
    """Findings, those that were raised first before the others."""
    t = tables.findings
    query = sa.select(t).order_by(t.c.raised, t.c.finding)
    rows = connection.execute(query if where is None else query.where(where))
    return tuple(
        FindingFacts(
            id=row.finding, model=row.model, version=row.version, severity=row.severity, title=row.title,
            status=row.status, raised=row.raised, due=row.due, owner=row.owner, source=row.source,
            statement=row.statement, closed=row.closed,
        )
        for row in rows
    )  # fmt: skip


def open_findings(connection: sa.Connection, models: Iterable[str] | None = None) -> tuple[FindingFacts, ...]:
    """Findings that are not closed, of models by their id (None: all)."""
    t = tables.findings
    where = t.c.status != CLOSED
    return findings_facts(connection, where if models is None else where & t.c.model.in_(sorted(set(models))))


def overdue(connection: sa.Connection, as_of: str) -> tuple[FindingFacts, ...]:
    """Findings that are not closed and were due before `as_of`, the longest due first."""
    t = tables.findings
    found = findings_facts(connection, (t.c.status != CLOSED) & (t.c.due < as_of))
    return tuple(sorted(found, key=lambda one: (one.due or "", one.id)))


def unknown_person(connection: sa.Connection, person: str) -> InventoryError:
    """The error that a person is not registered."""
    t = tables.persons
    like = connection.execute(sa.select(t.c.person).order_by(t.c.person).limit(_CLOSE)).scalars().all()
    remedy = "register the person with a public key first"
    return InventoryError(
        Fault("no such person", "unknown_person", found=person, allowed=", ".join(like) or None, remedy=remedy)
    )


def _unknown_model(connection: sa.Connection, model: str) -> InventoryError:
    import difflib

    names = connection.execute(sa.select(tables.models.c.model)).scalars().all()
    like = difflib.get_close_matches(model, names, _CLOSE)
    remedy = f"did you mean {' or '.join(like)}?" if like else "list the models, or propose it"
    return InventoryError(Fault("no such model", "unknown_model", found=model, remedy=remedy))


def _by_model(connection: sa.Connection, table: sa.Table, names: list[str] | None) -> dict[str, list[Any]]:
    query = sa.select(table).order_by(*table.primary_key)
    if names is not None:
        query = query.where(table.c.model.in_(names))
    found: dict[str, list[Any]] = {}
    for row in connection.execute(query):
        found.setdefault(row.model, []).append(row)
    return found


def _of_version(connection: sa.Connection, table: sa.Table, row: Any) -> list[Any]:
    which = (table.c.model == row.model) & (table.c.version == row.version)
    return list(connection.execute(sa.select(table).where(which).order_by(*table.primary_key)).all())


def _tier(text: str | None) -> TierFacts | None:
    return None if text is None else TierFacts(**json.loads(text))


def _provision(row: Any) -> Provision:
    return Provision(
        id=row.provision, kind=row.kind, text=row.text, by=row.by, since=row.since, version=row.version,
        expires=row.expires, ended=row.ended,
    )  # fmt: skip


def _sign_off(row: Any) -> SignOffFacts:
    text = json.loads(row.statement)
    return SignOffFacts(
        sequence=row.sequence, gate=row.gate, person=row.person, role=row.role, decision=row.decision,
        subject_hash=row.subject_hash, annexes=text["annexes"], gate_text_sha256=row.gate_text_sha256, at=row.at,
        expires=row.expires, conditions=tuple(text["conditions"]), void=row.void,
    )  # fmt: skip
