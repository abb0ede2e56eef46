"""Frames of performance as values of the metrics that rules are held against (VALUE_COLUMNS)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from credit_risk.monitoring.metrics import VALUE_COLUMNS
from credit_risk.monitoring.performance.against_development import COMPARED_COLUMNS, require_columns
from credit_risk.monitoring.performance.calibration import CALIBRATION_COLUMNS, LEVEL_COLUMNS
from credit_risk.monitoring.performance.decisions import DECISION_COLUMNS
from credit_risk.monitoring.performance.like_for_like import LIKE_COLUMNS
from credit_risk.monitoring.performance.vintages import AUC, BAD_RATE, EVALUABLE, GINI, KS

SCORE, ALL_SUBJECTS = "score", "all"
NO_REFERENCE = "development has no such value"
NO_SLOPE = "not estimable: probabilities all alike, or 0 or 1, or classes separated"


def performance_values(
    compared: pd.DataFrame, window: float, least_expected: float = 0.0, like: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Metrics auc, gini, outcome_ks, bad_rate and auc_drop at the window, and early ones.

    auc_drop is held against development's AUC among scores as those of the period where `like` (LIKE_COLUMNS) has a
    row of period and segment, so that a narrower range of scores is no fall; else against development's as it stands.
    early_auc_drop and early_arrears are at an earlier month. From `against_development`; of several earlier months of a
    period the latest that is evaluable counts, else the latest. early_arrears is the bad rate over development's, with
    the difference's bounds over development's rate; not evaluable where that rate is at or below `least_expected`.
    beyond_chance: the interval of the difference leaves 0 out.
    """
    require_columns(compared, COMPARED_COLUMNS, "compared")
    parts = []
    final = compared[compared["horizon"] == window]
    for measure, metric in ((AUC, "auc"), (GINI, "gini"), (KS, "outcome_ks"), (BAD_RATE, "bad_rate")):
        own = final[final["measure"] == measure]
        parts.append(_values(own, metric, own["value"], own["lower"], own["upper"], None))
    for held, metric in ((final, "auc_drop"), (_latest(compared, window), "early_auc_drop")):
        own = held[held["measure"] == AUC]
        if metric == "auc_drop" and like is not None and len(like):
            parts.append(_fall_in_range(like))
            told = pd.MultiIndex.from_frame(like[["period", "segment"]])
            own = own[~pd.MultiIndex.from_frame(own[["period", "segment"]]).isin(told)]
        value, lower, upper = -own["difference"], -own["difference_upper"], -own["difference_lower"]
        parts.append(_values(own, metric, value, lower, upper, lower > 0, own["development"].notna()))
    own = _latest(compared, window)
    own = own[own["measure"] == BAD_RATE]
    base = own["development"].where(own["development"] > least_expected)
    low, high = 1.0 + own["difference_lower"] / base, 1.0 + own["difference_upper"] / base
    parts.append(_values(own, "early_arrears", own["value"] / base, low, high, (low > 1) | (high < 1), base.notna()))
    return pd.concat(parts, ignore_index=True)


def _fall_in_range(like: pd.DataFrame) -> pd.DataFrame:
    """auc_drop of the rows of LIKE_COLUMNS."""
    require_columns(like, LIKE_COLUMNS, "like")
    value, lower, upper = -like["difference"], -like["difference_upper"], -like["difference_lower"]
    return _values(like, "auc_drop", value, lower, upper, lower > 0)


def calibration_values(
    level: pd.DataFrame, calibration: pd.DataFrame | None = None, *, correlated: bool = True
) -> pd.DataFrame:
    """Metrics calibration_in_the_large and calibration_slope, and grade_test of each grade where grades are given.

    From `calibration_level` and `calibration_table`; correlated: the p-value under the declared correlation, else
    Jeffreys'.
    """
    require_columns(level, LEVEL_COLUMNS, "level")
    low, high = level["ratio_lower"], level["ratio_upper"]
    parts = [_values(level, "calibration_in_the_large", level["ratio"], low, high, (low > 1) | (high < 1))]
    low, high = level["slope_lower"], level["slope_upper"]
    known, beyond = level["slope"].notna(), (low > 1) | (high < 1)
    parts.append(_values(level, "calibration_slope", level["slope"], low, high, beyond, known, NO_SLOPE))
    if calibration is not None:
        require_columns(calibration, CALIBRATION_COLUMNS, "calibration")
        verdict = calibration["correlated_verdict" if correlated else "verdict"]
        own = calibration.assign(status=np.where(verdict == "not evaluable", "not evaluable", EVALUABLE))
        nothing = pd.Series(np.nan, index=own.index)
        p_value = own["correlated_p_value" if correlated else "jeffreys_p_value"]
        found = _values(own, "grade_test", p_value, nothing, nothing, None)
        parts.append(found.assign(subject=own["group"].to_numpy()))
    return pd.concat(parts, ignore_index=True)


def decision_values(decisions: pd.DataFrame) -> pd.DataFrame:
    """Metrics approval_rate (less development's), approved_share (itself) and override_rate, from `decision_table`."""
    require_columns(decisions, DECISION_COLUMNS, "decisions")
    own = decisions[decisions["measure"] == "approval_rate"]
    low, high = own["difference_lower"], own["difference_upper"]
    known = own["development"].notna()
    first = _values(own, "approval_rate", own["difference"], low, high, (low > 0) | (high < 0), known)
    share = _values(own, "approved_share", own["rate"], own["lower"], own["upper"], None)
    own = decisions[decisions["measure"] == "override_rate"]
    second = _values(own, "override_rate", own["rate"], own["lower"], own["upper"], None)
    return pd.concat([first, share, second], ignore_index=True).assign(subject=ALL_SUBJECTS)


def _latest(compared: pd.DataFrame, window: float) -> pd.DataFrame:
    """Of each period, segment and measure the row of the latest earlier month, evaluable ones first."""
    early = compared[(compared["horizon"] < window) & compared["development"].notna()]
    held = early.assign(usable=early["status"].eq(EVALUABLE)).sort_values(["usable", "horizon"], kind="stable")
    return held.drop_duplicates(["period", "segment", "measure"], keep="last").drop(columns="usable").sort_index()


def _values(
    own: pd.DataFrame,
    metric: str,
    value: pd.Series,
    lower: pd.Series,
    upper: pd.Series,
    beyond: pd.Series | None,
    known: pd.Series | None = None,
    unknown: str = NO_REFERENCE,
) -> pd.DataFrame:
    evaluable = own["status"].eq(EVALUABLE)
    reason = own["reason"].astype(object)
    if known is not None:
        reason = reason.where(known | ~evaluable, unknown)
        evaluable = evaluable & known
    columns = {
        "period": own["period"],
        "segment": own["segment"],
        "metric": metric,
        "subject": SCORE,
        "value": value,
        "lower": lower,
        "upper": upper,
        "rows": own["rows"],
        "evaluable": evaluable,
        "reason": reason.where(reason.notna(), None),
        "beyond_chance": None if beyond is None else beyond.astype(object),
    }
    return (
        pd.DataFrame(columns, index=own.index)[VALUE_COLUMNS].astype({"beyond_chance": object}).reset_index(drop=True)
    )
