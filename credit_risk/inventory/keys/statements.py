"""What a person signs: a statement in canonical JSON. It names the trail's head, and so is an anchor of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from credit_risk._core import canonical_json
from credit_risk._core.errors import Fault
from credit_risk._core.hash_chain import line_of
from credit_risk._core.hashing import sha256_bytes
from credit_risk.inventory.audit.anchors import Anchor
from credit_risk.inventory.audit.event import HASH, MOMENT
from credit_risk.inventory.errors import InventoryError
from credit_risk.inventory.keys.key_pair import PrivateKey, PublicKey

Json = Any
FORMAT, FORMAT_VERSION = "credit-risk-statement", "0.1"
SIGN_OFF, OVERRIDE, REGISTER_KEY, ROTATE_KEY, REVOKE_KEY, NAME_RECOVERY, RECOVER_KEY, ACT = (
    *("sign_off", "override", "register_key", "rotate_key"),
    *("revoke_key", "name_recovery", "recover_key", "act"),
)
FIELDS: dict[str, frozenset[str]] = {
    SIGN_OFF: frozenset(
        {
            *("model", "version", "gate", "gate_text", "decision", "role", "subject_hash", "annexes"),
            *("conditions", "expires", "comment"),
        }
    ),
    OVERRIDE: frozenset({"model", "version", "gate", "reason", "subject_hash", "annexes", "missing"}),
    REGISTER_KEY: frozenset({"registered", "public_key", "expires", "registrar"}),
    ROTATE_KEY: frozenset({"registered", "public_key", "expires"}),
    REVOKE_KEY: frozenset({"fingerprint", "reason", "distrusted_since"}),
    NAME_RECOVERY: frozenset({"recovery_key"}),
    RECOVER_KEY: frozenset({"registered", "public_key", "expires", "reason"}),
    ACT: frozenset({"event", "model", "version", "content_sha256"}),
}
MAY_HAVE: dict[str, frozenset[str]] = {SIGN_OFF: frozenset({"documents"})}
"""Fields that a statement has only where it says something by them: documents that were signed in the same act."""
_COMMON = frozenset({"format", "format_version", "act", "person", "at", "audit"})


@dataclass(frozen=True, slots=True)
class Signed:
    """A statement with a signature (hexadecimal) over its canonical bytes and the fingerprint of the key."""

    statement: Mapping[str, Json]
    fingerprint: str
    signature: str


def statement(act: str, person: str, at: str, head: Anchor, fields: Mapping[str, Json]) -> dict[str, Json]:
    """A statement of `person` at a moment, with the head of the trail that was known then."""
    if set(fields) - MAY_HAVE.get(act, frozenset()) != FIELDS[act]:
        raise ValueError(f"a statement of {act} has the fields {sorted(FIELDS[act])}")
    audit = {"log": head.log, "sequence": head.sequence, "hash": head.hash, "at": head.at}
    common = {"format": FORMAT, "format_version": FORMAT_VERSION, "act": act, "person": person, "at": at}
    return {**common, "audit": audit, **fields}


def sign(text: Mapping[str, Json], key: PrivateKey) -> Signed:
    """Sign a statement."""
    return Signed(text, key.public.fingerprint, key.sign(canonical_json.to_bytes(dict(text))))


@dataclass(frozen=True, slots=True)
class Signer:
    """A person with the opened key. Whatever else has `person` and `sign` (a module that keeps the key) may derive."""

    person: str
    key: PrivateKey

    def sign(self, text: Mapping[str, Json]) -> Signed:
        """Sign a statement that was made for this person."""
        return sign(text, self.key)


Actor = str | Signer
"""Who acts: a person by name, unproved; or with the key, by which each event of the act is signed."""


def person_of(by: Actor) -> str:
    """The identifier of who acts."""
    return by if isinstance(by, str) else by.person


def act_fields(event: str, model: str | None, version: str | None, content: Mapping[str, Json]) -> dict[str, Json]:
    """What is signed of an event: its kind, model and version, and the SHA-256 of its content as canonical JSON."""
    return {"event": event, "model": model, "version": version, "content_sha256": sha256_bytes(line_of(dict(content)))}


def holds(signed: Signed, key: PublicKey) -> bool:
    """Whether the signature over the statement was made with this key."""
    if signed.fingerprint != key.fingerprint:
        return False
    try:
        data = canonical_json.to_bytes(dict(signed.statement))
    except ValueError:
        return False
    return key.verifies(signed.signature, data)


def anchor_of(text: Mapping[str, Json], source: str = "") -> Anchor:
    """The head of the trail that a statement names. Raises KeyError or TypeError where it is no statement."""
    audit = text["audit"]
    return Anchor(audit["log"], audit["sequence"], audit["hash"], audit["at"], source)


def check_form(text: Mapping[str, Json], act: str) -> None:
    """Raise InventoryError unless this is a statement of that act, with its fields and no others."""
    fault = _form_fault(text, act)
    if fault is not None:
        raise InventoryError(Fault(f"is not a statement of {act}: {fault}", "statement_form"))


def _form_fault(text: Mapping[str, Json], act: str) -> str | None:
    wanted = _COMMON | FIELDS[act]
    if set(text) - MAY_HAVE.get(act, frozenset()) != wanted:
        return f"fields are not {', '.join(sorted(wanted))}"
    if (text["format"], text["format_version"], text["act"]) != (FORMAT, FORMAT_VERSION, act):
        return "format or act is another"
    if not isinstance(text["at"], str) or not MOMENT.fullmatch(text["at"]):
        return "the moment is not written as 2026-11-27T05:00:00Z"
    audit = text["audit"]
    if not isinstance(audit, dict) or set(audit) != {"log", "sequence", "hash", "at"}:
        return "the head of the trail is not named"
    if not (isinstance(audit["hash"], str) and HASH.fullmatch(audit["hash"]) and isinstance(audit["sequence"], int)):
        return "the head of the trail is not named"
    return None


def text_hash(text: str) -> str:
    """SHA-256 of a text in UTF-8: how a gate's text is named where it is not printed."""
    return sha256_bytes(text.encode("utf-8"))
