"""Arrays that go into a calibration, checked once: log-odds, outcome and weights, all faults together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from credit_risk._core.errors import CalibrationError, Fault
from credit_risk.evaluation._arrays import Arguments

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rows:
    """A calibration sample, all (n,): linear score (log-odds of bad), outcome (bad = 1), weights (1 where none)."""

    score: Floats
    y: Floats
    weights: Floats

    @property
    def bads(self) -> float:
        """Weight of the bads."""
        return float(self.weights @ self.y)

    @property
    def total(self) -> float:
        """Weight of all rows."""
        return float(self.weights.sum())

    @property
    def rate(self) -> float:
        """Weighted bad rate."""
        return self.bads / self.total

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Rows:
        """Some of the rows."""
        return Rows(self.score[rows], self.y[rows], self.weights[rows])

    def by_score(self) -> tuple[Floats, Floats, Floats]:
        """Distinct scores ascending (k,), and the weight of all rows and of the bads at each."""
        values, places = np.unique(self.score, return_inverse=True)
        count = len(values)
        weight, bads = (
            np.bincount(places, each, minlength=count).astype(np.float64)
            for each in (self.weights, self.weights * self.y)
        )
        return values, weight, bads


def checked_rows(linear_score: ArrayLike, y: ArrayLike, weights: ArrayLike | None) -> Rows:
    """The rows of a calibration sample.

    Raises CalibrationError with all faults: log-odds that are not finite or are all the same, an outcome of one class,
    weights of zero or less.
    """
    arguments = Arguments()
    s = arguments.numbers("linear_score", linear_score)
    outcome = arguments.outcome(y)
    w = arguments.weights(weights)
    if len(s) > 1 and np.isfinite(s).all() and s.min() == s.max():
        remedy = "A constant score can only be shifted: use method none with a long-run anchor."
        arguments.require(
            False,
            "linear_score",
            "the score is constant",
            "constant",
            found=f"{len(s)} rows of {s[0]:g}",
            remedy=remedy,
        )
    refuse(arguments)
    return Rows(s, outcome, np.ones(len(s)) if w is None else w)


def refuse(arguments: Arguments) -> None:
    """Raise CalibrationError with the faults of the arguments, if there are any."""
    if arguments.faults:
        raise CalibrationError(arguments.faults)


def checked_rate(value: float, name: str) -> float:
    """A rate strictly between 0 and 1; CalibrationError otherwise."""
    usable = isinstance(value, (int, float, np.floating)) and not isinstance(value, bool) and 0.0 < value < 1.0
    if not usable:
        allowed = "between 0 and 1, neither included: rates of 0 and 1 have infinite log-odds"
        raise CalibrationError(Fault("not a rate", "range", path=name, found=repr(value), allowed=allowed))
    return float(value)
