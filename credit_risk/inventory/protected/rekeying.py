"""Another secret for a store: every row under its new pseudonym, in the order of the new ones."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

import sqlalchemy as sa

from credit_risk._core.errors import Fault
from credit_risk.inventory.errors import ProtectedError
from credit_risk.inventory.protected import tables
from credit_risk.inventory.protected.digest import HeldRow
from credit_risk.inventory.protected.loading import AT_ONCE


def rekeyed(connection: sa.Connection, moves: Mapping[str, str], check: str, place: str) -> list[HeldRow]:
    """Move all rows from their pseudonym to another and note the check value of the new secret; the rows as they are.

    Raises ProtectedError where a row has no move.
    """
    h = tables.held
    query = sa.select(h.c.pseudonym, h.c.attribute, h.c.load, h.c.value, h.c.salt)
    rows = [HeldRow(*row) for row in connection.execute(query)]
    lost = {row.pseudonym for row in rows if row.pseudonym not in moves}
    if lost:
        message = "the store holds applicants whose keys are not in the table"
        remedy = "give the keys of all applicants: the store holds none, and cannot make new pseudonyms without them"
        found = f"{len(lost):,} of {len({row.pseudonym for row in rows}):,} applicants"
        raise ProtectedError(Fault(message, "keys_lacking", place, found=found, remedy=remedy))
    moved = [row._replace(pseudonym=moves[row.pseudonym], salt=secrets.token_hex(16)) for row in rows]
    moved.sort()
    connection.execute(sa.delete(h))
    for begin in range(0, len(moved), AT_ONCE):
        connection.execute(sa.insert(h), [row._asdict() for row in moved[begin : begin + AT_ONCE]])
    connection.execute(sa.update(tables.settings).values(secret_check=check))
    return moved
