"""Signs documents (PAdES, key and certificate of a PKCS#12 file) by incremental update, and reads signatures back."""

from __future__ import annotations

import asyncio
import hashlib
import io
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asn1crypto import x509
from pyhanko.keys import load_certs_from_pemder_data
from pyhanko.pdf_utils import generic, layout, misc
from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator import ValidationContext

from docs_templates.errors import DocumentError, Fault
from docs_templates.language import instant, say
from docs_templates.verify.report import SignatureStatus

logging.getLogger("pyhanko").addHandler(logging.NullHandler())  # what it logs is told in the status
ROLE = "Signed as "
Box = tuple[float, float, float, float]
ALLOWED_LATER = {
    ModificationLevel.NONE: "the whole of its revision",
    ModificationLevel.LTA_UPDATES: "its revision; validation data came later",
    ModificationLevel.FORM_FILLING: "its revision; further signatures came later",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What to sign with and how. `page` is from zero; `box` (left, bottom, right, top, points) None: invisible.
    `location` goes into the signature as its place: the anchor of the inventory's audit trail."""

    role: str
    name: str | None
    field: str
    moment: datetime
    page: int = 0
    box: Box | None = None
    location: str | None = None


def load_signer(data: bytes, passphrase: bytes | None, file: str, moment: datetime) -> signers.SimpleSigner:
    """Key and certificate of a PKCS#12 file. Raises DocumentError where it cannot be opened or is not valid then."""
    try:
        signer = signers.SimpleSigner.load_pkcs12_data(data, other_certs=(), passphrase=passphrase)
    except (ValueError, TypeError, AttributeError) as error:
        remedy = "check file and passphrase; it must hold a private key with its certificate"
        raise DocumentError(Fault("the key cannot be opened", "key_unreadable", file=file, remedy=remedy)) from error
    certificate = signer.signing_cert
    if certificate is None or not certificate.not_valid_before <= moment <= certificate.not_valid_after:
        fault = Fault("the certificate is not valid at the time of signing", "key_expired", file=file)
        raise DocumentError(fault)
    return signer


def common_name(certificate: x509.Certificate) -> str:
    """Name of a certificate's subject."""
    subject = certificate.subject.native
    return str(subject.get("common_name") or certificate.subject.human_friendly)


def sign_bytes(data: bytes, signer: signers.SimpleSigner, request: Request) -> bytes:
    """The PDF with one more signature; what stood before is kept byte for byte. The same key (RSA), moment and file
    give the same bytes. Raises DocumentError where the file cannot be signed."""
    try:
        return asyncio.run(_signed(data, signer, request))
    except (misc.PdfError, ValueError) as error:
        raise DocumentError(Fault(f"the file cannot be signed: {error}", "pdf_unsignable")) from error


async def _signed(data: bytes, signer: signers.SimpleSigner, request: Request) -> bytes:
    writer = _Writer(io.BytesIO(data))
    writer.fix_id(hashlib.sha256(data + request.moment.isoformat().encode()).digest()[:16])
    certificate = signer.signing_cert
    name = request.name or common_name(certificate)
    box: Any = request.box  # points may be fractions
    specification = fields.SigFieldSpec(request.field, on_page=request.page, box=box)
    metadata = signers.PdfSignatureMetadata(
        field_name=request.field,
        md_algorithm="sha256",
        name=name,
        reason=ROLE + request.role,
        location=request.location,
        subfilter=fields.SigSeedSubFilter.PADES,
    )
    style = _style(certificate, name, request)
    maker = signers.PdfSigner(metadata, signer, stamp_style=style, new_field_spec=specification)
    session = maker.init_signing_session(writer)
    session.system_time = request.moment
    reserved = await session.estimate_signature_container_size(None, tight=True)
    prepared = session.prepare_tbs_document(
        validation_info=None, bytes_reserved=reserved + reserved % 2, appearance_text_params=None
    )
    output = io.BytesIO()
    digest, _ = prepared.digest_tbs_document(output=output)
    attributes = PdfCMSSignedAttributes(signing_time=request.moment)
    await prepared.perform_signature(document_digest=digest.document_digest, pdf_cms_signed_attrs=attributes)
    return output.getvalue()


def _style(certificate: x509.Certificate, name: str, request: Request) -> StaticStampStyle | None:
    if request.box is None:
        return None
    from docs_templates.render.stamp import stamp

    left, bottom, right, top = request.box
    moment = f"{instant(request.moment.astimezone(UTC))} UTC"
    lines = (name, say("signing.as_role", role=request.role), f"{moment}, {certificate.sha256.hex()[:12]}…")
    page = stamp(lines, right - left, top - bottom)
    # In its own size: pyHanko would shrink it between margins.
    align, scaling = layout.AxisAlignment.ALIGN_MIN, layout.InnerScaling.NO_SCALING
    rule = layout.SimpleBoxLayoutRule(align, align, margins=layout.Margins.uniform(0), inner_content_scaling=scaling)
    return StaticStampStyle(background=_Page(page), background_layout=rule, border_width=0, background_opacity=1.0)


class _Page(PdfContent):
    """A page of a PDF in memory as content, under a fixed name."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        super().__init__()

    def render(self) -> bytes:
        """Import the page and paint it."""
        reader = PdfFileReader(io.BytesIO(self._data))
        made = self._ensure_writer.import_page_as_xobject(reader)
        self.resources.xobject["/Stamp"] = made
        left, bottom, right, top = made.get_object()["/BBox"]
        self.box = layout.BoxConstraints(width=abs(left - right), height=abs(bottom - top))
        return b"/Stamp Do"


class _Writer(IncrementalPdfFileWriter):
    """An update that leaves the metadata as they were rendered, and whose file id follows from what is signed."""

    def fix_id(self, second: bytes) -> None:
        """Set the second part of the file id."""
        first = self._document_id[0]
        if "/ID" not in self.prev.trailer:
            first = generic.ByteStringObject(second)
        self._document_id = generic.ArrayObject([first, generic.ByteStringObject(second)])

    def _update_meta(self) -> None:
        return


# ------------------------------------------------------------------------------------------------- reading back
def trust_roots(data: bytes, file: str) -> list[x509.Certificate]:
    """Certificates of a PEM or DER file. Raises DocumentError."""
    try:
        found = list(load_certs_from_pemder_data(data))
    except (ValueError, TypeError) as error:
        raise DocumentError(Fault("no certificates can be read", "key_unreadable", file=file)) from error
    if not found:
        raise DocumentError(Fault("the file holds no certificate", "key_unreadable", file=file))
    return found


def has_signatures(data: bytes) -> bool:
    """Whether a PDF may hold signatures."""
    return b"/ByteRange" in data


def signatures(data: bytes, roots: Sequence[x509.Certificate] = ()) -> list[SignatureStatus]:
    """All signatures of a PDF in order of signing; `roots` are the certificates that are trusted."""
    if not has_signatures(data):
        return []
    reader = PdfFileReader(io.BytesIO(data))
    return [_status(one, roots) for one in reader.embedded_regular_signatures]


def _status(one: Any, roots: Sequence[x509.Certificate]) -> SignatureStatus:
    held = one.sig_object
    reason, called = str(held.get("/Reason", "")), str(held.get("/Name", ""))
    certified = common_name(one.signer_cert)
    signer = called if called == certified or not called else f"{called} (certificate of {certified})"
    moment = one.self_reported_timestamp
    when = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment is not None else "no time"
    head = (one.field_name, signer or certified, reason.removeprefix(ROLE), when)
    _, _, start, length = (int(part) for part in held["/ByteRange"])
    told = {
        "certificate": one.signer_cert.sha256.hex(),
        "digest": hashlib.sha256(one.pkcs7_content).hexdigest(),
        "end": start + length,
    }
    context = ValidationContext(trust_roots=list(roots), moment=moment, best_signature_time=moment)
    try:
        status = validate_pdf_signature(one, context)
    except (SignatureValidationError, misc.PdfError, ValueError) as error:
        return SignatureStatus(*head, False, False, False, f"nothing that can be told: {error}", **told)
    covers, holds = _coverage(status)
    return SignatureStatus(*head, status.intact and holds, status.valid, status.trusted, covers, **told)


def _coverage(status: Any) -> tuple[str, bool]:
    """What a signature covers, in words, and whether nothing but what is allowed came after it."""
    if status.coverage == SignatureCoverageLevel.ENTIRE_FILE:
        return "the whole file", True
    if status.coverage != SignatureCoverageLevel.ENTIRE_REVISION:
        return "a part of its revision only", False
    if status.modification_level in ALLOWED_LATER:
        return ALLOWED_LATER[status.modification_level], True
    return "its revision; it was CHANGED later by more than signatures", False


def original_bytes(data: bytes) -> bytes:
    """The file as it was before the first signature was added: the document as rendered."""
    gaps = [int(one.group(1)) for one in re.finditer(rb"/ByteRange\s*\[\s*0\s+(\d+)", data)]
    if not gaps:
        return data
    end = data.rfind(b"%%EOF", 0, min(gaps))
    if end < 0:
        return data
    end += len(b"%%EOF")
    while data[end : end + 1] in (b"\r", b"\n"):
        end += 1
    return data[:end]
