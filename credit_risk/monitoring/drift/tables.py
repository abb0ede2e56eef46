"""Frames of counts as arrays: one matrix a variable, periods and segments by bins, beside development's counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Floats
from credit_risk.monitoring.frames import ALL, COUNT_COLUMNS, REFERENCE_COLUMNS


@dataclass(frozen=True, slots=True)
class VariableCounts:
    """Counts of one variable: bins (k rows of the reference), expected {segment: (k,)}, actual (g, k)."""

    name: str
    bins: pd.DataFrame
    expected: dict[str, Floats]
    actual: Floats

    def expected_of(self, segments: np.ndarray) -> tuple[Floats, np.ndarray]:
        """Development's counts (g, k) of each segment, those of all rows where it has none, and which these are."""
        against = np.array([segment if segment in self.expected else ALL for segment in segments], object)
        return np.array([self.expected[segment] for segment in against]).reshape(len(segments), len(self.bins)), against


@dataclass(frozen=True, slots=True)
class Aligned:
    """groups: period and segment of each of g rows, sorted; variables in the order of the reference."""

    groups: pd.DataFrame
    variables: tuple[VariableCounts, ...]


def require_columns(frame: pd.DataFrame, columns: Sequence[str], name: str) -> None:
    """Raises CreditRiskError with every column of `columns` that the frame `name` lacks."""
    lost = [column for column in columns if column not in frame.columns]
    if lost:
        raise CreditRiskError([Fault("column is absent", "column_absent", path=f"{name}.{column}") for column in lost])


def aligned(reference: pd.DataFrame, counts: pd.DataFrame) -> Aligned:
    """Counts (COUNT_COLUMNS) beside the reference (REFERENCE_COLUMNS, and `segment` where development has several).

    Rows of the same cell are added, so that counts may come in parts. Variables of the counts that the reference does
    not know, bins it does not know, bins there twice and counts that are negative or missing raise CreditRiskError,
    all at once.
    """
    require_columns(reference, REFERENCE_COLUMNS, "reference")
    require_columns(counts, COUNT_COLUMNS, "counts")
    own = reference.copy(deep=False)
    own["segment"] = reference["segment"] if "segment" in reference.columns else ALL
    _refuse(own, counts)
    index = pd.MultiIndex.from_frame(counts[["period", "segment"]].drop_duplicates()).sort_values()
    place = index.get_indexer(pd.MultiIndex.from_frame(counts[["period", "segment"]]))
    rows = counts["rows"].to_numpy(np.float64)
    ids = counts["bin"].to_numpy()
    members = counts.groupby("variable", sort=False).indices
    variables = []
    for name, part in own.groupby("variable", sort=False):
        bins = part[part["segment"] == ALL].reset_index(drop=True)
        at = pd.Index(bins["bin"])
        expected = {}
        for segment, mine in part.groupby("segment", sort=False):
            held = np.zeros(len(bins))
            held[at.get_indexer(mine["bin"])] = mine["rows"].to_numpy(np.float64)
            expected[str(segment)] = held
        actual = np.zeros((len(index), len(bins)))
        if name in members:
            chosen = members[name]
            np.add.at(actual, (place[chosen], at.get_indexer(ids[chosen])), rows[chosen])
        variables.append(VariableCounts(str(name), bins, expected, actual))
    groups = pd.DataFrame({"period": index.get_level_values(0), "segment": index.get_level_values(1)})
    return Aligned(groups, tuple(variables))


def _refuse(reference: pd.DataFrame, counts: pd.DataFrame) -> None:
    faults = []
    whole = reference[reference["segment"] == ALL]
    known = set(zip(whole["variable"], whole["bin"], strict=True))
    for name, frame in (("reference", reference), ("counts", counts)):
        rows = frame["rows"].to_numpy(np.float64, na_value=np.nan)
        if not bool(np.all(np.isfinite(rows) & (rows >= 0))):
            message = "counts that are negative or missing"
            faults.append(Fault(message, "range", path=f"{name}.rows", allowed="0 or more"))
        pairs = frame[["variable", "bin"]].drop_duplicates()
        odd = [pair for pair in zip(pairs["variable"], pairs["bin"], strict=True) if pair not in known]
        if odd:
            found = ", ".join(f"{variable} {bin_}" for variable, bin_ in odd[:5])
            remedy = "count by the classing of the package that the reference was taken from"
            message = "bins that development's reference does not know"
            faults.append(Fault(message, "unknown_bin", path=f"{name}.bin", found=found, remedy=remedy))
    twice = reference.duplicated(["segment", "variable", "bin"])
    if twice.any():
        found = ", ".join(
            f"{v} {b}" for v, b in reference.loc[twice, ["variable", "bin"]].head().itertuples(index=False)
        )
        faults.append(Fault("bins that are there twice", "duplicate", path="reference.bin", found=found))
    if not faults:
        totals = reference.groupby(["segment", "variable"])["rows"].sum()
        empty = totals[totals <= 0]
        faults += [Fault("development has no rows", "no_rows", path=f"reference.{v}", found=s) for s, v in empty.index]
    if faults:
        raise CreditRiskError(faults)
