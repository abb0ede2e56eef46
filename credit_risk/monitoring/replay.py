"""Training and serving held against each other: logged inputs scored again by the package, equal to the last bit.

A batch of the log is read part by part, so that memory does not grow with the log. A double differs where one of its
64 bits does (a missing one equals a missing one), a text where it is another. Only of batches that generated SQL scored
within an engine, of which no bits are promised (PREDICTION_LOG.md, section 2), numbers may be `SQL_TOLERANCE` apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from credit_risk._core.errors import CreditRiskError, Fault, PackageError
from credit_risk.monitoring.frames import ALL
from credit_risk.monitoring.log_batches import Unreadable, log_batches
from credit_risk.monitoring.metrics import VALUE_COLUMNS
from credit_risk.monitoring.shelf import Shelf
from credit_risk.scoring import compile_model
from credit_risk.scoring.model import CompiledModel
from credit_risk.serving.log import encoding
from credit_risk.serving.log.journal import open_log
from credit_risk.serving.log.layout import INPUTS, PREDICTIONS, BatchFolder, read_table
from credit_risk.serving.part import results_table
from credit_risk.serving.run import METHODS

SHOWN = 20
SQL = METHODS["sql"]
SQL_TOLERANCE = 1e-12
"""Of probabilities absolute, of other numbers relative to values above 1."""
INPUTS_OUTPUT = "inputs"
"""What is told where the logged inputs are not those whose hash the log holds."""
REPLAY_COLUMNS = ["period", "package_hash", "method", "output", "rows", "differences"]
"""A row a period (month of the batch, UTC), package, method and output: rows scored again, and how many differ."""
EXAMPLE_COLUMNS = ["period", "package_hash", "method", "output", "batch", "row", "pseudonym", "logged", "again"]
"""A row a difference that is shown: at most `SHOWN` of each period, package, method and output, the first."""
LEFT_COLUMNS = ["period", "package_hash", "batch", "rows", "reason"]
"""A row a batch, or a part of one, that was not scored again, with why."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What was scored again (REPLAY_COLUMNS), differences shown (EXAMPLE_COLUMNS), and what was not (LEFT_COLUMNS)."""

    counts: pd.DataFrame
    examples: pd.DataFrame
    left_out: pd.DataFrame

    @property
    def differences(self) -> int:
        """Differences in all outputs together."""
        return int(self.counts["differences"].sum())

    def values(self) -> pd.DataFrame:
        """Values of the metric `replay_differences` (VALUE_COLUMNS), a subject an output, over all packages.

        A period of which nothing could be scored again is not evaluable.
        """
        rows: list[tuple[object, ...]] = []
        for (period, output), group in self.counts.groupby(["period", "output"]):
            total, differing = int(group["rows"].sum()), float(group["differences"].sum())
            rows.append((period, ALL, "replay_differences", output, differing, None, None, total, True, None, None))
        for period, group in self.left_out.groupby("period"):
            if not (self.counts["period"] == period).any():
                reason = "; ".join(sorted(set(group["reason"])))
                told = (period, ALL, "replay_differences", ALL, None, None, None, 0, False, reason, None)
                rows.append(told)
        return pd.DataFrame(rows, columns=VALUE_COLUMNS)


@dataclass
class _Tally:
    counts: dict[tuple[str, str, str, str], list[int]] = field(default_factory=dict)
    examples: list[tuple[object, ...]] = field(default_factory=list)
    left: list[tuple[object, ...]] = field(default_factory=list)

    def add(self, key: tuple[str, str, str, str], rows: int, differences: int) -> int:
        """Count; how many examples of the key may still be shown."""
        count = self.counts.setdefault(key, [0, 0])
        before = count[1]
        count[0], count[1] = count[0] + rows, count[1] + differences
        return max(0, SHOWN - before)


def replay(log: Path, shelf: Shelf) -> Replayed:
    """Score all logged inputs of a prediction log again, each batch with the package that its rows name.

    Batches without inputs or a manifest, rows whose inputs were erased, packages that are not at hand and parts that
    cannot be read are told in `left_out`; none of it stops the others. Raises ScoringError where the folder is no log.
    """
    open_log(log, create=False)
    tally, models = _Tally(), _Models(shelf)
    for batch in log_batches(log):
        if isinstance(batch, Unreadable):
            tally.left.append((batch.day[:7], "", batch.name, 0, batch.why))
            continue
        constants = batch.manifest["constants"]
        period, package_hash = str(constants["timestamp"])[:7], str(constants["package_hash"])
        rows = int(batch.manifest["rows"])
        if not batch.manifest["inputs_logged"]:
            tally.left.append((period, package_hash, batch.id, rows, "inputs were not logged"))
            continue
        compiled = models.take(package_hash)
        if isinstance(compiled, str):
            tally.left.append((period, package_hash, batch.id, rows, compiled))
            continue
        for name, count in _part_names(batch):
            try:
                _part(batch, name, compiled, (period, package_hash, str(constants["method"])), tally)
            except CreditRiskError as error:
                tally.left.append((period, package_hash, batch.id, count, error.faults[0].message))
    counts = [(*key, *count) for key, count in sorted(tally.counts.items())]
    return Replayed(
        pd.DataFrame(counts, columns=REPLAY_COLUMNS),
        pd.DataFrame(tally.examples, columns=EXAMPLE_COLUMNS),
        pd.DataFrame(tally.left, columns=LEFT_COLUMNS),
    )


@dataclass
class _Models:
    """One model at a time, made ready once for the batches that follow each other."""

    shelf: Shelf
    known: dict[str, CompiledModel | str] = field(default_factory=dict)

    def take(self, package_hash: str) -> CompiledModel | str:
        """The model, or why there is none."""
        if package_hash not in self.known:
            self.known = {one: ready for one, ready in self.known.items() if isinstance(ready, str)}
            try:
                self.known[package_hash] = compile_model(self.shelf.take(package_hash).model)
            except PackageError as error:
                self.known[package_hash] = error.faults[0].message
        return self.known[package_hash]


def _part_names(batch: BatchFolder) -> Iterator[tuple[str, int]]:
    for part in batch.manifest["parts"]:
        yield f"part-{part['part']:05d}.parquet", int(part["rows"])


def _part(batch: BatchFolder, name: str, compiled: CompiledModel, where: tuple[str, str, str], tally: _Tally) -> None:
    """Score a part again. Raises CreditRiskError where it cannot be read, or the model refuses the inputs."""
    logged, inputs = read_part(batch, name)
    lost = logged.num_rows - inputs.num_rows
    if lost:
        tally.left.append((*where[:2], batch.id, lost, "inputs were erased"))
    if not inputs.num_rows:
        return
    logged = matching(logged, inputs)
    again = score_inputs(compiled, inputs)
    hashes = encoding.as_hex(encoding.inputs_hashes(inputs.columns[2:], inputs.num_rows))
    same_inputs = pc.equal(hashes, logged["inputs_hash"].combine_chunks()).fill_null(False)
    columns: dict[str, np.ndarray] = {INPUTS_OUTPUT: ~same_inputs.to_numpy(zero_copy_only=False)}
    lacking = [output for output in batch.results if output not in again.column_names]
    if lacking:
        raise CreditRiskError(Fault(f"the package gives no {', '.join(lacking)}", "columns", name))
    columns |= {output: differing(logged[output], again[output], tolerance_of(batch)) for output in batch.results}
    for output, mask in columns.items():
        room = tally.add((*where, output), len(mask), int(mask.sum()))
        for place in np.flatnonzero(mask)[:room].tolist():
            pair = (
                (None, None)
                if output == INPUTS_OUTPUT
                else (_shown(logged[output][place]), _shown(again[output][place]))
            )
            person = (batch.id, logged["row"][place].as_py(), logged["pseudonym"][place].as_py())
            tally.examples.append((*where, output, *person, *pair))


def _shown(value: pa.Scalar) -> str | None:
    """A value as text that reads back to the same bits."""
    plain = value.as_py()
    return None if plain is None else plain if isinstance(plain, str) else repr(plain)


def read_part(batch: BatchFolder, name: str) -> tuple[pa.Table, pa.Table]:
    """Predictions and inputs of a part. Raises ScoringError where one cannot be read or lacks columns."""
    tables = []
    wanted = {PREDICTIONS: ["row", "pseudonym", "inputs_hash", *batch.results], INPUTS: ["row", "pseudonym"]}
    wanted[INPUTS] += [f"input:{one}" for one in batch.inputs]
    for place, columns in wanted.items():
        shown = f"{batch.path.parent.name}/{batch.path.name}/{place}/{name}"
        table = read_table(batch.path / place / name, shown)
        lacking = [one for one in columns if one not in table.column_names]
        if lacking:
            raise CreditRiskError(Fault(f"{shown} lacks columns: {', '.join(lacking)}", "columns", shown))
        tables.append(table.select(columns))
    return tables[0], tables[1]


def matching(logged: pa.Table, inputs: pa.Table) -> pa.Table:
    """The predictions of the rows of `inputs`, in their order. Raises CreditRiskError where a row has none."""
    places = pc.index_in(inputs["row"].combine_chunks(), value_set=logged["row"].combine_chunks())
    if places.null_count:
        message = f"inputs of {places.null_count} rows have no prediction"
        raise CreditRiskError(Fault(message, "inputs_left"))
    return logged.take(places)


def score_inputs(compiled: CompiledModel, inputs: pa.Table) -> pa.Table:
    """Results of logged inputs, in the types of the log. Raises ScoringError where the model refuses them."""
    return results_table(compiled.score(inputs_frame(inputs)))


def inputs_frame(inputs: pa.Table) -> pd.DataFrame:
    """Logged inputs as the model takes them: float64 with NaN for missing, objects with None."""
    arrays = {
        name.removeprefix("input:"): inputs[name].to_numpy(zero_copy_only=False)
        for name in inputs.column_names
        if name.startswith("input:")
    }
    return pd.DataFrame({name: pd.Series(values, dtype=values.dtype) for name, values in arrays.items()})


def tolerance_of(batch: BatchFolder) -> float | None:
    """How far numbers of a batch may be apart; None: not a bit."""
    return SQL_TOLERANCE if batch.manifest["constants"]["method"] == SQL else None


def differing(logged: pa.ChunkedArray, again: pa.ChunkedArray, tolerance: float | None = None) -> np.ndarray:
    """Which rows differ, (n,) bool: doubles by their bits, texts by their letters, missing equal to missing.

    tolerance: doubles differ where they are further apart, relative to values above 1.
    """
    mine, theirs = logged.combine_chunks(), again.combine_chunks()
    if pa.types.is_null(mine.type) or pa.types.is_null(theirs.type):
        mine, theirs = mine.cast(pa.string()), theirs.cast(pa.string())
    if mine.type != theirs.type:
        return np.ones(len(mine), dtype=bool)
    gone, lost = (one.is_null().to_numpy(zero_copy_only=False) for one in (mine, theirs))
    if pa.types.is_floating(mine.type):
        a, b = (np.ascontiguousarray(one.fill_null(0.0).to_numpy(zero_copy_only=False)) for one in (mine, theirs))
        if tolerance is None:
            unequal = a.view(np.int64) != b.view(np.int64)
        else:
            unequal = ~(np.abs(a - b) <= tolerance * np.maximum(1.0, np.abs(b)))
    else:
        unequal = pc.not_equal(mine, theirs).fill_null(False).to_numpy(zero_copy_only=False)
    return np.asarray((gone != lost) | (~gone & ~lost & unequal), dtype=bool)
