"""Ranking of a model of amounts or fractions: Gini index of the ordered Lorenz curve, rank correlation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from credit_risk.evaluation._arrays import Floats
from credit_risk.evaluation.intervals import effective_rows, normal_quantile
from credit_risk.evaluation.lorenz import greatest_gini, lorenz_of_groups, ordered_lorenz, rank_groups
from credit_risk.evaluation.measured import MeasuredSample

RANKING_COLUMNS = [
    *("model", "sample", "rows", "gini", "gini_lower", "gini_upper", "greatest_gini"),
    *("normalised_gini", "normalised_lower", "normalised_upper", "spearman", "spearman_lower", "spearman_upper"),
]
CURVE_POINTS = 200


@dataclass(frozen=True, slots=True)
class Resampled:
    """Gini index and its share of the greatest one (B,) over resamples of clusters."""

    gini: Floats
    normalised: Floats


def resample_gini(sample: MeasuredSample, replicates: int, generator: np.random.Generator) -> Resampled:
    """Bootstrap of clusters (Davison & Hinkley 1997, section 3.8): each replicate draws as many as there are.

    Ranks and ties are those of the sample, so that a replicate is a matter of counts.
    """
    w, ranks = sample.weights, rank_groups(sample.rate)
    best = rank_groups(sample.y / sample.exposure)
    clusters = int(sample.clusters.max()) + 1
    found = np.full((2, replicates), np.nan)
    for b in range(replicates):
        times = np.bincount(generator.integers(0, clusters, clusters), minlength=clusters)[sample.clusters]
        outcome, base = times * w * sample.y, times * sample.base
        if outcome.sum() <= 0:
            continue
        mine, most = (_gini(groups, outcome, base) for groups in (ranks, best))
        found[:, b] = mine, mine / most if most > 0 else np.nan
    return Resampled(found[0], found[1])


def _gini(groups: np.ndarray, outcome: Floats, base: Floats) -> float:
    return lorenz_of_groups(np.bincount(groups, outcome), np.bincount(groups, base)).gini


def spearman(x: Floats, y: Floats, confidence: float, weights: Floats | None = None) -> tuple[float, float, float]:
    """Rank correlation with its interval: Fisher's z with variance (1 + r²/2)/(n − 3) (Bonett & Wright 2000).

    With weights (n,) a rank is the weight of what lies below and half of that of its ties, the correlation is weighted,
    and n is Kish's effective size. NaN where x or y is constant; bounds are NaN with fewer than four rows or |r| = 1.
    """
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return (float("nan"),) * 3
    plain = weights is None or bool(np.all(weights == 1.0))
    if weights is None or plain:
        r, size = float(np.corrcoef(rankdata(x), rankdata(y))[0, 1]), float(len(x))
    else:
        covariance = np.cov(np.vstack([_weighted_ranks(x, weights), _weighted_ranks(y, weights)]), aweights=weights)
        r, size = float(covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])), effective_rows(weights)
    if size < 4 or abs(r) >= 1:
        return r, float("nan"), float("nan")
    half = normal_quantile(confidence) * float(np.sqrt((1 + r**2 / 2) / (size - 3)))
    return r, float(np.tanh(np.arctanh(r) - half)), float(np.tanh(np.arctanh(r) + half))


def _weighted_ranks(values: Floats, weights: Floats) -> Floats:
    """Weight below each value and half of that of its ties (n,)."""
    group = np.unique(values, return_inverse=True)[1]
    mass = np.bincount(group, weights)
    return np.asarray((np.cumsum(mass) - mass / 2)[group], np.float64)


def ranking_table(
    models: Mapping[str, Mapping[str, MeasuredSample]],
    *,
    replicates: int,
    generator: np.random.Generator,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Evidence `performance.ranking`, a row a model and sample.

    Rows are ordered by what is expected per unit of exposure, the curve runs over weighted exposure. Bounds of both
    Gini indices are percentiles of `replicates` resamples; the rank correlation is weighted.
    """
    tail, rows = (1 - confidence) / 2, []
    for model, samples in models.items():
        for name, sample in samples.items():
            drawn = resample_gini(sample, replicates, generator)
            bounds = [_percentiles(values, tail) for values in (drawn.gini, drawn.normalised)]
            outcome = sample.weights * sample.y
            mine, most = ordered_lorenz(sample.rate, outcome, sample.base).gini, greatest_gini(outcome, sample.base)
            r = spearman(sample.rate, sample.y / sample.exposure, confidence, sample.weights)
            share = mine / most if most > 0 else float("nan")
            values: tuple[Any, ...] = (model, name, len(sample), mine, *bounds[0], most, share, *bounds[1], *r)
            rows.append(values)
    frame = pd.DataFrame(rows, columns=RANKING_COLUMNS)
    frame.attrs["notes"] = (f"bounds of the Gini indices are percentiles of {replicates:,} seeded resamples",)
    return frame


def _percentiles(values: Floats, tail: float) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if len(known) == 0:
        return float("nan"), float("nan")
    lower, upper = np.quantile(known, [tail, 1 - tail])
    return float(lower), float(upper)


def lorenz_table(samples: Mapping[str, MeasuredSample]) -> pd.DataFrame:
    """Data of figure `performance.lorenz`: the curve of each sample, at most CURVE_POINTS points over its base."""
    parts = []
    for name, sample in samples.items():
        curve = ordered_lorenz(sample.rate, sample.weights * sample.y, sample.base)
        wanted = np.linspace(0, 1, CURVE_POINTS)
        kept = np.unique(np.minimum(np.searchsorted(curve.base, wanted), len(curve.base) - 1))
        shares = {"base_share": curve.base[kept], "outcome_share": curve.outcome[kept]}
        parts.append(pd.DataFrame({"sample": name, **shares}))
    return pd.concat(parts, ignore_index=True)
