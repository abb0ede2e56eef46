"""Erase personal fields from a log, by key or by age: what binds them stays, so that all digests still hold."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from credit_risk._core.clock import Clock, system_clock, timestamp
from credit_risk._core.errors import Fault, ScoringError
from credit_risk._core.hashing import sha256_file
from credit_risk.serving.log import encoding
from credit_risk.serving.log.journal import append
from credit_risk.serving.log.layout import (
    INPUTS,
    PERSONAL,
    PREDICTIONS,
    STAGED,
    BatchFolder,
    batches,
    read_table,
    write_table,
)
from credit_risk.serving.log.secret import Secret
from credit_risk.serving.log.store import writing
from credit_risk.serving.log.verify import verify_log

Choose = Callable[[BatchFolder, pa.Table], np.ndarray]


@dataclass(frozen=True, slots=True)
class Erased:
    """Rows whose personal fields went, rows of inputs that went, and the head of the journal afterwards."""

    rows: int
    inputs: int
    head: str


def erase_key(
    log: Path, key: str, secrets: Sequence[Secret], *, inputs_only: bool = False, clock: Clock = system_clock
) -> Erased:
    """Erase the pseudonym, salt, hash of inputs and logged inputs of one applicant in all batches.

    Raises ScoringError where the log has batches of a secret that is not given, where nothing is found, and where the
    log does not verify (an erasure would hide it). Recorded in the journal with counts, without key or pseudonym.
    """
    known = {secret.id: secret.pseudonym(key).hex() for secret in secrets}

    def choose(batch: BatchFolder, table: pa.Table) -> np.ndarray:
        pseudonym = known[batch.manifest["constants"]["key_id"]]
        found: np.ndarray = pc.equal(table["pseudonym"], pseudonym).fill_null(False).to_numpy()
        return found

    with writing(log):
        ids = {one.manifest["constants"]["key_id"] for one in batches(log)}
        if unknown := sorted(ids - set(known)):
            message = (
                "batches have pseudonyms of a secret that is not given, so that the key cannot be looked for there"
            )
            remedy = "give each secret: --secret-file FILE, again for each"
            raise ScoringError(Fault(message, "secret", str(log), found=", ".join(unknown), remedy=remedy))
        return _erase(log, list(batches(log)), choose, {"by": "key"}, inputs_only, clock)


def erase_before(log: Path, day: date, *, inputs_only: bool = False, clock: Clock = system_clock) -> Erased:
    """Erase the personal fields of all batches of days before `day` (UTC); as `erase_key`."""
    with writing(log):
        old = [one for one in batches(log) if one.day < day.isoformat()]
        told = {"by": "date", "before": day.isoformat()}
        return _erase(log, old, lambda batch, table: np.ones(table.num_rows, dtype=bool), told, inputs_only, clock)


def _erase(
    log: Path, found: list[BatchFolder], choose: Choose, told: dict[str, Any], inputs_only: bool, clock: Clock
) -> Erased:
    """Write the parts anew beside the old ones, record it, then rename: a kill leaves the one or the other."""
    verified = verify_log(log)
    if verified.faults:
        raise ScoringError(verified.faults)
    parts: list[dict[str, Any]] = []
    staged: list[Path] = []
    for batch in found:
        for part, entry, files in _staged(batch, choose, inputs_only):
            staged += files
            parts.append({"batch": batch.id, "part": part, **entry})
    if not parts:
        message = "nothing to erase: no row, or all of them erased already"
        raise ScoringError(Fault(message, "nothing_erased", str(log)))
    rows, inputs = (sum(part[name] for part in parts) for name in ("rows", "inputs"))
    what = "inputs" if inputs_only else "personal fields"
    event = {"event": "erased", "at": timestamp(clock()), **told, "what": what, "parts": parts}
    head = append(log, event)
    for path in staged:
        os.replace(path, path.with_name(path.name.removesuffix(STAGED).removeprefix(".")))
    return Erased(rows, max(inputs, 0), head)


def _staged(batch: BatchFolder, choose: Choose, inputs_only: bool) -> Iterator[tuple[int, dict[str, Any], list[Path]]]:
    """Parts that change: number, counts with the hashes of the new files, and where these stand.

    `rows` counts rows without personal fields from now on, `inputs` rows whose inputs alone went.
    """
    for part in batch.manifest["parts"]:
        name = f"part-{part['part']:05d}.parquet"
        path = batch.path / PREDICTIONS / name
        table = read_table(path, path.name)
        chosen = choose(batch, table) & pc.is_valid(table["pseudonym"]).to_numpy()
        files: dict[str, pa.Table] = {}
        went = back = 0
        if batch.manifest["inputs_logged"]:
            inputs = read_table(batch.path / INPUTS / name, name)
            gone = np.isin(inputs["row"].to_numpy(), table["row"].to_numpy()[chosen])
            had = int(gone.sum())
            if had:
                files[f"{INPUTS}/{name}"] = inputs.filter(pa.array(~gone))
            # Rows whose inputs had gone before are now counted as rows without personal fields.
            went, back = (had, 0) if inputs_only else (0, int(chosen.sum()) - had)
        if not inputs_only and chosen.any():
            files[f"{PREDICTIONS}/{name}"] = without_personal(table, chosen)
        if not files:
            continue
        paths = [_write(batch.path / place, table) for place, table in files.items()]
        digests = {place: sha256_file(one) for place, one in zip(files, paths, strict=True)}
        counts = {"rows": 0 if inputs_only else int(chosen.sum()), "inputs": went - back}
        yield part["part"], {**counts, "files": digests}, paths


def without_personal(table: pa.Table, chosen: np.ndarray) -> pa.Table:
    """The table with the commitment in place of the personal fields of the chosen rows."""
    fields = [
        encoding.from_hex(table[n], size)[0] for n, size in (("salt", 16), ("pseudonym", 32), ("inputs_hash", 32))
    ]
    bound = encoding.as_hex(encoding.commitments(*fields))
    mask = pa.array(chosen)
    new = {name: pc.if_else(mask, pa.scalar(None, pa.string()), table[name]) for name in PERSONAL}
    new["commitment"] = pc.if_else(mask, bound, table["commitment"].combine_chunks())
    columns = [new.get(name, table[name]) for name in table.column_names]
    return pa.table(columns, names=table.column_names)


def _write(path: Path, table: pa.Table) -> Path:
    staged = path.with_name(f".{path.name}{STAGED}")
    write_table(table, staged)
    with staged.open("rb") as stream:
        os.fsync(stream.fileno())
    return staged
