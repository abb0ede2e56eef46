"""The journal of a log: one line an event, each with the hash of the line before."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from credit_risk._core import canonical_json
from credit_risk._core.errors import Fault, ScoringError
from credit_risk._core.hashing import sha256_bytes

JOURNAL, HEAD_FILE = "journal.jsonl", "log.json"
FORMAT, VERSION = "credit-risk-prediction-log", "0.1"
START = "0" * 64


@dataclass(frozen=True, slots=True)
class Journal:
    """Events in their order, the hash of the last line (START without one), and what is wrong with the chain."""

    events: tuple[dict[str, Any], ...]
    head: str
    faults: tuple[Fault, ...]
    hashes: tuple[str, ...] = ()


def line_of(event: dict[str, Any]) -> bytes:
    """The bytes of an event: JSON with sorted keys and no space, UTF-8, without the end of the line."""
    return json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode("utf-8")


def read_journal(log: Path) -> Journal:
    """Read and check the chain: sequence, hash of the line before, canonical bytes."""
    path = log / JOURNAL
    data = path.read_bytes() if path.is_file() else b""
    events, faults, hashes, previous = [], [], [], START
    lines = data.split(b"\n")
    if lines[-1]:
        faults.append(Fault("the last line is not complete", "journal", JOURNAL, row=len(lines)))
    for number, line in enumerate(lines[:-1], 1):
        try:
            event = json.loads(line)
            told = (event["sequence"], event["previous"], event["event"], event["at"])
        except (ValueError, KeyError, TypeError):
            faults.append(Fault("is not an event", "journal", JOURNAL, row=number))
            continue
        if line_of(event) != line or told[0] != number or told[1] != previous:
            message = "does not follow from the line before: the journal was edited, or a line taken out"
            faults.append(Fault(message, "journal", JOURNAL, row=number))
        previous = sha256_bytes(line)
        events.append(event)
        hashes.append(previous)
    return Journal(tuple(events), previous, tuple(faults), tuple(hashes))


def append(log: Path, event: dict[str, Any]) -> str:
    """Append an event and force it to the disk; the hash of its line. The caller holds the lock of the log."""
    journal = read_journal(log)
    if journal.faults:
        raise ScoringError(journal.faults)
    whole = {**event, "sequence": len(journal.events) + 1, "previous": journal.head}
    line = line_of(whole)
    with (log / JOURNAL).open("ab") as stream:
        stream.write(line + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    return sha256_bytes(line)


def open_log(log: Path, *, create: bool) -> None:
    """Make sure that `log` is a log of ours. Raises ScoringError where it is another folder, or of another version."""
    head = log / HEAD_FILE
    if not head.exists() and create and (not log.exists() or not any(log.iterdir())):
        log.mkdir(parents=True, exist_ok=True)
        unfinished = log / f".{HEAD_FILE}.partial"
        unfinished.write_bytes(canonical_json.to_bytes({"format": FORMAT, "format_version": VERSION}))
        os.replace(unfinished, head)
        return
    names = {one.name for one in log.iterdir()} if log.is_dir() else set()
    if create and names and names <= {f".{HEAD_FILE}.partial"}:  # killed at the very beginning
        os.replace(log / f".{HEAD_FILE}.partial", head)
    try:
        told = json.loads(head.read_bytes())
    except (OSError, ValueError) as error:
        remedy = "name the folder of a log" if not create else "name a new folder, or that of a log"
        raise ScoringError(Fault("is not a prediction log", "log", str(log), remedy=remedy)) from error
    if told != {"format": FORMAT, "format_version": VERSION}:
        allowed = f"{FORMAT} {VERSION}"
        raise ScoringError(Fault("is a log of another format", "log", str(log), found=str(told), allowed=allowed))


def repair(log: Path) -> None:
    """Cut a last line that a kill left incomplete: it was never an event."""
    path = log / JOURNAL
    if path.is_file():
        data = path.read_bytes()
        kept = data[: data.rfind(b"\n") + 1]
        if len(kept) < len(data):
            with path.open("r+b") as stream:
                stream.truncate(len(kept))
