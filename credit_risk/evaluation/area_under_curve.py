"""Area under the ROC curve with midranks for ties, DeLong's variance, and paired differences."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from credit_risk.evaluation._arrays import Arguments, Floats, check_confidence
from credit_risk.evaluation.intervals import normal_quantile
from credit_risk.evaluation.ranked import Ranked, mean_variance, rank

LOGIT = "DeLong variance, interval on the logit scale"
SCORE = "Hanley-McNeil variance, score interval (Newcombe 2006), since DeLong's variance is zero"
CONSTANT = "degenerate: the risk is constant, the interval has no width"
TOO_FEW = "not estimable: fewer than two bads or two goods"


@dataclass(frozen=True, slots=True)
class AreaUnderCurve:
    """`auc` in [0, 1] with bounds at `confidence`; `method` names how the interval was made.

    `standard_error` is DeLong's, on the scale of the AUC. Bounds are NaN where `method` is TOO_FEW;
    `degenerate` is True where they do not say how uncertain the AUC is.
    """

    auc: float
    standard_error: float
    lower: float
    upper: float
    confidence: float
    method: str

    @property
    def degenerate(self) -> bool:
        return self.method in (CONSTANT, TOO_FEW)

    @property
    def gini(self) -> float:
        """2 AUC - 1 (Somers' D)."""
        return 2.0 * self.auc - 1.0


@dataclass(frozen=True, slots=True)
class AucDifference:
    """AUC of b less AUC of a, same rows. `p_value` (two-sided) is NaN where the variance is zero."""

    auc_a: float
    auc_b: float
    difference: float
    standard_error: float
    lower: float
    upper: float
    p_value: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Placements:
    """Structural components of_bads (m,) and of_goods (n,), each in [0, 1]; weights or None."""

    auc: float
    of_bads: Floats
    of_goods: Floats
    weights_bad: Floats | None
    weights_good: Floats | None


def auc(y: ArrayLike, risk: ArrayLike, weights: ArrayLike | None = None) -> float:
    """P(risk of a bad > risk of a good) + P(equal)/2, by one sort: O(n log n).

    y (n,) 0/1 with 1 = bad; risk (n,), higher is riskier; weights (n,) positive. Ties count one half
    (midranks); without weights all counts are whole numbers, hence exact and independent of the order of
    rows. Raises CreditRiskError on one class, missing values or weights that are not positive.
    """
    arguments = Arguments()
    y_, x, w = arguments.outcome(y), arguments.numbers("risk", risk), arguments.weights(weights)
    arguments.raise_if_any()
    return area_of_ranked(rank(y_ == 1, x, w))


def placements(bad: np.ndarray, risk: Floats, weights: Floats | None = None) -> Placements:
    """Structural components on checked arrays (DeLong et al. 1988; Sun and Xu 2014: by one sort)."""
    values, inverse = np.unique(risk, return_inverse=True)
    w = np.ones(len(risk)) if weights is None else weights
    tied_bad = np.bincount(inverse[bad], w[bad], len(values))
    tied_good = np.bincount(inverse[~bad], w[~bad], len(values))
    up_to_bad, up_to_good = np.cumsum(tied_bad), np.cumsum(tied_good)
    total_bad, total_good = up_to_bad[-1], up_to_good[-1]
    twice_below = 2.0 * up_to_good - tied_good  # 2 x (goods below + half of those tied)
    twice_above = 2.0 * (total_bad - up_to_bad) + tied_bad
    area = float(np.sum(tied_bad * twice_below) / (2.0 * total_bad * total_good))
    of_bads = twice_below[inverse[bad]] / (2.0 * total_good)
    if np.ptp(of_bads) == 0.0 and of_bads[0] in (0.0, 0.5, 1.0):
        area = float(of_bads[0])  # separated or all tied: exact with weights, too
    return Placements(
        auc=area,
        of_bads=of_bads,
        of_goods=twice_above[inverse[~bad]] / (2.0 * total_bad),
        weights_bad=None if weights is None else w[bad],
        weights_good=None if weights is None else w[~bad],
    )


def delong_interval(
    y: ArrayLike, risk: ArrayLike, weights: ArrayLike | None = None, confidence: float = 0.95
) -> AreaUnderCurve:
    """AUC with an interval, arguments as in `auc`.

    Variance by DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44, 837-845; with weights its
    linearised form, in which an observation's component counts with weight squared. Bounds on the logit
    scale (Pepe 2003, section 5.2), so that they lie inside (0, 1): expit(logit A +- z s / (A (1 - A))).
    Where DeLong's variance is zero although the AUC is 0 or 1, the score interval with Hanley and McNeil's
    variance (Newcombe 2006, Statistics in Medicine 25, 559-573, method 5) at Kish's effective numbers of bads and
    goods; where the risk is constant, AUC
    = 0.5 and an interval without width. Raises CreditRiskError as `auc` does.
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    y_, x, w = arguments.outcome(y), arguments.numbers("risk", risk), arguments.weights(weights)
    arguments.raise_if_any()
    return interval_of_ranked(rank(y_ == 1, x, w), confidence)


def area_of_ranked(ranked: Ranked) -> float:
    """`auc` from ranked counts."""
    good, bad = ranked.good, ranked.bad
    if not np.any((good > 0) & (bad > 0)):  # separated, perhaps: exact with weights, too
        lowest_bad, highest_good = np.flatnonzero(bad)[0], np.flatnonzero(good)[-1]
        if lowest_bad > highest_good:
            return 1.0
        if np.flatnonzero(bad)[-1] < np.flatnonzero(good)[0]:
            return 0.0
    elif len(good) == 1:
        return 0.5
    up_to = np.cumsum(good)
    return float(np.sum(bad * (2.0 * up_to - good)) / (2.0 * float(np.sum(bad)) * float(up_to[-1])))


def interval_of_ranked(ranked: Ranked, confidence: float) -> AreaUnderCurve:
    """`delong_interval` from ranked counts: a component is the same for all rows of one risk."""
    area, (m, n) = area_of_ranked(ranked), ranked.effective
    if min(ranked.bads, ranked.goods) < 2:
        return interval_of_error(area, math.nan, m, n, confidence)
    if area in (0.0, 1.0) or len(ranked.values) == 1:
        return interval_of_error(area, 0.0, m, n, confidence)
    up_to_good, up_to_bad = np.cumsum(ranked.good), np.cumsum(ranked.bad)
    of_bads = (up_to_good - ranked.good / 2.0) / up_to_good[-1]
    of_goods = (up_to_bad[-1] - up_to_bad + ranked.bad / 2.0) / up_to_bad[-1]
    variance = mean_variance(ranked.bad, ranked.bad_squared, of_bads, ranked.bads)
    variance += mean_variance(ranked.good, ranked.good_squared, of_goods, ranked.goods)
    return interval_of_error(area, math.sqrt(variance), m, n, confidence)


def interval_of_error(a: float, error: float, m: float, n: float, confidence: float) -> AreaUnderCurve:
    """`delong_interval` from the area and DeLong's standard error, NaN where it cannot be estimated.

    m, n: (effective) numbers of bads and goods.
    """
    if a in (0.0, 1.0):
        lower, upper = _score_bounds(a, m, n, confidence)
        return AreaUnderCurve(a, 0.0, lower, upper, confidence, SCORE)
    if math.isnan(error):
        return AreaUnderCurve(a, math.nan, math.nan, math.nan, confidence, TOO_FEW)
    if error == 0.0:
        return AreaUnderCurve(a, 0.0, a, a, confidence, CONSTANT)
    half = normal_quantile(confidence) * error / (a * (1.0 - a))
    centre = special.logit(a)
    lower, upper = float(special.expit(centre - half)), float(special.expit(centre + half))
    return AreaUnderCurve(a, error, lower, upper, confidence, LOGIT)


def delong_difference(
    y: ArrayLike,
    risk_a: ArrayLike,
    risk_b: ArrayLike,
    weights: ArrayLike | None = None,
    confidence: float = 0.95,
) -> AucDifference:
    """AUC(b) - AUC(a) on the same rows with DeLong's covariance, Wald interval within [-1, 1] and two-sided p-value.

    DeLong et al. (1988). Where both models order the rows alike the variance is zero: bounds equal the
    difference, and the p-value is NaN. Raises CreditRiskError as `auc` does.
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    y_ = arguments.outcome(y)
    a, b = arguments.numbers("risk_a", risk_a), arguments.numbers("risk_b", risk_b)
    w = arguments.weights(weights)
    arguments.raise_if_any()
    first, second = placements(y_ == 1, a, w), placements(y_ == 1, b, w)
    contrast = Placements(
        second.auc - first.auc,
        second.of_bads - first.of_bads,
        second.of_goods - first.of_goods,
        first.weights_bad,
        first.weights_good,
    )
    few = min(len(first.of_bads), len(first.of_goods)) < 2
    error = math.nan if few else math.sqrt(_covariance(contrast, contrast))
    return difference_of_error(first.auc, second.auc, error, confidence)


def difference_of_error(auc_a: float, auc_b: float, error: float, confidence: float) -> AucDifference:
    """`delong_difference` from the areas and the standard error of their difference, NaN where it is not known."""
    difference = auc_b - auc_a
    if math.isnan(error):
        return AucDifference(auc_a, auc_b, difference, *(math.nan,) * 4, confidence)
    half = normal_quantile(confidence) * error
    p_value = float(2.0 * special.ndtr(-abs(difference) / error)) if error > 0.0 else math.nan
    lower, upper = max(difference - half, -1.0), min(difference + half, 1.0)
    return AucDifference(auc_a, auc_b, difference, error, lower, upper, p_value, confidence)


def hanley_mcneil_standard_error(area: float, bads: float, goods: float) -> float:
    """Standard error under the exponential approximation (Hanley and McNeil 1982, Radiology 143, 29-36)."""
    arguments = Arguments()
    arguments.require(0.0 <= area <= 1.0, "area", "not an AUC", "range", found=repr(area), allowed="0 to 1")
    arguments.require(min(bads, goods) >= 1, "bads", "bads and goods are needed", "range", allowed="1 or more")
    arguments.raise_if_any()
    q1, q2 = area / (2.0 - area), 2.0 * area * area / (1.0 + area)
    own = area * (1.0 - area)
    variance = own + (bads - 1) * (q1 - area * area) + (goods - 1) * (q2 - area * area)
    return math.sqrt(variance / (bads * goods))


def _covariance(first: Placements, second: Placements) -> float:
    bads = _component(first.of_bads, second.of_bads, first.weights_bad)
    return bads + _component(first.of_goods, second.of_goods, first.weights_good)


def _component(u: Floats, v: Floats, w: Floats | None) -> float:
    """Estimated covariance of the (weighted) means of u and v; unweighted: divisor k - 1."""
    k = len(u)
    if w is None:
        return float(np.dot(u - u.mean(), v - v.mean()) / (k - 1) / k)
    share = w / w.sum()
    products = (u - share @ u) * (v - share @ v)
    return float((share * share) @ products * k / (k - 1))


def _score_bounds(a: float, m: float, n: float, confidence: float) -> tuple[float, float]:
    """Bounds theta with |a - theta| = z sqrt(V(theta)), V Hanley and McNeil's (Newcombe's method 5)."""
    z, mean_size = normal_quantile(confidence), (m + n) / 2.0 - 1.0

    def excess(theta: float) -> float:
        inner = 1.0 + mean_size * (1.0 - theta) / (2.0 - theta) + mean_size * theta / (1.0 + theta)
        return (1.0 - theta) - z * z * theta * inner / (m * n)  # squared equation at a = 1, divided by 1 - theta

    bound = float(optimize.brentq(excess, 0.0, 1.0, xtol=1e-15))
    return (bound, 1.0) if a == 1.0 else (0.0, 1.0 - bound)
