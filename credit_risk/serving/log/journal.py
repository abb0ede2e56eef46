"""The journal of a log: one line an event, each with the hash of the line before."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from credit_risk._core import canonical_json
from credit_risk._core.errors import Fault, ScoringError
from credit_risk._core.hash_chain import Chain, append_events, cut_unfinished, read_chain

JOURNAL, HEAD_FILE = "journal.jsonl", "log.json"
FORMAT, VERSION = "credit-risk-prediction-log", "0.1"


Journal = Chain


def read_journal(log: Path) -> Journal:
    """Read and check the chain: sequence, hash of the line before, canonical bytes."""
    return read_chain(log / JOURNAL)


def append(log: Path, event: dict[str, Any]) -> str:
    """Append an event and force it to the disk; the hash of its line. The caller holds the lock of the log."""
    return append_events(log / JOURNAL, [event], ScoringError)


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
    cut_unfinished(log / JOURNAL)
