"""Who might do what at each event, replayed from the trail alone: keys, roles, packages; and every signature."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk.inventory import kinds
from credit_risk.inventory.audit.anchors import Anchor
from credit_risk.inventory.audit.event import Event
from credit_risk.inventory.contracts import DEVELOPER, INDEPENDENT_GATES, INDEPENDENT_ROLES
from credit_risk.inventory.documents.revisions import Recorded, follow_faults, latest, recorded_in
from credit_risk.inventory.errors import InventoryError
from credit_risk.inventory.keys import statements
from credit_risk.inventory.keys.key_pair import PublicKey
from credit_risk.inventory.keys.statements import Signed, act_fields, anchor_of, check_form, holds

Json = Any
Version = tuple[str | None, str | None]
ACTS = {
    kinds.SIGNED_OFF: statements.SIGN_OFF,
    kinds.OVERRIDDEN: statements.OVERRIDE,
    kinds.PERSON_REGISTERED: statements.REGISTER_KEY,
    kinds.KEY_ROTATED: statements.ROTATE_KEY,
    kinds.KEY_REVOKED: statements.REVOKE_KEY,
    kinds.RECOVERY_NAMED: statements.NAME_RECOVERY,
}


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key in the trail: whose it is, from which event, until which; `distrusted` from a moment on."""

    key: PublicKey
    person: str
    expires: str
    since: int
    until: int | None = None
    distrusted: str | None = None


@dataclass(slots=True)
class Replay:
    """State while events are replayed in their order, and the faults that were found."""

    keys: dict[str, KnownKey] = field(default_factory=dict)
    registrars: set[str] = field(default_factory=set)
    recovery: PublicKey | None = None
    notes: list[Fault] = field(default_factory=list)
    developers: dict[Version, set[str]] = field(default_factory=dict)
    independent: dict[Version, set[str]] = field(default_factory=dict)
    subjects: dict[Version, str] = field(default_factory=dict)
    documents: dict[Version, Mapping[str, str]] = field(default_factory=dict)
    revisions: dict[Version, list[Recorded]] = field(default_factory=dict)
    certificates: dict[str, str] = field(default_factory=dict)
    signed: list[tuple[Event, str]] = field(default_factory=list)
    anchors: list[Anchor] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    signing_from: int | None = None
    unsigned: Counter[str] = field(default_factory=Counter)

    def fault(self, event: Event, code: str, message: str) -> None:
        """Note a fault of an event."""
        self.faults.append(Fault(f"event {event.sequence}: {message}", code, row=event.sequence))


def replay(events: Iterable[Event]) -> Replay:
    """Replay events and check every signature, its key, its person, what it was over, and four eyes."""
    state = Replay()
    for event in events:
        step = _STEPS.get(event.kind)
        try:
            _act(state, event)
            if step is not None:
                step(state, event)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            state.fault(event, "payload", f"its content is not that of {event.kind} ({error})")
    for event, fingerprint in state.signed:
        known = state.keys.get(fingerprint)
        if known is not None and known.distrusted is not None and event.at >= known.distrusted:
            state.fault(event, "distrusted", f"signed with a key of {known.person} that was given up as no longer his")
    return state


def check_public_keys(state: Replay, public: Mapping[str, frozenset[PublicKey]]) -> tuple[Fault, ...]:
    """Keys of the trail against keys that were kept apart: each must be there, of the same person."""
    faults = []
    for known in state.keys.values():
        if known.key not in public.get(known.person, frozenset()):
            message = f"event {known.since}: the key of {known.person} is not the one that was kept apart: swapped"
            faults.append(Fault(message, "swapped_key", row=known.since, found=known.key.fingerprint))
    return tuple(faults)


def _person_registered(state: Replay, event: Event) -> None:
    told = event.payload
    person, key = told["person"], PublicKey(told["public_key"])
    text = told["statement"]
    named = (text["registered"], text["public_key"], text["expires"], text["registrar"])
    if named != (person, key.hex, told["expires"], told["registrar"]):
        state.fault(event, "forged", "the registration is not what was signed")
    first = not state.keys
    if key.fingerprint in state.keys:
        state.fault(event, "key", f"the key is that of {state.keys[key.fingerprint].person} already")
        return
    if first:
        state.keys[key.fingerprint] = KnownKey(key, person, told["expires"], event.sequence)
        if not told["registrar"] or text["person"] != person:
            state.fault(event, "key", "the first person is registered by himself, as registrar")
    elif text["person"] not in state.registrars:
        state.fault(event, "key", f"{text['person']} may not register persons")
    _check_signed(state, event, told["by_fingerprint"])
    if not holds(Signed(text, key.fingerprint, told["proof"]), key):
        state.fault(event, "forged", "who holds the new key did not sign its registration")
    state.keys[key.fingerprint] = KnownKey(key, person, told["expires"], event.sequence)
    if told["registrar"]:
        state.registrars.add(person)


def _key_rotated(state: Replay, event: Event) -> None:
    told = event.payload
    person, key = told["person"], PublicKey(told["public_key"])
    text = told["statement"]
    if (text["registered"], text["public_key"], text["expires"]) != (person, key.hex, told["expires"]):
        state.fault(event, "forged", "the new key is not the one that was signed")
    if key.fingerprint in state.keys:
        state.fault(event, "key", f"the key is that of {state.keys[key.fingerprint].person} already")
        return
    if text["person"] != person and text["person"] not in state.registrars:
        state.fault(event, "key", f"{text['person']} may not give {person} a key")
    _check_signed(state, event, told["by_fingerprint"])
    if not holds(Signed(text, key.fingerprint, told["proof"]), key):
        state.fault(event, "forged", "who holds the new key did not sign for it")
    _new_key(state, event, person, key)


def _recovery_named(state: Replay, event: Event) -> None:
    text = event.payload["statement"]
    if text["recovery_key"] != event.payload["recovery_key"]:
        state.fault(event, "forged", "the recovery key is not the one that was signed")
    if text["person"] not in state.registrars:
        state.fault(event, "key", f"{text['person']} may not name a recovery key")
    _check_signed(state, event, event.payload["fingerprint"])
    state.recovery = PublicKey(event.payload["recovery_key"])


def _key_recovered(state: Replay, event: Event) -> None:
    """A registrar's new key: by the recovery key, while no registrar had one in force."""
    told = event.payload
    person, key, text = told["person"], PublicKey(told["public_key"]), told["statement"]
    check_form(text, statements.RECOVER_KEY)
    named = (text["registered"], text["public_key"], text["expires"], text["reason"])
    if named != (person, key.hex, told["expires"], told["reason"]) or text["person"] != person:
        state.fault(event, "forged", "the new key is not the one that was signed")
    if key.fingerprint in state.keys:
        state.fault(event, "key", f"the key is that of {state.keys[key.fingerprint].person} already")
        return
    there = sorted(
        known.person for known in state.keys.values()
        if known.person in state.registrars and known.until is None and known.expires >= event.at
    )  # fmt: skip
    if person not in state.registrars or there:
        who = f"{there[0]} was a registrar with a key" if there else f"{person} was no registrar"
        state.fault(event, "key", f"no key was to be recovered: {who}")
    if state.recovery is None or not holds(Signed(text, told["by_fingerprint"], told["signature"]), state.recovery):
        state.fault(event, "forged", "is not signed with the recovery key that was named")
    if not holds(Signed(text, key.fingerprint, told["proof"]), key):
        state.fault(event, "forged", "who holds the new key did not sign for it")
    state.anchors.append(anchor_of(text, f"statement of event {event.sequence}"))
    _new_key(state, event, person, key)
    message = f"{person} was given a new key by the recovery key: {told['reason']}"
    state.notes.append(Fault(message, "recovered", row=event.sequence))


def _new_key(state: Replay, event: Event, person: str, key: PublicKey) -> None:
    """A key in the place of the active one."""
    for fingerprint, known in list(state.keys.items()):
        if known.person == person and known.until is None:
            state.keys[fingerprint] = replace(known, until=event.sequence)
    state.keys[key.fingerprint] = KnownKey(key, person, event.payload["expires"], event.sequence)


def _key_revoked(state: Replay, event: Event) -> None:
    told = event.payload
    text = told["statement"]
    known = state.keys.get(told["fingerprint"])
    if known is None:
        state.fault(event, "key", "revokes a key that nobody has")
        return
    if (text["fingerprint"], text["distrusted_since"]) != (told["fingerprint"], told["distrusted_since"]):
        state.fault(event, "forged", "the revocation is not what was signed")
    if text["person"] != known.person and text["person"] not in state.registrars:
        state.fault(event, "key", f"{text['person']} may not revoke a key of {known.person}")
    _check_signed(state, event, told["by_fingerprint"])
    state.keys[told["fingerprint"]] = replace(known, until=event.sequence, distrusted=told["distrusted_since"])


def _proposed(state: Replay, event: Event) -> None:
    state.subjects[(event.model, event.version)] = event.payload["proposal_hash"]


def _registered(state: Replay, event: Event) -> None:
    state.subjects[(event.model, event.version)] = event.payload["package_hash"]
    state.documents[(event.model, event.version)] = event.payload["documents"]


def _role_given(state: Replay, event: Event) -> None:
    which = (event.model, event.version)
    person, role = event.payload["person"], event.payload["role"]
    if role == DEVELOPER:
        state.developers.setdefault(which, set()).add(person)
    elif role in INDEPENDENT_ROLES:
        state.independent.setdefault(which, set()).add(person)
    if person in state.developers.get(which, set()) & state.independent.get(which, set()):
        state.fault(event, "four_eyes", f"{person} developed this version, and validates or approves it")


def _signed_off(state: Replay, event: Event) -> None:
    text = event.payload["statement"]
    which = (event.model, event.version)
    if event.actor != text["person"]:
        state.fault(event, "forged", f"stands under the name of {event.actor}; {text['person']} signed")
    if (text["model"], text["version"]) != which:
        state.fault(event, "forged", "was signed for another version")
    if text["subject_hash"] != state.subjects.get(which):
        state.fault(event, "other_hash", "was signed over another hash than that of the version then")
    if text["gate"] in INDEPENDENT_GATES or text["role"] in INDEPENDENT_ROLES:
        state.independent.setdefault(which, set()).add(text["person"])
        if text["person"] in state.developers.get(which, set()):
            state.fault(event, "four_eyes", f"{text['person']} developed a part of the version that he signs")
    _check_signed(state, event, event.payload["fingerprint"])
    _signed_documents(state, event)


def _signed_documents(state: Replay, event: Event) -> None:
    """Documents signed in the act: those registered then, each after the one before, a certificate of one person."""
    which = (event.model, event.version)
    held = state.revisions.setdefault(which, [])
    for one in recorded_in([event]):
        revision = one.revision
        before = latest(held, revision.name, revision.rendered_sha256)
        rendered = state.documents.get(which, {}).get(f"{revision.name}.pdf")
        for fault in follow_faults(revision, before, rendered):
            state.fault(event, fault.code, fault.message)
        owner = state.certificates.setdefault(revision.certificate, one.person)
        if owner != one.person:
            state.fault(event, "certificate_known", f"the certificate is that of {owner}; {one.person} signed by it")
        held.append(one)


def _overridden(state: Replay, event: Event) -> None:
    text = event.payload["statement"]
    which = (event.model, event.version)
    if (text["model"], text["version"]) != which or event.actor != text["person"]:
        state.fault(event, "forged", "the override was signed for another version, or by another person")
    if text["subject_hash"] != state.subjects.get(which):
        state.fault(event, "other_hash", "was signed over another hash than that of the version then")
    if text["person"] in state.developers.get(which, set()):
        state.fault(event, "four_eyes", f"{text['person']} developed a part of the version that he lets pass")
    _check_signed(state, event, event.payload["fingerprint"])


def _created(state: Replay, event: Event) -> None:
    if event.payload.get("recovery_key") is not None:
        state.recovery = PublicKey(event.payload["recovery_key"])
    if event.payload["format_version"] != "0.1":
        state.signing_from = event.sequence


def _upgraded(state: Replay, event: Event) -> None:
    if state.signing_from is None:
        state.signing_from = event.sequence


def _act(state: Replay, event: Event) -> None:
    """That who decides has signed the event, and that what is signed is this event, in this place of the trail."""
    if event.signed is None:
        decides = event.kind in kinds.DECIDING
        decides |= event.kind == kinds.TIER_SET and event.payload.get("override_by") is not None
        if decides and state.signing_from is not None:
            state.fault(
                event, "unsigned", f"{event.kind} by {event.actor} is not signed: anybody could have written it"
            )
        if decides or event.kind in kinds.DESCRIBING:
            state.unsigned[event.kind] += 1
        return
    text = event.signed["statement"]
    if not _check_statement(state, event, event.signed, statements.ACT):
        return
    if text["person"] != event.actor:
        state.fault(event, "forged", f"stands under the name of {event.actor}; {text['person']} signed")
    wanted = act_fields(event.kind, event.model, event.version, event.payload)
    if any(text[name] != value for name, value in wanted.items()):
        state.fault(event, "forged", f"{text['person']} signed another act, or other content")
    if text["audit"]["sequence"] != event.sequence - 1:
        state.fault(event, "forged", f"{text['person']} signed for another place of the trail: used again")


def _check_signed(state: Replay, event: Event, fingerprint: str) -> None:
    """Signature, key and person of an event's own statement; the head that it names goes to the anchors."""
    _check_statement(state, event, {**event.payload, "fingerprint": fingerprint}, ACTS[event.kind])


def _check_statement(state: Replay, event: Event, held: Mapping[str, Json], act: str) -> bool:
    """held: statement, fingerprint, signature. Whether it is a statement of `act` with a key that is known."""
    text, fingerprint = held["statement"], held["fingerprint"]
    try:
        check_form(text, act)
    except InventoryError as error:
        state.fault(event, "forged", error.faults[0].message)
        return False
    state.anchors.append(anchor_of(text, f"statement of event {event.sequence}"))
    if anchor_of(text).sequence >= event.sequence:
        state.fault(event, "forged", "names a head of the trail that is later than the event")
    known = state.keys.get(fingerprint)
    if known is None:
        state.fault(event, "key", "is signed with a key that nobody has registered")
        return False
    state.signed.append((event, fingerprint))
    if known.person != text["person"]:
        state.fault(event, "forged", f"{text['person']} is named, the key is that of {known.person}")
    if known.until is not None:
        state.fault(event, "key", f"is signed with a key that {known.person} no longer had")
    if text["at"] > known.expires or event.at > known.expires:
        state.fault(event, "key", f"is signed with a key of {known.person} that had expired")
    if not holds(Signed(text, fingerprint, held["signature"]), known.key):
        state.fault(event, "forged", f"the signature of {text['person']} does not hold")
    return True


_STEPS: Mapping[str, Callable[[Replay, Event], None]] = {
    kinds.CREATED: _created,
    kinds.UPGRADED: _upgraded,
    kinds.PERSON_REGISTERED: _person_registered,
    kinds.KEY_ROTATED: _key_rotated,
    kinds.KEY_REVOKED: _key_revoked,
    kinds.RECOVERY_NAMED: _recovery_named,
    kinds.KEY_RECOVERED: _key_recovered,
    kinds.VERSION_PROPOSED: _proposed,
    kinds.PROPOSAL_CHANGED: _proposed,
    kinds.PACKAGE_REGISTERED: _registered,
    kinds.ROLE_GIVEN: _role_given,
    kinds.SIGNED_OFF: _signed_off,
    kinds.OVERRIDDEN: _overridden,
}
