"""The expert's expected trend, declared first, held against the data: confirmed, contradicted, or not to be told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from credit_risk._core.evidence import Cell
from credit_risk.binning.table import BinningTable
from credit_risk.evaluation.area_under_curve import delong_interval

Floats = NDArray[np.float64]
COLUMNS = ["characteristic", "expected_trend", "auc", "auc_lower", "auc_upper", "p_value", "verdict"]


def expectation_frame(
    expected: Mapping[str, str],
    tables: Mapping[str, BinningTable],
    values: Mapping[str, Any],
    y: Floats,
    confidence: float,
    weights: Floats | None = None,
) -> pd.DataFrame:
    """Evidence `classing.expectations`: does the bad rate move over ordinary values as the expert expects?

    expected: `ascending` or `descending` by characteristic; values (n,) as they are classed, y, weights (n,). AUC is
    that of the value (of categories, their place in the declared order) as a measure of risk in the expected direction;
    the data confirm where its interval (DeLong) lies above 0.5, contradict where it lies below. The classing itself
    keeps the declared trend whatever the verdict.
    """
    rows = []
    for name, trend in expected.items():
        if name not in tables or trend not in ("ascending", "descending") or not tables[name].has_order:
            continue
        ranks = tables[name].ranks(values[name])
        known = np.isfinite(ranks)
        w = None if weights is None else weights[known]
        rows.append((name, trend, *trend_verdict(ranks[known], y[known], trend, confidence, w)))
    return pd.DataFrame(rows, columns=COLUMNS)


def trend_verdict(
    x: Floats, y: Floats, trend: str, confidence: float, weights: Floats | None = None
) -> tuple[Cell, ...]:
    """AUC of x (n,), finite, in the direction of `trend`, its bounds, p-value against 0.5, and the verdict in words."""
    if len(np.unique(y)) < 2 or np.ptp(x) == 0:
        return None, None, None, None, "not evaluable: one class or one value"
    area = delong_interval(y, x if trend == "ascending" else -x, weights, confidence)
    if area.degenerate or not area.standard_error > 0:
        return area.auc, None, None, None, "not evaluable: no variance"
    p_value = float(2 * norm.sf(abs(area.auc - 0.5) / area.standard_error))
    verdict = "neither confirmed nor contradicted"
    if area.lower > 0.5:
        verdict = "confirmed"
    elif area.upper < 0.5:
        verdict = "contradicted by the data"
    return area.auc, area.lower, area.upper, p_value, verdict
