"""All versions of an inventory at once, each table read once: for lists, pages and files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from credit_risk.inventory.contracts import Provision, RoleFacts, VersionFacts
from credit_risk.inventory.store import tables

Key = tuple[str, str]


def version_outlines(connection: sa.Connection, models: Iterable[str] | None = None) -> tuple[VersionFacts, ...]:
    """Every version of models by their id (None: all) with its roles and provisions, by model and order of proposal.

    Without what only a gate asks for: annexes, documents, evidence and sign-offs are empty here.
    """
    names = None if models is None else sorted(set(models))
    roles = _by_version(connection, tables.roles, names)
    provisions = _by_version(connection, tables.provisions, names)
    t = tables.versions
    columns = [
        t.c.model,
        t.c.version,
        t.c.stage,
        t.c.package_hash,
        t.c.proposal_hash,
        t.c.expires,
        t.c.override_finding,
    ]
    columns += [t.c.superseded_by, t.c.entered]
    rows = connection.execute(_of(sa.select(*columns).order_by(t.c.model, t.c.position), t, names))
    return tuple(
        VersionFacts(
            row.model,
            row.version,
            row.stage,
            row.package_hash or row.proposal_hash,
            row.package_hash,
            roles=tuple(
                RoleFacts(one.person, one.role, one.since, one.until) for one in roles.get((row.model, row.version), ())
            ),
            provisions=tuple(
                Provision(one.provision, one.kind, one.text, one.by, one.since, one.version, one.expires, one.ended)
                for one in provisions.get((row.model, row.version), ())
            ),
            expires=row.expires,
            override=row.override_finding,
            superseded_by=row.superseded_by,
            entered=row.entered,
        )
        for row in rows
    )


def _of(query: sa.Select[Any], table: sa.Table, names: list[str] | None) -> sa.Select[Any]:
    return query if names is None else query.where(table.c.model.in_(names))


def _by_version(connection: sa.Connection, table: sa.Table, names: list[str] | None) -> dict[Key, list[Any]]:
    found: dict[Key, list[Any]] = {}
    for row in connection.execute(_of(sa.select(table).order_by(*table.primary_key), table, names)):
        if row.version is not None:
            found.setdefault((row.model, row.version), []).append(row)
    return found
