"""A load held against what the store has, and its rows; applicants who were erased stay out."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from credit_risk._core.errors import Fault
from credit_risk.inventory import kinds
from credit_risk.inventory.audit.event import Event
from credit_risk.inventory.errors import ProtectedError
from credit_risk.inventory.protected import tables
from credit_risk.inventory.protected.columns import Taken
from credit_risk.inventory.protected.digest import HeldRow

AT_ONCE = 10_000
"""Rows of one insertion."""


def contradicted(file: str, taken: Taken, mine: Mapping[str, str], held: Iterable[HeldRow]) -> list[Fault]:
    """Applicants of whom the store holds another value already, with their rows; no value is shown."""
    owner = {pseudonym: key for key, pseudonym in mine.items()}
    found = {
        (row.attribute, owner[row.pseudonym])
        for row in held
        if taken.columns[row.attribute].values[owner[row.pseudonym]] != row.value
    }
    remedy = "erase the applicant first where the store is wrong, or correct the rows"
    return [
        Fault("the store holds another value of this applicant", "contradiction", file, name, taken.rows[key][0],
              found=f"rows {', '.join(map(str, taken.rows[key]))}", remedy=remedy)
        for name, key in sorted(found, key=lambda one: (one[0], taken.rows[one[1]][0]))
    ]  # fmt: skip


def addition(
    connection: sa.Connection,
    taken: Taken,
    mine: Mapping[str, str],
    held: Iterable[HeldRow],
    load: Mapping[str, Any],
) -> list[HeldRow]:
    """Write a load and return its rows.

    A value that another load holds on the same terms is not written again. Rows are written in the order of their
    pseudonyms, so that their places say nothing of the order of the table.
    """
    terms = {name: load[name] for name in ("purposes", "basis", "keep_until")}
    same = connection.execute(sa.select(tables.loads.c.load).filter_by(**terms)).scalars()
    alike = set(same)
    known = {(row.pseudonym, row.attribute) for row in held if row.load in alike}
    _write_attributes(connection, taken)
    connection.execute(sa.insert(tables.loads).values(**load))
    rows = [
        HeldRow(pseudonym, name, load["load"], column.values[key], secrets.token_hex(16))
        for pseudonym, key in sorted((pseudonym, key) for key, pseudonym in mine.items())
        for name, column in taken.columns.items()
        if (pseudonym, name) not in known
    ]
    for begin in range(0, len(rows), AT_ONCE):
        connection.execute(sa.insert(tables.held), [row._asdict() for row in rows[begin : begin + AT_ONCE]])
    return rows


def ever_erased(events: Sequence[Event]) -> frozenset[str]:
    """Hashes of the pseudonyms of applicants who were erased, under the secret that the store has now."""
    found: set[str] = set()
    for event in events:
        if event.kind == kinds.PROTECTED_ERASED:
            found.add(event.payload["applicants_sha256"])
        elif event.kind == kinds.PROTECTED_REKEYED:
            found = set(event.payload["erased"])
    return frozenset(found)


def _write_attributes(connection: sa.Connection, taken: Taken) -> None:
    t, faults = tables.attributes, []
    held = {row.attribute: row for row in connection.execute(sa.select(t))}
    for name, column in taken.columns.items():
        if name not in held:
            row = {"attribute": name, "kind": column.kind, "position": column.position}
            connection.execute(sa.insert(t).values(**row))
        elif held[name].kind != column.kind:
            remedy = "store the column in the table as it was stored when the attribute was first loaded"
            faults.append(Fault("the attribute is held as another kind of value", "kind", path=name,
                                found=column.kind, allowed=held[name].kind, remedy=remedy))  # fmt: skip
    if faults:
        raise ProtectedError(faults)
