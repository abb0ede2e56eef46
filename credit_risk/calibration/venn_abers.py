"""Inductive Venn–Abers calibration as a step map of the score (Vovk and Petej 2014; Vovk, Petej and Fedorova 2015).

For a score s, isotonic regression of the calibration rows and of s labelled 0 (then 1) gives p₀ (then p₁) at s; the
probability is p₁ / (1 − p₀ + p₁), which has the least regret in log loss. Between neighbouring calibration scores it is
constant: p₀ is that of the score on the left, p₁ that of the score on the right. So it is a map of steps, exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from credit_risk.calibration._arrays import Rows
from credit_risk.calibration.maps import StepMap

Floats = NDArray[np.float64]
Point = tuple[float, float]
SAME = 1e-12


@dataclass(frozen=True, slots=True)
class VennAbers:
    """p₀ and p₁ (k,) of a test row at each distinct calibration score (k,), ascending."""

    scores: Floats
    p0: Floats
    p1: Floats


def venn_abers(rows: Rows, test_weight: float = 1.0) -> VennAbers:
    """Both isotonic fits at every distinct score, in O(n log n); the test row has the weight `test_weight`."""
    scores, weight, bads = rows.by_score()
    p1 = _with_a_bad(weight, bads, test_weight)
    p0 = 1.0 - _with_a_bad(weight[::-1], (weight - bads)[::-1], test_weight)[::-1]
    return VennAbers(scores, p0, p1)


def _with_a_bad(weight: Floats, bads: Floats, added: float) -> Floats:
    """Isotonic value (k,) at each score when a bad of weight `added` is put there.

    The value at i is the slope of the line that touches the cumulative sums before i, moved by −(added, added), and
    those after it, from below. The touching points move to the right only, so each is looked at once (Algorithms 1
    and 2 of Vovk, Petej and Fedorova 2015).
    """
    across, up = list(accumulate(weight.tolist(), initial=0.0)), list(accumulate(bads.tolist(), initial=0.0))
    stack = _corners(weight, bads, added)
    result = []
    for i in range(len(weight)):
        (x0, y0), (x1, y1) = stack[-1], stack[-2]
        result.append((y1 - y0) / (x1 - x0))
        moved = (across[i + 1] - added, up[i + 1] - added)
        if (x1 - x0) * (moved[1] - y0) >= (y1 - y0) * (moved[0] - x0):  # at or above the line: it still touches there
            continue
        stack.pop()
        while len(stack) > 1 and not _below(stack[-1], moved, stack[-2]):
            stack.pop()
        stack.append(moved)
    return np.array(result)


def _corners(weight: Floats, bads: Floats, added: float) -> list[Point]:
    """Corners, the leftmost last, of the greatest convex minorant with the bad put first: ends of isotonic blocks."""
    steps, rises = np.append(added, weight), np.append(added, bads)
    ends = isotonic_regression(rises / steps, weights=steps).blocks
    across, up = (np.append(0.0, np.cumsum(each))[ends] - added for each in (steps, rises))
    return list(zip(across[::-1].tolist(), up[::-1].tolist(), strict=True))


def _below(point: Point, start: Point, end: Point) -> bool:
    """Whether a point lies strictly below the line from start to end."""
    across = (end[0] - start[0]) * (point[1] - start[1])
    return across < (end[1] - start[1]) * (point[0] - start[0])


def venn_abers_map(found: VennAbers) -> StepMap:
    """The probability p₁ / (1 − p₀ + p₁) as steps: one at each calibration score, one between, equal neighbours joined.

    It is never 0 or 1. Steps that differ by less than 1e-12 are one.
    """
    k = len(found.scores)
    p0, p1 = np.empty(2 * k + 1), np.empty(2 * k + 1)
    p0[0], p0[1::2], p0[2::2] = 0.0, found.p0, found.p0
    p1[-1], p1[0:-1:2], p1[1::2] = 1.0, found.p1, found.p1
    level = np.maximum.accumulate(p1 / (1.0 - p0 + p1))
    cuts = np.empty(2 * k)
    cuts[0::2], cuts[1::2] = found.scores, np.nextafter(found.scores, np.inf)
    touching = np.append(cuts[1:-1:2] == cuts[2::2], False)
    kept = np.ones(2 * k, dtype=bool)
    kept[1::2] = ~touching  # no double lies between these two scores
    cuts, level = cuts[kept], level[np.append(True, kept)]
    joined = _joined(level)
    return StepMap(tuple(cuts[joined[1:] - 1].tolist()), tuple(level[joined].tolist()), name="venn_abers")


def _joined(level: Floats) -> NDArray[np.int64]:
    """Places of the levels that are more than SAME above the last that was kept."""
    places = [0]
    for place, value in enumerate(level.tolist()):
        if value > level[places[-1]] + SAME:
            places.append(place)
    return np.array(places, dtype=np.int64)
