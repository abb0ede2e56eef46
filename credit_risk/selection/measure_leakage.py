"""Leakage screen of amounts and fractions, and the expert's trends held against them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.evaluation.measure_ranking import spearman
from credit_risk.selection.leakage import COLUMNS, PREDICTOR

Floats = NDArray[np.float64]
EXPECTATION_COLUMNS = ["characteristic", "expected_trend", "rank_correlation", "lower", "upper", "verdict"]


@dataclass(frozen=True, slots=True)
class MeasureLimits:
    """Thresholds: Gini index of fine classes over the greatest; rank correlation of a number, and of being missing."""

    gini: float = 0.75
    correlation: float = 0.9
    missing: float = 0.5


def measure_leakage_frame(
    frame: pd.DataFrame, rates: Floats, fine_gini: Mapping[str, float], limits: MeasureLimits | None = None
) -> pd.DataFrame:
    """Evidence `data.leakage`: a row for each predictor and check. frame (n, k); rates (n,): outcome over exposure.

    A predictor that is a function of the outcome, rising or falling, has a rank correlation of ±1 with it.
    """
    bounds = limits or MeasureLimits()
    rows: list[tuple[Any, ...]] = []
    for name in frame.columns:
        rows.append(_row(name, "discrimination", fine_gini[name], bounds.gini, "Gini index of the fine classes"))
        values, absent = frame[name], frame[name].isna().to_numpy()
        if pd.api.types.is_numeric_dtype(values):
            x = values.to_numpy(np.float64, na_value=np.nan)
            correlation = abs(_correlation(x[~absent], rates[~absent]))
            rows.append(_row(name, "rank correlation", correlation, bounds.correlation, "of the number, without sign"))
        if 0 < absent.sum() < len(absent):
            correlation = abs(_correlation(absent.astype(float), rates))
            rows.append(_row(name, "missing", correlation, bounds.missing, "rank correlation of being missing"))
    return pd.DataFrame(rows, columns=COLUMNS)


def _correlation(x: Floats, y: Floats) -> float:
    found = spearman(x, y, 0.95)[0]
    return 0.0 if np.isnan(found) else found


def _row(name: Any, check: str, value: float, threshold: float, detail: str) -> tuple[Any, ...]:
    return str(name), PREDICTOR, check, value, threshold, bool(value > threshold), detail


def mean_expectation_frame(
    expected: Mapping[str, str],
    values: Mapping[str, Floats],
    codes: Mapping[str, list[float]],
    rates: Floats,
    confidence: float,
    weights: Floats | None = None,
) -> pd.DataFrame:
    """Evidence `classing.mean_expectations`: does the outcome move over ordinary values as the expert expects?

    expected: `ascending` or `descending` by characteristic; values (n,) with NaN for missing; codes: special codes;
    rates, weights (n,). The rank correlation is that in the expected direction: the data confirm where its interval
    lies above 0, contradict where it lies below. The classing keeps the declared trend whatever the verdict.
    """
    rows = []
    for name, trend in expected.items():
        if name not in values or trend not in ("ascending", "descending"):
            continue
        x = values[name]
        known = np.isfinite(x) & ~np.isin(x, codes.get(name, []))
        w = None if weights is None else weights[known]
        r, lower, upper = spearman(x[known] if trend == "ascending" else -x[known], rates[known], confidence, w)
        verdict = "not evaluable: one value" if np.isnan(r) else "neither confirmed nor contradicted"
        if lower > 0:
            verdict = "confirmed"
        elif upper < 0:
            verdict = "contradicted by the data"
        rows.append((name, trend, r, lower, upper, verdict))
    return pd.DataFrame(rows, columns=EXPECTATION_COLUMNS)
