"""Batches that come into a log: moved beside, written into the journal, given their name; a kill between is mended."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from credit_risk._core import canonical_json
from credit_risk._core.errors import Fault, ScoringError
from credit_risk._core.hashing import sha256_bytes, sha256_file
from credit_risk.package.output import hold, release
from credit_risk.serving.log.journal import append, open_log, read_journal, repair
from credit_risk.serving.log.layout import MANIFEST, STAGED, batch_path

INCOMING = ".incoming-"


@contextmanager
def writing(log: Path) -> Iterator[None]:
    """Nobody else writes to the log; what a kill left half done is finished or undone first."""
    open_log(log, create=False)
    lock = hold(log)
    try:
        repair(log)
        recover(log)
        yield
    finally:
        release(lock)


def has_batch(log: Path, batch: str) -> bool:
    """Whether the journal names the batch."""
    return any(event["event"] == "batch" and event["batch"] == batch for event in read_journal(log).events)


def method_of(log: Path, batch: str) -> str | None:
    """The method by which the rows of a batch were scored that stands in the log; None where it does not."""
    manifest = manifest_of(log, batch)
    return None if manifest is None else str(manifest["constants"]["method"])


def manifest_of(log: Path, batch: str) -> Mapping[str, Any] | None:
    """The manifest of a batch that stands in the log; None where it does not."""
    for event in read_journal(log).events:
        if event["event"] == "batch" and event["batch"] == batch:
            for folder in (batch_path(log, event["day"], batch), log / f"{INCOMING}{batch}"):
                if (folder / MANIFEST).is_file():
                    found: Mapping[str, Any] = canonical_json.from_bytes((folder / MANIFEST).read_bytes(), MANIFEST)
                    return found
    return None


def add_batch(log: Path, source: Path, manifest: Mapping[str, Any], now: str) -> str:
    """Move the folder `source`, which holds `manifest`, into the log; the head of the journal afterwards.

    A batch that the journal names stays as it is. Raises ScoringError where it is there with other rows.
    """
    batch = str(manifest["batch"])
    digest = sha256_bytes(canonical_json.to_bytes(dict(manifest)))
    incoming = log / f"{INCOMING}{batch}"
    with writing(log):
        journal = read_journal(log)
        for event in journal.events:
            if event["event"] == "batch" and event["batch"] == batch:
                if event["rows"] != manifest["rows"]:
                    message = "the log has this batch with other rows"
                    raise ScoringError(Fault(message, "log_other_rows", str(log), found=f"{event['rows']:,} rows"))
                return journal.head
        if source.is_dir():
            if incoming.exists():
                shutil.rmtree(incoming)
            _move(source, incoming)
        if not (incoming / MANIFEST).is_file() or sha256_file(incoming / MANIFEST) != digest:
            message = "the rows of this batch are neither here nor in the log"
            raise ScoringError(Fault(message, "log_lost", str(log), remedy="remove the unfinished folder, run again"))
        day = manifest["constants"]["timestamp"][:10]
        event = {"event": "batch", "at": now, "batch": batch, "day": day, "manifest": digest, "rows": manifest["rows"]}
        head = append(log, event)
        recover(log)
    return head


def recover(log: Path) -> None:
    """Give batches of the journal their names, and finish or undo an erasure that was stopped."""
    events = read_journal(log).events
    for event in events:
        if event["event"] != "batch":
            continue
        incoming, final = log / f"{INCOMING}{event['batch']}", batch_path(log, event["day"], event["batch"])
        if incoming.is_dir() and not final.exists() and sha256_file(incoming / MANIFEST) == event["manifest"]:
            final.parent.mkdir(exist_ok=True)
            os.rename(incoming, final)
    erased = {digest for e in events if e["event"] == "erased" for p in e["parts"] for digest in p["files"].values()}
    for staged in log.glob(f"day=*/batch=*/*/*{STAGED}"):
        if sha256_file(staged) in erased:
            os.replace(staged, staged.with_name(staged.name.removesuffix(STAGED).removeprefix(".")))
        else:
            staged.unlink()


def _move(source: Path, target: Path) -> None:
    """Rename, or copy where the log lies on another disk."""
    try:
        os.rename(source, target)
    except OSError:
        shutil.copytree(source, target)
        for path in target.rglob("*.*"):
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
        shutil.rmtree(source)
