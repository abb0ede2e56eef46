"""Calibration by segment, our own way: rows divided by the plan, a map fitted where a segment has enough of both."""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from validation.rebuild.calibration_anchor import shifted
from validation.rebuild.calibration_maps import NotFitted, OwnMap, fit_own
from validation.steps.values import text_of_number

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
LEAST = 50


@dataclass(frozen=True, slots=True)
class OwnSwitch:
    """maps: one a name, then the common one; place (n,): number of the map of each row of the snapshot."""

    names: tuple[str, ...]
    maps: tuple[OwnMap, ...]
    place: Integers

    def probability(self, score: Floats, rows: Integers) -> Floats:
        """Return the probability of some rows; score (n,): of all rows."""
        found = np.full(len(rows), np.nan)
        for number, one in enumerate(self.maps):
            mine = self.place[rows] == number
            found[mine] = one.probability(score[rows[mine]])
        return found

    def determined(self, score: Floats, rows: Integers) -> NDArray[np.bool_]:
        """Return which of some rows have a score at which their map is determined."""
        found = np.ones(len(rows), dtype=bool)
        for number, one in enumerate(self.maps):
            if one.only_at is not None:
                mine = self.place[rows] == number
                found[mine] = np.isin(score[rows[mine]], one.only_at)
        return found

    def moved(self, shift: float) -> OwnSwitch:
        """Return all maps with their log-odds moved by one number."""
        return replace(self, maps=tuple(shifted(one, shift) for one in self.maps))


@dataclass(frozen=True, slots=True)
class OwnSegments:
    """names: of all segments of the sample, '' of rows without one; rows: numbers in the snapshot, by name.

    pooled: map of all rows; own: maps of the segments that have one; before any level.
    """

    names: tuple[str, ...]
    rows: Mapping[str, Integers]
    pooled: OwnMap
    own: Mapping[str, OwnMap]


def log_odds_of(own: OwnMap, score: Floats) -> Floats:
    """Return the log-odds that a map gives to scores."""
    return score if own.method == "none" else np.asarray(special.logit(own.probability(score)))


def segment_names(values: Sequence[Any], edges: Sequence[float] | None, codes: Sequence[float]) -> list[str]:
    """Return the name of the segment of each row, '' where it has none: a value, or a band of numbers."""
    if edges is None:
        return ["" if _absent(v) else v if isinstance(v, str) else text_of_number(v) for v in values]
    ends = [text_of_number(edge) for edge in edges]
    found = []
    for value in values:
        if _absent(value) or value in codes:
            found.append("")
            continue
        place = bisect.bisect_right(edges, value)
        if place in (0, len(ends)):
            found.append(f"< {ends[0]}" if place == 0 else f">= {ends[-1]}")
        else:
            found.append(f"[{ends[place - 1]}, {ends[place]})")
    return found


def fit_segments(
    spec: Mapping[str, Any], method: str, names: Sequence[str], rows: Integers, data: tuple[Floats, Floats, Floats]
) -> tuple[OwnSegments, OwnSwitch]:
    """Fit the pooled map and those of segments to some rows; data: score, outcome, weight of all. Raises NotFitted."""
    score, outcome, weight = data
    pooled = fit_own(method, score[rows], outcome[rows], weight[rows])
    mine: dict[str, list[int]] = {}
    for row in rows.tolist():
        mine.setdefault(names[row], []).append(row)
    held = {name: np.array(mine[name], dtype=np.int64) for name in sorted(mine)}
    least = tuple(int(spec.get(key) or LEAST) for key in ("least_goods", "least_bads"))
    own = {}
    for name, part in held.items():
        found = None if name == "" or method == "none" else _own(method, part, data, least)
        if found is not None:
            own[name] = found
    number = {name: k for k, name in enumerate(own)}
    place = np.array([number.get(name, len(own)) for name in names], dtype=np.int64)
    switch = OwnSwitch(tuple(own), (*own.values(), pooled), place)
    return OwnSegments(tuple(held), held, pooled, own), switch


def _own(method: str, rows: Integers, data: tuple[Floats, Floats, Floats], least: tuple[int, ...]) -> OwnMap | None:
    """The map of a segment; None with too few goods or bads, one score, or a fit that is refused."""
    score, outcome, weight = (values[rows] for values in data)
    counts = (int(np.count_nonzero(outcome == 0)), int(np.count_nonzero(outcome == 1)))
    if any(count < needed for count, needed in zip(counts, least, strict=True)) or score.min() == score.max():
        return None
    try:
        return fit_own(method, score, outcome, weight)
    except NotFitted:
        return None


def _absent(value: Any) -> bool:
    return value is None or value != value or value == ""
