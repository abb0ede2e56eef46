"""Champion and challenger scored on the same rows: the paired difference of their AUCs, and of whom it is told."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Arguments, Floats, check_confidence
from credit_risk.evaluation.area_under_curve import difference_of_error
from credit_risk.monitoring.performance.censoring import STABLE_HAZARDS, follow_up
from credit_risk.monitoring.performance.discrimination import auc_influence, plain_error
from credit_risk.monitoring.performance.groups import NO_SEGMENTS, groups_of
from credit_risk.monitoring.performance.labels import Labels
from credit_risk.monitoring.performance.vintages import EVALUABLE, NOT_EVALUABLE, OF_APPLICANTS, Least

SHADOW_COLUMNS = [
    *("period", "segment", "basis", "horizon", "rows", "good", "bad", "not_yet", "followed", "auc_champion"),
    *("auc_challenger", "difference", "standard_error", "lower", "upper", "half_width", "p_value", "unpaired_error"),
    *("status", "reason", "warning"),
]
"""A row each period and segment; difference: AUC of the challenger less that of the champion, on the same rows.

basis: of whom it holds, one of BASES; unpaired_error: what the error would be on other rows, as many; warning: in
words, None where there is none.
"""
EVERYONE, RANDOM, WEIGHTED, ACCEPTS = "everyone", "random accepts", "inverse acceptance", "champion's accepts"
BASES = (EVERYONE, RANDOM, WEIGHTED, ACCEPTS)
ON_ACCEPTS = (
    "outcomes are known only of applicants whom the champion accepted: among them the champion's ranking has been used "
    "up, so that an equally good challenger looks better (2.2 points of AUC where 60 % are accepted); compare on a "
    "random-accept stratum or weight by the inverse probability of acceptance before drawing anything from it"
)


NO_RANDOM = "no applicant was accepted at random"


@dataclass(frozen=True, slots=True)
class Accepted:
    """How rows came to have an outcome, of all rows (n,); at most one of the first two, and neither where everyone has.

    random: true of applicants drawn to be accepted whatever the score says, those whom the champion would have accepted
    among them. probability: with which an applicant like this one is accepted, above 0 (`acceptance_probability`).
    everyone: all applicants are accepted. champion (optional): whom the champion accepts, by which a stratum that holds
    only the declined is found. unreachable: share of applicants who are never accepted, told in the warning.
    """

    random: ArrayLike | None = None
    probability: ArrayLike | None = None
    everyone: bool = False
    champion: ArrayLike | None = None
    unreachable: float = 0.0

    @property
    def basis(self) -> str:
        """Of whom a comparison holds."""
        if self.random is not None:
            return RANDOM
        return WEIGHTED if self.probability is not None else EVERYONE if self.everyone else ACCEPTS


def acceptance_probability(champion_accepts: ArrayLike, random_share: float) -> Floats:
    """Probability (n,) of acceptance: 1 where the champion accepts, else the share of the declined accepted at random.

    Weighting by it uses all accepts beside the random ones. Raises CreditRiskError unless 0 < random_share <= 1.
    """
    if not 0.0 < random_share <= 1.0:
        found, allowed = repr(random_share), "above 0, up to 1"
        raise CreditRiskError(Fault("not a share", "range", path="random_share", found=found, allowed=allowed))
    return np.where(np.asarray(champion_accepts, bool), 1.0, random_share)


def accepted_by_plan(
    random: NDArray[np.bool_] | None, score: NDArray[np.float64] | None, cut_off: float | None, share: float | None
) -> Accepted:
    """How rows (n,) came to have an outcome, as a plan declares it.

    With a share of the applicants below the cut-off who are accepted at random all accepts count, weighted; with
    `random` (n,) those accepted at random alone; with neither it is the champion's accepts.
    """
    if share is not None and score is not None and cut_off is not None:
        return Accepted(probability=acceptance_probability(score >= cut_off, share))
    return Accepted() if random is None else Accepted(random=random)


def shadow_comparison(
    labels: Labels,
    champion: ArrayLike,
    challenger: ArrayLike,
    accepted: Accepted,
    period: ArrayLike | None = None,
    segments: Mapping[str, ArrayLike] = NO_SEGMENTS,
    weights: ArrayLike | None = None,
    *,
    least: Least | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """SHADOW_COLUMNS of every group at the window of `labels`.

    champion, challenger: risk (n,), higher is riskier, of the same rows; a row that misses the challenger's is refused.
    Immature rows count through censoring weights; the variance is that of the difference of DeLong's components (DeLong
    et al. 1988) with the term of the estimated weights, so that what both share does not count, summed over the rows of
    an applicant where `labels` have clusters; row weights and inverse acceptance multiply, known as they are. On random
    accepts only those rows are read, and a group without one is not evaluable. On the champion's accepts every row
    carries a warning. Raises CreditRiskError with all faults.
    """
    rules = least or Least()
    arguments = Arguments()
    check_confidence(arguments, confidence)
    arguments.length = len(labels)
    a, b = arguments.numbers("champion", champion), arguments.numbers("challenger", challenger)
    w = arguments.weights(weights)
    keep, mass, warning = _population(arguments, accepted, w, labels)
    arguments.raise_if_any()
    rows = []
    for month, segment, places in groups_of(len(labels), period, segments):
        inside = places[keep[places]]
        here = None if mass is None else mass[inside]
        told = _compared(labels.part(inside), a[inside], b[inside], here, rules, confidence)
        if not len(inside) and accepted.basis == RANDOM:
            told = (*told[:-1], NO_RANDOM)
        rows.append((month, segment, accepted.basis, float(labels.window), len(inside), *told, warning))
    frame = pd.DataFrame(rows, columns=SHADOW_COLUMNS)
    frame.attrs["notes"] = shadow_notes(labels.cluster is not None, warning)
    return frame


def shadow_notes(clustered: bool, warning: str | None) -> tuple[str, ...]:
    """What has to be said with the figures; clustered: rows of one applicant are a cluster."""
    told = (STABLE_HAZARDS, *((OF_APPLICANTS,) if clustered else ()))
    return told if warning is None else (*told, warning)


def _compared(
    labels: Labels, a: Floats, b: Floats, mass: Floats | None, least: Least, confidence: float
) -> tuple[Any, ...]:
    """Columns from good to reason."""
    usable = labels.usable
    nothing = (math.nan,) * 9
    if not usable.any():
        return (0, 0, 0, 0.0, *nothing, NOT_EVALUABLE, "no outcome is known")
    follow = follow_up(labels, mass)
    bad, good = int(follow.bad.sum()), int(follow.good.sum())
    counts = (good, bad, int(usable.sum()) - good - bad, follow.followed)
    if min(bad, good) < 2:
        return (*counts, *nothing, NOT_EVALUABLE, f"{bad} bads and {good} goods known")
    (first, one), (second, other) = auc_influence(follow, a[usable]), auc_influence(follow, b[usable])
    error = plain_error(other - one, follow.cluster)
    apart = math.hypot(plain_error(one, follow.cluster), plain_error(other, follow.cluster))
    return shadow_row(counts, (first, second), (error, apart), follow.horizon, least, confidence)


def shadow_row(
    counts: tuple[int, int, int, float],
    areas: tuple[float, float],
    errors: tuple[float, float],
    horizon: float,
    least: Least,
    confidence: float,
) -> tuple[Any, ...]:
    """SHADOW_COLUMNS from `good` to `reason`. counts: those to `followed`; areas of champion and challenger; errors of
    the difference, paired and unpaired."""
    good, bad, _, followed = counts
    found = difference_of_error(*areas, errors[0], confidence)
    values = (*areas, found.difference, errors[0], found.lower, found.upper, (found.upper - found.lower) / 2.0)
    reason = None
    if followed < least.followed:
        reason = f"immature: {followed:.1%} of rows are under observation up to month {horizon:g}"
    elif min(bad, good) < least.bads:
        few = f"{bad} bads" if bad <= good else f"{good} goods"
        reason = f"{few} known by month {horizon:g}, fewer than {least.bads}"
    return (*counts, *values, found.p_value, errors[1], EVALUABLE if reason is None else NOT_EVALUABLE, reason)


def _population(
    arguments: Arguments, accepted: Accepted, weights: Floats | None, labels: Labels
) -> tuple[NDArray[np.bool_], Floats | None, str | None]:
    """Rows (n,) that are read, their weights, and the warning."""
    keep, mass = np.ones(len(labels), bool), weights
    several = accepted.random is not None and accepted.probability is not None
    message = "random accepts and probabilities of acceptance exclude each other"
    arguments.require(not several, "accepted", message, "exclusive")
    if accepted.basis == ACCEPTS:
        return keep, mass, ON_ACCEPTS
    if accepted.random is not None:
        keep = arguments.numbers("accepted.random", np.asarray(accepted.random, float)) == 1.0
        return keep, mass, _one_sided(arguments, accepted, keep)
    if accepted.probability is not None:
        p = arguments.probabilities(accepted.probability, "accepted.probability")
        zero = labels.usable & (p <= 0) if len(p) == len(labels) else np.zeros(1, bool)
        found = f"{np.count_nonzero(zero)} of {len(labels)} rows"
        text = "rows with an outcome that could not have been accepted"
        arguments.require(not zero.any(), "accepted.probability", text, "range", found=found, allowed="above 0")
        keep = p > 0
        inverse = 1.0 / np.where(keep, p, 1.0)
        mass = inverse if weights is None else inverse * weights
    if accepted.unreachable > 0:
        told = (
            f"{accepted.unreachable:.1%} of applicants are never accepted: nothing is known of the challenger on them"
        )
        return keep, mass, told
    return keep, mass, None


def _one_sided(arguments: Arguments, accepted: Accepted, random: NDArray[np.bool_]) -> str | None:
    """What is wrong with a stratum that holds only whom the champion declines, or only whom it accepts."""
    if accepted.champion is None:
        return None
    side = arguments.numbers("accepted.champion", np.asarray(accepted.champion, float))
    if len(side) != len(random) or not random.any():
        return None
    inside = side[random] == 1.0
    if inside.all():
        return f"the stratum holds only applicants whom the champion accepts: {ON_ACCEPTS}"
    if not inside.any():
        return (
            "the stratum holds only applicants whom the champion declines: it is no random sample of applicants; mark "
            "those drawn at random whom the champion accepts too, or weight by the inverse probability of acceptance"
        )
    return None
