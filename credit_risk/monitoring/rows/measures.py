"""Bad rate, level, slope and calibration by group, and two scores on the same rows: of any number of rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

from credit_risk.evaluation._arrays import Floats
from credit_risk.evaluation.estimates import Estimate, logit_estimate
from credit_risk.evaluation.grades import GradePolicy
from credit_risk.evaluation.intervals import normal_quantile
from credit_risk.monitoring.challenger.shadow import shadow_row
from credit_risk.monitoring.performance.calibration import (
    MOST_STEPS,
    CensoredRate,
    grade_row,
    level_row,
    rate_of_size,
    unknown_grade,
    unknown_level,
)
from credit_risk.monitoring.performance.vintages import (
    MEASURES,
    NOT_EVALUABLE,
    NOTHING,
    Least,
    measured_rows,
    unknown_rows,
    values_of,
)
from credit_risk.monitoring.rows.ranking import Ranking, discrimination, influence_of, sides
from credit_risk.monitoring.rows.squares import Squares
from credit_risk.monitoring.rows.tally import Followed, Tally, followed

UNKNOWN = "no outcome is known"


def performance_rows(
    head: tuple[str, str], tally: Tally, horizon: float, column: str, least: Least, confidence: float = 0.95
) -> list[tuple[Any, ...]]:
    """PERFORMANCE_COLUMNS of one group at one horizon, as `performance_table`."""
    out = tally.rows - tally.usable - tally.faults
    where = (*head, horizon)
    if not tally.usable:
        return unknown_rows(where, (tally.rows, out, tally.faults))
    own = followed(tally, horizon)
    identified = own.follow.identified
    effective = own.kish(own.each) if identified else 0.0
    open_ = tally.usable - own.bad - own.good
    counts = (tally.rows, own.good, own.bad, open_, out, tally.faults, own.follow.followed, effective)
    found: dict[str, tuple[float, float, float, float]] = dict.fromkeys(MEASURES, NOTHING)
    if identified:
        rate, influence = _rate(own)
        error = own.squares_by_class({"rate": influence}).error("rate")
        estimate: Estimate = logit_estimate(rate, error, confidence)
        found = values_of(estimate, discrimination(own, column, confidence))
    return measured_rows(where, counts, found, least)


def reached(tally: Tally, window: float, share: float) -> int | None:
    """As `reached_month`."""
    if not tally.usable:
        return None
    for month in range(math.floor(window), 0, -1):
        if followed(tally, float(month)).follow.followed >= share:
            return month
    return None


def level_of(
    tally: Tally, column: str, mean: float, horizon: float, rho: float, least: Least, confidence: float = 0.95
) -> tuple[Any, ...]:
    """LEVEL_COLUMNS from `rows` on, as `calibration_level`; mean: of the probabilities of all rows."""
    if not tally.usable:
        return unknown_level(tally.rows, mean, rho)
    own, spool = followed(tally, horizon), tally.spool
    predicted = math.fsum(math.fsum(one[column]) for one in own.chunks()) / tally.usable
    observed, influence = _rate(own)
    ratio = observed > 0 and predicted > 0
    squares = Squares(spool.folder, ["gap", "ratio"], clustered=tally.clustered)
    for records in own.chunks():
        parts, less = influence[records["cls"]], (records[column] - predicted) / tally.usable
        both = {"gap": parts - less, "ratio": parts / observed - less / predicted if ratio else np.zeros(len(parts))}
        squares.add(both, records["cluster"] if tally.clustered else None)
    squares.done()
    counts = (tally.rows, own.bad, tally.usable - own.bad - own.good, own.follow.followed, predicted)
    error = squares.error("gap") if own.follow.identified else math.nan
    found, slope = rate_and_size(own), slope_of(own, column, confidence)
    return level_row(counts, found, error, squares.error("ratio"), slope, horizon, rho, least, confidence)


def group_of(
    tally: Tally, mean: float, horizon: float, policy: GradePolicy, confidence: float = 0.95, least: float = 0.05
) -> tuple[Any, ...]:
    """CALIBRATION_COLUMNS from `rows` on, as `calibration_table`; mean: of the probabilities of all rows."""
    if not tally.usable:
        return unknown_grade(tally.rows, mean, policy.asset_correlation)
    own = followed(tally, horizon)
    counts = (tally.rows, own.bad, tally.usable - own.bad - own.good, own.follow.followed, mean)
    return grade_row(counts, rate_and_size(own), horizon, policy, confidence, least)


def two_scores(
    tally: Tally, first: str, second: str, horizon: float, least: Least, confidence: float = 0.95
) -> tuple[Any, ...]:
    """SHADOW_COLUMNS from `good` to `reason`, as `shadow_comparison`."""
    if not tally.usable:
        return (0, 0, 0, 0.0, *(math.nan,) * 9, NOT_EVALUABLE, UNKNOWN)
    own, folder, clustered = followed(tally, horizon), tally.spool.folder, tally.clustered
    counts = (own.good, own.bad, tally.usable - own.bad - own.good, own.follow.followed)
    if min(own.bad, own.good) < 2:
        return (*counts, *(math.nan,) * 9, NOT_EVALUABLE, f"{own.bad} bads and {own.good} goods known")
    numbers = sides(own)
    ranking = Ranking(own, first)
    ranks = ranking.ranks()
    one = influence_of(own, ranking, ranks, numbers)
    carried = Tally.empty(folder, tally.coding, [second, "influence"], clustered=clustered)
    for placed in ranking.placed():
        old = placed.records
        told = {"cls": old["cls"], second: old[second]}
        told["influence"] = one.of(old["cls"], placed.of_bads, placed.of_goods)
        carried.spool.add(told | ({"cluster": old["cluster"]} if clustered else {}))
    ranking.drop()
    other = Ranking(Followed(carried, own.follow, own.count, own.each), second)
    two_ranks = other.ranks()
    two = influence_of(own, other, two_ranks, numbers)
    squares = Squares(folder, ["first", "second", "both"], clustered=clustered)
    for placed in other.placed():
        a = placed.records["influence"]
        b = two.of(placed.records["cls"], placed.of_bads, placed.of_goods)
        squares.add({"first": a, "second": b, "both": b - a}, placed.records["cluster"] if clustered else None)
    squares.done()
    other.drop()
    carried.drop()
    error = math.sqrt(squares.square("both"))
    apart = math.sqrt(squares.square("first") + squares.square("second"))
    return shadow_row(counts, (ranks.area, two_ranks.area), (error, apart), horizon, least, confidence)


def rate_and_size(own: Followed) -> CensoredRate:
    """As `censored_rate`."""
    if not own.follow.identified:
        return CensoredRate(math.nan, math.nan, math.nan, 0.0)
    rate, influence = _rate(own)
    squares = own.squares_by_class({"rate": influence})
    variance = squares.square("rate")
    _, _, mass = own.tally.coding.table()
    if 0.0 < rate < 1.0 and variance > 0.0:
        size = rate * (1.0 - rate) / variance
    else:
        size = own.squares_by_class({"weight": own.each}, own.follow.known).effective("weight")
    return rate_of_size(rate, squares.error("rate"), size, own.kish(mass))


def slope_of(own: Followed, column: str, confidence: float = 0.95) -> tuple[float, float, float, float]:
    """As `censored_slope`: Newton's method, a walk over the rows each step and each trial of its length."""
    nothing, follow = (math.nan,) * 4, own.follow
    low, high = math.inf, -math.inf
    for records in own.chunks():
        p = records[column]
        if np.any((p <= 0) | (p >= 1)):
            return nothing
        known = p[follow.known[records["cls"]]]
        if len(known):
            low, high = min(low, float(known.min())), max(high, float(known.max()))
    if min(own.bad, own.good) < 2 or low == high:
        return nothing
    bad = follow.bad.astype(float)
    beta = np.array([0.0, 1.0])
    for _ in range(MOST_STEPS):
        score, information, begun = _slope_sums(own, column, beta)
        if not np.linalg.cond(information) < 1e12:
            return nothing
        step = np.linalg.solve(information, score)
        for _ in range(MOST_STEPS):
            if _likelihood(own, column, beta + step) >= begun - 1e-12 * abs(begun):
                break
            step = step / 2.0
        beta = beta + step
        if np.max(np.abs(step)) < 1e-10:
            break
    else:
        return nothing
    row = np.linalg.inv(information)[1]
    sums = np.zeros(len(bad))

    def parts(records: Any) -> Floats:
        x = special.logit(records[column])
        cls = records["cls"]
        return np.asarray(own.each[cls] * (bad[cls] - special.expit(beta[0] + beta[1] * x)) * (row[0] + row[1] * x))

    for records in own.chunks():
        sums += np.bincount(records["cls"], parts(records), len(sums))
    added, clustered = own.influence(sums), own.tally.clustered
    squares = Squares(own.tally.spool.folder, ["slope"], clustered=clustered)
    for records in own.chunks():
        squares.add({"slope": parts(records) + added[records["cls"]]}, records["cluster"] if clustered else None)
    error = squares.done().error("slope")
    half = normal_quantile(confidence) * error
    return float(beta[1]), error, float(beta[1]) - half, float(beta[1]) + half


def _slope_sums(own: Followed, column: str, beta: Floats) -> tuple[Floats, Floats, float]:
    """Score (2,), information (2, 2) and likelihood."""
    score, information, likelihood = np.zeros(2), np.zeros((2, 2)), 0.0
    bad = own.follow.bad.astype(float)
    for records in own.chunks():
        w, y = own.each[records["cls"]], bad[records["cls"]]
        x = np.column_stack([np.ones(len(w)), special.logit(records[column])])
        eta = x @ beta
        fitted = special.expit(eta)
        score += x.T @ (w * (y - fitted))
        information += (x * (w * fitted * (1.0 - fitted))[:, None]).T @ x
        likelihood += float(np.sum(w * (y * eta - np.logaddexp(0.0, eta))))
    return score, information, likelihood


def _likelihood(own: Followed, column: str, beta: Floats) -> float:
    bad, found = own.follow.bad.astype(float), 0.0
    for records in own.chunks():
        w, y = own.each[records["cls"]], bad[records["cls"]]
        eta = beta[0] + beta[1] * special.logit(records[column])
        found += float(np.sum(w * (y * eta - np.logaddexp(0.0, eta))))
    return found


def _rate(own: Followed) -> tuple[float, Floats]:
    """Bad rate, and the influence of a row of each class (c,)."""
    if not own.follow.identified:
        return math.nan, np.full(len(own.count), math.nan)
    bads, goods = (float(own.count @ np.where(side, own.each, 0.0)) for side in (own.follow.bad, own.follow.good))
    total = bads + goods
    rate = bads / total
    part = own.each * (own.follow.bad - rate) / total
    return rate, part + own.influence(own.count * part)


__all__ = ["group_of", "level_of", "performance_rows", "rate_and_size", "reached", "slope_of", "two_scores"]
