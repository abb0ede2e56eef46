"""What booked rows earned and lost by the horizon, under censoring weights, of any number of rows."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from credit_risk.evaluation._arrays import Floats
from credit_risk.evaluation.intervals import normal_quantile
from credit_risk.monitoring.performance.profit import EARNED, LOST, PROFIT, Total, unknown_total
from credit_risk.monitoring.performance.vintages import EVALUABLE, Least
from credit_risk.monitoring.rows.squares import Squares
from credit_risk.monitoring.rows.tally import Followed, Tally, followed

GOOD, BAD = "good", "bad"
"""Columns of a tally: what a row earns if it is good, and loses if it is bad."""
NAMES = (EARNED, LOST, PROFIT)


def totals_of(tally: Tally, horizon: float, least: Least, confidence: float = 0.95) -> dict[str, Total]:
    """Of earned, lost and profit before the cost of review, as `profit_table`; its rows have the columns GOOD, BAD."""
    nothing = unknown_total(0, 0.0, horizon, tally.usable, least)
    if nothing is not None and not tally.usable:
        return dict.fromkeys(NAMES, nothing)
    own = followed(tally, horizon)
    nothing = unknown_total(own.bad, own.follow.followed, horizon, tally.usable, least)
    if nothing is not None:
        return dict.fromkeys(NAMES, nothing)
    sums, whole = _weighted(own), float(own.count @ own.each)
    means = {name: float(one.sum()) / whole for name, one in sums.items()}
    errors = _errors(own, means, whole, sums)
    rows, z = tally.usable, normal_quantile(confidence)
    return {
        name: Total(own.bad, own.follow.followed, rows * mean, z * errors[name] * rows, mean, EVALUABLE, None)
        for name, mean in means.items()
    }


def expected_totals(tally: Tally, column: str) -> dict[str, float]:
    """The same by the probabilities of bad in a column, whether the outcome is known or not."""
    found = dict.fromkeys(NAMES, 0.0)
    for records in tally.spool.chunks():
        p = records[column]
        earned, lost = (1.0 - p) * records[GOOD], p * records[BAD]
        for name, x in ((EARNED, earned), (LOST, lost), (PROFIT, earned - lost)):
            found[name] += math.fsum(x)
    return found


def _amounts(own: Followed, cls: np.ndarray, good: Floats, bad: Floats) -> dict[str, Floats]:
    """What rows (n,) of classes are known to have earned and lost; 0 of those whose outcome is not known."""
    earned = np.where(own.follow.good[cls], good, 0.0)
    lost = np.where(own.follow.bad[cls], bad, 0.0)
    return {EARNED: earned, LOST: lost, PROFIT: earned - lost}


def _weighted(own: Followed) -> Mapping[str, Floats]:
    """Sums by class (c,) of weights times amounts."""
    sums = {name: np.zeros(len(own.count)) for name in NAMES}
    for records in own.chunks():
        cls = records["cls"]
        for name, x in _amounts(own, cls, records[GOOD], records[BAD]).items():
            sums[name] += np.bincount(cls, own.each[cls] * x, len(own.count))
    return sums


def _errors(own: Followed, means: Mapping[str, float], whole: float, sums: Mapping[str, Floats]) -> dict[str, float]:
    """Standard errors of the means, from the influence of each row or applicant."""
    clustered = own.tally.clustered
    weights = own.count * own.each
    added = {name: own.influence((sums[name] - weights * mean) / whole) for name, mean in means.items()}
    squares = Squares(own.tally.spool.folder, list(NAMES), clustered=clustered)
    for records in own.chunks():
        cls = records["cls"]
        amounts = _amounts(own, cls, records[GOOD], records[BAD])
        parts = {name: own.each[cls] * (x - means[name]) / whole + added[name][cls] for name, x in amounts.items()}
        squares.add(parts, records["cluster"] if clustered else None)
    squares.done()
    return {name: squares.error(name) for name in NAMES}


__all__ = ["BAD", "GOOD", "expected_totals", "totals_of"]
