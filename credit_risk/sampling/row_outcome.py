"""The outcome of every row of the source: status, exclusions, then a ready column or the performance history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from credit_risk._core.errors import Fault, IntakeError
from credit_risk.sampling.column_types import TypedColumn
from credit_risk.sampling.contract import Examples, Failure
from credit_risk.sampling.derive import derive_columns
from credit_risk.sampling.history_outcome import outcome_of_history
from credit_risk.sampling.history_spec import BOOKED
from credit_risk.sampling.measure import define_measure
from credit_risk.sampling.outcome import Outcome, define_outcome
from credit_risk.sampling.source import Source
from credit_risk.sampling.spec import OutcomeSpec
from credit_risk.scoring.steps import text_of_number

EXCLUSIONS_COLUMNS = ("outcome", "reason", "rows", "share")
STATUS_COLUMNS = ("status", "rows", "share", "good", "bad")
SHOWN = 10
KNOWN = {"binary": "good or bad", "amount": "an amount", "fraction": "a fraction"}


@dataclass(slots=True)
class _Rows:
    """What is known of the rows before their outcome; `reasons` (n,) why a row has left, else None.

    `excluded` (n,): whether an exclusion holds, of rows that have left already too.
    """

    reasons: np.ndarray
    excluded: np.ndarray
    waterfall: list[tuple[str, int, int, str]]
    failures: list[Failure]
    status: np.ndarray | None = None

    def leave(self, mask: np.ndarray, step: str, reason: str) -> None:
        """Rows of `mask` that have not left yet leave now."""
        leaving = mask & pd.isna(self.reasons)
        self.reasons[leaving] = reason
        removed = int(np.count_nonzero(leaving))
        self.waterfall.append((step, removed, self.waterfall[-1][2] - removed, reason))


def decide_outcomes(
    columns: Mapping[str, TypedColumn],
    key: np.ndarray,
    examples: Examples,
    key_name: str | None,
    date: str | None,
    spec: OutcomeSpec,
    specials: Mapping[str, Mapping[float | str, str]],
    source: Source,
    history: Any,
) -> tuple[Outcome | None, list[Failure], list[Fault]]:
    """The outcome of each row, or None with what is wrong: failures of the applications, faults of the history.

    `examples` names rows that are at fault; `history` is what `read_history` takes. The outcome's `tables` hold
    `data.waterfall`, and the tables of the history where there is one.
    """
    first = ("rows made at observation points", source.made) if source.made else ("rows of the source", source.name)
    none = np.zeros(len(key), dtype=bool)
    rows = _Rows(np.full(len(key), None, dtype=object), none, [(first[0], 0, len(key), first[1])], [])
    _leave_by_status(rows, columns, spec, examples)
    _leave_by_exclusions(rows, columns, spec, specials)
    faults: list[Fault] = []
    outcome: Outcome | None = None
    if spec.type != "binary":
        if str(spec.column) in columns:
            outcome, failures = define_measure(columns, spec, examples, rows.reasons)
            rows.failures += failures
    elif spec.history is None:
        if (column := str(spec.column)) in columns:
            outcome, failures = define_outcome(columns[column], spec, examples, rows.reasons)
            rows.failures += failures
    else:
        try:
            outcome, failures = outcome_of_history(columns, key, key_name, date, spec, rows.reasons, history)
            rows.failures += failures
        except IntakeError as error:
            faults += error.faults
    if outcome is None or rows.failures or faults:
        return None, rows.failures, faults
    return _complete(outcome, rows, spec), [], []


def _leave_by_status(rows: _Rows, columns: Mapping[str, TypedColumn], spec: OutcomeSpec, examples: Examples) -> None:
    if spec.status is None or spec.status.column not in columns:
        return
    name, column = spec.status.column, columns[spec.status.column]
    texts = [level if isinstance(level, str) else text_of_number(level) for level in column.levels]
    means = [spec.status.values.get(text) for text in texts]
    unknown = [text for text, status in zip(texts, means, strict=True) if status is None]
    path = "outcome.status"
    if unknown:
        mask = np.append(pd.isna(np.array(means, dtype=object)), False)[column.codes]
        found = ", ".join(unknown[:SHOWN])
        message = f"{name!r} has values that the plan does not explain"
        remedy = "say in outcome.status.values what each means"
        allowed = ", ".join(spec.status.values)
        where = examples.of(mask)
        rows.failures.append(
            Failure(name, "status", message, f"{path}.values", found=found, allowed=allowed, remedy=remedy, **where)
        )
    if column.missing.any():
        message = f"the status {name!r} is missing in some rows"
        where = examples.of(column.missing)
        rows.failures.append(Failure(name, "status_missing", message, f"{path}.column", **where))
    rows.status = np.append(np.array(means, dtype=object), np.array([None], dtype=object))[column.codes]
    for status in dict.fromkeys(spec.status.values.values()):
        if status not in BOOKED:
            words = status.replace("_", " ")
            rows.leave(np.equal(rows.status, status), f"status: {words}", f"{words}: outcomes exist for booked only")


def _leave_by_exclusions(
    rows: _Rows,
    columns: Mapping[str, TypedColumn],
    spec: OutcomeSpec,
    specials: Mapping[str, Mapping[float | str, str]],
) -> None:
    """Each condition in order; where it cannot be decided because a value is missing, the row stays."""
    for index, exclusion in enumerate(spec.exclusions):
        name, path = f"exclusion {index + 1}", f"outcome.exclusions[{index}].condition"
        text = f"if(({exclusion.condition}), 1, 0)"
        derived = derive_columns({name: text}, columns, specials, len(rows.reasons))
        if derived.failures:
            told = [replace(f, path=path, found=exclusion.condition) for f in derived.failures]
            rows.failures += told
        elif name in derived.columns:
            column = derived.columns[name]
            leaves = np.append(column.levels.astype(np.float64) == 1.0, False)[column.codes]
            rows.excluded |= leaves
            rows.leave(leaves, f"exclusion: {exclusion.condition}", exclusion.reason)


def _complete(outcome: Outcome, rows: _Rows, spec: OutcomeSpec) -> Outcome:
    """The outcome with its waterfall, its exclusions and the table of statuses."""
    reasons, waterfall = outcome.reasons, rows.waterfall
    before = pd.isna(rows.reasons)
    for reason in dict.fromkeys(reasons[before & ~pd.isna(reasons)]):
        removed = int(np.count_nonzero(before & np.equal(reasons, reason)))
        outcome_name, words = _split(reason)
        step = "rows with an indeterminate outcome" if outcome_name == "indeterminate" else "rows without an outcome"
        waterfall.append((step, removed, waterfall[-1][2] - removed, words))
    known = int(np.count_nonzero(np.isfinite(outcome.values)))
    refused = spec.history is None and spec.missing == "refuse" and known == len(reasons)
    told = "a row without one is refused, not removed" if refused else KNOWN[spec.type]
    waterfall.append(("rows with a known outcome", 0, known, told))
    tables = {"data.waterfall": pd.DataFrame(waterfall, columns=["step", "removed", "remaining", "reason"])}
    if known < len(reasons) or spec.history is not None:
        tables["outcome.exclusions"] = _exclusions(outcome, reasons, spec)
    if rows.status is not None:
        tables["outcome.status"] = _statuses(outcome, rows.status, spec)
    definition = dict(outcome.definition)
    if known < len(reasons):
        definition["rows in no sample"] = len(reasons) - known
    made = {**outcome.tables, **tables}
    return replace(outcome, definition=definition, status=rows.status, excluded=rows.excluded, tables=made)


def _exclusions(outcome: Outcome, reasons: np.ndarray, spec: OutcomeSpec) -> pd.DataFrame:
    """Every row of the source once, by outcome and reason, catalogue columns of `outcome.exclusions`."""
    total = len(reasons)
    masks = {"bad": outcome.values == 1.0, "good": outcome.values == 0.0}
    if spec.type != "binary":
        masks = {f"known {spec.type}": np.isfinite(outcome.values)}
    told = [(name, "", int(np.count_nonzero(mask))) for name, mask in masks.items()]
    for reason in dict.fromkeys(reasons[~pd.isna(reasons)]):
        told.append((*_split(reason), int(np.count_nonzero(np.equal(reasons, reason)))))
    rows = [(name, reason or None, count, count / total) for name, reason, count in told]
    columns = {
        name: pd.Series(values) for name, values in zip(EXCLUSIONS_COLUMNS, zip(*rows, strict=True), strict=True)
    }
    columns["reason"] = pd.Series([row[1] for row in rows], dtype=object)
    return pd.DataFrame(columns)


def _split(reason: str) -> tuple[str, str]:
    """Indeterminate or excluded, and why."""
    head, separator, tail = reason.partition(": ")
    return (head, tail) if separator and head in ("indeterminate", "excluded") else ("excluded", reason)


def _statuses(outcome: Outcome, status: np.ndarray, spec: OutcomeSpec) -> pd.DataFrame:
    """Applicants by status, catalogue columns of `outcome.status`; good and bad are null but for a binary outcome."""
    rows = []
    for name in dict.fromkeys(status):
        mask = np.equal(status, name)
        count, values = int(np.count_nonzero(mask)), outcome.values[mask]
        good, bad = int(np.count_nonzero(values == 0.0)), int(np.count_nonzero(values == 1.0))
        rows.append((name, count, count / len(status), good, bad))
    frame = pd.DataFrame(sorted(rows), columns=list(STATUS_COLUMNS))
    if spec.type == "binary":
        return frame
    return frame.astype({"good": object, "bad": object}).assign(good=None, bad=None)
