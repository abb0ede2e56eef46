"""Frames of counts as arrays: one matrix a variable, periods and segments by bins, beside development's counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Floats
from credit_risk.monitoring.frames import ALL, COUNT_COLUMNS, REFERENCE_COLUMNS
from credit_risk.monitoring.variables import REFUSED


@dataclass(frozen=True, slots=True)
class VariableCounts:
    """Counts of one variable: bins (k rows of the reference), expected {segment: (k,)}, actual (g, k)."""

    name: str
    bins: pd.DataFrame
    expected: dict[str, Floats]
    actual: Floats

    def told(self, expected: Floats) -> NDArray[np.bool_]:
        """Whether development's counts (g, k) are known and there are any, (g,)."""
        return np.nan_to_num(expected, nan=0.0).sum(axis=1) * ~np.isnan(expected).any(axis=1) > 0

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

    Rows of the same cell are added, so that counts may come in parts. Rows in the bin REFUSED are a bin of their own,
    that development has none of. Rows of the reference may be NaN, where the package cannot tell them. Variables of the
    counts that the reference does not know, bins it does not know, bins there twice and counts that are negative or
    missing raise CreditRiskError, all at once.
    """
    require_columns(reference, REFERENCE_COLUMNS, "reference")
    require_columns(counts, COUNT_COLUMNS, "counts")
    own = reference.copy(deep=False)
    own["segment"] = reference["segment"] if "segment" in reference.columns else ALL
    own = _with_refused(own, counts)
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


def _with_refused(reference: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    """The reference with a bin of refused values for the variables that production has such rows of."""
    names = set(counts.loc[counts["bin"] == REFUSED, "variable"])
    names -= set(reference.loc[reference["bin"] == REFUSED, "variable"])
    head = reference[reference["variable"].isin(names)].drop_duplicates(["segment", "variable"])
    if head.empty:
        return reference
    told = {"bin": REFUSED, "label": "refused", "kind": "refused", "lower": np.nan, "upper": np.nan, "effect": np.nan}
    known = reference.groupby(["segment", "variable"])["rows"].agg(lambda rows: rows.isna().any())
    unknown = known.loc[pd.MultiIndex.from_frame(head[["segment", "variable"]])].to_numpy(bool)
    more = head.assign(**told, rows=np.where(unknown, np.nan, 0.0))
    return pd.concat([reference, more], ignore_index=True)


def _refuse(reference: pd.DataFrame, counts: pd.DataFrame) -> None:
    faults = []
    whole = reference[reference["segment"] == ALL]
    known = set(zip(whole["variable"], whole["bin"], strict=True))
    for name, frame in (("reference", reference), ("counts", counts)):
        rows = frame["rows"].to_numpy(np.float64, na_value=np.nan)
        fine = np.isfinite(rows) if name == "counts" else ~np.isinf(rows)
        if not fine.all() or (rows < 0).any():
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
    if faults:
        raise CreditRiskError(faults)
