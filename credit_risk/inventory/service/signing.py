"""A signed statement that comes in: form, head of the trail, moment, key and person are checked before it is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from credit_risk._core.clock import timestamp
from credit_risk._core.errors import Fault
from credit_risk.inventory.audit.anchors import Anchor
from credit_risk.inventory.errors import InventoryError, KeyFileError
from credit_risk.inventory.keys.key_pair import PrivateKey, PublicKey
from credit_risk.inventory.keys.statements import Signed, anchor_of, check_form, holds, sign, statement
from credit_risk.inventory.store import tables
from credit_risk.inventory.store.writer import Store, Writer, read_head

Json = Any


@dataclass(frozen=True, slots=True)
class Signer:
    """A person with the opened key."""

    person: str
    key: PrivateKey

    def sign(self, text: Mapping[str, Json]) -> Signed:
        """Sign a statement that was made for this person."""
        return sign(text, self.key)


def new_statement(store: Store, act: str, person: str, fields: Mapping[str, Json]) -> dict[str, Json]:
    """A statement for a person to sign, with the head of the trail as it is now."""
    with store.reading() as connection:
        return statement(act, person, timestamp(store.clock()), read_head(connection), fields)


def check_signed(writer: Writer, signed: Signed, act: str) -> None:
    """Raise InventoryError or KeyFileError unless the statement may be recorded now with this signature."""
    text = signed.statement
    check_form(text, act)
    _check_moment(writer, text)
    _check_anchor(writer.connection, anchor_of(text))
    check_key(writer, signed)


def check_key(writer: Writer, signed: Signed) -> None:
    """Raise KeyFileError unless the key is the active one of the person who is named, and the signature holds."""
    person = signed.statement["person"]
    t = tables.keys
    row = writer.connection.execute(sa.select(t).where(t.c.fingerprint == signed.fingerprint)).one_or_none()
    if row is None:
        remedy = "register the key first, or sign with the one that is registered"
        raise KeyFileError(Fault("nobody has registered this key", "key_unknown", found=signed.fingerprint,
                                 remedy=remedy))  # fmt: skip
    if row.person != person:
        raise KeyFileError(Fault("the key is another person's", "key_of_another", found=row.person, allowed=person))
    if row.state != "active":
        remedy = "sign with the key that is active"
        raise KeyFileError(Fault(f"the key was {row.state}", "key_ended", found=row.ended, remedy=remedy))
    if max(writer.moment(), signed.statement["at"]) > row.expires:
        remedy = "a registrar gives the person a new key"
        raise KeyFileError(Fault("the key has expired", "key_expired", found=row.expires, remedy=remedy))
    if not holds(signed, PublicKey(row.public_key)):
        raise KeyFileError(Fault("the signature does not hold over this statement", "signature", found=person))


def event_payload(signed: Signed) -> dict[str, Json]:
    """What an event holds of a signed statement."""
    return {"statement": dict(signed.statement), "fingerprint": signed.fingerprint, "signature": signed.signature}


def _check_moment(writer: Writer, text: Mapping[str, Json]) -> None:
    now = writer.moment()
    if text["at"] > now:
        message = "the statement was signed later than now: one of the clocks is wrong"
        raise InventoryError(Fault(message, "moment", found=text["at"], allowed=now))


def _check_anchor(connection: sa.Connection, anchor: Anchor) -> None:
    t = tables.events
    wanted = {1: anchor.log, anchor.sequence: anchor.hash}
    rows = connection.execute(sa.select(t.c.sequence, t.c.hash).where(t.c.sequence.in_(list(wanted)))).all()
    if {row.sequence: row.hash for row in rows} != wanted or anchor.sequence < 1:
        message = "the statement was made for another inventory, or this one's trail was written anew since"
        raise InventoryError(Fault(message, "other_trail", found=anchor.text()))
