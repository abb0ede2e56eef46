"""Tables of applicants as a notebook has them: frames or arrays, decisions that may be missing, names of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.binning.frames import is_frame
from credit_risk.reject_inference.rows import Decided, Floats, Places


def rows_of(X: Any, place: Places) -> Any:
    """Rows of a frame or an array, in the kind that it is; pandas frames with a new index."""
    if isinstance(X, pd.DataFrame):
        return X.iloc[place].reset_index(drop=True)
    if is_frame(X):
        return nw.from_native(X)[place.tolist()].to_native()
    return np.asarray(X)[place]


def without(X: Any, column: str | None) -> Any:
    """A frame without a column; an array, and a frame where there is none to leave out, as it is."""
    if column is None or not is_frame(X):
        return X
    return nw.from_native(X).drop(column, strict=False).to_native()


def checked_table(X: Any, instrument: str | None) -> Any:
    """X (n, k) as it is. Raises CreditRiskError where it is no table, or the instrument is no column of it."""
    if not is_frame(X) and np.ndim(X) != 2:
        raise CreditRiskError(Fault("not a table", "shape", path="X", allowed="a frame, or an array (n, k)"))
    if instrument is not None and (not is_frame(X) or instrument not in nw.from_native(X).columns):
        remedy = "give a frame that has it"
        raise CreditRiskError(Fault("no such column", "instrument", path="X", found=repr(instrument), remedy=remedy))
    return X


@dataclass(frozen=True, slots=True)
class Vectors:
    """What was given of the rows of X, all (n,) or None: numbers with NaN for missing, weights, labels, names."""

    y: Floats
    accepted: Floats
    weights: Any
    clusters: Any
    keys: Any
    external: Floats | None


@dataclass(frozen=True, slots=True)
class Applicants:
    """Applicants with a decision: place (d,), their rows of X, and notes about the others."""

    decided: Decided
    place: Places
    notes: tuple[str, ...]


def vectors_of(
    rows: int,
    y: ArrayLike,
    accepted: ArrayLike,
    *,
    weights: ArrayLike | None,
    clusters: ArrayLike | None,
    keys: ArrayLike | None,
    external: ArrayLike | None,
) -> Vectors:
    """The vectors of one call. Raises CreditRiskError with all that do not fit X, or hold text for numbers."""
    faults: list[Fault] = []
    found = Vectors(
        y=_numbers("y", y, rows, faults),
        accepted=_numbers("accepted", accepted, rows, faults),
        weights=None if weights is None else _of_length("weights", weights, rows, faults),
        clusters=None if clusters is None else _of_length("clusters", clusters, rows, faults),
        keys=None if keys is None else _of_length("keys", keys, rows, faults),
        external=None if external is None else _numbers("external", external, rows, faults),
    )
    if faults:
        raise CreditRiskError(faults)
    return found


def applicants_of(given: Vectors) -> Applicants:
    """Applicants whose decision is not missing. Raises CreditRiskError with all faults, as `Decided` does."""
    place = np.flatnonzero(~np.isnan(given.accepted))
    if len(place) == 0:
        raise CreditRiskError(Fault("no applicant has a decision", "no_decision", path="accepted"))
    faults = _outcome_without_decision(given.y, given.accepted)
    w = None if given.weights is None else given.weights[place]
    labels = None if given.clusters is None else given.clusters[place]
    try:
        decided = Decided(given.y[place], given.accepted[place], w, clusters=labels)
    except CreditRiskError as error:
        raise CreditRiskError([*faults, *error.faults]) from error
    if faults:
        raise CreditRiskError(faults)
    missing = len(given.y) - len(place)
    notes = (f"{missing:,} applicants without a decision (withdrawn) stand in no row",) if missing else ()
    return Applicants(decided, place, notes)


def keys_of(X: Any, given: Vectors, place: Places) -> ArrayLike | None:
    """Names (d,) in whose order labels are drawn: as given, else a distinct index of a pandas frame, else None."""
    if given.keys is not None:
        return np.asarray(given.keys[place])
    if isinstance(X, pd.DataFrame) and X.index.is_unique and not isinstance(X.index, pd.MultiIndex):
        return np.asarray(X.index)[place]
    return None


def _outcome_without_decision(outcome: Floats, decision: Floats) -> list[Fault]:
    odd = np.isnan(decision) & ~np.isnan(outcome)
    if not odd.any():
        return []
    return [
        Fault(
            "applicants without a decision have outcomes",
            "outcome_without_decision",
            path="accepted",
            row=int(np.flatnonzero(odd)[0]) + 1,
            found=f"{np.count_nonzero(odd):,} rows",
            remedy="say that they were accepted, or leave their outcomes out",
        )
    ]


def _of_length(name: str, values: ArrayLike, rows: int, faults: list[Fault]) -> Any:
    array = np.asarray(values)
    if array.shape != (rows,):
        found, allowed = f"shape {array.shape}", f"({rows},)"
        faults.append(Fault("does not fit the rows of X", "length", path=name, found=found, allowed=allowed))
        return np.full(rows, np.nan)
    return array


def _numbers(name: str, values: ArrayLike, rows: int, faults: list[Fault]) -> Floats:
    """Values (n,) as doubles, missing as NaN."""
    column = pd.Series(_of_length(name, values, rows, faults))
    try:
        if column.dtype.kind not in "iufb" and any(isinstance(value, str) for value in column):
            raise ValueError
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        allowed = "1 or true, 0 or false, missing"
        faults.append(Fault("not numeric", "type", path=name, found=str(column.dtype), allowed=allowed))
        return np.full(rows, np.nan)
