"""What accounts of a month earned and cost, of rows that come some at a time: those with a follow-up lie on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.evaluation._arrays import Floats
from credit_risk.monitoring.performance.labels import Labels
from credit_risk.monitoring.performance.profit import NOTES, PROFIT_COLUMNS, Costs, profit_rows
from credit_risk.monitoring.performance.vintages import Least
from credit_risk.monitoring.rows.earnings import BAD, GOOD, expected_totals, totals_of
from credit_risk.monitoring.rows.segmented import Segmented
from credit_risk.monitoring.rows.spool import Folder
from credit_risk.monitoring.rows.tally import Coding, Tally
from credit_risk.monitoring.spec import ProfitSpec

LIKELY = "probability"
Mask = NDArray[np.bool_]
Names = NDArray[np.object_]
Clusters = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Accounts:
    """Rows (n,): booked are those that earn and lose; amount and probability, which only booked ones need; reviewed by
    hand, booked or not."""

    booked: Mask
    amount: Floats
    probability: Floats
    reviewed: Mask


@dataclass(slots=True)
class _Part:
    """tally: booked rows with a follow-up."""

    tally: Tally
    reviewed: int = 0


class ProfitRows:
    """Rows of one month, added some at a time; the table is that of `profit_table`.

    likely: whether probabilities are known; clustered: whether rows are added with the numbers of their applicants.
    """

    def __init__(self, folder: Folder, spec: ProfitSpec, window: float, *, likely: bool, clustered: bool):
        self._spec, self._window, self._likely = spec, window, likely
        names = [GOOD, BAD, *([LIKELY] if likely else [])]
        self._parts: Segmented[_Part] = Segmented(
            lambda: _Part(Tally.empty(folder, Coding(), names, clustered=clustered))
        )

    def add(
        self, accounts: Accounts, labels: Labels, segments: Mapping[str, Names], cluster: Clusters | None = None
    ) -> None:
        """Rows (n,), values of segments by column."""
        use = accounts.booked & labels.usable
        columns: dict[str, NDArray[Any]] = {
            GOOD: self._spec.margin * accounts.amount,
            BAD: self._spec.loss_given_default * accounts.amount,
        }
        columns |= {LIKELY: accounts.probability} if self._likely else {}
        columns |= {} if cluster is None else {"cluster": cluster}
        for part, places in self._parts.places(len(labels), segments):
            part.reviewed += int(accounts.reviewed[places].sum())
            inside = places[use[places]]
            part.tally.add(labels.part(inside), {name: values[inside] for name, values in columns.items()})

    def frame(self, period: str, least: Least, confidence: float = 0.95) -> pd.DataFrame:
        """PROFIT_COLUMNS, once all rows were added."""
        rows = []
        for segment, part in self._parts.ordered():
            tally = part.tally
            totals = totals_of(tally, self._window, least, confidence)
            expected = expected_totals(tally, LIKELY) if self._likely else {}
            costs = Costs(part.reviewed, float(self._spec.review_cost), self._spec.currency)
            rows += profit_rows((period, segment), tally.usable, totals, expected, costs)
        frame = pd.DataFrame(rows, columns=PROFIT_COLUMNS)
        frame.attrs["notes"] = NOTES
        return frame


__all__ = ["Accounts", "ProfitRows"]
