"""Observed against predicted by grade and by score band, and in the large, under censoring weights."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Arguments, Floats, check_confidence
from credit_risk.evaluation.common_factor import correlated_jeffreys_p_value
from credit_risk.evaluation.grades import GradePolicy
from credit_risk.evaluation.intervals import effective_rows, jeffreys_interval, normal_quantile
from credit_risk.evaluation.proportions import jeffreys_tail
from credit_risk.monitoring.frames import ALL
from credit_risk.monitoring.performance.censoring import (
    STABLE_HAZARDS,
    FollowUp,
    bad_rate_influence,
    error_of,
    follow_up,
    gathered,
)
from credit_risk.monitoring.performance.groups import NO_SEGMENTS, Places, groups_of
from credit_risk.monitoring.performance.labels import Labels
from credit_risk.monitoring.performance.vintages import EVALUABLE, NOT_EVALUABLE, Least, cluster_notes

CALIBRATION_COLUMNS = [
    *("period", "segment", "scheme", "group", "rows", "bad", "not_yet", "followed", "predicted", "observed"),
    *("standard_error", "lower", "upper", "half_width", "effective_rows", "jeffreys_p_value", "correlated_p_value"),
    *("asset_correlation", "verdict", "correlated_verdict", "reason"),
]
"""A row each period, segment and group (a grade, a score band) of a scheme (`grade`, `score_band`).

predicted: mean probability of all rows of the group; observed: product-limit bad rate at the window, with Jeffreys'
bounds at the effective rows. p-values are one-sided, small where the prediction is too low: jeffreys of independent
rows, correlated with one factor of the asset correlation. Verdicts: pass, review, fail, not evaluable (`GradePolicy`).
"""
LEVEL_COLUMNS = [
    *("period", "segment", "rows", "bad", "not_yet", "followed", "predicted", "observed", "ratio", "ratio_lower"),
    *("ratio_upper", "difference", "difference_error", "difference_lower", "difference_upper", "half_width"),
    *("slope", "slope_error", "slope_lower", "slope_upper"),
    *("effective_rows", "jeffreys_p_value", "correlated_p_value", "asset_correlation", "status", "reason"),
]
"""Calibration in the large: ratio observed over predicted and difference observed less predicted, with bounds.

slope: of the outcome on the log-odds predicted, 1 where the spread of risk holds (Cox 1958); NaN where it is not
estimable.
"""
GRADE, SCORE_BAND = "grade", "score_band"
MOST_STEPS = 50
ROUNDING = 1e-9
"""Share of rows within which a size is told as all rows: sums of influences are off by rounding."""


@dataclass(frozen=True, slots=True)
class CensoredRate:
    """Bad rate at a horizon with its error, and bads and rows of the independent sample that would tell as much."""

    rate: float
    standard_error: float
    events: float
    size: float


def censored_rate(follow: FollowUp) -> CensoredRate:
    """Product-limit bad rate and its effective rows: rate (1 - rate)/variance, with Greenwood's variance.

    Without a bad, or without a good, the variance is zero: then Kish's effective rows of the censoring weights. Never
    more than Kish's of all rows, and these where they differ by rounding alone, since groups are judged from a number
    of rows on. With everything followed and no row weights: bads and rows themselves. Where rows have
    clusters the variance is that of their sums, so that rows that come again count for what they add (as Kish 1965,
    section 8.2, by the design effect); without a bad or a good each cluster counts once.
    """
    rate, influence = bad_rate_influence(follow)
    if math.isnan(rate):
        return CensoredRate(math.nan, math.nan, math.nan, 0.0)
    sums = gathered(influence, follow.cluster)
    variance = float(sums @ sums)
    most = effective_rows(follow.mass)
    if 0.0 < rate < 1.0 and variance > 0.0:
        size = rate * (1.0 - rate) / variance
    else:
        once = None if follow.cluster is None else follow.cluster[follow.known]
        size = effective_rows(gathered((follow.weight * follow.mass)[follow.known], once))
    return rate_of_size(rate, error_of(influence, follow.cluster), size, most)


def rate_of_size(rate: float, error: float, size: float, most: float) -> CensoredRate:
    """A rate with its effective rows; most: those of all rows."""
    size = most if size >= most * (1.0 - ROUNDING) else size
    return CensoredRate(rate, error, rate * size, size)


def calibration_table(
    labels: Labels,
    probability: ArrayLike,
    group: ArrayLike,
    *,
    scheme: str = GRADE,
    order: Sequence[str] | None = None,
    period: ArrayLike | None = None,
    segments: Mapping[str, ArrayLike] = NO_SEGMENTS,
    weights: ArrayLike | None = None,
    policy: GradePolicy | None = None,
    confidence: float = 0.95,
    least_followed: float = 0.05,
) -> pd.DataFrame:
    """CALIBRATION_COLUMNS of each group at the window.

    probability (n,) of bad by the window, within [0, 1]; group (n,) grade or score band, None where a row has none
    (left out and told in the notes); order: the groups as they are to stand, all of them, else sorted; weights (n,).
    Censoring weights are estimated within each group. Raises CreditRiskError with all faults, also on a group not in
    `order`.
    """
    rules = policy or GradePolicy()
    p, w, place, names, without = _checked(labels, probability, group, order, weights, confidence)
    rows: list[tuple[Any, ...]] = []
    for month, segment, inside in groups_of(len(labels), period, segments):
        for number, name in enumerate(names):
            here = inside[place[inside] == number]
            if len(here):
                part = _part(labels, p, w, here)
                rows.append((month, segment, scheme, name, *_grade_row(*part, rules, confidence, least_followed)))
    frame = pd.DataFrame(rows, columns=CALIBRATION_COLUMNS)
    frame.attrs["notes"] = (*calibration_notes(rules, without), *cluster_notes(labels))
    return frame


def calibration_level(
    labels: Labels,
    probability: ArrayLike,
    *,
    period: ArrayLike | None = None,
    segments: Mapping[str, ArrayLike] = NO_SEGMENTS,
    weights: ArrayLike | None = None,
    asset_correlation: float = 0.04,
    least: Least | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """LEVEL_COLUMNS at the window: bad rate observed against the mean probability of the same rows.

    Bounds of the difference are normal, those of the ratio normal on its logarithm, both from what each row brings to
    observed and predicted together, with the term of the estimated censoring weights.
    """
    rules = least or Least()
    p, w, _, _, _ = _checked(labels, probability, None, None, weights, confidence)
    rows: list[tuple[Any, ...]] = []
    for month, segment, inside in groups_of(len(labels), period, segments):
        part = _part(labels, p, w, inside)
        rows.append((month, segment, *_level_row(*part, asset_correlation, rules, confidence)))
    frame = pd.DataFrame(rows, columns=LEVEL_COLUMNS)
    told = calibration_notes(GradePolicy(asset_correlation=asset_correlation), 0)
    frame.attrs["notes"] = (*told, *cluster_notes(labels))
    return frame


def censored_slope(follow: FollowUp, p: Floats, confidence: float = 0.95) -> tuple[float, float, float, float]:
    """Slope of a weighted logistic regression of the outcome on the logit of p (n,), its error and normal bounds.

    Maximum likelihood with censoring weights by Newton's method with steps halved; the error from the influence of
    each row with the term of the estimated weights (sandwich). NaN where probabilities are 0 or 1, all alike, or the
    classes are separated.
    """
    nothing = (math.nan,) * 4
    w, y = follow.weight * follow.mass, follow.bad.astype(float)
    known = follow.known
    if np.any((p <= 0) | (p >= 1)) or min(follow.bad.sum(), follow.good.sum()) < 2 or np.ptp(p[known]) == 0:
        return nothing
    x = np.column_stack([np.ones(len(p)), special.logit(p)])
    beta = np.array([0.0, 1.0])
    for _ in range(MOST_STEPS):
        fitted = special.expit(x @ beta)
        score = x.T @ (w * (y - fitted))
        information = (x * (w * fitted * (1.0 - fitted))[:, None]).T @ x
        if not np.linalg.cond(information) < 1e12:
            return nothing
        step = _uphill(x, y, w, beta, np.linalg.solve(information, score))
        beta = beta + step
        if np.max(np.abs(step)) < 1e-10:
            break
    else:
        return nothing
    row = np.linalg.inv(information)[1]
    error = error_of(follow.influence(w * (y - special.expit(x @ beta)) * (x @ row)), follow.cluster)
    half = normal_quantile(confidence) * error
    return float(beta[1]), error, float(beta[1]) - half, float(beta[1]) + half


def _uphill(x: Floats, y: Floats, w: Floats, beta: Floats, step: Floats) -> Floats:
    """The step, halved until the likelihood does not fall: from a level far off Newton's step leads too far."""

    def likelihood(at: Floats) -> float:
        eta = x @ at
        return float(np.sum(w * (y * eta - np.logaddexp(0.0, eta))))

    begun = likelihood(beta)
    for _ in range(MOST_STEPS):
        if likelihood(beta + step) >= begun - 1e-12 * abs(begun):
            break
        step = step / 2.0
    return step


def calibration_notes(policy: GradePolicy, without_group: int) -> tuple[str, ...]:
    """What has to be said with the figures."""
    told = (
        STABLE_HAZARDS,
        "p-values are one-sided, small where the probability is too low for what was observed; both are printed: "
        "Jeffreys' holds for independent rows only, the other lets all rows share one factor of asset correlation "
        f"{policy.asset_correlation:g} (declared)",
        "effective rows: of the independent sample whose bad rate would be known as well",
    )
    return (*told, f"{without_group} rows without a group are left out") if without_group else told


def _grade_row(
    labels: Labels, p: Floats, w: Floats | None, policy: GradePolicy, confidence: float, least_followed: float
) -> tuple[Any, ...]:
    predicted, rho = _mean(p, w), policy.asset_correlation
    if not labels.usable.any():
        return unknown_grade(len(labels), predicted, rho)
    follow = follow_up(labels, w)
    bad = int(follow.bad.sum())
    counts = (len(labels), bad, len(follow.bad) - int(follow.known.sum()), follow.followed, predicted)
    return grade_row(counts, censored_rate(follow), follow.horizon, policy, confidence, least_followed)


def grade_row(
    counts: tuple[int, int, int, float, float],
    found: CensoredRate,
    horizon: float,
    policy: GradePolicy,
    confidence: float,
    least_followed: float,
) -> tuple[Any, ...]:
    """CALIBRATION_COLUMNS from `rows` on; counts: those to `predicted`."""
    followed, predicted, rho = counts[3], counts[4], policy.asset_correlation
    lower, upper, alone, together = _tests(found, predicted, rho, confidence)
    small = bool(policy.small(np.array([found.size]), np.array([found.size * predicted]))[0])
    verdicts = [policy.verdict(one, small) for one in (alone, together)]
    reason = policy.reason(verdicts[0]) or policy.reason(verdicts[1])
    if followed < least_followed:
        verdicts = [NOT_EVALUABLE, NOT_EVALUABLE]
        reason = f"immature: {followed:.1%} of rows are under observation up to month {horizon:g}"
    told = (found.rate, found.standard_error, lower, upper, (upper - lower) / 2.0, found.size, alone, together)
    return (*counts, *told, rho, *verdicts, reason)


def _level_row(
    labels: Labels, p: Floats, w: Floats | None, rho: float, least: Least, confidence: float
) -> tuple[Any, ...]:
    if not labels.usable.any():
        return unknown_level(len(labels), _mean(p, w), rho)
    follow, inside = follow_up(labels, w), labels.usable
    predicted = _mean(p[inside], None if w is None else w[inside])
    found = censored_rate(follow)
    observed, parts = bad_rate_influence(follow)
    own = follow.mass * (p[inside] - predicted) / float(follow.mass.sum())
    error, spread = error_of(parts - own, follow.cluster), math.nan
    if observed > 0 and predicted > 0:
        spread = error_of(parts / observed - own / predicted, follow.cluster)
    bad = int(follow.bad.sum())
    counts = (len(labels), bad, len(follow.bad) - int(follow.known.sum()), follow.followed, predicted)
    slope = censored_slope(follow, p[inside], confidence)
    return level_row(counts, found, error, spread, slope, follow.horizon, rho, least, confidence)


def unknown_level(rows: int, predicted: float, rho: float) -> tuple[Any, ...]:
    """LEVEL_COLUMNS from `rows` on where no outcome is known."""
    nothing = (*(math.nan,) * 13, 0.0, math.nan, math.nan)
    return (rows, 0, 0, 0.0, predicted, *nothing, rho, NOT_EVALUABLE, "no outcome is known")


def unknown_grade(rows: int, predicted: float, rho: float) -> tuple[Any, ...]:
    """CALIBRATION_COLUMNS from `rows` on where no outcome is known."""
    nothing = (*(math.nan,) * 5, 0.0, math.nan, math.nan)
    return (rows, 0, 0, 0.0, predicted, *nothing, rho, NOT_EVALUABLE, NOT_EVALUABLE, "no outcome is known")


def level_row(
    counts: tuple[int, int, int, float, float],
    found: CensoredRate,
    error: float,
    spread: float,
    slope: tuple[float, float, float, float],
    horizon: float,
    rho: float,
    least: Least,
    confidence: float,
) -> tuple[Any, ...]:
    """LEVEL_COLUMNS from `rows` on; counts: those to `predicted`; error of the difference, spread of the logarithm of
    the ratio."""
    _, bad, _, followed, predicted = counts
    observed, z = found.rate, normal_quantile(confidence)
    gap = observed - predicted
    ratio = observed / predicted if predicted > 0 else math.nan
    bounds = (math.nan, math.nan)
    if observed > 0 and predicted > 0:
        bounds = (ratio * math.exp(-z * spread), ratio * math.exp(z * spread))
    _, _, alone, together = _tests(found, predicted, rho, confidence)
    reason = None
    if followed < least.followed:
        reason = f"immature: {followed:.1%} of rows are under observation up to month {horizon:g}"
    elif bad < least.bads:
        reason = f"{bad} bads known by month {horizon:g}, fewer than {least.bads}"
    told = (ratio, *bounds, gap, error, gap - z * error, gap + z * error, z * error)
    status = EVALUABLE if reason is None else NOT_EVALUABLE
    return (*counts, observed, *told, *slope, found.size, alone, together, rho, status, reason)


def _tests(found: CensoredRate, predicted: float, rho: float, confidence: float) -> tuple[float, float, float, float]:
    """Jeffreys' bounds at the effective rows, and both p-values; NaN where nothing is identified."""
    if math.isnan(found.rate) or found.size <= 0:
        return (math.nan,) * 4
    lower, upper = (float(one[0]) for one in jeffreys_interval([found.events], [found.size], confidence))
    alone = float(jeffreys_tail(found.events, found.size, predicted))
    return lower, upper, alone, correlated_jeffreys_p_value(found.events, found.size, predicted, rho)


def _mean(p: Floats, w: Floats | None) -> float:
    return math.fsum(p) / len(p) if w is None else math.fsum(w * p) / math.fsum(w)


def _part(labels: Labels, p: Floats, w: Floats | None, places: Places) -> tuple[Labels, Floats, Floats | None]:
    return labels.part(places), p[places], None if w is None else w[places]


def _checked(
    labels: Labels,
    probability: ArrayLike,
    group: ArrayLike | None,
    order: Sequence[str] | None,
    weights: ArrayLike | None,
    confidence: float,
) -> tuple[Floats, Floats | None, np.ndarray, list[str], int]:
    arguments = Arguments()
    check_confidence(arguments, confidence)
    arguments.length = len(labels)
    p, w = arguments.probabilities(probability), arguments.weights(weights)
    arguments.raise_if_any()
    if group is None:
        return p, w, np.zeros(len(p), np.int64), [ALL], 0
    values = np.asarray(group, dtype=object)
    if len(values) != len(labels):
        found, allowed = f"{len(values)} rows", f"{len(labels)} rows"
        raise CreditRiskError(Fault("length differs", "length", path="group", found=found, allowed=allowed))
    codes, words = pd.factorize(values, use_na_sentinel=True)
    texts = [str(one) for one in words]
    names = sorted(texts) if order is None else [str(one) for one in order]
    if unknown := sorted(set(texts) - set(names)):
        found, allowed = ", ".join(unknown), ", ".join(names)
        raise CreditRiskError(
            Fault("groups that are not in the order", "group", path="group", found=found, allowed=allowed)
        )
    number = np.array([names.index(one) for one in texts] + [-1], dtype=np.int64)
    return p, w, number[codes], names, int(np.sum(codes == -1))
