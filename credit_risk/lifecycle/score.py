"""Score a table with a package alone: the same columns, and the same bits, as its `predictions/`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from credit_risk._core.errors import Fault, ScoringError
from credit_risk.package import read_package, table_bytes
from credit_risk.package.output import partial_path, told, write_file
from credit_risk.sampling import read_source
from credit_risk.sampling.production import keys, typed_frame
from credit_risk.scoring import compile_model

KINDS = (".csv", ".parquet")


@dataclass(frozen=True, slots=True)
class ScoredTable:
    """What was scored: predictions with `_key`, the package's hash, and what `_key` holds (None: the row number)."""

    predictions: pd.DataFrame
    package_hash: str
    key: str | None


def score_table(package: Path, table: Path) -> ScoredTable:
    """Score the rows of a CSV or Parquet `table` with a model package.

    `_key` is the plan's key column where the table has it, and the row number from 1 otherwise. Raises PackageError,
    IntakeError and ScoringError with every fault.
    """
    read = read_package(package)
    source = read_source(table)
    key = read.plan["data"]["key"]
    key = key if key in source.raw else None
    predictions = compile_model(read.model).score(typed_frame(source, read.model["inputs"])).reset_index(drop=True)
    predictions.insert(0, "_key", keys(source, key))
    return ScoredTable(predictions, read.package_hash, key)


def write_predictions(predictions: pd.DataFrame, out: Path) -> None:
    """Write predictions as CSV (shortest text that reads back to the same double) or Parquet, by the name of `out`.

    Written beside `out` and renamed. Raises PackageError where the disk does not take it.
    """
    if out.suffix == ".csv":
        data = predictions.to_csv(index=False, lineterminator="\n").encode("utf-8")
    else:
        data = table_bytes(predictions, out.name)
    partial = partial_path(out)
    with told(out):
        try:
            partial.unlink(missing_ok=True)
            write_file(partial, data)
            os.replace(partial, out)
        finally:
            partial.unlink(missing_ok=True)


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
