"""Discrimination where rows are not independent: several of one obligor, account or group (a cluster).

The measures are those of the rows; their variances come from sums over clusters. Where every cluster has one row, the
variance of the AUC is DeLong's and that of KS is that of independent rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Arguments, Floats, check_confidence
from credit_risk.evaluation.area_under_curve import (
    LOGIT,
    TOO_FEW,
    AreaUnderCurve,
    AucDifference,
    Placements,
    difference_of_error,
    interval_of_error,
    placements,
)
from credit_risk.evaluation.kolmogorov_smirnov import KolmogorovSmirnov, ks_of_arrays

Codes = NDArray[np.int64]
CLUSTERED_LOGIT = "Obuchowski variance (rows of one cluster are not independent), interval on the logit scale"
CLUSTERED_KS = "KS of clustered rows: the variance at the maximising value is that of sums over clusters"


@dataclass(frozen=True, slots=True)
class Clusters:
    """Whole numbers from 0 of the bads (m,) and of the goods (n,), and how many clusters there are."""

    of_bads: Codes
    of_goods: Codes
    count: int

    @property
    def with_bads(self) -> int:
        """Clusters that hold a bad."""
        return len(np.unique(self.of_bads))

    @property
    def with_goods(self) -> int:
        """Clusters that hold a good."""
        return len(np.unique(self.of_goods))


def cluster_codes(clusters: ArrayLike, rows: int) -> Codes:
    """Whole numbers from 0, (n,), equal where `clusters` (n,) are. Raises CreditRiskError on another length or NaN."""
    raw = np.asarray(clusters, dtype=object)
    if raw.shape != (rows,):
        found, allowed = f"shape {raw.shape}", f"({rows},)"
        raise CreditRiskError(
            Fault("clusters do not fit the rows", "shape", path="clusters", found=found, allowed=allowed)
        )
    if any(value is None or value != value for value in raw):
        remedy = "give a row that stands by itself a number of its own"
        raise CreditRiskError(Fault("clusters are missing in some rows", "missing", path="clusters", remedy=remedy))
    known: dict[object, int] = {}
    return np.array([known.setdefault(value, len(known)) for value in raw.tolist()], dtype=np.int64)


def repeated(codes: Codes) -> bool:
    """Whether two rows share a cluster; codes (n,) from 0 without gaps."""
    return len(codes) > 0 and int(codes.max()) + 1 < len(codes)


def clustered_auc_interval(
    y: ArrayLike, risk: ArrayLike, clusters: ArrayLike, weights: ArrayLike | None = None, confidence: float = 0.95
) -> AreaUnderCurve:
    """AUC with an interval that allows for clusters; y, risk, weights as in `auc`, clusters (n,) any names.

    Variance by Obuchowski (1997), Biometrics 53, 567-578 (`clustered_variance`); bounds on the logit scale as in
    `delong_interval`. Where the AUC is 0 or 1, the score interval at the numbers of clusters with bads and with goods
    in place of rows. Raises CreditRiskError as `auc` does, and where clusters do not fit.
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    y_, x, w = arguments.outcome(y), arguments.numbers("risk", risk), arguments.weights(weights)
    arguments.raise_if_any()
    bad = y_ == 1
    return interval_of_clusters(placements(bad, x, w), clusters_of(bad, cluster_codes(clusters, len(bad))), confidence)


def interval_of_clusters(parts: Placements, clusters: Clusters, confidence: float) -> AreaUnderCurve:
    """`clustered_auc_interval` from structural components."""
    few = min(clusters.with_bads, clusters.with_goods) < 2
    flat = np.ptp(parts.of_bads) == 0.0 and np.ptp(parts.of_goods) == 0.0
    error = math.nan if few else 0.0 if flat else math.sqrt(clustered_variance(parts, clusters))
    found = interval_of_error(parts.auc, error, float(clusters.with_bads), float(clusters.with_goods), confidence)
    method = {LOGIT: CLUSTERED_LOGIT, TOO_FEW: f"{TOO_FEW} clusters"}.get(found.method, found.method)
    return AreaUnderCurve(found.auc, found.standard_error, found.lower, found.upper, confidence, method)


def clustered_auc_difference(
    y: ArrayLike,
    risk_a: ArrayLike,
    risk_b: ArrayLike,
    clusters: ArrayLike,
    weights: ArrayLike | None = None,
    confidence: float = 0.95,
) -> AucDifference:
    """AUC(b) - AUC(a) on the same rows, as `delong_difference`, with Obuchowski's (1997) covariance of clusters."""
    arguments = Arguments()
    check_confidence(arguments, confidence)
    y_ = arguments.outcome(y)
    a, b = arguments.numbers("risk_a", risk_a), arguments.numbers("risk_b", risk_b)
    w = arguments.weights(weights)
    arguments.raise_if_any()
    bad = y_ == 1
    first, second = placements(bad, a, w), placements(bad, b, w)
    groups = clusters_of(bad, cluster_codes(clusters, len(bad)))
    contrast = Placements(
        second.auc - first.auc,
        second.of_bads - first.of_bads,
        second.of_goods - first.of_goods,
        first.weights_bad,
        first.weights_good,
    )
    few = min(groups.with_bads, groups.with_goods) < 2
    error = math.nan if few else math.sqrt(clustered_variance(contrast, groups))
    return difference_of_error(first.auc, second.auc, error, confidence)


def clusters_of(bad: np.ndarray, codes: Codes) -> Clusters:
    """Clusters of bads and goods apart, in the order of the rows; bad, codes (n,)."""
    return Clusters(codes[bad], codes[~bad], int(codes.max()) + 1)


def clustered_variance(parts: Placements, clusters: Clusters) -> float:
    """Variance of the AUC A, or of a difference of two, from structural components, by sums over clusters.

    With u_i = sum over the bads of cluster i of (V10 - A)/m, v_i over its goods of (V01 - A)/n, I clusters, I10 of them
    with bads, I01 with goods: I10/(I10 - 1) sum u^2 + I01/(I01 - 1) sum v^2 + 2 I/(I - 1) sum u v
    (Obuchowski 1997, equations 3 to 6). With weights, shares of weight stand for 1/m and 1/n.
    """
    u = _sums(parts.of_bads, parts.weights_bad, clusters.of_bads, clusters.count)
    v = _sums(parts.of_goods, parts.weights_good, clusters.of_goods, clusters.count)
    bads, goods, every = clusters.with_bads, clusters.with_goods, clusters.count
    own = bads / (bads - 1.0) * float(u @ u) + goods / (goods - 1.0) * float(v @ v)
    return max(own + 2.0 * every / (every - 1.0) * float(u @ v), 0.0)


def clustered_ks(
    y: ArrayLike, risk: ArrayLike, clusters: ArrayLike, confidence: float = 0.95, weights: ArrayLike | None = None
) -> KolmogorovSmirnov:
    """`ks` with an interval and a test that allow for clusters (n,), any names; weights (n,) as in `ks`.

    At the maximising value t the distance is a difference of means of 1{risk <= t} over goods and bads, whose variance
    is that of sums of their influence over clusters. Its ratio to the variance of independent rows, the design effect
    (Kish 1965, section 5.4), where above 1 divides the numbers of bads and goods that enter the bias of the maximum and
    the test. Raises CreditRiskError as `ks` does, and where clusters do not fit.
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    y_, x = arguments.outcome(y), arguments.numbers("risk", risk)
    w = arguments.weights(weights)
    arguments.raise_if_any()
    return ks_of_clusters(y_ == 1, x, cluster_codes(clusters, len(y_)), confidence, w)


def ks_of_clusters(
    bad: np.ndarray, risk: Floats, codes: Codes, confidence: float, weights: Floats | None = None
) -> KolmogorovSmirnov:
    """`clustered_ks` on arrays that have been checked."""
    plain = ks_of_arrays(bad, risk, weights, confidence)
    below = (risk <= plain.threshold).astype(np.float64)
    w = np.ones(len(bad)) if weights is None else weights
    share = np.where(bad, w / w[bad].sum(), w / w[~bad].sum())
    centre = np.where(bad, share[bad] @ below[bad], share[~bad] @ below[~bad])
    influence = np.where(bad, -share, share) * (below - centre)
    sums, alone = np.bincount(codes, influence), float(influence @ influence)
    effect = float(sums @ sums) / alone if alone > 0.0 else 1.0
    return ks_of_arrays(bad, risk, weights, confidence, design_effect=effect)


def _sums(values: Floats, weights: Floats | None, codes: Codes, count: int) -> Floats:
    """Sums over each cluster (I,) of the deviations of components from their mean, as shares of all."""
    share = np.full(len(values), 1.0 / len(values)) if weights is None else weights / weights.sum()
    return np.bincount(codes, share * (values - share @ values), count).astype(np.float64)
