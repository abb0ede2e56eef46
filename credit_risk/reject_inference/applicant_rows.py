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
class Applicants:
    """Applicants with a decision: place (d,), their rows of X, and notes about the others."""

    decided: Decided
    place: Places
    notes: tuple[str, ...]


def applicants_of(
    rows: int, y: ArrayLike, accepted: ArrayLike, weights: ArrayLike | None, clusters: ArrayLike | None
) -> Applicants:
    """Applicants of whom `accepted` (n,) is not missing. Raises CreditRiskError as `Decided` does."""
    decision = numbers_of("accepted", accepted, rows)
    outcome = numbers_of("y", y, rows)
    place = np.flatnonzero(~np.isnan(decision))
    w = None if weights is None else _of_length("weights", weights, rows)[place]
    labels = None if clusters is None else _of_length("clusters", clusters, rows)[place]
    missing = rows - len(place)
    _refuse_outcome_without_decision(outcome, decision)
    if len(place) == 0:
        raise CreditRiskError(Fault("no applicant has a decision", "no_decision", path="accepted"))
    notes = (f"{missing:,} applicants without a decision (withdrawn) stand in no row",) if missing else ()
    return Applicants(Decided(outcome[place], decision[place], w, clusters=labels), place, notes)


def keys_of(X: Any, keys: ArrayLike | None, place: Places) -> ArrayLike | None:
    """Names (d,) in whose order labels are drawn: as given, else a distinct index of a pandas frame, else None."""
    if keys is not None:
        return _of_length("keys", keys, len(X))[place]
    if isinstance(X, pd.DataFrame) and X.index.is_unique and not isinstance(X.index, pd.MultiIndex):
        return np.asarray(X.index)[place]
    return None


def _refuse_outcome_without_decision(outcome: Floats, decision: Floats) -> None:
    odd = np.isnan(decision) & ~np.isnan(outcome)
    if odd.any():
        raise CreditRiskError(
            Fault(
                "applicants without a decision have outcomes",
                "outcome_without_decision",
                path="accepted",
                row=int(np.flatnonzero(odd)[0]) + 1,
                found=f"{np.count_nonzero(odd):,} rows",
                remedy="say that they were accepted, or leave their outcomes out",
            )
        )


def _of_length(name: str, values: ArrayLike, rows: int) -> Any:
    array = np.asarray(values)
    if array.shape != (rows,):
        found, allowed = f"shape {array.shape}", f"({rows},)"
        raise CreditRiskError(Fault("does not fit the rows of X", "length", path=name, found=found, allowed=allowed))
    return array


def numbers_of(name: str, values: ArrayLike, rows: int) -> Floats:
    """Values (n,) as doubles, missing as NaN. Raises CreditRiskError on another length and on text."""
    column = pd.Series(_of_length(name, values, rows))
    try:
        if column.map(lambda value: isinstance(value, str)).any():
            raise ValueError
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        allowed = "1 or true, 0 or false, missing"
        raise CreditRiskError(
            Fault("not numeric", "type", path=name, found=str(column.dtype), allowed=allowed)
        ) from error
