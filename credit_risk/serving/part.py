"""One part of an input scored and written: the same function in this process and in the workers of Spark."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from credit_risk._core import canonical_json
from credit_risk._core.errors import CreditRiskError, Fault, ScoringError
from credit_risk._core.hashing import sha256_file
from credit_risk.package import flags_as_numbers
from credit_risk.sampling.parquet_batches import ReadingRules
from credit_risk.scoring import compile_model
from credit_risk.scoring.model import CompiledModel
from credit_risk.serving.arms import ARM, Assignment
from credit_risk.serving.log import encoding
from credit_risk.serving.log.layout import CONSTANTS, INPUTS, PREDICTIONS, write_table
from credit_risk.serving.log.secret import Secret
from credit_risk.serving.refused import Refusal, faults_of, key_refusals, refused_table, told, value_refusals
from credit_risk.serving.source import Part

DONE, LOG, REFUSED = "done", "log", "refused"
_compiled: dict[str, CompiledModel] = {}


@dataclass(frozen=True, slots=True)
class LogHead:
    """What a part needs to write its rows of the log: constants of the batch, the secret, the seed of the salts."""

    constants: Mapping[str, str]
    secret: Secret
    seed: bytes
    with_inputs: bool


@dataclass(frozen=True, slots=True)
class SqlResults:
    """Columns of a table that SQL has scored.

    told: the one that is 1 where the rules of intake and the package are to judge a row; columns: of each result, its
    published name.
    """

    told: str
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PartWork:
    """Scores the rows of a part and writes them below `folder`; calling it again gives the same bytes.

    repeated: keys that stand more than once; refuse: whether rows may be refused and written apart. sql: how tables
    hold results of the engine's SQL beside the columns of the input, where it scores. arms: what assigns each row an
    arm of a live split, which then stands after the results.
    """

    package_hash: str
    model: Mapping[str, Any]
    rules: ReadingRules
    folder: str
    repeated: frozenset[str]
    refuse: bool
    log: LogHead | None = None
    sql: SqlResults | None = None
    arms: Assignment | None = None

    def __call__(self, part: Part, table: pa.Table) -> dict[str, Any]:
        """Write the part; what was done, as it stands in `done/`: rows, refused rows, digests, or faults."""
        compiled = self._model()
        keys = self.rules.keys(table, part.offset)
        try:
            frame, scored, refusals = self._scored(part, compiled, table, keys)
        except CreditRiskError as error:
            return {"part": part.number, "faults": [asdict(one) for one in told(error, part.name, part.start)]}
        if refusals and not self.refuse:
            faults = faults_of(refusals, part.name, part.start, part.rows)
            return {"part": part.number, "faults": [asdict(one) for one in faults]}
        good = np.ones(part.rows, dtype=bool)
        good[[one.row for one in refusals]] = False
        if self.arms is not None:
            column = self.arms.column
            names = keys if column is None else self.rules.identifiers(table, column)
            scored = scored.append_column(ARM, pa.array(self.arms(names)[good], pa.string()))
        entry: dict[str, Any] = {
            "part": part.number,
            "source": part.name,
            "first_row": part.start + 1,
            "rows": int(good.sum()),
            "refused": int((~good).sum()),
            "files": {},
        }
        self._write(PREDICTIONS, part, scored.add_column(0, "_key", _array(keys[good])), entry)
        if refusals:
            where: dict[str, int | str] = {"name": part.name, "start": part.start}
            self._write(REFUSED, part, refused_table(refusals, keys, where), entry)
        if self.log is not None:
            self._write_log(part, frame, keys[good], np.flatnonzero(good), scored, entry)
        self._put(Path(self.folder) / DONE / f"{part.file}.json", lambda path: _write(path, entry))
        return entry

    def stands(self, part: Part) -> dict[str, Any] | None:
        """The entry of a part that stands whole, by whatever process."""
        path = Path(self.folder) / DONE / f"{part.file}.json"
        if not path.is_file():
            return None
        entry: dict[str, Any] = canonical_json.from_bytes(path.read_bytes(), path.name)
        return entry

    def _model(self) -> CompiledModel:
        if self.package_hash not in _compiled:
            _compiled.clear()
            _compiled[self.package_hash] = compile_model(self.model)
        return _compiled[self.package_hash]

    def _scored(
        self, part: Part, compiled: CompiledModel, table: pa.Table, keys: np.ndarray
    ) -> tuple[pd.DataFrame, pa.Table, list[Refusal]]:
        """Inputs as read (by SQL for a log alone) and predictions of rows that are taken, and the rows that are not."""
        if self.sql is not None:
            return self._by_sql(self.sql, part, compiled, table, keys)
        frame, scored, refusals = self._score(compiled, table, keys)
        return frame, results_table(scored), refusals

    def _by_sql(
        self, sql: SqlResults, part: Part, compiled: CompiledModel, table: pa.Table, keys: np.ndarray
    ) -> tuple[pd.DataFrame, pa.Table, list[Refusal]]:
        """What SQL gave, but for rows that it marks: these must be such as the package refuses, for its reasons."""
        plain = table.select(self.rules.columns())
        refusals = key_refusals(keys, self.repeated, self.rules.key)
        marked = np.flatnonzero(table[sql.told].to_numpy())
        if len(marked):
            found = value_refusals(self.rules, compiled, plain.take(pa.array(marked)))
            refusals += [replace(one, row=int(marked[one.row])) for one in found]
            taken = np.delete(marked, [one.row for one in found])
            if len(taken):
                raise ScoringError(_unlike(part, taken))
        good = np.ones(table.num_rows, dtype=bool)
        good[[one.row for one in refusals]] = False
        kept = table if good.all() else table.filter(pa.array(good))
        frame = self.rules.frame(kept.select(plain.column_names)) if self.log is not None else pd.DataFrame()
        return frame, kept.select(list(sql.columns)).rename_columns(list(sql.columns.values())), refusals

    def _score(
        self, compiled: CompiledModel, table: pa.Table, keys: np.ndarray
    ) -> tuple[pd.DataFrame, pd.DataFrame, list[Refusal]]:
        """By the package's arithmetic."""
        refusals = key_refusals(keys, self.repeated, self.rules.key)
        if not refusals:
            try:
                frame = self.rules.frame(table)
                return frame, compiled.score(frame), []
            except CreditRiskError:
                pass  # which rows it is follows
        found = value_refusals(self.rules, compiled, table)
        refusals += found
        good = np.ones(table.num_rows, dtype=bool)
        good[[one.row for one in refusals]] = False
        frame = self.rules.frame(table.filter(pa.array(good)))
        return frame, compiled.score(frame), refusals

    def _write_log(
        self,
        part: Part,
        frame: pd.DataFrame,
        keys: np.ndarray,
        places: np.ndarray,
        results: pa.Table,
        entry: dict[str, Any],
    ) -> None:
        """The rows of the log, and their inputs where they are kept."""
        assert self.log is not None
        names = [item["name"] for item in self.rules.inputs]
        inputs = results_table(frame[names]).columns if names else []
        n = len(keys)
        row = pa.array(part.offset + places + 1, pa.int64())
        pseudonyms = encoding.as_rows(self.log.secret.pseudonyms([str(key) for key in keys.tolist()]), 32)
        hashes = encoding.inputs_hashes(inputs, n)
        salts = encoding.salts(self.log.seed, part.number, part.rows)[places]
        bound = encoding.commitments(salts, pseudonyms, hashes)
        leaves = encoding.leaves(bound, row, results.columns)
        people = encoding.as_hex(pseudonyms)
        columns: dict[str, pa.Array] = {
            "row": row,
            "pseudonym": people,
            "inputs_hash": encoding.as_hex(hashes),
            "salt": encoding.as_hex(salts),
            "commitment": pa.nulls(n, pa.string()),
            "check": encoding.as_hex(leaves, 8),
            **dict(zip(results.column_names, results.columns, strict=True)),
            **constant_columns(self.log.constants, n),
        }
        self._write(f"{LOG}/{PREDICTIONS}", part, pa.table(columns), entry)
        if self.log.with_inputs:
            kept = {"row": row, "pseudonym": people, **{f"input:{k}": v for k, v in zip(names, inputs, strict=True)}}
            self._write(f"{LOG}/{INPUTS}", part, pa.table(kept), entry)
        entry["digest"] = encoding.part_digest(dict(self.log.constants), leaves)

    def _write(self, place: str, part: Part, table: pa.Table, entry: dict[str, Any]) -> None:
        path = Path(self.folder) / place / part.file
        self._put(path, lambda unfinished: write_table(table, unfinished))
        entry["files"][f"{place}/{part.file}"] = sha256_file(path)

    def _put(self, path: Path, write: Callable[[Path], None]) -> None:
        """Written under another name, forced to the disk, renamed: a file that stands is whole."""
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}.partial")
        write(unfinished)
        with unfinished.open("rb") as stream:
            os.fsync(stream.fileno())
        os.replace(unfinished, path)


def constant_columns(constants: Mapping[str, str], rows: int) -> dict[str, pa.Array]:
    """Columns of what is the same in all rows of a batch; the timestamp as a moment in UTC."""
    columns = {name: pa.repeat(pa.scalar(constants[name], pa.string()), rows) for name in CONSTANTS}
    moment = pd.Timestamp(constants["timestamp"]).to_pydatetime()
    columns["timestamp"] = pa.repeat(pa.scalar(moment, pa.timestamp("us", tz="UTC")), rows)
    return columns


def results_table(frame: pd.DataFrame) -> pa.Table:
    """Arrow table of inputs or predictions: double (NaN is null), int64 or string; flags as 1.0 and 0.0."""
    plain = flags_as_numbers(frame)
    return pa.table({str(name): _array(plain[name].to_numpy()) for name in plain.columns})


def _unlike(part: Part, places: np.ndarray) -> Fault:
    """SQL reads or scores rows (numbered from 0 in the part) not as the package does, which takes them."""
    shown = ", ".join(f"{part.start + place + 1:,}" for place in places[:5]) + (", …" if len(places) > 5 else "")
    message = f"SQL does not read {len(places):,} of these rows as the rules of intake do"
    remedy = "score with the package's own arithmetic: --method arrow"
    return Fault(message, "sql_unlike", found=f"rows {shown}", remedy=remedy)


def _array(values: np.ndarray) -> pa.Array:
    if values.dtype == np.int64:
        return pa.array(values)
    if values.dtype == np.float64:
        return pa.array(values, type=pa.float64(), from_pandas=True)
    if values.dtype == object and len(values) and {type(one) for one in values.tolist()} & {bool}:
        numbers = [None if one is None else float(one) for one in values.tolist()]  # flags of which some are missing
        return pa.array(numbers, pa.float64())
    return pa.array(values, type=pa.string(), from_pandas=True)


def _write(path: Path, entry: Mapping[str, Any]) -> None:
    path.write_bytes(canonical_json.to_bytes(dict(entry)))


def faults_in(entry: Mapping[str, Any]) -> list[Fault]:
    """Faults of what a part gave back."""
    return [Fault(**one) for one in entry.get("faults", [])]
