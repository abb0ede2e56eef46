"""Who developed signs as validator or approver: through the service, by raw SQL, with a second key; all refused."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from credit_risk.inventory import Inventory, Signer, new_key
from credit_risk.inventory.errors import FourEyesError, InventoryError, KeyFileError
from tests.credit_risk.inventory.support import FACTS, key_of, signer

ID = FACTS.id
ROLE = (
    "INSERT INTO roles (sequence, model, version, person, role, since)"
    " VALUES ({sequence}, 'pd-retail', '1.0', '{person}', '{role}', '2026-11-27T06:00:00Z')"
)
SIGN_OFF = (
    "INSERT INTO sign_offs (sequence, model, version, gate, person, role, decision, subject_hash, gate_text_sha256,"
    " at, fingerprint, signature, statement) VALUES (1, 'pd-retail', '1.0', '{gate}', '{person}', '{role}', 'approve',"
    " '', '', '2026-11-27T06:00:00Z', '{fingerprint}', 'ff', '{{}}')"
)


def run_sql(inventory: Inventory, sql: str) -> None:
    with inventory.store.engine.begin() as connection:
        connection.exec_driver_sql(sql)


def sign_off(person: str, role: str, gate: str, of: str | None = None) -> str:
    return SIGN_OFF.format(person=person, role=role, gate=gate, fingerprint=key_of(of or person).public.fingerprint)


def test_through_the_service(version: Inventory) -> None:
    for role in ("validator", "approver"):
        with pytest.raises(FourEyesError):
            version.versions.assign(ID, "1.0", "david", role, by=signer("olga"))
    for role in ("developer", "approver", "owner"):
        with pytest.raises(FourEyesError):
            version.approve(ID, "1.0", signer=signer("dora"), role=role)
    with pytest.raises(FourEyesError):
        version.reject(ID, "1.0", signer=signer("dora"), role="developer", comment="no")
    for person in ("vera", "anton"):
        with pytest.raises(FourEyesError):
            version.versions.assign(ID, "1.0", person, "developer", by=signer("olga"))


def test_who_left_the_development_stays_one_who_developed(version: Inventory) -> None:
    version.versions.unassign(ID, "1.0", "david", "developer", by=signer("olga"))
    with pytest.raises(FourEyesError):
        version.versions.assign(ID, "1.0", "david", "approver", by=signer("olga"))
    with pytest.raises(sa.exc.DBAPIError, match="four eyes"):
        run_sql(version, ROLE.format(sequence=1, person="david", role="approver"))


def test_by_raw_sql(version: Inventory) -> None:
    attacks = [
        *(ROLE.format(sequence=1, person="dora", role=role) for role in ("validator", "approver")),
        *(ROLE.format(sequence=1, person=person, role="developer") for person in ("vera", "anton")),
        *(sign_off("dora", role, "approved") for role in ("developer", "approver", "owner")),
        sign_off("dora", "validator", "developed"),
        sign_off("dora", "developer", "validated"),
    ]
    for attack in attacks:
        with pytest.raises(sa.exc.DBAPIError, match="four eyes"):
            run_sql(version, attack)
    with pytest.raises(sa.exc.DBAPIError, match="own active key"):
        run_sql(version, sign_off("anton", "approver", "approved", of="dora"))


CHANGES = [
    ("UPDATE roles SET role = 'user' WHERE person = 'dora'", "not changed or deleted"),
    ("UPDATE roles SET person = 'olga' WHERE person = 'dora'", "not changed or deleted"),
    ("DELETE FROM roles WHERE person = 'dora'", "not changed or deleted"),
    ("UPDATE sign_offs SET person = 'anton'", "not changed or deleted"),
    ("DELETE FROM sign_offs", "not changed or deleted"),
    ("UPDATE keys SET person = 'anton' WHERE person = 'dora'", "never changes"),
    ("UPDATE keys SET public_key = 'ff' WHERE person = 'anton'", "never changes"),
    ("DELETE FROM keys", "never changes"),
    ("DELETE FROM persons", "stays registered"),
    ("DELETE FROM findings", "nothing is deleted"),
    ("UPDATE events SET actor = 'anton' WHERE sequence = 3", "append-only"),
    ("DELETE FROM events", "append-only"),
    ("UPDATE head SET sequence = 1", "only rises"),
]


def test_what_stands_is_not_changed_by_sql(version: Inventory) -> None:
    version.findings.raise_finding(ID, "low", "Something", by="vera")
    for sql, words in CHANGES:
        with pytest.raises(sa.exc.DBAPIError, match=words):
            run_sql(version, sql)
    assert version.trail.verify().faults == ()


def test_an_event_is_not_put_in_by_sql(version: Inventory) -> None:
    with version.store.reading() as connection:
        row = connection.execute(sa.text("SELECT * FROM events WHERE sequence = 5")).mappings().one()
    columns = ", ".join(row)
    marks = ", ".join(f":{name}" for name in row)
    verbs = ["INSERT"] if version.store.engine.dialect.name == "postgresql" else ["INSERT", "INSERT OR REPLACE"]
    for verb in verbs:
        for change in ({}, {"sequence": version.trail.head().sequence + 1}, {"sequence": 9_999}):
            with pytest.raises(sa.exc.DBAPIError), version.store.engine.begin() as connection:
                connection.execute(sa.text(f"{verb} INTO events ({columns}) VALUES ({marks})"), {**row, **change})
    assert version.trail.verify().faults == ()


def test_a_second_key_is_the_same_person(version: Inventory) -> None:
    second = new_key()
    version.people.rotate("dora", second, by=signer("dora"))
    with pytest.raises(FourEyesError):
        version.approve(ID, "1.0", signer=Signer("dora", second), role="developer")
    with pytest.raises(KeyFileError) as error:
        version.approve(ID, "1.0", signer=Signer("anton", second), role="approver")
    assert error.value.faults[0].code == "key_of_another"
    with pytest.raises(KeyFileError) as error:
        version.people.register("dora2", "Dora again", second, by=signer("registrar"))
    assert error.value.faults[0].code == "key_known"
    with pytest.raises(KeyFileError) as error:  # the key before is not used again, by nobody
        version.people.register("dora2", "Dora again", key_of("dora"), by=signer("registrar"))
    assert error.value.faults[0].code == "key_known"
    with pytest.raises(InventoryError) as refused:
        version.people.register("dora2", "Dora", new_key(), by=signer("registrar"), identity="DORA@bank.example ")
    assert refused.value.faults[0].code == "identity_known"
    with pytest.raises(InventoryError) as refused:
        version.people.register("dora2", "Dora again", new_key(), by=signer("dora"))
    assert refused.value.faults[0].code == "not_registrar"


def test_a_second_key_by_sql(version: Inventory) -> None:
    key = new_key().public
    sql = (
        "INSERT INTO keys (fingerprint, person, public_key, since, expires, state) VALUES"
        " ('{0}', '{1}', '{2}', '2026-11-27T05:00:00Z', '2027-11-27T05:00:00Z', 'active')"
    )
    with pytest.raises(sa.exc.IntegrityError):  # one active key a person
        run_sql(version, sql.format(key.fingerprint, "dora", key.hex))
    held = key_of("dora").public
    with pytest.raises(sa.exc.DBAPIError):  # one person a key
        run_sql(version, sql.format("0" * 64, "registrar", held.hex))
