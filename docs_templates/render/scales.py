"""Axes: ticks at round numbers, positions, labels by unit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from docs_templates.formatting import fixed, scientific
from docs_templates.language import current

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class LinearScale:
    """Numbers from `low` to `high` onto points from `start` to `end`; `ticks` lie within."""

    low: float
    high: float
    ticks: tuple[float, ...]
    start: float
    end: float

    def at(self, value: float) -> float:
        """Position of a value; values beyond the ends are put on the ends (drawing only)."""
        share = (value - self.low) / (self.high - self.low)
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)


@dataclass(frozen=True, slots=True)
class BandScale:
    """Categories onto equal bands of points."""

    names: tuple[str, ...]
    start: float
    end: float

    @property
    def band(self) -> float:
        """Width of a band."""
        return (self.end - self.start) / max(1, len(self.names))

    def middle(self, position: int) -> float:
        """Middle of the band at a position."""
        return self.start + (position + 0.5) * self.band


def linear(values: Iterable[float], start: float, end: float, *, zero: bool, wanted: int = 5) -> LinearScale:
    """A scale that holds all values with round ends; `zero` makes it begin at zero where no value is below."""
    found = [v for v in values if math.isfinite(v)]
    low, high = (min(found), max(found)) if found else (0.0, 1.0)
    if zero:
        low, high = min(0.0, low), max(0.0, high)
    if high - low <= abs(high) * 1e-9:
        margin = abs(high) * 0.5 if high else 1.0
        low, high = (0.0 if zero and low >= 0 else low - margin), high + margin
    step = _step((high - low) / max(1, wanted))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(i * step for i in range(first, last + 1))
    return LinearScale(first * step, last * step, ticks, start, end)


def _step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(s for s in (m * power for m in STEPS) if s >= rough * (1 - 1e-9))


def tick_labels(ticks: Sequence[float], unit: str | None) -> list[str]:
    """Labels with just the decimals that tell the ticks apart; shares as percentages."""
    factor, sign = (100.0, current().forms.percent) if unit == "share" else (1.0, "")
    shown = [t * factor for t in ticks]
    step = min((abs(b - a) for a, b in pairwise(shown)), default=1.0)
    largest = max((abs(t) for t in shown), default=0.0)
    if step > 0 and (step < 1e-5 or largest >= 1e9):
        return [scientific(t, 3) + sign for t in shown]
    decimals = 0
    while decimals < 6 and any(abs(round(t, decimals) - t) > step * 1e-6 for t in shown):
        decimals += 1
    return [fixed(t, decimals) + sign for t in shown]


def every(count: int, room: float, least: float) -> int:
    """Show every n-th of `count` labels so that each has `least` points of `room`."""
    return max(1, math.ceil(count * least / max(room, 1.0)))
