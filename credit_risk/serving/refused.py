"""Rows that a package does not take, each with its reason: found one by one, once a part as a whole was refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from credit_risk._core.errors import CreditRiskError, Fault, ScoringError
from credit_risk.sampling.column_types import read_numbers
from credit_risk.sampling.parquet_batches import ReadingRules
from credit_risk.sampling.parquet_source import columns_of_table
from credit_risk.scoring.model import CompiledModel

TOLD = 200
"""Rows of a part that are named in faults where nothing may be refused; all of them are counted."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a row (counted from 0 in its part) is not scored."""

    row: int
    code: str
    column: str
    reason: str


def key_refusals(keys: np.ndarray, repeated: frozenset[str], name: str | None) -> list[Refusal]:
    """Rows without a key, and rows whose key stands more than once in the input."""
    if name is None:
        return []
    found: list[Refusal] = []
    gone = pd.isna(pd.Series(keys)).to_numpy()
    for row in np.flatnonzero(gone):
        found.append(Refusal(int(row), "key_missing", name, "the key is missing"))
    if repeated:
        for row in np.flatnonzero(~gone):
            if str(keys[row]) in repeated:
                found.append(Refusal(int(row), "duplicate_key", name, "the key stands more than once in the input"))
    return found


def value_refusals(rules: ReadingRules, compiled: CompiledModel, table: pa.Table) -> list[Refusal]:
    """Rows with values that are no finite numbers, and rows of which a published result is not finite.

    Raises CreditRiskError where the part is refused for what is no matter of rows.
    """
    found: list[Refusal] = []
    for item in rules.inputs:
        if item["type"] == "number":
            found += _numbers(item["name"], rules, table)
    good = np.ones(table.num_rows, dtype=bool)
    good[[one.row for one in found]] = False
    places = np.flatnonzero(good)
    frame = rules.frame(table.filter(pa.array(good)))
    for place in np.flatnonzero(compiled.rows_in_error(frame)):
        try:
            compiled.score(frame.iloc[[place]])
        except ScoringError as error:
            for fault in error.faults:
                reason = fault.message.removesuffix(" in 1 of 1 rows")
                found.append(Refusal(int(places[place]), fault.code, fault.path or "", reason))
    return found


def _numbers(name: str, rules: ReadingRules, table: pa.Table) -> list[Refusal]:
    raw = columns_of_table(table.select([name]))[0][name]
    if raw.unusable:
        raise ScoringError(Fault(raw.unusable, "wrong_type", rules.name, name, remedy="give numbers"))
    reading = read_numbers(raw, None if raw.is_number else rules.notations.get(name))
    found = []
    for mask, code, words in (
        (reading.not_number & ~reading.infinite, "type", "is no number"),
        (reading.infinite, "not_finite", "is infinite"),
    ):
        for row in np.flatnonzero(np.append(mask, False)[raw.codes]):
            shown = repr(raw.levels[raw.codes[row]])
            found.append(Refusal(int(row), code, name, f"{shown} {words}"))
    return found


def faults_of(refusals: Sequence[Refusal], name: str, start: int, rows: int) -> list[Fault]:
    """One fault for each reason and column of a part, with how many rows it has and the first of them."""
    alike: dict[tuple[str, str], list[Refusal]] = {}
    for one in refusals:
        alike.setdefault((one.code, one.column), []).append(one)
    faults = []
    for (code, column), group in sorted(alike.items()):
        numbers = sorted(one.row + start + 1 for one in group)
        shown = ", ".join(f"{number:,}" for number in numbers[:5]) + (", …" if len(numbers) > 5 else "")
        message = f"{group[0].reason}; {len(group):,} of rows {start + 1:,} to {start + rows:,}"
        remedy = "correct these rows, or write them apart with --refused FILE"
        faults.append(Fault(message, code, name, column, numbers[0], f"rows {shown}", remedy=remedy))
    return faults


def told(error: CreditRiskError, name: str, start: int) -> list[Fault]:
    """Faults of a part that are no matter of single rows, with the name of the part."""
    return [
        Fault(
            f"{one.message} (from row {start + 1:,} on)",
            one.code,
            name,
            one.path,
            None,
            one.found,
            one.allowed,
            one.remedy,
        )
        for one in error.faults
    ]


def refused_table(refusals: Sequence[Refusal], keys: np.ndarray, rows: Mapping[str, int | str]) -> pa.Table:
    """Refused rows as a table: key as text, file, row in it, column, code and reason; a line a reason."""
    ordered = sorted(refusals, key=lambda one: (one.row, one.column, one.code))
    start, name = int(rows["start"]), str(rows["name"])
    texts = [None if pd.isna(keys[one.row]) else str(keys[one.row]) for one in ordered]
    return pa.table(
        {
            "_key": pa.array(texts, pa.string()),
            "source": pa.array([name] * len(ordered), pa.string()),
            "row": pa.array([start + one.row + 1 for one in ordered], pa.int64()),
            "column": pa.array([one.column for one in ordered], pa.string()),
            "code": pa.array([one.code for one in ordered], pa.string()),
            "reason": pa.array([one.reason for one in ordered], pa.string()),
        }
    )
