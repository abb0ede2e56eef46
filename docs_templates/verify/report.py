"""What a verification found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

SHOWN = 200


@dataclass(frozen=True, slots=True)
class Alteration:
    """One difference between a PDF and its package. `kind`: value, text, figure, drawing, page, order, font,
    annotation, bookmark, attachment, metadata, structure, evidence, package, house or signature; `page` is that of the
    file; `printed` is what the file says, `evidence` what the package says, `source` the evidence it is read from."""

    kind: str
    message: str
    page: int | None = None
    place: str | None = None
    printed: str | None = None
    evidence: str | None = None
    source: str | None = None

    def __str__(self) -> str:
        where = ", ".join(part for part in (f"page {self.page}" if self.page else "", self.place or "") if part)
        text = f"{where}: {self.message}" if where else self.message
        if self.printed is not None:
            text += f"; printed: {_shown(self.printed)}"
        if self.evidence is not None:
            text += f"; the evidence says: {_shown(self.evidence)}"
        return text + (f" ({self.source})" if self.source else "")


@dataclass(frozen=True, slots=True)
class SignatureStatus:
    """One signature: field, signer, role, moment, whether what it covers is intact, what came after it, and trust.

    `certificate` is the SHA-256 of the signer's certificate, `digest` that of the signature itself (CMS), `end` the
    number of bytes of the file that it covers: its revision."""

    field: str
    signer: str
    role: str
    signed_at: str
    intact: bool
    valid: bool
    trusted: bool
    covers: str
    page: int | None = None
    certificate: str = ""
    digest: str = ""
    end: int = 0

    def __str__(self) -> str:
        state = "intact" if self.intact and self.valid else "BROKEN"
        trust = "trusted" if self.trusted else "certificate not anchored in a given root"
        who = f"{self.signer}, {self.role}" if self.role else self.signer
        return f"signature “{self.field}” by {who}, {self.signed_at}: {state}; covers {self.covers}; {trust}"


@dataclass(frozen=True, slots=True)
class Report:
    """The verification of one PDF. `values` cited values were compared on `pages` pages; `notes` say what was not.
    `other_version`: the file was made by another version of the templates, so that its layout was not compared."""

    document: str
    package_hash: str
    pages: int
    values: int
    alterations: tuple[Alteration, ...]
    signatures: tuple[SignatureStatus, ...] = ()
    notes: tuple[str, ...] = ()
    other_version: bool = False

    @property
    def unaltered(self) -> bool:
        """Whether no alteration was found and every signature holds."""
        return not self.alterations and all(one.intact and one.valid for one in self.signatures)

    @property
    def intact(self) -> bool:
        """Whether all was compared, nothing was altered and every signature holds."""
        return self.unaltered and not self.other_version

    def as_json(self) -> dict[str, Any]:
        """The report as JSON."""
        head = {"format": "credit-risk-document-verification", "format_version": "0.1", "intact": self.intact}
        return {**head, **asdict(self)}


def _shown(text: str) -> str:
    line = " ".join(text.split()) or "nothing"
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"
