"""Rows of one sample with their grades, and what is counted of them by grade."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from credit_risk.evaluation._arrays import Arguments, Floats

Integers = NDArray[np.int64]
HALF = 0.5 - 1e-9
"""Half of the weight, less what sums of weights may lose to rounding."""


@dataclass(frozen=True, slots=True)
class GradeCounts:
    """By grade (k,): rows and bads counted, share of the weight, weighted bad rate, size (Kish) and mean probability.

    Rates and means are NaN of a grade without a row.
    """

    rows: Integers
    bad: Integers
    share: Floats
    rate: Floats
    size: Floats
    mean_probability: Floats

    @property
    def events(self) -> Floats:
        """Bads among `size` rows at the weighted rate (k,); without weights the bads themselves."""
        return np.where(self.rows > 0, np.nan_to_num(self.rate) * self.size, 0.0)


@dataclass(frozen=True, slots=True, init=False)
class GradedSample:
    """y 0/1, grade 0 ... k - 1, probability of bad, each (n,); weights positive (n,), or None."""

    y: Floats
    grade: Integers
    probability: Floats
    weights: Floats | None

    def __init__(self, y: ArrayLike, grade: ArrayLike, probability: ArrayLike, weights: ArrayLike | None = None):
        """Raises CreditRiskError with all faults of all arrays."""
        arguments = Arguments()
        outcome = arguments.outcome(y, both_classes=False)
        places = arguments.numbers("grade", grade)
        p = arguments.probabilities(probability)
        w = arguments.weights(weights)
        whole = bool(np.all((places >= 0) & (places == np.floor(places))))
        arguments.require(whole, "grade", "not a place in the scale", "range", allowed="whole numbers from 0")
        arguments.raise_if_any()
        for name, value in (("y", outcome), ("grade", places.astype(np.int64)), ("probability", p), ("weights", w)):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.y)

    def part(self, rows: NDArray[np.bool_]) -> GradedSample:
        """The rows (n,) that are True."""
        w = None if self.weights is None else self.weights[rows]
        return GradedSample(self.y[rows], self.grade[rows], self.probability[rows], w)

    def counts(self, grades: int) -> GradeCounts:
        """Counts of `grades` grades (k,)."""
        w = np.ones(len(self)) if self.weights is None else self.weights
        rows = np.bincount(self.grade, minlength=grades).astype(np.int64)
        bad = np.bincount(self.grade[self.y == 1.0], minlength=grades).astype(np.int64)
        mass = np.bincount(self.grade, w, minlength=grades)
        squared = np.bincount(self.grade, w * w, minlength=grades)
        held = np.where(rows > 0, mass, np.nan)
        bads = np.bincount(self.grade, w * self.y, minlength=grades)
        expected = np.bincount(self.grade, w * self.probability, minlength=grades)
        size = np.where(rows > 0, mass * mass / np.where(rows > 0, squared, 1.0), 0.0)
        # A ratio of equal sums may round above 1.
        rate = np.where(bad == rows, np.where(rows > 0, 1.0, np.nan), bads / held)
        return GradeCounts(rows, bad, mass / mass.sum(), rate, size, expected / held)


def median_split(probability: Floats, weights: Floats | None = None) -> float:
    """The value that divides rows (n,) in two, p < split and p >= split; NaN where all are equal.

    The least value, not the first, below which half of the (weighted) rows lie; the greatest where there is none.
    """
    distinct, place = np.unique(probability, return_inverse=True)
    if len(distinct) < 2:
        return float("nan")
    mass = np.bincount(place, weights, len(distinct)).astype(np.float64)
    below = np.cumsum(mass)[:-1]  # of distinct[1:]
    return float(distinct[1:][min(int(np.searchsorted(below, HALF * mass.sum())), len(below) - 1)])
