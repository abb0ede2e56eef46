"""AUC, Gini and KS under censoring weights, with intervals that allow for the weights' being estimated."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_risk.evaluation._arrays import Floats
from credit_risk.evaluation.area_under_curve import AreaUnderCurve, area_of_ranked, interval_of_error
from credit_risk.evaluation.kolmogorov_smirnov import KolmogorovSmirnov, ks_of_ranked
from credit_risk.evaluation.ranked import Ranked, rank
from credit_risk.monitoring.performance.censoring import FollowUp, gathered
from credit_risk.monitoring.performance.labels import Codes, Mask


@dataclass(frozen=True, slots=True)
class Measured:
    """AUC and KS at a horizon; gini and its bounds are 2 AUC - 1."""

    auc: AreaUnderCurve
    ks: KolmogorovSmirnov

    @property
    def gini(self) -> tuple[float, float, float, float]:
        """Value, standard error, lower and upper bound."""
        one = self.auc
        return one.gini, 2.0 * one.standard_error, 2.0 * one.lower - 1.0, 2.0 * one.upper - 1.0


@dataclass(frozen=True, slots=True)
class Discrimination(Measured):
    """With `influence` (n,): of each row on the AUC."""

    influence: Floats


def censored_discrimination(follow: FollowUp, risk: Floats, confidence: float = 0.95) -> Discrimination | None:
    """AUC and KS of risk (n,), higher is riskier, of the rows of `follow`; None with fewer than two bads or goods
    known.

    Every known row counts with its censoring weight times its row weight (Uno et al. 2007; Blanche, Dartigues and
    Jacqmin-Gadda 2013, Statistics in Medicine 32, 5381-5397). Variance: DeLong's components as influence, plus the term
    of the estimated weights (`FollowUp.influence`), summed over the rows of an applicant where rows have clusters; with
    everything followed it is DeLong's, of clusters Obuchowski's (1997, Biometrics 53, 567-578) but that the factor of
    small numbers of bads beside goods is the geometric mean of both. Bounds of the AUC on the
    logit scale; those of KS as `evaluation.ks` has them, at the maximising value, with the ratio of this variance to
    that of known weights as design effect. The maximising value counts as given.
    """
    if min(int(follow.bad.sum()), int(follow.good.sum())) < 2:
        return None
    ranked, area, influence = _area(follow, risk)
    error = plain_error(influence, follow.cluster)
    m, n = ranked.effective
    degenerate = area in (0.0, 1.0) or len(ranked.values) == 1
    found = interval_of_error(area, 0.0 if degenerate else error, m, n, confidence)
    return Discrimination(found, _distance(follow, risk, ranked, confidence), influence)


def auc_influence(follow: FollowUp, risk: Floats) -> tuple[float, Floats]:
    """Weighted AUC and the influence (n,) of each row on it; needs a bad and a good."""
    _, area, influence = _area(follow, risk)
    return area, influence


def _area(follow: FollowUp, risk: Floats) -> tuple[Ranked, float, Floats]:
    known = follow.known
    bad = follow.bad[known]
    w = (follow.weight * follow.mass)[known]
    ranked = rank(bad, risk[known], w, places=True)
    area = area_of_ranked(ranked)
    up_to_good, up_to_bad = np.cumsum(ranked.good), np.cumsum(ranked.bad)
    of_bads = (up_to_good - ranked.good / 2.0) / up_to_good[-1]
    of_goods = (up_to_bad[-1] - up_to_bad + ranked.bad / 2.0) / up_to_bad[-1]
    place = ranked.place
    assert place is not None
    parts = np.where(
        bad,
        (of_bads[place] - area) * small(_count(follow, follow.bad, ranked.bads)) / ranked.total_bad,
        (of_goods[place] - area) * small(_count(follow, follow.good, ranked.goods)) / ranked.total_good,
    )
    return ranked, area, follow.influence(_spread(known, w * parts))


def _distance(follow: FollowUp, risk: Floats, ranked: Ranked, confidence: float) -> KolmogorovSmirnov:
    plain = ks_of_ranked(ranked, confidence)
    if not plain.standard_error > 0:
        return plain
    known = follow.known
    bad, w = follow.bad[known], (follow.weight * follow.mass)[known]
    below = risk[known] <= plain.threshold
    place = int(np.searchsorted(ranked.values, plain.threshold))
    share_bad = float(ranked.bad[: place + 1].sum()) / ranked.total_bad
    share_good = float(ranked.good[: place + 1].sum()) / ranked.total_good
    sign = 1.0 if share_good >= share_bad else -1.0
    parts = np.where(
        bad, -sign * (below - share_bad) / ranked.total_bad, sign * (below - share_good) / ranked.total_good
    )
    error = plain_error(follow.influence(_spread(known, w * parts)), follow.cluster)
    return ks_of_ranked(ranked, confidence, design_effect=(error / plain.standard_error) ** 2)


def _spread(known: Mask, values: Floats) -> Floats:
    found = np.zeros(len(known))
    found[known] = values
    return found


def small(rows: int) -> float:
    """Root of k/(k - 1), so that with known outcomes the variance is DeLong's."""
    return math.sqrt(rows / (rows - 1.0)) if rows > 1 else math.nan


def _count(follow: FollowUp, side: Mask, rows: int) -> int:
    """Rows of a side, or the applicants among them."""
    return rows if follow.cluster is None else len(np.unique(follow.cluster[side]))


def plain_error(influence: NDArray[np.float64], cluster: Codes | None = None) -> float:
    """Root of the sum of squares of rows or of clusters: the correction of small numbers is in the parts."""
    sums = gathered(influence, cluster)
    return math.sqrt(float(sums @ sums))
