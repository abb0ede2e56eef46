"""Bad rate, AUC, Gini and KS of every vintage and subpopulation, at the window and at the month it has reached."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Arguments, Floats, check_confidence
from credit_risk.evaluation.estimates import Estimate
from credit_risk.evaluation.intervals import effective_rows
from credit_risk.monitoring.frames import ALL
from credit_risk.monitoring.performance.censoring import STABLE_HAZARDS, bad_rate_estimate, follow_up
from credit_risk.monitoring.performance.discrimination import Measured, censored_discrimination
from credit_risk.monitoring.performance.groups import NO_SEGMENTS, groups_of
from credit_risk.monitoring.performance.labels import Labels

PERFORMANCE_COLUMNS = [
    *("period", "segment", "horizon", "measure", "rows", "good", "bad", "not_yet", "unobserved", "faults", "followed"),
    *("effective_rows", "value", "standard_error", "lower", "upper", "half_width", "status", "reason"),
]
"""A row each period, segment, horizon (months) and measure (bad_rate, auc, gini, ks).

good, bad, not_yet: rows by what is known at the horizon; unobserved: without an outcome; followed: estimated share
under observation up to the horizon; effective_rows: Kish's of the rows known by then. status: evaluable or not
evaluable, with the reason; value and bounds of a measure that is not evaluable for want of bads are told all the same,
so that its half-width is seen. Missing numbers are NaN.
"""
BAD_RATE, AUC, GINI, KS = "bad_rate", "auc", "gini", "ks"
MEASURES = (BAD_RATE, AUC, GINI, KS)
EVALUABLE, NOT_EVALUABLE = "evaluable", "not evaluable"
NOTHING = (math.nan,) * 4
OF_APPLICANTS = (
    "rows of one applicant are not independent: errors, intervals and effective rows are of sums over applicants "
    "(Obuchowski 1997, Biometrics 53, 567-578; Liang and Zeger 1986, Biometrika 73, 13-22)"
)


@dataclass(frozen=True, slots=True)
class Least:
    """What a measure needs to be evaluable, declared.

    bads: known by the horizon, and as many goods; followed: share of rows under observation up to the horizon, so that
    no row counts for more than 1/followed; reached: the same of the month that an immature vintage is said to have
    reached.
    """

    bads: int = 100
    followed: float = 0.05
    reached: float = 0.5

    def __post_init__(self) -> None:
        """Raises CreditRiskError where a least number is out of its range."""
        faults = []
        if self.bads < 2:
            faults.append(Fault("too few bads", "range", path="bads", found=repr(self.bads), allowed="2 or more"))
        for name in ("followed", "reached"):
            value = getattr(self, name)
            if not 0.0 < value <= 1.0:
                faults.append(Fault("not a share", "range", path=name, found=repr(value), allowed="above 0, up to 1"))
        if faults:
            raise CreditRiskError(faults)


def performance_table(
    labels: Labels,
    risk: ArrayLike,
    period: ArrayLike | None = None,
    segments: Mapping[str, ArrayLike] = NO_SEGMENTS,
    weights: ArrayLike | None = None,
    *,
    months: tuple[float, ...] = (),
    least: Least | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """PERFORMANCE_COLUMNS of all rows, every period, and both by every value of every segment column.

    risk (n,), higher is riskier, of the rows of `labels`; rows without an outcome are counted and not measured. period
    (n,) YYYY-MM; segments: values (n,) by column; weights (n,). Horizons: the window; of a single vintage that has not
    reached it also the last whole month that it has; and `months` of all. Censoring weights are estimated within each
    group, so that the mix of a segment may move with time. "Not yet bad" is never counted as good.
    """
    rules = least or Least()
    arguments = Arguments()
    check_confidence(arguments, confidence)
    arguments.length = len(labels)
    x, w = arguments.numbers("risk", risk), arguments.weights(weights)
    arguments.raise_if_any()
    rows: list[tuple[Any, ...]] = []
    for month, segment, places in groups_of(len(labels), period, segments):
        part = labels.part(places)
        mass = None if w is None else w[places]
        horizons = {float(labels.window), *map(float, months)}
        if month != ALL and (reached := reached_month(part, rules.reached, mass)) is not None:
            horizons.add(float(reached))
        for horizon in sorted(horizons, reverse=True):
            rows += _measured((month, segment, horizon), part.at(horizon), x[places], mass, rules, confidence)
    frame = pd.DataFrame(rows, columns=PERFORMANCE_COLUMNS)
    frame.attrs["notes"] = performance_notes(labels, rules)
    return frame


def reached_month(labels: Labels, reached: float, weights: ArrayLike | None = None) -> int | None:
    """The last whole month, up to the window, that an estimated share `reached` of rows is seen through, or None."""
    if not labels.usable.any():
        return None
    for month in range(math.floor(labels.window), 0, -1):
        if follow_up(labels, weights, float(month)).followed >= reached:
            return month
    return None


def cluster_notes(labels: Labels) -> list[str]:
    """How rows of one applicant are counted, where labels have clusters."""
    return [] if labels.cluster is None else [OF_APPLICANTS]


def performance_notes(labels: Labels, least: Least) -> tuple[str, ...]:
    """What has to be said with the figures."""
    told = [
        STABLE_HAZARDS,
        "intervals allow for the censoring weights' being estimated (influence of each row); AUC on the logit scale",
        f"not evaluable: fewer than {least.bads} bads or goods known by the horizon, or fewer than "
        f"{least.followed:.0%} of rows under observation up to it",
    ]
    told += cluster_notes(labels)
    if labels.postponed:
        told.append(f"{labels.postponed} bads of a calendar month that has not ended count once it has")
    return tuple(told)


def _measured(
    head: tuple[str, str, float], labels: Labels, risk: Floats, weights: Floats | None, least: Least, confidence: float
) -> list[tuple[Any, ...]]:
    usable, faults = labels.usable, int(np.sum(labels.faulty))
    out = len(labels) - int(usable.sum()) - faults
    if not usable.any():
        return unknown_rows(head, (len(labels), out, faults))
    follow = follow_up(labels, weights)
    bad, good = int(follow.bad.sum()), int(follow.good.sum())
    w = follow.weight * follow.mass
    effective = effective_rows(w[w > 0]) if follow.identified else 0.0
    counts = (len(labels), good, bad, int(usable.sum()) - good - bad, out, faults, follow.followed, effective)
    found = dict.fromkeys(MEASURES, NOTHING)
    if follow.identified:
        both = censored_discrimination(follow, risk[usable], confidence)
        found = values_of(bad_rate_estimate(follow, confidence), both)
    return measured_rows(head, counts, found, least)


def measured_rows(
    head: tuple[str, str, float], counts: tuple[Any, ...], found: Mapping[str, tuple[float, ...]], least: Least
) -> list[tuple[Any, ...]]:
    """PERFORMANCE_COLUMNS; counts: those from `rows` to `effective_rows`; found: value, error, bounds by measure."""
    reason = _reason(head[2], counts, least)
    rows = []
    for name, values in found.items():
        width = (values[3] - values[2]) / 2.0
        rows.append((*head, name, *counts, *values, width, EVALUABLE if reason is None else NOT_EVALUABLE, reason))
    return rows


def unknown_rows(head: tuple[str, str, float], counts: tuple[int, int, int]) -> list[tuple[Any, ...]]:
    """PERFORMANCE_COLUMNS where no outcome is known; counts: rows, unobserved, faults."""
    told = (counts[0], 0, 0, 0, *counts[1:], 0.0, 0.0)
    return [(*head, one, *told, *NOTHING, math.nan, NOT_EVALUABLE, "no outcome is known") for one in MEASURES]


def values_of(rate: Estimate, both: Measured | None) -> dict[str, tuple[float, float, float, float]]:
    """Value, standard error, lower and upper bound by measure."""
    found = dict.fromkeys(MEASURES, NOTHING)
    found[BAD_RATE] = (rate.value, rate.standard_error, rate.lower, rate.upper)
    if both is not None:
        one, distance = both.auc, both.ks
        found[AUC] = (one.auc, one.standard_error, one.lower, one.upper)
        found[GINI] = both.gini
        found[KS] = (distance.statistic, distance.standard_error, distance.lower, distance.upper)
    return found


def _reason(horizon: float, counts: tuple[Any, ...], least: Least) -> str | None:
    good, bad, followed = counts[1], counts[2], counts[6]
    if followed < least.followed:
        return f"immature: {followed:.1%} of rows are under observation up to month {horizon:g}"
    if min(bad, good) < least.bads:
        few = f"{bad} bads" if bad <= good else f"{good} goods"
        return f"{few} known by month {horizon:g}, fewer than {least.bads}"
    return None
