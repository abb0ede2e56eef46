"""Uniform and normal draws by stage and position: row i of a quantity is always the i-th output of its own stream.

Each quantity has a PCG64 stream of its own (`credit_risk._core.randomness`), so that a new quantity moves no other.
One draw consumes one 64-bit output, and the generator jumps to a position in logarithmic time (O'Neill 2014, section
4.3.1), so that rows may be produced in blocks of any size, in any order, with the same result. Only the raw stream is
used, which numpy keeps stable across versions; its distributions are not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from credit_risk._core.randomness import stage_generator

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Draws:
    """Streams of one seed. `purpose` keeps the streams of different uses of a seed apart."""

    seed: int
    purpose: str = "portfolio"

    def uniform(self, stage: str, first: int, last: int) -> Floats:
        """Draws first ... last − 1 of `stage`, uniform on the open (0, 1): (k + 1/2)·2⁻⁵² with k of 52 bits."""
        bits = stage_generator(self.seed, f"datasets/{self.purpose}/{stage}").bit_generator
        assert isinstance(bits, np.random.PCG64)
        bits.advance(first)
        raw: NDArray[np.uint64] = bits.random_raw(last - first)
        whole = (raw >> np.uint64(12)).view(np.int64)  # below 2⁵², so that signed is the same and converts faster
        return np.asarray((whole + 0.5) * 2.0**-52, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Block:
    """Rows first ... last − 1 of the applications.

    month (k,): month of application, 0 is the first. origin (k,): row whose person applies, at most the row itself.
    """

    draws: Draws
    first: int
    last: int
    month: Integers
    origin: Integers

    @property
    def rows(self) -> int:
        """Number of rows k."""
        return self.last - self.first

    def own(self, stage: str) -> Floats:
        """(k,) uniform draws of the applications themselves."""
        return self.draws.uniform(f"application/{stage}", self.first, self.last)

    def person(self, stage: str) -> Floats:
        """(k,) uniform draws of the persons who apply: the same in all applications of one person."""
        lowest = int(self.origin.min())
        return self.draws.uniform(f"person/{stage}", lowest, self.last)[self.origin - lowest]

    def own_normal(self, stage: str) -> Floats:
        """(k,) standard normal draws of the applications, by inversion."""
        return normal(self.own(stage))

    def person_normal(self, stage: str) -> Floats:
        """(k,) standard normal draws of the persons, by inversion."""
        return normal(self.person(stage))


def normal(uniform: Floats) -> Floats:
    """Φ⁻¹ of each draw."""
    return np.asarray(ndtri(uniform), dtype=np.float64)


def pick(uniform: Floats, shares: NDArray[np.float64]) -> Integers:
    """Category 0 ... c − 1 of each draw, (k,): the first whose cumulative share exceeds it. shares (c,) or (k, c)."""
    edges = np.cumsum(shares, axis=-1)[..., :-1]
    if edges.ndim == 1:
        return np.searchsorted(edges, uniform, side="right").astype(np.int64)
    return (uniform[:, None] >= edges).sum(axis=1)


def count(uniform: Floats, mean: Floats, top: int) -> Floats:
    """Poisson quantile of each draw, at most `top`; mean (k,)."""
    term = np.exp(-mean)
    below = term.copy()
    result = np.zeros_like(mean)
    for value in range(1, top + 1):
        result += uniform > below
        term *= mean / value
        below += term
    return result
