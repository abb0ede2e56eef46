"""The verification of a trail: chain, anchors, signatures, keys, four eyes, and (of a database) its projections."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from credit_risk._core.errors import Fault
from credit_risk.inventory.audit.anchors import Anchor
from credit_risk.inventory.audit.chain import StoredLine, check_anchors, check_chain
from credit_risk.inventory.audit.event import Event
from credit_risk.inventory.audit.replay import Replay, check_public_keys, replay
from credit_risk.inventory.keys.key_pair import PublicKey


@dataclass(frozen=True, slots=True)
class Verification:
    """What was verified. `faults` say where by `row`, the number of the event; `notes` are no faults, but to be told.

    `unanchored` is the number of events after the last anchor that holds: an owner of the database could have
    written them anew without its showing (statements that were signed with a key that he lacks do show it).
    `unsigned` counts, by kind, acts that were done by name alone, without a key.
    """

    events: tuple[Event, ...]
    faults: tuple[Fault, ...]
    notes: tuple[Fault, ...]
    head: Anchor | None
    anchors: int
    signatures: int
    unanchored: int
    unsigned: Mapping[str, int] = field(default_factory=dict)

    @property
    def intact(self) -> bool:
        """Nothing was found."""
        return not self.faults


def verify_lines(
    lines: Iterable[StoredLine],
    anchors: Sequence[Anchor] = (),
    public_keys: Mapping[str, frozenset[PublicKey]] | None = None,
) -> Verification:
    """Verify a trail by its lines alone, with anchors and public keys that were kept elsewhere.

    Without anchors a trail that was written anew as a whole, and one that lost its tail, show only where a signed
    statement names an event that is no longer there. Without public keys a key that was swapped before its first use
    does not show.
    """
    chain = check_chain(lines)
    state = replay(chain.events)
    faults = [*chain.faults, *state.faults, *check_anchors(chain, [*anchors, *state.anchors])]
    if public_keys is not None:
        faults += check_public_keys(state, public_keys)
    if not chain.events and not faults:
        faults.append(Fault("the trail is empty", "cut", row=1))
    held = [one.sequence for one in anchors if chain.hashes.get(one.sequence) == one.hash and one.log == chain.log]
    last = chain.events[-1] if chain.events else None
    head = None if last is None or chain.log is None else Anchor(chain.log, last.sequence, last.hash, last.at)
    faults.sort(key=lambda fault: fault.row or 0)
    return Verification(
        events=chain.events,
        faults=tuple(faults),
        notes=(*chain.notes, *state.notes, *_older(state, chain.last)),
        head=head,
        anchors=len(anchors),
        signatures=len(state.signed),
        unanchored=max(0, chain.last - max(held, default=0)),
        unsigned=dict(state.unsigned),
    )


def _older(state: Replay, last: int) -> list[Fault]:
    """What an older trail lacks: acts that decided something were not signed then."""
    if state.signing_from == 1 or not last:
        return []
    until = last if state.signing_from is None else state.signing_from
    message = f"events up to {until} are of a time when only sign-offs, overrides and keys were signed"
    return [Fault(message, "older_rules", row=until)]
