"""Leakage screen: predictors that know more of the outcome than anything known at the decision should.

Each check is a suspicion told with its number, not a verdict: it is for a person to say whether the value was known at
the decision. Four checks of a predictor's values, one of its dates. Columns that intake left out are screened alike:
the plan does not name them, and its next version may.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.randomness import stage_generator
from credit_risk.binning.prebins import gini_of_classes, quantile_cuts
from credit_risk.evaluation.area_under_curve import auc
from credit_risk.sampling.dates import mostly_dates

Floats = NDArray[np.float64]
FOLDS, PRIOR_ROWS, FINE_CLASSES = 5, 5.0, 20
PREDICTOR, LEFT_OUT = "predictor", "left out"
COLUMNS = ["characteristic", "role", "check", "value", "threshold", "flagged", "detail"]
NO_ROLES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class LeakageLimits:
    """Thresholds of the checks: Gini of the fine classes; Gini of exact values out of fold and its excess over fine

    classes; bad rate and share of all bads of one pure value or class; Gini of being missing; share of rows of a
    column left out that are dated after the decision.
    """

    gini: float = 0.75
    value_gini: float = 0.5
    value_excess: float = 0.05
    pure_rate: float = 0.98
    pure_share: float = 0.2
    missing_gini: float = 0.5
    later_share: float = 0.01


@dataclass(frozen=True, slots=True)
class LeftOutColumn:
    """A column that intake left out. values: (n,) numbers or text, missing as NaN or None; is_date: ISO 8601 text."""

    values: pd.Series
    is_date: bool = False


def leakage_frame(
    frame: pd.DataFrame,
    y: Floats,
    fine_gini: Mapping[str, float],
    *,
    seed: int,
    decision: pd.Series | None = None,
    dates: pd.DataFrame | None = None,
    date_roles: Mapping[str, str] = NO_ROLES,
    left_out: Mapping[str, LeftOutColumn] | None = None,
    limits: LeakageLimits | None = None,
    clusters: NDArray[np.int64] | None = None,
) -> pd.DataFrame:
    """Evidence `data.leakage`: a row for each column and check. frame (n, k) of predictors, y (n,) 0/1, 1 is bad.

    decision: (n,) ISO 8601 dates of the decision and dates: further date columns with their roles in the plan, for the
    check of later dates. left_out: columns that are no predictors because intake left them out. Folds are drawn from
    `seed`; whole clusters (n,) of them, so that no obligor tells another row of itself. Without the dates of the
    decision no date can be later; `attrs["notes"]` says so.
    """
    bounds = limits or LeakageLimits()
    codes = np.arange(len(y)) if clusters is None else np.unique(clusters, return_inverse=True)[1]
    folds = stage_generator(seed, "leakage").permutation(int(codes.max(initial=0)) + 1)[codes] % FOLDS
    rows: list[dict[str, Any]] = []
    for name in frame.columns:
        values = frame[name]
        rows.append(_row(name, "discrimination", fine_gini[name], bounds.gini, "Gini of the fine classes"))
        rows += _exact_values(name, values, y, folds, bounds)
        rows.append(_pure(name, values, y, bounds))
        rows += _missing(name, values, y, bounds)
    uncompared: list[str] = []
    for name in dates.columns if dates is not None else ():
        if decision is None:
            uncompared.append(str(name))
        else:
            role = date_roles.get(str(name), "date")
            rows.append({**_later(str(name), dates[name], decision, 0.0), "role": role})  # type: ignore[index]
    for name, column in (left_out or {}).items():
        found, compared = _screen_left_out(name, column, y, folds, decision, bounds)
        rows += found
        uncompared += [] if compared else [name]
    result = pd.DataFrame(rows, columns=COLUMNS)
    if uncompared:
        note = f"no date of the decision (data.date): dates not compared with it: {', '.join(uncompared)}"
        result.attrs["notes"] = (note,)
    return result


def suspicions(leakage: pd.DataFrame) -> dict[str, str]:
    """Checks that each predictor failed, in words, from the rows of `leakage_frame`."""
    failed = leakage[leakage["flagged"] & (leakage["role"] == PREDICTOR)]
    return {str(name): ", ".join(group["check"]) for name, group in failed.groupby("characteristic", sort=False)}


def _row(name: str, check: str, value: float, threshold: float, detail: str) -> dict[str, Any]:
    flagged = bool(value > threshold)
    return dict(zip(COLUMNS, (name, PREDICTOR, check, value, threshold, flagged, detail), strict=True))


def _screen_left_out(
    name: str,
    column: LeftOutColumn,
    y: Floats,
    folds: NDArray[Any],
    decision: pd.Series | None,
    bounds: LeakageLimits,
) -> tuple[list[dict[str, Any]], bool]:
    """Rows of a column left out, and whether its dates, if it holds any, were compared with the decision."""
    values, rows, compared = column.values, [], True
    dates = values if column.is_date else mostly_dates(values)
    if dates is not None:
        compared = decision is not None
        if decision is not None:
            rows.append(_later(name, dates, decision, bounds.later_share))
        values = pd.Series(_days(dates))
    rows += _discrimination(name, values, y, folds, bounds)
    if pd.api.types.is_numeric_dtype(values):
        rows += _exact_values(name, values, y, folds, bounds)
    rows.append(_pure(name, values, y, bounds))
    rows += _missing(name, column.values, y, bounds)
    return [{**row, "role": LEFT_OUT} for row in rows], compared


def _discrimination(
    name: str, values: pd.Series, y: Floats, folds: NDArray[Any], bounds: LeakageLimits
) -> list[dict[str, Any]]:
    """Gini of the fine classes of numbers (dates are days), of the levels of text out of fold."""
    if pd.api.types.is_numeric_dtype(values):
        x = values.to_numpy(float)
        known = np.isfinite(x)
        if not known.any():
            return []
        cuts = quantile_cuts(np.sort(x[known]), FINE_CLASSES)
        classes = np.searchsorted(cuts, x[known], side="right")
        good, bad = (np.bincount(classes, y[known] == kind, len(cuts) + 1).astype(float) for kind in (0, 1))
        gini, detail = gini_of_classes(good, bad), "Gini of the fine classes"
    else:
        gini, detail = out_of_fold_gini(values.to_numpy(object), y, folds), "Gini of the levels, out of fold"
    return [_row(name, "discrimination", gini, bounds.gini, detail)]


def _days(dates: pd.Series) -> Floats:
    """ISO 8601 dates as days since 1970, NaN where missing."""
    known = dates.notna().to_numpy()
    days = np.full(len(dates), np.nan)
    days[known] = [float(np.datetime64(str(date)[:10], "D").astype(np.int64)) for date in dates[known]]
    return days


def _exact_values(
    name: str, values: pd.Series, y: Floats, folds: NDArray[Any], bounds: LeakageLimits
) -> list[dict[str, Any]]:
    """Whether the exact number tells more than its size, as terms do that end on odd months only after a default."""
    if not pd.api.types.is_numeric_dtype(values) or values.nunique() <= FINE_CLASSES:
        return []
    x = values.to_numpy(float)
    cuts = quantile_cuts(np.sort(x[np.isfinite(x)]), FINE_CLASSES)
    classes = np.where(np.isfinite(x), np.searchsorted(cuts, x, side="right"), -1)
    exact, coarse = (out_of_fold_gini(v, y, folds) for v in (x, classes.astype(float)))
    excess = exact - coarse if exact > bounds.value_gini else 0.0
    detail = (
        f"Gini of exact values {exact:.3f} out of fold, of fine classes {coarse:.3f}; counted above {bounds.value_gini}"
    )
    return [_row(name, "exact values", excess, bounds.value_excess, detail)]


def out_of_fold_gini(values: NDArray[Any], y: Floats, folds: NDArray[Any]) -> float:
    """Gini of the bad rate of each value, learnt on the other folds (shrunk to the mean by five rows)."""
    codes, levels = pd.factorize(values)
    estimate, mean = np.empty(len(y)), float(np.mean(y))
    for fold in range(FOLDS):
        inside = folds != fold
        count = np.bincount(codes[inside] + 1, minlength=len(levels) + 1)
        bad = np.bincount(codes[inside] + 1, y[inside], len(levels) + 1)
        rate = (bad + PRIOR_ROWS * mean) / (count + PRIOR_ROWS)
        estimate[~inside] = rate[codes[~inside] + 1]
    return 2 * auc(y, estimate) - 1


def _pure(name: str, values: pd.Series, y: Floats, bounds: LeakageLimits) -> dict[str, Any]:
    """The greatest share of all bads in one value, or above or below one cut, whose rows are almost all bad."""
    counts = pd.DataFrame({"v": values.to_numpy(), "y": y}).groupby("v", sort=True)["y"].agg(["size", "sum"])
    candidates = [counts]
    if pd.api.types.is_numeric_dtype(values) and len(counts) > 2:
        candidates += [counts.cumsum(), counts[::-1].cumsum()]
    best, total = 0.0, float(np.sum(y))
    for table in candidates:
        pure = table[table["sum"] >= bounds.pure_rate * table["size"]]
        if len(pure) and np.mean(y) < bounds.pure_rate / 2:
            best = max(best, float(pure["sum"].max()) / total)
    detail = f"share of all bads in one range of values with a bad rate of at least {bounds.pure_rate}"
    return _row(name, "pure values", best, bounds.pure_share, detail)


def _missing(name: str, values: pd.Series, y: Floats, bounds: LeakageLimits) -> list[dict[str, Any]]:
    absent = values.isna().to_numpy()
    if not 0 < absent.sum() < len(absent):
        return []
    gini = abs(2 * auc(y, absent.astype(float)) - 1)
    return [_row(name, "missing", gini, bounds.missing_gini, "Gini of being missing")]


def _later(name: str, dates: pd.Series, decision: pd.Series, threshold: float) -> dict[str, Any]:
    """Share of rows whose date lies after the decision: ISO 8601 text sorts as time, compared to the coarser's day."""
    known = dates.notna().to_numpy() & decision.notna().to_numpy()
    given, decided = (series.to_numpy(object)[known].astype(str) for series in (dates, decision))
    detail = f"share of {int(known.sum()):,} rows dated after the decision"
    if not known.any():
        return _row(name, "later date", 0.0, threshold, detail)
    size = min(10, *(min(map(len, texts)) for texts in (given, decided)))
    later = [one[:size] > other[:size] for one, other in zip(given, decided, strict=True)]
    return _row(name, "later date", float(np.mean(later)), threshold, detail)
