"""Where special codes and missing values belong: their own bins, or the bin of ordinary values of nearest weight of
evidence, found anew from the development rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.rebuild.binning import BinCounts, recount
from validation.steps.classing import assign
from validation.steps.values import Value

Floats = NDArray[np.float64]
Step = Mapping[str, Any]
Part = float | str | None
"""A special code, or None for missing."""
TIE = 1e-12
"""Distances that differ by less are equal: which of the two bins is nearer rests on rounding."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How the plan places what is no ordinary value, with the values that hold for one characteristic.

    missing, special: apart or nearest_woe; below: share from which on it stays apart; zero_cell: as in the recount.
    trend: trend of the bad rate that the ordinary bins have, None where they have no order.
    """

    missing: str = "apart"
    special: str = "apart"
    below: float | None = None
    zero_cell: float = 0.5
    trend: str | None = None


@dataclass(frozen=True, slots=True)
class Apart:
    """The classing taken apart: ordinary bins, then a part for each special code, then missing.

    ordinary: ids in the step; parts: special codes, then None for missing; counts: one entry a bin, ordinary ones
    first; held: bin of the step that holds each part, None where it has a bin of its own.
    """

    ordinary: tuple[int, ...]
    parts: tuple[Part, ...]
    counts: BinCounts
    held: tuple[int | None, ...]

    def place(self, part: int) -> int:
        """Where the part of this number stands in the counts."""
        return len(self.ordinary) + part


def take_apart(step: Step, source: Value, outcome: Floats, weight: Floats, zero_cell: float) -> Apart:
    """Recount a classing step with every special code and missing on its own, over rows (n,) of a known outcome."""
    ordinary = tuple(item["id"] for item in step["bins"] if item["kind"] in ("interval", "categories"))
    codes = [(code, item) for item in step["bins"] for code in item.get("codes", [])]
    taker = next(item for item in step["bins"] if item["kind"] == "missing" or "takes_missing" in item)
    parts: list[tuple[Part, Mapping[str, Any]]] = [*codes, (None, taker)]
    ids = assign(step, source)
    number = {bin_id: place for place, bin_id in enumerate(ordinary)}
    rest = len(ordinary) + len(parts)
    found = np.array([number.get(int(bin_id), rest) for bin_id in range(len(step["bins"]))])[ids]
    for place, (code, _) in enumerate(codes):
        found[np.equal(source.data, code).astype(bool)] = len(ordinary) + place
    found[source.missing()] = rest - 1
    counts = recount(found, outcome, weight, rest + 1, zero_cell)
    held = tuple(item["id"] if item["id"] in number else None for _, item in parts)
    return Apart(ordinary, tuple(part for part, _ in parts), counts, held)


def expected_places(apart: Apart, rules: Rules, fixed: Mapping[int, float], kept: Collection[int]) -> list[int | None]:
    """The ordinary bin (id in the step) that each part belongs to, None where it belongs to a bin of its own.

    fixed: weights of evidence fixed by hand, by place in the counts. kept: parts whose weight is fixed by hand, which
    stay apart. Nearest is measured with all apart; of equal distances the riskier bin (lower weight) takes the part. A
    part without rows has no weight to be near to. Where joining all would break the trend of the bad rate, parts
    without goods or without bads stay apart; where the others would still break it, all do.
    """
    counts, size = apart.counts, apart.counts.good + apart.counts.bad
    woe = counts.woe.copy()
    for place, value in fixed.items():
        woe[place] = value
    total = float(np.sum(size))
    held = [place for place in range(len(apart.ordinary)) if size[place] > 0]
    found: dict[int, int] = {}
    for part, name in enumerate(apart.parts):
        place = apart.place(part)
        rule = rules.missing if name is None else rules.special
        thin = rules.below is None or size[place] / total < rules.below
        if rule == "nearest_woe" and thin and size[place] > 0 and part not in kept and held:
            found[part] = min(held, key=lambda other: (_distance(woe, other, place), woe[other], other))
    if rules.trend is not None and _breaks(apart, found, rules.trend):
        found = {part: into for part, into in found.items() if counts.rule[apart.place(part)] == "empirical"}
        found = {} if _breaks(apart, found, rules.trend) else found
    return [apart.ordinary[found[part]] if part in found else None for part in range(len(apart.parts))]


def equally_near(apart: Apart, part: int, one: int, other: int, fixed: Mapping[int, float]) -> bool:
    """Say whether two ordinary bins (ids in the step) are equally near to a part, but for rounding."""
    woe = apart.counts.woe.copy()
    for place, value in fixed.items():
        woe[place] = value
    distances = [_distance(woe, apart.ordinary.index(bin_id), apart.place(part)) for bin_id in (one, other)]
    return abs(distances[0] - distances[1]) <= TIE


def _distance(woe: Floats, one: int, other: int) -> float:
    return abs(float(woe[one]) - float(woe[other]))


def _breaks(apart: Apart, found: Mapping[int, int], trend: str) -> bool:
    """Say whether the ordinary bins keep the trend before and not after the parts are joined."""
    good, bad = apart.counts.good.copy(), apart.counts.bad.copy()
    first = len(apart.ordinary)
    before = keeps_trend(good[:first], bad[:first], trend)
    for part, into in found.items():
        good[into] += good[apart.place(part)]
        bad[into] += bad[apart.place(part)]
    return before and not keeps_trend(good[:first], bad[:first], trend)


def keeps_trend(good: Floats, bad: Floats, trend: str) -> bool:
    """Say whether the bad rates of bins in order, those with rows, keep a trend; equal neighbours do."""
    size = good + bad
    rate = bad[size > 0] / size[size > 0]
    rises, falls = np.diff(rate) > 0, np.diff(rate) < 0
    if trend == "ascending":
        return not falls.any()
    if trend == "descending":
        return not rises.any()
    if trend in ("peak", "valley"):
        early, late = (rises, falls) if trend == "peak" else (falls, rises)
        return not (late.any() and early[int(np.argmax(late)) :].any())
    return True
