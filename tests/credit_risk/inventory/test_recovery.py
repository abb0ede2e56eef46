"""The last registrar's key: not revoked without a way back; a recovery key from the safe is that way, and only then."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from credit_risk.inventory import (
    Inventory,
    InventoryError,
    KeyFileError,
    Signer,
    create_inventory,
    new_key,
    read_public_keys,
    verify_lines,
    write_key,
)
from credit_risk.inventory.audit.chain import StoredLine
from credit_risk.inventory.store.rebuild import compare_projections, stored_lines
from tests.credit_risk.cli.command import credit_risk
from tests.credit_risk.inventory.support import Gates, Ticking, key_of, signer

SAFE = new_key()
LONG = timedelta(days=1000)


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def bank(place: str, clock: Ticking) -> Inventory:
    """One registrar, one developer, and a recovery key that was named at the beginning; on each engine."""
    inventory = create_inventory(place, Gates(), clock=clock, recovery=SAFE.public)
    inventory.people.register("registrar", "Rita", key_of("registrar"), registrar=True)
    inventory.people.register("dora", "Dora", key_of("dora"), by=signer("registrar"))
    return inventory


def told(inventory: Inventory) -> tuple[list[str], list[str]]:
    found = inventory.trail.verify()
    return [fault.code for fault in found.faults], [note.code for note in found.notes]


def test_an_expired_registrar_gets_a_new_key_and_verification_tells_it(bank: Inventory, clock: Ticking) -> None:
    with bank:
        clock.moment += LONG
        with pytest.raises(KeyFileError, match="expired"):
            bank.people.rotate("registrar", new_key(), by=signer("registrar"))
        new = new_key()
        made = bank.people.recover("registrar", new, "On leave when the key ended", recovery=SAFE)
        assert made.fingerprint == new.public.fingerprint
        bank.people.rotate("dora", new_key(), by=Signer("registrar", new))  # works again
        assert told(bank) == ([], ["recovered"])
        with bank.store.reading() as connection:
            assert compare_projections(connection, bank.trail.events()) == ()


def test_a_revoked_one_gets_a_new_key_too(bank: Inventory) -> None:
    with bank:
        key = key_of("registrar").public.fingerprint
        bank.people.revoke(key, "Stolen", by=signer("registrar"))
        bank.people.recover("registrar", new_key(), "The key was stolen", recovery=SAFE)
        assert told(bank) == ([], ["recovered"])


def test_without_a_recovery_key_the_last_registrars_key_is_not_revoked(place: str) -> None:
    with create_inventory(place, Gates(), clock=Ticking()) as inventory:
        inventory.people.register("registrar", "Rita", key_of("registrar"), registrar=True)
        key = key_of("registrar").public.fingerprint
        with pytest.raises(InventoryError, match="only registrar"):
            inventory.people.revoke(key, "Stolen", by=signer("registrar"))
        inventory.people.name_recovery(SAFE.public, by=signer("registrar"))
        inventory.people.revoke(key, "Stolen", by=signer("registrar"))
        inventory.people.recover("registrar", new_key(), "The key was stolen", recovery=SAFE)
        assert told(inventory) == ([], ["recovered"])


def test_it_is_refused_while_a_registrar_has_a_key_and_to_everybody_else(bank: Inventory, clock: Ticking) -> None:
    with bank:
        with pytest.raises(InventoryError, match="a registrar with a key in force"):
            bank.people.recover("registrar", new_key(), "I would like to", recovery=SAFE)
        with pytest.raises(InventoryError, match="no registrar"):
            bank.people.name_recovery(new_key().public, by=signer("dora"))
        clock.moment += LONG
        with pytest.raises(KeyFileError, match="not the recovery key"):
            bank.people.recover("registrar", new_key(), "Lost", recovery=new_key())
        with pytest.raises(InventoryError, match="is no registrar"):
            bank.people.recover("dora", new_key(), "Lost", recovery=SAFE)
        with pytest.raises(InventoryError):
            bank.people.recover("registrar", new_key(), " ", recovery=SAFE)
        assert told(bank) == ([], [])


def test_a_recovery_that_was_written_into_the_trail_is_found(tmp_path: Path) -> None:
    """Whoever owns the database lets the program recover in a copy whose recovery key is his own."""
    mine = new_key()
    trails: list[tuple[StoredLine, ...]] = []
    for recovery in (SAFE.public, mine.public):
        clock = Ticking()
        place = tmp_path / f"{recovery.hex[:8]}.db"
        with create_inventory(place, Gates(), clock=clock, recovery=recovery) as inventory:
            inventory.people.register("registrar", "Rita", key_of("registrar"), registrar=True)
            anchors = (inventory.trail.head(),)
            if recovery == mine.public:
                clock.moment += LONG
                inventory.people.recover("registrar", new_key(), "Mine now", recovery=mine)
            else:
                kept = anchors
            with inventory.store.reading() as connection:
                trails.append(tuple(stored_lines(connection)))
    assert verify_lines(trails[1]).faults == ()  # it is sound in itself
    assert {fault.code for fault in verify_lines(trails[1], kept).faults} == {"rechained"}
    keys = {"registrar": frozenset({key_of("registrar").public})}
    assert "swapped_key" in {fault.code for fault in verify_lines(trails[1], kept, keys).faults}


def test_by_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDIT_RISK_INVENTORY", str(tmp_path / "i.db"))
    monkeypatch.setenv("CREDIT_RISK_PASSPHRASE", "correct horse battery")
    monkeypatch.setenv("CREDIT_RISK_REGISTRAR_PASSPHRASE", "correct horse battery")
    keys = {name: tmp_path / f"{name}.pem" for name in ("safe", "rita", "new")}
    made = credit_risk("inventory", "key", keys["safe"], "--public", tmp_path / "safe.pub")
    assert made.status == 0
    for name in ("rita", "new"):
        write_key(new_key(), keys[name], "correct horse battery")
    assert credit_risk("inventory", "create", "--recovery", keys["safe"]).status == 2  # the private half
    assert credit_risk("inventory", "create", "--recovery", tmp_path / "safe.pub").status == 0
    person = ("inventory", "register", "rita.reed", "--name", "Rita", "--key", keys["rita"], "--registrar")
    assert credit_risk(*person).status == 0
    assert credit_risk("inventory", "people", "--fail-on-expiring", "30").status == 0
    assert credit_risk("inventory", "people", "--fail-on-expiring", "1000").status == 1
    act = ("inventory", "recover", "rita.reed", "--new-key", keys["new"], "--recovery-key", keys["safe"])
    refused = credit_risk(*act, "--reason", "Early")
    assert (refused.status, "with a key in force" in refused.err) == (2, True)
    fingerprint = credit_risk("inventory", "people").out.split("key ")[1].split()[0]
    ended = credit_risk("inventory", "revoke", fingerprint, "--reason", "Lost", "--by", "rita.reed", "--key",
                        keys["rita"])  # fmt: skip
    assert ended.status == 0, ended.err
    assert "no key in force" in credit_risk("inventory", "people").out
    assert credit_risk(*act, "--reason", "Lost").status == 0
    verified = credit_risk("audit", "verify")
    assert (verified.status, "by the recovery key: Lost" in verified.out) == (0, True)
    folder = tmp_path / "public"
    assert credit_risk("inventory", "people", "--public-keys", folder).status == 0
    assert set(read_public_keys(folder)) == {"rita.reed"}  # a person with a dot, and both of the keys
    assert credit_risk("audit", "verify", "--keys", folder).status == 0
