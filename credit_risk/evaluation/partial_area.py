"""Partial area under the ROC curve: over a range of false positive rates, or over the part of it that is accepted."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from credit_risk.evaluation._arrays import Arguments, Floats, check_confidence
from credit_risk.evaluation.clustered import cluster_codes
from credit_risk.evaluation.estimates import Estimate, logit_estimate, placement_error
from credit_risk.evaluation.ranked import Ranked, rank

ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class PartialArea:
    """Area of the ROC curve over false positive rates from `least` to `most`, and its standardised form.

    area: in [0, most − least], with its standard error; standardised: McClish's index, 1 of a perfect and 1/2 of a
    useless ranking, with bounds.
    """

    area: float
    standard_error: float
    least: float
    most: float
    standardised: Estimate


def partial_auc(
    y: ArrayLike,
    risk: ArrayLike,
    least: float = 0.0,
    most: float = 1.0,
    weights: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    confidence: float = 0.95,
) -> PartialArea:
    """Area under the ROC curve, ties joined by straight lines, over false positive rates from `least` to `most`.

    y (n,) 0/1 with 1 = bad; risk (n,), higher is riskier; weights (n,) positive; clusters (n,) any names. Standardised
    as McClish (1989, Medical Decision Making 9, 190-195): (1 + (area − chance)/(most − least − chance))/2 with the area
    under the diagonal (most² − least²)/2. scikit-learn's `roc_auc_score(max_fpr=most)` is `standardised` from 0.
    Variance by the influence of each row, which for the range 0 to 1 is DeLong's (cf. He and Escobar 2008, Statistics
    in Medicine 27, 5291-5308); bounds on the logit scale of the index. Raises CreditRiskError on one class, values that
    are missing, or a range that does not ascend within [0, 1].
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    y_, x, w = arguments.outcome(y), arguments.numbers("risk", risk), arguments.weights(weights)
    inside = math.isfinite(least) and math.isfinite(most) and 0.0 <= least < most <= 1.0
    arguments.require(
        inside, "least", "not a range", "range", found=f"{least} to {most}", allowed="0 <= least < most <= 1"
    )
    arguments.raise_if_any()
    codes = None if clusters is None else cluster_codes(clusters, len(y_))
    bad = y_ == 1
    return partial_of_ranked(rank(bad, x, w, places=codes is not None), least, most, confidence, codes, bad, w)


def partial_auc_of_accepts(
    y: ArrayLike,
    risk: ArrayLike,
    greatest_risk: float,
    weights: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    confidence: float = 0.95,
) -> PartialArea:
    """`partial_auc` over the accepted part of the curve: rows with risk up to `greatest_risk` are accepted.

    The range runs from the false positive rate of the cut-off (the share of goods that it rejects) to 1; the cut-off is
    taken as given. Raises CreditRiskError as `partial_auc`, and where no good is accepted.
    """
    arguments = Arguments()
    y_, x, w = arguments.outcome(y), arguments.numbers("risk", risk), arguments.weights(weights)
    arguments.require(math.isfinite(greatest_risk), "greatest_risk", "not a number", "range", found=repr(greatest_risk))
    arguments.raise_if_any()
    good = y_ == 0
    mass = np.ones(len(x)) if w is None else w
    rejected = good & (x > greatest_risk)
    arguments.require(bool((good & ~rejected).any()), "greatest_risk", "no good is accepted", "range")
    arguments.raise_if_any()
    least = float(mass[rejected].sum() / mass[good].sum())
    return partial_auc(y, risk, least, 1.0, weights, clusters, confidence)


def partial_of_ranked(
    ranked: Ranked,
    least: float,
    most: float,
    confidence: float,
    codes: NDArray[np.int64] | None = None,
    bad: NDArray[np.bool_] | None = None,
    weights: Floats | None = None,
) -> PartialArea:
    """`partial_auc` from ranked counts; the last three as in `placement_error`."""
    of_bads, of_goods, area = _components(ranked, least, most)
    error = placement_error(ranked, of_goods, of_bads, codes, bad, weights)
    chance, width = (most * most - least * least) / 2.0, most - least
    standardised = 0.5 * (1.0 + (area - chance) / (width - chance))
    scale = 0.5 / (width - chance)
    return PartialArea(area, error, least, most, logit_estimate(standardised, error * scale, confidence))


def _components(ranked: Ranked, least: float, most: float) -> tuple[Floats, Floats, float]:
    """What a bad and a good at each risk bring, (k,) each, and the area: the mean of the first over the bads.

    A bad brings the part of [least, most] of false positive rates at which it is called bad. A good moves the curve to
    the right above it, which takes away the rise of the curve there. Rows that tie share along a straight line.
    """
    good, bad = ranked.good[::-1], ranked.bad[::-1]
    corners, heights = np.cumsum(good), np.cumsum(bad)
    step, rise = good / corners[-1], bad / heights[-1]
    end, top = corners / corners[-1], heights / heights[-1]
    start = np.append(0.0, end[:-1])
    least, most = _corner(end, least), _corner(end, most)
    low, high = np.maximum(start, least), np.minimum(end, most)
    within = np.maximum(high - low, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = np.where(step > 0, (low + high - 2.0 * start) / (2.0 * step), 0.0)  # of the ramp within the range
        own = np.where(step > 0, rise / step, 0.0) * within * middle
    of_bads = within * middle + np.maximum(most - np.maximum(end, least), 0.0)
    height_least = _height(start, end, step, rise, top, least, np.searchsorted(end, least, side="left"))
    height_most = _height(start, end, step, rise, top, most, np.searchsorted(start, most, side="right") - 1)
    after = np.where(end <= most, height_most - np.where(end >= least, top, height_least), 0.0)
    area = float(bad @ of_bads / heights[-1])
    return of_bads[::-1], -(own + after)[::-1], area


def _corner(end: Floats, at: float) -> float:
    """The rate `at`, or the corner of the curve that rounding alone keeps from it."""
    nearest = float(end[np.argmin(np.abs(end - at))])
    return nearest if abs(nearest - at) <= ROUNDING else at


def _height(
    start: Floats, end: Floats, step: Floats, rise: Floats, top: Floats, at: float, place: np.intp | int
) -> float:
    """True positive rate at a false positive rate that lies in the value at `place`."""
    k = min(int(place), len(end) - 1)
    if step[k] == 0.0:
        return float(top[k])
    part = min(max((at - float(start[k])) / float(step[k]), 0.0), 1.0)
    return float(top[k] - rise[k] * (1.0 - part))
