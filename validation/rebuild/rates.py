"""Shares of rows at a cut-off, lifts and F-scores with bounds, counted our own way."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from validation.rebuild import metrics
from validation.rebuild.clusters import dense, repeat
from validation.rebuild.ranking import Rows, whole_error

Mask = NDArray[np.bool_]
Bounds = tuple[float, float, float]
NONE: Bounds = (np.nan, np.nan, np.nan)


def independent_rows(rows: Rows, event: Mask, base: Mask) -> float:
    """Kish's effective rows of `base`, over the design effect of clusters where they repeat in the sample."""
    w, hit = rows.weight[base], event[base].astype(np.float64)
    size = metrics.effective_size(float(np.sum(w)), float(np.sum(w**2)))
    if not repeat(rows.cluster):
        return size
    numbers, count = dense(rows.cluster[base])
    residual = w * (hit - metrics.weighted_mean(hit, w))
    single = float(np.sum(residual**2))
    if single > 0:
        return size / max(float(np.sum(np.bincount(numbers, residual, count) ** 2)) / single, 1.0)
    sums = np.bincount(numbers, w, count)
    return min(size, metrics.effective_size(float(np.sum(sums)), float(np.sum(sums**2))))


def share(rows: Rows, event: Mask, base: Mask, confidence: float) -> Bounds:
    """Weight of `event` within `base`, with Wilson's bounds at `independent_rows`."""
    if not base.any():
        return NONE
    value = metrics.weighted_mean(event[base].astype(np.float64), rows.weight[base])
    size = independent_rows(rows, event, base)
    return value, *metrics.wilson(value * size, size, confidence)


def lift(rows: Rows, part: Mask, confidence: float) -> Bounds:
    """Bad rate of `part` over that of the sample, bounds on the scale of ln."""
    w, total = rows.weight, float(np.sum(rows.weight))
    p, q, r = (float(np.sum(w[mask])) / total for mask in (part & rows.bad, part, rows.bad))
    if q == 0:
        return NONE
    if p == 0:
        return 0.0, np.nan, np.nan
    pull = (
        1.0 + np.where(part & rows.bad, 1.0 / p, 0.0) - np.where(part, 1.0 / q, 0.0) - np.where(rows.bad, 1.0 / r, 0.0)
    )
    reach = float(special.ndtri(0.5 + confidence / 2.0)) * whole_error(rows, pull)
    value = p / q / r
    return value, float(value * np.exp(-reach)), float(value * np.exp(reach))


def f_score(rows: Rows, called: Mask, confidence: float) -> Bounds:
    """2·TP/(called + bads), bounds on the scale of the log-odds."""
    w = rows.weight
    base = float(np.sum(w[called]) + np.sum(w[rows.bad]))
    value = 2.0 * float(np.sum(w[called & rows.bad])) / base
    if not 0 < value < 1:
        return value, np.nan, np.nan
    pull = (2.0 * (called & rows.bad) - value * called - value * rows.bad) * float(np.sum(w)) / base
    half = float(special.ndtri(0.5 + confidence / 2.0)) * whole_error(rows, pull) / (value * (1.0 - value))
    odds = np.log(value) - np.log1p(-value)
    return value, float(special.expit(odds - half)), float(special.expit(odds + half))
