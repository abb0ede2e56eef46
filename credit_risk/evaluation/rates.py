"""Proportions and lifts of rows at a threshold, with weights and clusters."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_risk.evaluation._arrays import Floats
from credit_risk.evaluation.intervals import effective_rows, normal_quantile, wilson_interval

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows that rates are taken of: bad (n,), weights (n,) or None, clusters (n,) whole numbers or None."""

    bad: Mask
    weights: Floats | None
    codes: NDArray[np.int64] | None

    @property
    def mass(self) -> Floats:
        """Weights (n,), 1 where there are none."""
        return np.ones(len(self.bad)) if self.weights is None else self.weights


@dataclass(frozen=True, slots=True)
class Rate:
    """A proportion, ratio or score with bounds; NaN where its base is empty."""

    value: float
    lower: float
    upper: float


def proportion(rows: Rows, event: Mask, base: Mask, confidence: float) -> Rate:
    """Weight of `event` within `base`, both (n,), over the weight of `base`.

    Wilson's interval at Kish's effective size; where clusters repeat, divided by the design effect, the variance of
    sums over clusters over that of rows (Kish 1965, section 5.4), or at the effective number of clusters where all rows
    or none have the event.
    """
    if not base.any():
        return Rate(math.nan, math.nan, math.nan)
    value, size = _share(rows, event, base), effective_size(rows, event, base)
    lower, upper = (float(one[0]) for one in wilson_interval([min(value * size, size)], [size], confidence))
    return Rate(value, lower, upper)


def effective_size(rows: Rows, event: Mask, base: Mask) -> float:
    """Independent rows that would tell a proportion as precisely: what `proportion` takes its interval at."""
    w, hit = rows.mass[base], event[base].astype(np.float64)
    size = float(len(w)) if rows.weights is None else effective_rows(w)
    if rows.codes is None:
        return size
    return _clustered_size(w, hit - _share(rows, event, base), rows.codes[base], size)


def _share(rows: Rows, event: Mask, base: Mask) -> float:
    w = rows.mass[base]
    return float(w @ event[base].astype(np.float64)) / float(w.sum())


def _clustered_size(w: Floats, residual: Floats, codes: NDArray[np.int64], size: float) -> float:
    """Effective rows of a proportion where rows of one cluster are not independent; never more than without."""
    dense = np.unique(codes, return_inverse=True)[1]
    alone, sums = float((w * residual) @ (w * residual)), np.bincount(dense, w * residual)
    if alone > 0.0:
        return size / max(float(sums @ sums) / alone, 1.0)
    return min(size, effective_rows(np.bincount(dense, w).astype(np.float64)))


def lift(rows: Rows, part: Mask, confidence: float) -> Rate:
    """Bad rate of `part` (n,) over that of all rows, bounds on the scale of ln.

    ln lift = ln P(bad and part) − ln P(part) − ln P(bad), linearised; the variance is 0 where the part is all rows.
    """
    w, every = rows.mass, float(rows.mass.sum())
    both = part & rows.bad
    shares = [float(w[mask].sum()) / every for mask in (both, part, rows.bad)]
    if shares[1] == 0.0 or shares[2] == 0.0:
        return Rate(math.nan, math.nan, math.nan)
    value = shares[0] / (shares[1] * shares[2])
    if shares[0] == 0.0:
        return Rate(value, math.nan, math.nan)
    influence = both / shares[0] - part / shares[1] - rows.bad / shares[2] + 1.0
    factor = math.exp(normal_quantile(confidence) * linear_error(rows, influence))
    return Rate(value, value / factor, value * factor)


def f1_score(rows: Rows, called: Mask, confidence: float) -> Rate:
    """Harmonic mean of precision and recall of the rows that are called bad (n,), bounds on the logit scale.

    2TP/(called + bads), linearised. NaN bounds where it is 0 or 1.
    """
    w, every = rows.mass, float(rows.mass.sum())
    both = called & rows.bad
    base = float(w[called].sum() + w[rows.bad].sum()) / every
    if base == 0.0:
        return Rate(math.nan, math.nan, math.nan)
    value = 2.0 * float(w[both].sum()) / every / base
    if not 0.0 < value < 1.0:
        return Rate(value, math.nan, math.nan)
    error = linear_error(rows, (2.0 * both - value * (called.astype(float) + rows.bad)) / base)
    half = normal_quantile(confidence) * error / (value * (1.0 - value))
    centre = math.log(value / (1.0 - value))
    lower, upper = (1.0 / (1.0 + math.exp(-(centre + side))) for side in (-half, half))
    return Rate(value, lower, upper)


def linear_error(rows: Rows, influence: Floats) -> float:
    """Standard error of a measure from the influence (n,) of each row, of clusters by their sums."""
    parts = rows.mass * influence
    if rows.codes is not None:
        parts = np.bincount(np.unique(rows.codes, return_inverse=True)[1], parts).astype(np.float64)
    count = float(len(parts))
    if count < 2:
        return math.nan
    return math.sqrt(float(parts @ parts) * count / (count - 1.0)) / float(rows.mass.sum())
