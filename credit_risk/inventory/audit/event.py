"""One event of the audit trail, as one line of canonical JSON with the hash of the line before."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from credit_risk._core.clock import timestamp
from credit_risk._core.errors import Fault
from credit_risk._core.hash_chain import START, line_of
from credit_risk._core.hashing import sha256_bytes
from credit_risk.inventory.errors import AuditError, InventoryError

Json = Any
HASH = re.compile("[0-9a-f]{64}")
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
FIELDS = frozenset({"sequence", "previous", "event", "at", "actor", "model", "version", "payload"})
CLOCK, SIGNED = "clock", "signed"
"""Optional fields: what the machine's clock said where it stood before the moment of the event before; and the
statement of who acted over this event, with signature and fingerprint of the key (absent: acted without a key)."""
OPTIONAL = frozenset({CLOCK, SIGNED})


@dataclass(frozen=True, slots=True)
class Event:
    """An event that stands in the trail. `line` are its bytes as text, `hash` the SHA-256 of them.

    `at` never falls from one event to the next; `clock` is the machine's time where that had moved back; `signed` holds
    `statement`, `fingerprint` and `signature` of who acted, None where the act was done without a key.
    """

    sequence: int
    previous: str
    hash: str
    at: str
    actor: str
    kind: str
    model: str | None
    version: str | None
    payload: Mapping[str, Json]
    line: str
    clock: str | None = None
    signed: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """Last event of a trail: its number (0 without one), hash and moment."""

    sequence: int = 0
    hash: str = START
    at: str = ""


def next_event(
    head: Head,
    moment: datetime,
    kind: str,
    payload: Mapping[str, Json],
    *,
    actor: str,
    model: str | None = None,
    version: str | None = None,
    signed: Mapping[str, Json] | None = None,
) -> Event:
    """The event that follows `head`. Raises InventoryError where the payload is not JSON or holds a bare surrogate.

    Where the clock stands before the head's moment, the event takes the head's moment and records the clock's.
    """
    machine = timestamp(moment)
    at = max(machine, head.at)
    body: dict[str, Json] = {
        "sequence": head.sequence + 1,
        "previous": head.hash,
        "event": kind,
        "at": at,
        "actor": actor,
        "model": model,
        "version": version,
        "payload": dict(payload),
    }
    if at != machine:
        body[CLOCK] = machine
    if signed is not None:
        body[SIGNED] = dict(signed)
    try:
        line = line_of(body)
        same = json.loads(line) == body
    except (TypeError, ValueError) as error:  # UnicodeEncodeError is a ValueError
        raise InventoryError(Fault(f"an event cannot hold this: {error}", "not_json", path=kind)) from error
    if not same:
        raise InventoryError(Fault("an event cannot hold this: it reads back otherwise", "not_json", path=kind))
    return _event(body, line.decode("utf-8"), sha256_bytes(line))


def read_event(line: str) -> Event:
    """The event of a line. Raises AuditError where the line is not an event in its canonical bytes."""
    try:
        body = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise AuditError(Fault(f"is not JSON: {error}", "not_an_event")) from error
    if not isinstance(body, dict) or set(body) - OPTIONAL != FIELDS:
        raise AuditError(Fault("does not have the fields of an event", "not_an_event"))
    if not _typed(body):
        raise AuditError(Fault("has a field of another type than events have", "not_an_event"))
    try:
        data = line_of(body)
    except ValueError as error:
        raise AuditError(Fault(f"holds what JSON does not: {error}", "not_an_event")) from error
    if data != line.encode("utf-8", "surrogatepass"):
        raise AuditError(Fault("is not written in the canonical bytes", "not_canonical"))
    return _event(body, line, sha256_bytes(data))


def _typed(body: Mapping[str, Json]) -> bool:
    texts = all(isinstance(body[name], str) for name in ("previous", "event", "at", "actor"))
    optional = all(body.get(name) is None or isinstance(body[name], str) for name in ("model", "version", CLOCK))
    number = isinstance(body["sequence"], int) and not isinstance(body["sequence"], bool)
    signed = SIGNED not in body or isinstance(body[SIGNED], dict)
    return texts and optional and number and signed and isinstance(body["payload"], dict)


def _event(body: Mapping[str, Json], line: str, digest: str) -> Event:
    return Event(
        sequence=body["sequence"],
        previous=body["previous"],
        hash=digest,
        at=body["at"],
        actor=body["actor"],
        kind=body["event"],
        model=body["model"],
        version=body["version"],
        payload=body["payload"],
        line=line,
        clock=body.get(CLOCK),
        signed=body.get(SIGNED),
    )
