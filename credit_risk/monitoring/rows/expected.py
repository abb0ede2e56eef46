"""What AUC and bad rate would be if the probabilities still held, of any number of rows: one sort on disk."""

from __future__ import annotations

import math

import numpy as np

from credit_risk.monitoring.performance.estimate import Expected
from credit_risk.monitoring.rows.spool import Sorted, Spool


def expected_of(spool: Spool, column: str) -> Expected:
    """As `expected_performance` of the probabilities in a column, of which there is one at least, ranked by them."""
    rows, bads, owns = len(spool), [], []
    for records in spool.chunks():
        p = records[column]
        bads.append(math.fsum(p))
        owns.append(math.fsum(p * (1.0 - p)))
    bad, own = math.fsum(bads), math.fsum(owns)
    good = rows - bad
    rate, spread, pairs = bad / rows, math.sqrt(own) / rows, bad * good - own
    if not pairs > 0:
        return Expected(math.nan, math.nan, rate, spread)
    ordered = Sorted(spool, column)
    area = _area(ordered, own, pairs)
    variance = _variance(ordered, area, bad, good)
    ordered.drop()
    return Expected(area, math.sqrt(variance), rate, spread)


def _area(ordered: Sorted, own: float, pairs: float) -> float:
    parts, below = [], 0.0
    for p, count in ordered.counts():
        good = count * (1.0 - p)
        up_to = below + np.cumsum(good)
        parts.append(math.fsum(count * p * (up_to - good / 2.0)))
        below = float(up_to[-1])
    return (math.fsum(parts) - own / 2.0) / pairs


def _variance(ordered: Sorted, area: float, total_bad: float, total_good: float) -> float:
    """DeLong's, with expected counts."""
    of_bads, of_goods, below_bad, below_good = [], [], 0.0, 0.0
    for p, count in ordered.counts():
        bad, good = count * p, count * (1.0 - p)
        up_bad, up_good = below_bad + np.cumsum(bad), below_good + np.cumsum(good)
        first = (up_good - good / 2.0) / total_good - area
        second = (total_bad - up_bad + bad / 2.0) / total_bad - area
        of_bads.append(math.fsum(bad * first * first))
        of_goods.append(math.fsum(good * second * second))
        below_bad, below_good = float(up_bad[-1]), float(up_good[-1])
    return math.fsum(of_bads) / total_bad**2 + math.fsum(of_goods) / total_good**2


__all__ = ["expected_of"]
