"""Keys: files under a passphrase, kinds, expiry, rotation, revocation; signatures by an independent implementation."""

from __future__ import annotations

import datetime
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from credit_risk._core import canonical_json
from credit_risk.inventory import Signer, new_key, read_key, read_public_keys, write_key
from credit_risk.inventory.errors import InventoryError, KeyFileError
from credit_risk.inventory.keys.key_pair import PublicKey
from tests.credit_risk.inventory.support import BEGIN, FACTS, Ticking, key_of, signer, staffed, write_package

PASSPHRASE = "correct horse battery"
ID = FACTS.id


def code(error: pytest.ExceptionInfo[InventoryError]) -> str:
    return error.value.faults[0].code


def test_a_key_is_written_and_read_under_its_passphrase(tmp_path: Path) -> None:
    key, path = new_key(), tmp_path / "dora.key"
    write_key(key, path, PASSPHRASE)
    assert path.stat().st_mode & 0o077 == 0
    assert b"ENCRYPTED" in path.read_bytes()
    assert read_key(path, PASSPHRASE).public == key.public
    assert repr(key).count(key.public.hex) == 1
    for wrong in ("", "correct horse", PASSPHRASE + " "):
        with pytest.raises(KeyFileError) as error:
            read_key(path, wrong)
        assert code(error) in ("passphrase_wrong", "key_open")
    with pytest.raises(KeyFileError) as error:
        write_key(key, path, PASSPHRASE)
    assert code(error) == "key_exists"
    with pytest.raises(KeyFileError) as error:
        write_key(key, tmp_path / "b.key", "short")
    assert code(error) == "passphrase_short"
    with pytest.raises(KeyFileError) as error:
        read_key(tmp_path / "none.key", PASSPHRASE)
    assert code(error) == "unreadable"


def test_a_key_without_passphrase_and_other_kinds_are_refused(tmp_path: Path) -> None:
    plain = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "plain.key").write_bytes(plain)
    with pytest.raises(KeyFileError) as error:
        read_key(tmp_path / "plain.key", PASSPHRASE)
    assert code(error) == "key_open"
    encryption = serialization.BestAvailableEncryption(PASSPHRASE.encode())
    other = rsa.generate_private_key(65537, 2048)
    (tmp_path / "rsa.key").write_bytes(
        other.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    )
    with pytest.raises(KeyFileError) as error:
        read_key(tmp_path / "rsa.key", PASSPHRASE)
    assert code(error) == "key_kind"


def test_pkcs12_with_an_ed25519_key(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Dora")])
    day = datetime.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(BEGIN).not_valid_after(BEGIN + day).sign(key, None)
    )  # fmt: skip
    encryption = serialization.BestAvailableEncryption(PASSPHRASE.encode())
    path = tmp_path / "dora.p12"
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"dora", key, certificate, None, encryption))
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    assert read_key(path, PASSPHRASE).public.hex == raw.hex()
    with pytest.raises(KeyFileError) as error:
        read_key(path, "wrong passphrase")
    assert code(error) == "passphrase_wrong"


def test_the_published_vector_of_rfc_8032() -> None:
    """Section 7.1, test 2."""
    key = PublicKey("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert key.verifies(signature, bytes.fromhex("72"))
    assert not key.verifies(signature, bytes.fromhex("73"))
    assert not key.verifies("zz", b"")


def test_a_statement_is_verified_by_openssl(tmp_path: Path) -> None:
    """Whoever has the statement, the signature and the public key needs nothing of ours."""
    with staffed(tmp_path / "i.db") as inventory:
        inventory.propose(FACTS, "1.0", by="olga")
        text = inventory.statement(ID, "1.0", "proposed", person="olga", role="owner", decision="approve")
    signed = signer("olga").sign(text)
    (tmp_path / "statement.json").write_bytes(canonical_json.to_bytes(dict(signed.statement)))
    (tmp_path / "signature").write_bytes(bytes.fromhex(signed.signature))
    (tmp_path / "olga.pem").write_bytes(key_of("olga").public.pem())
    command = [
        *("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "olga.pem", "-rawin", "-in", "statement.json"),
        *("-sigfile", "signature"),
    ]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    data = (tmp_path / "statement.json").read_bytes()
    (tmp_path / "statement.json").write_bytes(data.replace(b"approve", b"approvE"))
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode != 0


def test_public_keys_kept_apart(tmp_path: Path) -> None:
    first, second = new_key().public, new_key().public
    (tmp_path / "dora.pem").write_bytes(first.pem())
    (tmp_path / "dora.2.pem").write_bytes(second.pem())
    assert read_public_keys(tmp_path) == {"dora": frozenset({first, second})}
    (tmp_path / "vera.pem").write_text("nothing")
    with pytest.raises(KeyFileError) as error:
        read_public_keys(tmp_path)
    assert code(error) == "not_a_key"
    (tmp_path / "empty").mkdir()
    with pytest.raises(KeyFileError):
        read_public_keys(tmp_path / "empty")


def test_an_expired_key_does_not_sign_and_a_new_one_does(tmp_path: Path) -> None:
    clock = Ticking()
    with staffed(tmp_path / "i.db", clock, stage="validated") as inventory:
        clock.moment += datetime.timedelta(days=731)
        with pytest.raises(KeyFileError) as error:
            inventory.approve(ID, "1.0", signer=signer("anton"), role="approver")
        assert code(error) == "key_expired"
        with pytest.raises(KeyFileError) as error:  # the registrar's has expired too
            inventory.people.rotate("anton", new_key(), by=signer("registrar"))
        assert code(error) == "key_expired"


def test_rotation_and_revocation(tmp_path: Path) -> None:
    with staffed(tmp_path / "i.db", stage="validated") as inventory:
        new = new_key()
        inventory.people.rotate("anton", new, by=signer("registrar"), expires="2027-01-31")
        with pytest.raises(KeyFileError) as error:
            inventory.approve(ID, "1.0", signer=signer("anton"), role="approver")
        assert code(error) == "key_ended"
        assert inventory.approve(ID, "1.0", signer=Signer("anton", new), role="approver").passed
        assert inventory.trail.verify().faults == ()
        with pytest.raises(InventoryError) as refused:
            inventory.people.revoke(new.public.fingerprint, "I do not like it", by=signer("dora"))
        assert code(refused) == "not_registrar"
        since = "2026-11-27T05:00:00Z"
        inventory.people.revoke(new.public.fingerprint, "stolen", by=signer("registrar"), distrusted_since=since)
        assert inventory.people.get("anton").fingerprint is None
        # The key was not to be trusted when it signed off and passed the gate: verification says so.
        assert [fault.code for fault in inventory.trail.verify().faults] == ["distrusted", "distrusted"]
        inventory.people.rotate("anton", new_key(), by=signer("registrar"))
        assert inventory.people.get("anton").fingerprint is not None


def test_a_signature_over_another_hash_or_text_is_refused(tmp_path: Path) -> None:
    with staffed(tmp_path / "i.db", stage="validated") as inventory:
        text = inventory.statement(ID, "1.0", "approved", person="anton", role="approver", decision="approve")
        for name, value, told in (
            ("subject_hash", "0" * 64, "other_hash"),
            ("gate_text", "anything goes", "gate_text"),
            ("annexes", {"documents": "0" * 64}, "other_annex"),
            ("role", "owner", "role"),
            ("gate", "live", "gate_text"),
        ):
            with pytest.raises(InventoryError) as error:
                inventory.sign_off(signer("anton").sign({**text, name: value}))
            assert told in [fault.code for fault in error.value.faults]
        good = signer("anton").sign(text)
        forged = type(good)({**text, "decision": "reject"}, good.fingerprint, good.signature)
        with pytest.raises(KeyFileError) as refused:
            inventory.sign_off(forged)
        assert code(refused) == "signature"
        late = {**text, "at": "2027-01-01T00:00:00Z"}
        with pytest.raises(InventoryError) as error:
            inventory.sign_off(signer("anton").sign(late))
        assert code(error) == "moment"
        strange = {**text, "audit": {**text["audit"], "hash": "0" * 64}}
        with pytest.raises(InventoryError) as error:
            inventory.sign_off(signer("anton").sign(strange))
        assert code(error) == "other_trail"


def test_a_signature_before_the_package_came_back_is_not_used_again(tmp_path: Path) -> None:
    first, second = write_package(tmp_path / "p"), write_package(tmp_path / "q", content="two")
    with staffed(tmp_path / "i.db") as inventory:
        inventory.propose(FACTS, "1.0", by="olga")
        inventory.register_version(ID, "1.0", first, by=signer("dora"), developers=["dora"])
        text = inventory.statement(ID, "1.0", "developed", person="dora", role="developer", decision="approve")
        inventory.register_version(ID, "1.0", second, by=signer("dora"))
        inventory.register_version(ID, "1.0", first, by=signer("dora"))
        with pytest.raises(InventoryError) as error:
            inventory.sign_off(signer("dora").sign(text))
        assert code(error) == "signed_before"
