"""Performance of production against that of development at the same month: month 3 against month 3."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation.intervals import normal_quantile
from credit_risk.monitoring.drift.tables import require_columns
from credit_risk.monitoring.frames import ALL
from credit_risk.monitoring.performance.vintages import BAD_RATE, EVALUABLE, PERFORMANCE_COLUMNS

DEVELOPMENT_COLUMNS = ["segment", "horizon", "measure", "value", "standard_error"]
"""A row each segment (`all` or column=value), horizon (months) and measure (bad_rate, auc, gini, ks) of development."""

COMPARED_COLUMNS = [
    *PERFORMANCE_COLUMNS,
    *("development", "development_error", "difference", "difference_lower", "difference_upper", "p_value", "verdict"),
]
"""difference: production less development; p_value two-sided; verdict: better, worse, no difference, not evaluable."""
BETTER, WORSE, SAME, NOT_EVALUABLE = "better", "worse", "no difference", "not evaluable"


def development_months(vintages: pd.DataFrame) -> pd.DataFrame:
    """DEVELOPMENT_COLUMNS of the bad rate by month on book, from the frame of evidence `outcome.vintages`.

    At each month the bads of all cohorts over the accounts of all cohorts that have reached it, with the binomial
    error; months are calendar months (`label_outcomes` with clock `calendar` counts alike). Raises CreditRiskError
    where columns are missing.
    """
    require_columns(vintages, ["month_on_book", "accounts", "bad"], "outcome.vintages")
    sums = vintages.groupby("month_on_book", sort=True)[["accounts", "bad"]].sum().reset_index()
    sums = sums[sums["accounts"] > 0]
    rate = (sums["bad"] / sums["accounts"]).to_numpy(float)
    error = np.sqrt(rate * (1.0 - rate) / sums["accounts"].to_numpy(float))
    head = {"segment": ALL, "horizon": sums["month_on_book"].to_numpy(float), "measure": BAD_RATE}
    return pd.DataFrame({**head, "value": rate, "standard_error": error})[DEVELOPMENT_COLUMNS].reset_index(drop=True)


def against_development(
    frame: pd.DataFrame, development: pd.DataFrame, *, confidence: float = 0.95, significance: float = 0.05
) -> pd.DataFrame:
    """COMPARED_COLUMNS: each row of `performance_table` beside development's at the same segment, horizon and measure.

    development: DEVELOPMENT_COLUMNS; a standard error of NaN counts as 0 and is told by `development_error`. A measure
    at another month is another measure and is compared with none. The test is normal, of independent samples; a bad
    rate is worse where it is higher, the others where they are lower. Raises CreditRiskError on columns that are
    missing or rows of development that repeat.
    """
    require_columns(frame, PERFORMANCE_COLUMNS, "frame")
    require_columns(development, DEVELOPMENT_COLUMNS, "development")
    keys = DEVELOPMENT_COLUMNS[:3]
    if development.duplicated(keys).any():
        first = development[development.duplicated(keys)].iloc[0]
        found = ", ".join(f"{first[key]}" for key in keys)
        raise CreditRiskError(Fault("rows of development repeat", "duplicate", path="development", found=found))
    base = development.rename(columns={"value": "development", "standard_error": "development_error"})
    base = base[[*keys, "development", "development_error"]].astype({"horizon": float})
    found_ = frame.merge(base, on=keys, how="left", validate="many_to_one")
    gap = found_["value"] - found_["development"]
    error = np.hypot(found_["standard_error"], found_["development_error"].fillna(0.0))
    half = normal_quantile(confidence) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        p_value = np.where(error > 0, 2.0 * special.ndtr(-np.abs(gap) / error), np.nan)
    found_ = found_.assign(difference=gap, difference_lower=gap - half, difference_upper=gap + half, p_value=p_value)
    told = found_["status"].eq(EVALUABLE) & ~np.isnan(p_value)
    worse = np.where(found_["measure"] == BAD_RATE, gap > 0, gap < 0)
    verdict = np.where(p_value <= significance, np.where(worse, WORSE, BETTER), SAME)
    found_["verdict"] = np.where(told, verdict, NOT_EVALUABLE)
    found_.attrs["notes"] = (
        *frame.attrs.get("notes", ()),
        "a measure is held against development's at the same month on book: an AUC at month 3 is not one at the window",
    )
    return found_[COMPARED_COLUMNS]
