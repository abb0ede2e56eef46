"""Twelve monthly vintages with a known law of bads, seen at one date: the worked case of METHODS section 8."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from credit_risk.monitoring.performance.against_development import DEVELOPMENT_COLUMNS
from credit_risk.monitoring.performance.vintages import EVALUABLE

WINDOW = 12.0


@dataclass(frozen=True)
class Vintages:
    """risk, month of the bad (inf: none), months of follow-up and number of the vintage, (n,) each."""

    risk: np.ndarray
    bad_month: np.ndarray
    followed: np.ndarray
    vintage: np.ndarray

    @property
    def outcome(self) -> np.ndarray:
        """What will be known in the end: bad within the window."""
        return (self.bad_month <= WINDOW).astype(float)

    @property
    def event(self) -> np.ndarray:
        return self.bad_month <= self.followed

    @property
    def time(self) -> np.ndarray:
        return np.where(self.event, self.bad_month, self.followed)


def vintages(seed: int, each: int = 4000, level: float = 0.00465, slope: float = 1.2, fading: float = 0.05) -> Vintages:
    """Hazard level·exp(b x − b²/2) of month k with b = slope·exp(−fading (k − 1)): the score ranks early bads best.

    Vintage v of 0 ... 11 has been followed for 12 − v months.
    """
    rng = np.random.default_rng(seed)
    rows = 12 * each
    risk, vintage = rng.normal(size=rows), np.repeat(np.arange(12), each)
    bad_month = np.full(rows, np.inf)
    for k in range(1, 13):
        b = slope * np.exp(-fading * (k - 1))
        hit = np.isinf(bad_month) & (rng.random(rows) < level * np.exp(b * risk - b * b / 2))
        bad_month[hit] = k
    return Vintages(risk, bad_month, (12 - vintage).astype(float), vintage)


def development_performance(frame: pd.DataFrame) -> pd.DataFrame:
    """Development's own performance, from `performance_table` of its rows with their follow-up."""
    whole = frame[(frame["period"] == "all") & (frame["status"] == EVALUABLE)]
    return whole[DEVELOPMENT_COLUMNS].reset_index(drop=True)
