"""Leakage screen: predictors that know more of the outcome than anything known at the decision should.

Each check is a suspicion told with its number, not a verdict: it is for a person to say whether the value was known at
the decision. Four checks of a predictor's values, one of its dates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.randomness import stage_generator
from credit_risk.binning.prebins import quantile_cuts
from credit_risk.evaluation.area_under_curve import auc

Floats = NDArray[np.float64]
FOLDS, PRIOR_ROWS, FINE_CLASSES = 5, 5.0, 20
COLUMNS = ["characteristic", "check", "value", "threshold", "flagged", "detail"]


@dataclass(frozen=True, slots=True)
class LeakageLimits:
    """Thresholds of the checks: Gini of the fine classes; Gini of exact values out of fold and its excess over fine

    classes; bad rate and share of all bads of one pure value or class; Gini of being missing.
    """

    gini: float = 0.75
    value_gini: float = 0.5
    value_excess: float = 0.05
    pure_rate: float = 0.98
    pure_share: float = 0.2
    missing_gini: float = 0.5


def leakage_frame(
    frame: pd.DataFrame,
    y: Floats,
    fine_gini: Mapping[str, float],
    *,
    seed: int,
    decision: pd.Series | None = None,
    dates: pd.DataFrame | None = None,
    limits: LeakageLimits | None = None,
) -> pd.DataFrame:
    """Evidence `data.leakage`: a row for each predictor and check. frame (n, k) of predictors, y (n,) 0/1, 1 is bad.

    decision: (n,) ISO 8601 dates of the decision and dates: further date columns, for the check of later dates. Folds
    are drawn from `seed`.
    """
    bounds = limits or LeakageLimits()
    folds = stage_generator(seed, "leakage").permutation(len(y)) % FOLDS
    rows: list[dict[str, Any]] = []
    for name in frame.columns:
        values = frame[name]
        rows.append(_row(name, "discrimination", fine_gini[name], bounds.gini, "Gini of the fine classes"))
        rows += _exact_values(name, values, y, folds, bounds)
        rows.append(_pure(name, values, y, bounds))
        rows += _missing(name, values, y, bounds)
    if decision is not None and dates is not None:
        rows += [_later(str(name), dates[name], decision) for name in dates.columns]
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(name: str, check: str, value: float, threshold: float, detail: str) -> dict[str, Any]:
    flagged = bool(value > threshold)
    return dict(zip(COLUMNS, (name, check, value, threshold, flagged, detail), strict=True))


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


def out_of_fold_gini(values: Floats, y: Floats, folds: NDArray[Any]) -> float:
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


def _later(name: str, dates: pd.Series, decision: pd.Series) -> dict[str, Any]:
    """Share of rows whose date lies after the decision (ISO 8601 text sorts as time)."""
    known = dates.notna().to_numpy() & decision.notna().to_numpy()
    later = dates.to_numpy(object)[known].astype(str) > decision.to_numpy(object)[known].astype(str)
    share = float(np.mean(later)) if known.any() else 0.0
    return _row(name, "later date", share, 0.0, f"share of {int(known.sum()):,} rows dated after the decision")
