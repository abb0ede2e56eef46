"""Append-only files of events: one line of JSON an event, each with the hash of the line before."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk._core.hashing import sha256_bytes

START = "0" * 64


@dataclass(frozen=True, slots=True)
class Chain:
    """Events in their order, the hash of the last line (START without one), and what is wrong with the chain."""

    events: tuple[dict[str, Any], ...]
    head: str
    faults: tuple[Fault, ...]
    hashes: tuple[str, ...] = ()


def line_of(event: dict[str, Any]) -> bytes:
    """The bytes of an event: JSON with sorted keys and no space, UTF-8, without the end of the line."""
    return json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode("utf-8")


def read_chain(path: Path) -> Chain:
    """Read and check a chain: sequence, hash of the line before, canonical bytes. No file is a chain without events."""
    data = path.read_bytes() if path.is_file() else b""
    events, faults, hashes, previous = [], [], [], START
    lines = data.split(b"\n")
    if lines[-1]:
        faults.append(Fault("the last line is not complete", "journal", path.name, row=len(lines)))
    for number, line in enumerate(lines[:-1], 1):
        try:
            event = json.loads(line)
            told = (event["sequence"], event["previous"], event["event"], event["at"])
        except (ValueError, KeyError, TypeError):
            faults.append(Fault("is not an event", "journal", path.name, row=number))
            continue
        if line_of(event) != line or told[0] != number or told[1] != previous:
            message = "does not follow from the line before: the journal was edited, or a line taken out"
            faults.append(Fault(message, "journal", path.name, row=number))
        previous = sha256_bytes(line)
        events.append(event)
        hashes.append(previous)
    return Chain(tuple(events), previous, tuple(faults), tuple(hashes))


def append_events(path: Path, events: Iterable[dict[str, Any]], error: type[CreditRiskError] = CreditRiskError) -> str:
    """Append events and force them to the disk in one write; the hash of the last line. The caller holds the lock.

    Raises `error` where the chain that stands is at fault.
    """
    chain = read_chain(path)
    if chain.faults:
        raise error(chain.faults)
    head, sequence, lines = chain.head, len(chain.events), []
    for event in events:
        sequence += 1
        line = line_of({**event, "sequence": sequence, "previous": head})
        head = sha256_bytes(line)
        lines.append(line + b"\n")
    if lines:
        with path.open("ab") as stream:
            stream.write(b"".join(lines))
            stream.flush()
            os.fsync(stream.fileno())
    return head


def cut_unfinished(path: Path) -> None:
    """Cut a last line that a kill left incomplete: it was never an event."""
    if path.is_file():
        data = path.read_bytes()
        kept = data[: data.rfind(b"\n") + 1]
        if len(kept) < len(data):
            with path.open("r+b") as stream:
                stream.truncate(len(kept))
