"""A past decision made again, bit for bit, by the package version of that day: bins, points, results and reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from credit_risk._core.errors import CreditRiskError, Fault, ScoringError
from credit_risk.monitoring.key_search import search
from credit_risk.monitoring.log_batches import Unreadable, log_batches
from credit_risk.monitoring.replay import differing, inputs_frame, score_inputs, tolerance_of
from credit_risk.monitoring.shelf import Shelf
from credit_risk.package import Package
from credit_risk.scoring import compile_model
from credit_risk.scoring.verification import verification_table
from credit_risk.serving.log import Secret, encoding
from credit_risk.serving.log.journal import Journal, open_log, read_journal
from credit_risk.serving.log.layout import INPUTS, PREDICTIONS, BatchFolder
from credit_risk.serving.log.verify import row_leaves, verify_part

Value = float | str | None


@dataclass(frozen=True, slots=True)
class Characteristic:
    """How a classed field came in: its value, the bin with its label, WoE, and points (None where it has none)."""

    name: str
    value: Value
    bin: int
    label: str
    woe: float
    points: float | None


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision of the log, and the same made again.

    `logged`: results as the log has them; `again`: those of the package on the logged inputs, None where it could not
    be made again, with `why_not`. `differences` names results that are not equal to the last bit; `row_holds` tells
    whether the row is the one that was written (its check), `inputs_hold` whether its inputs are those of its hash;
    `part_faults` is what is wrong with the part of the log that holds it, its manifest or the journal. `reasons` are
    codes with their texts. `frame` (one row) and `package` are what was scored with what.
    """

    at: str
    batch: str
    row: int
    model: str
    version: str
    package_hash: str
    engine: str
    method: str
    row_holds: bool
    logged: Mapping[str, Value]
    inputs: Mapping[str, Value] | None
    inputs_hold: bool | None
    again: Mapping[str, Value] | None
    differences: tuple[str, ...]
    characteristics: tuple[Characteristic, ...]
    reasons: tuple[tuple[str, str], ...]
    why_not: str | None
    part_faults: tuple[str, ...] = ()
    frame: pd.DataFrame | None = field(default=None, repr=False, compare=False)
    package: Package | None = field(default=None, repr=False, compare=False)

    @property
    def reproduced(self) -> bool:
        """Whether every result came again, from the inputs that were scored: to the last bit, but for `method` SQL."""
        return self.again is not None and not self.differences and self.row_holds and self.inputs_hold is True

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        names = ["at", "batch", "row", "model", "version", "package_hash", "engine", "method"]
        names += ["row_holds", "inputs_hold", "why_not"]
        plain: dict[str, Any] = {name: getattr(self, name) for name in names}
        plain |= {name: getattr(self, name) and dict(getattr(self, name)) for name in ("logged", "inputs", "again")}
        plain["characteristics"] = [
            {"name": c.name, "value": c.value, "bin": c.bin, "label": c.label, "woe": c.woe, "points": c.points}
            for c in self.characteristics
        ]
        plain["part_faults"] = list(self.part_faults)
        plain["reasons"] = [{"code": code, "text": text} for code, text in self.reasons]
        return {**plain, "differences": list(self.differences), "reproduced": self.reproduced}


@dataclass(frozen=True, slots=True)
class PastDecisions:
    """Decisions of a key in the order of time, and what of the log could not be looked through, in words.

    checked: what of the log was held against its hashes, and what was not, in words.
    """

    decisions: tuple[Decision, ...]
    notes: tuple[str, ...]
    checked: tuple[str, ...] = ()

    @property
    def hold(self) -> bool:
        """Whether every decision came again, from parts of the log that are those which were written."""
        return all(one.reproduced and not one.part_faults for one in self.decisions)


@dataclass
class _Found:
    """What a walk through the log has met so far."""

    journal: Journal
    decisions: list[Decision] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    foreign: dict[str, int] = field(default_factory=dict)
    batches: int = 0
    looked: int = 0
    parts: int = 0
    groups: int = 0
    read: int = 0
    erased: int = 0
    verified: int = 0
    rows: int = 0

    def notes(self) -> Iterator[str]:
        """What could not be looked through."""
        yield from self.faults
        if self.erased:
            told = "rows of the batches looked through are erased: decisions of this key may be among them"
            yield f"{self.erased:,} {told}"
        for key_id, count in self.foreign.items():
            yield f"{count:,} batches have pseudonyms of another secret ({key_id}) and were not looked through"

    def checked(self) -> tuple[str, ...]:
        """What was held against hashes, and what was not."""
        lines, left = len(self.journal.events), self.parts - self.verified
        passed = self.groups - self.read
        others = f", {passed:,} left out by their least and greatest pseudonym" if passed else ""
        return (
            f"looked for in {self.parts:,} parts of {self.looked:,} batches: one column of {self.read:,} row groups "
            f"read{others}",
            f"checked: the journal ({lines:,} lines, each with the hash of the line before), the manifests of the "
            f"batches with a decision, the digests of the {self.verified:,} parts that hold one ({self.rows:,} rows)",
            f"not checked: {left:,} parts without a decision (credit-risk log verify does)",
        )


def past_decisions(log: Path, key: str, secrets: Sequence[Secret], shelf: Shelf) -> PastDecisions:
    """All decisions of a key in a prediction log, each made again by the package that its row names.

    Raises ScoringError where the folder is no log, where no batch has pseudonyms of the secrets given, and where the
    key has no row; it says then whether rows were erased, or batches have another secret, among which it may have been.
    A decision that cannot be made again stays in the list with why.
    """
    open_log(log, create=False)
    known = {secret.id: secret.pseudonym(key).hex() for secret in secrets}
    found = _Found(read_journal(log))
    for batch in log_batches(log):
        found.batches += 1
        if isinstance(batch, Unreadable):
            found.faults.append(f"{batch.name} was left out: {batch.why}")
            continue
        key_id = str(batch.manifest["constants"]["key_id"])
        if key_id not in known:
            found.foreign[key_id] = found.foreign.get(key_id, 0) + 1
            continue
        found.looked += 1
        for part in batch.manifest["parts"]:
            found.parts += 1
            try:
                _in_part(log, batch, part["part"], known[key_id], shelf, found)
            except CreditRiskError as error:
                name = f"part-{part['part']:05d}.parquet"
                found.faults.append(f"{batch.id} {name} was left out: {error.faults[0].message}")
    notes = tuple(found.notes())
    if not found.decisions:
        raise _unknown(log, found, notes)
    ordered = sorted(found.decisions, key=lambda one: (one.at, one.batch, one.row))
    return PastDecisions(tuple(ordered), notes, found.checked())


def _unknown(log: Path, looked: _Found, notes: Sequence[str]) -> ScoringError:
    if looked.foreign and not looked.looked:
        message = "no batch of the log has pseudonyms of this secret"
        remedy = "give the secret that was in use: --secret-file FILE, again for each"
        return ScoringError(Fault(message, "secret", str(log), found=", ".join(looked.foreign), remedy=remedy))
    found = "; ".join(notes) or f"{looked.looked:,} batches, no row of which is erased"
    remedy = "write the key as it stood in the scored table; look among erased rows in vain"
    return ScoringError(Fault("the key has no row in the log", "unknown_key", str(log), found=found, remedy=remedy))


def _in_part(log: Path, batch: BatchFolder, number: int, pseudonym: str, shelf: Shelf, found: _Found) -> None:
    """Decisions of the pseudonym in a part; where there is one, the part is held against what binds it."""
    name = f"part-{number:05d}.parquet"
    held = search(batch.path / PREDICTIONS / name, _shown(batch, PREDICTIONS, name), "pseudonym", pseudonym)
    found.erased, found.groups, found.read = (
        found.erased + held.empty,
        found.groups + held.groups,
        found.read + held.read,
    )
    if not held.rows.num_rows:
        return
    faults: Sequence[Fault]
    try:
        rows, faults = verify_part(log, batch, number, found.journal)
    except CreditRiskError as error:  # damaged in a place where no decision of this person stands
        rows, faults = 0, error.faults
    found.verified, found.rows = found.verified + 1, found.rows + rows
    told = tuple(str(fault) for fault in (*found.journal.faults, *faults))
    for at in range(held.rows.num_rows):
        found.decisions.append(_decision(batch, name, held.rows.slice(at, 1), shelf, told))


def _shown(batch: BatchFolder, place: str, name: str) -> str:
    return f"{batch.path.parent.name}/{batch.path.name}/{place}/{name}"


def _decision(batch: BatchFolder, name: str, row: pa.Table, shelf: Shelf, faults: tuple[str, ...]) -> Decision:
    """A row of the log made again, or why it cannot be."""
    constants = batch.manifest["constants"]
    told: dict[str, Any] = {
        "at": constants["timestamp"],
        "batch": batch.id,
        "row": row["row"][0].as_py(),
        "model": constants["model_id"],
        "version": constants["model_version"],
        "package_hash": constants["package_hash"],
        "engine": constants["engine"],
        "method": constants["method"],
        "row_holds": _row_holds(row, batch.outputs),
        "logged": {output: row[output][0].as_py() for output in batch.outputs},
        "part_faults": faults,
    }
    left: dict[str, Any] = {"inputs": None, "inputs_hold": None, "again": None, "differences": ()}
    left |= {"characteristics": (), "reasons": ()}
    if not batch.manifest["inputs_logged"]:
        return Decision(**told, **left, why_not="the inputs of this batch were not logged (--log-inputs)")
    try:
        inputs = _inputs_of(batch, name, row)
        if inputs is None:
            return Decision(**told, **left, why_not="the inputs of this row were erased")
        hashes = encoding.as_hex(encoding.inputs_hashes(inputs.columns[2:], 1))
        left["inputs_hold"] = hashes[0].as_py() == row["inputs_hash"][0].as_py()
        left["inputs"] = {one: inputs[f"input:{one}"][0].as_py() for one in batch.inputs}
        package = shelf.take(constants["package_hash"])
        return Decision(**told, **_made_again(package, batch, row, inputs, left), why_not=None)
    except CreditRiskError as error:
        return Decision(**told, **left, why_not=error.faults[0].message)


def _row_holds(row: pa.Table, outputs: Sequence[str]) -> bool:
    """Whether the row has the check with which it was written; the digest of its part tells more (`log verify`)."""
    try:
        made = encoding.as_hex(row_leaves(row, outputs), 8)[0].as_py()
    except ValueError:
        return False
    return bool(made == row["check"][0].as_py())


def _inputs_of(batch: BatchFolder, name: str, row: pa.Table) -> pa.Table | None:
    """The logged inputs of a row, or None where they were erased."""
    columns = ["row", "pseudonym", *(f"input:{one}" for one in batch.inputs)]
    number = row["row"][0].as_py()
    mine = search(batch.path / INPUTS / name, _shown(batch, INPUTS, name), "row", number, columns).rows
    return mine if mine.num_rows else None


def _made_again(
    package: Package, batch: BatchFolder, row: pa.Table, inputs: pa.Table, left: Mapping[str, Any]
) -> dict[str, Any]:
    """Results, differences, bins and reasons of the package on the inputs."""
    compiled = compile_model(package.model)
    again = score_inputs(compiled, inputs)
    lacking = [output for output in batch.results if output not in again.column_names]
    tolerance = tolerance_of(batch)
    shared = [output for output in batch.results if output not in lacking]
    unequal = lacking + [one for one in shared if differing(row[one], again[one], tolerance).any()]
    frame = inputs_frame(inputs)
    results = {output: again[output][0].as_py() for output in again.column_names}
    return {
        **left,
        "again": results,
        "differences": tuple(unequal),
        "characteristics": tuple(_characteristics(package, frame)),
        "reasons": tuple(_reasons(package, results)),
        "frame": frame,
        "package": package,
    }


def _characteristics(package: Package, frame: pd.DataFrame) -> Iterator[Characteristic]:
    """Bins, WoE and points of one row, in the order of the model's classings; of segments, all that it could take."""
    cases = frame.add_prefix("in:").assign(case="log")
    values = verification_table(compile_model(package.model), cases).iloc[0]
    classings = [step for step in package.model["steps"] if step["type"] == "classing"]
    for step in classings:
        several = sum(one["input"] == step["input"] for one in classings) > 1
        tag = f"{step['input']}@{step['id']}" if several else step["input"]
        number = int(values[f"bin:{tag}"])
        label = next((one["label"] for one in step["bins"] if one["id"] == number), str(number))
        given = values.get(f"in:{step['input']}")
        points = values.get(f"points:{step['input']}")
        yield Characteristic(
            tag,
            _plain(given),
            number,
            str(label),
            float(values[f"woe:{tag}"]),
            None if points is None else float(points),
        )


def _plain(value: Any) -> Value:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    return value if isinstance(value, str) else float(value)


def _reasons(package: Package, results: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Codes of the row in their order, each with its text in the first language of the package."""
    item = package.evidence.get("reasons.texts")
    texts: dict[str, str] = {}
    if item is not None and item["kind"] == "table":
        names = [column["name"] for column in item["columns"]]
        for row in (dict(zip(names, one, strict=True)) for one in item["rows"]):
            texts.setdefault(row["reason_code"], row["text"])
    for name, code in results.items():
        if name.startswith("reason_") and code is not None:
            yield str(code), texts.get(str(code), "")
