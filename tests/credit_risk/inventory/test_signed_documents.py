"""PDFs signed in the act of a sign-off: recorded or not at all, appended, checked offline; what was tampered with is
found, and where it is."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from credit_risk._core.errors import CreditRiskError, PackageError
from credit_risk._core.hashing import sha256_bytes
from credit_risk.inventory import (
    DocumentSigner,
    Inventory,
    InventoryError,
    Signer,
    open_inventory,
    verify_lines,
    write_key,
)
from credit_risk.inventory.documents import signing
from credit_risk.inventory.documents.checking import signed_faults
from credit_risk.inventory.store.rebuild import stored_lines
from credit_risk.inventory.store.signed_documents import recorded
from docs_templates.dossier import make_documents
from docs_templates.signatures import signatures
from tests.credit_risk.cli.command import credit_risk
from tests.credit_risk.inventory.support import FACTS, Gates, Ticking, key_of, signer, staffed
from tests.docs_templates.builders import all_evidence, canonical, write_package
from tests.docs_templates.test_signing import PASSPHRASE, make_key

ID = FACTS.id
SHEET = "sign_off_sheet"
RENDERED = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
PEOPLE = {"dora": "developer", "vera": "validator", "anton": "approver"}


class Bank:
    """An inventory with a registered package that has documents, and certificates of people."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.package, self.place = folder / "package", folder / "inventory.db"

    def open(self) -> Inventory:
        return open_inventory(self.place, Gates(), clock=Ticking(datetime(2026, 12, 1, tzinfo=UTC)))

    def copy(self, folder: Path) -> Bank:
        shutil.copytree(self.folder, folder)
        return Bank(folder)

    def documents(self, person: str, *names: str, **more: object) -> DocumentSigner:
        return DocumentSigner(self.package, self.folder / f"{person}.p12", PASSPHRASE, names or (SHEET,), **more)  # type: ignore[arg-type]

    def sign(self, inventory: Inventory, person: str, *names: str, by: Signer | None = None) -> None:
        role, gate = PEOPLE[person], {"dora": "developed", "vera": "validated", "anton": "approved"}[person]
        inventory.approve(ID, "1.0", signer=by or signer(person), role=role, gate=gate,
                          documents=self.documents(person, *names))  # fmt: skip

    @property
    def signed(self) -> Path:
        return self.package / "signatures" / f"{SHEET}.pdf"


def desk(folder: Path) -> Bank:
    """A version that is proposed, with a package that has a sign-off sheet and a model card."""
    bank = Bank(folder)
    write_package(bank.package, all_evidence(("X",)))
    manifest = bank.package / "manifest.json"
    told = json.loads(manifest.read_bytes())
    told["model"] |= {"id": ID, "version": "1.0"}
    manifest.write_bytes(canonical(told))
    shutil.rmtree(bank.package / "validation", ignore_errors=True)
    make_documents(bank.package, ["model_card", SHEET], clock=lambda: RENDERED)
    for person in (*PEOPLE, "olga"):
        make_key(folder, person)
    with staffed(bank.place) as inventory:
        inventory.propose(FACTS, "1.0", by="olga")
        inventory.register_version(ID, "1.0", bank.package, by=signer("dora"), developers=["dora", "david"])
        inventory.versions.assign(ID, "1.0", "vera", "validator", by=signer("olga"))
        inventory.versions.assign(ID, "1.0", "anton", "approver", by=signer("olga"))
    return bank


@pytest.fixture(scope="module")
def unsigned(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    """Nobody has signed. Copied, never changed."""
    return desk(tmp_path_factory.mktemp("desk") / "bank")


@pytest.fixture(scope="module")
def once(unsigned: Bank, tmp_path_factory: pytest.TempPathFactory) -> Bank:
    """The developer has signed the sheet. Copied, never changed."""
    bank = unsigned.copy(tmp_path_factory.mktemp("once") / "bank")
    with bank.open() as inventory:
        bank.sign(inventory, "dora")
    return bank


@pytest.fixture(scope="module")
def twice(once: Bank, tmp_path_factory: pytest.TempPathFactory) -> Bank:
    """The validator has signed it, too. Copied, never changed."""
    bank = once.copy(tmp_path_factory.mktemp("twice") / "bank")
    with bank.open() as inventory:
        bank.sign(inventory, "vera")
    return bank


def verified(bank: Bank) -> list[str]:
    with bank.open() as inventory:
        return [fault.code for fault in inventory.trail.verify(packages={(ID, "1.0"): bank.package}).faults]


def test_each_signature_follows_the_one_before_and_is_named_by_the_statement(twice: Bank) -> None:
    data, rendered = twice.signed.read_bytes(), (twice.package / "documents" / f"{SHEET}.pdf").read_bytes()
    first, second = signatures(data)
    assert data.startswith(rendered)
    assert (first.role, second.role) == ("Developer", "Independent validator")  # rows of the sheet
    assert first.intact
    assert second.intact
    assert second.end == len(data)
    with twice.open() as inventory:
        with inventory.store.reading() as connection:
            held = recorded(connection, ID, "1.0")
        anchors = [inventory.trail.events()[0].hash]
    assert [one.person for one in held] == ["dora", "vera"]
    for one, status in zip(held, (first, second), strict=True):
        told = one.revision
        assert (told.field, told.certificate, told.signature) == (status.field, status.certificate, status.digest)
        assert (told.bytes, told.sha256) == (status.end, sha256_bytes(data[: status.end]))
        assert told.rendered_sha256 == sha256_bytes(rendered)
    manifest = json.loads((twice.package / "signatures" / "manifest.json").read_bytes())
    assert manifest["kind"] == "signatures"
    assert anchors[0] in manifest["anchor"]
    assert manifest["files"] == {f"{SHEET}.pdf": {"bytes": len(data), "sha256": sha256_bytes(data)}}


def test_a_store_and_a_package_as_they_were_made_verify(twice: Bank, tmp_path: Path) -> None:
    assert verified(twice) == []
    with twice.open() as inventory:
        inventory.trail.export(tmp_path / "audit.jsonl")
        with inventory.store.reading() as connection:
            assert verify_lines(stored_lines(connection)).intact


def cut(data: bytes) -> bytes:
    return data[: len(data) - 40]


def changed_inside(data: bytes) -> bytes:
    place = data.index(b"stream") + 100
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def changed_signature(data: bytes) -> bytes:
    place = data.rindex(b"/Contents <") + 60
    digit = b"0" if data[place : place + 1] != b"0" else b"1"
    return data[:place] + digit + data[place + 1 :]


@pytest.mark.parametrize(
    "tamper", [cut, changed_inside, changed_signature, lambda data: data + b"\n% more\n%%EOF\n", lambda data: b""]
)
def test_a_pdf_that_was_edited_after_its_signature_is_found(
    twice: Bank, tmp_path: Path, tamper: Callable[[bytes], bytes]
) -> None:
    bank = twice.copy(tmp_path / "bank")
    bank.signed.write_bytes(tamper(bank.signed.read_bytes()))
    assert verified(bank) == ["signed_document_changed"]


def test_every_bit_of_a_signed_pdf_is_bound(twice: Bank, tmp_path: Path) -> None:
    """Seeded: a bit anywhere in the file."""
    bank = twice.copy(tmp_path / "bank")
    data, missed = bank.signed.read_bytes(), []
    with bank.open() as inventory, inventory.store.reading() as connection:
        held = recorded(connection, ID, "1.0")
    for seed in range(60):
        rng, edited = random.Random(seed), bytearray(data)
        edited[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        bank.signed.write_bytes(bytes(edited))
        if [fault.code for fault in signed_faults(held, bank.package)] != ["signed_document_changed"]:
            missed.append(seed)
    assert missed == []


def test_a_pdf_that_is_gone_or_was_put_back_to_an_earlier_revision_is_found(twice: Bank, tmp_path: Path) -> None:
    bank = twice.copy(tmp_path / "bank")
    with bank.open() as inventory, inventory.store.reading() as connection:
        first = recorded(connection, ID, "1.0")[0].revision
    bank.signed.write_bytes(bank.signed.read_bytes()[: first.bytes])
    assert verified(bank) == ["signed_document_changed"]
    bank.signed.unlink()
    assert verified(bank) == ["signed_document_gone"]


def test_a_statement_that_names_another_certificate_or_field_does_not_hold(twice: Bank) -> None:
    with twice.open() as inventory, inventory.store.reading() as connection:
        held = recorded(connection, ID, "1.0")
    assert signed_faults(held, twice.package) == ()
    for change in ({"certificate": "0" * 64}, {"signature": "1" * 64}):
        forged = [held[0], replace(held[1], revision=replace(held[1].revision, **change))]
        (fault,) = signed_faults(forged, twice.package)
        assert fault.code == "signature_broken"
        assert "vera" in fault.message


def test_the_validator_and_the_renderer_take_the_annex_as_sound(twice: Bank) -> None:
    from docs_templates.cli import main
    from validation.annex_check import check_annexes
    from validation.container import open_container

    digest = sha256_bytes((twice.package / "manifest.json").read_bytes())
    assert check_annexes(open_container(twice.package), digest) == []
    assert main(["verify", str(twice.signed), "--package", str(twice.package), "--quiet"]) == 0


def test_where_the_act_is_refused_nothing_is_written(unsigned: Bank, tmp_path: Path) -> None:
    bank = unsigned.copy(tmp_path / "bank")
    with bank.open() as inventory:
        before = inventory.trail.head().sequence
        with pytest.raises(InventoryError, match="vera is not developer of it"):  # vera signs as developer
            inventory.approve(ID, "1.0", signer=signer("vera"), role="developer", gate="developed",
                              documents=bank.documents("vera"))  # fmt: skip
        with pytest.raises(InventoryError, match="credit-dossier sign refuses") as wrong:
            inventory.approve(ID, "1.0", signer=signer("dora"), role="developer", gate="developed",
                              documents=replace(bank.documents("dora"), passphrase="wrong"))  # fmt: skip
        assert "the key cannot be opened" in str(wrong.value)
        with pytest.raises(PackageError) as absent:
            inventory.approve(ID, "1.0", signer=signer("dora"), role="developer", gate="developed",
                              documents=bank.documents("dora", "dossier", "sheet"))  # fmt: skip
        assert len(absent.value.faults) == 2
        assert "model_card, sign_off_sheet" in str(absent.value)
        assert inventory.trail.head().sequence == before
    assert not (bank.package / "signatures").exists()
    assert sorted(one.name for one in bank.folder.iterdir() if one.name.startswith("package")) == ["package"]


def test_a_database_that_fails_leaves_the_annex_as_it_was(
    once: Bank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = once.copy(tmp_path / "bank")
    with bank.open() as inventory:
        kept = {path.name: path.read_bytes() for path in (bank.package / "signatures").iterdir()}
        place = signing.placing

        def failing(*arguments: object) -> object:
            from contextlib import contextmanager

            @contextmanager
            def then_full() -> object:  # type: ignore[misc]
                with place(*arguments) as write:  # type: ignore[arg-type]

                    def write_and_fail() -> None:
                        write()
                        assert len(bank.signed.read_bytes()) > len(kept[f"{SHEET}.pdf"])
                        raise sqlite3.OperationalError("database or disk is full")

                    yield write_and_fail

            return then_full()

        monkeypatch.setattr("credit_risk.inventory.book.placing", failing)
        with pytest.raises((CreditRiskError, sqlite3.OperationalError)):
            bank.sign(inventory, "vera")
        assert {path.name: path.read_bytes() for path in (bank.package / "signatures").iterdir()} == kept
        monkeypatch.undo()
        bank.sign(inventory, "vera")
    assert verified(bank) == []


def test_what_no_sign_off_records_is_set_aside_and_kept(once: Bank, twice: Bank, tmp_path: Path) -> None:
    """An act that was killed after it had written, or a signature outside the inventory."""
    bank = twice.copy(tmp_path / "bank")
    shutil.copyfile(once.place, bank.place)  # the record of the second signature was lost
    stray = bank.signed.read_bytes()
    assert verified(bank) == ["signed_document_changed"]
    with bank.open() as inventory:
        bank.sign(inventory, "vera")
    assert verified(bank) == []
    (aside,) = (bank.package / "signatures" / "unrecorded").iterdir()
    assert aside.read_bytes() == stray


def test_a_certificate_is_of_one_person(once: Bank, tmp_path: Path) -> None:
    bank = once.copy(tmp_path / "bank")
    shutil.copyfile(bank.folder / "dora.p12", bank.folder / "vera.p12")
    with bank.open() as inventory, pytest.raises(InventoryError, match="the certificate is that of dora"):
        bank.sign(inventory, "vera")
    assert bank.signed.read_bytes() == once.signed.read_bytes()


def test_two_who_sign_one_document_at_the_same_instant(unsigned: Bank, tmp_path: Path) -> None:
    """The second has signed what the first had not signed yet: he is told to sign anew, and nothing is lost."""
    bank = unsigned.copy(tmp_path / "bank")
    with bank.open() as inventory:
        first = signer("dora")

        class Slow(Signer):
            """A key that takes so long that somebody else signs before."""

            __slots__ = ()

            def sign(self, text: object) -> object:  # type: ignore[override]
                if text["act"] == "sign_off":  # type: ignore[index]
                    bank.sign(inventory, "dora")
                return super().sign(text)  # type: ignore[arg-type, misc]

        slow = Slow("vera", signer("vera").key)
        with pytest.raises(InventoryError) as meanwhile:
            inventory.approve(ID, "1.0", signer=slow, role="validator", gate="developed",
                              documents=bank.documents("vera"))  # fmt: skip
        assert first.person in str(meanwhile.value)
    assert [one.role for one in signatures(bank.signed.read_bytes())] == ["Developer"]
    assert verified(bank) == []


def test_a_document_that_was_rendered_anew_is_signed_anew_and_the_old_one_is_kept(once: Bank, tmp_path: Path) -> None:
    bank = once.copy(tmp_path / "bank")
    old = bank.signed.read_bytes()
    with bank.open() as inventory:
        make_documents(bank.package, ["model_card", SHEET], clock=lambda: RENDERED.replace(hour=9))
        inventory.register_version(ID, "1.0", bank.package, by=signer("dora"))
        assert not inventory.versions.get(ID, "1.0").in_force("developed")
    assert verified(bank) == []  # the old one stands where it stood until somebody signs the new one
    with bank.open() as inventory:
        bank.sign(inventory, "dora")
    assert verified(bank) == []
    (kept,) = (bank.package / "signatures" / "superseded").iterdir()
    assert kept.read_bytes() == old
    kept.write_bytes(old[:-1])
    assert verified(bank) == ["signed_document_changed"]


def test_by_command(once: Bank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bank = once.copy(tmp_path / "bank")
    write_key(key_of("vera"), bank.folder / "vera.key", "correct horse battery")
    monkeypatch.setenv("CREDIT_RISK_PASSPHRASE", "correct horse battery")
    monkeypatch.setenv("CREDIT_RISK_CERTIFICATE_PASSPHRASE", PASSPHRASE)
    monkeypatch.setenv("CREDIT_RISK_INVENTORY", str(bank.place))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(datetime(2026, 12, 2, tzinfo=UTC).timestamp())))
    act = ["inventory", "approve", ID, "1.0", "--gate", "validated", "--role", "validator", "--by", "vera"]
    act += ["--key", str(bank.folder / "vera.key")]
    alone = credit_risk(*act, "--package", bank.package)
    assert (alone.status, "--package: goes with --certificate" in alone.err) == (2, True)
    whose = credit_risk(*act, "--certificate", bank.folder / "vera.p12")
    assert (whose.status, "the documents of which package?" in whose.err) == (2, True)
    made = credit_risk(*act, "--certificate", bank.folder / "vera.p12", "--package", bank.package)
    assert made.status == 0, made.err
    assert f"signed {bank.signed}" in made.out
    assert [one.signer for one in signatures(bank.signed.read_bytes())] == ["dora", "vera"]
    checked = credit_risk("audit", "verify", "--package", f"{ID}:1.0={bank.package}", "--anchor", bank.package)
    assert (checked.status, checked.out.splitlines()[-1]) == (0, "intact")


@pytest.mark.slow
def test_several_documents_in_one_act(unsigned: Bank, tmp_path: Path) -> None:
    bank = unsigned.copy(tmp_path / "bank")
    with bank.open() as inventory:
        bank.sign(inventory, "dora", SHEET, "model_card")
    assert verified(bank) == []
    held = json.loads((bank.package / "signatures" / "manifest.json").read_bytes())["files"]
    assert sorted(held) == ["model_card.pdf", f"{SHEET}.pdf"]
