"""The day when no registrar has a key in force: a recovery key from the safe gives one of them a new one."""

from __future__ import annotations

import sqlalchemy as sa

from credit_risk._core.errors import Fault
from credit_risk.inventory import kinds
from credit_risk.inventory.audit.event import read_event
from credit_risk.inventory.errors import InventoryError, KeyFileError
from credit_risk.inventory.keys.key_pair import PublicKey
from credit_risk.inventory.keys.statements import RECOVER_KEY, Signed, holds
from credit_risk.inventory.service.signing import check_statement
from credit_risk.inventory.store import tables
from credit_risk.inventory.store.writer import Writer


def recovery_key(connection: sa.Connection) -> PublicKey | None:
    """The recovery key that was named last; None where none was."""
    t = tables.events
    named = t.c.kind.in_((kinds.CREATED, kinds.RECOVERY_NAMED))
    lines = connection.execute(sa.select(t.c.line).where(named).order_by(t.c.sequence.desc())).scalars()
    for line in lines:
        found = read_event(line).payload.get("recovery_key")
        if found is not None:
            return PublicKey(found)
    return None


def registrars_in_force(connection: sa.Connection, moment: str) -> list[str]:
    """Registrars whose active key has not expired."""
    p, k = tables.persons, tables.keys
    joined = p.join(k, k.c.person == p.c.person)
    which = p.c.registrar & (k.c.state == "active") & (k.c.expires >= moment)
    return list(
        connection.execute(sa.select(p.c.person).select_from(joined).where(which).order_by(p.c.person)).scalars()
    )


def check_recovery(writer: Writer, vouched: Signed) -> None:
    """Raise InventoryError or KeyFileError unless a key may be recovered now by who signed this."""
    check_statement(writer, vouched, RECOVER_KEY)
    held = registrars_in_force(writer.connection, writer.moment())
    if held:
        remedy = "a registrar gives the person a new key: credit-risk inventory rotate"
        raise InventoryError(Fault(f"{held[0]} is a registrar with a key in force", "registrar_there", remedy=remedy))
    key = recovery_key(writer.connection)
    if key is None:
        remedy = "restore a copy of the inventory from when a registrar had a key, and name a recovery key in it"
        raise InventoryError(Fault("no recovery key was ever named", "no_recovery", remedy=remedy))
    if not holds(vouched, key):
        raise KeyFileError(
            Fault("is not the recovery key that was named", "key_unknown", found=vouched.fingerprint,
                  allowed=key.fingerprint)
        )  # fmt: skip


def check_registrars_left(writer: Writer, person: str) -> None:
    """Raise InventoryError where nobody could register persons without the key of `person`, and none could recover."""
    others = [one for one in registrars_in_force(writer.connection, writer.moment()) if one != person]
    mine = writer.connection.execute(
        sa.select(tables.persons.c.registrar).where(tables.persons.c.person == person)
    ).scalar_one()
    if not mine or others or recovery_key(writer.connection) is not None:
        return
    remedy = (
        "give the person a new key instead (credit-risk inventory rotate), register another registrar, or name a "
        "recovery key (credit-risk inventory recovery)"
    )
    raise InventoryError(Fault("is the key of the only registrar: nobody could register keys after", "last_registrar",
                               found=person, remedy=remedy))  # fmt: skip
