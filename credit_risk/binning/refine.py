"""Exact coarse classing of a column: cuts among all its distinct values, with a bound of what may be lost.

The candidates are the places by which the bound's chains go (`bound`); most often the best classing of these reaches
the bound and so is the optimum over all distinct values. Where it does not, or where there are limits that the bound
leaves out, few distinct values are all tried. Of many, fine classes are, and then the values around the chosen cuts,
round by round, until nothing is gained any more; what is left to the bound is told as loss.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from credit_risk.binning.bound import PROVED, Bound, upper_bound
from credit_risk.binning.envelope import path_points
from credit_risk.binning.exact import CANDIDATES, SHAPE_GAIN, AnyTrend, ExactResult, exact_cuts
from credit_risk.binning.fine import (
    Path,
    best_places,
    evenly,
    fine_classes,
    path_of,
    tight_places,
    turning_places,
)
from credit_risk.binning.limits import Limits, TrendName
from credit_risk.binning.sorted_column import SortedColumn

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
EVERY_VALUE = 64
"""Distinct values that are all tried at once; up to EVERY_VALUE_ELSE where that is needed to reach the bound."""
EVERY_VALUE_ELSE = 1_500
ENOUGH = 1e-5
"""Share of information value: with less between the classing and the bound, no more is tried."""
FINE_CLASSES = 160
FINE_CLASSES_ELSE = 320
"""Fine classes below and above the number of rows between which FINE_CLASSES is taken: chance makes many places nearly
as good as the best where rows are few, and where they are many, the dynamic programme costs little beside the sort."""
ROWS = (20_000, 300_000)
CLOSE_VALUES = 4
"""Values tried on either side of a cut in a round, evenly by rank."""
CLOSE_LEVELS = 2
"""Levels of turning points tried on either side of a cut in a round."""
WIDEST = 0.02
"""Share of the rows looked at on either side of a cut in the first round; a quarter of it in each that follows."""
LEAST_GAIN = 1e-4
"""Share of information value gained by a round, below which no further round is made."""
MOST_ROUNDS = 12
SHAPES = ("peak", "valley")


@dataclass(frozen=True, slots=True)
class ExactClassing:
    """Coarse classing of a column of numbers.

    cuts: (k−1,) data values, each opening its bin `[a, b)`; good, bad: (k,) weights. result: the answer of the dynamic
    programme (trend, status, message); candidates: trends that were tried, with their information values.
    upper_bound: no classing over all distinct values has more information value, NaN where it is not known; iv_loss:
    the share of it that is not reached, at most so much is lost; 0 where the classing is proved to be the optimum. The
    bound keeps the trend, the most bins, the least weight of a bin and the fixed cuts; where there are other limits, it
    may be far from what they allow. rounds: how often the values around the cuts were looked at.
    """

    cuts: Floats
    good: Floats
    bad: Floats
    result: ExactResult
    candidates: tuple[tuple[TrendName, float], ...]
    upper_bound: float
    rounds: int

    @property
    def information_value(self) -> float:
        """Information value of the bins; NaN where the limits cannot be kept."""
        return self.result.information_value

    @property
    def iv_loss(self) -> float:
        """Greatest share of information value that may be lost against all distinct values."""
        return lost_share(self.information_value, self.upper_bound)


def lost_share(information_value: float, upper_bound: float) -> float:
    """Share of the bound that is not reached; 0 where only rounding is between them, NaN where one is not known."""
    lost = 1 - information_value / upper_bound if upper_bound != 0 else 0.0
    return 0.0 if lost < PROVED else lost


def exact_classing(
    column: SortedColumn,
    *,
    trend: AnyTrend = "auto_monotonic",
    limits: Limits | None = None,
    totals: tuple[float, float] | None = None,
    shape_gain: float = SHAPE_GAIN,
    classes: int | None = None,
    fixed: Floats | None = None,
    least_gain: float = LEAST_GAIN,
) -> ExactClassing:
    """Class a column under limits. totals and shape_gain as in `exact_cuts`.

    fixed: (f,) values that must open a bin. Limits that name prebins (fixed or forbidden cuts and merges) are refused,
    since prebins change from round to round. classes: where given, the search over so many fine classes is made and
    no other; a trend chosen by `auto` on the fine classes is kept in the rounds. Infeasible limits are told of the fine
    classes. Raises ValueError as `exact_cuts` does.
    """
    limits = limits or Limits()
    if limits.fixed_cuts or limits.forbidden_cuts or limits.forbidden_merges:
        raise ValueError("limits that name prebins have no meaning here; give the values that must open a bin as fixed")
    must = np.unique(np.empty(0) if fixed is None else np.asarray(fixed, np.float64))
    whole = column.counts(np.empty(0))
    search = _Search(column, limits, totals or (float(whole[0][0]), float(whole[1][0])), shape_gain, must)
    if classes is not None:
        return search.by_classes(trend, classes, least_gain)
    every = column.distinct(EVERY_VALUE)
    if every is not None:
        return search.over_all(every, trend)
    count = FINE_CLASSES if ROWS[0] <= len(column.values) < ROWS[1] else FINE_CLASSES_ELSE
    known = search.by_classes(trend, count, least_gain, {}).cuts if trend == "none" else np.empty(0)
    bounds = search.bounds(trend, column.values.searchsorted(known))
    places = [np.empty(0, np.int64), *(bound.places for bound in bounds.values())]
    edges = np.union1d(np.union1d(must, known), column.edges_at(np.concatenate(places)))
    first = search.classing(*search.solve(edges, trend), bounds)
    if first.iv_loss <= ENOUGH:
        return first
    every = column.distinct(EVERY_VALUE_ELSE if limits.max_p_value is None else FINE_CLASSES_ELSE)
    if every is not None:
        return search.over_all(every, trend)
    return search.by_classes(trend, count, least_gain, bounds, edges)


@dataclass(frozen=True, slots=True)
class _Search:
    """What stays the same over all attempts."""

    column: SortedColumn
    limits: Limits
    totals: tuple[float, float]
    shape_gain: float
    must: Floats

    def bounds(self, trend: AnyTrend, known: Places | None = None) -> dict[TrendName, Bound]:
        """The bound under each trend that is to be tried, where there is one. known: places of good cuts."""
        tried: tuple[TrendName, ...] = CANDIDATES.get(trend) or (trend,)  # type: ignore[assignment]
        path = path_points(self.column)
        found = {t: upper_bound(self.column, path, t, self.limits, self.totals, self.must, known) for t in tried}
        return {t: bound for t, bound in found.items() if bound is not None}

    def over_all(self, every: Floats, trend: AnyTrend) -> ExactClassing:
        """The classing with all distinct values as candidates: its own bound."""
        cuts, result = self.solve(np.union1d(every[1:], self.must), trend)
        return self.classing(cuts, result, None)

    def by_classes(
        self,
        trend: AnyTrend,
        classes: int,
        least_gain: float,
        bounds: dict[TrendName, Bound] | None = None,
        known: Floats | None = None,
    ) -> ExactClassing:
        """The classing from fine classes, and known candidates besides, refined in rounds."""
        path = path_of(self.column)
        fine = fine_classes(path, classes, min_count=self.limits.min_count, max_bins=self.limits.max_bins)
        edges = np.union1d(fine.edges, self.must if known is None else known)
        cuts, first = self.solve(edges, trend)
        if fine.every_value:
            return self.classing(cuts, first, None)
        bounds = self.bounds(trend) if bounds is None else bounds
        if not first.optimal:
            return self.classing(cuts, first, bounds)
        cuts, result, rounds = self._refined(path, edges, cuts, first, least_gain)
        return self.classing(cuts, replace(result, candidates=first.candidates), bounds, rounds)

    def _refined(
        self, path: Path, known: Floats, cuts: Floats, first: ExactResult, least_gain: float
    ) -> tuple[Floats, ExactResult, int]:
        """Rounds of a closer look around the cuts; the value never falls, since the cuts stay candidates."""
        result, rounds = first, 0
        width = max(int(len(self.column.values) * WIDEST), 1)
        while rounds < MOST_ROUNDS:
            candidates = self.around(path, cuts, known, width >> (2 * rounds))
            if len(candidates) == len(cuts):
                break
            rounds += 1
            before = result.information_value
            known = np.union1d(known, candidates)
            cuts, result = self.solve(candidates, first.trend)
            if result.information_value - before <= least_gain * result.information_value:
                break
        return cuts, result, rounds

    def classing(
        self, cuts: Floats, result: ExactResult, bounds: dict[TrendName, Bound] | None, rounds: int = 0
    ) -> ExactClassing:
        """The classing with the counts of its bins, and the bound: the greatest of the trends between which value
        alone chooses; None stands for all distinct values as candidates."""
        good, bad = self.column.counts(cuts)
        like = [b.value for t, b in (bounds or {}).items() if (t in SHAPES) == (result.trend in SHAPES)]
        known = result.optimal and (bool(like) or bounds is None)
        value = max([*like, result.information_value]) if known else float("nan")
        return ExactClassing(cuts, good, bad, result, result.candidates, value, rounds)

    def solve(self, edges: Floats, trend: AnyTrend) -> tuple[Floats, ExactResult]:
        """The chosen among ascending edges, and the answer itself."""
        good, bad = self.column.counts(edges)
        fixed = tuple(int(i) + 1 for i in np.searchsorted(edges, self.must))
        limits = replace(self.limits, fixed_cuts=fixed)
        result = exact_cuts(good, bad, trend=trend, limits=limits, totals=self.totals, shape_gain=self.shape_gain)
        return edges[np.array(result.cuts, int) - 1], result

    def around(self, path: Path, cuts: Floats, known: Floats, width: int) -> Floats:
        """The cuts, and values on both sides of each, up to `width` rows away and at least to its known neighbours."""
        column = self.column
        last = len(column.values)
        at = np.searchsorted(column.values, cuts)
        free = np.searchsorted(column.values, np.setdiff1d(cuts, self.must))
        edges = np.concatenate([[0], np.searchsorted(column.values, known), [last]])
        beside = np.searchsorted(edges, free)
        low = np.minimum(edges[beside - 1], np.maximum(free - width, 0))
        high = np.maximum(edges[beside + 1], np.minimum(free + width, last))
        windows = np.concatenate([np.column_stack([low, free]), np.column_stack([free, high])])
        least = self.limits.min_count
        places = [tight_places(column, at, least), best_places(path, at, least, CLOSE_VALUES)]
        if len(windows):
            places.append(turning_places(path, windows, CLOSE_LEVELS, close=True))
        places += [evenly(int(a), int(b), CLOSE_VALUES) for a, b in windows]
        if len(cuts) == 0:
            places.append(evenly(0, last, 2 * FINE_CLASSES))
        return np.union1d(cuts, column.edges_at(np.concatenate(places)))
