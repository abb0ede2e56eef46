"""Months, quarters and years of dates, and the shortest of them in which there is enough to see."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from credit_risk._core.errors import CreditRiskError, Fault

Unit = Literal["month", "quarter", "year"]
UNITS: tuple[Unit, ...] = ("month", "quarter", "year")
TOLD_SHARE = 0.8


def period_labels(dates: ArrayLike, unit: Unit = "month") -> NDArray[np.object_]:
    """Period of each date, object (n,): `2004-03`, `2004-Q1` or `2004`, which sort in time; None where it is missing.

    dates (n,): ISO 8601 text (`2004-03-31`), datetime64 or datetime objects. Raises CreditRiskError for other text, and
    for another unit.
    """
    if unit not in UNITS:
        raise CreditRiskError(Fault("no such unit", "choice", path="unit", found=repr(unit), allowed=", ".join(UNITS)))
    series = pd.Series(dates)
    if not pd.api.types.is_datetime64_any_dtype(series):
        series = _as_dates(series)
    year = series.dt.year.map("{:04.0f}".format, na_action="ignore")
    if unit == "month":
        year = year + series.dt.month.map("-{:02.0f}".format, na_action="ignore")
    elif unit == "quarter":
        year = year + series.dt.quarter.map("-Q{:.0f}".format, na_action="ignore")
    labels = year.to_numpy(object)
    labels[series.isna().to_numpy()] = None
    return labels


def _as_dates(series: pd.Series) -> pd.Series:
    """Texts or dates as datetime64. Raises CreditRiskError naming the first that is none."""
    read = pd.to_datetime(series, format="ISO8601", errors="coerce", utc=False)
    wrong = (read.isna() & series.notna()).to_numpy()
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        message = f"{np.count_nonzero(wrong):,} values are no dates"
        found, allowed = repr(series.iloc[first]), "ISO 8601, such as 2004-03-31"
        raise CreditRiskError(Fault(message, "date", path="dates", row=first + 1, found=found, allowed=allowed))
    return read


def choose_unit(dates: ArrayLike, y: ArrayLike, least: int) -> Unit:
    """The shortest unit for which TOLD_SHARE of the rows stand in periods with `least` bads and `least` goods.

    dates (n,) as for `period_labels`, y (n,) 0/1; rows without a date or an outcome are left out. Years where no unit
    is long enough.
    """
    outcome = np.asarray(y, float)
    months = period_labels(dates, "month")
    kept = pd.notna(months) & np.isfinite(outcome)
    for unit in UNITS[:-1]:
        labels = period_labels(dates, unit)[kept]
        counts = pd.crosstab(pd.Series(labels, dtype=object), outcome[kept] == 1.0)
        enough = (counts.reindex(columns=[False, True], fill_value=0) >= least).all(axis=1)
        if counts.loc[enough].sum().sum() >= TOLD_SHARE * max(1, len(labels)):
            return unit
    return UNITS[-1]
