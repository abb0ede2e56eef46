"""A change of unit found by the ratio of medians, and codes that came to be used without being declared."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from credit_risk.evaluation._arrays import Floats
from credit_risk.evaluation.proportions import binomial_tail, two_proportions
from credit_risk.monitoring.drift.columns import FINDING_COLUMNS, VALUE_COLUMNS
from credit_risk.monitoring.drift.contract import INPUT
from credit_risk.monitoring.drift.quality import QualityPolicy
from credit_risk.monitoring.drift.tables import require_columns
from credit_risk.monitoring.frames import MOMENT_COLUMNS

DEFAULT = QualityPolicy()
FACTORS = (10.0, 12.0, 100.0, 1000.0, 1e6)
"""Units that are taken for one another: tenths, months and years, cents or per cent, thousands, millions."""
_NEAR = math.log(1.15)
_LEVELS = (0.5, 0.75, 0.9)


def unit_changes(reference: pd.DataFrame, values: pd.DataFrame, policy: QualityPolicy = DEFAULT) -> pd.DataFrame:
    """FINDING_COLUMNS, rule unit: ratio of the medians of ordinary values, period over development.

    values: VALUE_COLUMNS (distinct values with rows, or as many quantiles with the rows each stands for), reference the
    same without `period` and `segment`; special codes left out by the caller. Where a median is 0 the upper quartile is
    taken, then the ninth decile; where all are, or their signs differ, there is nothing to tell. Material where the
    ratio is `unit_ratio` or more, either way; the p-value is that of equal shares above development's quantile. The
    reason names the factor of FACTORS within 15 % of the ratio. Less than half of the rows in another unit do not move
    a median; they are found by the range of the contract or by the index.
    """
    require_columns(values, VALUE_COLUMNS, "values")
    known = {name: _sorted(part) for name, part in reference.groupby("variable")}
    found = []
    for (period, segment, variable), part in values.groupby(["period", "segment", "variable"]):
        if variable not in known:
            continue
        base, own = known[variable], _sorted(part)
        if own[1].sum() > 0 and base[1].sum() > 0:
            found.append({"period": period, "segment": segment, "variable": variable, **_unit(base, own, policy)})
    return pd.DataFrame(found, columns=FINDING_COLUMNS)


def unit_changes_of_moments(
    development: pd.DataFrame, moments: pd.DataFrame, policy: QualityPolicy = DEFAULT
) -> pd.DataFrame:
    """FINDING_COLUMNS, rule unit, where there are moments alone: ratio of means, borne out by that of deviations.

    development, moments: MOMENT_COLUMNS of numeric inputs, `rows` of those with a value (development without period,
    over all rows); the variable is the quantity without `input:`. A unit changes
    mean and standard deviation alike, one mistyped row the deviation far more: material only where both ratios are
    `unit_ratio` or more, the same way, and within a factor of 2 of each other. Of means near 0 nothing can be told.
    """
    require_columns(moments, MOMENT_COLUMNS, "moments")
    base = development.set_index("quantity")
    own = moments[moments["quantity"].isin(set(base.index)) & (moments["rows"] > 0)]
    first = base.loc[own["quantity"]]
    n, m = first["rows"].to_numpy(np.float64), own["rows"].to_numpy(np.float64)
    mean, other = first["mean"].to_numpy(np.float64), own["mean"].to_numpy(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = other / mean
        spread = np.sqrt(own["variance"].to_numpy(np.float64) / first["variance"].to_numpy(np.float64))
        error = np.sqrt(first["variance"].to_numpy(np.float64) / n + own["variance"].to_numpy(np.float64) / m)
        z = np.abs(other - mean) / error
    alike = (spread / ratio < 2.0) & (ratio / spread < 2.0)
    far = (ratio >= policy.unit_ratio) | ((ratio <= 1.0 / policy.unit_ratio) & (ratio > 0))
    frame = pd.DataFrame(
        {
            "period": own["period"].to_numpy(),
            "segment": own["segment"].to_numpy(),
            "variable": [str(name).removeprefix(INPUT) for name in own["quantity"]],
            "rule": "unit",
            "rows": math.nan,
            "total": m,
            "rate": math.nan,
            "expected": 1.0,
            "ratio": ratio,
            "p_value": np.where(np.isfinite(z), 2.0 * ndtr(-z), math.nan),
            "material": far & alike,
            "look": far & alike,
        }
    )
    told = [_factor(value) if same else "the deviation does not follow the mean" for value, same in zip(ratio, alike)]
    frame["reason"] = [f"ratio of means {value:.3g}: {text}" for value, text in zip(ratio, told, strict=True)]
    return frame[FINDING_COLUMNS]


def undeclared_specials(reference: pd.DataFrame, values: pd.DataFrame, policy: QualityPolicy = DEFAULT) -> pd.DataFrame:
    """FINDING_COLUMNS, rule special_undeclared: the commonest value beyond every value of development.

    values, reference as in `unit_changes`, exact values, without declared special codes. One value far outside what
    development had (-99, 999999) with many rows is a code of which nobody told: below 0 where development never was,
    or beyond its range by more than half of it; a wider population has values next to the range, or many with few rows
    each. Tested as a breach: rows of this value against the rate tolerated.
    """
    require_columns(values, VALUE_COLUMNS, "values")
    known = {name: _sorted(part)[0] for name, part in reference.groupby("variable")}
    span = {name: (own[0], own[-1]) for name, own in known.items() if len(own)}
    found = []
    for (period, segment, variable), part in values.groupby(["period", "segment", "variable"]):
        if variable not in span:
            continue
        x, rows = _sorted(part)
        outside = _far(x, *span[variable])
        total = float(part["rows"].sum())
        top = int(np.argmax(np.where(outside, rows, -1.0))) if len(x) else 0
        most = float(rows[top]) if len(x) and outside[top] else 0.0
        rate = most / total if total > 0 else math.nan
        told = f"value {x[top]:g}, far outside development, in {100 * rate:.3g} % of rows" if most else "no such value"
        found.append(
            {
                "period": period,
                "segment": segment,
                "variable": variable,
                "rule": "special_undeclared",
                "rows": most,
                "total": total,
                "rate": rate,
                "expected": policy.tolerated,
                "ratio": math.nan,
                "p_value": float(binomial_tail(most, total, policy.tolerated)),
                "material": rate >= policy.material,
                "look": rate > policy.tolerated,
                "reason": told,
            }
        )
    return pd.DataFrame(found, columns=FINDING_COLUMNS)


def far_from(low: float, high: float) -> tuple[float, float]:
    """Below and above which a value is far outside what development had, from its least and greatest value."""
    reach = (high - low) / 2.0
    return max(low - reach, 0.0) if low >= 0.0 else low - reach, high + reach


def _far(x: Floats, low: float, high: float) -> NDArray[np.bool_]:
    below, above = far_from(low, high)
    return np.asarray((x < below) | (x > above), np.bool_)


def _sorted(part: pd.DataFrame) -> tuple[Floats, Floats]:
    value, rows = part["value"].to_numpy(np.float64, na_value=np.nan), part["rows"].to_numpy(np.float64)
    held = ~np.isnan(value) & (rows > 0)
    order = np.argsort(value[held], kind="stable")
    return value[held][order], rows[held][order]


def _unit(base: tuple[Floats, Floats], own: tuple[Floats, Floats], policy: QualityPolicy) -> dict[str, Any]:
    (x, n), (y, m) = base, own
    ratio, p_value, told = math.nan, math.nan, "medians are 0 or of different sign: nothing to tell"
    for level in _LEVELS:
        first, second = _quantile(x, n, level), _quantile(y, m, level)
        if first * second > 0:
            ratio = second / first
            above = float(n[x > first].sum() / n.sum()), float(m[y > first].sum() / m.sum())
            p_value = float(two_proportions(above[0], n.sum(), above[1], m.sum())[1])
            told = f"ratio of {'medians' if level == 0.5 else f'{level:g} quantiles'} {ratio:.3g}: {_factor(ratio)}"
            break
    far = bool(ratio >= policy.unit_ratio or ratio <= 1.0 / policy.unit_ratio)
    cells = {"rule": "unit", "rows": math.nan, "total": float(m.sum()), "rate": math.nan, "expected": 1.0}
    return {**cells, "ratio": ratio, "p_value": p_value, "material": far, "look": far, "reason": told}


def _quantile(x: Floats, rows: Floats, level: float) -> float:
    return float(x[np.searchsorted(np.cumsum(rows), level * rows.sum())])


def _factor(ratio: float) -> str:
    if not ratio > 0 or abs(math.log(ratio)) < math.log(2.0):
        return "no change of unit"
    size = abs(math.log(ratio))
    near = min(FACTORS, key=lambda factor: abs(size - math.log(factor)))
    if abs(size - math.log(near)) > _NEAR:
        return "no known change of unit"
    return f"as if times {near:g}" if ratio > 1 else f"as if divided by {near:g}"
