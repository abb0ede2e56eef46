"""Calibration of a model of amounts or fractions by bands of what it expects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from credit_risk.evaluation._arrays import Floats
from credit_risk.evaluation._groups import class_numbers
from credit_risk.evaluation.measured import MeasuredSample, mean_interval, ratio_error

BAND_COLUMNS = [
    *("sample", "band", "lower", "upper", "rows", "weight", "expected_mean", "observed_mean", "observed_lower"),
    *("observed_upper", "ratio", "lift", "cumulative_outcome_share"),
]
CURVE_COLUMNS = ["sample", "expected_mean", "observed_mean", "lower", "upper"]


def even_edges(values: Floats, base: Floats, bands: int) -> Floats:
    """Interior edges (k,), k < bands, of bands [a, b) that hold like shares of `base`; equal values stand in one.

    values, base (n,). A band is closed once it holds its share of what the bands before it have left, so that a value
    that many rows share takes a band of its own; none holds less than half of total / bands, so there may be fewer.
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    mass = np.add.reduceat(base[order], starts)
    edges: list[float] = []
    left, held = float(np.sum(mass)), 0.0
    least = left / bands / 2
    for place, amount in enumerate(mass[:-1].tolist()):
        held += amount
        if held >= max(left / (bands - len(edges)), least) and left - held >= least:
            edges.append(float(ordered[starts[place + 1]]))
            left, held = left - held, 0.0
            if len(edges) == bands - 1:
                break
    return np.array(edges)


def mean_band_table(
    samples: Mapping[str, MeasuredSample], edges: Floats, kind: str, confidence: float = 0.95
) -> pd.DataFrame:
    """Evidence `performance.mean_bands`; band 1 expects least. edges: interior edges of development (`even_edges`).

    Means are per unit of exposure. The interval of the observed mean is normal on the scale of ln (amounts) or of
    log-odds (fractions). lift is the observed mean over that of the sample; cumulative_outcome_share is the share of
    all outcomes in this band and those that expect more. A band without rows keeps its line.
    """
    rows = [row for name, sample in samples.items() for row in _bands(name, sample, edges, kind, confidence)]
    return pd.DataFrame(rows, columns=BAND_COLUMNS)


def _bands(name: str, sample: MeasuredSample, edges: Floats, kind: str, confidence: float) -> list[dict[str, Any]]:
    number, w = class_numbers(sample.rate, edges), sample.weights
    total = float(np.sum(w * sample.y))
    overall = total / float(np.sum(sample.base))
    ends, rows = [np.nan, *edges.tolist(), np.nan], []
    for band in range(len(edges) + 1):
        inside = number == band
        row = {"sample": name, "band": band + 1, "lower": ends[band], "upper": ends[band + 1]}
        row |= {"rows": int(inside.sum()), "weight": float(np.sum(w[inside]))}
        row |= _band(sample, inside, overall, kind, confidence) if inside.any() else {}
        row["cumulative_outcome_share"] = float(np.sum((w * sample.y)[number >= band])) / total
        rows.append(row)
    return rows


def _band(sample: MeasuredSample, inside: np.ndarray, overall: float, kind: str, confidence: float) -> dict[str, float]:
    outcome, base = (sample.weights * sample.y)[inside], sample.base[inside]
    expected = float(np.sum((sample.weights * sample.expected)[inside])) / float(np.sum(base))
    observed, error = ratio_error(outcome, base, sample.clusters[inside])
    lower, upper = mean_interval(np.array([observed]), np.array([error]), kind, confidence)
    return {
        "expected_mean": expected,
        "observed_mean": observed,
        "observed_lower": float(lower[0]),
        "observed_upper": float(upper[0]),
        "ratio": observed / expected,
        "lift": observed / overall,
    }


def mean_curve(bands: pd.DataFrame) -> pd.DataFrame:
    """Data of figure `performance.mean_curve`: expected against observed mean of the bands that hold rows."""
    held = bands[bands["rows"] > 0].drop(columns=["lower", "upper"])
    names = {"observed_lower": "lower", "observed_upper": "upper"}
    return held.rename(columns=names)[CURVE_COLUMNS].reset_index(drop=True)
