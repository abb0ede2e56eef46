"""Score a table with a package alone: the same columns, and the same bits, as its `predictions/`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pandas as pd

from credit_risk._core.errors import CreditRiskError, Fault, IntakeError, ScoringError
from credit_risk.package import Package, TableWriter, flags_as_numbers, read_package
from credit_risk.package.output import partial_path, told
from credit_risk.sampling import read_source
from credit_risk.sampling.parquet_batches import Batch, open_parquet
from credit_risk.sampling.production import declared_notations, keys, typed_frame
from credit_risk.scoring import compile_model

KINDS = (".csv", ".parquet")
PARQUET = (".parquet", ".pq")


@dataclass(frozen=True, slots=True)
class ScoredTable:
    """What was scored: predictions with `_key`, the package's hash, and what `_key` holds (None: the row number)."""

    predictions: pd.DataFrame
    package_hash: str
    key: str | None


@dataclass(frozen=True, slots=True)
class ScoredFile:
    """What was scored into a file: number of rows, the package's hash, and what `_key` holds (None: the row number)."""

    rows: int
    package_hash: str
    key: str | None


def score_table(package: Path, table: Path) -> ScoredTable:
    """Score the rows of a CSV or Parquet `table` with a model package.

    `_key` is the plan's key column where the table has it, and the row number from 1 otherwise. Raises PackageError,
    IntakeError and ScoringError with every fault.
    """
    read = read_package(package)
    key, batches = _open(read, table)
    parts = list(_score(read, batches))
    return ScoredTable(pd.concat(parts, ignore_index=True), read.package_hash, key)


def score_file(package: Path, table: Path, out: Path) -> ScoredFile:
    """Score the rows of `table` as `score_table` does, into a CSV or Parquet file, by the name of `out`.

    A Parquet table is read, scored and written in batches, so that memory does not grow with its rows. CSV holds the
    shortest text that reads back to the same double. The file is written beside `out` and renamed. Raises as
    `score_table`, and PackageError where the disk does not take the file.
    """
    check_target(out, package, table)
    read = read_package(package)
    key, batches = _open(read, table)
    rows, unfinished = 0, partial_path(out)
    with told(out):
        try:
            unfinished.unlink(missing_ok=True)
            with TableWriter(unfinished, out.name) as writer:
                for predictions in _score(read, batches):
                    writer.write(predictions)
                    rows += len(predictions)
            os.replace(unfinished, out)
        finally:
            unfinished.unlink(missing_ok=True)
    return ScoredFile(rows, read.package_hash, key)


def _open(package: Package, table: Path) -> tuple[str | None, Iterator[Batch]]:
    """What `_key` holds, and the rows of the table: a Parquet file in batches, any other whole."""
    inputs, key = package.model["inputs"], package.plan["data"].get("key")
    notations = declared_notations(package.plan, [item["name"] for item in inputs])
    if table.suffix.lower() in PARQUET and table.is_file() and table.stat().st_size:
        opened = open_parquet(table, inputs, key, notations)
        return opened.key, opened.batches()
    source = read_source(table)
    key = key if key in source.raw else None
    return key, iter([Batch(0, keys(source, key), partial(typed_frame, source, inputs, notations))])


def _score(package: Package, batches: Iterator[Batch]) -> Iterator[pd.DataFrame]:
    """Predictions of batch after batch. Raises IntakeError or ScoringError with the faults of all batches."""
    compiled = compile_model(package.model)
    errors: list[tuple[int, CreditRiskError]] = []
    for batch in batches:
        try:
            predictions = flags_as_numbers(compiled.score(batch.typed()).reset_index(drop=True))
        except (IntakeError, ScoringError) as error:
            errors.append((batch.start, error))
            continue
        if not errors:
            predictions.insert(0, "_key", batch.keys)
            yield predictions
    if len(errors) == 1 and errors[0][0] == 0:
        raise errors[0][1]
    if errors:
        kind = IntakeError if any(isinstance(error, IntakeError) for _, error in errors) else ScoringError
        raise kind(_together(errors))


def _together(errors: Sequence[tuple[int, CreditRiskError]]) -> list[Fault]:
    """Each fault once, where it was met first, its row counted in the whole table, with how often it came again."""
    first: dict[tuple[str, str | None], Fault] = {}
    again: dict[tuple[str, str | None], int] = {}
    for start, error in errors:
        for fault in error.faults:
            what = (fault.code, fault.path)
            row = None if fault.row is None else fault.row + start
            first.setdefault(what, replace(fault, row=row, message=f"{fault.message} from row {start + 1:,} on"))
            again[what] = again.get(what, -1) + 1
    told = {what: f"; again in {again[what]} later parts of the table" for what in first if again[what]}
    return [replace(fault, message=fault.message + told.get(what, "")) for what, fault in first.items()]


def check_target(out: Path, package: Path, table: Path) -> None:
    """Raise ScoringError where predictions may not be written to `out`."""
    faults = []
    if out.suffix not in KINDS:
        faults.append(Fault("unknown kind of output", "output_kind", str(out), allowed=" or ".join(KINDS)))
    if out.is_dir() or out.resolve() == table.resolve():
        remedy = "name a new file"
        faults.append(Fault("is a folder, or the table to be scored", "output_path", str(out), remedy=remedy))
    if package.is_dir() and out.resolve().is_relative_to(package.resolve()):
        remedy = "write elsewhere: a package holds its own files only"
        faults.append(Fault("lies inside the package", "output_path", str(out), remedy=remedy))
    if faults:
        raise ScoringError(faults)
