"""Convex hull of the ROC curve, and the H-measure: expected loss over a distribution of costs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

from credit_risk.evaluation._arrays import Arguments, Floats, check_confidence
from credit_risk.evaluation.area_under_curve import area_of_ranked
from credit_risk.evaluation.clustered import cluster_codes
from credit_risk.evaluation.estimates import Estimate, Influence, influence_error, logit_estimate
from credit_risk.evaluation.kolmogorov_smirnov import PARABOLIC_MAXIMUM
from credit_risk.evaluation.ranked import Ranked, rank

BETTER_BETA = "hand_anagnostopoulos"
BETA_2_2 = (2.0, 2.0)
Prior = str | tuple[float, float]
H_METHOD = "linearised variance, interval on the logit scale, widened downwards by the upward bias of a fitted hull"
_STEP = 1e-5
_COSTS = 200


@dataclass(frozen=True, slots=True)
class RocHull:
    """Convex hull of the ROC curve: corners (b+1,) from (0, 0) to (1, 1), the riskiest first, and the area below it.

    threshold (b+1,): a row is called bad where risk >= threshold; the first is infinite.
    """

    false_positive_rate: Floats
    true_positive_rate: Floats
    threshold: Floats
    area: float


def roc_hull(y: ArrayLike, risk: ArrayLike, weights: ArrayLike | None = None) -> RocHull:
    """The least concave curve above the ROC curve: what the best choice of thresholds reaches at every ratio of costs.

    y (n,) 0/1 with 1 = bad; risk (n,), higher is riskier; weights (n,) positive. Its blocks are those of the isotonic
    regression of the bad rate on the risk (Fawcett and Niculescu-Mizil 2007, Machine Learning 68, 97-106). Raises
    CreditRiskError on one class or missing values.
    """
    arguments = Arguments()
    y_, x, w = arguments.outcome(y), arguments.numbers("risk", risk), arguments.weights(weights)
    arguments.raise_if_any()
    return hull_of_ranked(rank(y_ == 1, x, w))


def hull_of_ranked(ranked: Ranked) -> RocHull:
    """`roc_hull` from ranked counts."""
    start, good, bad = _blocks(ranked)
    x = np.append(0.0, np.cumsum(good[::-1]) / good.sum())
    y = np.append(0.0, np.cumsum(bad[::-1]) / bad.sum())
    x[-1] = y[-1] = 1.0
    threshold = np.append(np.inf, ranked.values[start][::-1])
    return RocHull(x, y, threshold, float(np.sum(np.diff(x) * (y[1:] + y[:-1])) / 2.0))


def h_measure(
    y: ArrayLike,
    risk: ArrayLike,
    prior: Prior = BETTER_BETA,
    weights: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Hand's H-measure: 1 less the expected least loss over that of the best constant decision.

    y (n,) 0/1 with 1 = bad; risk (n,), higher is riskier; weights (n,) positive; clusters (n,) any names. A good that
    is called bad costs c, a bad that is called good 1 − c, with c distributed as Beta(a, b); at each c the threshold is
    the best one (on the convex hull). prior: (a, b), (2, 2) in Hand (2009, Machine Learning 77, 103-123), or
    BETTER_BETA for (π₁ + 1, π₀ + 1) with the shares of bads π₁ and goods π₀ (Hand and Anagnostopoulos 2014, Pattern
    Recognition Letters 40, 41-46; severity.ratio = −1 in their R package hmeasure). Variance by influence,
    thresholds being optimal so that their estimation does not count; bounds on the logit scale, the lower one moved
    down by `hull_bias`: the hull is fitted to the same rows, so that H is above the truth on average. Raises
    CreditRiskError on one class, missing values or a prior without positive parameters.
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    y_, x, w = arguments.outcome(y), arguments.numbers("risk", risk), arguments.weights(weights)
    known = prior == BETTER_BETA or (
        isinstance(prior, tuple) and len(prior) == 2 and all(math.isfinite(p) and p > 0 for p in prior)
    )
    arguments.require(known, "prior", "not a prior", "range", found=repr(prior), allowed=f"{BETTER_BETA} or (a, b) > 0")
    arguments.raise_if_any()
    codes = None if clusters is None else cluster_codes(clusters, len(y_))
    bad = y_ == 1
    return h_of_ranked(rank(bad, x, w, places=codes is not None), prior, confidence, codes, bad, w)


def h_of_ranked(
    ranked: Ranked,
    prior: Prior,
    confidence: float,
    codes: NDArray[np.int64] | None = None,
    bad: NDArray[np.bool_] | None = None,
    weights: Floats | None = None,
) -> Estimate:
    """`h_measure` from ranked counts; the last three as in `influence_error`."""
    start, good, bads = _blocks(ranked)
    whole = float(good.sum() + bads.sum())
    share = float(bads.sum()) / whole
    shapes = _shapes(prior, share)
    loss_good, loss_bad = _losses(bads / (good + bads), *shapes)
    loss = float(good @ loss_good + bads @ loss_bad) / whole
    flat_good, flat_bad = (float(one) for one in _losses(np.array(share), *shapes))
    most = (1.0 - share) * flat_good + share * flat_bad
    value = 1.0 - loss / most
    drift = _drift(prior, share, good / whole, bads / whole)
    block = np.searchsorted(start, np.arange(len(ranked.values)), side="right") - 1
    ratio = loss / most
    of_goods = (ratio * (flat_good - most) - (loss_good[block] - loss)) / most - drift * share
    of_bads = (ratio * (flat_bad - most) - (loss_bad[block] - loss)) / most + drift * (1.0 - share)
    if len(start) == 1:  # a constant, or a risk that ranks backwards throughout: no threshold helps
        return logit_estimate(0.0, 0.0, confidence)
    influence = Influence(of_goods, of_bads)
    error = influence_error(ranked, influence, codes, bad, weights)
    found = logit_estimate(min(max(value, 0.0), 1.0), error, confidence)
    if math.isnan(found.lower):
        return found
    size = whole**2 / float(ranked.good_squared.sum() + ranked.bad_squared.sum())
    if codes is not None:
        size *= min((influence_error(ranked, influence) / error) ** 2, 1.0)
    centre = found.value - hull_bias(area_of_ranked(ranked), share, size, shapes) / most
    lower = logit_estimate(centre, error, confidence).lower if centre > 0.0 else 0.0
    return replace(found, lower=lower, method=H_METHOD)


def hull_bias(area: float, share: float, size: float, shapes: tuple[float, float]) -> float:
    """How far the expected least loss lies below the true one on average, were the risk continuous and binormal.

    area: AUC, which gives the distance d between N(0, 1) of goods and N(d, 1) of bads; share: of bads; size: effective
    rows; shapes: of the Beta distribution of costs. Near its minimum at cost c the loss is a parabola of curvature A d
    with Brownian noise of rate A/size, A = c π₀ φ(t), whose least value lies 0.996 (A/(size² d))^(1/3) too low (Janson,
    Louchard and Martin-Löf 2010, Electron. J. Probab. 15); the mean over c. Infinite at an AUC of a half or less.
    """
    d = math.sqrt(2.0) * float(special.ndtri(area))
    if not d > 0.0 or math.isinf(d):
        return 0.0 if d > 0.0 else math.inf
    c = special.betaincinv(*shapes, (np.arange(_COSTS) + 0.5) / _COSTS)
    threshold = d / 2.0 + np.log(c * (1.0 - share) / ((1.0 - c) * share)) / d
    crossing = c * (1.0 - share) * np.exp(-(threshold**2) / 2.0) / math.sqrt(2.0 * math.pi)
    return float(np.mean(PARABOLIC_MAXIMUM * (crossing / (size * size * d)) ** (1.0 / 3.0)))


def _shapes(prior: Prior, share: float) -> tuple[float, float]:
    return (share + 1.0, 2.0 - share) if isinstance(prior, str) else prior


def _losses(rate: Floats, a: float, b: float) -> tuple[Floats, Floats]:
    """Expected loss of a good and of a bad in blocks of bad rate `rate`, called bad where c is below the rate.

    ∫₀ʳ c u(c) dc and ∫ᵣ¹ (1 − c) u(c) dc with u the density of Beta(a, b).
    """
    good = a / (a + b) * special.betainc(a + 1.0, b, rate)
    bad = b / (a + b) * special.betaincc(a, b + 1.0, rate)
    return good, bad


def _drift(prior: Prior, share: float, good: Floats, bad: Floats) -> float:
    """Derivative of H with respect to the share of bads through the prior alone, by central difference."""
    if not isinstance(prior, str):
        return 0.0
    rate = bad / (good + bad)

    def measure(at: float) -> float:
        of_good, of_bad = _losses(rate, *_shapes(prior, at))
        flat_good, flat_bad = _losses(np.array(share), *_shapes(prior, at))
        return 1.0 - float(good @ of_good + bad @ of_bad) / float((1.0 - share) * flat_good + share * flat_bad)

    return (measure(share + _STEP) - measure(share - _STEP)) / (2.0 * _STEP)


def _blocks(ranked: Ranked) -> tuple[NDArray[np.int64], Floats, Floats]:
    """First value of each block of the hull, ascending in risk, and its goods and bads, (b,) each."""
    every = ranked.good + ranked.bad
    found = optimize.isotonic_regression(ranked.bad / every, weights=every)
    start = np.asarray(found.blocks[:-1], dtype=np.int64)
    return start, np.add.reduceat(ranked.good, start), np.add.reduceat(ranked.bad, start)
