"""Persons and their keys: registered by a registrar, rotated, revoked. One active key a person, one person a key."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from credit_risk._core.clock import timestamp
from credit_risk._core.errors import Fault
from credit_risk.inventory import kinds
from credit_risk.inventory.errors import InventoryError, KeyFileError
from credit_risk.inventory.keys.key_pair import PrivateKey, PublicKey
from credit_risk.inventory.keys.statements import (
    NAME_RECOVERY,
    RECOVER_KEY,
    REGISTER_KEY,
    REVOKE_KEY,
    ROTATE_KEY,
    Signed,
    holds,
)
from credit_risk.inventory.service.checks import LONGEST_NAME, PERSON, Faults, check_person
from credit_risk.inventory.service.recovery import check_recovery, check_registrars_left
from credit_risk.inventory.service.signing import Signer, check_signed, event_payload, new_statement
from credit_risk.inventory.store import personal, tables
from credit_risk.inventory.store.writer import Store, Writer

Json = Any
KEY_YEARS = 2


@dataclass(frozen=True, slots=True)
class Person:
    """A person: `name` None where it was erased; the active key's fingerprint and last moment, None without one."""

    person: str
    name: str | None
    registrar: bool
    registered: str
    fingerprint: str | None
    expires: str | None


class People:
    """Persons and keys of an inventory.

    The first person is a registrar and registers himself; registrars register all others. Who holds the new key
    signs too, so that nobody is given a key that is not his.
    """

    def __init__(self, store: Store):
        self._store = store

    def register(
        self,
        person: str,
        name: str,
        key: PrivateKey,
        *,
        by: Signer | None = None,
        identity: str | None = None,
        registrar: bool = False,
        expires: str | None = None,
    ) -> Person:
        """Register a person with the first key. `identity` (number of staff, e-mail) is of one person only; name and
        identity are kept apart from the trail and can be erased. `expires`: last day of the key, else in two years.

        Raises InventoryError: person or identity known, not by a registrar; KeyFileError: a key of somebody.
        """
        faults = Faults()
        faults.identifier(person, PERSON, "person")
        faults.text(name, "name", required=True, longest=LONGEST_NAME)
        faults.text(identity, "identity", longest=LONGEST_NAME)
        faults.day(expires, "expires")
        faults.raise_any()
        last = self._last_moment(expires)
        signer = by or Signer(person, key)
        fields = {"registered": person, "public_key": key.public.hex, "expires": last, "registrar": registrar}
        text = new_statement(self._store, REGISTER_KEY, signer.person, fields)
        self.record_registration(signer.sign(text), Signer(person, key).sign(text), name, identity)
        return self.get(person)

    def record_registration(self, vouched: Signed, proof: Signed, name: str, identity: str | None) -> None:
        """Record a registration: the same statement signed by the registrar, and with the new key."""
        text = vouched.statement
        key, person = PublicKey(text["public_key"]), text["registered"]
        with self._store.writing() as writer:
            t = tables.persons
            registrars = set(writer.connection.execute(sa.select(t.c.person).where(t.c.registrar)).scalars())
            if writer.connection.execute(sa.select(t.c.person).where(t.c.person == person)).first():
                raise InventoryError(Fault("is registered already", "person_known", found=person))
            _check_new_key(writer, key)
            if registrars:
                _check_registrar(registrars, text["person"])
                check_signed(writer, vouched, REGISTER_KEY)
            elif text["person"] != person or not text["registrar"]:
                remedy = "register the first person with registrar=True and no other signature"
                raise InventoryError(Fault("there is no registrar yet", "no_registrar", remedy=remedy))
            _check_proof(vouched, proof, key)
            tokens = {"name_token": personal.keep(writer.connection, personal.NAME, name), "identity_token": None}
            if identity is not None:
                tokens["identity_token"] = _identity(writer.connection, identity)
            payload = {**_key_payload(vouched, proof, key), **tokens, "registrar": text["registrar"]}
            writer.append(kinds.PERSON_REGISTERED, payload, actor=text["person"])

    def rotate(self, person: str, new: PrivateKey, *, by: Signer, expires: str | None = None) -> Person:
        """Give a person a new key in the place of the active one; `by` the person with the old key, or a registrar."""
        faults = Faults()
        faults.day(expires, "expires")
        faults.raise_any()
        fields = {"registered": person, "public_key": new.public.hex, "expires": self._last_moment(expires)}
        text = new_statement(self._store, ROTATE_KEY, by.person, fields)
        vouched, proof = by.sign(text), Signer(person, new).sign(text)
        with self._store.writing() as writer:
            check_person(writer.connection, person, by.person)
            if by.person != person:
                _check_registrar(_registrars(writer), by.person)
            check_signed(writer, vouched, ROTATE_KEY)
            _check_new_key(writer, new.public)
            _check_proof(vouched, proof, new.public)
            writer.append(kinds.KEY_ROTATED, _key_payload(vouched, proof, new.public), actor=by.person)
        return self.get(person)

    def revoke(self, fingerprint: str, reason: str, *, by: Signer, distrusted_since: str | None = None) -> None:
        """Revoke a key; what it signed before stays, unless it is not to be trusted since a moment (UTC)."""
        faults = Faults()
        faults.text(reason, "reason", required=True)
        faults.raise_any()
        fields = {"fingerprint": fingerprint, "reason": reason, "distrusted_since": distrusted_since}
        signed = by.sign(new_statement(self._store, REVOKE_KEY, by.person, fields))
        with self._store.writing() as writer:
            t = tables.keys
            row = writer.connection.execute(sa.select(t).where(t.c.fingerprint == fingerprint)).one_or_none()
            if row is None or row.state != "active":
                raise KeyFileError(Fault("is no active key", "key_ended", found=fingerprint))
            if by.person != row.person:
                _check_registrar(_registrars(writer), by.person)
            check_signed(writer, signed, REVOKE_KEY)
            check_registrars_left(writer, row.person)
            payload = {"person": row.person, "fingerprint": fingerprint, "distrusted_since": distrusted_since}
            payload |= {"statement": dict(signed.statement), "by_fingerprint": signed.fingerprint}
            writer.append(kinds.KEY_REVOKED, {**payload, "signature": signed.signature}, actor=by.person)

    def name_recovery(self, key: PublicKey, *, by: Signer) -> None:
        """Name the public half of a key that lies in a safe; it takes the place of one that was named before."""
        signed = by.sign(new_statement(self._store, NAME_RECOVERY, by.person, {"recovery_key": key.hex}))
        with self._store.writing() as writer:
            _check_registrar(_registrars(writer), by.person)
            check_signed(writer, signed, NAME_RECOVERY)
            _check_new_key(writer, key)
            payload = {**event_payload(signed), "recovery_key": key.hex}
            writer.append(kinds.RECOVERY_NAMED, payload, actor=by.person)

    def recover(
        self, person: str, new: PrivateKey, reason: str, *, recovery: PrivateKey, expires: str | None = None
    ) -> Person:
        """Give a registrar a new key by the recovery key, while no registrar has a key in force.

        Verification tells each recovery. Raises InventoryError: a registrar has a key, no registrar, no recovery key;
        KeyFileError: another key than the one that was named.
        """
        faults = Faults()
        faults.text(reason, "reason", required=True)
        faults.day(expires, "expires")
        faults.raise_any()
        fields = {"registered": person, "public_key": new.public.hex, "expires": self._last_moment(expires)}
        text = new_statement(self._store, RECOVER_KEY, person, {**fields, "reason": reason})
        vouched, proof = Signer(person, recovery).sign(text), Signer(person, new).sign(text)
        with self._store.writing() as writer:
            check_person(writer.connection, person)
            _check_registrar(_registrars(writer), person)
            check_recovery(writer, vouched)
            _check_new_key(writer, new.public)
            _check_proof(vouched, proof, new.public)
            payload = {**_key_payload(vouched, proof, new.public), "reason": reason}
            writer.append(kinds.KEY_RECOVERED, payload, actor=person)
        return self.get(person)

    def get(self, person: str) -> Person:
        """A person. Raises InventoryError where he is not registered."""
        with self._store.reading() as connection:
            check_person(connection, person)
            return next(one for one in _people(connection) if one.person == person)

    def all(self) -> tuple[Person, ...]:
        """All persons in order of their identifiers."""
        with self._store.reading() as connection:
            return _people(connection)

    def public_keys(self) -> dict[str, tuple[PublicKey, ...]]:
        """Public keys of all persons, those that ended too, to be kept apart for verification."""
        with self._store.reading() as connection:
            t = tables.keys
            found: dict[str, list[PublicKey]] = {}
            for row in connection.execute(sa.select(t).order_by(t.c.person, t.c.since)):
                found.setdefault(row.person, []).append(PublicKey(row.public_key))
            return {person: tuple(several) for person, several in found.items()}

    def _last_moment(self, expires: str | None) -> str:
        if expires is not None:
            return f"{expires}T23:59:59Z"
        now = self._store.clock()
        return timestamp(now + datetime.timedelta(days=round(365.25 * KEY_YEARS)))


def _people(connection: sa.Connection) -> tuple[Person, ...]:
    p, k, e = tables.persons, tables.keys, tables.erasable
    active = sa.select(k).where(k.c.state == "active").subquery()
    joined = p.outerjoin(active, active.c.person == p.c.person).outerjoin(e, e.c.token == p.c.name_token)
    columns = (p.c.person, e.c.value, p.c.registrar, p.c.registered, active.c.fingerprint, active.c.expires)
    rows = connection.execute(sa.select(*columns).select_from(joined).order_by(p.c.person))
    return tuple(Person(*row) for row in rows)


def _registrars(writer: Writer) -> set[str]:
    t = tables.persons
    return set(writer.connection.execute(sa.select(t.c.person).where(t.c.registrar)).scalars())


def _check_registrar(registrars: set[str], person: str) -> None:
    if person not in registrars:
        allowed = ", ".join(sorted(registrars))
        raise InventoryError(Fault("is no registrar", "not_registrar", found=person, allowed=allowed))


def _check_new_key(writer: Writer, key: PublicKey) -> None:
    t = tables.keys
    row = writer.connection.execute(sa.select(t).where(t.c.fingerprint == key.fingerprint)).one_or_none()
    if row is not None:
        message = f"the key is that of {row.person}: a key is of one person, and is not used again"
        raise KeyFileError(Fault(message, "key_known", found=key.fingerprint))


def _check_proof(vouched: Signed, proof: Signed, key: PublicKey) -> None:
    if dict(proof.statement) != dict(vouched.statement) or not holds(proof, key):
        raise KeyFileError(Fault("who holds the new key did not sign for it", "proof", found=key.fingerprint))


def _identity(connection: sa.Connection, identity: str) -> str:
    token = personal.keep(connection, personal.IDENTITY, identity.strip().casefold())
    t = tables.persons
    other = connection.execute(sa.select(t.c.person).where(t.c.identity_token == token)).scalar_one_or_none()
    if other is not None:
        remedy = "a second key of the same person is a rotation"
        raise InventoryError(Fault(f"is that of {other}", "identity_known", path="identity", remedy=remedy))
    return token


def _key_payload(vouched: Signed, proof: Signed, key: PublicKey) -> dict[str, Json]:
    text = dict(vouched.statement)
    return {
        "person": text["registered"],
        "public_key": key.hex,
        "fingerprint": key.fingerprint,
        "expires": text["expires"],
        "statement": text,
        "by_fingerprint": vouched.fingerprint,
        "signature": vouched.signature,
        "proof": proof.signature,
    }
