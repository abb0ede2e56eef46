"""Revisions of signed documents: what a sign-off says of each, and whether one may follow another.

A signature is appended to a PDF, so that each revision begins with the bytes of the one before, the first with those
of the document as it was rendered (ISO 32000-1, 7.5.6 and 12.8).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk.inventory import kinds
from credit_risk.inventory.audit.event import HASH, Event

Json = Any
DOCUMENTS = "documents"
"""Field of a statement of a sign-off, there only where documents were signed in the same act."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_HASHES = ("rendered_sha256", "follows", "sha256", "certificate", "signature")


@dataclass(frozen=True, slots=True)
class Revision:
    """A document with one more signature.

    `rendered_sha256` is the SHA-256 of the document as rendered, `follows` that of what was signed (the revision
    before, the first time the document as rendered), `sha256` that of its first `bytes` bytes, with the signature;
    `certificate` that of the signer's certificate (DER), `signature` that of the signature itself (CMS), in `field`.
    """

    name: str
    rendered_sha256: str
    follows: str
    sha256: str
    bytes: int
    certificate: str
    field: str
    signature: str

    def told(self) -> dict[str, Json]:
        """What a statement says of it, below its name."""
        return {name: value for name, value in asdict(self).items() if name != "name"}


@dataclass(frozen=True, slots=True)
class Recorded:
    """A revision with the sign-off that recorded it: number of the event, person and moment."""

    revision: Revision
    sequence: int
    person: str
    at: str


def revisions_of(told: Json) -> tuple[Revision, ...]:
    """The revisions that a statement names. Raises ValueError where they are not in the form of revisions."""
    if not isinstance(told, Mapping) or not told:
        raise ValueError("the signed documents are not named")
    found = []
    for name, one in sorted(told.items()):
        if not NAME.fullmatch(name) or not isinstance(one, Mapping) or set(one) != _FIELDS:
            raise ValueError(f"the signed document {name!r} is not told in the fields of a revision")
        if not all(isinstance(one[key], str) and HASH.fullmatch(one[key]) for key in _HASHES):
            raise ValueError(f"the signed document {name!r} is told without its hashes")
        count = one["bytes"]
        if isinstance(count, bool) or not isinstance(count, int) or count < 1 or not isinstance(one["field"], str):
            raise ValueError(f"the signed document {name!r} is told without its length or its field")
        found.append(Revision(name, **one))
    return tuple(found)


_FIELDS = frozenset(Revision("", "", "", "", 0, "", "", "").told())


def recorded_in(events: Iterable[Event]) -> Iterator[Recorded]:
    """Revisions that sign-offs recorded, in their order. Raises ValueError."""
    for event in events:
        if event.kind != kinds.SIGNED_OFF or DOCUMENTS not in event.payload["statement"]:
            continue
        for one in revisions_of(event.payload["statement"][DOCUMENTS]):
            yield Recorded(one, event.sequence, event.actor, event.at)


def latest(held: Iterable[Recorded], name: str, rendered_sha256: str) -> Recorded | None:
    """The last revision of a document as it was rendered; None where nobody has signed it."""
    found = None
    for one in held:
        if (one.revision.name, one.revision.rendered_sha256) == (name, rendered_sha256):
            found = one
    return found


def follow_faults(new: Revision, before: Recorded | None, rendered_sha256: str | None) -> list[Fault]:
    """Why a revision cannot be recorded after the one `before`; rendered_sha256: of the document as registered."""
    if new.rendered_sha256 != rendered_sha256:
        message = f"the signed document {new.name} is not the one that was registered"
        return [Fault(message, "other_document", new.name, found=new.rendered_sha256, allowed=rendered_sha256)]
    wanted = new.rendered_sha256 if before is None else before.revision.sha256
    if new.follows != wanted:
        if before is None:
            message = f"the document {new.name} was signed after a signature that no sign-off records"
        else:
            message = f"{before.person} has signed the document {new.name} meanwhile (sign-off {before.sequence})"
        return [Fault(message, "signed_meanwhile", new.name, found=new.follows, allowed=wanted, remedy="sign anew")]
    return []
