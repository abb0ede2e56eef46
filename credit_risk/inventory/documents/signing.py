"""Documents of a package, signed with a person's certificate, and put into its annex `signatures`."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from credit_risk._core.clock import Clock
from credit_risk._core.errors import Fault, PackageError
from credit_risk._core.hashing import sha256_bytes
from credit_risk._core.programs import ProgramError, run_program
from credit_risk.inventory.audit.anchors import Anchor
from credit_risk.inventory.contracts import VersionFacts
from credit_risk.inventory.documents.revisions import Recorded, Revision, latest
from credit_risk.inventory.errors import InventoryError
from credit_risk.inventory.service.binding import binding_faults
from credit_risk.package.annex import annex_placed
from credit_risk.package.layout import MANIFEST

Json = Any
SIGNATURES, PRODUCER = "signatures", "credit_risk.inventory"
SUPERSEDED, UNRECORDED = "superseded", "unrecorded"
"""Folders of the annex for what was signed of documents that were rendered anew since, and for signed files that no
sign-off records: of an act that was interrupted, or signed outside the inventory. Nothing signed is ever removed."""
SHEET = "sign_off_sheet"
_PASSPHRASE = "CREDIT_RISK_DOCUMENT_PASSPHRASE"


@dataclass(frozen=True, slots=True)
class DocumentSigner:
    """With what a person signs documents in the act of a sign-off.

    `package` is the folder of the package, `certificate` a PKCS#12 file with key and certificate, `documents` the
    names of files in the annex `documents` (without `.pdf`), `options` what else `credit-dossier sign` needs to verify
    them (`--governance FILE`, `--previous PACKAGE`, `--language-folder FOLDER`).
    """

    package: Path
    certificate: Path
    passphrase: str = field(repr=False)
    documents: tuple[str, ...] = (SHEET,)
    options: tuple[str, ...] = ()

    def signed_files(self) -> tuple[Path, ...]:
        """Where the documents stand once they are signed."""
        return tuple(Path(self.package) / SIGNATURES / f"{name}.pdf" for name in self.documents)


@dataclass(frozen=True, slots=True)
class SignedDocuments:
    """Revisions that were made, and the files of the annex `signatures` with them."""

    package: Path
    revisions: tuple[Revision, ...]
    files: Mapping[str, bytes]

    def told(self) -> dict[str, Json]:
        """What the statement of the sign-off says of them."""
        return {one.name: one.told() for one in self.revisions}


def superseded_name(one: Revision) -> str:
    """File in the annex of a signed document that was rendered anew since."""
    return f"{SUPERSEDED}/{one.name}-{one.rendered_sha256[:12]}.pdf"


def sign_documents(
    signer: DocumentSigner,
    facts: VersionFacts,
    held: Sequence[Recorded],
    *,
    role: str,
    anchor: Anchor,
    moment: datetime,
) -> SignedDocuments:
    """Sign documents of the package of a version, each after the signatures that it has; nothing is written there.

    Raises PackageError where the package is not a folder or lacks a document, InventoryError with what
    `credit-dossier sign` refuses, or where a file that others have signed is not as they signed it.
    """
    _check(signer, facts)
    files = dict(_annex_files(signer.package / SIGNATURES))
    revisions: list[Revision] = []
    faults: list[Fault] = []
    for name in dict.fromkeys(signer.documents):
        before = latest(held, name, facts.documents[f"{name}.pdf"])
        try:
            base = _base(signer.package, files, held, name, before)
            data, made = _signed(signer, name, base, role, anchor, moment)
        except InventoryError as error:
            faults += error.faults
            continue
        files[f"{name}.pdf"] = data
        revisions.append(Revision(name, facts.documents[f"{name}.pdf"], sha256_bytes(base), sha256_bytes(data),
                                  len(data), made["certificate"], made["field"], made["digest"]))  # fmt: skip
    if faults:
        raise InventoryError(faults)
    return SignedDocuments(signer.package, tuple(revisions), files)


@contextmanager
def placing(signed: SignedDocuments | None, clock: Clock, anchor: Anchor) -> Iterator[Callable[[], None]]:
    """A function that puts the annex `signatures` in its place, to be called where the sign-off is appended; where the
    block fails afterwards, the annex is as it was. Nothing without documents."""
    if signed is None:
        yield lambda: None
        return
    with annex_placed(signed.package, SIGNATURES) as place:
        yield lambda: place(signed.files, PRODUCER, clock, anchor.text())


def _check(signer: DocumentSigner, facts: VersionFacts) -> None:
    package = Path(signer.package)
    if not (package / MANIFEST).is_file():
        remedy = "name the folder of the package; a zip is unpacked first"
        raise PackageError(
            Fault("is not the folder of a model package", "manifest_missing", str(package), remedy=remedy)
        )
    faults = list(binding_faults(facts, package))
    known = ", ".join(sorted(name.removesuffix(".pdf") for name in facts.documents)) or "none was registered"
    for name in signer.documents:
        if f"{name}.pdf" not in facts.documents:
            message = "is not among the documents of the registered package"
            faults.append(Fault(message, "no_document", str(package), path=f"documents/{name}.pdf", allowed=known))
    if not signer.documents:
        faults.append(Fault("no document is named", "no_document", str(package), allowed=known))
    if faults:
        raise PackageError(faults)


def _annex_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != MANIFEST:
            yield name, path.read_bytes()


def _base(
    package: Path, files: dict[str, bytes], held: Sequence[Recorded], name: str, before: Recorded | None
) -> bytes:
    """The bytes that the next signature follows. What stands in the place of the file and is another is set aside."""
    file = f"{name}.pdf"
    there = files.pop(file, None)
    if before is None:
        base = (package / "documents" / file).read_bytes()
    else:
        one = before.revision
        base = (there or b"")[: one.bytes]
        if sha256_bytes(base) != one.sha256:
            message = f"is not the file that {before.person} signed on {before.at} (sign-off {before.sequence})"
            remedy = "restore it from where it was kept"
            raise InventoryError(Fault(message, "signed_document_changed", f"{SIGNATURES}/{file}", remedy=remedy))
    if there is not None and there != base:
        files[_aside(there, held, name)] = there
    return base


def _aside(data: bytes, held: Sequence[Recorded], name: str) -> str:
    """Where a signed file goes that does not stay in its place."""
    for one in held:
        revision = one.revision
        if revision.name == name and revision.bytes == len(data) and revision.sha256 == sha256_bytes(data):
            return superseded_name(revision)
    return f"{UNRECORDED}/{name}-{sha256_bytes(data)[:12]}.pdf"


def _signed(
    signer: DocumentSigner, name: str, base: bytes, role: str, anchor: Anchor, moment: datetime
) -> tuple[bytes, Mapping[str, Json]]:
    """The document with the signature, and what was signed, by `credit-dossier sign`."""
    with tempfile.TemporaryDirectory(prefix="credit-risk-signing-") as made:
        folder = Path(made)
        desk = folder / "documents"
        desk.mkdir()
        for path in (signer.package / "documents").glob("*.pdf"):
            os.symlink(path.resolve(), desk / path.name)
        (desk / f"{name}.pdf").unlink()
        (desk / f"{name}.pdf").write_bytes(base)
        out, report = folder / "signed.pdf", folder / "report.json"
        words = ["sign", str(desk / f"{name}.pdf"), "--package", str(signer.package), "--key", str(signer.certificate)]
        words += ["--passphrase-env", _PASSPHRASE, "--inventory-role", role, "--anchor", anchor.text()]
        words += ["--out", str(out), "--json", str(report), *signer.options]
        more = {_PASSPHRASE: signer.passphrase, "SOURCE_DATE_EPOCH": str(int(moment.timestamp()))}
        try:
            done = run_program("docs_templates", words, more)
        except ProgramError as error:
            message, found = "is not signed: credit-dossier sign refuses", error.faults[0].found
            raise InventoryError(Fault(message, "not_signed", f"documents/{name}.pdf", found=found)) from error
        if done.status != 0:
            message = "does not verify after it was signed"
            raise InventoryError(Fault(message, "not_signed", f"documents/{name}.pdf", found=done.output))
        data = out.read_bytes()
        if not data.startswith(base):
            raise InventoryError(Fault("the signature was not appended", "not_signed", f"documents/{name}.pdf"))
        return data, json.loads(report.read_bytes())["signature"]
