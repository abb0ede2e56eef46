"""Pairs of a good and a bad: concordant, discordant, tied; Somers' D, gamma and tau-a."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from credit_risk.evaluation._arrays import Arguments, check_confidence
from credit_risk.evaluation.clustered import cluster_codes
from credit_risk.evaluation.estimates import Estimate, Influence, influence_error, placement_error
from credit_risk.evaluation.intervals import normal_quantile
from credit_risk.evaluation.ranked import rank

WALD = "linearised variance, Wald interval"


@dataclass(frozen=True, slots=True)
class Association:
    """Shares of pairs of a good and a bad in which the bad has the higher risk, the lower, the same; rank measures."""

    concordant: float
    discordant: float
    tied: float
    somers_d: Estimate
    gamma: Estimate
    tau_a: Estimate


def rank_association(
    y: ArrayLike,
    risk: ArrayLike,
    weights: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    confidence: float = 0.95,
) -> Association:
    """Association of predicted probabilities and observed responses, as logistic regression is often reported with.

    y (n,) 0/1 with 1 = bad; risk (n,), higher is riskier; weights (n,) positive; clusters (n,) any names. With the
    shares C, D of concordant and discordant pairs: Somers' D of the risk with respect to the outcome C − D, which is
    2 AUC − 1; Goodman and Kruskal's gamma (C − D)/(C + D), without ties; Kendall's tau-a, (C − D) x goods x bads over
    all N(N − 1)/2 pairs of rows, N being the sum of weights. Errors by influence, Wald intervals within [−1, 1]; gamma
    is NaN where all pairs are tied. Raises CreditRiskError on one class or missing values.
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    y_, x, w = arguments.outcome(y), arguments.numbers("risk", risk), arguments.weights(weights)
    arguments.raise_if_any()
    codes = None if clusters is None else cluster_codes(clusters, len(y_))
    bad = y_ == 1
    ranked = rank(bad, x, w, places=codes is not None)
    goods, bads = ranked.total_good, ranked.total_bad
    below_good, below_bad = np.cumsum(ranked.good) - ranked.good, np.cumsum(ranked.bad)
    more, less = below_good / goods, (goods - below_good - ranked.good) / goods  # of goods, for a bad
    over, under = (bads - below_bad) / bads, (below_bad - ranked.bad) / bads  # of bads, for a good
    concordant, discordant = float(ranked.bad @ more) / bads, float(ranked.bad @ less) / bads
    d, untied = concordant - discordant, concordant + discordant
    rest = (codes, bad, w)
    error_d = placement_error(ranked, over - under, more - less, *rest)
    gamma = d / untied if untied > 0 else math.nan
    error_gamma = math.nan
    if untied > 0:
        of_goods, of_bads = (up * (1 - gamma) - down * (1 + gamma) for up, down in ((over, under), (more, less)))
        error_gamma = placement_error(ranked, of_goods, of_bads, *rest) / untied
    whole = goods + bads
    share = bads / whole
    tilt = 2.0 * (1.0 - 2.0 * share) * d
    influence = Influence(
        2.0 * share * (over - under - d) - tilt * share,
        2.0 * (1.0 - share) * (more - less - d) + tilt * (1.0 - share),
    )
    scale = whole / (whole - 1.0) if whole > 1.0 else math.nan
    error_tau = influence_error(ranked, influence, *rest) * scale
    tau = 2.0 * share * (1.0 - share) * d * scale
    measures = ((d, error_d), (gamma, error_gamma), (tau, error_tau))
    tied = max(1.0 - untied, 0.0)
    return Association(concordant, discordant, tied, *(_wald(value, error, confidence) for value, error in measures))


def _wald(value: float, error: float, confidence: float) -> Estimate:
    half = normal_quantile(confidence) * error
    lower, upper = (math.nan, math.nan) if math.isnan(half) else (max(value - half, -1.0), min(value + half, 1.0))
    return Estimate(value, error, lower, upper, confidence, WALD)
