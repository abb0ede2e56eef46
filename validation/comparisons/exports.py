"""Exports held against the model: each document evaluated by the validator, and its results against our own scoring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from validation import exports
from validation.comparisons import parity
from validation.comparisons.scoring import NUMBERS, inputs_frame, reason_columns
from validation.exports.expressions import Column, is_missing, number_of
from validation.findings import Finding, Outcome
from validation.rebuild.workspace import Workspace
from validation.score import score
from validation.verification_file import maximum_reasons

TABLE = "validation.exports"
NONE = "the package holds no export"
_PREFIX, REASON = "model_", "reason_"


@dataclass(frozen=True, slots=True)
class _Own:
    """Our results of the rows by the name of the output, and a label for each row."""

    frame: pd.DataFrame
    labels: list[str]
    results: Mapping[str, Column]


def compare_exports(space: Workspace) -> None:
    """Evaluate every PMML document of the annex on the verification rows and on rows of the snapshot."""
    package = space.package
    space.ledger.tables[TABLE] = NONE
    if not package.exports:
        space.ledger.not_evaluable("exports", NONE)
        return
    table: list[list[Any]] = []
    sets = [("verification rows", _verification(space)), ("snapshot rows", _snapshot(space))]
    for name, data in package.exports.items():
        if name.startswith(parity.FOLDER):
            continue
        if not name.endswith(".pmml"):
            space.ledger.not_evaluable(name, "the validator evaluates PMML alone")
            continue
        try:
            document = exports.read(data)
            results = [exports.evaluate(document, own.frame) for _, own in sets]
            embedded = _embedded(space, document)
        except exports.Unknown as error:
            space.ledger.not_evaluable(name, f"the validator does not evaluate {error}")
            continue
        except exports.XmlRefused as error:
            _refused(space, name, str(error))
            continue
        told = [] if document.hash is None else [document.hash]
        space.ledger.words(name, "package hash", told, [package.hash] * len(told), ["header"], [TABLE], "export_word")
        left_out = _reasons_left_out(space, name, document)
        for (rows, own), given in zip(sets, results, strict=True):
            table += _compare(space, name, rows, own, _published(document, given), left_out)
        if embedded is not None:
            table += _compare(space, name, "embedded rows", *embedded)
    space.ledger.tables[TABLE] = table or "no export of the package could be evaluated"
    wrong = {row[0] for row in table if row[4]}
    parity.compare_parity(space, {row[0] for row in table} - wrong, wrong)


def _refused(space: Workspace, name: str, reason: str) -> None:
    finding = Finding(
        test=f"{name}: is read",
        severity=space.policy.checks["export_differs"],
        quantity="document",
        developer_value=None,
        validator_value=None,
        tolerance=None,
        statement=f"The export {name} is refused: {reason}.",
        remedy="Export the package again.",
        evidence=(TABLE,),
    )
    space.ledger.check(Outcome(finding.test, "fail", 1, "readable", None, finding))


def _verification(space: Workspace) -> _Own:
    cases = space.package.verification
    frame = inputs_frame(cases, space.package.model)
    labels = [f"case {number + 1} ({name})" for number, name in enumerate(cases.columns["case"])]
    return _Own(frame, labels, _results(space, frame))


def _snapshot(space: Workspace) -> _Own:
    """Rows at even distances over the snapshot, as many as the policy asks for."""
    most = int(space.policy.cuts["export_rows"].value)
    rows = np.unique(np.linspace(0, len(space.frame) - 1, min(most, len(space.frame))).astype(np.int64))
    names = [item["name"] for item in space.package.model["inputs"]]
    frame = space.frame[names].iloc[rows].reset_index(drop=True)
    labels = [f"key {key}" for key in space.frame["_key"].to_numpy()[rows]]
    return _Own(frame, labels, _results(space, frame))


def _results(space: Workspace, frame: pd.DataFrame) -> dict[str, Column]:
    """Our own published results by the name that an export gives them; a flag is 1.0, or 0.0 where it is not true."""
    model = space.package.model
    values, outputs = score(model, frame), model["outputs"]
    found: dict[str, Column] = {}
    for key in NUMBERS:
        if outputs.get(key) is not None:
            value = values[outputs[key]]
            found[key] = np.where(value.error, np.nan, value.data)
    for key in ("grade", "overall_decision"):
        if outputs.get(key) is not None:
            found[key] = values[outputs[key]].data
    for name in outputs.get("decision") or []:
        found[f"decision:{name}"] = (values[name].data == 1).astype(np.float64)
    if outputs.get("reasons") is not None:
        columns = reason_columns(values[outputs["reasons"]], maximum_reasons(dict(model)))
        for number, column in enumerate(zip(*columns, strict=True), start=1):
            found[f"reason_{number}"] = np.array([*column, None], dtype=object)[:-1]
    return found


def _published(document: exports.Document, given: Mapping[str, Column]) -> dict[str, Column]:
    """Outputs by the name of the result: an export writes `model_` before a name that an input has."""
    return {_result(document, name): column for name, column in given.items()}


def _result(document: exports.Document, name: str) -> str:
    taken = set(document.inputs)
    while name.startswith(_PREFIX) and name.removeprefix(_PREFIX) in taken:
        name = name.removeprefix(_PREFIX)
    return name


def _reasons_left_out(space: Workspace, name: str, document: exports.Document) -> bool:
    """Whether the document has no reason at all and says so in its header, which is told as not evaluable."""
    notes = [note for note in document.notes if "reason" in note.lower()]
    given = [one for one in document.outputs if _result(document, one).startswith(REASON)]
    if given or not notes:
        return False
    space.ledger.not_evaluable(f"{name}: reasons", f"the document says of itself: {notes[0]}")
    return True


def _compare(
    space: Workspace, name: str, rows: str, own: _Own, given: Mapping[str, Column], left_out: bool = False
) -> list[list[Any]]:
    """Compare each of our results with the export's; one that the export does not give is a difference.

    left_out: the document says that it gives no reasons.
    """
    table = []
    for key, mine in own.results.items():
        if left_out and key.startswith(REASON):
            continue
        quantity = f"{key.replace('_', ' ')}, {rows}"
        theirs = given.get(key)
        told: Any
        if theirs is None:
            told = space.ledger.words(name, quantity, ["absent"], ["an output"], [key], [TABLE], "export_word")
        elif mine.dtype.kind == "f" and theirs.dtype.kind == "f":
            told = space.ledger.numbers(name, quantity, "export", theirs, mine, own.labels, [TABLE])
        else:
            told = space.ledger.words(name, quantity, _words(theirs), _words(mine), own.labels, [TABLE], "export_word")
        if told is not None:
            table.append([name, rows, key.replace("_", " "), told.compared, told.breaches, _largest(theirs, mine)])
    return table


def _largest(theirs: Column | None, mine: Column) -> float | None:
    """Return the largest difference of two numbers, NaN where one is missing alone; None of what is no number."""
    if theirs is None or theirs.dtype.kind != "f" or mine.dtype.kind != "f":
        return None
    with np.errstate(invalid="ignore"):
        gaps = np.where(np.isnan(theirs) & np.isnan(mine), 0.0, np.abs(theirs - mine))
    return float(np.max(gaps, initial=0.0))


def _words(column: Column) -> list[str | None]:
    missing = is_missing(column)
    return [None if absent else str(item) for item, absent in zip(column.tolist(), missing, strict=True)]


def _embedded(space: Workspace, document: exports.Document) -> tuple[_Own, dict[str, Column]] | None:
    """Return our results of the rows that the document carries for verification, and the results told there."""
    rows = document.verification
    if not rows:
        return None
    inputs = {item["name"]: item["type"] for item in space.package.model["inputs"]}
    columns: dict[str, Column] = {}
    for field, kind in inputs.items():
        columns[field] = _column([row.get(field) for row in rows], kind == "number")
    frame = pd.DataFrame({field: pd.Series(column, dtype=column.dtype) for field, column in columns.items()})
    own = _Own(frame, [f"row {number + 1}" for number in range(len(rows))], _results(space, frame))
    told = {_result(document, field): field for field in rows[0] if field not in inputs}
    given = {
        key: _column([row[told[key]] for row in rows], mine.dtype.kind == "f")
        for key, mine in own.results.items()
        if key in told
    }
    return _Own(frame, own.labels, {key: own.results[key] for key in given}), given


def _column(cells: list[str | None], numbers: bool) -> Column:
    if numbers:
        return np.array([np.nan if cell is None else number_of(cell) for cell in cells])
    return np.array([*cells, None], dtype=object)[:-1]
