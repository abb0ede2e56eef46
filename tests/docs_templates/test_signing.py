"""`credit-dossier sign`: only what verifies is signed, signatures are told, and the signed file still verifies."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from docs_templates.cli import main
from docs_templates.dossier import make_documents
from docs_templates.signatures import original_bytes, signatures
from tests.docs_templates.builders import all_evidence, write_package
from tests.docs_templates.pdf_edits import edit_run

MOMENT = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
EPOCH = str(int(datetime(2026, 11, 22, 9, 0, tzinfo=UTC).timestamp()))
NAME = "validation_report"
PASSPHRASE = "correct horse"


def make_key(folder: Path, name: str, *, until: int = 2036) -> tuple[Path, Path]:
    """A key with its own certificate as PKCS#12, and the certificate as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(7).not_valid_before(datetime(2025, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(until, 1, 1, tzinfo=UTC))
        .add_extension(usage, critical=True)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    locked = serialization.BestAvailableEncryption(PASSPHRASE.encode())
    path, pem = folder / f"{name}.p12", folder / f"{name}.pem"
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"key", key, made, None, locked))
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return path, pem


class Desk:
    """A package with its report, a key, and the words of a signing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.package = write_package(folder / "package", all_evidence(("X",)))
        make_documents(self.package, [NAME], clock=lambda: MOMENT)
        self.report = self.package / "documents" / f"{NAME}.pdf"
        self.key, self.pem = make_key(folder, "Vera Validator")
        (folder / "passphrase").write_text(PASSPHRASE + "\n", encoding="utf-8")

    def words(self, file: Path, out: Path, role: str = "Validator", *more: str) -> list[str]:
        """Arguments of the command."""
        key = ["--key", str(self.key), "--passphrase-file", str(self.folder / "passphrase")]
        return ["sign", str(file), "--package", str(self.package), *key, "--role", role, "--out", str(out), *more]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk. Read only."""
    return Desk(tmp_path_factory.mktemp("signed"))


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of signing."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", EPOCH)


def test_two_roles_sign_and_the_file_still_verifies(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = tmp_path / "one.pdf", tmp_path / "two.pdf"
    assert main(desk.words(desk.report, one)) == 0
    assert (
        "by Vera Validator, Validator, 2026-11-22T09:00:00Z: intact; covers the whole file" in capsys.readouterr().out
    )
    assert main(desk.words(one, two, "Reviewer", "--name", "R. Reviewer")) == 0
    assert main(["verify", str(two), "--package", str(desk.package), "--trust", str(desk.pem)]) == 0
    said = capsys.readouterr().out
    assert "further signatures came later; trusted" in said
    assert "by R. Reviewer (certificate of Vera Validator), Reviewer" in said
    assert "nothing was altered" in said
    data, before = two.read_bytes(), desk.report.read_bytes()
    assert data.startswith(one.read_bytes())
    assert one.read_bytes().startswith(before)
    assert original_bytes(data) == before
    with pikepdf.open(two) as pdf:
        places = [[float(x) for x in a.Rect] for a in pdf.pages[0].Annots if str(a.Subtype) == "/Widget"]
        look = pdf.pages[0].Annots[-1].AP.N
        names = [str(f.BaseFont) for x in look.Resources.XObject.values() for f in _fonts(x)]
        painted = [(str(one.operator), list(one.operands)) for one in pikepdf.parse_content_stream(look)]
        moves = [[float(x) for x in operands] for name, operands in painted if name == "cm"]
    assert len(places) == 2
    assert places[0][1] > places[1][3] - 3  # the reviewer's row is below the validator's
    assert moves == [[1, 0, 0, 1, 0, 0]]  # in its own size
    assert names
    assert all("DejaVu" in name for name in names)


def _fonts(form: pikepdf.Object) -> list[pikepdf.Object]:
    held = form.get("/Resources", {})
    inner = [f for x in held.get("/XObject", {}).values() for f in _fonts(x)]
    return [*held.get("/Font", {}).values(), *inner]


def test_the_same_moment_gives_the_same_bytes(desk: Desk, tmp_path: Path) -> None:
    one, two = tmp_path / "one.pdf", tmp_path / "two.pdf"
    assert main(desk.words(desk.report, one, "Validator", "--invisible")) == 0
    assert main(desk.words(desk.report, two, "Validator", "--invisible")) == 0
    assert one.read_bytes() == two.read_bytes()


def test_what_does_not_verify_is_not_signed(desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad, out = tmp_path / "bad.pdf", tmp_path / "out.pdf"
    with pikepdf.open(desk.report) as pdf:
        edit_run(pdf, "13,674", lambda text: text.replace("1", "2", 1))
        pdf.save(bad)
    assert main(desk.words(bad, out)) == 2
    said = capsys.readouterr().err
    assert "does not verify: it is not signed" in said
    assert "printed: 23,674" in said
    assert not out.exists()


def test_a_change_after_signing_is_told(desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.pdf"
    assert main(desk.words(desk.report, out)) == 0
    data = out.read_bytes()
    (before,) = signatures(data)
    assert before.intact
    mark = b"<pdf:Producer>"
    broken = bytearray(data)
    broken[data.index(mark) + len(mark)] ^= 1
    out.write_bytes(bytes(broken))
    assert main(["verify", str(out), "--package", str(desk.package)]) == 1
    assert "BROKEN" in capsys.readouterr().out


def test_a_file_saved_anew_after_signing_is_told(desk: Desk, tmp_path: Path) -> None:
    out = tmp_path / "out.pdf"
    assert main(desk.words(desk.report, out)) == 0
    buffer = io.BytesIO()
    with pikepdf.open(out) as pdf:
        pdf.save(buffer)
    out.write_bytes(buffer.getvalue())
    assert main(["verify", str(out), "--package", str(desk.package)]) == 1


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (["--role", "Nobody"], "allowed: Validator, Reviewer"),
        (["--passphrase-file", "wrong"], "the key cannot be opened"),
        (["--key", "expired"], "not valid at the time of signing"),
        (["--key", "text"], "the key cannot be opened"),
    ],
    ids=["role", "passphrase", "expired", "no key"],
)
def test_what_cannot_sign_is_refused(
    desk: Desk, change: list[str], part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    option, value = change
    words = desk.words(desk.report, tmp_path / "out.pdf")
    made = {"wrong": tmp_path / "wrong", "text": tmp_path / "text"}
    for path in made.values():
        path.write_text("nothing of the kind\n", encoding="utf-8")
    if value == "expired":
        made["expired"] = make_key(tmp_path, "Old", until=2026)[0]
    words[words.index(option) + 1] = str(made.get(value, value))
    assert main(words) == 2
    assert part in capsys.readouterr().err
    assert not (tmp_path / "out.pdf").exists()


def test_nobody_to_ask_is_told(desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = desk.words(desk.report, tmp_path / "out.pdf")
    place = words.index("--passphrase-file")
    assert main(words[:place] + words[place + 2 :]) == 2
    assert "--passphrase-env" in capsys.readouterr().err


def test_a_role_of_the_inventory_finds_its_row_and_the_anchor_stands_in_the_signature(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    anchor = f"audit trail {'a' * 64}, event 7 of 2026-11-27T05:00:00Z: {'b' * 64}"
    one, two, told = tmp_path / "one.pdf", tmp_path / "two.pdf", tmp_path / "told.json"
    words = desk.words(desk.report, one, "Validator", "--anchor", anchor, "--json", str(told))
    words[words.index("--role")] = "--inventory-role"
    words[words.index("Validator")] = "validator"
    assert main(words) == 0
    made = json.loads(told.read_text("utf-8"))["signature"]
    certificate = x509.load_pem_x509_certificate(desk.pem.read_bytes())
    assert made["certificate"] == certificate.fingerprint(hashes.SHA256()).hex()
    assert (made["role"], made["end"]) == ("Validator", one.stat().st_size)
    with pikepdf.open(one) as pdf:
        assert [str(field.V.Location) for field in pdf.Root.AcroForm.Fields] == [anchor]
        assert len({float(x) for x in pdf.pages[0].Annots[-1].Rect}) > 2
    again = [str(two) if word == str(one) else str(one) if word == str(desk.report) else word for word in words]
    assert main(again) == 0  # the row is taken: the second of the role signs without an appearance
    with pikepdf.open(two) as pdf:
        rectangles = [[float(x) for x in field.Rect] for field in pdf.Root.AcroForm.Fields]
    assert rectangles[1] == [0, 0, 0, 0]
    capsys.readouterr()
    assert main(["signatures", str(desk.report), str(two), "--trust", str(desk.pem)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("no signature")
    assert [line.split("covers ")[1] for line in lines[1:]] == [
        "its revision; further signatures came later; trusted", "the whole file; trusted",
    ]  # fmt: skip
    data = bytearray(two.read_bytes())
    data[data.index(b"<pdf:Producer>") + 14] ^= 1
    two.write_bytes(bytes(data))
    assert main(["signatures", str(two)]) == 1
