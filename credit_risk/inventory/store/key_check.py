"""Whether a key may sign now: the active one of the person, not expired; and whether the signature holds."""

from __future__ import annotations

import sqlalchemy as sa

from credit_risk._core.errors import Fault
from credit_risk.inventory.errors import KeyFileError
from credit_risk.inventory.keys.key_pair import PublicKey
from credit_risk.inventory.keys.statements import Signed, holds
from credit_risk.inventory.store import tables


def check_active_key(connection: sa.Connection, signed: Signed, moment: str) -> None:
    """Raise KeyFileError unless the key is the active one of the person who is named, and the signature holds."""
    person = signed.statement["person"]
    t = tables.keys
    row = connection.execute(sa.select(t).where(t.c.fingerprint == signed.fingerprint)).one_or_none()
    if row is None:
        remedy = "register the key first, or sign with the one that is registered"
        raise KeyFileError(Fault("nobody has registered this key", "key_unknown", found=signed.fingerprint,
                                 remedy=remedy))  # fmt: skip
    if row.person != person:
        raise KeyFileError(Fault("the key is another person's", "key_of_another", found=row.person, allowed=person))
    if row.state != "active":
        remedy = "sign with the key that is active"
        raise KeyFileError(Fault(f"the key was {row.state}", "key_ended", found=row.ended, remedy=remedy))
    if max(moment, signed.statement["at"]) > row.expires:
        remedy = "a registrar gives the person a new key"
        raise KeyFileError(Fault("the key has expired", "key_expired", found=row.expires, remedy=remedy))
    if not holds(signed, PublicKey(row.public_key)):
        raise KeyFileError(Fault("the signature does not hold over this statement", "signature", found=person))
