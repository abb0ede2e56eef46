"""Measures as estimates: value, standard error and bounds, from what each row brings (its influence)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from credit_risk.evaluation._arrays import Floats
from credit_risk.evaluation.area_under_curve import Placements
from credit_risk.evaluation.clustered import clustered_variance, clusters_of
from credit_risk.evaluation.intervals import normal_quantile
from credit_risk.evaluation.ranked import Ranked, mean_variance

LOGIT_INFLUENCE = "linearised variance, interval on the logit scale"
NO_VARIANCE = "not estimable: the linearised variance is zero"
FEW = "not estimable: fewer than two bads or two goods"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measure with its standard error and bounds at `confidence`; `method` names how the interval was made.

    Bounds are NaN where `method` says that they cannot be estimated.
    """

    value: float
    standard_error: float
    lower: float
    upper: float
    confidence: float
    method: str


@dataclass(frozen=True, slots=True)
class Influence:
    """How a measure moves with the share of a good, of a bad, at each distinct risk, (k,) each.

    The derivative of the measure in the direction of one row, so that its mean over all rows is 0 and its variance over
    the rows, divided by their number, is that of the measure (Hampel 1974, JASA 69, 383-393).
    """

    of_goods: Floats
    of_bads: Floats


def influence_error(
    ranked: Ranked,
    influence: Influence,
    codes: NDArray[np.int64] | None = None,
    bad: NDArray[np.bool_] | None = None,
    weights: Floats | None = None,
) -> float:
    """Standard error sqrt(Σ w² φ²)/Σw · sqrt(n/(n − 1)); of clusters by their sums, n then being clusters.

    codes (n,): clusters, with `bad`, `weights` (None: 1 each) and `ranked.place` of the same rows. NaN with fewer than
    two bads, goods, or clusters.
    """
    whole = ranked.total_bad + ranked.total_good
    if min(ranked.bads, ranked.goods) < 2:
        return math.nan
    if codes is None:
        count = float(ranked.bads + ranked.goods)
        squares = ranked.good_squared @ influence.of_goods**2 + ranked.bad_squared @ influence.of_bads**2
        return math.sqrt(float(squares) * count / (count - 1.0)) / whole
    assert ranked.place is not None
    assert bad is not None
    each = np.where(bad, influence.of_bads[ranked.place], influence.of_goods[ranked.place])
    sums = np.bincount(codes, each if weights is None else each * weights)
    count = float(len(np.unique(codes)))
    return math.sqrt(float(sums @ sums) * count / (count - 1.0)) / whole if count > 1 else math.nan


def placement_error(
    ranked: Ranked,
    of_goods: Floats,
    of_bads: Floats,
    codes: NDArray[np.int64] | None = None,
    bad: NDArray[np.bool_] | None = None,
    weights: Floats | None = None,
) -> float:
    """Standard error of a mean of components over the bads, (k,) at each distinct risk, and of theirs over the goods.

    Goods and bads apart, each with k/(k − 1): DeLong's (1988) where the components are placements; of clusters
    Obuchowski's (1997). Arguments and NaN as in `influence_error`.
    """
    if min(ranked.bads, ranked.goods) < 2:
        return math.nan
    if codes is None:
        sides = (
            (ranked.bad, ranked.bad_squared, of_bads, ranked.bads),
            (ranked.good, ranked.good_squared, of_goods, ranked.goods),
        )
        return math.sqrt(sum(mean_variance(*side) for side in sides))
    assert ranked.place is not None
    assert bad is not None
    places, w = ranked.place, weights
    parts = Placements(
        math.nan,
        of_bads[places[bad]],
        of_goods[places[~bad]],
        None if w is None else w[bad],
        None if w is None else w[~bad],
    )
    groups = clusters_of(bad, codes)
    if min(groups.with_bads, groups.with_goods) < 2:
        return math.nan
    return math.sqrt(clustered_variance(parts, groups))


def logit_estimate(value: float, error: float, confidence: float, *, least: float = 0.0) -> Estimate:
    """Bounds on the logit scale of (value − least)/(1 − least), so that they stay inside (least, 1).

    Where the value is at an end, or the error is zero or unknown, bounds are NaN and the method says why.
    """
    if math.isnan(error):
        return Estimate(value, math.nan, math.nan, math.nan, confidence, FEW)
    inner = (value - least) / (1.0 - least)
    if error == 0.0 or not 0.0 < inner < 1.0:
        return Estimate(value, error, math.nan, math.nan, confidence, NO_VARIANCE)
    half = normal_quantile(confidence) * error / ((1.0 - least) * inner * (1.0 - inner))
    centre = special.logit(inner)
    lower, upper = (least + (1.0 - least) * float(special.expit(centre + side)) for side in (-half, half))
    return Estimate(value, error, lower, upper, confidence, LOGIT_INFLUENCE)
