"""Maps that a label chooses among: one a segment or band, and a map for every other row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from credit_risk._core.errors import CalibrationError, Fault
from credit_risk.calibration._arrays import label_series
from credit_risk.calibration.anchor import MEAN_TOLERANCE, anchor_shift, bayes_odds_shift
from credit_risk.calibration.maps import (
    AnchoredMap,
    CalibrationMap,
    OrderReport,
    Step,
    order_report,
    switch_steps,
)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SwitchedMap:
    """maps: by label; default: of rows with another label, or none. The order of scores is kept within a map only."""

    maps: Mapping[Any, CalibrationMap]
    default: CalibrationMap

    @property
    def every(self) -> tuple[CalibrationMap, ...]:
        """The maps in the order of `place`, the default last."""
        return (*self.maps.values(), self.default)

    def place(self, label: Sequence[Any] | ArrayLike, rows: int) -> NDArray[np.int64]:
        """Place (n,) in `every` of the map of each row; CalibrationError where there is not one label a row."""
        known = {name: k for k, name in enumerate(self.maps)}
        places = label_series(label, rows, "label").map(known)
        return places.fillna(len(known)).to_numpy(dtype=np.int64)

    def probability(self, linear_score: ArrayLike, label: Sequence[Any] | ArrayLike) -> Floats:
        """Probability of bad (n,) of log-odds of bad (n,) with labels (n,)."""
        score = np.asarray(linear_score, dtype=np.float64)
        place, result = self.place(label, len(score)), np.empty(len(score))
        for k, one in enumerate(self.every):
            result[place == k] = one.probability(score[place == k])
        return result

    def log_odds(self, linear_score: ArrayLike, label: Sequence[Any] | ArrayLike) -> Floats:
        """Log-odds (n,) of `probability`."""
        p = self.probability(linear_score, label)
        with np.errstate(divide="ignore"):
            given: Floats = np.log(p / (1.0 - p))
        return given

    def shifted(self, shift: float) -> SwitchedMap:
        """Every map, the default too, with its log-odds moved by the same number."""
        moved = {id(one): AnchoredMap(one, shift) for one in self.every}
        return SwitchedMap({name: moved[id(one)] for name, one in self.maps.items()}, moved[id(self.default)])

    def steps(self, source: str, label: str, output: str) -> list[Step]:
        """Steps of model.json: those of each map, then a `switch` by the value `label`; the default's alone if none."""
        if not self.maps:
            return self.default.steps(source, output)
        return switch_steps(self.maps, source, label, output, self.default)

    def order(self, linear_score: ArrayLike, label: Sequence[Any] | ArrayLike) -> OrderReport:
        """What the maps do to the order within each of them: counts added up, the least strict order.

        CalibrationError where one would break it.
        """
        score = np.asarray(linear_score, dtype=np.float64)
        place = self.place(label, len(score))
        found = [order_report(one, score[place == k]) for k, one in enumerate(self.every) if np.any(place == k)]
        strict = all(one.order == "strictly_increasing" for one in found)
        counts = (sum(one.distinct_scores for one in found), sum(one.distinct_probabilities for one in found))
        return OrderReport("strictly_increasing" if strict else "non_decreasing", *counts)


@dataclass(frozen=True, slots=True)
class SwitchedAnchor:
    """One shift of all maps: map with it, means before and after; by Bayes' rule, and the mean that it would give."""

    map: SwitchedMap
    shift: float
    target: float
    mean_before: float
    mean_after: float
    odds_shift: float
    mean_by_odds_shift: float


def anchor_switched(
    given: SwitchedMap,
    linear_score: ArrayLike,
    label: Sequence[Any] | ArrayLike,
    target: float,
    weights: ArrayLike | None = None,
) -> SwitchedAnchor:
    """Shift all maps by one number so that the mean probability of rows (n,) is `target`; see `anchor_map`.

    CalibrationError as in `anchor_shift`, and where the mean after is not the target.
    """
    log_odds = given.log_odds(linear_score, label)
    shift = anchor_shift(log_odds, target, weights)
    moved = given.shifted(shift)
    w = np.ones(len(log_odds)) if weights is None else np.asarray(weights, dtype=np.float64)
    before, after = (float(np.average(one.probability(linear_score, label), weights=w)) for one in (given, moved))
    if abs(after - target) > MEAN_TOLERANCE:
        message = "the mean of the anchored maps is not the target"
        raise CalibrationError(Fault(message, "anchor", path="target", found=repr(after), allowed=repr(target)))
    odds = bayes_odds_shift(before, target)
    by_odds = float(np.average(expit(log_odds + odds), weights=w))
    return SwitchedAnchor(moved, shift, float(target), before, after, odds, by_odds)
