"""Kolmogorov-Smirnov distance between the risk of bads and goods, exact with ties."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from credit_risk.evaluation._arrays import Arguments, Floats, check_confidence
from credit_risk.evaluation.intervals import normal_quantile
from credit_risk.evaluation.ranked import Ranked, rank

KS_METHOD = (
    "KS: exact over all distinct values; interval by the normal approximation at the maximising value, widened "
    "downwards by the upward bias of a maximum; lower bound 0 where the distributions do not differ at that level"
)

KS_COLUMNS = ["sample", "risk", "good_share", "bad_share"]

# Mean of the maximum over all t of W(t) - t^2/2 (Janson, Louchard and Martin-Löf 2010, Electron. J. Probab. 15),
# and of the Kolmogorov distribution, sqrt(pi/2) ln 2.
PARABOLIC_MAXIMUM = 0.996193
_KOLMOGOROV_MEAN = math.sqrt(math.pi / 2.0) * math.log(2.0)


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


def ks(y: ArrayLike, risk: ArrayLike, weights: ArrayLike | None = None, confidence: float = 0.95) -> KolmogorovSmirnov:
    """max over t of |F_good(t) - F_bad(t)|, with F the (weighted) empirical distribution functions of risk.

    y (n,) 0/1 with 1 = bad; risk (n,), higher is riskier; weights (n,) positive. Counts are summed exactly,
    so that ties and the order of rows do not matter.

    Interval: at the maximising t the distance is a difference of two independent proportions with standard
    error s = sqrt(F1(1-F1)/m + F0(1-F0)/n) (Raghavachari 1973, Annals of Statistics 1, 67-73, for a unique
    maximum); with weights m and n are Kish's effective sizes. A maximum over t is biased upwards, hence
    lower = D - bias - z s with `maximum_bias`, upper = D + z s: at small samples the interval holds its
    level and errs to the wide side. At equal distributions the limit does not hold: lower is 0 by inversion
    of the asymptotic test. Raises CreditRiskError on one class, missing values or weights that are not
    positive.
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    y_, x = arguments.outcome(y), arguments.numbers("risk", risk)
    w = arguments.weights(weights)
    arguments.raise_if_any()
    return ks_of_arrays(y_ == 1, x, w, confidence)


def ks_of_arrays(
    bad: np.ndarray, risk: Floats, weights: Floats | None, confidence: float, *, design_effect: float = 1.0
) -> KolmogorovSmirnov:
    """`ks` on arrays that have been checked.

    design_effect: variance of the distance over that of independent rows; where above 1 it divides the numbers of bads
    and goods in the bias of the maximum and in the test.
    """
    return ks_of_ranked(rank(bad, risk, weights), confidence, design_effect=design_effect)


def ks_of_ranked(ranked: Ranked, confidence: float, *, design_effect: float = 1.0) -> KolmogorovSmirnov:
    """`ks_of_arrays` from ranked counts."""
    below_bad, below_good = np.cumsum(ranked.bad), np.cumsum(ranked.good)
    total_bad, total_good = below_bad[-1], below_good[-1]
    gap = np.abs(below_bad * total_good - below_good * total_bad)  # whole numbers without weights: exact
    gap[-1] = 0.0
    place = int(np.argmax(gap))
    distance = float(gap[place] / (total_bad * total_good))
    shares = float(below_bad[place] / total_bad), float(below_good[place] / total_good)
    values = float(ranked.values[place])
    return ks_of_gap(distance, values, shares, ranked.effective, confidence, design_effect=design_effect)


def ks_of_gap(
    distance: float,
    threshold: float,
    shares: tuple[float, float],
    sizes: tuple[float, float],
    confidence: float,
    *,
    design_effect: float = 1.0,
) -> KolmogorovSmirnov:
    """`ks_of_arrays` from the distance and the shares of bads and of goods up to its threshold; sizes: Kish's effective
    numbers of bads and of goods."""
    (f1, f0), (m, n) = shares, sizes
    error = math.sqrt(design_effect * (max(f1 * (1.0 - f1), 0.0) / m + max(f0 * (1.0 - f0), 0.0) / n))
    m, n = m / max(design_effect, 1.0), n / max(design_effect, 1.0)
    p_value = float(special.kolmogorov(distance * math.sqrt(m * n / (m + n))))
    z = normal_quantile(confidence)
    bias = maximum_bias(distance, m, n)
    lower = 0.0 if p_value >= 1.0 - confidence else max(distance - bias - z * error, 0.0)
    upper = min(distance + z * error, 1.0)
    return KolmogorovSmirnov(distance, threshold, error, lower, upper, p_value, confidence)


def ks_table(
    samples: Mapping[str, tuple[ArrayLike, ArrayLike]],
    max_points: int = 500,
    weights: Mapping[str, ArrayLike] | None = None,
) -> pd.DataFrame:
    """Columns sample, risk, good_share, bad_share: both distribution functions at distinct risks.

    samples: {name: (y, risk)}; weights: {name: weights (n,)}. At most about `max_points` risks a sample, evenly spread
    over the rows, always with the one of the greatest distance; nothing is moved.
    """
    parts = []
    for name, (y, risk) in samples.items():
        arguments = Arguments(name)
        y_, x = arguments.outcome(y), arguments.numbers("risk", risk)
        w = arguments.weights((weights or {}).get(name))
        arguments.raise_if_any()
        ranked = rank(y_ == 1, x, w)
        good, bad = np.cumsum(ranked.good) / ranked.total_good, np.cumsum(ranked.bad) / ranked.total_bad
        keep = np.append(np.diff(np.floor((good + bad) * (max_points / 2.0))) > 0, True)
        keep[[0, int(np.argmax(np.abs(good - bad)))]] = True
        columns = {"risk": ranked.values[keep], "good_share": good[keep], "bad_share": bad[keep]}
        parts.append(pd.DataFrame({"sample": name, **columns}))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=KS_COLUMNS)


def maximum_bias(distance: float, bads: float, goods: float) -> float:
    """How far the maximum over t lies above the true distance on average, were the risk continuous and binormal.

    Near its maximum the gap of N(d, 1) and N(0, 1), D = 2 Phi(d/2) - 1, is a parabola of curvature d
    phi(d/2) with Brownian noise of rate phi(d/2) (1/m + 1/n): bias = 0.996 (rate^2 / curvature)^(1/3).
    Never more than the mean at equal distributions, 0.869 sqrt(1/m + 1/n).
    """
    noise = 1.0 / bads + 1.0 / goods
    ceiling = _KOLMOGOROV_MEAN * math.sqrt(noise)
    d = 2.0 * float(special.ndtri((1.0 + min(distance, 1.0)) / 2.0))
    if d == 0.0 or math.isinf(d):
        return ceiling if d == 0.0 else 0.0
    density = math.exp(-d * d / 8.0) / math.sqrt(2.0 * math.pi)
    return min(PARABOLIC_MAXIMUM * (density * noise * noise / d) ** (1.0 / 3.0), ceiling)
