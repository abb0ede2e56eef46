"""The log of a store from the trail, and the store held against the trail."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk.inventory import kinds
from credit_risk.inventory.audit.event import Event
from credit_risk.inventory.protected.digest import MODULUS, as_text
from credit_risk.inventory.protected.facts import LogLine

Json = Any
ACTS = {
    kinds.PROTECTED_CREATED: "created",
    kinds.PROTECTED_LOADED: "loaded",
    kinds.PROTECTED_READ: "read",
    kinds.PROTECTED_ERASED: "erased",
    kinds.PROTECTED_EXPIRED: "expired",
    kinds.PROTECTED_REKEYED: "rekeyed",
}
_SIGNS = {kinds.PROTECTED_LOADED: 1, kinds.PROTECTED_ERASED: -1, kinds.PROTECTED_EXPIRED: -1}


def log_line(event: Event) -> LogLine:
    """An event in the words that all kinds share."""
    told = event.payload
    purpose = told.get("purpose") or ", ".join(told.get("purposes", ())) or None
    reason = told.get("reason") or told.get("basis")
    return LogLine(
        event.sequence, event.at, event.actor, ACTS[event.kind], purpose, reason, tuple(told.get("attributes", ())),
        told.get("applicants"), told.get("applicants_sha256"),
    )  # fmt: skip


def verify_faults(
    events: Sequence[Event], acts: Sequence[Any], rows: Mapping[str, Mapping[str, Json]], place: str
) -> tuple[Fault, ...]:
    """What of the store is not as the trail has it. rows: values and digest by load as the store holds them now."""
    return (*_acts(events, acts, place), *_rows(events, rows, place))


def _acts(events: Sequence[Event], acts: Sequence[Any], place: str) -> Iterator[Fault]:
    recorded = {event.payload.get("act"): event for event in events}
    noted = {row.act: row for row in acts}
    for row in acts:
        event = recorded.get(row.act)
        what = f"{ACTS.get(row.kind, row.kind)} by {row.actor}"
        if event is None:
            yield Fault(f"the trail has no event of this act: {what}", "act_unrecorded", place, row=row.sequence)
        elif row.sequence is not None and (row.sequence, row.hash) != (event.sequence, event.hash):
            yield Fault(f"event {event.sequence} is not the one that was noted: {what}", "act_changed", place,
                        row=event.sequence, found=event.hash, allowed=row.hash)  # fmt: skip
        elif json.loads(row.payload) != {name: one for name, one in event.payload.items() if name != "recovered"}:
            message = f"what the store notes of event {event.sequence} is not what the event says"
            yield Fault(message, "act_changed", place, row=event.sequence)
    for event in events:
        if event.kind != kinds.PROTECTED_READ and event.payload.get("act") not in noted:
            message = f"event {event.sequence} ({ACTS[event.kind]}) is not noted in the store: it is an older copy"
            yield Fault(message, "act_lost", place, row=event.sequence)


def _rows(events: Sequence[Event], rows: Mapping[str, Mapping[str, Json]], place: str) -> Iterator[Fault]:
    counts: dict[str, int] = {}
    digests: dict[str, int] = {}
    for event in events:
        if event.kind == kinds.PROTECTED_REKEYED:
            counts = {load: told["values"] for load, told in event.payload["rows"].items()}
            digests = {load: int(told["digest"], 16) for load, told in event.payload["rows"].items()}
        sign = _SIGNS.get(event.kind, 0)
        for load, told in event.payload["rows"].items() if sign else ():
            counts[load] = counts.get(load, 0) + sign * told["values"]
            digests[load] = (digests.get(load, 0) + sign * int(told["digest"], 16)) % MODULUS
    for load in sorted({*counts, *rows}):
        held = rows.get(load, {"values": 0, "digest": as_text(0)})
        if held["values"] != counts.get(load, 0):
            message = f"values of load {load} were added or deleted past the trail"
            yield Fault(message, "rows_changed", place, found=f"{held['values']:,}", allowed=f"{counts.get(load, 0):,}")
        elif held["digest"] != as_text(digests.get(load, 0)):
            yield Fault(f"values of load {load} were changed past the trail", "rows_changed", place)
