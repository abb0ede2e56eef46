"""Bootstrap of the AUC on counts by distinct risk: nothing is sorted again."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from credit_risk.evaluation._arrays import Arguments, Floats, check_confidence
from credit_risk.evaluation.clustered import Codes, cluster_codes, repeated
from credit_risk.evaluation.ranked import rank

PERCENTILE = "percentiles of resamples, goods and bads drawn apart"
PERCENTILE_CLUSTERS = "percentiles of resamples of whole clusters"


@dataclass(frozen=True, slots=True)
class AucBootstrap:
    """AUC of the rows, mean and deviation of the resamples, and their percentiles at `confidence`.

    replicates: resamples used; left_out: resamples of clusters without goods or without bads.
    """

    auc: float
    mean: float
    standard_error: float
    lower: float
    upper: float
    confidence: float
    replicates: int
    left_out: int
    method: str


def auc_bootstrap(
    y: ArrayLike,
    risk: ArrayLike,
    weights: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    confidence: float = 0.95,
    *,
    replicates: int = 1000,
    generator: np.random.Generator | int = 0,
) -> AucBootstrap:
    """Percentile interval of the AUC (Efron and Tibshirani 1993, chapter 13).

    y (n,) 0/1 with 1 = bad; risk (n,), higher is riskier; weights (n,) positive, which stay with their rows; clusters
    (n,) any names: where one repeats, whole clusters are drawn, otherwise as many bads and goods as there are, apart.
    generator: or its seed. Each resample costs O(n), without a sort. Raises CreditRiskError as `auc` does, and on fewer
    than 2 replicates.
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    y_, x, w = arguments.outcome(y), arguments.numbers("risk", risk), arguments.weights(weights)
    enough = isinstance(replicates, int) and replicates >= 2
    arguments.require(enough, "replicates", "too few replicates", "range", found=repr(replicates), allowed="2 or more")
    arguments.raise_if_any()
    codes = None if clusters is None else cluster_codes(clusters, len(y_))
    return bootstrap_of_rows(y_ == 1, x, w, codes, confidence, replicates, np.random.default_rng(generator))


def bootstrap_of_rows(
    bad: NDArray[np.bool_],
    risk: Floats,
    weights: Floats | None,
    codes: Codes | None,
    confidence: float,
    replicates: int,
    generator: np.random.Generator,
) -> AucBootstrap:
    """`auc_bootstrap` on arrays that have been checked."""
    ranked = rank(bad, risk, weights, places=True)
    assert ranked.place is not None
    clustered = codes is not None and repeated(codes)
    if clustered and codes is not None:
        drawn = _draws_of_clusters(bad, ranked.place, weights, codes, len(ranked.values), replicates, generator)
    else:
        drawn = _draws_of_rows(bad, ranked.place, weights, len(ranked.values), replicates, generator)
    known = drawn[np.isfinite(drawn)]
    tail = (1.0 - confidence) / 2.0
    lower, upper = np.quantile(known, [tail, 1.0 - tail]) if len(known) else (math.nan, math.nan)
    spread = float(np.std(known, ddof=1)) if len(known) > 1 else math.nan
    return AucBootstrap(
        auc=_area(ranked.good, ranked.bad),
        mean=float(np.mean(known)) if len(known) else math.nan,
        standard_error=spread,
        lower=float(lower),
        upper=float(upper),
        confidence=confidence,
        replicates=len(known),
        left_out=len(drawn) - len(known),
        method=PERCENTILE_CLUSTERS if clustered else PERCENTILE,
    )


def _area(good: Floats, bad: Floats) -> float:
    """AUC from weights of goods and bads by distinct risk, ascending; NaN without one of them."""
    up_to = np.cumsum(good)
    whole = float(up_to[-1]) * float(bad.sum())
    return float(bad @ (up_to - good / 2.0)) / whole if whole > 0 else math.nan


def _draws_of_rows(
    bad: NDArray[np.bool_],
    place: NDArray[np.int64],
    weights: Floats | None,
    values: int,
    replicates: int,
    generator: np.random.Generator,
) -> Floats:
    sides = [np.flatnonzero(bad), np.flatnonzero(~bad)]
    found = np.empty(replicates)
    for number in range(replicates):
        of_bads, of_goods = (rows[generator.integers(0, len(rows), len(rows))] for rows in sides)
        counts = [
            np.bincount(place[rows], None if weights is None else weights[rows], values).astype(np.float64)
            for rows in (of_goods, of_bads)
        ]
        found[number] = _area(*counts)
    return found


def _draws_of_clusters(
    bad: NDArray[np.bool_],
    place: NDArray[np.int64],
    weights: Floats | None,
    codes: Codes,
    values: int,
    replicates: int,
    generator: np.random.Generator,
) -> Floats:
    dense = np.unique(codes, return_inverse=True)[1]
    clusters = int(dense.max()) + 1
    found = np.empty(replicates)
    for number in range(replicates):
        times = np.bincount(generator.integers(0, clusters, clusters), minlength=clusters).astype(np.float64)[dense]
        mass = times if weights is None else times * weights
        counts = [np.bincount(place[side], mass[side], values).astype(np.float64) for side in (~bad, bad)]
        found[number] = _area(*counts)
    return found
