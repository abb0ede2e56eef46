"""A signed statement that comes in: form, head of the trail, moment, key and person are checked before it is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from credit_risk._core.clock import timestamp
from credit_risk._core.errors import Fault
from credit_risk.inventory.audit.anchors import Anchor
from credit_risk.inventory.contracts import Gatekeeper
from credit_risk.inventory.errors import InventoryError, KeyFileError
from credit_risk.inventory.keys.statements import Actor, Signed, Signer, anchor_of, check_form, person_of, statement
from credit_risk.inventory.store import tables
from credit_risk.inventory.store.key_check import check_active_key
from credit_risk.inventory.store.writer import Store, Writer, read_head

Json = Any
__all__ = [
    "Actor",
    "Signer",
    "asked_key",
    "check_key",
    "check_signed",
    "check_statement",
    "event_payload",
    "new_statement",
    "person_of",
    "require_key",
]


def new_statement(store: Store, act: str, person: str, fields: Mapping[str, Json]) -> dict[str, Json]:
    """A statement for a person to sign, with the head of the trail as it is now."""
    with store.reading() as connection:
        return statement(act, person, timestamp(store.clock()), read_head(connection), fields)


def check_signed(writer: Writer, signed: Signed, act: str) -> None:
    """Raise InventoryError or KeyFileError unless the statement may be recorded now with this signature."""
    check_statement(writer, signed, act)
    check_key(writer, signed)


def check_statement(writer: Writer, signed: Signed, act: str) -> None:
    """Raise InventoryError unless it is a statement of the act, made for this trail and not later than now."""
    text = signed.statement
    check_form(text, act)
    _check_moment(writer, text)
    _check_anchor(writer.connection, anchor_of(text))


def check_key(writer: Writer, signed: Signed) -> None:
    """Raise KeyFileError unless the key is the active one of the person who is named, and the signature holds."""
    check_active_key(writer.connection, signed, writer.moment())


def require_key(by: Actor, act: str) -> None:
    """Raise KeyFileError where somebody acts by name alone: the act needs the key of the person."""
    if isinstance(by, str):
        remedy = "sign with the key of the person: --by PERSON --key FILE, in Python a Signer"
        raise KeyFileError(Fault(f"{act} needs the key of {by}", "unsigned", found=by, remedy=remedy))


def asked_key(gates: Gatekeeper, by: Actor, act: str) -> None:
    """The same for an act of which the bank's policy says whether it needs a key."""
    if gates.needs_key(act):
        require_key(by, f"the act {act!r}, by the policy,")


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
