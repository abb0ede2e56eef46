"""Yearly cohorts: rates with intervals, mean predictions and the long-run average."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from numpy.typing import ArrayLike

from credit_risk.calibration.cohorts import CohortRules, cohort_table
from credit_risk.calibration.long_run import average_table, long_run_target
from credit_risk.display.base import Display, percent_axis
from credit_risk.display.style import REFERENCE, line_style, marker_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class CohortDisplay(Display):
    """Frame of evidence `long_run.cohorts`; `average`: the long-run average, a horizontal line where it is given."""

    columns = ("cohort", "bad_rate", "bad_rate_lower", "bad_rate_upper", "mean_probability", "counted")
    default_title = "Bad rates of the cohorts"

    def __init__(self, frame: pd.DataFrame, *, average: float | None = None, title: str | None = None):
        super().__init__(frame, title=title)
        self.average = average

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        probability: ArrayLike,
        dates: ArrayLike,
        *,
        rules: CohortRules | None = None,
        confidence: float = 0.95,
        weights: ArrayLike | None = None,
        title: str | None = None,
    ) -> CohortDisplay:
        """Cohorts of y, probability and dates (n,), as `cohort_table` makes them, with the mean of those that count."""
        frame = cohort_table(y, dates, probability=probability, rules=rules, confidence=confidence, weights=weights)
        average = long_run_target(average_table(frame)) if frame["counted"].any() else None
        return cls(frame, average=average, title=title)

    def _draw(self, ax: Axes) -> None:
        told = self._frame[self._frame["bad_rate"].notna()].reset_index(drop=True)
        counted = told["counted"].astype(bool)
        if self.average is not None:
            ax.axhline(self.average, **{**REFERENCE, "label": f"long-run average {self.average:.2%}"})
        for index, (name, part) in enumerate((("observed", told[counted]), ("does not count", told[~counted]))):
            if part.empty:
                continue
            rate = part["bad_rate"]
            whiskers = [rate - part["bad_rate_lower"], part["bad_rate_upper"] - rate]
            style = {**marker_style(4 * index), "linestyle": "none", "capsize": 2.5}
            style |= {"markerfacecolor": "white"} if index else {}
            ax.errorbar(part.index, rate, yerr=whiskers, label=name, **style)
        if told["mean_probability"].notna().any():
            ax.plot(told.index, told["mean_probability"], label="mean predicted probability", **line_style(1))
        ax.set_xticks(told.index, told["cohort"], rotation=45 if len(told) > 8 else 0)
        ax.set(ylabel="Bad rate", ylim=(0, None))
        percent_axis(ax.yaxis, None)
        ax.legend()
