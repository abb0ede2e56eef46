"""Whether lines are a chain of events: edits, deletions, reorderings, moments that fall; and what anchors say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from credit_risk._core.errors import Fault
from credit_risk._core.hash_chain import START
from credit_risk._core.hashing import sha256_bytes
from credit_risk.inventory.audit.anchors import Anchor
from credit_risk.inventory.audit.event import Event, read_event
from credit_risk.inventory.errors import AuditError


@dataclass(frozen=True, slots=True)
class StoredLine:
    """A line as it was found at a place of the order. A database keeps number, hash and columns beside it."""

    line: str
    sequence: int | None = None
    hash: str | None = None
    columns: tuple[str | None, ...] | None = None


@dataclass(frozen=True, slots=True)
class Chain:
    """Events that could be read, in their order; `faults` with `row` the number of the event; `notes` to be told.

    `hashes[n - 1]` is the hash of event n as recomputed (as stored, where the line cannot be read).
    """

    events: tuple[Event, ...]
    faults: tuple[Fault, ...]
    notes: tuple[Fault, ...]
    hashes: dict[int, str]

    @property
    def log(self) -> str | None:
        """Hash of the first event, by which the trail is known."""
        return self.hashes.get(1)

    @property
    def last(self) -> int:
        """Number of the last event."""
        return max(self.hashes, default=0)


def read_trail(path: Path) -> tuple[StoredLine, ...]:
    """The lines of an `audit.jsonl`. Raises AuditError where it cannot be read; an unfinished last line is a line."""
    try:
        text = Path(path).read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AuditError(Fault(f"cannot be read ({error})", "unreadable", str(path))) from error
    lines = text.split("\n")
    return tuple(StoredLine(line) for line in (lines[:-1] if lines[-1] == "" else lines))


def check_chain(lines: Iterable[StoredLine]) -> Chain:
    """Read lines in their order and tell all that is wrong with them as a chain."""
    reading = _Reading()
    for line in lines:
        reading.take(line)
    return Chain(tuple(reading.events), tuple(reading.faults), tuple(reading.notes), reading.hashes)


def check_anchors(chain: Chain, anchors: Sequence[Anchor]) -> tuple[Fault, ...]:
    """Whether the trail still holds what anchors say. A fault tells between which events it was written anew."""
    faults = []
    good = 0
    for anchor in sorted(anchors, key=lambda one: (one.sequence, one.source)):
        where = f" ({anchor.source})" if anchor.source else ""
        if anchor.log != chain.log:
            message = f"an anchor{where} is of another trail: this one was written anew from its first event"
            faults.append(Fault(message, "rechained", row=1, found=chain.log, allowed=anchor.log))
        elif anchor.sequence not in chain.hashes:
            message = (
                f"an anchor{where} knows event {anchor.sequence}; the trail ends with {chain.last}, or has lost it"
            )
            faults.append(Fault(message, "cut", row=anchor.sequence, allowed=anchor.hash))
        elif chain.hashes[anchor.sequence] != anchor.hash:
            span = f"written anew somewhere from event {good + 1} to {anchor.sequence}"
            message = f"an anchor{where} has another hash: {span}"
            found = chain.hashes[anchor.sequence]
            faults.append(Fault(message, "rechained", row=anchor.sequence, found=found, allowed=anchor.hash))
        else:
            good = anchor.sequence
    return tuple(faults)


class _Reading:
    """State of one pass over the lines."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.faults: list[Fault] = []
        self.notes: list[Fault] = []
        self.hashes: dict[int, str] = {}
        self.expected = 1
        self.previous = START
        self.at = ""

    def take(self, stored: StoredLine) -> None:
        """Judge the next line."""
        number = stored.sequence if stored.sequence is not None else self.expected
        try:
            event = read_event(stored.line)
        except AuditError as error:
            self._fault(number, "edited", f"was edited: {error.faults[0].message}")
            self._follow(number, stored.hash or sha256_bytes(stored.line.encode("utf-8", "surrogatepass")))
            return
        edited = self._against_database(stored, event)
        place = event.sequence if stored.sequence is None else stored.sequence
        if event.sequence != place or place < self.expected:
            self._fault(number, "reordered", f"stands out of its order: its line says event {event.sequence}")
            place = self.expected
        elif place > self.expected:
            missing = f"events {self.expected} to {place - 1}" if place - 1 > self.expected else f"event {place - 1}"
            self._fault(self.expected, "deleted", f"{missing} not there: deleted")
        elif event.previous != self.previous:
            message = "does not hold the hash of the event before: that one or this one was edited or written anew"
            self._fault(place, "edited", message)
        if event.at < self.at:
            self._fault(place, "clock", f"its moment {event.at} is before that of the event before ({self.at})")
        if event.clock is not None:
            message = f"the machine's clock had moved back to {event.clock}; the event took the moment before"
            self.notes.append(Fault(message, "clock_back", row=place))
        self.events.append(event)
        self.at = max(self.at, event.at)
        self._follow(place, stored.hash if edited and stored.hash else event.hash, recomputed=event.hash)

    def _against_database(self, stored: StoredLine, event: Event) -> bool:
        number = event.sequence if stored.sequence is None else stored.sequence
        if stored.hash is not None and event.hash != stored.hash:
            self._fault(number, "edited", "was edited: its bytes do not have the hash that stands beside them")
            return True
        columns = (event.previous, event.at, event.actor, event.kind, event.model, event.version)
        if stored.columns is not None and stored.columns != columns:
            self._fault(number, "edited", "was edited: the columns of its row do not say what its line says")
            return True
        return False

    def _follow(self, place: int, linked: str, recomputed: str | None = None) -> None:
        self.hashes[place] = recomputed or linked
        self.previous = linked
        self.expected = place + 1

    def _fault(self, row: int, code: str, message: str) -> None:
        self.faults.append(Fault(f"event {row}: {message}", code, row=row))
