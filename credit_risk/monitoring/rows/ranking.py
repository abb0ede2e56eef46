"""AUC and KS under censoring weights of any number of rows: one sort on disk, from which placements follow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_risk.evaluation._arrays import Floats
from credit_risk.evaluation.area_under_curve import interval_of_error
from credit_risk.evaluation.kolmogorov_smirnov import KolmogorovSmirnov, ks_of_gap
from credit_risk.monitoring.performance.discrimination import Measured, small
from credit_risk.monitoring.rows.spool import Block, Records, Sorted
from credit_risk.monitoring.rows.squares import Squares
from credit_risk.monitoring.rows.tally import Followed


@dataclass(frozen=True, slots=True)
class Placed:
    """Rows with their place in the distribution of the other class: of_bads, of_goods (n,), each the weight of goods
    below and half of those equal, of bads above and half of those equal."""

    records: Records
    of_bads: Floats
    of_goods: Floats


@dataclass(frozen=True, slots=True)
class Gap:
    """Where the distributions are farthest apart: threshold, weights of bads and goods up to it, rows by class."""

    size: float
    threshold: float
    bad: float
    good: float
    below: Floats


@dataclass(frozen=True, slots=True)
class Ranks:
    """Area, greatest gap, distinct values, sums of placements by class."""

    area: float
    gap: Gap
    values: int
    of_bads: Floats
    of_goods: Floats


class Ranking:
    """Rows of a follow-up in the order of a column of risk, known ones with their weights."""

    def __init__(self, followed: Followed, column: str):
        follow = followed.follow
        self._followed = followed
        self._sorted = Sorted(followed.tally.spool, column)
        self._bad = np.where(follow.bad, followed.each, 0.0)
        self._good = np.where(follow.good, followed.each, 0.0)
        self._known = follow.known
        self.total_bad = float(followed.count @ self._bad)
        self.total_good = float(followed.count @ self._good)

    def placed(self) -> Iterator[Placed]:
        """Every row with a follow-up, known or not, in ascending order."""
        for block, good, bad, up_good, up_bad in self._walk():
            below, above = up_good - good / 2.0, self.total_bad - up_bad + bad / 2.0
            yield Placed(block.records, below[block.place], above[block.place])

    def ranks(self) -> Ranks:
        """What follows from one walk."""
        classes = len(self._bad)
        of_bads, of_goods, seen = np.zeros(classes), np.zeros(classes), np.zeros(classes)
        doubled, values, gap = 0.0, 0, Gap(-1.0, np.nan, 0.0, 0.0, np.zeros(classes))
        lowest_bad = highest_good = lowest_good = highest_bad = np.nan
        tied = False
        for block, good, bad, up_good, up_bad in self._walk():
            cls = block.records["cls"]
            below, above = up_good - good / 2.0, self.total_bad - up_bad + bad / 2.0
            of_bads += np.bincount(cls, below[block.place], classes)
            of_goods += np.bincount(cls, above[block.place], classes)
            own = np.zeros(classes)
            if not block.again:
                doubled += float(np.sum(bad * (2.0 * up_good - good)))
                held = (good > 0) | (bad > 0)
                values += int(held.sum())
                tied |= bool(np.any((good > 0) & (bad > 0)))
                if (bad > 0).any():
                    lowest_bad = np.fmin(lowest_bad, block.values[bad > 0][0])
                    highest_bad = block.values[bad > 0][-1]
                if (good > 0).any():
                    lowest_good = np.fmin(lowest_good, block.values[good > 0][0])
                    highest_good = block.values[good > 0][-1]
                apart = np.where(held, np.abs(up_bad * self.total_good - up_good * self.total_bad), -1.0)
                place = int(np.argmax(apart))
                if apart[place] > gap.size:
                    own = self._whole(block) if block.bucket is not None else np.zeros(classes)
                    own += np.bincount(cls[block.place <= place], minlength=classes) if block.bucket is None else 0.0
                    where = float(block.values[place])
                    gap = Gap(float(apart[place]), where, float(up_bad[place]), float(up_good[place]), seen + own)
            seen += np.bincount(cls, minlength=classes)
        area = doubled / (2.0 * self.total_bad * self.total_good)
        if not tied:
            area = 1.0 if lowest_bad > highest_good else 0.0 if highest_bad < lowest_good else area
        elif values == 1:
            area = 0.5
        return Ranks(area, gap, values, of_bads, of_goods)

    def drop(self) -> None:
        """Remove the files of the sort."""
        self._sorted.drop()

    def _whole(self, block: Block) -> Floats:
        assert block.bucket is not None
        found = np.zeros(len(self._bad))
        for records in block.bucket.chunks():
            found += np.bincount(records["cls"], minlength=len(found))
        return found

    def _walk(self) -> Iterator[tuple[Block, Floats, Floats, Floats, Floats]]:
        """Blocks with the weights of goods and bads of each value, and those up to it."""
        before_good = before_bad = 0.0
        good: Floats = np.zeros(0)
        bad: Floats = np.zeros(0)
        for block in self._sorted.blocks():
            if block.bucket is None:
                cls, k = block.records["cls"], len(block.values)
                good = np.bincount(block.place, self._good[cls], k).astype(np.float64)
                bad = np.bincount(block.place, self._bad[cls], k).astype(np.float64)
            elif not block.again:
                whole = self._whole(block)
                good, bad = np.array([whole @ self._good]), np.array([whole @ self._bad])
            if not block.again:
                up_good, up_bad = before_good + np.cumsum(good), before_bad + np.cumsum(bad)
                before_good, before_bad = float(up_good[-1]), float(up_bad[-1])
            yield block, good, bad, up_good, up_bad


@dataclass(frozen=True, slots=True)
class Influence:
    """By which the influence of a row on an AUC follows from its place: its class' factors and additions (c,)."""

    area: float
    bad: NDArray[np.bool_]
    factor: Floats
    total: Floats
    added: Floats

    def of(self, cls: NDArray[np.int32], of_bads: Floats, of_goods: Floats) -> Floats:
        """Of rows (n,)."""
        place = np.where(self.bad[cls], of_bads, of_goods) / self.total[cls]
        return np.asarray(self.factor[cls] * (place - self.area) + self.added[cls], np.float64)


def influence_of(followed: Followed, ranking: Ranking, ranks: Ranks, counts: tuple[int, int]) -> Influence:
    """DeLong's components with the term of the estimated weights, as `auc_influence`; counts: bads and goods, of rows
    or of applicants."""
    follow = followed.follow
    factor = np.where(follow.bad, small(counts[0]) / ranking.total_bad, small(counts[1]) / ranking.total_good)
    factor = np.where(follow.known, factor * followed.each, 0.0)
    total = np.where(follow.bad, ranking.total_good, ranking.total_bad)
    sums = np.where(follow.bad, ranks.of_bads, ranks.of_goods) / total - followed.count * ranks.area
    return Influence(ranks.area, follow.bad, factor, total, followed.influence(factor * sums))


def sides(followed: Followed) -> tuple[int, int]:
    """Bads and goods known, or the applicants among them where rows have clusters."""
    if not followed.tally.clustered:
        return followed.bad, followed.good
    follow, found = followed.follow, [0, 0]
    ordered = Sorted(followed.tally.spool, "cluster")
    held = [False, False]
    for block in ordered.blocks():
        cls = block.records["cls"]
        for side, mask in enumerate((follow.bad, follow.good)):
            inside = np.bincount(block.place, mask[cls], len(block.values)) > 0
            if block.bucket is None:
                found[side] += int(inside.sum())
            else:
                before = block.again and held[side]
                held[side] = bool(inside[0]) or before
                found[side] += int(held[side] and not before)
    ordered.drop()
    return found[0], found[1]


def discrimination(followed: Followed, column: str, confidence: float = 0.95) -> Measured | None:
    """As `censored_discrimination`, of rows on disk: AUC and KS; None with fewer than two bads or goods known."""
    if min(followed.bad, followed.good) < 2:
        return None
    ranking, follow, spool = Ranking(followed, column), followed.follow, followed.tally.spool
    ranks = ranking.ranks()
    m, n = (followed.kish(np.where(side, followed.each, 0.0)) for side in (follow.bad, follow.good))
    own = influence_of(followed, ranking, ranks, sides(followed))
    shares = ranks.gap.bad / ranking.total_bad, ranks.gap.good / ranking.total_good
    plain = ks_of_gap(
        ranks.gap.size / (ranking.total_bad * ranking.total_good), ranks.gap.threshold, shares, (m, n), confidence
    )
    first, second, added = _distance(followed, ranking, ranks, shares)
    squares = Squares(spool.folder, ["auc", "ks"], clustered=followed.tally.clustered)
    for one in ranking.placed():
        cls = one.records["cls"]
        below = one.records[column] <= ranks.gap.threshold
        told = {"auc": own.of(cls, one.of_bads, one.of_goods), "ks": first[cls] * below + second[cls] + added[cls]}
        squares.add(told, one.records["cluster"] if followed.tally.clustered else None)
    squares.done()
    ranking.drop()
    degenerate = ranks.area in (0.0, 1.0) or ranks.values == 1
    area = interval_of_error(ranks.area, 0.0 if degenerate else squares.square("auc") ** 0.5, m, n, confidence)
    return Measured(area, _widened(plain, squares, ranks, ranking, shares, (m, n), confidence))


def _distance(
    followed: Followed, ranking: Ranking, ranks: Ranks, shares: tuple[float, float]
) -> tuple[Floats, Floats, Floats]:
    """What a row up to the threshold, and every row, brings to the distance, and the term of the weights, each (c,)."""
    follow = followed.follow
    sign = 1.0 if shares[1] >= shares[0] else -1.0
    of_bad, of_good = -sign / ranking.total_bad, sign / ranking.total_good
    first = np.where(follow.known, followed.each * np.where(follow.bad, of_bad, of_good), 0.0)
    second = -first * np.where(follow.bad, shares[0], shares[1])
    return first, second, followed.influence(first * ranks.gap.below + second * followed.count)


def _widened(
    plain: KolmogorovSmirnov,
    squares: Squares,
    ranks: Ranks,
    ranking: Ranking,
    shares: tuple[float, float],
    sizes: tuple[float, float],
    confidence: float,
) -> KolmogorovSmirnov:
    if not plain.standard_error > 0:
        return plain
    effect = squares.square("ks") / plain.standard_error**2
    size = ranks.gap.size / (ranking.total_bad * ranking.total_good)
    return ks_of_gap(size, ranks.gap.threshold, shares, sizes, confidence, design_effect=effect)
