"""Many tests in one month, and the same test month after month: adjusted p-values and persistence."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Floats

Control = Literal["bh", "by", "none"]
_CONTROLS = "bh, by, none"


def false_discovery_control(p_values: ArrayLike, control: Control = "bh") -> Floats:
    """Adjusted p-values (k,); NaN stays NaN and is not counted.

    bh: Benjamini and Hochberg (1995), JRSS B 57, 289-300, for tests that are independent or positively dependent; by:
    Benjamini and Yekutieli (2001), Annals of Statistics 29, 1165-1188, for any dependence; none: as given. Raises
    CreditRiskError outside [0, 1] or of another control.
    """
    given = np.asarray(p_values, np.float64)
    known = ~np.isnan(given)
    if control not in ("bh", "by", "none"):
        raise CreditRiskError(
            Fault("no such control", "choice", path="control", found=repr(control), allowed=_CONTROLS)
        )
    if ((given[known] < 0) | (given[known] > 1)).any():
        raise CreditRiskError(Fault("not p-values", "range", path="p_values", allowed="0 to 1"))
    found = given.copy()
    if known.any() and control != "none":
        found[known] = stats.false_discovery_control(given[known], method=control)
    return found


def adjusted_by_family(
    p_values: ArrayLike, families: ArrayLike, first: ArrayLike | None = None, control: Control = "bh"
) -> Floats:
    """Adjusted p-values (k,), each within its family (k,), a period say.

    first (k,) bool: tests that are stated beforehand to be looked at first, the score of all rows say: their p-values
    stand as they are, and the others are not adjusted for them. They bar nothing: a characteristic may be found where
    the score is not.
    """
    given = np.asarray(p_values, np.float64)
    ahead = np.zeros(len(given), bool) if first is None else np.asarray(first, bool)
    found = given.copy()
    later = np.flatnonzero(~ahead)
    for places in pd.Series(later).groupby(np.asarray(families)[later], sort=False).indices.values():
        rows = later[places]
        found[rows] = false_discovery_control(given[rows], control)
    return found


def persistence(
    periods: ArrayLike, series: ArrayLike, beyond: ArrayLike, evaluable: ArrayLike, *, k: int = 2, n: int = 3
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Of the last n evaluable periods of the same series up to each row: how many there are, how many are beyond, and
    whether k or more are; shapes (rows,).

    periods (rows,): text that sorts by time (YYYY-MM), one row each period of a series; series (rows,): which series;
    beyond, evaluable (rows,) bool. A period that is not evaluable neither counts nor takes a place, and is not
    persistent itself. Raises CreditRiskError where k or n is out of range or a period of a series is there twice.
    """
    if not 1 <= k <= n:
        raise CreditRiskError(Fault("not k of n periods", "range", path="persistence", found=f"{k} of {n}"))
    frame = pd.DataFrame({"series": np.asarray(series), "period": np.asarray(periods)})
    if frame.duplicated().any():
        found = ", ".join(map(str, frame[frame.duplicated()].iloc[0]))
        raise CreditRiskError(Fault("a period of a series is there twice", "duplicate", path="period", found=found))
    fine, over = np.asarray(evaluable, bool), np.asarray(beyond, bool)
    seen, count = np.zeros(len(frame), np.int64), np.zeros(len(frame), np.int64)
    for rows in (
        frame[fine].sort_values(["series", "period"], kind="stable").groupby("series", sort=False).groups.values()
    ):
        places = np.asarray(rows, np.int64)
        total = np.concatenate([[0], np.cumsum(over[places])])
        end = np.arange(1, len(places) + 1)
        start = np.maximum(end - n, 0)
        seen[places], count[places] = end - start, total[end] - total[start]
    return seen, count, fine & (count >= k)
