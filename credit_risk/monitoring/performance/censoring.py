"""Outcomes that are not yet known: censoring weights, the product-limit bad rate, and what estimating them adds.

Rows are weighted by the inverse probability that they are still under observation (Robins and Rotnitzky 1992; for
two-class outcomes within a window Uno et al. 2007, JASA 102, 527-537). That probability is the product-limit estimate
of the follow-up itself; the bad rate so weighted is Kaplan and Meier's (1958, JASA 53, 457-481), and the weights sum to
the rows. Both assume that follow-up says nothing of the outcome: that hazards are stable across vintages.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Arguments, Floats
from credit_risk.evaluation.estimates import Estimate, logit_estimate
from credit_risk.monitoring.performance.labels import Codes, Labels, Mask

STABLE_HAZARDS = (
    "accounts not yet followed through the window count through those that are, by censoring weights: this assumes "
    "that hazards by month on book are stable across vintages"
)
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Rows (n,) with a known follow-up, at a horizon in months.

    bad, good (n,): known by the horizon; weight (n,): 1/P(still under observation) of the known, 0 of the others, to be
    multiplied by `mass` (n,), the row weights. followed: estimated share of rows under observation up to the horizon;
    where it is 0 nothing is identified, and the weights of goods are 0. place (n,): number of the row's time among the
    distinct ones; censored, at_risk, beyond (k,): weight that leaves observation at a time, is at risk of leaving, and
    stays beyond it; counts: whether the time lies before the horizon. cluster (n,): of the applicant, None where rows
    stand by themselves.
    """

    horizon: float
    bad: Mask
    good: Mask
    weight: Floats
    mass: Floats
    followed: float
    place: Integers
    left: Mask
    censored: Floats
    at_risk: Floats
    beyond: Floats
    counts: Mask
    cluster: Codes | None = None

    @property
    def known(self) -> Mask:
        """Rows (n,) good or bad by the horizon."""
        return self.bad | self.good

    @property
    def identified(self) -> bool:
        """Whether some row is followed up to the horizon."""
        return self.followed > 0

    def influence(self, parts: Floats) -> Floats:
        """What each row (n,) brings to an estimate, given its part (n,) were the censoring weights known.

        parts: derivative of the estimate in the direction of the row, times its weights (0 where the outcome is not
        known). Added is the term of the estimated weights: with dN - Y dΛ of leaving observation, Q(u) the sum of parts
        of rows beyond u, it is Q(u)/(weight beyond u) (dN - Y dΛ) (Robins and Rotnitzky 1992; Bang and Tsiatis 2000,
        Biometrika 87, 329-343). It lowers the variance as a rule.
        """
        times = len(self.censored)
        sums = np.bincount(self.place, parts, times)
        after = np.append(np.cumsum(sums[::-1])[::-1][1:], 0.0)  # of rows beyond each time
        open_ = self.counts & (self.censored > 0) & (self.beyond > 0)
        pull = np.divide(after, self.beyond, out=np.zeros(times), where=open_)
        hazard = np.divide(self.censored, self.at_risk, out=np.zeros(times), where=open_)
        drag = np.cumsum(pull * hazard)
        before = np.append(0.0, drag[:-1])
        own = np.where(self.left, pull[self.place] - drag[self.place], -before[self.place])
        return np.asarray(parts + self.mass * own, np.float64)


def follow_up(labels: Labels, weights: ArrayLike | None = None, horizon: float | None = None) -> FollowUp:
    """Censoring weights of the usable rows of `labels`, at its window or another horizon.

    weights: row weights (n,) of all rows of `labels`, positive, None for 1 each. A bad on the day on which observation
    ends comes before it. Raises CreditRiskError where no row has a follow-up, or on weights that are not positive.
    """
    usable = labels.usable
    if not usable.any():
        message = "no row has an outcome, not even one that is not yet known"
        raise CreditRiskError(Fault(message, "missing", path="labels", found=f"{len(labels)} rows"))
    arguments = Arguments()
    arguments.length = len(labels)
    given = arguments.weights(weights)
    arguments.raise_if_any()
    mass = np.ones(int(usable.sum())) if given is None else given[usable]
    h = labels.window if horizon is None else float(horizon)
    follow = follow_up_of(labels.time[usable], labels.event[usable], mass, h)
    return follow if labels.cluster is None else replace(follow, cluster=labels.cluster[usable])


def follow_up_of(time: Floats, event: Mask, mass: Floats, horizon: float) -> FollowUp:
    """`follow_up` of months (n,), events (n,) and weights (n,); rows that are alike may be one, of their sum."""
    values, place = np.unique(time, return_inverse=True)
    bads, leaving = (np.bincount(place, mass * side, len(values)).astype(np.float64) for side in (event, ~event))
    whole = np.cumsum((bads + leaving)[::-1])[::-1]
    beyond = np.append(whole[1:], 0.0)
    at_risk = beyond + leaving
    counts = values < horizon
    stays = np.where(
        counts & (leaving > 0), np.divide(beyond, at_risk, out=np.ones(len(values)), where=leaving > 0), 1.0
    )
    up_to = np.append(1.0, np.cumprod(stays))  # P(under observation at each time), and at the last beyond
    followed = float(up_to[-1])
    bad = event & (time <= horizon)
    good = ~bad & (time >= horizon)
    weight = np.zeros(len(time))
    weight[bad] = 1.0 / up_to[place[bad]]
    if followed > 0:
        weight[good] = 1.0 / followed
    left = ~event & counts[place]
    return FollowUp(horizon, bad, good, weight, mass, followed, place, left, leaving, at_risk, beyond, counts)


def gathered(values: Floats, cluster: Codes | None) -> Floats:
    """Sums (g,) of values (n,) over the rows of each applicant; the values where rows stand by themselves.

    The variance of a sum of rows that are alike within a cluster is that of the sums of clusters (Liang and Zeger 1986,
    Biometrika 73, 13-22; of an AUC Obuchowski 1997, Biometrics 53, 567-578).
    """
    if cluster is None:
        return values
    _, place = np.unique(cluster, return_inverse=True)
    return np.asarray(np.bincount(place, values), np.float64)


def error_of(influence: Floats, cluster: Codes | None = None) -> float:
    """Standard error from the influence of each row (n,), with g/(g - 1) of g rows or clusters; NaN of fewer than
    two."""
    sums = gathered(influence, cluster)
    count = len(sums)
    return math.sqrt(float(sums @ sums) * count / (count - 1.0)) if count > 1 else math.nan


def bad_rate_influence(follow: FollowUp) -> tuple[float, Floats]:
    """Product-limit bad rate by the horizon and the influence (n,) of each row; NaN where not identified."""
    if not follow.identified:
        return math.nan, np.full(len(follow.bad), math.nan)
    w = follow.weight * follow.mass
    bads, goods = float(np.sum(w[follow.bad])), float(np.sum(w[follow.good]))
    total = bads + goods
    rate = bads / total  # 1 where no good is known, without rounding
    return rate, follow.influence(w * (follow.bad - rate) / total)


def bad_rate_estimate(follow: FollowUp, confidence: float = 0.95) -> Estimate:
    """Kaplan-Meier bad rate by the horizon, its standard error (Greenwood's, by influence) and logit bounds."""
    rate, influence = bad_rate_influence(follow)
    return logit_estimate(rate, error_of(influence, follow.cluster), confidence)
