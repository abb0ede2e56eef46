"""Personal data apart from the chain: an event holds a salted hash, the value lies here and can be erased.

The token is SHA-256 of salt and value. Whoever has the chain alone cannot find the value by trying; after erasure
nobody can, and the chain stays as it was.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa

from credit_risk._core.errors import Fault
from credit_risk._core.hashing import sha256_bytes
from credit_risk.inventory import kinds
from credit_risk.inventory.errors import InventoryError
from credit_risk.inventory.keys.statements import Actor
from credit_risk.inventory.store.tables import erasable
from credit_risk.inventory.store.writer import Writer

NAME, IDENTITY, APPLICANT = "name", "identity", "applicant"


def token_of(salt: str, value: str) -> str:
    """The name of a value in events: SHA-256 of its salt (hexadecimal) and the value in UTF-8."""
    return sha256_bytes(bytes.fromhex(salt) + value.encode("utf-8"))


def keep(connection: sa.Connection, category: str, value: str, keep_until: str | None = None) -> str:
    """Keep a value and return its token; a value that is kept in the category already has the token that it has."""
    which = (erasable.c.category == category) & (erasable.c.value == value)
    token = connection.execute(sa.select(erasable.c.token).where(which)).scalar_one_or_none()
    if token is not None:
        return str(token)
    salt = secrets.token_hex(32)
    row = {"token": token_of(salt, value), "category": category, "salt": salt, "value": value, "keep_until": keep_until}
    connection.execute(sa.insert(erasable), row)
    return str(row["token"])


def value_of(connection: sa.Connection, token: str) -> str | None:
    """The value of a token; None where it was erased, or is not here."""
    return connection.execute(sa.select(erasable.c.value).where(erasable.c.token == token)).scalar_one_or_none()


def read_recorded(writer: Writer, token: str, actor: Actor, purpose: str) -> str | None:
    """The value of a token, with the access recorded."""
    writer.append(kinds.PERSONAL_READ, {"token": token, "purpose": purpose}, actor=actor)
    return value_of(writer.connection, token)


def erase(writer: Writer, tokens: list[str], actor: Actor, reason: str) -> int:
    """Erase values and salts, and record it. How many there were. Raises InventoryError on a token that is unknown."""
    connection = writer.connection
    known = set(connection.execute(sa.select(erasable.c.token).where(erasable.c.token.in_(tokens))).scalars())
    unknown = [one for one in tokens if one not in known]
    if unknown:
        raise InventoryError([Fault("no personal data has this token", "unknown_token", found=one) for one in unknown])
    held = sa.select(sa.func.count()).select_from(erasable)
    count = connection.execute(held.where(erasable.c.token.in_(tokens) & erasable.c.value.is_not(None))).scalar_one()
    connection.execute(sa.update(erasable).where(erasable.c.token.in_(tokens)).values(salt=None, value=None))
    writer.append(kinds.PERSONAL_ERASED, {"tokens": sorted(tokens), "reason": reason}, actor=actor)
    return int(count)


def past_retention(connection: sa.Connection, as_of: str) -> list[str]:
    """Tokens whose values were to be kept until before `as_of` and are still here."""
    which = (erasable.c.keep_until < as_of) & erasable.c.value.is_not(None)
    return list(connection.execute(sa.select(erasable.c.token).where(which).order_by(erasable.c.token)).scalars())
