"""What is known of the rows of a month: how many are good, bad or not yet, and how long they were observed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from credit_risk.monitoring.frames import FAULT_COLUMNS
from credit_risk.monitoring.performance.labels import Labels

MATURE, IMMATURE, NO_OUTCOMES = "mature", "immature", "no outcomes"
LABEL_COLUMNS = [
    *("period", "rows", "with_outcome", "good", "bad", "not_yet", "unobserved", "faults", "months_observed"),
    *("mature_share", "state"),
]


@dataclass(slots=True)
class LabelCounts:
    """Rows by state, and those with an outcome by months of follow-up."""

    window: float
    rows: int = 0
    faults: int = 0
    good: int = 0
    bad: int = 0
    times: Counter[float] = field(default_factory=Counter)

    def add(self, labels: Labels) -> None:
        """Some more rows."""
        known = labels.usable
        bad = known & labels.event & (labels.time <= self.window)
        self.rows += len(labels)
        self.faults += int(labels.faulty.sum())
        self.bad += int(bad.sum())
        self.good += int((known & ~bad & (labels.time >= self.window)).sum())
        values, count = np.unique(labels.time[known], return_counts=True)
        self.times.update(dict(zip(values.tolist(), count.tolist(), strict=True)))

    @property
    def with_outcome(self) -> int:
        """Rows of which an outcome, be it not yet, is known."""
        return sum(self.times.values())

    @property
    def state(self) -> str:
        """Mature: every row with an outcome is good or bad."""
        if not self.with_outcome:
            return NO_OUTCOMES
        return MATURE if self.good + self.bad == self.with_outcome else IMMATURE

    def frame(self, period: str) -> pd.DataFrame:
        """LABEL_COLUMNS of the month."""
        known = self.with_outcome
        share = (self.good + self.bad) / known if known else float("nan")
        out = self.rows - known - self.faults
        row = (period, self.rows, known, self.good, self.bad, known - self.good - self.bad, out, self.faults)
        return pd.DataFrame([(*row, self._median(), share, self.state)], columns=LABEL_COLUMNS)

    def _median(self) -> float:
        """Median of the months of follow-up."""
        known = self.with_outcome
        if not known:
            return float("nan")
        values = np.array(sorted(self.times))
        up_to = np.cumsum([self.times[one] for one in values.tolist()])
        middle = np.searchsorted(up_to, [(known - 1) // 2, known // 2], side="right")
        return float(np.mean(values[middle]))


def joined_faults(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """FAULT_COLUMNS of parts of the same rows: one row each partition, period and code."""
    held = [one for one in parts if len(one)]
    if not held:
        return pd.DataFrame(columns=FAULT_COLUMNS)
    keys = ["partition", "period", "code", "message", "remedy"]
    found = pd.concat(held, ignore_index=True).groupby(keys, sort=True, as_index=False)[["rows", "left_out"]].sum()
    return found[FAULT_COLUMNS]
