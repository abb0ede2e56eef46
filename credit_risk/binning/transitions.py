"""Which bin may precede which: the best predecessor of every bin, under a rule about the bad rates of neighbours.

Arrays are laid out as [end, start]: row j, column i stands for the bin of prebins i..j.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
RATE_TOLERANCE = 1e-12
"""Bad rates that differ by less count as equal, so that rounding of weights does not decide."""


@dataclass(frozen=True, slots=True)
class Bins:
    """Every bin of neighbouring prebins. value, rate, count, bad: (n, n) as [end, start].

    value is −∞ where a bin is not allowed. Where start > end, count and bad are 0 and rate is +∞.
    """

    value: Floats
    rate: Floats
    count: Floats
    bad: Floats


class Transition(Protocol):
    """How a bin may follow another."""

    def best(self, state: Floats) -> Floats:
        """Greatest value [end, start] of an allowed predecessor, from values [end, start] of the bins before."""

    def allowed(self, start: int, end: int) -> Flags:
        """(start,) whether the bin h..start−1 may come before start..end, for each h."""


class AnyOrder:
    """Every bin may follow every other."""

    def best(self, state: Floats) -> Floats:
        """As `Transition.best`, shape (n, n)."""
        before = np.full(len(state), -np.inf)
        before[1:] = state.max(axis=1)[:-1]
        return np.broadcast_to(before, state.shape)

    def allowed(self, start: int, end: int) -> Flags:
        """As `Transition.allowed`."""
        return np.ones(start, bool)


class RateStep:
    """The bad rate rises (sign 1) or falls (sign −1) by at least `difference`.

    The predecessors of each start are sorted by rate once; a running maximum then answers for every bin together, so
    that a round of the dynamic programme costs O(n²).
    """

    def __init__(self, rate: Floats, sign: int, difference: float):
        n = len(rate)
        self._ends_at = np.triu(np.ones((n, n), bool)).T
        self._signed = np.where(self._ends_at, sign * rate, np.inf)
        self._most = np.where(self._ends_at, sign * rate - difference + RATE_TOLERANCE, -np.inf)
        order = np.argsort(self._signed, axis=1)
        self._order = order + n * np.arange(n)[:, None]
        self._position = np.zeros((n, n), np.int64)
        ordered = self._signed.ravel().take(self._order)
        for i in range(1, n):
            held = ordered[i - 1, :i].searchsorted(self._most[i:, i], side="right")
            self._position[i:, i] = (n + 1) * (i - 1) + held

    def best(self, state: Floats) -> Floats:
        """As `Transition.best`, shape (n, n); O(n²)."""
        n = len(state)
        running = np.full((n, n + 1), -np.inf)
        np.maximum.accumulate(state.ravel().take(self._order), axis=1, out=running[:, 1:])
        return running.ravel().take(self._position)

    def allowed(self, start: int, end: int) -> Flags:
        """As `Transition.allowed`."""
        return self._signed[start - 1, :start] <= self._most[end, start]


class EitherStep:
    """The bad rate moves by at least `difference`, up or down."""

    def __init__(self, rate: Floats, difference: float):
        self._steps = (RateStep(rate, 1, difference), RateStep(rate, -1, difference))

    def best(self, state: Floats) -> Floats:
        """As `Transition.best`, shape (n, n); O(n²)."""
        return np.maximum(self._steps[0].best(state), self._steps[1].best(state))

    def allowed(self, start: int, end: int) -> Flags:
        """As `Transition.allowed`."""
        return self._steps[0].allowed(start, end) | self._steps[1].allowed(start, end)


class Tested:
    """Another rule, and neighbours must differ by the pooled two-proportion z-test: |z| ≥ z(1 − p/2).

    The test depends on both bins, not on an order of predecessors, so every pair is looked at: O(n³) a round, and
    n³/6 flags of memory.
    """

    def __init__(self, bins: Bins, inner: Transition, max_p_value: float, scale: float):
        least = -float(ndtri(max_p_value / 2))
        n = len(bins.rate)
        self._pairs: list[Flags] = [np.zeros((n, 0), bool)]
        for i in range(1, n):
            count = (bins.count[i - 1, :i] * scale, bins.count[i:, i, None] * scale)
            bad = (bins.bad[i - 1, :i] * scale, bins.bad[i:, i, None] * scale)
            significant = _squared_z(bad, count) >= least**2 * (1 - RATE_TOLERANCE)
            self._pairs.append(significant & np.stack([inner.allowed(i, j) for j in range(i, n)]))

    def best(self, state: Floats) -> Floats:
        """As `Transition.best`, shape (n, n); O(n³)."""
        found = np.full(state.shape, -np.inf)
        for i in range(1, len(state)):
            before = state[i - 1, :i]
            if before.max() > -np.inf:
                found[i:, i] = np.where(self._pairs[i], before, -np.inf).max(axis=1)
        return found

    def allowed(self, start: int, end: int) -> Flags:
        """As `Transition.allowed`."""
        return self._pairs[start][end - start]


def _squared_z(bad: tuple[Floats, Floats], count: tuple[Floats, Floats]) -> Floats:
    """z² of two proportions with their pooled variance; 0 where the pooled rate is 0 or 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = (bad[0] + bad[1]) / (count[0] + count[1])
        difference = bad[0] / count[0] - bad[1] / count[1]
        squared = difference**2 / (pooled * (1 - pooled) * (1 / count[0] + 1 / count[1]))
    return np.where(np.isfinite(squared), squared, 0.0)
