"""Whether performance moved from development: in size, and beyond chance over all that is looked at together.

Several measures of one period (AUC, level, slope) are several chances of a false alarm: three tests at 1 % raise one in
3 % of periods in which nothing moved. Their p-values are therefore adjusted within the period and segment (Holm 1979,
Scandinavian Journal of Statistics 6, 65-70), so that the stated level is that of the period and segment.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

from credit_risk.evaluation._arrays import Floats
from credit_risk.monitoring.drift.columns import MOVED_COLUMNS
from credit_risk.monitoring.drift.tables import require_columns

GAP_COLUMNS = ["period", "segment", "measure", "gap", "error", "least", "reason"]
"""A row each thing that is held against development. measure: calibration or ranking; gap: what it differs by, error
its standard error, NaN where it is not known yet; least: size from which it matters, in the unit of the gap."""

ROUNDING = 1e-9
"""An error up to it is that of rows which are all alike (every account bad), and tells nothing of chance."""


def moved_frame(gaps: pd.DataFrame, level: float = 0.05) -> pd.DataFrame:
    """MOVED_COLUMNS from GAP_COLUMNS, a row each period, segment and measure.

    moved: some gap of the measure is at least `least` and its p-value (two-sided, normal), adjusted by Holm over all
    gaps of the period and segment, at most `level`; None where none of the measure is known. Raises CreditRiskError
    where columns are absent.
    """
    require_columns(gaps, GAP_COLUMNS, "gaps")
    rows = []
    for (period, segment), part in gaps.groupby(["period", "segment"], sort=True):
        gap, error = part["gap"].to_numpy(np.float64), part["error"].to_numpy(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            p_value = np.where(error > ROUNDING, 2.0 * special.ndtr(-np.abs(gap) / error), np.nan)
        known = ~np.isnan(p_value)
        over = (holm(p_value) <= level) & (np.abs(gap) >= part["least"].to_numpy(np.float64))
        for measure in dict.fromkeys(part["measure"]):
            mine = (part["measure"] == measure).to_numpy() & known
            told = "; ".join(str(one) for one in part.loc[(part["measure"] == measure).to_numpy(), "reason"] if one)
            rows.append((period, segment, measure, bool(over[mine].any()) if mine.any() else None, told))
    return pd.DataFrame(rows, columns=MOVED_COLUMNS)


def holm(p_values: Floats) -> Floats:
    """p-values (k,) adjusted by Holm's step-down method; NaN stays NaN and is no test."""
    found = np.full(len(p_values), np.nan)
    known = np.flatnonzero(~np.isnan(p_values))
    order = known[np.argsort(p_values[known], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    found[order] = np.minimum(np.maximum.accumulate(p_values[order] * factors), 1.0)
    return found
