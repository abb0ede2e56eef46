"""Approval and override rates of a month, of rows that come some at a time: counts, and squares of applicants on
disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.evaluation.fairness_gaps import Rate
from credit_risk.monitoring.performance.decisions import (
    DECISION_COLUMNS,
    Bases,
    Ternary,
    decision_events,
    decision_notes,
    rate_of_counts,
    rate_of_sums,
    rate_row,
)
from credit_risk.monitoring.rows.segmented import Segmented
from credit_risk.monitoring.rows.spool import Folder
from credit_risk.monitoring.rows.squares import Squares

SUMS = ("event", "row", "both")
Names = NDArray[np.object_]
Clusters = NDArray[np.uint64]


@dataclass(slots=True)
class Share:
    """Events among rows; squares: of the sums over each applicant, where rows are of applicants who come again."""

    squares: Squares | None
    rows: int = 0
    events: int = 0

    @classmethod
    def empty(cls, folder: Folder, *, clustered: bool) -> Share:
        """No rows yet."""
        return cls(Squares(folder, list(SUMS), clustered=True) if clustered else None)

    def add(self, event: NDArray[np.bool_], cluster: Clusters | None) -> None:
        """Rows (n,) of whom the share is."""
        self.rows += len(event)
        self.events += int(event.sum())
        if self.squares is not None and len(event):
            own = event.astype(np.float64)
            self.squares.add({"event": own, "row": np.ones(len(own)), "both": own + 1.0}, cluster)

    def rate(self, confidence: float = 0.95) -> tuple[Rate, float]:
        """The rate, and the rows of as precise a simple sample; once all rows were added."""
        if self.squares is None:
            return rate_of_counts(self.events, self.rows, confidence), float(self.rows)
        squares = self.squares.done()
        event, row, both = (squares.square(name) for name in SUMS)
        sums = (event, (both - event - row) / 2.0, row)
        return rate_of_sums(self.events, self.rows, squares.count, sums, confidence)


@dataclass(slots=True)
class _Part:
    shares: dict[str, Share] = field(default_factory=dict)


class DecisionRows:
    """Rows of one month, added some at a time; the table is that of `decision_table`.

    clustered: whether rows are added with the numbers of their applicants.
    """

    def __init__(self, folder: Folder, *, clustered: bool):
        self._folder, self._clustered = folder, clustered
        self._parts: Segmented[_Part] = Segmented(_Part)

    def add(
        self, done: Ternary, said: Ternary | None, segments: Mapping[str, Names], cluster: Clusters | None = None
    ) -> None:
        """Rows (n,): what was done, what the score said (None: it is not known of any row), values by column."""
        events = decision_events(done, said)
        for part, places in self._parts.places(len(done), segments):
            for name, (event, inside) in events.items():
                if name not in part.shares:
                    part.shares[name] = Share.empty(self._folder, clustered=self._clustered)
                here = places[inside[places]]
                part.shares[name].add(event[here], None if cluster is None else cluster[here])

    def frame(self, period: str, base: Bases, least_rows: int, confidence: float = 0.95) -> pd.DataFrame:
        """DECISION_COLUMNS, once all rows were added; base: of development, as `development_bases` gives it."""
        rows, names = [], dict[str, None]()
        for segment, part in self._parts.ordered():
            for name, share in part.shares.items():
                found, size = share.rate(confidence)
                rows.append(rate_row((period, segment, name), found, size, base, least_rows, confidence))
                names[name] = None
        frame = pd.DataFrame(rows, columns=DECISION_COLUMNS)
        frame.attrs["notes"] = decision_notes(names, clustered=self._clustered)
        return frame


__all__ = ["DecisionRows", "Share"]
