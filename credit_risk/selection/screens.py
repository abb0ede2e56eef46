"""The screen of each characteristic by itself, and the waterfall as it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.selection.spec import SelectionSpec

Floats = NDArray[np.float64]
ONE_BIN = (
    "classing leaves one weight of evidence only: every finer class has too few rows, breaks the trend, "
    "or holds goods alone or bads alone"
)
CONTRADICTED = "the data contradict the declared trend: the AUC in its direction lies below one half with confidence"


@dataclass(frozen=True, slots=True)
class Screened:
    """What the screen knows of a characteristic on development; None where there is nothing to know.

    psi: its greatest against any other sample; psi_over_time: its greatest of one period against the rest;
    expectation: upper bound of the AUC in the direction that the expert declared; suspicion: checks of the leakage
    screen that it failed.
    """

    information_value: float
    gini: float
    fine_gini: float
    missing_share: float
    psi: float | None = None
    psi_over_time: float | None = None
    expectation: float | None = None
    suspicion: str | None = None


@dataclass
class WaterfallLog:
    """The waterfall as it is written: one row a characteristic, in order of descending information value."""

    candidates: Mapping[str, Screened]
    rows: dict[str, dict[str, object]] = field(default_factory=dict)

    def drop(self, name: str, step: str, value: float | None, threshold: float | None, reason: str) -> None:
        """Record that a characteristic leaves, at which step, on what value against what threshold."""
        self._add(name, step, "left out", value, threshold, reason)

    def frame(self, selected: Sequence[str], included: Mapping[str, str]) -> pd.DataFrame:
        """Evidence `selection.waterfall`; included: forced characteristics with their reasons."""
        for name in selected:
            self._add(name, "final", "selected", None, None, included.get(name, "passed every step"))
        order = sorted(self.rows, key=lambda n: (-self.candidates[n].information_value, n))
        return pd.DataFrame([self.rows[name] for name in order])

    def _add(
        self, name: str, step: str, decision: str, value: float | None, threshold: float | None, reason: str
    ) -> None:
        self.rows[name] = {
            "characteristic": name,
            "information_value": self.candidates[name].information_value,
            "step": step,
            "decision": decision,
            "value": value,
            "threshold": threshold,
            "reason": reason,
            "suspicion": self.candidates[name].suspicion,
        }


def passes(name: str, woe: Floats, spec: SelectionSpec, log: WaterfallLog) -> bool:
    """Screen one characteristic by itself; the first rule that it breaks is recorded.

    The rules in order: the plan's list, leakage, declared trend, one bin, missing share, information value, Gini,
    stability, stability over time. A forced characteristic breaks only the list and the one bin. woe: (n,).
    """
    item = log.candidates[name]
    if name in spec.excluded:
        log.drop(name, "plan", None, None, spec.excluded[name])
        return False
    forced = name in spec.included
    if not forced and not _first_passed(name, _before_classing(item, spec), log):
        return False
    if np.ptp(woe) == 0:
        log.drop(name, "classing", None, None, ONE_BIN)
        return False
    return forced or _first_passed(name, _after_classing(item, spec), log)


Rule = tuple[str, float | None, float | None, bool, str]


def _first_passed(name: str, rules: Sequence[Rule], log: WaterfallLog) -> bool:
    for step, value, threshold, above, reason in rules:
        if value is None or threshold is None:
            continue
        if (value > threshold) if above else (value < threshold):
            log.drop(name, step, value, threshold, reason)
            return False
    return True


def _before_classing(item: Screened, spec: SelectionSpec) -> list[Rule]:
    """Step, value, threshold, whether above it is too much, reason."""
    leak = "separates goods from bads almost perfectly: suspected to know the outcome"
    half = 0.5 if spec.expectation_check else None
    return [
        ("leakage", item.fine_gini, spec.max_gini, True, leak),
        ("declared trend", item.expectation, half, False, CONTRADICTED),
    ]


def _after_classing(item: Screened, spec: SelectionSpec) -> list[Rule]:
    information, low, high = item.information_value, spec.min_information_value, spec.max_information_value
    period = "population stability index of one period above the threshold"
    return [
        ("missing share", item.missing_share, spec.max_missing_share, True, "missing share above the threshold"),
        ("information value", information, low, False, "information value below the threshold"),
        ("information value", information, high, True, "information value above the threshold: too good to be true"),
        ("Gini", item.gini, spec.min_gini, False, "Gini below the threshold"),
        ("stability", item.psi, spec.max_psi, True, "population stability index above the threshold"),
        ("stability over time", item.psi_over_time, spec.max_psi_over_time, True, period),
    ]
