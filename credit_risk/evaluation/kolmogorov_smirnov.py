"""Kolmogorov-Smirnov distance between the risk of bads and goods, exact with ties."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from credit_risk.evaluation._arrays import Arguments, Floats, check_confidence
from credit_risk.evaluation.intervals import effective_rows, normal_quantile

KS_METHOD = (
    "KS: exact over all distinct values; interval by the normal approximation at the maximising value, "
    "its lower bound 0 where the two distributions do not differ at that level"
)


@dataclass(frozen=True, slots=True)
class KolmogorovSmirnov:
    """Distance `statistic` in [0, 1], reached between `threshold` and the next higher risk; bounds at `confidence`.

    `p_value` is that of the asymptotic two-sided test of no difference.
    """

    statistic: float
    threshold: float
    standard_error: float
    lower: float
    upper: float
    p_value: float
    confidence: float


def ks(
    y: ArrayLike, risk: ArrayLike, weights: ArrayLike | None = None, confidence: float = 0.95
) -> KolmogorovSmirnov:
    """max over t of |F_good(t) - F_bad(t)|, with F the (weighted) empirical distribution functions of risk.

    y (n,) 0/1 with 1 = bad; risk (n,), higher is riskier; weights (n,) positive. Counts are summed exactly, so that ties
    and the order of rows do not matter. Interval: at the maximising t the distance is a difference of two independent
    proportions, D +- z sqrt(F1(1-F1)/m + F0(1-F0)/n) (Raghavachari 1973, Annals of Statistics 1, 67-73, for a unique
    maximum); with weights m and n are Kish's effective sizes. The limit does not hold at equal distributions, where the
    lower bound is 0 by inversion of the asymptotic test. Raises CreditRiskError on one class, missing values or weights
    that are not positive.
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    y_, x = arguments.outcome(y), arguments.numbers("risk", risk)
    w = arguments.weights(weights)
    arguments.raise_if_any()
    return ks_of_arrays(y_ == 1, x, w, confidence)


def ks_of_arrays(
    bad: np.ndarray, risk: Floats, weights: Floats | None, confidence: float
) -> KolmogorovSmirnov:
    """`ks` on arrays that have been checked."""
    values, inverse = np.unique(risk, return_inverse=True)
    w = np.ones(len(risk)) if weights is None else weights
    below_bad = np.cumsum(np.bincount(inverse[bad], w[bad], len(values)))
    below_good = np.cumsum(np.bincount(inverse[~bad], w[~bad], len(values)))
    total_bad, total_good = below_bad[-1], below_good[-1]
    gap = np.abs(below_bad * total_good - below_good * total_bad)  # whole numbers without weights: exact
    gap[-1] = 0.0
    place = int(np.argmax(gap))
    distance = float(gap[place] / (total_bad * total_good))
    m = float(total_bad) if weights is None else effective_rows(w[bad])
    n = float(total_good) if weights is None else effective_rows(w[~bad])
    f1, f0 = float(below_bad[place] / total_bad), float(below_good[place] / total_good)
    error = math.sqrt(max(f1 * (1.0 - f1), 0.0) / m + max(f0 * (1.0 - f0), 0.0) / n)
    p_value = float(special.kolmogorov(distance * math.sqrt(m * n / (m + n))))
    z = normal_quantile(confidence)
    lower = 0.0 if p_value >= 1.0 - confidence else max(distance - z * error, 0.0)
    upper = min(distance + z * error, 1.0)
    return KolmogorovSmirnov(distance, float(values[place]), error, lower, upper, p_value, confidence)
