"""Cut-offs counted again: everything from one order of the scores, and from the influence of each row."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from validation.rebuild import metrics
from validation.rebuild.clusters import repeat

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Bounds = tuple[float, float, float]
UNKNOWN: Bounds = (np.nan, np.nan, np.nan)
NEARLY = 1e-12


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of a sample, or all, (n,): score, outcome (NaN unknown), weight, cluster, profit of accepting (or None)."""

    score: Floats
    outcome: Floats
    weight: Floats
    cluster: Integers
    profit: Floats | None

    @property
    def known(self) -> NDArray[np.bool_]:
        """Return where the outcome is known, (n,)."""
        return ~np.isnan(self.outcome)

    def part(self, rows: NDArray[Any]) -> Group:
        """Return some of the rows."""
        profit = None if self.profit is None else self.profit[rows]
        return Group(self.score[rows], self.outcome[rows], self.weight[rows], self.cluster[rows], profit)


def spread(influence: Floats, cluster: Integers) -> float:
    """Return the sum of squares of the sums of influence (n,) over clusters."""
    numbers = np.unique(cluster, return_inverse=True)[1]
    sums = np.zeros(int(numbers.max()) + 1)
    np.add.at(sums, numbers, influence)
    return float(np.sum(sums**2))


def share(event: NDArray[np.bool_], base: Floats, cluster: Integers, confidence: float) -> Bounds:
    """Return Σ base over the event of all base, and Wilson's bounds at Kish's size over the design effect."""
    total = float(np.sum(base))
    if total <= 0:
        return UNKNOWN
    held = set(event[base > 0].tolist())
    value = float(base @ event) / total if len(held) == 2 else float(held.pop())
    size = metrics.effective_size(total, float(base @ base))
    if repeat(cluster) and 0.0 < value < 1.0:
        influence = base * (event.astype(np.float64) - value)
        alone = float(np.sum(influence**2))
        size /= max(spread(influence, cluster) / alone, 1.0) if alone > 0 else 1.0
    return (value, *metrics.wilson(value * size, size, confidence))


def average(values: Floats, weight: Floats, cluster: Integers, confidence: float) -> Bounds:
    """Return the weighted mean of values (n,) with normal bounds from the sums of influence over clusters."""
    mean = float(np.average(values, weights=weight))
    influence = weight * (values - mean) / np.sum(weight)
    return normal(mean, influence, cluster, confidence)


def normal(value: float, influence: Floats, cluster: Integers, confidence: float) -> Bounds:
    """Return a value with normal bounds: variance m/(m − 1) times the sum of squares of m sums over clusters."""
    count = len(np.unique(cluster))
    if count < 2:
        return value, np.nan, np.nan
    error = float(np.sqrt(spread(influence, cluster) * count / (count - 1.0)))
    reach = float(special.ndtri(0.5 + confidence / 2.0)) * error
    return value, value - reach, value + reach


def at_cut_off(group: Group, cut_off: float, confidence: float) -> dict[str, float]:
    """Return counts, rates and profit where all who score at least the cut-off are accepted."""
    inside, bad, known = group.score >= cut_off, group.outcome == 1, group.known
    w, c = group.weight, group.cluster
    found: dict[str, float] = {"rows": len(inside), "accepted": int(np.sum(inside))}
    rates = {
        "acceptance": ("acceptance_rate", inside, w),
        "bad_rate": ("bad_rate", bad, np.where(inside & known, w, 0.0)),
        "bads_avoided": ("bads_avoided", ~inside, np.where(bad, w, 0.0)),
        "goods_declined": ("goods_declined", ~inside, np.where(known & ~bad, w, 0.0)),
    }
    for prefix, (name, event, base) in rates.items():
        found[name], found[f"{prefix}_lower"], found[f"{prefix}_upper"] = share(event, base, c, confidence)
    found["known"], found["bad"] = int(np.sum(inside & known)), int(np.sum(inside & bad))
    money = UNKNOWN
    if group.profit is not None and known.all():
        money = average(np.where(inside, group.profit, 0.0), w, c, confidence)
    found["profit"], found["profit_lower"], found["profit_upper"] = money
    return found


def points(score: Floats, weight: Floats, parts: int) -> list[float]:
    """Return the cut-offs that divide the scores into parts: lowest score with k/parts of the weight below it."""
    order = np.argsort(score, kind="stable")
    ranked, running = score[order], np.concatenate([[0.0], np.cumsum(weight[order])])
    first = np.searchsorted(ranked, ranked, side="left")
    below = running[first] / running[-1]
    found = []
    for k in range(parts):
        enough = np.flatnonzero(below >= k / parts - NEARLY)
        if len(enough):
            found.append(float(ranked[enough[0]]))
    return sorted(set(found))


def best(group: Group, kind: str, limit: float | None, weight: Floats | None = None) -> tuple[float, float]:
    """Return the best cut-off under an aim, and what it reaches; NaN where none does. weight (n,): of a resample.

    Scores are gone through from the highest down.
    """
    w = group.weight if weight is None else weight
    order = np.argsort(-group.score, kind="stable")
    order = order[w[order] > 0]  # in a resample some scores do not occur
    ranked = group.score[order]
    last = np.append(ranked[1:] != ranked[:-1], True)
    taken, total = np.cumsum(w[order])[last], float(np.sum(w))
    cuts = ranked[last]
    if kind == "maximum_profit":
        assert group.profit is not None
        earned = np.cumsum((w * group.profit)[order])[last]
        place = len(earned) - 1 - int(np.argmax(earned[::-1]))
        return (float(cuts[place]), float(earned[place] / total)) if earned[place] > 0 else (np.nan, np.nan)
    assert limit is not None
    known = np.cumsum((w * group.known)[order])[last]
    bads = np.cumsum((w * (group.outcome == 1))[order])[last]
    if kind == "bad_rate_at_most":
        fine = np.flatnonzero((known > 0) & (bads <= limit * known * (1.0 + NEARLY)))
        return (float(cuts[fine[-1]]), float(bads[fine[-1]] / known[fine[-1]])) if len(fine) else (np.nan, np.nan)
    place = int(np.flatnonzero(taken >= limit * total * (1.0 - NEARLY))[0])
    return float(cuts[place]), float(taken[place] / total)


def stream(seed: int, stage: str) -> np.random.Generator:
    """Return the generator that the package states: PCG64, seeded by SHA-256 of the plan's seed and the stage."""
    return np.random.Generator(np.random.PCG64(int(hashlib.sha256(f"{seed}/{stage}".encode()).hexdigest()[:8], 16)))


def resampled(
    group: Group, kind: str, limit: float | None, draws: int, generator: np.random.Generator, confidence: float
) -> tuple[float, float]:
    """Return percentiles of the best cut-off over resamples of clusters; NaN where fewer than half have one."""
    codes = np.arange(len(group.score))
    if repeat(group.cluster):
        known: dict[int, int] = {}
        codes = np.array([known.setdefault(int(code), len(known)) for code in group.cluster])
    count, found = int(codes.max()) + 1, []
    order = np.argsort(-group.score, kind="stable")
    ranked, codes = group.part(order), codes[order]  # in order, so that no draw is sorted again
    for _ in range(draws):
        times = np.bincount(generator.integers(0, count, count), minlength=count)[codes]
        found.append(best(ranked, kind, limit, ranked.weight * times)[0])
    held = np.sort([item for item in found if not np.isnan(item)])
    if 2 * len(held) < draws:
        return np.nan, np.nan
    tail = (1.0 - confidence) / 2.0
    ends = [max(int(np.ceil(len(held) * end - NEARLY)) - 1, 0) for end in (tail, 1.0 - tail)]
    return float(held[ends[0]]), float(held[ends[1]])
