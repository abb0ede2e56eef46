"""Arrays that go into a calibration, checked once: log-odds, outcome and weights, all faults together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
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


def label_series(labels: Sequence[Any] | ArrayLike, rows: int, name: str) -> pd.Series:
    """Labels of rows as objects; CalibrationError where there is not one a row."""
    listed = labels.tolist() if isinstance(labels, (pd.Series, np.ndarray)) else list(labels)  # type: ignore[arg-type]
    if len(listed) != rows:
        found = f"{len(listed)}, {rows} rows"
        raise CalibrationError(Fault(f"one {name} a row", "length", path=name, found=found))
    return pd.Series(listed, dtype=object)


def places_of(names: list[Any], labels: Sequence[Any] | ArrayLike, rows: int, name: str) -> NDArray[np.int64]:
    """Place (n,) in `names` of the label of each row; CalibrationError where a label is none of them."""
    series = label_series(labels, rows, name)
    places = series.map({label: place for place, label in enumerate(names)})
    unknown = series[places.isna()].astype(str)
    if len(unknown):
        shown = ", ".join(f"{label} ({count} rows)" for label, count in unknown.value_counts().iloc[:5].items())
        allowed = ", ".join(map(str, names[:20]))
        message = f"{name}s without a map or an external rate"
        raise CalibrationError(Fault(message, f"unknown_{name}", path=name, found=shown, allowed=allowed))
    return places.to_numpy(dtype=np.int64)
