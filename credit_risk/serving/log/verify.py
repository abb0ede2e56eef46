"""Verify a prediction log: the chain of its journal, its manifests, the digest of each part, its rows one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk._core.hashing import sha256_file
from credit_risk.serving.log import encoding
from credit_risk.serving.log.journal import HEAD_FILE, JOURNAL, Journal, open_log, read_journal
from credit_risk.serving.log.layout import (
    CONSTANTS,
    INPUTS,
    MANIFEST,
    PERSONAL,
    PREDICTIONS,
    STAGED,
    BatchFolder,
    batch_path,
    read_batch,
    read_table,
)

SHOWN = 5
Erasures = Mapping[tuple[str, int], Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found: batches, rows, rows whose personal fields were erased, the head of the journal, faults."""

    batches: int
    rows: int
    erased: int
    head: str
    faults: tuple[Fault, ...]


def verify_log(log: Path, head: str | None = None) -> Verified:
    """Check everything in a log that its digests bind; changes nothing.

    head: hash of the journal that was kept elsewhere; it must be one of the hashes of the chain, so that a journal that
    was written anew or cut off is found. Raises ScoringError where the folder is no log.
    """
    open_log(log, create=False)
    journal = read_journal(log)
    faults = list(journal.faults)
    if head is not None and head not in journal.hashes:
        message = "the hash that was kept elsewhere is not in the journal: lines were taken out or written anew"
        faults.append(Fault(message, "anchor", JOURNAL, found=journal.head))
    erasures = _erasures(journal)
    named = {e["batch"]: e for e in journal.events if e["event"] == "batch"}
    rows = erased = count = 0
    faults += _folders(log, journal, named)
    for batch, event in named.items():
        folder = batch_path(log, event["day"], batch)
        shown = folder.relative_to(log).as_posix()
        if not (folder / MANIFEST).is_file():
            remedy = "run the same scoring again, which finishes it, or bring the folder back"
            faults.append(Fault("the batch is in the journal and is not here", "batch_gone", shown, remedy=remedy))
            continue
        if sha256_file(folder / MANIFEST) != event["manifest"]:
            faults.append(Fault("is not the manifest of the journal", "manifest_edited", f"{shown}/{MANIFEST}"))
            continue
        count += 1
        one_rows, one_erased, one_faults = _batch(log, read_batch(log, folder), erasures)
        rows, erased, faults = rows + one_rows, erased + one_erased, faults + one_faults
    return Verified(count, rows, erased, journal.head, tuple(faults))


def verify_part(log: Path, batch: BatchFolder, number: int, journal: Journal) -> tuple[int, tuple[Fault, ...]]:
    """Rows of one part of predictions, and faults of it and of its manifest in the journal; nothing else is read.

    Raises ScoringError where the part cannot be read.
    """
    shown = batch.path.relative_to(log).as_posix()
    event = next((e for e in journal.events if e["event"] == "batch" and e["batch"] == batch.id), None)
    if event is None:
        return 0, (Fault("belongs to no batch of the journal", "file_unknown", shown),)
    if sha256_file(batch.path / MANIFEST) != event["manifest"]:
        return 0, (Fault("is not the manifest of the journal", "manifest_edited", f"{shown}/{MANIFEST}"),)
    part = next(one for one in batch.manifest["parts"] if one["part"] == number)
    name = f"{PREDICTIONS}/part-{number:05d}.parquet"
    table = read_table(batch.path / name, f"{shown}/{name}")
    counts = _erasures(journal).get((batch.id, number), {"rows": 0, "inputs": 0})
    return table.num_rows, tuple(_part(batch, part, table, counts["rows"], f"{shown}/{name}")[1])


def _erasures(journal: Journal) -> dict[tuple[str, int], dict[str, int]]:
    """Rows and rows of inputs that the journal says were erased, by batch and part."""
    found: dict[tuple[str, int], dict[str, int]] = {}
    for event in journal.events:
        for part in event["parts"] if event["event"] == "erased" else ():
            counts = found.setdefault((part["batch"], part["part"]), {"rows": 0, "inputs": 0})
            counts["rows"] += part["rows"]
            counts["inputs"] += part["inputs"]
    return found


def _folders(log: Path, journal: Journal, named: Mapping[str, Any]) -> list[Fault]:
    """Batches that stand twice in the journal, and files that belong to none."""
    faults = []
    for batch, times in Counter(e["batch"] for e in journal.events if e["event"] == "batch").items():
        if times > 1:
            faults.append(Fault(f"names batch {batch} {times} times", "journal", JOURNAL))
    known = {batch_path(log, event["day"], batch) for batch, event in named.items()}
    for path in sorted(log.rglob("*")):
        relative = path.relative_to(log)
        if path.is_dir() or relative.as_posix() in (JOURNAL, HEAD_FILE):
            continue
        if relative.parts[0].startswith("."):
            continue  # a batch on its way into the log
        folder = log.joinpath(*relative.parts[:2])
        if path.name.endswith(STAGED):
            remedy = "run the same erasure again, which finishes or undoes it"
            faults.append(Fault("an erasure was stopped", "unfinished", relative.as_posix(), remedy=remedy))
        elif folder not in known:
            faults.append(Fault("belongs to no batch of the journal", "file_unknown", relative.as_posix()))
    return faults


def _batch(log: Path, batch: BatchFolder, erasures: Erasures) -> tuple[int, int, list[Fault]]:
    """Rows, erased rows and faults of a batch."""
    rows = erased = 0
    faults: list[Fault] = []
    shown = batch.path.relative_to(log).as_posix()
    names = {f"part-{part['part']:05d}.parquet" for part in batch.manifest["parts"]}
    places = (PREDICTIONS, INPUTS) if batch.manifest["inputs_logged"] else (PREDICTIONS,)
    expected = {MANIFEST, *(f"{place}/{name}" for place in places for name in names)}
    there = {p.relative_to(batch.path).as_posix() for p in batch.path.rglob("*") if p.is_file()}
    for extra in sorted(there - expected):
        if not extra.endswith(STAGED):
            faults.append(Fault("is no part of the batch", "file_unknown", f"{shown}/{extra}"))
    for missing in sorted(expected - there):
        faults.append(Fault("the part is not here", "part_gone", f"{shown}/{missing}"))
    for part in batch.manifest["parts"]:
        name = f"part-{part['part']:05d}.parquet"
        if f"{PREDICTIONS}/{name}" not in there:
            continue
        counts = erasures.get((batch.id, part["part"]), {"rows": 0, "inputs": 0})
        try:
            table = read_table(batch.path / PREDICTIONS / name, f"{shown}/{PREDICTIONS}/{name}")
            gone, found = _part(batch, part, table, counts["rows"], f"{shown}/{PREDICTIONS}/{name}")
            if batch.manifest["inputs_logged"] and not found and f"{INPUTS}/{name}" in there:
                inputs = read_table(batch.path / INPUTS / name, f"{shown}/{INPUTS}/{name}")
                found += _inputs(batch, table, inputs, counts["inputs"], f"{shown}/{INPUTS}/{name}")
        except CreditRiskError as error:
            faults += error.faults
            continue
        rows, erased, faults = rows + table.num_rows, erased + gone, faults + found
    return rows, erased, faults


def _part(
    batch: BatchFolder, part: Mapping[str, Any], table: pa.Table, erased: int, shown: str
) -> tuple[int, list[Fault]]:
    """Erased rows and faults of a table of predictions."""
    columns = ["row", *PERSONAL, "commitment", "check", *batch.outputs, *CONSTANTS]
    if table.column_names != columns:
        found = ", ".join(table.column_names)
        return 0, [Fault("has other columns", "columns", shown, found=found, allowed=", ".join(columns))]
    faults = _numbers(part, table, shown) + _constants(batch, table, shown)
    gone = pc.is_null(table["pseudonym"]).to_numpy()
    whole = [pc.is_null(table[name]).to_numpy() for name in PERSONAL]
    bound_null = pc.is_null(table["commitment"]).to_numpy()
    torn = np.flatnonzero(np.any([one != gone for one in whole], axis=0) | (bound_null == gone))
    if len(torn):
        message = "personal fields are erased in part, or without what binds them"
        return int(gone.sum()), [*faults, _rows(message, "row_torn", shown, table, torn)]
    if int(gone.sum()) != erased:
        message = f"{int(gone.sum()):,} rows have no personal fields; the journal tells of {erased:,}"
        faults.append(Fault(message, "erasure_untold", shown))
    try:
        leaves = row_leaves(table, batch.outputs)
    except (ValueError, pa.ArrowException, AttributeError) as error:
        return int(gone.sum()), [*faults, Fault("holds values of another form", "form", shown, found=str(error)[:200])]
    if encoding.part_digest(dict(batch.manifest["constants"]), leaves) != part["digest"]:
        checks = encoding.as_hex(leaves, 8)
        differing = np.flatnonzero(
            pc.not_equal(checks, table["check"].combine_chunks()).fill_null(True).to_numpy(False)
        )
        message = "rows are not those that were written: edited, taken out, added or moved"
        faults.append(_rows(message, "rows_edited", shown, table, differing))
    return int(gone.sum()), faults


def row_leaves(table: pa.Table, outputs: Sequence[str]) -> np.ndarray:
    """Hash (n, 32) of each row of a table of predictions; the commitment is made of the personal fields, or read.

    Raises ValueError where a digest is not hexadecimal.
    """
    bound, gone = encoding.from_hex(table["commitment"], 32)
    fields = [
        encoding.from_hex(table[name], size)[0] for name, size in (("salt", 16), ("pseudonym", 32), ("inputs_hash", 32))
    ]
    made = encoding.commitments(*fields)
    bound = np.where(gone[:, None], made, bound)
    return encoding.leaves(bound, table["row"], [table[name] for name in outputs])


def _numbers(part: Mapping[str, Any], table: pa.Table, shown: str) -> list[Fault]:
    """Rows are as many as were written, within the part, in order."""
    faults = []
    if table.num_rows != part["rows"]:
        message = f"has {table.num_rows:,} rows; {part['rows']:,} were written"
        faults.append(Fault(message, "row_count", shown))
    numbers = np.asarray(table["row"].to_pylist(), dtype=object)
    if any(number is None for number in numbers):
        return [*faults, Fault("a row has no number", "row_number", shown)]
    plain = numbers.astype(np.int64)
    wrong = np.flatnonzero(np.diff(plain) <= 0) + 1
    last = part["offset"] + part["rows"] + part["refused"]
    outside = np.flatnonzero((plain <= part["offset"]) | (plain > last))
    if len(wrong):
        faults.append(_rows("rows are not in their order", "row_order", shown, table, wrong))
    if len(outside):
        faults.append(_rows("rows are not of this part", "row_number", shown, table, outside))
    if not part["refused"] and len(plain) < part["rows"]:
        lost = sorted(set(range(part["offset"] + 1, last + 1)) - set(plain.tolist()))
        listed = ", ".join(f"{one:,}" for one in lost[:SHOWN]) + (", …" if len(lost) > SHOWN else "")
        faults.append(Fault(f"rows are missing: {listed}", "row_gone", shown, row=lost[0] if lost else None))
    return faults


def _constants(batch: BatchFolder, table: pa.Table, shown: str) -> list[Fault]:
    """Columns that have one value in all rows hold that of the manifest."""
    faults = []
    for name in CONSTANTS:
        values = pc.unique(table[name]).to_pylist()
        told = batch.manifest["constants"][name]
        if name == "timestamp":
            values = [None if one is None else one.strftime("%Y-%m-%dT%H:%M:%SZ") for one in values]
        if values not in ([told], []):
            found = ", ".join(map(str, values[:SHOWN]))
            faults.append(Fault("is not that of the manifest", "constant", shown, name, found=found, allowed=told))
    return faults


def _inputs(batch: BatchFolder, table: pa.Table, inputs: pa.Table, erased: int, shown: str) -> list[Fault]:
    """Faults of the table of inputs that goes with a sound table of predictions."""
    columns = ["row", "pseudonym", *(f"input:{name}" for name in batch.inputs)]
    if inputs.column_names != columns:
        found = ", ".join(inputs.column_names)
        return [Fault("has other columns", "columns", shown, found=found, allowed=", ".join(columns))]
    rows = inputs["row"].to_numpy()
    if len(rows) and (np.diff(rows) <= 0).any():
        return [
            _rows("rows are not in their order", "row_order", shown, inputs, np.flatnonzero(np.diff(rows) <= 0) + 1)
        ]
    kept = table.filter(pc.is_valid(table["pseudonym"]))
    place = np.searchsorted(kept["row"].to_numpy(), rows)
    known = (place < kept.num_rows) & np.isin(rows, kept["row"].to_numpy())
    faults = []
    if not known.all():
        message = "inputs of rows that are erased or were never here"
        faults.append(_rows(message, "inputs_left", shown, inputs, np.flatnonzero(~known)))
    mine, theirs = inputs.filter(pa.array(known)), kept.take(pa.array(place[known]))
    made = encoding.as_hex(encoding.inputs_hashes(mine.columns[2:], mine.num_rows))
    same = pc.and_(
        pc.equal(made, theirs["inputs_hash"].combine_chunks()),
        pc.equal(mine["pseudonym"].combine_chunks(), theirs["pseudonym"].combine_chunks()),
    )
    differing = np.flatnonzero(~same.fill_null(False).to_numpy(zero_copy_only=False))
    if len(differing):
        faults.append(_rows("inputs are not those that were scored", "inputs_edited", shown, mine, differing))
    lost = kept.num_rows - int(known.sum())
    if lost != erased:
        message = f"inputs of {lost:,} rows are missing; the journal tells of {erased:,}"
        faults.append(Fault(message, "inputs_gone", shown))
    return faults


def _rows(message: str, code: str, shown: str, table: pa.Table, places: np.ndarray) -> Fault:
    """A fault of rows, named by their numbers in the input."""
    numbers = table["row"].take(pa.array(places)).to_pylist()
    listed = ", ".join(f"{n:,}" if isinstance(n, int) else "?" for n in numbers[:SHOWN])
    more = ", …" if len(numbers) > SHOWN else ""
    first = numbers[0] if numbers and isinstance(numbers[0], int) else None
    return Fault(message, code, shown, row=first, found=f"rows {listed}{more}" if numbers else None)
