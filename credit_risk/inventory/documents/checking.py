"""Signed documents in a package against what sign-offs recorded of them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk._core.hashing import sha256_bytes
from credit_risk._core.programs import ProgramError, run_program
from credit_risk.inventory.documents.revisions import Recorded
from credit_risk.inventory.documents.signing import SIGNATURES, superseded_name
from credit_risk.package.source import Source, open_source

Json = Any


def signed_faults(held: Sequence[Recorded], path: Path | str) -> tuple[Fault, ...]:
    """What of the signed documents in the package at `path` is not as sign-offs recorded it: files that are gone or
    were changed, signatures that no sign-off records, that are broken, or by another certificate.

    Raises PackageError where the package cannot be opened.
    """
    source, faults = open_source(Path(path)), []
    groups: dict[tuple[str, str], list[Recorded]] = {}
    for one in held:
        groups.setdefault((one.revision.name, one.revision.rendered_sha256), []).append(one)
    for revisions in groups.values():
        place, data = _file(source, revisions[-1])
        if data is None:
            message = f"was signed by {revisions[-1].person} (sign-off {revisions[-1].sequence}), and is gone"
            faults.append(Fault(message, "signed_document_gone", place))
            continue
        wrong = _bytes_faults(revisions, data, place)
        faults += wrong or _signature_faults(revisions, data, place)
    return tuple(faults)


def _file(source: Source, last: Recorded) -> tuple[str, bytes | None]:
    """Where a signed document stands, and its bytes: aside where it was rendered anew and signed anew since."""
    names, places = source.names(), (superseded_name(last.revision), f"{last.revision.name}.pdf")
    for place in places:
        if f"{SIGNATURES}/{place}" in names:
            return f"{SIGNATURES}/{place}", source.read(f"{SIGNATURES}/{place}")
    return f"{SIGNATURES}/{places[-1]}", None


def _bytes_faults(revisions: Sequence[Recorded], data: bytes, place: str) -> list[Fault]:
    for one in revisions:
        digest = sha256_bytes(data[: one.revision.bytes])
        if digest != one.revision.sha256:
            message = f"was changed after {one.person} signed it on {one.at} (sign-off {one.sequence})"
            return [Fault(message, "signed_document_changed", place, found=digest, allowed=one.revision.sha256)]
    last = revisions[-1].revision
    if len(data) > last.bytes:
        message = "holds more than was signed: a signature that no sign-off records, or a change"
        return [Fault(message, "signed_document_changed", place, found=f"{len(data)} bytes", allowed=f"{last.bytes}")]
    return []


def _signature_faults(revisions: Sequence[Recorded], data: bytes, place: str) -> list[Fault]:
    """What `credit-dossier signatures` says of the file."""
    with tempfile.TemporaryDirectory(prefix="credit-risk-signatures-") as made:
        file, report = Path(made) / "signed.pdf", Path(made) / "report.json"
        file.write_bytes(data[: revisions[-1].revision.bytes])
        try:
            run_program("docs_templates", ["signatures", str(file), "--json", str(report)])
        except ProgramError as error:
            return [Fault("its signatures cannot be read", "signature_broken", place, found=error.faults[0].found)]
        told: list[dict[str, Json]] = json.loads(report.read_bytes())[str(file)]
    faults = []
    for one in revisions:
        signed = one.revision
        wanted: dict[str, Json] = {"field": signed.field, "certificate": signed.certificate, "digest": signed.signature}
        wanted |= {"end": signed.bytes, "intact": True, "valid": True}
        if not any(all(status[name] == value for name, value in wanted.items()) for status in told):
            message = f"the signature of {one.person} (sign-off {one.sequence}) does not hold"
            faults.append(Fault(message, "signature_broken", place, path=signed.field))
    return faults
